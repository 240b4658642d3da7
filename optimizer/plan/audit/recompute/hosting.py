"""What every signed hosting contract brings and costs, month by month to its end. Section 6 of docs/figures.md.

All instants of a contract are first instants of months, as it is signed on one and its durations are whole months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.offers import Offer
from optimizer.plan.audit.recompute.blocks import Block
from optimizer.plan.audit.recompute.decisions import Decisions, Signature
from optimizer.plan.audit.recompute.prices import Spot, at_meter
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, Timeline


@dataclass(frozen=True, eq=False)
class Contract:
    """A signed offer, all halls together. Arrays are (M,) by month from the start of the plan past the last flow.

    Money in USD m, costs positive. What ends in ``_at`` is paid at the first instant of the month; the rest accrues.
    reserved: meter MW taken at the site. gives_up: the mine's buildings given up, meter MW.
    """

    signature: Signature
    offer: Offer
    it_mw: Array
    mwh: Array
    rent: Array
    operating_cost: Array
    power_cost: Array
    power_recovered: Array
    credit: Array
    capex: Array
    capex_at: Array
    prepayment_at: Array
    signing_cost_at: Array
    residual_at: Array
    reserved: Block
    gives_up: Block

    @property
    def noi(self) -> Array:
        return self.rent - self.operating_cost - self.power_cost + self.power_recovered

    @property
    def accrued(self) -> Array:
        """All that comes in less all that goes out evenly within the month."""
        return self.noi - self.credit - self.capex

    @property
    def paid(self) -> Array:
        """All that comes in less all that goes out at the first instant of the month."""
        return self.prepayment_at + self.residual_at - self.signing_cost_at - self.capex_at


def capex_of(offer: Offer, halls: float) -> float:
    """Capex in all, USD m."""
    return halls * offer.hall_mw_it * offer.capex_usd_m_per_mw_it * (1 + offer.contingency)


def reserved_mw(offer: Offer, halls: float) -> float:
    """Meter MW that the halls reserve."""
    return halls * offer.hall_mw_it * offer.gross_per_it


def contracts_of(
    case: Case, timeline: Timeline, decisions: Decisions, spots: Mapping[str, Spot]
) -> tuple[Contract, ...]:
    """Every signed contract, in the order of the case."""
    return tuple(_contract(case, timeline, signature, spots) for signature in decisions.signatures)


def _contract(case: Case, timeline: Timeline, signature: Signature, spots: Mapping[str, Spot]) -> Contract:
    offer = case.offers[signature.offer]
    it_mw = signature.halls * offer.hall_mw_it
    signed = signature.start - timeline.start
    first_rent, credited_over = signed + offer.lead, offer.prepayment_credited_over
    credited_over = offer.term if credited_over is None else credited_over
    end = first_rent + offer.term
    months = max(timeline.months, end, first_rent + credited_over) + 1
    share, year = _share_and_year(offer, months, first_rent, end)

    rent = it_mw * offer.rate_usd_per_kw_month / 1000 * share * (1 + offer.escalator) ** year
    running = (np.arange(months) >= first_rent) & (np.arange(months) < end)
    operating = it_mw * offer.operating_cost_usd_m_per_mw_it_year / 12 * running
    operating = operating * (1 + offer.operating_cost_escalator) ** year
    mwh, power_cost = _energy(case, timeline, signature, it_mw * offer.utilisation * offer.pue * share, spots)

    prepayment = offer.prepayment * float(rent.sum())
    capex, at_once = _capex(offer, capex_of(offer, signature.halls), months, signed)
    credit = np.zeros(months)
    if prepayment > 0:
        # Credited over no time at all it would be given back in the moment of the first rent.
        credit[first_rent : first_rent + max(credited_over, 1)] = prepayment / max(credited_over, 1)
    mw = reserved_mw(offer, signature.halls)
    taken_after = offer.space_taken_after
    if taken_after is None:
        taken_after = 0 if offer.takes == "mining_shell" else offer.lead
    reserved = Block(signature.start + taken_after, timeline.start + end, mw)
    return Contract(
        signature=signature,
        offer=offer,
        it_mw=it_mw * share,
        mwh=mwh,
        rent=rent,
        operating_cost=operating,
        power_cost=power_cost,
        power_recovered=power_cost if offer.power.paid_by == "tenant" else np.zeros(months),
        credit=credit,
        capex=capex,
        capex_at=_at(months, signed, at_once),
        prepayment_at=_at(months, signed, prepayment),
        signing_cost_at=_at(months, signed, offer.signing_cost_usd_m),
        residual_at=_at(months, end, it_mw * offer.residual_usd_m_per_mw_it),
        reserved=reserved,
        gives_up=Block(reserved.start, reserved.end, mw if offer.takes == "mining_shell" else 0.0),
    )


def _share_and_year(offer: Offer, months: int, first_rent: int, end: int) -> tuple[Array, Array]:
    """Mean billed share of each month, and whole years since the first rent (0 before it)."""
    since = np.arange(months) - first_rent
    ramp = max(offer.ramp, 0)
    # The share grows evenly within a month of the ramp, so its mean is the share in the middle of the month.
    share = np.where(since < ramp, (since + 0.5) / max(ramp, 1), 1.0)
    share = np.where((since >= 0) & (since < end - first_rent), share, 0.0)
    return share, np.maximum(since, 0) // 12


def _energy(
    case: Case, timeline: Timeline, signature: Signature, meter_mw: Array, spots: Mapping[str, Spot]
) -> tuple[Array, Array]:
    """MWh and their cost in USD m by month, of the mean meter MW of each month."""
    power = case.sites[signature.site].power
    mwh, cost = np.zeros(len(meter_mw)), np.zeros(len(meter_mw))
    for month in np.flatnonzero(meter_mw):
        hours = at_meter(spots[power.market].month(timeline.start + int(month)), power)
        mwh[month] = meter_mw[month] * hours.hours
        cost[month] = meter_mw[month] * hours.weight * float(hours.price.sum()) / 1e6
    return mwh, cost


def _capex(offer: Offer, total: float, months: int, signed: int) -> tuple[Array, float]:
    """Capex by month, and what of it is paid at signature because there is no lead to spread it over."""
    if offer.lead == 0:
        return np.zeros(months), total
    shares = np.array(offer.capex_shares, dtype=np.float64)
    if not shares.sum() > 0:
        raise CannotRecompute("capex_shares are all 0: there is no telling when capex is spent")
    edges = signed + np.linspace(0, offer.lead, len(shares) + 1)
    spent = total * np.concatenate(([0.0], np.cumsum(shares / shares.sum())))
    return np.diff(np.interp(np.arange(months + 1), edges, spent)), 0.0


def _at(months: int, month: int, amount: float) -> Array:
    """The amount in one month, nothing in the others."""
    amounts = np.zeros(months)
    amounts[month] = amount
    return amounts
