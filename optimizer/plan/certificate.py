"""The certificate: what the model says that hours earn, what they earn when gone through, and the most they could.

By site and calendar year, for the megawatts of the plan. docs/figures.md, section 12, ``certificate.csv``; why the
model's figure is a bound where its slots are complete: docs/power_contracts.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from optimizer.case.delivery import Demand
from optimizer.case.flexibility import DemandResponse
from optimizer.plan.build import Plan


@dataclass(frozen=True)
class CertificateRow:
    """One site in one calendar year; present value in USD m."""

    site: str
    year: int
    model_usd_m: float
    redispatched_usd_m: float
    bound_usd_m: float

    @property
    def scale(self) -> float:
        return max(1.0, abs(self.redispatched_usd_m))

    @property
    def gap(self) -> float:
        return (self.bound_usd_m - self.redispatched_usd_m) / self.scale


@dataclass(frozen=True)
class Certificate:
    """How far the model and the hours may be apart, and how far they are."""

    separable: bool
    """Whether no site needs more than one look: nothing is approximated anywhere."""
    tolerance: float
    rounds: int
    rows: tuple[CertificateRow, ...]

    @property
    def worst_gap(self) -> float:
        """Largest distance between the model, the hours and the bound of a site and year, in relative terms."""
        return max(
            (max(row.gap, abs(row.model_usd_m - row.redispatched_usd_m) / row.scale) for row in self.rows), default=0.0
        )

    @property
    def passed(self) -> bool:
        return self.worst_gap <= self.tolerance


def certificate_rows(plan: Plan) -> list[CertificateRow]:
    """Every site and year of the horizon."""
    prepared = plan.prepared
    cells, sites = prepared.market.cells, list(prepared.case.sites)
    modelled, done, slack = _modelled(plan), _done(plan), _slack(plan)
    years = sorted({cells.year(int(c)) for c in np.flatnonzero(~cells.in_tail)})
    rows = []
    for s, name in enumerate(sites):
        for year in years:
            model, redispatched = modelled[s, year], done[s, year]
            bound = max(model + slack[s, year], redispatched)
            rows.append(CertificateRow(name, year, model, redispatched, bound))
    return rows


def _slack(plan: Plan) -> dict[tuple[int, int], float]:
    """What bands of a profile may hide, by site and year.

    Where nothing but the megawatts of the plan says how much of a profile is used, going through every hour is already
    the best there is, whatever the bands say; where a peak or an enrolment is chosen with them, it may not be.
    """
    prepared = plan.prepared
    cells, sites = prepared.market.cells, list(prepared.case.sites.values())
    total: dict[tuple[int, int], float] = defaultdict(float)
    for s, cell, amount in prepared.site_model.slacks:
        chosen = any(isinstance(charge, Demand) for charge in sites[s].delivery.values())
        chosen |= any(isinstance(program, DemandResponse) for program in sites[s].flexibility.values())
        if chosen:
            total[s, cells.year(cell)] += amount
    return total


def _done(plan: Plan) -> dict[tuple[int, int], float]:
    """Present value of what every interval came to, by site and year."""
    prepared, months = plan.prepared, plan.months
    cells, redispatch = prepared.market.cells, prepared.redispatch
    total: dict[tuple[int, int], float] = defaultdict(float)
    years = [cells.year(c) for c in range(cells.size)]
    for p, place in enumerate(prepared.operations.places):
        values = months.margin[p] * redispatch.factor
        for c in np.flatnonzero(values).tolist():
            total[place.site, years[c]] += float(values[c])
    for kind in (months.contracts, months.programs):
        for (s, _), entry in kind.items():
            amounts = entry.result if hasattr(entry, "result") else entry.income
            for c in np.flatnonzero(amounts).tolist():
                total[s, years[c]] += float(amounts[c] * redispatch.factor[c])
    for (s, name), charge in months.charges.items():
        values = redispatch.due.values(s, name, charge.accrued)
        for c in np.flatnonzero(values).tolist():
            total[s, years[c]] -= float(values[c])
    return total


def _modelled(plan: Plan) -> dict[tuple[int, int], float]:
    """The same as the model's columns have it."""
    prepared = plan.prepared
    cells, redispatch, model = prepared.market.cells, prepared.redispatch, prepared.site_model
    operations, mining = prepared.open.operations, prepared.operations.mining
    years = [cells.year(c) for c in range(cells.size)]
    total: dict[tuple[int, int], float] = defaultdict(float)
    standing = plan.states.installed_eh_s[:, cells.node]
    for p, place in enumerate(prepared.operations.places):
        values = mining.margin_usd_m[p] * standing[p] * redispatch.factor
        billing = prepared.operations.clocks[place.site].peak_billing
        charged = mining.peak_charge_usd_m[p] * standing[p]
        for c in np.flatnonzero(values).tolist():
            total[place.site, years[c]] += float(values[c])
        for c in np.flatnonzero(charged).tolist():
            assert billing is not None
            paid = billing.factor(int(cells.month[c])) * redispatch.probability[c]
            total[place.site, years[c]] -= float(charged[c] * paid)
    for settlement in prepared.operations.settlements:
        for c, amount in settlement.usd_m.items():
            total[settlement.site, years[c]] += amount * float(redispatch.factor[c])
    for s, c, amount in model.constants:
        total[s, years[c]] += amount * float(redispatch.factor[c])
    for o, s, c, amount in model.hall_at:
        total[s, years[c]] += amount * float(plan.decisions.halls[o]) * float(redispatch.factor[c])
    if operations is None:
        return total
    for u in np.flatnonzero(plan.decisions.use_mw).tolist():
        s, c = model.use_at[u]
        total[s, years[c]] += float(operations.use_value[u] * plan.decisions.use_mw[u])
    for v, lever in enumerate(model.levers):
        amount = float(plan.decisions.lever[v])
        if not amount:
            continue
        if lever.kind == "contract":
            for c, value in model.signing_values[v]:
                total[lever.site, years[c]] += value * amount
        else:
            total[lever.site, years[lever.cell]] += float(operations.lever_value[v]) * amount
    return total
