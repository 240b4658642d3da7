"""Limits as formulas: used, allowed and headroom of each, and the ratio where the limit is one.

What limits on money compare is made anew from cash, debt and treasury where these have it (docs/figures_capital.md,
section 14); the tightest instant of megawatts, and what facilities allow, come from the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import NAMED, Grid, Line
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.tables import NameCell
from optimizer.report.workbook.term import TO_THE_DOLLAR, ZERO, Term, not_below_zero, number, over, rounded, summed
from optimizer.report.workbook.words import limit_words, spoken, text

SHEET = "Limits and covenants"
AT_LEAST = {"min_cash", "min_liquidity", "debt_service_coverage", "lock_up"}
"""Limits whose headroom is what is used less what is allowed."""
RATIOS = {
    "net_debt_to_ebitda": "Net debt over EBITDA",
    "debt_service_coverage": "EBITDA over debt service",
    "due_within_12_months": "Due within twelve months over cash and undrawn lines",
    "max_btc_share": "Bitcoin over bitcoin and cash",
    "debt_to_capital": "Debt over debt and market value",
}
UNITS = {"usd_m": "USD m", "mw": "MW", "btc": "BTC", "share": "share", "times": "times"}
LAST_TWELVE = "ebitda_12_months"

MADE = {
    "min_cash.used": "cash statement: closing",
    "net_debt_to_ebitda.used": "debt less closing cash",
    "net_debt_to_ebitda.allowed": "limit x EBITDA of twelve months",
    "debt_service_coverage.used": "EBITDA of twelve months",
    "min_liquidity.used": "cash, coins not pledged, undrawn lines",
    "max_btc_share.used": "coins at the price then",
    "max_btc_share.allowed": "limit x (cash and coins)",
    "debt_to_capital.used": "debt roll-forward",
}
"""Where sides come from that are made anew; the last period's coins are the table's, since no sheet has their price."""

Rule = Callable[[Period], Term | None]
Block = tuple[str, str | None, str]


def limits_statement(facts: Facts, cash: Grid, debt: Grid | None) -> Grid | None:
    """A block for each limit and item; None where there is no limit at all."""
    table = facts.tables["limits"]
    if not table:
        return None
    blocks = _blocks(facts)
    lines = [Line(LAST_TWELVE, "EBITDA of the last twelve months", how="cash statement")]
    for block, key in blocks.items():
        lines += _lines(block, key)
    about = (
        "Headroom below 0 is a limit broken at its price. A cell is empty where a limit does not hold or is not tested."
    )
    grid = Grid(SHEET, about, facts.periods, lines, NAMED)
    for period in facts.periods:
        if (earned := _last_twelve(facts, cash, period)) is not None:
            grid.put(LAST_TWELVE, period.number, earned)
    rules = _rules(facts, cash, debt, grid)
    for block, key in blocks.items():
        _fill(facts, grid, block, key, rules)
    return grid


def _blocks(facts: Facts) -> dict[Block, str]:
    """(limit, item, unit) and the key of each, in the order of the table."""
    table = facts.tables["limits"]
    found: dict[Block, str] = {}
    for limit, item, unit in zip(table.column("limit"), table.column("item"), table.column("unit"), strict=True):
        block = (str(limit), item if isinstance(item, str) else None, str(unit))
        if block not in found:
            found[block] = f"{limit}.{len(found)}"
    return found


def _lines(block: Block, key: str) -> list[Line]:
    limit, item, unit = block
    said = UNITS.get(unit, unit)
    lines = [
        Line(
            f"{key}.heading",
            limit_words(limit),
            unit="",
            style="heading",
            item=spoken(item) if item else None,
            names=(limit, item),
        ),
        Line(f"{key}.used", "Used", said, _how(limit, "used")),
        Line(f"{key}.allowed", "Allowed", said, _how(limit, "allowed")),
        Line(f"{key}.headroom", "Headroom", said, "used and allowed", "total"),
        Line(f"{key}.difference", "Headroom less that of the table", said, "check: 0"),
    ]
    if limit in RATIOS:
        lines.append(Line(f"{key}.ratio", RATIOS[limit], "times", "limit x used / allowed", "memo"))
    return lines


def _how(limit: str, side: str) -> str:
    return MADE.get(f"{limit}.{side}", f"limits: {side}")


def _fill(facts: Facts, grid: Grid, block: Block, key: str, rules: Mapping[str, Rule]) -> None:
    limit, item, _ = block
    table = facts.tables["limits"]
    names: dict[str, NameCell] = {
        "limit": grid.named(f"{key}.heading", 0),
        "item": grid.named(f"{key}.heading", 1),
    }
    there = set(zip(table.column("period"), table.column("limit"), table.column("item"), strict=True))
    level = facts.limit_level(limit)
    for period in facts.periods:
        if (text(period.name), limit, item) not in there:
            continue
        n = period.number
        for side in ("used", "allowed"):
            rule = rules.get(f"{limit}.{side}")
            made = rule(period) if rule else None
            grid.put(f"{key}.{side}", n, table.of_name(side, period, **names) if made is None else made)
        used, allowed = grid.at(f"{key}.used", n), grid.at(f"{key}.allowed", n)
        left = used - allowed if limit in AT_LEAST else allowed - used
        grid.put(f"{key}.headroom", n, rounded(left, TO_THE_DOLLAR))
        headroom = table.of_name("headroom", period, **names)
        grid.put(f"{key}.difference", n, rounded(grid.at(f"{key}.headroom", n) - headroom, TO_THE_DOLLAR))
        if limit in RATIOS and level is not None:
            grid.put(f"{key}.ratio", n, over(number(level) * used, allowed))


def _rules(facts: Facts, cash: Grid, debt: Grid | None, grid: Grid) -> dict[str, Rule]:
    """What is made anew, by limit and side. A rule gives None where its parts are on no sheet."""

    def owed(period: Period) -> Term:
        there = debt is not None and debt.has("debts.closing")
        return debt.over("debts.closing", period.number) if debt is not None and there else ZERO

    def closing(period: Period) -> Term:
        return cash.over("closing", period.number)

    def coins(period: Period) -> Term | None:
        price = facts.btc_usd_at_end(period)
        stock = facts.tables["treasury"].in_period("closing_btc", period)
        return None if price is None else stock * price * number(1e-6)

    def free_coins(period: Period) -> Term | None:
        price, table = facts.btc_usd_at_end(period), facts.tables["limits"]
        if price is None:
            return None
        stock = facts.tables["treasury"].in_period("closing_btc", period)
        pledged = table.in_period("used", period, limit="btc_pledged")
        kept = 1 - facts.amount("limits", "btc_haircut", default=0.3)
        undrawn = [
            grid.at(f"{key}.headroom", period.number)
            for key in _credit_lines(facts, grid)
            if (f"{key}.headroom", period.number) in grid.cells
        ]
        return number(kept) * (stock - pledged) * price * number(1e-6) + closing(period) + summed(undrawn)

    def with_level(limit: str, of: Callable[[Period], Term | None]) -> Rule:
        level = facts.limit_level(limit)

        def rule(period: Period) -> Term | None:
            found = of(period)
            return None if found is None or level is None else number(level) * found

        return rule

    def earned(period: Period) -> Term | None:
        there = (LAST_TWELVE, period.number) in grid.cells
        return grid.at(LAST_TWELVE, period.number) if there else None

    def earned_at_least_nothing(period: Period) -> Term | None:
        found = earned(period)
        return None if found is None else not_below_zero(found)

    def with_cash(period: Period) -> Term | None:
        worth = coins(period)
        return None if worth is None else closing(period) + worth

    return {
        "min_cash.used": closing,
        "net_debt_to_ebitda.used": lambda period: owed(period) - closing(period),
        "net_debt_to_ebitda.allowed": with_level("net_debt_to_ebitda", earned_at_least_nothing),
        "debt_service_coverage.used": earned,
        "min_liquidity.used": free_coins,
        "max_btc_share.used": coins,
        "max_btc_share.allowed": with_level("max_btc_share", with_cash),
        "debt_to_capital.used": owed,
    }


def _credit_lines(facts: Facts, grid: Grid) -> list[str]:
    """Keys of blocks of credit lines, whose headroom is what can still be drawn."""
    return [
        line.key.removesuffix(".heading")
        for line in grid.lines
        if line.key.startswith("facility.")
        and line.style == "heading"
        and facts.facilities.get(line.names[1] or "", {}).get("kind") == "credit_line"
    ]


def _last_twelve(facts: Facts, cash: Grid, period: Period) -> Term | None:
    """Of the twelve months before a period's end: periods by the share of their months in it, and what was before."""
    first, last, start = period.last_month - 12, period.last_month, facts.periods[0].first_month
    total = ZERO
    for each in facts.periods:
        months = min(each.last_month, last) - max(each.first_month, first)
        if months > 0:
            total = total + cash.over("ebitda", each.number) * number(months / each.months)
    if first >= start:
        return total
    before = months_before(facts.finance.get("ebitda_before_usd_m"), start)
    if not before:
        return None
    mean = sum(before.values()) / len(before)
    return total + number(sum(before.get(month, mean) for month in range(first, start)))


def months_before(stated: Any, start: int) -> dict[int, float]:
    """EBITDA by month before the start, from entries by quarter (``2025-Q1``) or month."""
    months: dict[int, float] = {}
    for name, amount in stated.items() if isinstance(stated, Mapping) else ():
        found = re.fullmatch(r"(\d{4})-(?:Q([1-4])|(\d\d))", str(name))
        if found is None or not isinstance(amount, int | float):
            continue
        size = 3 if found[2] else 1
        first = int(found[1]) * 12 + (3 * int(found[2]) - 3 if found[2] else int(found[3]) - 1)
        months |= {month: amount / size for month in range(first, first + size) if month < start}
    return months
