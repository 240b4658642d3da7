"""Pages of comparisons, alternatives, sweeps and break-evens: their parts, their policy, their figures against the
tables beside them, and what the commands do with what stands in their place.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from optimizer.cli.main import main
from optimizer.errors import CallError, ExitCode
from optimizer.plan.table import table
from optimizer.report.axis_words import Axis
from optimizer.report.page import breakeven_page, compare_page, is_page, sweep_page
from optimizer.report.page.found import (
    BreakEvenFound,
    BreakEvenPoint,
    Line,
    PlanRegion,
    RegretFound,
    SweepFound,
    Tornado,
)
from optimizer.report.page.words import named
from optimizer.report.sweep_charts import DirectionPoint, RegretRow, TornadoBar
from tests.report.pages import CASES, Parsed, edited, renamed
from tests.report.test_page import HOSTILE

RENT = "offers.*.rate_usd_per_kw_month"
LOW_RENT = "extends: case/case.yaml\noffers: {cloud_tenant: {rate_usd_per_kw_month: 105}}\n"
KINDS = {"compare": "Comparison", "alternatives": "Alternatives", "sweep": "Sweep", "breakeven": "Break-even"}
BITCOIN = Axis("market.network.btc_usd")


def written_pages(place: Path) -> dict[str, Path]:
    """A page of each kind, written by its command, with its tables; by the name of the command."""
    case = place / "case"
    shutil.copytree(CASES / "quickstart", case)
    low = place / "low.yaml"
    low.write_text(LOW_RENT, encoding="utf-8")
    for file, folder in ((case, "A"), (low, "B")):
        api.solve(api.load(file), twins=False).write(place / folder)
    calls = {
        "compare": ["compare", f"{place}/A", f"{place}/B", "-o", f"{place}/compare"],
        "alternatives": ["alternatives", str(case), "--within", "5%", "--only", "least_hosting", "-o", f"{place}/alt"],
        "sweep": [
            *("sweep", str(case), "--vary", "market.network.btc_usd=x0.7,x1.2", "--vary", f"{RENT}=x0.7,x1.1"),
            *("--refine", "0", "--regret", "--picture", "--workers", "1", "-o", f"{place}/sweep.csv"),
        ],
        "breakeven": [
            *("breakeven", str(case), "--of", RENT, "--for", "any", "--between", "x0.6:x1.2", "--scan", "3"),
            *("--to", "0.2", "--workers", "1", "-o", f"{place}/breakeven.csv", "--page", f"{place}/breakeven.html"),
        ],
    }
    for call in calls.values():
        assert main([*call, "-q"]) == ExitCode.DONE, call
    return {
        "compare": place / "compare" / "compare.html",
        "alternatives": place / "alt" / "alternatives.html",
        "sweep": place / "sweep.html",
        "breakeven": place / "breakeven.html",
    }


def line_found(case_name: str = "A case") -> SweepFound:
    """Three values: worth 100, 150, none; the second is not proved."""
    columns = ("point", BITCOIN.path, "value_usd_m", "bound_usd_m", "gap", "status", "region", "decisions", "problem")
    rows = [
        (1, 50000.0, 100.0, 100.0, 0.0, "optimal", 1, "", ""),
        (2, 90000.0, 150.0, 153.0, 0.02, "time limit", 2, "sign tenant", ""),
        (3, 10000.0, None, None, None, "infeasible", None, "", "no cash in 2026Q1"),
    ]
    points = [DirectionPoint(50000.0, 100.0, 100.0, 90.0), DirectionPoint(90000.0, 150.0, 153.0, 130.0)]
    line = Line(
        BITCOIN, [*points, DirectionPoint(10000.0, None, infeasible=True)], [(70000.0, "signs tenant")], 60000.0
    )
    return SweepFound(
        case_name=case_name,
        varied=["market.network.btc_usd: 10000, 50000, 90000"],
        inputs=[BITCOIN.path],
        table=table(columns, rows),
        regions=[PlanRegion(1, "mine: nothing signed", 1), PlanRegion(2, "both: tenant", 1)],
        not_closed=[2],
        line=line,
    )


def tornado_found() -> SweepFound:
    """Two inputs around 100: the price moves the worth by 70, the rent by 30."""
    columns = ("point", "value_usd_m", "bound_usd_m", "gap", "status", "region", "decisions", "problem")
    bars = [
        TornadoBar(Axis("offers.*.rate_usd_per_kw_month"), (80.0, 85.0), (140.0, 115.0), 100.0),
        TornadoBar(BITCOIN, (50000.0, 60.0), (150000.0, 130.0), 100000.0),
    ]
    rows = [(1, 100.0, 100.0, 0.0, "optimal", 1, "", "")]
    regions = [PlanRegion(1, "mine: nothing signed", 1)]
    return SweepFound("A case", ["two inputs"], [], table(columns, rows), regions, [], tornado=Tornado(bars, 100.0))


def regret_found() -> SweepFound:
    """Two plans at three points: plan 1 loses at most 5, but is impossible at point 2; plan 2 loses 20 at point 3."""
    columns = ("point", BITCOIN.path, "value_usd_m", "bound_usd_m", "gap", "status", "region", "decisions", "problem")
    rows = [(n, 10000.0 * n, 100.0, 100.0, 0.0, "optimal", 1, "", "") for n in (1, 2, 3)]
    plans = table(
        (
            "plan", "words", "best_points", "worst_regret_usd_m", "worst_point", "mean_regret_usd_m",
            "impossible_points", "todays_plan",
        ),
        [(1, "tenant 3 halls", 1, 5.0, 1, 2.5, 1, "yes"), (2, "tenant 2 halls", 2, 20.0, 3, 7.0, 0, "no")],
    )  # fmt: skip
    lost = [
        RegretRow(1, "tenant 3 halls", (5.0, None, 0.0), 5.0, todays=True),
        RegretRow(2, "tenant 2 halls", (0.0, 0.0, 20.0), 20.0),
    ]
    regret = RegretFound([1, 2, 3], lost, 2, plans, less=1)
    regions = [PlanRegion(1, "mine and host: tenant", 3)]
    return SweepFound("A case", ["x"], [BITCOIN.path], table(columns, rows), regions, [], regret=regret)


def breakeven_found(words: str = "tenant", flips: int = 2) -> BreakEvenFound:
    """No, yes, no at 1, 2 and 3."""
    columns = (
        "flip", "from", "to", "has_before", "has_after", "value_before_usd_m", "value_after_usd_m", "gap_before_usd_m",
        "gap_after_usd_m", "tied", "problem",
    )  # fmt: skip
    rows = [
        (1, 1.0, 2.0, "no", "yes", 10.0, 20.0, 0.0, 0.0, "no", ""),
        (2, 2.0, 3.0, "yes", "no", 20.0, 30.0, 0.0, 0.0, "yes", ""),
    ]
    points = [BreakEvenPoint(float(at), at == 2, 10.0 * at, 10.0 * at, None, "sign", "optimal") for at in (1, 2, 3)]
    return BreakEvenFound(
        "A case", Axis("x.cash_usd_m"), f"{words} is signed", f"{words} is not signed", 1.0, 3.0, 2.0, 0.1, 3,
        points if flips else points[:1], table(columns, rows[:flips]),
    )  # fmt: skip


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def charts_of(parsed: Parsed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(text for _, attrs, text in parsed.code if attrs.get("id") == "data"))
    return found


def column(parsed: Parsed, part: str, title: str) -> list[str]:
    """The cells of a column of the one table whose title holds ``part``."""
    head, *rows = parsed.by_finding(part)
    return [row[head.index(title)] for row in rows]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return written_pages(tmp_path_factory.mktemp("other_pages"))


@pytest.fixture(scope="module")
def pages(files: dict[str, Path]) -> dict[str, Parsed]:
    return {kind: Parsed(file.read_text("utf-8")) for kind, file in files.items()}


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("kind", KINDS)
def test_the_finding_comes_first_and_nothing_is_asked_for(
    files: dict[str, Path], pages: dict[str, Parsed], kind: str
) -> None:
    """A page without its finding, with a style of its own, an unknown script or an address is told."""
    parsed = pages[kind]
    assert parsed.texts["h2"][0] == "In short"
    first_fact = next(attrs["id"] for _, attrs in parsed.tags if str(attrs.get("id")).startswith("fact-"))
    assert first_fact == "fact-finding"
    assert is_page(files[kind], KINDS[kind])
    policy = next(attrs["content"] for _, attrs in parsed.tags if attrs.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    hashes = re.findall(r"'sha256-([^']+)'", policy)
    code = [text for tag, attrs, text in parsed.code if attrs.get("type") != "application/json"]
    own = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in code]
    assert sorted(hashes) == sorted(own)
    for tag, attrs in parsed.tags:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base", "form"), tag
        assert not [name for name in attrs if name.startswith("on") or name == "style"], (tag, attrs)
        assert str(attrs.get("href") or "#").startswith("#"), attrs
    text = files[kind].read_text("utf-8")
    assert str(files["sweep"].parent) not in text
    assert len(text.encode()) < 3_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_has_a_finding_and_its_numbers(pages: dict[str, Parsed], kind: str) -> None:
    """With a chart that is left out of the data, or a table that lacks rows, the keys or counts differ."""
    parsed, charts = pages[kind], charts_of(pages[kind])
    assert [attrs["data-chart"] for tag, attrs in parsed.tags if tag == "figure"] == list(charts)
    assert charts
    ids = [attrs["id"] for _, attrs in parsed.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    titled = [title for title in parsed.tables if title in parsed.texts["h3"]]
    assert len(titled) >= len(charts)
    for key, chart in charts.items():
        assert chart["views"][0]["rows"], key


def test_switches_that_need_one_plan_are_not_there(pages: dict[str, Parsed]) -> None:
    """Amounts a share or a comparison with the status quo would be of which plan?"""
    for parsed in pages.values():
        ids = {attrs.get("id") for _, attrs in parsed.tags}
        assert "theme" in ids
        assert not {"unit", "compare"} & ids


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_words_as_on_the_page_of_a_plan(pages: dict[str, Parsed], kind: str) -> None:
    """A key such as cloud_tenant stands in the table of keys alone, and nowhere is a name written twice over."""
    parsed = pages[kind]
    keys = parsed.tables["What names are called in the case"]
    assert ["Cloud Tenant", "cloud_tenant"] in keys
    shown = [cell for title, table in parsed.tables.items() if table is not keys for row in table for cell in row]
    said = [*shown, *(text for texts in parsed.texts.values() for text in texts)]
    assert not [text for text in said if "cloud_tenant" in text or "west_one" in text]
    assert not [text for text in said if "TEnant" in text]
    assert any("Cloud Tenant" in text for text in said)


def test_keys_are_written_as_words_where_they_are_names() -> None:
    """Paths, units and plain words stay: with any snake case changed the path would read Cloud Tenant.rate."""
    keys: dict[str, str] = {}
    assert named("2027-04-01 sign tenant at west: 2 halls; unplug west_one.s19_xp at west_one: 1.3 EH/s", keys) == (
        "2027-04-01 sign Tenant at West: 2 halls; unplug West One S19 XP at West One: 1.3 EH/s"
    )
    assert keys["West One S19 XP"] == "west_one.s19_xp"
    for text in ("offers.cloud_tenant.rate_usd_per_kw_month", "min_cash_usd_m", "2 halls instead of 3 halls",
                 "sign nothing, keep every machine"):  # fmt: skip
        assert named(text) == text
    twice = named("tenant_a 2 halls at west_one 2027-01")
    assert twice == "Tenant A 2 halls at West One 2027-01"
    assert named(twice) == twice


def test_peak_leverage_of_a_comparison_has_a_unit(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    """Shown raw it reads -1.487."""
    ratio = next(
        row for row in rows_of(files["compare"].parent / "measures.csv") if row["measure"] == "peak_net_debt_to_ebitda"
    )
    rows = {row[0]: row[1:] for row in pages["compare"].by_finding("figures differ")}
    assert rows["Peak net debt / EBITDA"][0] == f"{float(ratio['a']):.1f}x"


def test_a_section_of_which_nothing_is_known_is_left_out() -> None:
    """A break-even of which no point is worth anything has no scan to show: a heading without anything beneath it."""
    found = replace(breakeven_found(flips=0), points=[BreakEvenPoint(1.0, None, None, None, None, "", "no cash")])
    parsed = Parsed(breakeven_page(found))
    assert "The scan" not in parsed.texts["h2"]
    assert "What is decided at each value" in parsed.texts["h2"]


def test_a_map_is_drawn_in_the_colours_of_the_page(pages: dict[str, Parsed]) -> None:
    """A colour of its own, such as the white ground, would stay when the page is dark."""
    chart = charts_of(pages["sweep"])["map"]
    assert chart["spec"]["background"] is None
    assert re.findall(r"#[0-9A-Fa-f]{6}", json.dumps(chart["spec"])) == []
    style = next(text for tag, _, text in pages["sweep"].code if tag == "style")
    used = set(re.findall(r"var\((--[\w-]+)\)", json.dumps(chart["spec"])))
    assert {"--m0", "--m1"} <= used
    for each in used:
        assert style.count(f"{each}:") >= 3, each


# ---------------------------------------------------------------- two plans


def test_comparison_says_what_its_tables_say(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    """A bridge that leaves out a cause ends elsewhere than at B; a sign turned around says more in place of less."""
    parsed, folder = pages["compare"], files["compare"].parent
    value = rows_of(folder / "value.csv")
    total = value[-1]
    more = float(total["difference_usd_m"])
    assert more < 0
    assert f"B is worth ${-more:,.1f}M less than A" in parsed.texts["dd"][0]
    steps = charts_of(parsed)["bridge"]["views"][0]["rows"]
    assert steps[0][:2] == ["A", pytest.approx(float(total["a_usd_m"]))]
    assert steps[-1][:2] == ["B", pytest.approx(float(total["b_usd_m"]))]
    assert steps[-2][3] == pytest.approx(float(total["b_usd_m"]), abs=1e-5)
    hosting = sum(float(row["difference_usd_m"]) for row in value if row["cause"] == "hosting")
    assert dict(row[:2] for row in steps)["AI hosting"] == pytest.approx(hosting)
    funding = next(row for row in rows_of(folder / "measures.csv") if row["measure"] == "peak_funding_usd_m")
    figures = dict(zip(column(parsed, "figures differ", "Figure"), column(parsed, "figures differ", "A"), strict=True))
    assert figures["Peak funding"] == f"${float(funding['a']):,.1f}M"
    why = rows_of(folder / "why.csv")
    assert [row[3] for row in charts_of(parsed)["why"]["views"][0]["rows"]] == [
        pytest.approx(float(row["usd_m"]), abs=1e-6) for row in why
    ]


def test_comparison_shows_every_difference(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    """Megawatts are those of the table with all digits; a decision that is dropped lacks its row."""
    parsed, folder = pages["compare"], files["compare"].parent
    megawatts = rows_of(folder / "megawatts.csv")
    drawn = charts_of(parsed)["megawatts"]["views"][0]["rows"]
    assert [(row[0], row[2]) for row in drawn] == [
        (row["year"], pytest.approx(float(row["difference_mw"]))) for row in megawatts
    ]
    decisions = rows_of(folder / "decisions.csv")
    words = "Three decisions differ"
    assert len(decisions) == 3
    assert column(parsed, words, "What")[0] == "Sign Cloud Tenant"
    assert column(parsed, words, "A") == ["April 2027: three halls", "April 2027: 0.69 EH/s", "April 2027: 1.60 EH/s"]
    assert set(column(parsed, words, "B")) == {""}
    lanes = [(row[1], row[2], row[3]) for row in charts_of(parsed)["lanes"]["views"][0]["rows"]]
    assert ("A", "Cloud Tenant at West One", "earning rent") in lanes
    assert ("B", "Cloud Tenant at West One", "not decided") in lanes


def test_a_plan_with_itself_differs_in_nothing(files: dict[str, Path]) -> None:
    plan = files["sweep"].parent / "A"
    comparison = api.compare(plan, plan)
    parsed = Parsed(compare_page(comparison.a, comparison.b, comparison.tables))
    assert "Nothing differs" in parsed.texts["dd"][0]
    assert charts_of(parsed) == {}


def test_hostile_names_are_text_on_a_comparison(files: dict[str, Path], tmp_path: Path) -> None:
    """A name that broke out of its place would add tags, or close one that is not open."""
    change = renamed(HOSTILE)
    plan = files["sweep"].parent / "A"
    other = edited(plan, tmp_path, lambda name, row: change(row), change)
    comparison = api.compare(plan, other, why=False)
    parsed = Parsed(compare_page(comparison.a, comparison.b, comparison.tables))
    assert len(parsed.code) == 4
    assert not [attrs for tag, attrs in parsed.tags if tag == "img" or "onclick" in attrs]


def test_comparison_without_the_extra_still_writes_its_tables(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    plan = str(files["sweep"].parent / "A")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["compare", plan, plan, "-o", str(tmp_path / "out")]) == ExitCode.DONE
    assert "a page needs jinja2, which is not installed" in capsys.readouterr().out
    assert (tmp_path / "out" / "value.csv").is_file()
    assert not (tmp_path / "out" / "compare.html").exists()


# ---------------------------------------------------------------- alternatives


def test_alternatives_give_up_what_the_table_says(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    parsed, folder = pages["alternatives"], files["alternatives"].parent
    rows = rows_of(folder / "alternatives.csv")
    assert [row["plan"] for row in rows] == ["best", "least_hosting"]
    lost = float(rows[1]["gives_up_usd_m"])
    assert parsed.texts["dd"][0] == f"Least hosting gives up ${lost:,.1f}M"
    drawn = charts_of(parsed)["values"]["views"][0]["rows"]
    assert [row[1] for row in drawn] == [pytest.approx(float(row["value_usd_m"])) for row in rows]
    assert column(parsed, "What each has", "Gives up") == ["$0.0M", f"${lost:,.1f}M"]
    told = column(parsed, "What each decides otherwise", "Otherwise than the best plan")
    assert "; ".join(told) == named(rows[1]["differs"])
    assert told[0].startswith("sign Cloud Tenant at West One ")


def test_a_folder_of_alternatives_with_its_page_is_replaced(files: dict[str, Path]) -> None:
    """Were the page no part of the folder, a second call would leave it alone and say so."""
    folder, case = files["alternatives"].parent, files["sweep"].parent / "case"
    before = files["alternatives"].read_bytes()
    call = ["alternatives", str(case), "--within", "5%", "--only", "least_hosting", "-o", str(folder), "-q"]
    assert main(call) == ExitCode.DONE
    assert files["alternatives"].read_bytes() == before


# ---------------------------------------------------------------- sweeps


def test_map_and_regret_are_those_of_the_tables(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    parsed, place = pages["sweep"], files["sweep"].parent
    points, plans = rows_of(place / "sweep.csv"), rows_of(place / "plans.csv")
    assert column(parsed, "All 4 points", "Worth, USD m") == [row["value_usd_m"] for row in points]
    counts = [sum(1 for row in points if row["region"] == n) for n in sorted({row["region"] for row in points})]
    assert [int(cell) for cell in column(parsed, "Which plans there are", "All points")] == counts
    worst = [f"${float(row['worst_regret_usd_m']):,.1f}M" if row["worst_regret_usd_m"] else "" for row in plans]
    assert column(parsed, "What each plan loses", "Loses at worst") == worst
    drawn = charts_of(parsed)["regret"]["views"][0]["rows"]
    regrets = rows_of(place / "regret.csv")
    found = {(row[0], row[1]): row[2] for row in drawn}
    names = {row["plan"]: f"Plan {row['plan']}" + ", today's" * (row["todays_plan"] == "yes") for row in plans}
    assert sum("today" in name for name in names.values()) == 1
    for row in regrets:
        lost = float(row["regret_usd_m"]) if row["regret_usd_m"] else None
        assert found[row["point"], names[row["plan"]]] == (None if lost is None else pytest.approx(lost))
    assert charts_of(parsed)["map"]["fixed"] is True


def test_a_line_says_its_ends_its_change_and_what_is_not_proved() -> None:
    """The point of 90,000 is open by 2 %; the one of 10,000 has no plan and is on no line but in the tables."""
    parsed = Parsed(sweep_page(line_found()))
    finding = "Bitcoin price: $100.0M at $50,000, $150.0M at $90,000; the plan changes once"
    assert parsed.texts["dd"][0] == finding
    assert "a, at about $70,000: signs tenant." in parsed.texts["li"]
    assert column(parsed, "Not proved to the gap", "Gap") == ["2.00%"]
    assert column(parsed, "Not proved to the gap", "No plan is worth more than") == ["$153.0M"]
    assert column(parsed, "Points without a plan", "Why") == ["no cash in 2026Q1"]
    assert column(parsed, finding, "Without a plan") == ["infeasible", "", ""]


def test_a_tornado_has_the_longest_bar_on_top() -> None:
    parsed = Parsed(sweep_page(tornado_found()))
    assert parsed.texts["dd"][0] == "Bitcoin price moves the worth most: by $70.0M"
    rows = charts_of(parsed)["tornado"]["views"][0]["rows"]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("bitcoin price", 60.0, -40.0), ("bitcoin price", 130.0, 30.0),
        ("rent of offers", 85.0, -15.0), ("rent of offers", 115.0, 15.0),
    ]  # fmt: skip


def test_a_tornado_says_which_colour_and_which_input_is_at_an_end() -> None:
    """Proves: ends carry the input that stands there and a colour of the legend. Broken: two colours without a word,
    so that nobody sees whether a high or a low price is the bad one."""
    chart = charts_of(Parsed(sweep_page(tornado_found())))["tornado"]
    fields = [each[0] for each in chart["columns"]]
    rows = [dict(zip(fields, row, strict=True)) for row in chart["views"][0]["rows"]]
    assert [(row["at"], row["side"], row["outer"], row["kind"]) for row in rows[:2]] == [
        ("$50,000", "worst", 60.0, "input below today's"), ("$150,000", "best", 130.0, "input above today's"),
    ]  # fmt: skip
    colour = chart["spec"]["layer"][0]["encoding"]["color"]
    assert {row["kind"] for row in rows} <= set(colour["scale"]["domain"])
    assert colour["legend"]["orient"] == "bottom"


def test_columns_of_regret_are_in_the_order_of_the_points() -> None:
    """Proves: points stand in their order though a plan is impossible at some. Broken: 1, 3, 2, those with a cross
    after all others."""
    chart = charts_of(Parsed(sweep_page(regret_found())))["regret"]
    assert chart["spec"]["encoding"]["x"]["sort"] == ["1", "2", "3"]


def test_the_plan_that_loses_least_is_explained() -> None:
    """Proves: where it loses that, in words, that another loses less where it is possible, and what today's plan loses.
    Broken: "at point 3", or no word of which plan is that of today."""
    parsed = Parsed(sweep_page(regret_found()))
    text = " ".join(parsed.texts["p"])
    assert "Plan 2 is possible at every point, and loses most at bitcoin price $30,000: $20.0M." in text
    assert "Plan 1 loses no more than $5.0M where it is possible, but is impossible at 1 of 3 points." in text
    assert (
        "Plan 1 is the one for today's values. It loses most at bitcoin price $10,000: $5.0M, and $2.5M on average. It "
        "is impossible at 1 of 3 points." in text
    )
    assert column(parsed, "What each plan loses", "Plan") == ["Plan 1, today's", "Plan 2"]
    assert column(parsed, "What each plan loses", "At")[1] == "Point 3: bitcoin price $30,000"


def test_a_sample_says_its_middle_and_a_sweep_that_was_ended_says_so() -> None:
    """Proves: of a sample the value, its middle and its width are the finding; missing points are said. Broken: a plan
    as the finding, or "All proved" alone for a fifth of the points."""
    columns = ("point", BITCOIN.path, "value_usd_m", "bound_usd_m", "gap", "status", "region", "decisions", "problem")
    rows = [(n + 1, 1000.0 * n, float(n), float(n), 0.0, "optimal", 1, "", "") for n in range(101)]
    found = SweepFound("A case", ["x"], [BITCOIN.path], table(columns, rows), [PlanRegion(1, "mine", 101)], [],
                       design="sample", gap=1e-4, unsolved=27)  # fmt: skip
    parsed = Parsed(sweep_page(found))
    assert parsed.texts["dd"][0] == "Worth $50.0M in the middle; nine points of ten between $5.0M and $95.0M"
    assert column(parsed, "What the best plan of each point", "Are worth less than") == [
        "$5.0M", "$25.0M", "$50.0M", "$75.0M", "$95.0M",
    ]  # fmt: skip
    assert column(parsed, "Which plans there are", "Of those with a plan") == ["100.0%"]
    assert any("101 of 128 points" in each for each in parsed.texts["dd"])
    assert "worth more by over 0.01% of its worth" in " ".join(parsed.texts["p"])


def test_a_line_with_twins_says_where_hosting_overtakes_mining() -> None:
    """Proves: all mining and all hosting are lines and a sentence. Broken: three columns of a table, and no answer."""
    points = [
        DirectionPoint(x, 150.0, all_mining_usd_m=90.0, all_hosting_usd_m=hosting)
        for x, hosting in ((50000.0, 80.0), (90000.0, 125.0))
    ]
    plain = line_found()
    assert plain.line is not None
    parsed = Parsed(sweep_page(replace(plain, line=replace(plain.line, points=points))))
    said = "Between $50,000 and $90,000 all hosting becomes worth more than all mining: "
    assert f"{said}its lead goes from -$10.0M to $35.0M." in parsed.texts["li"]
    fields = [layer["encoding"]["y"]["field"] for layer in charts_of(parsed)["line"]["spec"]["layer"]
              if "y" in layer["encoding"] and "field" in layer["encoding"]["y"]]  # fmt: skip
    assert {"mining", "hosting"} <= set(fields)
    assert "All hosting against all mining" not in Parsed(sweep_page(plain)).texts["h3"]


def test_a_sweep_leaves_a_foreign_page_alone_and_drops_an_old_one(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page of another kind in the way is an error before anything is solved; without --picture the old page goes."""
    case = str(files["sweep"].parent / "case")
    call = ["sweep", case, "--vary", "market.network.btc_usd=x1", "--workers", "1", "-q", "-o", f"{tmp_path}/sweep.csv"]
    page = tmp_path / "sweep.html"
    shutil.copy(files["breakeven"], page)
    assert main([*call, "--picture"]) == ExitCode.WRONG_INPUT
    assert "no earlier page of a sweep" in capsys.readouterr().err
    assert not (tmp_path / "sweep.csv").exists()
    assert main(call) == ExitCode.DONE
    assert page.read_bytes() == files["breakeven"].read_bytes()
    shutil.copy(files["sweep"], page)
    assert main(call) == ExitCode.DONE
    assert not page.exists()


# ---------------------------------------------------------------- break-evens


def test_a_flip_stands_where_the_table_has_it(files: dict[str, Path], pages: dict[str, Parsed]) -> None:
    parsed = pages["breakeven"]
    (flip,) = rows_of(files["breakeven"].with_suffix(".csv"))
    assert parsed.texts["dd"][0] == f"An offer is signed from {float(flip['to']):.7g}x on"
    assert column(parsed, "One flip", "Between") == [f"{float(flip['from']):.7g}x"]
    assert column(parsed, "One flip", "Worth after") == [f"${float(flip['value_after_usd_m']):,.1f}M"]
    layers = charts_of(parsed)["scan"]["spec"]["layer"]
    marked = [layer["encoding"]["x"]["datum"] for layer in layers if "datum" in layer["encoding"].get("x", {})]
    assert marked == [pytest.approx((float(flip["from"]) + float(flip["to"])) / 2)]


def test_what_turns_twice_is_not_monotone() -> None:
    parsed = Parsed(breakeven_page(breakeven_found()))
    assert parsed.texts["dd"][0] == "Two flips: whether tenant is signed turns more than once"
    assert "No, at the scan" in parsed.texts["dd"]
    assert [row[6] for row in parsed.tables["Two flips"][1:]] == ["no", "yes"]


def test_nothing_flips_and_hostile_words_are_text() -> None:
    parsed = Parsed(breakeven_page(breakeven_found(HOSTILE["cloud_tenant"], flips=0)))
    assert parsed.texts["dd"][0].startswith("Nothing flips: </script><script>alert('x')</script> is not signed")
    assert len(parsed.code) == 4


def test_a_page_of_something_else_is_left_alone(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.html"
    own.write_text("<p>mine</p>", encoding="utf-8")
    case = str(files["sweep"].parent / "case")
    call = ["breakeven", case, "--of", RENT, "--for", "any", "--between", "x0.6:x1.2", "-o", f"{tmp_path}/b.csv"]
    assert main([*call, "--page", str(own)]) == ExitCode.WRONG_INPUT
    assert "it is left alone" in capsys.readouterr().err
    assert own.read_text("utf-8") == "<p>mine</p>"
    nowhere = tmp_path / "no" / "page.html"
    assert main([*call, "--page", str(nowhere)]) == ExitCode.WRONG_INPUT
    assert "no/page.html" in capsys.readouterr().err


def test_a_folder_that_is_no_whole_plan_is_told(files: dict[str, Path], tmp_path: Path) -> None:
    plan = files["sweep"].parent / "A"
    target = edited(plan, tmp_path, lambda name, row: row)
    comparison = api.compare(plan, plan)
    other = api.compare(target, target)
    (target / "cash.csv").unlink()
    with pytest.raises(CallError, match=r"cash\.csv"):
        compare_page(comparison.a, other.b, comparison.tables)
