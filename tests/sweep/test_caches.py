"""What a process keeps from point to point is never given to a point that differs in what it depends on."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np

from optimizer.api import case_from_data
from optimizer.case.load import load_case
from optimizer.instance.build import prepare, prepare_from
from optimizer.market.market import build_market
from optimizer.market.prices import PriceSeries
from optimizer.operations.operations import build_operations
from optimizer.solve.compiled import form_of
from optimizer.sweep import caches
from optimizer.sweep.caches import market_of, operations_of
from optimizer.sweep.point import WRONG_INPUT, Job, PointOptions, Shared, solve_point
from optimizer.sweep.vary import Point
from tests.hourly.builder import CASE, LEASE, changed, flat, quarters, write_prices
from tests.solve.test_compiled import differs

CASES = Path(__file__).parents[2] / "cases"

HOSTS = changed(CASE, {"leases.tenant": LEASE, "sites.one.power.floor_usd_per_mwh": 0.0})
"""A site that does not buy plainly, with halls: so both its hours and what halls cost in them are asked for."""


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


def test_hours_stay_where_nothing_but_the_network_is_another(tmp_path: Path) -> None:
    """Proves: with another subsidy the hours are the same object, with another price, tariff or discount another one;
    and each time machines earn and halls pay what they do in a process that kept nothing, to the last bit. Broken:
    hours made anew, or the figures of the point before."""
    write_prices(tmp_path, {"prices": quarters(20.0, 45.0, 70.0, 95.0)})
    peaks = {"four": {"kind": "coincident_peak", "rate_usd_per_kw_year": 30, "success": 0.7}}
    changes: list[tuple[dict[str, object], bool]] = [
        ({}, False),
        ({"market.network.subsidy_btc": 2.0}, True),
        ({"market.network.subsidy_btc": 2.0, "sites.one.power.adder_usd_per_mwh": 5.0}, False),
        ({"market.network.subsidy_btc": 1.0, "sites.one.power.adder_usd_per_mwh": 5.0}, True),
        ({"market.power.hub.scale": 2.0}, False),
        ({"market.power.hub.volatility": 0.5}, False),
        ({"sites.one.delivery": peaks}, False),
        ({"sites.one.delivery": peaks, "discount.mining": 0.2}, False),
        ({"sites.one.delivery": peaks, "discount.mining": 0.2, "market.network.btc_usd": 90000}, True),
        ({}, False),
    ]
    series: dict[str, PriceSeries] = {}
    before: object = None
    for change, stays in changes:
        loaded = case_from_data(changed(HOSTS, change), tmp_path)
        found = operations_of(loaded.case, market_of(loaded, series))
        alone = build_operations(loaded.case, build_market(loaded.case, tmp_path))
        for one, other in ((found.mining, alone.mining), (found.power, alone.power)):
            for name in ("margin_usd_m", "btc", "peak_charge_usd_m", "usd_m_per_mw"):
                assert np.array_equal(getattr(one, name, 0.0), getattr(other, name, 0.0)), (change, name)
        hours = found.clocks[0].hours(0)
        assert (hours is before) == stays, change
        assert hours.price.tobytes() == alone.clocks[0].hours(0).price.tobytes()
        assert hours.bought(50.0) == alone.clocks[0].hours(0).bought(50.0)
        before = hours


def test_hours_of_a_company_with_reserves_stay() -> None:
    """Proves: in a case whose reserves have the best price of several files too, another subsidy leaves the hours as
    they are, and the instance is that of a process that kept nothing, to the last bit. Broken: hours made anew, as
    where every point has shapes of its own; or the fields of the instance of the point before."""
    written = load_case(CASES / "cipher_2025q2")
    series: dict[str, PriceSeries] = {}
    before: object = None
    for scale, subsidy, stays in ((1.0, 3.0, False), (1.0, 2.5, True), (0.8, 2.5, False), (0.8, 3.0, True)):
        change = {"market.power.*.scale": scale, "market.network.subsidy_btc": subsidy}
        loaded = case_from_data(written.data, written.folder, overrides=change)
        market = market_of(loaded, series)
        kept = prepare_from(loaded.case, market, operations_of(loaded.case, market))
        alone = prepare(loaded.case, loaded.folder)
        assert not differs(form_of(kept.instance), form_of(alone.instance))
        hours = kept.operations.clocks[1].hours(0)
        assert (hours is before) == stays
        before = hours


def test_shapes_stay_where_only_the_level_of_prices_is_another(tmp_path: Path) -> None:
    """Proves: at another scale, growth or basis a market has the same shape, the same object; at another volatility,
    and beside another file, one of its own, with the prices that it has where nothing is kept. Broken: a shape made
    anew, or that of the point before."""
    for folder, night in (("a", 20.0), ("b", 40.0)):
        write_prices(tmp_path / folder, {"prices": quarters(night, 45.0, 70.0, 95.0)})
    series: dict[str, PriceSeries] = {}
    shapes = []
    for folder, name, value in (
        ("a", "scale", 1.0),
        ("a", "scale", 2.0),
        ("a", "growth", 0.1),
        ("a", "basis_usd_per_mwh", 7.0),
        ("a", "volatility", 0.5),
        ("b", "scale", 1.0),
    ):
        loaded = case_from_data(changed(CASE, {f"market.power.hub.{name}": value}), tmp_path / folder)
        found, alone = market_of(loaded, series).power["hub"], build_market(loaded.case, tmp_path / folder).power["hub"]
        assert found.factor.tolist() == alone.factor.tolist()
        assert found.shape.months[0, 31].price.tolist() == alone.shape.months[0, 31].price.tolist()
        shapes.append(found.shape)
    assert [shape is shapes[0] for shape in shapes] == [True, True, True, True, False, False]


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
        caches._shapes.clear()
        caches._clocks.clear()
        alone.append(solve_point(shared, job))
    assert kept == alone + alone[::-1]
    assert len({each.figures.value_usd_m for each in alone if each.figures is not None}) >= 3
