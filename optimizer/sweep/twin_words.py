"""Where all hosting is worth more than all mining along a line, on the terminal (``--twins``)."""

from __future__ import annotations

from itertools import pairwise

from optimizer.sweep.design_words import number, usd_m
from optimizer.sweep.directions import Vary
from optimizer.sweep.point_words import hung
from optimizer.sweep.run import Sweep


def twin_lines(sweep: Sweep) -> list[str]:
    """Between which values one overtakes the other, or that it never does; nothing of any other sweep than a line."""
    if sweep.twins is None or sweep.kind != "grid" or len(sweep.directions) != 1:
        return []
    (along,) = sweep.directions
    if not isinstance(along, Vary):
        return []
    found = _leads(sweep)
    said = [
        f"between {number(first, along)} and {number(second, along)} all {_ahead(after)} overtakes all "
        f"{_ahead(before)}: behind by {usd_m(abs(before))}, then ahead by {usd_m(abs(after))}"
        for (first, before), (second, after) in pairwise(found)
        if (before > 0) != (after > 0)
    ]
    if found and not said:
        sizes = sorted(abs(lead) for _, lead in found)
        one, other = ("hosting", "mining") if found[0][1] > 0 else ("mining", "hosting")
        said = [f"all {one} is worth more than all {other} at every point: by {usd_m(sizes[0])} to {usd_m(sizes[-1])}"]
    lines = [line for at, text in enumerate(said) for line in hung("" if at else "Twins", text)]
    return ["", *lines] if lines else []


def _ahead(lead: float) -> str:
    return "hosting" if lead > 0 else "mining"


def _leads(sweep: Sweep) -> list[tuple[float, float]]:
    """(value of the input, all hosting less all mining in USD m), ascending, where both are known."""
    assert sweep.twins is not None
    found = []
    for swept in sweep.points:
        twins = sweep.twins.get(swept.point.number)
        if twins is not None and twins.all_hosting is not None and twins.all_mining is not None:
            found.append((float(swept.point.values[0]), twins.all_hosting - twins.all_mining))
    return sorted(found)
