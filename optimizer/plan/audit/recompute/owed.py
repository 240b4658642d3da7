"""What is owed to whom, period by period: debts, facilities and lines alike. Section 13 of docs/figures_capital.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.timeline import Array


@dataclass(frozen=True, eq=False)
class Owed:
    """A debt, a facility (all its tranches together), a line, or a single tranche of project finance, (P,) each, USD m.

    kind: ``debt`` for one that exists at the start, else the facility's kind. offer: the signed offer or the lease whose
    project it belongs to; None for what the company owes. counts_as_debt: all but preferred shares.

    opening + drawn + capitalised - principal = closing. interest: paid in cash; 0 for preferred shares, whose dividends
    in cash are ``dividends_paid``. capitalised: interest of project loans, dividends in kind, and what preferred shares
    are redeemed at above what is owed (``premium``, at the redemption). accrued, accrued_opening: interest or dividends
    accrued and not paid at the end and at the beginning of the period. unamortised_fees: of ``fees``, at the end.
    fees: kept back of draws. capped_calls: kept back for them; never written off. fixed_costs: with each tranche.
    commitment_fees: of lines, once. undrawn_fees: as paid. due_12_months: principal due in (last, last + 12].
    """

    name: str
    kind: str
    offer: str | None
    counts_as_debt: bool
    opening: Array
    drawn: Array
    capitalised: Array
    interest: Array
    principal: Array
    closing: Array
    accrued: Array
    accrued_opening: Array
    dividends_paid: Array
    premium: Array
    fees: Array
    unamortised_fees: Array
    capped_calls: Array
    fixed_costs: Array
    commitment_fees: Array
    undrawn_fees: Array
    due_12_months: Array

    @property
    def expense(self) -> Array:
        """Interest (of preferred shares: dividends) of each period, paid or accrued; what is capitalised is not in it."""
        return np.asarray(self.interest + self.dividends_paid + self.accrued - self.accrued_opening)

    @property
    def cash_fees(self) -> Array:
        """Everything that goes out as fees, as it is paid."""
        return np.asarray(
            self.fees + self.capped_calls + self.fixed_costs + self.commitment_fees + self.undrawn_fees
        )
