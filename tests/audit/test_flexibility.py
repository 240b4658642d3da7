"""Reserves and demand response, against numbers reckoned on paper. The site is that of ``test_figures``.

Its machines take 24 MW at full running; a MWh brings 79.667 and costs 30 at the meter. January 2025 has 744 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.run import audit_folder

NOTHING = Decisions(())
MONTH: dict[str, Any] = {"horizon.steps": ["1 month"]}
RESERVE: dict[str, Any] = {
    "kind": "ancillary", "mw": 10, "columns": ["up", "spin"], "price_share": 0.5, "availability": 0.9,
    "deployed_share": 0.1, "deployment_cost_usd_per_mwh": 6, "prices": {"file": "as.csv", "time_zone": "UTC"},
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "kind": "demand_response", "mw": 8, "payment_usd_per_kw_month": 2, "events_per_year": 1, "hours_per_event": 6,
}  # fmt: skip


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def products(row: Callable[[int], tuple[object, object]] = lambda hour: (5, 8)) -> dict[str, str]:
    """A year of prices of two products, one row an hour."""
    first, lines = datetime(2025, 1, 1, tzinfo=UTC), ["timestamp_utc,up,spin"]
    for hour in range(8760):
        up, spin = row(hour)
        lines.append(f"{first + timedelta(hours=hour):%Y-%m-%d %H:%M}Z,{up},{spin}")
    return {"as.csv": "\n".join([*lines, ""])}


def program(**terms: Any) -> dict[str, Any]:
    return {"sites.west.flexibility": terms}


def test_a_reserve(make_plan: Any) -> None:
    """Proves: the dearer product at 8, half of it expected, 0.9 of the time, less a tenth of 6: 3 for each MWh of the
    first 10 MW that run, all hours. Machines run and pay as ever; the income is a row of its own.
    Broken: 13 (both products sold), 24 MW, income in the mining margin, 3.6 (calls for nothing)."""
    plan = make_plan(MONTH | program(reserves=RESERVE), NOTHING, files=products())
    (row,) = plan.rows("flexibility.csv")
    assert (row["program"], row["mw"], row["mw_hours"]) == ("reserves", close(10), close(7440))
    assert row["income_usd_m"] == close(7440 * 3 / 1e6)
    (mining,) = plan.rows("mining.csv")
    assert (mining["mwh"], mining["power_cost_usd_m"]) == (close(24 * 744), close(24 * 744 * 30 / 1e6))
    assert plan.rows("cash.csv")[0]["flexibility_usd_m"] == close(7440 * 3 / 1e6)
    value = next(each for each in plan.rows("value.csv") if each["component"] == "flexibility")
    assert (value["within_horizon_usd_m"], value["beyond_horizon_usd_m"]) == (close(7440 * 3 / 1e6), 0)


def test_a_reserve_keeps_machines_running(make_plan: Any) -> None:
    """Proves: at a spot of 61 a MWh costs 81.25, 1.583 more than it brings: only the 10 MW that earn 3 for it run.
    Broken: 24 MW; nothing."""
    plan = make_plan(MONTH | program(reserves=RESERVE), NOTHING, files=products(), price=lambda at: 61.0)
    (row,) = plan.rows("mining.csv")
    assert (row["mwh"], row["margin_usd_m"]) == (close(7440), close(-7440 * (81.25 - (245 / 3 - 2)) / 1e6))
    assert plan.rows("flexibility.csv")[0]["mw_hours"] == close(7440)


def test_hours_without_an_award(make_plan: Any) -> None:
    """Proves: an empty cell is a price of 0, and what is expected below the cost of calls is not sold: of each three
    hours one is empty, one at 1 (0.45 - 0.6 is nothing), one at 8. Broken: a negative income; mean prices; an error."""

    def row(hour: int) -> tuple[object, object]:
        return (("", ""), (1, ""), ("", 8))[hour % 3]

    plan = make_plan(MONTH | program(reserves=RESERVE), NOTHING, files=products(row))
    (found,) = plan.rows("flexibility.csv")
    assert (found["mw_hours"], found["income_usd_m"]) == (close(10 * 248), close(10 * 248 * 3 / 1e6))


def test_a_reserve_by_date_and_month(make_plan: Any) -> None:
    """Proves: from 1 February until 28 February, 672 of the 2,160 hours of a quarter and a row in February only; no
    share of the price is expected before the first date, so January earns nothing by a share from February. Of a joint
    venture it is the share; MW are whole. Broken: 2,160 hours; 648 (the last day left out); rows of January and March;
    3 a MWh from a share that holds later."""
    terms = RESERVE | {"from": "2025-02-01", "until": "2025-02-28"}
    joint = {"sites.west.share": 0.4} | program(reserves=terms)
    (row,) = make_plan({"horizon.steps": ["1 quarter"]} | joint, NOTHING, files=products()).rows("flexibility.csv")
    assert (row["mw_hours"], row["mw"]) == (close(6720), close(6720 / 2160))
    assert row["income_usd_m"] == close(0.4 * 6720 * 3 / 1e6)
    (row,) = make_plan({"horizon.steps": ["3 months"]} | joint, NOTHING, files=products()).rows("flexibility.csv")
    assert (row["period"], row["mw_hours"], row["mw"]) == ("2025-02", close(6720), close(10))
    later = RESERVE | {"price_share": {"2025-02": 0.5}}
    rows = make_plan({"horizon.steps": ["2 months"]} | program(reserves=later), NOTHING, files=products()).rows(
        "flexibility.csv"
    )
    assert [row["income_usd_m"] for row in rows] == [0, close(6720 * 3 / 1e6)]


def dear(at: datetime) -> float:
    """20 but for 21 on 10 January from 17 to 23."""
    return 21.0 if (at.month, at.day) == (1, 10) and 17 <= at.hour < 23 else 20.0


def test_demand_response(make_plan: Any) -> None:
    """Proves: 6 MW enrolled at 2 a kW are 12,000 a month; in the six dearest hours of the year 6 of 24 MW stand still.
    Broken: 8 MW (all that could be); 24 MW standing still; paid by the hour."""
    plan = make_plan(
        {"horizon.steps": ["2 months"]} | program(response=RESPONSE), NOTHING, price=dear,
        operations={(0, "enrol", "response"): 6, (1, "enrol", "response"): 4},
    )  # fmt: skip
    rows = plan.rows("flexibility.csv")
    assert [row["income_usd_m"] for row in rows] == [close(0.012), close(0.008)]
    assert [(row["mw"], row["mw_hours"]) for row in rows] == [(close(6), close(4464)), (close(4), close(2688))]
    assert [row["mwh"] for row in plan.rows("mining.csv")] == [close(24 * 744 - 36), close(24 * 672)]
    assert audit_folder(plan.folder).findings == ()


def dear_twice(at: datetime) -> float:
    """20 but for 21 on 10 January and 20.5 on 12 March from 17 to 23."""
    return 20.5 if (at.month, at.day) == (3, 12) and 17 <= at.hour < 23 else dear(at)


def test_demand_response_by_season_and_month(make_plan: Any) -> None:
    """Proves: enrolled only in its months that are in force: of January, March, May and June only March and May, from
    February to May; each is paid in full. Of the year's two events that in January is before it begins; in that of
    March 6 MW stand still for 6 hours. Broken: a row for another month; 36 MWh less in January; 72 less in March."""
    terms = RESPONSE | {"months": [1, 3, 5, 6], "from": "2025-02", "until": "2025-05", "events_per_year": 2}
    plan = make_plan(
        {"horizon.steps": ["6 months"]} | program(response=terms), NOTHING, price=dear_twice,
        operations={(month, "enrol", "response"): 6 for month in range(6)},
    )  # fmt: skip
    assert [row["month"] for row in plan.rows("dispatch.csv")] == ["2025-03", "2025-05"]
    rows = plan.rows("flexibility.csv")
    assert [row["period"] for row in rows] == ["2025-03", "2025-05"]
    assert [row["income_usd_m"] for row in rows] == [close(0.012), close(0.012)]
    assert [row["mw_hours"] for row in rows] == [close(6 * 744), close(6 * 744)]
    mwh = [24 * hours for hours in (744, 672, 744, 720, 744, 720)]
    mwh[2] -= 6 * 6
    assert [row["mwh"] for row in plan.rows("mining.csv")] == [close(each) for each in mwh]


def test_both_programs(make_plan: Any) -> None:
    """Proves: of 24 MW the last 20 are enrolled, so that only the first 4 can be a reserve, though 10 could be. In the
    events those 4 go on. Before the response is in force, in January, all 10 are a reserve and nothing stands still.
    Broken: 10 MW sold twice; 4 MW in January, too."""
    changes = MONTH | program(reserves=RESERVE, response=RESPONSE | {"mw": 20})
    plan = make_plan(changes, NOTHING, files=products(), price=dear, operations={(0, "enrol", "response"): 20})
    reserves, response = plan.rows("flexibility.csv")
    assert (reserves["mw_hours"], response["mw_hours"]) == (close(4 * 744), close(20 * 744))
    assert plan.rows("mining.csv")[0]["mwh"] == close(24 * 744 - 20 * 6)
    changes = program(reserves=RESERVE, response=RESPONSE | {"mw": 20, "from": "2025-02"})
    plan = make_plan(
        {"horizon.steps": ["2 months"]} | changes, NOTHING, files=products(), price=dear,
        operations={(month, "enrol", "response"): 20 for month in range(2)},
    )  # fmt: skip
    rows = [(row["period"], row["program"], row["mw_hours"]) for row in plan.rows("flexibility.csv")]
    assert rows == [
        ("2025-01", "reserves", close(10 * 744)),
        ("2025-02", "reserves", close(4 * 672)),
        ("2025-02", "response", close(20 * 672)),
    ]
    assert plan.rows("mining.csv")[0]["mwh"] == close(24 * 744)


@pytest.mark.parametrize(
    ("mw", "changes", "message"),
    [
        (9, {}, "enrol 9 of response in 2025-01: what the program takes is at most 8"),
        (-1, {}, "enrol -1 of response in 2025-01: what the program takes is at least 0"),
        (7, {"sites.west.fleet.S20.ph_s": 250}, "the load of machines on every day is at most 6"),
        (
            7,
            {
                "sites.west.fleet.S20.ph_s": 200,
                "sites.west.arriving": {"S20b": {"machine": "S20", "ph_s": 800, "on": "2025-01-05"}},
            },
            "the load of machines on every day is at most 4.8",
        ),
    ],
)  # fmt: skip
def test_enrolments_that_may_not_be(make_plan: Any, mw: float, changes: dict[str, Any], message: str) -> None:
    """Proves: no more than the program takes, nor than the least load of a day. Broken: a pass; the load at the end of
    the month."""
    plan = make_plan(MONTH | program(response=RESPONSE) | changes, NOTHING, operations={(0, "enrol", "response"): mw})
    report = audit_folder(plan.folder)
    assert [each.file for each in report.findings] == ["dispatch.csv"], [str(each) for each in report.findings]
    assert message in report.findings[0].message
