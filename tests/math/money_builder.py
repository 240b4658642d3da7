"""Tranches, lines, ring-fences and limits by hand: arrays from dictionaries, for instances made by ``builder.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from models.capital import Companies, Covenant, Lines, RingFences, Tranches
from models.forward import Decisions
from models.instance import Instance
from models.tree import Bools, Floats, Tree
from tests.math.builder import covenants_of, instance, loans_of, tree


def by_node(numbers: Any, size: int) -> Floats:
    """(size,) from a number for all, a list, or a mapping of some nodes."""
    if isinstance(numbers, Mapping):
        return np.array([float(numbers.get(node, 0.0)) for node in range(size)])
    return np.broadcast_to(np.asarray(numbers, dtype=float), (size,)).copy()


def four_on(probability: float = 0.5) -> Tree:
    """A root, two nodes after it (1: up, with this probability; 2: down) and a leaf after each (3 and 4)."""
    return Tree(
        parent=np.array([-1, 0, 0, 1, 2]),
        probability=np.array([1.0, probability, 1 - probability, probability, 1 - probability]),
        start_months=np.array([0.0, 12.0, 12.0, 24.0, 24.0]),
        length_months=np.full(5, 12.0),
        decision=np.ones(5, dtype=bool),
        label=("now", "up", "down", "up later", "down later"),
        scenario=("all", "up", "down", "up", "down"),
    )


def tranches_of(
    on: Tree,
    draws: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    *,
    options: int = 0,
    lots: int = 0,
    commits: Sequence[Mapping[str, Any]] = (),
    limit: float = 1e3,
    **arrays: Any,
) -> Tranches:
    """``draws`` as in ``loans_of``. ``rows``: name, upper, and what stands on the left by index: draw, commit, hall,
    order. ``commits``: node, cash by node, value."""

    def matrix(key: str, columns: int) -> sparse.csr_array:
        dense = np.zeros((len(rows), columns))
        for r, row in enumerate(rows):
            for column, number in row.get(key, {}).items():
                dense[r, column] = number
        return sparse.csr_array(dense)

    given: dict[str, Any] = {
        "row_name": tuple(str(row["name"]) for row in rows),
        "row_upper": np.array([float(row.get("upper", 0.0)) for row in rows]),
        "row_draw": matrix("draw", len(draws)),
        "row_commit": matrix("commit", len(commits)),
        "row_hall": matrix("hall", options),
        "row_order": matrix("order", lots),
        "commit_facility": np.zeros(len(commits), dtype=np.int64),
        "commit_node": np.array([int(commit.get("node", 0)) for commit in commits], dtype=np.int64),
        "commit_upper_usd_m": np.full(len(commits), limit),
        "commit_cash": np.array([by_node(commit["cash"], len(on)) for commit in commits]).reshape(-1, len(on)),
        "commit_value": np.array([float(commit["value"]) for commit in commits]),
    }
    return loans_of(on, draws, limit, np.inf, **{**given, **arrays})


def lines_of(on: Tree, lines: Sequence[Mapping[str, Any]], most_cash: float = 1e3) -> Lines:
    """Lines; the first node in which something may be drawn is where it is committed.

    ``lines``: limit; committed (default True), open and draw (nodes; default all, and all that are open), interest and
    undrawn (by node, of a million owed or not owed), fee, coins (by node, of a million owed), sweep and above,
    due (by node). Fees are valued as they are paid, whatever is not drawn of a line without coins is liquidity.
    """
    size = len(on)
    table: dict[str, list[Any]] = {name: [] for name in ("open", "draw", "interest", "undrawn", "coins", "due")}
    for line in lines:
        within = np.isin(np.arange(size), list(line.get("open", range(size))))
        table["open"].append(within)
        table["draw"].append(within & np.isin(np.arange(size), list(line.get("draw", range(size)))))
        for name in ("interest", "undrawn", "coins", "due"):
            table[name].append(np.where(within, by_node(line.get(name, 0.0), size), 0.0))
    fee = np.array([float(line.get("fee", 0.0)) for line in lines])
    committed = np.array([bool(line.get("committed", True)) for line in lines])
    coins, undrawn = np.array(table["coins"]), np.array(table["undrawn"])
    return Lines(
        name=tuple(str(line.get("name", f"line {k}")) for k, line in enumerate(lines)),
        is_open=np.array(table["open"]),
        can_draw=np.array(table["draw"]),
        limit_usd_m=np.array([float(line["limit"]) for line in lines]),
        committed=committed,
        commit_node=np.array([int(np.flatnonzero(nodes)[0]) for nodes in table["draw"]], dtype=np.int64),
        interest=np.array(table["interest"]),
        undrawn=undrawn,
        fee=fee,
        fee_value=fee[:, None] * on.probability,
        undrawn_value=undrawn * on.probability,
        coins_per_usd_m=coins,
        sweep=np.array([float(line.get("sweep", 0.0)) for line in lines]),
        sweep_above_usd_m=np.array([float(line.get("above", 0.0)) for line in lines]),
        sweep_most_usd_m=most_cash,
        counts_undrawn=committed & ~coins.any(axis=1),
        due=np.array(table["due"]),
    )


def fences_of(
    on: Tree, fences: Sequence[Mapping[str, Any]], draws: Sequence[Mapping[str, Any]] = (), most: float = 100.0
) -> RingFences:
    """Ring-fences. ``fences``: option, level, available (by node, of one hall), tests (nodes), available_12 (default:
    available), fixed (what debts of the start take, by node), fixed_12. ``draws``: of each tranche paid and paid_12
    (by node; default: paid)."""
    size = len(on)

    def table(entries: Sequence[Mapping[str, Any]], key: str, otherwise: str = "") -> Floats:
        return np.array([by_node(e.get(key, e.get(otherwise, 0.0)), size) for e in entries]).reshape(-1, size)

    return RingFences(
        option=np.array([int(fence.get("option", 0)) for fence in fences], dtype=np.int64),
        available=table(fences, "available"),
        fixed_left=table(fences, "fixed"),
        tests=np.array([np.isin(np.arange(size), list(fence["tests"])) for fence in fences]),
        available_12=table(fences, "available_12", "available"),
        service_12=table(draws, "paid_12", "paid"),
        fixed_service_12=table(fences, "fixed_12"),
        service_paid=table(draws, "paid"),
        level=np.array([float(fence["level"]) for fence in fences]),
        most_usd_m=np.full(len(fences), most),
    )


def companies_of(
    on: Tree,
    companies: Sequence[Mapping[str, Any]],
    *,
    places: int = 0,
    options: int = 0,
    builds: int = 0,
    lots: int = 0,
) -> Companies:
    """Companies below the parent. ``companies``: opening, minimum, withholding, fixed (by node), and which places,
    options, builds and lots (of how many) are theirs."""

    def own(key: str, count: int) -> Bools:
        rows = [np.isin(np.arange(count), list(company.get(key, ()))) for company in companies]
        return np.array(rows).reshape(len(companies), count)

    def amounts(key: str) -> Floats:
        return np.array([float(company.get(key, 0.0)) for company in companies])

    return Companies(
        name=tuple(f"company {g}" for g in range(len(companies))),
        opening_usd_m=amounts("opening"),
        minimum_usd_m=amounts("minimum"),
        withholding=amounts("withholding"),
        withheld_factor=on.probability.copy(),
        fixed_usd_m=np.array([by_node(company.get("fixed", 0.0), len(on)) for company in companies]),
        place=own("places", places),
        option=own("options", options),
        build=own("builds", builds),
        lot=own("lots", lots),
    )


def limit_on(on: Tree, kind: str, limit: float, nodes: Sequence[int] | None = None, cost: Any = None) -> Covenant:
    """A limit of a kind, in all nodes or in these; with ``cost`` (USD m a unit of breach, by node) it may be
    broken."""
    holds = np.isin(np.arange(len(on)), range(len(on)) if nodes is None else list(nodes))
    return Covenant(kind, limit, holds, None if cost is None else by_node(cost, len(on)))


def borrowed(cost: float, limit: Covenant, worth: float = 20, **terms: Any) -> Instance:
    """A hall at this cost (worth 20) that brings 200 in the second year, and a loan for it that is repaid then; the
    company earns 10 a year apart from it. ``draw``: figures of the loan; other ``terms`` are those of covenants."""
    on = tree([12, 12])
    draw = {"cash": [1, -1], "owed": [1, 0], **terms.pop("draw", {})}
    loan = loans_of(on, [draw], 100, np.inf, **terms.pop("loan", {}))
    covenants = covenants_of(on, [limit], **{"fixed_ebitda_usd_m": np.full(2, 10.0), **terms})
    options = [{"value": worth, "cash": [-cost, 200]}]
    return instance(on, options=options, tranches=loan, covenants=covenants, minimum=0)


def line_moves(decisions: Decisions) -> tuple[list[float], list[float]]:
    """What is drawn and repaid of the first line, by node."""
    return decisions.line_draw[0].tolist(), decisions.line_repay[0].tolist()
