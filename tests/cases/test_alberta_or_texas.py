"""The case alberta_or_texas: the figures that its README calls computed, from the files it comes with alone."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from optimizer import api
from optimizer.case.case import Case
from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceSeries, read_prices

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "alberta_or_texas"
BYTES_ALLOWED = 1_500_000


@pytest.fixture(scope="module")
def loaded() -> api.LoadedCase:
    return api.load(FOLDER)


@pytest.fixture(scope="module")
def case(loaded: api.LoadedCase) -> Case:
    return loaded.case


@pytest.fixture(scope="module")
def pool() -> PriceSeries:
    file = PriceFile(file="data/aeso_pool_2024_2025.csv.gz", time_zone="America/Edmonton")
    return read_prices(file, FOLDER)


def mean_of_year(prices: PriceSeries, year: int) -> float:
    return float(prices.price[prices.local_month // 12 == year].mean())


def test_says_of_every_invented_figure_that_it_is_assumed(loaded: api.LoadedCase) -> None:
    """Proves: nothing of the company passes for a fact; only public figures have a source. Broken: 19 or 127 differ."""
    told = [one for one in loaded.provenance.values() if one.source or one.assumed]
    assert (sum(1 for one in told if one.source), sum(1 for one in told if one.assumed)) == (19, 127)
    assert not [problem for problem in loaded.warnings if "are assumed" not in str(problem) and "btc" in str(problem)]


def test_is_small() -> None:
    """Proves: the case can be copied and read quickly. Broken: more than 1.5 MB."""
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < BYTES_ALLOWED


def test_amounts_in_canadian_dollars_are_reckoned_in_us_dollars(case: Case) -> None:
    """Proves: 132 CAD/kW-year at 0.7245 are 95.63 $. Broken: 132 if the currency is dropped, 182 if it is inverted, and
    bills that come a year late."""
    charges = case.sites["brooks"].delivery
    assert case.currencies == {"CAD": 0.7245}
    assert case.currencies["CAD"] == pytest.approx(1 / 1.3802, abs=5e-5)
    assert charges["coincident_demand"].rate_usd_per_kw_year == pytest.approx(95.634)
    assert charges["coincident_demand"].billed == "in_month"
    assert case.sites["brooks"].power.cap_usd_per_mwh == pytest.approx(724.4928, abs=1e-4)
    assert case.offers["halls_in_alberta"].rate_usd_per_kw_month == pytest.approx(131.859)
    # The curve stays in the currency of its market.
    assert list(case.market.power["alberta_pool"].forward_usd_per_mwh.values()) == [50, 53, 55]


def test_pool_prices_stay_between_floor_and_cap(pool: PriceSeries) -> None:
    """Proves: the file is Alberta's, whole years by its own calendar. Broken: other means, a price outside 0 and
    999.99."""
    assert len(pool.price) == 8784 + 8760
    assert (pool.price.min(), pool.price.max()) == (0.0, 999.99)
    assert mean_of_year(pool, 2024) == pytest.approx(62.78, abs=0.005)
    assert mean_of_year(pool, 2025) == pytest.approx(43.68, abs=0.005)


def test_on_peak_hours_of_alberta_cost_more(pool: PriceSeries) -> None:
    """Proves: Monday to Friday 06:00 to 22:00 cost 1.29 times the mean. Broken: 0.95 for the other hours."""
    on_peak = (pool.local_weekday < 5) & (pool.local_hour >= 6) & (pool.local_hour < 22)
    assert pool.price[on_peak].mean() / pool.price.mean() == pytest.approx(1.289, abs=0.001)


def test_monthly_peaks_fall_into_the_candidate_hours_five_times_of_six(case: Case) -> None:
    """Proves: hours and success of the charge are those of AESO's load. Broken: another share than 20 of 24."""
    with (FOLDER / "data" / "aeso_monthly_peaks_2024_2025.csv").open(encoding="utf-8") as file:
        peaks = [datetime.fromisoformat(row["hour_from"]) for row in csv.DictReader(file)]
    charge = case.sites["brooks"].delivery["coincident_demand"]
    inside = [charge.hours[0] <= peak.hour < charge.hours[1] for peak in peaks]
    assert len({(peak.year, peak.month) for peak in peaks}) == 24
    assert np.mean(inside) == pytest.approx(charge.success, abs=1e-4)
    assert all(peak.weekday() < 5 for peak in peaks)


def test_texan_files_belong_together(case: Case) -> None:
    """Proves: prices of power and of reserves cover the same hours, the empty ones of reserves counted as none.
    Broken: a mean of 38.95 $ or of 6.25 and 3.05 $ for NSPIN that differs."""
    power = read_prices(case.market.power["lz_west"], FOLDER)
    spec = case.sites["wink"].flexibility["reserves"].prices
    nspin = read_prices(spec.model_copy(update={"column": "NSPIN"}), FOLDER)
    assert np.array_equal(power.start_utc, nspin.start_utc)
    assert power.price.mean() == pytest.approx(38.95, abs=0.005)
    there = nspin.price > 0
    for year, mean in ((2024, 6.25), (2025, 3.05)):
        of_year = there & (nspin.local_month // 12 == year)
        assert float(nspin.price[of_year].mean()) == pytest.approx(mean, abs=0.005)


def test_one_tenant_one_signature(case: Case) -> None:
    """Proves: the two offers of halls are one group and fit their sites. Broken: both could be signed."""
    assert {offer.group for offer in case.offers.values()} == {"tenant"}
    for offer in case.offers.values():
        gross = offer.halls.max * offer.hall_mw_it * offer.gross_per_it
        assert gross < case.sites[offer.sites[0]].energised_mw / 2
