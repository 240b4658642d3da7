"""Every tie-out as a formula that gives 0: statements against the plan's tables, and tables against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.report.workbook import cash, income
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import START, Grid
from optimizer.report.workbook.letters import column_letter
from optimizer.report.workbook.periods import BEGINS_ROW, FIRST_COLUMN
from optimizer.report.workbook.statements import Statements
from optimizer.report.workbook.tables import BEGINS, FIRST_ROW, Table, first_seen
from optimizer.report.workbook.term import Term, number
from optimizer.report.workbook.value import AMOUNTS
from optimizer.report.workbook.words import key_words, spoken

SHEET = "Checks"
SOURCES = "Sources and uses"
TOLERANCE = 1e-6
PER_ROW = 1e-8
"""Figures of tables are rounded to eight decimals; a sum of many may be off by as many halves of the last."""


SAME_LEAST = 2.1e-5
"""summary.json names the first period whose headroom is within twenty dollars of the least."""


@dataclass(frozen=True)
class Check:
    """What should be nothing; ``about`` groups them."""

    about: str
    what: str
    difference: Term
    tolerance: float = TOLERANCE

    @property
    def holds(self) -> bool:
        """Whether it is nothing but rounding."""
        return abs(self.difference.value) <= self.tolerance


def checks(facts: Facts, made: Statements) -> list[Check]:
    """All tie-outs that the plan has the sheets for."""
    found = list(_against_tables(facts, made))
    found += _within(made)
    found += _rows(facts)
    found += _sources(facts, made)
    found += _value(facts, made)
    return [check for check in found if not check.difference.fixed or not check.holds]


def _against_tables(facts: Facts, made: Statements) -> Iterator[Check]:
    for grid, name, skip in ((made.cash, "cash", 0), (made.income, "income", 0), (made.balance, "balance", 1)):
        if grid is None:
            continue
        table = facts.tables[name]
        for line in grid.lines:
            column = f"{line.key}_usd_m"
            if column in table.columns:
                stated = facts.stated(name, column)[skip:]
                yield Check(
                    f"{grid.sheet} as {name}.csv says it", line.label, _apart(grid, line.key, table, column, stated)
                )
    if made.coin is not None:
        table = facts.tables["cost_per_btc"]
        for line in made.coin.lines:
            column = "btc" if line.key == "btc" else f"{line.key}_usd"
            about, stated = f"{made.coin.sheet} as cost_per_btc.csv says it", facts.stated("cost_per_btc", column)
            if line.key == "btc":
                yield Check(about, line.label, _apart(made.coin, line.key, table, column, stated))
            else:
                apart = _apart_per_coin(made.coin, line.key, table, column, stated)
                yield Check(about, f"{line.label}, USD of all coins of a period", apart, 1.0)


def _apart(grid: Grid, key: str, table: Table, column: str, stated: Sequence[float]) -> Term:
    """The most by which a line of a statement and a column of a table differ, by period."""
    apart = [abs(a - b) for a, b in zip(grid.values(key), stated, strict=True)]
    return Term(f"SUMPRODUCT(MAX(ABS({grid.across(key)}-{_listed(grid, table, column)})))", max(apart))


def _listed(grid: Grid, table: Table, column: str) -> str:
    """A column of a table as an array over the periods of a statement."""
    first, last = column_letter(FIRST_COLUMN), column_letter(FIRST_COLUMN + len(grid.periods) - 1)
    days = f"'{grid.sheet}'!${first}${BEGINS_ROW + 1}:${last}${BEGINS_ROW + 1}"
    return f"SUMIF({table.range(BEGINS)},{days},{table.range(column)})"


def _apart_per_coin(grid: Grid, key: str, table: Table, column: str, stated: Sequence[float]) -> Term:
    """The same of USD per coin, in USD for all coins of a period, over what the roundings of money and coins allow.

    A figure of few coins moves with the eighth decimal of the coins: it is compared with ten of these.
    """
    coins, listed = grid.values("btc"), _listed(grid, table, column)
    apart = [
        abs(a - b) * by / (1 + PER_ROW * 10 * abs(b)) for a, b, by in zip(grid.values(key), stated, coins, strict=True)
    ]
    scaled = f"ABS({grid.across(key)}-{listed})*{grid.across('btc')}/(1+ABS({listed})*1E-7)"
    return Term(f"SUMPRODUCT(MAX({scaled}))", max(apart))


def _most(grid: Grid, key: str) -> Term:
    """The most that a line of differences is away from nothing."""
    return Term(f"SUMPRODUCT(MAX(ABS({grid.across(key)})))", max(abs(value) for value in grid.values(key)))


def _within(made: Statements) -> Iterator[Check]:
    if made.balance is not None:
        yield Check(made.balance.sheet, "assets less liabilities and equity", _most(made.balance, "check"))
    for grid in (made.debt, made.limits):
        for line in grid.lines if grid is not None else ():
            key = line.key.removesuffix(".difference")
            if grid is not None and key != line.key and not key.startswith(("debts", "shares")):
                heading = next(each for each in grid.lines if each.key == f"{key}.heading")
                name = f"{heading.label} {heading.item or ''}".strip()
                yield Check(f"{grid.sheet} as the table says it", name, _most(grid, line.key))
    if made.income is not None:
        ours, theirs = made.income.values("ebitda"), made.cash.values("ebitda")
        apart = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
        both = f"{made.income.across('ebitda')}-{made.cash.across('ebitda')}"
        yield Check(income.SHEET, "EBITDA, as cash has it", Term(f"SUMPRODUCT(MAX(ABS({both})))", apart))
    if made.income is not None and made.balance is not None:
        yield Check(
            income.SHEET, "result of bitcoin, as the balance has it", _bitcoin(made.income, made.balance, made.cash)
        )


def _bitcoin(earned: Grid, balance: Grid, money: Grid) -> Term:
    """Realised and unrealised, less what coins changed in the balance but for what was kept and sold."""
    row = balance.row("bitcoin") + 1
    first, last = column_letter(FIRST_COLUMN - 1), column_letter(FIRST_COLUMN + len(balance.periods) - 2)
    before = f"'{balance.sheet}'!{first}{row}:{last}{row}"
    parts = [earned.across("btc_realised"), earned.across("btc_unrealised")]
    text = "+".join(parts) + f"-{balance.across('bitcoin')}+{before}"
    text += f"-{money.across('btc_kept')}-{money.across('btc_sold')}"
    apart = []
    for n in range(len(balance.periods)):
        result = earned.at("btc_realised", n).value + earned.at("btc_unrealised", n).value
        change = balance.at("bitcoin", n).value - balance.at("bitcoin", n - 1).value
        apart.append(abs(result - change - money.at("btc_kept", n).value - money.at("btc_sold", n).value))
    return Term(f"SUMPRODUCT(MAX(ABS({text})))", max(apart))


IDENTITIES = (
    ("mining", "margin is revenue less costs", ("revenue_usd_m",),
     ("power_cost_usd_m", "variable_cost_usd_m", "margin_usd_m")),
    ("hosting", "NOI is rent less costs, with what is recovered",
     ("rent_usd_m", "power_recovered_usd_m", "delivery_recovered_usd_m"),
     ("operating_cost_usd_m", "power_cost_usd_m", "delivery_cost_usd_m", "noi_usd_m")),
    ("treasury", "coins at the end are those at the start, mined, not sold",
     ("opening_btc", "mined_btc"), ("sold_btc", "closing_btc")),
    ("companies", "cash at the end is that at the start and what came and went",
     ("opening_usd_m", "flows_usd_m", "fund_usd_m"), ("upstream_usd_m", "closing_usd_m")),
    ("value", "total is within and beyond the horizon",
     ("within_horizon_usd_m", "beyond_horizon_usd_m"), ("total_usd_m",)),
)  # fmt: skip
"""What is nothing in every row of a table: columns that are added, and columns that are taken off."""


def _rows(facts: Facts) -> Iterator[Check]:
    for name, what, adds, takes in IDENTITIES:
        table = facts.tables[name]
        if table:
            columns = [(column, 1) for column in adds] + [(column, -1) for column in takes]
            apart = [0.0] * len(table.rows)
            for column, sign in columns:
                apart = [so_far + sign * each for so_far, each in zip(apart, table.numbers(column), strict=True)]
            text = "+".join(table.range(column) for column in adds) + "".join(f"-{table.range(c)}" for c in takes)
            yield Check(f"{name}, every row", what, Term(f"SUMPRODUCT(MAX(ABS({text})))", max(map(abs, apart))))
    mining, treasury, power = facts.tables["mining"], facts.tables["treasury"], facts.tables["power"]
    if mining and treasury:
        apart_btc = _column_sum(mining, "btc") - _column_sum(treasury, "mined_btc")
        yield Check("mining and treasury", "coins mined", apart_btc, _loose(mining, treasury))
    if mining and power:
        paid = sum(
            cost for cost, use in zip(power.numbers("cost_usd_m"), power.column("use"), strict=True) if use == "mining"
        )
        listed = Term(f'SUMIFS({power.range("cost_usd_m")},{power.range("use")},"mining")', paid)
        apart_power = _column_sum(mining, "power_cost_usd_m") - listed
        yield Check("mining and power", "what machines pay for power", apart_power, _loose(mining, power))


def _column_sum(table: Table, column: str) -> Term:
    return Term(f"SUM({table.range(column)})", sum(table.numbers(column)))


def _loose(*tables: Table) -> float:
    return TOLERANCE + PER_ROW * sum(len(table.rows) for table in tables)


COMPANY = (("use", "capex", ("capex", "signing_cost"), -1), ("use", "interest", ("interest",), -1),
           ("use", "tax", ("tax",), -1), ("source", "drawn", ("drawn",), 1), ("source", "equity", ("equity",), 1),
           ("source", "prepayment", ("prepayment",), 1), ("source", "residual", ("residual",), 1))  # fmt: skip
"""Rows of the company in sources_uses.csv: side, item, lines of the cash statement, sign."""


def _sources(facts: Facts, made: Statements) -> Iterator[Check]:
    table = facts.tables["sources_uses"]
    if not table:
        return
    projects, sides, items = table.column("project"), table.column("side"), table.column("item")
    for project in first_seen(projects):
        rows = [at for at, name in enumerate(projects) if name == project]
        # Names of the case are no part of a formula: the rows of a project are found by its first cell.
        name = f"'{table.sheet}'!$A${FIRST_ROW + rows[0] + 1}"
        signs = f'(({table.range("side")}="use")-({table.range("side")}="source"))'
        value = sum(table.numbers("usd_m")[at] * (1 if sides[at] == "use" else -1) for at in rows)
        text = f"SUMPRODUCT(EXACT({table.range('project')},{name})*{signs},{table.range('usd_m')})"
        yield Check(SOURCES, f"uses less sources of {spoken(project)}", Term(text, value), _loose(table))
    amounts = dict(zip(zip(projects, sides, items, strict=True), table.numbers("usd_m"), strict=True))
    for side, item, lines, sign in COMPANY:
        if ("company", side, item) in amounts:
            asked = [
                f'{table.range(column)},"{word}"'
                for column, word in (("project", "company"), ("side", side), ("item", item))
            ]
            listed = Term(f"SUMIFS({table.range('usd_m')},{','.join(asked)})", amounts["company", side, item])
            flows = [made.cash.over(line, START) for line in lines]
            for flow in flows:
                listed = listed - flow if sign > 0 else listed + flow
            yield Check(
                f"{SOURCES} and {cash.SHEET}",
                f"company: {key_words(item).lower()}",
                listed,
                _loose(table, facts.tables["cash"]),
            )


def _value(facts: Facts, made: Statements) -> Iterator[Check]:
    table, listing = facts.tables["value"], made.value
    last = len(listing.rows) - 1
    for column, amount in enumerate(AMOUNTS, start=1):
        if listing.rows[last][column] is not None:
            stated = table.numbers(amount)[-1]
            listed = Term(f'SUMIFS({table.range(amount)},{table.range("component")},"total")', stated)
            what = f"total as value.csv says it: {amount.removesuffix('_usd_m').replace('_', ' ')}"
            yield Check(listing.sheet, what, listing.at(last, column) - listed, _loose(table))
    said = number(float(facts.plan.summary["value_usd_m"]))
    yield Check(listing.sheet, "total as summary.json says it", listing.at(last, 3) - said, _loose(table))
    bridge = made.bridge
    if bridge is not None:
        total = min(bridge.strong)
        apart = bridge.at(total, 3) - listing.at(last, 3)
        yield Check(bridge.sheet, "plan as the value has it", apart, _loose(table))
        yield Check(
            bridge.sheet,
            "differences add up to plan less status quo",
            bridge.at(total, 4) - (bridge.at(total, 3) - bridge.at(total, 2)),
            _loose(table),
        )
        quo = facts.status_quo_usd_m
        if quo is not None:
            said = bridge.at(total, 2) - number(quo)
            yield Check(bridge.sheet, "status quo as summary.json says it", said, _loose(table))
    least = facts.said("measures", "thinnest_headroom_usd_m")
    if least is not None:
        text, value = f"MIN({made.cash.across('headroom')})", min(made.cash.values("headroom"))
        yield Check(cash.SHEET, "least headroom as summary.json says it", Term(text, value) - number(least), SAME_LEAST)
