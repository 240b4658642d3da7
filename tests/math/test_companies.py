"""Companies below the parent in the model: whose cash is whose. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.instance import Instance
from tests.math.builder import about, best, best_without, builds_of, instance, proves, solve, trading, tree
from tests.math.money_builder import companies_of, four_on

THREE = tree([12, 12, 12])


def below(cost: float, at: int, withholding: float = 0.0, minimum: float = 0.0) -> Instance:
    """A hall of a company that earns 10 in the second year (worth nothing), and works of the parent at this cost, worth
    5; the company has ``minimum`` in hand, which it keeps."""
    options = [{"value": 0, "cash": [0, 10, 0]}, {"node": at, "value": 5, "cash": {at: -cost}}]
    company = {"options": [0], "withholding": withholding, "minimum": minimum, "opening": minimum}
    return instance(THREE, options=options, companies=companies_of(THREE, [company], options=2), minimum=0)


@proves("company_balance", "company_pays_up")
def test_a_companys_cash_is_paid_up_when_it_is_there() -> None:
    """Proves: the 10 that a company earns in the second year pay for the parent's works in the third (5), not in the
    second (0). Broken: 5 there too, with what is paid up before it is there or never was the company's."""
    solution = solve(below(10, 2))
    assert solution.value_usd_m == about(5)
    assert solution.decisions.upstream_usd_m == about(np.array([[0, 0, 10]]))
    assert solution.states.companies.cash_usd_m == about(np.array([[0, 10, 0]]))
    assert solution.states.cash_usd_m == about([0, 0, 0])
    assert best(below(10, 1)) == about(0)
    assert best_without(below(10, 1), "company_pays_up") == about(5)
    assert best_without(below(10, 1), "company_balance") == about(5)
    assert best(below(11, 2)) == about(0)


def test_what_is_withheld_is_lost() -> None:
    """Proves: of 10 paid up a tenth is lost: works at 9 cost 1 more, 4; works at 9.1 are not paid. Broken: 5, or 4 for
    works at 10 (lost in value and not in cash)."""
    assert best(below(9, 2, withholding=0.1)) == about(4)
    assert best(below(9.1, 2, withholding=0.1)) == about(0)
    # Works that are worth less than what is lost are left.
    assert best(below(9, 2, withholding=0.6)) == about(0)


def test_a_company_keeps_its_minimum() -> None:
    """Proves: 10 of 13 are paid up where 3 have to stay: works at 10, not at 11. Broken: 5 for both."""
    assert best(below(10, 2, minimum=3)) == about(5)
    assert best(below(11, 2, minimum=3)) == about(0)


def test_the_parent_pays_what_a_company_lacks() -> None:
    """Proves: a build at a company's site costs 5, of which it has 2: 3 of the parent's 3, and it is worth 4. With 2.9
    it is not built. Broken: 4 for both (the company below nothing), 0 for both (the parent pays nothing in)."""
    builds = builds_of(THREE, [{"cash": {0: -5}, "value": 4}])
    companies = companies_of(THREE, [{"builds": [0], "opening": 2}], builds=1)

    def with_cash(opening: float) -> Instance:
        return instance(THREE, builds=builds, companies=companies, opening=opening, minimum=0)

    solution = solve(with_cash(3))
    assert solution.value_usd_m == about(4)
    assert solution.decisions.fund_usd_m[0, 0] == about(3)
    assert best(with_cash(2.9)) == about(0)


def test_machines_are_paid_by_the_company_of_their_site() -> None:
    """Proves: an EH/s costs a company 100 and earns it 130 a year later: with 40 of its own 0.4 are bought, 12; 20 of the
    parent's make 0.6: 18. Broken: 0 and 6, paid by the parent; 30, paid by nobody."""
    trade = trading(THREE, 1, order_cost_usd_m_per_eh=np.array([100.0]), order_value_usd_m_per_eh=np.array([-100.0]))
    lots = [{"order_node": 0, "most": 1.0, "margin": [0, 130, 0]}]
    companies = companies_of(THREE, [{"opening": 40, "places": [0], "lots": [0]}], places=1, lots=1)
    small = instance(THREE, lots=lots, trade=trade, companies=companies, minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(12)
    assert solution.states.companies.cash_usd_m[0, :2] == about([0, 52])
    assert best(replace(small, cash=replace(small.cash, opening_usd_m=20.0))) == about(18)


def test_companies_do_not_pay_each_other_at_once() -> None:
    """Proves: 10 of one company pay for another's build after a year and through the parent: worth 4 in the second year,
    nothing in the first. Broken: 4 in the first, the sum of all companies kept above 0."""

    def at(node: int) -> float:
        builds = builds_of(THREE, [{"node": node, "cash": {node: -10}, "value": 4}])
        companies = companies_of(THREE, [{"fixed": [10, 0, 0]}, {"builds": [0]}], builds=1)
        return best(instance(THREE, builds=builds, companies=companies, fixed=[10, 0, 0], minimum=0))

    assert at(1) == about(4)
    assert at(0) == about(0)


def test_each_path_has_its_own_company_cash() -> None:
    """Proves: a company earns 10 up and nothing down; a year later works at 10 (worth 6) are paid up alone: 3. Broken: 6,
    down paid with what was earned up; 0, where the path without limits the other."""
    on = four_on()
    options = [{"offer": n, "node": n, "value": 3, "cash": {n: -10}} for n in (3, 4)]
    companies = companies_of(on, [{"fixed": {1: 10}}], options=2)
    solution = solve(instance(on, options=options, companies=companies, fixed={1: 10}, minimum=0))
    assert solution.value_usd_m == about(3)
    assert solution.states.companies.cash_usd_m == about(np.array([[0, 10, 0, 0, 0]]))
