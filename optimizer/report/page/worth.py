"""What it is worth: the plan against the status quo, all mining and all AI; what the difference consists of."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.plan.causes import CAUSES, cause_of
from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    BAD,
    GOOD,
    MONEY,
    QUIET,
    TOTAL,
    Chart,
    Column,
    Listing,
    Section,
    Spec,
    View,
    amount_axis,
    beside,
    hover,
    sheet,
)
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import Against, Said, figure, money_cell, name, said, share, usd

PLAN, STATUS_QUO = "Plan", "Status quo"
TWINS = {"status_quo": STATUS_QUO, "all_mining": "All mining", "all_hosting": "All AI hosting"}
CAUSE_WORDS = {
    "mining": "Mining",
    "hosting": "AI hosting",
    "power_resale": "Power contracts",
    "treasury": "Cash and bitcoin held",
    "sites": "Sites and overheads",
    "financing": "Debt and financing",
    "tax": "Tax",
}
TOTAL_ROW = "total"
NOTHING_USD_M = 0.05
STEP_COLUMNS = (
    Column("step", "Part"),
    Column("amount", "USD m", money=True),
    Column("begins", "from, USD m", money=True, shown=False),
    Column("ends", "to, USD m", money=True, shown=False),
    Column("kind", "", shown=False),
    Column("right", "", money=True, shown=False),
)
"""Of a chart that goes from one total to another."""


def section(plan: PagePlan) -> Section:
    """The whole part."""
    items: list[Chart | Listing] = [_values(plan), _bridge(plan), _components(plan)]
    if plan.optional("returns"):
        items.append(_returns(plan))
    return Section("worth", "What it is worth", (_answer(plan),), tuple(items))


def _answer(plan: PagePlan) -> Said:
    value, wacc = plan.summary["value_usd_m"], plan.measures.get("value_at_wacc_usd_m")
    parts = said("Today's worth of everything the company has and does is ", usd(value), ", after debt and tax.")
    if isinstance(wacc, int | float):
        parts = said(parts, " Each kind of cash flow is discounted at its own rate; ", at_one_rate(plan))
    return parts


def at_one_rate_flips(plan: PagePlan) -> Said:
    """That one rate for all turns the answer round; nothing where it does not, or is not known."""
    own, kept = plan.measures.get("value_at_wacc_usd_m"), (plan.twin("status_quo") or {}).get("value_at_wacc_usd_m")
    if not isinstance(own, int | float) or not isinstance(kept, int | float) or own >= kept:
        return ()
    return said(" How cash flows are discounted does flip it: ", at_one_rate(plan))


def at_one_rate(plan: PagePlan) -> Said:
    """The worth at one rate for all, against the status quo at that rate: there it may be the other way round."""
    wacc, twin = num(plan.measures["value_at_wacc_usd_m"]), plan.twin("status_quo")
    rate = plan.case.get("discount", {}).get("wacc")
    named = f" ({float(rate):.1%})" if isinstance(rate, int | float) else ""
    parts = said(f"at one rate for all{named} the plan is worth ", usd(wacc))
    if twin is None or not isinstance(twin.get("value_at_wacc_usd_m"), int | float):
        return said(parts, ".")
    kept = num(twin["value_at_wacc_usd_m"])
    words = "less" if wacc < kept else "more"
    return said(parts, ", ", usd(abs(wacc - kept)), f" {words} than the status quo at that rate (", usd(kept), ").")


def _values(plan: PagePlan) -> Chart:
    rows: list[tuple[Cell, ...]] = [(PLAN, num(plan.summary["value_usd_m"]), 0.0)]
    rows += [
        (words, num(twin["value_usd_m"]), num(twin["plan_is_worth_more_usd_m"]))
        for key, words in TWINS.items()
        if (twin := plan.twin(key)) is not None
    ]
    colour = {"condition": {"test": {"field": "who", "equal": PLAN}, "value": TOTAL}, "value": QUIET}
    told = hover(("who", "Company", ""), ("value", MONEY, ",.1f"), ("more", f"plan is worth more by ({MONEY})", ",.1f"))
    spec = {
        "height": {"step": 40},
        "encoding": {
            "y": {"field": "who", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("value", f"worth today ({MONEY})"),
            "tooltip": told,
        },
        "layer": [{"mark": {"type": "bar", "height": 22}, "encoding": {"color": colour}}, beside("value")],
    }
    columns = (
        Column("who", "Company"),
        Column("value", "Worth, USD m", money=True),
        Column("more", "Plan is worth more by, USD m", money=True),
    )
    view = View(_values_finding(plan), "Worth of the plan and of other ways to go on, as bars.", tuple(rows))
    note: Said = ()
    if len(rows) == 1:
        note = said("Status quo, all mining and all AI hosting were not computed for this plan.")
    elif any(row[0] == TWINS["all_hosting"] and abs(num(row[2])) < NOTHING_USD_M for row in rows):
        note = said(
            "All AI hosting takes as many megawatts of critical IT as can be paid for; here it is the plan itself."
        )
    return Chart("values", spec, columns, (view,), "who", note=note, versus=frozenset({STATUS_QUO}))


def _values_finding(plan: PagePlan) -> Said:
    value, twin = usd(plan.summary["value_usd_m"]), plan.twin("status_quo")
    if twin is None:
        return said("The plan is worth ", value)
    more = num(twin["plan_is_worth_more_usd_m"])
    if more < NOTHING_USD_M:
        return said("The plan is worth ", value, Against((", no more than the status quo",)))
    return said("The plan is worth ", value, Against((", ", usd(more), " more than going on as today")))


def _bridge(plan: PagePlan) -> Chart:
    written = plan.optional("bridge")
    causes = _by_cause(written, "difference_usd_m") if written else _by_cause(plan.rows("value"), "total_usd_m")
    start = sum(num(row["status_quo_usd_m"]) for row in written if row["cause"] != "total")
    steps = [(cause, amount) for cause, amount in causes.items() if abs(amount) > 1e-9]
    total = num(plan.summary["value_usd_m"])
    words_of = [(CAUSE_WORDS[cause], amount) for cause, amount in steps]
    rows = step_rows((STATUS_QUO, start) if written else None, words_of, (PLAN, total))
    words = "Steps from the status quo to the plan." if written else "Parts of the plan's worth, one after another."
    view = View(_bridge_finding(steps, bool(written)), words, rows)
    return Chart("bridge", steps_spec(), STEP_COLUMNS, (view,), "step", against=bool(written))


def step_rows(
    first: tuple[str, float] | None, steps: Iterable[tuple[str, float]], last: tuple[str, float]
) -> tuple[tuple[Cell, ...], ...]:
    """Rows of `STEP_COLUMNS`: a total, if there is one to begin with, the steps (words and USD m), a total."""
    at = first[1] if first is not None else 0.0
    rows: list[tuple[Cell, ...]] = [] if first is None else [(*first, 0.0, at, "total")]
    for words, amount in steps:
        rows.append((words, amount, at, at + amount, "more" if amount > 0 else "less"))
        at += amount
    rows.append((*last, 0.0, last[1], "total"))
    return tuple((*row, max(num(row[2]), num(row[3]))) for row in rows)


def steps_spec() -> Spec:
    """How steps between totals are drawn."""
    kinds = {
        "field": "kind",
        "type": "nominal",
        "scale": {"domain": ["total", "more", "less"], "range": [TOTAL, GOOD, BAD]},
        "legend": None,
    }
    return {
        "height": {"step": 34},
        "encoding": {
            "y": {"field": "step", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("begins", f"worth today ({MONEY})"),
            "tooltip": hover(("step", "Part", ""), ("amount", MONEY, "+,.1f")),
        },
        "layer": [
            {"mark": {"type": "bar", "height": 20}, "encoding": {"x2": {"field": "ends"}, "color": kinds}},
            beside("amount", at="right"),
        ],
    }


def _by_cause(rows: Iterable[dict[str, Cell]], column: str) -> dict[str, float]:
    found = dict.fromkeys(CAUSES, 0.0)
    for row in rows:
        component = str(row["component"])
        if component != TOTAL_ROW:
            found[cause_of(component)] += num(row[column])
    return found


def _bridge_finding(steps: list[tuple[str, float]], against: bool) -> Said:
    gains = sorted((each for each in steps if each[1] > 0), key=lambda each: -each[1])
    losses = sorted((each for each in steps if each[1] < 0), key=lambda each: each[1])
    if not steps:
        return said("Nothing differs from the status quo") if against else said("The plan is worth nothing")
    found: list[Said] = []
    if gains:
        word = "added by" if against else "brought by"
        found.append(said(f"Most is {word} ", within(gains[0][0]), ": ", usd(gains[0][1])))
    if losses:
        found.append(
            said(
                "Most is taken by " if not gains else "most is taken by ",
                within(losses[0][0]),
                ": ",
                usd(-losses[0][1]),
            )
        )
    return said(found[0], "; ", found[1]) if len(found) > 1 else found[0]


def within(cause: str) -> str:
    """The words of a cause within a sentence: AI stays AI."""
    words = CAUSE_WORDS[cause]
    return words if words.startswith("AI") else words[:1].lower() + words[1:]


def _components(plan: PagePlan) -> Listing:
    titles = ("Part", "To the horizon", "Beyond", "In all", "In all, at one rate")
    rows = []
    for row in plan.rows("value"):
        part = str(row["component"])
        words = "In all" if part == "total" else name(part.removeprefix("hosting: "))
        cells = (row["within_horizon_usd_m"], row["beyond_horizon_usd_m"], row["total_usd_m"], row["at_wacc_usd_m"])
        if part == "total" or any(abs(num(cell)) >= NOTHING_USD_M for cell in cells):
            rows.append((words, *(money_cell(cell) for cell in cells)))
    return Listing("What the plan's worth consists of", sheet(titles, rows, "Worth by part"), folded=True)


def _returns(plan: PagePlan) -> Listing:
    titles = (
        "Project",
        "Invested",
        "Returned",
        "Return a year",
        "Times the money",
        "Income on cost",
        "Paid back after",
    )
    rows = []
    for row in plan.rows("returns"):
        months = row["payback_months"]
        rows.append(
            (
                name(row["item"]),
                money_cell(row["invested_usd_m"]),
                money_cell(row["returned_usd_m"]),
                _share(row["irr"]),
                f"{num(row['moic']):.2f}x" if row["moic"] is not None else "",
                _share(row["yield_on_cost"]),
                f"{figure(num(months) / 12)} years" if months is not None else "not in its term",
            )
        )
    best = [(num(row["irr"]), name(row["item"])) for row in plan.rows("returns") if row["irr"] is not None]
    note = said("Before financing and tax.")
    if len(best) > 1:
        (low, worst), (high, top) = min(best), max(best)
        note = said(f"From {share(low)} a year ({worst}) to {share(high)} ({top}), before financing and tax.")
    return Listing("What each project returns", sheet(titles, rows, "Return of each project"), note)


def _share(cell: Cell) -> str:
    return share(num(cell)) if cell is not None else ""
