"""Case -> Market: the tree of nodes, the months, power prices and the network on them. One frozen object."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.tree import Floats, Tree
from optimizer.case.case import Case
from optimizer.case.network_file import read_network_file
from optimizer.case.price_file import PriceFile
from optimizer.case.price_files import market_path, price_files
from optimizer.errors import CaseError, Problem
from optimizer.market.calendar import Cells, build_cells, build_tree
from optimizer.market.network import NetworkPath, build_network
from optimizer.market.prices import PriceFileProblems, PriceSeries, read_prices
from optimizer.market.shape import Shape, build_shape, level_factors

BILLING_MONTHS = 48

ShapeMaker = Callable[[str, PriceFile, tuple[PriceSeries, ...], tuple[int, ...] | None], Shape]
"""`shape_of_best`, or somebody who keeps what it made."""


@dataclass(frozen=True)
class PowerPath:
    """A power market over the planned months: ``spot = price of the shape x factor[month] + basis``, US dollars."""

    shape: Shape
    file: PriceSeries
    """What the price file says."""
    factor: Floats
    """(K,) by month after the start."""
    basis_usd_per_mwh: float = 0.0

    @property
    def series(self) -> PriceSeries:
        """The file with the changes that the market makes to its hourly prices (volatility, spread, spikes)."""
        return self.shape.series

    def spot(self, prices: Floats, month: int) -> Floats:
        """Prices of the shape as they are in a month after the start, USD/MWh."""
        result: Floats = prices * float(self.factor[month]) + self.basis_usd_per_mwh
        return result

    @property
    def repairs(self) -> tuple[str, ...]:
        return self.file.repairs

    @property
    def sha256(self) -> str:
        return self.file.sha256

    @property
    def intervals(self) -> int:
        return len(self.file.price)

    @property
    def mean_usd_per_mwh(self) -> float:
        """Plain mean over the whole file, as it is."""
        return float(self.file.price.mean())


@dataclass(frozen=True)
class Market:
    """What the company cannot choose."""

    start_month: int
    """Absolute month of the start, 12 * year + month - 1."""
    tree: Tree
    cells: Cells
    power: Mapping[str, PowerPath]
    shapes: Mapping[str, Shape]
    """Profiles of contracts and prices of reserves, aligned with the market of their site, by dotted path."""
    network: NetworkPath


def build_market(
    case: Case,
    folder: Path,
    series: Mapping[str, tuple[PriceSeries, ...]] | None = None,
    shape_of: ShapeMaker | None = None,
) -> Market:
    """Read the price files (relative to ``folder``) and lay markets on the months of the plan.

    ``series`` gives files that have been read already, by the paths of `price_files`; ``shape_of`` makes their shapes.
    A CaseError lists every problem.
    """
    shape_of = shape_of or shape_of_best
    start = 12 * case.horizon.start.year + case.horizon.start.month - 1
    tree = build_tree(case.horizon)
    horizon = sum(count * months for count, months in case.horizon.steps)
    ends = [horizon + offer.lead + offer.term for offer in case.offers.values()]
    ends += [int(lease.first_rent.first - start) + 1 + lease.term for lease in case.leases.values()]
    # Charges on peaks are billed until two years and a half after they were measured.
    lag = BILLING_MONTHS if any(site.delivery for site in case.sites.values()) else 0
    tail = max(0, *(end - horizon for end in [*ends, horizon])) + 1 + lag
    cells = build_cells(tree, start, tail)
    months = int(cells.month.max()) + 1
    problems: list[Problem] = []
    read = series if series is not None else _read_all(case, folder, problems)
    power: dict[str, PowerPath] = {}
    for name, market in case.market.power.items():
        if market_path(name) not in read:
            continue
        try:
            own = read[market_path(name)][0]
            shape = shape_of(market_path(name), market, (own,), None)
            factor = level_factors(name, market, shape, start, months)
            rate = case.currencies[market.currency] if market.currency is not None else 1.0
            power[name] = PowerPath(shape, own, factor * rate, market.basis_usd_per_mwh)
        except CaseError as found:
            problems += found.problems
    shapes: dict[str, Shape] = {}
    try:
        shapes = _aligned_shapes(case, power, read, shape_of)
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
        shapes=shapes,
        network=build_network(case.market.network, start, months, network_file),
    )


def shape_of_best(
    path: str, spec: PriceFile, series: tuple[PriceSeries, ...], months_used: tuple[int, ...] | None
) -> Shape:
    """The shape of a file, or of the best price of several in each interval; see `build_shape`."""
    best = series[0]
    if len(series) > 1:
        best = replace(best, price=np.max([each.price for each in series], axis=0))
    return build_shape(path, spec, best, months_used)


def _read_all(case: Case, folder: Path, problems: list[Problem]) -> dict[str, tuple[PriceSeries, ...]]:
    read: dict[str, tuple[PriceSeries, ...]] = {}
    for path, specs in price_files(case).items():
        try:
            read[path] = tuple(read_prices(spec, folder) for spec in specs)
        except PriceFileProblems as found:
            shown = os.path.normpath(folder / specs[0].file)
            problems += [
                Problem(shown, p.line, None, path, p.message)
                if p.line is not None
                else Problem("", None, None, f"{path}.file", f"{p.file}: {p.message}")
                for p in found.problems
            ]
            if found.more:
                problems.append(Problem(shown, None, None, path, f"and {found.more} more such problems"))
    return read


def _aligned_shapes(
    case: Case, power: Mapping[str, PowerPath], read: Mapping[str, tuple[PriceSeries, ...]], shape_of: ShapeMaker
) -> dict[str, Shape]:
    """Shapes of all series beside a site's market, which must have its months and intervals."""
    shapes: dict[str, Shape] = {}
    files = price_files(case)
    for site_name, site in case.sites.items():
        if site.power.market not in power:
            continue
        own = power[site.power.market].shape
        others = [("split", site.power.split.market)] if site.power.split is not None else []
        others += [("decides_on", site.power.decides_on.market)] if site.power.decides_on is not None else []
        for place, name in others:
            if name in power and not _alike(power[name].shape, own):
                raise CaseError.single(
                    f"market {name} is not aligned with {site.power.market}: both need the same months of the same "
                    "years (see shape) in intervals of the same length",
                    path=f"sites.{site_name}.power.{place}",
                )
        for path, specs in files.items():
            if path.startswith(f"sites.{site_name}.") and path in read:
                shape = shape_of(path, specs[0], read[path], own.taken)
                if not _alike(shape, own):
                    raise CaseError.single(
                        f"its intervals are {60 * shape.interval_hours:g} minutes, those of {site.power.market} are "
                        f"{60 * own.interval_hours:g}: they have to be alike",
                        path=path,
                    )
                shapes[path] = shape
    return shapes


def _alike(one: Shape, other: Shape) -> bool:
    if one.taken != other.taken or one.interval_hours != other.interval_hours:
        return False
    return all(len(one.months[key].day) == len(other.months[key].day) for key in other.months)
