"""Two published results of switching machines off by price, found again on the market's own prices.

1. A strike price in Houston. Published by Braiins ("Maximizing BTC mining profitability with strike price
   curtailment", 2025): with a strike of 90 $/MWh in LZ_HOUSTON from 1 January to 15 March 2025 a farm is up 98 % of
   the time and saves about 10 % of its power bill (165,000 $, its size is not stated). Measured here on day-ahead
   prices: off in 34 of 1,775 hours, up 98.085 %; the bill falls by 9.696 %, 5,424 $ per MW: a farm of about 30 MW.
2. A scarcity day. Published: on 20 June 2023 in HB_HOUSTON, real time, 100 MW that are off in the seven dearest hours
   of the day save 2.187 $m. Measured here: 2,186,837 $, in the hours that begin at 14:00 to 20:00.

Each is done twice: with a few lines over the prices as the product reads them, and by the product itself, which is
not told which hours these are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from optimizer import api
from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceSeries, read_prices

DATA = Path(__file__).resolve().parents[1] / "data"
STRIKE_USD_PER_MWH = 90.0
# What makes a MWh of a machine of 15 J/TH worth 90 $, all year: 450 BTC a day, 1,000 EH/s, 32.4 $/PH/day.
BTC_USD, HASHRATE_EH_S, EFFICIENCY_J_PER_TH = 72_000, 1_000, 15
PH_S_PER_MW = 1000 / EFFICIENCY_J_PER_TH

HOUSTON_2025 = {"file": "ercot_da_lz_houston_2025.csv.gz", "column": "LZ_HOUSTON", "time_zone": "America/Chicago"}
HOUSTON_2023 = {"file": "ercot_rt_hb_houston_2023.csv.gz", "column": "HB_HOUSTON", "time_zone": "America/Chicago"}


def winter() -> tuple[PriceSeries, np.ndarray]:
    """Prices of 2025, and which of them belong to 1 January to 15 March."""
    prices = read_prices(PriceFile(**HOUSTON_2025), DATA)
    month = prices.local_month - 12 * 2025
    return prices, (month < 2) | ((month == 2) & (prices.local_day <= 15))


def scarcity_day() -> tuple[np.ndarray, np.ndarray]:
    """The 24 prices of 20 June 2023 and their hours on the clock."""
    prices = read_prices(PriceFile(**HOUSTON_2023), DATA)
    day = (prices.local_month == 12 * 2023 + 5) & (prices.local_day == 20)
    return prices.price[day], prices.local_hour[day]


def mining(folder: Path, start: str, prices: dict[str, str], fleet: dict[str, tuple[float, str]]) -> dict[str, dict]:
    """Sums of mining.csv by lot: ``fleet`` is PH/s and the day of purchase, one year before the lot is scrapped."""
    case = {
        "case": "Machines that stop at 90 $/MWh",
        "horizon": {"start": start, "steps": ["1 quarter"]},
        "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0},
        "market": {
            "power": {"houston": prices | {"file": str(DATA / prices["file"])}},
            "network": {"btc_usd": BTC_USD, "hashrate_eh_s": HASHRATE_EH_S},
        },
        "machines": {"machine": {"efficiency_j_per_th": EFFICIENCY_J_PER_TH, "life": "1 year"}},
        "sites": {
            "farm": {
                "power": {"market": "houston"},
                "energised_mw": 1000,
                "mining_shell_mw": 1000,
                "fleet": {
                    name: {"machine": "machine", "ph_s": ph_s, "bought": bought}
                    for name, (ph_s, bought) in fleet.items()
                },
            }
        },
        "finance": {
            "opening": {"cash_usd_m": 100, "shares_m": 100, "share_price_usd": 1, "sga_usd_m_per_quarter": 0},
        },
    }
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump(case), encoding="utf-8")
    tables = api.solve(api.load(path), twins=False).plan.tables
    sums: dict[str, dict] = {name: {} for name in fleet}
    for row in tables["mining"].dicts():
        lot = sums[str(row["lot"])]
        for key in ("hours_run", "mwh", "power_cost_usd_m"):
            lot[key] = lot.get(key, 0.0) + float(row[key] or 0)
    return sums


def test_strike_of_90_in_houston() -> None:
    """Proves: the price reader gives the hours and prices of which the published figures speak. Broken: an hour-ending
    label read as a beginning, or a calendar in UTC, moves the window by hours: 34 hours off and 9.696 % change."""
    prices, inside = winter()
    price = prices.price[inside]
    off = price > STRIKE_USD_PER_MWH
    assert len(price) == 1775
    assert off.sum() == 34
    assert 1 - off.mean() == pytest.approx(0.98, abs=0.005)
    assert price[off].sum() / price.sum() == pytest.approx(0.10, abs=0.005)
    assert price[off].sum() / price.sum() == pytest.approx(0.096965, abs=1e-6)
    assert price[off].sum() == pytest.approx(5_423.83, abs=0.01)


def test_strike_of_90_in_houston_by_the_product(tmp_path: Path) -> None:
    """Proves: machines whose MWh is worth 90 $ do by themselves what the published rule does, to the hour and the cent;
    they are scrapped on 16 March, so the plan's quarter holds just these days. Broken: 1,775 hours if curtailment is
    lost, 9.7 % more power cost."""
    prices, inside = winter()
    price = prices.price[inside]
    lot = mining(tmp_path, "2025-01", HOUSTON_2025, {"farm": (PH_S_PER_MW, "2024-03-16")})["farm"]
    assert lot["hours_run"] == pytest.approx(1741, abs=1e-6)
    assert lot["hours_run"] / 1775 == pytest.approx(0.98, abs=0.005)
    assert 1 - lot["power_cost_usd_m"] * 1e6 / price.sum() == pytest.approx(0.096965, abs=1e-6)


def test_seven_dearest_hours_of_20_june_2023() -> None:
    """Proves: 100 MW off in these hours save what was published, to 0.1 %. Broken: the day in UTC has other hours."""
    price, hour = scarcity_day()
    dearest = np.argsort(price)[::-1][:7]
    assert len(price) == 24
    assert sorted(hour[dearest].tolist()) == [14, 15, 16, 17, 18, 19, 20]
    assert 100 * price[dearest].sum() == pytest.approx(2.187e6, rel=1e-3)
    assert 100 * price[dearest].sum() == pytest.approx(2_186_837, abs=0.5)


def test_seven_dearest_hours_by_the_product(tmp_path: Path) -> None:
    """Proves: 100 MW of machines whose MWh is worth 90 $ are off in those seven hours, and save that much against
    running through. Two equal lots are scrapped on 20 and on 21 June: the difference is the day. Broken: 0 saved."""
    price, _ = scarcity_day()
    fleet = {"until_the_20th": (100 * PH_S_PER_MW, "2022-06-20"), "until_the_21st": (100 * PH_S_PER_MW, "2022-06-21")}
    lots = mining(tmp_path, "2023-06", HOUSTON_2023, fleet)
    before, after = lots["until_the_20th"], lots["until_the_21st"]
    assert after["hours_run"] - before["hours_run"] == pytest.approx(17, abs=1e-6)
    paid = (after["power_cost_usd_m"] - before["power_cost_usd_m"]) * 1e6
    assert 100 * price.sum() - paid == pytest.approx(2.187e6, rel=1e-3)


def test_data_are_hourly_and_whole() -> None:
    """Proves: the shipped slices hold the year and no hole, read without any mending. Broken: fewer than 8,760."""
    for spec in (HOUSTON_2025, HOUSTON_2023):
        prices = read_prices(PriceFile(**spec), DATA)
        assert len(prices.price) == 8760
        assert prices.repairs == ()
        assert prices.interval_hours == 1.0
