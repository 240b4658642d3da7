"""From the case's horizon to the tree of nodes, and to the months in which money and energy are counted.

A month is the grain of all accounts: every month is a twelfth of a year for money and has the hours that it has.
A *cell* is one month in one node of the tree; contracts that outlive the horizon have cells in its tail.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass

import numpy as np

from models.tree import Bools, Floats, Ints, Tree
from optimizer.case.horizon import Horizon

LONGEST_NODE_MONTHS = 3
"""Cash and limits are kept at least by quarter, however rarely the user may decide."""


def period_label(first_month: int, months: int) -> str:
    """``2025Q3`` for a calendar quarter, ``2025-08`` for a month, else ``2025-08/2`` (absolute month number in)."""
    year, month = divmod(first_month, 12)
    if months == 1:
        return f"{year:04d}-{month + 1:02d}"
    if months == 3 and month % 3 == 0:
        return f"{year:04d}Q{month // 3 + 1}"
    return f"{year:04d}-{month + 1:02d}/{months}"


def build_tree(horizon: Horizon) -> Tree:
    """The tree of a deterministic plan: one path; decisions at the first instant of each step."""
    start = 12 * horizon.start.year + horizon.start.month - 1
    lengths: list[int] = []
    decision: list[bool] = []
    labels: list[str] = []
    month = start
    for count, months in horizon.steps:
        for _ in range(count):
            remaining = months
            while remaining > 0:
                length = min(LONGEST_NODE_MONTHS, remaining)
                lengths.append(length)
                decision.append(remaining == months)
                labels.append(period_label(month, length))
                month += length
                remaining -= length
    size = len(lengths)
    return Tree(
        parent=np.arange(-1, size - 1),
        probability=np.ones(size),
        start_months=np.concatenate([[0.0], np.cumsum(lengths)[:-1]]).astype(float),
        length_months=np.array(lengths, dtype=float),
        decision=np.array(decision),
        label=tuple(labels),
        scenario=("base",) * size,
    )


@dataclass(frozen=True)
class Cells:
    """Month cells: first those of every node in order, then the tail after each leaf.

    Shapes (J,). ``node`` is the node (of a tail: its leaf), ``month`` counts from the start of the plan,
    ``days`` are the days of the month, ``in_tail`` marks the months after the horizon.
    """

    start_month: int
    node: Ints
    month: Ints
    days: Ints
    in_tail: Bools

    @property
    def size(self) -> int:
        return len(self.node)

    def calendar_month(self, cell: int) -> int:
        """0 for January to 11 for December."""
        return int((self.start_month + self.month[cell]) % 12)

    def year(self, cell: int) -> int:
        return int((self.start_month + self.month[cell]) // 12)


def build_cells(tree: Tree, start_month: int, tail_months: int) -> Cells:
    """The months of every node, and ``tail_months`` after each leaf."""
    node: list[int] = []
    month: list[int] = []
    tail: list[bool] = []
    for n in range(len(tree)):
        first = round(float(tree.start_months[n]))
        for k in range(first, first + round(float(tree.length_months[n]))):
            node.append(n)
            month.append(k)
            tail.append(False)
    for leaf in tree.leaves:
        end = round(float(tree.start_months[leaf] + tree.length_months[leaf]))
        for k in range(end, end + tail_months):
            node.append(int(leaf))
            month.append(k)
            tail.append(True)
    absolute = [start_month + k for k in month]
    days = [calendar.monthrange(m // 12, m % 12 + 1)[1] for m in absolute]
    return Cells(
        start_month=start_month,
        node=np.array(node, dtype=np.int64),
        month=np.array(month, dtype=np.int64),
        days=np.array(days, dtype=np.int64),
        in_tail=np.array(tail, dtype=np.bool_),
    )


def month_factors(rate: float, months: Ints | Floats) -> Floats:
    """Mean discount factor of each month that starts ``months`` after the start: what accrues evenly in it.

    ``(exp(-rho k / 12) - exp(-rho (k + 1) / 12)) * 12 / rho`` with ``rho = ln(1 + rate)``.
    """
    k = np.asarray(months, dtype=float)
    rho = np.log1p(rate)
    if abs(rho) < 1e-12:
        return np.ones_like(k)
    factors: Floats = np.exp(-rho * k / 12) * (-np.expm1(-rho / 12)) * 12 / rho
    return factors


def instant_factor(rate: float, months: float) -> float:
    """Discount factor of a payment ``months`` after the start."""
    return float(np.exp(-np.log1p(rate) * months / 12))


def days_in_span(start_month: int, month: int, days: int, begin: float, end: float) -> tuple[int, int] | None:
    """First and last of the days of a month whose first instant lies in [begin, end), months after the start.

    Day ``d`` begins at ``month + (d - 1) / days``; instants nearer than a billionth of a month are the same.
    """
    if begin <= month and end >= month + 1:
        return 1, days
    if end <= month or begin >= month + 1:
        return None
    first = max(1, math.ceil((max(begin, month - 1) - 1e-9 - month) * days) + 1)
    last = min(days, math.ceil((min(end, month + 2) - 1e-9 - month) * days))
    return (first, last) if first <= last else None


def month_in(cells: Cells, months: float) -> Bools:
    """(J,) True for the cells whose month holds the instant ``months`` after the start."""
    result: Bools = cells.month == int(np.floor(months + 1e-9))
    return result


def node_at(tree: Tree, months: float) -> Bools:
    """(N,) True for the nodes in which the instant ``months`` after the start lies."""
    begins, ends = tree.start_months, tree.start_months + tree.length_months
    result: Bools = (begins <= months + 1e-9) & (months + 1e-9 < ends)
    return result


def nearest_decision_node(tree: Tree, months: float) -> int:
    """The step whose first instant is nearest (the earlier of two); of several scenarios that of the first."""
    nodes = np.flatnonzero(tree.decision)
    return int(nodes[np.argmin(np.abs(tree.start_months[nodes] - months))])
