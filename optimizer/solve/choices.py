"""The choices of a plan: laid down and priced by a linear program, completed, and others that are near to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizer.solve.branching import WHOLE, Side
from optimizer.solve.bridge import FloatArray
from optimizer.solve.columns import is_decided
from optimizer.solve.compact import Compact
from optimizer.solve.dive import Clock, Found, dive
from optimizer.solve.pricing import Priced
from optimizer.solve.prove import Part, Tree

AROUND, SPARE = 4, 2
"""How many dates around those of a plan are near to it, and how many things that it does not take are looked at."""


def _sharing(program: Compact) -> list[list[int]]:
    """For each group the groups that share megawatts of a site with it, itself among them."""
    form = program.form
    room = np.array([name.startswith("sites_megawatts[") for name in form.row_names], dtype=bool)
    rows = []
    for group in program.groups:
        used = form.matrix[:, list(group.amounts)].indices
        rows.append(set(used[room[used]].tolist()))
    return [[h for h, other in enumerate(rows) if g == h or own & other] for g, own in enumerate(rows)]


class Choices:
    """What a plan chooses: groups of dates and their sizes."""

    def __init__(self, program: Compact, tree: Tree) -> None:
        at = {int(j): i for i, j in enumerate(tree.warm.whole)}
        self._tree = tree
        self._groups = [
            (np.array([at[j] for j in g.choices]), at[g.signed], [at[j] for j in g.sizes]) for g in program.groups
        ]
        self._together = _sharing(program)
        names = [tree.warm.form.column_names[j] for j in tree.warm.whole.tolist()]
        self._decided = np.flatnonzero([is_decided(name) for name in names])
        self._fixed = np.array(
            sorted({int(i) for c, s, sizes in self._groups for i in [*c.tolist(), s, *sizes]}), dtype=np.intp
        )

    def near(self, plan: FloatArray, turn: int) -> Side:
        """What is near a plan: in turn, other dates and sizes of what it takes, and all choices of one place."""
        places = sorted({tuple(self._together[g]) for g in range(len(self._groups))})
        if turn % 2 and len(places) > 1:
            return self._of_place(plan, places[turn // 2 % len(places)])
        return self._around(plan, turn // 2)

    def _of_place(self, plan: FloatArray, place: tuple[int, ...]) -> Side:
        """All choices that share room with one another, the others as in the plan."""
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        for g, (choices, signed, sizes) in enumerate(self._groups):
            if g not in place:
                own = [*choices.tolist(), signed, *sizes]
                lower[own] = np.maximum(lower[own], np.minimum(plan[own], upper[own]))
                upper[own] = np.minimum(upper[own], np.maximum(plan[own], lower[own]))
        return lower, upper

    def _around(self, plan: FloatArray, turn: int) -> Side:
        """The choices around a plan: what it takes a few dates earlier or later or not at all, in any size, and one or
        two of the things that it does not take, in turn."""
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        spare = [g for g, (_, signed, _) in enumerate(self._groups) if plan[signed] < 0.5]
        free = {spare[(turn + k) % len(spare)] for k in range(min(SPARE, len(spare)))}
        for g, (choices, signed, _) in enumerate(self._groups):
            if plan[signed] > 0.5:
                date = int(np.argmax(plan[choices]))
                far = np.abs(np.arange(len(choices)) - date) > AROUND
                upper[choices[far]] = np.minimum(upper[choices[far]], lower[choices[far]])
            elif g not in free:
                upper[choices] = np.minimum(upper[choices], lower[choices])
        return lower, upper

    def completed(self, plan: FloatArray) -> FloatArray:
        """The plan with each group's ``signed`` as its choices say."""
        other = plan.copy()
        for choices, signed, _ in self._groups:
            other[signed] = float(plan[choices].sum() > 0.5)
        return other

    def promise(self, plan: FloatArray, floor: float) -> float:
        """What the choices of ``plan`` come to at most, by their linear program; minus infinity if that is not more
        than ``floor``."""
        answer = self._with_choices(plan, floor)[1]
        return answer.objective if answer is not None else -np.inf

    def settle(self, plan: FloatArray, clock: Clock, floor: float, *, keep_rules: bool = False) -> Found | None:
        """The choices of ``plan`` with all other whole columns decided anew, or only those that are 0 in it; None if
        not worth more than ``floor``."""
        (lower, upper), answer = self._with_choices(plan, floor, keep_rules=keep_rules)
        return self._rounded(lower, upper, answer, clock, floor)

    def _rounded(
        self, lower: FloatArray, upper: FloatArray, answer: Priced | None, clock: Clock, floor: float
    ) -> Found | None:
        """The answer if it is whole, else what a dive from it finds; None if there is none."""
        if answer is None or answer.values is None:
            return None
        whole = answer.values[self._tree.warm.whole]
        if np.abs(whole - np.round(whole)).max(initial=0.0) < WHOLE:
            return Found(answer.objective, np.round(whole))
        part = Part((lower, upper), answer.objective, answer.values, basis=answer.basis)
        return dive(self._tree, part, clock, floor)

    def held(self, plan: FloatArray, clock: Clock) -> Found | None:
        """As `settle`, with every decision in whole numbers as in ``plan``: builds and what has one date only, too."""
        fixed = np.union1d(self._fixed, self._decided)
        (lower, upper), answer = self._with_choices(plan, -np.inf, fixed=fixed)
        return self._rounded(lower, upper, answer, clock, -np.inf)

    def _with_choices(
        self, plan: FloatArray, floor: float, *, keep_rules: bool = False, fixed: npt.NDArray[np.intp] | None = None
    ) -> tuple[Side, Priced | None]:
        """Bounds with the choices of ``plan`` laid down (or the columns ``fixed``), and the linear program's answer;
        None if it is not above ``floor``."""
        fixed = self._fixed if fixed is None else fixed
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        if keep_rules:
            lower = np.maximum(lower, np.minimum(plan, upper))
        lower[fixed] = np.maximum(lower[fixed], plan[fixed])
        upper[fixed] = np.minimum(upper[fixed], plan[fixed])
        answer = self._tree.warm.bound(lower, upper, floor=floor if np.isfinite(floor) else None)
        return (lower, upper), answer if answer.values is not None and answer.objective > floor else None
