"""Interest on borrowed money that lies idle: what of it counts for income tax. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from models.instance import Instance
from tests.math.builder import about, best, best_without, instance, loans_of, proves, solve, tree
from tests.math.money_builder import lines_of
from tests.math.tax_builder import income_tax_of

TENTH = {"cash": [1.0], "interest": [0.1]}
"""A loan at 10 %, owed at the end of the year with its interest."""


def lent(opening: float, *, own: bool = True, hall: float = 0.0, draw: Any = None, **terms: Any) -> Instance:
    """A year in which 100 are earned apart from cash, taxed at 20 %; up to 1,000 can be borrowed, and a hall worth 30
    be built at a cost of ``hall``. Idle cash is reckoned to earn 10 %."""
    on = tree([12])
    taxed = income_tax_of(
        on,
        rate=0.2,
        ebitda=[100],
        places=(),
        lots=(),
        options=(0,) if hall else (),
        own=(own,),
        **{"idle_cash_rate": 0.1, **terms},
    )
    options = [{"value": 30, "cash": [-hall]}] if hall else []
    loan = loans_of(on, [{**TENTH, **(draw or {})}], 1000, np.inf, [0.0] * len(options))
    return instance(on, options=options, tranches=loan, income_tax=taxed, opening=opening, minimum=-1e4)


@proves("idle_earns", "interest_used", "interest_none")
def test_money_that_was_borrowed_to_be_held_saves_no_tax() -> None:
    """Proves: 50 in hand: 20 of tax, whatever is borrowed beside it. Broken: 0, 1,000 borrowed and its interest of 100
    deducted."""
    small = lent(50)
    assert best(small) == about(-20)
    for component in ("idle_earns", "interest_used", "interest_none"):
        assert best_without(small, component) == about(0)
    assert best(lent(50, idle_cash_rate=0.0)) == about(0)


@proves("interest_used", "interest_none")
def test_the_part_that_is_used_counts() -> None:
    """Proves: 60 in hand and a hall at 100: the interest on 40 counts, however much is borrowed: 4 of 100, tax of
    19.2, 10.8 in all. Broken: 30 with all interest, 10 with none; 10.4 where the 19.2 that are there for tax until the
    year ends do not lie idle."""
    small = replace(lent(60, hall=100), cash=replace(lent(60).cash, minimum_usd_m=np.zeros(1)))
    solution = solve(small)
    assert solution.value_usd_m == about(10.8)
    assert solution.states.tax_usd_m == about([19.2])
    assert best_without(small, "interest_used") == about(30)
    assert best_without(small, "interest_none") == about(30)


@proves("interest_paid")
def test_no_more_counts_than_is_paid() -> None:
    """Proves: with 200 overdrawn no interest is paid, so none counts: 20; to borrow costs 5 % and saves 2 %. Broken:
    16, 20 deducted that nobody pays."""
    small = lent(-200, draw={"value": -0.05})
    assert best(small) == about(-20)
    assert best_without(small, "interest_paid") == about(-16)


def test_interest_of_what_is_tied_to_a_cost_counts() -> None:
    """Proves: a loan that is tied to a cost is not looked at: its interest of 100 leaves nothing to tax. Broken: 20."""
    assert best(lent(50, own=False)) == about(0)


def test_a_line_is_own_money() -> None:
    """Proves: 1,000 of a line, drawn and kept, leave the tax at 20; of a line that is used for a hall at 100 (60 in
    hand) the interest on 40 and on that interest counts. Broken: 0, lines left out."""
    on = tree([12])
    taxed = income_tax_of(on, rate=0.2, ebitda=[100], places=(), lots=(), idle_cash_rate=0.1)
    lines = lines_of(on, [{"limit": 150, "interest": 0.1, "committed": False}])
    assert best(instance(on, lines=lines, income_tax=taxed, opening=50)) == about(-20)
    free = replace(taxed, idle_cash_rate=0.0)
    assert best(instance(on, lines=lines, income_tax=free, opening=50)) == about(-17)


def two_halves(draw: dict[str, list[float]], paid: list[float]) -> Instance:
    """Two half-years in which 100 are earned apart from cash, taxed at 20 %, with 20 in hand; up to 1,000 are lent."""
    on = tree([6, 6])
    taxed = income_tax_of(
        on,
        [2026, 2026],
        rate=0.2,
        ebitda=[50, 50],
        places=(),
        lots=(),
        own=(True,),
        idle_cash_rate=0.1,
        own_paid=[paid],
    )
    return instance(on, tranches=loans_of(on, [draw], 1000, np.inf), income_tax=taxed, opening=20)


def test_what_idle_cash_is_reckoned_to_earn_earns_too() -> None:
    """Proves: 1,000 borrowed cost 50 in each half-year, the first of them paid as the second begins: what is left of
    it, with what it was reckoned to earn, earns the second: 20 of tax. Broken: 19.9, with 2.5 - 2 of interest
    deducted."""
    draw = {"cash": [1, -0.05], "interest": [0.05, 0.05]}
    assert best(two_halves(draw, [0.0, 0.0])) == about(-20)


def test_what_own_debt_was_paid_was_there_until_then() -> None:
    """Proves: 1,000 that are repaid with their interest of 30 after 0.6 of the first half-year were there so long: with
    1,000 x 0.6 + 30 counted as idle nothing is deducted, 20 of tax. Broken: 14, 30 deducted, where closing cash (20 -
    30) says that nothing lay idle."""
    draw = {"cash": [-0.03, 0.0], "interest": [0.03, 0.0]}
    assert best(two_halves(draw, [0.63, 0.0])) == about(-20)
    assert best(two_halves(draw, [0.0, 0.0])) == about(-(100 - 30) * 0.2)


def test_what_is_carried_on_is_what_counts() -> None:
    """Proves: with a limit of 3 % of income 3 of the 4 that count come off the first year's 100, the last one off the
    second's: 19.4 and 19.8. Broken: 19.4 twice, where the interest of what lay idle is carried on."""
    on = tree([12, 12])
    taxed = income_tax_of(
        on,
        rate=0.2,
        ebitda=[100, 100],
        places=(),
        lots=(),
        options=(0,),
        own=(True,),
        idle_cash_rate=0.1,
        interest_limit=0.03,
    )
    loan = loans_of(on, [{"cash": [1, -1.1], "interest": [0.1, 0.0]}], 1000, np.inf, [0.0])
    options = [{"value": 100, "cash": [-100, 0]}]
    small = instance(on, options=options, tranches=loan, income_tax=taxed, opening=60, fixed=[0, 200], minimum=0)
    solution = solve(small)
    assert solution.states.tax_usd_m == about([19.4, 19.8])


def test_what_a_debt_of_the_start_holds_apart_lies_idle_too() -> None:
    """Proves: 40 that lenders hold are idle as cash is: of 60 in hand and a hall at 100 nothing counts any more, 10.
    Broken: 10.8."""
    assert best(lent(60, hall=100, fixed_trapped_usd_m=[40.0])) == about(10)
