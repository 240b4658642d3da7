"""Tax on income that falls due at the horizon or after it: on what halls earn to the end of their contracts and are
worth there, and on machines that are left. Section 15 of docs/figures_capital.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from optimizer.case.taxes import IncomeTax
from optimizer.plan.audit.recompute.deals import left_of
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract, Kind
from optimizer.plan.audit.recompute.income_tax import rate_of
from optimizer.plan.audit.recompute.lots import Lot
from optimizer.plan.audit.recompute.tax_countries import country_of
from optimizer.plan.audit.recompute.tax_depreciation import hall_asset, machine_asset
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, instant_factor, mean_factors


def tax_after(figures: Figures, tax: IncomeTax, mining: float, hosting: Callable[[Contract], float]) -> float:
    """Present value of all of it, USD m. mining: rate at which machines that are left are discounted; hosting: that of
    each contract."""
    halls = sum(_of_halls(figures, tax, each, hosting(each)) for each in figures.hosting)
    machines = sum(_of_machines(figures, tax, lot) for lot in figures.lots)
    return halls + machines * instant_factor(mining, figures.timeline.months)


def _last_rate(figures: Figures, tax: IncomeTax, site: str) -> float:
    """Rate of the last period, where a site is taxed."""
    return rate_of(tax, country_of(tax, site), figures.timeline.periods[-1].start)


def _of_halls(figures: Figures, tax: IncomeTax, contract: Contract, discount: float) -> float:
    """Present value of tax on what a lease or a signed offer earns after the horizon, and on its residual there."""
    timeline, length = figures.timeline, len(contract.noi)
    rate = _last_rate(figures, tax, contract.site)
    # By then the cost of signing, which is one for any number of halls, is left out.
    kinds: tuple[Kind, ...] = ("capex",)
    asset = hall_asset(figures, contract, tax, kinds)
    written = asset.by_month(timeline.start, length)
    monthly = rate * np.maximum(0.0, contract.noi - written)[timeline.months :]
    total = float(monthly @ mean_factors(discount, length)[timeline.months :])
    for each in contract.at_once:
        if each.kind == "residual" and each.after > timeline.months - SAME_INSTANT:
            # The month in which the contract ends has its part already, against what is earned in it.
            basis = asset.usd_m - float(written[: math.ceil(each.after - SAME_INSTANT)].sum())
            total += rate * max(0.0, each.amount - basis) * instant_factor(discount, each.after)
    return total


def _of_machines(figures: Figures, tax: IncomeTax, lot: Lot) -> float:
    """Tax on what is left of a lot at the horizon, as if it were sold there, USD m of then."""
    timeline = figures.timeline
    sold_for = left_of(figures.case, timeline, lot, figures.network)
    asset = machine_asset(figures, tax, lot)
    basis = 0.0
    if asset is not None:
        left = asset.usd_m - float(asset.by_month(timeline.start, timeline.months).sum())
        basis = left * lot.ph_s_at_end / lot.ph_s
    return _last_rate(figures, tax, lot.home) * max(0.0, sold_for - basis)
