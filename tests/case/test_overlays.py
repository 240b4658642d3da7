"""Files that extend others: merged by key, every value with the place and the provenance of its own file."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.case.load import load_case
from optimizer.case.provenance import Provenance
from optimizer.errors import CaseError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, "utf-8")
    return path


def said(path: Path) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load_case(path)
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def test_keys_merge_and_the_overlay_wins(tmp_path: Path, case_text: str) -> None:
    base = write(tmp_path, "case.yaml", case_text)
    bear = write(
        tmp_path,
        "bear.yaml",
        "extends: case.yaml\ncase: Bear\nmarket: {power: {west: {scale: 1.3, forward_usd_per_mwh: {2027: 50}}}}\n"
        "horizon: {steps: [4 quarters]}\nfinance: {debts: {note: null, bank: {principal_usd_m: 5, rate: 0.1, matures: 2028-01}}}\n",
    )
    loaded = load_case(bear)
    assert loaded.case.case == "Bear"
    assert loaded.case.horizon.steps == ((4, 3),)
    assert dict(loaded.case.market.power["west"].forward_usd_per_mwh) == {"2026": 31, "2026-Q3": 40, "2027": 50}
    assert list(loaded.case.finance.debts) == ["bank"]
    assert loaded.files == (bear, base)
    assert loaded.folder == tmp_path
    assert "extends" not in loaded.data
    assert list(loaded.data) == list(load_case(base).data)


def test_places_are_those_of_the_file_that_supplied_the_value(tmp_path: Path, case_text: str) -> None:
    write(tmp_path, "case.yaml", case_text.replace("pue: 1.25", "pue: 9"))
    top = write(tmp_path, "top.yaml", "extends: case.yaml\noffers:\n  lease: {gross_per_it: 7, sign: {to: 2020-01}}\n")
    assert said(top) == [
        "top.yaml:3:25 offers.lease.gross_per_it: must be at most 3 (got 7)",
        "case.yaml:34:10 offers.lease.pue: must be at most 3 (got 9)",
    ]


def test_what_is_taken_out_is_missing_at_the_overlay(tmp_path: Path, case_text: str) -> None:
    write(tmp_path, "case.yaml", case_text)
    top = write(tmp_path, "top.yaml", "extends: case.yaml\noffers:\n  lease:\n    pue:\n")
    assert said(top) == ["top.yaml:3:3 offers.lease.pue: is missing; expected a number (Meter MWh used per IT MWh)"]


def test_nothing_to_take_out_is_said(tmp_path: Path, case_text: str) -> None:
    write(tmp_path, "case.yaml", case_text)
    top = write(tmp_path, "top.yaml", "extends: case.yaml\noffers: {lese: null}\n")
    (problem,) = said(top)
    assert problem.startswith("top.yaml:2:10 offers.lese: is empty; expected a section with sites")


def test_provenance_goes_with_its_value(tmp_path: Path, case_text: str) -> None:
    write(tmp_path, "case.yaml", case_text.replace("assumed: false", "assumed: true"))
    key = "offers.lease.operating_cost_usd_m_per_mw_it_year"
    same = write(tmp_path, "same.yaml", "extends: case.yaml\ncase: Same\n")
    assert load_case(same).provenance == {key: Provenance("8-K 2025-11-04", True)}
    bare = write(
        tmp_path, "bare.yaml", "extends: case.yaml\noffers: {lease: {operating_cost_usd_m_per_mw_it_year: 0.3}}\n"
    )
    assert (load_case(bare).provenance, load_case(bare).assumed_count) == ({}, 0)
    told = write(
        tmp_path,
        "told.yaml",
        "extends: bare.yaml\noffers: {lease: {operating_cost_usd_m_per_mw_it_year: {value: 0.4, note: guess}}}\n",
    )
    loaded = load_case(told)
    assert loaded.provenance == {key: Provenance(note="guess")}
    assert loaded.case.offers["lease"].operating_cost_usd_m_per_mw_it_year == 0.4


def test_price_files_stay_with_the_file_that_names_them(tmp_path: Path, case_text: str) -> None:
    base = write(tmp_path / "shared", "base.yaml", case_text)
    top = write(
        tmp_path / "cases" / "odessa",
        "case.yaml",
        "extends: ../../shared/base.yaml\nmarket: {power: {east: {file: own.csv, time_zone: America/New_York}}}\n",
    )
    power = load_case(top.parent).case.market.power
    assert power["west"].file == "../../shared/prices.csv"
    assert power["east"].file == "own.csv"
    assert load_case(base).case.market.power["west"].file == "prices.csv"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("extends: top.yaml\n", "top.yaml:1:10 extends: goes round in a circle: top.yaml -> top.yaml"),
        ("a: 1\nextends: none.yaml\n", "top.yaml:2:10 extends: there is no such file: none.yaml"),
        ("extends: [a]\n", "top.yaml:1:10 extends: must be the name of a file, such as base.yaml"),
        ("extends: ''\n", "top.yaml:1:10 extends: must be the name of a file, such as base.yaml"),
        ("extends: bad.yaml\n", "bad.yaml:1:4: .inf is not a number that a plan can be made with; numbers are finite"),
    ],
)
def test_faults_of_extends(text: str, problem: str, tmp_path: Path) -> None:
    write(tmp_path, "bad.yaml", "a: .inf\n")
    assert said(write(tmp_path, "top.yaml", text)) == [problem]


def test_a_longer_circle_and_the_longest_chain(tmp_path: Path, case_text: str) -> None:
    write(tmp_path, "b.yaml", "extends: a.yaml\n")
    top = write(tmp_path, "a.yaml", "extends: b.yaml\n")
    assert said(top) == ["b.yaml:1:10 extends: goes round in a circle: a.yaml -> b.yaml -> a.yaml"]
    write(tmp_path, "0.yaml", case_text)
    for number in range(1, 12):
        write(tmp_path, f"{number}.yaml", f"extends: {number - 1}.yaml\n")
    assert len(load_case(tmp_path / "10.yaml").files) == 11
    assert said(tmp_path / "11.yaml") == ["1.yaml:1:10 extends: more than 10 files, each extending the next"]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "no.yaml", "there is no such file"), (tmp_path, "a folder without case.yaml")):
        with pytest.raises(CaseError) as caught:
            load_case(path)
        assert str(caught.value) == f"{path}: {message}"


def test_wrapped_values_are_bare_and_placed(
    expect_errors: Callable[..., None], load_changed: Callable[..., object]
) -> None:
    load_changed(
        ("{2022-11: 207}", '{2022-11: {value: 207, source: "map"}}'),
        ("mining_shell_mw: 207", "mining_shell_mw: {value: {2022-11: 207}, assumed: true}"),
        ("steps: [8 quarters, 4 years]", "steps: {value: [8 quarters, {value: 4 years, note: n}]}"),
    )
    expect_errors([("pue: 1.25", "pue: {source: x, value: «0.5}")], "offers.lease.pue: must be at least 1 (got 0.5)")
    expect_errors(
        [("pue: 1.25", "pue: {value: 1.25, source: «3, note: «[x]}")],
        "offers.lease.pue.source: must be text (got 3)",
        "offers.lease.pue.note: must be text (got a list)",
    )
