"""How large and how small a linear expression of the model can be, from what can be decided: for the few rows of tax
that need a number which no plan goes beyond.

Interval arithmetic, in which variables that share a budget (places of a lot, ways for a load to stand, options of an
offer) count once, with the best and the worst of their coefficients.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy import sparse

from models import treasury
from models.income_parts import Part, year
from models.instance import Instance
from models.linear import index_of
from models.multiples import collected
from models.terms import Linear, LinearReader
from models.tree import Floats

LOAD_ROWS = ("load", "halls")
"""Rows that say how much there is of a kind of load: each use stands in one of them."""

Range = tuple[float, float]


class Ranges:
    """Ranges of expressions of one model."""

    def __init__(self, model: pyo.ConcreteModel, instance: Instance) -> None:
        self.model, self.instance = model, instance
        self._reader = LinearReader((), others=True)
        self._known: dict[int, tuple[Hashable | None, float, float]] = {}
        # These are bounded all together.
        self._installed = index_of(model.installed)
        self._sold = index_of(model.sell) if instance.trade is not None else {}
        self._coins: dict[int, float] = {}
        self._mined_in: dict[int, float] = {}
        self._years: dict[tuple[Part, int, int], Any] = {}
        self._of_years: dict[tuple[Part, int, int], Range] = {}

    def year(self, part: Part, country: int, end: int) -> Any:
        """`income_parts.year`, made once: it is long, and needed by rows and for bounds."""
        if (part, country, end) not in self._years:
            self._years[part, country, end] = year(self.model, self.instance, part, country, end)
        return self._years[part, country, end]

    def of_year(self, part: Part, country: int, end: int) -> Range:
        """The range of it."""
        if (part, country, end) not in self._of_years:
            constant, linear = self._reader.coefficients(self.year(part, country, end))
            self._of_years[part, country, end] = self._range(constant, linear)
            if linear:
                # From here on it is what was read: rows need it too.
                variables = [self._reader.known[i] for i in linear]
                self._years[part, country, end] = collected(constant, variables, linear)
        return self._of_years[part, country, end]

    def of(self, expression: Any) -> Range:
        """(least, most) that an expression can be, what it is made of being bounded one by one."""
        return self._range(*self._reader.coefficients(expression))

    def _range(self, constant: float, linear: Linear) -> Range:
        low = high = constant
        shared: dict[Hashable, tuple[float, float, float]] = {}
        machines: dict[int, dict[int, float]] = {}
        sales: list[tuple[Any, float]] = []
        known, installed, sold = self._known, self._installed, self._sold
        for i, coefficient in linear.items():
            if i in installed:
                p, n = installed[i]
                if n in machines:
                    machines[n][p] = coefficient
                else:
                    machines[n] = {p: coefficient}
                continue
            if i in sold:
                sales.append((sold[i], coefficient))
                continue
            group, least, most = known.get(i) or self._look_at(self._reader.known[i])
            if group is None:
                one, other = coefficient * least, coefficient * most
                low += other if other < one else one
                high += other if other > one else one
            else:
                most, worst, best = shared.get(group, (most, 0.0, 0.0))
                shared[group] = most, min(worst, coefficient), max(best, coefficient)
        for most, worst, best in shared.values():
            low, high = low + worst * most, high + best * most
        for least, most in (self._of_machines(machines), self._of_sales(sales)):
            low, high = low + least, high + most
        return low, high

    def _look_at(self, variable: Any) -> tuple[Hashable | None, float, float]:
        """What a variable shares its budget with, and its range."""
        component = variable.parent_component()
        group, (least, most) = self._budget(variable, component.local_name, index_of(component)[id(variable)])
        self._known[id(variable)] = group, least, most
        return self._known[id(variable)]

    def _of_machines(self, by_node: dict[int, dict[int, float]]) -> Range:
        """Of what stands there (by node and place): each lot once a node, and no more than the megawatts of the sites
        let in."""
        low = high = 0.0
        for n, each in by_node.items():
            high += self._best_of_machines(n, {p: c for p, c in each.items() if c > 0})
            low -= self._best_of_machines(n, {p: -c for p, c in each.items() if c < 0})
        return low, high

    def _best_of_machines(self, node: int, each: dict[int, float]) -> float:
        """The most that places (positive coefficient by place) can bring in a node; never negative."""
        lots: dict[int, float] = {}
        sites: dict[int, dict[int, float]] = {}
        homes, machines = self._homes, self._most_of_lot
        for p, coefficient in each.items():
            lot, site = homes[p]
            if coefficient > lots.get(lot, 0.0):
                lots[lot] = coefficient
            sites.setdefault(site, {})[p] = coefficient
        by_lot = sum([best * machines[lot] for lot, best in lots.items()])
        return min(by_lot, sum([self._best_at_site(node, site, here) for site, here in sites.items()]))

    def _best_at_site(self, node: int, site: int, each: dict[int, float]) -> float:
        """The same of places at one site, from its megawatt rows in a node."""
        standing = self._standing
        found = sum([c * standing[p] for p, c in each.items()])
        for r, needs in self._needs.get((node, site), ()):
            inside = [c / needs[p] for p, c in each.items() if needs.get(p, 0.0) > 0]
            if not inside:
                continue
            outside = 0.0
            if len(inside) < len(each):
                outside += sum([c * standing[p] for p, c in each.items() if needs.get(p, 0.0) <= 0])
            found = min(found, max(inside) * self._megawatts[r] + outside)
        return found

    def _of_sales(self, terms: list[tuple[Any, float]]) -> Range:
        """Of machines sold: each machine once, and no more than the market takes at each node."""
        trade = self.instance.trade
        if trade is None or not terms:
            return 0.0, 0.0
        kinds, low, high = trade.type_of_lot.tolist(), 0.0, 0.0
        for sign in (1.0, -1.0):
            lots: dict[int, float] = {}
            tiers: dict[tuple[int, int, int], float] = {}
            if any(sign * coefficient > 0 for _, coefficient in terms):
                for (lot, k, n), coefficient in terms:
                    tier, amount = (kinds[lot], k, n), sign * coefficient
                    lots[lot] = max(lots.get(lot, 0.0), amount)
                    tiers[tier] = max(tiers.get(tier, 0.0), amount)
            by_lot = sum([best * self._most_of_lot[lot] for lot, best in lots.items()])
            by_tier = sum([best * float(trade.tier_depth_eh[t]) for t, best in tiers.items()])
            most = min(by_lot, by_tier)
            low, high = (low, most) if sign > 0 else (-most, high)
        return low, high

    def _budget(self, variable: Any, kind: str, index: Any) -> tuple[Hashable | None, Range]:
        """What a variable shares its budget with (None: nothing; shared ones are never negative), and its range."""
        instance, machines = self.instance, self._most_of_lot
        if kind == "plug":
            lot = self._homes[index[0]][0]
            return (kind, lot, index[1]), (0.0, machines[lot])
        if kind == "built":
            assert instance.builds is not None
            build = int(instance.builds.build[index])
            return (kind, build), (0.0, float(instance.builds.most[instance.builds.build == build].max()))
        if kind in ("halls", "sign"):
            offer = int(instance.hosting.offer[index])
            return (kind, offer), (0.0, self._halls[offer] if kind == "halls" else 1.0)
        if kind == "draw":
            row, most = self._row_of_draw[index]
            return ((kind, row), (0.0, most)) if row >= 0 else (None, (0.0, most))
        if kind == "use":
            row = self._row_of_use[index]
            return (kind, row), (0.0, self._loads[row])
        if kind == "lever":
            return None, (variable.lb, float(self._levers[index]))
        if kind in ("btc_stock", "income_stock", "sell_btc"):
            return None, (0.0, self._coins_by(index))
        if kind == "keep_btc":
            return None, (0.0, self._mined(index))
        least, most = variable.bounds
        if least is None or most is None:
            raise ValueError(f"nothing is known of how large {variable.name} can be")
        return None, (float(least), float(most))

    @cached_property
    def _machines(self) -> Floats:
        """(L,) EH/s of a lot at most."""
        lots = self.instance.lots
        most: Floats = np.where(lots.order_node >= 0, self.instance.bounds.order_eh[1], lots.eh_s)
        return most

    @cached_property
    def _most_of_lot(self) -> list[float]:
        """The same as a list."""
        most: list[float] = self._machines.astype(float).tolist()
        return most

    @cached_property
    def _homes(self) -> list[tuple[int, int]]:
        """(P,) lot and site of each place."""
        places = self.instance.places
        return list(zip(places.lot.tolist(), places.site.tolist(), strict=True))

    @cached_property
    def _standing(self) -> list[float]:
        """(P,) EH/s that can stand at a place at most."""
        return [self._most_of_lot[lot] for lot, _ in self._homes]

    @cached_property
    def _halls(self) -> dict[int, float]:
        """By offer: halls at most."""
        hosting = self.instance.hosting
        most: dict[int, float] = {}
        for offer, halls in zip(hosting.offer.tolist(), hosting.halls_max.tolist(), strict=True):
            most[offer] = max(most.get(offer, float(halls)), float(halls))
        return most

    @cached_property
    def _needs(self) -> dict[tuple[int, int], list[tuple[int, dict[int, float]]]]:
        """By node and site: every row of megawatts that machines there stand in, with MW per EH/s by place."""
        matrix = self.instance.limits.place_mw_per_eh
        found: dict[tuple[int, int], list[tuple[int, dict[int, float]]]] = {}
        for r, node in enumerate(self.instance.limits.node.tolist()):
            begin, end = matrix.indptr[r], matrix.indptr[r + 1]
            needs = dict(zip(matrix.indices[begin:end].tolist(), matrix.data[begin:end].tolist(), strict=True))
            for site in {self._homes[p][1] for p in needs}:
                found.setdefault((node, site), []).append((r, needs))
        return found

    @cached_property
    def _megawatts(self) -> list[float]:
        """(R,) of each row of megawatts at most: with all that can be built."""
        limits, builds = self.instance.limits, self.instance.builds
        allowed: Floats = np.clip(limits.allowed_mw.astype(float), 0.0, None)
        if builds is not None:
            allowed = allowed + _positive(limits.build_mw) @ builds.most.astype(float)
        most: list[float] = allowed.tolist()
        return most

    @cached_property
    def _row_of_draw(self) -> list[tuple[int, float]]:
        """(row, USD m) for each tranche: a row that limits it together with others, -1 if none does; at most."""
        tranches = self.instance.tranches
        assert tranches is not None
        found = [(-1, float(most)) for most in self.instance.bounds.draw_usd_m[1]]
        for r in range(len(tranches.row_name)):
            draws, amounts = _row(tranches.row_draw, r)
            commits, shares = _row(tranches.row_commit, r)
            backed = len(_row(tranches.row_hall, r)[0]) + len(_row(tranches.row_order, r)[0])
            if backed or not len(draws) or (amounts < 1).any():
                continue
            most = float(tranches.row_upper[r] - shares @ tranches.commit_upper_usd_m[commits])
            for d in draws.tolist():
                found[d] = (r, most) if found[d][0] < 0 else found[d]
        return found

    @cached_property
    def _loads(self) -> list[float]:
        """(rows of operations,) MW of load at most."""
        operations, places = self.instance.operations, self.instance.places
        assert operations is not None
        size = len(self.instance.tree)
        lot_of_column = np.repeat(places.lot, size)
        loads = operations.row_upper - _negative(operations.row_place) @ self._machines[lot_of_column]
        halls = self.instance.hosting.halls_max.astype(float)
        most: list[float] = np.maximum(0.0, loads - _negative(operations.row_hall) @ halls).tolist()
        return most

    @cached_property
    def _row_of_use(self) -> list[int]:
        """(uses,) the row of load of each."""
        operations = self.instance.operations
        assert operations is not None
        is_load = np.array([name.partition(":")[0] in LOAD_ROWS for name in operations.row_name], dtype=bool)
        rows, uses = operations.row_use.tocoo().coords
        found = np.zeros(len(operations.use_name), dtype=np.int64)
        found[uses[is_load[rows]]] = rows[is_load[rows]]
        row: list[int] = found.tolist()
        return row

    @cached_property
    def _levers(self) -> Floats:
        """(levers,) at most; of those without a bound, as much as their rows can ask for (a peak, a shortfall)."""
        operations = self.instance.operations
        assert operations is not None
        most = operations.lever_upper.astype(float).copy()
        if len(operations.signing):
            most[operations.signing] = self.instance.bounds.contract_mw[1]
        open_levers = ~np.isfinite(most)
        most[open_levers] = 0.0
        size = len(self.instance.tree)
        standing = _positive(operations.row_place) @ self._machines[np.repeat(self.instance.places.lot, size)]
        standing = standing + _positive(operations.row_hall) @ self.instance.hosting.halls_max.astype(float)
        standing = np.maximum(0.0, standing - operations.row_upper)
        entries = operations.row_lever.tocoo()
        asking = open_levers[entries.coords[1]] & (entries.data < 0)
        rows, levers, amounts = entries.coords[0][asking], entries.coords[1][asking], -entries.data[asking]
        # Twice: what is billed asks for a peak, which asks for load.
        for _ in range(2):
            asked = standing + _positive(operations.row_lever) @ most
            np.maximum.at(most, levers, asked[rows] / amounts)
        return most

    def _coins_by(self, node: int) -> float:
        """Coins there can be at the end of a node, or be sold in it."""
        if node not in self._coins:
            parent, coins = int(self.instance.tree.parent[node]), self.instance.treasury
            assert coins is not None
            before = self._coins_by(parent) if parent >= 0 else coins.opening_btc
            self._coins[node] = before + self._mined(node)
        return self._coins[node]

    def _mined(self, node: int) -> float:
        """Coins that can be mined in a node."""
        if node not in self._mined_in:
            self._mined_in[node] = max(0.0, self.of(treasury.mined(self.model, self.instance, node))[1])
        return self._mined_in[node]


def _row(matrix: sparse.csr_array, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and amounts."""
    begin, end = matrix.indptr[row], matrix.indptr[row + 1]
    return matrix.indices[begin:end], matrix.data[begin:end]


def _negative(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(matrix.minimum(0))


def _positive(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(matrix.maximum(0))
