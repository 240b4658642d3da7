"""Capex of halls that their tenant pays: what of it is lent, what costs nobody here anything, and how the loan is
credited back against rent. docs/figures.md, section 6, ``tenant_capex``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.offers import Offer


@dataclass(frozen=True)
class CapexSplit:
    """Who pays the capex of a hall, as shares of all of it.

    ``own`` and what the tenant pays for good add up to 1: the company spends ``own``, of which it receives ``lent``.
    """

    own: float
    """The company's capex: all but what the tenant pays and is never credited."""
    lent: float
    """Paid by the tenant and credited back; at most ``own``."""


def capex_split(offer: Offer) -> CapexSplit:
    """Shares of an offer's capex (with contingency), its design's figures already in place."""
    all_usd_m_per_mw_it = offer.capex_usd_m_per_mw_it * (1 + offer.contingency)
    terms = offer.tenant_capex
    if terms is None or all_usd_m_per_mw_it == 0:
        return CapexSplit(own=1.0, lent=0.0)
    tenant = min(1.0, terms.usd_m_per_mw_it / all_usd_m_per_mw_it)
    lent = tenant * terms.credited_usd_m_per_mw_it / terms.usd_m_per_mw_it
    # In this order, so that a tenant who pays everything leaves exactly what it lends.
    return CapexSplit(own=(1.0 - tenant) + lent, lent=lent)


def credited_against_rent(owed_usd_m: float, rent: Floats, share_of_rent: float) -> Floats:
    """(K,) credit by month: the share of the month's rent until all that is owed is credited, USD m.

    All is lent before the first rent. What the rent of the whole term cannot carry is never paid.
    """
    so_far = np.minimum(owed_usd_m, np.cumsum(share_of_rent * rent))
    credit: Floats = np.diff(so_far, prepend=0.0)
    return credit
