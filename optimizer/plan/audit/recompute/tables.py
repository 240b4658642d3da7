"""Every table of a plan as rows, in the order and with the columns of section 12 of docs/figures.md.

A cell is text, a number or None for an empty one; numbers are not rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.blocks import mean_over, overlap
from optimizer.plan.audit.recompute.cash import FLOWS, CashPath, cash_path
from optimizer.plan.audit.recompute.companies import company_rows
from optimizer.plan.audit.recompute.covenants import Covenant, covenants_of
from optimizer.plan.audit.recompute.decision_rows import Row, decision_rows
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Kind
from optimizer.plan.audit.recompute.limits import Megawatts, megawatt_limits
from optimizer.plan.audit.recompute.lots import Stand
from optimizer.plan.audit.recompute.money_tables import MONEY_COLUMNS, debt_rows, limit_rows, project_rows
from optimizer.plan.audit.recompute.site_tables import (
    certificate_rows,
    contract_rows,
    delivery_rows,
    dispatch_rows,
    flexibility_rows,
    in_period,
)
from optimizer.plan.audit.recompute.statement_tables import STATEMENT_COLUMNS, statement_rows
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Period, first_day, last_day
from optimizer.plan.audit.recompute.treasury import treasury
from optimizer.plan.audit.recompute.value import Component, components_of

SCENARIO = "base"
LEAST_MWH = 1e-9
"""Rows of power.csv with no more than this are left out."""

LEAST_PH_S = 1e-6
"""Rows of machines.csv with no more than this are left out."""

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "decisions.csv": "date decision item site amount unit meter_mw capex_usd_m",
        "machines.csv": "scenario period lot place ph_s present",
        "allocation.csv": "scenario period from to site use item meter_mw it_mw mwh hours_run",
        "mining.csv": "scenario period site lot ph_s mwh hours_run btc revenue_usd_m power_cost_usd_m"
        " variable_cost_usd_m margin_usd_m power_usd_per_btc",
        "hosting.csv": "scenario period offer site halls it_mw mwh rent_usd_m operating_cost_usd_m power_cost_usd_m"
        " power_recovered_usd_m delivery_cost_usd_m delivery_recovered_usd_m"
        " noi_usd_m credit_usd_m prepayment_usd_m signing_cost_usd_m capex_usd_m residual_usd_m",
        "dispatch.csv": "scenario month site kind item amount unit",
        "power.csv": "scenario period site use mwh cost_usd_m mean_usd_per_mwh paid_by",
        "contracts.csv": "scenario period site contract mwh mining_mwh hosting_mwh unused_mwh paid_usd_m result_usd_m"
        " against_market_usd_m",
        "flexibility.csv": "scenario period site program mw mw_hours income_usd_m",
        "delivery.csv": "scenario period site charge use accrued_usd_m avoided_usd_m paid_usd_m recovered_usd_m",
        "certificate.csv": "scenario site year model_usd_m redispatched_usd_m bound_usd_m gap",
        "cash.csv": " ".join(
            ("scenario period opening_usd_m", *FLOWS, "closing_usd_m minimum_usd_m headroom_usd_m"),
        ),
        "treasury.csv": "scenario period opening_btc mined_btc sold_btc closing_btc btc_usd",
        "companies.csv": "scenario period company opening_usd_m flows_usd_m fund_usd_m upstream_usd_m withheld_usd_m"
        " closing_usd_m minimum_usd_m",
        "value.csv": "component within_horizon_usd_m beyond_horizon_usd_m total_usd_m at_wacc_usd_m",
    }.items()
} | (MONEY_COLUMNS | STATEMENT_COLUMNS)
"""Columns of every table by its file."""


@dataclass(frozen=True, eq=False)
class Tables:
    """rows: by file, as they have to stand there. Beside them what the limits are judged by.

    dust: keys of rows by file that may as well be left out: of a lot there is no more than the last digit written.
    """

    rows: dict[str, list[Row]]
    dust: dict[str, set[tuple[str, ...]]]
    cash: CashPath
    megawatts: tuple[tuple[Megawatts, ...], ...]
    covenants: tuple[Covenant, ...]
    components: tuple[Component, ...]

    @property
    def value_usd_m(self) -> float:
        return sum(component.total for component in self.components)


LEAST_BTC = 1e-9
"""So few coins are none: what a coin costs is not said of them."""


def tables_of(figures: Figures, intrinsic_to_market: float | None = None) -> Tables:
    """Rebuild every table. ``intrinsic_to_market``: what the plan states of its shares, by default the fixed point."""
    cash = cash_path(figures)
    megawatts = megawatt_limits(figures)
    components = components_of(figures, cash, intrinsic_to_market)
    by_period: dict[str, Callable[[Figures, int, Period], Iterator[Row]]] = {
        "machines.csv": _machines,
        "allocation.csv": _allocation,
        "mining.csv": _mining,
        "hosting.csv": _hosting,
        "power.csv": _power,
        "contracts.csv": contract_rows,
        "flexibility.csv": flexibility_rows,
        "delivery.csv": delivery_rows,
    }
    rows: dict[str, list[Row]] = {"decisions.csv": decision_rows(figures)}
    for name, make in by_period.items():
        rows[name] = [
            (SCENARIO, period.name, *row)
            for place, period in enumerate(figures.timeline.periods)
            for row in make(figures, place, period)
        ]
    rows["dispatch.csv"] = [(SCENARIO, *row) for row in dispatch_rows(figures)]
    rows["certificate.csv"] = [(SCENARIO, *row) for row in certificate_rows(figures)]
    rows["cash.csv"] = _cash(figures, cash)
    rows["debt.csv"] = list(debt_rows(figures, SCENARIO))
    rows["companies.csv"] = list(company_rows(figures, SCENARIO))
    rows["projects.csv"] = list(project_rows(figures, SCENARIO))
    rows["treasury.csv"] = _treasury(figures)
    rows["limits.csv"] = list(limit_rows(figures, cash, megawatts, SCENARIO))
    rows["value.csv"] = _value(components)
    rows |= statement_rows(figures, cash, SCENARIO)
    return Tables(rows, _dust(figures), cash, megawatts, covenants_of(figures, cash), components)


def _dust(figures: Figures) -> dict[str, set[tuple[str, ...]]]:
    found: dict[str, set[tuple[str, ...]]] = {"allocation.csv": set(), "mining.csv": set()}
    for stand in figures.stands:
        if all(block.amount > LEAST_PH_S for block in stand.present):
            continue
        for period in figures.timeline.periods:
            if 0 < _mean_ph_s(stand, period) <= LEAST_PH_S:
                found["allocation.csv"].add((SCENARIO, period.name, stand.site, "mining", stand.name))
                found["mining.csv"].add((SCENARIO, period.name, stand.site, stand.name))
    return found


def _mean_ph_s(stand: Stand, period: Period) -> float:
    """Mean PH/s installed and present; 0 means at no time."""
    return mean_over(stand.present, period.start, period.end)


def _machines(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    month = period.start - figures.timeline.start
    for lot in figures.lots:
        # At the end of its life a lot is scrapped, wherever it is; what is still on order is there with a share of 0.
        if lot.end <= period.start + SAME_INSTANT:
            continue
        present = overlap(lot.start, lot.end, period.start, period.end) / period.months
        for site, ph_s in (*lot.installed_ph_s.items(), ("store", lot.stored_ph_s)):
            # Nothing is moved within a period.
            if ph_s[month] > LEAST_PH_S:
                yield lot.full_name, site, float(ph_s[month]), present


def _allocation(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    start, end = first_day(period.start), last_day(period.end)
    for site in figures.case.sites:
        free = mean_over(figures.energised(site), period.start, period.end)
        for stand, mined in figures.stands_at(site):
            meter_mw = _mean_ph_s(stand, period) * stand.mw_per_ph_s
            if meter_mw > 0:
                mwh, hours = (in_period(figures, each, place) for each in (mined.mwh, mined.hours_run))
                yield start, end, site, "mining", stand.name, meter_mw, 0.0, mwh, hours
                free -= meter_mw
        for contract in figures.hosting_at(site):
            meter_mw = mean_over(contract.reserved, period.start, period.end)
            if meter_mw > 0:
                it_mw = in_period(figures, contract.it_mw, place) / period.months
                mwh = in_period(figures, contract.mwh, place)
                yield start, end, site, "hosting", contract.name, meter_mw, it_mw, mwh, 0.0
                free -= meter_mw
        yield start, end, site, "free", "", free, 0.0, 0.0, 0.0


def _mining(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    for site in figures.case.sites:
        for stand, mined in figures.stands_at(site):
            ph_s = _mean_ph_s(stand, period)
            if ph_s > 0:
                mwh, hours, btc, revenue, power, variable = (
                    in_period(figures, each, place)
                    for each in (
                        mined.mwh, mined.hours_run, mined.btc, mined.revenue, mined.power_cost, mined.variable_cost,
                    )
                )  # fmt: skip
                per_btc = power * 1e6 / btc if btc > LEAST_BTC else None
                margin = revenue - power - variable
                yield site, stand.name, ph_s, mwh, hours, btc, revenue, power, variable, margin, per_btc


def _hosting(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    for contract in figures.hosting:
        if contract.signed is not None and contract.signed >= period.end:
            continue
        mwh, rent, operating_cost, power_cost, recovered, delivery, delivery_recovered, noi, credit, capex = (
            in_period(figures, each, place)
            for each in (
                contract.mwh, contract.rent, contract.operating_cost, contract.power_cost, contract.power_recovered,
                contract.delivery_cost, contract.delivery_recovered, contract.noi, contract.credit, contract.capex,
            )
        )  # fmt: skip
        kinds: tuple[Kind, ...] = ("prepayment", "signing_cost", "capex", "residual")
        prepayment, signing, at_once, residual = (float(contract.paid(kind, figures.timeline)[place]) for kind in kinds)
        it_mw = in_period(figures, contract.it_mw, place) / period.months
        yield (
            contract.name, contract.site, contract.halls, it_mw, mwh, rent, operating_cost, power_cost, recovered,
            delivery, delivery_recovered, noi, credit, prepayment, signing, capex + at_once, residual,
        )  # fmt: skip


def _power(figures: Figures, place: int, period: Period) -> Iterator[Row]:
    for name, site in figures.case.sites.items():
        # Use, MWh and cost by month, who pays.
        uses: list[tuple[str, Array, Array, str]] = []
        if mined := [each for _, each in figures.stands_at(name)]:
            mwh, cost = sum(each.mwh for each in mined), sum(each.power_cost for each in mined)
            uses.append(("mining", np.asarray(mwh), np.asarray(cost), "operator"))
        uses += [
            (f"hosting: {each.name}", each.mwh, each.power_cost, each.paid_by) for each in figures.hosting_at(name)
        ]
        for use, by_month, cost_by_month, paid_by in uses:
            total, usd_m = in_period(figures, by_month, place), in_period(figures, cost_by_month, place)
            if total > LEAST_MWH:
                yield name, use, total, usd_m, usd_m * 1e6 / (total * site.share), paid_by


def _cash(figures: Figures, cash: CashPath) -> list[Row]:
    columns = (
        cash.opening,
        *(cash.flows[name] for name in FLOWS),
        cash.closing,
        cash.minimum,
        cash.closing - cash.minimum,
    )
    return [
        (SCENARIO, period.name, *(float(column[place]) for column in columns))
        for place, period in enumerate(figures.timeline.periods)
    ]


def _treasury(figures: Figures) -> list[Row]:
    held = treasury(figures)
    columns = (held.opening, held.mined, held.sold, held.closing, held.btc_usd)
    return [
        (SCENARIO, period.name, *(float(column[place]) for column in columns))
        for place, period in enumerate(figures.timeline.periods)
    ]


def _value(components: tuple[Component, ...]) -> list[Row]:
    rows: list[Row] = [(each.name, each.within, each.beyond, each.total, each.at_wacc) for each in components]
    within, beyond = sum(each.within for each in components), sum(each.beyond for each in components)
    at_wacc = None if components[0].at_wacc is None else sum(each.at_wacc or 0.0 for each in components)
    return [*rows, ("total", within, beyond, within + beyond, at_wacc)]
