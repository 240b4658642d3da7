"""The smaller program: stocks of like lots, idle columns, rows that always hold, and constants that say something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.instance import Instance
from optimizer.solve.bounds import compact_of
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.compact import compact
from optimizer.solve.highs import SolveOptions, solve_form
from optimizer.solve.idle import without_idle
from optimizer.solve.lives import lives_of
from optimizer.solve.tighten import with_tight_profits
from tests.math.builder import instance, trading, tree
from tests.math.tax_builder import income_tax_of
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-9)
INF = np.inf
NODES = 6


def relaxed(form: StandardForm) -> float:
    """The best value of the linear program."""
    raw = solve_form(replace(form, integer=np.zeros(form.column_count, dtype=np.bool_)), EXACT)
    assert raw.objective is not None
    return raw.objective


def fleet_renewed(*, alike: bool = True, room: float = 30.0) -> Instance:
    """One old lot that stands, and an order at each of the first four nodes: of machines that earn the same (or, if not
    ``alike``, more the later they come). 10 MW each; there is room for three of them."""
    on = tree([3.0] * NODES)
    margin = np.array([3.0, 2.5, 2.4, 2.0, 1.5, 1.0])
    lots = [{"eh": 1.0, "margin": margin * 0.3}]
    for node in range(4):
        own = margin * (1.0 if alike else 1 + 0.1 * node)
        lots.append({"order_node": node, "most": 50.0, "margin": own * (np.arange(NODES) > node)})
    resale = np.linspace(4, 1, NODES) * np.ones((5, 1))
    for node in range(4):
        resale[node + 1, : node + 1] = 0.0
    price = np.array([0, 5.0, 4.4, 4.2, 3.9])
    trade = trading(
        on,
        5,
        order_cost_usd_m_per_eh=price,
        order_value_usd_m_per_eh=-price,
        sell_usd_m_per_eh=resale,
        can_plug=np.zeros((5, NODES), dtype=bool),
        tier_depth_eh=np.full((1, 1, NODES), 100.0),
    )
    rows = [
        {
            "node": n,
            "allowed": room,
            "lots": {c: 10 for c in range(5) if c == 0 or n > c - 1},
            "options": {0: 20.0} if n >= 3 else {},
        }
        for n in range(NODES)
    ]
    cash = np.array([0.0, 0, -9, 2, 4, 4])
    option = {"offer": 0, "node": 2, "halls": (1, 1), "cash": cash, "value": 6.0, "once": {}}
    return instance(
        on, lots=lots, options=[option], rows=rows, trade=trade, opening=25.0, growth=1.01, minimum=5.0, constant=40.0
    )


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("room", [15.0, 30.0, 100.0])
def test_stocks_are_worth_what_the_lots_are(alike: bool, room: float) -> None:
    """Proves: with lives and stocks in place of lots the linear program and the best plan are worth the same. Broken: a
    life that leaves a node too late (or never) earns in the stock what it does not have: a larger value."""
    small = fleet_renewed(alike=alike, room=room)
    form, program = compact_of(small)
    assert relaxed(program.form) == pytest.approx(relaxed(form), abs=1e-6)
    whole, wanted = solve_form(program.form, EXACT), solve_form(form, EXACT)
    assert whole.objective == pytest.approx(wanted.objective, abs=1e-6)


def test_only_lots_that_earn_the_same_share_a_stock() -> None:
    """Proves: four like lots share one stock a node in which any of them runs, unlike ones none. Broken: lots of other
    earnings in one stock, so that all earn what the first does."""
    small = fleet_renewed()
    form, _ = compact_of(small)
    assert 4 <= len(lives_of(small, form).stocks) <= NODES
    small = fleet_renewed(alike=False)
    form, _ = compact_of(small)
    assert lives_of(small, form).stocks == ()


def fleets_taxed(seed: int) -> Instance:
    """Two sites, an old lot and three orders at each (at every second node, of the same machines at both), sold for
    less the older they are; tax of 30 % on what they earn and are sold for, written off as they were ordered, with
    losses of before, interest on a loan up to a share of income, and cash that earns nothing for the tax man to see."""
    random = np.random.default_rng(seed)
    on = tree([3.0] * NODES)
    lots: list[dict[str, Any]] = []
    for site in (0, 1):
        margin = random.uniform(0, 3, NODES)
        lots.append({"eh": 1.0, "site": site, "margin": 0.5 * margin})
        for node in (0, 2, 4):
            own = margin * random.choice([1.0, 1.2]) * (np.arange(NODES) > node)
            lots.append({"order_node": node, "most": 3.0, "site": site, "margin": own})
    price = np.array([0, 5.0, 4.4, 4.2] * 2)
    resale = np.zeros((8, NODES))
    for lot, one in enumerate(lots):
        begins = one.get("order_node", 0)
        resale[lot, begins:] = 4.5 * 0.85 ** np.arange(NODES - begins) * (1 if seed % 2 else random.uniform(0.9, 1.1))
    trade = trading(
        on,
        8,
        order_cost_usd_m_per_eh=price,
        order_value_usd_m_per_eh=-price,
        sell_usd_m_per_eh=resale,
        can_plug=np.zeros((8, NODES), dtype=bool),
        tier_factor=np.array([[1.0, 0.7]]),
        tier_depth_eh=np.full((1, 2, NODES), 0.8),
        end_value_usd_m_per_eh=np.where(np.arange(NODES) == NODES - 1, resale * 0.9, 0.0),
    )
    rows = [
        {
            "node": n,
            "site": site,
            "allowed": 25.0,
            "lots": {c: 10 for c in range(4 * site, 4 * site + 4) if lots[c].get("order_node", 0) <= n},
            "options": {0: 20.0} if n >= 3 and site == 0 else {},
        }
        for n in range(NODES)
        for site in (0, 1)
    ]
    cash = np.array([0.0, 0, -9, 2, 4, 4])
    option = {
        "offer": 0,
        "node": 2,
        "halls": (1, 1),
        "cash": cash,
        "value": 6.0,
        "once": {},
        "noi": np.maximum(0, cash),
    }
    taxed = income_tax_of(
        on,
        [2026] * 2 + [2027] * 4,
        rate=0.3,
        losses=[float(random.uniform(0, 4))],
        places=[0] * 8,
        lots=[0] * 8,
        options=[0],
        orders=np.array(
            [0.4 * x * (np.arange(NODES) >= one.get("order_node", 9)) for x, one in zip(price, lots, strict=True)]
        ),
        halls=1.0,
        interest_limit=0.3,
        interest_carried_usd_m=1.0,
    )
    return instance(
        on,
        lots=lots,
        options=[option],
        rows=rows,
        trade=trade,
        income_tax=taxed,
        tax_binaries=frozenset({(0, 1)} if seed % 3 else ()),
        opening=float(random.uniform(12, 30)),
        growth=1.01,
        minimum=5.0,
        constant=40.0,
    )


@pytest.mark.parametrize("seed", range(8))
def test_lives_that_end_in_store_leave_a_taxed_company_as_it_is(seed: int) -> None:
    """Proves: where what is sold is taxed the smaller program is worth what the model is, as a linear program and with
    whole numbers, with the market for used machines as deep as it is and both its tiers; and it is smaller. Broken:
    more, because machines are sold to a market without end or of one lot at the price of another; or less, because one
    is not kept until another year's tax is lower."""
    small = fleets_taxed(seed)
    form, program = compact_of(small)
    assert relaxed(program.form) == pytest.approx(relaxed(form), abs=1e-6)
    whole, wanted = solve_form(program.form, EXACT), solve_form(form, EXACT)
    assert whole.objective == pytest.approx(wanted.objective, abs=1e-6)
    assert program.form.row_count < form.row_count - 20


def test_lots_that_are_sold_alike_share_a_store() -> None:
    """Proves: lots ordered at one node for two sites lie in one store where their price is the same (three stores for
    six lots), and in one each where it is not. Broken: six stores, or the price of one for both."""
    for seed, stores in ((1, 3), (2, 6)):
        small = fleets_taxed(seed)
        form, _ = compact_of(small)
        stored_at = dict(lives_of(small, form).stored_at)
        assert len(stored_at) == 6
        assert len(set(stored_at.values())) == stores


def test_what_is_gone_earlier_has_a_store_of_its_own() -> None:
    """Proves: of two like lots that nobody buys before the fourth node one is at the end of its life then; it lies in
    a store of its own, and the smaller program is worth what the model is, whoever runs it. Broken: one store, and
    machines that are gone are sold as those that are not: 79.84 in place of 79.73."""
    small = fleets_taxed(1)
    assert small.trade is not None
    exists, sell = small.places.exists.copy(), small.bounds.sell_eh[1].copy()
    exists[5, 3:] = False
    sell[[1, 5], :3] = sell[5, 3:] = 0.0
    margin = small.places.margin_usd_m_per_eh * exists
    margin[5, :3] = 4.0
    places = replace(small.places, exists=exists, margin_usd_m_per_eh=margin, value_usd_m_per_eh=margin)
    left = small.trade.end_value_usd_m_per_eh.copy()
    left[5] = 0.0
    trade = replace(small.trade, end_value_usd_m_per_eh=left)
    unplug = (small.bounds.unplug_eh[0], small.bounds.unplug_eh[1] * exists)
    bounds = replace(small.bounds, sell_eh=(small.bounds.sell_eh[0], sell), unplug_eh=unplug)
    small = replace(small, places=places, trade=trade, bounds=bounds)
    form, program = compact_of(small)
    assert dict(lives_of(small, form).stored_at)[5] == 5
    assert relaxed(program.form) == pytest.approx(relaxed(form), abs=1e-6)


def test_idle_columns_go_and_useful_ones_stay() -> None:
    """Proves: of ``3a + 2b + 0c - d + 0e + 0g``, with c and d taking room, e making room in the row and g whole, only
    c and d go, and the best value stays 3 x 4 + 2 x 2 = 16. Broken: e gone, and with it room for b: 12."""
    form = make_form(
        [[1, 1, 1, 1, -1, 1]],
        [3, 2, 0, -1, 0, 0],
        row_lower=[-INF],
        row_upper=[5],
        column_lower=[0] * 6,
        column_upper=[4, 4, 9, 9, 1, 1],
        integer=[False] * 5 + [True],
        maximise=True,
        column_names=list("abcdeg"),
    )
    small, left = without_idle(form)
    assert small.column_names == ("a", "b", "e", "g")
    assert left.tolist() == [0, 1, 4, 5]
    assert relaxed(form) == pytest.approx(16)
    assert relaxed(small) == pytest.approx(16)


def test_rows_that_always_hold_go_and_others_stay() -> None:
    """Proves: ``a + b <= 8`` with both at most 4 goes, ``a + b <= 7``, ``a - b >= -3`` and ``a + c <= 100`` with c
    without a bound stay. Broken: a value of 8 + 100 where 7 + 96 is the most."""
    form = make_form(
        [[1, 1, 0], [1, 1, 0], [1, -1, 0], [1, 0, 1]],
        [1, 1, 1],
        row_lower=[-INF, -INF, -3, -INF],
        row_upper=[8, 7, INF, 100],
        column_lower=[0, 0, 0],
        column_upper=[4, 4, INF],
        maximise=True,
        row_names=["loose", "tight", "apart", "endless"],
    )
    small, _ = without_idle(form)
    assert small.row_names == ("tight", "apart", "endless")
    assert relaxed(small) == pytest.approx(relaxed(form))


def leveraged(most: float) -> StandardForm:
    """EBITDA 6 - 16 b (a build that costs 16), debt d up to 50 against 5 times its profit, cash 0: d is worth 1, b 20.

    Best: no build and a debt of 30 (value 30), or the build, a loss of 10 and no debt at all (20).
    """
    names = ["node_ebitda[0]", "debt[0]", "year_profit[0]", "year_gains[0]", "built[0]", "draw[0]"]
    return make_form(
        [
            [1, 0, 0, 0, 16, 0],
            [0, 1, 0, 0, 0, -1],
            [-1, 0, 1, most, 0, 0],
            [0, 0, 1, -most, 0, 0],
            [0, -1, 5, 0, 0, 0],
        ],
        [0, 0, 0, 0, 20, 1],
        row_lower=[6, 0, -INF, -INF, 0],
        row_upper=[6, 0, most, 0, INF],
        column_lower=[-INF, -INF, 0, 0, 0, 0],
        column_upper=[INF, INF, INF, 1, 1, 50],
        integer=[False, False, False, True, True, False],
        maximise=True,
        column_names=names,
        row_names=["ebitda_total[0]", "debt_total[0]", "profit_at_most[0]", "profit_or_none[0]", "limit_net_debt[0]"],
    )


def test_constants_as_large_as_needed_leave_every_plan() -> None:
    """Proves: a loss of at most 10 and a debt of at most 50 make the constants 10 and 50 / 5 = 10; the best plan stays
    30, with the build it stays 20, and the linear program falls from 70 to 45: the first switch is 0.45 and no longer
    next to nothing. Broken: constants too small, and a plan with a loss is worth minus infinity, or 30 becomes less."""
    form = leveraged(100_000.0)
    tight = with_tight_profits(form)
    rows, column = tight.row_names, 3
    assert tight.matrix[rows.index("profit_at_most[0]"), column] == pytest.approx(10, abs=1e-5)
    assert tight.matrix[rows.index("profit_or_none[0]"), column] == pytest.approx(-10, abs=1e-5)
    assert tight.row_upper[rows.index("profit_at_most[0]")] == pytest.approx(10, abs=1e-5)
    for built, wanted in ((0, 30.0), (1, 20.0)):
        low, high = tight.column_lower.copy(), tight.column_upper.copy()
        low[4] = high[4] = built
        assert solve_form(replace(tight, column_lower=low, column_upper=high), EXACT).objective == pytest.approx(
            wanted, abs=1e-4
        )
        assert solve_form(replace(form, column_lower=low, column_upper=high), EXACT).objective == pytest.approx(wanted)
    assert relaxed(form) == pytest.approx(70, abs=0.1)
    assert relaxed(tight) < 60


def test_a_loss_without_a_bound_keeps_its_constant() -> None:
    """Proves: where EBITDA may fall without end nothing is changed. Broken: a constant of nothing, and a plan whose
    loss is large becomes impossible."""
    form = leveraged(1000.0)
    endless = replace(form, column_upper=np.array([INF, INF, INF, 1, INF, 50]))
    tight = with_tight_profits(endless)
    assert tight.matrix[2, 3] == pytest.approx(1000)
    assert tight.row_upper[2] == pytest.approx(1000)


@pytest.mark.parametrize(("seed", "opening"), [(1006, 14.0), (1027, 20.5), (1048, 10.9), (1058, 20.5)])
def test_lives_of_a_lot_are_at_most_what_may_be_ordered_of_it(seed: int, opening: float) -> None:
    """Proves: where bounds of orders say more than the row on what can be had, and cash is short, the smaller program
    is worth what the model is. Broken: each way of a lot through the years may be taken up to the bound of its order,
    six times the machines are bought and sold, and the first company comes to 114.9 in place of 76.7."""
    small = company(seed, opening=opening, fleet=0.78, least=2)
    form, program = compact_of(small)
    assert any(name.startswith("order_most[") for name in program.form.row_names)
    model, smaller = solve_form(form, EXACT), solve_form(program.form, EXACT)
    assert smaller.objective == pytest.approx(model.objective, abs=1e-5)


def test_what_rounding_left_of_a_cost_is_none() -> None:
    """Proves: a cost of 1e-14 is 0 in the smaller program and one of 1e-9 stays. Broken: a program whose costs lie 16
    powers of ten apart, in which simplex methods go round in circles."""
    small = company(1)
    form, _ = compact_of(small)
    costs = form.costs.copy()
    cash = [j for j, name in enumerate(form.column_names) if name.startswith("cash[")]
    costs[cash[0]], costs[cash[1]] = 1e-14, 1e-9
    program = compact(small, replace(form, costs=costs))
    assert program.form.costs[program.column[cash[0]]] == 0.0
    assert program.form.costs[program.column[cash[1]]] == 1e-9
