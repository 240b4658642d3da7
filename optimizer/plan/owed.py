"""What a plan owes, by debt and facility and period: drawn, served, left (docs/figures_capital.md, 13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.tree import Floats


@dataclass(frozen=True)
class Owed:
    """A debt of the start, or a facility with all of its tranches. Arrays (N,) by period, USD m, all positive."""

    name: str
    kind: str
    """``debt``, or the facility's kind."""
    is_debt: bool
    """Preferred shares are none."""
    opening_usd_m: float
    """Owed at the start of the plan."""
    drawn: Floats
    """Face, of project loans the cash that is drawn."""
    capitalised: Floats
    """Interest (of preferred shares paid in kind: dividends) added to what is owed."""
    interest: Floats
    """Paid; of preferred shares dividends."""
    principal: Floats
    """Paid; of preferred shares what is owed, not what redemption costs above it."""
    closing: Floats
    accrued_opening_usd_m: float
    accrued: Floats
    """Interest that has accrued and is not paid, at the end of the period."""
    unamortised: Floats
    """Fees kept back that are not written off yet, at the end of the period."""
    due: Floats
    """Principal due within twelve months of the end of the period."""
    fees: Floats
    """Kept back, without the cost of capped calls."""
    capped_calls: Floats
    fixed_costs: Floats
    """Paid with a draw, whatever its size."""
    undrawn_fees: Floats
    above_par: Floats
    """Paid for redemption above what is owed."""
    capitalised_by_option: Mapping[int, Floats]
    """By hosting option: what its project loans capitalise."""

    @property
    def expense(self) -> Floats:
        """(N,) interest expense with what is capitalised: paid and accrued more."""
        before = np.concatenate([[self.accrued_opening_usd_m], self.accrued[:-1]])
        total: Floats = self.interest + self.capitalised + self.accrued - before
        return total

    @property
    def written_off(self) -> Floats:
        """(N,) fees kept back as they are written off."""
        before = np.concatenate([[0.0], self.unamortised[:-1]])
        total: Floats = before + self.fees - self.unamortised
        return total


@dataclass(frozen=True)
class Fence:
    """The ring-fence of a signature or lease. Arrays (N,) by period, USD m."""

    option: int
    name: str
    available: Floats
    service: Floats
    dscr: Floats
    """Of twelve months, as tested; nan without service."""
    reserve: Floats
    """At the end of the period, as the next two."""
    set_aside: Floats
    locked: Floats
    locked_up: np.ndarray
    level: float
    """DSCR below which distributions are locked up; 0 without."""

    @property
    def trapped(self) -> Floats:
        """(N,) cash that is not the company's to spend."""
        return self.reserve + self.set_aside + self.locked
