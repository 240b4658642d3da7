"""Limits on money that may be broken at a price, and yearly limits of equity. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.instance import Instance, Treasury
from tests.math.builder import (
    about,
    best,
    best_without,
    covenants_of,
    equity_of,
    instance,
    lay_down,
    proves,
    solve,
    tree,
    two_leaves,
)
from tests.math.money_builder import borrowed, limit_on

YEAR = tree([12, 12])


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("net_debt_to_ebitda", {}),
        ("debt_to_capital", {"shares_m": 50.0, "share_price_usd": 2.0}),
        ("debt_service_coverage", {"draw": {"service": [0.1, 0.1]}}),
        ("max_dilution", {"draw": {"shares": 1.0}, "shares_m": 100.0}),
        ("due_within_12_months", {"draw": {"due": [1.0, 0.0]}}),
        ("max_btc_share", {}),
        ("min_liquidity_usd_m", {}),
        ("min_cash_usd_m", {}),
    ],
)
def test_a_limit_at_a_price_may_be_broken(kind: str, terms: dict[str, Any]) -> None:
    """Proves: what is over in the first year is paid for, if the hall is worth more than that: 20 - 0.01 x what is
    over. Broken: 0 (hard), 20 (broken for nothing), twice as much (paid in the second year too)."""
    # Of a hall at 80: 6 x 10 are 20 short; a fifth of 180 is 44 short; 2 x 8 of 10, 6; 0.8 of 0.5, 0.3; all of it; of
    # ten coins and nothing in hand a half, 5; of 30, 20 (ten coins at 1); of 7, all.
    limit, over = {
        "net_debt_to_ebitda": (6.0, 20.0),
        "debt_to_capital": (0.2, 44.0),
        "debt_service_coverage": (2.0, 6.0),
        "max_dilution": (0.5, 0.3),
        "due_within_12_months": (1.0, 80.0),
        "max_btc_share": (0.5, 5.0),
        "min_liquidity_usd_m": (30.0, 20.0),
        "min_cash_usd_m": (7.0, 7.0),
    }[kind]
    held = Treasury(10.0, 1.0, False, 0.0, np.ones(2), np.ones(2))

    def worth(hall: float) -> Any:
        priced = limit_on(YEAR, kind, limit, [0], [0.01, 0.01])
        small = borrowed(80, priced, worth=hall, btc_price_usd_m=np.ones(2), **terms)
        small = lay_down(replace(small, treasury=held), draw_usd_m=(np.zeros(1), np.full(1, 80.0)))
        assert small.covenants is not None
        if kind == "min_cash_usd_m":
            cash = replace(small.cash, minimum_usd_m=np.array([7.0, 0.0]))
            return solve(replace(small, cash=cash, covenants=replace(small.covenants, limits=(priced,))))
        return solve(small)

    solution = worth(20)
    assert solution.value_usd_m == about(20 - 0.01 * over)
    assert solution.states.limits[-1].breach == about([over, 0])
    assert worth(0.5 * 0.01 * over).value_usd_m == about(0)


def test_a_price_stays_where_limits_are_waived() -> None:
    """Proves: 20 in hand where 50 are asked for in three years at 0.01 a year and million: -0.9 with limits waived too,
    in the model and forward; the limit of 60 without a price, waived, does not hold. Broken: 0 in the model and -0.9
    forward (the price waived), no plan (the other kept)."""
    on = tree([12, 12, 12])
    priced = limit_on(on, "min_liquidity_usd_m", 50, None, 0.01)
    covenants = covenants_of(on, [priced, limit_on(on, "min_liquidity_usd_m", 60)])
    small = instance(on, covenants=covenants, opening=20, minimum=0, waive_limits=True)
    solution = solve(small)
    assert solution.solver_value_usd_m == about(-0.9)
    assert solution.value_usd_m == about(-0.9)


@proves("commits_or_not", "committed_is_there")
def test_what_is_committed_has_no_price() -> None:
    """Proves: a hall (worth 10) owes 60 after the end, and each million of cash short of 20 costs 0.01: with 50 it is
    not built: 0; with 60 it is, 20 short: 9.8. Broken: 9.7 with 50, 30 short at a price."""
    on = tree([12])
    covenants = covenants_of(on, cash_costs=np.full(1, 0.01))

    def with_cash(opening: float) -> Instance:
        options = [{"value": 10, "cash": [0], "capex_after": 60}]
        return instance(on, options=options, covenants=covenants, opening=opening, minimum=20)

    assert best(with_cash(50)) == about(0)
    assert best(with_cash(60)) == about(9.8)
    assert best_without(with_cash(50), "commits_or_not") == about(9.7)
    assert best_without(with_cash(50), "committed_is_there") == about(9.7)


def test_a_path_that_commits_nothing_may_be_short() -> None:
    """Proves: a hall up owes 60 that are there; 20 are short there and 15 down, where nothing is owed: 0.5
    x (10 - 0.2 - 0.15). Broken: 0 where down has to have 60 too; no plan where nothing may be short."""
    on = two_leaves()
    covenants = covenants_of(on, cash_costs=np.array([0.0, 0.005, 0.005]))
    options = [{"node": 1, "value": 5, "capex_after": 60}]
    fixed, minimum = [0, 60, 5], [-1e4, 20, 20]
    small = instance(on, options=options, covenants=covenants, fixed=fixed, minimum=minimum)
    assert best(small) == about(5 - 0.005 * 20 - 0.005 * 15)


@proves("equity_year")
def test_a_year_has_its_own_limit_on_each_path() -> None:
    """Proves: 60 a calendar year at a cost of a fifth (a quarter of what is raised): halls at 40, worth 30 each, up
    and down in the same year: each is worth 30 - 10, half likely: 20; one more up is not paid. Broken: 30 without the
    limit, 10 where the paths share it."""
    on = two_leaves()
    options = [{"offer": o, "node": n, "value": 15, "cash": {n: -40}} for o, n in enumerate((1, 2, 1))]
    equity = replace(equity_of([1, 2], 500, [0.5, 0.5], 0.2, 60.0), year=np.array([2026, 2026]))
    small = instance(on, options=options, equity=equity, minimum=0, shares_m=1e4)
    solution = solve(small)
    assert solution.value_usd_m == about(20)
    assert solution.decisions.issue_usd_m == about([40, 40])
    assert best_without(small, "equity_year") == about(30)


def test_years_do_not_share_their_limits() -> None:
    """Proves: 60 in each of two years pay for halls at 60 in both, one year for one: 2 x (30 - 15), or 15. Broken: 15
    for both, 30 for both."""
    on = tree([12, 12])
    options = [{"offer": n, "node": n, "value": 30, "cash": {n: -60}} for n in (0, 1)]

    def in_years(*years: int) -> float:
        equity = replace(equity_of([0, 1], 500, [1, 1], 0.2, 60.0), year=np.array(years))
        return best(instance(on, options=options, equity=equity, minimum=0, shares_m=1e4))

    assert in_years(2025, 2026) == about(30)
    assert in_years(2025, 2025) == about(15)
