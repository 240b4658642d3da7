"""The case cipher_2025q2: its sums, its units, and the quarter that was over, from the files it comes with alone.

Units and reality are kept apart. Units: arithmetic on reported figures must give other reported figures. Reality: what
the model makes of the machines, prices and contract there were; it must give the figures of the README's bridge, and
these are not the reported ones.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from optimizer import api
from optimizer.case.case import Case

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "cipher_2025q2"
with (FOLDER / "data" / "network_monthly.csv").open(encoding="utf-8") as _file:
    NETWORK = list(csv.DictReader(_file))
QUARTER = [row for row in NETWORK if "2025-04" <= row["month"] <= "2025-06"]
DAYS = sum(int(row["days"]) for row in QUARTER)

# Reported for the second quarter of 2025, and derived from that (README, "Units").
REPORTED_BTC = 441.6
REPORTED_REVENUE_USD_M = 43.53
REPORTED_POWER_USD_PER_BTC = 27_324
AVERAGE_EH_S = 9.34


@pytest.fixture(scope="module")
def loaded() -> api.LoadedCase:
    return api.load(FOLDER)


@pytest.fixture(scope="module")
def case(loaded: api.LoadedCase) -> Case:
    return loaded.case


def mean_btc_per_ph_day() -> float:
    return sum(float(row["btc_per_ph_day"]) * int(row["days"]) for row in QUARTER) / DAYS


def load_mw(case: Case, site: str, kinds: tuple[str, ...] = ("fleet", "arriving")) -> float:
    at = case.sites[site]
    lots = [entry for kind in kinds for entry in getattr(at, kind).items()]
    return sum(
        lot.ph_s * case.machines[lot.machine or name].efficiency_j_per_th / 1000 * at.mining_overhead
        for name, lot in lots
    )


def eh_s(case: Case, site: str, kinds: tuple[str, ...] = ("fleet", "arriving")) -> float:
    return sum(lot.ph_s for kind in kinds for lot in getattr(case.sites[site], kind).values()) / 1000


def mean_efficiency(case: Case, parts: list[tuple[str, str]]) -> float:
    """J/TH over (site, fleet or arriving), each with the company's share, without the halls' overhead."""
    hashes = power = 0.0
    for site, kind in parts:
        at = case.sites[site]
        hashes += eh_s(case, site, (kind,)) * at.share
        power += load_mw(case, site, (kind,)) / at.mining_overhead * at.share
    return power / hashes


# ---------------------------------------------------------------- the case


def test_loads_and_names_where_its_figures_come_from(loaded: api.LoadedCase) -> None:
    told = [one for one in loaded.provenance.values() if one.source or one.assumed]
    assert len(told) == 391
    assert sum(1 for one in told if one.source) == 132
    # All that warns: bitcoin grows faster than cash yields, what balances the books, and how much is assumed.
    assert [problem.path for problem in loaded.warnings if "are assumed" not in str(problem)] == [
        "market.network.btc_growth",
        "finance.books",
    ]


def test_offers_say_that_they_are_hindsight(loaded: api.LoadedCase, case: Case) -> None:
    for offer in case.offers:
        sources = [one.source or "" for path, one in loaded.provenance.items() if path.startswith(f"offers.{offer}.")]
        assert any("hindsight" in source for source in sources), offer
    assert min(offer.sign.start.first for offer in case.offers.values()) > case.horizon.start.first


def test_megawatts_and_hashes_of_the_sites(case: Case) -> None:
    assert eh_s(case, "odessa") == pytest.approx(11.3)
    assert load_mw(case, "odessa") == pytest.approx(205.5, abs=0.1)
    assert eh_s(case, "black_pearl", ("arriving",)) == pytest.approx(10.0)
    assert load_mw(case, "black_pearl", ("arriving",)) == pytest.approx(144.2, abs=0.1)
    ventures = ("alborz", "bear", "chief")
    assert sum(eh_s(case, site) for site in ventures) == pytest.approx(4.4)
    assert all(load_mw(case, site) <= 40 for site in ventures)
    assert mean_efficiency(case, [(site, "fleet") for site in ventures]) == pytest.approx(25.7, abs=0.05)


def test_fleet_of_june_and_of_september(case: Case) -> None:
    ventures = sum(eh_s(case, site) * case.sites[site].share for site in ("alborz", "bear", "chief"))
    before = [(site, "fleet") for site in ("odessa", "alborz", "bear", "chief")]
    assert eh_s(case, "odessa") + ventures == pytest.approx(13.5, abs=0.05)
    assert mean_efficiency(case, before) == pytest.approx(18.9, abs=0.25)
    assert eh_s(case, "odessa") + ventures + eh_s(case, "black_pearl", ("fleet",)) == pytest.approx(16.8, abs=0.05)
    assert eh_s(case, "odessa") + ventures + eh_s(case, "black_pearl", ("arriving",)) == pytest.approx(23.5, abs=0.05)
    assert mean_efficiency(case, [*before, ("black_pearl", "arriving")]) == pytest.approx(16.8, abs=0.1)
    # The other reading, 6.7 EH/s of new machines beside 3.3 of old ones, would not fit phase I.
    new_mw = (5.2 * 13.5 + 1.5 * 16.8) * 1.03
    assert new_mw + load_mw(case, "black_pearl", ("fleet",)) == pytest.approx(186.6, abs=0.2)


def test_hosting_fits_the_sites_as_signed(case: Case) -> None:
    def gross(name: str) -> float:
        offer = case.offers[name]
        return offer.halls.max * offer.hall_mw_it * offer.gross_per_it

    assert gross("fluidstack_1") == pytest.approx(244, abs=0.5)
    assert gross("fluidstack_1") + gross("fluidstack_2") == pytest.approx(300, abs=0.5)
    assert gross("hyperscaler_15y") == pytest.approx(300, abs=0.5)
    assert gross("hyperscaler_stingray") == pytest.approx(100, abs=0.1)


def test_forward_levels_are_the_day_ahead_means_of_twelve_months(case: Case) -> None:
    zone = ZoneInfo("America/Chicago")
    with (FOLDER / "data" / "ercot_da_jul2024_jun2025.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8760
    # Real time, and day-ahead at the same level: only their hours differ.
    assert set(case.market.power) == {"hb_west", "lz_west", "lz_south", "hb_west_da", "lz_west_da", "lz_south_da"}
    for market, power in case.market.power.items():
        column = market.removesuffix("_da").upper()
        prices: dict[str, list[float]] = {}
        for row in rows:
            local = datetime.fromisoformat(row["timestamp_utc"].replace("Z", "+00:00")).astimezone(zone)
            # The first planned year has the level of the same quarter one year before.
            prices.setdefault(f"{local.year + 1}-Q{(local.month + 2) // 3}", []).append(float(row[column]))
        means = {quarter: sum(one) / len(one) for quarter, one in prices.items()}
        means |= {f"2026-Q{n}": 1.04 * means[f"2025-Q{n}"] for n in (3, 4)}
        assert dict(power.forward_usd_per_mwh) == pytest.approx(means, abs=0.011)
        assert power.growth == 0.04


def test_power_is_bought_in_the_forms_of_the_contracts(case: Case) -> None:
    """Proves: Odessa elects all 207 MW to July 2027, then buys at the hub plus 4 $; whoever is in front of the meter
    pays for summer peaks and decides on day-ahead prices. Broken: a charge at Odessa, or none elsewhere."""
    odessa = case.sites["odessa"]
    ppa = odessa.contracts["luminant_ppa"]
    assert (ppa.kind, ppa.mw, ppa.least, ppa.most, ppa.price_usd_per_mwh) == ("monthly_election", 207, 1.0, 1.0, 27)
    assert (str(ppa.until), ppa.resale) == ("2027-07", "spot")
    assert {str(day): usd for day, usd in odessa.power.adder_usd_per_mwh.items()} == {"2027-08": 4.0}
    assert not odessa.delivery
    assert odessa.power.decides_on is None
    charged = {name for name, site in case.sites.items() if site.delivery}
    assert charged == {"black_pearl", "barber_lake", "stingray", "reveille", "bear", "chief"}
    assert {name for name, site in case.sites.items() if site.flexibility} == charged - {"bear", "chief"}
    for name in charged:
        peaks, decides = case.sites[name].delivery["four_cp"], case.sites[name].power.decides_on
        assert (peaks.kind, peaks.rate_usd_per_kw_year, peaks.months) == ("coincident_peak", 70, (6, 7, 8, 9))
        assert (peaks.hours, peaks.success) == ((15, 19), 0.9)
        assert (decides.market, decides.skill) == (case.sites[name].power.market + "_da", 0)


def test_without_summer_peaks_the_same_rate_is_paid_on_the_own_peak(case: Case) -> None:
    """Proves: the overlay takes the avoidable charge away, puts 70 $/kW-year on the highest load of twelve months in
    its place, and halves reserves. Broken: both charges at once, 140 $/kW-year."""
    changed = api.load(FOLDER / "texas_no_4cp.yaml").case
    for name, site in case.sites.items():
        charges = changed.sites[name].delivery
        if not site.delivery:
            assert not charges
            continue
        demand = charges["minimum_demand"]
        assert set(charges) == {"minimum_demand"}
        assert demand.rate_usd_per_kw_month * 12 == pytest.approx(70, abs=1e-3)
        assert demand.ratchet == 1.0
        for program, before in site.flexibility.items():
            assert changed.sites[name].flexibility[program].price_share == before.price_share / 2


# ---------------------------------------------------------------- units


def test_units_average_hash_rate_gives_coins_and_revenue() -> None:
    btc = AVERAGE_EH_S * 1000 * DAYS * mean_btc_per_ph_day()
    revenue = (
        sum(AVERAGE_EH_S * 1000 * int(row["days"]) * float(row["hashprice_usd_per_ph_day"]) for row in QUARTER) / 1e6
    )
    assert btc == pytest.approx(REPORTED_BTC, rel=0.005)
    assert revenue == pytest.approx(REPORTED_REVENUE_USD_M, rel=0.005)


def test_units_efficiency_and_power_price_give_power_per_coin() -> None:
    usd_per_btc = 18.9 * 24 / 1000 * 31 / mean_btc_per_ph_day()
    assert usd_per_btc == pytest.approx(27_062, rel=0.005)
    assert usd_per_btc == pytest.approx(REPORTED_POWER_USD_PER_BTC, rel=0.015)


def test_network_file_has_monthly_means_only_and_agrees_with_itself() -> None:
    assert [row["month"] for row in NETWORK] == [f"2024-{m:02d}" for m in range(7, 13)] + [
        f"2025-{m:02d}" for m in range(1, 7)
    ]
    for row in NETWORK:
        coins = 144 * 3.125 / (1 - float(row["fee_share"])) / (float(row["hashrate_eh_s"]) * 1000)
        assert coins == pytest.approx(float(row["btc_per_ph_day"]), rel=0.025), row["month"]


# ---------------------------------------------------------------- reality


def test_reality_quarter_as_the_model_would_have_run_it() -> None:
    result = api.solve(api.load(FOLDER / "reality_2025q2.yaml"), twins=False)
    rows = list(result.plan.tables["mining"].dicts())
    btc, mwh, power = (sum(float(row[key] or 0) for row in rows) for key in ("btc", "mwh", "power_cost_usd_m"))
    assert btc == pytest.approx(522, rel=0.01)
    assert power * 1e6 / btc == pytest.approx(22_600, rel=0.01)
    # The rows of the bridge in the README.
    full = 11_300 * DAYS * mean_btc_per_ph_day() * (1 - 0.003)
    assert full == pytest.approx(532.8, abs=0.2)
    assert btc == pytest.approx(520.7, abs=0.1)
    assert mwh == pytest.approx(437_900, abs=100)
    assert power * 1e6 / btc == pytest.approx(22_709, abs=10)
    outage = btc * 3 / DAYS
    uptime = (btc - outage) * 0.05
    assert (outage, uptime) == pytest.approx((17.2, 25.2), abs=0.1)
    assert btc - outage - uptime - REPORTED_BTC == pytest.approx(36.8, abs=0.2)
    block = 207 * 24 * DAYS * 27 / 1e6
    assert block == pytest.approx(12.21, abs=0.01)
    assert block * 1e6 / REPORTED_BTC == pytest.approx(27_640, abs=10)
    reported_power_usd_m = REPORTED_BTC * REPORTED_POWER_USD_PER_BTC / 1e6
    assert reported_power_usd_m == pytest.approx(12.07, abs=0.01)
