"""What a section of the page is made of: sentences, tables, and charts whose data stand beneath them.

A chart is a Vega-Lite specification without data, and *views*: one for each site or scenario that can be chosen, each
with a finding, a description and rows. Colours are names of the style sheet (``var(--mining)``): light, dark and
print are the browser's affair and nothing is drawn anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.plan.table import Cell, format_cell
from optimizer.report.page.words import Said, plain

Spec = dict[str, Any]

PALETTE = tuple(f"var(--c{n})" for n in range(1, 9))
"""Of categories, in order; what comes after the last begins anew."""

GOOD, BAD, TOTAL, QUIET = "var(--good)", "var(--bad)", "var(--total)", "var(--quiet)"
MINING, FREE, LINE, FLOOR = "var(--mining)", "var(--free)", "var(--line)", "var(--ink)"
MONEY = "$M"
"""In titles of axes and values that the switch turns into amounts a share."""


@dataclass(frozen=True)
class Column:
    """A column of a chart's data: its field, its title with the unit, and whether it is money (USD m)."""

    field: str
    title: str
    money: bool = False
    shown: bool = True


@dataclass(frozen=True)
class View:
    """What a chart shows for one choice. ``rows`` are in the order of the chart's columns.

    ``site`` and ``scenario`` are keys, empty where the chart is the same for all; ``label`` is the site in words.
    """

    finding: Said
    description: str
    rows: tuple[tuple[Cell, ...], ...]
    site: str = ""
    scenario: str = ""
    label: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table of the page: titles and cells as text. ``names``: cells of the first column are headings of rows."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Chart:
    """A chart with its views, the first of which is shown at the beginning.

    ``step``: field along which arrow keys go; ``series``: field that tells apart rows of the same step, empty where
    each step has one row. ``against``: the whole chart is a comparison with the status quo; ``versus``: values of the
    first column that only a comparison shows. ``fixed``: the specification holds its own data, size and colours.
    """

    key: str
    spec: Spec
    columns: tuple[Column, ...]
    views: tuple[View, ...]
    step: str
    series: str = ""
    note: Said = ()
    against: bool = False
    versus: frozenset[str] = frozenset()
    fixed: bool = False

    def place(self, name: str) -> int:
        """Where a field stands in a row."""
        return [column.field for column in self.columns].index(name)

    def sheet(self, view: View) -> Sheet:
        """The view's rows as a table with all digits: a row a step and a column a series, where there are series."""
        caption = plain(view.finding)
        shown = [at for at, column in enumerate(self.columns) if column.shown]
        if self.series:
            return self._pivot(view, shown, caption)
        rows = tuple(tuple(format_cell(row[at]) for at in shown) for row in view.rows)
        return Sheet(tuple(self.columns[at].title for at in shown), rows, caption, _numeric(rows))

    def _pivot(self, view: View, shown: list[int], caption: str) -> Sheet:
        step, series = self.place(self.step), self.place(self.series)
        values = [at for at in shown if at not in (step, series)]
        names = list(dict.fromkeys(str(row[series]) for row in view.rows))
        cells = {(str(row[step]), str(row[series])): row for row in view.rows}
        steps = list(dict.fromkeys(str(row[step]) for row in view.rows))
        titles = [
            f"{each} ({self.columns[at].title})" if len(values) == 1 else f"{each}: {self.columns[at].title}"
            for each in names
            for at in values
        ]
        rows = tuple(
            (
                one,
                *(format_cell(cells[one, each][at]) if (one, each) in cells else "" for each in names for at in values),
            )
            for one in steps
        )
        return Sheet((self.columns[step].title, *titles), rows, caption, _numeric(rows))

    def data(self) -> Mapping[str, Any]:
        """What the page's script needs of it."""
        return {
            "spec": self.spec,
            "columns": [[c.field, c.title, c.money, c.shown] for c in self.columns],
            "step": self.step,
            "series": self.series,
            "versus": sorted(self.versus),
            "fixed": self.fixed,
            "views": [
                {"site": v.site, "scenario": v.scenario, "rows": [[_short(cell) for cell in row] for row in v.rows]}
                for v in self.views
            ],
        }


@dataclass(frozen=True)
class Section:
    """A part of the page: an answer first, then what shows it, in order."""

    key: str
    title: str
    answer: tuple[Said, ...]
    items: tuple[Chart | Listing | Sentences, ...] = ()


@dataclass(frozen=True)
class Listing:
    """A table that stands open (or closed, ``folded``) on the page."""

    title: str
    sheet: Sheet
    note: Said = ()
    folded: bool = False


@dataclass(frozen=True)
class Sentences:
    """Lines of text under a small heading."""

    title: str
    lines: tuple[Said, ...]


def _numeric(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """Columns all of whose cells are numbers or empty: set to the right."""
    width = len(rows[0]) if rows else 0
    return frozenset(at for at in range(width) if all(_is_number(row[at]) for row in rows) and any(r[at] for r in rows))


def _is_number(cell: str) -> bool:
    if cell == "":
        return True
    try:
        float(cell.strip("$%xM+").replace(",", "").replace("-$", "-"))
    except ValueError:
        return False
    return True


def sheet(titles: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> Sheet:
    """A table of texts; columns of numbers are found."""
    return Sheet(tuple(titles), tuple(tuple(row) for row in rows), caption, _numeric(rows))


def _short(cell: Cell) -> Cell:
    return float(f"{cell:.9g}") if isinstance(cell, float) else cell


def colours(names: Sequence[str], known: Mapping[str, str] | None = None) -> Spec:
    """A scale that gives every name its colour, in order; ``known`` names have theirs."""
    free = [colour for colour in PALETTE if colour not in (known or {}).values()]
    found, next_one = [], 0
    for each in names:
        if known and each in known:
            found.append(known[each])
        else:
            found.append(free[next_one % len(free)])
            next_one += 1
    return {"domain": list(names), "range": found}


def time_axis(field_name: str = "from", title: str | None = None) -> Spec:
    """The encoding of a day along the x axis. Days are days anywhere: no time zone moves them."""
    return {"field": field_name, "type": "temporal", "title": title, "scale": {"type": "utc"}, "axis": {}}


def amount_axis(field_name: str, title: str, **more: Any) -> Spec:
    """The encoding of an amount, with commas; its title names the unit."""
    return {"field": field_name, "type": "quantitative", "title": title, "axis": {"format": ",~f"}, **more}


def hover(*columns: tuple[str, str, str]) -> list[Spec]:
    """What a pointer is told: field, title and format (empty: text)."""
    return [
        {"field": each, "title": title, "type": "quantitative", "format": form}
        if form
        else {"field": each, "title": title, "type": "nominal"}
        for each, title, form in columns
    ]


def beside(field_name: str, at: str = "", form: str = ",.1f") -> Spec:
    """A layer that writes a bar's amount to the right of its end (``at``: the field of that end, if it is another)."""
    text = {"field": field_name, "type": "quantitative", "format": form, "title": MONEY}
    end = {"x": {"field": at, "type": "quantitative"}} if at else {}
    mark = {"type": "text", "align": "left", "dx": 5, "fontSize": 12, "color": "var(--ink)"}
    return {"mark": mark, "encoding": {**end, "text": text}}


def line_at(encoding: Spec, colour: str, dash: Sequence[int] = ()) -> Spec:
    """A layer with one straight line at a datum of ``encoding``: drawn once, not once a row."""
    mark = {"type": "rule", "color": colour, "strokeDash": list(dash)}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def legend(columns: int = 4) -> Spec:
    """Below the chart, where a narrow screen has room for it."""
    return {"orient": "bottom", "title": None, "columns": columns, "symbolType": "square"}
