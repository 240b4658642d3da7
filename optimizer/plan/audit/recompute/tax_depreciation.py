"""What is written off for tax, month by month. Section 15 of docs/figures_capital.md."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.case.taxes import IncomeTax, TaxDepreciation
from optimizer.plan.audit.recompute.decisions import bought_name
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract, Kind
from optimizer.plan.audit.recompute.lots import Lot
from optimizer.plan.audit.recompute.project_terms import project_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array

SLOW_FROM_YEARS = 15
"""From so many years on the declining balance goes at 150 % of the straight line, below at 200 %."""


@dataclass(frozen=True)
class Asset:
    """USD m that are written off from ``after`` months after the start of the plan on, at a site (None: no site's)."""

    site: str | None
    usd_m: float
    after: float
    terms: TaxDepreciation

    def by_month(self, start: int, months: int) -> Array:
        """What is written off in each of the first ``months`` months of a plan that begins at ``start``, (months,)."""
        return written_off(self.usd_m, self.after, self.terms, start, months)


def macrs_shares(years: int) -> tuple[float, ...]:
    """Shares of calendar years 0 to ``years`` of an asset: declining balance, half a year at both ends.

    Each year goes by what the rounded shares before have left, as in the tables of the tax office.
    """
    rate = (1.5 if years >= SLOW_FROM_YEARS else 2.0) / years
    left, shares = 1.0, []
    for year in range(years):
        part = 0.5 if year == 0 else 1.0
        straight = left * part / (years if year == 0 else years - year + 0.5)
        share = max(min(1.0, rate * part) * left, straight)
        # Halves up: in binary a half of the last digit may be a hair less.
        shares.append(math.floor(share * 1e4 + 0.5 + 1e-6) / 1e4)
        left = 1.0 - math.fsum(shares)
    return (*shares, max(0.0, left))


def written_off(usd_m: float, after: float, terms: TaxDepreciation, start: int, months: int) -> Array:
    """By month from the start of the plan, (months,): the bonus in the month of the instant, the rest by the method."""
    by_month = np.zeros(months)
    at = math.floor(after + SAME_INSTANT)
    if at < months:
        by_month[at] += terms.bonus * usd_m
    rest = (1 - terms.bonus) * usd_m
    if terms.method == "straight_line":
        return by_month + evenly(rest, after, after + 12 * terms.years, months)
    january = 12 * ((start + at) // 12) - start
    for year, share in enumerate(macrs_shares(terms.years)):
        first = max(after, january + 12 * year)
        by_month += evenly(rest * share, first, january + 12 * (year + 1), months)
    return by_month


def evenly(usd_m: float, low: float, high: float, months: int) -> Array:
    """An amount by month, (months,), spread evenly over ``[low, high)``, in months after the start."""
    return np.asarray(np.diff(np.interp(np.arange(months + 1), (low, high), (0.0, usd_m))))


def hall_asset(figures: Figures, contract: Contract, tax: IncomeTax, kinds: Collection[Kind]) -> Asset:
    """The halls of a lease or of a signed offer: capex in all, and of what is paid at once what is of these kinds."""
    at_once = sum(each.amount for each in contract.at_once if each.kind in kinds)
    after = max(0.0, project_of(figures.case, figures.timeline, contract).first_rent - figures.timeline.start)
    return Asset(contract.site, at_once + float(contract.capex.sum()), after, tax.depreciation.halls)


def machine_asset(figures: Figures, tax: IncomeTax, lot: Lot) -> Asset | None:
    """What was paid for a lot within the plan; None for what was there before."""
    start, terms = figures.timeline.start, tax.depreciation.machines
    if lot.ordered is not None:
        order = next(
            each
            for each in figures.decisions.of("buy")
            if (each.site, bought_name(each.item, each.at)) == (lot.home, lot.name)
        )
        return Asset(lot.home, figures.deals.paid[order], lot.start - start, terms)
    if lot.due_at is not None and lot.due_at >= start - SAME_INSTANT:
        return Asset(lot.home, lot.due_usd_m, lot.due_at - start, terms)
    return None


def assets_of(figures: Figures, tax: IncomeTax) -> Iterator[Asset]:
    """Everything that is written off for tax, whether inside the horizon or not."""
    start, classes = figures.timeline.start, tax.depreciation
    yield from (asset for lot in figures.lots if (asset := machine_asset(figures, tax, lot)) is not None)
    for contract in figures.hosting:
        yield hall_asset(figures, contract, tax, ("capex", "signing_cost"))
    for built in figures.builds:
        yield Asset(built.site, built.total, built.energised.start - start, classes.buildings)
    for basis in tax.opening_basis.values():
        terms = TaxDepreciation(method="straight_line", years=basis.years_left)
        yield Asset(None, basis.usd_m, 0.0, terms)
