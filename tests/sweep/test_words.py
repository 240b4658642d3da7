"""A sweep on the terminal: short, within 100 columns, with the points between which the plan changes."""

from __future__ import annotations

import io
from typing import Any

import pytest

from optimizer.sweep.campaign import Swept
from optimizer.sweep.point import Figures, Outcome
from optimizer.sweep.progress import SweepProgress, progress_text
from optimizer.sweep.run import Sweep
from optimizer.sweep.vary import Point, Vary
from optimizer.sweep.words import WIDTH, changes_along, short_plan, sweep_lines, vary_text


def row(decision: str, item: str, amount: float, date: str = "2027-04-01", site: str = "west") -> dict[str, Any]:
    return {"date": date, "decision": decision, "item": item, "site": site, "amount": amount}


def figures(*rows: dict[str, Any], value: float = 100.0) -> Figures:
    return Figures(value, value, 0.0, 1.0, 12.0, 96.0, 0.0, 29.9, "2029Q2", 160.1, (), rows, True, "search")


def sweep_of(*outcomes: Outcome, values: tuple[float, ...] | None = None, relative: bool = False) -> Sweep:
    values = values or tuple(0.8 + 0.1 * index for index in range(len(outcomes)))
    points = tuple(Swept(Point(n + 1, (values[n],), {}), outcome, 0.0) for n, outcome in enumerate(outcomes))
    return Sweep("Case", (Vary("market.power.*.scale", values, relative),), points, len(points), False, {}, 0.0, 1)


def plan(*rows: dict[str, Any]) -> Outcome:
    return Outcome("optimal", "", figures(*rows))


LEASE = row("sign", "lease", 3)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([], [LEASE], "signs lease"),
        ([LEASE], [], "no longer signs lease"),
        ([LEASE], [row("sign", "lease", 2)], "lease 2 instead of 3"),
        ([LEASE], [row("sign", "lease", 3, "2027-07-01")], "lease in 2027-07 instead of in 2027-04"),
        ([LEASE], [row("sign", "lease", 3, site="east")], "lease at east instead of at west"),
        ([LEASE], [row("build", "hall", 1)], "no longer signs lease, builds hall"),
        ([row("build", "hall", 1)], [row("build", "hall", 1), row("build", "hall", 1, "2028-01-01")],
         "hall 1 in 2027-04 at west and 1 in 2028-01 at west instead of 1 in 2027-04 at west"),
        ([row("buy", "s21", 90)], [row("buy", "s21", 95), row("issue", "atm", 5)], "issues atm"),
        ([row("unplug", "w.s21", 9)], [row("unplug", "w.s21", 5), row("plug", "w.s21", 5)], ""),
    ],
)  # fmt: skip
def test_what_changes_between_neighbours(before: list[Any], after: list[Any], text: str) -> None:
    changes = changes_along(sweep_of(plan(*before), plan(*after), plan(*after)))
    assert changes == ([("0.8", "0.9", text)] if text else [])


def test_where_there_is_no_plan_any_more() -> None:
    infeasible = Outcome("infeasible", "no plan can satisfy this case")
    sweep = sweep_of(plan(), infeasible, infeasible, plan(), relative=True)
    assert changes_along(sweep) == [
        ("x0.8", "x0.9", "optimal, then infeasible"),
        ("x1", "x1.1", "infeasible, then optimal"),
    ]


def test_points_that_are_not_neighbours_are_not_compared() -> None:
    sweep = sweep_of(plan(), plan(LEASE), plan(LEASE))
    without = Sweep("c", sweep.directions, (sweep.points[0], sweep.points[2]), 3, True, {}, 0.0, 1)
    assert changes_along(without) == []


def test_short_plans() -> None:
    assert short_plan(figures()) == "sign nothing, keep every machine"
    rows = [row("sign", "lease", 1), row("build", "hall", 1), row("unplug", "a", 300), row("unplug", "b", 900)]
    assert short_plan(figures(*rows, row("draw", "loan", 50.0))) == (
        "lease 1 hall 2027-04; build hall 2027-04; unplug 1.20 EH/s; draw $50.0M"
    )


def test_lines_fit_and_say_it_all() -> None:
    many = [row("sign", f"a_tenant_with_a_long_name_{index}", 2) for index in range(6)]
    stopped = Outcome("time limit", "", figures(LEASE))
    lines = sweep_lines(sweep_of(plan(), plan(LEASE), stopped, plan(*many), Outcome("failed", "x" * 200)))
    assert max(map(len, lines)) <= WIDTH
    assert lines[:3] == ["Case", "", "Varied    market.power.*.scale: 5 values from 0.8 to 1.2"]
    assert lines[4] == "point  scale       value   headroom  plan"
    assert lines[5] == "    1    0.8     $100.0M     $29.9M  sign nothing, keep every machine"
    assert "(time limit, gap 0.00%) lease 3 halls" in lines[7]
    assert lines[9].endswith("...")
    assert "Changes   between 0.8 and 0.9: signs lease" in lines


def test_long_sweeps_and_grids_are_cut() -> None:
    lines = sweep_lines(sweep_of(*[plan()] * 60))
    assert "       and 20 more points" in lines
    assert lines[-1] == "Changes   the plan makes the same choices at every point"
    grid = (Vary("a.x.scale", (1.0, 2.0)), Vary("a.y.scale", (1.0,), True))
    points = tuple(Swept(Point(n, (float(n), 1.0), {}), plan(), 0.0) for n in (1, 2))
    lines = sweep_lines(Sweep("c", grid, points, 2, False, {}, 0.0, 1))
    assert lines[2:4] == ["Varied    a.x.scale: 1, 2", "          a.y.scale: x1"]
    assert lines[5].startswith("point  scale 1  scale 2  ")
    assert not any(line.startswith("Changes") for line in lines)


def test_varied_values_as_text() -> None:
    assert vary_text(Vary("a.b", (1.0, 2.5))) == "a.b: 1, 2.5"
    assert vary_text(Vary("a.b", (107153.0,))) == "a.b: 107153"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_that_goes_away() -> None:
    stream = Terminal()
    with SweepProgress(stream=stream) as progress:
        progress(0, 10, 0.2)
        assert stream.getvalue() == ""
        progress(3, 10, 30.0)
        progress(4, 10, 30.1)
    assert stream.getvalue() == "\r\x1b[Ksweep  3 of 10 points  30 s  about 70 s left\r\x1b[K"


@pytest.mark.parametrize(("stream", "quiet"), [(Terminal(), True), (io.StringIO(), False)])
def test_progress_is_for_people_only(stream: io.StringIO, quiet: bool) -> None:
    with SweepProgress(stream=stream, quiet=quiet) as progress:
        progress(3, 10, 30.0)
    assert stream.getvalue() == ""


def test_progress_text() -> None:
    assert progress_text(0, 5, 3.0) == "sweep  0 of 5 points  3 s"
    assert progress_text(12, 110, 60) == "sweep  12 of 110 points  60 s  about 8 min left"
    assert progress_text(1, 100, 300) == "sweep  1 of 100 points  5 min  about 8.2 h left"
