"""The section ``sweeps``: what it takes, and what is said, and where, about what makes no sense."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.case.load import LoadedCase, load_case
from optimizer.case.sweeps import Values, values_of
from optimizer.errors import CaseError
from optimizer.plan.summary import data_hash

BASE = """\
case: Small
horizon: {start: 2025-01, steps: [1 quarter]}
discount: {hosting: 0.1, mining: 0.1, corporate: 0.1}
market:
  power: {hub: {file: prices.csv, time_zone: UTC}}
  network: {btc_usd: 100000, hashrate_eh_s: 900}
machines: {s20: {efficiency_j_per_th: 20}}
sites:
  west: {power: {market: hub}, energised_mw: {2024-01: 60}, mining_shell_mw: 25, fleet: {s20: {ph_s: 1000}}}
finance:
  opening: {cash_usd_m: 200, shares_m: 100, share_price_usd: 3, sga_usd_m_per_quarter: 0.9}
  limits: {min_cash_usd_m: 10}
"""
FIRST_LINE = BASE.count("\n") + 1

Load = Callable[[str], LoadedCase]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads the case with lines added at its end."""

    def read(more: str) -> LoadedCase:
        file = tmp_path / "case.yaml"
        file.write_text(BASE + more, "utf-8")
        return load_case(file)

    return read


def problems(load: Load, more: str) -> list[str]:
    """``line:column path: message`` of each."""
    with pytest.raises(CaseError) as caught:
        load(more)
    return [f"{p.line - FIRST_LINE + 1}:{p.column} {p.path}: {p.message}" for p in caught.value.problems if p.line]


def test_all_forms_of_values(load: Load) -> None:
    """Proves: lists, text and a number are read; times with colons in YAML are none here. Broken: 0.6:1.6:11 as a
    number of minutes."""
    sweeps = load(
        "sweeps:\n  all:\n    vary:\n      market.power.*.scale: 0.6:1.6:3\n"
        "      market.network.btc_usd: [90000, 110000, 3]\n      finance.opening.cash_usd_m: x0.5,x2\n"
        "      sites.*.energised_mw.*: 1:2:2\n      finance.limits.min_cash_usd_m: 20\n"
    ).case.sweeps
    assert [values_of(varied) for varied in sweeps["all"].vary.values()] == [
        Values((0.6, 1.1, 1.6)),
        Values((90000, 100000, 110000)),
        Values((0.5, 2), relative=True),
        Values((1, 2)),
        Values((20,)),
    ]


def test_ranges_for_samples_and_tornados(load: Load) -> None:
    """Proves: LOW and HIGH are enough. Broken: a grid's error."""
    sweeps = load(
        "sweeps:\n  drawn: {vary: {market.network.btc_usd: [9e4, 11e4]}, sample: 8, method: lhs, seed: 3}\n"
        "  one: {vary: {market.network.btc_usd: 9e4:11e4}, tornado: true}\n"
    ).case.sweeps
    assert values_of(sweeps["drawn"].vary["market.network.btc_usd"]) == Values((9e4, 11e4), between=True)
    assert sweeps["one"].tornado


@pytest.mark.parametrize(
    ("entry", "column", "said"),
    [
        ("market.power.*.scale: x1:2:3", 29, "either all values of 'x1:2:3' are factors (x0.9) or none is; write LOW"),
        ("market.power.*.scale: [1, 2, 2.5]", 7, "the third of a list is how many values, 1 to 10,000 (got 2.5)"),
        ("market.power.*.scale: [1, 2, 3, 4]", 7, "a list is [LOW, HIGH, N] or [LOW, HIGH]; write single values as"),
        ("market.power.*.scal: [1, 2, 3]", 7, "there is no 'scal' under market.power.*; did you mean 'scale'?"),
        ("market.power.*.file: [1, 2, 3]", 7, "market.power.hub.file takes text, not a number"),
        ("sites.*.power: [1, 2, 3]", 7, "sites.west.power is a section or a list, not a value"),
        ("sweeps.power.seed: [1, 2, 2]", 7, "says what is varied, and cannot be varied itself"),
    ],
)
def test_entries_that_make_no_sense(load: Load, entry: str, column: int, said: str) -> None:
    """Proves: one error at the line and column of the entry. Broken: the line of ``sweeps:``, or no error."""
    path = entry.partition(": ")[0]
    [problem] = problems(load, f"sweeps:\n  power:\n    vary:\n      {entry}\n")
    assert problem.startswith(f"4:{column} sweeps.power.vary.{path}: {said}")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    tornado: true\n    sample: 4\n", "sample: cannot be together with tornado"),
        ("    sensitivity: 4\n    cases: [low.yaml]\n", "cases: other cases go with grids and tornados"),
        ("    link: [[market.network.btc_usd, market.power.*.scale]]\n", "link: there is no 'market.power.*.scale'"),
        ("    link: [[market.network.btc_usd]]\n", "link: a group has two paths or more"),
        ("    method: halton\n", "method: must be 'sobol' or 'lhs' (got 'halton')"),
        ("    seed: -1\n", "seed: must be at least 0 (got -1)"),
        ("    sampel: 3\n", "sampel: 'sampel' is not known here; did you mean 'sample'?"),
        ("    sample: 0\n", "sample: must be at least 1 (got 0)"),
    ],
)
def test_designs_that_make_no_sense(load: Load, more: str, said: str) -> None:
    """Proves: one error at the key. Broken: no error, or pydantic's own words."""
    [problem] = problems(load, f"sweeps:\n  power:\n    vary: {{market.network.btc_usd: [1, 2, 3]}}\n{more}")
    assert f"sweeps.power.{said}" in problem


def test_groups_need_as_many_values(load: Load) -> None:
    """Proves: paths that move together have as many values each. Broken: the longer one cut in silence."""
    [problem] = problems(
        load,
        "sweeps:\n  power:\n    vary: {market.network.btc_usd: [1, 2, 3], finance.opening.cash_usd_m: '1,2'}\n"
        "    link: [[market.network.btc_usd, finance.opening.cash_usd_m]]\n",
    )
    assert "sweeps.power.link: paths that move together need as many values each (got 3 and 2)" in problem


def test_a_grid_needs_counts_and_a_sweep_something_to_vary(load: Load) -> None:
    """Proves: [LOW, HIGH] is no grid, and an empty sweep none at all."""
    [problem] = problems(load, "sweeps:\n  power: {vary: {market.network.btc_usd: [1, 2]}}\n")
    assert "market.network.btc_usd has no number of values; a grid needs [LOW, HIGH, N]" in problem
    [problem] = problems(load, "sweeps:\n  power: {tornado: true}\n")
    assert "nothing to vary" in problem


def test_sweeps_are_no_part_of_the_case_that_is_solved(load: Load) -> None:
    """Proves: the case as it is solved is the same with sweeps and without. Broken: another key for every result that
    is kept."""
    plain = load("").case.model_dump(mode="json", by_alias=True)
    more = load("sweeps:\n  power: {vary: {market.network.btc_usd: [1, 2, 3]}}\n").case
    assert more.sweeps["power"].vary
    assert more.model_dump(mode="json", by_alias=True) == plain


def test_paths_may_name_what_is_not_written(load: Load) -> None:
    """Proves: an optional key has its default. Broken: 'there is no volatility'."""
    load("sweeps:\n  power: {vary: {market.power.*.volatility: [0.5, 2, 4], sites.west.power.losses: [0, 0.1, 2]}}\n")


def test_the_hash_of_a_case_is_the_same_with_sweeps(load: Load) -> None:
    """Proves: a plan's fingerprint of its case does not change with what one may ask. Broken: two hashes."""
    more = load("sweeps:\n  power: {vary: {market.network.btc_usd: [1, 2, 3]}}\n")
    assert data_hash(more.bare) == data_hash(load("").bare)
