"""The same for a case with every form of power: contracts over time, charges, reserves, takes, two currencies.

Every plan is audited, and its bound is not below its value. `make soak` runs 600 mutations, 20 of them through the
command.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fuzz.mutations import Seed, Turn, run_commands, run_in_process
from tests.hourly.mixtures import write_files

POWERED = Path(__file__).with_name("powered.yaml")


def to(before: str, after: str) -> Turn:
    return lambda case: re.sub(before, after, case)


TURNS = (
    to(r"kind: (fixed_block|monthly_election|swing|heat_rate|generation),", r"kind: \1, assignable_to_hosting: true,"),
    to("paid_by: operator", "paid_by: tenant, pass_through_at: block"),
    to("paid_by: operator", "paid_by: tenant, price_usd_per_mwh: 41"),
    to("over: quarter", "over: month"),
    to("over: quarter", "over: year"),
    to("resale: none", "resale: spot"),
    to("export: spot", "export: none"),
    to("hours: 7x8", "hours: 2x16"),
    to("skill: 0.3", "skill: 1"),
    to("weekdays_only: false", "weekdays_only: true"),
    to(r"\[2 quarters, 2 quarters\]", "[3 months, 2 quarters, 5 months]"),
    to(r" profile: \{[^}]*\},", ""),
    to("least_mw: 5", "least_mw: 20"),
    to("share: 0.5\n", "share: 1\n"),
    to("until: 2026-06", "until: 2030-12"),
    to("cash_usd_m: 100", "cash_usd_m: 12"),
    to("sites: .north, west.", "sites: [west]"),
)
"""Half of the mutations begin with one of these."""


@pytest.fixture
def powered(tmp_path_factory: pytest.TempPathFactory) -> Seed:
    files = tmp_path_factory.mktemp("files")
    write_files(files)
    return Seed(POWERED.read_text(encoding="utf-8"), files, TURNS, seconds=20, gentle=True)


def test_mutated_power_ends_in_a_plan_or_a_clear_error(powered: Seed, tmp_path: Path) -> None:
    """Proves: 25 mutations end as they should, and at least four of them are solved and audited. Broken: a line for
    each that did not, with its number."""
    tally = run_in_process(powered, 25, 0, tmp_path)
    assert tally.failures == []
    assert tally.solved >= 4, tally
    assert tally.refused >= 4, tally


@pytest.mark.soak
def test_soak_mutated_power(powered: Seed, tmp_path: Path) -> None:
    """Proves: the same for 600 mutations, at least 100 of them solved, and 20 through the command."""
    tally = run_in_process(powered, 600, 300_000, tmp_path)
    print(tally)
    assert tally.failures == []
    assert tally.solved >= 100, tally
    commands = tmp_path / "commands"
    commands.mkdir()
    assert run_commands(powered, 20, 400_000, commands) == []
