"""Hosting, month by month: rent, costs, capex and power of one hall of one offer signed at one instant.

All amounts are exact integrals over months (ramps, anniversaries and contract ends fall where they fall); the power
of a firm IT MW is bought in every hour, so it costs the sum of all prices. docs/figures.md, section 6.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake
from optimizer.case.delivery import CoincidentPeak
from optimizer.case.offers import Lease, Offer
from optimizer.errors import CaseError
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force, in_month
from optimizer.operations.hours import SiteClock
from optimizer.operations.mining import buys_plainly, purchase
from optimizer.operations.peaks import Billing, month_rate
from optimizer.operations.supply import Terms, supply
from optimizer.operations.tenant_capex import capex_split, credited_against_rent


@dataclass(frozen=True)
class SitePowerPrice:
    """What a MW taken in every hour of a month uses and costs at a site. Shapes (S, K) by site and month."""

    hours: Floats
    usd_m_per_mw: Floats
    charges: tuple[SiteCharges, ...]
    """By site."""
    contract_prices: Mapping[tuple[int, str], tuple[Floats, Floats]]
    """By site and contract, (K,) each in USD m per MW: its price in the hours in which it is in force, and what power
    costs at the site in the others."""


@dataclass(frozen=True)
class SiteCharges:
    """Delivery charges of a MW of halls at a site, (K,): as they accrue by month, in USD m."""

    accrued: Mapping[str, Floats]
    """By charge."""
    pays: Mapping[str, Billing | None]
    """By charge: how it is billed; None where it is paid in the month in which it accrues."""

    def billing(self, name: str, accrued: Floats) -> Floats:
        """(K,) when what accrues of a charge is paid."""
        months = self.pays[name]
        if months is None:
            return accrued
        paid = np.zeros(len(accrued))
        for k in np.flatnonzero(accrued).tolist():
            when = months.months(k)
            paid[when.start : when.stop] += accrued[k] / len(when)
        return paid


def site_power_prices(case: Case, market: Market, clocks: Sequence[SiteClock]) -> SitePowerPrice:
    """Sums over all hours of each month, from the start to the end of the longest contract."""
    cells = market.cells
    months = int(cells.month.max()) + 1
    hours, cost = np.zeros((len(case.sites), months)), np.zeros((len(case.sites), months))
    by_month = {k: j for j, k in enumerate(cells.month.tolist())}
    calendar = {k: (cells.calendar_month(j), int(cells.days[j])) for k, j in by_month.items()}
    named: dict[tuple[int, str], tuple[Floats, Floats]] = {}
    for s, (name, site) in enumerate(case.sites.items()):
        market_path = market.power[site.power.market]
        plain, hosts = buys_plainly(site), _hosts(case, name)
        firm = clocks[s].firm_costs_usd() if hosts and not plain else {}
        for k, key in calendar.items():
            shape = market_path.shape.months[key]
            hours[s, k] = shape.hours
            if plain:
                tariff = purchase(site, market.start_month + k)
                spot = float(market_path.factor[k]) * shape.price_hours
                spot += market_path.basis_usd_per_mwh * shape.hours
                at_meter = (spot + tariff.adder_usd_per_mwh * shape.hours) * (1 + tariff.losses)
                cost[s, k] = (at_meter + tariff.wires_usd_per_mwh * shape.hours) / 1e6
            elif hosts:
                cost[s, k] = firm[k] / 1e6
        powers = [offer.power for offer in case.offers.values()] + [lease.power for lease in case.leases.values()]
        for contract_name in {power.pass_through_at for power in powers} & set(site.contracts):
            named[s, contract_name] = _contract_price(clocks[s], contract_name, by_month, months)
    charges = tuple(_charges(clock, months) for clock in clocks)
    return SitePowerPrice(hours=hours, usd_m_per_mw=cost, charges=charges, contract_prices=named)


def _hosts(case: Case, site_name: str) -> bool:
    return any(site_name in offer.sites for offer in case.offers.values()) or any(
        lease.site == site_name for lease in case.leases.values()
    )


def _charges(clock: SiteClock, months: int) -> SiteCharges:
    accrued: dict[str, Floats] = {}
    pays: dict[str, Billing | None] = {}
    start = clock.market.start_month
    for name, rule in clock.site.delivery.items():
        if isinstance(rule, CoincidentPeak):
            accrued[name] = np.array([month_rate(rule, start + k) for k in range(months)]) / 1e6
            pays[name] = clock.billing[name]
        else:
            rates = [in_month(rule.rate_usd_per_kw_month, start + k) for k in range(months)]
            accrued[name] = np.array(rates) * 1000 / 1e6
            pays[name] = None
    return SiteCharges(accrued, pays)


def _contract_price(clock: SiteClock, name: str, by_month: Mapping[int, int], months: int) -> tuple[Floats, Floats]:
    """What a tenant pays for a MW at a contract's price, by month: that price while it is in force, else the site's."""
    contract = clock.site.contracts[name]
    if isinstance(contract, MinimumTake):
        raise CaseError.single(f"{name} delivers nothing: a tenant cannot pay its price", path=f"sites.{clock.name}")
    outside, paid = np.zeros(months), np.zeros(months)
    span = in_force(contract.start, contract.until, clock.market.start_month)
    for k, j in by_month.items():
        days = days_in_span(clock.market.start_month, k, int(clock.market.cells.days[j]), *span)
        hours = clock.hours(j)
        outside[k] = float((hours.weight * hours.firm_price).sum()) / 1e6
        if days is None:
            continue
        part = hours.part(*days)
        found = supply(contract, part, Terms(clock.market.start_month + k, 0.0, None))
        outside[k] -= float((part.weight * part.firm_price).sum()) / 1e6
        paid[k] = float((part.weight * found.price).sum()) / 1e6
    return paid, outside


@dataclass(frozen=True)
class HallFlows:
    """One hall, signed at ``signed`` months after the start: what accrues by month, and what is paid at instants.

    Arrays (K,) by month after the start. Amounts in USD m, positive as named (a cost is a positive cost).
    """

    signed: float
    rent_from: float
    rent_until: float
    taken_from: float
    """Its megawatts are reserved from here until ``rent_until``."""
    billed: Floats
    """Mean billed share of the hall over the month."""
    mwh: Floats
    rent: Floats
    operating_cost: Floats
    power_cost: Floats
    power_recovered: Floats
    charges_accrued: Mapping[str, Floats]
    """Delivery charges by name, (K,) as they accrue."""
    charges_paid: Mapping[str, Floats]
    delivery_recovered: Floats
    credit: Floats
    """Rent not paid in cash, because the tenant paid or lent before: of the prepayment and of ``lent``."""
    lent_credit: Floats
    """What of ``credit`` is for ``lent``."""
    capex: Floats
    """The company's own: all but what the tenant pays and is never credited."""
    lent: Floats
    """What of ``capex`` the tenant pays as it is spent, to be credited: received in addition to ``prepayment``."""
    paid_capex: float = 0.0
    """Capex paid at ``signed`` (only where the lead is zero), the company's own."""
    lent_at_once: float = 0.0
    """What of ``paid_capex`` the tenant pays."""
    prepayment: float = 0.0
    """Share of the rent received at ``signed``."""
    residual: float = 0.0
    """Worth at ``rent_until``."""
    signing_cost: float = 0.0
    """Once per signature, at ``signed``; not per hall."""

    @property
    def delivery_cost(self) -> Floats:
        """(K,) delivery charges as they are paid, per hall."""
        return sum(self.charges_paid.values(), start=np.zeros(len(self.rent)))

    @property
    def net(self) -> Floats:
        """(K,) net cash that accrues, per hall."""
        return self.noi - self.credit - self.capex + self.lent

    @property
    def noi(self) -> Floats:
        """(K,) rent less operating cost, power and delivery, plus what the tenant pays of these, per hall."""
        power = self.power_cost - self.power_recovered
        return self.rent - self.operating_cost - power - self.delivery_cost + self.delivery_recovered

    @property
    def financed_capex(self) -> float:
        """What lenders may lend against: all capex of a hall less what the tenant lends of it."""
        return self.total_capex - float(self.lent.sum()) - self.lent_at_once

    @property
    def total_capex(self) -> float:
        """All capex of a hall that is the company's own, also what the tenant lends of it."""
        return float(self.capex.sum()) + self.paid_capex

    def instants(self) -> Iterator[tuple[float, float]]:
        """(months after the start, net USD m per hall) of what is paid at an instant."""
        if self.prepayment or self.paid_capex:
            yield self.signed, self.prepayment + self.lent_at_once - self.paid_capex
        if self.residual:
            yield self.rent_until, self.residual


def hall_flows(offer: Offer, site: int, signed: float, prices: SitePowerPrice) -> HallFlows:
    """Flows of one hall of ``offer`` at site number ``site``, signed ``signed`` months after the start."""
    months = prices.hours.shape[1]
    begins = signed + offer.lead
    total_capex = offer.hall_mw_it * offer.capex_usd_m_per_mw_it * (1 + offer.contingency)
    split = capex_split(offer)
    own, lent = total_capex * split.own, total_capex * split.lent
    running = _running(offer, offer.hall_mw_it, site, begins, prices)
    prepayment = offer.prepayment * float(running.rent.sum())
    credited_over = offer.prepayment_credited_over or offer.term
    lent_credit = running.credit
    if offer.tenant_capex is not None:
        lent_credit = credited_against_rent(lent, running.rent, offer.tenant_capex.credit_share_of_rent)
    taken = offer.space_taken_after
    if taken is None:
        taken = 0 if offer.takes == "mining_shell" else offer.lead
    return replace(
        running,
        signed=signed,
        taken_from=signed + taken,
        credit=_spread(begins, begins + credited_over, prepayment, months) + lent_credit,
        lent_credit=lent_credit,
        capex=_capex(offer, signed, own, months),
        lent=_capex(offer, signed, lent, months),
        paid_capex=own if offer.lead == 0 else 0.0,
        lent_at_once=lent if offer.lead == 0 else 0.0,
        prepayment=prepayment,
        signing_cost=offer.signing_cost_usd_m,
    )


def lease_flows(lease: Lease, site: int, start_month: int, prices: SitePowerPrice) -> HallFlows:
    """Flows of a contract that is signed already, from the start of the plan on."""
    months = prices.hours.shape[1]
    begins = lease.first_rent.first - start_month
    running = _running(lease, lease.it_mw, site, begins, prices)
    taken = lease.space_taken.first - start_month if lease.space_taken is not None else None
    if taken is None:
        taken = 0.0 if lease.takes == "mining_shell" else max(0.0, begins)
    until = lease.prepayment_credited_until
    credited_until = until.first - start_month if until is not None else running.rent_until
    return replace(
        running,
        taken_from=taken,
        credit=_spread(max(0.0, begins), credited_until, lease.prepayment_left_usd_m, months),
        capex=_spread(0.0, begins, lease.capex_left_usd_m, months),
        paid_capex=lease.capex_left_usd_m if begins <= 0 else 0.0,
    )


def _running(terms: Offer | Lease, it_mw: float, site: int, begins: float, prices: SitePowerPrice) -> HallFlows:
    """What accrues while a hall of ``it_mw`` stands under contract, from the start of the plan on."""
    months = prices.hours.shape[1]
    ends = begins + terms.term
    billed, rent, cost = _accrued(
        begins,
        ends,
        terms.ramp,
        it_mw * terms.rate_usd_per_kw_month / 1000,
        terms.escalator,
        it_mw * terms.operating_cost_usd_m_per_mw_it_year,
        terms.operating_cost_escalator,
        months,
    )
    used_mw = it_mw * terms.utilisation * terms.pue
    mwh = used_mw * billed * prices.hours[site]
    power = used_mw * billed * prices.usd_m_per_mw[site]
    charges = prices.charges[site]
    accrued = {name: used_mw * billed * rate for name, rate in charges.accrued.items()}
    paid = {name: charges.billing(name, amount) for name, amount in accrued.items()}
    nothing = np.zeros(months)
    recovered, delivery_recovered = power, sum(paid.values(), start=nothing)
    if terms.power.price_usd_per_mwh is not None:
        recovered, delivery_recovered = mwh * terms.power.price_usd_per_mwh / 1e6, nothing
    elif terms.power.pass_through_at != "spot":
        # On days on which the contract is not in force the tenant pays what a MWh costs the site.
        in_force_usd_m, else_usd_m = prices.contract_prices[site, terms.power.pass_through_at]
        recovered = used_mw * billed * (in_force_usd_m + else_usd_m)
    is_paid = terms.power.paid_by == "tenant"
    return HallFlows(
        signed=0.0,
        rent_from=begins,
        rent_until=ends,
        taken_from=begins,
        billed=billed,
        mwh=mwh,
        rent=rent,
        operating_cost=cost,
        power_cost=power,
        power_recovered=recovered if is_paid else nothing,
        charges_accrued=accrued,
        charges_paid=paid,
        delivery_recovered=delivery_recovered if is_paid else nothing,
        credit=nothing,
        lent_credit=nothing,
        capex=nothing,
        lent=nothing,
        residual=it_mw * terms.residual_usd_m_per_mw_it,
    )


@lru_cache(maxsize=1024)
def _accrued(
    begins: float,
    ends: float,
    ramp: int,
    rent_usd_m: float,
    escalator: float,
    yearly_usd_m: float,
    cost_escalator: float,
    months: int,
) -> tuple[Floats, Floats, Floats]:
    """(months,) share of each month that is billed, rent, and operating cost: the same at all points of a sweep that
    leaves the terms as they are. ``rent_usd_m`` is that of a month, ``yearly_usd_m`` the cost of a year."""
    billed, rent, cost = np.zeros(months), np.zeros(months), np.zeros(months)
    for a, b in _pieces(begins, ends, ramp):
        k, year = int(np.floor(a + 1e-9)), int(np.floor((a - begins) / 12 + 1e-9))
        share = _mean_share(a - begins, b - begins, ramp) * (b - a)
        billed[k] += share
        rent[k] += rent_usd_m * share * (1 + escalator) ** year
        cost[k] += yearly_usd_m / 12 * (b - a) * (1 + cost_escalator) ** year
    for array in (billed, rent, cost):
        array.setflags(write=False)
    return billed, rent, cost


def _pieces(begins: float, ends: float, ramp: int) -> Iterator[tuple[float, float]]:
    """Stretches of [begins, ends), after the start, in which month, contract year and kind of share do not change."""
    cuts = {begins, ends, min(begins + ramp, ends), min(max(begins, 0.0), ends)}
    cuts |= {float(k) for k in range(int(np.ceil(begins)), int(np.floor(ends)) + 1)}
    cuts |= {begins + 12.0 * y for y in range(1, int((ends - begins) // 12) + 1)}
    edges = sorted(cut for cut in cuts if begins <= cut <= ends)
    for a, b in itertools.pairwise(edges):
        if b - a > 1e-9 and a > -1e-9:
            yield a, b


def _mean_share(a: float, b: float, ramp: int) -> float:
    """Mean billed share between ``a`` and ``b`` months after the first rent (both in the ramp, or both after it)."""
    return min(1.0, (a + b) / 2 / ramp) if ramp and a < ramp - 1e-9 else 1.0


def _spread(begins: float, ends: float, amount: float, months: int) -> Floats:
    """(months,) ``amount`` spread evenly over [begins, ends)."""
    result = np.zeros(months)
    if amount == 0 or ends <= begins:
        return result
    k = np.arange(months)
    overlap = np.clip(np.minimum(k + 1, ends) - np.maximum(k, begins), 0.0, None)
    spread: Floats = amount * overlap / (ends - begins)
    return spread


def _capex(offer: Offer, signed: float, total: float, months: int) -> Floats:
    """(months,) capex over the lead: even within each of its equal stretches, which are weighted by the shares."""
    result = np.zeros(months)
    if offer.lead == 0:
        return result
    weights = np.array(offer.capex_shares) / sum(offer.capex_shares)
    length = offer.lead / len(weights)
    for index, weight in enumerate(weights):
        begin = signed + index * length
        result += _spread(begin, begin + length, total * float(weight), months)
    return result
