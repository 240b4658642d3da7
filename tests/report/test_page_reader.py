"""What a first reader of the page asked for: how figures of money belong together, dates, and what was tested."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from optimizer.cli.main import main
from optimizer.errors import ExitCode
from optimizer.plan.table import table
from optimizer.report.capital_words import leverage_period
from optimizer.report.page import report_page
from optimizer.report.page.flips import Moved, crossing
from optimizer.report.page.plan import num, read_page_plan
from optimizer.report.page.tested import RATES, interest_said
from optimizer.report.page.words import name
from optimizer.report.terminal import _leverage
from tests.report.pages import CASES, Parsed, edited, rows_of
from tests.report.test_page import charts_of, summary_of

TESTED = "What flips it: what was tested"
CALLS = "How to find each threshold"


def rows_by_first(parsed: Parsed, title: str) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in parsed.tables[title][1:]}


# ---------------------------------------------------------------- ends that cannot be paid for


def test_each_end_that_cannot_be_paid_for_has_a_mark_and_its_own_limit(parsed: Parsed) -> None:
    """Of hashprice the low end breaks, of capex the high one; both lie left of today's worth, away from the bar."""
    chart = charts_of(parsed)["tornado"]
    columns = [column[0] for column in chart["columns"]]
    rows = [dict(zip(columns, row, strict=True)) for row in chart["views"][0]["rows"]]
    gone = [row for row in rows if row["kind"] == "gone"]
    assert [(row["input"], row["at"]) for row in gone] == [
        ("hashprice ±20%", "20% lower"), ("capex of signed offers ±10%", "10% higher"),
    ]  # fmt: skip
    for row in gone:
        assert row["edge"] < row["base"]
        assert row["limit"] == "minimum cash 2029Q2"
        assert row["told"] == f"{row['at']} cannot be paid:"
        assert row["note"].startswith("cannot be paid: minimum cash at the end of 2029Q2: falls short of")
    assert all(row["edge"] is None for row in rows if row["kind"] != "gone")
    finding = next(text for text in parsed.texts["h3"] if text.startswith("Nothing moves the worth as much"))
    assert finding.endswith("it cannot be paid with hashprice 20% lower and capex of signed offers 10% higher")


def test_a_note_of_one_end_is_not_told_of_the_other(plan_folder: Path, tmp_path: Path) -> None:
    """Both ends gone, by other limits: with the whole note at each end the low one would name the debt."""

    def both(name: str, row: dict[str, str]) -> dict[str, str]:
        if name != "explain/moves" or row["input"] != "power prices":
            return row
        note = (
            "low: minimum cash at the end of 2029Q1: falls short of 1; high: debt at the end of 2030Q1: goes beyond 2"
        )
        return {**row, "low_value_usd_m": "", "high_value_usd_m": "", "note": note}

    parsed = Parsed(report_page(edited(plan_folder, tmp_path, both)))
    tested = rows_by_first(parsed, TESTED)["power prices"]
    assert tested[1:3] == ["cannot be paid: minimum cash 2029Q1", "cannot be paid: debt 2030Q1"]
    chart = charts_of(parsed)["tornado"]
    place = [column[0] for column in chart["columns"]].index
    ends = [row for row in chart["views"][0]["rows"] if row[0] == "power prices ±20%"]
    assert [row[place("edge")] < row[place("base")] for row in ends] == [True, False]


def test_what_impossible_would_look_like_names_what_breaks(plan_folder: Path, tmp_path: Path, parsed: Parsed) -> None:
    """Before, it closed with a line that says nothing of this plan."""
    broken = [text for text in parsed.texts["li"] if "the plan as it is cannot be paid: minimum cash" in text]
    assert len(broken) == 2
    kept = edited(plan_folder, tmp_path, lambda name, row: None if name == "explain/moves" else row)
    assert not [text for text in Parsed(report_page(kept)).texts["li"] if "cannot be paid" in text]


# ---------------------------------------------------------------- money


def funded(summary: Any) -> Any:
    """New money of 30 that replaces 10 of itself."""
    summary["capital"] |= {
        "funded_by": {"term_loan": 25.0, "atm": 5.0}, "pays_out_loans_usd_m": 10.0,
        "peak_funding_need_usd_m": 17.0, "peak_funding_need_period": "2028Q1",
    }  # fmt: skip
    summary["measures"] |= {"new_loans_usd_m": 25.0, "new_equity_usd_m": 5.0}
    return summary


def test_figures_of_funding_stand_side_by_side(plan_folder: Path, tmp_path: Path, parsed: Parsed) -> None:
    """Each figure of the summary with its period and what it counts; a plan without new money has no such table."""
    title = "How these figures belong together"
    assert title not in parsed.tables
    target = edited(plan_folder, tmp_path, lambda name, row: row, funded)
    measures = summary_of(target)["measures"]
    rows = rows_by_first(Parsed(report_page(target)), title)
    assert rows["New money"][1:] == [
        "$30.0M", "All that lenders and new shareholders bring: loans $25.0M, shares $5.0M.",
    ]  # fmt: skip
    assert rows["of it replaces loans"][1] == "$10.0M"
    assert rows["New money needed at most"][:2] == ["2028Q1", "$17.0M"]
    assert rows["Peak funding"][:2] == [measures["peak_funding_period"], f"${measures['peak_funding_usd_m']:,.1f}M"]
    assert rows["Debt at most"][:2] == [measures["peak_debt_period"], f"${measures['peak_debt_usd_m']:,.1f}M"]
    # 40 owed today and nothing drawn: made up from debt.csv.
    assert rows["Debt at most"][2].endswith(f"${measures['peak_debt_usd_m']:,.1f}M owed today.")


def test_peak_leverage_has_its_period(plan_folder: Path, tmp_path: Path) -> None:
    """A hundred more owed at the end of 2031Q2 is the peak: without its date only the ratio is said."""
    plan = read_page_plan(plan_folder)
    cash = {str(row["period"]): row for row in plan.rows("cash")}
    periods = list(cash)
    year = periods[periods.index("2031Q2") - 3 : periods.index("2031Q2") + 1]
    columns = (
        "mining_margin_usd_m", "contracts_usd_m", "flexibility_usd_m", "delivery_usd_m", "builds_operating_usd_m",
        "hosting_rent_usd_m", "hosting_operating_cost_usd_m", "hosting_power_usd_m", "power_recovered_usd_m",
        "hosting_delivery_usd_m", "delivery_recovered_usd_m", "site_cost_usd_m", "sga_usd_m",
    )  # fmt: skip
    earned = sum(num(cash[period].get(column)) for period in year for column in columns)
    owed = num(cash["2031Q2"]["closing_usd_m"]) + 100.0
    ratio = 100.0 / earned

    def more(name: str, row: dict[str, str]) -> dict[str, str]:
        return {**row, "closing_usd_m": str(owed)} if name == "debt" and row["period"] == "2031Q2" else row

    def peak(summary: Any) -> Any:
        summary["measures"]["peak_net_debt_to_ebitda"] = ratio
        return summary

    target = edited(plan_folder, tmp_path, more, peak)
    said = Parsed(report_page(target)).texts["dd"]
    assert f"{ratio:.1f}x in 2031Q2" in said
    assert any(text.startswith("Against EBITDA of the year to the end of 2031Q2. Debt peaks at") for text in said)
    tables = [read_page_plan(target).rows(name) for name in ("cash", "debt", "allocation")]
    assert leverage_period(ratio, *tables) == "2031Q2"
    assert leverage_period(ratio + 1.0, *tables) is None


def test_terminal_says_what_flips_as_the_page_does(
    plan_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before ``explain`` both say that nothing was tested, and what there is to lose before what is better."""
    assert main(["solve", str(CASES / "quickstart"), "-o", str(tmp_path / "plan")]) == ExitCode.DONE
    told = " ".join(capsys.readouterr().out.split())
    bare = edited(plan_folder, tmp_path, lambda name, row: None if name == "explain/moves" else row)
    page = Parsed(report_page(bare)).texts["dd"]
    lead = next(text for text in page if text.startswith("Not tested yet; it has "))
    amount = lead.removeprefix("Not tested yet; it has ").partition("M")[0]
    assert f"Flips not tested yet; it has {amount}M to lose before mining alone is better" in told
    assert lead.endswith("to lose before mining alone is better")
    assert "of the first signature alone: signing cloud_tenant stays better" in told


def test_terminal_says_when_leverage_peaks() -> None:
    """Net debt of 30 on 10 a year, at the end of the second of two years; in the first it is 10."""
    periods = [(f"{year}", f"{year}-01-01", f"{year}-12-31") for year in (2026, 2027)]
    cash = [("base", period, 10.0, 20.0) for period, _, _ in periods]
    tables = {
        "allocation": table(("scenario", "period", "from", "to"), [("base", *each) for each in periods]),
        "cash": table(("scenario", "period", "mining_margin_usd_m", "closing_usd_m"), cash),
        "debt": table(("scenario", "period", "closing_usd_m"), [("base", "2026", 30.0), ("base", "2027", 50.0)]),
    }
    plan: Any = SimpleNamespace(tables=tables)
    measures: Any = SimpleNamespace(peak_net_debt_to_ebitda=3.0)
    assert _leverage(plan, measures) == "; net debt at most 3.0 x EBITDA (of the year to the end of 2027)"


# ---------------------------------------------------------------- dates and tests


def test_last_dates_of_every_signature(plan_folder: Path, tmp_path: Path) -> None:
    """A second signature: its window is that of the case, what waiting costs was asked of the first alone."""
    case = json.loads((plan_folder / "inputs" / "case.json").read_text("utf-8"))
    case["offers"]["other_tenant"] = {**case["offers"]["cloud_tenant"], "sign": {"from": "2027-01", "to": "2028-03"}}
    target = edited(plan_folder, tmp_path, lambda name, row: row)
    (target / "inputs" / "case.json").write_text(json.dumps(case), encoding="utf-8")
    lines = (target / "decisions.csv").read_text("utf-8").splitlines()
    signed = next(line for line in lines if ",sign," in line)
    later = signed.replace("cloud_tenant", "other_tenant").replace("2027-04", "2027-07")
    (target / "decisions.csv").write_text("\n".join([*lines, later]) + "\n", encoding="utf-8")
    parsed = Parsed(report_page(target))
    rows = rows_by_first(parsed, "Last dates")
    waiting = summary_of(target)["waiting"]
    never = f"${waiting['never_costs_usd_m'][1]:,.1f}M"
    assert rows["Cloud Tenant at West One"][:2] == ["April 2027", "June 2027"]
    assert rows["Cloud Tenant at West One"][3] == never
    assert rows["Other Tenant at West One"] == ["July 2027", "March 2028", "not asked", "not asked"]
    said = next(text for text in parsed.texts["dd"] if text.startswith("Letting that date pass"))
    assert said.endswith("Of the others only the windows are known: they close for Other Tenant in March 2028.")


def test_what_was_tested_is_a_range_and_no_threshold(plan_folder: Path, parsed: Parsed) -> None:
    """Ranges, what the plan is ahead by at both ends, and the command that looks for the threshold of each."""
    moves = {row["input"]: row for row in rows_of(plan_folder, "explain/moves")}
    rent = moves["rent of signed offers"]
    ahead = [float(rent[f"{end}_value_usd_m"]) - float(rent[f"status_quo_{end}_usd_m"]) for end in ("low", "high")]
    tested = rows_by_first(parsed, TESTED)
    assert tested["rent of signed offers"] == [
        "10% lower to 10% higher", *(f"${each:,.1f}M" for each in ahead), "not within what was tested",
    ]  # fmt: skip
    assert tested["hashprice"][3] == "cannot be paid from somewhere before 20% lower on"
    calls = rows_by_first(parsed, CALLS)
    # Nothing flips at a tenth less rent, so the command looks at three tenths; hashprice does within its fifth.
    assert calls["rent of signed offers"] == [
        "wattfork breakeven CASE --of offers.cloud_tenant.rate_usd_per_kw_month --for value=status_quo "
        "--between x0.7:x1.3"
    ]
    assert calls["hashprice"] == [
        "wattfork breakeven CASE --of market.network.btc_usd --for value=status_quo --between x0.8:x1.2"
    ]
    assert calls["power prices"][0].startswith("wattfork breakeven CASE --of 'market.power.*.scale' ")
    # Growth by date is 0.2 and 0.08: a shift of three times ten points is 1.5 times the largest.
    growth = "--of 'market.network.hashrate_growth.*' --for value=status_quo --between x0:x2.5"
    assert calls["growth of difficulty a year"] == [f"wattfork breakeven CASE {growth}"]
    assert calls["lead of signed offers"][0].startswith("breakeven moves one plain number")
    said = next(text for text in parsed.texts["dd"] if "moves of one input were tested" in text)
    assert "each at a fixed distance and not to where it flips" in said


@pytest.mark.parametrize("moved", ["hashprice", "growth of difficulty a year"])
def test_the_command_is_one_that_breakeven_takes(parsed: Parsed, tmp_path: Path, moved: str) -> None:
    """Two values of a command are solved: an option or a path that is not there ends with code 2."""
    words = shlex.split(rows_by_first(parsed, CALLS)[moved][0])
    call = [str(CASES / "quickstart") if word == "CASE" else word for word in words[1:]]
    file = tmp_path / "breakeven.csv"
    assert main([*call, "--scan", "2", "--to", "1", "--workers", "1", "-q", "-o", str(file)]) == ExitCode.DONE
    assert file.is_file()


def test_a_crossing_between_two_tested_points_is_an_estimate() -> None:
    """Ahead by 30 today and behind by 20 at 10 % less: the line crosses at 6 % less. At 5 more there is none."""
    low, high = (
        Moved("rent", f"10% {way}", 100.0 + more, 100.0, "", "offers.*.rate_usd_per_kw_month", end)
        for way, more, end in (("lower", -20.0, "low"), ("higher", 5.0, "high"))
    )
    assert crossing([low, high], 30.0) == "about 6.0% lower (estimate: a straight line from today to 10% lower)"
    assert crossing([high], 30.0) == ""
    points = Moved("growth", "10 points higher", 90.0, 100.0, "", "market.network.hashrate_growth", "high")
    assert crossing([points], 10.0).startswith("about 5.0 points higher (estimate")


# ---------------------------------------------------------------- what a board would stumble on


def test_one_rate_that_turns_the_answer_round_is_said_where_flips_are(plan_folder: Path, tmp_path: Path) -> None:
    """Tested inputs flip nothing, but at one rate for all the status quo is worth more: it said nothing of that."""

    def whole(name: str, row: dict[str, str]) -> dict[str, str]:
        return {**row, "low_value_usd_m": "400", "high_value_usd_m": "400"} if name == "explain/moves" else row

    def turned(summary: Any) -> Any:
        quo = next(twin for twin in summary["twins"] if twin["name"] == "status_quo")
        quo["value_at_wacc_usd_m"] = summary["measures"]["value_at_wacc_usd_m"] + 7.0
        return summary

    said = Parsed(report_page(edited(plan_folder, tmp_path, whole, turned))).texts["dd"]
    at = next(n for n, text in enumerate(said) if text.startswith("Nothing that was tested"))
    assert said[at].endswith("; one discount rate for all cash flows does")
    assert "How cash flows are discounted does flip it: at one rate for all" in said[at + 1]
    assert "$7.0M" in said[at + 1]


def test_more_beyond_the_horizon_than_the_whole_value_is_no_share(plan_folder: Path, tmp_path: Path) -> None:
    """It read 150.0% of the value."""

    def late(summary: Any) -> Any:
        summary["measures"]["beyond_horizon_usd_m"] = 1.5 * summary["value_usd_m"]
        return summary

    parsed = Parsed(report_page(edited(plan_folder, tmp_path, lambda name, row: row, late)))
    assert any(text.endswith(": more than the whole value") for text in parsed.texts["dd"])
    assert any(text.startswith("More than all of the worth lies beyond") for text in parsed.texts["li"])
    assert not any("150.0%" in text for text in (*parsed.texts["dd"], *parsed.texts["li"]))


def test_a_loan_has_one_colour_on_all_charts_of_money(plan_folder: Path, tmp_path: Path) -> None:
    """A debt of today comes first on the chart of debt, and the new loan first on that of sources: both were blue."""
    target = edited(plan_folder, tmp_path, lambda name, row: row, funded)
    lines = (target / "debt.csv").read_text("utf-8").splitlines()
    owed = next(row["debt"] for row in rows_of(target, "debt"))
    (target / "debt.csv").write_text(
        "\n".join([*lines, *(line.replace(owed, "term_loan") for line in lines[1:])]) + "\n", encoding="utf-8"
    )
    sources = (target / "sources_uses.csv").read_text("utf-8").splitlines()
    own = next(line for line in sources if ",company_cash," in line)
    (target / "sources_uses.csv").write_text(
        "\n".join([*sources, own.replace("company_cash", "term_loan")]) + "\n", encoding="utf-8"
    )
    charts = charts_of(Parsed(report_page(target)))
    paints = [
        dict(zip(scale["domain"], scale["range"], strict=True))
        for scale in (charts[key]["spec"]["encoding"]["color"]["scale"] for key in ("sources", "debt"))
    ]
    assert paints[0]["Term Loan"] == paints[1]["Term Loan"] != paints[1][name(owed)]


# ---------------------------------------------------------------- interest


def test_loans_with_interest_added_to_them_say_so(plan_folder: Path, tmp_path: Path, parsed: Parsed) -> None:
    """Proves: where a project's loans are larger than what is drawn of them, the chart says by what. Broken: notes of
    $3,473.5M in the first line and of $3,658.0M in the chart, without a word."""
    words = "Loans stand here with the interest that is added to them until the halls are complete, $12.5M"

    def added(name: str, row: dict[str, str]) -> dict[str, str]:
        mine = name == "sources_uses" and row["item"] == "interest_capitalised" and row["project"] != "company"
        return {**row, "usd_m": "12.5"} if mine else row

    assert not [text for text in parsed.texts["p"] if "interest that is added" in text]
    assert [text for text in Parsed(report_page(edited(plan_folder, tmp_path, added))).texts["p"] if words in text]


def test_why_interest_is_not_the_same_to_both_sides() -> None:
    """Proves: facilities whose rate cannot fall by two points are named. Broken: bars of 25.8 and 14.2 for two points
    down and up, unexplained."""
    rates = {"old_convertible": {"rate": 0.0}, "notes": {"rate": 0.08}, "line": {"rate": 0.0175}, "atm": {}}
    plan: Any = SimpleNamespace(case={"finance": {"facilities": rates}})
    moved = [Moved("interest of facilities", "2 points lower", 1.0, 1.0, "", RATES, "low")]
    said = interest_said(plan, moved)
    assert said.startswith(" Interest of facilities: a loan is valued at its own rate")
    assert said.endswith("No rate goes below 0, so that of Old Convertible and Line falls by less than two points.")
    assert interest_said(plan, [replace(moved[0], path="market.power.*.scale")]) == ""
