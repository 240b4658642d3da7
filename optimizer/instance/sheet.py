"""A linear program being put together: columns (uses, levers), rows, and what they have in common. Written once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from models.instance import SiteOperations
from models.tree import Floats, Ints

Entries = list[tuple[int, int, float]]
"""(row, column, amount)."""


@dataclass(frozen=True)
class Lever:
    """What a column that is no use stands for: elect, enrol, peak, billed, short or contract."""

    kind: str
    site: int
    item: str
    cell: int
    """Month cell (of a window or a signature: the last month, the first)."""


@dataclass
class Sheet:
    """Columns and rows as they are found. Only grows."""

    nodes: int
    use_name: list[str] = field(default_factory=list)
    use_at: list[tuple[int, int]] = field(default_factory=list)
    """(site, month cell) of each use."""
    use_cash: Entries = field(default_factory=list)
    use_value: list[float] = field(default_factory=list)
    use_btc: Entries = field(default_factory=list)
    lever: list[Lever] = field(default_factory=list)
    lever_bounds: list[tuple[float, float]] = field(default_factory=list)
    lever_cash: Entries = field(default_factory=list)
    lever_posted: Entries = field(default_factory=list)
    lever_value: list[float] = field(default_factory=list)
    signings: list[tuple[int, int, int, float]] = field(default_factory=list)
    """(lever, node, offer, least MW)."""
    row_name: list[str] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    row_use: Entries = field(default_factory=list)
    row_lever: Entries = field(default_factory=list)
    row_place: Entries = field(default_factory=list)
    row_hall: Entries = field(default_factory=list)
    row_sign: Entries = field(default_factory=list)
    signing_values: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """By lever of a signing: (month cell, present value of a MW that nobody uses)."""
    slacks: list[tuple[int, int, float]] = field(default_factory=list)
    """(site, month cell, USD m) by which the hours may be worth more than the model says, for any plan."""
    constants: list[tuple[int, int, float]] = field(default_factory=list)
    """(site, month cell, USD m): what fixed contracts bring if nobody uses them."""
    hall_at: list[tuple[int, int, int, float]] = field(default_factory=list)
    """(option, site, month cell, USD m per hall): what halls take over of charges."""

    def add_use(
        self, name: str, at: tuple[int, int], cash: dict[int, float], value: float, btc: dict[int, float]
    ) -> int:
        """A way for a MW of load to stand; cash and BTC by node."""
        u = len(self.use_name)
        self.use_name.append(name)
        self.use_at.append(at)
        self.use_value.append(value)
        self.use_cash += [(u, n, amount) for n, amount in cash.items() if amount]
        self.use_btc += [(u, n, amount) for n, amount in btc.items() if amount]
        return u

    def add_lever(
        self, lever: Lever, bounds: tuple[float, float], cash: dict[int, float] | None = None, value: float = 0.0
    ) -> int:
        """A column that is no use; cash by node is EBITDA."""
        v = len(self.lever)
        self.lever.append(lever)
        self.lever_bounds.append(bounds)
        self.lever_value.append(value)
        self.lever_cash += [(v, n, amount) for n, amount in (cash or {}).items() if amount]
        return v

    def add_row(self, name: str, upper: float) -> int:
        """``... <= upper``; what stands on the left is added by the caller."""
        self.row_name.append(name)
        self.row_upper.append(upper)
        return len(self.row_name) - 1

    def finish(self, places: int, options: int, nodes: Ints, factor: Floats) -> SiteOperations:
        """The arrays of the model; node (J,) and discount factor x probability (J,) by month cell."""
        uses, levers, rows = len(self.use_name), len(self.lever), len(self.row_name)
        bounds = np.array(self.lever_bounds, dtype=float).reshape(-1, 2)
        hall_value = np.zeros(options)
        for o, _, cell, amount in self.hall_at:
            hall_value[o] += amount * float(factor[cell])
        hall_cash = [(o, int(nodes[cell]), amount) for o, _, cell, amount in self.hall_at]
        return SiteOperations(
            use_name=tuple(self.use_name),
            use_cash=_matrix(self.use_cash, uses, self.nodes),
            use_value=np.array(self.use_value, dtype=float),
            use_btc=_matrix(self.use_btc, uses, self.nodes),
            lever_name=tuple(f"{lever.kind} {lever.item}" for lever in self.lever),
            lever_lower=bounds[:, 0],
            lever_upper=bounds[:, 1],
            lever_cash=_matrix(self.lever_cash, levers, self.nodes),
            lever_posted=_matrix(self.lever_posted, levers, self.nodes),
            lever_value=np.array(self.lever_value, dtype=float),
            signing=np.array([lever for lever, _, _, _ in self.signings], dtype=np.int64),
            signing_node=np.array([node for _, node, _, _ in self.signings], dtype=np.int64),
            signing_offer=np.array([offer for _, _, offer, _ in self.signings], dtype=np.int64),
            signing_least=np.array([least for _, _, _, least in self.signings], dtype=float),
            row_name=tuple(self.row_name),
            row_use=_matrix(self.row_use, rows, uses),
            row_lever=_matrix(self.row_lever, rows, levers),
            row_place=_matrix(self.row_place, rows, places * self.nodes),
            row_hall=_matrix(self.row_hall, rows, options),
            row_sign=_matrix(self.row_sign, rows, len(self.signings)),
            row_upper=np.array(self.row_upper, dtype=float),
            hall_cash=_matrix(hall_cash, options, self.nodes),
            hall_value=hall_value,
        )


def _matrix(entries: Entries, rows: int, columns: int) -> sparse.csr_array:
    """Entries of one place add up."""
    row, column, data = ([entry[i] for entry in entries] for i in range(3))
    found = sparse.csr_array((np.array(data, dtype=float), (row, column)), shape=(rows, columns))
    found.sum_duplicates()
    return found
