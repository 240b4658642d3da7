"""Signing contracts in the model: whole halls, once, where they fit. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.instance import Instance
from optimizer.errors import InfeasibleError
from optimizer.solve.run import most_it_mw
from tests.math.builder import EXACT, about, best, best_without, instance, lay_down, proves, solve, tree, two_leaves


@proves("hosting_min_halls")
def test_a_tenant_who_needs_three_halls_does_not_take_two() -> None:
    """Proves: there is room for two halls of 10, the tenant takes three or none: 0. Broken: 20."""
    small = instance(options=[{"value": 10, "halls": (3, 5)}], rows=[{"allowed": 70, "options": {0: 30}}])
    assert best(small) == about(0)
    assert best_without(small, "hosting_min_halls") == about(20)


@proves("hosting_max_halls")
def test_halls_need_a_signature_and_its_cost() -> None:
    """Proves: three halls of 10 and one signature at 4: 26. Broken: 30, halls without a signature; 18, the cost per
    hall."""
    small = instance(options=[{"value": 10, "value_once": -4, "halls": (1, 3)}])
    solution = solve(small)
    assert solution.value_usd_m == about(26)
    assert solution.decisions.halls.tolist() == [3]
    assert best_without(small, "hosting_max_halls") == about(30)


@proves("hosting_once")
def test_one_offer_is_signed_at_one_site() -> None:
    """Proves: an offer worth 10 here and 8 there is worth 10. Broken: 18, one tenant's need met twice."""
    small = instance(options=[{"offer": 0, "value": 10}, {"offer": 0, "value": 8, "site": 1}])
    assert best(small) == about(10)
    assert best_without(small, "hosting_once", "hosting_whole") == about(18)


@proves("hosting_once")
def test_offers_of_a_group_exclude_each_other() -> None:
    """Proves: of offers at 10, 7 and 6 the first two share a group: 10 + 6. Broken: 23."""
    options = [{"value": 10}, {"value": 7}, {"value": 6}]
    small = instance(options=options, exclusive=[[0, 1], [2]])
    assert best(small) == about(16)
    assert best_without(small, "hosting_once") == about(23)


@proves("hosting_once")
def test_signing_once_is_meant_for_each_path() -> None:
    """Proves: signed in both leaves of a tree (16 and 6, half each: 11), or now (10), and never twice on a path.
    Broken: 21 without the rule; 10 or 8 if a signature in one leaf forbade the other leaf's."""
    options = [{"offer": 0, "node": n, "value": v} for n, v in ((0, 10), (1, 8), (2, 3))]
    small = instance(two_leaves(), options=options)
    assert solve(small).decisions.halls.tolist() == [0, 1, 1]
    assert best(small) == about(11)
    assert best_without(small, "hosting_once", "hosting_whole") == about(21)


@proves("hosting_required")
def test_a_signature_that_was_laid_down_is_kept() -> None:
    """Proves: two halls that lose 3 each, because the user says so: -6. Broken: 0."""
    small = lay_down(instance(options=[{"value": -3, "halls": (2, 2)}]), sign_required=((0,),))
    assert best(small) == about(-6)
    assert best_without(small, "hosting_required") == about(0)


def test_waiting_is_worth_what_it_shows() -> None:
    """Proves: a lease worth 110 now and 105 in a year, or mining worth 160 or 40 in a year: wait, mine if up, lease if
    down: 132.5. Broken: 110 on the mean path (sign now), 135 with the future known."""
    lease = [{"offer": 0, "node": n, "value": v} for n, v in ((0, 110), (1, 52.5), (2, 52.5))]
    rows = [{"node": n, "allowed": 1, "lots": {0: 1}, "options": {0: 1, n: 1}} for n in (1, 2)]
    small = instance(two_leaves(), lots=[{"margin": [0, 160, 40]}], options=lease, rows=rows)
    solution = solve(small)
    assert solution.value_usd_m == about(132.5)
    assert solution.decisions.halls.tolist() == [0, 0, 1]

    def on_one_path(later: float) -> float:
        return best(
            instance(
                tree([12, 12]),
                lots=[{"margin": [0, later]}],
                options=[{"offer": 0, "node": 0, "value": 110}, {"offer": 0, "node": 1, "value": 105}],
                rows=[{"node": 1, "allowed": 1, "lots": {0: 1}, "options": {0: 1, 1: 1}}],
            )
        )

    assert on_one_path(100) == about(110)
    assert (on_one_path(160) + on_one_path(40)) / 2 == about(135)


@proves("sites_megawatts", "sites_whole_halls", "hosting_whole")
def test_halls_reserve_their_gross_megawatts() -> None:
    """Proves: 207 MW, halls of 24 MW IT x 1.45 = 34.8 MW worth 10, mining 0.2 per MW: five halls and 33 MW, 56.6; at
    208.8 MW six halls, 60.0, though the last MW of mining earns 0.2. Broken: 83.0 if IT MW were meter MW (8 halls),
    81.848 with the site's PUE of 1.03 as factor, 59.4828 with parts of halls, 121.4 without the limit."""

    def campus(mw_per_hall: float, allowed: float = 207) -> Instance:
        rows = [{"allowed": allowed, "lots": {0: allowed}, "options": {0: mw_per_hall}}]
        return instance(lots=[{"margin": 0.2 * allowed}], options=[{"value": 10, "halls": (1, 8)}], rows=rows)

    right = campus(34.8)
    assert best(right) == about(56.6)
    assert best(campus(34.8, allowed=208.8)) == about(60.0)
    assert best(campus(24)) == about(83.0)
    assert best(campus(24 * 1.03)) == about(81.848)
    # The rows for whole halls follow from the two others: left out alone, they change nothing.
    assert best_without(right, "sites_whole_halls") == about(56.6)
    assert best_without(right, "hosting_whole", "sites_whole_halls") == about(10 * 207 / 34.8)
    assert best_without(right, "sites_megawatts", "sites_whole_halls") == about(121.4)


def test_megawatts_bind_at_every_instant() -> None:
    """Proves: 100 MW at first and 40 later hold one hall of 30 that stays: 10. Broken: 30, by the first limit."""
    small = instance(
        tree([12, 12]),
        options=[{"value": 10, "halls": (1, 3)}],
        rows=[{"node": n, "allowed": mw, "options": {0: 30}} for n, mw in ((0, 100), (1, 40))],
    )
    assert best(small) == about(10)


@proves("measure_floor")
def test_most_critical_mw_then_value() -> None:
    """Proves: of 5 MW IT worth 2 and 10 MW IT worth -3 (the same tenant), the most MW cost 5: -3; with a third offer
    that adds nothing but value, that too: 4. Broken: 2, the best plan instead of the largest."""
    options = [{"offer": 0, "value": 2, "mw_it": 5}, {"offer": 0, "value": -3, "mw_it": 10, "site": 1}]
    small = instance(options=options)
    assert best(small) == about(2)
    largest = most_it_mw(small, EXACT)
    assert largest.value_usd_m == about(-3)
    floor = replace(small, measure_at_least=("most_hosting", 10.0))
    assert best(floor) == about(-3)
    assert best_without(floor, "measure_floor") == about(2)
    more = instance(options=[*options, {"offer": 1, "value": 7, "mw_it": 1}])
    assert most_it_mw(more, EXACT).value_usd_m == about(4)


def test_what_does_not_fit_is_told_in_megawatts() -> None:
    """Proves: three halls of 34.8 MW laid down on 100 MW go beyond by 4.40 MW, the row by its name. Broken: another
    amount, or money asked to give way where steel is short."""
    small = instance(
        options=[{"value": 1, "halls": (3, 3)}],
        rows=[{"name": "energised west 2026-04", "allowed": 100, "options": {0: 34.8}}],
    )
    with pytest.raises(InfeasibleError) as caught:
        solve(lay_down(small, sign_required=((0,),)))
    text = "\n".join(caught.value.lines())
    assert "energised west 2026-04 would have to give by 4.40 MW" in text
    assert "goes beyond 100.00 by 4.40 MW" in text
