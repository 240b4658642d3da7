"""What finance of a single project is called in decisions.csv, and what lenders know of the project: its dates, what it
costs and the cash that it has for them. Section 13 of docs/figures_capital.md, "Project finance".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.facilities import ProjectBond, ProjectLoan
from optimizer.plan.audit.recompute.blocks import overlap
from optimizer.plan.audit.recompute.hosting import Contract, capex_of, terms_of
from optimizer.plan.audit.recompute.tenant_capex import paid_by_tenant
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline

BACKSTOP = " + backstop"


@dataclass(frozen=True)
class ProjectItem:
    """Loan or bond for an offer. taken_out_by: the bond that repays the loan."""

    facility: str
    offer: str
    backstopped: bool = False
    taken_out_by: str | None = None

    @property
    def name(self) -> str:
        bond = "" if self.taken_out_by is None else f" > {self.taken_out_by}"
        return f"{self.facility}{BACKSTOP if self.backstopped else ''}{bond} / {self.offer}"


def project_items(case: Case) -> dict[str, ProjectItem]:
    """All that a plan may draw of project finance, by the name in decisions.csv, in order: by facility and offer."""
    facilities = case.finance.facilities
    found: list[ProjectItem] = []
    for name, facility in facilities.items():
        if not isinstance(facility, ProjectLoan | ProjectBond):
            continue
        for offer in (each for each in case.offers if each in facility.for_offers):
            found.append(ProjectItem(name, offer))
            if isinstance(facility, ProjectBond):
                continue
            backstop = facility.backstop is not None and offer in facility.backstop.for_offers
            bonds: list[str | None] = [None]
            bonds += [
                bond
                for bond, terms in facilities.items()
                if isinstance(terms, ProjectBond) and name in terms.refinances and offer in terms.for_offers
            ]
            kinds = [(bond, with_it) for with_it in ((False, True) if backstop else (False,)) for bond in bonds]
            found += [ProjectItem(name, offer, with_it, bond) for bond, with_it in kinds[1:]]
    return {each.name: each for each in found}


@dataclass(frozen=True, eq=False)
class Project:
    """A signed offer or a lease as its lenders see it.

    signed: None for a lease. completion, end: month coordinates. available: (M,) cash for debt service by month from
    the start of the plan, USD m. capex_usd_m: as lenders count it. spent: share of it by month; spent_at_once: with the
    signature.
    """

    name: str
    site: str
    halls: float
    signed: int | None
    first_rent: float
    completion: float
    end: float
    capex_usd_m: float
    start: int
    available: Array
    spent: tuple[tuple[int, float], ...]
    spent_at_once: float

    def between(self, low: float, high: float) -> float:
        """Cash available in ``[low, high)``; a part of a month has that part of its cash."""
        first = max(int(np.floor(low)) - self.start, 0)
        last = min(int(np.ceil(high)) - self.start, len(self.available))
        months = range(first, last)
        return sum(
            float(self.available[month]) * overlap(self.start + month, self.start + month + 1, low, high)
            for month in months
        )


def project_of(case: Case, timeline: Timeline, contract: Contract) -> Project:
    """A contract as lenders see it."""
    if contract.signed is None:
        lease = case.leases[contract.name]
        first, term, ramp = lease.first_rent.first, lease.term, lease.ramp
    else:
        offer = terms_of(case, contract.name)
        first, term, ramp = contract.signed + offer.lead, offer.term, offer.ramp
    at_once = sum(each.amount for each in contract.at_once if each.kind == "capex")
    whole = float(contract.capex.sum()) + at_once
    shares = contract.capex / whole if whole > 0 else contract.capex
    # A lease may begin on any day; its cash is counted by months.
    completion = float(math.floor(first + ramp + SAME_INSTANT))
    return Project(
        name=contract.name,
        site=contract.site,
        halls=contract.halls,
        signed=contract.signed,
        first_rent=first,
        completion=completion if contract.signed is not None else max(float(timeline.start), completion),
        end=float(first + term),
        capex_usd_m=whole if contract.signed is None else financed_capex(case, contract.name, contract.halls),
        start=timeline.start,
        available=contract.noi - contract.credit,
        spent=tuple((timeline.start + int(month), float(shares[month])) for month in np.flatnonzero(shares)),
        spent_at_once=at_once / whole if whole > 0 else 0.0,
    )


def financed_capex(case: Case, offer: str, halls: float) -> float:
    """Capex that lenders may pay part of, USD m: without what the tenant gives and lends."""
    terms = terms_of(case, offer)
    return capex_of(case, offer, halls) - paid_by_tenant(offer, terms, halls * terms.hall_mw_it).received


def project_called(name: str, hosting: Sequence[Contract], case: Case, timeline: Timeline) -> Project:
    """The signed offer of this name. Raises CannotRecompute if there is none."""
    for contract in hosting:
        if contract.signed is not None and contract.name == name:
            return project_of(case, timeline, contract)
    raise CannotRecompute(f"{name} has project finance and is not signed")
