"""One site of a plan, gone through part by part: its levers made to fit, its hours dispatched, its months booked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.forward import Decisions
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.contracts import MonthlyElection
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.instance.hosting import Option
from optimizer.instance.sheet import Lever
from optimizer.instance.site_months import DispatchRow, SiteMonths, charge_months, contract_months, program_months
from optimizer.instance.site_terms import Window, halls_mw, take_windows
from optimizer.market.calendar import days_in_span, month_factors
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force, in_month
from optimizer.operations.dispatch import TIE, Dispatched, Load, Terms, counted, dispatch
from optimizer.operations.mining import USD_PER_USD_M, value_usd_per_mwh
from optimizer.operations.operations import Operations
from optimizer.operations.parts import (
    Part,
    assignable,
    program_in_month,
    the_demand,
)
from optimizer.operations.slots import coins_per_mwh
from optimizer.operations.supply import Supply

DECIMALS = 8
"""Of what stands in ``dispatch.csv``."""


class SiteRun:
    """A site with what is decided of it. ``standing`` (P, J): EH/s installed by place and month cell; ``parts``: of the
    site, with the contracts that are signed."""

    def __init__(
        self,
        case: Case,
        market: Market,
        operations: Operations,
        options: tuple[Option, ...],
        site_index: int,
        decisions: Decisions,
        standing: Floats,
        levers: Sequence[Lever],
        parts: tuple[Part, ...],
    ) -> None:
        self.market, self.operations, self.options = market, operations, options
        self.s, self.decisions, self.standing = site_index, decisions, standing
        self.site = list(case.sites.values())[site_index]
        self.clock = operations.clocks[site_index]
        cells = market.cells
        probability = market.tree.probability[cells.node]
        self.factor: Floats = month_factors(case.discount.mining, cells.month) * probability
        self.unit = self.site.share / USD_PER_USD_M
        self.parts = parts
        self._assignable = assignable(self.site)
        self._halls_mw: dict[int, float] = {}
        self._awards: dict[int, tuple[str, Ancillary | DemandResponse, float] | None] = {}
        self._mw_per_eh: Floats = np.array([place.mw_per_eh for place in operations.places])
        self._load_mw_per_eh: Floats = np.array([place.load_mw_per_eh for place in operations.places])
        self.halls = [o for o in np.flatnonzero(decisions.halls).tolist() if options[o].site == site_index]
        self.windows = take_windows(case, market, site_index, self.clock)
        self.elected: dict[tuple[str, int], float] = {}
        self.peaks: dict[int, float] = {}
        self.enrolled: dict[int, float] = {}
        self._make_levers_fit(levers)
        self.priced: dict[int, tuple[float, float]] = {c: (0.0, 0.0) for window in self.windows for c in window.cells}
        self.part_mwh: dict[tuple[int, int], float] = {}

    def _make_levers_fit(self, levers: Sequence[Lever]) -> None:
        """The levers as the files will say them, within what stands there."""
        amounts: dict[str, dict[tuple[str, int], float]] = {}
        for v, lever in enumerate(levers):
            if lever.site == self.s:
                amount = round(max(0.0, float(self.decisions.lever[v])), DECIMALS)
                amounts.setdefault(lever.kind, {})[lever.item, lever.cell] = amount
        for (name, cell), amount in amounts.get("elect", {}).items():
            contract = self.site.contracts[name]
            assert isinstance(contract, MonthlyElection)
            self.elected[name, cell] = min(max(amount, contract.least * contract.mw), contract.most * contract.mw)
        for (_, cell), amount in amounts.get("peak", {}).items():
            halls, here = self.halls_mw(cell), [part for part in self.parts if part.cell == cell]
            most = max((sum(load.mw for load in self.loads(part)) for part in here), default=0.0)
            self.peaks[cell] = round(min(max(amount, halls), most + halls), DECIMALS)
        for (_, cell), amount in amounts.get("enrol", {}).items():
            limit = Terms(all_halls_mw=self.halls_mw(cell), peak_mw=self.peaks.get(cell))
            here = [part for part in self.parts if part.cell == cell]
            least = min((counted(self.loads(part), limit) for part in here), default=0.0)
            # Rounded down: what is enrolled must be there.
            self.enrolled[cell] = np.floor(min(amount, least) * 10**DECIMALS) / 10**DECIMALS

    # ------------------------------------------------------------ what a part is made of

    def halls_mw(self, cell: int) -> float:
        """Mean MW of all halls in a month."""
        if cell not in self._halls_mw:
            self._halls_mw[cell] = self._halls_in(cell)
        return self._halls_mw[cell]

    def _halls_in(self, cell: int) -> float:
        node, month = int(self.market.cells.node[cell]), int(self.market.cells.month[cell])
        halls, reaches = self.decisions.halls, self.market.tree.reaches
        return sum(
            mw * float(halls[o])
            for o, mw in halls_mw(self.options, self.halls, month).items()
            if reaches[self.options[o].node, node]
        )

    def loads(self, part: Part) -> list[Load]:
        """The lots that are there, best first."""
        here, fee = list(part.places), self.market.network.pool_fee
        standing = (self.standing[here, part.cell] * self._load_mw_per_eh[here]).tolist()
        per_eh = self._mw_per_eh[here].tolist()
        values = {mw: value_usd_per_mwh(mw, self.site, part.hashprice, fee) for mw in dict.fromkeys(per_eh)}
        return [Load(mw, values[each]) for each, mw in zip(per_eh, standing, strict=True)]

    def _award(self, cell: int) -> tuple[str, Ancillary | DemandResponse, float] | None:
        """The reserve of a month."""
        if cell not in self._awards:
            self._awards[cell] = program_in_month(self.site, Ancillary, self.market, cell)
        return self._awards[cell]

    def supplies(self, part: Part) -> list[tuple[Supply, float]]:
        """The contracts in force and their MW."""
        found = []
        for delivery in part.deliveries:
            mw = delivery.mw
            if delivery.elected:
                mw = self.elected[delivery.name, part.cell]
            elif delivery.option >= 0:
                mw = float(self.decisions.lever[delivery.option])
            found.append((delivery.supply, mw))
        return found

    def terms(self, part: Part, price: float = 0.0, share: float = 0.0) -> Terms:
        """What is decided for the month of a part, with a price of a taken MWh."""
        halls, award = self.halls_mw(part.cell), self._award(part.cell)
        return Terms(
            halls_mw=halls if self._assignable else 0.0,
            all_halls_mw=halls,
            peak_mw=self.peaks.get(part.cell),
            enrolled_mw=self.enrolled.get(part.cell, 0.0),
            award_mw=award[1].mw if award is not None else 0.0,
            take_price=price,
            take_share=share,
        )

    # ------------------------------------------------------------ minimum take

    def price_takes(self) -> None:
        """What a taken MWh is worth more, by month, so that each window's minimum is met; at most its shortfall price.

        The cheapest MWh that do not pay are taken first; of the last ones, which tie, a share.
        """
        for window in self.windows:
            last = float(self.factor[window.cells[-1]])
            price, share = self._take(window, last)
            for cell in window.cells:
                self.priced[cell] = round(price * last / float(self.factor[cell]), DECIMALS), round(share, DECIMALS)

    def _take(self, window: Window, last: float) -> tuple[float, float]:
        gaps, amounts, taken = [np.zeros(0)], [np.zeros(0)], 0.0
        for part in self._parts_of(window):
            terms = self.terms(part)
            done = dispatch(part.hours, self.loads(part), self.supplies(part), terms, with_short=True)
            taken += float(done.mwh.sum()) + terms.all_halls_mw * float(part.hours.weight.sum())
            waits = done.short_of > 0
            # In the money of the window's last month, in which a shortfall is paid.
            gaps.append(done.short_of[waits] * float(self.factor[part.cell]) / last)
            amounts.append(done.short_mwh[waits])
        gap, amount = np.concatenate(gaps), np.concatenate(amounts)
        missing = window.required_mwh - taken
        if missing <= 1e-9 * max(1.0, window.required_mwh):
            return 0.0, 0.0
        order = np.argsort(gap, kind="stable")
        gap, amount = gap[order], amount[order]
        place = int(np.searchsorted(np.cumsum(amount), missing - 1e-12))
        most = window.contract.shortfall_usd_per_mwh
        if place >= len(gap) or gap[place] >= most:
            return most, 0.0
        price = float(gap[place])
        ties = np.abs(gap - price) <= TIE
        before = float(amount[gap < price - TIE].sum())
        return price, min(1.0, (missing - before) / float(amount[ties].sum()))

    def _parts_of(self, window: Window) -> list[Part]:
        """The parts whose days count in a window."""
        cells = self.market.cells
        span = in_force(window.contract.start, window.contract.until, self.market.start_month)
        found = []
        for part in self.parts:
            if part.cell in window.cells:
                month, days = int(cells.month[part.cell]), int(cells.days[part.cell])
                inside = days_in_span(self.market.start_month, month, days, *span)
                if inside is not None and inside[0] <= part.first <= inside[1]:
                    found.append(part)
        return found

    # ------------------------------------------------------------ the books

    def book(self, found: SiteMonths) -> None:
        """Dispatch all parts and put what happens into the months of the plan."""
        size = self.market.cells.size
        for name in self.clock.billing:
            found.charges[self.s, name] = charge_months(size)
        for part in self.parts:
            terms = self.terms(part, *self.priced.get(part.cell, (0.0, 0.0)))
            done = dispatch(part.hours, self.loads(part), self.supplies(part), terms)
            self._machines(part, done, found)
            self._contracts(part, done, found)
            self.charges(part, done, found)
            self._programs(part, done, terms, found)
        self._demand(found)
        for window in self.windows:
            self._shortfall(window, found)
        found.rows += self._rows()

    def _machines(self, part: Part, done: Dispatched, found: SiteMonths) -> None:
        cell, network, here = part.cell, self.market.network, np.array(part.places, dtype=np.int64)
        btc_usd = float(network.btc_usd[int(self.market.cells.month[cell])])
        self.part_mwh[cell, part.first] = float(done.mwh.sum())
        if not done.mwh.any():
            return
        per_mwh = coins_per_mwh(part.hashprice, self._mw_per_eh[here], network.pool_fee, btc_usd)
        coins = per_mwh * done.mwh * self.site.share
        found.mwh[here, cell] += done.mwh
        found.btc[here, cell] += coins
        found.revenue[here, cell] += coins * btc_usd / USD_PER_USD_M
        found.power_cost[here, cell] += done.power_cost * self.unit
        found.variable_cost[here, cell] += done.mwh * self.site.variable_cost_usd_per_mwh * self.unit

    def _contracts(self, part: Part, done: Dispatched, found: SiteMonths) -> None:
        cell = part.cell
        for delivery, contracted in zip(part.deliveries, done.contracts, strict=True):
            if delivery.option >= 0 and float(self.decisions.lever[delivery.option]) <= 0:
                continue
            months = found.contracts.setdefault((self.s, delivery.name), contract_months(self.market.cells.size))
            months.mwh[cell] += contracted.mwh
            months.mining_mwh[cell] += contracted.mining_mwh
            months.hosting_mwh[cell] += contracted.hosting_mwh
            months.unused_mwh[cell] += contracted.mwh - contracted.mining_mwh - contracted.hosting_mwh
            months.paid[cell] += contracted.paid * self.unit
            months.result[cell] += contracted.result * self.unit
            months.against_market[cell] += contracted.against_market * self.unit

    def charges(self, part: Part, done: Dispatched, found: SiteMonths) -> None:
        """Charges on peaks that a part accrues, and those that standing still avoids."""
        for row, name in enumerate(self.clock.billing):
            months = found.charges[self.s, name]
            months.accrued[part.cell] += float(done.peak_charges[row]) * self.unit
            months.avoided[part.cell] += float(done.flat_charges[row] - done.peak_charges[row]) * self.unit

    def _programs(self, part: Part, done: Dispatched, terms: Terms, found: SiteMonths) -> None:
        cell, size = part.cell, self.market.cells.size
        award = self._award(cell)
        if award is not None:
            months = found.programs.setdefault((self.s, award[0]), program_months(size))
            months.mw_hours[cell] += done.reserve_mwh
            months.income[cell] += done.reserve * self.unit
        response = program_in_month(self.site, DemandResponse, self.market, cell)
        if response is not None and part.first == 1:
            name, program, share = response
            assert isinstance(program, DemandResponse)
            months = found.programs.setdefault((self.s, name), program_months(size))
            months.mw_hours[cell] = terms.enrolled_mw * self._hours_in_force(program, cell)
            months.income[cell] = program.payment_usd_per_kw_month * 1000 * share * terms.enrolled_mw * self.unit

    def _hours_in_force(self, program: DemandResponse, cell: int) -> float:
        cells = self.market.cells
        span = in_force(program.start, program.until, self.market.start_month)
        inside = days_in_span(self.market.start_month, int(cells.month[cell]), int(cells.days[cell]), *span)
        return float(self.clock.hours(cell).part(*inside).weight.sum()) if inside is not None else 0.0

    def _demand(self, found: SiteMonths) -> None:
        """The demand charge, less what halls bear of it."""
        demand = the_demand(self.site)
        if demand is None:
            return
        name, charge = demand
        cells, tree = self.market.cells, self.market.tree
        months = found.charges.setdefault((self.s, name), charge_months(cells.size))
        for cell, peak in self.peaks.items():
            month, node = int(cells.month[cell]), int(cells.node[cell])
            before = [
                other
                for at, other in self.peaks.items()
                if 1 <= month - int(cells.month[at]) <= 11 and tree.reaches[cells.node[at], node]
            ]
            before += [charge.opening_peak_mw] if month <= 10 else []
            billed = max(peak, charge.ratchet * max(before, default=0.0), charge.contracted_mw)
            rate = in_month(charge.rate_usd_per_kw_month, self.market.start_month + month) * 1000
            months.accrued[cell] = rate * (billed - self.halls_mw(cell)) * self.unit

    def _shortfall(self, window: Window, found: SiteMonths) -> None:
        """What the window took, and what it pays for being short, in its last month."""
        months = found.contracts.setdefault((self.s, window.name), contract_months(self.market.cells.size))
        taken = 0.0
        for part in self._parts_of(window):
            machines = self.part_mwh[part.cell, part.first]
            halls = self.halls_mw(part.cell) * float(part.hours.weight.sum())
            months.mining_mwh[part.cell] += machines
            months.hosting_mwh[part.cell] += halls
            taken += machines + halls
        last = window.cells[-1]
        short = max(0.0, window.required_mwh - taken)
        months.mwh[last] += window.required_mwh
        months.unused_mwh[last] += short
        cost = short * window.contract.shortfall_usd_per_mwh * self.unit
        months.result[last] -= cost
        months.against_market[last] -= cost

    def _rows(self) -> list[DispatchRow]:
        """What ``dispatch.csv`` says of the site."""
        rows = [DispatchRow(cell, self.s, "elect", name, amount) for (name, cell), amount in self.elected.items()]
        for cell, amount in self.enrolled.items():
            response = program_in_month(self.site, DemandResponse, self.market, cell)
            assert response is not None
            rows.append(DispatchRow(cell, self.s, "enrol", response[0], amount))
        demand = the_demand(self.site)
        if demand is not None:
            rows += [DispatchRow(cell, self.s, "peak", demand[0], amount) for cell, amount in self.peaks.items()]
        names: Mapping[int, str] = {cell: window.name for window in self.windows for cell in window.cells}
        for cell, (price, share) in self.priced.items():
            rows.append(DispatchRow(cell, self.s, "take_price", names[cell], price))
            rows.append(DispatchRow(cell, self.s, "take_share", names[cell], share))
        return rows
