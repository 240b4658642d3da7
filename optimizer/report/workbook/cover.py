"""The cover: what the plan decides, what it is worth, what it rests on, and what the sheets are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from optimizer.plan.written import Row
from optimizer.report.workbook.checks import SHEET as CHECKS
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import START
from optimizer.report.workbook.pen import BAD, BAND, EDGE, FORMULA, GOOD, INPUT, TEXT, Pen
from optimizer.report.workbook.periods import NAME_ROW
from optimizer.report.workbook.printing import print_fitted
from optimizer.report.workbook.statements import Statements
from optimizer.report.workbook.term import Term, number, over
from optimizer.report.workbook.words import as_number, number_format, sheet_name, spoken

SHEET = "Cover"
ALL_HOLD = "all_checks_hold"
MOST_DECISIONS = 20
WIDTHS = (34, 16, 12, 70)
LONGEST = 95
"""Characters of a line beside its label."""
Listed = Sequence[tuple[str, str]]
"""Sheets, and what each of them is."""


@dataclass(frozen=True)
class Figure:
    """A headline: the name by which formulas can ask for it, words, amount and unit."""

    name: str
    words: str
    amount: Term
    unit: str = "USD m"
    when: str = ""
    """A formula that gives the period, and the period."""
    period: str = ""


def headline(facts: Facts, made: Statements) -> list[Figure]:
    """Figures of the cover, each a formula over the sheets where they have it."""
    last = len(made.value.rows) - 1
    value = made.value.at(last, 3)
    found = [Figure("value_usd_m", "Value of the plan", value)]
    if (quo := facts.status_quo_usd_m) is not None:
        status_quo = made.bridge.at(min(made.bridge.strong), 2) if made.bridge is not None else number(quo)
        found.append(Figure("status_quo_usd_m", "Value of the status quo", status_quo))
        found.append(Figure("worth_more_usd_m", "The plan is worth more", value - status_quo))
    found.append(Figure("beyond_horizon_usd_m", "of the value, beyond the horizon", made.value.at(last, 2)))
    if isinstance(made.value.rows[last][4], Term):
        found.append(Figure("value_at_wacc_usd_m", "Value at one WACC", made.value.at(last, 4)))
    if shares := facts.said("capital", "shares_m"):
        found.append(
            Figure("value_usd_per_share", "Value per share of today", over(value, number(shares)), "USD/share")
        )
    end = len(facts.periods) - 1
    found.append(
        Figure("closing_cash_usd_m", "Cash at the end", made.cash.over("closing", end), period=facts.periods[end].name)
    )
    found.append(_extreme(made.cash, "headroom", "least_headroom_usd_m", "Least cash above the minimum", "MIN"))
    if made.debt is not None and made.debt.has("debts.closing"):
        found.append(_extreme(made.debt, "debts.closing", "peak_debt_usd_m", "Most debt", "MAX"))
    found.append(Figure("capex_usd_m", "Capex within the horizon", -made.cash.over("capex", START)))
    found.append(Figure("equity_issued_usd_m", "Equity issued", made.cash.over("equity", START)))
    if (signed := facts.said("measures", "it_mw_signed")) is not None:
        found.append(Figure("it_mw_signed", "IT megawatts signed", number(signed), "MW IT"))
    return found


def _extreme(grid: Any, key: str, name: str, words: str, function: str) -> Figure:
    """The least or the most of a line, and when."""
    values = grid.values(key)
    value = min(values) if function == "MIN" else max(values)
    cells = grid.across(key, fixed=True)
    first = f"'{grid.sheet}'!"
    row = cells.removeprefix(first).split(":")
    names = f"{first}{_in_row(row[0])}:{_in_row(row[1])}"
    amount = Term(f"{function}({cells})", value)
    return Figure(
        name, words, amount, when=f"INDEX({names},MATCH({function}({cells}),{cells},0))",
        period=grid.periods[values.index(value)].name,
    )  # fmt: skip


def _in_row(cell: str) -> str:
    return f"{cell.rsplit('$', 1)[0]}${NAME_ROW + 1}"


def write_cover(
    pen: Pen, sheet: Any, facts: Facts, made: Statements, holds: Term, sheets: tuple[Listed, Listed]
) -> None:
    """The first sheet. ``holds``: the formula of all checks; ``sheets``: statements, and all others."""
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    pen.put(sheet, 0, 0, facts.plan.title, bold=True, font_size=16, font_color=FORMULA)
    pen.put(sheet, 1, 0, _about(facts.plan.summary), italic=True)
    row = _headline(pen, sheet, 3, facts, made, holds)
    row = _sheets(pen, sheet, row + 1, "Statements, covenants and checks: print these sheets", sheets[0])
    row = _section(pen, sheet, row + 1, "What the plan decides")
    for line in decision_words(facts):
        pen.put(sheet, row, 0, line, font_color=FORMULA)
        row += 1
    row = _sheets(
        pen, sheet, row + 1, "All other sheets: charts, inputs, and the tables behind the statements", sheets[1]
    )
    row = _colours(pen, sheet, row + 1)
    row = _rests_on(pen, sheet, row + 1, facts.plan.summary)
    print_fitted(sheet, WIDTHS, row + 1, (0, 0), with_truths=True)


def _about(summary: Mapping[str, Any]) -> str:
    gap = float(summary.get("gap_usd_m") or 0.0)
    audit = summary.get("audit")
    passed = isinstance(audit, Mapping) and bool(audit.get("passed"))
    proven = "proven best" if summary.get("status") == "optimal" else f"search ended: {summary.get('status')}"
    return f"{proven}, within {gap:,.2f} USD m; audit {'passed' if passed else 'not passed'}; money in USD m of today"


def _section(pen: Pen, sheet: Any, row: int, title: str) -> int:
    for column in range(4):
        pen.put(sheet, row, column, title if column == 0 else None, bold=True, bg_color=BAND, font_color=FORMULA)
    return row + 1


def _headline(pen: Pen, sheet: Any, row: int, facts: Facts, made: Statements, holds: Term) -> int:
    row = _section(pen, sheet, row, "Headline figures")
    for figure in headline(facts, made):
        pen.put(sheet, row, 0, figure.words)
        # Nothing is 0.0 here, not a dash: a headline is a figure.
        shape = number_format(figure.unit).replace('"-"', "0.0")
        pen.put(sheet, row, 1, figure.amount, figure.unit, bold=True, num_format=shape)
        pen.put(sheet, row, 2, figure.unit, indent=1)
        if figure.when:
            style = pen.format(font_color=FORMULA, align="left")
            sheet.write_formula(row, 3, f"={figure.when}", style, figure.period)
        else:
            pen.put(sheet, row, 3, figure.period)
        pen.book.define_name(figure.name, f"={SHEET}!$B${row + 1}")
        row += 1
    pen.put(sheet, row, 0, "All checks hold")
    style = pen.format(bold=True, align="right", font_color=GOOD if holds.value else BAD)
    sheet.write_formula(row, 1, f"={holds.text}", style, bool(holds.value))
    pen.put(sheet, row, 3, f"sheet {CHECKS}: every statement against the plan's tables")
    pen.book.define_name(ALL_HOLD, f"={SHEET}!$B${row + 1}")
    return row + 1


def decision_words(facts: Facts) -> list[str]:
    """Decisions in words: signatures, contracts and builds one by one, all others by kind and item."""
    rows = facts.plan.rows("decisions")
    single = [_single(row) for row in rows if row["decision"] in ("sign", "contract", "build")]
    if len(single) > MOST_DECISIONS:
        single = [
            *single[:MOST_DECISIONS],
            f"and {len(single) - MOST_DECISIONS} more on sheet {sheet_name('decisions')}",
        ]
    summed: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["decision"] in VERBS:
            what = _about_what(row)
            summed.setdefault((row["decision"], what, row["unit"]), []).append(row)
    others = [_summed(*key, found) for key, found in summed.items()]
    if len(others) > MOST_DECISIONS:
        others = [
            *others[:MOST_DECISIONS],
            f"and {len(others) - MOST_DECISIONS} more on sheet {sheet_name('decisions')}",
        ]
    return [*single, *others] or ["Nothing: the company keeps to what is committed."]


VERBS = {
    "buy": "buy machines at", "unplug": "unplug machines at", "plug": "plug machines in at", "sell": "sell machines of",
    "commit": "have committed:", "draw": "draw", "repay": "repay", "fund": "fund", "upstream": "pay up from",
    "issue": "issue", "sell_btc": "sell", "keep_btc": "keep of what is mined:",
}  # fmt: skip
_UNITS = {"usd_m": "USD m", "ph_s": "PH/s", "btc": "BTC", "mw": "MW"}


_OF_SITES = {"buy", "unplug", "plug"}


def _about_what(row: Row) -> str:
    """What decisions are added up by: the site of machines, the type of those that are sold, the facility of money."""
    if row["decision"] in _OF_SITES:
        return row["site"]
    return row["item"]


def _amount(amount: float, unit: str) -> str:
    if unit in _UNITS:
        return f"{amount:,.1f} {_UNITS[unit]}"
    return f"{amount:,.0f} {unit.removesuffix('s') if amount == 1 else unit}"


def _number(row: Row, column: str) -> float:
    return as_number(row[column] or "") or 0.0


def _single(row: Row) -> str:
    words = {"sign": "sign", "contract": "contract power", "build": "build"}[row["decision"]]
    where = f" at {spoken(row['site'])}" if row["site"] else ""
    more = f", {_number(row, 'meter_mw'):,.1f} MW" if _number(row, "meter_mw") else ""
    capex = f", capex {_number(row, 'capex_usd_m'):,.1f} USD m" if _number(row, "capex_usd_m") else ""
    amount = _amount(_number(row, "amount"), row["unit"])
    return f"{row['date']}: {words} {spoken(row['item'])}{where}: {amount}{more}{capex}"


def _summed(decision: str, what: str, unit: str, rows: Sequence[Row]) -> str:
    first, last = rows[0]["date"], rows[-1]["date"]
    when = first if first == last else f"{first} to {last}"
    return f"{when}: {VERBS[decision]} {spoken(what)}: {_amount(sum(_number(row, 'amount') for row in rows), unit)}"


def _colours(pen: Pen, sheet: Any, row: int) -> int:
    row = _section(pen, sheet, row, "Colours")
    for colour, words, meaning in (
        (INPUT, "blue", "a number that is given: of the case, or a figure of the plan that no other sheet has"),
        (FORMULA, "black", "a formula over other cells"),
        (TEXT, "grey", "words"),
    ):
        pen.put(sheet, row, 0, words, font_color=colour, bold=True)
        pen.put(sheet, row, 1, meaning)
        row += 1
    return row


def _sheets(pen: Pen, sheet: Any, row: int, title: str, sheets: Listed) -> int:
    row = _section(pen, sheet, row, title)
    style = pen.format(font_color="#1F5FA8", underline=1)
    for name, about in sheets:
        # A link within the workbook; the names of sheets are ours.
        sheet.write_url(row, 0, f"internal:'{name}'!A1", style, name)
        pen.put(sheet, row, 1, about)
        row += 1
    return row


def _rests_on(pen: Pen, sheet: Any, row: int, summary: Mapping[str, Any]) -> int:
    row = _section(pen, sheet, row, "What it rests on")
    inputs = summary.get("inputs", {})
    lines: list[tuple[str, str]] = [
        ("case, SHA-256", str(inputs.get("case_sha256", ""))),
        ("case files", ", ".join(str(file) for file in inputs.get("files", ()))),
        ("values that are assumed", f"{inputs.get('assumed', 0)} (sheet Inputs says which)"),
    ]
    for name, price in inputs.get("power_prices", {}).items():
        months = " to ".join(price.get("shape_months", ()))
        lines.append((f"power prices {name}", f"mean {price.get('mean_usd_per_mwh')} USD/MWh, {months}"))
        lines.append(("their SHA-256", str(price.get("sha256"))))
    for name, version in summary.get("versions", {}).items():
        lines.append((f"version of {name}", str(version)))
    lines += [("warning", str(warning)) for warning in inputs.get("warnings", ())]
    for label, said in lines:
        for at, part in enumerate(wrap(str(said), LONGEST) or [""]):
            pen.put(sheet, row, 0, label if at == 0 else "")
            pen.put(sheet, row, 1, part)
            row += 1
    pen.put(sheet, row, 0, " ", top=1, top_color=EDGE)
    return row
