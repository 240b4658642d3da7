"""A plan on the terminal, within 100 columns: first what a reader wants first. Text in, nothing decided."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from models.forward_money import breaches_value
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.build import Plan
from optimizer.plan.certificate import Certificate
from optimizer.plan.insight import PowerInsight, insight_lines
from optimizer.plan.measures import Measures, measure
from optimizer.plan.summary import BROKEN, decision_line
from optimizer.plan.value import rent_value
from optimizer.report.capital_words import capital_lines, leverage_period
from optimizer.solve.run import Solution
from optimizer.solve.twins import Twin, Waiting

WIDTH = 100
TOLD_USD_M = 0.05
"""Less than this would be told as nothing."""
MOST_DECISIONS = 12
SUMMED = {
    "buy": "ph_s",
    "unplug": "ph_s",
    "plug": "ph_s",
    "sell": "ph_s",
    "commit": "usd_m",
    "draw": "usd_m",
    "repay": "usd_m",
    "issue": "usd_m",
    "sell_btc": "btc",
    "keep_btc": "btc",
}
"""Decisions that are told as a sum, and their unit; each one stands in decisions.csv."""

FLIPPED_TO = {"status_quo": "the status quo", "all_mining": "mining alone"}
"""Twins that a plan that flips would be no better than."""
TWIN_NAMES = {"status_quo": "status quo", "all_mining": "all mining", "all_hosting": "all hosting"}


def usd_m(amount: float) -> str:
    """``$1,234.5M``, ``-$0.3M``."""
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"


def plan_lines(
    plan: Plan,
    measures: Measures,
    solution: Solution,
    twins: tuple[tuple[Twin, Plan], ...],
    waiting: Waiting | None,
    assumed: int,
    audit: AuditReport | None,
    certificate: Certificate,
    insights: list[PowerInsight],
    answers: Mapping[str, Any],
) -> list[str]:
    """The summary of a plan, line by line. ``answers``: what ``plan.capital`` says of its money."""
    case = plan.prepared.case
    lines = [case.case, ""]
    lines += list(_decision_lines(plan, waiting))
    lines.append("")
    lines += list(_value_lines(measures, solution, twins))
    lines.append("")
    lines += list(_money_lines(plan, measures, answers))
    lines += list(_flip_lines(plan, waiting, twins))
    lines.append("")
    lines += list(_year_lines(plan))
    lines.append("")
    lines += list(_labelled("Power", insight_lines(insights)))
    if assumed:
        lines.append(f"Inputs    {assumed} of the inputs are marked assumed")
    lines += list(_proof_lines(plan, audit, certificate))
    return [part for line in lines for part in (_wrapped(line) or [""])]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 10, drop_whitespace=True, replace_whitespace=False)


def _labelled(label: str, texts: list[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        yield f"{label if index == 0 else '':<10}{text}"


def _decision_lines(plan: Plan, waiting: Waiting | None) -> Iterator[str]:
    rows = list(plan.tables["decisions"].dicts())
    texts = [decision_line(row) for row in rows if row["decision"] in ("sign", "contract", "build")]
    if len(texts) > MOST_DECISIONS:
        texts = [*texts[:MOST_DECISIONS], f"and {len(texts) - MOST_DECISIONS} more in decisions.csv"]
    texts = texts or ["sign no offer, build nothing"]
    for kind, unit in SUMMED.items():
        found = [row for row in rows if row["decision"] == kind]
        if found:
            amount = sum(float(row["amount"] or 0.0) for row in found)
            texts.append(_summed(kind, unit, amount, [str(row["date"])[:7] for row in found]))
    yield from _labelled("Decide", texts)
    if waiting is not None:
        label = plan.prepared.market.tree.label[waiting.option.node]
        yield from _labelled(
            "Commit",
            [
                f"{waiting.option.offer_name} at {waiting.option.site_name}, signed in {label}, cannot be undone; "
                f"letting that date pass costs {_between(waiting.later_usd_m)}, never "
                f"signing it costs {_between(waiting.never_usd_m)}; its window closes {waiting.window_closes}"
            ],
        )


def flip_share(plan: Plan, waiting: Waiting) -> float | None:
    """By which part the rent of the first signature may fall at least before never signing it is better.

    The plan as it is loses so much and no more; a plan made for the lower rent may bear more. Cash may bind earlier.
    """
    for offer in plan.signed:
        if offer.option is waiting.option:
            value = rent_value(plan, offer)
            return waiting.never_usd_m[0] / value if value > 0 else None
    return None


def _flip_lines(plan: Plan, waiting: Waiting | None, twins: tuple[tuple[Twin, Plan], ...]) -> Iterator[str]:
    """What the page says before ``explain``, and of the first signature how far its rent may fall."""
    texts = []
    ahead = [
        (plan.value_usd_m - twin_plan.value_usd_m, FLIPPED_TO[twin.name])
        for twin, twin_plan in twins
        if twin.name in FLIPPED_TO
    ]
    if ahead:
        least, words = min(ahead)
        lead = (
            f"the plan does no better than {words}"
            if least < TOLD_USD_M
            else f"not tested yet; it has {usd_m(least)} to lose before {words} is better"
        )
        texts.append(f"{lead}: 'wattfork explain' on its folder tests inputs, 'wattfork breakeven' finds a threshold")
    texts += _flipped_by_rate(plan, twins)
    share = flip_share(plan, waiting) if waiting is not None else None
    if waiting is not None and share is not None:
        texts.append(
            f"of the first signature alone: signing {waiting.option.offer_name} stays better than never signing it "
            f"until its rent is at least {share:.1%} lower (where cash allows)"
        )
    yield from _labelled("Flips", texts)


def _flipped_by_rate(plan: Plan, twins: tuple[tuple[Twin, Plan], ...]) -> Iterator[str]:
    """That one rate for all turns the answer round, where it does."""
    own = measure(plan).value_at_wacc_usd_m
    for twin, twin_plan in twins:
        kept = measure(twin_plan).value_at_wacc_usd_m if twin.name == "status_quo" else None
        if own is not None and kept is not None and own < kept:
            more = usd_m(kept - own)
            yield f"how cash flows are discounted does flip it: at WACC the status quo is worth {more} more"


def _between(amounts: tuple[float, float]) -> str:
    low, high = (usd_m(amount) for amount in amounts)
    return high if low == high else f"{low} to {high}"


def _summed(kind: str, unit: str, amount: float, months: list[str]) -> str:
    words = {
        "commit": "have lenders commit",
        "draw": "draw new money:",
        "repay": "repay lines",
        "issue": "issue shares",
        "sell_btc": "sell",
        "keep_btc": "keep of what is mined",
    }
    text = {"ph_s": f"{amount / 1000:,.2f} EH/s", "usd_m": usd_m(amount), "btc": f"{amount:,.0f} BTC"}[unit]
    when = months[0] if months[0] == months[-1] else f"{months[0]} to {months[-1]}"
    return f"{words.get(kind, kind)} {text} ({when})"


def _value_lines(measures: Measures, solution: Solution, twins: tuple[tuple[Twin, Plan], ...]) -> Iterator[str]:
    at_wacc = f", {usd_m(measures.value_at_wacc_usd_m)} at WACC" if measures.value_at_wacc_usd_m is not None else ""
    each = measures.value_usd_per_share
    value = f"{usd_m(measures.value_usd_m)} ({'-' if each < 0 else ''}${abs(each):,.2f} a share{at_wacc})"
    texts = [f"{value}; proven to be within {usd_m(solution.gap_usd_m)} ({solution.gap:.2%}) of the best there is"]
    if solution.status.value == "gap left":
        texts.append("the search came to its end before the gap was closed; more time does not close it")
    elif solution.status.value != "optimal":
        texts.append(f"the search was stopped ({solution.status.value}) before the gap was closed")
    for twin, twin_plan in twins:
        difference = measures.value_usd_m - twin_plan.value_usd_m
        per_share = difference / twin_plan.prepared.case.finance.opening.shares_m
        note = ""
        short = float(twin_plan.states.shortfall_usd_m.max())
        if short > 1e-5:
            period = twin_plan.prepared.market.tree.label[int(twin_plan.states.shortfall_usd_m.argmax())]
            note = f"  (short of cash by {usd_m(short)} in {period})"
        own = measure(twin_plan).value_at_wacc_usd_m
        wacc = ""
        if own is not None and measures.value_at_wacc_usd_m is not None:
            wacc = f", {usd_m(measures.value_at_wacc_usd_m - own)} at WACC"
        texts.append(
            f"{usd_m(difference):>10} ({per_share:+,.2f} a share{wacc}) against {TWIN_NAMES[twin.name]}, "
            f"worth {usd_m(twin_plan.value_usd_m)}{note}"
        )
    if not twins:
        texts.append("status quo, all mining, all hosting and the cost of waiting were not computed")
    if measures.value_usd_m:
        share = measures.beyond_horizon_usd_m / measures.value_usd_m
        texts.append(f"{usd_m(measures.beyond_horizon_usd_m)} of the value ({share:.0%}) lies beyond the horizon")
    yield from _labelled("Value", texts)


def _money_lines(plan: Plan, measures: Measures, answers: Mapping[str, Any]) -> Iterator[str]:
    texts = [
        f"capex {usd_m(measures.capex_usd_m)} for {measures.it_mw_signed:,.0f} MW of critical IT; debt at most "
        f"{usd_m(measures.peak_debt_usd_m)} ({measures.peak_debt_period}){_leverage(plan, measures)}"
    ]
    yield from _labelled("Money", [*texts, *breach_lines(plan), *capital_lines(answers)])


def _leverage(plan: Plan, measures: Measures) -> str:
    leverage = measures.peak_net_debt_to_ebitda
    if leverage is None:
        return ""
    if leverage <= 0:
        return "; no net debt in any profitable year"
    period = leverage_period(leverage, *(plan.tables[name].dicts() for name in ("cash", "debt", "allocation")))
    when = f" (of the year to the end of {period})" if period else ""
    return f"; net debt at most {leverage:.1f} x EBITDA{when}"


def breach_lines(plan: Plan) -> Iterator[str]:
    """Limits that are broken at a price: where most, by how much."""
    labels = plan.prepared.market.tree.label
    cost = breaches_value(plan.instance, plan.states.limits)
    if cost > TOLD_USD_M:
        yield f"{usd_m(cost)} of the value is lost to limits that are broken at a price (no cash)"
    for limit in plan.states.limits:
        worst = int(limit.breach.argmax())
        amount, least = float(limit.breach[worst]), BROKEN if limit.kind == "max_dilution" else TOLD_USD_M
        if amount > least:
            broken = int((limit.breach > least).sum())
            much = f"{amount:.1%} of the shares" if limit.kind == "max_dilution" else usd_m(amount)
            others = "1 other period" if broken == 2 else f"{broken - 1} other periods"
            more = f", and less in {others}" if broken > 1 else ""
            yield f"{limit.kind.removesuffix('_usd_m')} is broken by {much} in {labels[worst]}{more}"


def _year_lines(plan: Plan) -> Iterator[str]:
    """MW by use at the end of each year, and the year's money."""
    tree = plan.prepared.market.tree
    start = plan.prepared.market.start_month
    years: dict[int, list[int]] = {}
    for n in range(len(tree)):
        years.setdefault(int((start + tree.start_months[n]) // 12), []).append(n)
    yield f"{'Year':<10}{'mining':>9}{'reserved':>9}{'free':>9}   {'mining':>9}{'hosting':>9}{'capex':>10}{'cash':>10}"
    yield f"{'':<10}{'MW':>9}{'MW':>9}{'MW':>9}   {'margin':>9}{'NOI':>9}{'USD m':>10}{'at end':>10}"
    allocation = list(plan.tables["allocation"].dicts())
    for year, nodes in years.items():
        last = tree.label[nodes[-1]]
        use = {"mining": 0.0, "hosting": 0.0, "free": 0.0}
        for row in allocation:
            if row["period"] == last:
                use[str(row["use"])] += float(row["meter_mw"] or 0.0)
        noi = sum(float(offer.noi[nodes].sum()) for offer in plan.signed)
        capex = abs(float(plan.cash["capex_usd_m"][nodes].sum()))
        margin = float(plan.cash["mining_margin_usd_m"][nodes].sum())
        cash = float(plan.states.cash_usd_m[nodes[-1]])
        months = round(float(tree.length_months[nodes].sum()))
        named = str(year) if months == 12 else f"{year} {months}m"
        yield (
            f"{named:<10}{use['mining']:>9,.0f}{use['hosting']:>9,.0f}{use['free']:>9,.0f}   "
            f"{margin:>9,.1f}{noi:>9,.1f}{capex:>10,.1f}{cash:>10,.1f}"
        )


def _proof_lines(plan: Plan, audit: AuditReport | None, certificate: Certificate) -> Iterator[str]:
    hours = sum(path.intervals for path in plan.prepared.market.power.values())
    texts = [f"every one of the {hours:,} price intervals counts in every year; none is sampled"]
    model = sum(row.model_usd_m for row in certificate.rows)
    done = sum(row.redispatched_usd_m for row in certificate.rows)
    bound = sum(row.bound_usd_m for row in certificate.rows)
    texts.append(
        f"hours: {usd_m(model)} in the model, {usd_m(done)} with every interval gone through again, at most "
        f"{usd_m(bound)}; largest gap of a site and year {certificate.worst_gap:.1e}"
    )
    if not certificate.passed:
        worst = max(certificate.rows, key=lambda row: row.gap)
        texts.append(
            f"NOT CERTIFIED: {worst.site} in {worst.year} is further from the bound than {certificate.tolerance:.0e}; "
            "give more time with --time-limit"
        )
    if audit is not None:
        outcome = "agrees" if audit.passed else "DOES NOT AGREE"
        texts.append(
            f"the independent audit {outcome}: value recomputed as {usd_m(audit.value_usd_m)}, "
            f"{audit.cells_compared:,} cells and {audit.checks:,} checks"
        )
    yield from _labelled("Proof", texts)
