"""The audit's figures and tables, recomputed once for all tests of a process that ask for the same.

Most tests change a cell of a sound plan, or what its tables say of it, and nothing that its figures rest on. What is
kept is the audit's own work, asked for by everything that it is made from; whatever fails is made again every time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from optimizer.case.case import Case
from optimizer.case.network_file import NetworkFile
from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceSeries, read_prices
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.dispatch import Dispatch
from optimizer.plan.audit.recompute.figures import Figures, figures_of
from optimizer.plan.audit.recompute.tables import Tables, tables_of
from optimizer.plan.audit.recompute.timeline import Timeline

KEPT = 32

Made = TypeVar("Made")

_series: dict[tuple[str, bytes], PriceSeries] = {}
_figures: OrderedDict[object, Figures] = OrderedDict()
_tables: OrderedDict[object, Tables] = OrderedDict()


def read_once(spec: PriceFile, folder: Path) -> PriceSeries:
    """The price reader, asked once for the same statement and the same bytes: most tests share a flat year."""
    path = folder / spec.file
    if not path.is_file():
        return read_prices(spec, folder)
    key = (spec.model_dump_json(), path.read_bytes())
    if key not in _series:
        _series[key] = read_prices(spec, folder)
    return _series[key]


def figures_once(
    case: Case,
    timeline: Timeline,
    prices: Mapping[str, PriceSeries],
    decisions: Decisions,
    network_file: NetworkFile | None = None,
    dispatch: Dispatch | None = None,
    files: Mapping[PriceFile, PriceSeries] | None = None,
) -> Figures:
    """``figures_of`` of a case, its decisions and operations, and all files that they rest on. Series of prices are
    told apart by which they are: `read_once` gives the same for the same bytes."""
    key = (
        case.model_dump_json(),
        tuple(prices.items()),
        decisions,
        network_file,
        tuple((dispatch or Dispatch()).amounts.items()),
        tuple((spec.model_dump_json(), series) for spec, series in (files or {}).items()),
    )
    return _once(_figures, key, lambda: figures_of(case, timeline, prices, decisions, network_file, dispatch, files))


def tables_once(figures: Figures, intrinsic_to_market: float | None = None) -> Tables:
    """``tables_of`` of these very figures."""
    return _once(_tables, (figures, intrinsic_to_market), lambda: tables_of(figures, intrinsic_to_market))


def _once(kept: OrderedDict[object, Made], key: object, make: Callable[[], Made]) -> Made:
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    if len(kept) > KEPT:
        kept.popitem(last=False)
    return kept[key]
