"""One site with a program, written into the sheet of the model part by part: columns for ways to stand, shared rows.

For every part of a month: a column for each way in which a MW of each kind of machine (or of halls) can stand, with
what it earns more than by buying at the market, and a row for each kind of megawatt that they share. What the columns
earn comes from ``optimizer.operations.slots``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock, MinimumTake, MonthlyElection
from optimizer.case.delivery import Demand
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.instance.hosting import Option
from optimizer.instance.machines import PaidIn
from optimizer.instance.sheet import Lever, Sheet
from optimizer.instance.site_terms import halls_by_month, take_windows
from optimizer.market.calendar import days_in_span, month_factors
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force, in_month
from optimizer.operations.mining import USD_PER_USD_M, value_usd_per_mwh
from optimizer.operations.operations import Operations
from optimizer.operations.parts import (
    Delivery,
    Part,
    SignedContract,
    assignable,
    program_in_month,
    the_demand,
)
from optimizer.operations.slots import (
    BANDS,
    PLAIN,
    Figures,
    Pool,
    Refinement,
    Slot,
    Stand,
    SupplyRow,
    Way,
    band_slack_usd_m,
    coins_per_mwh,
    hall_saving_usd_m,
    load_figures,
    pools_of,
    slots_of,
    tangents_meet,
    unused_usd_m,
)

TAKE_LEVELS = 8
"""How many values of a taken MWh are looked at before a solve says which one holds."""


@dataclass(frozen=True)
class Kind:
    """Machines of one efficiency at a site in a part."""

    mw_per_eh: float
    value: float
    loads: list[tuple[int, float]]
    """Of each of its places the number of its column in the first node, and mean MW per EH/s."""


class SiteWriter:
    """Writes one site into the sheet."""

    def __init__(
        self,
        case: Case,
        market: Market,
        operations: Operations,
        options: tuple[Option, ...],
        signings: tuple[SignedContract, ...],
        signing_levers: tuple[int, ...],
        refinement: Refinement,
        sheet: Sheet,
        site_index: int,
    ) -> None:
        self.case, self.market, self.operations, self.options = case, market, operations, options
        self.signings, self.signing_levers, self.refinement, self.sheet = signings, signing_levers, refinement, sheet
        self.s = site_index
        self.name = list(case.sites)[site_index]
        self.site = case.sites[self.name]
        self.clock = operations.clocks[site_index]
        cells = market.cells
        self.probability = market.tree.probability[cells.node]
        self.factor: Floats = month_factors(case.discount.mining, cells.month) * self.probability
        self.nodes, self.months = cells.node.tolist(), cells.month.tolist()
        self.windows = take_windows(case, market, site_index, self.clock)
        self.paid = PaidIn(market)
        self.halls = [o for o, option in enumerate(options) if option.site == site_index]
        self.taken: dict[int, list[tuple[str, int, float]]] = {}
        """By month cell: (column kind, index, MWh) of everything that takes."""
        self._alike: dict[tuple[int, ...], dict[float, list[tuple[int, float]]]] = {}
        """Loads of places of one efficiency, by the places of a part."""
        self._known_ways: dict[tuple[object, ...], list[Way]] = {}
        self._hall_loads = halls_by_month(options, self.halls)
        self.elected: dict[tuple[str, int], int] = {}
        self.peaks: dict[int, int] = {}
        self.enrolled: dict[int, int] = {}

    def write(self, parts: Sequence[Part]) -> None:
        """All parts of the site, then what ties months together."""
        first_of: dict[int, Part] = {}
        for part in parts:
            if part.cell not in first_of:
                first_of[part.cell] = part
                self._month_levers(part.cell)
            self._part(part)
        self._billed()
        self._windows()
        self._hedges(first_of)

    # ------------------------------------------------------------ levers of a month

    def _month_levers(self, cell: int) -> None:
        node, month = int(self.market.cells.node[cell]), int(self.market.cells.month[cell])
        unit = self.site.share / USD_PER_USD_M
        for name, contract in self.site.contracts.items():
            if isinstance(contract, MonthlyElection) and self._days(contract.start, contract.until, cell):
                bounds = (contract.least * contract.mw, contract.most * contract.mw)
                self.elected[name, cell] = self.sheet.add_lever(Lever("elect", self.s, name, cell), bounds)
        response = program_in_month(self.site, DemandResponse, self.market, cell)
        if response is not None:
            name, program, share = response
            assert isinstance(program, DemandResponse)
            pays = program.payment_usd_per_kw_month * 1000 * share * unit
            self.enrolled[cell] = self.sheet.add_lever(
                Lever("enrol", self.s, name, cell), (0.0, program.mw), {node: pays}, pays * float(self.factor[cell])
            )
        demand = the_demand(self.site)
        if demand is not None:
            name, charge = demand
            rate = in_month(charge.rate_usd_per_kw_month, self.market.start_month + month) * 1000 * unit
            self.peaks[cell] = self.sheet.add_lever(Lever("peak", self.s, name, cell), (0.0, np.inf))
            least = max(charge.contracted_mw, charge.ratchet * charge.opening_peak_mw if month <= 10 else 0.0)
            self.sheet.add_lever(
                Lever("billed", self.s, name, cell), (least, np.inf), {node: -rate}, -rate * float(self.factor[cell])
            )
            for o, mw in self._halls_there(cell).items():
                # Halls bear their part of the charge themselves.
                self.sheet.hall_at.append((o, self.s, cell, rate * mw))

    def _halls_there(self, cell: int) -> dict[int, float]:
        """Mean MW that one hall draws, by option that can be signed by then."""
        reaches, node = self.market.tree.reaches, self.nodes[cell]
        loads = self._hall_loads.get(self.months[cell], {})
        return {o: mw for o, mw in loads.items() if reaches[self.options[o].node, node]}

    def _days(self, start: CalendarDate | None, until: CalendarDate | None, cell: int) -> bool:
        cells = self.market.cells
        span = in_force(start, until, self.market.start_month)
        return days_in_span(self.market.start_month, int(cells.month[cell]), int(cells.days[cell]), *span) is not None

    # ------------------------------------------------------------ a part

    def _part(self, part: Part) -> None:
        cell, month = part.cell, self.months[part.cell]
        label = f"{self.name} {self.market.start_month + month}-{part.first}"
        pools = pools_of(part, self.name)
        # With a minimum take every band is looked at for every value of a taken MWh: coarser ones are refined later.
        bands = self.refinement.bands_times * (BANDS // 3 if self.windows else BANDS)
        slots, supply_rows = slots_of(part.hours, pools, self.refinement.band_edges.get((self.s, cell), ()), bands)
        rows = {row.key: self._supply_row(label, part, row, pools) for row in supply_rows}
        most = [sum(d.mw or self._most_mw(d) for d in pool.deliveries) for pool in pools]
        widths = [row.shares[0][1] * most[row.shares[0][0]] for row in supply_rows]
        award = program_in_month(self.site, Ancillary, self.market, cell)
        award_row = self.sheet.add_row(f"award: {label}", award[1].mw) if award is not None else None
        enrolled = self.enrolled.get(cell)
        enrol_row = None
        if enrolled is not None:
            enrol_row = self.sheet.add_row(f"enrolled: {label}", 0.0)
            self.sheet.row_lever.append((enrol_row, enrolled, 1.0))
        peak_row = None
        halls = self._halls_there(cell)
        if cell in self.peaks:
            peak_row = self.sheet.add_row(f"peak: {label}", 0.0)
            self.sheet.row_lever.append((peak_row, self.peaks[cell], -1.0))
            self.sheet.row_hall += [(peak_row, o, mw) for o, mw in halls.items()]
        ways = list(self._ways(cell, slots, award is not None, enrolled is not None, peak_row is not None))
        taking = self._takes(part)
        for kind in self._kinds(part):
            self._machines(part, label, kind, slots, ways, rows, (award_row, enrol_row, peak_row), widths, taking)
        if halls and assignable(self.site) and len(slots) > 1:
            self._halls(part, label, halls, slots, rows)
            if any(slot.share is not None for slot in slots):
                self._slack(part, slots, widths)
        for delivery in part.deliveries:
            self._unused(delivery, part)
        if taking:
            hours = float(part.hours.weight.sum())
            self.taken.setdefault(cell, []).extend(("hall", o, mw * hours) for o, mw in halls.items())

    def _kinds(self, part: Part) -> list[Kind]:
        places, fee = self.operations.places, self.market.network.pool_fee
        if part.places not in self._alike:
            grouped: dict[float, list[tuple[int, float]]] = {}
            for p in part.places:
                load = (p * self.sheet.nodes, places[p].load_mw_per_eh)
                grouped.setdefault(places[p].mw_per_eh, []).append(load)
            self._alike[part.places] = grouped
        return [
            Kind(mw, value_usd_per_mwh(mw, self.site, part.hashprice, fee), loads)
            for mw, loads in self._alike[part.places].items()
        ]

    def _ways(self, cell: int, slots: Sequence[Slot], award: bool, enrol: bool, dark: bool) -> list[Way]:
        """All ways to stand but the one that needs nothing: buying at the market."""
        prices = self._take_prices(cell)
        key = (len(slots), award, enrol, dark, tuple(prices))
        if key not in self._known_ways:
            self._known_ways[key] = self._ways_of(len(slots), prices, award, enrol, dark)
        return self._known_ways[key]

    @staticmethod
    def _ways_of(slots: int, prices: Sequence[tuple[float, bool]], award: bool, enrol: bool, dark: bool) -> list[Way]:
        programs = [(False, False), *([(True, False)] if award else []), *([(False, True)] if enrol else [])]
        ways = []
        for k in range(slots):
            for awarded, enrolled in programs:
                for price, at_tie in prices:
                    if k == 0 and not awarded and not enrolled and price == 0.0:
                        continue
                    ways.append(Way(k, awarded, enrolled, take_price=price, at_tie=at_tie))
        return [*ways, Way(0, dark=True)] if dark else ways

    def _take_prices(self, cell: int) -> list[tuple[float, bool]]:
        """What a taken MWh may be worth more in a month, and whether what ties then runs."""
        window = next((window for window in self.windows if cell in window.cells), None)
        if window is None:
            return [(0.0, False)]
        last = window.cells[-1]
        most = window.contract.shortfall_usd_per_mwh * float(self.factor[last] / self.factor[cell])
        found = {(level, False) for level in np.linspace(0.0, most, TAKE_LEVELS).tolist()}
        for price in self.refinement.take_prices.get((self.s, cell), ()):
            found |= {(price, False), (price, True)}
        return sorted(found)

    def _machines(
        self,
        part: Part,
        label: str,
        kind: Kind,
        slots: Sequence[Slot],
        ways: Sequence[Way],
        supply_rows: dict[int, int],
        shared: tuple[int | None, int | None, int | None],
        widths: Sequence[float],
        taking: bool,
    ) -> None:
        """Columns of one kind of machine; ``taking``: whether what it takes is counted."""
        sheet, cell = self.sheet, part.cell
        node, month = self.nodes[cell], self.months[cell]
        award_row, enrol_row, peak_row = shared
        network = self.market.network
        btc = coins_per_mwh(part.hashprice, kind.mw_per_eh, network.pool_fee, float(network.btc_usd[month]))
        stand = Stand(kind.value, btc, self.site.share)
        # Without another way to stand nobody asks what buying at the market comes to.
        base = load_figures(part.hours, slots[0], PLAIN, stand) if ways or taking else Figures()
        load_row = sheet.add_row(f"load: {label} {kind.mw_per_eh:g}", 0.0)
        loads = [(first + node, load) for first, load in kind.loads]
        for index, load in loads:
            sheet.row_place.append((load_row, index, -load))
            if peak_row is not None:
                sheet.row_place.append((peak_row, index, load))
        if taking:
            self.taken.setdefault(cell, []).extend(("place", index, base.mwh * load) for index, load in loads)
        for way, found in self._looked_at(part, slots, ways, base, stand):
            difference = found.less(base)
            u = self._use(label, cell, difference)
            sheet.row_use.append((load_row, u, 1.0))
            sheet.row_use += [(supply_rows[key], u, 1.0) for key in slots[way.slot].covers]
            if way.awarded and award_row is not None:
                sheet.row_use.append((award_row, u, 1.0))
            if way.enrolled and enrol_row is not None:
                sheet.row_use.append((enrol_row, u, -1.0))
            if way.dark and peak_row is not None:
                sheet.row_use.append((peak_row, u, -1.0))
            if taking:
                self.taken.setdefault(cell, []).append(("use", u, difference.mwh))
        if any(slot.share is not None for slot in slots):
            self._slack(part, slots, widths)

    def _looked_at(
        self, part: Part, slots: Sequence[Slot], ways: Sequence[Way], base: Figures, stand: Stand
    ) -> list[tuple[Way, Figures]]:
        """Figures of all ways; and between two values of a taken MWh the corner that both leave open.

        What a MW earns is a concave function of the MWh that it takes. The ways looked at are points of it; a corner
        is where the tangents of two of them meet, above it: so the model's figure is never below the truth, and where a
        value is looked at that a plan needs, it is the truth.
        """
        if not ways:
            return []
        found = [(way, load_figures(part.hours, slots[way.slot], way, stand)) for way in ways]
        rising: dict[tuple[int, bool, bool], list[tuple[Way, Figures]]] = {(0, False, False): [(PLAIN, base)]}
        for way, figures in found:
            if not way.dark:
                rising.setdefault((way.slot, way.awarded, way.enrolled), []).append((way, figures))
        now = 0.0
        if self.clock.peak_billing is not None:
            now = self.clock.peak_billing.discount_to(self.months[part.cell])
        corners = []
        for points in rising.values():
            for (one, low), (other, high) in itertools.pairwise(points):
                corner = tangents_meet(low, high, one.take_price, other.take_price, stand.share, now)
                if corner is not None:
                    corners.append((other, corner))
        return [*found, *corners]

    def _use(self, label: str, cell: int, figures: Figures) -> int:
        node, month = self.nodes[cell], self.months[cell]
        cash = {node: figures.margin_usd_m}
        value = figures.margin_usd_m * float(self.factor[cell])
        billing = self.clock.peak_billing
        if billing is not None and figures.peak_charge_usd_m:
            for n, share in self.paid.after(node, billing.months(month)):
                cash[n] = cash.get(n, 0.0) - figures.peak_charge_usd_m * share
            value -= figures.peak_charge_usd_m * billing.factor(month) * float(self.probability[cell])
        return self.sheet.add_use(label, (self.s, cell), cash, value, {node: figures.btc})

    def _halls(
        self, part: Part, label: str, halls: dict[int, float], slots: Sequence[Slot], supply_rows: dict[int, int]
    ) -> None:
        """Columns of halls that may use contracts."""
        row = self.sheet.add_row(f"halls: {label}", 0.0)
        self.sheet.row_hall += [(row, o, -mw) for o, mw in halls.items()]
        for slot in slots[1:]:
            u = self._use(label, part.cell, Figures(margin_usd_m=hall_saving_usd_m(part.hours, slot, self.site.share)))
            self.sheet.row_use.append((row, u, 1.0))
            self.sheet.row_use += [(supply_rows[key], u, 1.0) for key in slot.covers]

    def _slack(self, part: Part, slots: Sequence[Slot], widths: Sequence[float]) -> None:
        """What bands may hide where one kind of load ends inside of one."""
        # Loads that are awarded, enrolled and neither each end somewhere.
        runs = 1 + sum(
            program_in_month(self.site, kind, self.market, part.cell) is not None
            for kind in (Ancillary, DemandResponse)
        )
        slack = runs * band_slack_usd_m(part.hours, slots[1:], widths, self.site.share)
        slack *= float(self.factor[part.cell])
        self.sheet.slacks.append((self.s, part.cell, slack))

    def _most_mw(self, delivery: Delivery) -> float:
        """Most MW that a contract can have whose MW a decision says."""
        return delivery.terms.mw if delivery.option < 0 else self.signings[delivery.option].mw

    def _takes(self, part: Part) -> bool:
        """Whether a minimum take is counted on the days of a part."""
        cells = self.market.cells
        month, days = int(cells.month[part.cell]), int(cells.days[part.cell])
        for contract in self.site.contracts.values():
            if isinstance(contract, MinimumTake):
                span = in_force(contract.start, contract.until, self.market.start_month)
                inside = days_in_span(self.market.start_month, month, days, *span)
                if inside is not None and inside[0] <= part.first <= inside[1]:
                    return True
        return False

    def _unused(self, delivery: Delivery, part: Part) -> None:
        """What a contract brings if nobody uses it."""
        node = int(self.market.cells.node[part.cell])
        amount, factor = unused_usd_m(part.hours, delivery, self.site.share), float(self.factor[part.cell])
        lever = self._delivery_lever(delivery, part.cell)
        if lever is not None:
            self.sheet.lever_cash.append((lever, node, amount))
            self.sheet.lever_value[lever] += amount * factor
            if delivery.option >= 0:
                self.sheet.signing_values.setdefault(lever, []).append((part.cell, amount * factor))
        else:
            self.sheet.constants.append((self.s, part.cell, delivery.mw * amount))

    def _supply_row(self, label: str, part: Part, row: SupplyRow, pools: Sequence[Pool]) -> int:
        """Megawatts of supply."""
        fixed = 0.0
        r = self.sheet.add_row(f"supply: {label} {row.key}", 0.0)
        for c, share in row.shares:
            for delivery in pools[c].deliveries:
                fixed += delivery.mw * share
                lever = self._delivery_lever(delivery, part.cell)
                if lever is not None:
                    self.sheet.row_lever.append((r, lever, -share))
        self.sheet.row_upper[r] = fixed
        return r

    def _delivery_lever(self, delivery: Delivery, cell: int) -> int | None:
        """The column that says how many MW a contract has; None if they are fixed."""
        if delivery.elected:
            return self.elected[delivery.name, cell]
        return self.signing_levers[delivery.option] if delivery.option >= 0 else None

    # ------------------------------------------------------------ what ties months

    def _billed(self) -> None:
        """Demand that is billed: this month's peak, or a share of an earlier one."""
        demand = the_demand(self.site)
        if demand is None:
            return
        charge: Demand = demand[1]
        cells, tree = self.market.cells, self.market.tree
        for cell, own in self.peaks.items():
            month = int(cells.month[cell])
            for other, lever in self.peaks.items():
                back = month - int(cells.month[other])
                before = tree.reaches[cells.node[other], cells.node[cell]]
                if other == cell or (charge.ratchet > 0 and 1 <= back <= 11 and before):
                    r = self.sheet.add_row(f"billed: {self.name} {month} {back}", 0.0)
                    self.sheet.row_lever.append((r, lever, 1.0 if other == cell else charge.ratchet))
                    self.sheet.row_lever.append((r, own + 1, -1.0))

    def _windows(self) -> None:
        for window in self.windows:
            last = window.cells[-1]
            node = int(self.market.cells.node[last])
            cost = window.contract.shortfall_usd_per_mwh * self.site.share / USD_PER_USD_M
            short = self.sheet.add_lever(
                Lever("short", self.s, window.name, last),
                (0.0, np.inf),
                {node: -cost},
                -cost * float(self.factor[last]),
            )
            r = self.sheet.add_row(f"take: {self.name} {window.name} {last}", -window.required_mwh)
            self.sheet.row_lever.append((r, short, -1.0))
            columns = {"use": self.sheet.row_use, "place": self.sheet.row_place, "hall": self.sheet.row_hall}
            for cell in window.cells:
                columns_of = self.taken.get(cell, [])
                for kind, index, mwh in columns_of:
                    columns[kind].append((r, index, -mwh))

    def _hedges(self, first_of: dict[int, Part]) -> None:
        """When a contract is signed, it and all others in force are at most the load there is."""
        cells, places, tree = self.market.cells, self.operations.places, self.market.tree
        for number, signing in enumerate(self.signings):
            if signing.site != self.s:
                continue
            cell = next(c for c in first_of if cells.node[c] == signing.node)
            others = [
                q
                for q, other in enumerate(self.signings)
                if other.site == self.s
                and other.signed <= signing.signed + 1e-9 < other.until
                and tree.reaches[other.node, signing.node]
            ]
            existing = self._contracted_mw(signing.signed)
            # Large enough where this one is not signed.
            most = existing + sum(self.signings[q].mw for q in others)
            r = self.sheet.add_row(f"hedge: {self.name} {tree.label[signing.node]}", most - existing)
            self.sheet.row_lever += [(r, self.signing_levers[q], 1.0) for q in others]
            self.sheet.row_sign.append((r, number, most))
            for p in first_of[cell].places:
                self.sheet.row_place.append((r, p * self.sheet.nodes + signing.node, -places[p].load_mw_per_eh))
            if assignable(self.site):
                self.sheet.row_hall += [(r, o, -mw) for o, mw in self._halls_there(cell).items()]

    def _contracted_mw(self, instant: float) -> float:
        """MW that have to be paid at an instant (months after the start), of contracts that exist."""
        total = 0.0
        for contract in self.site.contracts.values():
            begin, end = in_force(contract.start, contract.until, self.market.start_month)
            if not begin <= instant + 1e-9 < end:
                continue
            if isinstance(contract, FixedBlock):
                total += contract.mw
            elif isinstance(contract, MonthlyElection):
                total += contract.least * contract.mw
        return total
