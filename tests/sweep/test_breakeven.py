"""Break-evens of cases that can be solved by hand: the search has to come to the formula.

The cases are those of tests/math: a MWh at the meter is worth 100 USD at 96,000 USD a coin, nothing is discounted, and
a hall of 10 MW IT brings 1 USD m a month for 24 months.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import CallError, CaseError, ExitCode
from optimizer.pool import Done
from optimizer.sweep.breakeven import BreakEven, Found, gap_usd_m, is_tied, read_asked, run_breakeven
from optimizer.sweep.breakeven_words import breakeven_lines
from optimizer.sweep.flips import Answer, Interval
from optimizer.sweep.point import PointOptions
from tests.math.cases import FLAT_50, Price, case_data, flat, load

EXACT = PointOptions(relative_gap=1e-9)
BY_FREE_POWER: dict[str, Any] = {"capex_usd_m_per_mw_it": 1}


def here(work: Any, shared: Any, jobs: Sequence[Any], **_: Any) -> Generator[Done[Any], None, None]:
    """An executor without processes."""
    for index, job in enumerate(jobs):
        yield Done(index, work(shared, job), "", 0.0)


def search(
    folder: Path,
    data: Mapping[str, Any],
    path: str,
    what: str,
    between: str,
    *,
    price: Price = FLAT_50,
    **more: Any,
) -> BreakEven:
    loaded = load(folder, data, price)
    return run_breakeven(loaded, read_asked(loaded, path, what, between, **more), EXACT, executor=here)


def the_flip(result: BreakEven) -> tuple[float, float, bool]:
    """Both ends of the only flip, and whether it is from no to yes."""
    [flip] = result.found.flips
    assert flip.before.has is not flip.after.has
    assert flip.width <= result.tolerance
    assert result.monotone
    return flip.before.value, flip.after.value, bool(flip.after.has)


def test_the_rent_at_which_an_offer_is_signed(tmp_path: Path) -> None:
    """Proves: 24 months at r on 10 MW bring 0.24 r, a hall costs 10: signed from 41.667 on. Broken: 41.667 outside."""
    result = search(tmp_path, case_data(hall=BY_FREE_POWER), "offers.hall.rate_usd_per_kw_month", "hall", "10:90")
    low, high, rises = the_flip(result)
    assert low < 10 / 0.24 <= high
    assert rises
    assert result.exit_code() is ExitCode.DONE
    assert result.own == 100  # the case's own rent, which is outside
    text = "\n".join(breakeven_lines(result))
    assert f"hall is signed from {high:.7g} on; at {low:.7g} and below it is not so" in text
    [row] = result.table().dicts()
    assert (row["has_before"], row["has_after"], row["tied"]) == ("no", "yes", "no")
    assert row["value_after_usd_m"] == pytest.approx(0.24 * high - 10)


def test_the_bitcoin_price_at_which_a_converted_megawatt_equals_a_mining_one(tmp_path: Path) -> None:
    """Proves: 15 MW mine a year at 100 b / 96,000 - 40 a MWh, or host for 24: equal at b = 960 (40 + 24 / 0.1314)
    = 213,742 USD. Dearer coins: no longer signed. Broken: the same with 9.6 or 10 MW."""
    changes = {"sites.one.energised_mw": 15, "sites.one.mining_shell_mw": 15, "sites.one.fleet": {"m16": {"ph_s": 750}}}
    data = case_data(changes, hall={"takes": "mining_shell"})
    result = search(
        tmp_path, data, "market.network.btc_usd", "hall@one", "100000:300000", price=flat(40), tolerance=50.0
    )
    low, high, rises = the_flip(result)
    assert low < 960 * (40 + 24 / (8760 * 15 / 1e6)) <= high
    assert not rises
    assert high - low <= 50
    assert "up to" in "\n".join(breakeven_lines(result))


def test_the_power_price_at_which_machines_are_no_longer_bought(tmp_path: Path) -> None:
    """Proves: 20 MW from April on at 100 - 40 s a MWh against 8 for the machines: 275 x 24 x 20 / 1e6 (100 - 40 s) = 8
    at s = 0.98485. Broken: with a whole year (1.36), or with nothing paid."""
    buy = {
        "window": {"from": "2025-01", "to": "2025-01"},
        "delivery": "3 months",
        "sites": ["one"],
        "max_ph_s_per_step": 1000,
    }
    data = case_data({"machines.m16": {"efficiency_j_per_th": 16, "price_usd_per_th": 8, "buy": buy}})
    result = search(tmp_path, data, "market.power.*.scale", "buy:m16", "x0.5:x1.5", price=flat(40))
    low, high, rises = the_flip(result)
    assert low <= (100 - 8 / (275 * 24 * 20 / 1e6)) / 40 < high
    assert not rises
    assert result.factors
    assert result.own == 1


TWO_SIZES = {
    "small": {"capex_usd_m_per_mw_it": 0.6, "group": "need"},
    "large": {"capex_usd_m_per_mw_it": 0.9, "group": "need", "hall_mw_it": 20},
}
"""Of one need: 0.24 r - 6, or 0.48 r - 18."""


def test_an_answer_that_is_not_monotone(tmp_path: Path) -> None:
    """Proves: the small one is signed from 25 (0.24 r = 6) to 50 (0.24 r = 12) and not outside: two flips, and it says
    that it is not monotone. Broken: one of them."""
    data = case_data(**TWO_SIZES)
    result = search(tmp_path, data, "offers.*.rate_usd_per_kw_month", "small", "11:88", tolerance=0.5)
    first, second = result.found.flips
    assert first.before.value < 25 < first.after.value
    assert second.before.value < 50 < second.after.value
    assert (first.after.has, second.after.has) == (True, False)
    assert not result.monotone
    assert "not monotone: 2 flips" in "\n".join(breakeven_lines(result))
    either = search(tmp_path, data, "offers.*.rate_usd_per_kw_month", "any", "11:88", tolerance=0.5)
    low, high, _ = the_flip(either)
    assert low < 25 < high


def test_a_value_to_reach_in_whole_numbers(tmp_path: Path) -> None:
    """Proves: halls worth 24 each reach 100 with the fifth: between 4 and 5. Broken: 4.17, or 5 and 6."""
    result = search(tmp_path, case_data(hall={}), "offers.hall.halls.max", "value=100", "1:20")
    [flip] = result.found.flips
    assert (flip.before.value, flip.after.value) == (4, 5)
    assert flip.after.found.figures is not None
    assert flip.after.found.figures.value_usd_m == pytest.approx(120)


def test_a_value_to_reach(tmp_path: Path) -> None:
    """Proves: 0.24 r - 10 = 5 at r = 62.5. Broken: 41.7, where it is 0."""
    data = case_data(hall=BY_FREE_POWER)
    low, high, rises = the_flip(search(tmp_path, data, "offers.hall.rate_usd_per_kw_month", "value=5", "10:90"))
    assert low < 62.5 <= high
    assert rises


def test_more_than_the_status_quo(tmp_path: Path) -> None:
    """Proves: a mine of its own is worth the same with and without the offer, so the plan is worth more than doing
    nothing exactly where the hall pays: 41.667. Broken: nothing flips (any plan is worth the status quo), or a flip
    where the value passes what the mine earns."""
    changes = {"sites.one.fleet": {"m16": {"ph_s": 1000}}}
    data = case_data(changes, hall=BY_FREE_POWER)
    result = search(tmp_path, data, "offers.hall.rate_usd_per_kw_month", "value=status_quo", "10:90", tolerance=1.0)
    low, high, rises = the_flip(result)
    assert low < 10 / 0.24 <= high
    assert rises
    mine = 8760 * 50 * 20 / 1e6
    assert all(answer.found.quo_usd_m == pytest.approx(mine) for answer in result.found.answers)


def test_nothing_flips_is_an_answer(tmp_path: Path) -> None:
    """Proves: from 50 on the offer is always signed; code 0, an empty table, and it says so. Broken: an error."""
    data = case_data(hall=BY_FREE_POWER)
    result = search(tmp_path, data, "offers.hall.rate_usd_per_kw_month", "hall", "50:90")
    assert result.found.flips == ()
    assert result.exit_code() is ExitCode.DONE
    assert "nothing flips: hall is signed at all 9 values" in "\n".join(breakeven_lines(result))
    assert len(result.found.answers) == 9


def test_values_without_a_plan_are_said(tmp_path: Path) -> None:
    """Proves: below a cash of 20 nothing keeps the minimum; from 30 on the hall for 10 is paid too. The flip between is
    found, and the values without a plan are named. Broken: a flip at 20, or silence."""
    changes = {"finance.limits.min_cash_usd_m": 20}
    data = case_data(changes, hall=BY_FREE_POWER)
    result = search(tmp_path, data, "finance.opening.cash_usd_m", "hall", "0:80")
    low, high, rises = the_flip(result)
    assert low < 30 <= high  # rent comes after the first quarter, at whose end 20 have to be there
    assert rises
    assert result.exit_code() is ExitCode.DONE
    assert "no plan at 0, 10: infeasible" in "\n".join(breakeven_lines(result))
    assert [point["has"] for point in result.data()["points"]][:2] == [None, None]


def found(value: float, bound: float, has: bool, at: float) -> Answer[Found]:
    """An answer as it would be with this value and bound."""
    from tests.sweep.figures import swept_with

    return Answer(at, has, Found(swept_with(value, bound)))


@pytest.mark.parametrize(("gap", "tied"), [(0.4, False), (0.6, True)])
def test_a_tie_is_what_the_gaps_leave_open(gap: float, tied: bool) -> None:
    """Proves: values 1 apart with gaps of 0.4 each are told apart, with 0.6 each not. Broken: the other way round."""
    flip = Interval(found(100, 100 + gap, False, 1), found(101, 101 + gap, True, 2))
    assert is_tied(flip) is tied
    assert flip.after.found.figures is not None
    assert gap_usd_m(flip.after.found.figures) == pytest.approx(gap)
    exact = Interval(found(100, 100, False, 1), found(100, 100, True, 2))
    assert not is_tied(exact)


@pytest.mark.parametrize(
    ("path", "what", "between", "more", "said"),
    [
        ("offers.hall.rate_usd_per_kw_month", "hal", "1:2", {}, "did you mean 'hall'?"),
        ("offers.hall.rate_usd_per_kw_month", "hall@on", "1:2", {}, "did you mean"),
        ("offers.hall.rate_usd_per_kw_month", "hall@", "1:2", {}, "write OFFER"),
        ("offers.hall.rate_usd_per_kw_month", "build:hall", "1:2", {}, "did you mean 'hall'?"),
        ("offers.hall.rate_usd_per_kw_month", "built:hall", "1:2", {}, "did you mean 'build'?"),
        ("offers.hall.rate_usd_per_kw_month", "buy:m16", "1:2", {}, "there are none"),
        ("offers.hall.rate_usd_per_kw_month", "worth=3", "1:2", {}, "write OFFER"),
        ("offers.hall.rate_usd_per_kw_month", "value=much", "1:2", {}, "status_quo"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "2:2", {}, "no width"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "2", {}, "write LOW:HIGH"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "1:2:3", {}, "write LOW:HIGH"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "1:x2", {}, "either all values"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "1:two", {}, "is no number"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "1:2", {"tolerance": 0.0}, "more than 0"),
        ("offers.hall.rate_usd_per_kw_month", "hall", "1:2", {"count": 1}, "a scan has 2"),
        ("offers.hall.rate", "hall", "1:2", {}, "there is no 'rate'"),
        ("offers.hall.halls.max", "hall", "1.5:3", {}, "whole numbers"),
        ("case", "hall", "1:2", {}, "not a number"),
    ],
)
def test_wrong_calls_are_refused(
    tmp_path: Path, path: str, what: str, between: str, more: dict[str, Any], said: str
) -> None:
    """Proves: each is refused by one sentence that says what would be right. Broken: solved, or a traceback."""
    loaded = load(tmp_path, case_data(hall={}))
    with pytest.raises((CallError, CaseError)) as raised:
        read_asked(loaded, path, what, between, **more)
    assert said in "\n".join(raised.value.lines())


def test_high_may_be_written_first(tmp_path: Path) -> None:
    """Proves: 90:10 is 10:90. Broken: a negative width, or no flip."""
    loaded = load(tmp_path, case_data(hall={}))
    asked = read_asked(loaded, "offers.hall.rate_usd_per_kw_month", "hall", "110:90")
    assert (asked.low, asked.high) == (90, 110)
    assert asked.scan[0] == 90
    assert 100 in asked.scan


def test_the_same_search_from_the_store(tmp_path: Path) -> None:
    """Proves: a second search with the same store solves nothing and finds the same bytes. Broken: it solves anew."""
    from optimizer.sweep.store import Store

    loaded = load(tmp_path, case_data(hall=BY_FREE_POWER))
    asked = read_asked(loaded, "offers.hall.rate_usd_per_kw_month", "hall", "10:90", 10.0, 3)
    solved: list[int] = []

    def counting(work: Any, shared: Any, jobs: Sequence[Any], **more: Any) -> Generator[Done[Any], None, None]:
        solved.append(len(jobs))
        yield from here(work, shared, jobs, **more)

    store = Store(tmp_path / "points")
    first = run_breakeven(loaded, asked, EXACT, executor=counting, store=store)
    count = sum(solved)
    again = run_breakeven(loaded, asked, EXACT, executor=counting, store=store)
    assert count > 0
    assert sum(solved) == count
    assert first.table().text() == again.table().text()
    assert replace(first, seconds=0.0).data() == replace(again, seconds=0.0).data()
