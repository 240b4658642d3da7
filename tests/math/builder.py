"""Small instances and small cases by hand: the one place in these tests that knows how an instance is put together.

Two kinds. `instance` makes the arrays of `models` from dictionaries, one for each lot, option and row, so that a test
states only what it is about. `case_data` makes a whole case as plain data, with a price file that follows a formula;
`solve_case` solves it, writes the plan, has it audited and reads the tables back. Numbers are never computed here.
"""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from scipy import sparse

from models.build import build
from models.instance import Blocks as Blocks
from models.instance import (
    BuildOptions,
    Cash,
    Equity,
    HostingOptions,
    Instance,
    Loans,
    Lots,
    MegawattLimits,
    Places,
    Tax,
    Trade,
    Treasury,
    no_blocks,
    open_bounds,
)
from models.tree import Tree, path
from optimizer import api
from optimizer.solve.bridge import compile_model
from optimizer.solve.highs import SolveOptions, Status, solve_form
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
        blocks=parts.pop("blocks", no_blocks()),
        cash=Cash(opening, _real(growth, size), _real(fixed, size), _real(minimum, size)),
        bounds=open_bounds(
            on, lot_arrays, places, hosting, parts.get("trade"), builds, parts.get("loans"), parts.get("equity")
        ),
        value_constant_usd_m=constant,
        **parts,
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


def loans_of(on: Tree, draws: Sequence[Mapping[str, Any]], limit: float, loan_to_cost: float, options: int) -> Loans:
    """One facility. ``draws``: node, cash by node of a million drawn, value."""
    return Loans(
        facility=np.zeros(len(draws), dtype=np.int64),
        node=_whole([int(draw.get("node", 0)) for draw in draws]),
        name=("loan",),
        limit_usd_m=np.array([limit]),
        cash_per_usd_m=_table([draw["cash"] for draw in draws], len(on)),
        value_per_usd_m=np.array([float(draw.get("value", 0.0)) for draw in draws]),
        loan_to_cost=np.array([loan_to_cost]),
        capex_counts=np.ones((1, options), dtype=bool),
    )


def equity_of(nodes: Sequence[int], limit: float, factor: Sequence[float], cost: float, shares: float) -> Equity:
    """One facility at a share price of 1."""
    return Equity(
        facility=np.zeros(len(nodes), dtype=np.int64),
        node=_whole(list(nodes)),
        name=("shares",),
        limit_usd_m=np.array([limit]),
        step_limit_usd_m=np.full(len(nodes), np.inf),
        factor=np.array(factor, dtype=float),
        cost=np.full(len(nodes), cost),
        shares_m=shares,
        share_price_usd=1.0,
    )


def bitcoin(on: Tree, opening: float, price: Any, mean: Any = None, *, floor: float = 0.0) -> Treasury:
    """A treasury that keeps and sells as the plan decides; prices in USD m a coin."""
    size = len(on)
    mean = price if mean is None else mean
    return Treasury(opening, 0.0, True, floor, _real(price, size), _real(mean, size))


def tax_of(on: Tree, rate: float, year: Sequence[int], fixed: Any = 0.0) -> Tax:
    return Tax(rate, _whole(list(year)), _real(fixed, len(on)), on.probability.copy())


def blocks_of(capacity: float, node: int, entries: Sequence[Mapping[str, Any]]) -> Blocks:
    """One segment of a block. ``entries`` in the order in which they fill it: lot, mw (load per EH/s), gain."""
    return Blocks(
        name=("block",),
        node=_whole([node]),
        capacity_mw=np.array([capacity]),
        place_segment=np.zeros(len(entries), dtype=np.int64),
        place=_whole([int(entry["lot"]) for entry in entries]),
        load_mw_per_eh=np.array([float(entry["mw"]) for entry in entries]),
        gain_usd_m_per_mw=np.array([float(entry["gain"]) for entry in entries]),
        gain_value_usd_m_per_mw=np.array([float(entry["gain"]) for entry in entries]),
        gain_btc_per_mw=np.zeros(len(entries)),
    )


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
    # What new shares cost is found by a fixed point over solves, stated to 0.002.
    if not solution.decisions.issue_usd_m.any():
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


# ---------------------------------------------------------------- cases

# 144 x 3.125 x 96,000 / (900 x 1000) = 48 $/PH/s/day; at 16 J/TH and an overhead of 1.25 a PH/s draws 20 kW, so that
# a MWh at the meter is worth 48 / 24 * 1000 / (16 * 1.25) = 100 $, and 50,000 PH/s draw 1,000 MW.
CASE: dict[str, Any] = {
    "case": "By hand",
    "horizon": {"start": "2025-01", "steps": ["4 quarters"]},
    "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0},
    "market": {
        "power": {"hub": {"file": "prices.csv", "time_zone": "UTC"}},
        "network": {"btc_usd": 96000, "hashrate_eh_s": 900, "subsidy_btc": 3.125},
    },
    "machines": {"m16": {"efficiency_j_per_th": 16}},
    "sites": {
        "one": {
            "power": {"market": "hub"},
            "energised_mw": 1000,
            "mining_shell_mw": 1000,
            "mining_overhead": 1.25,
        }
    },
    "finance": {
        "opening": {"cash_usd_m": 0, "shares_m": 100, "share_price_usd": 1, "sga_usd_m_per_quarter": 0},
        "limits": {"min_cash_usd_m": -10000},
    },
}

# One hall of 10 MW IT reserves 15 MW, uses 9.6 MW and brings 1 USD m a month for two years, three months after signing.
OFFER: dict[str, Any] = {
    "sites": ["one"],
    "takes": "free_power",
    "hall_mw_it": 10,
    "gross_per_it": 1.5,
    "pue": 1.2,
    "utilisation": 0.8,
    "halls": {"min": 1, "max": 1},
    "sign": {"from": "2025-01", "to": "2025-01"},
    "lead": "3 months",
    "rate_usd_per_kw_month": 100,
    "term": "24 months",
    "capex_usd_m_per_mw_it": 0,
    "power": {"paid_by": "tenant"},
}

MINE = {"sites.one.fleet": {"m16": {"ph_s": 50000}}}
"""Machines that draw 1,000 MW: a dollar per MW and hour is 0.001 USD m an hour."""

Price = Callable[[datetime], float]


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values by dotted path; None takes an entry away."""
    new = copy.deepcopy(dict(base))
    for dotted, value in changes.items():
        *way, last = dotted.split(".")
        place = new
        for key in way:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(value)
    return new


def case_data(changes: Mapping[str, Any] | None = None, **offers: Mapping[str, Any]) -> dict[str, Any]:
    """The case above with changes by dotted path, and offers by name as changes to the one above."""
    whole = changed(CASE, changes or {})
    if offers:
        whole["offers"] = {name: changed(OFFER, terms) for name, terms in offers.items()}
    return whole


def flat(usd_per_mwh: float) -> Price:
    return lambda _: usd_per_mwh


def daily(hours: Mapping[int, float], otherwise: float = 1000.0) -> Price:
    """The same prices every day, by hour of the day in UTC."""
    return lambda at: hours.get(at.hour, otherwise)


FLAT_50 = flat(50)


@cache
def _hours() -> tuple[tuple[datetime, str], ...]:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    times = [begin + timedelta(hours=h) for h in range(-24, 8760 + 24)]
    return tuple((at, f"{at:%Y-%m-%dT%H:%MZ}") for at in times)


def write_prices(folder: Path, price: Price, name: str = "prices.csv") -> None:
    """Every hour of 2025 and of a day before and after, in UTC (the day is there for other time zones)."""
    lines = "".join(f"{text},{price(at):.10g}\n" for at, text in _hours())
    (folder / name).write_text("timestamp_utc,price\n" + lines, encoding="utf-8")


@dataclass(frozen=True)
class Solved:
    """A case that was solved, written, audited and read back."""

    folder: Path
    result: api.Result

    @property
    def value(self) -> float:
        return self.result.solution.value_usd_m

    def rows(self, table: str, **where: str) -> list[dict[str, Any]]:
        """Rows of a table as written, numbers as numbers, empty cells as None; only those whose cells are these."""
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            found = list(csv.DictReader(stream))
        return [
            {key: _cell(text) for key, text in row.items()}
            for row in found
            if all(row[key] == text for key, text in where.items())
        ]

    def column(self, table: str, name: str, **where: str) -> list[Any]:
        return [row[name] for row in self.rows(table, **where)]

    def component(self, name: str) -> float:
        """A row of value.csv, in all."""
        [total] = self.column("value", "total_usd_m", component=name)
        return float(total)

    def decided(self) -> list[tuple[str, str, str, float]]:
        """(date, decision, item, amount) in order."""
        return [
            (str(r["date"]), str(r["decision"]), str(r["item"]), float(r["amount"])) for r in self.rows("decisions")
        ]


def _cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None


def load(folder: Path, data: Mapping[str, Any], price: Price = FLAT_50, **more: Any) -> api.LoadedCase:
    """Write the prices of a case and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "prices.csv").exists():
        write_prices(folder, price)
    return api.case_from_data(data, folder, **more)


def solve_case(folder: Path, data: Mapping[str, Any], price: Price = FLAT_50, *, twins: bool = False) -> Solved:
    """Solve a case, write its plan (which is audited on the way), audit it again as it lies there."""
    result = api.solve(load(folder, data, price), EXACT, twins=twins)
    plan = folder / "plan"
    assert result.write(plan).passed
    report = api.audit(plan)
    assert report.passed, [str(finding) for finding in report.findings]
    written = api.read_plan(plan)
    assert abs(written.summary["value_usd_m"] - result.solution.value_usd_m) <= 1e-6
    assert abs(report.value_usd_m - result.solution.value_usd_m) <= 1e-6 * max(1.0, abs(report.value_usd_m))
    return Solved(plan, result)
