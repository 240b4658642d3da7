"""What every signature and the company spend, and where it comes from. Section 18 of docs/figures_capital.md,
"sources_uses.csv".
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.projects import Fence, fences_of

COMPANY = "company"

USES: dict[str, tuple[str, ...]] = {
    "capex": ("capex", "signing_cost"),
    "machines": ("machines_bought", "machines_moved", "arriving_due"),
    "builds": ("builds",),
    "site_cost": ("site_cost", "builds_operating"),
    "sga": ("sga",),
    "interest": ("interest",),
    "dividends": ("dividends",),
    "principal": ("principal",),
    "fees": ("fees",),
    "tax": ("tax",),
    "collateral": ("collateral",),
    "trapped": ("trapped",),
}
"""Flows of cash.csv that make each use of the company."""

SOURCES: dict[str, tuple[str, ...]] = {
    "mining": ("mining_margin", "contracts", "flexibility", "delivery"),
    "hosting": (
        "hosting_rent", "hosting_credit", "hosting_operating_cost", "hosting_power", "power_recovered",
        "hosting_delivery", "delivery_recovered",
    ),
    "prepayment": ("prepayment",),
    "machines_sold": ("machines_sold",),
    "residual": ("residual",),
    "yield": ("yield",),
    "drawn": ("drawn",),
    "equity": ("equity",),
    "bitcoin": ("btc_sold", "btc_kept"),
}  # fmt: skip
"""The same for its sources. Both together have every flow once."""


def sources_uses_of(figures: Figures, cash: CashPath) -> Iterator[Row]:
    """All rows: signatures in time, then the company."""
    fences = {fence.project.name: fence for fence in fences_of(figures)}
    for contract in figures.hosting:
        if contract.signed is not None:
            yield from _of_signature(figures, contract, fences.get(contract.name))
    yield from _of_company(cash)


def _of_signature(figures: Figures, contract: Contract, fence: Fence | None) -> Iterator[Row]:
    def at_once(kind: str) -> float:
        return sum(each.amount for each in contract.at_once if each.kind == kind)

    tranches = [each for each in figures.project_tranches if each.project.name == contract.name]
    reserve = 0.0
    if fence is not None:
        place = figures.timeline.period_of(fence.project.completion)
        reserve = 0.0 if place is None else float(fence.reserve[place] + fence.set_aside[place])
    uses = {
        "capex": float(contract.capex.sum()) + at_once("capex"),
        "signing_cost": at_once("signing_cost"),
        "interest_capitalised": sum(month.capitalised for each in tranches for month in each.tranche.months),
        "fees": sum(each.tranche.fee for each in tranches),
        "reserve": reserve,
        "loans_taken_out": sum(each.paid_out for each in tranches),
    }
    used = {each.item.facility for each in tranches}
    sources = {
        name: sum(each.tranche.face for each in tranches if each.item.facility == name)
        for name in figures.case.finance.facilities
        if name in used
    }
    sources["prepayment"] = float(contract.lent.sum()) + at_once("prepayment")
    rest = sum(uses.values()) - sum(sources.values())
    for item, usd_m in uses.items():
        yield contract.name, "use", item, usd_m
    for item, usd_m in sources.items():
        yield contract.name, "source", item, usd_m
    yield contract.name, "source", "company_cash", rest


def _of_company(cash: CashPath) -> Iterator[Row]:
    def total(flows: tuple[str, ...]) -> float:
        return sum(float(cash.flows[f"{name}_usd_m"].sum()) for name in flows)

    for item, flows in USES.items():
        yield COMPANY, "use", item, -total(flows)
    yield COMPANY, "use", "change_of_cash", float(cash.closing[-1] - cash.opening[0])
    for item, flows in SOURCES.items():
        yield COMPANY, "source", item, total(flows)
