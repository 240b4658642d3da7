"""Regret: which plans are compared, and what each loses where another is better."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.instance.whole_plan import WholePlan
from optimizer.sweep.campaign import Swept
from optimizer.sweep.regret import choose_plans, plan_words, regret
from optimizer.sweep.vary import Point
from tests.sweep.fakes import sign, swept

A, B, C = sign(1), sign(2), sign(3)


def test_plans_of_most_points_come_first_then_those_met_first() -> None:
    points = [swept(1, A), swept(2, B), swept(3, C), swept(4, C), swept(5, "infeasible")]
    assert choose_plans(reversed(points)) == (C, A, B)
    assert choose_plans(points, most=2) == (C, A)


def test_dates_make_another_plan() -> None:
    """As a region they would be one; a plan that waits is priced by itself."""
    assert len(choose_plans([swept(1, A), swept(2, sign(1, date="2028-01"))])) == 2


def test_the_plan_of_the_case_itself_is_always_compared() -> None:
    """Among the two of most points it is not: it takes the last place."""
    points = [swept(1, A), swept(2, B), swept(3, C), swept(4, C)]
    assert choose_plans(points, own=B, most=2) == (C, B)
    assert choose_plans(points, own=C, most=2) == (C, A)
    assert choose_plans(points, own=sign(9)) == (C, A, B, sign(9))


def prices(values: dict[tuple[int, WholePlan], float | None], asked: list[tuple[int, int]] | None = None):  # type: ignore[no-untyped-def]
    def price(point: Point, plans: Sequence[WholePlan]) -> list[float | None]:
        if asked is not None:
            asked.append((point.number, len(plans)))
        return [values[point.number, plan] for plan in plans]

    return price


POINTS: list[Swept] = [
    swept(1, A, value=100.0),
    swept(2, B, value=80.0),
    swept(3, "infeasible"),
    swept(4, B, value=60.0),
]
VALUES = {(1, B): 70.0, (1, C): 95.0, (2, A): None, (2, C): 78.0, (4, A): 20.0, (4, C): 61.0}


def test_regret_is_what_is_lost_against_the_best_of_the_point() -> None:
    """At point 4 the third plan beats what was found there, by less than its gap: it is the best, and B loses 1."""
    asked: list[tuple[int, int]] = []
    found = regret(POINTS, [A, B, C], prices(VALUES, asked))
    assert found.table().rows == (
        (1, 1, 100.0, 0.0),
        (1, 2, None, None),
        (1, 4, 20.0, 41.0),
        (2, 1, 70.0, 30.0),
        (2, 2, 80.0, 0.0),
        (2, 4, 60.0, 1.0),
        (3, 1, 95.0, 5.0),
        (3, 2, 78.0, 2.0),
        (3, 4, 61.0, 0.0),
    )
    # The plan of a point has its value already, and a point without a plan asks for none.
    assert asked == [(1, 2), (2, 2), (4, 2)]


def test_plans_are_judged_by_their_worst_point() -> None:
    """Proves: the third plan loses 5 at its worst, and the second one is said to be today's. Broken: 20.5, the mean of
    the first, or nobody can tell which plan is the one of today."""
    found = regret(POINTS, [A, B, C], prices(VALUES), own=B)
    table = found.plans_table()
    assert table.columns == (
        "plan", "words", "best_points", "worst_regret_usd_m", "worst_point", "mean_regret_usd_m", "impossible_points",
        "todays_plan",
    )  # fmt: skip
    assert [(r[0], *r[2:]) for r in table.rows] == [
        (1, 1, 41.0, 4, 20.5, 1, "no"), (2, 1, 30.0, 1, 31 / 3, 0, "yes"), (3, 1, 5.0, 1, 7 / 3, 0, "no"),
    ]  # fmt: skip
    assert found.least_worst is not None
    assert found.least_worst.number == 3
    assert found.todays is found.plans[1]
    assert regret(POINTS, [A, B, C], prices(VALUES)).todays is None


def test_a_plan_that_is_impossible_somewhere_comes_last() -> None:
    """By its worst regret alone, 0, the first plan would be named."""
    points = [swept(1, A, value=100.0), swept(2, B, value=80.0)]
    found = regret(points, [A, B, C], prices({(1, B): 70.0, (2, A): None, (1, C): None, (2, C): None}))
    assert found.least_worst is not None
    assert found.least_worst.number == 2
    assert (found.plans[2].worst_usd_m, found.plans[2].mean_usd_m, found.plans[2].impossible_points) == (None, None, 2)


def test_the_first_of_equal_worst_points_is_named() -> None:
    points = [swept(1, A, value=100.0), swept(2, A, value=100.0)]
    found = regret(points, [A, B], prices({(1, B): 90.0, (2, B): 90.0}))
    assert found.plans[1].worst_point == 1


def test_nothing_to_compare() -> None:
    assert regret([swept(1, "infeasible")], [], prices({})).least_worst is None
    assert regret([swept(1, A)], [A], prices({})).table().rows == ((1, 1, 100.0, 0.0),)


def test_words_of_plans_say_when() -> None:
    assert plan_words(()) == "nothing signed"
    plan = (*sign(2, "hall_2", kind="build"), *sign(1, "ppa", kind="contract", date="2026-01"), *sign(1))
    assert (
        plan_words(plan)
        == "lease 1 hall at west 2027-04, contract ppa at west 2026-01, build hall_2 at west 2027-04 x2"
    )
