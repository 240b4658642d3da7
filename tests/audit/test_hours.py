"""The hours of a site against a count MW by MW, and against the plain rule where nothing but the meter counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.hours import Loads, Rules, run_month
from optimizer.plan.audit.recompute.meter import MeterMonth
from optimizer.plan.audit.recompute.prices import Hours
from optimizer.plan.audit.recompute.supply import SupplyMonth

DAYS, HOURS = 2, 24


def random_month(seed: int) -> tuple[Loads, Rules, list[SupplyMonth], MeterMonth]:
    """Loads, contracts and limits of whole MW, at prices of whole dollars so that many are equal."""
    draw = np.random.default_rng(seed)
    day = np.arange(HOURS) // (HOURS // DAYS)

    def whole(low: int, high: int, *shape: int) -> Any:
        return draw.integers(low, high, size=shape).astype(float)

    lots, contracts = int(draw.integers(0, 4)), int(draw.integers(0, 4))
    kind = np.sort(draw.integers(0, 2, size=lots))
    value = np.sort(whole(20, 60, 2, DAYS), axis=0)[::-1]
    loads = Loads(np.ones(lots), whole(0, 8, lots, DAYS), kind, value + 3, value)
    price = whole(10, 70, HOURS)
    supplies: Any = [
        SupplyMonth(None, whole(0, 9, HOURS), float(10 + at), whole(-5, 5, HOURS), whole(10, 70, HOURS))  # type: ignore[arg-type]
        for at in range(contracts)
    ]
    limited, enrolled = draw.random() < 0.5, draw.random() < 0.5
    full = loads.mw.sum(axis=0)
    most = np.minimum(full, float(draw.integers(0, 20))) if limited else full
    rules = Rules(
        hosting_mw=float(draw.integers(0, 6)),
        most_mw=most,
        awarded_mw=whole(0, 8, DAYS),
        reserve=whole(0, 6, HOURS) if draw.random() < 0.5 else None,
        enrolled_mw=np.minimum(most, 3.0) if enrolled else np.zeros(DAYS),
        events=draw.random(HOURS) < 0.3 if enrolled else None,
        take_price=float(draw.integers(0, 2) * 5),
        take_share=0.25,
        charge=whole(0, 4, HOURS) if draw.random() < 0.5 else None,
    )
    decides = whole(10, 70, HOURS) if not contracts and draw.random() < 0.5 else None
    called = draw.random(HOURS) < 0.2 if draw.random() < 0.5 else None
    hours = Hours(price, day, 0.5, day, day)
    return loads, rules, supplies, MeterMonth(hours, price, price + 1, decides, called)


def counted(loads: Loads, rules: Rules, supplies: list[SupplyMonth], meter: MeterMonth) -> dict[str, Any]:
    """The rule read word by word, for each MW of each hour by itself."""
    lots = len(loads.mw)
    found: dict[str, Any] = {
        "mwh": np.zeros(lots), "revenue": np.zeros(lots), "cost": np.zeros(lots), "running": np.zeros(HOURS),
        "awarded": np.zeros(HOURS), "used": np.zeros((len(supplies), HOURS)),
        "hosted": np.zeros((len(supplies), HOURS)),
    }  # fmt: skip
    weight = meter.spot.weight
    for hour in range(HOURS):
        day, p = int(meter.spot.day[hour]), float(meter.machines[hour])
        # One entry for each MW that is supplied, to machines and to halls: each up to their own price.
        supplied, for_halls = (
            [
                at
                for at in sorted(range(len(supplies)), key=lambda at: float(supplies[at].cost[hour]))
                for _ in range(int(supplies[at].mw[hour]))
                if supplies[at].cost[hour] <= most_asked + 1e-9
            ]
            for most_asked in (p, float(meter.halls[hour]))
        )
        hosting, most = int(rules.hosting_mw), int(rules.most_mw[day])
        for at in for_halls[:hosting]:
            found["hosted"][at, hour] += 1
        units = [lot for lot in range(lots) for _ in range(int(loads.mw[lot, day]))][:most]
        still, enrolled = most - int(rules.enrolled_mw[day]), rules.events is not None and rules.events[hour]
        for unit, lot in enumerate(units):
            supply = supplied[hosting + unit] if hosting + unit < len(supplied) else None
            awarded = rules.reserve is not None and unit < min(int(rules.awarded_mw[day]), still)
            worth = float(loads.value_usd_per_mwh[loads.kind[lot], day]) + rules.take_price
            if awarded and rules.reserve is not None and meter.decides is None:
                worth += float(rules.reserve[hour])
            asked = float(supplies[supply].cost[hour]) if supply is not None else p
            if supply is None and meter.decides is not None:
                asked = float(meter.decides[hour])
            asked += float(rules.charge[hour]) if rules.charge is not None else 0.0
            runs = 1.0 if worth > asked else 0.0
            if rules.take_price > 0 and abs(worth - asked) <= 1e-9:
                runs = rules.take_share
            if (enrolled and unit >= still) or (meter.called is not None and meter.called[hour]):
                runs = 0.0
            found["mwh"][lot] += weight * runs
            found["revenue"][lot] += weight * runs * float(loads.revenue_usd_per_mwh[loads.kind[lot], day])
            found["cost"][lot] += weight * runs * (p if supply is None else supplies[supply].price)
            found["running"][hour] += runs
            found["awarded"][hour] += runs if awarded else 0.0
            if supply is not None:
                found["used"][supply, hour] += runs
    return found


def test_months_mw_by_mw() -> None:
    """Proves: what parts of loads and supplies laid end to end make is what each MW makes by itself, with contracts,
    halls, limits, events, reserves, charges, ties and all of them together, in 300 months drawn at random.
    Broken: any figure of any of them."""
    for seed in range(300):
        month = random_month(seed)
        run, expected = run_month(*month), counted(*month)
        for name, right in expected.items():
            np.testing.assert_allclose(getattr(run, name), right, atol=1e-9, err_msg=f"{name} of month {seed}")


def test_contracts_that_cost_the_same_but_for_rounding() -> None:
    """Proves: costs 1e-10 apart are equal, so that the first of the case is used first; 1e-6 apart the cheaper is.
    Broken: 5 MW of the second in both."""
    day = np.zeros(1, dtype=np.int64)
    one = np.ones(1)
    loads = Loads(one, 5 * np.ones((1, 1)), day, 60 * np.ones((1, 1)), 60 * np.ones((1, 1)))
    rules = Rules(0.0, 5 * one, 0 * one, None, 0 * one, None, 0.0, 0.0, None)
    meter = MeterMonth(Hours(50 * one, day, 1.0, day, day), 50 * one, 50 * one, None, None)
    for less, used in ((1e-10, [5, 0]), (1e-6, [0, 5])):
        supplies: Any = [SupplyMonth(None, 9 * one, 1.0, 0 * one, cost * one) for cost in (30.0, 30.0 - less)]  # type: ignore[arg-type]
        assert list(run_month(loads, rules, supplies, meter).used[:, 0]) == used


def test_a_contract_that_nobody_takes_changes_nothing(make_plan: Any) -> None:
    """Proves: the general rule and the plain one make the same figures: with a swing at 500 that is never used, each
    row of mining is what it is without it, on dear days and cheap ones. Broken: a difference in any digit shown."""
    changes: dict[str, Any] = {
        "machines.S30": {"efficiency_j_per_th": 30},
        "sites.west.fleet": {"S30": {"ph_s": 300}, "S20": {"ph_s": 500}, "more": {"machine": "S20", "ph_s": 10}},
    }
    never = {"kind": "swing", "mw": 5, "price_usd_per_mwh": 500, "until": "2026-06"}

    def rows(more: dict[str, Any]) -> list[dict[str, Any]]:
        plan = make_plan(changes | more, Decisions(()), write=False, price=lambda at: 15.0 + at.hour + 2 * (at.day % 9))
        return list(plan.rows("mining.csv"))

    plain, general = rows({}), rows({"sites.west.contracts": {"never": never}})
    assert [row["lot"] for row in general] == [row["lot"] for row in plain]
    for one, other in zip(plain, general, strict=True):
        for name, cell in one.items():
            assert other[name] == (cell if isinstance(cell, str) else pytest.approx(cell, rel=1e-12))


@pytest.mark.parametrize(
    ("gain", "take_price", "runs"),
    [
        (2e-9, 0.0, 1), (5e-10, 0.0, 0), (0.0, 0.0, 0),
        (2e-7, 5.0, 1), (5e-8, 5.0, 0.25), (0.0, 5.0, 0.25), (-5e-8, 5.0, 0.25), (-2e-7, 5.0, 0),
    ],
)  # fmt: skip
def test_what_is_just_even(gain: float, take_price: float, runs: float) -> None:
    """Proves: to run a MWh has to gain more than 1e-9; with a price of a minimum take, which has eight digits, what is
    within 1e-7 is even, and its share runs. Broken: runs at no gain; all or nothing by the last digit."""
    day, one = np.zeros(1, dtype=np.int64), np.ones(1)
    value = (50 + gain - take_price) * np.ones((1, 1))
    loads = Loads(one, np.ones((1, 1)), day, value, value)
    rules = Rules(0.0, one, 0 * one, None, 0 * one, None, take_price, 0.25, None)
    meter = MeterMonth(Hours(50 * one, day, 1.0, day, day), 50 * one, 50 * one, None, None)
    assert float(run_month(loads, rules, [], meter).mwh[0]) == runs
