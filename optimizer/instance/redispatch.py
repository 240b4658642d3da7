"""Decisions -> what really happens in every interval: each site gone through hour by hour with what stands there.

The model's coefficients promise what megawatts earn; here the promise is kept or broken. Tables, cash and value of a
plan come from this, and the certificate is the difference. Sites whose hours are not tied need no second look: their
coefficients are sums over the same intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from models.forward import Decisions, Operating
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.instance.charges_due import ChargesDue
from optimizer.instance.finance import unused_contracts
from optimizer.instance.hosting import Option
from optimizer.instance.site_months import SiteMonths, charge_months, contract_months
from optimizer.instance.site_operations import SiteModel
from optimizer.instance.site_run import SiteRun
from optimizer.market.calendar import month_factors
from optimizer.market.market import Market
from optimizer.operations.dispatch import Load, Terms, dispatch
from optimizer.operations.operations import Operations
from optimizer.operations.parts import (
    Part,
    has_program,
    site_parts,
)
from optimizer.operations.supply import Supply

NOWHERE = -1

COINS = frozenset({"sell_btc", "keep_btc"})
"""Decisions that change nothing of what the hours come to."""


def _operate_alike(one: Decisions, other: Decisions) -> bool:
    """Whether decisions are the same but for coins: the same arrays, not equal ones."""
    return all(getattr(one, f.name) is getattr(other, f.name) for f in fields(one) if f.name not in COINS)


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
        # The same decisions are measured again and again while the price of new shares is found, and for the tables.
        self._last: tuple[Decisions, SiteMonths] | None = None
        self._made: dict[tuple[int, frozenset[int]], tuple[Part, ...]] = {}
        """Parts of a site by what is signed there, the latest of each site."""
        self.due = ChargesDue(market, operations, case.discount.mining)

    # ------------------------------------------------------------ all sites

    def months(self, decisions: Decisions, installed: Floats) -> SiteMonths:
        """Every interval of every site, with what is installed (P, N)."""
        if self._last is None or not _operate_alike(self._last[0], decisions):
            self._last = (decisions, self._months(decisions, installed))
        return self._last[1]

    def _months(self, decisions: Decisions, installed: Floats) -> SiteMonths:
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
            months = found.contracts.setdefault((settlement.site, settlement.name), contract_months(cells.size))
            for cell, mwh in settlement.mwh.items():
                months.mwh[cell] = months.unused_mwh[cell] = mwh
                months.paid[cell], months.result[cell] = settlement.paid_usd_m[cell], settlement.usd_m[cell]
                months.against_market[cell] = settlement.usd_m[cell]
        for s, site in enumerate(self.sites):
            if not has_program(site) and not self.operations.clocks[s].billing:
                continue
            run = self.site_run(s, decisions, installed)
            if has_program(site):
                here = [p for p, place in enumerate(self.operations.places) if place.site == s]
                for array in (found.mwh, found.btc, found.revenue, found.power_cost, found.variable_cost):
                    array[here] = 0.0
                run.price_takes()
                run.book(found)
            else:
                self._charges(run, found)
        return found

    def site_run(self, s: int, decisions: Decisions, installed: Floats) -> SiteRun:
        """A site with what is decided of it."""
        standing = installed[:, self.market.cells.node]
        model = self.model
        return SiteRun(
            self.case,
            self.market,
            self.operations,
            self.options,
            s,
            decisions,
            standing,
            model.levers,
            self._parts(s, decisions),
        )

    def _parts(self, s: int, decisions: Decisions) -> tuple[Part, ...]:
        """The parts of a site. Contracts that were offered and not signed deliver nothing and need no part of a month
        of their own."""
        signings = self.model.signings
        here = [q for q, signing in enumerate(signings) if signing.site == s]
        signed = frozenset(q for q in here if decisions.lever[q] > 0)
        if len(signed) == len(here) and s in self.model.parts:
            return self.model.parts[s]
        if (s, signed) not in self._made:
            offers = tuple(
                signing if q in signed else replace(signing, site=NOWHERE) for q, signing in enumerate(signings)
            )
            operations = self.operations
            made = site_parts(self.case, operations.clocks[s], s, operations.lots, operations.places, offers)
            self._made = {key: parts for key, parts in self._made.items() if key[0] != s} | {(s, signed): tuple(made)}
        return self._made[s, signed]

    def _charges(self, run: SiteRun, found: SiteMonths) -> None:
        """Charges on peaks of a site whose hours are not tied."""
        for name in run.clock.billing:
            found.charges[run.s, name] = charge_months(self.market.cells.size)
        for part in run.parts:
            if part.hours.peak_charge.any():
                run.charges(part, dispatch(part.hours, run.loads(part), (), Terms()), found)

    def operate(self, decisions: Decisions, installed: Floats) -> Operating:
        """What decisions come to, with every interval gone through."""
        return self.operating(self.months(decisions, installed), decisions)

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
            cash -= self.due.by_node(s, name, charge.accrued)
            value -= float(self.due.values(s, name, charge.accrued).sum())
        btc = np.zeros(nodes)
        np.add.at(btc, cells.node, months.btc.sum(axis=0))
        arrays = self.model.arrays
        posted = np.asarray(decisions.lever @ arrays.lever_posted) if arrays is not None else np.zeros(nodes)
        return Operating(cash, posted, btc, value)

    # ------------------------------------------------------------ one site

    def other_ways(self, s: int, decisions: Decisions, installed: Floats) -> tuple[float, float]:
        """(worth of foreseeing the prices that are paid, cost of running by contract prices as if nothing could be
        resold): present value in USD m, of a site as it stands in a plan."""
        site, run = self.sites[s], self.site_run(s, decisions, installed)
        run.price_takes()
        foresight = blind = 0.0
        for part in run.parts:
            loads, supplies = run.loads(part), run.supplies(part)
            terms = run.terms(part, *run.priced.get(part.cell, (0.0, 0.0)))
            own = self._worth(part, loads, supplies, terms) if site.power.decides_on or supplies else 0.0
            factor = float(self.factor[part.cell]) * run.unit
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
