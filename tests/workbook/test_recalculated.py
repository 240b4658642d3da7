"""The workbook computed anew by LibreOffice: statements are what the CSV says, and they follow their detail."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from optimizer import api
from optimizer.report.workbook import write_workbook
from tests.workbook.folders import numbers, read
from tests.workbook.recalculated import Computed, recalculated, without_values
from tests.workbook.test_workbook import formulas

CIPHER = Path(__file__).resolve().parents[2] / "cases" / "cipher_2025q2"
FIRST_LINE, FIRST_PERIOD = 7, 5
STATEMENTS = {"cash": ("Cash statement", 0), "income": ("Income statement", 0), "balance": ("Balance sheet", 1)}
"""Sheet by table, and the rows of the table before the first period."""
GIVEN = {"collateral", "builds", "builds_operating", "site_cost", "sga", "arriving_due", "fees", "btc_sold", "btc_kept"}
"""Lines of cash that no other table has."""


def columns(folder: Path, table: str) -> list[str]:
    """Of money, in the order of the file, which is that of the statement's lines."""
    with (folder / f"{table}.csv").open(encoding="utf-8") as file:
        return [name for name in next(csv.reader(file)) if name.endswith("_usd_m")]


def line(sheet: Any, row: int, size: int) -> list[float]:
    """A line of a statement over all periods."""
    cells = [cell.value for cell in sheet[row][FIRST_PERIOD - 1 : FIRST_PERIOD - 1 + size]]
    return [float(cell) for cell in cells]


def assert_statements(computed: Path, folder: Path) -> None:
    made = openpyxl.load_workbook(computed, data_only=True)
    size = len(read(folder, "cash"))
    for table, (title, skip) in STATEMENTS.items():
        if not read(folder, table):
            continue
        for at, column in enumerate(columns(folder, table)):
            there = line(made[title], FIRST_LINE + at, size)
            assert there == pytest.approx(numbers(folder, table, column)[skip:], abs=1e-6), (table, column)


def assert_all_hold(computed: Path) -> None:
    made = openpyxl.load_workbook(computed, data_only=True)
    rows = [row for row in made["Checks"].iter_rows(6, None, 1, 5, values_only=True) if row[0]]
    assert len(rows) > 50
    assert [row for row in rows if row[4] is not True] == []
    assert made["Checks"]["B3"].value is True


def assert_values_kept(book: Path, computed: Path) -> None:
    """Every formula gives, computed anew, the value that was kept with it."""
    kept, anew = (openpyxl.load_workbook(path, data_only=True) for path in (book, computed))
    for sheet, cell in formulas(book):
        old, new = kept[sheet][cell].value, anew[sheet][cell].value
        if isinstance(old, int | float):
            old, new = float(old), float(new)
            assert new == pytest.approx(old, rel=1e-6, abs=1e-6), (sheet, cell)
        else:
            assert new == old, (sheet, cell)


def test_quickstart_computed_anew(computed: dict[str, Computed]) -> None:
    """Proves: from formulas alone (their values taken out) every statement is what the CSV says to 1e-6, every value
    that was kept is right, and all checks hold. Broken: 0 in every line, or the kept values of a wrong formula."""
    done = computed["quickstart"]
    assert_statements(done.computed, done.plan)
    assert_values_kept(done.book, done.computed)
    assert_all_hold(done.computed)


def test_what_is_a_formula(book: Path, quickstart: Path) -> None:
    """Proves: of the cash statement only what no table has is a number; debt and value are formulas throughout. A
    statement of pasted numbers would have none."""
    there = formulas(book)
    for at, column in enumerate(columns(quickstart, "cash")):
        # A flow from a table without rows is a plain 0.
        name = column.removesuffix("_usd_m")
        live = ("Cash statement", f"F{FIRST_LINE + at}") in there
        if name in GIVEN:
            assert not live, name
        elif any(numbers(quickstart, "cash", column)):
            assert live, name
    last = 4 + len(read(quickstart, "value"))
    assert {cell for sheet, cell in there if sheet == "Value of the plan"} >= {"B5", "D5", f"D{last}"}


def test_a_company_with_books_computed_anew(computed: dict[str, Computed]) -> None:
    """Proves: the same of a company with three statements, a loan and a bond, builds, machines bought, and coins kept
    and sold: income, balance, debt and limits from formulas alone."""
    done = computed["company"]
    decided = {row["decision"] for row in read(done.plan, "decisions")}
    assert {"sign", "build", "buy", "draw", "sell_btc", "keep_btc"} <= decided
    assert_statements(done.computed, done.plan)
    assert_values_kept(done.book, done.computed)
    assert_all_hold(done.computed)


def test_hostile_names_computed_anew(computed: dict[str, Computed], quickstart: Path) -> None:
    """Proves: with names that are patterns, formulas or too long, the same formulas find the same rows, and there are
    no others. Broken: a name `*` that adds up every tenant, a formula `=cmd|...`."""
    done = computed["hostile"]
    assert_statements(done.computed, quickstart)
    assert_all_hold(done.computed)
    assert set(formulas(done.computed)) == set(formulas(computed["quickstart"].computed))


def test_formulas_are_live(computed: dict[str, Computed], quickstart: Path) -> None:
    """Proves: 10 more of margin in one row of mining is 10 more of the period's margin and of every closing from there
    on, 3 more owed at the start is 3 more at every end, 7 more of one part of the value is 7 more of the total; and
    the checks no longer hold. Broken: the figures of the CSV, untouched."""
    made = openpyxl.load_workbook(computed["changed"].computed, data_only=True)
    size = len(read(quickstart, "cash"))
    lines = columns(quickstart, "cash")

    def moved(column: str) -> list[float]:
        there = line(made["Cash statement"], FIRST_LINE + lines.index(column), size)
        return [round(a - b, 4) + 0.0 for a, b in zip(there, numbers(quickstart, "cash", column), strict=True)]

    assert moved("mining_margin_usd_m") == [0, 0, 10] + [0] * (size - 3)
    assert moved("closing_usd_m") == moved("headroom_usd_m") == [0, 0] + [10] * (size - 2)
    debt = made["Debt roll-forward"]
    closing = next(cell.row for (cell,) in debt.iter_rows(1, None, 1, 1) if cell.value == "Closing")
    stated = numbers(quickstart, "debt", "closing_usd_m")
    assert line(debt, closing, size) == pytest.approx([amount + 3 for amount in stated], abs=1e-6)
    value = float(read(quickstart, "value")[-1]["total_usd_m"])
    assert made["Cover"]["B5"].value == pytest.approx(value + 7, abs=1e-6)
    assert made["Checks"]["B3"].value is False


@pytest.mark.soak
def test_cipher_computed_anew(tmp_path: Path) -> None:
    """Proves: the same of a listed company with seven sites, contracts, reserves, four tenants and five facilities."""
    folder = tmp_path / "plan"
    api.solve(api.load(CIPHER), twins=False).write(folder)
    book = tmp_path / "report.xlsx"
    write_workbook(folder, book)
    [computed] = recalculated([without_values(book, tmp_path / "bare.xlsx")], tmp_path)
    assert_statements(computed, folder)
    assert_values_kept(book, computed)
    assert_all_hold(computed)
