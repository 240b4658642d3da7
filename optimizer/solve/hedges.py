"""Contracts that may be signed: what a linear program has to know of them to say anything.

The model writes "when a contract is signed, all contracts in force are at most the load there is" with a constant that
is the sum of all contracts, so a contract that is signed by a third may be larger than any load. Three things hold in
every plan, and leave all plans as they are. What is in force was within the load on the day on which the last of it
was signed, so it never exceeds the most that any load was or may be on such a day; that is all that the constant has to
be, and a row of its own. And a contract alone is never more than the load of its own day, signed or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import families_of, place_of
from optimizer.solve.tighten import put

ROOM_MW = 1e-6
"""By how much a constant is taken larger than needed."""


@dataclass(frozen=True)
class Hedge:
    """One row on the day of one contract: ``levers - load + constant * sign <= constant - existing``."""

    row: int
    own: int
    """Its contract's megawatts, a column."""
    sign: int
    levers: tuple[int, ...]
    """The megawatts of all contracts in force on that day, its own among them."""
    load: tuple[tuple[int, float], ...]
    """Columns and their MW of load."""
    constant: float
    existing_mw: float


def with_tight_hedges(instance: Instance, form: StandardForm) -> StandardForm:
    """The form with the least constants in the rows ``operations_hedge``, and with rows ``hedge_ever`` and
    ``hedge_own``; as it is where no contract can be signed or time is a tree."""
    if instance.operations is None or not len(instance.operations.signing) or len(instance.tree.leaves) != 1:
        return form
    return tightened(form, instance.operations.signing.tolist())


def tightened(form: StandardForm, signings: list[int]) -> StandardForm:
    """The same, along one path of time. ``signings``: for each column ``sign_contract`` the number of its ``lever``."""
    by_row = scipy.sparse.csr_array(form.matrix)
    hedges = _hedges(form, by_row, signings)
    room = {hedge.own: _most_load(form, by_row, hedge) - hedge.existing_mw for hedge in hedges}
    matrix, row_upper = form.matrix.copy(), form.row_upper.copy()
    added: list[tuple[str, dict[int, float], float]] = []
    for hedge in hedges:
        # Contracts of which none was signed by this rule (there is no row for them) have no such limit.
        others = max((room.get(j, np.inf) for j in hedge.levers if j != hedge.own), default=0.0)
        # With a constant of a millionth simplex methods go round in circles.
        others = others + ROOM_MW if others > 0 else 0.0
        constant = hedge.existing_mw + others
        if constant < hedge.constant:
            put(matrix, hedge.row, hedge.sign, constant)
            row_upper[hedge.row] = others
        most = max(others, room[hedge.own])
        if np.isfinite(most):
            added.append((f"hedge_ever[{hedge.row}]", dict.fromkeys(hedge.levers, 1.0), most))
        own = {hedge.own: 1.0, hedge.sign: hedge.existing_mw, **{j: -mw for j, mw in hedge.load}}
        added.append((f"hedge_own[{hedge.row}]", own, 0.0))
    return _with_rows(replace(form, matrix=matrix, row_upper=row_upper), added)


def _hedges(form: StandardForm, by_row: scipy.sparse.csr_array, signings: list[int]) -> list[Hedge]:
    place = place_of(form.column_names)
    levers = {place[f"lever[{v}]"] for v in signings}
    lever_of = {place[f"sign_contract[{q}]"]: place[f"lever[{v}]"] for q, v in enumerate(signings)}
    found = []
    for r in families_of(form.row_names).get("operations_hedge", ()):
        entries = _entries(by_row, r)
        signs = [(j, amount) for j, amount in entries if j in lever_of]
        if not signs:
            continue
        sign, constant = signs[0]
        found.append(
            Hedge(
                row=r,
                own=lever_of[sign],
                sign=sign,
                levers=tuple(j for j, _ in entries if j in levers),
                load=tuple((j, -amount) for j, amount in entries if j != sign and j not in levers),
                constant=constant,
                existing_mw=constant - float(form.row_upper[r]),
            )
        )
    return found


def _most_load(form: StandardForm, by_row: scipy.sparse.csr_array, hedge: Hedge) -> float:
    """MW: the most that the load of a day may be, by the one row that says most of it; infinity if none does."""
    load = dict(hedge.load)
    if not load:
        return 0.0
    columns = form.matrix
    rows = [set(columns.indices[columns.indptr[j] : columns.indptr[j + 1]].tolist()) for j in load]
    most = np.inf
    for r in set.intersection(*rows):
        entries = _entries(by_row, r)
        weights = [(amount, load[j]) for j, amount in entries if j in load]
        if not np.isfinite(form.row_upper[r]) or min(amount for amount, _ in weights) <= 0:
            continue
        rest = sum(_least(form, j, amount) for j, amount in entries if j not in load)
        most = min(most, max(mw / amount for amount, mw in weights) * (float(form.row_upper[r]) - rest))
    return max(most, 0.0)


def _least(form: StandardForm, j: int, amount: float) -> float:
    return amount * float(form.column_lower[j] if amount > 0 else form.column_upper[j])


def _entries(by_row: scipy.sparse.csr_array, r: int) -> list[tuple[int, float]]:
    part = slice(by_row.indptr[r], by_row.indptr[r + 1])
    return list(zip(by_row.indices[part].tolist(), by_row.data[part].tolist(), strict=True))


def _with_rows(form: StandardForm, added: list[tuple[str, dict[int, float], float]]) -> StandardForm:
    """The form with rows ``(name, amounts, at most)``."""
    rows = [r for r, (_, amounts, _) in enumerate(added) for _ in amounts]
    columns = [j for _, amounts, _ in added for j in amounts]
    entries = [amount for _, amounts, _ in added for amount in amounts.values()]
    more = scipy.sparse.csc_array((entries, (rows, columns)), shape=(len(added), form.column_count), dtype=np.float64)
    matrix = scipy.sparse.vstack([form.matrix, more], format="csc")
    # No contract may be in force, and no load there.
    matrix.eliminate_zeros()
    upper: FloatArray = np.array([most for _, _, most in added])
    return replace(
        form,
        matrix=matrix,
        row_lower=np.append(form.row_lower, np.full(len(added), -np.inf)),
        row_upper=np.append(form.row_upper, upper),
        row_names=(*form.row_names, *(name for name, _, _ in added)),
    )
