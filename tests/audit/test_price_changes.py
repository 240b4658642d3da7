"""What a market changes in the prices of its file, against numbers reckoned on paper.

Small months are of a few intervals. Where a whole year is needed, each of its months has a mean of 21 (``one_spike``).
"""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from optimizer.case.market import PowerMarket
from optimizer.market.prices import read_prices
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.events import events_in
from optimizer.plan.audit.recompute.price_changes import changed_prices
from optimizer.plan.audit.recompute.prices import Shape, Spot, shape_of
from optimizer.plan.audit.run import audit_folder

NOTHING = Decisions(())
MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def changed_month(prices: list[float], clock: list[tuple[int, int]] | None = None, **changes: float) -> list[float]:
    """Prices of a month after the changes; the clock of an interval is (weekday, hour), by default a Sunday's noon."""
    market = PowerMarket.model_validate({"file": "p.csv", "time_zone": "UTC"} | changes)
    weekday, hour = np.array(clock or [(SUNDAY, 12)] * len(prices), dtype=np.int64).T
    return [float(each) for each in changed_prices(market, np.array(prices, dtype=np.float64), hour, weekday)]


@pytest.mark.parametrize(("times", "right"), [(2, [-10, 10, 90]), (0.5, [20, 25, 45]), (0, [30, 30, 30])])
def test_volatility(times: float, right: list[float]) -> None:
    """Proves: distances from the month's mean of 30 are multiplied, and the mean stays. Broken: 20, 40, 120 (prices
    multiplied); another mean (from the median: 0, 20, 100)."""
    found = changed_month([10, 20, 60], volatility=times)
    assert found == [close(each) for each in right]
    assert sum(found) / 3 == close(30)


CLOCK = [(MONDAY, 6), (FRIDAY, 21), (MONDAY, 5), (FRIDAY, 22), (SATURDAY, 12)]


@pytest.mark.parametrize(
    ("times", "right"),
    [(2, [74, 94, 4, -6, 14]), (0, [26, 46, 36, 26, 46]), (-1, [2, 22, 52, 42, 62])],
)
def test_on_peak_spread(times: float, right: list[float]) -> None:
    """Proves: on-peak means 60 and off-peak 20, two of five intervals: twice the spread is 24 more and 16 less; none
    makes both means 36; the mean stays 36. On-peak is from 6 to before 22, Monday to Friday: each interval stands at an
    edge of that. Broken: 70 and 90 (half to each side), so a mean of 38; 22 o'clock or Saturday on-peak."""
    found = changed_month([50, 70, 20, 10, 30], CLOCK, on_peak_spread=times)
    assert found == [close(each) for each in right]
    assert sum(found) / 5 == close(36)


@pytest.mark.parametrize("clock", [(MONDAY, 12), (SUNDAY, 12)])
def test_a_month_without_a_kind_of_hours(clock: tuple[int, int]) -> None:
    """Proves: with on-peak hours only, or none, there is no spread to change. Broken: not a number."""
    assert changed_month([10, 20, 60], [clock] * 3, on_peak_spread=3) == [10, 20, 60]


SPIKED = [1.0, 5, 50, 2, 6, 1, 60, 2, 5, 1, 50, 4, 2, 1, 2, 1, 2, 1, 2, 2]
"""Mean 10, so that spikes are above 40: 50 at 2, 60 at 6, 50 at 10. The dearest others: 6 at 4, 5 at 1 and 5 at 8."""

OF_SPIKES = 160 / 3


@pytest.mark.parametrize(
    ("times", "right"),
    [
        (0, {2: 40, 6: 40, 10: 40}),
        (0.3, {2: 40, 10: 40}),
        (0.5, {10: 40}),
        (0.9, {}),
        (1.1, {}),
        (1.5, {4: OF_SPIKES, 1: OF_SPIKES}),
        (2, {4: OF_SPIKES, 1: OF_SPIKES, 8: OF_SPIKES}),
    ],
)
def test_spikes(times: float, right: dict[int, float]) -> None:
    """Proves: of three spikes none is left at 0, the 60 at 0.3, two at 0.5 (1.5 is rounded up, and of equals the later
    is cut), all three at 0.9; at 1.5 there are five (4.5 is rounded up, of equals the earlier is raised), and six at 2.
    Broken: 0.5 cuts the 50 at 2 or leaves one; 1.5 makes four; spikes cut to 39; new ones at 50 or 60."""
    expected = [right.get(at, price) for at, price in enumerate(SPIKED)]
    assert changed_month(SPIKED, spikes=times) == [close(each) for each in expected]


def test_no_more_spikes_than_there_are_intervals() -> None:
    """Proves: 300 spikes of 20 intervals: all others are raised, and the three stay as they are. Broken: an error; the
    mean of the spikes everywhere."""
    found = changed_month(SPIKED, spikes=100)
    assert found == [close(price if price >= 50 else OF_SPIKES) for price in SPIKED]


@pytest.mark.parametrize(
    "prices",
    [[40.0, 2, -1, -1], [40.0000001, 0, 0, -0.0000001], [30.0, -10, -10, -10], [100.0, -40, -40, -40]],
)
def test_what_is_no_spike(prices: list[float]) -> None:
    """Proves: four times the mean is not above it; nor is what differs in the seventh digit after the point; a month
    whose mean is 0 or below has no spikes, though 30 and 100 are above four times that. Broken: three times as many:
    40 in the first two, 30 in the third, 100 in the last everywhere."""
    assert changed_month(prices, spikes=3) == prices
    assert changed_month(prices, spikes=0) == prices


def test_a_mean_that_a_computer_makes_more_than_0() -> None:
    """Proves: prices whose sum is 0 have no spikes, though the floats of 31 days of them have a mean of 4e-15. Broken:
    each price above 0 is a spike, and is cut to 0."""
    day = [-623.8, 101.3, 99.9, 88.8, 55.9, 12.7, 140.1, 90.7, 33.3, 0.7, 0.3, 0.1]
    prices = day * 62
    assert float(np.mean(prices)) > 0
    assert changed_month(prices, spikes=0) == prices


def test_spikes_that_differ_in_the_last_digits() -> None:
    """Proves: two spikes, and two others, which are the same in six digits are equal: the later is cut, the earlier is
    raised, though the sums of a computer say that the other is lower and dearer. Broken: 40 in place 0; 53.3 in
    place 3."""
    prices = [60 - 1e-9, 60.0, 3 - 1e-9, 3.0, *[1.0] * 14, 0.0, 0.0, 0.0, *[0.0] * 7]
    mean = sum(prices) / len(prices)
    fewer, more = changed_month(prices, spikes=0.5), changed_month(prices, spikes=1.5)
    assert (fewer[0], fewer[1]) == (prices[0], close(4 * mean))
    assert (more[2], more[3]) == (close(60), 3.0)


def test_a_half_that_a_computer_makes_less() -> None:
    """Proves: 0.145 times 100 spikes are 14.5, so 15 are left, though the product of floats is 14.499999999999998.
    Broken: 14."""
    found = changed_month([1000.0] * 100 + [1.0] * 900, spikes=0.145)
    assert sum(price == 1000 for price in found) == 15


def test_order_of_the_changes() -> None:
    """Proves: a mean of 10: 35 is no spike in the file; volatility 2 makes 60 of it and 30 of 20, and so one spike,
    which is then doubled. The spread changes first, too: at 3 times the only on-peak price comes to 85, and another is
    raised to it. Broken: 30 and 14.4 in place 1 (the spikes of the file, which has none)."""
    prices = [35.0, 20, 9, 6, 6, 6, 6, 6, 6, 0]
    assert changed_month(prices, volatility=2, spikes=2) == [60, 60, 8, 2, 2, 2, 2, 2, 2, -10]
    clock = [(MONDAY, 12), *[(SUNDAY, 12)] * 9]
    spread = changed_month(prices, clock, on_peak_spread=3, spikes=2)
    # On-peak 35, off-peak 65 / 9: twice the difference, nine tenths of it and one tenth.
    more = 2 * (35 - 65 / 9)
    assert spread[:3] == [close(35 + 0.9 * more), close(35 + 0.9 * more), close(9 - 0.1 * more)]


def test_nothing_is_changed_by_neutral_values() -> None:
    """Proves: prices stay bit for bit. Broken: the last digits of m + (p - m)."""
    prices = [0.1, 0.7, 1e-17, 123.456]
    assert changed_month(prices, [(MONDAY, 12), (MONDAY, 5), (SUNDAY, 1), (SUNDAY, 2)]) == prices


def one_spike(at: datetime) -> float:
    """20, and the first hour of a month so much more that the month's mean is 21."""
    return 20.0 + (24 * calendar.monthrange(at.year, at.month)[1] if (at.day, at.hour) == (1, 0) else 0)


def shape(plan: Any) -> Shape:
    market: PowerMarket = plan.case.market.power["hub"]
    return shape_of(market, read_prices(market, plan.inputs))


def hub(**changes: Any) -> dict[str, Any]:
    return {f"market.power.hub.{key}": value for key, value in changes.items()}


def test_level_scale_rate_and_basis(make_plan: Any) -> None:
    """Proves: the file's own mean of 21 comes to 42, by a factor of 2; a second hour of 764 (the earliest of equals) in
    January makes the mean 22 before that and 44 after it; scale 1.5 and half a dollar a unit make 33, and 4 USD are
    added to each. A year later all grows but the basis. Broken: 35.5 (the changed mean brought to the level); 39 or 35
    (the basis scaled or in the market's currency); 40.7 in 2027 in place of 40.3."""
    plan = make_plan(
        hub(spikes=2, scale=1.5, currency="CAD", basis_usd_per_mwh=4, growth=0.1, forward_usd_per_mwh={"2026": 42})
        | {"currencies": {"CAD": 0.5}},
        NOTHING, write=False, price=one_spike,
    )  # fmt: skip
    spot = Spot(plan.case.market.power["hub"], shape(plan), 2025, 0.5)
    january = spot.month(12 * 2026).price
    assert spot.factor(12 * 2026) == close(2)
    assert (january.mean(), january.min()) == (close(37), close(34))
    assert list(np.flatnonzero(january > 100)) == [0, 1]
    assert spot.month(12 * 2027).price.mean() == close(33 * 1.1 + 4)


def test_each_month_of_the_file_by_itself(make_plan: Any) -> None:
    """Proves: with two years of shape the January of each is flat at its own mean, 25 and 150; 29 February, which 2025
    lacks, is as the changed 28th. Broken: 87.5 everywhere; prices of the file on the 29th."""
    plan = make_plan(
        hub(volatility=0), NOTHING, write=False, start=datetime(2024, 1, 1, tzinfo=UTC),
        price=lambda at: (20.0, 30.0)[at.hour % 2] if at.year == 2024 else (100.0, 200.0)[at.hour % 2],
    )  # fmt: skip
    found = shape(plan)
    assert sorted(set(found.lay(12 * 2026).price.round(9))) == [25, 150]
    february = found.lay(12 * 2028 + 1)
    assert sorted(set(february.price[february.day == 28].round(9))) == [25, 150]


def two_dear_days(at: datetime) -> float:
    """25 on-peak and 20 at other hours; five hours at 30 on Saturday 11 January and at 29 on Wednesday the 15th."""
    if at.month == 1 and at.day in (11, 15) and 17 <= at.hour < 22:
        return {11: 30.0, 15: 29.0}[at.day]
    return 25.0 if at.weekday() < 5 and 6 <= at.hour < 22 else 20.0


@pytest.mark.parametrize(
    ("changes", "day"),
    [({}, 11), ({"on_peak_spread": 2}, 15), ({"forward_usd_per_mwh": {"2025": 9}, "basis_usd_per_mwh": -50}, 11)],
)
def test_events_are_on_the_dearest_changed_days(make_plan: Any, changes: dict[str, Any], day: int) -> None:
    """Proves: twice the spread makes the Wednesday dearer than the Saturday, so the one event of the year moves there,
    with its five hours; a level and a basis move nothing. Broken: 11 in the second case."""
    found = shape(make_plan(hub(**changes), NOTHING, write=False, price=two_dear_days))
    marks = events_in(found, 1, 5)
    assert {month: list(np.flatnonzero(each)) for month, each in marks.items() if each.any()} == {
        12 * 2025: [24 * (day - 1) + hour for hour in range(17, 22)]
    }


def test_machines_and_halls_at_changed_prices(make_plan: Any) -> None:
    """Proves: file prices are 20 by night and 60 by day; at 60 a MWh costs (60 + 4) * 1.25 = 80 and brings 79.667, so
    24 MW run half of January's hours. Half as far from the mean of 40 they are 30 and 50 and all hours are run, for
    42.5 and 67.5; 2 dollars of basis make them 45 and 70. With the basis in the case but not in the plan, the audit
    objects. Broken: 372 hours; 55 a MWh; a pass."""
    calm = hub(volatility=0.5, basis_usd_per_mwh=2) | {"horizon.steps": ["1 month"]}
    plan = make_plan(calm, NOTHING, price=lambda at: 20.0 if at.hour < 12 else 60.0)
    (row,) = plan.rows("mining.csv")
    assert (row["mwh"], row["power_cost_usd_m"]) == (close(24 * 744), close(24 * 744 * 57.5 / 1e6))
    assert audit_folder(plan.folder).findings == ()
    path = plan.inputs / "case.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    case["market"]["power"]["hub"]["basis_usd_per_mwh"] = 3
    path.write_text(json.dumps(case), encoding="utf-8")
    assert {each.file for each in audit_folder(plan.folder).findings} >= {"mining.csv", "power.csv"}
