"""Why there is no plan, in the case's own words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.debt.tranches import component_of
from models.instance import Instance
from optimizer.errors import InfeasibleError
from optimizer.solve.bridge import StandardForm
from optimizer.solve.conflict import Conflict, ConflictKind, Softening, find_conflict

MOST_LINES = 12

FIGURES = ("limit_min_cash", "sites_", "operations_")
"""Rows whose limit is a figure of the case."""

LIMIT_WORDS = {
    "min_cash_usd_m": ("minimum cash", 1.0, "USD m"),
    "min_liquidity_usd_m": ("minimum liquidity", 1.0, "USD m"),
    "net_debt_to_ebitda": ("net debt / EBITDA", 1.0, "USD m of net debt"),
    "debt_service_coverage": ("debt service coverage", 1.0, "USD m of EBITDA"),
    "due_within_12_months": ("debt due within 12 months", 1.0, "USD m"),
    "max_dilution": ("dilution", 1000.0, "of the shares"),
    "max_btc_share": ("bitcoin's share of liquidity", 1.0, "USD m"),
    "debt_to_capital": ("debt to capital", 1.0, "USD m of debt"),
}
"""By limit: in words, what a unit of it is worth beside a million when something has to give, and its unit."""


def infeasible(instance: Instance, form: StandardForm) -> InfeasibleError:
    """Why there is no plan, in the case's own words: the cheapest way in which limits would have to give."""
    softenable = money_that_may_give(instance) | megawatts_that_may_give(instance)
    form = without_implied_rows(form)
    conflict = find_conflict(form, softenable)
    if conflict.kind is ConflictKind.SHORTFALLS:
        # Steel before money, then in time: what is first is what to look at first.
        order = {name: place for place, name in enumerate(softenable)}
        found = sorted(conflict.shortfalls, key=lambda s: (s.unit != "MW", order[s.name]))
        kind = [s for s in found if s.unit == found[0].unit]
        worst = max(kind, key=lambda s: s.amount)
        found = [worst, *(s for s in found if s is not worst)]
        lines = [f"{s.label}: {_broken(s.name, s.side, s.limit)} by {s.amount:,.2f} {s.unit}" for s in found]
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more"]
        return InfeasibleError(
            f"no plan can satisfy this case: {worst.label} would have to give by {worst.amount:,.2f} {worst.unit}",
            lines,
        )
    return InfeasibleError("no plan can satisfy this case", _outside(instance, conflict))


def without_implied_rows(form: StandardForm) -> StandardForm:
    """The form without rows that only say again what others say: they would hold on to what the others let go."""
    implied = np.array([name.startswith("sites_whole_halls[") for name in form.row_names], dtype=bool)
    return replace(form, row_upper=np.where(implied, np.inf, form.row_upper))


def megawatts_that_may_give(instance: Instance) -> dict[str, Softening]:
    """Limits on megawatts by row of the model. A megawatt is dearer than a million: money gives way before steel."""
    limits = instance.limits
    found = {
        f"sites_megawatts[{r}]": Softening(20.0, f"limit of MW: {name}", "MW") for r, name in enumerate(limits.name)
    }
    if instance.operations is not None:
        found |= {
            f"operations_hedge[{r}]": Softening(
                20.0, f"load for the contracts signed at {name.partition(': ')[2]}", "MW"
            )
            for r, name in enumerate(instance.operations.row_name)
            if name.startswith("hedge:")
        }
    return found


def money_that_may_give(instance: Instance) -> dict[str, Softening]:
    """Limits on money by row of the model, in words: minimum cash first."""
    tree = instance.tree
    found: dict[str, Softening] = {}
    if instance.covenants is not None:
        for covenant in instance.covenants.limits:
            label, weight, unit = LIMIT_WORDS[covenant.kind]
            label += "" if covenant.kind == "min_cash_usd_m" else f" ({covenant.limit:g})"
            found |= {
                f"limit_{covenant.kind}[{n}]": Softening(weight, f"{label} at the end of {tree.label[n]}", unit)
                for n in np.flatnonzero(covenant.holds).tolist()
            }
    if instance.tranches is not None:
        found |= {
            f"{component_of(name.partition(':')[0])}[{r}]": Softening(1.0, name, "USD m")
            for r, name in enumerate(instance.tranches.row_name)
        }
    return found


def _broken(name: str, side: str, limit: float) -> str:
    """How a row is broken: by the side of its figure, if it has one; others are sums over decisions."""
    if not name.startswith(FIGURES):
        return "is broken"
    return f"{'falls short of' if side == 'lower' else 'goes beyond'} {limit:,.2f}"


def _outside(instance: Instance, conflict: Conflict) -> list[str]:
    lines = [conflict.message]
    if instance.bounds.sign_required:
        lines.append(
            "a given signature cannot be kept together with the offer's own terms or with another given decision"
        )
    if conflict.hint_rows:
        lines.append("one set of rules that cannot hold together (a hint): " + ", ".join(conflict.hint_rows[:8]))
    return lines
