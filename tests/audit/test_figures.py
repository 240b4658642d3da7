"""Figures of the recomputation against numbers reckoned on paper from docs/figures.md.

Throughout: hashprice 144 * 3.125 * 100,000 / (900 * 1000) = 50 USD per PH/s and day; a PH/s takes 20 * 1.25 / 1000 =
0.025 MW at the meter; a MWh at the meter brings 50 / 24 / 0.025 * 0.98 - 2 = 79.667 and costs (20 + 4) * 1.25 = 30.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from optimizer.case.base import parse_date
from optimizer.case.finance import Debt
from optimizer.case.horizon import Horizon
from optimizer.case.market import Network, PowerMarket
from optimizer.market.prices import read_prices
from optimizer.plan.audit.recompute.debt import debt_paths
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.network import network_path
from optimizer.plan.audit.recompute.prices import Spot, shape_of
from optimizer.plan.audit.recompute.timeline import CannotRecompute, mean_factors, timeline_of

NOTHING = Decisions(())
JANUARY_2025 = 12 * 2025


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def test_mining_of_a_quarter(make_plan: Any) -> None:
    """Proves: 90 days * 24 * 0.96 = 2,073.6 h; times 25 MW 51,840 MWh; revenue 1000 * 2,073.6 * 50 / 24 * 0.98 =
    4.2336; 42.336 BTC; power 51,840 * 30 = 1.5552; variable 0.10368; margin 2.57472. From July 600 PH/s: 92 days make
    2,119.68 h and 31,795.2 MWh.
    Broken: 1.2960 power without losses; 43.2 BTC before the pool fee; 54,000 MWh without uptime."""
    first, _, third, _ = make_plan().rows("mining.csv")
    assert first["ph_s"] == close(1000)
    assert first["hours_run"] == close(2073.6)
    assert first["mwh"] == close(51840)
    assert first["btc"] == close(42.336)
    assert first["revenue_usd_m"] == close(4.2336)
    assert first["power_cost_usd_m"] == close(1.5552)
    assert first["variable_cost_usd_m"] == close(0.10368)
    assert first["margin_usd_m"] == close(2.57472)
    assert first["power_usd_per_btc"] == close(1555200 / 42.336)
    assert third["ph_s"] == close(600)
    assert third["mwh"] == close(31795.2)
    assert third["hours_run"] == close(2119.68)


def test_machines_stop_when_power_is_dear(make_plan: Any) -> None:
    """Proves: a lot runs where 79.667 > (price + 4) * 1.25, so below 59.733. Half of the days cost 60: of January's 31
    days those with an odd number, 16, run at 20. 16 * 24 * 0.96 = 368.64 h.
    Broken: 714.24 h (adder and losses left out)."""
    plan = make_plan(
        {"horizon.steps": ["1 month"]}, NOTHING, write=False, price=lambda at: 20.0 if at.day % 2 else 60.0
    )
    (row,) = plan.rows("mining.csv")
    assert row["hours_run"] == close(368.64)
    assert row["power_cost_usd_m"] == close(368.64 * 25 * 30 / 1e6)


def test_hosting_of_two_quarters(make_plan: Any) -> None:
    """Proves: 2 halls of 10 MW signed in April, rent from July. Share over July to September (0.5 + 1.5 + 2.5) / 6 =
    0.75, so rent 20 * 0.1 * 0.75 = 1.5; MWh 20 * 0.9 * 1.2 * (744 * 0.5 + 744 * 1.5 + 720 * 2.5) / 6 = 11,836.8,
    at 30 USD 0.355104, and back; operating cost 20 * 0.3 / 4 = 1.5; capex 20 * 8 * 1.25 = 200, all in April to June.
    Rent of the term 1.5 + 4.5 + 12 + 26.4 = 44.4, prepaid 11.1, credited 11.1 / 8 a quarter.
    Broken: rent 6.0 without the ramp; prepayment 10.5 without the escalator; capex 160 without contingency."""
    signed, third, fourth = make_plan().rows("hosting.csv")
    assert (signed["period"], third["period"], fourth["period"]) == ("2025Q2", "2025Q3", "2025Q4")
    assert signed["capex_usd_m"] == close(200)
    assert signed["prepayment_usd_m"] == close(11.1)
    assert signed["signing_cost_usd_m"] == close(3)
    assert signed["rent_usd_m"] == signed["it_mw"] == 0
    assert third["rent_usd_m"] == close(1.5)
    assert third["it_mw"] == close(20 * 0.25)
    assert third["mwh"] == close(11836.8)
    assert third["power_cost_usd_m"] == third["power_recovered_usd_m"] == close(0.355104)
    assert third["operating_cost_usd_m"] == close(1.5)
    assert third["noi_usd_m"] == close(0)
    assert third["credit_usd_m"] == close(11.1 / 8)
    assert fourth["rent_usd_m"] == close(4.5)


def test_capex_by_month(make_plan: Any) -> None:
    """Proves: shares [1, 2] over three months are 66.667 in the first one and a half, 133.333 in the rest: 44.444,
    22.222 + 44.444, 88.889.
    Broken: 66.667 each (evenly); 66.667, 133.333, 0 (a share a month)."""
    plan = make_plan({"horizon.steps": ["12 months"]})
    capex = [row["capex_usd_m"] for row in plan.rows("hosting.csv")]
    assert capex[:3] == [close(400 / 9), close(600 / 9), close(800 / 9)]
    assert sum(capex) == close(200)


def test_value_part_by_part(make_plan: Any) -> None:
    """Proves: at rate 0 hosting within is 6 rent + 11.1 - 3 - 200 - 2.775 credit - 3 operating cost = -191.675, beyond
    38.4 - 8.325 - 9 + 20 residual = 41.075. SG&A 3.6 a year at 12 % is 3.6 * (1 - 1 / 1.12) / ln 1.12. The debt, valued
    at its own cost, is what it was worth three months before the start, 40, times 1.03^(1/2).
    Broken: debt 40 (no interest before the start); hosting -170.6 (no residual); SG&A 3.6 or 3.214 (not, or at the end)
    discounted."""
    rows = {row["component"]: row for row in make_plan().rows("value.csv")}
    assert list(rows) == [
        "opening_cash",
        "opening_btc",
        "mining",
        "contracts",
        "flexibility",
        "delivery",
        "machines",
        "builds",
        "hosting: lease",
        "site_cost",
        "sga",
        "tax",
        "debt",
        "financing",
        "breaches",
        "total",
    ]
    assert rows["opening_cash"]["total_usd_m"] == close(300)
    assert rows["opening_btc"]["total_usd_m"] == close(5)
    hosting = rows["hosting: lease"]
    assert hosting["within_horizon_usd_m"] == close(-191.675)
    assert hosting["beyond_horizon_usd_m"] == close(41.075)
    mean = (1 - 1 / 1.12) / math.log(1.12)
    assert rows["sga"]["total_usd_m"] == close(-3.6 * mean)
    assert rows["sga"]["at_wacc_usd_m"] == close(-3.6)
    assert rows["site_cost"]["within_horizon_usd_m"] == close(-1.2 * mean)
    assert rows["debt"]["total_usd_m"] == close(-40 * 1.03**0.5)
    assert rows["debt"]["beyond_horizon_usd_m"] == close(-(40 / 3 + 0.4) * 1.03**-2.5)
    # 1000 PH/s for 181 days, 600 for 184; a PH/s-day leaves 0.96 * (49 - 0.6 * (30 + 2)) = 28.608.
    assert rows["mining"]["total_usd_m"] == close((181 * 1000 + 184 * 600) * 28.608 / 1e6)
    parts = [row["total_usd_m"] for name, row in rows.items() if name != "total"]
    assert rows["total"]["total_usd_m"] == close(sum(parts))


def test_hosting_discounted(make_plan: Any) -> None:
    """Proves: at 21 % the cost of signing, 3 in month 3, is 3 / 1.21^0.25; 24 of rent accrue from month 6 to 18; 20 are
    left at month 18, beyond the horizon as are six months of rent. The offer's own rate goes before the case's.
    Broken: payments at the mean of their month; the case's 9 %."""
    plan = make_plan(
        {
            "discount.hosting": 0.09,
            "offers.lease": make_plan(write=False).case.model_dump(by_alias=True, mode="json")["offers"]["lease"]
            | {"discount": 0.21, "ramp": "0 months", "escalator": 0.0, "term": "12 months", "prepayment": 0.0}
            | {"capex_usd_m_per_mw_it": 0.0, "operating_cost_usd_m_per_mw_it_year": 0.0},
        }
    )
    row = next(row for row in plan.rows("value.csv") if row["component"] == "hosting: lease")
    rho = math.log(1.21)
    assert row["within_horizon_usd_m"] == close(24 * (1.1**-1 - 1.1**-2) / rho - 3 * 1.21**-0.25)
    assert row["beyond_horizon_usd_m"] == close(24 * (1.1**-2 - 1.1**-3) / rho + 20 * 1.1**-3)
    assert row["at_wacc_usd_m"] == close(24 - 3 + 20)


def test_cash_yields_by_the_length_of_the_period(make_plan: Any) -> None:
    """Proves: 300 yield 1 in a month at 4 %. Broken: 3, as in a quarter."""
    first = make_plan({"horizon.steps": ["12 months"]}).rows("cash.csv")[0]
    assert first["yield_usd_m"] == close(1)
    assert first["sga_usd_m"] == close(-0.3)


def test_cash_of_three_quarters(make_plan: Any) -> None:
    """Proves: first quarter 300 + 3 yield + 2.57472 margin - 0.3 site - 0.9 SG&A = 304.37472. In the second the debt
    pays 1.2 + 13.333, the lease brings 11.1 - 3 - 200; in the fourth the debt pays 0.8 + 13.333.
    Broken: 303.0 for the yield of a whole year; interest 0.6 if none accrued before the start."""
    first, second, third, fourth = make_plan().rows("cash.csv")
    assert first["yield_usd_m"] == close(3)
    assert first["closing_usd_m"] == close(304.37472)
    assert second["yield_usd_m"] == close(3.0437472)
    assert (second["interest_usd_m"], second["principal_usd_m"]) == (close(-1.2), close(-40 / 3))
    assert second["prepayment_usd_m"] + second["signing_cost_usd_m"] + second["capex_usd_m"] == close(-191.9)
    assert third["hosting_credit_usd_m"] == close(-11.1 / 8)
    assert third["hosting_power_usd_m"] == close(-third["power_recovered_usd_m"])
    assert (fourth["interest_usd_m"], fourth["principal_usd_m"]) == (close(-0.8), close(-40 / 3))
    assert fourth["minimum_usd_m"] == 10


def test_capex_after_the_horizon_is_kept_back(make_plan: Any) -> None:
    """Proves: signed in October with six months of lead and shares [1, 2], two thirds of 200 are spent after the
    horizon, so the last minimum is 10 + 133.333.
    Broken: 10 (not kept back); 110 (shares ignored)."""
    late = Decisions((Decision("sign", "lease", "west", JANUARY_2025 + 9, 2.0),))
    plan = make_plan({"offers.lease.lead": "6 months", "offers.lease.sign.to": "2025-12"}, late)
    assert [row["minimum_usd_m"] for row in plan.rows("cash.csv")] == [10, 10, 10, close(10 + 400 / 3)]


def test_megawatts_and_limits(make_plan: Any) -> None:
    """Proves: from July 15 MW mine, 2 * 10 * 1.5 = 30 are reserved, 15 of 60 are free; nothing is reserved before.
    Broken: 35 free (shell and connection mixed up), 5 free (unplugged machines still there)."""
    rows = make_plan().rows("allocation.csv")
    third = [(row["use"], row["item"], row["meter_mw"]) for row in rows if row["period"] == "2025Q3"]
    assert third == [("mining", "S20", close(15)), ("hosting", "lease", close(30)), ("free", "", close(15))]
    assert [row["from"] + row["to"] for row in rows if row["period"] == "2025Q1"] == ["2025-01-012025-03-31"] * 2
    limits = make_plan().rows("limits.csv")
    assert [(row["limit"], row["item"], row["unit"]) for row in limits[:3]] == [
        ("min_cash", "", "usd_m"), ("mining_shell", "west", "mw"), ("energised", "west", "mw"),
    ]  # fmt: skip
    assert (limits[8]["used"], limits[8]["allowed"], limits[8]["headroom"]) == (close(45), 60, close(15))


def test_shell_taken_at_once(make_plan: Any) -> None:
    """Proves: an offer on the mine's own buildings takes them on signature: 25 + 30 = 55 MW of 25 in April, and of 60.
    Broken: 25 (taken with the first rent)."""
    rows = make_plan({"offers.lease.takes": "mining_shell"}).rows("limits.csv")
    second = {row["limit"]: row for row in rows if row["period"] == "2025Q2"}
    assert second["mining_shell"]["used"] == close(55)
    assert second["mining_shell"]["headroom"] == close(-30)
    assert second["energised"]["used"] == close(55)


def test_tightest_instant_within_a_period(make_plan: Any) -> None:
    """Proves: a level that falls on 2025-02-15 to 26 and rises in March is judged at its lowest.
    Broken: 60 - 25 = 35 (first instant of the period), or the mean."""
    levels = {"2025-01": 60, "2025-02-15": 26, "2025-03": 70}
    plan = make_plan({"sites.west.energised_mw": levels}, NOTHING)
    row = plan.rows("limits.csv")[2]
    assert (row["used"], row["allowed"], row["headroom"]) == (close(25), 26, close(1))
    free = plan.rows("allocation.csv")[1]["meter_mw"]
    assert free == close((60 + 60 * 14 / 28 + 26 * 14 / 28 + 70) / 3 - 25)


def test_arriving_and_ageing_lots(make_plan: Any) -> None:
    """Proves: 100 PH/s due 2 arrive on 16 February 2025: 13 of 28 days there, mean (13 / 28) / 3 of a quarter; a fleet
    bought in 2020-03-01 with five years of life ends on 1 March, after 59 days.
    Broken: 59 days of both; 100 PH/s in the mean; the payment forgotten."""
    plan = make_plan(
        {
            "machines.S20.life": "60 months",
            "sites.west.fleet.S20.bought": "2020-03",
            "sites.west.arriving": {"new": {"machine": "S20", "ph_s": 100, "on": "2025-02-16", "due_usd_m": 2}},
        },
        NOTHING,
    )
    old, new = plan.rows("mining.csv")[:2]
    assert old["hours_run"] == close(59 * 24 * 0.96)
    assert old["ph_s"] == close(1000 * 2 / 3)
    assert new["hours_run"] == close((13 + 31) * 24 * 0.96)
    assert new["ph_s"] == close(100 * (13 / 28 + 1) / 3)
    assert plan.rows("cash.csv")[0]["arriving_due_usd_m"] == -2
    assert [row["lot"] for row in plan.rows("mining.csv")] == ["S20", "new", "new", "new", "new"]


def test_unplugged_before_it_arrives(make_plan: Any) -> None:
    """Proves: what is unplugged never shows, and what was due is paid all the same.
    Broken: a row `new` in mining.csv, or nothing due."""
    plan = make_plan(
        {"sites.west.arriving": {"new": {"machine": "S20", "ph_s": 100, "on": "2025-08", "due_usd_m": 2}}},
        Decisions((Decision("unplug", "west.new", "west", JANUARY_2025 + 3, 100.0),)),
    )
    assert {row["lot"] for row in plan.rows("mining.csv")} == {"S20"}
    assert plan.rows("cash.csv")[2]["arriving_due_usd_m"] == -2
    assert plan.rows("decisions.csv")[0]["meter_mw"] == close(2.5)


def test_treasury(make_plan: Any) -> None:
    """Proves: sell_all sells 50 BTC for 5 in the first period beside what is mined.
    Broken: 50 BTC left; the mined coins counted twice in cash."""
    plan = make_plan({"finance.treasury": {"policy": "sell_all"}})
    first = plan.rows("treasury.csv")[0]
    assert (first["opening_btc"], first["sold_btc"], first["closing_btc"]) == (50, close(92.336), close(0))
    assert plan.rows("cash.csv")[0]["btc_sold_usd_m"] == close(5)
    kept = make_plan().rows("treasury.csv")[-1]
    assert kept["closing_btc"] == close(50)


def test_network_grows_and_halves() -> None:
    """Proves: price 21 % and hash rate 44 % a year make 1.1 and 1.2 after half a year; a halving on the 11th leaves ten
    days of the month before; one before the start does not count; a later rate of growth starts with its month.
    Broken: all days of the month halved; 50 * 1.21 / 1.44."""
    path = network_path(
        Network.model_validate(
            {
                "btc_usd": 100000,
                "btc_growth": 0.21,
                "hashrate_eh_s": 900,
                "hashrate_growth": {"2024-01": 0.44, "2025-07": 0.0},
                "halvings": ["2024-04-20", "2025-07-11"],
            }
        ),
        JANUARY_2025,
        12,
    )
    assert path.btc_usd[6] == close(110000)
    july = path.hashprice_usd_per_ph_day[6]
    assert list(july[:10]) == [close(50 * 1.1 / 1.2)] * 10
    assert list(july[10:]) == [close(25 * 1.1 / 1.2)] * 21
    assert path.hashprice_usd_per_ph_day[9][0] == close(25 * 1.21**0.75 / 1.2)


def spot(plan: Any, start_year: int = 2025) -> Spot:
    market: PowerMarket = plan.case.market.power["hub"]
    return Spot(market, shape_of(market, read_prices(market, plan.inputs)), start_year)


def by_month_and_day(at: datetime) -> float:
    return at.month * 100 + at.day


def test_shape_days_and_leap_years(make_plan: Any) -> None:
    """Proves: 29 February 2028 takes the prices of 28 February 2025, 228; March has its own.
    Broken: 301 (the next hour of the file)."""
    hours = spot(make_plan(None, NOTHING, write=False, price=by_month_and_day)).month(12 * 2028 + 1)
    assert hours.hours == 29 * 24
    assert list(hours.price[hours.day == 28]) == [228.0] * 24
    assert list(hours.price[hours.day == 0]) == [201.0] * 24


def test_two_years_of_shape_share_the_weight(make_plan: Any) -> None:
    """Proves: 2024 and 2025 both serve January; hours sum to 744, each weighs a half; February 2024 has a day of its
    own for the 29th, 2025 its last.
    Broken: 1,488 h."""
    plan = make_plan(
        None, NOTHING, write=False, start=datetime(2024, 1, 1, tzinfo=UTC), price=lambda at: at.year + at.day / 100
    )
    january, february = spot(plan).month(12 * 2026), spot(plan).month(12 * 2028 + 1)
    assert (january.hours, january.weight) == (744, 0.5)
    assert sorted(set(february.price[february.day == 28])) == [2024.29, 2025.28]
    assert spot(plan).shape.mean([2]) == close((29 * 2024.15 + 28 * 2025.145) / 57)


def test_months_are_complete_in_local_time(make_plan: Any) -> None:
    """Proves: a year that is whole in UTC lacks the last six hours of 31 December in Chicago, so December has no shape;
    with them it has, March counts 743 hours and November 721.
    Broken: no error; 744 and 720."""
    zone = {"market.power.hub.time_zone": "America/Chicago"}
    with pytest.raises(CannotRecompute, match="calendar month 12"):
        spot(make_plan(zone, NOTHING, write=False))
    whole = make_plan(zone, NOTHING, write=False, end=datetime(2026, 1, 1, 6, tzinfo=UTC))
    assert [spot(whole).month(12 * 2026 + month).hours for month in (2, 6, 10)] == [743, 744, 721]


def test_shape_window(make_plan: Any) -> None:
    """Proves: of two years only the months inside the window serve.
    Broken: weight 0.5."""
    plan = make_plan(
        {"market.power.hub.shape": {"from": "2025-01", "to": "2025-12"}},
        NOTHING, write=False, start=datetime(2024, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert {spot(plan).month(12 * 2026 + month).weight for month in range(12)} == {1.0}


def test_five_minutes_weigh_a_twelfth(make_plan: Any) -> None:
    """Proves: weights are in hours whatever the interval: 744 for January.
    Broken: 8,928."""
    hours = spot(make_plan(None, NOTHING, write=False, minutes=15)).month(12 * 2025)
    assert (hours.hours, hours.weight) == (744, 0.25)


def test_forward_curve(make_plan: Any) -> None:
    """Proves: at a flat 20: months before the curve stay (factor 1); a month beats its quarter beats its year; a month
    without an entry takes the factor of the year before; after the last year named it grows.
    Broken: 2025-02 at 40 / 20; 2027-02 at 1; growth counted from the start."""
    curve = {"2026": 40, "2026-Q3": 60, "2026-07": 80, "2028-01": 100}
    level = spot(make_plan({"market.power.hub.forward_usd_per_mwh": curve, "market.power.hub.growth": 0.1}, NOTHING))
    factors = {
        2025 * 12 + 1: 1.0,
        2026 * 12 + 0: 2.0,
        2026 * 12 + 6: 4.0,
        2026 * 12 + 7: 3.0,
        2027 * 12 + 6: 4.0,
        2028 * 12 + 0: 5.0,
        2028 * 12 + 1: 2.0,
        2029 * 12 + 0: 5.5,
        2030 * 12 + 7: 3.0 * 1.21,
    }
    assert {month: level.factor(month) for month in factors} == {month: close(f) for month, f in factors.items()}


def test_growth_without_a_curve(make_plan: Any) -> None:
    """Proves: the level grows with the calendar year from the year of the start, and the scale multiplies all.
    Broken: 20 (no growth), 22 (no scale)."""
    plan = make_plan({"market.power.hub.growth": 0.1, "market.power.hub.scale": 2}, NOTHING, write=False)
    assert spot(plan).month(2026 * 12).price[0] == close(44)
    assert spot(plan).month(2025 * 12 + 11).price[0] == close(40)


def test_curve_scales_by_the_mean_of_what_it_names(make_plan: Any) -> None:
    """Proves: an entry for a quarter is divided by the shape's mean over all hours of that quarter.
    Broken: the month's own mean (all three months would then be 100)."""
    plan = make_plan(
        {"market.power.hub.forward_usd_per_mwh": {"2025-Q1": 100}},
        NOTHING,
        write=False,
        price=lambda at: at.month * 10.0,
    )
    mean = (31 * 10 + 28 * 20 + 31 * 30) / 90
    assert [spot(plan).factor(12 * 2025 + month) for month in range(3)] == [close(100 / mean)] * 3


def debt(changes: dict[str, Any]) -> list[tuple[float, float, float]]:
    data = {"principal_usd_m": 100, "rate": 0.08, "matures": "2026-07"} | changes
    (path,) = debt_paths({"d": Debt.model_validate(data)}, JANUARY_2025)
    return [(each.at - JANUARY_2025, each.interest, each.principal) for each in path.payments]


def test_debt_payments() -> None:
    """Proves: counted back from maturity; the date that is the start itself is not paid; amounts by date lower the
    interest from their date on: 100 * 0.04 until month 6, then (100 * 3 + 60 * 3) * 0.08 / 12, with 60 left from 9 on.
    Broken: 4.0 at month 12; a payment at month 0."""
    assert debt({}) == [(6, close(4), 0), (12, close(4), 0), (18, close(4), close(100))]
    dated = debt({"amortisation": {"2025-10": 40, "2024-10": 10}})
    assert dated == [(6, close(4), 0), (9, 0, close(40)), (12, close(3.2), 0), (18, close(2.4), close(60))]
    even = debt({"amortisation": "even", "interest_every": "12 months"})
    assert even == [(6, close(8), close(50)), (18, close(4), close(50))]


def test_operator_pays_for_power(make_plan: Any) -> None:
    """Proves: 0.355104 less in the third quarter's NOI, and no recovery; power.csv names the payer.
    Broken: NOI 0."""
    plan = make_plan({"offers.lease.power.paid_by": "operator"})
    third = plan.rows("hosting.csv")[1]
    assert (third["power_recovered_usd_m"], third["noi_usd_m"]) == (0, close(-0.355104))
    paid = {(row["period"], row["use"]): row for row in plan.rows("power.csv")}
    assert paid["2025Q3", "hosting: lease"]["paid_by"] == "operator"
    assert paid["2025Q3", "hosting: lease"]["mean_usd_per_mwh"] == close(30)
    assert ("2025Q2", "hosting: lease") not in paid


def test_periods() -> None:
    """Proves: years are kept in quarters; names follow the calendar; the nearer step wins, the earlier if equally near.
    Broken: four periods; 2025Q1 for February to April."""
    long = timeline_of(Horizon.model_validate({"start": "2025-02", "steps": ["2 months", "1 quarter", "1 year"]}))
    assert [period.name for period in long.periods] == [
        "2025-02", "2025-03", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2",
    ]  # fmt: skip
    assert [step - JANUARY_2025 for step in long.steps] == [1, 2, 3, 6]
    odd = timeline_of(Horizon.model_validate({"start": "2025-02", "steps": ["1 quarter"]}))
    assert [period.name for period in odd.periods] == ["2025-02/3"]
    assert long.nearest_step(parse_date("2025-05-16")) - JANUARY_2025 == 3
    assert long.nearest_step(parse_date("2025-05-17")) - JANUARY_2025 == 6
    assert long.nearest_step(parse_date("2030-01")) - JANUARY_2025 == 6
    year = timeline_of(Horizon.model_validate({"start": "2025-01", "steps": ["2 years"]}))
    assert year.nearest_step(parse_date("2025-07")) - JANUARY_2025 == 0


def test_the_grain_of_steps_changes_no_value(make_plan: Any) -> None:
    """Proves: the same decisions are worth the same by month and by quarter, at any rate.
    Broken: a difference in the fourth digit (factors of a period's middle)."""
    rates = {"discount.hosting": 0.09, "discount.mining": 0.2, "discount.wacc": 0.13}
    quarters = make_plan(rates).rows("value.csv")
    months = make_plan(rates | {"horizon.steps": ["12 months"]}).rows("value.csv")
    for one, other in zip(quarters, months, strict=True):
        assert one == {key: value if isinstance(value, str) else close(value) for key, value in other.items()}


def test_factors_of_no_rate_and_of_a_tiny_one() -> None:
    """Proves: 1 at rate 0, and no digits are lost just beside it. Broken: 0.99999 or 0 / 0."""
    assert list(mean_factors(0.0, 3)) == [1, 1, 1]
    assert list(mean_factors(1e-13, 3)) == [close(1)] * 3


def test_blocks_of_a_stand_follow_its_decisions(make_plan: Any) -> None:
    """Proves: a lot is one block until July and a smaller one after. Broken: one block of 1000."""
    stand = make_plan().figures().stands[0]
    blocks = [(each.start - JANUARY_2025, each.end - JANUARY_2025, each.amount) for each in stand.present]
    assert blocks == [(0, 6, 1000), (6, 12, 600)]
