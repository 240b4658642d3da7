"""Tables of power: what is bought, contracts, reserves, delivery charges, operating decisions, and the certificate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.tree import Floats
from optimizer.case.flexibility import DemandResponse
from optimizer.market.calendar import days_in_span
from optimizer.operations.by_date import in_force
from optimizer.plan.build import Plan, period_sums
from optimizer.plan.certificate import certificate_rows
from optimizer.plan.table import Cell, Table, table

TINY = 1e-9


def power_tables(plan: Plan) -> dict[str, Table]:
    """By file name without ending."""
    return {
        "power": power_table(plan),
        "dispatch": dispatch_table(plan),
        "contracts": contracts_table(plan),
        "flexibility": flexibility_table(plan),
        "delivery": delivery_table(plan),
        "certificate": certificate_table(plan),
    }


def _node_keys(plan: Plan) -> list[tuple[str, str]]:
    tree = plan.prepared.market.tree
    return list(zip(tree.scenario, tree.label, strict=True))


def power_table(plan: Plan) -> Table:
    """What power is bought, for what, and who pays."""
    prepared, tree = plan.prepared, plan.prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for s, (name, site) in enumerate(prepared.case.sites.items()):
            here = [m for m in plan.mined if m.site == s]
            mwh, cost = (sum(float(getattr(m, name)[n]) for m in here) for name in ("mwh", "power_cost"))
            uses = [("mining", mwh, cost, "operator")]
            uses += [
                (
                    f"hosting: {offer.option.offer_name}",
                    float(offer.mwh[n]),
                    float(offer.power_cost[n]),
                    offer.option.terms.power.paid_by,
                )
                for offer in plan.signed
                if offer.option.site == s and tree.reaches[offer.option.node, n]
            ]
            rows += [
                (*key, name, use, mwh, cost, cost * 1e6 / (mwh * site.share), paid_by)
                for use, mwh, cost, paid_by in uses
                if mwh > TINY
            ]
    columns = ("scenario", "period", "site", "use", "mwh", "cost_usd_m", "mean_usd_per_mwh", "paid_by")
    return table(columns, rows)


def dispatch_table(plan: Plan) -> Table:
    """What is decided about running, by month."""
    market, sites = plan.prepared.market, list(plan.prepared.case.sites)
    kinds = {"elect": "mw", "enrol": "mw", "peak": "mw", "take_price": "usd_per_mwh", "take_share": "share"}
    order = list(kinds)
    rows: list[tuple[Cell, ...]] = []
    ordered = sorted(plan.months.rows, key=lambda row: (row.cell, row.site, order.index(row.kind)))
    for row in ordered:
        year, month = divmod(market.start_month + int(market.cells.month[row.cell]), 12)
        scenario = market.tree.scenario[int(market.cells.node[row.cell])]
        head = (scenario, f"{year:04d}-{month + 1:02d}", sites[row.site])
        rows.append((*head, row.kind, row.item, row.amount, kinds[row.kind]))
    return table(("scenario", "month", "site", "kind", "item", "amount", "unit"), rows)


def contracts_table(plan: Plan) -> Table:
    """What becomes of every power contract."""
    rows: list[tuple[Cell, ...]] = []
    found = {
        key: [
            period_sums(plan.prepared, amounts)
            for amounts in (c.mwh, c.mining_mwh, c.hosting_mwh, c.unused_mwh, c.paid, c.result, c.against_market)
        ]
        for key, c in plan.months.contracts.items()
    }
    for n, key in enumerate(_node_keys(plan)):
        for s, site_name in enumerate(plan.prepared.case.sites):
            for name in _contract_names(plan, s, n):
                sums = found.get((s, name))
                if sums is not None:
                    rows.append((*key, site_name, name, *(float(each[n]) for each in sums)))
    columns = (
        "scenario", "period", "site", "contract", "mwh", "mining_mwh", "hosting_mwh", "unused_mwh", "paid_usd_m",
        "result_usd_m", "against_market_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def _contract_names(plan: Plan, site: int, node: int) -> Iterator[str]:
    """Contracts in force on some day of a period, in the order of the case, then signed offers."""
    prepared, choices = plan.prepared, plan.prepared.choices
    start = prepared.market.start_month
    entry = list(prepared.case.sites.values())[site]
    for name, contract in entry.contracts.items():
        if _touches(plan, node, *in_force(contract.start, contract.until, start)):
            yield name
    for q in np.flatnonzero(plan.decisions.lever[: len(choices.signings)]):
        signing = choices.signings[q]
        follows = prepared.market.tree.reaches[signing.node, node]
        if signing.site == site and follows and _touches(plan, node, signing.signed, signing.until):
            yield signing.offer


def _touches(plan: Plan, node: int, begin: float, end: float, season: tuple[int, ...] | None = None) -> bool:
    """Whether the first instant of some day of a period lies in a span, in a month (1 to 12) of the season."""
    market = plan.prepared.market
    cells = np.flatnonzero((market.cells.node == node) & ~market.cells.in_tail)
    return any(
        days_in_span(market.start_month, int(market.cells.month[c]), int(market.cells.days[c]), begin, end) is not None
        for c in cells.tolist()
        if season is None or market.cells.calendar_month(c) + 1 in season
    )


def flexibility_table(plan: Plan) -> Table:
    """What reserves and demand response bring."""
    market = plan.prepared.market
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        hours = _hours(plan, n)
        for s, (site_name, site) in enumerate(plan.prepared.case.sites.items()):
            for name, program in site.flexibility.items():
                span = in_force(program.start, program.until, market.start_month)
                months = plan.months.programs.get((s, name))
                season = program.months if isinstance(program, DemandResponse) else None
                if months is None or not _touches(plan, n, *span, season):
                    continue
                mw_hours = float(period_sums(plan.prepared, months.mw_hours)[n])
                income = float(period_sums(plan.prepared, months.income)[n])
                rows.append((*key, site_name, name, mw_hours / hours[s], mw_hours, income))
    return table(("scenario", "period", "site", "program", "mw", "mw_hours", "income_usd_m"), rows)


def _hours(plan: Plan, node: int) -> list[float]:
    """Hours of a period, by site (their clocks may change on other days)."""
    cells = plan.prepared.market.cells
    inside = cells.month[(cells.node == node) & ~cells.in_tail]
    return [float(hours[inside].sum()) for hours in plan.prepared.operations.power.hours]


def delivery_table(plan: Plan) -> Table:
    """What grid and capacity charges come to, for machines and for each contract of halls."""
    prepared, tree = plan.prepared, plan.prepared.market.tree
    cells = prepared.market.cells
    nothing = np.zeros(len(tree))
    rows: list[tuple[Cell, ...]] = []
    machines: dict[tuple[int, str], tuple[Floats, Floats, Floats]] = {}
    for s, site in enumerate(prepared.case.sites.values()):
        for name in site.delivery:
            charge = plan.months.charges.get((s, name))
            paid, accrued, avoided = nothing.copy(), nothing, nothing
            if charge is not None:
                paid = prepared.redispatch.due.by_node(s, name, charge.accrued)
                accrued = period_sums(prepared, charge.accrued)
                avoided = period_sums(prepared, charge.avoided)
            billing = prepared.operations.clocks[s].billing.get(name)
            for month, amount in billing.opening() if billing is not None else ():
                inside = (tree.start_months <= month) & (month < tree.start_months + tree.length_months)
                paid += np.where(inside, amount * site.share, 0.0)
            machines[s, name] = (accrued, avoided, paid)
    for n, key in enumerate(_node_keys(plan)):
        for s, (site_name, site) in enumerate(prepared.case.sites.items()):
            for name in site.delivery:
                of_machines = (float(each[n]) for each in machines[s, name])
                rows.append((*key, site_name, name, "mining", *of_machines, 0.0))
                for offer in plan.signed:
                    if offer.option.site != s or not tree.reaches[offer.option.node, n]:
                        continue
                    here = (cells.node == n) & ~cells.in_tail
                    months = cells.month[here]
                    flows = offer.option.flows
                    accrues = offer.halls * float(flows.charges_accrued[name][months].sum())
                    pays = offer.halls * float(flows.charges_paid[name][months].sum())
                    recovered = pays if flows.delivery_recovered.any() else 0.0
                    if accrues > 0 or pays > 0:
                        use = f"hosting: {offer.option.offer_name}"
                        rows.append((*key, site_name, name, use, accrues, 0.0, pays, recovered))
    columns = (
        "scenario", "period", "site", "charge", "use", "accrued_usd_m", "avoided_usd_m", "paid_usd_m",
        "recovered_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def certificate_table(plan: Plan) -> Table:
    """Model, every interval and bound, by site and year."""
    rows: list[tuple[Cell, ...]] = [
        ("base", row.site, row.year, row.model_usd_m, row.redispatched_usd_m, row.bound_usd_m, row.gap)
        for row in certificate_rows(plan)
    ]
    columns = ("scenario", "site", "year", "model_usd_m", "redispatched_usd_m", "bound_usd_m", "gap")
    return table(columns, rows)
