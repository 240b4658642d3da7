"""Debts, companies, new money, limits, tax and books against the rest of the case: what they name exists and can be
reckoned with.

A part of ``optimizer.case.references``. What is wrong with an instrument by itself is in its schema.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from optimizer.case.case import Case
from optimizer.case.covenants import as_limit
from optimizer.case.derived import TOLERANCE, designed, period_dates
from optimizer.case.earned_before import months_named
from optimizer.case.facilities import ByProject, Convertible, ProjectBond, ProjectLoan, TermLoan
from optimizer.case.finance import Debt
from optimizer.case.findings import Finding
from optimizer.case.opening_balance import opening_balance
from optimizer.case.references_terms import window_order
from optimizer.case.suggest import did_you_mean, listed
from optimizer.case.yaml_file import CasePath

BOOKS_AGREE_USD_M = 0.05
"""Filings round: so much may property and equity be apart where both are typed in."""


def check_finance(case: Case) -> list[Finding]:
    """What is wrong with the finance of a case that has passed the schema."""
    return [
        *_debts(case),
        *_companies(case),
        *_facilities(case),
        *_limits(case),
        *_ebitda_before(case),
        *_taxes(case),
        *_books(case),
    ]


def names_of_finance(case: Case) -> Iterable[tuple[CasePath, Iterable[str]]]:
    """Where the user names things in finance, debts and facilities apart."""
    for name, facility in case.finance.facilities.items():
        if isinstance(facility, Convertible):
            yield ("finance", "facilities", name, "leaves"), facility.leaves
    if case.finance.tax is not None:
        yield ("finance", "tax", "countries"), case.finance.tax.countries
        yield ("finance", "tax", "opening_basis"), case.finance.tax.opening_basis


def tenants_pay_too_much(case: Case) -> Iterable[Finding]:
    """Tenants who would pay more than a hall costs. (Then they pay all of it.)"""
    for name, written in case.offers.items():
        offer = designed(case, written)
        capex = offer.capex_usd_m_per_mw_it * (1 + offer.contingency)
        paid = offer.tenant_capex.usd_m_per_mw_it if offer.tenant_capex is not None else 0.0
        if paid > capex * (1 + TOLERANCE) + TOLERANCE:
            message = f"the tenant pays {paid:g} of a capex of {capex:g} with contingency; it can be all of it at most"
            yield Finding(("offers", name, "tenant_capex", "usd_m_per_mw_it"), message)


def _known(path: CasePath, names: Iterable[str], known: Collection[str], what: str) -> Iterable[Finding]:
    """Names of a list that are not there, or are there twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name not in known:
            yield Finding((*path, index), f"there is no {what} {name!r}; {did_you_mean(name, list(known))}")
        elif name in seen:
            yield Finding((*path, index), f"{name!r} is named twice; once is enough")
        seen.add(name)


def _debts(case: Case) -> Iterable[Finding]:
    start = case.horizon.start
    for name, debt in case.finance.debts.items():
        path: CasePath = ("finance", "debts", name)
        if debt.matures.first <= start.first + 1e-9:
            message = f"{debt.matures} is not after the start of the plan ({start}); leave out what is paid by then"
            yield Finding((*path, "matures"), message)
        if debt.interest_every == 0:
            yield Finding((*path, "interest_every"), "must be longer than nothing, such as '6 months'")
        if debt.project is not None and debt.project.lease not in case.leases:
            message = f"there is no lease {debt.project.lease!r}; {did_you_mean(debt.project.lease, list(case.leases))}"
            yield Finding((*path, "project", "lease"), message)
        yield from _amounts_by_date(case, path, debt)


def _amounts_by_date(case: Case, path: CasePath, debt: Debt) -> Iterable[Finding]:
    if not isinstance(debt.amortisation, Mapping):
        return
    start, place = case.horizon.start, (*path, "amortisation")
    if not debt.amortisation:
        yield Finding(place, "no payment is given; write bullet, even or amounts by date", at_key=True)
    for date in debt.amortisation:
        if not start.first + 1e-9 < date.first <= debt.matures.first + 1e-9:
            message = f"{date} is not between the start ({start}) and maturity ({debt.matures})"
            yield Finding((*place, str(date)), message, at_key=True)
    paid = sum(debt.amortisation.values())
    if paid > debt.principal_usd_m + TOLERANCE:
        message = f"the payments make {paid:,.6g}, more than the principal of {debt.principal_usd_m:,.6g}"
        yield Finding(place, f"{message}; what they leave falls due at maturity", at_key=True)


def _facilities(case: Case) -> Iterable[Finding]:
    for name, facility in case.finance.facilities.items():
        path: CasePath = ("finance", "facilities", name)
        if isinstance(facility, ProjectLoan | ProjectBond):
            yield from _project_finance(case, path, facility)
            continue
        yield from window_order(path, facility.window)
        if isinstance(facility, TermLoan):
            yield from _known((*path, "for_offers"), facility.for_offers, case.offers, "offer")
            yield from _known((*path, "for_machines"), facility.for_machines, case.machines, "machine type")


def _project_finance(case: Case, path: CasePath, facility: ByProject) -> Iterable[Finding]:
    yield from _known((*path, "for_offers"), facility.for_offers, case.offers, "offer")
    after = facility.after if isinstance(facility, ProjectBond) else 0
    for index, name in enumerate(facility.for_offers):
        offer = case.offers.get(name)
        first = after + facility.interest_every
        if offer is not None and offer.term - offer.ramp < first:
            message = f"{name!r} ends {max(0, offer.term - offer.ramp)} months after completion, before the first"
            yield Finding((*path, "for_offers", index), f"{message} payment would be due ({first} months after it)")
    if isinstance(facility, ProjectBond):
        yield from _refinanced(case, path, facility)


def _refinanced(case: Case, path: CasePath, bond: ProjectBond) -> Iterable[Finding]:
    facilities = case.finance.facilities
    loans = [name for name, facility in facilities.items() if isinstance(facility, ProjectLoan)]
    for index, name in enumerate(bond.refinances):
        place = (*path, "refinances", index)
        loan = facilities.get(name)
        if loan is None:
            yield Finding(place, f"there is no project loan {name!r}; {did_you_mean(name, loans)}")
        elif not isinstance(loan, ProjectLoan):
            kind = loan.kind.replace("_", " ")
            yield Finding(place, f"{name!r} is a {kind}; a bond takes out loans of kind project_loan")
        elif name in bond.refinances[:index]:
            yield Finding(place, f"{name!r} is named twice; once is enough")
        elif not set(loan.for_offers) & set(bond.for_offers):
            message = f"{name!r} lends to {listed(loan.for_offers)}, and the bond is for {listed(bond.for_offers)}"
            yield Finding(place, f"{message}: there is nothing to take out")


def _limits(case: Case) -> Iterable[Finding]:
    """Limits on twelve months that reach back before the start need to know what was earned then."""
    limits, start, ends = case.finance.limits, case.horizon.start.first, period_dates(case)[1:]
    if case.finance.ebitda_before_usd_m:
        return
    for key in ("net_debt_to_ebitda", "debt_service_coverage"):
        written = getattr(limits, key)
        if written is None:
            continue
        since = as_limit(written).start
        tested = [end for end in ends if since is None or end > since.first + 1e-9]
        if tested and tested[0] < start + 12 - 1e-9:
            message = "looks back twelve months, to before the start: add finance.ebitda_before_usd_m (what was earned "
            message += "in the quarters before, such as {2025-Q1: 12}), or let it hold from a year after the start"
            yield Finding(("finance", "limits", key), message, at_key=True)


def _ebitda_before(case: Case) -> Iterable[Finding]:
    start, taken = case.horizon.start, dict[int, str]()
    for period in case.finance.ebitda_before_usd_m:
        path: CasePath = ("finance", "ebitda_before_usd_m", period)
        if "Q" not in period and not 1 <= int(period[5:]) <= 12:
            yield Finding(path, f"there is no month {period!r}", at_key=True)
            continue
        months = months_named(period)
        if months[-1] + 1 > start.first + 1e-9:
            message = f"is not over when the plan starts ({start}); what is earned from then on is for the plan to say"
            yield Finding(path, f"{period} {message}", at_key=True)
        other = next((taken[month] for month in months if month in taken), None)
        if other is not None:
            yield Finding(path, f"has months of {other}, too; name each month once", at_key=True)
        taken |= dict.fromkeys(months, period)


def _taxes(case: Case) -> Iterable[Finding]:
    tax, path = case.finance.tax, ("finance", "tax")
    if tax is None:
        return
    for key in ("rate", "state_rate"):
        rates = getattr(tax, key)
        if isinstance(rates, Mapping):
            first = min(rates, key=lambda date: date.first)
            if first.first > case.horizon.start.first + 1e-9:
                message = f"nothing is said for the time from {case.horizon.start} to {first}; let it hold from"
                yield Finding((*path, key, str(first)), f"{message} {case.horizon.start}", at_key=True)
    for name, country in tax.countries.items():
        place: CasePath = (*path, "countries", name)
        if name.lower() == "home":
            yield Finding(place, f"{name!r} is what the rest of the company is called; take another name", at_key=True)
        yield from _known((*place, "sites"), country.sites, case.sites, "site")
        what = "a site taxed on its own can only have plain power: what these bring is not told apart by country"
        yield from _plain_power(case, (*place, "sites"), country.sites, what)
    abroad = {site for country in tax.countries.values() for site in country.sites}
    for name, facility in case.finance.facilities.items():
        if not isinstance(facility, ProjectBond) or (facility.loan_to_cost or 2) <= 1:
            continue
        offers = [case.offers[offer] for offer in facility.for_offers if offer in case.offers]
        if any(site in abroad for offer in offers for site in offer.sites):
            message = (
                "a bond on a site that is taxed abroad is tied to its cost, or interest on idle money saves tax there"
            )
            yield Finding(("finance", "facilities", name), f"{message}: state loan_to_cost, 1 at most")


def _plain_power(case: Case, path: CasePath, sites: Iterable[str], what: str) -> Iterable[Finding]:
    """Sites whose hours are tied to contracts, charges or programs, where that cannot be; ``what`` says why."""
    for index, name in enumerate(sites):
        site = case.sites.get(name)
        if site is None:
            continue  # said already
        parts = ("contracts", "contract_offers", "delivery", "flexibility")
        extra = [part for part in parts if getattr(site, part)]
        extra += ["power.decides_on"] if site.power.decides_on is not None else []
        if extra:
            yield Finding((*path, index), f"{name!r} has {listed(extra)}; {what}")


def _companies(case: Case) -> Iterable[Finding]:
    owner: dict[str, str] = {}
    for name, company in case.finance.companies.items():
        path: CasePath = ("finance", "companies", name, "sites")
        yield from _known(path, company.sites, case.sites, "site")
        for index, site_name in enumerate(company.sites):
            site = case.sites.get(site_name)
            if owner.setdefault(site_name, name) != name:
                message = f"{site_name!r} is a site of {owner[site_name]!r}; a site belongs to one company"
                yield Finding((*path, index), message)
            elif site is not None and site.share < 1:
                message = f"there is a share of {site.share:g} in {site_name!r}; companies have whole sites"
                yield Finding((*path, index), message)
        what = "a site of a company can only have plain power: what these bring is not told apart by company"
        yield from _plain_power(case, path, company.sites, what)


def _books(case: Case) -> Iterable[Finding]:
    books, path = case.finance.books, ("finance", "books", "equity_usd_m")
    if any(debt.interest_every == 0 for debt in case.finance.debts.values()):
        return  # said already, and no interest can be reckoned
    opening = opening_balance(case)
    if books is None or opening is None:
        return
    owed = opening.debt + opening.accrued_interest + opening.prepayments + opening.other_liabilities
    if books.property_usd_m is None and opening.property < -TOLERANCE:
        message = (
            f"with equity of {opening.equity:,.10g} and liabilities of {owed:,.6g} there is nothing left for property: "
            f"the other assets make {opening.equity + owed - opening.property:,.6g}, {-opening.property:,.6g} more"
        )
        yield Finding(path, message)
    if books.property_usd_m is None or books.equity_usd_m is None:
        return
    if abs(books.equity_usd_m - opening.equity) > BOOKS_AGREE_USD_M:
        message = (
            f"{books.equity_usd_m:,.10g} does not balance: assets of {opening.equity + owed:,.6g} less liabilities of "
            f"{owed:,.6g} are {opening.equity:,.6g}; mend one, or leave out property_usd_m"
        )
        yield Finding(path, message)
