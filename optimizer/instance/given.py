"""Given decisions -> bounds of the model. The twins (status quo, all mining, all hosting) are given decisions too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.instance import DecisionBounds, Floats, HostingOptions, Instance
from models.tree import Bools, Tree
from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.given import Given, GivenSignature
from optimizer.errors import CaseError
from optimizer.instance.builds import BuildOption
from optimizer.instance.capital.build import CapitalChoices
from optimizer.instance.facilities import Issue
from optimizer.instance.hosting import Option
from optimizer.market.calendar import nearest_decision_node
from optimizer.operations.mining import Lot, Place
from optimizer.operations.parts import SignedContract

STATUS_QUO = Given(otherwise="nothing")
"""Commitments only: deliveries and debts run on; nothing is signed, built, bought or borrowed."""

Rule = str | Mapping[CalendarDate, float]
"""``forbidden``, or amounts by date."""


@dataclass(frozen=True)
class Choices:
    """Everything that can be decided, in the order of the model's arrays."""

    options: tuple[Option, ...]
    lots: tuple[Lot, ...]
    places: tuple[Place, ...]
    site_names: tuple[str, ...]
    builds: tuple[BuildOption, ...]
    money: CapitalChoices
    issues: tuple[Issue, ...]
    signings: tuple[SignedContract, ...]

    def place_name(self, place: int) -> str:
        """``site.lot`` at home, ``site.lot > other site`` elsewhere."""
        entry = self.places[place]
        name = self.lots[entry.lot].full_name
        return name if entry.home else f"{name} > {self.site_names[entry.site]}"


def all_mining(case: Case) -> Given:
    """No hosting; all else free."""
    return Given(sign=dict.fromkeys(case.offers, "forbidden"))


def all_hosting(case: Case) -> Given:
    """No machine bought; hosting and money free."""
    buys = {
        f"{site}.{name}": "forbidden"
        for name, machine in case.machines.items()
        if machine.buy is not None
        for site in machine.buy.sites
    }
    return Given.model_validate({"buy": buys})


def with_given(instance: Instance, given: Given, choices: Choices, start_month: int) -> Instance:
    """The same instance with these decisions laid down (and no others)."""
    hosting, bounds = _signatures(instance, given, choices.options, start_month)
    laid = _Laying(instance, given, choices, start_month)
    bounds = replace(
        bounds,
        unplug_eh=laid.machines("unplug", bounds.unplug_eh, _by_place(given.unplug), places=True, free=True),
        plug_eh=laid.machines("plug", bounds.plug_eh, _by_place(given.plug), places=True),
        sell_eh=laid.machines("sell", bounds.sell_eh, given.sell, places=False),
        order_eh=laid.options(
            "buy",
            bounds.order_eh,
            given.buy,
            [f"{lot.site_name}.{lot.machine}" if lot.order_node >= 0 else None for lot in choices.lots],
            [lot.order_node for lot in choices.lots],
            1000.0,
        ),
        builds=laid.whole(
            "build",
            bounds.builds,
            given.build,
            [f"{b.site_name}.{b.name}" for b in choices.builds],
            [b.node for b in choices.builds],
        ),
        **_money(laid, given, bounds, choices.money, list(instance.companies.name) if instance.companies else []),
        issue_usd_m=laid.options(
            "issue", bounds.issue_usd_m, given.issue, [i.name for i in choices.issues], [i.node for i in choices.issues]
        ),
        sell_btc=laid.bitcoin(bounds.sell_btc, given.sell_btc),
        keep_btc=laid.bitcoin(bounds.keep_btc, given.keep_btc),
        contract_mw=laid.options(
            "contract",
            bounds.contract_mw,
            given.contract,
            [f"{choices.site_names[signing.site]}.{signing.offer}" for signing in choices.signings],
            [signing.node for signing in choices.signings],
        ),
    )
    return replace(instance, hosting=hosting, bounds=bounds)


def _money(
    laid: _Laying, given: Given, bounds: DecisionBounds, money: CapitalChoices, companies: list[str]
) -> dict[str, Any]:
    """Bounds of tranches, commitments and lines, and of what moves between companies."""
    tranches, commitments = money.tranches, money.commitments
    lines = {line.name for line in money.lines}
    by_tranche = {name: rule for name, rule in given.draw.items() if name not in lines}
    of_loans = {name: rule for name, rule in given.commit.items() if name not in lines}
    of_lines = {name: rule for name, rule in given.commit.items() if name in lines}
    names = [line.name for line in money.lines]
    line_draw = laid.lines("draw", bounds.line_draw, given.draw, names)
    line_repay = laid.lines("repay", bounds.line_repay, given.repay, names, free=True)
    # What is given to be drawn is not paid back at the same instant: it would not have been drawn.
    line_repay = (line_repay[0], np.where((line_draw[0] > 0) & (line_repay[0] == 0), 0.0, line_repay[1]))
    return {
        "draw_usd_m": laid.options(
            "draw", bounds.draw_usd_m, by_tranche, [t.name for t in tranches], [t.node for t in tranches]
        ),
        "commit_usd_m": laid.options(
            "commit", bounds.commit_usd_m, of_loans, [c.facility for c in commitments], [c.node for c in commitments]
        ),
        "line_draw": line_draw,
        "line_repay": line_repay,
        "fund_usd_m": laid.lines("fund", bounds.fund_usd_m, given.fund, companies, free=True),
        "upstream_usd_m": laid.lines("upstream", bounds.upstream_usd_m, given.upstream, companies, free=True),
        "line_commit": laid.options(
            "commit", bounds.line_commit, of_lines, list(names), [line.commit_node for line in money.lines]
        ),
    }


def _by_place(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """``site.lot > site`` where the second site is the lot's own home is written ``site.lot``."""
    result: dict[str, Rule] = {}
    for key, rule in rules.items():
        lot, _, site = (part.strip() for part in key.partition(">"))
        home = lot.partition(".")[0]
        result[lot if site in ("", home) else f"{lot} > {site}"] = rule
    return result


@dataclass(frozen=True)
class _Laying:
    """Turns amounts by date into lower and upper bounds."""

    instance: Instance
    given: Given
    choices: Choices
    start_month: int

    def machines(
        self,
        kind: str,
        open_bounds: tuple[Floats, Floats],
        rules: Mapping[str, Rule],
        *,
        places: bool,
        free: bool = False,
    ) -> tuple[Floats, Floats]:
        """Bounds by place (or lot) and node, amounts in PH/s; ``free`` decisions stay open where nothing is said."""
        lower, upper = open_bounds[0].copy(), open_bounds[1].copy()
        names = (
            [self.choices.place_name(p) for p in range(len(self.choices.places))]
            if places
            else [lot.full_name for lot in self.choices.lots]
        )
        for index, name in enumerate(names):
            rule = rules.get(name)
            if rule == "forbidden" or (rule is None and self.given.otherwise == "nothing" and not free):
                upper[index] = 0.0
            elif rule is not None and not isinstance(rule, str):
                if self.given.otherwise == "nothing" and not free:
                    upper[index] = 0.0
                for node, amount in self.by_node(rule).items():
                    if amount > 0 and open_bounds[1][index, node] <= 0:
                        raise self.nowhere(kind, name, node)
                    lower[index, node] = upper[index, node] = amount / 1000
        return lower, upper

    def options(
        self,
        kind: str,
        open_bounds: tuple[Floats, Floats],
        rules: Mapping[str, Rule],
        names: list[str | None],
        nodes: list[int],
        scale: float = 1.0,
    ) -> tuple[Floats, Floats]:
        """Bounds by option."""
        lower, upper = open_bounds[0].copy(), open_bounds[1].copy()
        there = {(name, node) for name, node in zip(names, nodes, strict=True)}
        for key, given in rules.items():
            placed = {} if isinstance(given, str) else self.by_node(given)
            for step in [step for step, asked in placed.items() if asked > 0 and (key, step) not in there]:
                raise self.nowhere(kind, key, step)
        for index, (name, node) in enumerate(zip(names, nodes, strict=True)):
            rule = rules.get(name) if name is not None else None
            if rule == "forbidden" or (rule is None and self.given.otherwise == "nothing"):
                upper[index] = 0.0
            elif rule is not None and not isinstance(rule, str):
                amount = self.by_node(rule).get(node)
                if amount is not None:
                    lower[index] = upper[index] = amount / scale
                elif self.given.otherwise == "nothing":
                    upper[index] = 0.0
        return lower, upper

    def whole(
        self,
        kind: str,
        open_bounds: tuple[np.ndarray, np.ndarray],
        rules: Mapping[str, Rule],
        names: list[str],
        nodes: list[int],
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same for whole numbers."""
        real = (open_bounds[0].astype(float), open_bounds[1].astype(float))
        lower, upper = self.options(kind, real, rules, list(names), nodes)
        return lower.round().astype(np.int64), upper.round().astype(np.int64)

    def lines(
        self,
        kind: str,
        open_bounds: tuple[Floats, Floats],
        rules: Mapping[str, Rule],
        names: list[str],
        *,
        free: bool = False,
    ) -> tuple[Floats, Floats]:
        """Bounds by line and node; balances move in every period. ``free`` ones stay open where nothing is said."""
        lower, upper = open_bounds[0].copy(), open_bounds[1].copy()
        for k, name in enumerate(names):
            rule = rules.get(name)
            if rule == "forbidden" or (rule is None and self.given.otherwise == "nothing" and not free):
                upper[k] = 0.0
            elif rule is not None and not isinstance(rule, str):
                fixed = self.bitcoin((np.zeros_like(lower[k]), upper[k]), rule)
                wrong = np.flatnonzero((fixed[0] > 0) & (open_bounds[1][k] <= 0))
                if wrong.size:
                    raise self.nowhere(kind, name, int(wrong[0]))
                lower[k], upper[k] = fixed
        return lower, upper

    def bitcoin(self, open_bounds: tuple[Floats, Floats], rule: Rule | None) -> tuple[Floats, Floats]:
        """Bounds by node, amounts by period (not only at steps); 0 in the periods that are not named."""
        lower, upper = open_bounds[0].copy(), open_bounds[1].copy()
        if rule == "forbidden":
            upper[:] = 0.0
        elif rule is not None and not isinstance(rule, str):
            upper[:] = 0.0
            tree = self.instance.tree
            for day, amount in rule.items():
                node = int(np.argmin(np.abs(tree.start_months - (day.first - self.start_month))))
                here = np.abs(tree.start_months - tree.start_months[node]) < 1e-9
                lower[here] += amount
                upper[here] += amount
        return lower, upper

    def nowhere(self, kind: str, name: str, node: int) -> CaseError:
        """A given amount at a step where nothing of the kind can be decided."""
        return CaseError.single(
            f"cannot be decided in {self.instance.tree.label[node]}: outside its window, or nothing of it is there",
            path=f"given.{kind}.{name}",
        )

    def by_node(self, amounts: Mapping[CalendarDate, float]) -> dict[int, float]:
        """Amounts by decision node: on the nearest step, in every scenario; several on one step add up."""
        tree = self.instance.tree
        result: dict[int, float] = {}
        for day, amount in amounts.items():
            for node in np.flatnonzero(_on_step(tree, day.first - self.start_month)).tolist():
                result[node] = result.get(node, 0.0) + amount
        return result


def _on_step(tree: Tree, months: float) -> Bools:
    """(N,) the decision nodes at the step nearest to an instant."""
    node = nearest_decision_node(tree, months)
    here: Bools = (np.abs(tree.start_months - tree.start_months[node]) < 1e-9) & tree.decision
    return here


def _signatures(
    instance: Instance, given: Given, options: tuple[Option, ...], start_month: int
) -> tuple[HostingOptions, DecisionBounds]:
    tree, hosting = instance.tree, instance.hosting
    lower, upper = instance.bounds.sign[0].copy(), instance.bounds.sign[1].copy()
    least, most = hosting.halls_min.copy(), hosting.halls_max.copy()
    required: list[tuple[int, ...]] = []
    for name in {option.offer_name: None for option in options}:
        members = [o for o, option in enumerate(options) if option.offer_name == name]
        if options[members[0]].is_lease:
            lower[members] = 1
            continue
        rule = given.sign.get(name)
        if rule is None:
            if given.otherwise == "nothing":
                upper[members] = 0
            continue
        if rule == "forbidden" or rule.halls_at_most == 0:
            upper[members] = 0
            continue
        chosen = [o for o in members if _matches(options[o], rule, tree, start_month)]
        for o in members:
            if o not in chosen:
                upper[o] = 0
            elif rule.halls is not None:
                least[o] = most[o] = rule.halls
            else:
                least[o] = max(least[o], rule.halls_at_least or 0)
                most[o] = min(most[o], rule.halls_at_most if rule.halls_at_most is not None else most[o])
        if rule.halls is not None or (rule.halls_at_least or 0) >= 1:
            required.append(tuple(chosen))
    missing = [
        name
        for name, rule in given.sign.items()
        if isinstance(rule, GivenSignature)
        and (rule.halls is not None or (rule.halls_at_least or 0) >= 1)
        and not any(o.offer_name == name and _matches(o, rule, tree, start_month) for o in options)
    ]
    if missing:
        raise CaseError.single(
            "nothing in the horizon matches it: its date (nearest step) lies outside the offer's window, or its site "
            "is none of the offer's",
            path=f"given.sign.{missing[0]}",
        )
    hosting = replace(hosting, halls_min=least, halls_max=most)
    return hosting, replace(instance.bounds, sign=(lower, upper), sign_required=tuple(required))


def _matches(option: Option, rule: GivenSignature, tree: Tree, start_month: int) -> bool:
    if rule.site is not None and rule.site != option.site_name:
        return False
    if rule.date is None:
        return True
    return bool(_on_step(tree, rule.date.first - start_month)[option.node])
