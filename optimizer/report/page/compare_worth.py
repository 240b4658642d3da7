"""What two plans are worth: steps from one to the other by cause, and how much is inputs and how much decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.plan.table import Cell, Table
from optimizer.report.page.chart import (
    GOOD,
    QUIET,
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    View,
    hover,
    legend,
    sheet,
)
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import (
    Said,
    money_cell,
    name,
    named,
    raw,
    said,
    usd,
)
from optimizer.report.page.worth import CAUSE_WORDS, STEP_COLUMNS, step_rows, steps_spec, within

SAME_USD_M = 0.05
"""Amounts that differ by less read the same."""


def against(more: float) -> Said:
    """What B is worth more or less than A (``more``: USD m)."""
    if abs(more) < SAME_USD_M:
        return said("B is worth as much as A")
    return said("B is worth ", usd(abs(more)), f" {'more' if more > 0 else 'less'} than A")


def same_inputs(plans: tuple[PagePlan, PagePlan]) -> bool:
    """Whether both plans are of the same case."""
    return plans[0].written.case_sha256 == plans[1].written.case_sha256


def splits(tables: Mapping[str, Table]) -> list[tuple[Row, Row]]:
    """The two splits of the difference: rows of inputs and decisions, in either order."""
    rows = list(tables["why"].dicts()) if "why" in tables else []
    return list(zip(rows[::2], rows[1::2], strict=True))


def section(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> Section:
    """The whole part."""
    one, two = (num(plan.summary["value_usd_m"]) for plan in plans)
    items: list[Chart | Listing | Sentences] = []
    rows = [row for row in tables["value"].dicts() if row["cause"] != "total"]
    if rows:
        items.append(_bridge(one, two, rows))
    why = _why(tables)
    items += [why] if why is not None else []
    problems = [note for row in _rows(tables, "why") if (note := str(row["note"] or ""))]
    if problems:
        notes = tuple(said(f"{raw(named(note), 400)}.") for note in dict.fromkeys(problems))
        items.append(Sentences("What could not be taken as it is", notes))
    if rows:
        items.append(_parts(tables["value"]))
    answer = said(against(two - one), f". {_why_words(plans, tables)}")
    return Section("worth", "What it is worth, and why", (answer,), tuple(items))


def _rows(tables: Mapping[str, Table], key: str) -> list[Row]:
    return list(tables[key].dicts()) if key in tables else []


def _why_words(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> str:
    if same_inputs(plans):
        return "The inputs are the same: all of it is other decisions."
    if "why" not in tables:
        return "How much of it is inputs and how much decisions was not asked for."
    return "A decision is worth more in one world than in the other, so it is split from both ends."


def _bridge(one: float, two: float, rows: Iterable[Row]) -> Chart:
    by_cause = dict.fromkeys(CAUSE_WORDS, 0.0)
    for row in rows:
        by_cause[str(row["cause"])] += num(row["difference_usd_m"])
    steps = [(cause, amount) for cause, amount in by_cause.items() if abs(amount) > 1e-9]
    cells = step_rows(("A", one), [(CAUSE_WORDS[cause], amount) for cause, amount in steps], ("B", two))
    gains = max(steps, key=lambda step: step[1], default=None)
    losses = min(steps, key=lambda step: step[1], default=None)
    parts: list[Said] = []
    if losses is not None and losses[1] < 0:
        parts.append(said("loses most by ", within(losses[0]), ": ", usd(-losses[1])))
    if gains is not None and gains[1] > 0:
        parts.append(said("gains most by ", within(gains[0]), ": ", usd(gains[1])))
    parts = parts if two < one else parts[::-1]
    finding = said("Against A, B ", *parts[:1], *(["; it "] if len(parts) > 1 else []), *parts[1:])
    view = View(finding, "Steps from the worth of A to that of B, by cause.", cells)
    return Chart("bridge", steps_spec(), STEP_COLUMNS, (view,), "step")


def _why(tables: Mapping[str, Table]) -> Chart | None:
    """What inputs and decisions change, from both ends; None where neither end is known."""
    rows: list[tuple[Cell, ...]] = [
        (_world(row), raw(row["between"], 90), f"other {row['cause']}", row["usd_m"], row["between_usd_m"])
        for pair in splits(tables)
        for row in pair
        if row["usd_m"] is not None
    ]
    if not rows:
        return None
    columns = (
        Column("world", "In between"), Column("between", "is", shown=False), Column("cause", "By"),
        Column("amount", "B less A, USD m"), Column("value", "worth in between, USD m"),
    )  # fmt: skip
    spec = {
        "height": {"step": 64},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "world", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "yOffset": {"field": "cause", "type": "nominal", "sort": ["other inputs", "other decisions"]},
            "x": {
                "field": "amount",
                "type": "quantitative",
                "title": "B less A ($M)",
                "axis": {"format": ",~f"},
            },
            "color": {
                "field": "cause",
                "type": "nominal",
                "scale": {"domain": ["other inputs", "other decisions"], "range": [QUIET, GOOD]},
                "legend": legend(),
            },
            "tooltip": hover(("between", "In between", ""), ("cause", "By", ""), ("amount", "$M", "+,.1f")),
        },
    }
    by = {str(row[2]): num(row[3]) for row in rows[:2]}
    finding = said(
        f"{rows[0][1]}: ", usd(by["other inputs"], signed=True), " by other inputs, ",
        usd(by["other decisions"], signed=True), " by other decisions",
    )  # fmt: skip
    words = "What other inputs and other decisions change, from both ends, as bars."
    return Chart("why", spec, columns, (View(finding, words, tuple(rows)),), "world", series="cause")


def _world(row: Row) -> str:
    """``A's decisions under B's inputs``, shorter: whose decisions come first."""
    return "A in B's world" if str(row["between"]).startswith("A") else "B in A's world"


def _parts(table: Table) -> Listing:
    cells = [
        (
            CAUSE_WORDS.get(str(row["cause"]), "In all"),
            "" if row["component"] == "total" else name(str(row["component"]).removeprefix("hosting: ")),
            *(money_cell(row[key]) for key in ("a_usd_m", "b_usd_m", "difference_usd_m")),
        )
        for row in table.dicts()
    ]
    return Listing("The worth, part by part", sheet(("Cause", "Part", "A", "B", "B less A"), cells, "Worth by part"))
