"""Volatility, the on-peak spread and spikes of a month: by hand, and against plain Python for months at random."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from optimizer.case.market import PowerMarket
from optimizer.market.shape import build_shape, level_factors
from optimizer.market.variations import (
    on_peak,
    varied_month,
    varied_series,
    with_on_peak_spread,
    with_spikes,
    with_volatility,
)
from tests.market.changed_by_hand import changed_month
from tests.market.price_files import hours, read, table


def prices(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


# ---------------------------------------------------------------- by hand


def test_volatility_is_about_the_mean() -> None:
    """Proves: 10, 20, 60 (mean 30) swing half as far, or not at all. Broken: 5, 10, 30 if prices were multiplied."""
    assert with_volatility(prices(10, 20, 60), 0.5).tolist() == [20, 25, 45]
    assert with_volatility(prices(10, 20, 60), 0).tolist() == [30, 30, 30]
    assert with_volatility(prices(10, 20, 60), 2).tolist() == [-10, 10, 90]


def test_the_spread_moves_both_sides_and_keeps_the_mean() -> None:
    """Proves: on-peak 50 and 70 (60), off-peak 30, 40, 50 (40), w 0.4: a spread of 2 adds 12 and takes 8, so the means
    are 72 and 32 and that of all stays 48. Broken: 70 and 90 if only on-peak moved, 48 becoming 56."""
    peak = np.array([True, True, False, False, False])
    found = with_on_peak_spread(prices(50, 70, 30, 40, 50), peak, 2)
    assert found.tolist() == pytest.approx([62, 82, 22, 32, 42])
    assert with_on_peak_spread(prices(50, 70, 30, 40, 50), peak, 0).tolist() == pytest.approx([38, 58, 38, 48, 58])


def test_a_month_of_one_kind_has_no_spread() -> None:
    """Proves: without an off-peak hour nothing moves. Broken: nan, the mean of no hours."""
    assert with_on_peak_spread(prices(50, 70), np.array([True, True]), 3).tolist() == [50, 70]


# Twenty hours, mean 20: a spike is above 80. There are two, at 100 and 120; 80 is none.
MONTH = prices(100, 120, 80, 40, 40, 20, *[0] * 14)


def test_fewer_spikes_are_cut_off_at_four_times_the_mean() -> None:
    """Proves: of two spikes the lower goes at 0.5, both at 0. Broken: 120 gone first, or 20 in place of 80."""
    assert with_spikes(MONTH, 0.5)[:4].tolist() == [80, 120, 80, 40]
    assert with_spikes(MONTH, 0)[:4].tolist() == [80, 80, 80, 40]


def test_more_spikes_are_the_dearest_others() -> None:
    """Proves: at 2 the two dearest others (80, and the first 40) get the mean of the spikes, 110. Broken: 120 there, or
    the second 40, or 160 and 240 if spikes were doubled."""
    assert with_spikes(MONTH, 2)[:6].tolist() == [100, 120, 110, 110, 40, 20]


def test_halves_are_rounded_up() -> None:
    """Proves: 0.25 of two spikes are one (0.5 up), 1.25 are three (2.5 up); 0.29 of 50 are 15, although 14.499999999
    by the last digits of a float. Broken: 0 and 2 by rounding to even, 14 of 50."""
    assert (with_spikes(MONTH, 0.25) > 80).sum() == 1
    assert (with_spikes(MONTH, 1.25) > 80).sum() == 3
    many = prices(*[100] * 50, *[0] * 450)
    assert (with_spikes(many, 0.29) > 40).sum() == 15


def test_equal_spikes_go_from_the_end_and_come_from_the_start() -> None:
    """Proves: of three spikes of 100 the later ones are cut; of equal others the earlier are raised. Broken: the first
    cut, the last raised."""
    month = prices(100, 7, 100, 100, *[7] * 46)  # mean 12.58
    assert with_spikes(month, 1 / 3)[:4].tolist() == pytest.approx([100, 7, 50.32, 50.32])
    assert with_spikes(month, 2)[:8].tolist() == [100, 100, 100, 100, 100, 100, 7, 7]


def test_no_more_spikes_than_intervals() -> None:
    """Proves: a hundred times one spike in ten hours makes all ten. Broken: an IndexError or nine."""
    assert with_spikes(prices(100, *[1] * 9), 100).tolist() == [100] * 10


def test_no_spikes_around_a_mean_that_is_not_above_zero() -> None:
    """Proves: a month of mean 0 keeps its 500. Broken: 0 there, as 500 is above 4 x 0."""
    assert with_spikes(prices(500, -500), 0).tolist() == [500, -500]


def test_order_of_the_changes() -> None:
    """Proves: volatility 2 first makes a spike of the 70 (mean 20: 120 above 80), which spikes 0 then cuts to 80.
    Broken: 120 if spikes were cut first, as 70 is none."""
    month, peak = prices(70, 10, 10, 10, 0), np.zeros(5, dtype=bool)
    assert varied_month(month, peak, volatility=2, on_peak_spread=1, spikes=0)[0] == 80


def test_on_peak_is_by_the_clock_of_the_file() -> None:
    """Proves: Monday to Friday from 06:00 to before 22:00. Broken: 22:00 in it, or Saturday."""
    hour, weekday = np.array([5, 6, 21, 22, 12, 12]), np.array([0, 0, 4, 4, 5, 6])
    assert on_peak(hour, weekday).tolist() == [False, True, True, False, False, False]


# ---------------------------------------------------------------- at random

amounts = st.integers(-5000, 50000).map(lambda cents: cents / 100)
months = st.lists(st.tuples(amounts, st.booleans()), min_size=1, max_size=60)
factors = st.integers(0, 300).map(lambda percent: percent / 100)


@given(months, factors, factors, factors)
def test_as_plain_python_has_it(
    month: list[tuple[float, bool]], volatility: float, spread: float, share: float
) -> None:
    """Proves: arrays and the rules interval by interval agree. Broken: another interval is the spike."""
    price, peak = prices(*(each for each, _ in month)), np.array([on for _, on in month])
    found = varied_month(price, peak, volatility=volatility, on_peak_spread=spread, spikes=share)
    assert found.tolist() == pytest.approx(changed_month(price.tolist(), peak.tolist(), volatility, spread, share))


@given(months, factors, factors)
def test_means_are_kept(month: list[tuple[float, bool]], volatility: float, spread: float) -> None:
    """Proves: neither volatility nor the spread moves the mean of a month. Broken: 13.1 in place of 12.4, say."""
    price, peak = prices(*(each for each, _ in month)), np.array([on for _, on in month])
    found = varied_month(price, peak, volatility=volatility, on_peak_spread=spread, spikes=1)
    assert found.mean() == pytest.approx(price.mean(), abs=1e-6)


@given(months)
def test_neutral_changes_nothing(month: list[tuple[float, bool]]) -> None:
    """Proves: with all factors 1 the array comes back bit for bit. Broken: 0.30000000000000004 in place of 0.3."""
    price, peak = prices(*(each for each, _ in month)), np.array([on for _, on in month])
    found = varied_month(price, peak, volatility=1, on_peak_spread=1, spikes=1)
    assert found.tobytes() == price.tobytes()


@given(months, factors)
def test_as_many_spikes_as_asked(month: list[tuple[float, bool]], share: float) -> None:
    """Proves: after the change so many prices are above four times the old mean as asked. Broken: n in place of k."""
    price = prices(*(each for each, _ in month))
    assume(price.mean() > 0.01)
    there = int((price.round(6) > round(4 * price.mean(), 6)).sum())
    found = with_spikes(price, share)
    wanted = min(int(share * there + 0.5 + 1e-9), len(price))
    assert (found.round(6) > round(4 * price.mean(), 6)).sum() == wanted


# ---------------------------------------------------------------- of a market


def power_market(**more: Any) -> PowerMarket:
    return PowerMarket.model_validate({"file": "prices.csv", "time_zone": "UTC", **more})


@pytest.fixture
def series(tmp_path: Path) -> Any:
    """2024 and January 2025 by the hour: 10 in the mornings, 50 from noon; ten times as much in 2025."""
    begins = hours("2024-01-01T00:00+00:00", (366 + 31) * 24)
    amounts = [(10 if i % 24 < 12 else 50) * (1 if i < 366 * 24 else 10) for i in range(len(begins))]
    return read(tmp_path, table(begins, amounts), time_zone="UTC")


def test_each_month_of_the_file_by_itself(series: Any) -> None:
    """Proves: with volatility 0 January 2024 is flat at 30 and January 2025 at 300. Broken: 165 for both, the mean of
    all Januaries."""
    shape = build_shape("market.power.hub", power_market(volatility=0), series)
    assert sorted(set(shape.months[0, 31].price.tolist())) == pytest.approx([30, 300])


def test_neutral_market_uses_the_series_itself(series: Any) -> None:
    """Proves: without changes no price is copied, let alone touched. Broken: another object."""
    market = power_market(scale=2.0)
    assert varied_series(market, series, (24288,)) is series
    assert build_shape("market.power.hub", market, series).series is series


def test_only_months_that_are_used_change(series: Any) -> None:
    """Proves: a month outside of the shape stays as in the file. Broken: 300 in January 2025."""
    varied = varied_series(power_market(volatility=0), series, (12 * 2024,))
    later = series.local_month == 12 * 2025
    assert (varied.price[later] == series.price[later]).all()
    assert set(varied.price[series.local_month == 12 * 2024].tolist()) == {30.0}
    assert varied.sha256 == series.sha256


def test_the_level_is_that_of_the_file(tmp_path: Path) -> None:
    """Proves: the forward level multiplies by 60 over the file's mean, whatever spikes were added. Broken: a smaller
    factor, which would take the dearer month back."""
    begins = hours("2024-01-01T00:00+00:00", 366 * 24)
    file = read(tmp_path, table(begins, [400 if i % 24 == 0 else 20 for i in range(len(begins))]), time_zone="UTC")
    forward = {"forward_usd_per_mwh": {"2025": 60}}
    plain, dear = power_market(**forward), power_market(spikes=2, **forward)
    factors = [
        level_factors("hub", each, build_shape("market.power.hub", each, file), 12 * 2025, 12).tolist()
        for each in (plain, dear)
    ]
    assert factors[0] == factors[1]
    assert build_shape("market.power.hub", dear, file).months[0, 31].price.mean() > 1.4 * file.price[: 31 * 24].mean()


def test_a_longer_february_repeats_changed_prices(tmp_path: Path) -> None:
    """Proves: day 29 of a planned February is the changed day 28 of the file's 28 days. Broken: 10 and 50 among 30."""
    begins = hours("2025-01-01T00:00+00:00", 365 * 24)
    file = read(tmp_path, table(begins, [10 if i % 24 < 12 else 50 for i in range(len(begins))]), time_zone="UTC")
    longer = build_shape("market.power.hub", power_market(volatility=0), file).months[1, 29]
    assert longer.price[longer.day == 29].tolist() == pytest.approx([30.0] * 24)
