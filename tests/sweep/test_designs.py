"""Which points a design has: numbers, values, overrides and places; and what is refused before anything is solved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.load import LoadedCase, load_case
from optimizer.errors import CallError, CaseError
from optimizer.sweep.designs import design, named_design
from tests.sweep.conftest import CASE, price_text

BTC, CASH = "market.network.btc_usd", "finance.opening.cash_usd_m"
HALLS = "offers.lease.halls.max"


@pytest.fixture
def case_with(tmp_path: Path) -> Callable[..., LoadedCase]:
    """The small case as a file with named sweeps, and overlays by name beside it."""

    def load(sweeps: dict[str, Any] | None = None, **overlays: dict[str, Any]) -> LoadedCase:
        (tmp_path / "prices.csv").write_text(price_text(), "utf-8")
        data = CASE | ({"sweeps": sweeps} if sweeps else {})
        (tmp_path / "case.yaml").write_text(json.dumps(data), "utf-8")
        for name, changes in overlays.items():
            (tmp_path / f"{name}.yaml").write_text(json.dumps({"extends": "case.yaml"} | changes), "utf-8")
        return load_case(tmp_path)

    return load


RICH = {"finance": {"opening": {"cash_usd_m": 500}}}


# ---------------------------------------------------------------- grids


def test_linked_directions_in_a_grid(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: two clauses move together, the other direction is crossed with them. Broken: eight points."""
    found = design(load_small(), [f"{BTC}=9e4,8e4 & market.network.hashrate_eh_s=x1,x0.5", f"{CASH}=1,2"])
    assert [point.overrides for point in found.points] == [
        {BTC: 9e4, "market.network.hashrate_eh_s": 900.0, CASH: 1.0},
        {BTC: 9e4, "market.network.hashrate_eh_s": 900.0, CASH: 2.0},
        {BTC: 8e4, "market.network.hashrate_eh_s": 450.0, CASH: 1.0},
        {BTC: 8e4, "market.network.hashrate_eh_s": 450.0, CASH: 2.0},
    ]
    assert [point.values for point in found.points] == [(9e4, 1), (9e4, 2), (8e4, 1), (8e4, 2)]
    assert [point.place for point in found.points] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_places_are_ranks(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: a place is the rank over the length less one, whatever the values. Broken: 0, 0.1, 1 by value."""
    found = design(load_small(), [f"{CASH}=0,100,1000"])
    assert [point.place for point in found.points] == [(0,), (0.5,), (1,)]


def test_other_cases_are_the_first_direction(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: the case itself, then each overlay, all numbers for each; a factor multiplies what the overlay says.
    Broken: 400 = 2 x 200 in the overlay that has 500."""
    found = design(case_with(rich=RICH), [f"{CASH}=x1,x2"], overlays=["rich.yaml"])
    assert [(point.number, point.values, point.overlay) for point in found.points] == [
        (1, ("case.yaml", 1), None),
        (2, ("case.yaml", 2), None),
        (3, ("rich.yaml", 1), "rich.yaml"),
        (4, ("rich.yaml", 2), "rich.yaml"),
    ]
    assert [point.overrides[CASH] for point in found.points] == [200, 400, 500, 1000]
    assert [point.place for point in found.points] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [each.column for each in found.directions] == ["case", f"{CASH} (factor)"]
    assert found.overlays["rich.yaml"].case.finance.opening.cash_usd_m == 500


def test_other_cases_alone(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: without anything varied there is a point a case. Broken: 'nothing to vary'."""
    found = design(case_with(rich=RICH), overlays=["rich.yaml"])
    assert [(point.values, point.overrides) for point in found.points] == [(("case.yaml",), {}), (("rich.yaml",), {})]


def test_other_cases_are_found_from_here_or_beside_the_case(
    case_with: Callable[..., LoadedCase], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proves: a name counts from the current folder, else from the case's. Broken: 'there is no such file'."""
    loaded = case_with(rich=RICH)
    elsewhere = tmp_path / "deep"
    elsewhere.mkdir()
    (elsewhere / "poor.yaml").write_text('{"extends": "../rich.yaml", "finance": {"opening": {"cash_usd_m": 50}}}')
    monkeypatch.chdir(elsewhere)
    found = design(loaded, overlays=["rich.yaml", "poor.yaml"])
    assert [each.case.finance.opening.cash_usd_m for each in found.overlays.values()] == [500, 50]


def test_cases_that_are_no_overlays(case_with: Callable[..., LoadedCase], tmp_path: Path) -> None:
    """Proves: a case of its own, the case itself, one named twice and one that is not there are refused by name."""
    loaded = case_with(rich=RICH)
    (tmp_path / "own.yaml").write_text(json.dumps(CASE), "utf-8")
    for names, said in (
        (["own.yaml"], "own.yaml does not extend"),
        (["case.yaml"], "case.yaml is the case itself"),
        (["rich.yaml", "rich.yaml"], "the case rich.yaml is named twice"),
    ):
        with pytest.raises(CallError, match=said):
            design(loaded, overlays=names)
    with pytest.raises(CaseError, match="there is no such file"):
        design(loaded, overlays=["none.yaml"])


def test_a_path_that_an_overlay_lacks(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: paths are judged in every case, and the problem says in which. Broken: an error at a point."""
    loaded = case_with(bare={"offers": None, "given": {}})
    with pytest.raises(CaseError, match=r"there is no .*\(in bare.yaml\)"):
        design(loaded, [f"{HALLS}=1,2"], overlays=["bare.yaml"])


def test_grids_need_counts(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: LOW:HIGH alone is refused in a grid. Broken: a grid of the two ends."""
    with pytest.raises(CallError, match="has no number of values: a grid needs LOW:HIGH:N"):
        design(load_small(), [f"{CASH}=1:2"])


def test_clauses_of_one_direction_may_not_hide_each_other(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: an overlap inside a group is found, too. Broken: the later clause wins in silence."""
    with pytest.raises(CallError, match="both set"):
        design(load_small(), ["market.power.*.scale & market.power.hub.scale=1,2"])


def test_sweeps_are_not_varied(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: what is varied cannot be varied. Broken: a sweep of cases that are all the same."""
    loaded = case_with({"one": {"vary": {CASH: [1, 2, 3]}, "seed": 4}})
    with pytest.raises(CaseError, match="cannot be varied itself"):
        design(loaded, ["sweeps.one.seed=1,2"])


# ---------------------------------------------------------------- one at a time


def test_a_tornado(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: the case's own point, then each direction by itself; what the others have is the case's own number, or
    nothing where places differ (scales of 1 and 0.5). Broken: a grid of 4 points, or 1 for the scale."""
    found = design(load_small(), [f"{CASH}=100:300", "market.power.*.scale=0.8,1.2,2"], tornado=True)
    assert [(point.number, point.values, point.place) for point in found.points] == [
        (1, (200, ""), (0.5, 0.5)),
        (2, (100, ""), (0, 0.5)),
        (3, (300, ""), (1, 0.5)),
        (4, (200, 0.8), (0.5, 0)),
        (5, (200, 1.2), (0.5, 0.5)),
        (6, (200, 2), (0.5, 1)),
    ]
    assert [point.overrides for point in found.points[:2]] == [{}, {CASH: 100}]
    assert found.points[3].overrides == {"market.power.hub.scale": 0.8, "market.power.far.scale": 0.8}


def test_a_tornado_with_other_cases(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: each other case is one point, and the directions move the case itself. Broken: five points or more."""
    found = design(case_with(rich=RICH), [f"{CASH}=x0.9:x1.1"], overlays=["rich.yaml"], tornado=True)
    assert [(point.values, point.overlay) for point in found.points] == [
        (("case.yaml", 1), None),
        (("rich.yaml", 1), "rich.yaml"),
        (("case.yaml", 0.9), None),
        (("case.yaml", 1.1), None),
    ]


# ---------------------------------------------------------------- drawn


@pytest.mark.parametrize("method", ["sobol", "lhs"])
def test_samples_lie_evenly_in_their_box(load_small: Callable[..., LoadedCase], method: Any) -> None:
    """Proves: of eight points one lies in each eighth of every direction. Broken: two in one eighth."""
    found = design(load_small(), [f"{CASH}=100:180", f"{BTC}=x1:x1.8"], sample=8, method=method, seed=3)
    assert len(found.points) == 8
    assert sorted(int((point.values[0] - 100) / 10) for point in found.points) == list(range(8))
    assert sorted(int((point.values[1] - 1) * 10) for point in found.points) == list(range(8))
    for point in found.points:
        assert point.overrides == {CASH: point.values[0], BTC: float(f"{1e5 * point.values[1]:.12g}")}
        assert point.place == pytest.approx(((point.values[0] - 100) / 80, (point.values[1] - 1) / 0.8))


def test_a_seed_gives_the_same_sample(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: the same seed, the same points; another, others; five of a Sobol sequence are the first of eight."""

    def drawn(count: int, seed: int) -> list[tuple[float | str, ...]]:
        return [point.values for point in design(load_small(), [f"{CASH}=1:2"], sample=count, seed=seed).points]

    assert drawn(8, 1) == drawn(8, 1) != drawn(8, 2)
    assert drawn(5, 1) == drawn(8, 1)[:5]


def test_whole_numbers_are_rounded_in_samples(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: halls of 1 to 4 are whole in the table and in the case. Broken: 2.718 halls, which no case takes."""
    found = design(load_small(), [f"{HALLS}=1:4"], sample=16)
    halls = [point.overrides[HALLS] for point in found.points]
    assert set(halls) == {1, 2, 3, 4}
    assert [point.values for point in found.points] == [(count,) for count in halls]


def test_linked_clauses_have_one_draw(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: where one goes up the other goes down as far. Broken: two draws."""
    for point in design(load_small(), [f"{CASH}=0:100 & {BTC}=2e5:1e5"], sample=4).points:
        assert point.overrides[BTC] == pytest.approx(2e5 - 1e3 * point.overrides[CASH])


def test_points_of_a_sensitivity_analysis(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: N (D + 2) points; between the first of a block and the next D one direction at a time is another.
    Broken: N (2 D + 2) points with second order."""
    found = design(load_small(), [f"{CASH}=0:100", f"{BTC}=1e5:2e5"], sensitivity=8, seed=1)
    assert len(found.points) == 8 * (2 + 2)
    first, one, two, last = (point.values for point in found.points[:4])
    assert one == (last[0], first[1])
    assert two == (first[0], last[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sample": 4, "tornado": True}, "either a tornado or a sample"),
        ({"sensitivity": 6}, "is a power of 2, such as 4 or 8"),
        ({"sensitivity": 4096}, "4096 x 3 = 12,288 points"),
        ({"sample": 10_001}, "a sample has 1 to 10,000 points"),
        ({"sample": 4, "overlays": ["rich.yaml"]}, "not with a sample"),
    ],
)
def test_designs_that_make_no_sense(load_small: Callable[..., LoadedCase], options: Any, said: str) -> None:
    """Proves: one clear error before anything is drawn or solved."""
    with pytest.raises(CallError, match=said):
        design(load_small(), [f"{CASH}=0:100"], **options)


def test_a_sample_of_one_value(load_small: Callable[..., LoadedCase]) -> None:
    """Proves: a direction without a width is refused. Broken: all points the same there."""
    with pytest.raises(CallError, match="has one value only"):
        design(load_small(), [f"{CASH}=100"], sample=4)


# ---------------------------------------------------------------- named


def test_a_named_sweep(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: the case's sweep gives the points that the same call gives. Broken: another seed or method."""
    loaded = case_with({"drawn": {"vary": {CASH: [1, 2], BTC: "x0.9:x1.1"}, "sample": 4, "method": "lhs", "seed": 7}})
    found, named = named_design(loaded, "drawn")
    asked = design(loaded, [f"{CASH}=1:2", f"{BTC}=x0.9:x1.1"], sample=4, method="lhs", seed=7)
    assert found.points == asked.points
    assert named.regret is False
    assert named_design(loaded, "drawn", seed=8)[0].points != found.points


def test_a_named_sweep_with_other_cases(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: cases of a named sweep are found beside the case. Broken: 'there is no such file'."""
    loaded = case_with({"both": {"cases": ["rich.yaml"]}}, rich=RICH)
    assert [point.overlay for point in named_design(loaded, "both")[0].points] == [None, "rich.yaml"]


def test_a_name_that_is_not_there(case_with: Callable[..., LoadedCase]) -> None:
    """Proves: the nearest name is offered. Broken: a KeyError."""
    loaded = case_with({"power": {"vary": {CASH: [1, 2, 3]}}})
    with pytest.raises(CallError, match=r"no sweep 'powr'; did you mean 'power'\?"):
        named_design(loaded, "powr")


def test_cases_of_a_named_sweep_lie_beside_the_case(
    case_with: Callable[..., LoadedCase], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proves: the current folder does not change what a named sweep is. Broken: the file of the current folder, which
    does not extend the case."""
    loaded = case_with({"both": {"cases": ["rich.yaml"]}}, rich=RICH)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "rich.yaml").write_text(json.dumps(CASE), "utf-8")
    monkeypatch.chdir(tmp_path / "deep")
    [overlay] = named_design(loaded, "both")[0].overlays.values()
    assert overlay.case.finance.opening.cash_usd_m == 500
