"""Facilities -> tranches: every way to draw them, at a step or for a signature, with what each pays and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from models.tree import Bools, Floats, Tree
from optimizer.case.case import Case
from optimizer.case.facilities import ByStep, Convertible, Facility, Preferred, ProjectBond, ProjectLoan, TermLoan
from optimizer.instance.capital.option_value import call_value, conversion_charge
from optimizer.instance.capital.schedules import (
    Flow,
    Site,
    construction,
    convertible,
    payments,
    preferred,
    sum_of,
    taken_out,
    term_loan,
)
from optimizer.instance.hosting import Option
from optimizer.instance.kept import kept
from optimizer.market.market import Market

Made = TypeVar("Made")


@dataclass(frozen=True)
class Tranche:
    """A facility at a step, or for a signature. Amounts per million of face."""

    facility: str
    name: str
    """As in decisions.csv."""
    node: int
    decided: float
    """Months after the start."""
    terms: ByStep | ProjectLoan | ProjectBond
    flows: tuple[Flow, ...]
    factor: Callable[[float], float]
    """Discount factor at the market's rate by instant."""
    option: int = -1
    completed: float = 0.0
    backed: bool = False
    bond: str | None = None
    """The bond that takes it out."""
    taken_out_usd_m: float = 0.0
    cost_capacity: float = np.inf
    """Most per hall by cost."""
    service_capacity: float = np.inf
    """Most per hall by service."""
    cash_share: float = 1.0
    """Of what is owed at completion, drawn in cash."""

    @property
    def least_usd_m(self) -> float:
        return 0.0 if isinstance(self.terms, ProjectLoan | ProjectBond) else self.terms.least_usd_m

    @property
    def fixed_cost_usd_m(self) -> float:
        return 0.0 if isinstance(self.terms, ProjectLoan | ProjectBond) else self.terms.fixed_cost_usd_m

    @property
    def is_debt(self) -> bool:
        return not isinstance(self.terms, Preferred)

    @cached_property
    def value(self) -> float:
        """Net present value at the market's rate, what options cost apart."""
        total = 0.0
        for flow in self.flows:
            factor = self.factor(flow.at if flow.discounted_at is None else flow.discounted_at)
            total += factor * (flow.drawn - flow.interest - flow.principal - flow.above_par)
            total -= self.factor(flow.at) * flow.kept_back
        return total

    @property
    def last_payment(self) -> float:
        return max(flow.at for flow in self.flows)

    @property
    def kept_back(self) -> float:
        return sum_of(self.flows, "kept_back")

    def charge(self, share_price_usd: float, worth: float) -> float:
        """What options and warrants cost today's holders, when a share is worth so many times its price."""
        terms = self.terms
        if isinstance(terms, Convertible):
            when = self.decided + (terms.term if terms.leaves else 0.0)
            return conversion_charge(terms, share_price_usd, worth) * self.factor(when)
        if isinstance(terms, ProjectLoan) and self.backed and terms.backstop is not None:
            stop = terms.backstop
            each = call_value(share_price_usd * worth, stop.strike_usd, stop.term / 12, stop.volatility, stop.risk_free)
            return stop.warrants_m / stop.limit_usd_m * each * self.factor(self.decided)
        return 0.0

    def shares_m(self, share_price_usd: float) -> float:
        """Shares under options and warrants, millions."""
        terms = self.terms
        if isinstance(terms, Convertible):
            return 1 / (share_price_usd * (1 + terms.premium))
        if isinstance(terms, ProjectLoan) and self.backed and terms.backstop is not None:
            return terms.backstop.warrants_m / terms.backstop.limit_usd_m
        return 0.0

    def table(self, name: str) -> Floats:
        """(flows,) one figure of all flows."""
        if name not in self._tables:
            self._tables[name] = np.array([getattr(flow, name) for flow in self.flows])
        return self._tables[name]

    @cached_property
    def _tables(self) -> dict[str, Floats]:
        """Those that were asked for."""
        return {}

    def once(self, name: str, tree: bytes, make: Callable[[], Made]) -> Made:
        """What is made of it on a tree (`written`), made once."""
        if (name, tree) not in self._made:
            self._made[name, tree] = make()
        made: Made = self._made[name, tree]
        return made

    @cached_property
    def _made(self) -> dict[tuple[str, bytes], Any]:
        return {}

    def owed_at(self, instants: Floats) -> Floats:
        """Principal outstanding just before each instant (what is paid at it is still owed)."""
        moves = self.table("drawn") + self.table("capitalised") - self.table("principal")
        past = self.table("at")[None, :] < instants[:, None] - 1e-9
        owed: Floats = past @ moves
        return owed

    def accrued_at(self, instants: Floats) -> Floats:
        """Interest (and dividends added to what is owed) that has accrued and is not paid, at each instant."""
        accrued: Floats = self._run_up(instants) @ (self.table("interest") + self.table("capitalised"))
        return accrued

    def _run_up(self, instants: Floats) -> Floats:
        """(instants, flows) the part of each flow's interest period that has passed; 0 before, and once paid."""
        at, months = self.table("at"), self.table("interest_months")
        accrues = months > 0
        part = (instants[:, None] - (at - months)[None, :]) / np.where(accrues, months, 1.0)[None, :]
        running = accrues & (part > 1e-9) & (instants[:, None] <= at[None, :] + 1e-9)
        run_up: Floats = np.where(running, part, 0.0)
        return run_up

    def unamortised_at(self, instants: Floats) -> Floats:
        """Share of what was kept back that is not written off at each instant."""
        first, last = self.flows[0].at, self.last_payment
        left = (last - instants) / (last - first)
        share: Floats = np.where((instants > first + 1e-9) & (instants < last - 1e-9), left, 0.0)
        return share

    def due_within(self, instants: Floats, months: float, *, scheduled: bool = False) -> Floats:
        """Principal (or scheduled service) that falls due within so many months of each instant, which it includes."""
        at, amounts = self.table("at"), self.table("principal") + self.table("above_par")
        if scheduled:
            amounts = self.table("interest") + self.table("principal") - self.table("unscheduled")
        there = (at[None, :] >= instants[:, None] - 1e-9) & (at[None, :] < instants[:, None] + months - 1e-9)
        due: Floats = there @ amounts
        return due

    def set_aside_at(self, instants: Floats) -> Floats:
        """Scheduled service that is set aside at each instant."""
        service = self.table("interest") + self.table("principal") - self.table("unscheduled")
        held: Floats = self._run_up(instants) @ service
        return held


@dataclass(frozen=True)
class _Signed:
    """What tranches depend on of an option to sign an offer."""

    offer_name: str
    node: int
    signed: float
    completed: float
    rent_until: float
    capex: Floats
    """(K,) by month."""
    paid_capex: float
    edges: Floats
    before: Floats
    """Instants, and cash available for debt service until each of them, per hall."""

    def site(self) -> Site:
        """As schedules take it."""

        def available(begin: float, end: float) -> float:
            so_far, earlier = np.interp([end, begin], self.edges, self.before).tolist()
            return float(so_far - earlier)

        return Site(
            signed=self.signed,
            completed=self.completed,
            rent_until=self.rent_until,
            capex=self.capex,
            paid_capex=self.paid_capex,
            available=available,
        )


@dataclass
class _Maker:
    facilities: dict[str, Facility]
    start_month: int
    tree: Tree
    options: tuple[_Signed | None, ...]
    """None for leases."""
    made: list[Tranche] = field(default_factory=list)

    def steps(self, facility: ByStep) -> Iterator[tuple[int, float]]:
        tree = self.tree
        for node in np.flatnonzero(tree.decision).tolist():
            step = float(tree.start_months[node])
            if facility.window.start.first <= self.start_month + step < facility.window.end.last:
                yield node, step

    def by_step(self, name: str, terms: ByStep) -> None:
        if isinstance(terms, Convertible):
            rate = terms.straight_rate
        else:
            rate = terms.rate if terms.market_rate is None else terms.market_rate
        q = terms.interest_every
        for node, step in self.steps(terms):
            self.made.append(
                Tranche(
                    name,
                    name,
                    node,
                    step,
                    terms,
                    tuple(_schedule(terms, step)),
                    lambda t: (1 + rate * q / 12) ** (-t / q),
                )
            )

    def by_project(self, name: str, terms: ProjectLoan | ProjectBond) -> None:
        for o, option in enumerate(self.options):
            if option is None or option.offer_name not in terms.for_offers:
                continue
            site = option.site()
            if isinstance(terms, ProjectLoan):
                self._loans(name, terms, o, option, site)
            else:
                self._bond(name, terms, o, option, site)

    def _loans(self, name: str, terms: ProjectLoan, o: int, option: _Signed, site: Site) -> None:
        bonds = [
            (other, bond)
            for other, bond in self.facilities.items()
            if isinstance(bond, ProjectBond) and name in bond.refinances and option.offer_name in bond.for_offers
        ]
        ways: list[tuple[bool, float]] = [(False, terms.rate)]
        if terms.backstop is not None and option.offer_name in terms.backstop.for_offers:
            ways.append((True, terms.backstop.rate))
        for backed, rate in ways:
            own = terms.model_copy(update={"rate": rate})
            building, cash_share = construction(own, rate, site)
            served, sizing = payments(own, site.completed, site)
            if not served:
                continue
            label = name + (" + backstop" if backed else "")
            for bond_name, bond in [(None, None), *bonds]:
                after, out, sized = served, 0.0, sizing
                if bond is not None:
                    when = site.completed + bond.after
                    i = rate * own.interest_every / 12
                    after, out = taken_out(served, when, site.completed, i)
                    if out <= 0:
                        continue
                    sized = [pair for flow, pair in zip(served, sizing, strict=True) if flow.at < when - 1e-9]
                total, market_rate = float(site.capex.sum()) + site.paid_capex, terms.market_rate
                within = 1 - terms.loan_to_cost * (1 - cash_share + terms.fee)
                self.made.append(
                    Tranche(
                        facility=name,
                        name=f"{label}{f' > {bond_name}' if bond_name else ''} / {option.offer_name}",
                        node=option.node,
                        decided=site.signed,
                        terms=terms,
                        flows=(*building, *after),
                        factor=_project_factor(terms, terms.rate if market_rate is None else market_rate, site),
                        option=o,
                        completed=site.completed,
                        backed=backed,
                        bond=bond_name,
                        taken_out_usd_m=out,
                        cost_capacity=terms.loan_to_cost * total / within if within > 0 else np.inf,
                        service_capacity=_capacity(terms, sized),
                        cash_share=cash_share,
                    )
                )

    def _bond(self, name: str, terms: ProjectBond, o: int, option: _Signed, site: Site) -> None:
        issued = site.completed + terms.after
        served, sizing = payments(terms, issued, site)
        if not served:
            return
        q, rate = terms.interest_every, terms.rate if terms.market_rate is None else terms.market_rate
        total = float(site.capex.sum()) + site.paid_capex
        self.made.append(
            Tranche(
                facility=name,
                name=f"{name} / {option.offer_name}",
                node=option.node,
                decided=site.signed,
                terms=terms,
                flows=(Flow(issued, drawn=1.0, kept_back=terms.fee), *served),
                factor=lambda t: (1 + rate * q / 12) ** (-t / q),
                option=o,
                completed=site.completed,
                cost_capacity=terms.loan_to_cost * total if terms.loan_to_cost is not None else np.inf,
                service_capacity=_capacity(terms, sizing),
            )
        )


def _schedule(terms: ByStep, step: float) -> list[Flow]:
    if isinstance(terms, TermLoan):
        return term_loan(terms, step)
    return convertible(terms, step) if isinstance(terms, Convertible) else preferred(terms, step)


def _signed(option: Option) -> _Signed:
    flows = option.flows
    return _Signed(
        option.offer_name,
        option.node,
        flows.signed,
        flows.rent_from + option.terms.ramp,
        flows.rent_until,
        flows.capex - flows.lent,
        flows.paid_capex - flows.lent_at_once,
        *_earned(option),
    )


def _earned(option: Option) -> tuple[Floats, Floats]:
    """Instants, and cash available for debt service until each of them, per hall."""
    net = option.flows.noi - option.flows.credit
    before = np.concatenate([[0.0], np.cumsum(net)])
    return np.arange(len(before), dtype=float), before


def available_between(option: Option, begins: Floats, ends: Floats) -> Floats:
    """Cash available for debt service between pairs of instants, per hall."""
    edges, before = _earned(option)
    found: Floats = np.interp(ends, edges, before) - np.interp(begins, edges, before)
    return found


def _capacity(terms: ProjectLoan | ProjectBond, sizing: list[tuple[float, float]]) -> float:
    if terms.dscr is None:
        return np.inf
    most = np.inf
    for service, available in sizing:
        if service > 1e-12:
            most = min(most, max(0.0, available) / (terms.dscr * service))
    return most


def _project_factor(terms: ProjectLoan, rate: float, site: Site) -> Callable[[float], float]:
    q = terms.interest_every
    by_period, by_month = 1 + rate * q / 12, 1 + rate / 12
    at_signature = by_period ** (-site.signed / q)
    at_completion = at_signature * by_month ** (-(site.completed - site.signed))

    def factor(t: float) -> float:
        if t <= site.completed:
            return float(at_signature * by_month ** (-(t - site.signed)))
        return float(at_completion * by_period ** (-(t - site.completed) / q))

    return factor


def list_tranches(case: Case, market: Market, options: tuple[Option, ...]) -> tuple[Tranche, ...]:
    """In the order of facilities, then of time or signatures."""
    signed = tuple(None if option.is_lease else _signed(option) for option in options)
    return _tranches(dict(case.finance.facilities), market.start_month, market.tree, signed)


@kept()
def _tranches(
    facilities: dict[str, Facility], start_month: int, tree: Tree, options: tuple[_Signed | None, ...]
) -> tuple[Tranche, ...]:
    maker = _Maker(facilities, start_month, tree, options)
    for name, terms in facilities.items():
        if isinstance(terms, TermLoan | Convertible | Preferred):
            maker.by_step(name, terms)
        elif isinstance(terms, ProjectLoan | ProjectBond):
            maker.by_project(name, terms)
    return tuple(maker.made)


def falls_in(market: Market, tranche: Tranche) -> Bools:
    """(N, flows) whether a flow falls in a node, if that follows the decision."""
    tree, at = market.tree, tranche.table("at")
    begins, ends = tree.start_months, tree.start_months + tree.length_months
    found: Bools = (begins[:, None] <= at[None, :] + 1e-9) & (at[None, :] + 1e-9 < ends[:, None])
    return found


def by_node(market: Market, tranche: Tranche, amounts: Floats, here: Bools | None = None) -> Floats:
    """(N,) amounts of a tranche's flows (flows,), in the nodes in which they fall after the decision. ``here``: as
    `falls_in` finds it, if that is known."""
    here = here if here is not None else falls_in(market, tranche)
    total: Floats = np.where(market.tree.reaches[tranche.node], here @ amounts, 0.0)
    return total
