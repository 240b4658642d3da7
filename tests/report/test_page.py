"""The page of a plan: its parts, its policy, its bytes, its figures against the tables."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import CallError
from optimizer.report.page import report_page
from tests.report.pages import Parsed, edited, renamed, rows_of

FACTS = [
    "Decide", "Cannot be undone", "Worth", "Peak funding", "Thinnest quarter", "Dilution", "Peak net debt / EBITDA",
    "What flips it", "Beyond the horizon", "Assumed inputs",
]  # fmt: skip
SECTIONS = [
    "In short", "What to do", "What it is worth", "Where the megawatts go", "How it is paid", "What it earns",
    "What would change it", "How bad it can get", "Why to trust it",
]  # fmt: skip


def charts_of(parsed: Parsed) -> dict[str, Any]:
    text = next(text for _, attrs, text in parsed.code if attrs.get("id") == "data")
    found: dict[str, Any] = json.loads(text)
    return found


def summary_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text("utf-8"))
    return found


# ---------------------------------------------------------------- parts


def test_ten_facts_come_first_in_their_order_and_then_eight_parts(parsed: Parsed) -> None:
    """With a fact left out or moved the list of labels differs."""
    assert parsed.texts["dt"] == FACTS
    assert parsed.texts["h2"] == SECTIONS


def test_every_chart_has_a_finding_a_description_and_its_numbers(parsed: Parsed) -> None:
    """A chart whose title states no figure or date, or with a value that its table lacks, is named."""
    charts = charts_of(parsed)
    figures = [attrs["data-chart"] for tag, attrs in parsed.tags if tag == "figure"]
    assert figures == list(charts)
    plots = [attrs for tag, attrs in parsed.tags if attrs.get("class", "") in ("plot", "plot fixed")]
    ids = [attrs["id"] for _, attrs in parsed.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    for plot, (key, chart) in zip(plots, charts.items(), strict=True):
        assert plot["tabindex"] == "0", key
        assert plot["role"] == "img", key
        assert plot["aria-describedby"] in ids, key
        finding = str(plot["aria-label"])
        assert re.search(r"\d", finding), (key, finding)
        table = parsed.tables[finding]
        steps = {
            row[[column[0] for column in chart["columns"]].index(chart["step"])] for row in chart["views"][0]["rows"]
        }
        assert len(table) > 1, key
        assert steps <= {row[0] for row in table}, key


def test_no_word_of_optimisation_above_the_last_part(page: str) -> None:
    body = page[page.index("<main") : page.index('id="trust"')]
    text = re.sub(r"<[^>]*>", " ", body)
    assert not re.findall(r"\b(MIP|solver|objective|dual|branch|infeasible|constraint|optimal|node)\b", text, re.I)


# ---------------------------------------------------------------- one file that asks nobody


def test_policy_allows_the_scripts_and_styles_of_the_page_alone(parsed: Parsed) -> None:
    """With a script changed after its hash was taken, its hash is not in the policy."""
    policy = next(str(a["content"]) for tag, a in parsed.tags if tag == "meta" and a.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for tag, attrs, text in parsed.code:
        if attrs.get("type") == "application/json":
            continue
        value = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{value}'" in rules[f"{tag}-src"], tag
    assert len(rules["script-src"].split()) == 2
    assert len(rules["style-src"].split()) == 1
    for tag, attrs in parsed.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)


def test_nothing_on_the_page_asks_for_anything(parsed: Parsed) -> None:
    """With a font or script from a host, its address appears."""
    for tag, attrs in parsed.tags:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base", "form"), tag
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert str(attrs.get(name) or "#").startswith("#"), (tag, attrs)
    style = next(text for tag, _, text in parsed.code if tag == "style")
    assert "url(" not in style
    assert "@import" not in style
    assert '"url"' not in json.dumps(charts_of(parsed))


def test_size_and_bytes(plan_folder: Path, page: str, tmp_path: Path) -> None:
    """Under 3 MB; another process with other hashes gives the same text."""
    assert len(page.encode()) < 3_000_000
    program = (
        "import hashlib, sys; from optimizer.report.page import report_page; "
        "print(hashlib.sha256(report_page(sys.argv[1]).encode()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(plan_folder)],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == hashlib.sha256(page.encode()).hexdigest()
    assert str(plan_folder) not in page


# ---------------------------------------------------------------- figures


def test_facts_are_those_of_the_summary(plan_folder: Path, parsed: Parsed) -> None:
    summary = summary_of(plan_folder)
    quo = next(twin for twin in summary["twins"] if twin["name"] == "status_quo")
    said = " ".join(parsed.texts["dd"])
    shares = summary["capital"]["shares_m"]
    waiting = summary["waiting"]
    for amount in (
        summary["value_usd_m"],
        summary["bound_usd_m"],
        quo["value_usd_m"],
        quo["plan_is_worth_more_usd_m"],
        summary["measures"]["peak_funding_usd_m"],
        summary["measures"]["thinnest_headroom_usd_m"],
        summary["measures"]["beyond_horizon_usd_m"],
        summary["measures"]["peak_debt_usd_m"],
        waiting["never_costs_usd_m"][0],
    ):
        assert f"${amount:,.1f}M" in said, amount
        assert f"${amount / shares:,.2f} a share" in said, amount
    assert f"its window closes in June {waiting['window_closes'][:4]}" in said
    assert f"{summary['measures']['beyond_horizon_usd_m'] / summary['value_usd_m']:.1%} of the value" in said


def test_cash_is_that_of_the_table(plan_folder: Path, parsed: Parsed) -> None:
    """Every digit of cash.csv stands in the table beneath the chart."""
    table = parsed.by_finding("Cash is thinnest in")
    wanted = [
        [row["period"], row["closing_usd_m"], row["minimum_usd_m"], row["headroom_usd_m"]]
        for row in rows_of(plan_folder, "cash")
    ]
    assert table[1:] == wanted


def test_megawatts_add_up_to_those_of_the_table(plan_folder: Path, parsed: Parsed) -> None:
    """Of each period and use; with a lot left out the sum is less by its megawatts."""
    table = parsed.by_finding("mining peaks at")
    for use, title in (("mining", "Mining (MW)"), ("hosting", "Cloud Tenant (MW)"), ("free", "Free (MW)")):
        at = table[0].index(title)
        for row in table[1:]:
            own = [r for r in rows_of(plan_folder, "allocation") if r["period"] == row[0] and r["use"] == use]
            assert float(row[at]) == pytest.approx(sum(float(r["meter_mw"]) for r in own), abs=1e-6), row


def test_bridge_leads_from_status_quo_to_plan(plan_folder: Path, parsed: Parsed) -> None:
    """Its steps add up to what the summary says the plan is worth more."""
    summary = summary_of(plan_folder)
    table = parsed.by_finding("Most is added by AI hosting: $")
    first, *steps, last = table[1:]
    quo = next(twin for twin in summary["twins"] if twin["name"] == "status_quo")
    assert float(first[1]) == pytest.approx(quo["value_usd_m"], abs=1e-6)
    assert float(last[1]) == pytest.approx(summary["value_usd_m"], abs=1e-6)
    assert sum(float(row[1]) for row in steps) == pytest.approx(quo["plan_is_worth_more_usd_m"], abs=1e-6)


def test_without_a_bridge_the_worth_is_laid_out_by_part(plan_folder: Path, tmp_path: Path) -> None:
    target = edited(plan_folder, tmp_path, lambda name, row: row)
    (target / "bridge.csv").unlink()
    table = Parsed(report_page(target)).by_finding("Most is brought by cash and bitcoin held: $")
    total = next(row for row in rows_of(target, "value") if row["component"] == "total")["total_usd_m"]
    assert sum(float(row[1]) for row in table[1:-1]) == pytest.approx(float(total), abs=1e-6)


def test_moves_say_what_flips_the_plan(plan_folder: Path, parsed: Parsed) -> None:
    """Quickstart cannot be paid for at a fifth less hashprice: that is the answer, and the tornado has no bar there."""
    at = FACTS.index("What flips it")
    answers = list(parsed.texts["dd"])
    said = next(text for text in answers if "hashprice" in text.lower())
    assert at == 7
    assert said.startswith("Hashprice 20% lower")
    moves = {row["input"]: row for row in rows_of(plan_folder, "explain/moves")}
    table = parsed.by_finding("Nothing moves the worth as much")
    power = next(row for row in table if row[:2] == ["power prices ±20%", "20% lower"])
    assert power[2] == moves["power prices"]["low_value_usd_m"]
    gone = next(row for row in table if row[:2] == ["hashprice ±20%", "20% lower"])
    assert gone[2] == ""
    assert "minimum cash" in gone[5]


def test_a_folder_that_is_not_explained_says_so(plan_folder: Path, tmp_path: Path) -> None:
    target = edited(plan_folder, tmp_path, lambda name, row: None if name == "explain/moves" else row)
    said = " ".join(Parsed(report_page(target)).texts["dd"])
    assert "Not tested yet" in said


def test_a_loss_of_the_proof_or_the_audit_is_said(plan_folder: Path, tmp_path: Path) -> None:
    """A page that praised a plan whatever its checks say would claim three of three."""

    def fail(summary: Any) -> Any:
        summary["audit"] = {**summary["audit"], "passed": False}
        return {**summary, "status": "time limit"}

    text = Parsed(report_page(edited(plan_folder, tmp_path, lambda name, row: row, fail))).texts
    assert any(line.startswith("One check of three hold") for line in text["p"])
    assert any("NOT passed" in line for line in text["li"])


# ---------------------------------------------------------------- other plans


def test_a_plan_that_signs_nothing(plan_folder: Path, tmp_path: Path) -> None:
    def no_halls(name: str, row: dict[str, str]) -> dict[str, str] | None:
        if name in ("hosting", "decisions", "returns") or row.get("project") == "cloud_tenant":
            return None
        return {**row, "use": "free"} if row.get("use") == "hosting" and name == "allocation" else row

    target = edited(plan_folder, tmp_path, no_halls, lambda data: {**data, "waiting": None})
    parsed = Parsed(report_page(target))
    assert "Sign nothing and build nothing" in parsed.texts["dd"]
    assert "No signature" in parsed.texts["dd"]
    assert not any("seven" in text for text in parsed.texts["h3"])


def test_a_plan_without_twins(plan_folder: Path, tmp_path: Path) -> None:
    target = edited(plan_folder, tmp_path, lambda name, row: row, lambda data: {**data, "twins": [], "waiting": None})
    (target / "bridge.csv").unlink()
    said = Parsed(report_page(target)).texts["dd"]
    assert any("The status quo was not computed" in text for text in said)


def test_scenarios_are_chosen_where_there_are_any(plan_folder: Path, tmp_path: Path, parsed: Parsed) -> None:
    """Each has its own finding and numbers; with one scenario there is nothing to choose."""
    assert not [attrs for _, attrs in parsed.tags if attrs.get("id") == "scenario"]
    target = edited(plan_folder, tmp_path, lambda name, row: row)
    for file in target.glob("*.csv"):
        first, *lines = file.read_text("utf-8").splitlines()
        if first.startswith("scenario,"):
            dear = ["dear" + line.removeprefix("base") for line in lines]
            file.write_text("\n".join([first, *lines, *dear]) + "\n", encoding="utf-8")
    several = Parsed(report_page(target))
    assert [attrs["value"] for tag, attrs in several.tags if tag == "option"][2:4] == ["0", "1"]
    assert list(several.texts["option"])[2:4] == ["Base", "Dear"]
    assert [view["scenario"] for view in charts_of(several)["liquidity"]["views"]] == ["0", "1"]
    assert charts_of(several)["liquidity"]["views"][0]["rows"] == charts_of(parsed)["liquidity"]["views"][0]["rows"]


HOSTILE = {
    "cloud_tenant": "</script><script>alert('x')</script>",
    "west_one": '\u202e\u05d0\u05ea\u05e8 "><img src=x onerror=alert(1)>' + "very_long" * 40,
    "s21_pro": "datum['x']+'${1}'",
    "Quickstart": "<b onclick=x>&amp;\u0000\u001b[31m",
}


def test_hostile_names_are_text(plan_folder: Path, tmp_path: Path) -> None:
    """Neither element nor attribute comes of a name, and none of them turns a line around or makes it endless."""
    change = renamed(HOSTILE)
    target = edited(plan_folder, tmp_path, lambda name, row: change(row), change)
    text = report_page(target)
    parsed = Parsed(text)
    plain = Parsed(report_page(plan_folder))
    # The same elements as with plain names: whatever a name says, it adds none.
    kinds = {tag for tag, _ in plain.tags}
    assert [tag for tag, _ in parsed.tags if tag in ("script", "img", "b")] == ["script"] * 3
    assert {tag for tag, _ in parsed.tags} <= kinds
    for tag, attrs in parsed.tags:
        assert not [name for name in attrs if name.startswith("on")], tag
    assert "\u202e" not in text
    assert "\u001b" not in text
    assert max(len(heading) for heading in parsed.texts["h3"]) < 400
    # It is there, as text.
    assert any("</script><script>alert(" in each for each in parsed.texts["dd"])


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize("missing", ["summary.json", "cash.csv", "allocation.csv", "decisions.csv"])
def test_what_is_no_whole_plan_is_told(plan_folder: Path, tmp_path: Path, missing: str) -> None:
    target = edited(plan_folder, tmp_path, lambda name, row: row)
    (target / missing).unlink()
    with pytest.raises(CallError) as told:
        report_page(target)
    assert missing in told.value.message


def test_missing_extra_is_told_with_what_to_install(plan_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optimizer.report.page import html

    html._bundle.cache_clear()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(CallError) as told:
        report_page(plan_folder)
    assert list(told.value.details) == ["pip install 'wattfork[report]'"]
