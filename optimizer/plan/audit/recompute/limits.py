"""How far a plan stays from each limit on megawatts. Section 7 of docs/figures.md. Judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.plan.audit.recompute.blocks import Block, changes, total_at
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Period

SAME_MW = 1e-11
"""Headrooms nearer than this are equal, so that the earlier instant counts."""

ROUNDING_MW = 1e-6
"""Headrooms nearer than this may change their order when decisions are rounded."""


@dataclass(frozen=True)
class Megawatts:
    """A limit at the instant of a period at which least is left.

    others: used and allowed at instants that have as little left but for rounding, each once.
    """

    limit: str
    site: str
    instant: float
    used: float
    allowed: float
    others: tuple[tuple[float, float], ...] = ()

    @property
    def headroom(self) -> float:
        return self.allowed - self.used


def megawatt_limits(figures: Figures) -> tuple[tuple[Megawatts, ...], ...]:
    """By period, for every site, its mining shell and what is energised."""
    by_site: list[list[tuple[Megawatts, Megawatts]]] = []
    for site in figures.case.sites:
        mining = figures.mining_blocks(site)
        shell = ("mining_shell", mining + figures.given_up_blocks(site), figures.mining_shell(site))
        energised = ("energised", mining + figures.hosting_blocks(site), figures.energised(site))
        periods = figures.timeline.periods
        by_site.append([(_tightest(site, each, *shell), _tightest(site, each, *energised)) for each in periods])
    return tuple(tuple(each for pair in of_period for each in pair) for of_period in zip(*by_site, strict=True))


def _tightest(site: str, period: Period, limit: str, used: Sequence[Block], allowed: Sequence[Block]) -> Megawatts:
    used, allowed = _during(used, period), _during(allowed, period)
    instants = changes([*used, *allowed], period.start, period.end)
    found = [Megawatts(limit, site, at, total_at(used, at), total_at(allowed, at)) for at in instants]
    least = min(each.headroom for each in found)
    # In order of time; what has the headroom of an earlier instant is out, whatever rounding does.
    near: list[Megawatts] = []
    for each in found:
        earlier = any(abs(each.headroom - other.headroom) <= SAME_MW for other in near)
        if each.headroom <= least + ROUNDING_MW and not earlier:
            near.append(each)
    tightest = next(each for each in near if each.headroom <= least + SAME_MW)
    others = tuple((each.used, each.allowed) for each in near if each is not tightest)
    return replace(tightest, others=others)


def _during(blocks: Sequence[Block], period: Period) -> list[Block]:
    return [block for block in blocks if block.start < period.end and block.end > period.start]
