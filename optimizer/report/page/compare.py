"""The page of a comparison: what two plans decide otherwise, what that is worth, and why (docs/compare.md).

Made from two plan folders and the tables of the comparison; nothing is computed here but sums of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimizer.plan.table import Table
from optimizer.report.page import compare_worth
from optimizer.report.page.chart import (
    Chart,
    Listing,
    Section,
    Sentences,
    sheet,
)
from optimizer.report.page.compare_figures import amount, measure, measures, megawatts
from optimizer.report.page.facts import FIRMLY, Fact
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.keys import decided_keys, keys_listing
from optimizer.report.page.lanes import lanes_chart
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.todo import WORDS, amount_or_money
from optimizer.report.page.words import (
    Said,
    begin,
    count,
    listing,
    lot,
    month,
    name,
    raw,
    said,
    tranche,
    usd,
    when,
)

KIND = "Comparison"
MOST_OPEN = 12
"""A longer table is folded."""
SHOWN = ("peak_funding_usd_m", "it_mw_signed", "thinnest_headroom_usd_m")
"""Measures of the first lines."""


def page_of(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> str:
    """The page of two plans."""
    differ = any(tables[key].rows for key in ("decisions", "megawatts", "value", "measures"))
    sections = _sections(plans, tables) if differ else []
    title = " | ".join(dict.fromkeys(raw(plan.title, 140) for plan in plans))
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
    found = [_decided(plans, tables["decisions"]), compare_worth.section(plans, tables)]
    if tables["megawatts"].rows:
        found.append(megawatts(tables["megawatts"]))
    if tables["measures"].rows:
        found.append(Section("measures", "Other figures", (), (measures(tables["measures"]),)))
    return found


# ---------------------------------------------------------------- in short


def _facts(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table], differ: bool) -> list[Fact]:
    one, two = (num(plan.summary["value_usd_m"]) for plan in plans)
    values = said("A: ", usd(one), ". B: ", usd(two), ".")
    if not differ:
        same = said("Nothing differs: same decisions, megawatts and money")
        return [Fact("finding", "B against A", same, values)]
    facts = [
        Fact("finding", "B against A", compare_worth.against(two - one), values),
        Fact("why", "Why", *_why_short(plans, tables)),
        Fact("decided", "Decided otherwise", *_decided_short(tables["decisions"])),
    ]
    figures = {str(row["measure"]): row for row in tables["measures"].dicts()}
    facts += [
        Fact(
            key,
            measure(key),
            said(f"{amount(key, row['a'])} in A, {amount(key, row['b'])} in B"),
        )
        for key in SHOWN
        if (row := figures.get(key)) is not None
    ]
    return facts


def _why_short(plans: tuple[PagePlan, PagePlan], tables: Mapping[str, Table]) -> tuple[Said, Said]:
    if compare_worth.same_inputs(plans):
        return said("All of it is other decisions"), said("The inputs are the same.")
    if "why" not in tables:
        return said("Not asked for"), said("Without --no-why it is split into inputs and decisions.")
    for pair in compare_worth.splits(tables):
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
    items += keys_listing((), decided_keys(plans))
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
    parts += [f"{count(both, 'commitment')} in both at another date or in another size"] if both else []
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
