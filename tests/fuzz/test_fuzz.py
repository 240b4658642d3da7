"""Mutated case files: the answer is a plan or a clear error, never a traceback, a hang or half a file.

The short run is part of every test; `make soak` runs 2,000 mutations, 50 of them through the command, and demands that
at least 200 pass the checks and are solved.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from optimizer import api
from optimizer.errors import CaseError, InfeasibleError, SolverError
from optimizer.solve.highs import SolveOptions

QUICKSTART = Path(__file__).parents[2] / "cases" / "quickstart"
LONGEST_SECONDS = 60.0

_EXTRAS = """
  facilities:
    bank:
      {kind: term_loan, window: {from: 2025-07, to: 2030-01}, limit_usd_m: 200, rate: 0.08, fee: 0.02, term: 5 years,
       loan_to_cost: 0.7}
    atm: {kind: equity, window: {from: 2025-07, to: 2027-12}, limit_usd_m: 60, cost: 0.05}
  cash_tax_rate: 0.1
"""
_NUMBER = re.compile(r"(?<![\w.\-])-?\d+(?:\.\d+)?(?![\w.])")
_WORDS = [
    "null",
    "true",
    "yes",
    ".nan",
    ".inf",
    "-1",
    "0",
    "1e400",
    "'=1+1'",
    "[]",
    "{}",
    "2025-13",
    "2031-02",
    "x" * 300,
    "ü",
    "&a",
    "*a",
    "!!python/object:os.system",
    "12 parsecs",
    "0 months",
    "99 years",
]


@dataclass
class Tally:
    """What became of the mutations."""

    refused: int = 0
    solved: int = 0
    impossible: int = 0


def mutate(text: str, seed: random.Random) -> str:
    """One to three changes of a case file: numbers, words, lines, indents, keys."""
    for _ in range(seed.randint(1, 3)):
        lines = text.split("\n")
        at = seed.randrange(len(lines))
        kind = seed.random()
        if kind < 0.62:
            numbers = list(_NUMBER.finditer(text))
            chosen = seed.choice(numbers)
            value = float(chosen[0])
            factor = seed.choice([0.5, 0.8, 0.9, 1.1, 1.25, 2, 10, -1, 0, 1000, 1e-3])
            new = f"{value * factor:.6g}" if seed.random() < 0.85 else seed.choice(_WORDS)
            if "." not in chosen[0] and factor not in (0.8, 0.9, 1.1, 1.25, 0.5, 1e-3) and "e" not in new:
                new = new.split(".")[0]
            text = text[: chosen.start()] + new + text[chosen.end() :]
        elif kind < 0.72:
            del lines[at]
            text = "\n".join(lines)
        elif kind < 0.78:
            lines.insert(at, lines[seed.randrange(len(lines))])
            text = "\n".join(lines)
        elif kind < 0.84:
            lines[at] = " " * seed.randint(0, 9) + lines[at].lstrip()
            text = "\n".join(lines)
        elif kind < 0.92:
            words = list(re.finditer(r"[A-Za-z_]{3,}", text))
            chosen = seed.choice(words)
            cut = seed.randrange(len(chosen[0]))
            text = text[: chosen.start()] + chosen[0][:cut] + chosen[0][cut + 1 :] + text[chosen.end() :]
        else:
            text = text.replace(seed.choice(text.split()), seed.choice(_WORDS), 1)
    return text


def run_in_process(count: int, first_seed: int, folder: Path) -> Tally:
    """Load, solve and write ``count`` mutations; anything but the project's own errors fails the test."""
    base = (QUICKSTART / "case.yaml").read_text(encoding="utf-8")
    (folder / "ercot_da_hb_west_jul2024_jun2025.csv").symlink_to(QUICKSTART / "ercot_da_hb_west_jul2024_jun2025.csv")
    tally = Tally()
    for number in range(first_seed, first_seed + count):
        seed = random.Random(number)
        text = mutate(base + (_EXTRAS if number % 2 else ""), seed)
        path = folder / "case.yaml"
        path.write_text(text, encoding="utf-8")
        target = folder / f"plan_{number}"
        began = time.monotonic()
        try:
            loaded = api.load(path)
            result = api.solve(loaded, SolveOptions(time_limit_seconds=5, relative_gap=1e-2), twins=False)
            report = result.write(target)
            assert report.passed
            tally.solved += 1
        except CaseError as error:
            tally.refused += bool(error.problems[0].message)
        except (InfeasibleError, SolverError):
            tally.impossible += 1
        except Exception as error:
            raise AssertionError(f"mutation {number} ended in {type(error).__name__}: {error}") from error
        assert time.monotonic() - began < LONGEST_SECONDS, f"mutation {number} hung"
        assert target.exists() == (target / "summary.json").exists(), f"mutation {number} left half a plan"
        assert not list(folder.glob(".plan_*")), f"mutation {number} left a staging folder"
    return tally


def run_commands(count: int, first_seed: int, folder: Path) -> None:
    """The same through ``wattfork solve``: a known exit code, and no traceback."""
    base = (QUICKSTART / "case.yaml").read_text(encoding="utf-8")
    (folder / "ercot_da_hb_west_jul2024_jun2025.csv").symlink_to(QUICKSTART / "ercot_da_hb_west_jul2024_jun2025.csv")
    for number in range(first_seed, first_seed + count):
        (folder / "case.yaml").write_text(mutate(base, random.Random(number)), encoding="utf-8")
        command = [sys.executable, "-c", "import sys; from optimizer.cli.main import main; sys.exit(main())"]
        arguments = ["solve", str(folder), "-o", str(folder / "plan"), "--time-limit", "5", "--no-twins", "-q"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in (0, 1, 2, 3, 4), f"mutation {number}: exit {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr, f"mutation {number}: {done.stderr}"
        assert "internal error" not in done.stderr, f"mutation {number}: {done.stderr}"
        if done.returncode in (1, 2, 3):
            assert done.stderr.strip(), f"mutation {number} failed without a word"


def test_mutated_cases_end_in_a_plan_or_a_clear_error(tmp_path: Path) -> None:
    """Proves: 150 mutations end as they should, and at least 15 of them are solved and audited.

    Broken: any other exception, with the number of the mutation.
    """
    tally = run_in_process(150, 0, tmp_path)
    assert tally.solved >= 15, tally
    assert tally.refused >= 30, tally


def test_mutated_cases_through_the_command(tmp_path: Path) -> None:
    """Proves: five mutations through the command end with a known exit code. Broken: a traceback on stderr."""
    run_commands(5, 10_000, tmp_path)


@pytest.mark.soak
def test_soak_two_thousand_mutations(tmp_path: Path) -> None:
    """Proves: the same for 2,000 mutations, at least 200 of them solved, and 50 through the command."""
    tally = run_in_process(2000, 100_000, tmp_path)
    print(tally)
    assert tally.solved >= 200, tally
    commands = tmp_path / "commands"
    commands.mkdir()
    run_commands(50, 200_000, commands)
