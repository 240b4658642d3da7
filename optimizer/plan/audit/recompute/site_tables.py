"""Rows of the tables about power at the sites: dispatch, contracts, flexibility, delivery, certificate. Section 12 of
docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.plan.audit.recompute.certificate import site_years
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.recompute.delivery import MachineCharge
from optimizer.plan.audit.recompute.dispatch import UNITS, operations_of
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array, Period


def in_period(figures: Figures, by_month: Array, place: int) -> float:
    """What falls into a period of figures by month."""
    return float(figures.timeline.by_period(by_month)[place])


def dispatch_rows(figures: Figures) -> Iterator[Row]:
    """What was decided, as far as it had to be; what is lacking as if it were nothing."""
    for each in operations_of(figures.case, figures.timeline):
        amount = figures.dispatch.amounts.get(each, 0.0)
        month = f"{each.month // 12:04d}-{each.month % 12 + 1:02d}"
        yield month, each.site, each.kind, each.item, amount, UNITS[each.kind]


def contract_rows(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    """All contracts that are in force on some day."""
    for each in figures.contracts:
        if in_period(figures, each.in_force, place) > 0:
            mwh = (each.mwh, each.mining_mwh, each.hosting_mwh, each.unused_mwh)
            columns = (*mwh, each.paid, each.result, each.against_market)
            yield each.site, each.name, *(in_period(figures, column, place) for column in columns)


def flexibility_rows(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    """All programs that are in force on some day."""
    for each in figures.programs:
        if in_period(figures, each.in_force, place) > 0:
            mw_hours, income = in_period(figures, each.mw_hours, place), in_period(figures, each.income, place)
            hours = in_period(figures, figures.operated[each.site].hours, place)
            yield each.site, each.name, mw_hours / hours, mw_hours, income


def delivery_rows(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    """All charges: of machines, and of each contract of hosting that bears some of them in the period."""
    for charge in figures.charges:
        accrued, avoided, paid = (in_period(figures, each, place) for each in _columns(charge))
        yield charge.site, charge.name, "mining", accrued, avoided, paid, 0.0
        for contract in figures.hosting_at(charge.site):
            of_halls = next(each for each in contract.charges if each.name == charge.name)
            accrued, paid = in_period(figures, of_halls.accrued, place), in_period(figures, of_halls.paid, place)
            if accrued or paid:
                recovered = paid if contract.recovers_delivery else 0.0
                yield charge.site, charge.name, f"hosting: {contract.name}", accrued, 0.0, paid, recovered


def _columns(charge: MachineCharge) -> tuple[Array, Array, Array]:
    return charge.accrued, charge.avoided, charge.paid


def certificate_rows(figures: Figures) -> Iterator[Row]:
    """What every site earns in a year. What the model makes of it and the bound are stated, not recomputed."""
    for each in site_years(figures):
        yield each.site, str(each.year), each.usd_m, each.usd_m, each.usd_m, 0.0
