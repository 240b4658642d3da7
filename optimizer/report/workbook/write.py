"""Plan folder -> workbook: read, made, written. Whole or not at all, and the same bytes for the same folder."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.report.workbook.charts import SHEET as CHARTS
from optimizer.report.workbook.charts import write_charts
from optimizer.report.workbook.checks import SHEET as CHECKS
from optimizer.report.workbook.checks import Check, checks
from optimizer.report.workbook.cover import SHEET as COVER
from optimizer.report.workbook.cover import write_cover
from optimizer.report.workbook.detail_sheets import write_table
from optimizer.report.workbook.facts import ABOUT, Facts, read_facts
from optimizer.report.workbook.inputs import SHEET as INPUTS
from optimizer.report.workbook.inputs import write_inputs
from optimizer.report.workbook.pen import BAND, CREATED, Pen, open_pen
from optimizer.report.workbook.printing import print_fitted
from optimizer.report.workbook.statement_sheets import write_grid, write_listing
from optimizer.report.workbook.statements import Statements, make_statements
from optimizer.report.workbook.term import Term
from optimizer.report.workbook.words import text

STATEMENT, DETAIL, FRAME = "#1F5FA8", "#8A8A8A", "#1B7F3B"
FIRST_CHECK = 5
WIDTHS = (42, 52, 14, 14, 14)
"""Of the columns of checks, in characters."""


def write_workbook(folder: Path, target: Path) -> None:
    """Write the workbook of a plan folder to ``target``, in the place of an earlier one.

    Reads nothing but the folder. Raises CallError if it holds no plan, if ``target`` cannot be written, or if
    xlsxwriter is missing.
    """
    facts = read_facts(folder)
    made = make_statements(facts)
    if target.is_dir():
        raise CallError(f"{target} is a folder; a workbook is a file", ("name a file that ends in .xlsx",))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".xlsx", dir=target.parent)
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None
    os.close(handle)
    stage = Path(name)
    try:
        _write(open_pen(stage, facts.plan.title), facts, made)
        stage.chmod(0o644)
        os.replace(stage, target)
    except OSError as error:
        raise CallError(f"cannot write {target}: {error.strerror}") from None
    finally:
        stage.unlink(missing_ok=True)


def _write(pen: Pen, facts: Facts, made: Statements) -> None:
    created = datetime(CREATED.year, CREATED.month, CREATED.day)
    title = text(facts.plan.title)
    pen.book.set_properties({"title": title[:255], "created": created, "comments": "A plan of wattfork"})
    pen.book.set_calc_mode("auto")
    # Sheets stand in the order in which they are printed: what a controller reads first comes first.
    cover = pen.sheet(COVER, FRAME)
    held = checks(facts, made)
    for listing in made.listings:
        write_listing(pen, listing, STATEMENT)
    for grid in made.grids:
        write_grid(pen, grid, STATEMENT)
    holds = _write_checks(pen, held)
    write_charts(pen, pen.sheet(CHARTS, FRAME, portrait=True), made)
    for grid in made.beside:
        write_grid(pen, grid, FRAME)
    write_inputs(pen, facts, FRAME)
    first = [(listing.sheet, listing.about) for listing in made.listings]
    first += [(grid.sheet, grid.about) for grid in made.grids]
    first += [(CHECKS, "every tie-out as a formula that gives 0")]
    second = [(CHARTS, "megawatts, cash, debt, bridge, each with its data")]
    second += [(each.sheet, each.about) for each in made.beside]
    second += [(INPUTS, "every value of the case")]
    tables = [(name, f"{name}.csv", table) for name, table in facts.tables.items()]
    tables += [(f"explain_{name}", f"explain/{name}.csv", table) for name, table in facts.explained.items()]
    for name, file, table in tables:
        if table:
            write_table(pen, table, DETAIL)
            second.append((table.sheet, f"{file}: {ABOUT[name]}"))
    write_cover(pen, cover, facts, made, holds, (first, second))
    cover.activate()
    pen.book.close()


def _write_checks(pen: Pen, held: list[Check]) -> Term:
    """The sheet of checks; returns the cell that says whether all of them hold."""
    sheet = pen.sheet(CHECKS, FRAME)
    pen.title(sheet, CHECKS, "Each difference should be nothing but rounding: tables have eight decimals.")
    last = FIRST_CHECK + len(held)
    everything = all(check.holds for check in held)
    pen.put(sheet, 2, 0, "all checks hold", bold=True)
    style: Any = pen.format(bold=True, align="left")
    sheet.write_formula(2, 1, f"=AND(E{FIRST_CHECK + 1}:E{last})", style, everything)
    pen.words(sheet, FIRST_CHECK - 1, 0, ["of", "what", " ", " ", "holds"], bold=True, bg_color=BAND, bottom=1)
    pen.words(sheet, FIRST_CHECK - 1, 2, ["difference", "allowed"], bold=True, bg_color=BAND, bottom=1, align="right")
    for row, check in enumerate(held, start=FIRST_CHECK):
        pen.put(sheet, row, 0, check.about)
        pen.put(sheet, row, 1, check.what)
        pen.put(sheet, row, 2, check.difference, num_format="0.0E+00")
        pen.put(sheet, row, 3, check.tolerance, num_format="0.0E+00")
        sheet.write_formula(row, 4, f"=ABS(C{row + 1})<=D{row + 1}", pen.format(align="left"), check.holds)
    sheet.autofilter(FIRST_CHECK - 1, 0, last - 1, 4)
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(FIRST_CHECK, 0)
    bad: Any = pen.format(font_color="#FFFFFF", bg_color="#B00020")
    sheet.conditional_format(
        FIRST_CHECK, 4, last - 1, 4, {"type": "cell", "criteria": "==", "value": "FALSE", "format": bad}
    )
    sheet.repeat_rows(FIRST_CHECK - 1)
    print_fitted(sheet, WIDTHS, last, (0, 1), with_truths=True)
    return Term(f"{CHECKS}!B3", float(everything))
