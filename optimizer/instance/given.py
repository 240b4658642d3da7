"""Given decisions -> bounds of the model. The twins (status quo, all mining, all hosting) are given decisions too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.instance import DecisionBounds, HostingOptions, Instance, Lots, open_bounds
from models.tree import Tree
from optimizer.case.case import Case
from optimizer.case.given import Given, GivenSignature
from optimizer.errors import CaseError
from optimizer.instance.hosting import Option
from optimizer.market.calendar import nearest_decision_node
from optimizer.operations.mining import Lot

STATUS_QUO = Given(otherwise="nothing")
"""Commitments only: deliveries and debts run on, nothing is signed."""


def all_mining(case: Case) -> Given:
    """No hosting; all else free."""
    return Given(sign=dict.fromkeys(case.offers, "forbidden"))


def with_given(
    instance: Instance, given: Given, options: tuple[Option, ...], lots: tuple[Lot, ...], start_month: int
) -> Instance:
    """The same instance with these decisions laid down (and no others)."""
    hosting, bounds = _signatures(instance, given, options, start_month)
    return replace(
        instance, hosting=hosting, bounds=_retirements(bounds, given, instance.tree, instance.lots, lots, start_month)
    )


def _signatures(
    instance: Instance, given: Given, options: tuple[Option, ...], start_month: int
) -> tuple[HostingOptions, DecisionBounds]:
    tree, hosting = instance.tree, instance.hosting
    bounds = open_bounds(tree, instance.lots, hosting)
    lower, upper = bounds.sign_lower.copy(), bounds.sign_upper.copy()
    least, most = hosting.halls_min.copy(), hosting.halls_max.copy()
    required: list[tuple[int, ...]] = []
    for name in {option.offer_name: None for option in options}:
        members = [o for o, option in enumerate(options) if option.offer_name == name]
        if options[members[0]].is_lease:
            lower[members] = 1
            continue
        rule = given.sign.get(name)
        if rule is None:
            if given.otherwise == "nothing":
                upper[members] = 0
            continue
        if rule == "forbidden" or rule.halls_at_most == 0:
            upper[members] = 0
            continue
        chosen = [o for o in members if _matches(options[o], rule, tree, start_month)]
        for o in members:
            if o not in chosen:
                upper[o] = 0
            elif rule.halls is not None:
                least[o] = most[o] = rule.halls
            else:
                least[o] = max(least[o], rule.halls_at_least or 0)
                most[o] = min(most[o], rule.halls_at_most if rule.halls_at_most is not None else most[o])
        if rule.halls is not None or (rule.halls_at_least or 0) >= 1:
            required.append(tuple(chosen))
    missing = [
        name
        for name, rule in given.sign.items()
        if isinstance(rule, GivenSignature)
        and (rule.halls is not None or (rule.halls_at_least or 0) >= 1)
        and not any(o.offer_name == name and _matches(o, rule, tree, start_month) for o in options)
    ]
    if missing:
        raise CaseError.single(
            "nothing in the horizon matches it: its date (nearest step) lies outside the offer's window, or its site "
            "is none of the offer's",
            path=f"given.sign.{missing[0]}",
        )
    hosting = replace(hosting, halls_min=least, halls_max=most)
    return hosting, replace(bounds, sign_lower=lower, sign_upper=upper, sign_required=tuple(required))


def _matches(option: Option, rule: GivenSignature, tree: Tree, start_month: int) -> bool:
    if rule.site is not None and rule.site != option.site_name:
        return False
    if rule.date is None:
        return True
    node = nearest_decision_node(tree, rule.date.first - start_month)
    return bool(abs(tree.start_months[option.node] - tree.start_months[node]) < 1e-9)


def _retirements(
    bounds: DecisionBounds, given: Given, tree: Tree, arrays: Lots, lots: tuple[Lot, ...], start_month: int
) -> DecisionBounds:
    lower, upper = bounds.retire_lower_eh.copy(), bounds.retire_upper_eh.copy()
    for c, lot in enumerate(lots):
        rule = given.retire.get(lot.full_name)
        if rule == "forbidden":
            upper[c, :] = 0.0
        elif rule is not None:
            for day, ph_s in rule.items():
                node = nearest_decision_node(tree, day.first - start_month)
                here = np.abs(tree.start_months - tree.start_months[node]) < 1e-9
                lower[c, here & tree.decision] = upper[c, here & tree.decision] = min(ph_s / 1000, arrays.eh_s[c])
    return replace(bounds, retire_lower_eh=lower, retire_upper_eh=upper)
