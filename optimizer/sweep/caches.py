"""What a process keeps from point to point: price series, shapes, markets, hours and what they come to, the last model.

A sweep of debt or rents does not change the market, and a sweep of prices does not read a file again. What is kept is
found by all that it depends on, written out, so nothing that matters can be missed; only the last few are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from optimizer.case.case import Case
from optimizer.case.load import LoadedCase
from optimizer.case.price_file import PriceFile
from optimizer.market.market import Market, build_market, shape_of_best
from optimizer.market.prices import PriceSeries
from optimizer.market.shape import Shape
from optimizer.operations.hours import SiteClock
from optimizer.operations.operations import Operations, build_operations, list_clocks
from optimizer.solve.compiled import Compiler
from optimizer.sweep.point import read_series

MOST_KEPT, MOST_SHAPES = 8, 32

NOT_FOR_HOURS = {"case", "finance", "given", "sweeps"}
"""Sections of a case that neither prices nor hours depend on."""

NOT_FOR_SHAPES = {"scale", "growth", "forward_usd_per_mwh", "basis_usd_per_mwh", "currency"}
"""Keys of a power market that say how high its prices are, not what shape they have."""

T = TypeVar("T")

_markets: OrderedDict[str, Market] = OrderedDict()
_operations: OrderedDict[str, Operations] = OrderedDict()
_shapes: OrderedDict[str, tuple[tuple[PriceSeries, ...], Shape]] = OrderedDict()
_clocks: OrderedDict[str, tuple[Market, tuple[SiteClock, ...]]] = OrderedDict()
_own = threading.local()


def market_of(loaded: LoadedCase, series: dict[str, PriceSeries]) -> Market:
    """The market of a case; ``series`` are the price files read so far, and gain what is read."""

    def make() -> Market:
        # A file that cannot be read is read once more, by who knows how to say so.
        return build_market(loaded.case, loaded.folder, read_series(loaded.case, loaded.folder, series), shape_of)

    return _kept(_markets, f"{loaded.folder} {_written(loaded.case)}", make)


def operations_of(case: Case, market: Market) -> Operations:
    """What its hours come to."""
    # Named after the market, which the operations hold: so its number is nobody else's while they are kept.
    found = _kept(
        _operations, f"{id(market)} {_written(case)}", lambda: build_operations(case, market, clocks_of(case, market))
    )
    for other in _operations.values():
        if other is not found:
            # Hours are large, and made anew in a moment: only those of the latest point are kept.
            for clock in other.clocks:
                clock.forget()
    return found


def shape_of(path: str, spec: PriceFile, series: tuple[PriceSeries, ...], months_used: tuple[int, ...] | None) -> Shape:
    """As `shape_of_best`: the same for every level of a market's prices."""
    asked = spec.model_dump_json(exclude=NOT_FOR_SHAPES & set(type(spec).model_fields))
    # The series are kept beside their shape: so their numbers are nobody else's while that is kept.
    key = f"{path} {[id(each) for each in series]} {months_used} {asked}"
    return _kept(_shapes, key, lambda: (series, shape_of_best(path, spec, series, months_used)), MOST_SHAPES)[1]


def clocks_of(case: Case, market: Market) -> tuple[SiteClock, ...]:
    """As `list_clocks`; with the hours of the latest point if nothing but the network is another one."""
    clocks = list_clocks(case, market)
    shapes = [*(path.shape for path in market.power.values()), *market.shapes.values()]
    key = f"{[id(shape) for shape in shapes]} {_written(case, network=False)}"
    _, latest = _kept(_clocks, key, lambda: (market, clocks), 1)
    if latest is not clocks:
        for clock, other in zip(clocks, latest, strict=True):
            clock.take_over(other)
        _clocks[key] = market, clocks
    return clocks


def compiler() -> Compiler:
    """That of this thread, with the model of the last point."""
    if not hasattr(_own, "compiler"):
        _own.compiler = Compiler()
    found: Compiler = _own.compiler
    return found


def _written(case: Case, *, network: bool = True) -> str:
    left_out: dict[str, bool | set[str]] = dict.fromkeys(NOT_FOR_HOURS & set(type(case).model_fields), True)
    return case.model_dump_json(exclude=left_out if network else {**left_out, "market": {"network"}})


def _kept(known: OrderedDict[str, T], key: str, make: Callable[[], T], most: int = MOST_KEPT) -> T:
    if key in known:
        known.move_to_end(key)
    else:
        known[key] = make()
        while len(known) > most:
            known.popitem(last=False)
    return known[key]
