"""A sweep on the terminal, within 100 columns: its points, what the plans do, and where they change their mind.

Text in, nothing decided. All figures are in the CSV file; here is what fits.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from optimizer.sweep.campaign import Swept
from optimizer.sweep.design_words import DRAWN, cut, drawn_lines, number, tornado_lines, usd_m
from optimizer.sweep.directions import Direction, Overlays
from optimizer.sweep.point import OPTIMAL, Figures, Outcome
from optimizer.sweep.point_words import WIDTH, names, planless_lines, regret_lines
from optimizer.sweep.run import Sweep
from optimizer.sweep.twin_words import twin_lines

MOST_ROWS = 40
MOST_CHANGES = 30

_VERBS = {
    "sign": "signs",
    "contract": "signs the contract",
    "build": "builds",
    "buy": "buys",
    "sell": "sells",
    "draw": "draws",
    "issue": "issues",
}
_COUNTED = ("sign", "contract", "build")


def sweep_lines(sweep: Sweep, map_lines: Sequence[str] = ()) -> list[str]:
    """The whole summary, line by line. ``map_lines``: a map of a grid, which is shown in place of its rows."""
    lines = [sweep.case_name, "", *_headed("Varied", _varied_lines(sweep)), ""]
    if map_lines:
        lines += map_lines
    elif sweep.kind == "tornado":
        lines += tornado_lines(sweep)
    elif sweep.kind in DRAWN:
        lines += drawn_lines(sweep)
    else:
        lines += _table_lines(sweep)
        lines += _change_lines(sweep)
        lines += twin_lines(sweep)
    lines += planless_lines(sweep)
    lines += _not_closed_lines(sweep)
    lines += regret_lines(sweep)
    if sweep.problems:
        lines += ["", *_headed("Problems", cut(sweep.problems, MOST_CHANGES))]
    kept = sum(swept.kept for swept in sweep.points)
    if kept:
        lines += ["", f"{'Kept':<10}{kept} of {len(sweep.points)} points were solved before"]
    return [line if len(line) <= WIDTH else line[: WIDTH - 3] + "..." for line in lines]


def _varied_lines(sweep: Sweep) -> list[str]:
    found: list[str] = []
    for direction in sweep.directions:
        clauses = (direction,) if isinstance(direction, Overlays) else direction.clauses
        texts = [vary_text(clause, between=sweep.kind in DRAWN) for clause in clauses]
        found += [texts[0], *(f"  with {text}" for text in texts[1:])]
    return found


def vary_text(direction: Direction, *, between: bool = False) -> str:
    """``market.power.*.scale: 11 values from 0.6 to 1.6``; ``between``: only the ends count."""
    numbers = [number(value, direction) for value in direction.values]
    if between:
        said = f"between {numbers[0]} and {numbers[-1]}"
    elif len(numbers) > 4 and not isinstance(direction, Overlays):
        said = f"{len(numbers)} values from {numbers[0]} to {numbers[-1]}"
    else:
        said = ", ".join(numbers)
    return f"{direction.path}: {said}"


def _table_lines(sweep: Sweep) -> Iterator[str]:
    heads = names(sweep.directions)
    shown = sweep.points[:MOST_ROWS]
    cells = [
        [number(value, each) for value, each in zip(swept.point.values, sweep.directions, strict=True)]
        for swept in shown
    ]
    widths = [max(len(name), *(len(row[at]) for row in cells), 0) for at, name in enumerate(heads)]
    head = "  ".join(f"{name:>{width}}" for name, width in zip(heads, widths, strict=True))
    yield f"{'point':>5}  {head}  {'value':>10}  {'headroom':>9}  plan"
    for swept, row in zip(shown, cells, strict=True):
        said = "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{swept.point.number:>5}  {said}  {_outcome_text(swept)}"
    if len(sweep.points) > MOST_ROWS:
        yield f"{'':>5}  and {len(sweep.points) - MOST_ROWS} more points"


def _change_lines(sweep: Sweep) -> list[str]:
    if not _is_line(sweep) or len(sweep.points) < 2:
        return []
    changes = [f"between {first} and {second}: {text}" for first, second, text in changes_along(sweep)]
    if not changes:
        return ["", *_headed("Changes", ["the plan makes the same choices at every point"])]
    return ["", *_headed("Changes", cut(changes, MOST_CHANGES))]


def _not_closed_lines(sweep: Sweep) -> list[str]:
    gaps = [(swept.point.number, swept.outcome.figures.gap) for swept in sweep.not_closed if swept.outcome.figures]
    if not gaps:
        return []
    said = f"{len(gaps)} {'point' if len(gaps) == 1 else 'points'} not proved to the gap"
    listed = ", ".join(f"{point} (gap {gap:.2%})" for point, gap in gaps)
    return ["", *_headed("?", [f"{said}; another plan may be better there:", *textwrap.wrap(listed, WIDTH - 10)])]


def _headed(head: str, texts: Sequence[str]) -> list[str]:
    return [f"{head if index == 0 else '':<10}{text}" for index, text in enumerate(texts)]


def _outcome_text(swept: Swept) -> str:
    outcome = swept.outcome
    figures = outcome.figures
    if figures is None:
        return f"{'':>10}  {'':>9}  {outcome.status}"
    said, mark = short_plan(figures), " "
    if outcome.status != OPTIMAL:
        said, mark = f"({outcome.status}, gap {figures.gap:.2%}) {said}", "?"
    return f"{usd_m(figures.value_usd_m):>10}{mark} {usd_m(figures.thinnest_headroom_usd_m):>9}  {said}"


def short_plan(figures: Figures) -> str:
    """``cloud_tenant 3 halls 2027-04; unplug 2.3 EH/s``: signatures one by one, the rest in all."""
    parts: list[str] = []
    for row in figures.decisions:
        if row["decision"] == "sign":
            halls = float(row["amount"])
            parts.append(f"{row['item']} {halls:.0f} {'hall' if halls == 1 else 'halls'} {str(row['date'])[:7]}")
    for row in figures.decisions:
        if row["decision"] == "contract":
            parts.append(f"{row['item']} {float(row['amount']):.4g} MW {str(row['date'])[:7]}")
    for row in figures.decisions:
        if row["decision"] == "build":
            parts.append(f"build {row['item']} {str(row['date'])[:7]}")
    for kind in ("buy", "unplug", "sell"):
        total = sum(float(row["amount"]) for row in figures.decisions if row["decision"] == kind)
        if total:
            parts.append(f"{kind} {total / 1000:,.2f} EH/s")
    for kind in ("draw", "issue"):
        total = sum(float(row["amount"]) for row in figures.decisions if row["decision"] == kind)
        if total:
            parts.append(f"{kind} {usd_m(total)}")
    return "; ".join(parts) or "sign nothing, keep every machine"


def _is_line(sweep: Sweep) -> bool:
    """Whether points follow each other along one direction, perhaps once for each case."""
    first, *more = sweep.directions
    return not more or (isinstance(first, Overlays) and len(more) == 1)


def changes_along(sweep: Sweep) -> list[tuple[str, str, str]]:
    """(value, next value, what the plan does differently at the next), along the last direction; also from case to
    case where that is the only one."""
    found = []
    for first, second, text in changed_points(sweep):
        along, case = sweep.directions[-1], "".join(f" ({value})" for value in first.point.values[:-1])
        ends = number(first.point.values[-1], along), number(second.point.values[-1], along)
        found.append((ends[0], f"{ends[1]}{case}", text))
    return found


def changed_points(sweep: Sweep) -> list[tuple[Swept, Swept, str]]:
    """Neighbours with different plans, and what the second does differently."""
    if sweep.kind != "grid" or not _is_line(sweep):
        return []
    neighbours = [
        (first, second)
        for first, second in pairwise(sweep.points)
        if second.point.number == first.point.number + 1 and first.point.values[:-1] == second.point.values[:-1]
    ]
    return [(first, second, text) for first, second in neighbours if (text := _difference(first, second))]


def _difference(first: Swept, second: Swept) -> str:
    one, other = first.outcome, second.outcome
    if one.figures is None or other.figures is None:
        return "" if one.status == other.status else f"{_state(one)}, then {_state(other)}"
    before, after = _choices(one.figures), _choices(other.figures)
    texts = []
    for key in dict.fromkeys([*before, *after]):
        kind, item = key
        verb = _VERBS[kind]
        if key not in before:
            texts.append(f"{verb} {item}")
        elif key not in after:
            texts.append(f"no longer {verb} {item}")
        elif kind in _COUNTED and before[key] != after[key]:
            texts.append(f"{item} {_instead(after[key], before[key])}")
    return ", ".join(texts)


def _state(outcome: Outcome) -> str:
    return "a plan" if outcome.figures is not None else outcome.status


Choice = tuple[str, str, float, bool]
"""Site, month, amount, and whether that counts halls."""


def _choices(figures: Figures) -> dict[tuple[str, str], tuple[Choice, ...]]:
    """What is chosen, by (kind, item). Machines and money move with every input: of these only that they do."""
    found: dict[tuple[str, str], tuple[Choice, ...]] = {}
    for row in figures.decisions:
        if row["decision"] in _VERBS:
            key = (str(row["decision"]), str(row["item"]))
            found[key] = (*found.get(key, ()), _choice(row))
    return found


def _choice(row: Mapping[str, Any]) -> Choice:
    return str(row["site"]), str(row["date"])[:7], float(row["amount"]), row["decision"] == "sign"


def _instead(new: tuple[Choice, ...], old: tuple[Choice, ...]) -> str:
    """Only what differs, if there is one of each; else all of it."""
    if len(new) == len(old) == 1:
        now, then = _words(new[0]), _words(old[0])
        # The second number needs no noun of its own: 2 halls instead of 3.
        return ", ".join(
            f"{one} instead of {other.removesuffix(' halls').removesuffix(' hall')}"
            for one, other in zip(now, then, strict=True)
            if one != other
        )
    return f"{_all_words(new)} instead of {_all_words(old)}"


def _words(choice: Choice) -> tuple[str, str, str]:
    site, month, amount, halls = choice
    return f"at {site}", f"in {month}", f"{amount:.0f}{(' hall' if amount == 1 else ' halls') if halls else ''}"


def _all_words(choices: tuple[Choice, ...]) -> str:
    return " and ".join(f"{amount} {month} {site}" for site, month, amount in map(_words, choices))
