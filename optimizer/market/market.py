"""Case -> Market: the tree of nodes, the months, power prices and the network on them. One frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.tree import Floats, Tree
from optimizer.case.case import Case
from optimizer.case.network_file import read_network_file
from optimizer.errors import CaseError, Problem
from optimizer.market.calendar import Cells, build_cells, build_tree
from optimizer.market.network import NetworkPath, build_network
from optimizer.market.prices import PriceFileProblems, PriceSeries, read_prices
from optimizer.market.shape import Shape, build_shape, level_factors


@dataclass(frozen=True)
class PowerPath:
    """A power market over the planned months: ``spot = price of the shape x factor[month]``."""

    shape: Shape
    factor: Floats
    """(K,) by month after the start."""
    repairs: tuple[str, ...]
    sha256: str
    intervals: int
    mean_usd_per_mwh: float
    """Plain mean over the whole file, as it is."""


@dataclass(frozen=True)
class Market:
    """What the company cannot choose."""

    start_month: int
    """Absolute month of the start, 12 * year + month - 1."""
    tree: Tree
    cells: Cells
    power: Mapping[str, PowerPath]
    network: NetworkPath


def build_market(case: Case, folder: Path, series: Mapping[str, PriceSeries] | None = None) -> Market:
    """Read the price files (relative to ``folder``) and lay markets on the months of the plan.

    ``series`` gives price files that have been read already, by market. A CaseError lists every problem found.
    """
    start = 12 * case.horizon.start.year + case.horizon.start.month - 1
    tree = build_tree(case.horizon)
    horizon = sum(count * months for count, months in case.horizon.steps)
    ends = [horizon + offer.lead + offer.term for offer in case.offers.values()]
    ends += [int(lease.first_rent.first - start) + 1 + lease.term for lease in case.leases.values()]
    tail = max(0, *(end - horizon for end in [*ends, horizon])) + 1
    cells = build_cells(tree, start, tail)
    months = int(cells.month.max()) + 1
    problems: list[Problem] = []
    power: dict[str, PowerPath] = {}
    for name, market in case.market.power.items():
        try:
            read = series[name] if series is not None else read_prices(market, folder)
            shape = build_shape(name, market, read)
            power[name] = PowerPath(
                shape=shape,
                factor=level_factors(name, market, shape, start, months),
                repairs=read.repairs,
                sha256=read.sha256,
                intervals=len(read.price),
                mean_usd_per_mwh=float(read.price.mean()),
            )
        except PriceFileProblems as found:
            problems += [
                Problem(
                    file=p.file,
                    line=p.line,
                    column=None,
                    path=f"market.power.{name}",
                    message=p.message,
                    severity="error",
                )
                for p in found.problems
            ]
        except CaseError as found:
            problems += found.problems
    network_file = None
    try:
        if case.market.network.path is not None:
            network_file = read_network_file(case.market.network.path, folder)
    except CaseError as found:
        problems += found.problems
    if problems:
        raise CaseError(tuple(problems))
    return Market(
        start_month=start,
        tree=tree,
        cells=cells,
        power=power,
        network=build_network(case.market.network, start, months, network_file),
    )
