"""A plan folder -> the same instance with the plan's whole numbers laid down: where every question begins.

Only the folder is read. The plan's decisions are given to its case, every hour is gone through, and what follows from
the decisions in whole numbers is found; the linear program that is left has to come to the value that the plan states.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from models.instance import Instance
from optimizer.case.case import Case
from optimizer.case.load import LoadedCase, load_case
from optimizer.case.price_files import price_files
from optimizer.errors import CallError, InfeasibleError, SolverError
from optimizer.instance.build import Prepared, prepare_from
from optimizer.instance.whole_plan import WholePlan, whole_plan
from optimizer.market.market import Market, build_market
from optimizer.market.prices import PriceSeries, read_prices
from optimizer.operations.operations import Operations, build_operations
from optimizer.operations.slots import NO_REFINEMENT, Refinement
from optimizer.plan.build import Plan
from optimizer.plan.certified import Certified, is_coupled, solve_certified
from optimizer.plan.certified import refined as refined
from optimizer.plan.written import WrittenPlan
from optimizer.solve.bridge import StandardForm
from optimizer.solve.compiled import form_of
from optimizer.solve.highs import SolveOptions
from optimizer.solve.sensitivity import (
    NEW_RULE_GAP,
    Laid,
    Whole,
    lay_down,
    rules_anew,
    unruled_years,
    whole_of,
)

SAME_USD_M = 1e-5
"""Ten dollars: so near the linear program has to come to the plan's value, which was worked out from rounded decisions
with ties broken. For large values as many digits."""

DIGITS = 1e-8

RULE_ROUNDS = 6
"""How often at most years of tax law are added."""


@dataclass(frozen=True)
class Start:
    """A plan to explain. ``laid`` is the linear program with its whole numbers, ``plan`` its decisions worked out."""

    written: WrittenPlan
    loaded: LoadedCase
    """The case as it was solved, with its own given decisions."""
    prepared: Prepared
    """With these."""
    certified: Certified
    laid: Laid
    series: Mapping[str, tuple[PriceSeries, ...]]
    market: Market
    operations: Operations
    refinement: Refinement
    options: SolveOptions
    seconds: float = 0.0
    """How long it took to lay the plan down."""

    @property
    def plan(self) -> Plan:
        return self.certified.plan

    @property
    def value_usd_m(self) -> float:
        return self.written.value_usd_m

    @property
    def case(self) -> Case:
        return self.loaded.case

    @cached_property
    def whole(self) -> WholePlan:
        """What the plan decides in whole numbers."""
        return whole_plan(self.prepared.choices, self.certified.solution.decisions, self.market.start_month)

    def prepare(self, moved: LoadedCase, *, same_hours: bool = False) -> Prepared:
        """A moved case; ``same_hours``: neither prices nor hours depend on what moved. Raises CaseError."""
        if same_hours:
            market, operations = self.market, self.operations
        else:
            market = build_market(moved.case, moved.folder, self.series)
            operations = build_operations(moved.case, market)
        return prepare_from(moved.case, market, operations, self.refinement)

    def instance(self, prepared: Prepared) -> Instance:
        """Its instance, with shares at the worth that the plan gives them, and the plan's years of tax law."""
        base = self.laid.instance
        return replace(prepared.instance, intrinsic_to_market=base.intrinsic_to_market, tax_binaries=base.tax_binaries)

    def resolve(self, instance: Instance, form: StandardForm | None = None, *, anew: float | None = None) -> Laid:
        """The optimum of an instance with the plan's whole numbers. What follows from decisions is found anew where it
        has to be (or, with ``anew``, in any case, to this relative gap), and tax law is kept in every year. ``form`` is
        the instance compiled, if that is known.

        Raises InfeasibleError if the plan's decisions in whole numbers are impossible there.
        """
        form = form if form is not None else form_of(instance)
        found = None if anew is not None else lay_down(instance, self.laid.whole, self.options, form, self.laid)
        gap = anew if anew is not None else NEW_RULE_GAP
        for _ in range(RULE_ROUNDS):
            found = found if found is not None else rules_anew(instance, self.laid.whole, self.options, form, gap)
            broken = unruled_years(found)
            if not broken:
                return found
            instance = replace(instance, tax_binaries=instance.tax_binaries | broken)
            form, found = form_of(instance), None
        raise SolverError("no plan was found that uses losses and interest as tax law has it")


def read_start(written: WrittenPlan, options: SolveOptions) -> Start:
    """Lay a written plan down. Raises CallError if its folder does not say how it was decided or what it is worth."""
    began = time.perf_counter()
    decisions = written.folder / "decisions.csv"
    loaded = load_case(written.case_file)
    given = load_case(written.case_file, given_csv=decisions, given_otherwise="nothing")
    series = {
        path: tuple(read_prices(spec, loaded.folder) for spec in specs)
        for path, specs in price_files(loaded.case).items()
    }
    market = build_market(loaded.case, loaded.folder, series)
    operations = build_operations(loaded.case, market)
    try:
        certified = solve_certified(given.case, market, operations, options)
    except (InfeasibleError, SolverError) as error:
        raise CallError(f"the decisions of {written.folder} cannot be laid down: {error}") from None
    # Values of taken MWh and edges of bands as the plan has them.
    refinement = refined(certified.plan, NO_REFINEMENT, 1.0) if is_coupled(loaded.case) else NO_REFINEMENT
    taken = certified.solution.instance
    open_case = prepare_from(loaded.case, market, operations, refinement)
    closed = prepare_from(given.case, market, operations, refinement)
    laid = _lay_down(_as(closed.instance, taken), _as(open_case.instance, taken), options)
    _check(written, laid, certified)
    seconds = time.perf_counter() - began
    return Start(written, loaded, open_case, certified, laid, series, market, operations, refinement, options, seconds)


def _as(instance: Instance, like: Instance) -> Instance:
    return replace(instance, intrinsic_to_market=like.intrinsic_to_market, tax_binaries=like.tax_binaries)


def _lay_down(given: Instance, free: Instance, options: SolveOptions) -> Laid:
    """The plan's linear program, with tax law in all the years in which it could gain by breaking it."""
    for _ in range(RULE_ROUNDS):
        whole: Whole = whole_of(given, free, options)
        laid = lay_down(free, whole, options)
        if laid is None:
            raise CallError("the whole numbers of the plan are impossible in its own model")
        broken = unruled_years(laid)
        if not broken:
            return laid
        given = replace(given, tax_binaries=given.tax_binaries | broken)
        free = replace(free, tax_binaries=free.tax_binaries | broken)
    raise SolverError("no plan was found that uses losses and interest as tax law has it")


def _check(written: WrittenPlan, laid: Laid, certified: Certified) -> None:
    """The linear program has to be the plan; where hours are looked at through values, as near as its certificate."""
    value = written.value_usd_m
    allowed = max(SAME_USD_M, DIGITS * abs(value))
    if not certified.certificate.separable:
        allowed = max(allowed, certified.certificate.tolerance * max(1.0, abs(value)))
    if abs(laid.objective - value) > allowed:
        raise CallError(
            f"the plan in {written.folder} is stated to be worth {value:,.6f} USD m, its decisions in whole numbers "
            f"{laid.objective:,.6f}: it cannot be explained",
            ("solve the case again with this version",),
        )
