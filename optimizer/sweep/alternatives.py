"""Plans that give up little value and go far in one respect: most hosting, least debt, latest start, and so on.

docs/figures_sweep.md, section 25. For each respect it is first found how far a plan can go that is worth enough, then
which plan worth most goes so far. Every plan is certified and comes with all that a plan folder needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.instance import Instance
from models.measures import LATEST_START, MEASURES
from optimizer.case.case import Case
from optimizer.errors import CallError, InfeasibleError, SolverError
from optimizer.instance.build import Prepared, prepare_from
from optimizer.instance.whole_plan import WholePlan, columns_of, whole_plan
from optimizer.market.market import Market
from optimizer.operations.operations import Operations
from optimizer.plan.certified import Certified, solve_certified
from optimizer.plan.table import Cell, Table, table
from optimizer.solve.extremes import Extreme, find_extreme
from optimizer.solve.highs import SolveOptions, Status
from optimizer.solve.run import Solution, solve_instance

BEST = "best"
NAMES = tuple(MEASURES)
TABLE_FILE = "alternatives.csv"

SAME_AMOUNT = 1e-4
"""Decisions whose amounts are nearer than this (relative to 1 + the amount) are the same."""

SHORT = 1e-6
"""By more than this (relative to 1 + the value) a plan is worth less than it has to be."""

ROUNDS = 4
"""How often at most it is looked for less far, where the plan that goes so far turns out to be worth too little."""


@dataclass(frozen=True)
class Alternative:
    """A plan with the names of all respects in which it is the most extreme (``best``: the best plan).

    ``measures``: what it has of each, by name, as people count it. ``bounds``: of those that it is named after, what no
    plan that is worth enough goes beyond.
    """

    names: tuple[str, ...]
    certified: Certified
    measures: Mapping[str, float]
    bounds: Mapping[str, float]
    proven: bool
    """Whether the searches for it ended within the gap."""

    @property
    def name(self) -> str:
        """The first of its names: that of its folder."""
        return self.names[0]

    @property
    def value_usd_m(self) -> float:
        return self.certified.plan.value_usd_m

    @property
    def decisions(self) -> list[dict[str, Cell]]:
        """Rows of decisions.csv."""
        return list(self.certified.plan.tables["decisions"].dicts())


@dataclass(frozen=True)
class Alternatives:
    """The best plan first, then the others in the order of `NAMES`."""

    case_name: str
    within: float
    floor_usd_m: float
    """What every one of them is worth at least."""
    plans: tuple[Alternative, ...]
    missing: Mapping[str, str]
    """Respects for which no plan was found in time, and why."""

    @property
    def best(self) -> Alternative:
        return self.plans[0]

    def table(self) -> Table:
        """One row a plan; the columns are those of docs/alternatives.md."""
        columns = (
            *("plan", "names", "value_usd_m", "gives_up_usd_m", "gives_up_share", "it_mw_signed", "debt_usd_m"),
            *("first_signature", "sites_with_hosting", "extreme_bound", "proven", "differs"),
        )
        return table(columns, [self._row(plan) for plan in self.plans])

    def _row(self, plan: Alternative) -> list[Cell]:
        best = self.best.value_usd_m
        given_up = best - plan.value_usd_m
        bounds = "; ".join(f"{name} {self.said(name, bound)}" for name, bound in plan.bounds.items())
        return [
            *(plan.name, "; ".join(plan.names), plan.value_usd_m, given_up, given_up / max(1.0, abs(best))),
            *(plan.measures["most_hosting"], plan.measures["least_debt"]),
            *(self.said(LATEST_START, plan.measures[LATEST_START]), plan.measures["fewest_sites"]),
            *(bounds, "yes" if plan.proven else "no", differences(self.best, plan)),
        ]

    def said(self, name: str, amount: float) -> str:
        """A measure for people: the date of a first signature, ``none`` without one; else the number."""
        if name != LATEST_START:
            return f"{amount + 0.0:.7g}"
        market = self.best.certified.prepared.market
        tree = market.tree
        if amount >= float((tree.start_months + tree.length_months).max()) - 1e-6:
            return "none"
        absolute = market.start_month + int(amount + 1e-6)
        return f"{absolute // 12:04d}-{absolute % 12 + 1:02d}"


def differences(best: Alternative, other: Alternative) -> str:
    """What is signed, built and contracted otherwise than in the best plan, in words; money and machines in sum."""
    if other is best:
        return ""
    its, mine = _chosen(best.decisions), _chosen(other.decisions)
    found = [text for key in dict.fromkeys([*mine, *its]) if (text := _difference(key, its.get(key), mine.get(key)))]
    return "; ".join(found)


Key = tuple[str, ...]
"""Kind, item and site of what is told one by one; the kind alone of what is told in sum."""

Choice = tuple[str, float, str]
"""Month (empty for a sum), amount, unit."""

_ONE_BY_ONE = ("sign", "contract", "build")
_UNITS = {"ph_s": "PH/s", "usd_m": "USD m", "btc": "BTC", "mw": "MW"}


def _chosen(decisions: Sequence[Mapping[str, Any]]) -> dict[Key, Choice]:
    """The first date and all amounts of each; a build may be decided more than once."""
    found: dict[Key, Choice] = {}
    for row in decisions:
        kind, one = str(row["decision"]), row["decision"] in _ONE_BY_ONE
        key: Key = (kind, str(row["item"]), str(row["site"])) if one else (kind,)
        date, amount, unit = found.get(key, (str(row["date"])[:7] if one else "", 0.0, str(row["unit"])))
        found[key] = (date, amount + float(row["amount"]), unit)
    return found


def _difference(key: Key, before: Choice | None, after: Choice | None) -> str:
    named = f"{key[0]} {key[1]} at {key[2]}" if len(key) > 1 else key[0]
    if after is None:
        return f"no {named}"
    if before is None:
        return " ".join(part for part in (named, after[0], _amount(after)) if part)
    parts = [f"{after[0]} instead of {before[0]}"] if after[0] != before[0] else []
    if not _near(after[1], before[1]):
        parts.append(f"{_amount(after)} instead of {_amount(before)}")
    return f"{named} {', '.join(parts)}" if parts else ""


def _amount(choice: Choice) -> str:
    _, amount, unit = choice
    unit = _UNITS.get(unit, unit[:-1] if amount == 1 else unit)
    return f"{amount:,.0f} {unit}" if abs(amount) >= 1000 else f"{amount:.4g} {unit}"


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= SAME_AMOUNT * (1 + abs(other))


def find_alternatives(
    case: Case,
    market: Market,
    operations: Operations,
    within: float,
    options: SolveOptions,
    *,
    names: Sequence[str] = NAMES,
    stop: threading.Event | None = None,
    on_found: Callable[[str], None] | None = None,
) -> Alternatives:
    """The best plan of a case and those that are extreme in the respects ``names`` and worth at most a share ``within``
    less. ``on_found`` is told the name of each as it is finished. Setting ``stop`` ends it with what is found.

    Raises CallError for names and shares that make no sense, InfeasibleError and SolverError if there is no best plan.
    """
    judge(within, names)
    best = solve_certified(case, market, operations, options, None, stop)
    if on_found is not None:
        on_found(BEST)
    value = best.plan.value_usd_m
    floor = value - within * abs(value)
    search = _Search(case, market, operations, best, floor, options, stop)
    found: dict[str, _Found] = {}
    missing: dict[str, str] = {}
    for name in names:
        if stop is not None and stop.is_set():
            missing[name] = "interrupted"
            continue
        try:
            found[name] = search.plan(name)
        except SolverError as error:
            missing[name] = str(error)
        if on_found is not None:
            on_found(name)
    return Alternatives(case.case, within, floor, _named(best, found), missing)


def judge(within: float, names: Sequence[str]) -> None:
    """Raises CallError for a share or for names that make no sense."""
    if not 0 <= within <= 1:
        raise CallError(f"what may be given up is a share of 0 to 100 % (got {within:.7g})")
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise CallError(f"there is no alternative {unknown[0]!r}", (f"there are {', '.join(NAMES)}",))


@dataclass(frozen=True)
class _Found:
    """The plan for one respect; ``bound`` is turned so that more is more extreme."""

    certified: Certified
    bound: float
    proven: bool


class _Search:
    """Of one case: from a name to the plan."""

    def __init__(
        self,
        case: Case,
        market: Market,
        operations: Operations,
        best: Certified,
        floor_usd_m: float,
        options: SolveOptions,
        stop: threading.Event | None,
    ) -> None:
        self._case, self._market, self._operations = case, market, operations
        self._best, self._floor, self._options, self._stop = best, floor_usd_m, options, stop
        self._prepared: Prepared = prepare_from(case, market, operations)
        self._known: WholePlan = whole_plan(best.prepared.choices, best.solution.decisions, market.start_month)

    def plan(self, name: str) -> _Found:
        """How far, then the plan. Where that is worth too little once tax law and hours are kept to the letter, it is
        looked for less far; if that comes to nothing, the best plan is as far as is known."""
        instance, least = self._prepared.instance, self._floor
        bound: float | None = None
        by_tax_rule = False
        for _ in range(ROUNDS):
            try:
                extreme = self._extreme(instance, name, least, by_tax_rule)
            except InfeasibleError:
                # The best plan itself is no plan of the model at this floor: by tolerances, or by its hours.
                break
            if least == self._floor:
                # Both hold. A search for a higher value says nothing of plans that are worth less than that.
                bound = extreme.bound if bound is None else min(bound, extreme.bound)
            assert bound is not None
            certified = self._worth_most(extreme)
            short = self._floor - certified.plan.value_usd_m if certified is not None else float("inf")
            if certified is not None and short <= SHORT * (1 + abs(self._floor)):
                proven = extreme.status is Status.OPTIMAL and certified.solution.status is Status.OPTIMAL
                return _Found(certified, bound, proven)
            if instance.income_tax is not None and not by_tax_rule:
                by_tax_rule = True
            elif certified is None:
                break
            else:
                least += short
        of_best = MEASURES[name].of_plan(self._best.solution.instance, self._best.solution.decisions)
        return _Found(self._best, of_best if bound is None else bound, False)

    def _extreme(self, instance: Instance, name: str, least_usd_m: float, by_tax_rule: bool) -> Extreme:
        known = columns_of(self._known, self._prepared.choices, instance, self._market.start_month)
        return find_extreme(
            instance, name, least_usd_m, self._options, self._stop, known=known, by_tax_rule=by_tax_rule
        )

    def _worth_most(self, extreme: Extreme) -> Certified | None:
        """The plan worth most that goes so far; None if there is none by tax law."""

        def solve(instance: Instance, options: SolveOptions, *rest: Any) -> Solution:
            on_progress, stop, _ = rest
            far = replace(instance, measure_at_least=extreme.floor)
            return solve_instance(far, options, on_progress, stop, [extreme.columns])

        try:
            return solve_certified(
                self._case, self._market, self._operations, self._options, None, self._stop, solve=solve
            )
        except InfeasibleError:
            return None


def _named(best: Certified, found: Mapping[str, _Found]) -> tuple[Alternative, ...]:
    """The plans, equal ones once, and each name at the plan that goes furthest: also one that was found for another."""
    pool: list[Certified] = []
    for plan in (best, *(each.certified for each in found.values())):
        if not any(_equal(plan, known) for known in pool):
            pool.append(plan)
    # Another may be worth a trace more than the best plan was proven to.
    top = max(range(len(pool)), key=lambda i: (pool[i].plan.value_usd_m, -i))
    pool.insert(0, pool.pop(top))
    names: list[list[str]] = [[BEST], *([] for _ in pool[1:])]
    bounds: list[dict[str, float]] = [{} for _ in pool]
    proven = [best.solution.status is Status.OPTIMAL and pool[0].certificate.passed, *(True for _ in pool[1:])]
    for name, each in found.items():
        measure = MEASURES[name]
        amounts = [measure.of_plan(plan.solution.instance, plan.solution.decisions) for plan in pool]
        furthest = max(amounts)
        near = [i for i, amount in enumerate(amounts) if amount >= furthest - SAME_AMOUNT * (1 + abs(furthest))]
        chosen = max(near, key=lambda i: (pool[i].plan.value_usd_m, -i))
        names[chosen].append(name)
        # A plan keeps what is asked for to a tolerance, so it may go a trace further than is proven for exact plans.
        bounds[chosen][name] = _for_people(name, max(each.bound, furthest), pool[chosen])
        proven[chosen] = proven[chosen] and each.proven and pool[chosen].certificate.passed
    return tuple(
        Alternative(tuple(names[i]), plan, _measures(plan), bounds[i], proven[i])
        for i, plan in enumerate(pool)
        if names[i]
    )


def _measures(plan: Certified) -> dict[str, float]:
    """What a plan has of each measure."""
    solution = plan.solution
    return {
        name: _for_people(name, measure.of_plan(solution.instance, solution.decisions), plan)
        for name, measure in MEASURES.items()
    }


def _for_people(name: str, amount: float, plan: Certified) -> float:
    """A turned amount as people count it; leases of the start are no MW signed."""
    leased = sum(option.hall_mw_it for option in plan.prepared.options if option.is_lease)
    return MEASURES[name].turned * amount - (leased if MEASURES[name].unit == "it_mw" else 0.0) + 0.0


def _equal(one: Certified, other: Certified) -> bool:
    """Whether two plans decide the same, up to what people would not see."""
    rows, others = (list(plan.plan.tables["decisions"].dicts()) for plan in (one, other))
    if len(rows) != len(others):
        return False
    return all(
        all(row[key] == beside[key] for key in ("date", "decision", "item", "site"))
        and _near(float(row["amount"] or 0.0), float(beside["amount"] or 0.0))
        for row, beside in zip(rows, others, strict=True)
    )
