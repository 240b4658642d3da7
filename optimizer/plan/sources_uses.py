"""``sources_uses.csv``: who pays for what, by signature and for the company (docs/figures_capital.md, section 18)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.case.facilities import ProjectBond, ProjectLoan
from optimizer.instance.capital.tranches import Tranche
from optimizer.market.calendar import node_at
from optimizer.plan.build import Plan, SignedOffer, opening_cash
from optimizer.plan.table import Cell, Table, table

USES = {
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
"""Of the company: lines of cash.csv whose signs are turned."""
SOURCES = {
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


def sources_uses_table(plan: Plan) -> Table:
    """Each signature over its whole life, then the company over the horizon. Sources and uses of each are equal."""
    rows: list[tuple[Cell, ...]] = []
    for offer in plan.signed:
        if not offer.option.is_lease:
            rows += [(offer.option.offer_name, *entry) for entry in _signature(plan, offer)]
    rows += [("company", *entry) for entry in _company(plan)]
    return table(("project", "side", "item", "usd_m"), rows)


def drawn_tranches(plan: Plan) -> Iterator[tuple[Tranche, float]]:
    """(tranche, USD m of face) of all that is drawn."""
    for d in np.flatnonzero(plan.decisions.draw_usd_m):
        yield plan.prepared.choices.money.tranches[d], float(plan.decisions.draw_usd_m[d])


def _signature(plan: Plan, offer: SignedOffer) -> Iterator[tuple[str, str, float]]:
    flows = offer.option.flows
    used = [(tranche, amount) for tranche, amount in drawn_tranches(plan) if tranche.option == offer.index]
    completed = node_at(plan.prepared.market.tree, flows.rent_from + offer.option.terms.ramp)
    held = sum(
        float((fence.reserve + fence.set_aside)[completed].sum())
        for fence in plan.fences
        if fence.option == offer.index
    )
    uses = {
        "capex": offer.total_capex,
        "signing_cost": flows.signing_cost,
        "interest_capitalised": sum(amount * (1 - tranche.cash_share) for tranche, amount in used),
        "fees": sum(amount * tranche.kept_back for tranche, amount in used),
        "reserve": held,
        "loans_taken_out": sum(amount * tranche.taken_out_usd_m for tranche, amount in used),
    }
    sources: dict[str, float] = {}
    for name, terms in plan.prepared.case.finance.facilities.items():
        if isinstance(terms, ProjectLoan | ProjectBond) and any(tranche.facility == name for tranche, _ in used):
            sources[name] = sum(amount for tranche, amount in used if tranche.facility == name)
    received = flows.prepayment + float(flows.lent.sum()) + flows.lent_at_once
    sources["prepayment"] = offer.halls * received
    sources["company_cash"] = sum(uses.values()) - sum(sources.values())
    yield from (("use", item, amount) for item, amount in uses.items())
    yield from (("source", item, amount) for item, amount in sources.items())


def _company(plan: Plan) -> Iterator[tuple[str, str, float]]:
    total = {name.removesuffix("_usd_m"): float(flow.sum()) for name, flow in plan.cash.items()}
    for item, lines in USES.items():
        yield "use", item, -sum(total[line] for line in lines)
    closing, opening = plan.states.cash_usd_m[-1], opening_cash(plan.prepared, plan.states)[0]
    yield "use", "change_of_cash", float(closing - opening)
    for item, lines in SOURCES.items():
        yield "source", item, sum(total[line] for line in lines)
