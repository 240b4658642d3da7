"""The cash statement as formulas: each flow from the sheet that has its parts (docs/figures.md, section 10)."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.report.workbook.debt import BOTH, DEBTS, SHARES
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import START, Grid, Line
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.tables import dated
from optimizer.report.workbook.term import TO_THE_DOLLAR, ZERO, Term, not_below_zero, number, rounded, sum_of, summed

SHEET = "Cash statement"

FLOWS = (
    ("yield", "Yield on cash"), ("mining_margin", "Mining margin"), ("contracts", "Power contracts"),
    ("flexibility", "Reserves and demand response"), ("delivery", "Delivery charges of machines"),
    ("collateral", "Credit support of contracts"), ("machines_bought", "Machines bought"),
    ("machines_moved", "Machines moved"), ("machines_sold", "Machines sold"), ("builds", "Builds"),
    ("builds_operating", "Operating cost of builds"), ("hosting_rent", "Hosting rent"),
    ("hosting_credit", "Hosting: credit of what was prepaid"), ("hosting_operating_cost", "Hosting operating cost"),
    ("hosting_power", "Hosting power"), ("power_recovered", "Power recovered"),
    ("hosting_delivery", "Delivery charges of halls"), ("delivery_recovered", "Delivery charges recovered"),
    ("prepayment", "Prepayments of tenants"), ("signing_cost", "Signing cost"), ("capex", "Capex"),
    ("residual", "Residuals"), ("site_cost", "Site cost"), ("sga", "SG&A"),
    ("arriving_due", "Due on arriving machines"),
    ("interest", "Interest"), ("principal", "Principal repaid"), ("drawn", "Drawn"), ("fees", "Fees of financing"),
    ("dividends", "Preferred dividends"), ("trapped", "Cash trapped (-) or released"), ("equity", "Equity issued"),
    ("tax", "Tax"), ("btc_sold", "Bitcoin sold from stock"), ("btc_kept", "Bitcoin kept"),
)  # fmt: skip
"""Columns of cash.csv between opening and closing, without their unit."""

OPERATING = (
    "mining_margin", "contracts", "flexibility", "delivery", "hosting_rent", "hosting_operating_cost", "hosting_power",
    "power_recovered", "hosting_delivery", "delivery_recovered", "site_cost", "builds_operating", "sga",
)  # fmt: skip
"""What EBITDA is made of (docs/figures.md, section 9)."""

_HOSTING = {
    "hosting_rent": ("rent", 1), "hosting_credit": ("credit", -1), "hosting_operating_cost": ("operating_cost", -1),
    "hosting_power": ("power_cost", -1), "power_recovered": ("power_recovered", 1),
    "hosting_delivery": ("delivery_cost", -1), "delivery_recovered": ("delivery_recovered", 1),
    "prepayment": ("prepayment", 1), "signing_cost": ("signing_cost", -1), "capex": ("capex", -1),
    "residual": ("residual", 1),
}  # fmt: skip
"""By line: the column of hosting.csv and its sign."""

Rule = Callable[[Period], Term]


def cash_statement(facts: Facts, debt: Grid | None) -> Grid:
    """Opening, every flow, closing, minimum and headroom; EBITDA beneath."""
    rules = _rules(facts, debt)
    lines = [Line("opening", "Opening cash", how="closing of the period before", style="total")]
    for key, label in FLOWS:
        lines.append(Line(key, label, how=rules[key][0] if key in rules else "value of cash.csv"))
    lines += [
        Line("closing", "Closing cash", how="opening and all flows", style="total"),
        Line("minimum", "Minimum", how="limits, min_cash: allowed"),
        Line("headroom", "Headroom", how="closing less minimum", style="total"),
        Line("heading_memo", "Beside it", style="heading"),
        Line("ebitda", "EBITDA", how="its lines above", style="memo"),
    ]
    grid = Grid(SHEET, "Cash of the company by period; what goes out is negative.", facts.periods, lines, "plan")
    for period in facts.periods:
        n = period.number
        before = facts.given("cash", "opening_usd_m", 0) if n == 0 else grid.at("closing", n - 1)
        grid.put("opening", n, before)
        for key, _ in FLOWS:
            if key not in ("tax", "yield"):
                grid.put(key, n, rules[key][1](period) if key in rules else facts.given("cash", f"{key}_usd_m", n))
        grid.put("yield", n, _yield(facts, grid, n))
        grid.put("ebitda", n, summed(grid.at(key, n) for key in OPERATING))
        grid.put("tax", n, _tax(facts, grid, period))
        grid.put("closing", n, grid.at("opening", n) + grid.down(FLOWS[0][0], FLOWS[-1][0], n))
        grid.put("minimum", n, facts.tables["limits"].in_period("allowed", period, limit="min_cash"))
        grid.put("headroom", n, rounded(grid.at("closing", n) - grid.at("minimum", n), TO_THE_DOLLAR))
    for key, _ in (*FLOWS, ("ebitda", "")):
        grid.total(key)
    grid.put("opening", START, grid.at("opening", 0))
    grid.put("closing", START, grid.at("closing", len(facts.periods) - 1))
    return grid


def _rules(facts: Facts, debt: Grid | None) -> dict[str, tuple[str, Rule]]:
    """Lines that other sheets give: where from, in words, and the formula."""
    table = facts.tables

    def plain(name: str, column: str, sign: int = 1, **words: str) -> tuple[str, Rule]:
        def of(period: Period) -> Term:
            found = table[name].in_period(column, period, **words)
            return found if sign > 0 else -found

        return f"{name}: {' '.join(column.split('_')[:-2])}", of

    def decided(decision: str, column: str, sign: int) -> tuple[str, Rule]:
        def of(period: Period) -> Term:
            found = dated(table["decisions"], column, period, decision)
            return found if sign > 0 else -found

        return f"decisions: {decision}", of

    rules = {key: plain("hosting", f"{column}_usd_m", sign) for key, (column, sign) in _HOSTING.items()}
    rules |= {
        "mining_margin": plain("mining", "margin_usd_m"),
        "contracts": plain("contracts", "result_usd_m"),
        "flexibility": plain("flexibility", "income_usd_m"),
        "delivery": plain("delivery", "paid_usd_m", -1, use="mining"),
        "machines_bought": decided("buy", "capex_usd_m", -1),
        "machines_moved": decided("plug", "capex_usd_m", -1),
        "machines_sold": decided("sell", "capex_usd_m", -1),
        "equity": decided("issue", "amount", 1),
        "drawn": ("debt roll-forward", lambda period: _of_debts(debt, "drawn", period, BOTH)),
        "interest": ("debt roll-forward", lambda period: -_of_debts(debt, "interest", period, (DEBTS,))),
        "dividends": ("debt roll-forward", lambda period: -_of_debts(debt, "interest", period, (SHARES,))),
        "trapped": ("projects and companies: change of cash", lambda period: _trapped(facts, period)),
        "tax": ("tax" if table["tax"] else "rate and EBITDA of the year", lambda period: ZERO),
        "yield": ("opening cash and rate", lambda period: ZERO),
    }
    if not any(float(facts.facilities[name].get("redemption", 1)) != 1 for name in facts.preferred):
        rules["principal"] = ("debt roll-forward", lambda period: -_of_debts(debt, "principal", period, BOTH))
    if facts.finance.get("treasury", {}).get("policy") == "sell_to_fund":
        rules["btc_sold"] = (
            "decisions: sell_btc, at the price in treasury",
            lambda period: _sold(facts, period),
        )
    return rules


def _of_debts(debt: Grid | None, part: str, period: Period, groups: tuple[str, ...]) -> Term:
    """A line of the debt roll-forward: of all debts, or of all preferred shares."""
    if debt is None:
        return ZERO
    return summed(debt.over(f"{group}.{part}", period.number) for group in groups if debt.has(f"{group}.{part}"))


def _trapped(facts: Facts, period: Period) -> Term:
    """What projects and companies hold less than before. Projects start with nothing, companies with their opening."""
    projects, companies = facts.tables["projects"], facts.tables["companies"]
    parts = ("reserve_usd_m", "set_aside_usd_m", "locked_usd_m")
    change = summed(projects.in_period(part, period) for part in parts)
    if period.number:
        before = facts.periods[period.number - 1]
        change = change - summed(projects.in_period(part, before) for part in parts)
    change = change + companies.in_period("closing_usd_m", period) - companies.in_period("opening_usd_m", period)
    return -change


def _sold(facts: Facts, period: Period) -> Term:
    coins = dated(facts.tables["decisions"], "amount", period, "sell_btc")
    return coins * facts.tables["treasury"].in_period("btc_usd", period) * number(1e-6)


def _yield(facts: Facts, grid: Grid, n: int) -> Term:
    rate = facts.amount("cash_yield")
    return grid.at("opening", n) * number(rate) * number(facts.periods[n].months / 12)


def _tax(facts: Facts, grid: Grid, period: Period) -> Term:
    """Paid in the last period of the calendar year, by year; and what is withheld of what companies pay up."""
    withheld = facts.tables["companies"].in_period("withheld_usd_m", period)
    year = period.begins.year
    same = [each.number for each in facts.periods if each.begins.year == year]
    if same[-1] != period.number:
        return -withheld
    tax = facts.tables["tax"]
    if tax:
        value = sum(paid for paid, of in zip(tax.numbers("tax_usd_m"), tax.numbers("year"), strict=True) if of == year)
        due = Term(f"SUMIFS({tax.range('tax_usd_m')},{tax.range('year')},{year})", value)
    else:
        earned = not_below_zero(sum_of([grid.at("ebitda", n) for n in same]))
        due = number(facts.amount("cash_tax_rate")) * earned
    return -(due + withheld)
