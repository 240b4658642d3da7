"""The page of a comparison: what two plans decide otherwise, what that is worth, and why (docs/compare.md).

Made from two plan folders and the tables of the comparison; nothing is computed here but sums of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optimizer.plan.table import Cell, Table
from optimizer.plan.written import WrittenPlan
from optimizer.report.axis_words import UNITS, plain
from optimizer.report.page.chart import (
    FREE,
    GOOD,
    MINING,
    QUIET,
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    View,
    colours,
    hover,
    legend,
    sheet,
)
from optimizer.report.page.facts import FIRMLY, Fact
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.lanes import lanes_chart
from optimizer.report.page.plan import PagePlan, Row, num, read_page_plan
from optimizer.report.page.todo import WORDS, amount_or_money
from optimizer.report.page.words import (
    Said,
    begin,
    count,
    figure,
    listing,
    lot,
    money_cell,
    month,
    mw,
    name,
    raw,
    said,
    share,
    tranche,
    usd,
    when,
)
from optimizer.report.page.worth import CAUSE_WORDS, STEP_COLUMNS, step_rows, steps_spec, within

KIND = "Comparison"
SAME_USD_M, SAME_MW = 0.05, 0.05
"""Amounts that differ by less read the same."""
MOST_OPEN = 12
"""A longer table is folded."""
USES = {"mining": "mines", "hosting": "hosts"}
SHOWN = ("peak_funding_usd_m", "it_mw_signed", "thinnest_headroom_usd_m")
"""Measures of the first lines."""


def compare_page(a: WrittenPlan, b: WrittenPlan, tables: Mapping[str, Table]) -> str:
    """The page of two plans; ``tables``: those of `api.compare`, without ``why`` where it was not asked for.

    Raises CallError if a folder is no whole plan, or if the extra ``report`` is not installed.
    """
    plans = read_page_plan(a.folder), read_page_plan(b.folder)
    differ = any(tables[key].rows for key in ("decisions", "megawatts", "value", "measures"))
    sections = _sections(plans, tables) if differ else []
    title = raw(a.title, 140) if a.title == b.title else f"{raw(a.title, 140)} | {raw(b.title, 140)}"
    sides = " ".join(
        f"{key}: {raw(each.folder.name, 80)}, {when(next(iter(each.periods)))} to {when(list(each.periods)[-1])}."
        for key, each in zip("AB", plans, strict=True)
    )
    page = Page(
        kind=KIND,
        title=title,
        sub=f"{sides} {AMOUNTS}",
        facts=_facts(plans, tables, differ),
        sections=sections,
        made="the folders of both plans and the tables beside this page",
    )
    return page_text(page)


def _sections(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> list[Section]:
    found = [_decided(plans, tables["decisions"]), _worth(plans, tables)]
    if tables["megawatts"].rows:
        found.append(_megawatts(tables["megawatts"]))
    if tables["measures"].rows:
        found.append(Section("measures", "Other figures", (), (_measures(tables["measures"]),)))
    return found


# ---------------------------------------------------------------- in short


def _facts(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table], differ: bool) -> list[Fact]:
    one, two = (num(plan.summary["value_usd_m"]) for plan in plans)
    values = said("A: ", usd(one), ". B: ", usd(two), ".")
    if not differ:
        same = said("Nothing differs: same decisions, megawatts and money")
        return [Fact("finding", "B against A", same, values)]
    facts = [
        Fact("finding", "B against A", _against(two - one), values),
        Fact("why", "Why", *_why_short(plans, tables)),
        Fact("decided", "Decided otherwise", *_decided_short(tables["decisions"])),
    ]
    measures = {str(row["measure"]): row for row in tables["measures"].dicts()}
    facts += [
        Fact(key, _measure(key), said(f"{_amount(key, row['a'])} in A, {_amount(key, row['b'])} in B"))
        for key in SHOWN
        if (row := measures.get(key)) is not None
    ]
    return facts


def _against(more: float) -> Said:
    if abs(more) < SAME_USD_M:
        return said("B is worth as much as A")
    return said("B is worth ", usd(abs(more)), f" {'more' if more > 0 else 'less'} than A")


def _same_inputs(plans: tuple[PagePlan, PagePlan]) -> bool:
    return plans[0].written.case_sha256 == plans[1].written.case_sha256


def _splits(tables: Mapping[str, Table]) -> list[tuple[Row, Row]]:
    """The two splits of the difference: rows of inputs and decisions, in either order."""
    rows = list(tables["why"].dicts()) if "why" in tables else []
    return list(zip(rows[::2], rows[1::2], strict=True))


def _why_short(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> tuple[Said, Said]:
    if _same_inputs(plans):
        return said("All of it is other decisions"), said("The inputs are the same.")
    if "why" not in tables:
        return said("Not asked for"), said("Without --no-why it is split into inputs and decisions.")
    for pair in _splits(tables):
        if pair[0]["usd_m"] is not None:
            by = {str(row["cause"]): usd(num(row["usd_m"]), signed=True) for row in pair}
            between = raw(pair[0]["between"], 120)
            return said(by["inputs"], " by inputs, ", by["decisions"], " by decisions"), said(f"{between}.")
    return said("Not known"), said("Neither plan's decisions can be taken under the other's inputs.")


def _decided_short(table: Table) -> tuple[Said, Said]:
    rows = list(table.dicts())
    if not rows:
        return said("Nothing"), said("Both decide the same.")
    firm = [row for row in rows if row["decision"] in FIRMLY]
    binding = f"{count(len(firm), 'of them binds', 'of them bind')} others than the company"
    return said(begin(count(len(rows), "decision"))), said(f"{begin(binding)}.")


# ---------------------------------------------------------------- decisions


def _decided(plans: tuple[PagePlan, PagePlan], table: Table) -> Section:
    rows = sorted(table.dicts(), key=lambda row: row["decision"] not in FIRMLY)
    items: list[Chart | Listing | Sentences] = []
    chart = lanes_chart(list(zip("AB", plans, strict=True)), _lanes_finding(rows))
    if chart is not None:
        items.append(chart)
    if rows:
        cells = [(_what(row), _where(row), _side(row, "a"), _side(row, "b")) for row in rows]
        title = begin(f"{count(len(rows), 'decision')} differ{'s' if len(rows) == 1 else ''}")
        listed = sheet(("What", "Where", "A", "B"), cells, "Decisions that differ")
        items.append(Listing(title, listed, folded=len(rows) > MOST_OPEN))
    answer = said("Both decide the same; what differs follows from the inputs.")
    firm = [row for row in rows if row["decision"] in FIRMLY]
    if firm:
        answer = said(begin("; ".join(_difference(row) for row in firm[:3])), _more(len(firm) - 3), ".")
    elif rows:
        answer = said("Both sign, build and buy the same; what differs is how machines run and what is paid.")
    return Section("do", "What is decided otherwise", (answer,), tuple(items))


def _more(number: int) -> str:
    return f"; and {number} more" if number > 0 else ""


def _lanes_finding(rows: Sequence[Row]) -> Said:
    firm = [row for row in rows if row["decision"] in FIRMLY]
    if not rows:
        return said("A and B decide the same at the same time")
    if not firm:
        return said(f"A and B commit to the same; {count(len(rows), 'other decision')} differ")
    only = [sum(1 for row in firm if row[f"{other}_amount"] is None) for other in ("b", "a")]
    both = len(firm) - sum(only)
    parts = [f"{count(number, 'commitment')} only in {key}" for number, key in zip(only, "AB", strict=True) if number]
    parts += [f"{both} in both at another date or in another size"] if both else []
    return said(begin(listing(parts)))


def _difference(row: Row) -> str:
    what = f"{FIRMLY[str(row['decision'])].lower()} {_what(row, bare=True)}"
    where = f" at {_where(row)}" if row["site"] else ""
    one, two = _side(row, "a"), _side(row, "b")
    if one and two:
        return f"{what}{where}: A {one}, B {two}"
    return f"only {'A' if one else 'B'}: {what}{where}, {one or two}"


def _what(row: Row, *, bare: bool = False) -> str:
    kind = str(row["decision"])
    item = lot(row["item"]) if kind in ("plug", "unplug", "sell") else tranche(row["item"])
    return item if bare else f"{WORDS.get(kind, raw(kind, 30))} {item}".strip()


def _where(row: Row) -> str:
    return name(row["site"]) if row["site"] else ""


def _side(row: Row, side: str) -> str:
    size = row[f"{side}_amount"]
    if size is None:
        return ""
    return f"{month(row[f'{side}_date'])}: {amount_or_money({'amount': size, 'unit': row['unit']})}"


# ---------------------------------------------------------------- worth


def _worth(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> Section:
    one, two = (num(plan.summary["value_usd_m"]) for plan in plans)
    items: list[Chart | Listing | Sentences] = []
    rows = [row for row in tables["value"].dicts() if row["cause"] != "total"]
    if rows:
        items.append(_bridge(one, two, rows))
    why = _why(tables)
    items += [why] if why is not None else []
    problems = [note for row in _rows(tables, "why") if (note := str(row["note"] or ""))]
    if problems:
        notes = tuple(said(f"{raw(note, 400)}.") for note in dict.fromkeys(problems))
        items.append(Sentences("What could not be taken as it is", notes))
    if rows:
        items.append(_parts(tables["value"]))
    answer = said(_against(two - one), f". {_why_words(plans, tables)}")
    return Section("worth", "What it is worth, and why", (answer,), tuple(items))


def _rows(tables: Mapping[str, Table], key: str) -> list[Row]:
    return list(tables[key].dicts()) if key in tables else []


def _why_words(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> str:
    if _same_inputs(plans):
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
        for pair in _splits(tables)
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


# ---------------------------------------------------------------- megawatts, measures


def _megawatts(table: Table) -> Section:
    found = list(table.dicts())
    sites = {str(row["site"]) for row in found}
    columns = (
        Column("year", "Year"), Column("use", "Use"), Column("difference", "B less A, MW"), Column("a", "A, MW"),
        Column("b", "B, MW"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (str(int(num(row["year"]))), _use(row, len(sites) > 1), row["difference_mw"], row["a_mw"], row["b_mw"])
        for row in found
    ]
    uses = list(dict.fromkeys(str(row[1]) for row in rows))
    known = {"Mining": MINING, "Free": FREE} if len(sites) == 1 else {}
    spec = {
        "height": 300,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
            "y": {"field": "difference", "type": "quantitative", "title": "B less A (MW)", "axis": {"format": ",~f"}},
            "color": {
                "field": "use",
                "type": "nominal",
                "scale": colours(uses, {use: colour for use, colour in known.items() if use in uses}),
                "legend": legend(),
            },
            "tooltip": hover(
                ("year", "Year", ""), ("use", "Use", ""), ("difference", "B less A (MW)", "+,.1f"),
                ("a", "A (MW)", ",.1f"), ("b", "B (MW)", ",.1f"),
            ),
        },
    }  # fmt: skip
    words = "By year and use, how many megawatts more or fewer B has than A, as bars above and below zero."
    view = View(_megawatts_finding(found), words, tuple(rows))
    note = said("Means over the days of each year that a plan covers; free: neither mining nor let.")
    chart = Chart("megawatts", spec, columns, (view,), "year", series="use", note=note)
    return Section("megawatts", "Where the megawatts go", (), (chart,))


def _use(row: Row, with_site: bool) -> str:
    return f"{name(row['use'])} at {name(row['site'])}" if with_site else name(row["use"])


def _megawatts_finding(rows: Sequence[Row]) -> Said:
    """For mining and hosting the year in which B differs most from A, all sites together."""
    sums: dict[tuple[str, str], float] = {}
    for row in rows:
        key = str(row["use"]), str(int(num(row["year"])))
        sums[key] = sums.get(key, 0.0) + num(row["difference_mw"])
    parts = []
    for use, verb in USES.items():
        most = max((key for key in sums if key[0] == use), key=lambda key: abs(sums[key]), default=None)
        if most is not None and abs(sums[most]) >= SAME_MW:
            parts.append(f"{verb} {mw(abs(sums[most]))} {'more' if sums[most] > 0 else 'less'} in {most[1]}")
    if not parts:
        return said("Mining and hosting use as much in A as in B")
    return said(f"B {listing(parts)} than A, each at its most")


def _measures(table: Table) -> Listing:
    cells, seen = [], set()
    for row in table.dicts():
        key = str(row["measure"]).removeprefix("capital.")
        if key not in seen:
            cells.append((_measure(key), *(_amount(key, row[each]) for each in ("a", "b", "difference"))))
        seen.add(key)
    title = begin(f"{count(len(cells), 'figure')} differ{'s' if len(cells) == 1 else ''}")
    return Listing(title, sheet(("Figure", "A", "B", "B less A"), cells, "Figures that differ"))


def _unit(key: str) -> str:
    return next((unit for unit in UNITS if key == unit or key.endswith(f"_{unit}")), "")


def _measure(key: str) -> str:
    """``peak_funding_usd_m`` is Peak funding."""
    short = key.replace("_usd_per_share", "_a_share").removesuffix(f"_{_unit(key)}").replace("_", " ").replace(".", ": ").replace("it mw", "IT MW")
    return raw(begin(short), 90)


def _amount(key: str, cell: Cell) -> str:
    if cell is None or isinstance(cell, str):
        return when(cell) if cell else ""
    unit = _unit(key)
    if unit == "usd_m":
        return money_cell(cell)
    if key.endswith("per_share"):
        return f"${cell:,.2f}".replace("$-", "-$")
    if key.endswith(("share", "dilution")):
        return share(cell)
    return f"{figure(cell)} {UNITS[unit]}" if unit else plain(cell, 5)
