"""Constraint family: what a plan can have most or least of instead of value, for plans that are extreme in one respect.

Every measure is turned so that more of it is more extreme. What it needs is in the model only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.forward import Decisions
from models.instance import Instance
from models.tree import Ints

LATEST_START, FEWEST_SITES = "latest_start", "fewest_sites"


@dataclass(frozen=True)
class Measure:
    """``of_model`` (model, instance) and ``of_plan`` (instance, decisions) say the same, turned so that more is more
    extreme; ``turned * of_plan`` is the figure for people, in ``unit``."""

    name: str
    unit: str
    turned: int
    of_model: Callable[[pyo.ConcreteModel, Instance], Any]
    of_plan: Callable[[Instance, Decisions], float]


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add what the measures that are asked for need, and the floors on them, to the model.

    ``hosts`` (binary by site) for the number of sites, ``waits`` (0..1 by date of signature and leaf) for the first
    date.
    """
    floor = instance.measure_at_least
    asked = {instance.maximise, floor[0] if floor is not None else ""}
    if FEWEST_SITES in asked:
        _add_sites(model, instance)
    if LATEST_START in asked:
        _add_dates(model, instance)
    if floor is not None:
        amount = MEASURES[floor[0]].of_model(model, instance)
        if not isinstance(amount, int | float):
            model.measure_floor = pyo.Constraint(expr=measure_floor(amount, floor[1]))


def measure_floor(amount: Any, least: float) -> object:
    r"""Of plans that are extreme in one respect the one worth most is as extreme as they are.

    Without the rule it is the best plan of all.

    $$ M \ge \underline{M} $$
    """
    return amount >= least


def _add_sites(model: pyo.ConcreteModel, instance: Instance) -> None:
    sites = instance.hosting.site
    model.SITES_OF_OPTIONS = pyo.Set(initialize=np.unique(sites).tolist(), ordered=True)
    pairs = sorted({(int(k), int(s)) for k, s in zip(instance.hosting.offer, sites, strict=True)})
    model.OFFERS_AT_SITES = pyo.Set(dimen=2, initialize=pairs, ordered=True)
    model.hosts = pyo.Var(model.SITES_OF_OPTIONS, domain=pyo.Binary)
    model.measure_site_hosts = pyo.Constraint(
        model.OFFERS_AT_SITES, model.LEAVES, rule=lambda m, k, s, leaf: site_hosts(m, instance, k, s, leaf)
    )


def site_hosts(model: pyo.ConcreteModel, instance: Instance, offer: int, site: int, leaf: int) -> object:
    r"""A site at which something is signed counts as one with hosting.

    Without the rule a plan of few sites signs at all of them.

    $$ \sum_{o \in k,\; s(o) = s,\; n(o) \preceq \ell} \text{sign}_o \le \text{hosts}_s $$
    """
    hosting, reaches = instance.hosting, instance.tree.reaches
    here = np.flatnonzero((hosting.offer == offer) & (hosting.site == site) & reaches[hosting.node, leaf])
    return sum(model.sign[o] for o in here.tolist()) <= model.hosts[site] if len(here) else pyo.Constraint.Skip


def _add_dates(model: pyo.ConcreteModel, instance: Instance) -> None:
    model.DATES = pyo.RangeSet(0, len(_dates(instance)) - 1)
    model.FREE_OFFERS = pyo.Set(initialize=np.unique(instance.hosting.offer[_free(instance)]).tolist(), ordered=True)
    model.waits = pyo.Var(model.DATES, model.LEAVES, bounds=(0, 1))
    model.measure_waits = pyo.Constraint(
        model.DATES, model.FREE_OFFERS, model.LEAVES, rule=lambda m, i, k, leaf: waits(m, instance, i, k, leaf)
    )


def waits(model: pyo.ConcreteModel, instance: Instance, date: int, offer: int, leaf: int) -> object:
    r"""A path on which something is signed by a date has not waited until after it.

    Without the rule a plan that starts late signs at once.

    $$ \text{waits}_{i,\ell} + \sum_{o \in k,\; n(o) \preceq \ell,\; t_{n(o)} \le t_i} \text{sign}_o \le 1 $$
    """
    hosting, tree = instance.hosting, instance.tree
    until = tree.start_months[hosting.node] <= _dates(instance)[date] + 1e-9
    by_then = np.flatnonzero((hosting.offer == offer) & until & tree.reaches[hosting.node, leaf])
    if not len(by_then):
        return pyo.Constraint.Skip
    return model.waits[date, leaf] + sum(model.sign[o] for o in by_then.tolist()) <= 1


def _free(instance: Instance) -> Ints:
    """Options that are offers; those in no exclusive set are leases, signed before the plan begins."""
    return np.array(sorted({o for group in instance.exclusive for o in group}), dtype=np.int64)


def _dates(instance: Instance) -> Any:
    """Months after the start at which something can be signed, in order."""
    tree = instance.tree
    return np.unique(tree.start_months[instance.hosting.node[_free(instance)]])


def _end_months(instance: Instance) -> float:
    """The horizon: the date of the first signature of a plan without one."""
    tree = instance.tree
    return float((tree.start_months + tree.length_months).max())


def hosting_of_model(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Critical IT MW signed, expected over the tree."""
    hosting, probability = instance.hosting, instance.tree.probability
    return sum(float(hosting.mw_it_per_hall[o] * probability[hosting.node[o]]) * model.halls[o] for o in model.OPTIONS)


def hosting_of_plan(instance: Instance, decisions: Decisions) -> float:
    """The same of decisions."""
    hosting, probability = instance.hosting, instance.tree.probability
    return float((hosting.mw_it_per_hall * probability[hosting.node]) @ decisions.halls)


def debt_of_model(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """USD m of debt drawn, limits of lines committed, and draws of lines without a commitment, expected."""
    tranches, lines, weight = instance.tranches, instance.lines, instance.tree.probability
    total: Any = 0.0
    if tranches is not None:
        total += sum(float(weight[tranches.node[d]]) * model.draw[d] for d in model.DRAWS if tranches.is_debt[d])
    if lines is not None:
        for k in model.LINES:
            if lines.committed[k]:
                total += float(weight[lines.commit_node[k]]) * model.line_commit[k]
            else:
                total += sum(float(weight[n]) * model.line_draw[k, n] for n in model.NODES if lines.can_draw[k, n])
    return total


def debt_of_plan(instance: Instance, decisions: Decisions) -> float:
    """The same of decisions."""
    tranches, lines, weight = instance.tranches, instance.lines, instance.tree.probability
    total = 0.0
    if tranches is not None:
        total += float((weight[tranches.node] * tranches.is_debt) @ decisions.draw_usd_m)
    if lines is not None:
        drawn = decisions.line_draw @ weight
        total += float(np.where(lines.committed, weight[lines.commit_node] * decisions.line_commit, drawn).sum())
    return total


def start_of_model(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Months after the start of the first signature, expected; without one those of the whole horizon."""
    dates, weight = _dates(instance), instance.tree.probability
    if not len(dates):
        return _end_months(instance)
    steps = np.diff(np.append(dates, _end_months(instance)))
    later = sum(float(weight[leaf] * steps[i]) * model.waits[i, leaf] for i in model.DATES for leaf in model.LEAVES)
    return float(dates[0]) + later


def start_of_plan(instance: Instance, decisions: Decisions) -> float:
    """The same of decisions."""
    tree, free = instance.tree, _free(instance)
    signed = instance.hosting.node[free[decisions.halls[free] > 0]]
    first = [tree.start_months[signed[tree.reaches[signed, leaf]]].min(initial=_end_months(instance))
             for leaf in tree.leaves]  # fmt: skip
    return float(np.array(first) @ tree.probability[tree.leaves])


def sites_of_model(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Sites with hosting on any path, leases among it."""
    return sum(model.hosts[s] for s in model.SITES_OF_OPTIONS)


def sites_of_plan(instance: Instance, decisions: Decisions) -> float:
    """The same of decisions."""
    return float(len(np.unique(instance.hosting.site[decisions.halls > 0])))


def _measures(entries: Iterable[tuple[str, str, int, Any, Any]]) -> dict[str, Measure]:
    def turned(sign: int, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: sign * function(*arguments)

    return {
        name: Measure(name, unit, sign, turned(sign, of_model), turned(sign, of_plan))
        for name, unit, sign, of_model, of_plan in entries
    }


MEASURES = _measures(
    (
        ("most_hosting", "it_mw", 1, hosting_of_model, hosting_of_plan),
        ("least_debt", "usd_m", -1, debt_of_model, debt_of_plan),
        (LATEST_START, "months", 1, start_of_model, start_of_plan),
        (FEWEST_SITES, "sites", -1, sites_of_model, sites_of_plan),
        ("least_hosting", "it_mw", -1, hosting_of_model, hosting_of_plan),
    )
)
