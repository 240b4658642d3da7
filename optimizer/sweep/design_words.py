"""Tornados and samples on the terminal: which input matters most, and what the value is likely to be.

Text in, nothing decided; rows of a grid are in `optimizer.sweep.words`, regret in `optimizer.sweep.point_words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from optimizer.sweep.campaign import Swept
from optimizer.sweep.directions import Direction, Overlays, Vary
from optimizer.sweep.regions import called_words
from optimizer.sweep.run import Sweep

DRAWN = ("sample", "sensitivity")
"""Designs whose points are drawn from ranges."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_PLANS = 12
_LONGEST_NAME = 44


def usd_m(amount: float) -> str:
    """``$1,234.5M``, ``-$0.3M``."""
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"


def number(value: float | str, direction: Direction) -> str:
    """A varied value, short; factors with their x; the name of another case."""
    if isinstance(value, str):
        return value
    return f"{'x' if direction.relative else ''}{value:.7g}"


def cut(texts: Sequence[str], most: int) -> list[str]:
    """The first ``most``, and how many more there are."""
    return [*texts[:most], *([f"and {len(texts) - most} more"] if len(texts) > most else [])]


# ---------------------------------------------------------------- tornados


@dataclass(frozen=True)
class Swing:
    """A direction of a tornado and its points that have a plan, the worst first."""

    name: str
    points: tuple[tuple[str, float, bool], ...]
    """Value of the input, value of the plan (USD m), and whether that signs or builds other things than the case's own
    plan."""
    without_plan: int

    @property
    def swing_usd_m(self) -> float:
        """From the worst to the best."""
        return self.points[-1][1] - self.points[0][1] if self.points else 0.0


def tornado_lines(sweep: Sweep) -> list[str]:
    """The case's own value, other cases, then the directions by swing, the largest first."""
    by_number = {swept.point.number: swept for swept in sweep.points}
    own = by_number.get(1)
    swings = sorted(swings_of(sweep), key=lambda each: -each.swing_usd_m)
    lines = [f"{'Value':<10}{_worth(own)} as the case stands", ""]
    for overlay in (each for each in sweep.directions if isinstance(each, Overlays)):
        width = max(len(name) for name in overlay.files)
        for at, name in enumerate(overlay.files, start=2):
            swept = by_number.get(at)
            lines.append(f"{name:<{width}}  {_worth(swept):>10}{'*' if _differs(sweep, swept) else ''}")
        lines.append("")
    width = min(_LONGEST_NAME, max((len(each.name) for each in swings), default=0))
    lines.append(f"{'':<{width}}  {'worst at':>10} {'':>11}  {'best at':>10} {'':>11}  {'swing':>10}")
    for each in swings:
        name = each.name if len(each.name) <= width else each.name[: width - 3] + "..."
        lines.append(f"{name:<{width}}  {_swing_text(each)}")
    if any(_differs(sweep, swept) for swept in sweep.points):
        lines += ["", "*  signs or builds other things than the plan of the case as it stands"]
    return lines


def _swing_text(swing: Swing) -> str:
    none = f"{swing.without_plan} without a plan" if swing.without_plan else ""
    if not swing.points:
        return none
    ends = "  ".join(
        f"{at:>10} {usd_m(value) + ('*' if other else ' '):>11}"
        for at, value, other in (swing.points[0], swing.points[-1])
    )
    return f"{ends}  {usd_m(swing.swing_usd_m):>10}  {none}".rstrip()


def swings_of(sweep: Sweep) -> list[Swing]:
    """Its directions with numbers, in their order: the first point is the case's own, then come other cases."""
    by_number = {swept.point.number: swept for swept in sweep.points}
    at = 1 + sum(len(each.files) for each in sweep.directions if isinstance(each, Overlays))
    found = []
    for vary in (each for each in sweep.directions if isinstance(each, Vary)):
        points = []
        for value in vary.values:
            at += 1
            swept = by_number.get(at)
            if swept is not None and swept.outcome.figures is not None:
                points.append((number(value, vary), swept.outcome.figures.value_usd_m, _differs(sweep, swept)))
        points.sort(key=lambda each: each[1])
        found.append(Swing(vary.path, tuple(points), len(vary.values) - len(points)))
    return found


def _worth(swept: Swept | None) -> str:
    if swept is None:
        return "not solved"
    return swept.outcome.status if swept.outcome.figures is None else usd_m(swept.outcome.figures.value_usd_m)


def _differs(sweep: Sweep, swept: Swept | None) -> bool:
    """Whether a point and the first one both have plans, of different regions."""
    by_point = sweep.regions.by_point
    return (
        swept is not None
        and by_point.get(swept.point.number) != by_point.get(1)
        and {1, swept.point.number} <= set(by_point)
    )


# ---------------------------------------------------------------- samples


def drawn_lines(sweep: Sweep) -> list[str]:
    """Quantiles of the value, and at which part of the points each plan is the best."""
    values = [s.outcome.figures.value_usd_m for s in sweep.points if s.outcome.figures is not None]
    lines = []
    if values:
        found = np.quantile(values, QUANTILES).tolist()
        lines.append(f"{'Value':<10}" + "  ".join(f"{share:>9.0%}" for share in QUANTILES) + f"  {'mean':>9}")
        lines.append(f"{'':<10}" + "  ".join(f"{usd_m(value):>9}" for value in [*found, fmean(values)]))
        lines.append("")
    without = len(sweep.points) - len(values)
    ranked = sorted(sweep.regions.all, key=lambda region: (-len(region.points), region.number))
    said = [f"{len(r.points) / len(sweep.points):>5.0%}  {called_words(r.called)}: {r.words}" for r in ranked]
    said = cut(said, MOST_PLANS)
    if without:
        said.append(f"{without / len(sweep.points):>5.0%}  no plan")
    lines += [f"{'Plans' if at == 0 else '':<10}{text}" for at, text in enumerate(said)]
    return [*lines, f"{'':<10}of {len(sweep.points)} points"]
