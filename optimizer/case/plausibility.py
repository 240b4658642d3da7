"""What in a case looks like a slip: a unit taken for another, an offer that comes too late, a bet in disguise.

For a case that is correct. Everything here is a warning, and each says what was probably meant; no warning keeps a
plan from being made. What cannot be planned with is in ``optimizer.case.references``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.case.base import month_label
from optimizer.case.case import Case
from optimizer.case.derived import (
    TOLERANCE,
    decision_dates,
    designed,
    hashprice_at_start,
    highest_level,
    least_mw,
    lot_end,
    meter_mw_per_ph_s,
    room_between_mw,
)
from optimizer.case.findings import Finding
from optimizer.case.offers import Offer
from optimizer.case.plausibility_finance import judge_finance
from optimizer.case.plausibility_given import judge_given
from optimizer.case.plausibility_power import judge_contract_prices, judge_power, per_kwh
from optimizer.case.yaml_file import CasePath


def judge(case: Case) -> list[Finding]:
    """Everything that looks odd in a case, prices apart."""
    return [
        *_power(case),
        *judge_power(case),
        *_network(case),
        *_machines(case),
        *_sites(case),
        *_offers(case),
        *_finance(case),
        *judge_finance(case),
        *judge_given(case),
        *_millions(case),
    ]


def _millions(case: Case) -> Iterable[Finding]:
    """Dollars, or single shares, where millions are meant."""
    opening = case.finance.opening
    amounts: list[tuple[CasePath, float, float]] = [
        (("finance", "opening", "cash_usd_m"), opening.cash_usd_m, 1e5),
        (("finance", "opening", "shares_m"), opening.shares_m, 1e5),
        (("finance", "opening", "sga_usd_m_per_quarter"), opening.sga_usd_m_per_quarter, 1e3),
        (("finance", "limits", "min_cash_usd_m"), case.finance.limits.least_cash_usd_m, 1e5),
    ]
    amounts += [
        (("finance", "debts", name, "principal_usd_m"), debt.principal_usd_m, 1e5)
        for name, debt in case.finance.debts.items()
    ]
    amounts += [
        (("finance", "facilities", name, "limit_usd_m"), facility.limit_usd_m, 1e5)
        for name, facility in case.finance.facilities.items()
    ]
    amounts += [
        (("finance", "ebitda_before_usd_m", period), abs(amount), 1e5)
        for period, amount in case.finance.ebitda_before_usd_m.items()
    ]
    if case.finance.tax is not None:
        amounts.append((("finance", "tax", "losses_usd_m"), case.finance.tax.losses_usd_m, 1e5))
    if case.finance.books is not None and case.finance.books.equity_usd_m is not None:
        amounts.append((("finance", "books", "equity_usd_m"), case.finance.books.equity_usd_m, 1e5))
    amounts += [
        (("sites", name, "operating_cost_usd_m_per_year"), site.operating_cost_usd_m_per_year, 1e3)
        for name, site in case.sites.items()
    ]
    amounts += [
        (("offers", name, "operating_cost_usd_m_per_mw_it_year"), offer.operating_cost_usd_m_per_mw_it_year, 20.0)
        for name, offer in case.offers.items()
    ]
    for path, amount, most in amounts:
        if amount > most:
            meant = f"{amount / 1e6:,.6g}"
            yield Finding(path, f"{amount:,.0f} millions; if single ones are meant, write {meant}")


def judge_prices(case: Case, means: Mapping[str, float]) -> list[Finding]:
    """What looks odd about the mean prices, by market, as they stand in the price files."""
    findings = []
    for name, mean in means.items():
        path: CasePath = ("market", "power", name, "file")
        if name not in case.market.power:
            continue
        if abs(mean) < 1:
            message = f"the mean price is {mean:.4g} a MWh; that looks like a price per kWh, which is a thousandth"
            findings.append(Finding(path, message))
        elif mean > 1000:
            message = f"the mean price is {mean:,.4g} a MWh; is it another column, or a price per year?"
            findings.append(Finding(path, message))
    return [*findings, *judge_contract_prices(case, means)]


def _rate(path: CasePath, value: float) -> Iterable[Finding]:
    if value > 1:
        yield Finding(path, f"{value:g} is {value * 100:g} % a year; {value:g} % would be {value / 100:g}")


def _power(case: Case) -> Iterable[Finding]:
    for name, market in case.market.power.items():
        path: CasePath = ("market", "power", name)
        yield from per_kwh((*path, "forward_usd_per_mwh"), market.forward_usd_per_mwh)
        if market.gaps == "zero":
            message = "power counts as free in every hour that the file lacks; zero is for prices of reserves"
            yield Finding((*path, "gaps"), message)
    for name, site in case.sites.items():
        yield from per_kwh(("sites", name, "variable_cost_usd_per_mwh"), site.variable_cost_usd_per_mwh)
    for code, rate in case.currencies.items():
        usual = _USUAL_RATES.get(code)
        if usual is not None and not 0.6 < rate / usual < 1.6:
            message = f"{rate:g} US dollars for one {code}; usual is about {usual:g}"
            turned = (
                f": is it {code} for one US dollar? Then write {1 / rate:.4g}" if 0.6 < 1 / rate / usual < 1.6 else ""
            )
            yield Finding(("currencies", code), message + turned)


_USUAL_RATES = {"CAD": 0.72, "AUD": 0.66, "NZD": 0.6, "EUR": 1.12, "GBP": 1.3, "CHF": 1.2, "NOK": 0.095, "SEK": 0.1}
"""US dollars for one, roughly: to see a rate that is turned round."""


def _network(case: Case) -> Iterable[Finding]:
    network = case.market.network
    path: CasePath = ("market", "network")
    size = network.hashrate_eh_s
    if size > 20_000:
        yield Finding((*path, "hashrate_eh_s"), f"{size:,.6g} EH/s looks like PH/s; in EH/s it is {size / 1000:g}")
    elif size < 20:
        yield Finding((*path, "hashrate_eh_s"), f"{size:g} EH/s looks like ZH/s; in EH/s it would be {size * 1000:g}")
    hashprice = hashprice_at_start(case)
    if network.path is None and not 10 <= hashprice <= 500:
        message = f"price, hash rate and subsidy make a hashprice of {hashprice:,.4g} USD/PH/s/day; usual is 10 to 500"
        yield Finding((*path, "hashrate_eh_s"), message)
    yield from _rate((*path, "btc_growth"), network.btc_growth)
    growth = network.hashrate_growth
    if isinstance(growth, Mapping):
        for date, rate in growth.items():
            yield from _rate((*path, "hashrate_growth", str(date)), rate)
    else:
        yield from _rate((*path, "hashrate_growth"), growth)
    if network.pool_fee > 0.1:
        message = f"{network.pool_fee:g} is {network.pool_fee * 100:g} % of revenue; pools take 0.5 to 4 %"
        yield Finding((*path, "pool_fee"), message)
    if network.fee_share > 0.5:
        message = f"fees would be {network.fee_share * 100:g} % of the block reward; usual is 1 to 10 %"
        yield Finding((*path, "fee_share"), message)
    start, end = case.horizon.start.first, decision_dates(case)[-1]
    for index, date in enumerate(network.halvings):
        if date.first <= start + 1e-9:
            message = f"{date} is not after the start and changes nothing; subsidy_btc is that of the start"
            yield Finding((*path, "halvings", index), message)
    if end - start >= 48 and not any(start < date.first < end for date in network.halvings):
        message = f"no halving is named in {(end - start) / 12:g} years; one comes about every four years (halvings:)"
        yield Finding((*path, "halvings"), message, at_key=True)


def _machines(case: Case) -> Iterable[Finding]:
    for name, machine in case.machines.items():
        value = machine.efficiency_j_per_th
        path: CasePath = ("machines", name, "efficiency_j_per_th")
        if value < 1:
            yield Finding(path, f"{value:g} J/TH looks like J/GH; in J/TH it would be {value * 1000:g}")
        elif not 5 <= value <= 120:
            yield Finding(path, f"{value:g} J/TH; machines on the market are between 5 and 120")


def _sites(case: Case) -> Iterable[Finding]:
    start = case.horizon.start.first
    for name, site in case.sites.items():
        for kind, lots in (("fleet", site.fleet), ("arriving", site.arriving)):
            for key, lot in lots.items():
                path: CasePath = ("sites", name, kind, key)
                if lot_end(case, key, lot) <= start + 1e-9:
                    message = "its life is over before the plan starts: these machines count for nothing"
                    yield Finding(path, message, at_key=True)
                used = lot.ph_s * meter_mw_per_ph_s(case, site, key, lot)
                if used < 0.5 and lot.ph_s < 200 and highest_level(site.mining_shell_mw) > 50 * used:
                    message = f"{lot.ph_s:g} PH/s draw {used:.2g} MW; is it in EH/s ({lot.ph_s * 1000:g})?"
                    yield Finding((*path, "ph_s"), message)


def _offers(case: Case) -> Iterable[Finding]:
    for name, written in case.offers.items():
        offer, path = designed(case, written), ("offers", name)
        figures: CasePath = ("hall_designs", written.design) if written.design is not None else path
        rent = offer.rate_usd_per_kw_month
        if rent > 1000:
            message = f"{rent:,.6g} USD per kW and month looks like USD per MW and month; per kW it is {rent / 1000:g}"
            yield Finding((*path, "rate_usd_per_kw_month"), message)
        elif rent < 20:
            message = f"{rent:g} USD per kW and month is little; is it per kW and week, or MUSD per MW and year"
            yield Finding((*path, "rate_usd_per_kw_month"), f"{message} ({rent * 1000 / 12:g})?")
        used = offer.pue * offer.utilisation
        if offer.gross_per_it < used - TOLERANCE:
            message = f"reserves {offer.gross_per_it:g} MW per MW IT, but pue x utilisation uses {used:g}"
            yield Finding((*figures, "gross_per_it"), message)
        capex = offer.capex_usd_m_per_mw_it
        if capex > 60:
            message = f"{capex:,.6g} MUSD per MW IT; data centres cost 8 to 15, with servers up to 60"
            yield Finding((*figures, "capex_usd_m_per_mw_it"), message)
        elif 0 < capex < 0.5:
            message = f"{capex:g} MUSD per MW IT; data centres cost 8 to 15: is it in billions, or in USD per W?"
            yield Finding((*figures, "capex_usd_m_per_mw_it"), message)
        if offer.ramp > offer.term:
            message = f"billing never becomes full: it grows over {offer.ramp} months and the term has {offer.term}"
            yield Finding((*path, "ramp"), message)
        yield from _timing(case, path, offer)


def _timing(case: Case, path: CasePath, offer: Offer) -> Iterable[Finding]:
    dates = decision_dates(case)
    starts, end = dates[:-1], dates[-1]
    window = f"{offer.sign.start} to {offer.sign.end}"
    possible = [step for step in starts if offer.sign.start.first - 1e-9 <= step < offer.sign.end.last]
    if not possible:
        if offer.sign.end.last <= starts[0] or offer.sign.start.first >= end:
            message = f"stands from {window}, outside the plan ({case.horizon.start} to {month_label(end - 1)})"
        else:
            message = f"stands from {window}, and no step begins in that time; shorten the steps or widen the window"
        yield Finding((*path, "sign"), f"{message}: it can never be signed", at_key=True)
        return
    first_rent = possible[0] + offer.lead
    if first_rent >= end:
        message = f"signed as early as can be, the first rent comes in {month_label(first_rent)}, after the plan ends"
        yield Finding((*path, "lead"), f"{message} ({month_label(end - 1)})")
    needed = least_mw(offer, billed=True)
    rooms: list[float] = []
    for site_name in offer.sites:
        site = case.sites[site_name]
        for signed in possible:
            rent = signed + offer.lead
            rooms.append(room_between_mw(offer, site, rent, max(min(rent + offer.term, end), rent + 1)))
    if needed > max(rooms) * (1 + TOLERANCE) + TOLERANCE:
        message = (
            f"can never be delivered inside its window ({window}): the smallest size needs {needed:,.4g} MW from the "
            f"first rent on, its sites then have {max(rooms):,.4g} MW at most"
        )
        yield Finding(path, message, at_key=True)


def _finance(case: Case) -> Iterable[Finding]:
    finance, discount = case.finance, case.discount
    for key, rate in (
        ("hosting", discount.hosting),
        ("mining", discount.mining),
        ("corporate", discount.corporate),
        ("wacc", discount.wacc or 0.0),
    ):
        yield from _rate(("discount", key), rate)
    if finance.limits.least_cash_usd_m > finance.opening.cash_usd_m:
        message = (
            f"asks for {finance.limits.least_cash_usd_m:g} at the end of every quarter, and the plan starts with "
            f"{finance.opening.cash_usd_m:g}"
        )
        yield Finding(("finance", "limits", "min_cash_usd_m"), message)
    policy, opening_btc = finance.treasury.policy, finance.opening.btc
    keeps = policy in ("hold", "sell_share", "sell_to_fund") or (policy == "sell_mined" and opening_btc > 0)
    growth = case.market.network.btc_growth
    if keeps and growth > finance.cash_yield:
        what = f"{opening_btc:,.10g} BTC" if policy == "sell_mined" else f"coins (treasury.policy {policy})"
        message = (
            f"bitcoin grows by {growth:g} a year and cash yields {finance.cash_yield:g}: holding {what} looks free, "
            "though it is a bet; compare with btc_growth at the yield, or with treasury.policy sell_all"
        )
        yield Finding(("market", "network", "btc_growth"), message)
