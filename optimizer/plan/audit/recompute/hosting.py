"""What every hosting contract brings and costs, month by month to its end. Section 6 of docs/figures.md.

A lease is signed before the plan begins, an offer by a decision; from the first rent on both go by the same terms.
A lease may begin on any day, so rent is summed over stretches of time and not over months.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake
from optimizer.case.offers import HostingPower, Lease, Offer
from optimizer.plan.audit.recompute.blocks import Block
from optimizer.plan.audit.recompute.decisions import Decision, Decisions, signatures_in_order
from optimizer.plan.audit.recompute.delivery import HallCharge, billed_until, hall_accrued, hall_paid
from optimizer.plan.audit.recompute.dispatch import contract_days
from optimizer.plan.audit.recompute.meter import Meter
from optimizer.plan.audit.recompute.prices import Hours
from optimizer.plan.audit.recompute.supply import price_in
from optimizer.plan.audit.recompute.tenant_capex import given_back, paid_by_tenant
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline

Kind = Literal["capex", "prepayment", "signing_cost", "residual"]


@dataclass(frozen=True)
class AtOnce:
    """What is paid at one instant, in months after the start of the plan; USD m, costs positive."""

    kind: Kind
    after: float
    amount: float


@dataclass(frozen=True, eq=False)
class Contract:
    """A lease or a signed offer, all halls together. Arrays are (M,) by month from the start of the plan to its end.

    Money in USD m, costs positive. Arrays accrue evenly within the month; ``at_once`` is what does not.
    signed: month coordinate of the signature, None for a lease. recovers_delivery: whether the tenant bears the charges
    of delivery. discount: its own rate, if it has one. meter_mw: mean load. charges: one for each of the site.
    credit: of all that the tenant paid before. capex: the company's own. lent: what of it the tenant pays, owed to it.
    reserved: meter MW taken at the site. gives_up: the mine's buildings given up, meter MW.
    """

    name: str
    site: str
    halls: float
    signed: int | None
    paid_by: Literal["tenant", "operator"]
    recovers_delivery: bool
    discount: float | None
    it_mw: Array
    meter_mw: Array
    mwh: Array
    rent: Array
    operating_cost: Array
    power_cost: Array
    power_recovered: Array
    charges: tuple[HallCharge, ...]
    credit: Array
    capex: Array
    lent: Array
    at_once: tuple[AtOnce, ...]
    reserved: tuple[Block, ...]
    gives_up: tuple[Block, ...]

    @property
    def delivery_cost(self) -> Array:
        """Charges of delivery as they are paid."""
        return np.asarray(sum((each.paid for each in self.charges), np.zeros_like(self.rent)))

    @property
    def delivery_recovered(self) -> Array:
        return self.delivery_cost if self.recovers_delivery else np.zeros_like(self.rent)

    @property
    def noi(self) -> Array:
        power = self.power_recovered - self.power_cost
        return self.rent - self.operating_cost + power + self.delivery_recovered - self.delivery_cost

    @property
    def accrued(self) -> Array:
        """All that comes in less all that goes out evenly within the month."""
        return self.noi - self.credit - self.capex + self.lent

    def paid(self, kind: Kind, timeline: Timeline) -> Array:
        """What is paid at once of one kind, by period, (P,). Prepayment: also what is lent evenly within the month."""
        sums = timeline.by_period(self.lent) if kind == "prepayment" else np.zeros(len(timeline.periods))
        for each in self.at_once:
            place = timeline.period_of(timeline.start + each.after) if each.kind == kind else None
            if place is not None:
                sums[place] += each.amount
        return sums

    def capex_after(self, months: int) -> float:
        """Capex that falls after the first ``months`` months of the plan, less what comes from the tenant with it."""
        at_once = [each.amount for each in self.at_once if each.kind == "capex" and each.after > months - SAME_INSTANT]
        return float((self.capex - self.lent)[months:].sum()) + sum(at_once)


def terms_of(case: Case, offer: str) -> Offer:
    """An offer with what its design of halls puts in place of its own terms. Raises CannotRecompute."""
    terms = case.offers[offer]
    if terms.design is None:
        return terms
    design = case.hall_designs.get(terms.design)
    if design is None:
        raise CannotRecompute(f"offer {offer}: there is no hall design {terms.design!r}")
    names = ("gross_per_it", "pue", "capex_usd_m_per_mw_it")
    return terms.model_copy(update={name: getattr(design, name) for name in names})


def capex_of(case: Case, offer: str, halls: float) -> float:
    """The company's capex in all, USD m: without what the tenant pays for good. Raises CannotRecompute."""
    terms = terms_of(case, offer)
    whole = halls * terms.hall_mw_it * terms.capex_usd_m_per_mw_it * (1 + terms.contingency)
    return whole - paid_by_tenant(offer, terms, halls * terms.hall_mw_it).for_good


def reserved_mw(case: Case, offer: str, halls: float) -> float:
    """Meter MW that the halls reserve before machines have a part of it."""
    terms = terms_of(case, offer)
    return halls * terms.hall_mw_it * terms.gross_per_it


def contracts_of(
    case: Case, timeline: Timeline, decisions: Decisions, meters: Mapping[str, Meter]
) -> tuple[Contract, ...]:
    """The leases in the order of the case, then the signed offers in time. Raises CannotRecompute."""
    leases = [_lease(case, timeline, name, lease, meters) for name, lease in case.leases.items()]
    signatures = signatures_in_order(case, decisions)
    return (*leases, *(_signed(case, timeline, signature, meters) for signature in signatures))


def mean_load(contracts: tuple[Contract, ...], site: str, months: int) -> Array:
    """Mean load of all halls at a site by planned month, (N,), MW."""
    loads = [each.meter_mw[:months] for each in contracts if each.site == site]
    return np.asarray(sum(loads, np.zeros(months)))


def _signed(case: Case, timeline: Timeline, signature: Decision, meters: Mapping[str, Meter]) -> Contract:
    offer, signed = terms_of(case, signature.item), signature.at - timeline.start
    it_mw = signature.amount * offer.hall_mw_it
    first_rent, end = signed + offer.lead, signed + offer.lead + offer.term
    credited_over = offer.term if offer.prepayment_credited_over is None else offer.prepayment_credited_over
    # Credited over no time at all it would be given back in the moment of the first rent.
    credited = (first_rent, first_rent + max(credited_over, 1))
    months = _months(case, timeline, signature.site, max(timeline.months, end, credited[1]))
    running = _running(case, timeline, signature.site, offer, it_mw, first_rent, months, meters)

    prepayment = offer.prepayment * float(running.rent.sum())
    total = capex_of(case, signature.item, signature.amount)
    received = paid_by_tenant(signature.item, offer, it_mw).received
    at_once = [AtOnce("prepayment", signed, prepayment), AtOnce("signing_cost", signed, offer.signing_cost_usd_m)]
    at_once.append(AtOnce("residual", end, it_mw * offer.residual_usd_m_per_mw_it))
    if offer.lead == 0:
        at_once += [AtOnce("capex", signed, total), AtOnce("prepayment", signed, received)]
        capex, lent = np.zeros(months), np.zeros(months)
    else:
        capex = _stretches(total, offer.capex_shares, signed, first_rent, months)
        lent = _stretches(received, offer.capex_shares, signed, first_rent, months)
    taken_after = offer.space_taken_after
    if taken_after is None:
        taken_after = 0 if offer.takes == "mining_shell" else offer.lead
    mw = reserved_mw(case, signature.item, signature.amount)
    billed, until = timeline.start + first_rent, timeline.start + end
    left = mw - it_mw * offer.headroom_to_mining * (offer.gross_per_it - offer.pue)
    taken = float(signature.at + taken_after)
    # Machines have their part of the headroom once the halls are billed.
    reserved = tuple(
        Block(*each) for each in ((taken, billed, mw), (max(taken, billed), until, left)) if each[0] < each[1]
    )
    return Contract(
        name=signature.item,
        site=signature.site,
        halls=signature.amount,
        signed=signature.at,
        paid_by=offer.power.paid_by,
        recovers_delivery=_recovers_delivery(offer.power),
        discount=offer.discount,
        it_mw=running.it_mw,
        meter_mw=running.meter_mw,
        mwh=running.mwh,
        rent=running.rent,
        operating_cost=running.operating_cost,
        power_cost=running.power_cost,
        power_recovered=running.power_recovered,
        charges=running.charges,
        credit=_stretches(prepayment, (1.0,), *credited, months)
        + given_back(offer, received, running.rent, first_rent),
        capex=capex,
        lent=lent,
        at_once=tuple(at_once),
        reserved=reserved,
        # Machines have part of the megawatts back, not of the buildings: halls stand there.
        gives_up=(Block(taken, until, mw),) if offer.takes == "mining_shell" else (),
    )


def _lease(case: Case, timeline: Timeline, name: str, lease: Lease, meters: Mapping[str, Meter]) -> Contract:
    if lease.site not in case.sites:
        raise CannotRecompute(f"lease {name}: there is no site {lease.site!r}")
    first_rent = lease.first_rent.first - timeline.start
    end, begins = first_rent + lease.term, max(first_rent, 0.0)
    until = lease.prepayment_credited_until
    credited_until = end if until is None else until.first - timeline.start
    if lease.prepayment_left_usd_m > 0 and credited_until <= begins + SAME_INSTANT:
        raise CannotRecompute(f"lease {name}: there is no time left in which its prepayment could be credited")
    months = max(timeline.months, math.ceil(max(end, credited_until) - SAME_INSTANT))
    months = _months(case, timeline, lease.site, months)
    running = _running(case, timeline, lease.site, lease, lease.it_mw, first_rent, months, meters)

    at_once: list[AtOnce] = []
    if end >= -SAME_INSTANT:
        at_once.append(AtOnce("residual", end, lease.it_mw * lease.residual_usd_m_per_mw_it))
    if first_rent <= SAME_INSTANT:
        at_once.append(AtOnce("capex", 0.0, lease.capex_left_usd_m))
        capex = np.zeros(months)
    else:
        capex = _stretches(lease.capex_left_usd_m, (1.0,), 0.0, first_rent, months)
    taken = 0.0 if lease.takes == "mining_shell" else begins
    if lease.space_taken is not None:
        taken = lease.space_taken.first - timeline.start
    reserved = Block(timeline.start + taken, timeline.start + end, lease.it_mw * lease.gross_per_it)
    return Contract(
        name=name,
        site=lease.site,
        halls=1.0,
        signed=None,
        paid_by=lease.power.paid_by,
        recovers_delivery=_recovers_delivery(lease.power),
        discount=lease.discount,
        it_mw=running.it_mw,
        meter_mw=running.meter_mw,
        mwh=running.mwh,
        rent=running.rent,
        operating_cost=running.operating_cost,
        power_cost=running.power_cost,
        power_recovered=running.power_recovered,
        charges=running.charges,
        credit=_stretches(lease.prepayment_left_usd_m, (1.0,), begins, credited_until, months),
        capex=capex,
        lent=np.zeros(months),
        at_once=tuple(at_once),
        reserved=(reserved,),
        gives_up=(reserved,) if lease.takes == "mining_shell" else (),
    )


@dataclass(frozen=True, eq=False)
class _Running:
    """What a contract does between its first rent and its end, (M,) by month; money in USD m."""

    it_mw: Array
    meter_mw: Array
    mwh: Array
    rent: Array
    operating_cost: Array
    power_cost: Array
    power_recovered: Array
    charges: tuple[HallCharge, ...]


def _months(case: Case, timeline: Timeline, site: str, months: int) -> int:
    """Months until also what halls accrue in the last of them has been billed."""
    return billed_until(case.sites[site].delivery, timeline.start + months) - timeline.start


def _recovers_delivery(power: HostingPower) -> bool:
    return power.paid_by == "tenant" and power.price_usd_per_mwh is None


def _running(
    case: Case,
    timeline: Timeline,
    site: str,
    terms: Offer | Lease,
    it_mw: float,
    first_rent: float,
    months: int,
    meters: Mapping[str, Meter],
) -> _Running:
    end = first_rent + terms.term
    # Between two edges the contract's year is one and its share is a straight line, so its middle is its mean.
    anniversaries = first_rent + 12.0 * np.arange(terms.term // 12 + 1)
    edges = np.concatenate((np.arange(months + 1.0), (first_rent, first_rent + terms.ramp, end), anniversaries))
    edges = np.unique(np.clip(edges, max(first_rent, 0.0), min(max(end, 0.0), months)))
    length, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    in_month, since = np.floor(middle).astype(np.int64), middle - first_rent
    year = np.floor(since / 12)
    share = np.minimum(1.0, since / terms.ramp) if terms.ramp > 0 else np.ones_like(since)

    def by_month(rate: Array) -> Array:
        return np.bincount(in_month, rate * length, minlength=months).astype(np.float64)

    billed = by_month(share)
    rent = it_mw * terms.rate_usd_per_kw_month / 1000 * by_month(share * (1 + terms.escalator) ** year)
    operating = by_month((1 + terms.operating_cost_escalator) ** year)
    meter_mw = it_mw * terms.utilisation * terms.pue * billed
    mwh, power_cost, recovered = (np.zeros(months) for _ in range(3))
    for month in (timeline.start + int(place) for place in np.flatnonzero(meter_mw)):
        hours, at = meters[site].halls(month), month - timeline.start
        mwh[at] = meter_mw[at] * hours.hours
        power_cost[at] = meter_mw[at] * hours.weight * float(hours.price.sum()) / 1e6
        paid = _tenant_pays(case, timeline, site, terms.power, hours, month)
        recovered[at] = power_cost[at] if paid is None else meter_mw[at] * paid / 1e6
    charges = []
    for name, charge in case.sites[site].delivery.items():
        accrued = hall_accrued(charge, meter_mw, timeline.start)
        charges.append(HallCharge(name, accrued, hall_paid(charge, accrued, timeline.start)))
    operating_cost = it_mw * terms.operating_cost_usd_m_per_mw_it_year / 12 * operating
    return _Running(it_mw * billed, meter_mw, mwh, rent, operating_cost, power_cost, recovered, tuple(charges))


def _tenant_pays(
    case: Case, timeline: Timeline, site: str, power: HostingPower, hours: Hours, month: int
) -> float | None:
    """USD that the tenant pays for a MW through all hours of a month; None for just what the site pays."""
    if power.paid_by == "operator":
        return 0.0
    if power.price_usd_per_mwh is not None:
        return power.price_usd_per_mwh * hours.hours
    if power.pass_through_at == "spot":
        return None
    contract = case.sites[site].contracts.get(power.pass_through_at)
    if contract is None or isinstance(contract, MinimumTake):
        raise CannotRecompute(f"site {site}: {power.pass_through_at!r} is no contract whose price could be passed on")
    in_force = contract_days(contract, timeline, month)[hours.day]
    return hours.weight * float(np.where(in_force, price_in(contract, month), hours.price).sum())


def _stretches(total: float, weights: tuple[float, ...], start: float, end: float, months: int) -> Array:
    """``total`` by month, spread over equal stretches of ``[start, end)`` by weight, evenly within each."""
    if total == 0:
        return np.zeros(months)
    shares = np.array(weights, dtype=np.float64)
    if not shares.sum() > 0:
        raise CannotRecompute("capex_shares are all 0: there is no telling when capex is spent")
    edges = np.linspace(start, end, len(shares) + 1)
    spent = total * np.concatenate(([0.0], np.cumsum(shares / shares.sum())))
    return np.asarray(np.diff(np.interp(np.arange(months + 1), edges, spent)))
