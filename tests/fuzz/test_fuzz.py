"""Mutated case files: the answer is a plan or a clear error, never a traceback, a hang or half a file.

The short run is part of every test; `make soak` runs 2,000 mutations, 50 of them through the command, and demands that
at least 200 pass the checks and are solved.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.mutations import Seed, run_commands, run_in_process

QUICKSTART = Path(__file__).parents[2] / "cases" / "quickstart"

_EXTRAS = """
  facilities:
    bank:
      {kind: term_loan, window: {from: 2025-07, to: 2030-01}, limit_usd_m: 200, rate: 0.08, fee: 0.02, term: 5 years,
       loan_to_cost: 0.7}
    atm: {kind: equity, window: {from: 2025-07, to: 2027-12}, limit_usd_m: 60, cost: 0.05}
  cash_tax_rate: 0.1
"""


@pytest.fixture
def plain() -> Seed:
    """Quickstart, half of the time with loans, shares and tax."""
    text = (QUICKSTART / "case.yaml").read_text(encoding="utf-8")
    return Seed(text, QUICKSTART, (lambda case: case + _EXTRAS,))


def test_mutated_cases_end_in_a_plan_or_a_clear_error(plain: Seed, tmp_path: Path) -> None:
    """Proves: 150 mutations end as they should, and at least 15 of them are solved and audited.

    Broken: any other exception, with the number of the mutation.
    """
    tally = run_in_process(plain, 150, 0, tmp_path)
    assert tally.failures == []
    assert tally.solved >= 15, tally
    assert tally.refused >= 30, tally


def test_mutated_cases_through_the_command(plain: Seed, tmp_path: Path) -> None:
    """Proves: three mutations through the command end with a known exit code. Broken: a traceback on stderr."""
    assert run_commands(plain, 3, 10_000, tmp_path) == []


@pytest.mark.soak
def test_soak_two_thousand_mutations(plain: Seed, tmp_path: Path) -> None:
    """Proves: the same for 2,000 mutations, at least 200 of them solved, and 50 through the command."""
    tally = run_in_process(plain, 2000, 100_000, tmp_path)
    print(tally)
    assert tally.failures == []
    assert tally.solved >= 200, tally
    commands = tmp_path / "commands"
    commands.mkdir()
    assert run_commands(plain, 50, 200_000, commands) == []
