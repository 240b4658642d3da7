"""The inputs of a plan: every value of its case, and which of them are assumed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.pen import BAND, FAINT, Pen
from optimizer.report.workbook.printing import print_wide
from optimizer.report.workbook.words import path_words, text, unit_of

SHEET = "Inputs"
HEAD = 3
TITLES = ("input", "value", "unit", "provenance", "source", "path in the case")
WIDTHS = (58, 30, 14, 11, 52, 58)


def write_inputs(pen: Pen, facts: Facts, colour: str) -> None:
    """A row for each value of ``inputs/case.json``: path, value, unit, and whether it is assumed or stated."""
    sheet = pen.sheet(SHEET, colour)
    pen.title(sheet, SHEET, "The case as it was resolved, with what it says of the source of its values.")
    pen.words(sheet, HEAD, 0, TITLES, bold=True, bg_color=BAND, bottom=1)
    pen.put(sheet, HEAD, 1, TITLES[1], bold=True, bg_color=BAND, bottom=1, align="right")
    assumed = {str(path) for path in facts.plan.summary["inputs"].get("assumed_paths", ())}
    sources = {path: str(said["source"]) for path, said in facts.plan.sources.items() if said.get("source")}
    row = HEAD
    for path, value in values(facts.case):
        row += 1
        said = isinstance(value, int | float) and not isinstance(value, bool)
        top: dict[str, Any] = {"valign": "top"}
        pen.put(sheet, row, 0, path_words(path), **top)
        # With as many digits as the case has.
        pen.put(sheet, row, 1, value if said else _words(value), align="right", num_format="General", **top)
        pen.put(sheet, row, 2, unit_of(path.rsplit(".", 1)[-1]), indent=1, **top)
        pen.put(sheet, row, 3, "assumed" if _said_above(path, assumed) else "stated", **top)
        above = _said_above(path, sources)
        # On as many lines as it takes: what runs out of its cell is cut in print.
        pen.put(sheet, row, 4, text(sources[above]) if above else "", text_wrap=True, **top)
        pen.put(sheet, row, 5, path, font_color=FAINT, **top)
    sheet.autofilter(HEAD, 0, row, len(TITLES) - 1)
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.repeat_rows(HEAD)
    print_wide(sheet, row, len(TITLES) - 1)


def values(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested data with its dotted path; an empty list or mapping counts as one."""
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from values(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list) and data:
        for at, value in enumerate(data):
            yield from values(value, f"{path}[{at}]")
    else:
        yield path, data


def _words(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in ({}, [], "") else "(empty)"


def _said_above(path: str, said: Collection[str]) -> str:
    """The path itself or the nearest above it of which something is said; empty if nothing is."""
    parts = path.replace("[", ".[").split(".")
    above = (".".join(parts[:size]).replace(".[", "[") for size in range(len(parts), 0, -1))
    return next((each for each in above if each in said), "")
