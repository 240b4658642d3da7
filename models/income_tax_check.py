"""Whether a solution gains by using losses and interest otherwise than the rule has it, and up to which years.

A plan may leave losses or interest for later, or make a profit beside a loss. Where the rule itself comes to the same
value, with as much cash at all times, nothing has to be done about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from models.forward import Decisions, forward
from models.income_parts import HOME, year_before
from models.instance import Instance
from models.tax import year_ends

TOLERANCE_USD_M = 1e-5
"""Ten dollars: what rounding and the solver's own tolerances come to; on a value above 100, in proportion to it."""


def violated_years(
    instance: Instance, decisions: Decisions, values: Mapping[str, float], claimed_usd_m: float
) -> frozenset[tuple[int, int]]:
    """(country, last node) of the years in which a solution does not follow the rule, if it gains by that, and of those
    before them.

    ``values`` of columns by name, from which ``decisions`` were taken; ``claimed_usd_m`` what it says to be worth.
    Years that have their whole numbers already are not named again.
    """
    taxed = instance.income_tax
    if taxed is None:
        return frozenset()
    ruled = forward(replace(instance, operate=None), decisions)
    scale = TOLERANCE_USD_M * max(1.0, abs(claimed_usd_m) / 100)
    cash = np.array([values[f"cash[{n}]"] for n in range(len(instance.tree))])
    short = cash - ruled.cash_usd_m
    if instance.lines is not None and instance.lines.sweep.any():
        # A sweep takes more where there is more: cash has to be what the plan says.
        short = np.abs(short)
    if claimed_usd_m - ruled.value_usd_m <= scale and short.max() <= scale:
        return frozenset()
    countries, ends, reaches = range(len(taxed.country)), year_ends(instance), instance.tree.reaches
    broken = {(g, e) for g in countries for e in ends if _breaks_the_rule(instance, values, g, e)}
    # What may not wait in one year waits in the one before: these get the rule at once.
    before = {(g, b) for g, e in broken for b in ends if reaches[b, e]}
    return frozenset(before - instance.tax_binaries)


def _breaks_the_rule(instance: Instance, values: Mapping[str, float], country: int, end: int) -> bool:
    """Whether a year has profit beside loss, or leaves losses or interest for later that it could use."""
    taxed = instance.income_tax
    assert taxed is not None
    before = year_before(instance, end)

    def value(name: str, *index: int) -> float:
        return float(values[f"{name}[{','.join(map(str, index))}]"])

    profit, loss = value("income_profit", country, end), value("income_loss", country, end)
    held = float(taxed.losses_usd_m[country]) if before is None else value("losses_left", country, before)
    scale = TOLERANCE_USD_M * max(1.0, profit, loss)
    usable = min(held, taxed.loss_limit * profit)
    if min(profit, loss) > scale or value("losses_used", country, end) < usable - scale:
        return True
    if country != HOME or taxed.interest_limit is None:
        return False
    deducted = value("interest_deducted", end)
    there = value("interest_left", end) + deducted
    cap = taxed.interest_limit * max(0.0, value("income_adjusted", HOME, end))
    return deducted < min(there, cap) - scale
