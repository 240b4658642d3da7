"""Tax on each calendar year's income: depreciation, interest and its limit, losses, countries. Section 15 of
docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.taxes import IncomeTax
from optimizer.plan.audit.recompute.bitcoin_result import bitcoin_result
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.earnings import ebitda_at, parent_ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract, Kind
from optimizer.plan.audit.recompute.owed import owed_by_signature, owed_of
from optimizer.plan.audit.recompute.tax_depreciation import assets_of, hall_asset
from optimizer.plan.audit.recompute.timeline import Array, Timeline

HOME = "home"
"""The parent, in the column ``country`` of tax.csv."""


@dataclass(frozen=True, eq=False)
class TaxBase:
    """What a country taxes, by period, (P,) each, USD m.

    other: what is sold of machines, residuals; at home also moves (negative) and what bitcoin has brought. interest:
    paid, accrued and capitalised. costs: fees.
    """

    ebitda: Array
    depreciation: Array
    other: Array
    interest: Array
    costs: Array


@dataclass(frozen=True)
class TaxYear:
    """A row of tax.csv; ``year`` and ``country``, then USD m."""

    year: int
    country: str
    ebitda: float
    depreciation: float
    other_income: float
    interest: float
    interest_deducted: float
    interest_carried: float
    costs: float
    loss_used: float
    losses_left: float
    taxable: float
    tax: float


def country_of(tax: IncomeTax, site: str | None) -> str:
    """The country in which a site is taxed; what belongs to no site is the parent's."""
    return next((name for name, country in tax.countries.items() if site in country.sites), HOME)


def tax_bases(figures: Figures, tax: IncomeTax) -> dict[str, TaxBase]:
    """What every country taxes: ``home`` first, then the countries in the order of the case."""
    timeline, deals = figures.timeline, figures.deals
    bases = {name: TaxBase(*(np.zeros(len(timeline.periods)) for _ in range(5))) for name in (HOME, *tax.countries)}

    def of(site: str | None) -> TaxBase:
        return bases[country_of(tax, site)]

    for site in figures.case.sites:
        of(site).ebitda[:] += timeline.by_period(ebitda_at(figures, site))
    bases[HOME].ebitda[:] += timeline.by_period(parent_ebitda(figures))
    for asset in assets_of(figures, tax):
        of(asset.site).depreciation[:] += timeline.by_period(asset.by_month(timeline.start, timeline.months))
    homes = {lot.full_name: lot.home for lot in figures.lots}
    for sale in figures.decisions.of("sell"):
        place = timeline.period_of(sale.at)
        if place is not None:
            of(homes[sale.item]).other[place] -= deals.paid[sale]
    for contract in figures.hosting:
        of(contract.site).other[:] += contract.paid("residual", timeline)
    bases[HOME].other[:] += bitcoin_result(figures).total - timeline.by_period(deals.moved)
    for owed in owed_of(figures):
        if owed.counts_as_debt:
            bases[HOME].interest[:] += owed.expense + owed.capitalised
        bases[HOME].costs[:] += owed.cash_fees
    sites = {contract.name: contract.site for contract in figures.hosting}
    for owed in owed_by_signature(figures):
        # Interest on what a signature's project owes goes with its site.
        interest = owed.expense + owed.capitalised
        bases[HOME].interest[:] -= interest
        of(sites[owed.offer or ""]).interest[:] += interest
    return bases


def rate_of(tax: IncomeTax, country: str, month: int) -> float:
    """Rate in force in a month: at home federal and state together, the second deducted for the first."""
    if country != HOME:
        return tax.countries[country].rate
    federal, state = in_month(tax.rate, month), in_month(tax.state_rate, month)
    return federal + state * (1 - federal)


def years_of(timeline: Timeline) -> dict[int, list[int]]:
    """Places of the periods of every calendar year: those that begin in it."""
    years: dict[int, list[int]] = {}
    for place, period in enumerate(timeline.periods):
        years.setdefault(period.start // 12, []).append(place)
    return years


def tax_years(timeline: Timeline, tax: IncomeTax, bases: Mapping[str, TaxBase]) -> list[TaxYear]:
    """All years, in each ``home`` and then the countries."""
    rows = [row for country, base in bases.items() for row in _of_country(timeline, tax, country, base)]
    order = list(bases)
    return sorted(rows, key=lambda row: (row.year, order.index(row.country)))


def _of_country(timeline: Timeline, tax: IncomeTax, country: str, base: TaxBase) -> Iterator[TaxYear]:
    limit = tax.interest_limit if country == HOME else None
    losses = tax.losses_usd_m if country == HOME else tax.countries[country].losses_usd_m
    carried = tax.interest_carried_usd_m if country == HOME else 0.0
    for year, places in years_of(timeline).items():
        ebitda, depreciation, other, interest, costs = (
            float(each[places].sum())
            for each in (base.ebitda, base.depreciation, base.other, base.interest, base.costs)
        )
        adjusted = ebitda + other
        deducted = interest
        if limit is not None:
            deducted = min(interest + carried, limit * max(0.0, adjusted))
        carried += interest - deducted
        result = adjusted - depreciation - costs - deducted
        used = min(losses, tax.loss_limit * max(0.0, result))
        losses += max(0.0, -result) - used
        taxable = max(0.0, result) - used
        yield TaxYear(
            year=year,
            country=country,
            ebitda=ebitda,
            depreciation=depreciation,
            other_income=other,
            interest=interest,
            interest_deducted=deducted,
            interest_carried=carried,
            costs=costs,
            loss_used=used,
            losses_left=losses,
            taxable=taxable,
            tax=rate_of(tax, country, timeline.periods[places[-1]].start) * taxable,
        )


def tax_after(figures: Figures, tax: IncomeTax, contract: Contract) -> Array:
    """What a lease or a signed offer pays after the horizon, month by month, (M - N,), USD m."""
    months, length = figures.timeline.months, len(contract.noi)
    rate = rate_of(tax, country_of(tax, contract.site), figures.timeline.periods[-1].start)
    # By then the cost of signing, which is one for any number of halls, is left out.
    kinds: tuple[Kind, ...] = ("capex",)
    depreciation = hall_asset(figures, contract, tax, kinds).by_month(figures.timeline.start, length)
    return np.asarray(rate * np.maximum(0.0, contract.noi - depreciation)[months:])
