"""Campaigns: what each wave begins with, what is kept, and what a change of the case makes them solve again."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.load import LoadedCase
from optimizer.sweep.campaign import Campaign, Swept
from optimizer.sweep.designs import design
from optimizer.sweep.point import Job, Outcome, PointOptions, solve_point
from optimizer.sweep.price import PricedPoint, PriceJob, TwinValues, price_point, twins_point
from optimizer.sweep.store import Store
from optimizer.sweep.vary import Point, make_grid, parse_vary
from tests.sweep.conftest import Loader, price_text
from tests.sweep.fakes import figures, sign
from tests.sweep.here import Here

CASH, SCALE = "finance.opening.cash_usd_m", "market.power.hub.scale"


def optimal(halls: int = 2, value: float = 100.0) -> Outcome:
    return Outcome("optimal", "", figures(value), sign(halls))


def solved(campaign: Campaign, points: Any, **options: Any) -> list[Swept]:
    return [swept for swept in campaign.solve(points, **options) if swept is not None]


def line(loaded: LoadedCase, count: int) -> tuple[Point, ...]:
    return make_grid(loaded, [parse_vary(f"{SCALE}=0.5:1.5:{count}")])


def test_a_wave_begins_with_the_plans_of_those_before(load_small: Loader) -> None:
    """Proves: none for the first wave; then those of the first, nearest first, not of its own wave. Broken: plans of
    points that run at the same time, so that a result depends on which is quicker."""
    here = Here(lambda work, job: optimal(job.point.number))
    loaded = load_small()
    campaign = Campaign(loaded, PointOptions(), executor=here)
    solved(campaign, line(loaded, 9))
    assert [[job.point.number for job in wave] for wave in here.waves] == [[1, 9, 5, 3], [7, 2, 6, 4, 8]]
    assert all(job.candidates == () for job in here.waves[0])
    # Point 1 is three times as far as the nearest.
    assert here.waves[1][0].candidates == (sign(5), sign(9), sign(3))
    assert [swept.point.number for swept in campaign.known] == [1, 9, 5, 3, 7, 2, 6, 4, 8]
    # The next request begins with all of it.
    solved(campaign, [Point(10, (), {SCALE: 0.7}, place=(0.2,))])
    assert here.waves[2][0].candidates[:2] == (sign(3), sign(2))


def test_other_designs_keep_their_order(load_small: Loader) -> None:
    """Proves: as_given solves 1, 2, 3, 4 first. Broken: 1, 9, 5, 3, which is for grids."""
    here = Here(lambda work, job: optimal())
    loaded = load_small()
    solved(Campaign(loaded, PointOptions(), executor=here), line(loaded, 9), as_given=True)
    assert [job.point.number for job in here.waves[0]] == [1, 2, 3, 4]


def test_the_second_time_nothing_is_solved(load_small: Loader, tmp_path: Path) -> None:
    """Proves: the same outcomes from the store, for all kinds of questions, each under a key of its own. Broken: any
    job, or the price of a plan for the value of a point."""
    loaded = load_small()
    points = line(loaded, 6)

    def ask() -> tuple[Here, list[Any]]:
        here = Here()
        campaign = Campaign(loaded, PointOptions(), executor=here, store=Store(tmp_path / "points"))
        found: list[Any] = [(s.point, s.outcome, s.seconds) for s in solved(campaign, points)]
        known = sorted(campaign.known, key=lambda swept: swept.point.number)
        plans = [known[0].outcome.plan, ()]
        for answers in (campaign.price([(points[2], plans)]), campaign.twins(points[:2])):
            found += [each for each in answers if each is not None]
        return here, sorted(found, key=str)

    first, found = ask()
    assert first.points == [
        (1, None),
        (1, None),
        (2, None),
        (2, None),
        (3, None),
        (3, None),
        *((n, None) for n in (4, 5, 6)),
    ]
    priced = next(each[1] for each in found if isinstance(each[1], PricedPoint))
    best = next(each[1].figures.value_usd_m for each in found if each[0].number == 3 and isinstance(each[1], Outcome))
    assert priced.problem == ""
    assert priced.values[0] == pytest.approx(best, abs=1e-4)
    assert priced.values[1] is not None
    assert priced.values[1] < best
    twins = [each[1] for each in found if isinstance(each[1], TwinValues)]
    assert [each.problem for each in twins] == ["", ""]
    assert None not in (twins[0].status_quo, twins[0].all_mining, twins[0].all_hosting)
    second, again = ask()
    assert second.points == []
    assert again == found


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ({}, []),
        ({"offers.lease.rate_usd_per_kw_month": 101}, [1, 2, 3, 4]),
        # It is laid over at every point.
        ({SCALE: 1.3}, []),
        # No plan depends on what the case calls its sweeps.
        ({"sweeps": {"more": {"vary": {"market.network.btc_usd": "1e5"}}}}, []),
    ],
)
def test_a_changed_case_solves_what_it_changes(
    load_small: Loader, tmp_path: Path, changed: dict[str, Any], again: list[int]
) -> None:
    """Proves: results are found by the case as it is at the point. Broken: nothing solved after a change, or all."""
    answer = Here(lambda work, job: optimal())
    for loaded, here in ((load_small(), answer), (load_small(changed), Here(answer.answer))):
        campaign = Campaign(loaded, PointOptions(), executor=here, store=Store(tmp_path / "points"))
        assert len(solved(campaign, line(loaded, 4))) == 4
    assert [number for number, _ in here.points] == again


def test_other_prices_are_another_case(load_small: Loader, tmp_path: Path) -> None:
    """Proves: the content of what a case reads counts, not its name. Broken: old results for new prices."""
    counts = []
    for text in (price_text(), price_text(), price_text().replace(",43\n", ",44\n")):
        loaded = load_small()
        (tmp_path / "prices.csv").write_text(text, "utf-8")
        here = Here(lambda work, job: optimal())
        campaign = Campaign(loaded, PointOptions(), executor=here, store=Store(tmp_path / "points"))
        solved(campaign, line(loaded, 3))
        counts.append(len(here.points))
    assert counts == [3, 0, 3]


def test_a_changed_overlay_solves_its_own_points_alone(tmp_path: Path) -> None:
    """Proves: points of the case and of another overlay come from the store. Broken: 9 points again instead of 3."""
    import json

    from optimizer.case.load import load_case
    from tests.sweep.conftest import CASE

    (tmp_path / "prices.csv").write_text(price_text(), "utf-8")
    (tmp_path / "case.yaml").write_text(json.dumps(CASE), "utf-8")

    def write(name: str, sga: float) -> None:
        data = {"extends": "case.yaml", "finance": {"opening": {"sga_usd_m_per_quarter": sga}}}
        (tmp_path / name).write_text(json.dumps(data), "utf-8")

    def ask() -> Here:
        loaded = load_case(tmp_path)
        found = design(loaded, [f"{CASH}=150,200,250"], overlays=["rich.yaml", "poor.yaml"])
        here = Here(lambda work, job: optimal(job.point.number))
        store = Store(tmp_path / "points")
        campaign = Campaign(loaded, PointOptions(), overlays=found.overlays, executor=here, store=store)
        assert len(solved(campaign, found.points)) == 9
        return here

    write("rich.yaml", 0)
    write("poor.yaml", 2)
    assert len(ask().points) == 9
    write("poor.yaml", 3)
    assert ask().points == [(7, "poor.yaml"), (8, "poor.yaml"), (9, "poor.yaml")]


def test_other_options_are_another_question(load_small: Loader, tmp_path: Path) -> None:
    """Proves: gap, limit, seed and audit count, also a gap asked for once. Broken: a coarse result for a fine one."""
    loaded, counts = load_small(), []
    asked: list[tuple[PointOptions, dict[str, float]]] = [
        (PointOptions(), {}),
        (PointOptions(), {}),
        (PointOptions(relative_gap=1e-5), {}),
        (PointOptions(), {"gap": 1e-5}),
        (PointOptions(), {"gap": 1e-6}),
        (PointOptions(time_limit_seconds=5.0), {}),
        (PointOptions(seed=1), {}),
        (PointOptions(audit=True), {}),
    ]
    for options, more in asked:
        here = Here(lambda work, job: optimal())
        solved(Campaign(loaded, options, executor=here, store=Store(tmp_path / "points")), line(loaded, 1), **more)
        counts.append(len(here.points))
    assert counts == [1, 0, 1, 0, 1, 1, 1, 1]


def test_what_may_be_the_fault_of_the_machine_is_tried_again(load_small: Loader, tmp_path: Path) -> None:
    """Proves: deaths and failures are not kept, infeasible and stopped points are. Broken: a point that failed once
    fails for ever."""
    loaded = load_small()
    outcomes = {1: None, 2: Outcome("failed", "x"), 3: Outcome("no plan"), 4: Outcome("audit failed"),
                5: Outcome("infeasible"), 6: Outcome("time limit", "", figures(1.0), ()), 7: optimal()}  # fmt: skip
    first = Here(lambda work, job: outcomes[job.point.number])
    points = line(loaded, 7)
    found = solved(Campaign(loaded, PointOptions(), executor=first, store=Store(tmp_path / "p")), points, as_given=True)
    assert {s.point.number: s.outcome.problem for s in found if s.outcome.status == "failed"} == {1: "died", 2: "x"}
    # With the same plans to begin with it is the same question.
    second = Here(lambda work, job: outcomes[job.point.number] or Outcome("failed", "died"))
    solved(Campaign(loaded, PointOptions(), executor=second, store=Store(tmp_path / "p")), points, as_given=True)
    assert [number for number, _ in second.points] == [1, 2, 3, 4]


def test_prices_and_twins_that_failed_are_tried_again(load_small: Loader, tmp_path: Path) -> None:
    """Proves: an answer with a problem is not kept, and a death has one. Broken: a lost price that stays lost."""
    loaded = load_small()
    (point,) = line(loaded, 1)
    answers: list[Any] = [None, PricedPoint((None,), "no"), PricedPoint((7.0,)), None]
    for answer, expected in zip(answers, ("died", "no", "", ""), strict=True):
        here = Here(lambda work, job, answer=answer: answer)
        campaign = Campaign(loaded, PointOptions(), executor=here, store=Store(tmp_path / "points"))
        (found,) = [each for each in campaign.price([(point, [sign(1)])]) if each is not None]
        assert found[1].problem == expected
    assert found[1].values == (7.0,)
    campaign = Campaign(loaded, PointOptions(), executor=Here(lambda work, job: None))
    assert [each for each in campaign.twins([point]) if each] == [(point, TwinValues(problem="died"))]


def test_each_question_has_its_own_work(load_small: Loader) -> None:
    """Proves: plans are priced by price_point, twins found by twins_point. Broken: the wrong answer's form."""
    asked: list[tuple[Any, type]] = []

    def answer(work: Any, job: Any) -> Any:
        asked.append((work, type(job)))
        return {solve_point: optimal(), price_point: PricedPoint((1.0,)), twins_point: TwinValues(1.0)}[work]

    loaded = load_small()
    (point,) = line(loaded, 1)
    campaign = Campaign(loaded, PointOptions(), executor=Here(answer))
    for answers in (campaign.solve([point]), campaign.price([(point, [()])]), campaign.twins([point])):
        list(answers)
    assert asked == [(solve_point, Job), (price_point, PriceJob), (twins_point, Job)]


def test_an_interrupted_wave_is_known_as_far_as_it_went(load_small: Loader) -> None:
    """Proves: what was finished counts, in its order. Broken: nothing, or the order in which it came."""
    loaded = load_small()
    campaign = Campaign(loaded, PointOptions(), executor=Here(lambda work, job: optimal()))
    with contextlib.closing(campaign.solve(line(loaded, 9))) as solving:
        found = []
        for swept in solving:
            if swept is not None:
                found.append(swept.point.number)
            if len(found) == 2:
                break
    assert found == [3, 5]
    assert [swept.point.number for swept in campaign.known] == [5, 3]


def test_values_that_the_case_does_not_take_need_no_key(load_small: Loader, tmp_path: Path) -> None:
    """Proves: a wrong point is an outcome with a store too. Broken: a CaseError that ends the sweep."""
    loaded = load_small()
    campaign = Campaign(loaded, PointOptions(), executor=Here(), store=Store(tmp_path / "points"))
    (found,) = solved(campaign, make_grid(loaded, [parse_vary("sites.west.uptime=2")]))
    assert found.outcome.status == "wrong input"
    assert not (tmp_path / "points").exists()
