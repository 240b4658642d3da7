"""Machines in the model: what stands where, what is moved, bought and sold. Each case is solved by hand."""

from __future__ import annotations

import numpy as np

from tests.math.builder import about, best, best_without, instance, lay_down, proves, solve, trading, tree


@proves("machines_balance")
def test_machines_that_made_room_do_not_come_back() -> None:
    """Proves: 60 of 100 MW are cleared for a hall of one node and stay cleared: 0.4 x 10 + 8 = 12, against 10 for
    mining alone. Broken: 15, machines that stand again in the next node."""
    small = instance(
        tree([12, 12]),
        lots=[{"margin": [5, 5]}],
        options=[{"value": 8}],
        rows=[
            {"node": 0, "allowed": 100, "lots": {0: 100}, "options": {0: 60}},
            {"node": 1, "allowed": 100, "lots": {0: 100}},
        ],
    )
    solution = solve(small)
    assert solution.value_usd_m == about(12)
    assert solution.decisions.unplug_eh == about(np.array([[0.6, 0.0]]))
    assert solution.states.installed_eh_s == about(np.array([[0.4, 0.4]]))
    assert best_without(small, "machines_balance") == about(15)


@proves("machines_store")
def test_a_machine_is_mined_with_or_sold() -> None:
    """Proves: a machine that earns 5 and sells for 3 is kept: 5. Broken: 8, sold and mining at once."""
    on = tree()
    depth = np.ones((1, 1, 1))
    trade = trading(on, 1, sell_usd_m_per_eh=np.array([[3.0]]), tier_depth_eh=depth)
    small = instance(on, lots=[{"margin": 5}], trade=trade)
    assert best(small) == about(5)
    assert best_without(small, "machines_store") == about(8)


@proves("machines_dark")
def test_machines_that_move_are_dark_for_a_node() -> None:
    """Proves: a move to a site that pays 4 instead of 1 costs a node: 0 + 4, against 2 for staying. Broken: 8, moved
    within an instant."""
    on = tree([3, 3])
    small = instance(on, lots=[{"margin": [1, 1], "elsewhere": [1], "margin_elsewhere": [4, 4]}], trade=trading(on, 1))
    assert best(small) == about(4)
    assert best_without(small, "machines_dark") == about(8)


def test_a_move_costs_what_plugging_costs() -> None:
    """Proves: the same move with a cost of 1.5 leaves 2.5; with 2.5 it leaves less than staying: 2. Broken: 4."""
    on = tree([3, 3])
    lots = [{"margin": [1, 1], "elsewhere": [1], "margin_elsewhere": [4, 4]}]
    cheap = instance(on, lots=lots, trade=trading(on, 1, plug_cost_usd_m_per_eh=np.array([1.5])))
    dear = instance(on, lots=lots, trade=trading(on, 1, plug_cost_usd_m_per_eh=np.array([2.5])))
    assert best(cheap) == about(2.5)
    assert best(dear) == about(2)


@proves("machines_given_sales")
def test_a_sale_that_was_laid_down_happens() -> None:
    """Proves: half a lot that earns 5 is sold for 3 per EH/s because the user says so: 2.5 + 1.5 = 4. Broken: 5."""
    on = tree()
    small = instance(on, lots=[{"margin": 5}], trade=trading(on, 1, sell_usd_m_per_eh=np.array([[3.0]])))
    half = np.array([[0.5]])
    given = lay_down(small, sell_eh=(half, half))
    solution = solve(given)
    assert solution.value_usd_m == about(4)
    assert solution.decisions.sell_eh == about(half)
    assert best_without(given, "machines_given_sales") == about(5)


@proves("machines_depth")
def test_a_fleet_does_not_sell_at_the_price_of_one_machine() -> None:
    """Proves: of 100, 40 sell at 12, the others at 8 and are kept at 9: 480 + 540 = 1,020. Broken: 1,200 without depth;
    900 or 960 if the average price 9.6 decided."""
    on = tree()
    trade = trading(
        on,
        1,
        sell_usd_m_per_eh=np.array([[12.0]]),
        tier_factor=np.array([[1.0, 2 / 3]]),
        tier_depth_eh=np.array([[[40.0], [60.0]]]),
    )
    small = instance(on, lots=[{"eh": 100, "margin": 9}], trade=trade)
    solution = solve(small)
    assert solution.value_usd_m == about(1020)
    assert solution.decisions.sell_eh.sum() == about(40)
    assert best_without(small, "machines_depth") == about(1200)


@proves("machines_supply")
def test_all_sites_share_what_a_manufacturer_delivers() -> None:
    """Proves: 10 EH/s can be had at 3; the site that earns 5 gets them: 20. Broken: 30, ten for each site."""
    on = tree()
    orders = [{"order_node": 0, "most": 10, "margin": 5}, {"order_node": 0, "most": 10, "margin": 4}]
    trade = trading(
        on,
        2,
        order_cost_usd_m_per_eh=np.array([3.0, 3.0]),
        order_value_usd_m_per_eh=np.array([-3.0, -3.0]),
        order_depth_eh=np.array([10.0]),
    )
    small = instance(on, lots=orders, trade=trade, opening=100, minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(20)
    assert solution.states.cash_usd_m == about([100 - 30 + 50])
    assert best_without(small, "machines_supply") == about(30)


def test_an_order_needs_the_cash_at_once() -> None:
    """Proves: with 12 in hand and 5 to keep, 7 / 3 EH/s are ordered that pay back later: 7 / 3 x 2. Broken: 20."""
    on = tree([12, 12])
    trade = trading(
        on,
        1,
        order_cost_usd_m_per_eh=np.array([3.0]),
        order_value_usd_m_per_eh=np.array([-3.0]),
        order_depth_eh=np.array([10.0]),
    )
    lots = [{"order_node": 0, "most": 10, "margin": [0, 5]}]
    assert best(instance(on, lots=lots, trade=trade, opening=12, minimum=5)) == about(14 / 3)
    assert best(instance(on, lots=lots, trade=trade, opening=100, minimum=5)) == about(20)


def test_of_equal_plans_the_one_that_moves_fewest_machines() -> None:
    """Proves: machines that earn nothing stay where they are. Broken: any number between 0 and 1 EH/s unplugged."""
    solution = solve(instance(tree([12, 12]), lots=[{"margin": 0}]))
    assert solution.decisions.unplug_eh.sum() == 0


def test_of_equal_plans_the_one_that_moves_machines_late() -> None:
    """Proves: idle machines make room when the hall needs it, in the second node, and just so many. Broken: unplugged
    in the first node, or all of them."""
    small = instance(
        tree([12, 12]),
        lots=[{"margin": 0}],
        options=[{"value": 8}],
        rows=[
            {"node": 0, "allowed": 100, "lots": {0: 100}},
            {"node": 1, "allowed": 100, "lots": {0: 100}, "options": {0: 30}},
        ],
    )
    assert solve(small).decisions.unplug_eh == about(np.array([[0.0, 0.3]]))


def test_the_better_machines_stay() -> None:
    """Proves: the hall's 60 MW come from the lot that earns 2, not from the one that earns 5: 5 + 0.4 x 2 + 8 = 13.8.
    Broken: 12.0 if the better lot went (0.4 x 5 + 2 + 8)."""
    small = instance(
        lots=[{"margin": 5}, {"margin": 2}],
        options=[{"value": 8}],
        rows=[{"allowed": 200, "lots": {0: 100, 1: 100}, "options": {0: 60}}],
    )
    assert best(small) == about(13.8)


def test_decisions_fall_on_steps_only() -> None:
    """Proves: where only the first node is a step, machines that lose 1 and then would lose 4 go at once: 0; those that
    earn 3 first stay for -1. Broken: 3, taken off between steps."""
    on = tree([3, 3], [True, False])
    assert best(instance(on, lots=[{"margin": [-1, -4]}])) == about(0)
    assert best(instance(on, lots=[{"margin": [4, -1]}])) == about(3)
    assert best(instance(tree([3, 3]), lots=[{"margin": [4, -1]}])) == about(4)


def test_machines_that_are_left_count_after_tax() -> None:
    """Proves: a machine bought at 70 that is worth 100 when the plan ends, 20 of it to be paid as tax, earns 10; at 85
    it is not bought. Broken: 30 and 15 before tax."""
    on = tree([12])

    def bought(price: float) -> float:
        trade = trading(
            on,
            1,
            order_cost_usd_m_per_eh=np.array([price]),
            order_value_usd_m_per_eh=np.array([-price]),
            end_value_usd_m_per_eh=np.array([[100.0]]),
            end_tax_usd_m_per_eh=np.array([[20.0]]),
        )
        return best(instance(on, lots=[{"order_node": 0, "most": 1.0}], trade=trade, opening=100, minimum=0))

    assert bought(70) == about(10)
    assert bought(85) == about(0)
