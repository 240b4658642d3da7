"""Small instances by hand: the one place in these tests that knows how an instance is put together.

`instance` makes the arrays of `models` from dictionaries, one for each lot, option and row, so that a test states only
what it is about. Whole cases are made by ``cases.py`` beside this file. Numbers are never computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest
from scipy import sparse

from models.build import build
from models.capital import Covenant, Covenants, Tranches, no_charge
from models.instance import (
    BuildOptions,
    Cash,
    Equity,
    HostingOptions,
    Instance,
    Lots,
    MegawattLimits,
    Places,
    SiteOperations,
    Tax,
    Trade,
    Treasury,
    nothing_later,
    open_bounds,
)
from models.tree import Tree, path
from optimizer.instance.sheet import Lever, Sheet
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.reading import compile_model
from optimizer.solve.run import Solution, solve_instance

EXACT = SolveOptions(relative_gap=1e-9)

Function = TypeVar("Function", bound=Callable[..., Any])


def proves(*components: str) -> Callable[[Function], Function]:
    """Mark a test as the proof of these constraint components. `test_registry` fails if one has no proof."""

    def mark(function: Function) -> Function:
        return function

    return mark


# ---------------------------------------------------------------- instances


def tree(months: Sequence[float] = (12.0,), decision: Sequence[bool] | None = None) -> Tree:
    """One path of nodes with these lengths."""
    return path(list(months), None if decision is None else list(decision))


def two_leaves(probability: float = 0.5) -> Tree:
    """A root and, after it, two leaves (1: up, with this probability; 2: down)."""
    return Tree(
        parent=np.array([-1, 0, 0]),
        probability=np.array([1.0, probability, 1 - probability]),
        start_months=np.array([0.0, 12.0, 12.0]),
        length_months=np.full(3, 12.0),
        decision=np.ones(3, dtype=bool),
        label=("now", "up", "down"),
        scenario=("all", "up", "down"),
    )


def running_margin(value: float, prices: Sequence[float]) -> float:
    """USD that one MW earns over hours with these prices when a MWh is worth ``value``."""
    return sum(max(0.0, value - price) for price in prices)


def _real(numbers: Any, size: int) -> np.ndarray:
    """(size,) from a number for all, a list, or a mapping of some."""
    if isinstance(numbers, Mapping):
        array = np.zeros(size)
        for index, number in numbers.items():
            array[index] = number
        return array
    return np.broadcast_to(np.asarray(numbers, dtype=float), (size,)).copy()


def _table(rows: Sequence[Any], size: int) -> np.ndarray:
    return np.array([_real(row, size) for row in rows]).reshape(len(rows), size)


def _whole(numbers: Sequence[int]) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def instance(
    on: Tree | None = None,
    *,
    lots: Sequence[Mapping[str, Any]] = (),
    options: Sequence[Mapping[str, Any]] = (),
    rows: Sequence[Mapping[str, Any]] = (),
    exclusive: Sequence[Sequence[int]] | None = None,
    opening: float = 0.0,
    growth: Any = 1.0,
    fixed: Any = 0.0,
    minimum: Any = -1e4,
    constant: float = 0.0,
    **parts: Any,
) -> Instance:
    """An instance on a tree (by default one node of a year).

    ``lots``: eh, margin by node (USD m per EH/s), value by node (default margin x probability), btc by node; site, and
    ``elsewhere`` (sites of further places, with margin 0 unless ``margin_elsewhere`` says otherwise); for lots that can
    be ordered ``order_node`` and ``most``.
    ``options``: node, halls (least, most), cash and once by node, value and value_once (default: sum of cash, weighted
    with the probability of each node), offer, mw_it, capex_after, noi, capex.
    ``rows``: allowed, node, and MW by index in ``lots`` (EH/s at home), ``options`` and ``builds``.
    ``exclusive``: by default the options of each offer. ``parts``: the optional parts of an instance, and its flags.
    """
    on = on or tree()
    size = len(on)
    home: list[tuple[int, int, Any, bool]] = [
        (c, int(lot.get("site", 0)), lot.get("margin", 0.0), True) for c, lot in enumerate(lots)
    ]
    home += [
        (c, int(site), lot.get("margin_elsewhere", 0.0), False)
        for c, lot in enumerate(lots)
        for site in lot.get("elsewhere", ())
    ]
    margin = _table([entry[2] for entry in home], size)
    value = margin * on.probability
    for c, lot in enumerate(lots):
        if "value" in lot:
            value[c] = _real(lot["value"], size)
    exists = np.ones((len(home), size), dtype=bool)
    for p, (c, *_rest) in enumerate(home):
        if lots[c].get("order_node", -1) >= 0:
            exists[p] = on.reaches[lots[c]["order_node"]]
    lot_arrays = Lots(
        name=tuple(str(lot.get("name", f"site.lot{c}")) for c, lot in enumerate(lots)),
        eh_s=np.array([float(lot.get("eh", 1.0)) if "order_node" not in lot else 0.0 for lot in lots]),
        order_node=_whole([int(lot.get("order_node", -1)) for lot in lots]),
        order_max_eh=np.array([float(lot.get("most", 0.0)) for lot in lots]),
    )
    btc = np.zeros((len(home), size))
    for c, lot in enumerate(lots):
        btc[c] = _real(lot.get("btc", 0.0), size)
    places = Places(
        lot=_whole([entry[0] for entry in home]),
        site=_whole([entry[1] for entry in home]),
        home=np.array([entry[3] for entry in home], dtype=bool),
        exists=exists,
        margin_usd_m_per_eh=margin,
        value_usd_m_per_eh=value,
        later_usd_m_per_eh=nothing_later(len(home), size),
        btc_per_eh=btc,
    )
    hosting = hosting_options(on, options)
    if exclusive is None:
        by_offer: dict[int, list[int]] = {}
        for o, offer in enumerate(hosting.offer):
            by_offer.setdefault(int(offer), []).append(o)
        exclusive = list(by_offer.values())
    builds: BuildOptions | None = parts.get("builds")
    return Instance(
        tree=on,
        lots=lot_arrays,
        places=places,
        hosting=hosting,
        exclusive=tuple(tuple(group) for group in exclusive),
        limits=_limits(rows, len(home), len(options), len(builds.name) if builds else 0),
        cash=Cash(opening, _real(growth, size), _real(fixed, size), _real(minimum, size)),
        bounds=open_bounds(
            on,
            lot_arrays,
            places,
            hosting,
            parts.get("trade"),
            builds,
            parts.get("tranches"),
            parts.get("equity"),
            parts.get("operations"),
            parts.get("lines"),
            parts.get("companies"),
        ),
        value_constant_usd_m=constant,
        **{"covenants": covenants_of(on), **parts},
    )


def hosting_options(on: Tree, options: Sequence[Mapping[str, Any]]) -> HostingOptions:
    size = len(on)
    cash, once = (_table([option.get(key, {}) for option in options], size) for key in ("cash", "once"))
    return HostingOptions(
        offer=_whole([int(option.get("offer", o)) for o, option in enumerate(options)]),
        site=_whole([int(option.get("site", 0)) for option in options]),
        node=_whole([int(option.get("node", 0)) for option in options]),
        name=tuple(f"offer {option.get('offer', o)} in {option.get('node', 0)}" for o, option in enumerate(options)),
        mw_it_per_hall=np.array([float(option.get("mw_it", 1.0)) for option in options]),
        halls_min=_whole([option.get("halls", (1, 1))[0] for option in options]),
        halls_max=_whole([option.get("halls", (1, 1))[1] for option in options]),
        cash_usd_m_per_hall=cash,
        cash_usd_m_per_signature=once,
        value_usd_m_per_hall=np.array([float(x.get("value", cash[o] @ on.probability)) for o, x in enumerate(options)]),
        value_usd_m_per_signature=np.array(
            [float(x.get("value_once", once[o] @ on.probability)) for o, x in enumerate(options)]
        ),
        capex_after_horizon_usd_m_per_hall=np.array([float(option.get("capex_after", 0.0)) for option in options]),
        noi_usd_m_per_hall=_table([option.get("noi", {}) for option in options], size),
        capex_usd_m_per_hall=np.array([float(option.get("capex", 0.0)) for option in options]),
    )


def _limits(rows: Sequence[Mapping[str, Any]], places: int, options: int, builds: int) -> MegawattLimits:
    def matrix(key: str, columns: int) -> sparse.csr_array:
        dense = np.zeros((len(rows), columns))
        for r, row in enumerate(rows):
            for column, mw in row.get(key, {}).items():
                dense[r, column] = mw
        return sparse.csr_array(dense)

    return MegawattLimits(
        name=tuple(str(row.get("name", f"row {r}")) for r, row in enumerate(rows)),
        node=_whole([int(row.get("node", 0)) for row in rows]),
        allowed_mw=np.array([float(row["allowed"]) for row in rows]),
        place_mw_per_eh=matrix("lots", places),
        option_mw_per_hall=matrix("options", options),
        build_mw=matrix("builds", builds),
    )


def trading(on: Tree, lots: int, **changes: Any) -> Trade:
    """A market for machines in which all lots are of one type, one tier, and every figure is zero or unlimited."""
    size = len(on)
    whole = Trade(
        type_of_lot=np.zeros(lots, dtype=np.int64),
        order_cost_usd_m_per_eh=np.zeros(lots),
        order_value_usd_m_per_eh=np.zeros(lots),
        order_depth_eh=np.array([1e3]),
        plug_cost_usd_m_per_eh=np.zeros(lots),
        instant_factor=on.probability.copy(),
        can_plug=np.broadcast_to(on.decision, (lots, size)).copy(),
        sell_usd_m_per_eh=np.zeros((lots, size)),
        tier_factor=np.ones((1, 1)),
        tier_depth_eh=np.full((1, 1, size), 1e3),
        end_value_usd_m_per_eh=np.zeros((lots, size)),
        end_tax_usd_m_per_eh=np.zeros((lots, size)),
    )
    return replace(whole, **changes)


def builds_of(on: Tree, options: Sequence[Mapping[str, Any]]) -> BuildOptions:
    """``options``: build, node, most, cash by node, operating by node, value, after."""
    size = len(on)
    return BuildOptions(
        build=_whole([int(option.get("build", 0)) for option in options]),
        node=_whole([int(option.get("node", 0)) for option in options]),
        name=tuple(f"build {u}" for u in range(len(options))),
        most=_whole([int(option.get("most", 1)) for option in options]),
        cash_usd_m=_table([option.get("cash", {}) for option in options], size),
        operating_usd_m=_table([option.get("operating", {}) for option in options], size),
        value_usd_m=np.array([float(option.get("value", 0.0)) for option in options]),
        cost_after_horizon_usd_m=np.array([float(option.get("after", 0.0)) for option in options]),
    )


def loans_of(
    on: Tree,
    draws: Sequence[Mapping[str, Any]],
    limit: float,
    loan_to_cost: float,
    capex: Sequence[float] = (),
    **arrays: Any,
) -> Tranches:
    """One facility. ``draws``: node, cash by node of a million drawn, value; also owed, due, service, held by node,
    least, fixed (cost), option. ``capex`` per hall of each option counts for loan-to-cost."""
    size, count, nodes = len(on), len(draws), [int(draw.get("node", 0)) for draw in draws]
    names, uppers, drawn, halls = ["facility limit: loan"], [limit], [np.ones(count)], [np.zeros(len(capex))]
    if np.isfinite(loan_to_cost):
        for node in sorted(set(nodes)):
            names.append(f"loan to cost: {node}")
            uppers.append(0.0)
            drawn.append(np.array([float(on.reaches[n, node]) for n in nodes]))
            halls.append(-loan_to_cost * np.array(capex))
    given: dict[str, Any] = {
        "name": tuple(f"loan {d}" for d in range(count)),
        "facility": np.zeros(count, dtype=np.int64),
        "node": _whole(nodes),
        "option": _whole([int(draw.get("option", -1)) for draw in draws]),
        "upper_usd_m": np.full(count, limit),
        "least_usd_m": np.array([float(draw.get("least", 0.0)) for draw in draws]),
        "fixed_cost_usd_m": np.array([float(draw.get("fixed", 0.0)) for draw in draws]),
        "fixed_value_usd_m": np.array([-float(draw.get("fixed", 0.0)) for draw in draws]),
        "value": np.array([float(draw.get("value", 0.0)) for draw in draws]),
        "charge": no_charge(count),
        "charge_depends": np.zeros(count, dtype=bool),
        "shares_m": np.array([float(draw.get("shares", 0.0)) for draw in draws]),
        "is_debt": np.ones(count, dtype=bool),
        "commit_facility": np.zeros(0, dtype=np.int64),
        "commit_node": np.zeros(0, dtype=np.int64),
        "commit_upper_usd_m": np.zeros(0),
        "commit_cash": np.zeros((0, size)),
        "commit_value": np.zeros(0),
        "row_name": tuple(names),
        "row_draw": sparse.csr_array(np.array(drawn)),
        "row_commit": sparse.csr_array((len(names), 0)),
        "row_hall": sparse.csr_array(np.array(halls).reshape(len(names), len(capex))),
        "row_order": sparse.csr_array((len(names), 0)),
        "row_upper": np.array(uppers),
    }
    for figure in ("cash", "owed", "interest", "costs", "service", "due", "held"):
        given[figure] = _table([draw.get(figure, {}) for draw in draws], size)
    return Tranches(**{**given, **arrays})


def covenants_of(on: Tree, limits: Sequence[Covenant] = (), **arrays: Any) -> Covenants:
    """Limits, that on cash first (its amount is that of the instance); a share costs 1."""
    size = len(on)
    cash = Covenant("min_cash_usd_m", 0.0, np.ones(size, dtype=bool), arrays.pop("cash_costs", None))
    given: dict[str, Any] = {
        "limits": (cash, *limits),
        "btc_price_usd_m": np.zeros(size),
        "btc_haircut": 0.0,
        "fixed_debt_usd_m": np.zeros(size),
        "fixed_due_usd_m": np.zeros(size),
        "fixed_service_usd_m": np.zeros(size),
        "last_year": np.eye(size),
        "ebitda_before_usd_m": np.zeros(size),
        "fixed_ebitda_usd_m": np.zeros(size),
        "most_usd_m": 1e4,
        "shares_m": 1.0,
        "share_price_usd": 1.0,
    }
    return Covenants(**{**given, **arrays})


def equity_of(
    nodes: Sequence[int], limit: float, factor: Sequence[float], cost: float, year_limit: float = np.inf
) -> Equity:
    """One facility at a share price of 1; each issue in a year of its own."""
    return Equity(
        facility=np.zeros(len(nodes), dtype=np.int64),
        node=_whole(list(nodes)),
        name=("shares",),
        limit_usd_m=np.array([limit]),
        step_limit_usd_m=np.full(len(nodes), np.inf),
        factor=np.array(factor, dtype=float),
        cost=np.full(len(nodes), cost),
        year=np.arange(len(nodes)),
        year_limit_usd_m=np.array([year_limit]),
    )


def bitcoin(on: Tree, opening: float, price: Any, mean: Any = None, *, floor: float = 0.0) -> Treasury:
    """A treasury that keeps and sells as the plan decides; prices in USD m a coin."""
    size = len(on)
    mean = price if mean is None else mean
    return Treasury(opening, 0.0, True, floor, _real(price, size), _real(mean, size))


def tax_of(on: Tree, rate: float, year: Sequence[int], fixed: Any = 0.0) -> Tax:
    return Tax(rate, _whole(list(year)), _real(fixed, len(on)), on.probability.copy())


def operations_of(
    on: Tree,
    lots: int = 1,
    options: int = 0,
    *,
    uses: Sequence[Mapping[str, Any]] = (),
    levers: Sequence[Mapping[str, Any]] = (),
    rows: Sequence[Mapping[str, Any]] = (),
) -> SiteOperations:
    """Site operations by hand, all in node 0. ``uses``: gain (USD m per MW), btc. ``levers``: least, most, cash (USD m
    per unit), posted by node; of a contract offer also ``offer`` and ``signed_least``.
    ``rows``: family, upper, and what stands on the left by index: uses, levers, lots (per EH/s), halls."""
    sheet = Sheet(len(on))
    for use in uses:
        gain = float(use.get("gain", 0.0))
        sheet.add_use("use", (0, 0), {0: gain}, gain, {0: float(use.get("btc", 0.0))})
    for lever in levers:
        cash = float(lever.get("cash", 0.0))
        bounds = (float(lever.get("least", 0.0)), float(lever.get("most", np.inf)))
        v = sheet.add_lever(Lever("lever", 0, "lever", 0), bounds, {0: cash}, cash)
        sheet.lever_posted += [(v, n, float(amount)) for n, amount in lever.get("posted", {}).items()]
        if "offer" in lever:
            sheet.signings.append((v, 0, int(lever["offer"]), float(lever.get("signed_least", 0.0))))
    for number, row in enumerate(rows):
        r = sheet.add_row(f"{row['family']}: {number}", float(row.get("upper", 0.0)))
        sheet.row_use += [(r, u, float(amount)) for u, amount in row.get("uses", {}).items()]
        sheet.row_lever += [(r, v, float(amount)) for v, amount in row.get("levers", {}).items()]
        sheet.row_place += [(r, c * len(on), float(amount)) for c, amount in row.get("lots", {}).items()]
        sheet.row_hall += [(r, o, float(amount)) for o, amount in row.get("halls", {}).items()]
    return sheet.finish(lots, options, np.zeros(1, dtype=np.int64), np.ones(1))


def block_of(on: Tree, capacity: float, entries: Sequence[Mapping[str, Any]], options: int = 0) -> SiteOperations:
    """A contract of ``capacity`` MW that each lot may use. ``entries``: lot, mw (load per EH/s), gain."""
    rows: list[Mapping[str, Any]] = [
        {"family": "load", "uses": {u: 1}, "lots": {int(entry["lot"]): -float(entry["mw"])}}
        for u, entry in enumerate(entries)
    ]
    rows.append({"family": "supply", "uses": dict.fromkeys(range(len(entries)), 1), "upper": capacity})
    lots = 1 + max(int(entry["lot"]) for entry in entries)
    return operations_of(on, lots, options, uses=[{"gain": entry["gain"]} for entry in entries], rows=rows)


def about(expected: Any, abs: float = 2e-7) -> Any:
    """Equal but for what ties and rounding may cost: a tenth of a dollar."""
    return pytest.approx(expected, rel=1e-7, abs=abs)


def lay_down(small: Instance, **bounds: Any) -> Instance:
    """The same instance with other bounds on decisions."""
    return replace(small, bounds=replace(small.bounds, **bounds))


def solve(small: Instance) -> Solution:
    """The best plan; what was recomputed forward is compared with what the solver says."""
    solution = solve_instance(small, EXACT)
    assert solution.status is Status.OPTIMAL
    scale = max(1.0, abs(solution.value_usd_m))
    # What new shares cost is found by a fixed point over solves, stated to 0.002; so are options on them.
    given_away = solution.decisions.issue_usd_m.any()
    if small.tranches is not None and small.tranches.charge_depends.any():
        given_away |= solution.decisions.draw_usd_m.any()
    if not given_away:
        assert abs(solution.solver_value_usd_m - solution.value_usd_m) <= 1e-6 * scale
    assert solution.bound_usd_m >= solution.value_usd_m - 1e-9 * scale
    return solution


def best(small: Instance) -> float:
    """Value of the best plan."""
    return solve(small).value_usd_m


def best_without(small: Instance, *components: str) -> float:
    """Value that the model would claim with these constraint components left out; infinite if nothing holds it."""
    model = build(small)
    for name in components:
        model.component(name).deactivate()
    raw = solve_form(compile_model(model), EXACT)
    if raw.status is Status.UNBOUNDED:
        return float("inf")
    assert raw.status is Status.OPTIMAL, raw.message
    assert raw.objective is not None
    return raw.objective
