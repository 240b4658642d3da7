"""What a process keeps from point to point is never given to a point that differs in what it depends on."""

from __future__ import annotations

from pathlib import Path

from optimizer.api import case_from_data
from optimizer.market.prices import PriceSeries
from optimizer.sweep.caches import market_of, operations_of
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
