"""Power of a site in words: how it buys, contracts, interruptions, delivery charges, programs. One line each.

A part of ``optimizer.cli.case_words``. The plain data are the sections as the case has them, with defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock
from optimizer.case.derived import decision_dates
from optimizer.case.sites import Site

SECTIONS = ("contracts", "contract_offers", "interruptions", "delivery", "flexibility")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def describe_power(case: Case, site: Site) -> dict[str, Any]:
    """How a site buys power and what hangs on it, as plain data; contracts say whether they end inside the plan."""
    end = decision_dates(case)[-1]
    found: dict[str, Any] = {"power": site.power.model_dump(mode="json", by_alias=True)}
    found["changed_prices"] = _changed_prices(case, site)
    for section in SECTIONS:
        entries = getattr(site, section)
        found[section] = {name: entry.model_dump(mode="json", by_alias=True) for name, entry in entries.items()}
    for name, contract in site.contracts.items():
        found["contracts"][name]["ends_inside_plan"] = contract.until.last < end - 1e-9
    return found


def power_lines(site: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A name and a line of words for each thing that `describe_power` found, in the order of the case."""
    lines = [("power", buying)] if (buying := _buying(site["power"])) else []
    lines += [("prices", _changes(name, changes)) for name, changes in site["changed_prices"].items()]
    lines += [(name, _contract(one, site["power"]["market"])) for name, one in site["contracts"].items()]
    lines += [(name, _contract_offer(one)) for name, one in site["contract_offers"].items()]
    lines += [(name, _interruption(one)) for name, one in site["interruptions"].items()]
    lines += [(name, _charge(one)) for name, one in site["delivery"].items()]
    lines += [(name, _program(one)) for name, one in site["flexibility"].items()]
    return lines


# ---------------------------------------------------------------- prices that a market changes

_NEUTRAL = {"volatility": 1.0, "on_peak_spread": 1.0, "spikes": 1.0, "basis_usd_per_mwh": 0.0}


def _changed_prices(case: Case, site: Site) -> dict[str, dict[str, float]]:
    """What the markets that a site uses change of their prices, by market, without what is neutral."""
    used = [site.power.market]
    used += [site.power.split.market] if site.power.split is not None else []
    used += [site.power.decides_on.market] if site.power.decides_on is not None else []
    blocks = [block for block in site.contracts.values() if isinstance(block, FixedBlock)]
    used += [block.settles_at for block in blocks if block.settles_at is not None]
    found: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(used):
        values = {key: float(getattr(case.market.power[name], key)) for key in _NEUTRAL}
        changes = {key: value for key, value in values.items() if value != _NEUTRAL[key]}
        if changes:
            found[name] = changes
    return found


def _changes(market: str, changes: Mapping[str, float]) -> str:
    parts: list[str] = []
    if (swings := changes.get("volatility")) is not None:
        flat = "they are flat in every month"
        parts.append(f"they swing {swings:g} times as far around the month's mean" if swings else flat)
    if (spread := changes.get("on_peak_spread")) is not None:
        parts.append(f"on-peak hours are {spread:g} times as far above the others")
    if (spikes := changes.get("spikes")) is not None:
        parts.append(f"{spikes:g} times as many intervals are spikes" if spikes else "spikes are cut off")
    if (basis := changes.get("basis_usd_per_mwh")) is not None:
        parts.append(f"every MWh is {abs(basis):g} USD {'dearer' if basis > 0 else 'cheaper'}")
    return f"those of {market} are not as in the file: {', '.join(parts)}"


# ---------------------------------------------------------------- one section each


def _buying(power: Mapping[str, Any]) -> str:
    """Empty where a site simply pays the price of its market."""
    parts: list[str] = []
    if split := power["split"]:
        parts.append(f"{_share(split['share'])} of every MWh is bought at {split['market']}")
    floor, cap = power["floor_usd_per_mwh"], power["cap_usd_per_mwh"]
    bounds = ([f"at least {floor:g}"] if floor is not None else []) + ([f"at most {cap:g}"] if cap is not None else [])
    if bounds:
        parts.append(f"the market's price counts as {' and '.join(bounds)} USD/MWh")
    if tariff := power["tariff"]:
        until = f" until {tariff['until']}" if tariff["until"] else ""
        price = _dated(tariff["price_usd_per_mwh"], "USD/MWh") if tariff["kind"] == "fixed" else _gas(tariff)
        parts.append(f"in place of the market a tariff of {price}{until}")
    if power["adder_usd_per_mwh"] != 0:
        parts.append(f"adder {_dated(power['adder_usd_per_mwh'], 'USD/MWh')}")
    if power["losses"]:
        parts.append(f"losses {_share(power['losses'])}")
    if power["wires_usd_per_mwh"] != 0:
        parts.append(f"wires {_dated(power['wires_usd_per_mwh'], 'USD/MWh')}")
    if power["resale_fee_usd_per_mwh"]:
        parts.append(f"resale costs {power['resale_fee_usd_per_mwh']:g} USD/MWh")
    if decides := power["decides_on"]:
        skill = f", foreseeing {_share(decides['skill'])} of the rest" if decides["skill"] else ""
        parts.append(f"machines are told to run by the price of {decides['market']}{skill}")
    return "; ".join(parts)


def _contract(contract: Mapping[str, Any], market: str) -> str:
    kind = contract["kind"]
    if kind == "minimum_take":
        text = f"at least {_share(contract['share'])} of {_mw(contract['mw'])} is taken in every {contract['over']}"
        text += f"{_term(contract)}, or {contract['shortfall_usd_per_mwh']:g} USD is paid for each MWh short"
    elif contract.get("settles_at"):
        text = f"{_supply(contract)}{_term(contract)}, settled in money against {contract['settles_at']}"
    else:
        text = f"{_supply(contract)}{_term(contract)}{_use(contract)}"
    if contract["ends_inside_plan"]:
        after = f": afterwards the site buys at {market}" if kind not in ("minimum_take",) else ""
        text += f"; ends inside the plan{'' if contract.get('settles_at') else after}"
    return text


def _contract_offer(offer: Mapping[str, Any]) -> str:
    terms, sign, most = offer["terms"], offer["sign"], offer["terms"]["mw"]
    size = "all or nothing" if offer["least_mw"] == most else f"at least {_mw(offer['least_mw'])}"
    text = f"can be signed {sign['from']} to {sign['to']} for {_months(offer['tenor'])}: up to {_supply(terms)}"
    text += f", {size}" if offer["least_mw"] else ""
    text += _use(terms)
    posted = offer["credit_support_usd_m_per_mw"]
    return text + (f"; ${posted:g} M of cash is posted for each MW" if posted else "")


def _supply(terms: Mapping[str, Any]) -> str:
    """How many MW at what price."""
    kind, mw = terms["kind"], _mw(terms["mw"])
    if profile := terms.get("profile"):
        mw += f" as in {profile['file']}"
    elif terms.get("hours", "7x24") != "7x24":
        mw += f" in {terms['hours']} hours"
    if kind == "heat_rate":
        return f"{mw} at {_gas(terms)}"
    if kind == "generation":
        return f"{mw} behind the meter at {terms['cost_usd_per_mwh']:g} USD/MWh"
    if kind == "monthly_election":
        mw = f"{_range(terms['least'], terms['most'])} of {mw}, elected for each month,"
    return f"{mw} at {_dated(terms['price_usd_per_mwh'], 'USD/MWh')}"


def _use(terms: Mapping[str, Any]) -> str:
    """What becomes of power that is not used, and who may use it."""
    if terms["kind"] in ("swing", "heat_rate"):
        text = ", paid as it is used"
    elif terms["kind"] == "generation":
        spot = terms["export"] == "spot"
        text = f", the rest is {'exported at spot' if spot else 'curtailed'}"
    else:
        resale = terms["resale"]
        part = f"{_share(resale['share'])} of spot" if isinstance(resale, dict) else resale
        text = ", paid in any case; the rest is " + ("lost" if part == "none" else f"sold at {part}")
    return text + ("; halls may use it" if terms["assignable_to_hosting"] else "")


def _interruption(one: Mapping[str, Any]) -> str:
    text = f"no power for machines in {one['events_per_year']:g} events a year of {one['hours_per_event']:g} hours"
    text += f"{_term(one)}, in the dearest hours"
    discount = one["discount_usd_per_mwh"]
    return text + (f"; every MWh of theirs is {discount:g} USD cheaper for it" if discount else "")


def _charge(charge: Mapping[str, Any]) -> str:
    if charge["kind"] == "demand":
        text = f"{_dated(charge['rate_usd_per_kw_month'], 'USD/kW-month')} on the highest load of the month"
        floors = []
        if charge["ratchet"]:
            opening = f" ({_mw(charge['opening_peak_mw'])} before the start)" if charge["opening_peak_mw"] else ""
            floors.append(f"{_share(charge['ratchet'])} of that of the eleven months before{opening}")
        if charge["contracted_mw"]:
            floors.append(_mw(charge["contracted_mw"]))
        return text + (f", at least on {' and on '.join(floors)}" if floors else "")
    days = "on weekdays" if charge["weekdays_only"] else "on all days"
    text = (
        f"{_dated(charge['rate_usd_per_kw_year'], 'USD/kW-year')} on the load in the peak hours of "
        f"{_named_months(charge['months'])}, expected from {charge['hours'][0]}:00 to {charge['hours'][1]}:00 {days} "
        f"({_share(charge['success'])} sure); "
    )
    if charge["billed"] == "in_month":
        text += "billed in the month"
    else:
        text += (
            f"billed over {_months(charge['billed_over'])} from {_MONTHS[charge['billed_from'] - 1]} of the next year"
        )
    opening = charge["opening_usd_m"]
    return text + (f"; ${opening:,.10g} M of the year before is still to be billed" if opening else "")


def _program(program: Mapping[str, Any]) -> str:
    if program["kind"] == "demand_response":
        return (
            f"up to {_mw(program['mw'])} enrolled by month in {_named_months(program['months'])} for "
            f"{program['payment_usd_per_kw_month']:g} USD/kW-month{_term(program)}; they stand still in "
            f"{program['events_per_year']:g} events a year of {program['hours_per_event']:g} hours"
        )
    called = ""
    if program["deployed_share"]:
        called = f", called for {_share(program['deployed_share'])}"
        called += f" at a loss of {program['deployment_cost_usd_per_mwh']:g} USD/MWh"
    price = program["price_share"]
    shares = {date: 100 * share for date, share in price.items()} if isinstance(price, dict) else 100 * price
    return (
        f"up to {_mw(program['mw'])} of running load sold as {' or '.join(program['columns'])} at "
        f"{_dated(shares, '%')} of the prices in {program['prices']['file']}{_term(program)}, "
        f"{_share(program['availability'])} of the hours counting{called}"
    )


# ---------------------------------------------------------------- words


def _dated(amounts: float | Mapping[str, float], unit: str) -> str:
    """``27 USD/MWh``, or ``27 USD/MWh from 2025-07, 28 from 2027-01``."""
    if not isinstance(amounts, Mapping):
        return f"{amounts:,.10g} {unit}"
    parts = [f"{amount:,.10g}{{}} from {date}" for date, amount in sorted(amounts.items())]
    return ", ".join(part.format(f" {unit}" if index == 0 else "") for index, part in enumerate(parts))


def _gas(terms: Mapping[str, Any]) -> str:
    adder = terms.get("adder_usd_per_mwh", 0)
    text = f"{terms['mmbtu_per_mwh']:g} MMBtu/MWh x {_dated(terms['gas_usd_per_mmbtu'], 'USD/MMBtu')}"
    return text + (f" + {adder:g} USD/MWh" if adder else "")


def _term(one: Mapping[str, Any]) -> str:
    start = f" from {one['from']}" if one.get("from") else ""
    return start + (f" until {one['until']}" if one.get("until") else "")


def _range(least: float, most: float) -> str:
    return _share(most) if least == most else f"{_share(least)} to {_share(most)}"


def _share(value: float) -> str:
    return f"{value * 100:.4g} %"


def _months(duration: str | int) -> str:
    months = int(str(duration).split()[0])
    return f"{months // 12} year{'s' if months > 12 else ''}" if months and months % 12 == 0 else f"{months} months"


def _named_months(months: list[int]) -> str:
    return "all months" if len(months) == 12 else ", ".join(_MONTHS[month - 1] for month in months)


def _mw(value: float) -> str:
    return f"{value:,.4g} MW"
