"""A sweep on the terminal: short, within 100 columns, with the points between which the plan changes."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from optimizer.sweep.campaign import Swept
from optimizer.sweep.directions import Overlays
from optimizer.sweep.point import Figures, Outcome
from optimizer.sweep.point_words import WIDTH, point_text
from optimizer.sweep.price import TwinValues
from optimizer.sweep.progress import SweepProgress, progress_text
from optimizer.sweep.regret import choose_plans, regret
from optimizer.sweep.run import Sweep
from optimizer.sweep.vary import Point, Vary
from optimizer.sweep.words import changes_along, short_plan, sweep_lines, vary_text
from tests.sweep.fakes import sign


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
        ([LEASE], [row("sign", "lease", 2)], "lease 2 halls instead of 3"),
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
        ("x0.8", "x0.9", "a plan, then infeasible"),
        ("x1", "x1.1", "infeasible, then a plan"),
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
    assert lines[9].endswith(" failed")
    assert f"No plan   point 5: failed: {'x' * 200}".replace(" ", "") in "".join(lines).replace(" ", "")
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


# ---------------------------------------------------------------- designs, overlays, what is not closed


def at(number: int, values: tuple[float | str, ...], value: float | None, halls: int = 2, **more: Any) -> Swept:
    """A point that signs so many halls, or none without a value."""
    if value is None:
        return Swept(Point(number, values, {}), Outcome("infeasible", "no plan"), 0.0)
    found = replace(figures(LEASE | {"amount": halls}, value=value), **more)
    status = "time limit" if more else "optimal"
    return Swept(Point(number, values, {}), Outcome(status, "", found, sign(halls)), 0.0)


def studied(kind: Any, directions: tuple[Any, ...], points: list[Swept], **more: Any) -> Sweep:
    return Sweep("Case", directions, tuple(points), len(points), False, {}, 0.0, 1, kind, **more)


def test_a_tornado_is_sorted_by_swing() -> None:
    """Proves: the input that moves the value most comes first, with both ends and a mark where the plan is another.
    Broken: the order of the call, or the mark at the wrong end."""
    directions = (Vary("a.low", (0.8, 1.2), True), Vary("b.high", (10.0, 20.0)), Vary("c.none", (1.0,)))
    points = [
        at(1, (1.0, 15.0, 3.0), 100.0),
        at(2, (0.8, 15.0, 3.0), 101.0),
        at(3, (1.2, 15.0, 3.0), 98.0),
        at(4, (1.0, 10.0, 3.0), 80.0, halls=1),
        at(5, (1.0, 20.0, 3.0), 120.0),
        at(6, (1.0, 15.0, 1.0), None),
    ]
    lines = sweep_lines(studied("tornado", directions, points))
    shown = [line.split() for line in lines if line.startswith(("a.", "b.", "c."))]
    assert shown == [
        ["b.high", "10", "$80.0M*", "20", "$120.0M", "$40.0M"],
        ["a.low", "x1.2", "$98.0M", "x0.8", "$101.0M", "$3.0M"],
        ["c.none", "1", "without", "a", "plan"],
    ]
    assert "Value     $100.0M as the case stands" in lines
    assert "*  signs or builds other things than the plan of the case as it stands" in lines
    assert lines[-1] == "No plan   point 6: infeasible: no plan"
    assert not any(line.startswith("Changes") for line in lines)


def test_a_tornado_with_other_cases() -> None:
    """Proves: each file stands by itself, and the directions begin after them. Broken: the value of a file as that of
    an input."""
    directions = (Overlays("case.yaml", ("bear.yaml", "rich.yaml")), Vary("a", (1.0, 2.0)))
    points = [
        at(1, ("case.yaml", 1.5), 100.0),
        at(2, ("bear.yaml", 1.5), 70.0, halls=0),
        at(3, ("rich.yaml", 1.5), 130.0),
        at(4, ("case.yaml", 1.0), 90.0),
        at(5, ("case.yaml", 2.0), 110.0),
    ]
    lines = sweep_lines(studied("tornado", directions, points))
    assert [line.split() for line in lines if line.startswith(("bear", "rich"))] == [
        ["bear.yaml", "$70.0M*"], ["rich.yaml", "$130.0M"],
    ]  # fmt: skip
    assert [line.split() for line in lines if line.startswith("a ")] == [["a", "1", "$90.0M", "2", "$110.0M", "$20.0M"]]


def test_a_sample_is_told_by_quantiles() -> None:
    """Proves: quantiles and mean of the points that have a plan, and the part of the points of each plan. Broken: 101
    rows, or a point without a plan as a value of 0."""
    points = [at(n + 1, (float(n),), float(n), halls=1 if n < 25 else 3) for n in range(101)]
    points += [at(102, (7.0,), None)]
    lines = sweep_lines(studied("sample", (Vary("a", (0.0, 100.0), between=True),), points))
    assert lines[2] == "Varied    a: between 0 and 100"
    assert lines[4].split() == ["Value", "5%", "25%", "50%", "75%", "95%", "mean"]
    assert lines[5].split() == ["$5.0M", "$25.0M", "$50.0M", "$75.0M", "$95.0M", "$50.0M"]
    assert lines[7:] == [
        "Plans       75%  mine and host: lease 3 halls at west",
        "            25%  mine and host: lease 1 hall at west",
        "             1%  no plan",
        "          of 102 points",
        "",
        "No plan   point 102: infeasible: no plan",
    ]


def test_other_cases_have_a_column_and_changes_of_their_own() -> None:
    """Proves: neighbours of one case are compared, the last of one and the first of the next are not. Broken: a change
    between x2 of the case and x1 of bear.yaml."""
    directions = (Overlays("case.yaml", ("bear.yaml",)), Vary("a.scale", (1.0, 2.0), True))
    points = [
        at(1, ("case.yaml", 1.0), 9.0, halls=3),
        at(2, ("case.yaml", 2.0), 8.0, halls=3),
        at(3, ("bear.yaml", 1.0), 7.0, halls=2),
        at(4, ("bear.yaml", 2.0), 6.0, halls=1),
    ]
    sweep = studied("grid", directions, points)
    lines = sweep_lines(sweep)
    assert lines[2:4] == ["Varied    case: case.yaml, bear.yaml", "          a.scale: x1, x2"]
    assert lines[5].split() == ["point", "case", "scale", "value", "headroom", "plan"]
    assert lines[8].split()[:4] == ["3", "bear.yaml", "x1", "$7.0M"]
    assert changes_along(sweep) == [("x1", "x2 (bear.yaml)", "lease 1 hall instead of 2")]
    files = studied("grid", directions[:1], [at(1, ("case.yaml",), 9.0), at(2, ("bear.yaml",), 8.0, halls=1)])
    assert changes_along(files) == [("case.yaml", "bear.yaml", "lease 1 hall instead of 2")]


def test_what_moves_together_is_told_together() -> None:
    """Proves: each clause has its own values. Broken: only the first."""
    both = Vary("a.b", (1.0, 2.0), linked=(Vary("c.d", (0.9, 1.1), True),))
    lines = sweep_lines(studied("grid", (both,), [at(1, (1.0,), 1.0)]))
    assert lines[2:4] == ["Varied    a.b: 1, 2", "            with c.d: x0.9, x1.1"]


def test_points_that_are_not_closed_are_marked_and_listed() -> None:
    """Proves: a question mark beside the value and a list with gaps. Broken: a stopped point that looks proved."""
    points = [at(n, (float(n),), 50.0, **({"gap": 0.0123} if n == 2 else {})) for n in (1, 2, 3)]
    lines = sweep_lines(studied("grid", (Vary("a", (1.0, 2.0, 3.0)),), points))
    assert [line.split()[2] for line in lines[5:8]] == ["$50.0M", "$50.0M?", "$50.0M"]
    at_end = [line for line in lines if line.startswith("?")]
    assert at_end == ["?         1 point not proved to the gap; another plan may be better there:"]
    assert lines[-1] == "          2 (gap 1.23%)"


def test_a_map_takes_the_place_of_the_rows() -> None:
    """Proves: either the map or the rows. Broken: both, for a hundred points."""
    plane = (Vary("a", (1.0, 2.0)), Vary("b", (1.0,)))
    lines = sweep_lines(studied("grid", plane, [at(1, (1.0, 1.0), 1.0)]), ["A map"])
    assert lines == ["Case", "", "Varied    a: 1, 2", "          b: 1", "", "A map"]


def test_regret_problems_and_what_was_kept() -> None:
    """Proves: each plan's worst and mean, what today's plan loses, the least worst by name, what failed, what came from
    the store. Broken: the first plan named, whose worst is 30, or no word of which plan is that of today."""
    points = [replace(at(1, (1.0,), 100.0, halls=1), kept=True), at(2, (2.0,), 90.0, halls=2)]
    plans = choose_plans(points)
    compared = regret(points, plans, lambda point, _: [70.0] if point.number == 2 else [95.0], own=plans[0])
    lines = sweep_lines(studied("grid", (Vary("a", (1.0, 2.0)),), points, regret=compared, problems=("point 9: died",)))
    start = next(n for n, line in enumerate(lines) if line.startswith("Regret"))
    assert [line.split()[:5] for line in lines[start + 1 : start + 5 : 2]] == [
        ["1", "$20.0M", "2", "$10.0M", "1"], ["2", "$5.0M", "1", "$2.5M", "1"],
    ]  # fmt: skip
    assert [line.strip() for line in lines[start + 2 : start + 6 : 2]] == [
        "today's plan: lease 1 hall at west 2027-04", "lease 2 halls at west 2027-04",
    ]  # fmt: skip
    assert (
        lines[start + 5] == "          today's plan (1) loses $20.0M at its worst, at point 2 (a 2), $10.0M on average"
    )
    assert lines[start + 6] == "          plan 2 loses least at its worst: $5.0M, at point 1 (a 1)"
    best = regret(points, plans, lambda point, _: [90.0] if point.number == 2 else [95.0], own=plans[0])
    said = sweep_lines(studied("grid", (Vary("a", (1.0, 2.0)),), points, regret=best))
    assert "          today's plan (1) is the best one everywhere" in said
    assert "Problems  point 9: died" in lines
    assert lines[-1] == "Kept      1 of 2 points were solved before"
    assert max(map(len, lines)) <= WIDTH


def test_reasons_are_told_once_and_not_cut_to_a_line() -> None:
    """Proves: a reason stands once, with its points, in as many lines as it needs. Broken: "must be a..." in rows."""
    reason = "no plan can satisfy this case: " + "minimum cash is short in 2026Q3, " * 6 + "and that is all"
    points = [at(1, (1.0,), 50.0), at(2, (2.0,), None), at(3, (3.0,), None)]
    points[1:] = [replace(each, outcome=Outcome("infeasible", reason)) for each in points[1:]]
    lines = sweep_lines(studied("grid", (Vary("a", (1.0, 2.0, 3.0)),), points))
    assert "No plan   points 2, 3: infeasible: no plan can satisfy this case:" in "\n".join(lines)
    assert " ".join(" ".join(lines).split()).count("and that is all") == 1
    assert max(map(len, lines)) <= WIDTH


def test_a_plan_that_is_impossible_somewhere_is_named_beside_the_one_that_loses_least() -> None:
    """Proves: why the named plan is not the one with the smallest worst loss, and where it loses most. Broken: nothing
    but "plan 2 loses least at its worst: $30.0M" under a row with $0.0M."""
    points = [at(1, (1.0,), 100.0, halls=1), at(2, (2.0,), 90.0, halls=2), at(3, (3.0,), 80.0, halls=1)]
    compared = regret(points, choose_plans(points), lambda point, _: [None] if point.number == 2 else [70.0])
    lines = sweep_lines(studied("grid", (Vary("a.btc_usd", (1.0, 2.0, 3.0)),), points, regret=compared))
    assert lines[-2:] == [
        "          plan 2 loses least at its worst: $30.0M, at point 1 (btc_usd 1)",
        "          plan 1 loses no more than $0.0M where it is possible; it is impossible at 1 of 3 points",
    ]


def test_inputs_of_a_point_of_a_tornado_are_those_that_move() -> None:
    """Proves: a point of a tornado is told by what is moved. Broken: "a 1, c x0.8", which is every input."""
    directions = (Vary("x.a", (0.5,)), Vary("x.c", (0.8, 1.2), True))
    points = [at(1, (1.0, 1.0), 9.0), at(2, (0.5, 1.0), 8.0), at(3, (1.0, 0.8), 7.0), at(4, (1.0, 1.2), 7.5)]
    sweep = studied("tornado", directions, points)
    assert [point_text(sweep, n) for n in range(1, 6)] == ["the case as it stands", "a 0.5", "c x0.8", "c x1.2", ""]


OVERTAKES = "Twins between 60000 and 180000"


@pytest.mark.parametrize(
    ("hosting", "said"),
    [
        ((70.0, 110.0), f"{OVERTAKES} all hosting overtakes all mining: behind by $20.0M, then ahead by $20.0M"),
        ((110.0, 70.0), f"{OVERTAKES} all mining overtakes all hosting: behind by $20.0M, then ahead by $20.0M"),
        ((110.0, 100.0), "Twins all hosting is worth more than all mining at every point: by $10.0M to $20.0M"),
        ((None, None), ""),
    ],
)
def test_where_hosting_overtakes_mining(hosting: tuple[float | None, float | None], said: str) -> None:
    """Proves: twins of a line are told where the line is. Broken: nothing, though --twins was asked for and paid."""
    points = [at(1, (60000.0,), 120.0), at(2, (180000.0,), 120.0)]
    twins = {1: TwinValues(90.0, 90.0, hosting[0]), 2: TwinValues(90.0, 90.0, hosting[1])}
    lines = sweep_lines(studied("grid", (Vary("a", (60000.0, 180000.0)),), points, twins=twins))
    begin = next((n for n, line in enumerate(lines) if line.startswith("Twins")), len(lines))
    assert " ".join(" ".join(lines[begin:]).split()) == said
    assert max(map(len, lines)) <= WIDTH


def test_many_and_long_reasons_do_not_hide_the_rest() -> None:
    """Proves: of long reasons the beginning is told and where the rest stands, and of many the first. Broken: a hundred
    lines after a map with a corner that cannot be paid for."""
    points = [at(n, (float(n),), None) for n in range(1, 21)]
    points = [
        replace(each, outcome=Outcome("infeasible", f"short by {n}.00: " + "and in 2026Q3 " * 60))
        for n, each in enumerate(points)
    ]
    lines = sweep_lines(studied("grid", (Vary("a", tuple(map(float, range(1, 21)))),), points))
    told = lines[next(n for n, line in enumerate(lines) if line.startswith("No plan")) :]
    assert len(told) <= 21  # five reasons of four lines, and how many more
    assert "column problem" in " ".join(told)
    assert told[-1].strip() == "and 15 more reasons"
