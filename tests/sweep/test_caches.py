"""What a process keeps from point to point is never given to a point that differs in what it depends on."""

from __future__ import annotations

import gc
from pathlib import Path

from optimizer.api import case_from_data
from optimizer.market.prices import PriceSeries
from optimizer.sweep import caches
from optimizer.sweep.caches import market_of, operations_of
from optimizer.sweep.point import WRONG_INPUT, Job, PointOptions, Shared, solve_point
from optimizer.sweep.vary import Point
from tests.hourly.builder import CASE, changed, flat, write_prices


def test_other_prices_have_other_hours(tmp_path: Path) -> None:
    """Proves: a case that is written alike, beside another price file, gets the hours of its own file: 30 $ and 70 $,
    also where both are cases of one sweep. Broken: 30 $ both times."""
    paid = []
    series: dict[str, PriceSeries] = {}
    for usd in (30.0, 70.0):
        folder = tmp_path / f"at_{usd:g}"
        write_prices(folder, {"prices": flat(usd)})
        loaded = case_from_data(CASE, folder)
        operations = operations_of(loaded.case, market_of(loaded, series))
        paid.append(float(operations.clocks[0].hours(0).price.mean()))
    assert paid == [30.0, 70.0]


def test_what_does_not_change_hours_is_kept(tmp_path: Path) -> None:
    """Proves: another amount of cash leaves the operations as they are, the same object; another price scale makes new
    ones, and the hours of those before are made anew when asked for: 30, 60 and 30 $. Broken: other numbers, or a new
    object."""
    write_prices(tmp_path, {"prices": flat(30.0)})
    series: dict[str, PriceSeries] = {}

    def operations(**changes: float) -> object:
        data = changed(CASE, {name.replace("__", "."): value for name, value in changes.items()})
        loaded = case_from_data(data, tmp_path)
        found = operations_of(loaded.case, market_of(loaded, series))
        prices.append(float(found.clocks[0].hours(0).price.mean()))
        return found

    prices: list[float] = []
    first = operations()
    assert operations(finance__opening__cash_usd_m=5.0) is first
    assert operations(market__power__hub__scale=2.0) is not first
    assert operations() is first
    assert prices == [30.0, 30.0, 60.0, 30.0]


def test_a_point_leaves_the_search_for_rubbish_as_it_was() -> None:
    """Proves: after points, whether they have a plan or not, rubbish is looked for as often as before. Broken: other
    numbers, or none."""
    usual = gc.get_threshold()
    shared = Shared({None: {}}, {None: Path()}, {}, PointOptions())
    assert solve_point(shared, Job(Point(1, (), {}, None))).status == WRONG_INPUT
    assert gc.get_threshold() == usual


def test_points_in_turns_have_the_rows_of_their_own(tmp_path: Path) -> None:
    """Proves: points of three prices and two amounts of cash, solved one after the other in one process and each twice,
    have the figures that each has in a process that kept nothing. Broken: those of the point before."""
    write_prices(tmp_path, {"prices": flat(30.0)})
    shared = Shared({None: CASE}, {None: tmp_path}, {}, PointOptions())
    changes: list[dict[str, float]] = [
        {"market.power.hub.scale": scale, "finance.opening.cash_usd_m": cash}
        for scale in (1.0, 2.0, 0.5)
        for cash in (5.0, 50.0)
    ]
    jobs = [Job(Point(k, (), each, None)) for k, each in enumerate(changes)]
    kept = [solve_point(shared, job) for job in jobs + jobs[::-1]]
    alone = []
    for job in jobs:
        caches._own.__dict__.clear()
        caches._markets.clear()
        caches._operations.clear()
        alone.append(solve_point(shared, job))
    assert kept == alone + alone[::-1]
    assert len({each.figures.value_usd_m for each in alone if each.figures is not None}) >= 3
