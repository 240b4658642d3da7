"""The first lines of the page: ten answers in the order in which a board asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.report.capital_words import leverage_period
from optimizer.report.page.flips import NOTHING_FLIPS, flips
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import (
    Against,
    Beside,
    Said,
    begin,
    between,
    count,
    figure,
    listing,
    month,
    mw,
    name,
    said,
    share,
    simple,
    usd,
    when,
)
from optimizer.report.page.worth import at_one_rate, at_one_rate_flips

NOTHING_USD_M = 0.05
"""An amount that rounds to 0.0 is none in words."""
FIRMLY = {"sign": "Sign", "contract": "Contract", "build": "Build", "buy": "Buy"}


@dataclass(frozen=True)
class Fact:
    """A question, its answer in a few words, and a line that says more."""

    key: str
    label: str
    answer: Said
    more: Said = ()


def facts(plan: PagePlan) -> list[Fact]:
    """All ten, in order."""
    return [
        _decision(plan),
        _waiting(plan),
        _worth(plan),
        _funding(plan),
        _thinnest(plan),
        _dilution(plan),
        _leverage(plan),
        _flips(plan),
        _beyond(plan),
        _assumed(plan),
    ]


def firm(plan: PagePlan) -> list[Row]:
    """Decisions that bind others than the company: signatures, contracts, buildings, purchases."""
    return [row for row in plan.rows("decisions") if row["decision"] in FIRMLY]


def amount(row: Row) -> str:
    """What a decision is about, with its unit: ``7 halls``, ``2.47 EH/s``, ``20.0 MW``."""
    size, unit = num(row["amount"]), row["unit"]
    if unit == "ph_s":
        return f"{figure(size / 1000, 2)} EH/s"
    if unit == "mw":
        return mw(size)
    if unit == "btc":
        return f"{figure(size, 0)} BTC"
    one = {"halls": "hall", "builds": "build"}.get(str(unit), str(unit))
    return count(round(size), one) if size == round(size) else f"{figure(size)} {name(unit)}"


def phrase(row: Row) -> str:
    """``sign Fluidstack 1 at Barber Lake (seven halls)``."""
    where = f" at {name(row['site'])}" if row["site"] else ""
    size = amount(row)
    if row["unit"] != "mw" and num(row["meter_mw"]) > 0:
        size += f", {mw(row['meter_mw'])}"
    return f"{FIRMLY.get(str(row['decision']), str(row['decision'])).lower()} {name(row['item'])}{where} ({size})"


def _decision(plan: PagePlan) -> Fact:
    label, found = "Decide", firm(plan)
    if not found:
        return Fact("decision", label, said("Sign nothing and build nothing"), said("The plan runs what is there."))
    first = min(str(row["date"]) for row in found)
    now = [row for row in found if row["date"] == first]
    later = [row for row in found if row["date"] != first]
    answer = f"{begin(listing(phrase(row) for row in now))}, {month(first)}"
    if not later:
        return Fact("decision", label, said(answer), said("Nothing else is signed, built or bought."))
    then = listing((f"{name(row['item'])} in {month(row['date'])}" for row in later), 4)
    return Fact("decision", label, said(answer), said(f"Then {then}."))


def _waiting(plan: PagePlan) -> Fact:
    label, waiting = "Cannot be undone", plan.summary.get("waiting")
    if not isinstance(waiting, dict):
        signed = signatures(plan)
        if not signed:
            none = "The plan signs no offer, so waiting costs nothing."
            return Fact("waiting", label, said("No signature"), said(none))
        closing = listing((f"{name(r['item'])} in {month(to)}" for r in signed if (to := window_closes(plan, r))), 4)
        windows = f" Windows close for {closing}." if closing else ""
        more = said(f"What waiting costs was not computed.{windows}")
        return Fact("waiting", label, said("Cost of waiting: not known"), more)
    offer = f"{name(waiting['offer'])} at {name(waiting['site'])}"
    planned = [r for r in plan.rows("decisions") if r["decision"] == "sign" and r["item"] == waiting["offer"]]
    date = f", planned for {month(planned[0]['date'])}" if planned else ""
    never = between(*waiting["never_costs_usd_m"])
    later = between(*waiting["later_costs_usd_m"])
    others = [row for row in signatures(plan) if row["item"] != waiting["offer"]]
    closing = listing(
        (f"{name(row['item'])} in {month(closes)}" for row in others if (closes := window_closes(plan, row))), 4
    )
    more = said("Letting that date pass costs ", later, "; never signing costs ", never, ".")
    if closing:
        more = said(more, f" Of the others only the windows are known: they close for {closing}.")
    return Fact(
        "waiting",
        label,
        said(f"Signing {offer}{date}; its window closes in {month(waiting['window_closes'])}"),
        more,
    )


def signatures(plan: PagePlan) -> list[Row]:
    """Signatures among the decisions, in their order."""
    return [row for row in plan.rows("decisions") if row["decision"] == "sign"]


def window_closes(plan: PagePlan, row: Row) -> str:
    """When the window of a signature closes, as the case says it; empty where it says nothing."""
    offers = plan.case.get("offers")
    offer = offers.get(row["item"]) if isinstance(offers, dict) else None
    window = offer.get("sign") if isinstance(offer, dict) else None
    return str(window.get("to") or "") if isinstance(window, dict) else ""


def _worth(plan: PagePlan) -> Fact:
    summary, twin = plan.summary, plan.twin("status_quo")
    proof = said(
        " No plan can be worth more than ", usd(summary["bound_usd_m"]), f" (gap {float(summary['gap']):.2%})."
    )
    value = said("The plan is worth ", usd(summary["value_usd_m"]))
    each = Beside(f" ({usd(summary['value_usd_m']).per_share(plan.shares_m)})")
    if twin is None:
        return Fact("worth", "Worth", value, said("The status quo was not computed.", proof))
    more, worth = twin["plan_is_worth_more_usd_m"], usd(summary["value_usd_m"])
    beside = said("; the status quo ", usd(twin["value_usd_m"]), ".", _short_of_cash(twin))
    return Fact(
        "worth",
        "Worth",
        said(
            Against(
                (usd(more, signed=True), Beside(f", {usd(more).per_share(plan.shares_m)},"), " against the status quo"),
                (worth, each),
            )
        ),
        said(value, each, Against(simple(beside), (".",)), proof, _at_one_rate(plan)),
    )


def _at_one_rate(plan: PagePlan) -> Said:
    """Where one rate for all turns the answer round, it is said at once."""
    if not at_one_rate_flips(plan):
        return ()
    return said(" But ", at_one_rate(plan))


def _short_of_cash(twin: Mapping[str, Any]) -> Said:
    if num(twin["shortfall_usd_m"]) < NOTHING_USD_M:
        return ()
    period = when(twin["shortfall_period"])
    return said(" The status quo is short of cash by up to ", usd(twin["shortfall_usd_m"]), f" ({period}).")


def _funding(plan: PagePlan) -> Fact:
    most, period = plan.measures["peak_funding_usd_m"], plan.measures["peak_funding_period"]
    if num(most) < NOTHING_USD_M or period is None:
        return Fact("funding", "Peak funding", said("None"), said("Cash never falls below what is there today."))
    need, need_period = plan.capital["peak_funding_need_usd_m"], plan.capital["peak_funding_need_period"]
    more = said("Cash of the start that is used up and new money not yet paid back.")
    if need_period is not None and num(need) >= NOTHING_USD_M:
        ends = plan.capital["runway_ends"]
        lasts = f"; without it cash falls short in {when(ends)}" if ends else ""
        more = said(more, " New money needed at most: ", usd(need), f" ({when(need_period)}){lasts}.")
    else:
        more = said(more, " No new money is needed.")
    return Fact("funding", "Peak funding", said(usd(most), f" in {when(period)}"), more)


def _thinnest(plan: PagePlan) -> Fact:
    least, period = num(plan.measures["thinnest_headroom_usd_m"]), plan.measures["thinnest_period"]
    others = int(num(plan.measures["periods_at_thinnest"])) - 1
    if least < -NOTHING_USD_M:
        answer = said(usd(-least), f" short of the minimum cash in {when(period)}")
    elif least < NOTHING_USD_M:
        answer = said(f"At the minimum cash in {when(period)}: nothing to spare")
    else:
        answer = said(usd(least), f" above the minimum cash in {when(period)}")
    more = said(f"So it is in {count(others, 'other period')} too." if others > 0 else "Every other period has more.")
    row = next((row for row in plan.rows("cash") if row["period"] == period), None)
    if row is not None:
        more = said(more, " The minimum is ", usd(row["minimum_usd_m"]), ".")
    return Fact("thinnest", "Thinnest quarter", answer, more)


def _dilution(plan: PagePlan) -> Fact:
    capital = plan.capital
    parts = [
        f"{figure(num(capital[key]))}M {words}"
        for key, words in (
            ("new_shares_m", "new shares"),
            ("shares_under_convertibles_m", "shares under convertibles"),
            ("warrants_m", "warrants"),
        )
        if num(capital[key]) >= NOTHING_USD_M
    ]
    if not parts:
        return Fact("dilution", "Dilution", said("None"), said(f"{figure(plan.shares_m)}M shares, as today."))
    more = f"{begin(listing(parts))} on today's {figure(plan.shares_m)}M."
    return Fact("dilution", "Dilution", said(share(num(capital["dilution"]))), said(more))


def _leverage(plan: PagePlan) -> Fact:
    label, most = "Peak net debt / EBITDA", plan.measures.get("peak_net_debt_to_ebitda")
    peak = said(
        "Debt peaks at ", usd(plan.measures["peak_debt_usd_m"]), f" in {when(plan.measures['peak_debt_period'])}."
    )
    period = leverage_period(most, plan.rows("cash"), plan.rows("debt"), plan.rows("allocation"))
    if most is None:
        return Fact("leverage", label, said("No year earns EBITDA"), peak)
    if float(most) <= 0:
        return Fact("leverage", label, said("No net debt"), said("Cash exceeds debt in every year with EBITDA. ", peak))
    ends = f" in {when(period)}" if period else ""
    year = said(f"Against EBITDA of the year to the end of {when(period)}. ", peak) if period else peak
    return Fact("leverage", label, said(f"{float(most):.1f}x{ends}"), year)


def _flips(plan: PagePlan) -> Fact:
    """What flips it, of inputs and of how cash flows are discounted."""
    short, more = flips(plan)
    turned = at_one_rate_flips(plan)
    if turned:
        short = said(short, "; one discount rate for all cash flows does" if short == NOTHING_FLIPS else "")
    return Fact("flips", "What flips it", short, said(more, turned))


def _beyond(plan: PagePlan) -> Fact:
    value, beyond = num(plan.summary["value_usd_m"]), num(plan.measures["beyond_horizon_usd_m"])
    label, ends = "Beyond the horizon", when(plan.capital["horizon_ends"])
    if value <= 0:
        return Fact("beyond", label, said(usd(beyond)), said(f"That part of the value lies after {ends}."))
    more = said(
        usd(beyond), " of ", usd(value), f" lies after {ends}, in signed leases that run on, with no sites or overheads"
    )
    if beyond > value:
        more = said(
            more, "; until then the plan pays out ", usd(beyond - value), " more than it brings, at today's worth"
        )
    answer = (
        said(usd(beyond), ": more than the whole value")
        if beyond > value
        else said(f"{share(beyond / value)} of the value")
    )
    return Fact("beyond", label, answer, said(more, "."))


def _assumed(plan: PagePlan) -> Fact:
    number = int(plan.summary["inputs"]["assumed"])
    more = "They are listed at the end of the page." if number else "The case marks none as assumed."
    return Fact("assumed", "Assumed inputs", said(f"{number:,}"), said(more))
