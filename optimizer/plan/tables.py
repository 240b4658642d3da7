"""The tables of a plan folder, as docs/figures.md section 11 lays them down. Formatting is in ``table.py``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from optimizer.instance.blocks import weights
from optimizer.instance.finance import debt_payments, fixed_value
from optimizer.instance.limits import level_at, site_instants
from optimizer.market.calendar import instant_factor, month_factors, month_in, node_at
from optimizer.operations.blocks import LotInBlock
from optimizer.plan.build import Plan, SignedOffer, opening_cash
from optimizer.plan.table import Cell, Table, table

TINY = 1e-9
"""Below this a quantity (MW, MWh) is nothing and gets no row."""


def all_tables(plan: Plan) -> dict[str, Table]:
    """Every table, by file name without ending, in the order of the documentation."""
    return {
        "decisions": decisions_table(plan),
        "allocation": allocation_table(plan),
        "mining": mining_table(plan),
        "hosting": hosting_table(plan),
        "power": power_table(plan),
        "cash": cash_table(plan),
        "debt": debt_table(plan),
        "treasury": treasury_table(plan),
        "limits": limits_table(plan),
        "value": value_table(plan),
    }


def iso(plan: Plan, months: float) -> str:
    """The date ``months`` (whole) after the start of the plan."""
    year, month = divmod(plan.prepared.market.start_month + round(months), 12)
    return date(year, month + 1, 1).isoformat()


def last_day(plan: Plan, months: float) -> str:
    """The last day before the instant ``months`` (whole) after the start of the plan."""
    return (date.fromisoformat(iso(plan, months)) - timedelta(days=1)).isoformat()


def _node_keys(plan: Plan) -> list[tuple[str, str]]:
    tree = plan.prepared.market.tree
    return list(zip(tree.scenario, tree.label, strict=True))


def decisions_table(plan: Plan) -> Table:
    """What is decided, when."""
    prepared, tree = plan.prepared, plan.prepared.market.tree
    rows: list[tuple[float, int, int, tuple[Cell, ...]]] = []
    for offer in plan.signed:
        option = offer.option
        if option.is_lease:
            continue
        rows.append(
            (
                option.flows.signed,
                0,
                option.offer,
                (
                    iso(plan, option.flows.signed),
                    "sign",
                    option.offer_name,
                    option.site_name,
                    offer.halls,
                    "halls",
                    option.gross_mw * offer.halls,
                    offer.total_capex,
                ),
            )
        )
    for c, lot in enumerate(prepared.operations.lots):
        for n in np.flatnonzero(plan.decisions.retire_eh_s[c]):
            start, eh_s = float(tree.start_months[n]), float(plan.decisions.retire_eh_s[c, n])
            row = (iso(plan, start), "retire", lot.name, lot.site_name, eh_s * 1000, "ph_s", eh_s * lot.mw_per_eh, 0.0)
            rows.append((start, 1, c, row))
    rows.sort(key=lambda entry: entry[:3])
    columns = ("date", "decision", "item", "site", "amount", "unit", "meter_mw", "capex_usd_m")
    return table(columns, [row for *_, row in rows])


def allocation_table(plan: Plan) -> Table:
    """Where the megawatts go."""
    prepared = plan.prepared
    tree, lots = prepared.market.tree, prepared.operations.lots
    rows: list[tuple[Cell, ...]] = []
    for n, (scenario, period) in enumerate(_node_keys(plan)):
        begin, end = float(tree.start_months[n]), float(tree.start_months[n] + tree.length_months[n])
        head = (scenario, period, iso(plan, begin), last_day(plan, end))
        for s, (name, site) in enumerate(prepared.case.sites.items()):
            used = 0.0
            for mined in plan.mined:
                if lots[mined.index].site == s and mined.mean_mw[n] > TINY:
                    mw = float(mined.mean_mw[n])
                    used += mw
                    run = (float(mined.mwh[n]), float(mined.hours_run[n]))
                    rows.append((*head, name, "mining", lots[mined.index].name, mw, 0.0, *run))
            for offer in plan.signed:
                if offer.option.site == s and offer.reserved_mw[n] > TINY:
                    mw = float(offer.reserved_mw[n])
                    used += mw
                    it_mw, mwh = float(offer.it_mw[n]), float(offer.mwh[n])
                    rows.append((*head, name, "hosting", offer.option.offer_name, mw, it_mw, mwh, 0.0))
            free = _mean_level(plan, site.energised_mw, begin, end) - used
            rows.append((*head, name, "free", "", free, 0.0, 0.0, 0.0))
    columns = ("scenario", "period", "from", "to", "site", "use", "item", "meter_mw", "it_mw", "mwh", "hours_run")
    return table(columns, rows)


def _mean_level(plan: Plan, levels: object, begin: float, end: float) -> float:
    """Mean of a level by date over [begin, end), months after the start."""
    start = plan.prepared.market.start_month
    if isinstance(levels, int | float):
        return float(levels)
    assert isinstance(levels, dict)
    cuts = sorted({begin, end} | {d.first - start for d in levels if begin < d.first - start < end})
    total = sum(
        level_at(levels, start + a) * (b - a)
        for a, b in zip(cuts[:-1], cuts[1:], strict=True)  # noqa: RUF007
    )
    return total / (end - begin)


def mining_table(plan: Plan) -> Table:
    """What the machines do."""
    lots = plan.prepared.operations.lots
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for mined in plan.mined:
            if mined.mean_mw[n] > TINY:
                lot, btc = lots[mined.index], float(mined.btc[n])
                rows.append(
                    (
                        *key,
                        lot.site_name,
                        lot.name,
                        float(mined.mean_eh_s[n]) * 1000,
                        float(mined.mwh[n]),
                        float(mined.hours_run[n]),
                        btc,
                        float(mined.revenue[n]),
                        float(mined.power_cost[n]),
                        float(mined.variable_cost[n]),
                        float(mined.margin[n]),
                        float(mined.power_cost[n]) * 1e6 / btc if btc > TINY else None,
                    )
                )
    columns = (
        "scenario", "period", "site", "lot", "ph_s", "mwh", "hours_run", "btc", "revenue_usd_m", "power_cost_usd_m",
        "variable_cost_usd_m", "margin_usd_m", "power_usd_per_btc",
    )  # fmt: skip
    return table(columns, rows)


def hosting_table(plan: Plan) -> Table:
    """What the halls do, from the period of the signature on."""
    tree = plan.prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for offer in plan.signed:
            if tree.reaches[offer.option.node, n]:
                flows = (
                    offer.it_mw, offer.mwh, offer.rent, offer.operating_cost, offer.power_cost, offer.power_recovered,
                    offer.noi, offer.credit, offer.prepayment, offer.signing_cost, offer.capex, offer.residual,
                )  # fmt: skip
                head = (*key, offer.option.offer_name, offer.option.site_name, offer.halls)
                rows.append((*head, *(float(flow[n]) for flow in flows)))
    columns = (
        "scenario", "period", "offer", "site", "halls", "it_mw", "mwh", "rent_usd_m", "operating_cost_usd_m",
        "power_cost_usd_m", "power_recovered_usd_m", "noi_usd_m", "credit_usd_m", "prepayment_usd_m",
        "signing_cost_usd_m", "capex_usd_m", "residual_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def power_table(plan: Plan) -> Table:
    """What power is bought and sold, for what, and who pays."""
    prepared, tree, cells = plan.prepared, plan.prepared.market.tree, plan.prepared.market.cells
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for s, (name, site) in enumerate(prepared.case.sites.items()):
            here = [m for m in plan.mined if prepared.operations.lots[m.index].site == s]
            mwh, cost = (sum(float(getattr(m, name)[n]) for m in here) for name in ("mwh", "power_cost"))
            uses = [("mining", mwh, cost, "operator")]
            uses += [
                ("resale", float(sold.sold_mwh[n]), -float(sold.result_usd_m[n]), "operator")
                for sold in plan.resale
                if sold.site == s
            ]
            uses += [
                (
                    f"settlement: {settlement.name}",
                    sum(settlement.mwh[cell] for cell in settlement.mwh if cells.node[cell] == n),
                    -sum(settlement.usd_m[cell] for cell in settlement.usd_m if cells.node[cell] == n),
                    "operator",
                )
                for settlement in prepared.operations.settlements
                if settlement.site == s
            ]
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


def cash_table(plan: Plan) -> Table:
    """From opening to closing cash, and its headroom."""
    opening, closing, required = (
        opening_cash(plan.prepared, plan.states),
        plan.states.cash_usd_m,
        plan.states.required_usd_m,
    )
    rows: list[tuple[Cell, ...]] = [
        (
            *key,
            float(opening[n]),
            *(float(flow[n]) for flow in plan.cash.values()),
            float(closing[n]),
            float(required[n]),
            float(closing[n] - required[n]),
        )
        for n, key in enumerate(_node_keys(plan))
    ]
    columns = ("scenario", "period", "opening_usd_m", *plan.cash, "closing_usd_m", "minimum_usd_m", "headroom_usd_m")
    return table(columns, rows)


def debt_table(plan: Plan) -> Table:
    """Interest, principal and what is left of each debt."""
    market = plan.prepared.market
    tree = market.tree
    rows: list[tuple[Cell, ...]] = []
    debts = plan.prepared.case.finance.debts
    payments = {name: debt_payments(debt, market.start_month) for name, debt in debts.items()}
    left = {name: np.zeros(len(tree)) for name in debts}
    for n, key in enumerate(_node_keys(plan)):
        end = float(tree.start_months[n] + tree.length_months[n])
        for name, debt in debts.items():
            parent = int(tree.parent[n])
            opening = float(left[name][parent]) if parent >= 0 else debt.principal_usd_m
            here = [p for p in payments[name] if tree.start_months[n] <= p.at + TINY < end]
            principal = sum(p.principal_usd_m for p in here)
            left[name][n] = opening - principal
            rows.append((*key, name, opening, sum(p.interest_usd_m for p in here), principal, opening - principal))
    columns = ("scenario", "period", "debt", "opening_usd_m", "interest_usd_m", "principal_usd_m", "closing_usd_m")
    return table(columns, rows)


def treasury_table(plan: Plan) -> Table:
    """Bitcoin: opening, mined, sold, closing."""
    prepared, tree = plan.prepared, plan.prepared.market.tree
    finance = prepared.case.finance
    rows: list[tuple[Cell, ...]] = []
    held = np.zeros(len(tree))
    for n, key in enumerate(_node_keys(plan)):
        parent = int(tree.parent[n])
        opening = float(held[parent]) if parent >= 0 else finance.opening.btc
        mined = sum(float(lot.btc[n]) for lot in plan.mined)
        from_stock = opening if n == 0 and finance.treasury.policy == "sell_all" else 0.0
        held[n] = opening - from_stock
        price = float(prepared.market.network.btc_usd[round(float(tree.start_months[n]))])
        rows.append((*key, opening, mined, mined + from_stock, float(held[n]), price))
    columns = ("scenario", "period", "opening_btc", "mined_btc", "sold_btc", "closing_btc", "btc_usd")
    return table(columns, rows)


def limits_table(plan: Plan) -> Table:
    """Headroom of every limit, at its tightest instant of the period."""
    prepared = plan.prepared
    tree = prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    cash, required = plan.states.cash_usd_m, plan.states.required_usd_m
    signed_options = tuple(offer.option for offer in plan.signed)
    instants = [
        site_instants(prepared.case, prepared.market, prepared.operations.lots, signed_options, s)
        for s in range(len(prepared.case.sites))
    ]
    for n, key in enumerate(_node_keys(plan)):
        rows.append((*key, "min_cash", "", float(cash[n]), float(required[n]), float(cash[n] - required[n]), "usd_m"))
        begin = float(tree.start_months[n])
        for s, name in enumerate(prepared.case.sites):
            inside = [t for t in instants[s] if bool(node_at(tree, t)[n])]
            for kind in ("mining_shell", "energised"):
                tightest = min(
                    (_megawatts(plan, s, kind, t, n) for t in sorted({begin, *inside})),
                    key=lambda pair: round(pair[1] - pair[0], 9),
                )
                used, allowed = tightest
                rows.append((*key, kind, name, used, allowed, allowed - used, "mw"))
    columns = ("scenario", "period", "limit", "item", "used", "allowed", "headroom", "unit")
    return table(columns, rows)


def _megawatts(plan: Plan, site: int, kind: str, instant: float, node: int) -> tuple[float, float]:
    """(used, allowed) meter MW at an instant."""
    prepared = plan.prepared
    entry = list(prepared.case.sites.values())[site]
    used = sum(
        float(plan.states.installed_eh_s[c, node]) * lot.mw_per_eh
        for c, lot in enumerate(prepared.operations.lots)
        if lot.site == site and lot.present_from <= instant + TINY < lot.present_until
    )
    used += sum(
        offer.option.gross_mw * offer.halls
        for offer in plan.signed
        if offer.option.site == site
        and prepared.market.tree.reaches[offer.option.node, node]
        and offer.option.flows.taken_from <= instant + TINY < offer.option.flows.rent_until
        and (kind == "energised" or offer.option.terms.takes == "mining_shell")
    )
    levels = entry.energised_mw if kind == "energised" else entry.mining_shell_mw
    return used, level_at(levels, prepared.market.start_month + instant)


def value_table(plan: Plan) -> Table:
    """The value by part: within the horizon, beyond it, and all at one WACC."""
    prepared, case = plan.prepared, plan.prepared.case
    wacc = case.discount.wacc
    own = prepared.value
    flat = fixed_value(case, prepared.market, prepared.operations, wacc) if wacc is not None else None
    rows: list[tuple[str, float, float, float | None]] = [
        ("opening_cash", own.opening_cash, 0.0, flat.opening_cash if flat else None),
        ("opening_btc", own.opening_btc, 0.0, flat.opening_btc if flat else None),
        (
            "mining",
            mining_value(plan, case.discount.mining) - own.arriving_due,
            0.0,
            mining_value(plan, wacc) - flat.arriving_due if flat and wacc is not None else None,
        ),
        (
            "contracts",
            own.contracts - lost_resale_value(plan, case.discount.mining),
            0.0,
            flat.contracts - lost_resale_value(plan, wacc) if flat and wacc is not None else None,
        ),
    ]
    for offer in plan.signed:
        rate = offer.option.terms.discount
        within, beyond = hosting_value(plan, offer, case.discount.hosting if rate is None else rate)
        at_wacc = sum(hosting_value(plan, offer, wacc)) if wacc is not None else None
        rows.append((f"hosting: {offer.option.offer_name}", within, beyond, at_wacc))
    rows += [
        ("site_cost", -own.site_cost, 0.0, -flat.site_cost if flat else None),
        ("sga", -own.sga, 0.0, -flat.sga if flat else None),
        ("debt", -own.debt_within, -own.debt_beyond, -flat.debt_within - flat.debt_beyond if flat else None),
    ]
    total = (
        "total",
        sum(row[1] for row in rows),
        sum(row[2] for row in rows),
        sum(row[3] or 0.0 for row in rows) if wacc is not None else None,
    )
    columns = ("component", "within_horizon_usd_m", "beyond_horizon_usd_m", "total_usd_m", "at_wacc_usd_m")
    return table(columns, [(n, within, beyond, within + beyond, flat) for n, within, beyond, flat in [*rows, total]])


def mining_value(plan: Plan, rate: float) -> float:
    """Present value of the margin of all lots within the horizon."""
    market, margin = plan.prepared.market, plan.prepared.operations.mining.margin_usd_m
    cells = market.cells
    weight = market.tree.probability[cells.node] * month_factors(rate, cells.month) * ~cells.in_tail
    total = float((margin * plan.states.installed_eh_s[:, cells.node] * weight).sum())
    for k, entry in _places(plan):
        total += float(plan.states.inside_mw[k]) * sum(
            (entry.inside.margin_usd_m(cell) - entry.outside.margin_usd_m(cell)) * float(weight[cell])
            for cell in entry.inside.hours
        )
    return total


def lost_resale_value(plan: Plan, rate: float) -> float:
    """Present value of the resale that blocks miss because machines use them."""
    weight = weights(plan.prepared.market, rate)
    return sum(
        float(plan.states.inside_mw[k])
        * sum(amount * float(weight[cell]) for cell, amount in entry.inside.lost_resale_usd_m.items())
        for k, entry in _places(plan)
    )


def _places(plan: Plan) -> Iterator[tuple[int, LotInBlock]]:
    """Every place of a lot in a block segment, in the order of the instance."""
    k = 0
    for segment in plan.prepared.operations.blocks:
        for entry in segment.lots:
            yield k, entry
            k += 1


def hosting_value(plan: Plan, offer: SignedOffer, rate: float) -> tuple[float, float]:
    """Present value of a signature within the horizon, and beyond it."""
    market, flows = plan.prepared.market, offer.option.flows
    tree, cells = market.tree, market.cells
    follows = tree.reaches[offer.option.node, cells.node]
    weight = np.where(follows, tree.probability[cells.node], 0.0)
    monthly = offer.halls * flows.net[cells.month] * weight * month_factors(rate, cells.month)
    parts = [float(monthly[~cells.in_tail].sum()), float(monthly[cells.in_tail].sum())]
    parts[0] -= flows.signing_cost * float(tree.probability[offer.option.node]) * instant_factor(rate, flows.signed)
    for at, amount in flows.instants():
        for j in np.flatnonzero(month_in(cells, at)):
            parts[int(cells.in_tail[j])] += offer.halls * amount * float(weight[j]) * instant_factor(rate, at)
    return parts[0], parts[1]
