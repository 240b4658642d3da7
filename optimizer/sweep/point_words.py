"""Points of a sweep in words, on the terminal: which inputs they have, and why some of them have no plan."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from optimizer.sweep.campaign import Swept
from optimizer.sweep.design_words import number, usd_m
from optimizer.sweep.directions import Direction, Overlays
from optimizer.sweep.regret import less_but_impossible
from optimizer.sweep.run import Sweep

WIDTH = 100
HEADING = 16
MOST_LISTED = 12
"""Points named of each reason; the others are counted."""
MOST_REASONS = 5
LONGEST_REASON = 260
"""Three or four lines; the table has all of it."""


def names(directions: Sequence[Direction], longest: int = HEADING) -> list[str]:
    """Ends of the paths as headings, with a number where that alone would not tell them apart."""
    ends = []
    for direction in directions:
        end = direction.path.removesuffix(".*").rpartition(".")[2]
        ends.append(end if len(end) <= longest else end[: longest - 2] + "..")
    return [end if ends.count(end) == 1 else f"{end} {index + 1}" for index, end in enumerate(ends)]


def point_text(sweep: Sweep, number_of_point: int) -> str:
    """``btc_usd 60000, scale 1.2``; of a tornado only what is moved. Empty for a point that is not there."""
    by_number = {swept.point.number: swept.point for swept in sweep.points}
    if number_of_point not in by_number:
        return ""
    values = by_number[number_of_point].values
    still: tuple[float | str, ...] = by_number[1].values if sweep.kind == "tornado" and 1 in by_number else ()
    parts = [
        number(value, each) if isinstance(each, Overlays) else f"{name} {number(value, each)}"
        for at, (name, value, each) in enumerate(
            zip(names(sweep.directions, WIDTH), values, sweep.directions, strict=True)
        )
        if value != "" and not (still and still[at] == value)
    ]
    return ", ".join(parts) or "the case as it stands"


def planless_lines(sweep: Sweep) -> list[str]:
    """Why points have no plan: a reason, then the points that it holds for."""
    found: dict[str, list[Swept]] = {}
    for swept in sweep.points:
        if swept.outcome.figures is None:
            found.setdefault(f"{swept.outcome.status}: {swept.outcome.problem}".removesuffix(": "), []).append(swept)
    if not found:
        return []
    lines = [""]
    for at, (reason, points) in enumerate(list(found.items())[:MOST_REASONS]):
        said = textwrap.shorten(reason, LONGEST_REASON, placeholder=" ... (in full in the table, column problem)")
        lines += hung("No plan" if at == 0 else "", f"{_listed(points)}: {said}")
    more = len(found) - MOST_REASONS
    return [*lines, *([f"{'':<10}and {more} more {'reason' if more == 1 else 'reasons'}"] if more > 0 else [])]


def _listed(points: Sequence[Swept]) -> str:
    numbers = ", ".join(str(swept.point.number) for swept in points[:MOST_LISTED])
    more = f" and {len(points) - MOST_LISTED} more" if len(points) > MOST_LISTED else ""
    return f"{'point' if len(points) == 1 else 'points'} {numbers}{more}"


def hung(head: str, text: str) -> list[str]:
    """Text beside a head of ten places, in lines that fit."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"{head:<10}", subsequent_indent=" " * 12)


# ---------------------------------------------------------------- regret


def regret_lines(sweep: Sweep) -> list[str]:
    """Plans with their worst and mean regret and, beneath, what they are; then the one whose worst is least."""
    if sweep.regret is None:
        return []
    head = f"{'worst':>9}  {'at point':>8}  {'mean':>9}  {'best at':>7}  {'impossible at':>13}"
    lines = ["", f"{'Regret':<10}{head}"]
    for each in sweep.regret.plans:
        if each.worst_usd_m is None or each.mean_usd_m is None:
            figures = f"{'':>9}  {'':>8}  {'':>9}  {'':>7}"
        else:
            worst, mean = usd_m(each.worst_usd_m), usd_m(each.mean_usd_m)
            figures = f"{worst:>9}  {each.worst_point:>8}  {mean:>9}  {each.best_points:>7}"
        lines.append(f"{each.number:>8}  {figures}  {each.impossible_points or '':>13}".rstrip())
        lines += hung("", f"today's plan: {each.words}" if each.todays else each.words)
    return [*lines, *_todays_lines(sweep), *_least_lines(sweep)]


def _todays_lines(sweep: Sweep) -> list[str]:
    """What the plan of the case as it stands loses elsewhere."""
    assert sweep.regret is not None
    today = sweep.regret.todays
    if today is None or today.worst_usd_m is None or today.worst_point is None or today.mean_usd_m is None:
        return []
    count = len({cell.point for cell in sweep.regret.cells})
    is_best = today.best_points + today.impossible_points == count
    if is_best:
        said = f"today's plan ({today.number}) is the best one"
    else:
        worst, mean = usd_m(today.worst_usd_m), usd_m(today.mean_usd_m)
        where = f" ({words})" if (words := point_text(sweep, today.worst_point)) else ""
        said = f"today's plan ({today.number}) loses {worst} at its worst, at point {today.worst_point}{where},"
        said += f" {mean} on average"
    if today.impossible_points:
        said += f" where it is possible; it is impossible at {today.impossible_points} of {count} points"
    elif is_best:
        said += " everywhere"
    return hung("", said)


def _least_lines(sweep: Sweep) -> list[str]:
    """The plan that loses least, where it loses that; and what would lose less, but cannot be kept everywhere."""
    assert sweep.regret is not None
    best = sweep.regret.least_worst
    if best is None or best.worst_usd_m is None or best.worst_point is None:
        return []
    said = f"plan {best.number} loses least at its worst: {usd_m(best.worst_usd_m)}"
    where = point_text(sweep, best.worst_point)
    lines = hung("", f"{said}, at point {best.worst_point} ({where})" if where else said)
    count = len({cell.point for cell in sweep.regret.cells})
    if best.impossible_points:
        said = f"it is impossible at {best.impossible_points} of {count} points; no plan is so at fewer"
        return [*lines, *hung("", said)]
    less = less_but_impossible(sweep.regret)
    if less is not None and less.worst_usd_m is not None:
        said = f"plan {less.number} loses no more than {usd_m(less.worst_usd_m)} where it is possible"
        lines += hung("", f"{said}; it is impossible at {less.impossible_points} of {count} points")
    return lines
