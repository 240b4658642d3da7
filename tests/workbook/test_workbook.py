"""The workbook as it is written: sheets, formulas with their values, names, and what hostile names become."""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest

from optimizer.errors import CallError
from optimizer.report.workbook import write, write_workbook
from optimizer.report.workbook.checks import checks
from optimizer.report.workbook.facts import read_facts
from optimizer.report.workbook.printing import pages_across
from optimizer.report.workbook.statements import make_statements
from optimizer.report.workbook.words import CUT, MOST_CHARACTERS, header, sheet_name, spoken, text
from tests.workbook.folders import HOSTILE, numbers, read, renamed
from tests.workbook.folders import write as write_table
from tests.workbook.recalculated import printed


def formulas(path: Path) -> dict[tuple[str, str], str]:
    """Every formula by sheet and cell."""
    book = openpyxl.load_workbook(path)
    return {
        (sheet.title, cell.coordinate): str(cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def test_sheets_and_their_layout(book: Path, quickstart: Path) -> None:
    """Proves: a sheet for each table that has rows and none for the others; the cover comes first, every sheet but
    cover and charts is frozen, tables are filtered, and headers name units. Broken: a sheet `companies` with a header
    only, or panes at None."""
    made = openpyxl.load_workbook(book)
    tables = {file.stem for file in quickstart.glob("*.csv")}
    full = {sheet_name(name) for name in tables if read(quickstart, name)}
    empty = {sheet_name(name) for name in tables} - full
    assert "Companies data" in empty
    assert full <= set(made.sheetnames)
    assert not empty & set(made.sheetnames)
    statements = {"Value of the plan", "Value bridge", "Megawatts", "Cash statement", "Debt roll-forward"}
    assert statements | {"Limits and covenants", "Checks", "Inputs", "Charts", "Explained limits"} <= set(
        made.sheetnames
    )
    assert made.sheetnames[0] == "Cover"
    for sheet in made:
        assert sheet.title == "Cover" or sheet.freeze_panes, sheet.title
    mining = made["Mining data"]
    assert mining.auto_filter.ref == f"A2:N{len(read(quickstart, 'mining')) + 2}"
    assert [cell.value for cell in mining[1]][-2:] == ["Power\nUSD/BTC", "Period begins\ndate"]
    assert [cell.value for cell in mining[2]][-2:] == ["power_usd_per_btc", "(not in the file)"]
    assert made["Cash statement"].freeze_panes == "E7"
    assert len(made["Charts"]._charts) == 4


FIRST = ["Cover", "Value of the plan", "Value bridge", "Cash statement", "Debt roll-forward", "Limits and covenants"]
RAW = re.compile(r"[a-z0-9]_[a-z0-9]+(?!\w*\.csv)\b")
"""A key of a file, such as `min_cash`; names of files are names."""


def test_every_sheet_is_set_up_for_print(book: Path) -> None:
    """Proves: statements and checks come first; every sheet is A4 in landscape (charts with their data in portrait),
    with case and sheet above and the page below, heads repeated, and as many pages across as can be read: one for the
    value, three for 40 periods of cash. Broken: 8 pages of cash without a header."""
    made = openpyxl.load_workbook(book)
    assert made.sheetnames[:8] == [*FIRST, "Checks", "Charts"]
    for sheet in made:
        assert sheet.page_setup.paperSize == 9, sheet.title
        assert sheet.page_setup.orientation == ("portrait" if sheet.title == "Charts" else "landscape"), sheet.title
        assert "Quickstart - one mine, one offer" in sheet.oddHeader.left.text, sheet.title
        assert sheet.oddHeader.right.text == "&A"
        assert sheet.oddFooter.right.text == "Page &P of &N"
        assert bool(sheet.sheet_properties.pageSetUpPr.fitToPage) == (sheet.title != "Charts"), sheet.title
        assert sheet.print_area or sheet.title in ("Cover", "Checks"), sheet.title
        assert sheet.print_title_rows or sheet.title in ("Cover", "Charts"), sheet.title
    cash, value = made["Cash statement"], made["Value of the plan"]
    assert (cash.print_title_rows, cash.print_title_cols) == ("$4:$6", "$A:$B")
    assert (int(cash.page_setup.fitToWidth), int(cash.page_setup.fitToHeight or 1)) == (3, 1)
    assert int(value.page_setup.fitToWidth or 1) == 1
    assert [each.id for each in made["Charts"].row_breaks.brk] != []
    cover = [cell.value for (cell,) in made["Cover"].iter_rows(1, None, 1, 1)]
    first = cover.index("Statements, covenants and checks: print these sheets")
    assert cover[first + 1 : first + 7] == [*FIRST[1:], "Checks"]


def test_a_title_is_no_code_in_a_header(quickstart: Path, tmp_path: Path) -> None:
    """Proves: a title with signs that a header takes for codes is printed as it stands, and cut to what a header can
    hold. Broken: `R&D` printed as R and the date of the day."""
    title = "2025 R&D &P " + "long " * 100
    folder = renamed(quickstart, tmp_path / "plan", {"Quickstart - one mine, one offer": title})
    write_workbook(folder, tmp_path / "report.xlsx")
    with zipfile.ZipFile(tmp_path / "report.xlsx") as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    header = html.unescape(re.findall("<oddHeader>(.*)</oddHeader>", sheet)[0])
    assert header.startswith("&L&9 2025 R&&D &&P long")
    assert len(header) < 255


def test_it_prints_on_few_pages(book: Path, tmp_path: Path) -> None:
    """Proves: printed by LibreOffice, charts are a page each and the quickstart's whole workbook is below 60 pages.
    Broken: 82 pages, 19 of them charts cut in two."""
    done = printed(book, tmp_path)
    assert 30 < len(re.findall(rb"/Type */Page\b", done.read_bytes())) < 60


def test_words_where_people_read_and_names_where_they_trace(book: Path, quickstart: Path) -> None:
    """Proves: no name of a key stands in a tab, a heading, or what a line is called; it stands in grey beside it, and
    beneath the words of a table's column. Broken: lines `min_cash`, `cloud_tenant`, a tab `cost_per_btc`."""
    made = openpyxl.load_workbook(book)
    for sheet in made:
        assert not RAW.search(sheet.title)
        read_first = [
            cell for row in sheet.iter_rows(1, 1 if sheet.title.endswith(" data") else None) for cell in row[:1]
        ]
        heads = [cell for row in sheet.iter_rows(1, 4 if not sheet.title.endswith(" data") else 1) for cell in row]
        if sheet.title.startswith("Explained"):
            read_first = []
            heads = list(sheet[1])
        raw = [cell.value for cell in (*read_first, *heads) if isinstance(cell.value, str) and RAW.search(cell.value)]
        assert raw == [], sheet.title
    for name in ("mining", "cash", "limits", "value"):
        names = [cell.value for cell in made[sheet_name(name)][2]]
        assert [each for each in names if each != "(not in the file)"] == list(read(quickstart, name)[0])
    limits = made["Limits and covenants"]
    block = next(row for row in limits.iter_rows(7, None, 1, 4) if row[2].value == "mining_shell")
    assert [cell.value for cell in block] == ["Shell for machines", "West One", "mining_shell", "west_one"]
    assert made["Value of the plan"]["F5"].value == read(quickstart, "value")[0]["component"]
    assert made["Inputs"]["A4"].value == "input"
    assert spoken("black_pearl.s21_xp") == "Black Pearl S21 XP"
    assert pages_across([30.0, 9.0, *[10.0] * 40], 2) == 3


def test_tables_are_the_plans(book: Path, quickstart: Path) -> None:
    """Proves: every figure of every table stands in its sheet with all its digits. Broken: money rounded to 0.1."""
    made = openpyxl.load_workbook(book, data_only=True)
    for name in ("mining", "hosting", "debt", "cash", "limits", "value"):
        for column, key in enumerate(read(quickstart, name)[0]):
            if key.endswith(("usd_m", "mwh", "used", "allowed")):
                there = [
                    cell or 0
                    for (cell,) in made[sheet_name(name)].iter_rows(3, None, column + 1, column + 1, values_only=True)
                ]
                assert there == numbers(quickstart, name, key), (name, key)


def test_every_formula_has_its_value(book: Path) -> None:
    """Proves: what a reader without a calculator sees is there: no formula is without a value, and no value is an
    error. Broken: None, as openpyxl writes formulas."""
    values = openpyxl.load_workbook(book, data_only=True)
    found = formulas(book)
    assert len(found) > 2500
    empty = [place for place in found if values[place[0]][place[1]].value is None]
    assert empty == []
    assert [place for place in found if str(values[place[0]][place[1]].value).startswith("#")] == []


def test_named_headlines(book: Path, quickstart: Path) -> None:
    """Proves: the names of the cover lead to the figures of summary.json. Broken: `value_usd_m` one row off says the
    status quo's 291.5 in place of 342.7."""
    made = openpyxl.load_workbook(book, data_only=True)
    summary = json.loads((quickstart / "summary.json").read_text("utf-8"))

    def named(name: str) -> object:
        sheet, cell = made.defined_names[name].attr_text.split("!")
        return made[sheet][cell.replace("$", "")].value

    measures, cash = summary["measures"], read(quickstart, "cash")
    assert named("value_usd_m") == pytest.approx(summary["value_usd_m"], abs=1e-6)
    for name in ("value_usd_per_share", "value_at_wacc_usd_m", "beyond_horizon_usd_m", "it_mw_signed", "capex_usd_m"):
        assert named(name) == pytest.approx(measures[name], abs=1e-6), name
    assert named("closing_cash_usd_m") == pytest.approx(float(cash[-1]["closing_usd_m"]), abs=1e-6)
    assert named("least_headroom_usd_m") == pytest.approx(measures["thinnest_headroom_usd_m"], abs=1e-6)
    assert named("worth_more_usd_m") == pytest.approx(sum(
        float(row["total_usd_m"]) for row in read(quickstart, "value") if row["component"].startswith("hosting:")
    ), abs=1e-6)  # fmt: skip
    assert named("all_checks_hold") is True


def test_the_same_folder_gives_the_same_bytes(quickstart: Path, book: Path, tmp_path: Path) -> None:
    """Proves: nothing of the clock or of the place is in the file. Broken: the time of creation differs."""
    copied = shutil.copytree(quickstart, tmp_path / "elsewhere")
    write_workbook(copied, tmp_path / "again" / "other.xlsx")
    assert (tmp_path / "again" / "other.xlsx").read_bytes() == book.read_bytes()


def test_hostile_names_are_text(quickstart: Path, tmp_path: Path) -> None:
    """Proves: names that are formulas, patterns, markup, 40,000 characters long or full of control characters are
    text in every cell; formulas are those of the plan with plain names, letter by letter; none is a link, and all
    checks hold. Broken: a formula `=cmd|...`, a sum by the pattern `*` that counts every site, or no string where it
    was too long."""
    folder = renamed(quickstart, tmp_path / "plan", HOSTILE)
    target = tmp_path / "report.xlsx"
    write_workbook(folder, target)
    plain = tmp_path / "plain.xlsx"
    write_workbook(quickstart, plain)
    assert formulas(target) == formulas(plain)
    made = openpyxl.load_workbook(target)
    assert made["Cover"]["A1"].value == '\'=HYPERLINK("http://example.org")'
    tenant = {cell.value for (cell,) in made["Hosting data"].iter_rows(3, None, 3, 3)}
    assert tenant == {"'" + HOSTILE["cloud_tenant"]}
    lots = {str(cell.value) for (cell,) in made["Mining data"].iter_rows(3, None, 4, 4)}
    assert lots == {"'+1", "n" * (MOST_CHARACTERS - len(CUT)) + CUT}
    assert made["Debt data"]["C3"].value == "\u05d0\u05d1\ufffdgnp\u2407\u241b@SUM(A1)"
    with zipfile.ZipFile(target) as parts:
        names = parts.namelist()
        links = "".join(parts.read(name).decode() for name in names if name.endswith(".rels"))
        assert not any("hyperlink" in name for name in names)
        assert "example.org" not in links
        assert "script>" not in "".join(parts.read(name).decode() for name in names if "sheet" in name)
    facts = read_facts(folder)
    assert [check for check in checks(facts, make_statements(facts)) if not check.holds] == []


def test_text_of_cells() -> None:
    """Proves: what a cell may hold, counted as Excel counts: an emoji is two. Broken: 32,768 units, which Excel calls
    a damaged file."""
    assert text("a\nb\x00") == "a b\u2400"
    assert text("@x") == "'@x"
    assert len(text("\U0001f600" * 20000).encode("utf-16-le")) // 2 <= MOST_CHARACTERS
    assert text("\U0001f600" * 20000).endswith(CUT)
    assert text("\ud800x") == "\ufffdx"
    assert header("power_usd_per_btc") == "Power\nUSD/BTC"
    assert header("mwh") == "Energy\nMWh"


def test_random_companies_tie(companies: list[Path]) -> None:
    """Proves: of companies with books, loans, bonds, lines, notes, preferred shares, builds and machines bought, every
    line of cash, income and balance that is a formula gives what the CSV says to 1e-6, and every check holds. Broken:
    interest that leaves out what has accrued, halls without interest capitalised, and so on."""
    for folder in companies:
        facts = read_facts(folder)
        made = make_statements(facts)
        for grid, table, skip in ((made.cash, "cash", 0), (made.income, "income", 0), (made.balance, "balance", 1)):
            assert grid is not None
            for line in grid.lines:
                if f"{line.key}_usd_m" in facts.tables[table].columns:
                    stated = numbers(folder, table, f"{line.key}_usd_m")[skip:]
                    assert grid.values(line.key) == pytest.approx(stated, abs=1e-6), (folder, table, line.key)
        assert [check for check in checks(facts, made) if not check.holds] == []


def test_a_plan_that_does_not_tie_says_so(quickstart: Path, tmp_path: Path) -> None:
    """Proves: a folder in which one figure of cash was changed by 1 has exactly the checks of that line and of what
    follows from it broken, and the cover says FALSE. Broken: TRUE, as a check that compares a cell with itself."""
    folder = shutil.copytree(quickstart, tmp_path / "plan")
    rows = read(folder, "cash")
    rows[3]["mining_margin_usd_m"] = str(float(rows[3]["mining_margin_usd_m"]) + 1)
    write_table(folder, "cash", rows)
    facts = read_facts(folder)
    broken = [check for check in checks(facts, make_statements(facts)) if not check.holds]
    assert [(check.what, round(check.difference.value, 6)) for check in broken] == [("Mining margin", 1.0)]
    write_workbook(folder, tmp_path / "report.xlsx")
    made = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    assert made["Checks"]["B3"].value is False


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "cash",
            lambda text: text.replace("capex_usd_m", "capex"),
            "cash.csv is not as a plan has it: it has no column",
        ),
        ("mining", lambda text: text.replace(",margin_usd_m", ",m"), "no column margin_usd_m"),
        ("treasury", lambda text: re.sub(r"\nbase,2025Q4[^\n]*", "", text), "treasury.csv is not as a plan has it"),
        ("hosting", lambda text: text + "base,2030Q1\n", "hosting.csv has rows of different lengths"),
        ("cash", lambda text: text.splitlines()[0] + "\n", "no plan by period"),
    ],
)
def test_a_broken_folder_is_one_clear_error(
    quickstart: Path, tmp_path: Path, name: str, change: object, said: str
) -> None:
    """Proves: a folder that somebody edited ends in one sentence with the file in it, and no file is left. Broken: a
    traceback with KeyError."""
    assert callable(change)
    folder = shutil.copytree(quickstart, tmp_path / "plan")
    file = folder / f"{name}.csv"
    file.write_text(change(file.read_text("utf-8")), "utf-8")
    with pytest.raises(CallError, match=re.escape(said)):
        write_workbook(folder, tmp_path / "out" / "report.xlsx")
    assert not (tmp_path / "out").exists()


def test_no_plan_no_place_no_xlsxwriter(quickstart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: an empty folder, a folder in the way and a missing library are each one sentence that says what to do."""
    with pytest.raises(CallError, match="holds no plan"):
        write_workbook(tmp_path, tmp_path / "report.xlsx")
    with pytest.raises(CallError, match="is a folder"):
        write_workbook(quickstart, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CallError, match="cannot write"):
        write_workbook(quickstart, tmp_path / "file" / "report.xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(CallError, match="not installed") as raised:
        write_workbook(quickstart, tmp_path / "report.xlsx")
    assert raised.value.details == ("pip install 'wattfork[report]'",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_whole_or_not_at_all(quickstart: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: what stops half way leaves the earlier workbook as it was, and nothing beside it. Broken: half a file."""
    target = tmp_path / "report.xlsx"
    target.write_text("earlier")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write, "write_cover", stop)
    with pytest.raises(KeyboardInterrupt):
        write_workbook(quickstart, target)
    assert target.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["report.xlsx"]
