"""The audit of plans with leases, fixed blocks, joint ventures and a path of the network: changes are seen and named.

That their figures are right is proved in ``test_blocks`` and ``test_leases``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.tables import COLUMNS
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.audit.run import audit_folder, audit_plan

from .conftest import COMMITTED, RUNNING


def says(report: AuditReport, pattern: str) -> bool:
    return any(re.search(pattern, str(finding)) for finding in report.findings)


@pytest.fixture
def plan(make_plan: Any) -> Any:
    """A sound plan of a case with all commitments."""
    return make_plan(COMMITTED)


# Words that mark the rows of each table that only commitments bring.
NEW_ROWS = [
    ("allocation.csv", ("joint", "mining")),
    ("allocation.csv", ("hosting", "tenant")),
    ("mining.csv", ("joint", "more")),
    ("hosting.csv", ("tenant",)),
    ("power.csv", ("joint", "mining")),
    ("contracts.csv", ("west", "strip")),
    ("contracts.csv", ("west", "swap")),
    ("contracts.csv", ("joint", "block")),
    ("certificate.csv", ("joint", "2025")),
    ("power.csv", ("hosting: tenant",)),
    ("cash.csv", ("2025Q1",)),
    ("treasury.csv", ("2025Q2",)),
    ("limits.csv", ("joint",)),
    ("value.csv", ("contracts",)),
    ("value.csv", ("hosting: tenant",)),
]


def test_a_sound_plan_passes(plan: Any) -> None:
    """Proves: nothing is found; operating is mining with contracts. Broken: a finding; mining alone."""
    report = audit_folder(plan.folder)
    assert [str(each) for each in report.findings] == []
    rows = {row["component"]: row["total_usd_m"] for row in plan.rows("value.csv")}
    assert rows["contracts"] != 0
    assert report.operating == pytest.approx(rows["mining"] + rows["contracts"], rel=1e-12)


@pytest.mark.parametrize(("file", "words"), NEW_ROWS)
def test_every_changed_cell_is_found(plan: Any, file: str, words: tuple[str, ...]) -> None:
    """Proves: any other cell in the rows of leases, blocks and joint ventures is named. Broken: no finding."""
    rows = plan.get(file)
    line = next(line for line, row in enumerate(rows) if set(words) <= set(row))
    for place, column in enumerate(COLUMNS[file]):
        old = rows[line][place]
        try:
            rows[line][place] = str(float(old) + 0.25)
        except ValueError:
            rows[line][place] = old + "x"
        plan.put(file, rows)
        found = [(each.file, each.row, each.column) for each in audit_folder(plan.folder).findings]
        assert (file, line + 1, column) in found
        rows[line][place] = old


@pytest.mark.parametrize(("file", "words"), [row for row in NEW_ROWS if row[0] not in ("cash.csv", "treasury.csv")])
def test_every_missing_row_is_found(plan: Any, file: str, words: tuple[str, ...]) -> None:
    """Proves: a row of a lease, a block or a joint venture that is left out is named. Broken: no finding."""
    rows = plan.get(file)
    line = next(line for line, row in enumerate(rows) if set(words) <= set(row))
    plan.put(file, rows[:line] + rows[line + 1 :])
    assert says(audit_folder(plan.folder), rf"^{re.escape(file)}:\d+: the row .* is missing")


def test_leases_stand_before_signatures(plan: Any) -> None:
    """Proves: the order of leases and signed offers is held to. Broken: no finding."""
    rows = plan.get("value.csv")
    first = next(line for line, row in enumerate(rows) if row[0] == "hosting: tenant")
    rows[first], rows[first + 1] = rows[first + 1], rows[first]
    plan.put("value.csv", rows)
    assert says(audit_folder(plan.folder), r"^value\.csv:10: rows are not in their order: here belongs hosting: tenant")


def test_contracts_left_out_of_the_closing(plan: Any) -> None:
    """Proves: closing cash counts what contracts bring, by the row's own cells. Broken: no identity named."""
    rows = plan.get("cash.csv")
    rows[2][COLUMNS["cash.csv"].index("contracts_usd_m")] = "0"
    plan.put("cash.csv", rows)
    assert says(audit_folder(plan.folder), r"^cash\.csv:3 closing_usd_m: .*the row's own cells")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"^inputs/network\.csv: cannot be read"),
        ("", r"^inputs/network\.csv:1: has no column month"),
        ("month,btc_usd,hashrate_eh_s\n", r"^inputs/network\.csv:1: has no rows"),
        ("month,btc_usd,hashrate_eh_s\n2025-01,1e5,900\n2025-03,1e5,900\n", r"^inputs/network\.csv:3: month 2025-03"),
        ("month,btc_usd,hashrate_eh_s\n2025-01,x,900\n", r"^inputs/network\.csv:2: btc_usd needs a number"),
    ],
)
def test_a_broken_network_file_is_found(plan: Any, text: str | None, message: str) -> None:
    """Proves: without the path of the network nothing passes, and its faults are named. Broken: a pass, a traceback."""
    path = plan.inputs / "network.csv"
    path.unlink() if text is None else path.write_text(text, "utf-8")
    report = audit_folder(plan.folder)
    assert says(report, message)
    assert report.value_usd_m != report.value_usd_m


def test_another_path_is_found(plan: Any) -> None:
    """Proves: another price in one month of the file shows in what is mined. Broken: a pass."""
    path = plan.inputs / "network.csv"
    path.write_text(path.read_text("utf-8").replace("120000", "121000"), "utf-8")
    report = audit_folder(plan.folder)
    assert says(report, r"^treasury\.csv:3 btc_usd: says 120000, recomputed 121000")
    assert not says(report, r"^mining\.csv:\d+ mwh")


def test_selling_dearer_than_buying(make_plan: Any) -> None:
    """Proves: with an adder of -5 and losses of 1 %, p = (20 - 5) * 1.01 = 15.15 is below r = 20 - 3 = 17 everywhere:
    nobody uses the block, all of it is sold and the mine buys at p. No error of the case, and sold once only.
    Broken: a finding; 24 MW used at 25; sold at 15.15."""
    changes: dict[str, Any] = {
        "sites.west.power": {
            "market": "hub", "adder_usd_per_mwh": -5, "losses": 0.01, "resale_fee_usd_per_mwh": 3,
        },
        "sites.west.contracts": {"strip": COMMITTED["sites.west.contracts"]["strip"]},
    }  # fmt: skip
    plan = make_plan(changes)
    assert audit_folder(plan.folder).findings == ()
    row = plan.rows("contracts.csv")[0]
    assert (row["mining_mwh"], row["unused_mwh"]) == (0, 30 * 2160)
    assert row["result_usd_m"] == pytest.approx(30 * 2160 * (17 - 25) / 1e6)
    assert plan.rows("power.csv")[0]["mean_usd_per_mwh"] == pytest.approx(15.15)


def test_selling_at_the_price_of_buying(make_plan: Any) -> None:
    """Proves: r equal to p but for rounding: the block is used first. Broken: all of it sold."""
    changes: dict[str, Any] = {
        "sites.west.power": {"market": "hub", "adder_usd_per_mwh": -0.3, "resale_fee_usd_per_mwh": 0.3},
        "sites.west.contracts": COMMITTED["sites.west.contracts"],
        "market.power.node": COMMITTED["market.power.node"],
    }
    plan = make_plan(changes)
    assert audit_folder(plan.folder).findings == ()
    assert plan.rows("contracts.csv")[0]["mining_mwh"] == pytest.approx(24 * 2160)


def test_what_a_case_may_not_say(make_plan: Any) -> None:
    """Proves: a lease at a joint venture, at no site, named like an offer, or with a credit that has no time left,
    and a block that settles at no market are findings. Broken: a pass, a traceback."""
    nothing = Decisions(())
    plan = make_plan(COMMITTED | {"sites.west.share": 0.5}, nothing)
    assert says(
        audit_folder(plan.folder), r"^inputs/case\.json: lease tenant is at west, of which the company has 0\.5"
    )
    plan = make_plan(COMMITTED | {"leases": {"lease": RUNNING}}, nothing)
    assert says(audit_folder(plan.folder), r"^inputs/case\.json: lease is the name of a lease and of an offer")
    for lease, message in (
        ({"site": "moon"}, "there is no site 'moon'"),
        ({"prepayment_left_usd_m": 1, "prepayment_credited_until": "2025-01"}, "no time left"),
    ):
        plan = make_plan({"leases": {"tenant": RUNNING | lease}}, nothing, write=False)
        report = audit_plan(plan.case, plan.inputs, make_plan(None, nothing).folder)
        assert says(report, rf"^inputs/case\.json: cannot be recomputed: lease tenant: .*{message}")
    plan = make_plan({k: v for k, v in COMMITTED.items() if k != "market.power.node"}, nothing, write=False)
    report = audit_plan(plan.case, plan.inputs, make_plan(None, nothing).folder)
    assert says(report, r"^inputs/case\.json: there is no power market 'node'")


def test_leases_take_megawatts(make_plan: Any) -> None:
    """Proves: 25 MW of machines, 15 of the lease and, from July, 30 of the offer less 10 unplugged are more than 55.
    Broken: a pass."""
    report = audit_folder(make_plan({"leases": {"tenant": RUNNING}, "sites.west.energised_mw": 55}).folder)
    assert [str(each) for each in report.findings] == [
        "limits.csv:10 headroom: energised of west: 60 MW used, 55 MW allowed in 2025Q3",
        "limits.csv:13 headroom: energised of west: 60 MW used, 55 MW allowed in 2025Q4",
    ]
