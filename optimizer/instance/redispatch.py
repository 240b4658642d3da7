"""Decisions -> what really happens in every interval: each site gone through hour by hour with what stands there.

The model's coefficients promise what megawatts earn; here the promise is kept or broken. Tables, cash and value of a
plan come from this, and the certificate is the difference. Sites whose hours are not tied need no second look: their
coefficients are sums over the same intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from models.forward import Decisions, Operating
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.contracts import MonthlyElection
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.instance.finance import unused_contracts
from optimizer.instance.hosting import Option
from optimizer.instance.machines import paid_in
from optimizer.instance.site_operations import SiteModel, Window, halls_mw, take_windows
from optimizer.market.calendar import days_in_span, month_factors
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force, in_month
from optimizer.operations.dispatch import TIE, Dispatched, Load, Terms, counted, dispatch
from optimizer.operations.mining import USD_PER_USD_M, value_usd_per_mwh
from optimizer.operations.operations import Operations
from optimizer.operations.parts import (
    Part,
    SignedContract,
    assignable,
    has_program,
    program_in_month,
    site_parts,
    the_demand,
)
from optimizer.operations.slots import coins_per_mwh
from optimizer.operations.supply import Supply

DECIMALS = 8
"""Of what stands in ``dispatch.csv``."""


@dataclass
class ContractMonths:
    """A contract by month cell, (J,) each: MWh of the whole site, USD m of the company. Filled while dispatching."""

    mwh: Floats
    mining_mwh: Floats
    hosting_mwh: Floats
    unused_mwh: Floats
    paid: Floats
    result: Floats


@dataclass
class ProgramMonths:
    """A reserve or demand response by month cell, (J,): MW x hours, and income in USD m of the company."""

    mw_hours: Floats
    income: Floats


@dataclass
class ChargeMonths:
    """A delivery charge of machines by month cell, (J,), USD m of the company."""

    accrued: Floats
    avoided: Floats


@dataclass(frozen=True)
class DispatchRow:
    """An operating decision, as it stands in ``dispatch.csv``."""

    cell: int
    site: int
    kind: str
    item: str
    amount: float


@dataclass
class SiteMonths:
    """What a whole plan does in its hours. Places: (P, J) arrays for all machines that are installed and present."""

    mwh: Floats
    btc: Floats
    revenue: Floats
    power_cost: Floats
    variable_cost: Floats
    contracts: dict[tuple[int, str], ContractMonths] = field(default_factory=dict)
    programs: dict[tuple[int, str], ProgramMonths] = field(default_factory=dict)
    charges: dict[tuple[int, str], ChargeMonths] = field(default_factory=dict)
    rows: list[DispatchRow] = field(default_factory=list)

    @property
    def margin(self) -> Floats:
        """(P, J)"""
        return self.revenue - self.power_cost - self.variable_cost


@dataclass(frozen=True)
class Site:
    """What is decided of one site, as dispatching needs it."""

    index: int
    elected: Mapping[tuple[str, int], float]
    enrolled: Mapping[int, float]
    peaks: Mapping[int, float]
    signed: Mapping[int, float]
    """MW by signing."""


class Redispatch:
    """Goes through the hours of a plan. One object a case; it keeps the last answer."""

    def __init__(
        self,
        case: Case,
        market: Market,
        operations: Operations,
        options: tuple[Option, ...],
        model: SiteModel,
    ) -> None:
        self.case, self.market, self.operations, self.options, self.model = case, market, operations, options, model
        cells = market.cells
        self.probability = market.tree.probability[cells.node]
        self.factor: Floats = month_factors(case.discount.mining, cells.month) * self.probability
        self.sites = list(case.sites.values())
        self._last: tuple[Decisions, Operating] | None = None
        self._part_mwh: dict[tuple[int, int, int], float] = {}

    # ------------------------------------------------------------ all sites

    def months(self, decisions: Decisions, installed: Floats) -> SiteMonths:
        """Every interval of every site, with what is installed (P, N)."""
        mining, cells = self.operations.mining, self.market.cells
        standing = installed[:, cells.node]
        found = SiteMonths(
            mwh=mining.mwh * standing,
            btc=mining.btc * standing,
            revenue=mining.revenue_usd_m * standing,
            power_cost=mining.power_cost_usd_m * standing,
            variable_cost=mining.variable_cost_usd_m * standing,
        )
        for settlement in self.operations.settlements:
            months = found.contracts.setdefault((settlement.site, settlement.name), self._contract())
            for cell, mwh in settlement.mwh.items():
                months.mwh[cell] = months.unused_mwh[cell] = mwh
                months.paid[cell], months.result[cell] = settlement.paid_usd_m[cell], settlement.usd_m[cell]
        for s, site in enumerate(self.sites):
            if has_program(site):
                self._site(s, decisions, installed, found)
            elif self.operations.clocks[s].billing:
                self._plain_charges(s, standing, found)
        return found

    def operate(self, decisions: Decisions, installed: Floats) -> Operating:
        """What decisions come to, with every interval gone through."""
        if self._last is None or self._last[0] is not decisions:
            # The price of new shares is found by measuring the same decisions again and again.
            self._last = (decisions, self.operating(self.months(decisions, installed), decisions))
        return self._last[1]

    def operating(self, months: SiteMonths, decisions: Decisions) -> Operating:
        """What it comes to by node, and its present value, beyond what contracts bring that nobody uses.

        (That part no decision changes; it stands with the fixed flows.)
        """
        cells, nodes = self.market.cells, len(self.market.tree)
        by_cell = months.margin.sum(axis=0)
        for contract in months.contracts.values():
            by_cell = by_cell + contract.result
        for program in months.programs.values():
            by_cell = by_cell + program.income
        unused, unused_value = unused_contracts(self.market, self.operations, self.model, self.case.discount.mining)
        cash = -unused
        np.add.at(cash, cells.node, by_cell)
        value = float((by_cell * self.factor).sum()) - unused_value
        for (s, name), charge in months.charges.items():
            cash -= self.paid_by_node(s, name, charge.accrued)
            value -= self.charge_value(s, name, charge.accrued)
        btc = np.zeros(nodes)
        np.add.at(btc, cells.node, months.btc.sum(axis=0))
        arrays = self.model.arrays
        posted = np.asarray(decisions.lever @ arrays.lever_posted) if arrays is not None else np.zeros(nodes)
        return Operating(cash, posted, btc, value)

    def paid_by_node(self, site: int, name: str, accrued: Floats) -> Floats:
        """(N,) when a charge of machines that accrues by month cell (J,) is paid, within the horizon."""
        cells, paid = self.market.cells, np.zeros(len(self.market.tree))
        billing = self.operations.clocks[site].billing.get(name)
        for cell in np.flatnonzero(accrued).tolist():
            node, month = int(cells.node[cell]), int(cells.month[cell])
            if billing is None:
                paid[node] += accrued[cell]
            else:
                for n, share in paid_in(self.market, billing.months(month), node):
                    paid[n] += accrued[cell] * share
        return paid

    def charge_value(self, site: int, name: str, accrued: Floats, rate: float | None = None) -> float:
        """Present value of a charge of machines that accrues by month cell (J,), as it is paid."""
        return float(self.charge_values(site, name, accrued, rate).sum())

    def charge_values(self, site: int, name: str, accrued: Floats, rate: float | None = None) -> Floats:
        """(J,) the same by the month in which it accrues."""
        cells = self.market.cells
        rate = self.case.discount.mining if rate is None else rate
        billing = self.operations.clocks[site].billing.get(name)
        factor = month_factors(rate, cells.month)
        if billing is not None:
            factor = factor.copy()
            for cell in np.flatnonzero(accrued).tolist():
                factor[cell] = billing.factor(int(cells.month[cell]), rate)
        values: Floats = accrued * factor * self.probability
        return values

    def charge_parts(self, site: int, name: str, accrued: Floats, rate: float, horizon: float) -> tuple[float, float]:
        """Present value of a charge by the months in which it is paid: within the horizon, and after it."""
        billing = self.operations.clocks[site].billing.get(name)
        values = self.charge_values(site, name, accrued, rate)
        if billing is None:
            return float(values.sum()), 0.0
        within = 0.0
        for cell in np.flatnonzero(accrued).tolist():
            months = billing.months(int(self.market.cells.month[cell]))
            inside = np.array([k for k in months if k < horizon])
            share = float(month_factors(rate, inside).sum()) / len(months) if len(inside) else 0.0
            within += float(accrued[cell] * self.probability[cell]) * share
        return within, float(values.sum()) - within

    # ------------------------------------------------------------ one site

    def _plain_charges(self, s: int, standing: Floats, found: SiteMonths) -> None:
        """Charges on peaks of a site whose hours are not tied: run again for the charges alone, by kind of machine."""
        clock, places, lots = self.operations.clocks[s], self.operations.places, self.operations.lots
        for name in clock.billing:
            found.charges[s, name] = ChargeMonths(np.zeros(self.market.cells.size), np.zeros(self.market.cells.size))
        for part in site_parts(self.case, clock, s, lots, places, ()):
            if not part.hours.peak_charge.any():
                continue
            loads = self._loads(s, part, standing)
            self._charges(s, part, dispatch(part.hours, loads, (), Terms()), found)

    def _site(self, s: int, decisions: Decisions, installed: Floats, found: SiteMonths) -> None:
        clock, cells = self.operations.clocks[s], self.market.cells
        lots, places = self.operations.lots, self.operations.places
        signings = self._signed(decisions)
        parts = list(site_parts(self.case, clock, s, lots, places, signings))
        standing = installed[:, cells.node]
        decided = self._decided(s, decisions, parts, standing)
        here = [p for p, place in enumerate(places) if place.site == s]
        for array in (found.mwh, found.btc, found.revenue, found.power_cost, found.variable_cost):
            array[here] = 0.0
        for name in clock.billing:
            found.charges[s, name] = ChargeMonths(np.zeros(cells.size), np.zeros(cells.size))
        windows = take_windows(self.case, self.market, s, clock)
        priced = {cell: (0.0, 0.0) for window in windows for cell in window.cells}
        for window in windows:
            priced |= self._take(s, window, parts, standing, decided, decisions)
        for part in parts:
            terms = self._terms(s, part, decided, decisions, priced)
            done = dispatch(part.hours, self._loads(s, part, standing), self._supplies(part, decided), terms)
            self._book(s, part, done, standing, decided, terms, found)
        self._rows(s, decided, windows, priced, found)
        self._demand(s, decided, decisions, found)
        for window in windows:
            self._shortfall(s, window, parts, decisions, found)

    def _signed(self, decisions: Decisions) -> tuple[SignedContract, ...]:
        """All signings; those with MW are in force."""
        return self.model.signings if decisions.lever[: len(self.model.signings)].any() else ()

    def _decided(self, s: int, decisions: Decisions, parts: Sequence[Part], standing: Floats) -> Site:
        """The site's levers, rounded to what the files say and made to fit what stands there."""
        amounts: dict[str, dict[tuple[str, int], float]] = {}
        for v, lever in enumerate(self.model.levers):
            if lever.site == s:
                amount = round(max(0.0, float(decisions.lever[v])), DECIMALS)
                amounts.setdefault(lever.kind, {})[lever.item, lever.cell] = amount
        elected = {}
        for (name, cell), amount in amounts.get("elect", {}).items():
            contract = self.sites[s].contracts[name]
            assert isinstance(contract, MonthlyElection)
            elected[name, cell] = min(max(amount, contract.least * contract.mw), contract.most * contract.mw)
        peaks, enrolled = {}, {}
        for (_, cell), amount in amounts.get("peak", {}).items():
            in_cell = [part for part in parts if part.cell == cell]
            halls = self.halls_mw(s, cell, decisions)
            most = max((sum(load.mw for load in self._loads(s, part, standing)) for part in in_cell), default=0.0)
            peaks[cell] = round(min(max(amount, halls), most + halls), DECIMALS)
        for (_, cell), amount in amounts.get("enrol", {}).items():
            limit = Terms(all_halls_mw=self.halls_mw(s, cell, decisions), peak_mw=peaks.get(cell))
            least = min(
                (counted(self._loads(s, part, standing), limit) for part in parts if part.cell == cell), default=0.0
            )
            # Rounded down: what is enrolled must be there.
            enrolled[cell] = np.floor(min(amount, least) * 10**DECIMALS) / 10**DECIMALS
        signed = {q: float(decisions.lever[q]) for q, entry in enumerate(self.model.signings) if entry.site == s}
        return Site(s, elected, enrolled, peaks, signed)

    def halls_mw(self, s: int, cell: int, decisions: Decisions) -> float:
        """Mean MW of all halls at a site in a month."""
        node, month = int(self.market.cells.node[cell]), int(self.market.cells.month[cell])
        return sum(
            mw * float(decisions.halls[o])
            for o, mw in halls_mw(self.options, s, month).items()
            if decisions.halls[o] and self.market.tree.reaches[self.options[o].node, node]
        )

    def _loads(self, s: int, part: Part, standing: Floats) -> list[Load]:
        fee, places = self.market.network.pool_fee, self.operations.places
        return [
            Load(
                float(standing[p, part.cell]) * places[p].load_mw_per_eh,
                value_usd_per_mwh(places[p].mw_per_eh, self.sites[s], part.hashprice, fee),
            )
            for p in part.places
        ]

    def _supplies(self, part: Part, decided: Site) -> list[tuple[Supply, float]]:
        found = []
        for delivery in part.deliveries:
            mw = delivery.mw
            if delivery.elected:
                mw = decided.elected[delivery.name, part.cell]
            elif delivery.option >= 0:
                mw = decided.signed[delivery.option]
            found.append((delivery.supply, mw))
        return found

    def _terms(
        self,
        s: int,
        part: Part,
        decided: Site,
        decisions: Decisions,
        priced: Mapping[int, tuple[float, float]],
    ) -> Terms:
        halls = self.halls_mw(s, part.cell, decisions)
        award = program_in_month(self.sites[s], Ancillary, self.market, part.cell)
        price, share = priced.get(part.cell, (0.0, 0.0))
        return Terms(
            halls_mw=halls if assignable(self.sites[s]) else 0.0,
            all_halls_mw=halls,
            peak_mw=decided.peaks.get(part.cell),
            enrolled_mw=decided.enrolled.get(part.cell, 0.0),
            award_mw=award[1].mw if award is not None else 0.0,
            take_price=price,
            take_share=share,
        )

    def peak_mw(self, s: int, cell: int, months: SiteMonths) -> float | None:
        """The peak that was chosen for a month; None without a demand charge."""
        return next((r.amount for r in months.rows if (r.site, r.cell, r.kind) == (s, cell, "peak")), None)

    # ------------------------------------------------------------ what other ways of running would cost

    def other_ways(self, s: int, decisions: Decisions, installed: Floats) -> tuple[float, float]:
        """(worth of foreseeing the prices that are paid, cost of running by contract prices as if nothing could be
        resold): present value in USD m, of a site as it stands in a plan."""
        site, cells = self.sites[s], self.market.cells
        lots, places = self.operations.lots, self.operations.places
        signings = self._signed(decisions)
        parts = list(site_parts(self.case, self.operations.clocks[s], s, lots, places, signings))
        standing = installed[:, cells.node]
        decided = self._decided(s, decisions, parts, standing)
        foresight = blind = 0.0
        unit = site.share / USD_PER_USD_M
        for part in parts:
            loads, supplies = self._loads(s, part, standing), self._supplies(part, decided)
            terms = self._terms(s, part, decided, decisions, {})
            own = self._worth(part, loads, supplies, terms) if site.power.decides_on or supplies else 0.0
            factor = float(self.factor[part.cell]) * unit
            if site.power.decides_on is not None:
                seen = replace(part.hours, signal=part.hours.price, reserve_signal=part.hours.reserve)
                foresight += (self._worth(replace(part, hours=seen), loads, supplies, terms) - own) * factor
            if supplies:
                blind += (own - self._worth(part, loads, supplies, terms, blind_to_resale=True)) * factor
        return foresight, blind

    def _worth(
        self,
        part: Part,
        loads: Sequence[Load],
        supplies: Sequence[tuple[Supply, float]],
        terms: Terms,
        *,
        blind_to_resale: bool = False,
    ) -> float:
        """$ of a part: machines, contracts and reserves, less charges on peaks as they count now."""
        done = dispatch(part.hours, loads, supplies, terms, blind_to_resale=blind_to_resale)
        earned = sum(load.value * float(mwh) for load, mwh in zip(loads, done.mwh, strict=True))
        charges = float(done.peak_charges.sum())
        if charges and part.hours.peak_charge.any():
            charges *= float(part.hours.peak_charge_now.sum() / part.hours.peak_charge.sum())
        results = sum(contract.result for contract in done.contracts)
        return earned - float(done.power_cost.sum()) + results + done.reserve - charges

    # ------------------------------------------------------------ minimum take

    def _take(
        self,
        s: int,
        window: Window,
        parts: Sequence[Part],
        standing: Floats,
        decided: Site,
        decisions: Decisions,
    ) -> dict[int, tuple[float, float]]:
        """What a taken MWh is worth more, by month, so that the window's minimum is met; at most the shortfall's price.

        The cheapest MWh that do not pay are taken first; of the last ones, which tie, a share.
        """
        gaps, amounts = [np.zeros(0)], [np.zeros(0)]
        taken = 0.0
        last = float(self.factor[window.cells[-1]])
        for part in parts:
            if part.cell not in window.cells or not self._in_force(window, part):
                continue
            terms = self._terms(s, part, decided, decisions, {})
            done = dispatch(part.hours, self._loads(s, part, standing), self._supplies(part, decided), terms)
            taken += float(done.mwh.sum()) + terms.all_halls_mw * float(part.hours.weight.sum())
            waits = done.short_of > 0
            # In the money of the window's last month, in which a shortfall is paid.
            gaps.append(done.short_of[waits] * float(self.factor[part.cell]) / last)
            amounts.append(done.short_mwh[waits])
        gap, amount = np.concatenate(gaps), np.concatenate(amounts)
        missing = window.required_mwh - taken
        price = share = 0.0
        if missing > 1e-9 * max(1.0, window.required_mwh):
            order = np.argsort(gap, kind="stable")
            gap, amount = gap[order], amount[order]
            reached = np.cumsum(amount)
            place = int(np.searchsorted(reached, missing - 1e-12))
            price = window.contract.shortfall_usd_per_mwh
            if place < len(gap) and gap[place] < price:
                price = float(gap[place])
                ties = np.abs(gap - price) <= TIE
                before = float(amount[gap < price - TIE].sum())
                share = min(1.0, (missing - before) / float(amount[ties].sum()))
        return {
            cell: (round(price * last / float(self.factor[cell]), DECIMALS), round(share, DECIMALS))
            for cell in window.cells
        }

    def _in_force(self, window: Window, part: Part) -> bool:
        cells = self.market.cells
        span = in_force(window.contract.start, window.contract.until, self.market.start_month)
        inside = days_in_span(self.market.start_month, int(cells.month[part.cell]), int(cells.days[part.cell]), *span)
        return inside is not None and inside[0] <= part.first <= inside[1]

    def _shortfall(
        self, s: int, window: Window, parts: Sequence[Part], decisions: Decisions, found: SiteMonths
    ) -> None:
        """Book what the window took, and what it pays for being short, in its last month."""
        months = found.contracts.setdefault((s, window.name), self._contract())
        taken = 0.0
        for part in parts:
            if part.cell in window.cells and self._in_force(window, part):
                machines = self._part_mwh[s, part.cell, part.first]
                halls = self.halls_mw(s, part.cell, decisions) * float(part.hours.weight.sum())
                months.mining_mwh[part.cell] += machines
                months.hosting_mwh[part.cell] += halls
                taken += machines + halls
        last = window.cells[-1]
        short = max(0.0, window.required_mwh - taken)
        months.mwh[last] += window.required_mwh
        months.unused_mwh[last] += short
        cost = window.contract.shortfall_usd_per_mwh * self.sites[s].share / USD_PER_USD_M
        months.result[last] -= short * cost

    # ------------------------------------------------------------ the books

    def _contract(self) -> ContractMonths:
        size = self.market.cells.size
        return ContractMonths(*(np.zeros(size) for _ in range(6)))

    def _book(
        self,
        s: int,
        part: Part,
        done: Dispatched,
        standing: Floats,
        decided: Site,
        terms: Terms,
        found: SiteMonths,
    ) -> None:
        """Put what happened in a part into the months of the plan."""
        cell, site, places = part.cell, self.sites[s], self.operations.places
        month = int(self.market.cells.month[cell])
        network = self.market.network
        unit = site.share / USD_PER_USD_M
        for number, p in enumerate(part.places):
            mwh = float(done.mwh[number])
            btc_usd = float(network.btc_usd[month])
            coins = coins_per_mwh(part.hashprice, places[p].mw_per_eh, network.pool_fee, btc_usd) * mwh * site.share
            found.mwh[p, cell] += mwh
            found.btc[p, cell] += coins
            found.revenue[p, cell] += coins * btc_usd / USD_PER_USD_M
            found.power_cost[p, cell] += float(done.power_cost[number]) * unit
            found.variable_cost[p, cell] += mwh * site.variable_cost_usd_per_mwh * unit
        self._part_mwh[s, cell, part.first] = float(done.mwh.sum())
        for delivery, contracted in zip(part.deliveries, done.contracts, strict=True):
            if delivery.option >= 0 and decided.signed[delivery.option] <= 0:
                continue
            months = found.contracts.setdefault((s, delivery.name), self._contract())
            months.mwh[cell] += contracted.mwh
            months.mining_mwh[cell] += contracted.mining_mwh
            months.hosting_mwh[cell] += contracted.hosting_mwh
            months.unused_mwh[cell] += contracted.mwh - contracted.mining_mwh - contracted.hosting_mwh
            months.paid[cell] += contracted.paid * unit
            months.result[cell] += contracted.result * unit
        self._charges(s, part, done, found)
        award = program_in_month(site, Ancillary, self.market, cell)
        if award is not None:
            program = found.programs.setdefault((s, award[0]), self._program())
            program.mw_hours[cell] += done.reserve_mwh
            program.income[cell] += done.reserve * unit
        response = program_in_month(site, DemandResponse, self.market, cell)
        if response is not None and part.first == 1:
            name, terms_of, share = response
            assert isinstance(terms_of, DemandResponse)
            program = found.programs.setdefault((s, name), self._program())
            program.mw_hours[cell] = terms.enrolled_mw * self._hours_in_force(s, terms_of, cell)
            program.income[cell] = terms_of.payment_usd_per_kw_month * 1000 * share * terms.enrolled_mw * unit

    def _program(self) -> ProgramMonths:
        return ProgramMonths(np.zeros(self.market.cells.size), np.zeros(self.market.cells.size))

    def _hours_in_force(self, s: int, program: DemandResponse, cell: int) -> float:
        cells = self.market.cells
        span = in_force(program.start, program.until, self.market.start_month)
        inside = days_in_span(self.market.start_month, int(cells.month[cell]), int(cells.days[cell]), *span)
        return float(self.operations.clocks[s].hours(cell).part(*inside).weight.sum()) if inside is not None else 0.0

    def _charges(self, s: int, part: Part, done: Dispatched, found: SiteMonths) -> None:
        unit = self.sites[s].share / USD_PER_USD_M
        for row, name in enumerate(self.operations.clocks[s].billing):
            months = found.charges[s, name]
            months.accrued[part.cell] += float(done.peak_charges[row]) * unit
            months.avoided[part.cell] += float(done.flat_charges[row] - done.peak_charges[row]) * unit

    def _demand(self, s: int, decided: Site, decisions: Decisions, found: SiteMonths) -> None:
        """The demand charge, less what halls bear of it."""
        demand = the_demand(self.sites[s])
        if demand is None:
            return
        name, charge = demand
        cells, tree = self.market.cells, self.market.tree
        months = found.charges.setdefault((s, name), ChargeMonths(np.zeros(cells.size), np.zeros(cells.size)))
        for cell, peak in decided.peaks.items():
            month, node = int(cells.month[cell]), int(cells.node[cell])
            before = [
                other
                for at, other in decided.peaks.items()
                if 1 <= month - int(cells.month[at]) <= 11 and tree.reaches[cells.node[at], node]
            ]
            before += [charge.opening_peak_mw] if month <= 10 else []
            billed = max(peak, charge.ratchet * max(before, default=0.0), charge.contracted_mw)
            rate = in_month(charge.rate_usd_per_kw_month, self.market.start_month + month) * 1000
            halls = self.halls_mw(s, cell, decisions)
            months.accrued[cell] = rate * (billed - halls) * self.sites[s].share / USD_PER_USD_M

    def _rows(
        self,
        s: int,
        decided: Site,
        windows: Sequence[Window],
        priced: Mapping[int, tuple[float, float]],
        found: SiteMonths,
    ) -> None:
        """What ``dispatch.csv`` says of a site."""
        rows = [DispatchRow(cell, s, "elect", name, amount) for (name, cell), amount in decided.elected.items()]
        for cell, amount in decided.enrolled.items():
            response = program_in_month(self.sites[s], DemandResponse, self.market, cell)
            assert response is not None
            rows.append(DispatchRow(cell, s, "enrol", response[0], amount))
        demand = the_demand(self.sites[s])
        if demand is not None:
            rows += [DispatchRow(cell, s, "peak", demand[0], amount) for cell, amount in decided.peaks.items()]
        names = {cell: window.name for window in windows for cell in window.cells}
        for cell, (price, share) in priced.items():
            rows.append(DispatchRow(cell, s, "take_price", names[cell], price))
            rows.append(DispatchRow(cell, s, "take_share", names[cell], share))
        found.rows += rows
