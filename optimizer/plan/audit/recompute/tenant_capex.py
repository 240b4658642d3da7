"""Capex of an offer that its tenant pays, and how what is owed for it goes back. Section 6 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.offers import Offer
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute


@dataclass(frozen=True)
class PaidByTenant:
    """What a tenant pays of the capex of its halls, all together, USD m. Spent in the shares of all capex."""

    received: float
    """Owed to the tenant, until it is credited."""
    for_good: float
    """No cash of the company, and no capex of its own."""


def paid_by_tenant(name: str, offer: Offer, it_mw: float) -> PaidByTenant:
    """Of an offer with its design's terms. Raises CannotRecompute."""
    terms = offer.tenant_capex
    if terms is None:
        return PaidByTenant(0.0, 0.0)
    if terms.credited_usd_m_per_mw_it > terms.usd_m_per_mw_it:
        raise CannotRecompute(f"offer {name}: more of its capex would be credited than its tenant pays")
    whole = it_mw * offer.capex_usd_m_per_mw_it * (1 + offer.contingency)
    paid = min(whole, it_mw * terms.usd_m_per_mw_it)
    received = paid * (terms.credited_usd_m_per_mw_it / terms.usd_m_per_mw_it)
    return PaidByTenant(received, paid - received)


def given_back(offer: Offer, received: float, rent: Array, first_rent: int) -> Array:
    """Credit by month, (M,): what is owed, month after month, as far as the agreed share of the rent goes."""
    credit = np.zeros_like(rent)
    if offer.tenant_capex is None:
        return credit
    owed = received
    for month in range(first_rent, len(rent)):
        credit[month] = min(owed, offer.tenant_capex.credit_share_of_rent * rent[month])
        owed -= credit[month]
    return credit
