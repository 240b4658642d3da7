"""From the columns of a solution to decisions, rounded to what the files will say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from models.forward import Decisions, no_decisions
from models.instance import Instance
from models.tree import Ints
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import KEPT, families_of, index_of
from optimizer.solve.rounding import tidy

DECIMALS = 8
"""Decisions in money and coins are rounded to this many decimals (machines in ``rounding.py``) before anything is
computed from them: what stands in ``decisions.csv`` is the plan, not an image of it."""

MW_DECIMALS = 6
"""Of contracts signed: a watt."""

LEAST_AMOUNT = 1e-6
"""Less than this of an EH/s (15 W), a million or a coin is the solver's tolerance, no decision. What makes room for a
hall is kept ten times sharper, so that megawatt limits hold."""

DECIDED = frozenset({"sign", "halls", "hall_count", "built", "sign_contract"})
"""Whole numbers that are decisions; the others follow from them."""


def is_decided(name: str) -> bool:
    """Whether a whole column is a decision; the others follow from these."""
    return name.partition("[")[0] in DECIDED


def decisions_of(instance: Instance, form: StandardForm, values: FloatArray) -> Decisions:
    """What the columns say, rounded."""
    empty = no_decisions(instance)
    targets = {
        "unplug": empty.unplug_eh,
        "plug": empty.plug_eh,
        "order": empty.order_eh,
        "draw": empty.draw_usd_m,
        "issue": empty.issue_usd_m,
        "commit": empty.commit_usd_m,
        "line_draw": empty.line_draw,
        "line_repay": empty.line_repay,
        "line_commit": empty.line_commit,
        "fund": empty.fund_usd_m,
        "upstream": empty.upstream_usd_m,
        "sell_btc": empty.sell_btc,
        "keep_btc": empty.keep_btc,
        "use": empty.use_mw,
        "lever": empty.lever,
    }
    found, positive = _members(form.column_names), np.where(values > 0, values, 0.0)
    for kind, (places, index) in found.items():
        if kind in targets:
            targets[kind][tuple(index)] = positive[places]
        elif kind in ("halls", "built"):
            numbers = empty.halls if kind == "halls" else empty.built
            numbers[tuple(index)] = np.round(values[places])
        elif kind == "sell":
            # Of all tiers together.
            np.add.at(empty.sell_eh, (index[0], index[2]), positive[places])
    # What is unplugged and plugged in at one place and instant never moved.
    both = np.minimum(empty.unplug_eh, empty.plug_eh)
    empty.unplug_eh[:], empty.plug_eh[:] = empty.unplug_eh - both, empty.plug_eh - both
    for amounts in (empty.plug_eh, empty.sell_eh, empty.order_eh, empty.draw_usd_m, empty.issue_usd_m):
        amounts[amounts < LEAST_AMOUNT] = 0.0
    empty.unplug_eh[empty.unplug_eh < LEAST_AMOUNT / 10] = 0.0
    # What is drawn and repaid at one instant of a line is only the difference; a sweep takes its part all the same.
    both = np.minimum(empty.line_draw, empty.line_repay)
    if instance.lines is not None:
        both[~instance.lines.committed] = 0.0
    empty.line_draw[:], empty.line_repay[:] = empty.line_draw - both, empty.line_repay - both
    both = np.minimum(empty.fund_usd_m, empty.upstream_usd_m)
    empty.fund_usd_m[:], empty.upstream_usd_m[:] = empty.fund_usd_m - both, empty.upstream_usd_m - both
    lines = (
        *(empty.commit_usd_m, empty.line_draw, empty.line_repay, empty.line_commit),
        *(empty.fund_usd_m, empty.upstream_usd_m),
    )
    for amounts in (empty.draw_usd_m, empty.issue_usd_m, empty.sell_btc, empty.keep_btc, *lines):
        amounts[amounts < LEAST_AMOUNT] = 0.0
        amounts[:] = amounts.round(DECIMALS)
    _tidy_lines(instance, empty)
    _tidy_contracts(instance, empty.lever)
    return tidy(instance, empty)


@lru_cache(maxsize=KEPT)
def _members(names: tuple[str, ...]) -> Mapping[str, tuple[Ints, Ints]]:
    """Of each family with brackets (k,) the places of its columns, and (parts, k) what stands in the brackets."""
    found = {}
    for family, places in families_of(names).items():
        if "[" in names[places[0]]:
            index = np.array([index_of(names[j]) for j in places], dtype=np.int64)
            found[family] = (np.array(places, dtype=np.int64), index.T)
    return MappingProxyType(found)


def _tidy_lines(instance: Instance, decisions: Decisions) -> None:
    """What is repaid of a line is never more than is owed, and all of it once nothing may be owed any more."""
    tree, lines = instance.tree, instance.lines
    if lines is None:
        return
    owed = np.zeros(decisions.line_draw.shape)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = (owed[:, parent] if parent >= 0 else 0.0) + decisions.line_draw[:, n]
        repaid = np.minimum(decisions.line_repay[:, n], before)
        near = np.abs(before - repaid) < 2 * LEAST_AMOUNT
        decisions.line_repay[:, n] = np.where(near | ~lines.is_open[:, n], before, repaid).round(DECIMALS)
        owed[:, n] = before - decisions.line_repay[:, n]


def tidy_coins(instance: Instance, decisions: Decisions, mined: FloatArray) -> Decisions:
    """No more coins are kept than are mined, and none sold that are not there: by less than a solver's tolerance."""
    treasury, tree = instance.treasury, instance.tree
    if treasury is None or not treasury.free:
        return decisions
    kept = np.minimum(decisions.keep_btc, np.floor(mined * 10**DECIMALS) / 10**DECIMALS)
    sold, stock = decisions.sell_btc.copy(), np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = float(stock[parent]) if parent >= 0 else treasury.opening_btc
        if sold[n] > before - treasury.min_btc:
            sold[n] = np.floor(max(0.0, before - treasury.min_btc) * 10**DECIMALS) / 10**DECIMALS
        stock[n] = before - sold[n] + kept[n]
    return replace(decisions, keep_btc=kept, sell_btc=sold)


def _tidy_contracts(instance: Instance, lever: FloatArray) -> None:
    """MW of contracts signed as they are written; those that are not signed, or for nothing, are 0."""
    operations = instance.operations
    if operations is None or not len(operations.signing):
        return
    lower, upper = instance.bounds.contract_mw
    amounts = np.clip(lever[operations.signing].round(MW_DECIMALS), lower, upper)
    for bound in (operations.signing_least, upper):
        amounts = np.where(np.abs(amounts - bound) < 1e-6, np.clip(bound, lower, upper), amounts)
    amounts[amounts < LEAST_AMOUNT] = 0.0
    lever[operations.signing] = amounts
