"""The audit sees every change to a plan folder, and says where. What is right is proved in ``test_figures``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from optimizer.errors import AuditError
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.tables import COLUMNS
from optimizer.plan.audit.result import MOST_FINDINGS, AuditReport, Finding
from optimizer.plan.audit.run import audit_folder, audit_plan

from .conftest import CAPITAL_TABLES, POWER_TABLES

JANUARY_2025 = 12 * 2025
LEASE = Decision("sign", "lease", "west", JANUARY_2025 + 3, 2.0)

# Tables that are empty where a case has no contracts, programs, charges, projects, tax or books: test_powered,
# test_projects and tests of tax and books have plans with them.
TABLES = [file for file in COLUMNS if file not in (*POWER_TABLES, *CAPITAL_TABLES)]


def says(report: AuditReport, pattern: str) -> bool:
    return any(re.search(pattern, str(finding)) for finding in report.findings)


@pytest.fixture
def plan(make_plan: Any) -> Any:
    """A sound plan."""
    return make_plan()


def test_a_sound_plan_passes(plan: Any) -> None:
    """Proves: nothing is found where nothing is wrong; the value is that of value.csv. Broken: any finding."""
    report = audit_folder(plan.folder)
    assert report.findings == ()
    assert report.passed
    assert report.left_out == 0
    assert report.value_usd_m == pytest.approx(float(plan.get("value.csv")[-1][3]))
    assert report.operating == pytest.approx((181 * 1000 + 184 * 600) * 28.608 / 1e6)
    cells = sum(len(row) for file in COLUMNS for row in plan.get(file)[1:])
    assert report.cells_compared == cells
    assert report.checks > 50
    report.raise_if_failed()


def test_rounding_is_no_fault(plan: Any) -> None:
    """Proves: 5e-7 on a figure of 1 passes and 5e-6 does not. Broken: the first fails, or the second passes."""
    rows = plan.get("hosting.csv")
    place = COLUMNS["hosting.csv"].index("rent_usd_m")
    assert rows[2][place] == "1.5"
    rows[2][place] = "1.5000005"
    plan.put("hosting.csv", rows)
    assert audit_folder(plan.folder).passed
    rows[2][place] = "1.500005"
    plan.put("hosting.csv", rows)
    assert says(audit_folder(plan.folder), r"^hosting\.csv:3 rent_usd_m: says 1\.500005, recomputed 1\.5$")


@pytest.mark.parametrize("file", TABLES)
def test_every_changed_cell_is_found(plan: Any, file: str) -> None:
    """Proves: one other cell, in any column, fails the audit and is named with file and line. Broken: no finding."""
    rows = plan.get(file)
    assert len(rows) > 1, "a table without rows proves nothing"
    for place, column in enumerate(COLUMNS[file]):
        # Another row for each column, so that the first, the last and some between have their turn.
        line = 1 + place % (len(rows) - 1)
        old = rows[line][place]
        try:
            new = str(float(old) + 0.25)
        except ValueError:
            new = old + "x"
        rows[line][place] = new
        plan.put(file, rows)
        report = audit_folder(plan.folder)
        assert not report.passed
        at = [finding for finding in report.findings if (finding.file, finding.row) == (file, line + 1)]
        assert at, (column, [str(finding) for finding in report.findings[:5]])
        # Another decision changes all that follows, but what is said first is what is wrong with it.
        assert any(finding.column == column for finding in at) or file == "decisions.csv"
        rows[line][place] = old


@pytest.mark.parametrize("file", TABLES)
@pytest.mark.parametrize("text", ["", "nan", "inf", "1,5", "12 MW", "1_000", "1e999"])
def test_unreadable_numbers_are_found(plan: Any, file: str, text: str) -> None:
    """Proves: a cell that should hold a number holds one. Broken: no finding."""
    rows = plan.get(file)
    place = {"decisions.csv": 4, "allocation.csv": 7, "limits.csv": 4, "value.csv": 1}.get(file, 5)
    rows[1][place] = text
    plan.put(file, rows)
    report = audit_folder(plan.folder)
    assert any((each.file, each.row, each.column) == (file, 2, COLUMNS[file][place]) for each in report.findings)


def drop_second(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], *rows[2:]]


def repeat_second(rows: list[list[str]]) -> list[list[str]]:
    return [*rows[:2], rows[1], *rows[2:]]


def swap_last(rows: list[list[str]]) -> list[list[str]]:
    return [*rows[:-2], rows[-1], rows[-2]]


def another_row(rows: list[list[str]]) -> list[list[str]]:
    return [*rows, ["other", *rows[-1][1:]]]


def drop_all(rows: list[list[str]]) -> list[list[str]]:
    return rows[:1]


def drop_column(rows: list[list[str]]) -> list[list[str]]:
    return [row[:-1] for row in rows]


def add_column(rows: list[list[str]]) -> list[list[str]]:
    return [[*row, "more"] for row in rows]


def swap_columns(rows: list[list[str]]) -> list[list[str]]:
    return [[row[1], row[0], *row[2:]] for row in rows]


def cut_row(rows: list[list[str]]) -> list[list[str]]:
    return [*rows[:-1], rows[-1][:-1]]


@pytest.mark.parametrize("file", TABLES)
@pytest.mark.parametrize(
    "change",
    [drop_second, repeat_second, swap_last, another_row, drop_all, drop_column, add_column, swap_columns, cut_row],
)
def test_changed_rows_and_columns_are_found(
    plan: Any, file: str, change: Callable[[list[list[str]]], list[list[str]]]
) -> None:
    """Proves: rows and columns too few, too many or out of order are found in every table. Broken: no finding."""
    plan.put(file, change(plan.get(file)))
    report = audit_folder(plan.folder)
    assert not report.passed
    # A decision that is gone can only show in what should have followed from it.
    gone = file == "decisions.csv" and change in (drop_second, drop_all)
    assert any(finding.file == ("cash.csv" if gone else file) for finding in report.findings)


def test_messages_say_which_row(plan: Any) -> None:
    """Proves: rows are named by what they are about. Broken: a hundred cells that differ by one row."""
    rows = plan.get("mining.csv")
    plan.put("mining.csv", drop_second(rows))
    report = audit_folder(plan.folder)
    assert [str(finding) for finding in report.findings] == [
        "mining.csv:2: the row base / 2025Q1 / west / S20 is missing"
    ]
    plan.put("mining.csv", swap_last(rows))
    report = audit_folder(plan.folder)
    assert [str(finding) for finding in report.findings] == [
        "mining.csv:4: rows are not in their order: here belongs base / 2025Q3 / west / S20"
    ]


@pytest.mark.parametrize("file", [*COLUMNS, "summary.json", "inputs/case.json", "inputs/prices.csv"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00", b'{"a": ', b'"a\n', b"[1]"])
def test_broken_files_are_findings(plan: Any, file: str, content: bytes | None) -> None:
    """Proves: a file that is missing or nonsense is a finding and no exception. Broken: a traceback, or a pass."""
    if content is None:
        (plan.folder / file).unlink()
    else:
        (plan.folder / file).write_bytes(content)
    report = audit_folder(plan.folder)
    assert any(finding.file == file for finding in report.findings)


def test_a_folder_that_is_not_there(tmp_path: Any) -> None:
    """Proves: a finding and no exception. Broken: FileNotFoundError."""
    assert [str(each) for each in audit_folder(tmp_path / "none").findings] == ["inputs/case.json: the file is missing"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("value_usd_m", 100.0, "says 100, recomputed"),
        ("value_usd_m", "100", "is no number"),
        ("value_usd_m", None, "is no number"),
        ("bound_usd_m", -1000.0, "below the plan's own value"),
        ("bound_usd_m", 1000.0, "gap"),
        ("gap", 0.5, "says 0.5, recomputed"),
        ("gap", True, "is no number"),
        ("gap", None, "is no number"),
    ],
)
def test_summary_is_held_to_its_figures(plan: Any, key: str, value: object, message: str) -> None:
    """Proves: value, bound and gap of the summary agree with the plan and with each other. Broken: no finding."""
    path = plan.folder / "summary.json"
    summary = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(summary | {key: value}), "utf-8")
    report = audit_folder(plan.folder)
    assert says(report, rf"^summary\.json .*{message}")
    del summary[key]
    path.write_text(json.dumps(summary), "utf-8")
    assert says(audit_folder(plan.folder), rf"^summary\.json {key}: is missing")


def test_no_bound_is_noted(plan: Any) -> None:
    """Proves: a plan that states no bound is not wrong, but it is said. Broken: a finding, or no note."""
    path = plan.folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"bound_usd_m": None, "gap": None}), "utf-8")
    report = audit_folder(plan.folder)
    assert report.passed
    assert "no bound is stated" in str(report.notes[0])


def test_other_prices_are_found(plan: Any) -> None:
    """Proves: a dearer hour in the price file changes power cost. Broken: a pass."""
    path = plan.inputs / "prices.csv"
    path.write_text(path.read_text("utf-8").replace("2025-01-01 05:00Z,20.", "2025-01-01 05:00Z,40."), "utf-8")
    assert says(audit_folder(plan.folder), r"^mining\.csv:2 power_cost_usd_m")


def test_too_many_findings_are_counted(plan: Any) -> None:
    """Proves: 200 are kept and the rest counted. Broken: thousands of lines."""
    for file in COLUMNS:
        rows = plan.get(file)
        plan.put(file, rows[:1] + [["x"] * len(row) for row in rows[1:]] * 10)
    report = audit_folder(plan.folder)
    assert len(report.findings) == MOST_FINDINGS
    assert report.left_out > 0
    with pytest.raises(AuditError, match=str(MOST_FINDINGS + report.left_out)) as caught:
        report.raise_if_failed()
    assert caught.value.details[-1] == f"and {report.left_out} more"


def test_finding_reads_as_a_place_and_a_message() -> None:
    """Proves: the form that editors and people read. Broken: None in the text."""
    assert str(Finding("mining.csv", 14, "btc", "says 12.5, recomputed 12.7")) == (
        "mining.csv:14 btc: says 12.5, recomputed 12.7"
    )
    assert str(Finding("summary.json", None, "gap", "is missing")) == "summary.json gap: is missing"
    assert str(Finding("mining.csv", None, "", "the file is missing")) == "mining.csv: the file is missing"


def signed(month: int = 3, halls: float = 2.0, site: str = "west", offer: str = "lease") -> Decision:
    return Decision("sign", offer, site, JANUARY_2025 + month, halls)


RULES: list[tuple[str, dict[str, Any], Decisions, str]] = [
    ("before its window", {}, Decisions((signed(0),)), r"^decisions\.csv:2 date: .*outside its window"),
    ("after its window", {}, Decisions((signed(9),)), r"^decisions\.csv:2 date: .*outside its window"),
    ("half a hall", {}, Decisions((signed(halls=1.5),)), r"^decisions\.csv:2 amount: 1.5 halls"),
    ("too many halls", {}, Decisions((signed(halls=4),)), r"^decisions\.csv:2 amount: 4 halls"),
    (
        "too few halls",
        {"offers.lease.halls": {"min": 3, "max": 3}},
        Decisions((LEASE,)),
        r"^decisions\.csv:2 amount: 2 halls of lease: it is 3 to 3",
    ),
    (
        "another site",
        {"offers.lease.sites": ["east"]},
        Decisions((LEASE,)),
        r"^decisions\.csv:2 site: lease is not offered at west",
    ),
    (
        "too much power",
        {"sites.west.energised_mw": 54},
        Decisions((LEASE,)),
        r"^limits\.csv:10 headroom: energised of west: 55 MW used, 54 MW allowed in 2025Q3",
    ),
    (
        "buildings taken twice",
        {"offers.lease.takes": "mining_shell"},
        Decisions((LEASE,)),
        r"^limits\.csv:6 headroom: mining_shell of west: 55 MW used",
    ),
    (
        "no power for a month",
        {"sites.west.energised_mw": {"2025-02": 60}},
        Decisions(()),
        r"^limits\.csv:4 headroom: energised of west: 25 MW used, 0 MW allowed in 2025Q1",
    ),
    (
        "too little cash",
        {"finance.limits.min_cash_usd_m": 150},
        Decisions((LEASE,)),
        r"^limits\.csv:5 headroom: cash closes at .* the minimum is 150 in 2025Q2",
    ),
    (
        "forbidden",
        {"given.sign": {"lease": "forbidden"}},
        Decisions((LEASE,)),
        r"^decisions\.csv:2 item: .*forbidden",
    ),
    ("nothing else", {"given.otherwise": "nothing"}, Decisions((LEASE,)), r"^decisions\.csv:2 item: given"),
    ("halls fixed", {"given.sign": {"lease": {"halls": 3}}}, Decisions((LEASE,)), r"^decisions\.csv:2 .*exactly 3"),
    ("halls at least", {"given.sign": {"lease": {"halls_at_least": 3}}}, Decisions((LEASE,)), r"at least 3 halls"),
    ("halls at most", {"given.sign": {"lease": {"halls_at_most": 1}}}, Decisions((LEASE,)), r"at most 1 halls"),
    ("must be signed", {"given.sign": {"lease": {"halls": 2}}}, Decisions(()), r"the plan signs none"),
    (
        "on another date",
        {"given.sign": {"lease": {"date": "2025-08-10"}}},
        Decisions((LEASE,)),
        r"^decisions\.csv:2 date: given: lease signed on 2025-07-01, the plan signs on 2025-04-01",
    ),
    (
        "unplugging forbidden",
        {"given.unplug": {"west.S20": "forbidden"}},
        Decisions((Decision("unplug", "west.S20", "west", JANUARY_2025 + 3, 5.0),)),
        r"^decisions\.csv:2 amount: given: unplug 0 of west\.S20 on 2025-04-01, the plan has 5; it is forbidden",
    ),
    (
        "unplugging left out",
        {"given.unplug": {"west.S20": {"2025-05": 5}}},
        Decisions(()),
        r"^decisions\.csv amount: given: unplug 5 of west\.S20 on 2025-04-01, the plan has 0",
    ),
    (
        "signed at a joint venture",
        {"sites.west.share": 0.5},
        Decisions((LEASE,)),
        r"^decisions\.csv:2 site: lease is signed at west, of which the company has 0\.5",
    ),
]


@pytest.mark.parametrize(("changes", "decisions", "message"), [rule[1:] for rule in RULES], ids=[r[0] for r in RULES])
def test_broken_rules_are_found(make_plan: Any, changes: dict[str, Any], decisions: Decisions, message: str) -> None:
    """Proves: a plan whose figures are all right but which does what it may not fails, and only for that; where limits
    do not bind, the same is a note. Broken: a pass, or no note."""
    plan = make_plan(changes, decisions)
    report = audit_folder(plan.folder)
    assert says(report, message), [str(finding) for finding in report.findings]
    free = audit_plan(plan.case, plan.inputs, plan.folder, feasibility=False)
    assert free.findings == ()
    assert any(re.search(message, str(note)) for note in free.notes)


def test_rules_that_are_kept(make_plan: Any) -> None:
    """Proves: the same rules pass a plan that keeps them to the brim. Broken: any finding."""
    changes = {
        "sites.west.energised_mw": 45,
        "sites.west.mining_shell_mw": 25,
        "given": {
            "otherwise": "nothing",
            "sign": {"lease": {"site": "west", "date": "2025-04", "halls": 2}},
            "unplug": {"west.S20": {"2025-07": 400}},
        },
        "offers.lease.sign": {"from": "2025-04", "to": "2025-04"},
        "offers.lease.halls": {"min": 2, "max": 2},
    }
    report = audit_folder(make_plan(changes).folder)
    assert [str(each) for each in report.findings] == []


def test_unplugging_stays_free(make_plan: Any) -> None:
    """Proves: `otherwise: nothing` forbids other signatures; machines may go into store also on dates that are not
    named, but on those that are it is what is laid down. Broken: a finding for April; none for July."""
    retired = Decisions((Decision("unplug", "west.S20", "west", JANUARY_2025 + 3, 5.0),))
    assert audit_folder(make_plan({"given.otherwise": "nothing"}, retired).folder).findings == ()
    laid_down = {"given": {"otherwise": "nothing", "unplug": {"west.S20": {"2025-07": 5}}}}
    findings = [str(each) for each in audit_folder(make_plan(laid_down, retired).folder).findings]
    assert findings == [
        "decisions.csv amount: given: unplug 5 of west.S20 on 2025-07-01, the plan has 0",
    ]


def test_group_is_signed_once(make_plan: Any) -> None:
    """Proves: two offers of one group are not signed together. Broken: a pass."""
    lease = make_plan(write=False).case.model_dump(by_alias=True, mode="json")["offers"]["lease"]
    changes = {
        "offers": {"lease": lease | {"group": "tenant"}, "other": lease | {"group": "tenant"}},
        "sites.west.energised_mw": 600,
        "finance.opening.cash_usd_m": 900,
    }
    plan = make_plan(changes, Decisions((signed(), signed(offer="other"))))
    report = audit_folder(plan.folder)
    assert [str(each) for each in report.findings] == [
        "decisions.csv:3 item: other and lease are both of group tenant: one at most is signed"
    ]


BAD_DECISIONS = [
    (["2025-05-01", "sign", "lease", "west", "2", "halls", "30", "200"], "date", "not the first instant of a step"),
    (["2025-04-02", "sign", "lease", "west", "2", "halls", "30", "200"], "date", "not the first instant of a step"),
    (["2026-01-01", "sign", "lease", "west", "2", "halls", "30", "200"], "date", "not the first instant of a step"),
    (["20250401", "sign", "lease", "west", "2", "halls", "30", "200"], "date", "not the first instant of a step"),
    (
        ["2025-04-01", "retire", "lease", "west", "2", "halls", "30", "200"],
        "decision",
        "is none of sign, contract, build",
    ),
    (["2025-04-01", "sign", "rent", "west", "2", "halls", "30", "200"], "item", "no offer 'rent'"),
    (["2025-04-01", "sign", "lease", "moon", "2", "halls", "30", "200"], "site", "no site 'moon'"),
    (["2025-04-01", "sign", "lease", "west", "-2", "halls", "-30", "-200"], "amount", "not more than nothing"),
    (["2025-04-01", "unplug", "west.S99", "west", "2", "ph_s", "0.05", "0"], "item", "no lot 'west.S99'"),
    (
        ["2025-04-01", "unplug", "west.S20", "west", "1000.1", "ph_s", "25.0025", "0"],
        "amount",
        "where 1000 are installed",
    ),
]


@pytest.mark.parametrize(("row", "column", "message"), BAD_DECISIONS)
def test_senseless_decisions_are_found(make_plan: Any, row: list[str], column: str, message: str) -> None:
    """Proves: a decision that cannot be is named by line and column. Broken: a traceback, or a pass."""
    plan = make_plan(None, Decisions(()))
    plan.put("decisions.csv", [list(COLUMNS["decisions.csv"]), row])
    report = audit_folder(plan.folder)
    assert says(report, rf"^decisions\.csv:2 {column}: .*{message}")


def test_signed_twice(make_plan: Any) -> None:
    """Proves: one offer is signed at most once, on whatever dates. Broken: the second is counted."""
    plan = make_plan(None, Decisions((LEASE,)))
    rows = plan.get("decisions.csv")
    plan.put("decisions.csv", [*rows, ["2025-07-01", *rows[1][1:]]])
    assert says(audit_folder(plan.folder), r"^decisions\.csv:3 item: lease was signed already in line 2")


def test_a_plan_without_decisions_has_empty_tables(make_plan: Any) -> None:
    """Proves: nothing signed, nothing owed: header-only tables pass. Broken: `the file is empty`."""
    plan = make_plan({"finance.debts": None}, Decisions(()))
    assert [len(plan.get(file)) for file in ("decisions.csv", "hosting.csv", "debt.csv")] == [1, 1, 1]
    assert audit_folder(plan.folder).findings == ()
