"""The rows of decisions.csv: what is decided, with megawatts and money. Section 12 of docs/figures.md."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.plan.audit.recompute.decisions import BETWEEN, KINDS, Decision, Kind
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import capex_of, reserved_mw
from optimizer.plan.audit.recompute.lots import Lot
from optimizer.plan.audit.recompute.project_terms import project_items
from optimizer.plan.audit.recompute.timeline import first_day

Cell = str | float | None
Row = tuple[Cell, ...]

_UNITS: dict[Kind, str] = {
    "sign": "halls",
    "contract": "mw",
    "build": "builds",
    "buy": "ph_s",
    "unplug": "ph_s",
    "plug": "ph_s",
    "sell": "ph_s",
    "commit": "usd_m",
    "draw": "usd_m",
    "repay": "usd_m",
    "fund": "usd_m",
    "upstream": "usd_m",
    "issue": "usd_m",
    "sell_btc": "btc",
    "keep_btc": "btc",
}


def decision_rows(figures: Figures) -> list[Row]:
    """By date, then by kind, then in the order of the case."""
    place_of = _order(figures)
    lots = {lot.full_name: lot for lot in figures.lots}

    def key(each: Decision) -> tuple[int, int, tuple[int, int]]:
        return each.at, KINDS.index(each.kind), place_of(each)

    rows: list[Row] = []
    for each in sorted(figures.decisions.rows, key=key):
        megawatts, usd_m = _megawatts_and_money(figures, each, lots)
        cells = (each.item, each.site, each.amount, _UNITS[each.kind], megawatts, usd_m)
        rows.append((first_day(each.at), each.kind, *cells))
    return rows


def _order(figures: Figures) -> Callable[[Decision], tuple[int, int]]:
    """Where the case has what is decided, among decisions of one kind and date."""
    case = figures.case
    sites, offers, machines = list(case.sites), list(case.offers), list(case.machines)
    companies = list(case.finance.companies)
    # What is drawn for one offer and not another stands where its facility does.
    facilities: dict[str, tuple[int, int]] = {name: (at, 0) for at, name in enumerate(case.finance.facilities)}
    for number, (name, item) in enumerate(project_items(case).items()):
        facilities[name] = (facilities[item.facility][0], number)
    lots = {lot.full_name: (place, list(lot.installed_ph_s)) for place, lot in enumerate(figures.lots)}

    def place_of(each: Decision) -> tuple[int, int]:
        if each.kind == "sign":
            return offers.index(each.item), 0
        if each.kind == "contract":
            return sites.index(each.site), list(case.sites[each.site].contract_offers).index(each.item)
        if each.kind == "build":
            return sites.index(each.site), list(case.sites[each.site].builds).index(each.item)
        if each.kind == "buy":
            return sites.index(each.site), machines.index(each.item)
        if each.kind in ("unplug", "plug"):
            lot, places = lots[each.item]
            return lot, places.index(each.site)
        if each.kind == "sell":
            return lots[each.item][0], 0
        if each.kind in ("commit", "draw", "repay", "issue"):
            return facilities[each.item]
        if each.kind in BETWEEN:
            return companies.index(each.item), 0
        return 0, 0

    return place_of


def _megawatts_and_money(figures: Figures, each: Decision, lots: dict[str, Lot]) -> tuple[float, float]:
    """Meter MW, and USD m of the company."""
    case = figures.case
    if each.kind == "sign":
        return reserved_mw(case, each.item, each.amount), capex_of(case, each.item, each.amount)
    if each.kind == "build":
        site = case.sites[each.site]
        terms = site.builds[each.item]
        return each.amount * terms.energised_mw, each.amount * terms.cost_usd_m * site.share
    paid = figures.deals.paid.get(each, 0.0)
    if each.kind in ("buy", "unplug", "plug"):
        machine = case.machines[each.item] if each.kind == "buy" else lots[each.item].machine
        per_ph_s = machine.efficiency_j_per_th * case.sites[each.site].mining_overhead / 1000
        return each.amount * per_ph_s, paid
    return 0.0, paid
