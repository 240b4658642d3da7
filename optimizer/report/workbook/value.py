"""The value of the plan, and its bridge from the status quo, as formulas."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.plan.table import Cell
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.tables import NameCell, first_seen
from optimizer.report.workbook.term import Term, sum_of
from optimizer.report.workbook.words import cause_words, component_words

VALUE, BRIDGE = "Value of the plan", "Value bridge"
FIRST = 4
"""First row of a list, counted from 0; its header stands above."""
AMOUNTS = ("within_horizon_usd_m", "beyond_horizon_usd_m", "total_usd_m", "at_wacc_usd_m")
NAMES = ("cause in bridge.csv", "component in bridge.csv")
SIDES = ("status_quo_usd_m", "plan_usd_m", "difference_usd_m")


@dataclass(frozen=True)
class Listing:
    """A list: header and rows of words and formulas. Rows in ``strong`` are totals."""

    sheet: str
    about: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell | Term, ...], ...]
    strong: frozenset[int]

    def at(self, row: int, column: int) -> Term:
        """A cell, as other sheets refer to it."""
        cell = self.rows[row][column]
        assert isinstance(cell, Term)
        return Term(f"'{self.sheet}'!{_cell(row, column)}", cell.value)


def _cell(row: int, column: int) -> str:
    return f"{'ABCDEFGH'[column]}{FIRST + row + 1}"


def _refer(row: int, column: int, term: Term) -> Term:
    return Term(_cell(row, column), term.value)


def value_listing(facts: Facts) -> Listing:
    """Components of the value from the table; each total and the last row are sums."""
    table = facts.tables["value"]
    names = [name for name in first_seen(table.column("component")) if name != "total"]
    has_wacc = any(isinstance(cell, float) for cell in table.column("at_wacc_usd_m"))
    rows: list[tuple[Cell | Term, ...]] = []
    for at, name in enumerate(names):
        parts = [table.of_name(amount, None, component=NameCell(f"$F{FIRST + at + 1}", name)) for amount in AMOUNTS]
        total = _refer(at, 1, parts[0]) + _refer(at, 2, parts[1])
        rows.append((component_words(name), parts[0], parts[1], total, parts[3] if has_wacc else None, name))
    sums: list[Cell | Term] = ["Total"]
    for column in range(1, 5):
        cells = [cell for row in rows if isinstance(cell := row[column], Term)]
        where = [_refer(at, column, cell) for at, cell in enumerate(cells)]
        sums.append(sum_of(where) if where else None)
    about = "What the plan is worth today: each kind of flow at its own rate, debt at its own cost."
    header = ("component", "within the horizon\nUSD m", "beyond it\nUSD m", "total\nUSD m", "at one WACC\nUSD m")
    return Listing(VALUE, about, (*header, "name in value.csv"), (*rows, (*sums, "total")), frozenset({len(rows)}))


def bridge_listing(facts: Facts, value: Listing) -> Listing | None:
    """From the status quo to the plan by component, and by cause; None where the folder has no bridge."""
    table = facts.tables["bridge"]
    if not table:
        return None
    components = [str(row[-1]) for row in value.rows]
    rows: list[tuple[Cell | Term, ...]] = []
    pairs = [
        (str(cause), str(component))
        for cause, component in zip(table.column("cause"), table.column("component"), strict=True)
        if "total" not in (cause, component)
    ]
    for at, (cause, component) in enumerate(pairs):
        name = NameCell(f"$G{FIRST + at + 1}", component)
        quo = table.of_name(SIDES[0], None, component=name)
        here = component in components
        plan = value.at(components.index(component), 3) if here else table.of_name(SIDES[1], None, component=name)
        difference = _refer(at, 3, plan) - _refer(at, 2, quo)
        rows.append((cause_words(cause), component_words(component), quo, plan, difference, cause, component))
    size = len(rows)
    rows.append(("Total", None, *(_sum(rows, column, size) for column in (2, 3, 4)), "total", None))
    strong = {size}
    causes = first_seen(cause for cause, _ in pairs)
    for cause in causes:
        parts = [_by_cause(rows, column, size, cause, len(rows)) for column in (2, 3, 4)]
        rows.append((cause_words(cause), None, *parts, cause, None))
    about = "What makes the plan worth more than keeping to what is committed; beneath the total the same by cause."
    header = ("cause", "component", "status quo\nUSD m", "plan\nUSD m", "difference\nUSD m", *NAMES)
    return Listing(BRIDGE, about, header, tuple(rows), frozenset(strong))


def _terms(rows: list[tuple[Cell | Term, ...]], column: int, size: int) -> list[Term]:
    return [cell for row in rows[:size] if isinstance(cell := row[column], Term)]


def _sum(rows: list[tuple[Cell | Term, ...]], column: int, size: int) -> Term:
    return sum_of([_refer(at, column, cell) for at, cell in enumerate(_terms(rows, column, size))])


def _by_cause(rows: list[tuple[Cell | Term, ...]], column: int, size: int, cause: str, row: int) -> Term:
    letter, last = "ABCDEFGH"[column], FIRST + size
    value = sum(cell.value for at, cell in enumerate(_terms(rows, column, size)) if rows[at][5] == cause)
    names = f"$F${FIRST + 1}:$F${last}"
    return Term(f"SUMPRODUCT(EXACT({names},$F{FIRST + row + 1})*1,{letter}${FIRST + 1}:{letter}${last})", value)
