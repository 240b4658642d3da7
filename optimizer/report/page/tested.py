"""How far each input was tested, whether it flips the plan there, and the command that finds its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimizer.report.page.chart import Listing, sheet
from optimizer.report.page.flips import CANNOT, WIDER, Moved, crossing, leaf, moved_inputs, threshold_call
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import begin, listing, money_cell, name, raw, said, usd

RATES = "finance.facilities.*.rate"
RATE_STEP = 0.02
"""By how much `wattfork explain` moves rates of interest to either side (docs/figures_report.md, section 27)."""


def tested(plan: PagePlan, moves: Sequence[Moved]) -> Listing:
    """How far each input was moved, and by how much the plan stays ahead of the status quo there."""
    twin = plan.twin("status_quo")
    today = None if twin is None else num(twin["plan_is_worth_more_usd_m"])
    by_input: dict[str, list[Moved]] = {}
    for each in moves:
        by_input.setdefault(each.words, []).append(each)
    rows = []
    for words, ends in by_input.items():
        at = {each.end: each for each in ends}
        ranges = " to ".join(at[end].change if end in at else "as it is" for end in ("low", "high"))
        cells = [_ahead(at[end]) if end in at else money_cell(today) for end in ("low", "high")]
        rows.append((words, ranges, *cells, _verdict(ends, today)))
    titles = ("Input", "Tested", "Ahead of the status quo at the first point", "Ahead at the second point", "Flips")
    note = said(
        "Each input was tested at these points alone, with the plan's commitments held: that nothing flips there says "
        "nothing of what lies beyond. Ahead today by ",
        usd(today or 0.0), ".",
    ) if today is not None else said("Each input was tested at these points alone.")  # fmt: skip
    return Listing("What flips it: what was tested", sheet(titles, rows, "Inputs that were moved, and how far"), note)


def _ahead(move: Moved) -> str:
    return f"{CANNOT}: {move.limit}" if move.worth is None else money_cell(move.ahead)


def _verdict(ends: Sequence[Moved], today: float | None) -> str:
    """In words whether an input flips the plan within what was tested."""
    found = [crossing(ends, today)]
    found += [f"{CANNOT} from somewhere before {each.change} on" for each in ends if each.worth is None]
    found = [each for each in found if each]
    return "; ".join(found) if found else "not within what was tested"


def interest_said(plan: PagePlan, moves: Sequence[Moved]) -> str:
    """Why cheaper loans may be worth less, and why the two sides of interest may differ; empty where none is moved."""
    moved = [each for each in moves if each.path == RATES]
    if not moved:
        return ""
    words = f" {begin(moved[0].words)}: a loan is valued at its own rate, so a lower one may be worth less."
    facilities = leaf(plan.case, RATES.partition(".*")[0])
    low = [
        name(key)
        for key, each in (facilities.items() if isinstance(facilities, Mapping) else ())
        if isinstance(each, Mapping) and isinstance(each.get("rate"), int | float) and each["rate"] < RATE_STEP
    ]
    return f"{words} No rate goes below 0, so that of {listing(low)} falls by less than two points." if low else words


def thresholds(plan: PagePlan) -> Listing:
    """A command for each input that finds where the best plan stops being worth more than the status quo."""
    twin = plan.twin("status_quo")
    today = None if twin is None else num(twin["plan_is_worth_more_usd_m"])
    rows = []
    for row in plan.optional("explain/moves"):
        ends = moved_inputs([row])
        within = bool(crossing(ends, today)) or any(each.worth is None for each in ends)
        words = raw(str(row["input"]).split(" (")[0].split(", ")[0], 60)
        call = threshold_call(plan, row, 1.0 if within else WIDER)
        rows.append((words, call or "breakeven moves one plain number: solve the case with another value"))
    note = said(
        "CASE is the case's folder or file. Where nothing flipped within what was tested, the command looks three "
        "times as far. A break-even decides everything anew at each value, so its threshold lies no nearer than that "
        "of the plan as it is. Rates, and growth by date, move by one factor there."
    )
    return Listing("How to find each threshold", sheet(("Input", "Command"), rows, "Commands"), note, folded=True)
