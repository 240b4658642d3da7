"""A sweep on the terminal, within 100 columns: its points, what the plans do, and where they change their mind.

Text in, nothing decided. All figures are in the CSV file; here is what fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.sweep.campaign import Swept
from optimizer.sweep.point import Figures
from optimizer.sweep.run import Sweep
from optimizer.sweep.vary import Vary

WIDTH = 100
HEADING = 16
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


def sweep_lines(sweep: Sweep) -> list[str]:
    """The whole summary, line by line."""
    lines = [sweep.case_name, ""]
    for index, vary in enumerate(sweep.directions):
        lines.append(f"{'Varied' if index == 0 else '':<10}{vary_text(vary)}")
    lines.append("")
    lines += list(_table_lines(sweep))
    changes = [f"between {first} and {second}: {text}" for first, second, text in changes_along(sweep)]
    if len(sweep.directions) == 1 and len(sweep.points) > 1:
        lines.append("")
        for index, text in enumerate(changes[:MOST_CHANGES] or ["the plan makes the same choices at every point"]):
            lines.append(f"{'Changes' if index == 0 else '':<10}{text}")
        if len(changes) > MOST_CHANGES:
            lines.append(f"{'':<10}and {len(changes) - MOST_CHANGES} more")
    return [line if len(line) <= WIDTH else line[: WIDTH - 3] + "..." for line in lines]


def vary_text(vary: Vary) -> str:
    """``market.power.*.scale: 11 values from 0.6 to 1.6``."""
    numbers = [number(value, vary) for value in vary.values]
    if len(numbers) > 4:
        said = f"{len(numbers)} values from {numbers[0]} to {numbers[-1]}"
    else:
        said = ", ".join(numbers)
    return f"{vary.path}: {said}"


def number(value: float | str, vary: Vary) -> str:
    """A varied value, short; factors with their x; the name of an overlay."""
    if isinstance(value, str):
        return value
    return f"{'x' if vary.relative else ''}{value:.7g}"


def _table_lines(sweep: Sweep) -> Iterator[str]:
    names = _names(sweep.directions)
    widths = [
        max(len(name), *(len(number(value, vary)) for value in vary.values))
        for name, vary in zip(names, sweep.directions, strict=True)
    ]
    head = "  ".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    yield f"{'point':>5}  {head}  {'value':>10}  {'headroom':>9}  plan"
    for swept in sweep.points[:MOST_ROWS]:
        cells = "  ".join(
            f"{number(value, vary):>{width}}"
            for value, vary, width in zip(swept.point.values, sweep.directions, widths, strict=True)
        )
        yield f"{swept.point.number:>5}  {cells}  {_outcome_text(swept)}"
    if len(sweep.points) > MOST_ROWS:
        yield f"{'':>5}  and {len(sweep.points) - MOST_ROWS} more points"


def _names(directions: tuple[Vary, ...]) -> list[str]:
    """Ends of the paths as headings, with a number where that alone would not tell them apart."""
    ends = []
    for vary in directions:
        end = vary.path.removesuffix(".*").rpartition(".")[2]
        ends.append(end if len(end) <= HEADING else end[: HEADING - 2] + "..")
    return [end if ends.count(end) == 1 else f"{end} {index + 1}" for index, end in enumerate(ends)]


def _outcome_text(swept: Swept) -> str:
    outcome = swept.outcome
    figures = outcome.figures
    if figures is None:
        return f"{'':>10}  {'':>9}  {outcome.status}: {outcome.problem}"
    said = short_plan(figures)
    if outcome.status != "optimal":
        said = f"({outcome.status}, gap {figures.gap:.2%}) {said}"
    return f"{_usd_m(figures.value_usd_m):>10}  {_usd_m(figures.thinnest_headroom_usd_m):>9}  {said}"


def _usd_m(amount: float) -> str:
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"


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
            parts.append(f"{kind} {_usd_m(total)}")
    return "; ".join(parts) or "sign nothing, keep every machine"


def changes_along(sweep: Sweep) -> list[tuple[str, str, str]]:
    """(value, next value, what the plan does differently at the next), for a sweep of one direction."""
    if len(sweep.directions) != 1:
        return []
    vary, found = sweep.directions[0], []
    for first, second in zip(sweep.points, sweep.points[1:], strict=False):
        if second.point.number != first.point.number + 1:
            continue
        text = _difference(first, second)
        if text:
            found.append((number(first.point.values[0], vary), number(second.point.values[0], vary), text))
    return found


def _difference(first: Swept, second: Swept) -> str:
    one, other = first.outcome, second.outcome
    if one.figures is None or other.figures is None:
        return "" if one.status == other.status else f"{one.status}, then {other.status}"
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


Choice = tuple[str, str, float]
"""Site, month, amount."""


def _choices(figures: Figures) -> dict[tuple[str, str], tuple[Choice, ...]]:
    """What is chosen, by (kind, item). Machines and money move with every input: of these only that they do."""
    found: dict[tuple[str, str], tuple[Choice, ...]] = {}
    for row in figures.decisions:
        if row["decision"] in _VERBS:
            key = (str(row["decision"]), str(row["item"]))
            found[key] = (*found.get(key, ()), _choice(row))
    return found


def _choice(row: Mapping[str, Any]) -> Choice:
    return str(row["site"]), str(row["date"])[:7], float(row["amount"])


def _instead(new: tuple[Choice, ...], old: tuple[Choice, ...]) -> str:
    """Only what differs, if there is one of each; else all of it."""
    if len(new) == len(old) == 1:
        words = [
            f"{now} instead of {then}" for now, then in zip(_words(new[0]), _words(old[0]), strict=True) if now != then
        ]
        return ", ".join(words)
    return f"{_all_words(new)} instead of {_all_words(old)}"


def _words(choice: Choice) -> tuple[str, str, str]:
    site, month, amount = choice
    return f"at {site}", f"in {month}", f"{amount:.0f}"


def _all_words(choices: tuple[Choice, ...]) -> str:
    return " and ".join(f"{amount} {month} {site}" for site, month, amount in map(_words, choices))
