"""How the figures of new money, funding and debt belong together: a table with a line on each."""

from __future__ import annotations

from optimizer.report.page.chart import Listing, sheet
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import listing, money_cell, said, when

NOTHING_USD_M = 0.05


def belongs(plan: PagePlan) -> Listing:
    """How the figures of new money, funding and debt belong together."""
    measures, capital = plan.measures, plan.capital
    raised = sum(num(amount) for amount in capital["funded_by"].values())
    replaced = num(capital["pays_out_loans_usd_m"])
    ends = when(capital["horizon_ends"])
    rows = [
        (
            "New money", f"to {ends}", money_cell(raised),
            f"All that lenders and new shareholders bring: loans {money_cell(measures['new_loans_usd_m'])}, "
            f"shares {money_cell(measures['new_equity_usd_m'])}.",
        ),
    ]  # fmt: skip
    if replaced >= NOTHING_USD_M:
        rows.append((
            "of it replaces loans", f"to {ends}", money_cell(replaced),
            "Drawn only to pay out a loan that the plan itself drew before: it is raised twice and owed once.",
        ))  # fmt: skip
    if capital["peak_funding_need_period"] is not None and num(capital["peak_funding_need_usd_m"]) >= NOTHING_USD_M:
        rows.append((
            "New money needed at most", when(capital["peak_funding_need_period"]),
            money_cell(capital["peak_funding_need_usd_m"]),
            "What the company would lack of its minimum cash without any new money, and so without its interest, fees "
            "and repayments.",
        ))  # fmt: skip
    if num(measures["peak_funding_usd_m"]) >= NOTHING_USD_M:
        rows.append((
            "Peak funding", when(measures["peak_funding_period"]), money_cell(measures["peak_funding_usd_m"]),
            "New money not yet paid back, shares included, and cash of the start that is used up: what is needed, and "
            "what new money itself costs, traps in projects and leaves in cash.",
        ))  # fmt: skip
    rows.append((
        "Debt at most", when(measures["peak_debt_period"]), money_cell(measures["peak_debt_usd_m"]),
        f"All that is owed at the end of a period; shares are no debt.{_made_up(plan)}",
    ))  # fmt: skip
    note = said("They differ because each counts other money, and the peaks fall in different periods.")
    titles = ("Figure", "When", "Amount", "What it counts")
    return Listing("How these figures belong together", sheet(titles, rows, "Funding and debt"), note)


def _made_up(plan: PagePlan) -> str:
    """What the debt at its peak consists of, from ``debt.csv``; empty where its rows do not add up to it."""
    until = list(plan.periods).index(str(plan.measures["peak_debt_period"]))
    past = set(list(plan.periods)[: until + 1])
    found = [row for row in plan.rows("debt") if row["period"] in past]
    first = next(iter(plan.periods))
    owed = sum(num(row["opening_usd_m"]) for row in found if row["period"] == first)
    drawn, added, repaid = (
        sum(num(row[key]) for row in found) for key in ("drawn_usd_m", "capitalised_usd_m", "principal_usd_m")
    )
    if abs(owed + drawn + added - repaid - num(plan.measures["peak_debt_usd_m"])) > NOTHING_USD_M:
        return ""
    parts = [
        f"{money_cell(amount)} {words}"
        for amount, words in ((owed, "owed today"), (drawn, "drawn until then"), (added, "of interest added to loans"))
        if amount >= NOTHING_USD_M
    ]
    less = f", less {money_cell(repaid)} paid back" if repaid >= NOTHING_USD_M else ""
    return f" {listing(parts)}{less}."
