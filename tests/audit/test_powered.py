"""The audit of a plan with every rule of power: changes are seen and named, and what may not be decided is found.

That its figures are right is proved in ``test_meter``, ``test_hours``, ``test_contracts``, ``test_takes``,
``test_flexibility`` and ``test_delivery``.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.tables import COLUMNS
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.audit.run import audit_folder, audit_plan

from .conftest import CAPITAL_TABLES, OPERATED, POWER_DECIDED, POWER_TABLES, POWERED, decided

# Columns that power brings with it; all others are changed one by one in test_audit.
COLUMNS_OF: dict[str, tuple[str, ...]] = {
    **{file: COLUMNS[file] for file in (*POWER_TABLES, "certificate.csv")},
    "hosting.csv": ("delivery_cost_usd_m", "delivery_recovered_usd_m", "noi_usd_m"),
    "cash.csv": (
        "contracts_usd_m", "flexibility_usd_m", "delivery_usd_m", "collateral_usd_m", "hosting_delivery_usd_m",
        "delivery_recovered_usd_m",
    ),
    "value.csv": ("total_usd_m",),
}  # fmt: skip


def says(report: AuditReport, pattern: str) -> bool:
    return any(re.search(pattern, str(finding)) for finding in report.findings)


def dear(at: Any) -> float:
    """15 to 38 by the hour of the day, and a little more each day of the month."""
    return float(15 + at.hour + at.day / 10)


def powered(make_plan: Any, changes: Any = None, decisions: Any = POWER_DECIDED, operations: Any = None) -> Any:
    return make_plan(POWERED | (changes or {}), decisions, operations=OPERATED | (operations or {}), price=dear)


@pytest.fixture
def plan(make_plan: Any) -> Any:
    """A sound plan."""
    return powered(make_plan)


def test_a_sound_plan_passes(plan: Any) -> None:
    """Proves: nothing is found, every table of power has rows, and operating is all that rests on the hours.
    Broken: any finding; operating without flexibility or delivery."""
    report = audit_folder(plan.folder)
    assert [str(each) for each in report.findings] == []
    assert [file for file in COLUMNS if len(plan.get(file)) == 1 and file not in CAPITAL_TABLES] == []
    rows = {row["component"]: row["total_usd_m"] for row in plan.rows("value.csv")}
    parts = [rows[name] for name in ("mining", "contracts", "flexibility", "delivery")]
    assert 0 not in parts
    assert report.operating == pytest.approx(sum(parts), rel=1e-12)
    assert {row["kind"] for row in plan.rows("dispatch.csv")} == {"elect", "enrol", "peak", "take_price", "take_share"}
    assert {row["use"] for row in plan.rows("delivery.csv")} == {"mining", "hosting: tenant"}


@pytest.mark.parametrize("file", list(COLUMNS_OF))
def test_every_changed_cell_is_found(plan: Any, file: str) -> None:
    """Proves: one other cell, in any column, fails the audit and is named with file and line; another amount in
    dispatch.csv shows in what follows from it. Broken: no finding."""
    rows = plan.get(file)
    for column in COLUMNS_OF[file]:
        place = COLUMNS[file].index(column)
        line = 1 + place % (len(rows) - 1)
        old = rows[line][place]
        try:
            rows[line][place] = str(float(old) + 0.25)
        except ValueError:
            rows[line][place] = old + "x"
        plan.put(file, rows)
        report = audit_folder(plan.folder)
        assert not report.passed, column
        if (file, column) != ("dispatch.csv", "amount"):
            found = [(each.file, each.row, each.column) for each in report.findings]
            assert (file, line + 1, column) in found, (column, found[:5])
        rows[line][place] = old


@pytest.mark.parametrize("file", [*POWER_TABLES, "certificate.csv"])
def test_rows_that_are_wrong(plan: Any, file: str) -> None:
    """Proves: a row that is missing, twice there, out of order or of something else is named. Broken: a pass."""
    rows = plan.get(file)
    for wrong, message in (
        ([rows[0], *rows[2:]], r": the row .* is missing"),
        ([*rows, rows[-1]], r": the row .* stands in line \d+ already"),
        ([*rows, ["other", *rows[-1][1:]]], r": there should be no row other"),
        (rows[:1], r": the row .* is missing"),
    ):
        plan.put(file, wrong)
        assert says(audit_folder(plan.folder), rf"^{re.escape(file)}:\d+{message}")
    if len(rows) > 2:
        plan.put(file, [*rows[:1], rows[2], rows[1], *rows[3:]])
        assert says(audit_folder(plan.folder), rf"^{re.escape(file)}:2: rows are not in their order")


@pytest.mark.parametrize("text", ["", "nan", "1,5", "1e999"])
def test_amounts_that_are_no_numbers(plan: Any, text: str) -> None:
    """Proves: an amount that cannot be read is named. Broken: no finding; a traceback."""
    for file, column in (("dispatch.csv", "amount"), ("certificate.csv", "model_usd_m"), ("certificate.csv", "gap")):
        rows = plan.get(file)
        old = rows[1][COLUMNS[file].index(column)]
        rows[1][COLUMNS[file].index(column)] = text
        plan.put(file, rows)
        assert says(audit_folder(plan.folder), rf"^{re.escape(file)}:2 {column}: says .* is no number")
        rows[1][COLUMNS[file].index(column)] = old
        plan.put(file, rows)


OUT_OF_BOUNDS = [
    ((0, "elect", "choice"), 1.9, "elect 1.9 of choice in 2025-01: what is elected is at least 2"),
    ((0, "elect", "choice"), 8.1, "elect 8.1 of choice in 2025-01: what is elected is at most 8"),
    ((5, "enrol", "response"), 6.1, "enrol 6.1 of response in 2025-06: what the program takes is at most 6"),
    ((2, "peak", "grid"), 10.7, "peak 10.7 of grid in 2025-03: the load of halls is at least 10.8"),
    ((0, "take_price", "take"), 9.1, "9.1 is more than a MWh short costs, 9 in money of the month"),
]


@pytest.mark.parametrize(("operation", "amount", "message"), OUT_OF_BOUNDS)
def test_what_may_not_be_decided(make_plan: Any, operation: Any, amount: float, message: str) -> None:
    """Proves: amounts have their bounds, each named with its month; where limits do not bind it is a note. To the brim
    they pass. Broken: a pass; a finding in another table."""
    plan = powered(make_plan, operations={operation: amount})
    report = audit_folder(plan.folder)
    assert report.findings
    assert all(each.file == "dispatch.csv" for each in report.findings), [str(each) for each in report.findings]
    assert says(report, re.escape(message))
    free = audit_plan(plan.case, plan.inputs, plan.folder, feasibility=False)
    assert free.findings == ()
    assert any(message in each.message for each in free.notes)


def test_bounds_that_are_kept(make_plan: Any) -> None:
    """Proves: the least and the most that can be pass. Broken: any finding."""
    brim: dict[Any, float] = {(0, "elect", "choice"): 2, (1, "elect", "choice"): 8, (5, "enrol", "response"): 6}
    assert audit_folder(powered(make_plan, operations=brim).folder).findings == ()


def signed(month: int = 3, mw: float = 4.0) -> Decision:
    return decided("contract", "hedge", "west", month, mw)


SIGNATURES: list[tuple[dict[str, Any], tuple[Decision, ...], str]] = [
    ({}, (signed(0),), r"date: hedge is signed 2025-01-01, outside its window 2025-04 to 2025-09"),
    ({}, (signed(9),), r"date: hedge is signed 2025-10-01, outside its window"),
    ({}, (signed(mw=5.5),), r"amount: 5\.5 MW of hedge: it is at most 5"),
    ({}, (signed(mw=1.5),), r"amount: 1\.5 MW of hedge: it is at least 2"),
    (
        {"sites.west.contract_offers.hedge.terms.mw": 40},
        # The least of the election, a quarter of 8 MW, is contracted already; a sun of 4 MW is not.
        (signed(mw=33),),
        r"amount: makes 35 MW contracted at west at this step: its load is 34\.8",
    ),
    ({"given.contract": {"west.hedge": "forbidden"}}, (signed(),), r"amount: given: contract 0 of hedge .*forbidden"),
    ({"given.contract": {"west.hedge": {"2025-05": 3}}}, (signed(),), r"given: contract 3 of hedge on 2025-04-01"),
    ({"given.contract": {"west.hedge": {"2025-04": 3}}}, (), r"given: contract 3 of hedge .* the plan has 0"),
    ({"given.otherwise": "nothing"}, (signed(),), r"given: contract 0 of hedge .* the rest is nothing"),
]


@pytest.mark.parametrize(("changes", "decisions", "message"), SIGNATURES)
def test_contracts_that_may_not_be_signed(make_plan: Any, changes: Any, decisions: Any, message: str) -> None:
    """Proves: window, MW, load and what the user lays down bind what is signed. Broken: a pass."""
    changes = dict(changes)
    if "sites.west.contract_offers.hedge.terms.mw" in changes:
        offer = json.loads(json.dumps(POWERED["sites.west.contract_offers"]))
        offer["hedge"]["terms"]["mw"] = changes.pop("sites.west.contract_offers.hedge.terms.mw")
        changes["sites.west.contract_offers"] = offer
    plan = powered(make_plan, changes, Decisions(decisions))
    report = audit_folder(plan.folder)
    assert [each.file for each in report.findings] == ["decisions.csv"], [str(each) for each in report.findings]
    assert says(report, rf"^decisions\.csv(:2)? .*{message}")


OLD: dict[str, Any] = {"kind": "fixed_block", "price_usd_per_mwh": 25}
OFFERED: dict[str, Any] = {
    name: {"terms": OLD | {"mw": 40}, "sign": {"from": "2025-01", "to": "2025-12"}, "tenor": "6 months"}
    for name in ("one", "two")
}
# What is signed at west, by month and MW; other contracts there; MW that are too many and their line.
CONTRACTED: list[tuple[list[tuple[str, int, float]], dict[str, Any], float | None, int]] = [
    ([("one", 0, 24)], {}, None, 0),
    ([("one", 0, 14.5)], {"own": OLD | {"mw": 10, "until": "2025-06"}}, 24.5, 2),
    # Of the site's own contracts those count that are in force at the step.
    ([("one", 6, 14.5)], {"own": OLD | {"mw": 10, "until": "2025-06"}}, None, 0),
    ([("one", 0, 14.5)], {"own": OLD | {"mw": 10, "from": "2025-02", "until": "2025-06"}}, None, 0),
    (
        [("one", 0, 20.5)],
        {"own": {**OLD, "kind": "monthly_election", "mw": 8, "least": 0.5, "until": "2025-06"}},
        24.5,
        2,
    ),
    ([("one", 0, 20.5)], {"own": {**OLD, "kind": "swing", "mw": 8, "until": "2025-06"}}, None, 0),
    # Of what is signed, too: the second is too much while the first is in force, and not when it has ended.
    ([("two", 0, 14), ("one", 3, 10.5)], {}, 24.5, 3),
    ([("two", 0, 14), ("one", 6, 24)], {}, None, 0),
]


@pytest.mark.parametrize(("offers", "own", "too_many", "line"), CONTRACTED)
def test_a_contract_is_a_hedge(make_plan: Any, offers: Any, own: Any, too_many: float | None, line: int) -> None:
    """Proves: with all that is in force at its step a signature is at most the load, 24 MW. Broken: 14.5 MW alone pass;
    a contract that has ended or has not begun counts; the earlier of two signatures is found."""
    changes = {"sites.west.contracts": own, "sites.west.contract_offers": OFFERED}
    decisions = tuple(decided("contract", name, "west", month, mw) for name, month, mw in offers)
    elected = {(month, "elect", "own"): 4.0 for month in range(6)}
    operations = elected if own.get("own", {}).get("kind") == "monthly_election" else {}
    report = audit_folder(make_plan(changes, Decisions(decisions), operations=operations).folder)
    if too_many is None:
        assert [str(each) for each in report.findings] == []
    else:
        message = f"makes {too_many} MW contracted at west at this step: its load is 24"
        assert [(each.file, each.row, each.message) for each in report.findings] == [("decisions.csv", line, message)]


def test_a_contract_is_signed_once(plan: Any) -> None:
    """Proves: of an offer one signature counts, on whatever dates; of what is not on offer none. Broken: both count."""
    rows = plan.get("decisions.csv")
    plan.put("decisions.csv", [*rows, ["2025-07-01", *rows[1][1:]]])
    assert says(audit_folder(plan.folder), r"^decisions\.csv:3 item: hedge was signed already in line 2")
    plan.put("decisions.csv", [rows[0], [*rows[1][:2], "edge", *rows[1][3:]]])
    assert says(audit_folder(plan.folder), r"^decisions\.csv:2 item: there is no contract offer 'edge' at west")


def certified(plan: Any, model: float, bound: float, certificate: Any = None) -> AuditReport:
    """The audit with another figure of the model and another bound, both beside what is earned, and their gap."""
    rows, earned = plan.get("certificate.csv"), plan.rows("certificate.csv")[0]["redispatched_usd_m"]
    rows[1][3], rows[1][5] = f"{earned + model:.8f}", f"{earned + bound:.8f}"
    rows[1][6] = f"{bound / max(1.0, abs(earned)):.8f}"
    plan.put("certificate.csv", rows)
    path = plan.folder / "summary.json"
    summary = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(summary | ({} if certificate is None else {"certificate": certificate})), "utf-8")
    return audit_folder(plan.folder)


def test_a_certificate_with_a_tolerance(plan: Any) -> None:
    """Proves: with a stated tolerance the bound may be above and the model's figure beside what is earned, by so much
    and no more; the bound is never below. What is stated has to be a share.
    Broken: a pass without a tolerance; a finding with one."""
    loose = {"separable": False, "tolerance": 0.01}
    assert plan.rows("certificate.csv")[0]["redispatched_usd_m"] > 5
    # What is not stated is the tolerance of separable sites.
    assert says(certified(plan, 0.01, 0.02, {"separable": True}), r"^certificate\.csv:2 model_usd_m: the model has")
    assert says(certified(plan, 0.0, 0.02), r"^certificate\.csv:2 bound_usd_m: the gap of .* above the tolerance 1e-06")
    assert certified(plan, -0.01, 0.02, loose).findings == ()
    assert says(certified(plan, 0.0, 0.2, loose), r"^certificate\.csv:2 bound_usd_m: the gap of .* tolerance 0\.01")
    assert says(certified(plan, 0.2, 0.0, loose), r"^certificate\.csv:2 model_usd_m: the model has")
    assert says(certified(plan, 0.0, -0.01, loose), r"^certificate\.csv:2 bound_usd_m: the bound .* is below")
    assert says(certified(plan, 0.0, 0.0, {"tolerance": "x"}), r"^summary\.json certificate\.tolerance: says 'x'")
    assert says(certified(plan, 0.0, 0.0, {"separable": 1, "tolerance": 0}), r"^summary\.json certificate\.separable")


def test_files_that_cannot_be_read(plan: Any) -> None:
    """Proves: prices of reserves are an input as any other: a column that the file has not is named by its file.
    Broken: no reserves, and a pass."""
    path = plan.inputs / "case.json"
    path.write_text(path.read_text("utf-8").replace('"columns": ["price"]', '"columns": ["cost"]'), "utf-8")
    assert says(audit_folder(plan.folder), r"^inputs/prices\.csv: cannot be read: .*cost")
