"""The debt roll-forward as formulas: each debt, and all of them (docs/figures_capital.md, section 19)."""

from __future__ import annotations

from optimizer.plan.table import DECIMALS
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import NAMED, Grid, Line
from optimizer.report.workbook.tables import first_seen
from optimizer.report.workbook.term import TO_THE_DOLLAR, rounded, summed
from optimizer.report.workbook.words import spoken

SHEET = "Debt roll-forward"
DEBTS, SHARES = "debts", "shares"
BOTH = (DEBTS, SHARES)
"""Blocks of all debts, and of all preferred shares."""

PARTS = (
    ("drawn", "Drawn", "debt: drawn"),
    ("capitalised", "Capitalised", "debt: capitalised"),
    ("interest", "Interest paid", "debt: interest"),
    ("principal", "Principal paid", "debt: principal"),
    ("closing", "Closing", "opening + drawn + capitalised - principal"),
    ("accrued_interest", "Interest accrued at the end", "debt: accrued interest"),
    ("unamortised_fees", "Fees not written off", "debt: unamortised fees"),
    ("due_12_months", "Due within twelve months", "debt: due 12 months"),
    ("difference", "Closing less that of the debt table", "check: 0"),
)


def debt_statement(facts: Facts) -> Grid | None:
    """A block for all debts, one for all preferred shares, then one for each; None for a plan without any."""
    table = facts.tables["debt"]
    names = first_seen(table.column("debt")) if table else []
    if not names:
        return None
    groups = {DEBTS: [n for n in names if n not in facts.preferred], SHARES: [n for n in names if n in facts.preferred]}
    groups = {group: members for group, members in groups.items() if members}
    titles = {DEBTS: "All debts", SHARES: "All preferred shares"}
    lines: list[Line] = []
    for group in groups:
        lines += _block(group, titles[group], "sum of the blocks below")
    for number, name in enumerate(names):
        lines += _block(str(number), spoken(name), "", name)
    about = "What is owed: opening, drawn, capitalised, repaid, closing. Interest of preferred shares is dividends."
    grid = Grid(SHEET, about, facts.periods, lines, NAMED)
    for number in range(len(names)):
        _fill(facts, grid, str(number))
    for group, members in groups.items():
        keys = [str(names.index(name)) for name in members]
        for part in ("opening", *(part for part, _, _ in PARTS)):
            for n in range(len(facts.periods)):
                grid.put(f"{group}.{part}", n, summed(grid.at(f"{key}.{part}", n) for key in keys))
    return grid


def _block(key: str, title: str, how: str, name: str | None = None) -> list[Line]:
    rows = [Line(f"{key}.heading", title, unit="", style="heading", names=(name,) if name is not None else ())]
    rows.append(Line(f"{key}.opening", "Opening", how=how or "closing of the period before"))
    for part, label, source in PARTS:
        rows.append(Line(f"{key}.{part}", label, how=how or source, style="total" if part == "closing" else "line"))
    return rows


def _fill(facts: Facts, grid: Grid, key: str) -> None:
    table, name = facts.tables["debt"], grid.named(f"{key}.heading")
    for period in facts.periods:
        n = period.number
        before = grid.at(f"{key}.closing", n - 1) if n else table.of_name("opening_usd_m", period, debt=name)
        opening = grid.put(f"{key}.opening", n, before)
        for part, _, _ in PARTS:
            if part not in ("closing", "difference"):
                grid.put(f"{key}.{part}", n, table.of_name(f"{part}_usd_m", period, debt=name))
        drawn, added = grid.at(f"{key}.drawn", n), grid.at(f"{key}.capitalised", n)
        left = opening + drawn + added - grid.at(f"{key}.principal", n)
        closing = grid.put(f"{key}.closing", n, rounded(left, DECIMALS))
        apart = closing - table.of_name("closing_usd_m", period, debt=name)
        grid.put(f"{key}.difference", n, rounded(apart, TO_THE_DOLLAR))
