"""The tables of a plan folder, as docs/figures.md section 12 lays them down. Formatting is in ``table.py``.

Those of power are in ``power_tables.py``, those of money in ``money_tables.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from optimizer.instance.limits import build_megawatts, level_at, site_instants, takes_megawatts
from optimizer.instance.machines import is_there
from optimizer.market.calendar import node_at
from optimizer.plan.books.tables import books_tables
from optimizer.plan.build import Plan, overlap_share
from optimizer.plan.limit_rows import covenant_rows, money_rows
from optimizer.plan.money_tables import money_tables
from optimizer.plan.power_tables import power_tables
from optimizer.plan.returns import returns_table
from optimizer.plan.sources_uses import sources_uses_table
from optimizer.plan.table import Cell, Table, table
from optimizer.plan.tax_table import tax_table
from optimizer.plan.value import value_table

TINY = 1e-9
"""Below this a quantity (MW, MWh) is nothing and gets no row."""


def few_tables(plan: Plan) -> dict[str, Table]:
    """Those from which the figures of a point of a sweep are taken."""
    return {"decisions": decisions_table(plan), "allocation": allocation_table(plan), "value": value_table(plan)}


def all_tables(plan: Plan) -> dict[str, Table]:
    """Every table, by file name without ending, in the order of the documentation."""
    return {
        "decisions": decisions_table(plan),
        "allocation": allocation_table(plan),
        "machines": machines_table(plan),
        "mining": mining_table(plan),
        "hosting": hosting_table(plan),
        **power_tables(plan),
        **money_tables(plan),
        "tax": tax_table(plan),
        "limits": limits_table(plan),
        **books_tables(plan),
        "returns": returns_table(plan),
        "sources_uses": sources_uses_table(plan),
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
    rows = sorted(_decision_rows(plan), key=lambda entry: (entry[0], entry[1]))
    columns = ("date", "decision", "item", "site", "amount", "unit", "meter_mw", "capex_usd_m")
    return table(columns, [row for *_, row in rows])


_KINDS = (
    "sign", "contract", "build", "buy", "unplug", "plug", "sell", "commit", "draw", "repay", "fund",
    "upstream", "issue", "sell_btc",
    "keep_btc",
)  # fmt: skip


def _decision_rows(plan: Plan) -> Iterator[tuple[float, int, tuple[Cell, ...]]]:
    """(months after the start, kind, row), in the order of the case within a kind."""
    decisions, choices, tree = plan.decisions, plan.prepared.choices, plan.prepared.market.tree
    trade = plan.prepared.open.trade

    def entry(at: float, kind: str, *rest: Cell) -> tuple[float, int, tuple[Cell, ...]]:
        return at, _KINDS.index(kind), (iso(plan, at), kind, *rest)

    for offer in sorted(plan.signed, key=lambda offer: offer.index):
        option = offer.option
        if not option.is_lease:
            mw = option.gross_mw * offer.halls
            at, halls = option.flows.signed, offer.halls
            yield entry(at, "sign", option.offer_name, option.site_name, halls, "halls", mw, offer.total_capex)
    for q in np.flatnonzero(decisions.lever[: len(choices.signings)]):
        signing = choices.signings[q]
        mw, site = float(decisions.lever[q]), choices.site_names[signing.site]
        yield entry(signing.signed, "contract", signing.offer, site, mw, "mw", 0.0, 0.0)
    for u in np.flatnonzero(decisions.built):
        build, count = choices.builds[u], int(decisions.built[u])
        mw, cost = build.terms.energised_mw * count, build.total_cost * count
        yield entry(build.step, "build", build.name, build.site_name, count, "builds", mw, cost)
    for c in np.flatnonzero(decisions.order_eh):
        lot, eh_s = choices.lots[c], float(decisions.order_eh[c])
        home = next(place for place in choices.places if place.lot == c and place.home)
        assert trade is not None
        paid = float(trade.order_cost_usd_m_per_eh[c]) * eh_s
        at = float(tree.start_months[lot.order_node])
        yield entry(at, "buy", lot.machine, lot.site_name, eh_s * 1000, "ph_s", eh_s * home.mw_per_eh, paid)
    for kind, amounts in (("unplug", decisions.unplug_eh), ("plug", decisions.plug_eh)):
        for p, n in zip(*np.nonzero(amounts), strict=True):
            place, eh_s = choices.places[p], float(amounts[p, n])
            lot = choices.lots[place.lot]
            moved = (
                float(trade.plug_cost_usd_m_per_eh[place.lot]) * eh_s if kind == "plug" and trade is not None else 0.0
            )
            site, mw = choices.site_names[place.site], eh_s * place.mw_per_eh
            yield entry(float(tree.start_months[n]), kind, lot.full_name, site, eh_s * 1000, "ph_s", mw, moved)
    for c, n in zip(*np.nonzero(decisions.sell_eh), strict=True):
        brings = float(plan.states.sales_usd_m[c, n])
        amount = float(decisions.sell_eh[c, n]) * 1000
        yield entry(float(tree.start_months[n]), "sell", choices.lots[c].full_name, "", amount, "ph_s", 0.0, -brings)
    for at, kind, name, site, amount in _money_decisions(plan):
        yield entry(at, kind, name, site, amount, "usd_m", 0.0, 0.0)
    for e in np.flatnonzero(decisions.issue_usd_m):
        issue = choices.issues[e]
        yield entry(issue.step, "issue", issue.name, "", float(decisions.issue_usd_m[e]), "usd_m", 0.0, 0.0)
    for kind, coins in (("sell_btc", decisions.sell_btc), ("keep_btc", decisions.keep_btc)):
        for n in np.flatnonzero(coins):
            yield entry(float(tree.start_months[n]), kind, "bitcoin", "", float(coins[n]), "btc", 0.0, 0.0)


def _money_decisions(plan: Plan) -> Iterator[tuple[float, str, str, str, float]]:
    """(months after the start, kind, item, site, USD m) of what is committed, drawn and repaid, in the order of
    facilities."""
    decisions, choices, starts = plan.decisions, plan.prepared.choices, plan.prepared.market.tree.start_months
    money = choices.money
    for name in plan.prepared.case.finance.facilities:
        for c, commitment in enumerate(money.commitments):
            if commitment.facility == name and decisions.commit_usd_m[c] > 0:
                yield commitment.decided, "commit", name, "", float(decisions.commit_usd_m[c])
        for d in np.flatnonzero(decisions.draw_usd_m).tolist():
            tranche = money.tranches[d]
            if tranche.facility == name:
                site = choices.options[tranche.option].site_name if tranche.option >= 0 else ""
                yield tranche.decided, "draw", tranche.name, site, float(decisions.draw_usd_m[d])
        for k, line in enumerate(money.lines):
            if line.name != name:
                continue
            if decisions.line_commit[k] > 0:
                yield float(starts[line.commit_node]), "commit", name, "", float(decisions.line_commit[k])
            for kind, moved in (("draw", decisions.line_draw[k]), ("repay", decisions.line_repay[k])):
                for n in np.flatnonzero(moved).tolist():
                    yield float(starts[n]), kind, name, "", float(moved[n])
    for g, name in enumerate(plan.prepared.case.finance.companies):
        for kind, moved in (("fund", decisions.fund_usd_m[g]), ("upstream", decisions.upstream_usd_m[g])):
            for n in np.flatnonzero(moved).tolist():
                yield float(starts[n]), kind, name, "", float(moved[n])


def allocation_table(plan: Plan) -> Table:
    """Where the megawatts go."""
    prepared = plan.prepared
    tree = prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    mined_at: list[list[tuple[str, list[float], list[float], list[float]]]] = [[] for _ in prepared.case.sites]
    for mined in plan.mined:
        figures = (mined.mean_mw.tolist(), mined.mwh.tolist(), mined.hours_run.tolist())
        mined_at[mined.site].append((mined.name, *figures))
    for n, (scenario, period) in enumerate(_node_keys(plan)):
        begin, end = float(tree.start_months[n]), float(tree.start_months[n] + tree.length_months[n])
        head = (scenario, period, iso(plan, begin), last_day(plan, end))
        for s, (name, site) in enumerate(prepared.case.sites.items()):
            used = 0.0
            for item, mean_mw, mwh_mined, hours_run in mined_at[s]:
                if mean_mw[n] > TINY:
                    used += mean_mw[n]
                    rows.append((*head, name, "mining", item, mean_mw[n], 0.0, mwh_mined[n], hours_run[n]))
            for offer in plan.signed:
                if offer.option.site == s and offer.reserved_mw[n] > TINY:
                    mw = float(offer.reserved_mw[n])
                    used += mw
                    it_mw, mwh = float(offer.it_mw[n]), float(offer.mwh[n])
                    rows.append((*head, name, "hosting", offer.option.offer_name, mw, it_mw, mwh, 0.0))
            free = _mean_level(plan, site.energised_mw, begin, end) + _mean_built(plan, s, n, begin, end) - used
            rows.append((*head, name, "free", "", free, 0.0, 0.0, 0.0))
    columns = ("scenario", "period", "from", "to", "site", "use", "item", "meter_mw", "it_mw", "mwh", "hours_run")
    return table(columns, rows)


def _mean_built(plan: Plan, site: int, node: int, begin: float, end: float) -> float:
    """Mean energised MW of builds in use over [begin, end), months after the start."""
    total = 0.0
    for u in np.flatnonzero(plan.decisions.built):
        build = plan.prepared.choices.builds[u]
        if build.site == site and plan.prepared.market.tree.reaches[build.node, node]:
            share = max(0.0, end - max(begin, build.in_use_from)) / (end - begin)
            total += share * int(plan.decisions.built[u]) * build.terms.energised_mw
    return total


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
    sites = list(plan.prepared.case.sites)
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for mined in sorted(plan.mined, key=lambda mined: mined.site):
            if mined.mean_mw[n] > TINY:
                btc = float(mined.btc[n])
                rows.append(
                    (
                        *key,
                        sites[mined.site],
                        mined.name,
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
                    offer.delivery_cost, offer.delivery_recovered, offer.noi, offer.credit, offer.prepayment,
                    offer.signing_cost, offer.capex, offer.residual,
                )  # fmt: skip
                head = (*key, offer.option.offer_name, offer.option.site_name, offer.halls)
                rows.append((*head, *(float(flow[n]) for flow in flows)))
    columns = (
        "scenario", "period", "offer", "site", "halls", "it_mw", "mwh", "rent_usd_m", "operating_cost_usd_m",
        "power_cost_usd_m", "power_recovered_usd_m", "delivery_cost_usd_m", "delivery_recovered_usd_m", "noi_usd_m",
        "credit_usd_m", "prepayment_usd_m", "signing_cost_usd_m", "capex_usd_m", "residual_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def machines_table(plan: Plan) -> Table:
    """Where the machines are."""
    operations, states = plan.prepared.operations, plan.states
    sites = list(plan.prepared.case.sites)
    shares = [overlap_share(plan.prepared, lot.present_from, lot.present_until) for lot in operations.lots]
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for c, lot in enumerate(operations.lots):
            where = [
                (sites[p.site], states.installed_eh_s[i, n]) for i, p in enumerate(operations.places) if p.lot == c
            ]
            for name, eh_s in [*where, ("store", states.stored_eh_s[c, n])]:
                # What is left of a lot after sales that were rounded to a millionth of a PH/s is none.
                if eh_s > 1.5 * TINY:
                    rows.append((*key, lot.full_name, name, float(eh_s) * 1000, float(shares[c][n])))
    return table(("scenario", "period", "lot", "place", "ph_s", "present"), rows)


def limits_table(plan: Plan) -> Table:
    """Headroom of every limit, at its tightest instant of the period."""
    prepared = plan.prepared
    tree = prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    signed_options = tuple(offer.option for offer in plan.signed)
    built = tuple(prepared.choices.builds[u] for u in np.flatnonzero(plan.decisions.built))
    instants = [
        site_instants(prepared.case, prepared.market, prepared.operations, signed_options, built, s)
        for s in range(len(prepared.case.sites))
    ]
    for n, key in enumerate(_node_keys(plan)):
        rows += [(*key, *cells) for cells in covenant_rows(plan, n)]
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
        rows += [(*key, *cells) for cells in money_rows(plan, n)]
    columns = ("scenario", "period", "limit", "item", "used", "allowed", "headroom", "unit")
    return table(columns, rows)


def _megawatts(plan: Plan, site: int, kind: str, instant: float, node: int) -> tuple[float, float]:
    """(used, allowed) meter MW at an instant."""
    prepared, operations = plan.prepared, plan.prepared.operations
    reaches = prepared.market.tree.reaches
    entry = list(prepared.case.sites.values())[site]
    used = sum(
        float(plan.states.installed_eh_s[p, node]) * place.mw_per_eh
        for p, place in enumerate(operations.places)
        if place.site == site and is_there(operations.lots[place.lot], instant)
    )
    used += sum(
        (offer.option.energised_mw(instant) if kind == "energised" else offer.option.gross_mw) * offer.halls
        for offer in plan.signed
        if offer.option.site == site
        and reaches[offer.option.node, node]
        and takes_megawatts(offer.option, kind, instant)
    )
    levels = entry.energised_mw if kind == "energised" else entry.mining_shell_mw
    allowed = level_at(levels, prepared.market.start_month + instant)
    for u in np.flatnonzero(plan.decisions.built):
        build = prepared.choices.builds[u]
        if build.site == site and reaches[build.node, node] and build.in_use_from <= instant + TINY:
            allowed += int(plan.decisions.built[u]) * build_megawatts(build, kind)
    return used, allowed
