"""What a plan decides in whole numbers, by name: so that it can be tried in another case, whose arrays differ.

Signatures with their halls, builds and contracts signed. What follows from them (machines, money, hours) is decided
anew wherever a plan is tried. docs/figures_sweep.md, section 21.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.forward import Decisions
from models.instance import Instance
from optimizer.case.base import month_label
from optimizer.instance.given import Choices

SIGN, BUILD, CONTRACT = "sign", "build", "contract"


class WholeDecision(NamedTuple):
    """``kind`` is sign, build or contract; ``date`` such as 2026-04; ``amount`` halls, builds, or 1."""

    kind: str
    name: str
    site: str
    date: str
    amount: int


WholePlan = tuple[WholeDecision, ...]
"""In rising order, so that equal plans are equal."""

Rules = tuple[tuple[str, int], ...]
"""Whole columns that follow from a plan's decisions (is there a profit, is a loan drawn) and are not 0, by the name
that they have in its own model, sorted. A guess anywhere else: what does not fit there is found anew."""

Splits = tuple[tuple[str, int, int] | None, ...]
"""How a search split the choices to prove a plan, as `optimizer.solve.prove` has it."""

Scores = tuple[tuple[str, int, float], ...]
"""How much splits of a kind told of the choices, as `optimizer.solve.branching.Memory` has it: so that they need not be
tried again."""

Years = tuple[tuple[int, int], ...]
"""(country, last node) of the years in which a plan had to be held to tax law, as `Instance.tax_binaries`, sorted."""


Start = tuple[str, str]
"""A basis of a linear program: what it is of, and the basis as text, as `optimizer.solve.starts` has it."""

Starts = tuple[Start, ...]


class Trail(NamedTuple):
    """What the search that found a plan left behind, to help the next one. It decides nothing."""

    rules: Rules = ()
    splits: Splits = ()
    years: Years = ()
    starts: Starts = ()
    scores: Scores = ()


NO_TRAIL = Trail()


def whole_plan(choices: Choices, decisions: Decisions, start_month: int) -> WholePlan:
    """The whole numbers of decisions; leases of the start are none."""
    found = []
    for o in np.flatnonzero(decisions.halls).tolist():
        option = choices.options[o]
        if not option.is_lease:
            halls = int(decisions.halls[o])
            found.append(_decision(SIGN, option.offer_name, option.site_name, option.flows.signed, halls, start_month))
    for u in np.flatnonzero(decisions.built).tolist():
        build = choices.builds[u]
        found.append(_decision(BUILD, build.name, build.site_name, build.step, int(decisions.built[u]), start_month))
    for q, signing in enumerate(choices.signings):
        if decisions.lever[q] > 0:
            site = choices.site_names[signing.site]
            found.append(_decision(CONTRACT, signing.offer, site, signing.signed, 1, start_month))
    return tuple(sorted(found))


def _decision(kind: str, name: str, site: str, at: float, amount: int, start_month: int) -> WholeDecision:
    return WholeDecision(kind, name, site, month_label(start_month + at + 1e-9), amount)


def columns_of(
    plan: WholePlan, choices: Choices, instance: Instance, start_month: int, rules: Rules = ()
) -> dict[str, float] | None:
    """Values of the model's whole columns by name, those not named being 0; None if the case has no such choice.

    Leases of the start are signed as they are.
    """
    columns: dict[str, float] = {name: float(value) for name, value in rules}
    halls: dict[int, int] = {}
    places: dict[tuple[str, str, str, str], tuple[str, int]] = {}
    for o, option in enumerate(choices.options):
        if option.is_lease:
            columns[f"sign[{o}]"] = 1.0
            halls[option.offer] = int(instance.hosting.halls_max[o])
        else:
            key = _decision(SIGN, option.offer_name, option.site_name, option.flows.signed, 0, start_month)[:4]
            places[key] = ("sign", o)
    for u, build in enumerate(choices.builds):
        places[_decision(BUILD, build.name, build.site_name, build.step, 0, start_month)[:4]] = ("built", u)
    for q, signing in enumerate(choices.signings):
        site = choices.site_names[signing.site]
        places[_decision(CONTRACT, signing.offer, site, signing.signed, 0, start_month)[:4]] = ("sign_contract", q)
    for decision in plan:
        if decision[:4] not in places:
            return None
        column, index = places[decision[:4]]
        columns[f"{column}[{index}]"] = float(decision.amount) if column == "built" else 1.0
        if column == "sign":
            halls[choices.options[index].offer] = decision.amount
    for offer, count in halls.items():
        for leaf in instance.tree.leaves.tolist():
            columns[f"hall_count[{offer},{leaf}]"] = float(count)
    return columns
