"""A checked case in words, and as plain data: what ``wattfork check`` shows.

Only says again what the case says, with the sums that a reader would do in the head. Computes no value of a plan.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from optimizer.case.base import month_label
from optimizer.case.case import Case
from optimizer.case.derived import (
    decision_dates,
    designed,
    hashprice_at_start,
    level_at,
    lots_of,
    meter_mw_per_ph_s,
)
from optimizer.case.load import LoadedCase
from optimizer.case.offers import HostingPower, Offer
from optimizer.case.sites import ArrivingLot, Site
from optimizer.cli.finance_words import describe_finance, finance_lines
from optimizer.cli.power_words import describe_power, power_lines
from optimizer.market.prices import PriceSeries

WIDTH = 100


def describe(loaded: LoadedCase, prices: Mapping[str, PriceSeries]) -> dict[str, Any]:
    """The case as plain data, JSON-able; markets without a price series have no figures of one."""
    case = loaded.case
    dates = decision_dates(case)
    finance = case.finance
    return {
        "title": case.case,
        "files": [str(file) for file in loaded.files],
        "horizon": {
            "from": str(case.horizon.start),
            "to": month_label(dates[-1] - 1),
            "years": (dates[-1] - dates[0]) / 12,
            "decision_dates": len(dates) - 1,
        },
        "discount": {key: rate for key, rate in case.discount.model_dump().items() if rate is not None},
        "power": {name: _power(case, name, prices.get(name)) for name in case.market.power},
        "network": {
            "btc_usd": case.market.network.btc_usd,
            "hashrate_eh_s": case.market.network.hashrate_eh_s,
            "hashprice_usd_per_ph_day": hashprice_at_start(case),
            "path": case.market.network.path,
        },
        "currencies": dict(case.currencies),
        "sites": {name: _site(case, site) for name, site in case.sites.items()},
        "hall_designs": {name: design.model_dump(mode="json") for name, design in case.hall_designs.items()},
        "leases": {
            name: {
                "site": lease.site,
                "mw_it": lease.it_mw,
                "meter_mw": lease.it_mw * lease.gross_per_it,
                "first_rent": str(lease.first_rent),
                "term_months": lease.term,
                "rent_year_1_usd_m": lease.it_mw * lease.rate_usd_per_kw_month * 12 / 1000,
                "capex_left_usd_m": lease.capex_left_usd_m,
                "power_paid_by": lease.power.paid_by,
                "power_price": _power_price(lease.power),
            }
            for name, lease in case.leases.items()
        },
        "offers": {name: _offer(designed(case, offer)) for name, offer in case.offers.items()},
        "money": {
            "cash_usd_m": finance.opening.cash_usd_m,
            "min_cash_usd_m": finance.limits.least_cash_usd_m,
            "btc": finance.opening.btc,
            "btc_usd_m": finance.opening.btc * case.market.network.btc_usd / 1e6,
            "treasury": finance.treasury.policy,
            "shares_m": finance.opening.shares_m,
            "share_price_usd": finance.opening.share_price_usd,
            "sga_usd_m_per_quarter": finance.opening.sga_usd_m_per_quarter,
            **describe_finance(case),
        },
        "given": {
            "otherwise": case.given.otherwise,
            "decisions_on": sum(len(value) for value in case.given.model_dump().values() if isinstance(value, dict)),
        },
        "assumed_inputs": loaded.assumed_count,
    }


def _power(case: Case, name: str, series: PriceSeries | None) -> dict[str, Any]:
    market = case.market.power[name]
    found: dict[str, Any] = {"file": market.file, "column": market.column, "scale": market.scale}
    found["forward_usd_per_mwh"] = dict(market.forward_usd_per_mwh)
    found["currency"] = market.currency
    if series is not None:
        found |= {
            "rows": len(series.price),
            "interval_minutes": round(series.interval_hours * 60),
            "from": month_label(float(series.local_month[0])) + f"-{int(series.local_day[0]):02d}",
            "to": month_label(float(series.local_month[-1])) + f"-{int(series.local_day[-1]):02d}",
            "mean_usd_per_mwh": float(series.price.mean()),
            "repairs": list(series.repairs),
            "sha256": series.sha256,
        }
    return found


def _site(case: Case, site: Site) -> dict[str, Any]:
    start = case.horizon.start.first
    lots = {}
    for key, lot in lots_of(site):
        lots[key] = {
            "machine": lot.machine or key,
            "eh_s": lot.ph_s / 1000,
            "efficiency_j_per_th": case.machines[lot.machine or key].efficiency_j_per_th,
            "meter_mw": lot.ph_s * meter_mw_per_ph_s(case, site, key, lot),
            "arrives": str(lot.on) if isinstance(lot, ArrivingLot) else None,
        }
    return {
        "power_market": site.power.market,
        "share": site.share,
        **describe_power(case, site),
        "builds": {
            name: {
                "max": build.max,
                "energised_mw": build.energised_mw,
                "mining_shell_mw": build.mining_shell_mw,
                "cost_usd_m": build.cost_usd_m,
            }
            for name, build in site.builds.items()
        },
        "energised_mw": level_at(site.energised_mw, start),
        "energised_mw_later": _later(site.energised_mw, start),
        "mining_shell_mw": level_at(site.mining_shell_mw, start),
        "mining_shell_mw_later": _later(site.mining_shell_mw, start),
        "lots": lots,
    }


def _later(levels: Any, start: float) -> dict[str, float]:
    if not isinstance(levels, Mapping):
        return {}
    return {str(date): mw for date, mw in sorted(levels.items()) if date.first > start + 1e-9}


def _power_price(power: HostingPower) -> str:
    """What the tenant pays for power, in words."""
    if power.paid_by != "tenant":
        return ""
    if power.price_usd_per_mwh is not None:
        return f" at {power.price_usd_per_mwh:g} USD/MWh"
    return "" if power.pass_through_at == "spot" else f" at the price of {power.pass_through_at}"


def _offer(offer: Offer) -> dict[str, Any]:
    mw_it = offer.hall_mw_it
    least, most = offer.halls.min * mw_it, offer.halls.max * mw_it
    return {
        "sites": list(offer.sites),
        "takes": offer.takes,
        "halls": [offer.halls.min, offer.halls.max],
        "mw_it": [least, most],
        "meter_mw": [least * offer.gross_per_it, most * offer.gross_per_it],
        "rent_year_1_usd_m": [mw * offer.rate_usd_per_kw_month * 12 / 1000 for mw in (least, most)],
        "capex_usd_m": [mw * offer.capex_usd_m_per_mw_it * (1 + offer.contingency) for mw in (least, most)],
        "sign": [str(offer.sign.start), str(offer.sign.end)],
        "lead_months": offer.lead,
        "term_months": offer.term,
        "power_paid_by": offer.power.paid_by,
        "power_price": _power_price(offer.power),
        "uptime_nines": offer.uptime_nines,
        "design": offer.design,
        "headroom_to_mining": offer.headroom_to_mining,
        "tenant_capex": offer.tenant_capex.model_dump(mode="json") if offer.tenant_capex is not None else None,
    }


# ---------------------------------------------------------------- words


def in_words(about: Mapping[str, Any]) -> list[str]:
    """What `describe` found, in lines of at most 100 columns."""
    horizon, money, network = about["horizon"], about["money"], about["network"]
    lines = [*_wrapped(about["title"], ""), ""]
    plan = f"{horizon['from']} to {horizon['to']}, {horizon['years']:g} years, "
    plan += _count(horizon["decision_dates"], "decision date")
    lines += _row("plan", plan)
    lines += _row("discount", ", ".join(f"{key} {rate * 100:.4g} %" for key, rate in about["discount"].items()))
    later = f"; months in {network['path']} as there" if network["path"] else ""
    lines += _row(
        "bitcoin",
        f"{network['btc_usd']:,.10g} USD, network {network['hashrate_eh_s']:,.6g} EH/s: "
        f"hashprice {network['hashprice_usd_per_ph_day']:.4g} USD/PH/s/day{later}",
    )
    if about["currencies"]:
        rates = (f"1 {code} = {rate:,.10g} USD" for code, rate in about["currencies"].items())
        lines += _row("currencies", ", ".join(rates))
    lines += ["", "power"]
    for name, market in about["power"].items():
        lines += _row(name, _power_words(market), 2)
    lines += ["", "sites"]
    for name, site in about["sites"].items():
        lines += _row(name, _site_words(site), 2)
        for key, lot in site["lots"].items():
            arrives = f", arrives {lot['arrives']}" if lot["arrives"] else ""
            machine = f" of {lot['machine']}" if lot["machine"] != key else ""
            text = f"{lot['eh_s']:.4g} EH/s{machine} at {lot['efficiency_j_per_th']:g} J/TH, {_mw(lot['meter_mw'])}"
            lines += _row(key, text + arrives, 4)
        for key, line in power_lines(site):
            lines += _row(key, line, 4)
        for key, build in site["builds"].items():
            adds = f"{_mw(build['energised_mw'])} energised, {_mw(build['mining_shell_mw'])} mining shell"
            lines += _row(key, f"can be built, up to {build['max']}: {adds}, ${build['cost_usd_m']:,.10g} M each", 4)
    if about["hall_designs"]:
        lines += ["", "hall designs"]
    for name, design in about["hall_designs"].items():
        text = (
            f"{_uptime(design['uptime_nines'])} of uptime: {design['gross_per_it']:g} MW at the meter per MW IT, pue "
        )
        text += f"{design['pue']:g}, ${design['capex_usd_m_per_mw_it']:,.10g} M per MW IT"
        lines += _row(name, text, 2)
    if about["leases"]:
        lines += ["", "leases"]
    for name, lease in about["leases"].items():
        text = (
            f"{lease['mw_it']:,.10g} MW IT ({_mw(lease['meter_mw'])} at the meter) at {lease['site']}, rent from "
            f"{lease['first_rent']} for {lease['term_months'] / 12:g} years: ${lease['rent_year_1_usd_m']:,.4g} M in "
            f"its first year; capex left ${lease['capex_left_usd_m']:,.10g} M; power paid by the "
            f"{lease['power_paid_by']}{lease['power_price']}"
        )
        lines += _row(name, text, 2)
    if about["offers"]:
        lines += ["", "offers"]
    for name, offer in about["offers"].items():
        lines += _row(name, _offer_words(offer), 2)
    lines += ["", "money"]
    lines += _row("cash", f"${money['cash_usd_m']:,.10g} M, at least ${money['min_cash_usd_m']:,.10g} M kept", 2)
    if money["btc"]:
        lines += _row("bitcoin", f"{money['btc']:,.10g} BTC (${money['btc_usd_m']:,.4g} M)", 2)
    lines += _row("treasury", _TREASURY[money["treasury"]], 2)
    lines += _row("shares", f"{money['shares_m']:,.10g} M at ${money['share_price_usd']:,.10g}", 2)
    lines += _row("overheads", f"${money['sga_usd_m_per_quarter']:,.10g} M a quarter", 2)
    for name, text in finance_lines(money):
        lines += _row(name, text, 2)
    given = about["given"]
    if given["decisions_on"] or given["otherwise"] != "optimise":
        rest = "nothing else is done" if given["otherwise"] == "nothing" else "the rest is optimised"
        lines += ["", *_row("given", f"{_count(given['decisions_on'], 'decision')} laid down; {rest}")]
    assumed = about["assumed_inputs"]
    lines += ["", *_row("inputs", f"{_count(assumed, 'value')} assumed" if assumed else "none marked as assumed")]
    return lines


_TREASURY = {
    "sell_mined": "mined coins are sold, those held at the start are kept",
    "sell_all": "mined coins are sold, and those held at the start at once",
    "hold": "no coin is ever sold",
    "sell_share": "a share of mined coins is sold",
    "sell_to_fund": "coins are sold as the plan needs cash",
}


def _power_words(market: Mapping[str, Any]) -> str:
    parts = [market["file"]]
    money = market["currency"] or "USD"
    if "rows" in market:
        parts.append(
            f"{market['rows']:,} rows of {market['interval_minutes']} minutes, {market['from']} to {market['to']}, "
            f"mean {market['mean_usd_per_mwh']:.4g} {money}/MWh"
        )
    forward = market["forward_usd_per_mwh"]
    if forward:
        parts.append("scaled to " + ", ".join(f"{key}: {level:g}" for key, level in forward.items()))
    if market["scale"] != 1:
        parts.append(f"times {market['scale']:g}")
    if "repairs" in market:
        parts.append("mended: " + "; ".join(market["repairs"]) if market["repairs"] else "nothing mended")
    return ", ".join(parts)


def _site_words(site: Mapping[str, Any]) -> str:
    def level(key: str) -> str:
        later = "".join(f", {mw:,.6g} from {date}" for date, mw in site[f"{key}_later"].items())
        return f"{_mw(site[key])}{later}"

    used = sum(lot["meter_mw"] for lot in site["lots"].values() if not lot["arrives"])
    shell = f"mining shell {level('mining_shell_mw')}, of which machines use {_mw(used)} at the start"
    share = f"; the company has {site['share'] * 100:.4g} % of it" if site["share"] < 1 else ""
    return f"energised {level('energised_mw')}; {shell}; buys at {site['power_market']}{share}"


def _offer_words(offer: Mapping[str, Any]) -> str:
    halls = _between(offer["halls"])
    place = "the mine's buildings" if offer["takes"] == "mining_shell" else "free power"
    design = f", built as {offer['design']}" if offer["design"] else ""
    design += f", {_uptime(offer['uptime_nines'])} of uptime promised" if offer["uptime_nines"] else ""
    kept = f"; machines may use {offer['headroom_to_mining'] * 100:.4g} % of what is kept for redundancy"
    design += kept if offer["headroom_to_mining"] else ""
    return (
        f"{halls} halls, {_between(offer['mw_it'])} MW IT ({_between(offer['meter_mw'])} MW at the meter) of {place} "
        f"at {' or '.join(offer['sites'])}{design}; sign {offer['sign'][0]} to {offer['sign'][1]}, rent "
        f"{offer['lead_months']} months later for {offer['term_months'] / 12:g} years: "
        f"${_between(offer['rent_year_1_usd_m'])} M in its first year; capex ${_between(offer['capex_usd_m'])} M; "
        f"power paid by the {offer['power_paid_by']}{offer['power_price']}{_tenant_capex(offer['tenant_capex'])}"
    )


def _tenant_capex(paid: Mapping[str, Any] | None) -> str:
    if paid is None:
        return ""
    text = f"; the tenant pays ${paid['usd_m_per_mw_it']:,.10g} M of capex per MW IT"
    credited = paid["credited_usd_m_per_mw_it"]
    share = f"with at most {paid['credit_share_of_rent'] * 100:.4g} % of each month's rent"
    return f"{text}, of which ${credited:,.10g} M are credited back {share}" if credited else text


def _uptime(nines: int) -> str:
    """``99.9 %`` for 3."""
    return f"{100 - 10.0 ** (2 - nines):.10g} %"


def _between(pair: list[float]) -> str:
    low, high = (f"{value:,.4g}" for value in pair)
    return low if low == high else f"{low} to {high}"


def _mw(value: float) -> str:
    return f"{value:,.4g} MW"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _row(label: str, text: str, indent: int = 0) -> list[str]:
    start = " " * indent + label.ljust(max(18 - indent, len(label) + 2))
    return _wrapped(start + text, " " * 20)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, drop_whitespace=True) or [""]
