"""Companies below the parent in the model: whose cash it is, and when it may go up. Each case is solved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.instance import Instance
from models.tree import Tree
from tests.math.builder import about, best, best_without, builds_of, instance, lay_down, proves, solve, trading, tree
from tests.math.money_builder import companies_of, fences_of, four_on, tranches_of


def owning(on: Tree, options: Sequence[Mapping[str, Any]], opening: float = 0.0, **company: Any) -> Instance:
    """A company that has the first option, a parent that has the others and so much cash."""
    below = companies_of(on, [{"options": [0], **company}], options=len(options))
    return instance(on, options=options, companies=below, opening=opening, minimum=0)


def earning(cost: float, node: int, worth: float = 5.0, **company: Any) -> Instance:
    """Its hall earns 10 in the first year; the parent's works cost so much in a year, and are worth 5."""
    return owning(
        tree([12, 12]),
        [{"offer": 0, "cash": {0: 10}}, {"offer": 1, "node": node, "cash": {node: -cost}, "value": worth}],
        **company,
    )


@proves("company_balance", "company_pays_up")
def test_what_is_earned_goes_up_in_the_next_period() -> None:
    """Proves: 10 that its company earns in a year do not pay for works at 8 in the same year (10), but in the next
    (15). Broken: 15 for both, where the company's cash is nobody's, or may be paid up before it is there."""
    assert best(earning(8, 0)) == about(10)
    assert best_without(earning(8, 0), "company_balance") == about(15)
    assert best_without(earning(8, 0), "company_pays_up") == about(15)
    solution = solve(earning(8, 1))
    assert solution.value_usd_m == about(15)
    assert solution.decisions.upstream_usd_m == about(np.array([[0, 8]]), abs=1e-4)
    assert solution.states.companies.cash_usd_m == about(np.array([[10, 2]]), abs=1e-4)
    assert solution.states.cash_usd_m == about([0, 0], abs=1e-4)


def test_no_more_goes_up_than_there_was() -> None:
    """Proves: of 10, works at 10 are paid, at 10.1 not: 15 and 10; and with a minimum of 2, works at 8 and not at 8.1.
    Broken: 15 beyond what there is."""
    assert best(earning(10, 1)) == about(15)
    assert best(earning(10.1, 1)) == about(10)
    assert best(earning(8, 1, minimum=2, opening=0)) == about(15)
    assert best(earning(8.1, 1, minimum=2)) == about(10)


def test_what_is_paid_up_is_withheld_from() -> None:
    """Proves: at a fifth, works at 8 take 10 of its cash and 2 are lost: 10 + 5 - 2 = 13; works at 8.1 are out of reach
    and works worth 1.9 are not wanted: 10 for both. Broken: 15, or 14.9 and 11.9 where nothing is lost."""
    solution = solve(earning(8, 1, withholding=0.2))
    assert solution.value_usd_m == about(13)
    assert solution.decisions.upstream_usd_m == about(np.array([[0, 10]]), abs=1e-4)
    assert best(earning(8.1, 1, withholding=0.2)) == about(10)
    assert best(earning(8, 1, worth=1.9, withholding=0.2)) == about(10)


def test_what_is_never_needed_stays_where_it_is() -> None:
    """Proves: cash counts at par wherever it is: 3 of opening cash and 10 earned are 10 beside the constant of opening
    cash, and nothing is paid up for its own sake. Broken: 8 (withheld from what nobody needs)."""
    solution = solve(owning(tree([12]), [{"cash": {0: 10}}], opening=1, withholding=0.2))
    assert solution.value_usd_m == about(10)
    assert not solution.decisions.upstream_usd_m.any()


def test_the_parent_pays_in_what_its_company_spends() -> None:
    """Proves: a hall at 6 and a minimum of 2 are paid out of 8 of the parent, not out of 7.9. Broken: 5 for both, spent
    by nobody, or a minimum that is not kept."""

    def with_cash(opening: float) -> Instance:
        return owning(tree([12]), [{"cash": {0: -6}, "value": 5}], opening=opening, minimum=2)

    solution = solve(with_cash(8))
    assert solution.value_usd_m == about(5)
    assert solution.decisions.fund_usd_m == about(np.array([[8]]), abs=1e-4)
    assert solution.states.companies.cash_usd_m == about(np.array([[2]]), abs=1e-4)
    assert best(with_cash(7.9)) == about(0)


def test_paths_have_their_own_companies_cash() -> None:
    """Proves: 10 earned up and nothing down pay for works at 8 (worth 5 each) up alone: 0.5 x 10 + 0.5 x 5 = 7.5.
    Broken: 10 (down pays with cash of up), 5 (up held to what down has)."""
    on = four_on()
    works = [{"offer": n, "node": n, "cash": {n: -8}, "value": 2.5} for n in (3, 4)]
    small = owning(on, [{"offer": 0, "cash": {1: 10}}, *works])
    solution = solve(small)
    assert solution.value_usd_m == about(7.5)
    assert solution.decisions.upstream_usd_m == about(np.array([[0, 0, 0, 8, 0]]), abs=1e-4)


def test_withheld_by_the_chance_that_it_is_paid_up() -> None:
    """Proves: a fifth of 10 paid up on one of two paths costs 0.5 x 2: 7.5 - 1 = 6.5. Broken: 5.5, weighted as if it
    were sure."""
    on = four_on()
    works = [{"offer": n, "node": n, "cash": {n: -8}, "value": 2.5} for n in (3, 4)]
    assert best(owning(on, [{"offer": 0, "cash": {1: 10}}, *works], withholding=0.2)) == about(6.5)


def test_companies_do_not_share() -> None:
    """Proves: what one company has pays for the other's hall only by way of the parent, a year later: 5 where the hall
    may wait, 0 where it may not. Broken: 5 for both, one pot of all companies."""

    def hall_in(node: int) -> float:
        on = tree([12, 12])
        below = companies_of(on, [{"opening": 6}, {"options": [0]}], options=1)
        small = instance(on, options=[{"node": node, "cash": {node: -6}, "value": 5}], companies=below, minimum=0)
        # A company cannot hand up what it has in the first year already.
        late = (np.zeros((2, 2)), np.array([[0, np.inf], [0, np.inf]]))
        return best(lay_down(small, upstream_usd_m=late))

    assert hall_in(1) == about(5)
    assert hall_in(0) == about(0)


ON = tree([12, 12])


def its_own(opening: float, has: Mapping[str, int], **parts: Any) -> Instance:
    """A company with so much and a rich parent, who may pay each other nothing; ``parts`` of the instance. ``has``: how
    many places, options, builds and lots there are, of which the first are the company's."""
    below = companies_of(ON, [{"opening": opening, **{part: [0] for part in has}}], **has)
    small = instance(ON, companies=below, opening=1000, minimum=0, **parts)
    nothing = (np.zeros((1, 2)), np.zeros((1, 2)))
    return lay_down(small, fund_usd_m=nothing, upstream_usd_m=nothing)


def hall(opening: float) -> Instance:
    """By hall and by signature: 3 + 3."""
    option = {"cash": {0: -3}, "once": {0: -3}, "value": 5, "value_once": 0}
    return its_own(opening, {"options": 1}, options=[option])


def shed(opening: float) -> Instance:
    """A build at 6."""
    return its_own(opening, {"builds": 1}, builds=builds_of(ON, [{"cash": {0: -6}, "value": 5}]))


def order(opening: float) -> Instance:
    """An EH/s at 6, worth 5 more than that."""
    lot = {"order_node": 0, "most": 1, "value": [0, 11]}
    trade = trading(ON, 1, order_cost_usd_m_per_eh=np.array([6.0]), order_value_usd_m_per_eh=np.array([-6.0]))
    return its_own(opening, {"places": 1, "lots": 1}, lots=[lot], trade=trade)


def plug(opening: float) -> Instance:
    """An EH/s of the parent's that is moved to it at 6 and is worth 11 there."""
    lots = [{"name": "site.other"}, {"eh": 1, "elsewhere": [1], "margin_elsewhere": 0}]
    trade = trading(ON, 2, plug_cost_usd_m_per_eh=np.full(2, 6.0))
    small = its_own(opening, {"places": 3, "lots": 2}, lots=lots, trade=trade)
    assert small.companies is not None
    places = replace(small.places, value_usd_m_per_eh=np.array([[0, 0], [0, 0], [0, 11.0]]))
    moved = replace(small.companies, place=np.array([[False, False, True]]), lot=np.array([[False, False]]))
    return replace(small, places=places, companies=moved)


def loan(opening: float) -> Instance:
    """A hall for nothing and a loan worth 5, with which 6 are held in reserve in the first year."""
    tranche = {"option": 0, "cash": [0, 0], "held": [6, 0], "value": 5}
    tranches = tranches_of(ON, [tranche], [{"name": "limit", "draw": {0: 1}, "upper": 1}], options=1)
    fences = fences_of(ON, [{"level": 1, "tests": []}], [{"paid": 0}])
    return its_own(opening, {"options": 1}, options=[{"value": 0}], tranches=tranches, fences=fences)


@pytest.mark.parametrize("spends", [hall, shed, order, plug], ids=lambda spends: str(spends.__name__))
def test_what_its_sites_cost_is_its_own_to_pay(spends: Any) -> None:
    """Proves: with 6 of its own a company pays for what costs 6 at its site and is worth 5; with 5.9 it does not,
    however rich its parent is. Broken: 5 for both, the cost left with the parent."""
    assert best(spends(6)) == about(5)
    assert best(spends(5.9)) < 5 - 1e-3


def test_what_its_project_holds_is_its_own_too() -> None:
    """Proves: a reserve of 6 that comes with a loan (worth 5) is put by out of 6 of its own, not out of 5.4 (nine
    tenths of the loan: 4.5). Broken: 5 for both, the reserve held out of the parent's cash."""
    assert best(loan(6)) == about(5)
    assert best(loan(5.4)) == about(4.5)
    assert solve(loan(6)).states.companies.cash_usd_m == about(np.array([[0, 6]]), abs=1e-4)


def test_its_machines_earn_for_it() -> None:
    """Proves: margins of a year and a sale at 4 in the next are the company's: 3, then 3 + 4. Broken: 0 and 0, earned
    by the parent."""
    trade = trading(ON, 1, sell_usd_m_per_eh=np.array([[0.0, 4.0]]))
    solution = solve(its_own(0, {"places": 1, "lots": 1}, lots=[{"margin": [3, 0]}], trade=trade))
    assert solution.value_usd_m == about(7)
    assert solution.states.companies.cash_usd_m == about(np.array([[3, 7]]), abs=1e-4)
    assert solution.states.cash_usd_m == about([1000, 1000], abs=1e-4)
