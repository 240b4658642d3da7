"""Tax on each calendar year's income: depreciation, interest and its limit, losses, countries. Section 15 of
docs/figures_capital.md. What is paid after the horizon: ``tax_after``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.taxes import IncomeTax
from optimizer.plan.audit.recompute.bitcoin_result import bitcoin_result
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.earnings import ebitda_at, parent_ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.idle_cash import own_owed
from optimizer.plan.audit.recompute.owed import owed_by_signature, owed_of
from optimizer.plan.audit.recompute.tax_countries import HOME, country_of
from optimizer.plan.audit.recompute.tax_depreciation import assets_of
from optimizer.plan.audit.recompute.timeline import Array, Timeline


@dataclass(frozen=True, eq=False)
class TaxBase:
    """What a country taxes, by period, (P,) each, USD m.

    other: what is sold of machines, residuals; at home also moves (negative) and what bitcoin has brought. interest:
    paid, accrued and capitalised. own_interest: of it that of new money which is tied to no cost. costs: fees.
    """

    ebitda: Array
    depreciation: Array
    other: Array
    interest: Array
    own_interest: Array
    costs: Array


@dataclass(frozen=True)
class TaxYear:
    """A row of tax.csv; ``year`` and ``country``, then USD m. interest_idle: of ``interest``, what saves no tax."""

    year: int
    country: str
    ebitda: float
    depreciation: float
    other_income: float
    interest: float
    interest_idle: float
    interest_deducted: float
    interest_carried: float
    costs: float
    loss_used: float
    losses_left: float
    taxable: float
    tax: float


def tax_bases(figures: Figures, tax: IncomeTax) -> dict[str, TaxBase]:
    """What every country taxes: ``home`` first, then the countries in the order of the case."""
    timeline, deals = figures.timeline, figures.deals
    bases = {name: TaxBase(*(np.zeros(len(timeline.periods)) for _ in range(6))) for name in (HOME, *tax.countries)}

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
    for owed in own_owed(figures, tax):
        bases[HOME].own_interest[:] += owed.expense + owed.capitalised
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


@dataclass
class _Carried:
    """What a country carries on from year to year, USD m."""

    losses: float
    interest: float


class Assessment:
    """Assesses one year after the other, in time; what is left of each goes on to the next."""

    def __init__(self, timeline: Timeline, tax: IncomeTax, bases: Mapping[str, TaxBase]) -> None:
        self._timeline, self._tax, self._bases = timeline, tax, bases
        self._carried = {HOME: _Carried(tax.losses_usd_m, tax.interest_carried_usd_m)}
        self._carried |= {name: _Carried(country.losses_usd_m, 0.0) for name, country in tax.countries.items()}

    def of_year(self, year: int, places: Sequence[int], idle_usd_m: float) -> list[TaxYear]:
        """Rows of a year, whose periods have these places: ``home`` and then the countries.

        idle_usd_m: what held cash would earn: so much of own interest, which is all at home, is not deducted.
        """
        return [self._of_country(country, base, year, places, idle_usd_m) for country, base in self._bases.items()]

    def _of_country(self, country: str, base: TaxBase, year: int, places: Sequence[int], idle: float) -> TaxYear:
        tax, carried = self._tax, self._carried[country]
        ebitda, depreciation, other, interest, own, costs = (
            float(each[list(places)].sum())
            for each in (base.ebitda, base.depreciation, base.other, base.interest, base.own_interest, base.costs)
        )
        adjusted = ebitda + other
        counted = interest - min(own, max(0.0, idle))
        deducted = counted
        if country == HOME and tax.interest_limit is not None:
            deducted = min(counted + carried.interest, tax.interest_limit * max(0.0, adjusted))
        carried.interest += counted - deducted
        result = adjusted - depreciation - costs - deducted
        used = min(carried.losses, tax.loss_limit * max(0.0, result))
        carried.losses += max(0.0, -result) - used
        taxable = max(0.0, result) - used
        return TaxYear(
            year=year,
            country=country,
            ebitda=ebitda,
            depreciation=depreciation,
            other_income=other,
            interest=interest,
            interest_idle=interest - counted,
            interest_deducted=deducted,
            interest_carried=carried.interest,
            costs=costs,
            loss_used=used,
            losses_left=carried.losses,
            taxable=taxable,
            tax=rate_of(tax, country, self._timeline.periods[places[-1]].start) * taxable,
        )
