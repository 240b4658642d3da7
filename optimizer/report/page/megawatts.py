"""Where the megawatts go: by site and in all, what mines, what is let, what is free."""

from __future__ import annotations

from optimizer.plan.table import Cell
from optimizer.report.page.chart import FREE, MINING, Chart, Column, Section, View, colours, hover, legend, time_axis
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import Said, begin, count, listing, mw, name, said, when

ALL = ""
MINES, IDLE = "Mining", "Free"


def section(plan: PagePlan) -> Section:
    """The whole part."""
    return Section("megawatts", "Where the megawatts go", (_answer(plan),), (_areas(plan),))


def _answer(plan: PagePlan) -> Said:
    first, last = _totals(plan, next(iter(plan.periods))), _totals(plan, list(plan.periods)[-1])
    let = sum(last.values()) - last[MINES] - last[IDLE]
    parts = [(let, "are let as AI halls"), (last[MINES], "mine"), (last[IDLE], "stand free")]
    then = listing(f"{mw(amount)} {words}" for amount, words in parts if amount >= 0.05)
    return said(
        f"Today {mw(first[MINES])} of {mw(sum(first.values()))} mine. "
        f"At the end of the horizon there are {mw(sum(last.values()))}: {then}."
    )


def _totals(plan: PagePlan, period: str) -> dict[str, float]:
    found = {MINES: 0.0, IDLE: 0.0}
    for row in plan.rows("allocation"):
        if row["period"] == period:
            use = _use(str(row["use"]), row["item"])
            found[use] = found.get(use, 0.0) + num(row["meter_mw"])
    return found


def _use(use: str, item: Cell) -> str:
    return MINES if use == "mining" else IDLE if use == "free" else name(item)


def _areas(plan: PagePlan) -> Chart:
    hosted = [str(row["item"]) for row in plan.rows("allocation") if row["use"] == "hosting"]
    uses = [MINES, *dict.fromkeys(name(each) for each in (*plan.tenants, *hosted)), IDLE]
    sites = list(dict.fromkeys(str(row["site"]) for row in plan.rows("allocation")))
    views = [
        _view(scene, site, str(key), uses)
        for scene in (plan.in_scenario(scenario) for scenario in plan.scenarios)
        for key, site in enumerate([ALL, *sites] if len(sites) > 1 else sites)
    ]
    colour = colours(uses, {MINES: MINING, IDLE: FREE})
    spec = {
        "height": 300,
        "mark": {"type": "bar"},
        "encoding": {
            "x": time_axis(),
            "x2": {"field": "to"},
            "y": {"field": "low", "type": "quantitative", "title": "MW at the meter", "axis": {"format": ",~f"}},
            "y2": {"field": "high"},
            "color": {"field": "use", "type": "nominal", "scale": colour, "legend": legend()},
            "tooltip": hover(("period", "Period", ""), ("use", "Use", ""), ("mw", "MW", ",.1f")),
        },
    }
    columns = (
        Column("period", "Period"),
        Column("use", "Use"),
        Column("mw", "MW"),
        Column("from", "From", shown=False),
        Column("to", "To", shown=False),
        Column("low", "from, MW", shown=False),
        Column("high", "to, MW", shown=False),
    )
    return Chart("megawatts", spec, columns, tuple(views), "period", "use")


def _view(plan: PagePlan, site: str, site_key: str, uses: list[str]) -> View:
    amounts: dict[tuple[str, str], float] = {}
    for row in plan.rows("allocation"):
        if site in (ALL, row["site"]):
            key = str(row["period"]), _use(str(row["use"]), row["item"])
            amounts[key] = amounts.get(key, 0.0) + num(row["meter_mw"])
    here = [use for use in uses if any(amounts.get((period, use), 0.0) > 1e-6 for period in plan.periods)]
    rows: list[tuple[Cell, ...]] = []
    for period, (begins, ends) in plan.bars.items():
        at = 0.0
        for use in here:
            amount = amounts.get((period, use), 0.0)
            rows.append((period, use, amount, begins, ends, at, at + amount))
            at += amount
    where = "all sites" if site == ALL else name(site)
    words = f"Megawatts of {where} by use, period by period, stacked."
    return View(_finding(plan, where, here, amounts), words, tuple(rows), site_key, plan.scenario_key, begin(where))


def _finding(plan: PagePlan, where: str, uses: list[str], amounts: dict[tuple[str, str], float]) -> Said:
    let_to = [use for use in uses if use not in (MINES, IDLE)]
    periods = list(plan.periods)
    mines = [(amounts.get((period, MINES), 0.0), period) for period in periods]
    most, most_period = max(mines, key=lambda each: each[0])
    last = next((period for amount, period in reversed(mines) if amount > 1e-6), None)
    if let_to:
        lets = [sum(amounts.get((period, use), 0.0) for use in let_to) for period in periods]
        taken = [period for period, amount in zip(periods, lets, strict=True) if amount > 1e-6]
        mined = f"mining peaks at {mw(most)} in {when(most_period)}" if most > 1e-6 else "none of it mines"
        tenants = count(len(let_to), "tenant")
        if lets[-1] > 1e-6:
            halls = f"{mw(lets[-1])} let to {tenants} in the end, the first from {when(taken[0])}"
        else:
            halls = f"{mw(max(lets))} let to {tenants}, until {when(taken[-1])}"
        return said(f"{begin(where)}: {halls}; {mined}")
    if last is None:
        return said(f"{begin(where)}: nothing mines and nothing is let")
    ends = f"until {when(last)}" if last != periods[-1] else "to the end"
    return said(f"{begin(where)}: only mining, {mw(most)} at most, {ends}")
