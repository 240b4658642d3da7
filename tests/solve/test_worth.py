"""What a share is worth under a plan: one fixed point, also where more is raised than the company is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.forward import forward
from models.forward_money import gives_shares
from optimizer.solve.bounds import compact_of
from optimizer.solve.run import _at_fair_price, solve_instance
from optimizer.solve.worth import costs_at, fair_value, fair_worth, worth_of
from tests.math.builder import EXACT
from tests.solve.companies import company


def test_a_line_by_hand() -> None:
    """Proves: 195M shares at 0.3 are 58.5; 78 are raised, of which a share worth x times its price costs 78 (x - 1).
    What is worth 195 beside that leaves 58.5 x = 195 - 78 (x - 1): x = 2, worth 117. A hundred times x -> value -> x
    end where they began: x = 1, worth 195, or x = 3.33, worth 13. Broken: one of these."""
    small = replace(company(0), shares_m=195.0, share_price_usd=0.3)
    asked = []

    def value_at(worth: float) -> float:
        asked.append(worth)
        return 195.0 - 78.0 * (worth - 1)

    assert fair_worth(small, value_at) == pytest.approx(2.0, abs=1e-13)
    assert len(asked) < 10
    worth = 1.0
    for _ in range(100):
        worth = worth_of(small, value_at(worth))
    assert abs(worth - 2.0) > 0.9


def test_a_share_that_is_worth_less_than_its_price_sells_for_its_price() -> None:
    """Proves: a plan worth 40 where shares sell for 58.5 in all, or one that owes 10 more than it has, leaves x = 1.
    Broken: 0.68, and new shares as a gain for those who hold today's."""
    small = replace(company(0), shares_m=195.0, share_price_usd=0.3)
    for value in (40.0, -10.0):
        assert fair_worth(small, lambda worth, value=value: value - 78.0 * (worth - 1)) == 1.0


def test_what_gives_nothing_away_says_what_a_share_is_worth() -> None:
    """Proves: a value that does not move with the worth gives that value over the price, 117 / 58.5. Broken: 1, or no
    root between two equal ends."""
    small = replace(company(0), shares_m=195.0, share_price_usd=0.3)
    assert fair_worth(small, lambda worth: 117.0) == pytest.approx(2.0)


@pytest.mark.parametrize("price", [1.0, 0.3, 0.01])
@pytest.mark.parametrize("seed", range(4))
def test_values_of_columns_agree_with_what_shares_cost_at_them(seed: int, price: float) -> None:
    """Proves: of random columns the value is the one that they have at the worth that follows from it, though up to 48
    are raised by a company that sells for 1 in all. Broken: off by the swing, tens of millions."""
    small = replace(company(seed, shares=True), share_price_usd=price)
    form, _ = compact_of(small)
    random = np.random.default_rng(seed)
    values = np.zeros(form.column_count)
    issues = [j for j, name in enumerate(form.column_names) if name.startswith("issue[")]
    values[issues] = random.uniform(0.0, 48.0 / len(issues), len(issues))
    value = fair_value(small, form, values)
    assert value == pytest.approx(float(costs_at(small, form, worth_of(small, value)) @ values) + form.offset, abs=1e-9)
    assert value < form.objective(values) - 1e-3 or worth_of(small, value) == 1.0


def test_states_at_a_worth_that_stays_are_not_worked_out_again() -> None:
    """Proves: a plan that sells shares of a company that is worth less than it sells for keeps its states, as its
    shares cost what they were solved with; where they were solved at 1.5 they are worked out again. Broken: new states
    for the same numbers, or a value with shares at 1.5."""
    small = replace(company(0, shares=True), share_price_usd=1000.0)
    found = solve_instance(small, EXACT)
    assert gives_shares(found.instance, found.decisions)
    assert _at_fair_price(found) is found
    dear = replace(found.instance, intrinsic_to_market=1.5)
    again = _at_fair_price(replace(found, instance=dear, states=forward(dear, found.decisions)))
    assert again.instance.intrinsic_to_market == 1.0
    assert again.value_usd_m == pytest.approx(found.value_usd_m, abs=1e-9)
