"""How far a plan stays from each limit on megawatts. Section 7 of docs/figures.md. Judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.plan.audit.recompute.blocks import Block, changes, total_at
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Period

EQUALLY_LITTLE_MW = 1e-9
"""Headrooms nearer than this are equal, so that the earlier instant counts."""


@dataclass(frozen=True)
class Megawatts:
    """A limit at the instant of a period at which least is left."""

    limit: str
    site: str
    instant: float
    used: float
    allowed: float

    @property
    def headroom(self) -> float:
        return self.allowed - self.used


def megawatt_limits(figures: Figures, period: Period) -> Iterator[Megawatts]:
    """For every site its mining shell and what is energised."""
    for site in figures.case.sites:
        mining = figures.mining_blocks(site)
        for limit, used, allowed in (
            ("mining_shell", mining + figures.given_up_blocks(site), figures.mining_shell(site)),
            ("energised", mining + figures.hosting_blocks(site), figures.energised(site)),
        ):
            yield _tightest(limit, site, used, allowed, period)


def _tightest(limit: str, site: str, used: Sequence[Block], allowed: Sequence[Block], period: Period) -> Megawatts:
    instants = changes([*used, *allowed], period.start, period.end)
    found = [Megawatts(limit, site, at, total_at(used, at), total_at(allowed, at)) for at in instants]
    least = min(each.headroom for each in found)
    return next(each for each in found if each.headroom <= least + EQUALLY_LITTLE_MW)
