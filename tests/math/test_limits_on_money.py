"""Limits on the company's money in the model. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from models.build import build
from models.instance import Instance, Treasury
from models.tree import Tree
from optimizer.errors import InfeasibleError
from optimizer.solve.highs import solve_form
from optimizer.solve.reading import compile_model
from tests.math.builder import (
    EXACT,
    about,
    best,
    best_without,
    bitcoin,
    covenants_of,
    equity_of,
    instance,
    loans_of,
    proves,
    solve,
    trading,
    tree,
    two_leaves,
)
from tests.math.money_builder import borrowed, limit_on, lines_of

YEAR = tree([12, 12])
TIMES_6 = limit_on(YEAR, "net_debt_to_ebitda", 6)


def project_at_a_loss() -> Instance:
    """Hand case U12: 50 in hand, last year's EBITDA -2; a project of any size up to 1 costs 45 and brings 60 a year
    later (machines: an EH/s is the whole)."""
    trade = trading(YEAR, 1, order_cost_usd_m_per_eh=np.array([45.0]), order_value_usd_m_per_eh=np.array([-45.0]))
    covenants = covenants_of(YEAR, [TIMES_6], ebitda_before_usd_m=np.array([-2.0, 0.0]))
    lots = [{"order_node": 0, "most": 1.0, "margin": [0, 60]}]
    return instance(YEAR, lots=lots, trade=trade, covenants=covenants, opening=50, constant=50)


@proves("limit_net_debt_to_ebitda")
def test_a_loss_asks_for_no_cash() -> None:
    """Proves (U12): with a loss net debt may not be above 0, and 5 are in hand: the whole project, 65. Broken:
    62.667, where six times the loss, 12, has to be in hand (0.8444 of it)."""
    small = project_at_a_loss()
    assert best(small) == about(65)
    model = build(small)
    model.year_profit.domain = pyo.Reals
    model.year_gains.fix(1)
    assert solve_form(compile_model(model), EXACT).objective == about(50 + 15 * 38 / 45)
    # Owing 6 more it may be 44 of 45.
    owing = replace(small, covenants=replace(small.covenants, fixed_debt_usd_m=np.array([6.0, 6.0])))  # type: ignore[type-var]
    assert best(owing) == about(50 + 15 * 44 / 45)
    assert best_without(owing, "limit_net_debt_to_ebitda") == about(65)


@proves("debt_total", "ebitda_total", "profit_at_most", "profit_or_none")
def test_net_debt_is_a_multiple_of_ebitda() -> None:
    """Proves: six times 10 are 60: a hall at 60 is built (20), one at 61 is not (0). Broken: 20, with debt, EBITDA or
    the year's profit whatever suits."""
    assert best(borrowed(60, TIMES_6)) == about(20)
    assert best(borrowed(61, TIMES_6)) == about(0)
    for component in ("limit_net_debt_to_ebitda", "debt_total", "ebitda_total", "profit_at_most", "profit_or_none"):
        assert best_without(borrowed(61, TIMES_6), component) == about(20)


def test_last_years_ebitda_reaches_back_over_the_start() -> None:
    """Proves: half years that earn 10 after one that earned 4: 14, then 20: six times that carry 84 now. Broken: 60
    (a half year alone), 120 (the second half as well, not earned yet)."""
    on = tree([6, 6])
    limit = limit_on(on, "net_debt_to_ebitda", 6)
    year: dict[str, Any] = {
        "last_year": np.array([[1.0, 0.0], [1.0, 1.0]]),
        "ebitda_before_usd_m": np.array([4.0, 0.0]),
    }
    assert best(borrowed(84, limit, **year)) == about(20)
    assert best(borrowed(84.1, limit, **year)) == about(0)


def test_preferred_shares_are_no_debt() -> None:
    """Proves: what would be 61 of debt is none. Broken: 0."""
    preferred: dict[str, Any] = {"loan": {"is_debt": np.zeros(1, dtype=bool)}}
    assert best(borrowed(61, TIMES_6, **preferred)) == about(20)
    gearing = limit_on(YEAR, "debt_to_capital", 0.375)
    assert best(borrowed(61, gearing, shares_m=100.0, **preferred)) == about(20)


def test_a_limit_holds_on_each_path_and_from_its_date() -> None:
    """Proves: EBITDA of 10 up and 5 down: a hall at 40 owed on both paths breaks six times 5, 30, down: 0; cash of 10
    down makes it 20; so does a limit that holds up alone. Broken: 20 for all (the mean of 7.5 carries 45), 0 for
    all."""
    on = two_leaves()

    def owing(nodes: list[int] | None, down: float) -> float:
        loan = loans_of(on, [{"cash": [1, 0, 0], "owed": [1, 1, 1]}], 100, np.inf)
        limit = limit_on(on, "net_debt_to_ebitda", 6, nodes)
        covenants = covenants_of(on, [limit], fixed_ebitda_usd_m=np.array([10.0, 10.0, 5.0]))
        options = [{"value": 20, "cash": [-40, 0, down]}]
        return best(instance(on, options=options, tranches=loan, covenants=covenants, minimum=0))

    assert owing(None, 0) == about(0)
    assert owing(None, 10) == about(20)
    assert owing([0, 1], 0) == about(20)


@proves("limit_debt_service_coverage")
def test_ebitda_covers_service() -> None:
    """Proves: 10 a year cover 1.25 times 8, a tenth of 80: a hall at 80 is built, one at 81 is not: 0; with 1 of
    service on old debt neither is. Broken: 20."""
    limit = limit_on(YEAR, "debt_service_coverage", 1.25)
    serving: dict[str, Any] = {"draw": {"service": [0.1, 0.1]}}
    assert best(borrowed(80, limit, **serving)) == about(20)
    assert best(borrowed(81, limit, **serving)) == about(0)
    assert best_without(borrowed(81, limit, **serving), "limit_debt_service_coverage") == about(20)
    assert best(borrowed(80, limit, **serving, fixed_service_usd_m=np.ones(2))) == about(0)
    assert best(borrowed(81, limit, **serving, loan={"is_debt": np.zeros(1, dtype=bool)})) == about(20)


def test_interest_on_lines_is_service() -> None:
    """Proves: 10 cover 1.25 times 8, a tenth of what is owed on a line: it may be 80, which pays 8 of it and a hall
    at 72 (20), not at 73 (0). Broken: 20 for both, principal of lines counted: 0."""
    limit = limit_on(YEAR, "debt_service_coverage", 1.25)
    covenants = covenants_of(YEAR, [limit], fixed_ebitda_usd_m=np.full(2, 10.0))
    lines = lines_of(YEAR, [{"limit": 100, "open": [0], "interest": 0.1}])

    def at(cost: float) -> float:
        options = [{"value": 20, "cash": [-cost, 200]}]
        return best(instance(YEAR, options=options, lines=lines, covenants=covenants, minimum=0))

    assert at(72) == about(20)
    assert at(73) == about(0)


@proves("limit_due_within_12_months")
def test_what_falls_due_is_covered_by_cash_and_undrawn_lines() -> None:
    """Proves: 30 are due within a year; at 1 times 30 of 50 stay, a hall at 20 is built and one at 21 is not: 0. A
    line of 10 that nobody draws covers 10. Broken: 20 without the limit; what is committed counted whole where it is
    drawn."""
    limit = limit_on(YEAR, "due_within_12_months", 1.0, [0])
    covenants = covenants_of(YEAR, [limit], fixed_due_usd_m=np.array([30.0, 0.0]))

    def at(cost: float, **parts: Any) -> Instance:
        return instance(
            YEAR, options=[{"value": 20, "cash": [-cost, 0]}], covenants=covenants, opening=50, minimum=0, **parts
        )

    assert best(at(20)) == about(20)
    assert best(at(21)) == about(0)
    assert best_without(at(21), "limit_due_within_12_months") == about(20)
    line = {"lines": lines_of(YEAR, [{"limit": 10}])}
    assert best(at(30, **line)) == about(20)
    assert best(at(31, **line)) == about(0)
    # A line that falls due itself covers once only: what is drawn of it is cash and is due.
    soon = {"lines": lines_of(YEAR, [{"limit": 10, "committed": False, "due": 1.0}])}
    assert best(at(20.1, **soon)) == about(0)


@proves("limit_min_liquidity_usd_m")
def test_liquidity_is_cash_and_free_coins_and_undrawn_lines() -> None:
    """Proves: 50 in hand and ten coins at 2, of which half counts: 60, of which 40 stay: a hall at 20, not at 21 (0).
    Five coins pledged for 5 of a line take 5 and give 5, so 20 again; a line of 10 that is not drawn: 30. Broken: 20,
    or 25 where pledged coins count too."""
    limit = limit_on(YEAR, "min_liquidity_usd_m", 40, [0])
    covenants = covenants_of(YEAR, [limit], btc_price_usd_m=np.full(2, 2.0), btc_haircut=0.5)
    held = Treasury(10.0, 1.0, False, 0.0, np.full(2, 2.0), np.full(2, 2.0))

    def at(cost: float, *lines: dict[str, Any]) -> Instance:
        return instance(
            YEAR,
            options=[{"value": 20, "cash": [-cost, 0]}],
            covenants=covenants,
            treasury=held,
            lines=lines_of(YEAR, lines) if lines else None,
            opening=50,
            minimum=0,
        )

    assert best(at(20)) == about(20)
    assert best(at(21)) == about(0)
    assert best_without(at(21), "limit_min_liquidity_usd_m") == about(20)
    assert best(at(21, {"limit": 5, "coins": 1.0})) == about(0)
    assert best(at(22.5, {"limit": 5, "coins": 0.5})) == about(20)
    assert best(at(22.6, {"limit": 5, "coins": 0.5})) == about(0)
    assert best(at(30, {"limit": 10})) == about(20)
    assert best(at(31, {"limit": 10})) == about(0)


@proves("limit_max_btc_share")
def test_not_all_may_be_bitcoin() -> None:
    """Proves: ten coins at 1 may be half of all, so 10 of 15 in hand stay: a hall at 5, not at 6 (0). Broken: 20; 10
    where the share is of cash alone."""
    limit = limit_on(YEAR, "max_btc_share", 0.5, [0])
    covenants = covenants_of(YEAR, [limit], btc_price_usd_m=np.ones(2))
    held = Treasury(10.0, 1.0, False, 0.0, np.ones(2), np.ones(2))

    def at(cost: float, coins: Treasury = held) -> Instance:
        options = [{"value": 20, "cash": [-cost, 0]}]
        return instance(YEAR, options=options, covenants=covenants, treasury=coins, opening=15, minimum=0)

    assert best(at(5)) == about(20)
    assert best(at(6)) == about(0)
    assert best_without(at(6), "limit_max_btc_share") == about(20)
    # Coins that may be sold make room on both sides: 15 + 10 pay for 25.
    assert best(at(25, bitcoin(YEAR, 10, 1.0))) == about(20)


@proves("limit_debt_to_capital")
def test_debt_is_a_share_of_capital() -> None:
    """Proves: 50 million shares at 2: debt of 25 is a fifth of 125: a hall at 25, not at 26 (0). Broken: 20; 0 for
    both where debt is a fifth of the shares alone (20)."""
    limit = limit_on(YEAR, "debt_to_capital", 0.2)
    shares: dict[str, Any] = {"shares_m": 50.0, "share_price_usd": 2.0}
    assert best(borrowed(25, limit, **shares)) == about(20)
    assert best(borrowed(26, limit, **shares)) == about(0)
    assert best_without(borrowed(26, limit, **shares), "limit_debt_to_capital") == about(20)


def test_shares_that_are_issued_are_capital() -> None:
    """Proves: 100 of capital, a fifth of all may be debt, and a hall at 30: e issued at no discount and 30 - e
    borrowed, 30 - e = 0.2 (30 - e + 100 + e) = 26: e = 4. At a discount of a fifth 1.25 e are new capital: 30 - e =
    26 + 0.05 e: e = 4 / 1.05, which costs a quarter of it. Broken: 5 (the capital of the start: 25), 4 for both."""
    limit = limit_on(YEAR, "debt_to_capital", 0.2)

    def with_issue(most: float, cost: float) -> float:
        small = borrowed(30, limit, shares_m=100.0)
        open_to = replace(small.bounds, issue_usd_m=(np.zeros(1), np.array([most])))
        return best(replace(small, equity=equity_of([0], 100, [1], cost), bounds=open_to, shares_m=1e4))

    assert with_issue(4.0, 0.0) == about(20)
    assert with_issue(3.99, 0.0) == about(0)
    assert with_issue(100.0, 0.2) == about(20 - 1 / 1.05)
    assert with_issue(3.8, 0.2) == about(0)


@proves("limit_max_dilution")
def test_dilution_counts_shares_and_options() -> None:
    """Proves: of 100 million shares a tenth may be new: at 2 a share less a fifth 16 are raised by 10 million: a hall
    at 16, not at 17. With shares under notes, 0.5 for each million: 20. Broken: 20 where the discount is left out of
    it (10 million for 20)."""
    limit = limit_on(YEAR, "max_dilution", 0.1)
    covenants = covenants_of(YEAR, [limit], shares_m=100.0, share_price_usd=2.0)

    def at(cost: float) -> Instance:
        options = [{"value": 20, "cash": [-cost, 0]}]
        shares: dict[str, Any] = {"shares_m": 100.0, "share_price_usd": 2.0, "equity": equity_of([0], 100, [1], 0.2)}
        return instance(YEAR, options=options, covenants=covenants, minimum=0, **shares)

    # What is raised costs today's holders a quarter of it, 4.
    assert best(at(16)) == about(20 - 4)
    assert best(at(17)) == about(0)
    assert best_without(at(17), "limit_max_dilution") == about(20 - 17 / 4)
    notes: dict[str, Any] = {"draw": {"shares": 0.5}, "shares_m": 100.0}
    assert best(borrowed(20, limit, **notes)) == about(20)
    assert best(borrowed(21, limit, **notes)) == about(0)


def test_where_nothing_can_be_issued_nothing_is_diluted() -> None:
    """Proves: with no shares, notes or warrants on offer a limit on dilution is kept: a hall at 5 is built from 7 in
    hand: 4. Broken: no model at all (a rule without a variable in it is an error of Pyomo)."""
    covenants = covenants_of(YEAR, [limit_on(YEAR, "max_dilution", 0.1)])
    options = [{"value": 4, "cash": [-5, 0]}]
    solution = solve(instance(YEAR, options=options, covenants=covenants, opening=7, minimum=0))
    assert solution.value_usd_m == about(4)
    assert solution.states.limits[-1].used == about([0, 0])


def test_dilution_adds_up_along_a_path() -> None:
    """Proves: 10 million in all on each path: halls at 6 in both leaves (worth 5 each) are paid, one now (worth 5)
    and one in a leaf are not: 5. Broken: 10 with a limit by node, 2.5 with one over the tree."""
    on: Tree = two_leaves()
    limit = limit_on(on, "max_dilution", 0.1)
    covenants = covenants_of(on, [limit], shares_m=100.0, share_price_usd=1.0)
    options = [{"node": n, "value": 5 * float(on.probability[n]), "cash": {n: -6}} for n in range(3)]

    def with_options(count: int) -> float:
        chosen = options[3 - count :]
        draws = [{"node": n, "cash": {n: 1}, "shares": 1.0} for n in range(3)]
        loan = loans_of(on, draws, 100, np.inf)
        return best(instance(on, options=chosen, tranches=loan, covenants=covenants, minimum=0))

    assert with_options(2) == about(5)
    assert with_options(3) == about(5)


def test_a_limit_that_nothing_can_keep_is_told() -> None:
    """Proves: 90 owed at six times 10 with nothing in hand are 30 too much. Broken: another amount, or no word of
    it."""
    small = borrowed(60, TIMES_6, fixed_debt_usd_m=np.array([90.0, 0.0]))
    with pytest.raises(InfeasibleError, match=r"net debt / EBITDA \(6\) at the end of 0 would have to give by 30\.00"):
        solve(small)
