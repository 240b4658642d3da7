"""The certificate: what the model says that hours earn, what they earn when gone through, and the most they could.

By site and calendar year, for the megawatts of the plan. docs/figures.md, section 12, ``certificate.csv``; why the
model's figure is a bound where its slots are complete: docs/power_contracts.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats, Ints
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
    cells, sites = plan.prepared.market.cells, list(plan.prepared.case.sites)
    modelled, done, slack = _modelled(plan), _done(plan), _slack(plan)
    years = sorted({cells.year(int(c)) for c in np.flatnonzero(~cells.in_tail)})
    first, rows = cells.year(0), []
    for s, name in enumerate(sites):
        for year in years:
            model, redispatched = float(modelled[s, year - first]), float(done[s, year - first])
            bound = max(model + float(slack[s, year - first]), redispatched)
            rows.append(CertificateRow(name, year, model, redispatched, bound))
    return rows


def _years(plan: Plan) -> Ints:
    """(J,) calendar year of each month cell, after that of the start."""
    cells = plan.prepared.market.cells
    return (cells.start_month + cells.month) // 12 - cells.year(0)


def _nothing(plan: Plan) -> Floats:
    """By site and calendar year after that of the start."""
    return np.zeros((len(plan.prepared.case.sites), int(_years(plan).max()) + 1))


def _slack(plan: Plan) -> Floats:
    """What bands of a profile may hide, by site and year.

    Where nothing but the megawatts of the plan says how much of a profile is used, going through every hour is already
    the best there is, whatever the bands say; where a peak or an enrolment is chosen with them, it may not be.
    """
    prepared, years, total = plan.prepared, _years(plan), _nothing(plan)
    sites = list(prepared.case.sites.values())
    for s, cell, amount in prepared.site_model.slacks:
        chosen = any(isinstance(charge, Demand) for charge in sites[s].delivery.values())
        chosen |= any(isinstance(program, DemandResponse) for program in sites[s].flexibility.values())
        if chosen:
            total[s, years[cell]] += amount
    return total


def _done(plan: Plan) -> Floats:
    """Present value of what every interval came to, by site and year."""
    prepared, months = plan.prepared, plan.months
    redispatch, years, total = prepared.redispatch, _years(plan), _nothing(plan)
    margin = months.margin
    for p, place in enumerate(prepared.operations.places):
        np.add.at(total[place.site], years, margin[p] * redispatch.factor)
    for (s, _), contract in months.contracts.items():
        np.add.at(total[s], years, contract.result * redispatch.factor)
    for (s, _), program in months.programs.items():
        np.add.at(total[s], years, program.income * redispatch.factor)
    for (s, name), charge in months.charges.items():
        np.subtract.at(total[s], years, redispatch.due.values(s, name, charge.accrued))
    return total


def _modelled(plan: Plan) -> Floats:
    """The same as the model's columns have it."""
    prepared = plan.prepared
    cells, redispatch, model = prepared.market.cells, prepared.redispatch, prepared.site_model
    operations, mining = prepared.open.operations, prepared.operations.mining
    years, total = _years(plan), _nothing(plan)
    standing = plan.states.installed_eh_s[:, cells.node]
    margin = mining.margin_usd_m
    for p, place in enumerate(prepared.operations.places):
        np.add.at(total[place.site], years, margin[p] * standing[p] * redispatch.factor)
        billing = prepared.operations.clocks[place.site].peak_billing
        charged = mining.peak_charge_usd_m[p] * standing[p]
        at = np.flatnonzero(charged)
        if len(at):
            assert billing is not None
            factor = np.array([billing.factor(int(month)) for month in cells.month[at]])
            np.subtract.at(total[place.site], years[at], charged[at] * (factor * redispatch.probability[at]))
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
    for v in np.flatnonzero(plan.decisions.lever).tolist():
        lever, amount = model.levers[v], float(plan.decisions.lever[v])
        if lever.kind == "contract":
            for c, value in model.signing_values[v]:
                total[lever.site, years[c]] += value * amount
        else:
            total[lever.site, years[lever.cell]] += float(operations.lever_value[v]) * amount
    return total
