"""``offers.csv``: what each offer that the plan does not sign would cost it, and the rent at which that is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from models.instance import Instance
from optimizer.case.base import month_label
from optimizer.errors import CaseError, InfeasibleError
from optimizer.explain.answers import Answers, Question
from optimizer.explain.change import Change
from optimizer.explain.rents import Rents, rents
from optimizer.explain.start import RULE_ROUNDS, Start
from optimizer.instance.whole_plan import SIGN, WholeDecision, WholePlan, columns_of
from optimizer.plan.table import Cell, Table, table
from optimizer.solve.added import Best, best_of
from optimizer.solve.columns import is_decided
from optimizer.solve.compiled import form_of
from optimizer.solve.sensitivity import Whole, lay_down, rules_anew, unruled_years, why_impossible

COLUMNS = (
    "offer",
    "site",
    "signed",
    "best_date",
    "halls",
    "value_usd_m",
    "loses_usd_m",
    "rate_usd_per_kw_month",
    "rate_needed_usd_per_kw_month",
    "without",
    "impossible",
    "why",
)

RATE_STEPS, MOST_TIMES = (1.1, 1.5, 2.5, 5.0, 10.0), 10.0
"""Multiples of today's rent between which the rent that is needed is looked for."""

NEAR_USD, SAME_USD_M, ROUNDS = 0.002, 1e-6, 30
"""How exactly a rent is found, in $ per kW and month or in value, and within how many steps."""

FAR_USD_M = 1e-3
"""So far from its root a rent found between two programs may be; else every program is built."""


@dataclass(frozen=True)
class Refused:
    """An offer at a site, and the best plan with it; ``halls_signed`` is 0 where the plan does not sign it there.

    ``without``: the signatures that this plan leaves out to make room. ``best`` is None where none can be paid for.
    """

    offer: str
    site: str
    rate: float
    halls_signed: int = 0
    best: Best | None = None
    decision: WholeDecision | None = None
    rate_needed: float | None = None
    without: str = ""
    why: str = ""


def offers_table(answers: Answers) -> Table:
    """The rows of ``offers.csv``: every offer at every site, in the order of the case."""
    questions = [
        Question(f"{offer} at {site}", partial(offer_row, offer=offer, site=site))
        for offer, terms in answers.start.case.offers.items()
        for site in terms.sites
    ]
    return table(COLUMNS, answers.to(questions))


def offer_row(start: Start, offer: str, site: str) -> tuple[Cell, ...]:
    """The row of an offer at a site."""
    each = _judge(start, offer, site)
    value = each.best.value_usd_m if each.best is not None else None
    loses = None if value is None else max(0.0, start.value_usd_m - value)
    date, halls = (each.decision.date, each.decision.amount) if each.decision is not None else (None, None)
    impossible = "" if each.halls_signed else "no" if each.best is not None else "yes"
    return (
        offer,
        site,
        each.halls_signed,
        date,
        halls,
        value,
        loses,
        each.rate,
        each.rate_needed,
        each.without,
        impossible,
        each.why,
    )


def _judge(start: Start, offer: str, site: str) -> Refused:
    # Leases of the start are no offers.
    options = [o for o, each in enumerate(start.prepared.options) if (each.offer_name, each.site_name) == (offer, site)]
    rate = start.case.offers[offer].rate_usd_per_kw_month
    signed = [each for each in start.whole if each.kind == SIGN and each.name == offer]
    here = [each for each in signed if each.site == site]
    if here:
        return Refused(offer, site, rate, halls_signed=here[0].amount)
    instance = start.laid.instance
    open_ = [o for o in options if instance.bounds.sign[1][o] > 0 and instance.hosting.halls_max[o] > 0]
    if not open_:
        words = "forbidden by what is given" if options else "its window has no step in this plan"
        return Refused(offer, site, rate, why=words)
    rivals = _rivals(start, open_[0])
    kept = tuple(each for each in start.whole if each not in rivals)
    names = ", ".join(each.name for each in rivals)
    best = _best(start, instance, kept, open_)
    for left_out in _by_worth(start, kept) if best is None else ():
        best = _best(start, instance, tuple(each for each in kept if each != left_out), open_)
        if best is not None:
            names = ", ".join(filter(None, (names, left_out.name)))
            break
    if best is None:
        return Refused(offer, site, rate, why=_why(start, instance, kept, open_))
    refused = Refused(offer, site, rate, best=best[1], decision=best[0], without=names)
    if signed:
        return replace(refused, why=f"signed at {signed[0].site}: the same offer is moved here")
    needed = _rate_needed(start, refused)
    why = "" if needed is not None else f"not even at {MOST_TIMES:g} times its rent"
    return replace(refused, rate_needed=needed, why=why)


def _rivals(start: Start, option: int) -> tuple[WholeDecision, ...]:
    """Signatures of the plan that exclude an option: of the same offer, or of its group."""
    options = start.prepared.options
    group = next((members for members in start.prepared.instance.exclusive if option in members), ())
    names = {options[o].offer_name for o in group}
    return tuple(each for each in start.whole if each.kind == SIGN and each.name in names)


def _by_worth(start: Start, kept: WholePlan) -> list[WholeDecision]:
    """The signatures, those that are worth least first."""
    worth = {str(row["component"]): float(row["total_usd_m"] or 0.0) for row in start.plan.tables["value"].dicts()}
    signed = [each for each in kept if each.kind == SIGN]
    return sorted(signed, key=lambda each: worth.get(f"hosting: {each.name}", 0.0))


def _decision(start: Start, instance: Instance, option: int) -> WholeDecision:
    each = start.prepared.options[option]
    at = month_label(start.market.start_month + each.flows.signed + 1e-9)
    return WholeDecision(SIGN, each.offer_name, each.site_name, at, int(instance.hosting.halls_min[option]))


def _best(start: Start, instance: Instance, kept: WholePlan, options: list[int]) -> tuple[WholeDecision, Best] | None:
    """The best plan with one of these options added to what is kept, all else decided anew; None if there is none."""
    added = [_decision(start, instance, o) for o in options]
    plans = [_columns(start, instance, (*kept, each)) for each in added]
    form = start.laid.form if instance is start.laid.instance else None
    for _ in range(RULE_ROUNDS):
        best = best_of(instance, plans, start.options, form)
        broken = unruled_years(best.laid) if best is not None else frozenset()
        if best is None or not broken:
            return None if best is None else (added[best.rank], best)
        instance, form = replace(instance, tax_binaries=instance.tax_binaries | broken), None
    return None


def _columns(start: Start, instance: Instance, plan: WholePlan) -> Whole:
    """Whole columns of decisions that the case has: a plan's own, and an option of the case."""
    columns = columns_of(tuple(sorted(plan)), start.prepared.choices, instance, start.market.start_month)
    assert columns is not None
    return columns


def _why(start: Start, instance: Instance, kept: WholePlan, options: list[int]) -> str:
    """The first limit that is broken by signing one of these options, on the date that breaks the least."""
    required = replace(instance.bounds, sign_required=(*instance.bounds.sign_required, tuple(options)))
    columns = _columns(start, instance, kept)
    offer = start.prepared.options[options[0]].offer
    free = {f"sign[{o}]" for o in options}
    free |= {f"hall_count[{offer},{leaf}]" for leaf in instance.tree.leaves.tolist()}
    known = {name: columns.get(name, 0.0) for name in start.laid.whole if is_decided(name) and name not in free}
    return why_impossible(replace(instance, bounds=required), known)


def _rate_needed(start: Start, refused: Refused) -> float | None:
    """The rent at which the plan with the offer is worth as much as the plan without; None if none is high enough."""
    assert refused.best is not None
    rules, low, rate = refused.best.laid.whole, refused.rate, None
    less = refused.best.laid.objective - start.laid.objective
    if less >= 0:
        return low
    between = _rents(start, refused)
    for _ in range(RULE_ROUNDS):
        rate = _rate_by_rules(start, refused, rules, (low, less), between)
        if rate is None:
            return None
        # With other rules the same plan may be worth more there: then less rent is needed.
        instance = _instance_at(start, refused, rate)
        found = rules_anew(instance, rules, start.options) if instance is not None else None
        if found is None or found.objective - start.laid.objective <= SAME_USD_M:
            break
        rules = found.whole
    return None if rate is None else round(rate, 2)


def _rate_by_rules(
    start: Start, refused: Refused, rules: Whole, below: tuple[float, float], between: Rents | None
) -> float | None:
    """The same with what follows from the decisions as it is; ``below``: today's rent, and what is less there."""
    if between is not None:
        rate = _root(lambda rate: _more(start, refused, rate, rules, between), below)
        if rate is None or abs(_more(start, refused, rate, rules)) <= FAR_USD_M:
            return rate
    return _root(lambda rate: _more(start, refused, rate, rules), below)


def _rents(start: Start, refused: Refused) -> Rents | None:
    """The programs at today's rent and at the highest, for those between; None if there are none."""
    assert refused.best is not None
    instance = _instance_at(start, refused, MOST_TIMES * refused.rate)
    if instance is None:
        return None
    high = form_of(instance)
    return rents((refused.rate, refused.best.laid.form), (MOST_TIMES * refused.rate, high))


def _root(more: Callable[[float], float], below: tuple[float, float]) -> float | None:
    """Where a rising function is 0, above a point at which it is less."""
    first = below[0]
    for times in RATE_STEPS:
        high = first * times
        above = more(high)
        if above >= 0:
            return _between(more, below, (high, above))
        below = high, above
    return None


def _between(more: Callable[[float], float], below: tuple[float, float], above: tuple[float, float]) -> float:
    """The same between two points, by secants; the value of an end that stays is halved, so that both ends move."""
    (low, less), (high, over) = below, above
    last = 0
    for _ in range(ROUNDS):
        rate = high - over * (high - low) / (over - less)
        found = more(rate)
        moved = high - rate if found >= 0 else rate - low
        if abs(found) <= SAME_USD_M or moved < NEAR_USD or high - low < NEAR_USD:
            return rate
        if found >= 0:
            high, over, less = rate, found, less / 2 if last > 0 else less
            last = 1
        else:
            low, less, over = rate, found, over / 2 if last < 0 else over
            last = -1
    return high


def _more(start: Start, refused: Refused, rate: float, rules: Whole, between: Rents | None = None) -> float:
    """What the plan with the offer is worth more than the plan without, at a rent; all of that less if impossible.

    ``between``: programs to take it from, in place of building the case at this rent.
    """
    assert refused.best is not None
    known = refused.best.laid
    instance = known.instance if between is not None else _instance_at(start, refused, rate)
    if instance is None:
        return -abs(start.value_usd_m)
    form = between.at(rate) if between is not None else form_of(instance)
    laid = lay_down(instance, rules, start.options, form, known)
    try:
        laid = laid if laid is not None else rules_anew(instance, rules, start.options, form)
    except InfeasibleError:
        return -abs(start.value_usd_m)
    return laid.objective - start.laid.objective


def _instance_at(start: Start, refused: Refused, rate: float) -> Instance | None:
    """The case with another rent; None if it does not take it."""
    change = Change({("offers", refused.offer, "rate_usd_per_kw_month"): rate})
    try:
        prepared = start.prepare(change.apply(start.loaded), same_hours=True)
    except CaseError:
        return None
    assert refused.best is not None
    return replace(start.instance(prepared), tax_binaries=refused.best.laid.instance.tax_binaries)
