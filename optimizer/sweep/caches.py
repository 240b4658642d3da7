"""What a process keeps from point to point: price series, markets, what hours come to, and the last model.

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
from optimizer.market.market import Market, build_market
from optimizer.market.prices import PriceSeries
from optimizer.operations.operations import Operations, build_operations
from optimizer.solve.compiled import Compiler
from optimizer.sweep.point import read_series

MOST_KEPT = 8

NOT_FOR_HOURS = {"case", "finance", "given", "sweeps"}
"""Sections of a case that neither prices nor hours depend on."""

T = TypeVar("T")

_markets: OrderedDict[str, Market] = OrderedDict()
_operations: OrderedDict[str, Operations] = OrderedDict()
_own = threading.local()


def market_of(loaded: LoadedCase, series: dict[str, PriceSeries]) -> Market:
    """The market of a case; ``series`` are the price files read so far, and gain what is read."""

    def make() -> Market:
        # A file that cannot be read is read once more, by who knows how to say so.
        return build_market(loaded.case, loaded.folder, read_series(loaded.case, loaded.folder, series))

    return _kept(_markets, f"{loaded.folder} {_written(loaded.case)}", make)


def operations_of(case: Case, market: Market) -> Operations:
    """What its hours come to."""
    # Named after the market, which the operations hold: so its number is nobody else's while they are kept.
    found = _kept(_operations, f"{id(market)} {_written(case)}", lambda: build_operations(case, market))
    for other in _operations.values():
        if other is not found:
            # Hours are large, and made anew in a moment: only those of the latest point are kept.
            for clock in other.clocks:
                clock.forget()
    return found


def compiler() -> Compiler:
    """That of this thread, with the model of the last point."""
    if not hasattr(_own, "compiler"):
        _own.compiler = Compiler()
    found: Compiler = _own.compiler
    return found


def _written(case: Case) -> str:
    return case.model_dump_json(exclude=NOT_FOR_HOURS & set(type(case).model_fields))


def _kept(known: OrderedDict[str, T], key: str, make: Callable[[], T]) -> T:
    if key in known:
        known.move_to_end(key)
    else:
        known[key] = make()
        while len(known) > MOST_KEPT:
            known.popitem(last=False)
    return known[key]
