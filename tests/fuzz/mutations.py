"""Mutated case files and what becomes of them: a plan or a clear error, never a traceback, a hang or half a file."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optimizer import api
from optimizer.errors import CaseError, InfeasibleError, SolverError
from optimizer.solve.highs import SolveOptions

LONGEST_SECONDS = 60.0

_NUMBER = re.compile(r"(?<![\w.\-])-?\d+(?:\.\d+)?(?![\w.])")
_AMOUNT = re.compile(r"(?<=[ \[{])-?\d+(?:\.\d+)?(?=[,}\]\n])")
"""A number that is no part of a date."""
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

Turn = Callable[[str], str]


@dataclass(frozen=True)
class Seed:
    """What is mutated: a text, and the folder in which its price files lie."""

    text: str
    files: Path
    turns: Sequence[Turn] = ()
    """Changes that make another good case, one of which is made half of the time."""
    seconds: float = 5.0
    """Time limit of a solve."""
    gentle: bool = False
    """Whether every second mutation changes figures only, and these a little: most of them are good cases."""

    def mutated(self, number: int) -> str:
        draw = random.Random(number)
        text = self.text
        if self.gentle and number % 2:
            for turn in draw.sample(self.turns, draw.randint(0, 3)):
                text = turn(text)
            return vary(text, draw)
        if self.turns and draw.random() < 0.5:
            text = draw.choice(self.turns)(text)
        return mutate(text, draw)

    def link(self, folder: Path) -> None:
        for file in self.files.glob("*.csv"):
            (folder / file.name).symlink_to(file)


@dataclass
class Tally:
    """What became of the mutations."""

    refused: int = 0
    solved: int = 0
    impossible: int = 0
    uncertified: int = 0
    """Of the solved ones those whose hours were not certified."""
    failures: list[str] = field(default_factory=list)


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


def vary(text: str, seed: random.Random) -> str:
    """Other figures, two to five of them."""
    for _ in range(seed.randint(2, 5)):
        chosen = seed.choice(list(_AMOUNT.finditer(text)))
        new = f"{float(chosen[0]) * seed.choice([0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.25, 2]):.6g}"
        if "." not in chosen[0]:
            new = new.split(".")[0]
        text = text[: chosen.start()] + new + text[chosen.end() :]
    return text


def run_in_process(seed: Seed, count: int, first: int, folder: Path) -> Tally:
    """Load, solve, write and audit ``count`` mutations; anything but the project's own errors is a failure."""
    seed.link(folder)
    tally = Tally()
    for number in range(first, first + count):
        path = folder / "case.yaml"
        path.write_text(seed.mutated(number), encoding="utf-8")
        target = folder / f"plan_{number}"
        began = time.monotonic()
        try:
            loaded = api.load(path)
            result = api.solve(loaded, SolveOptions(time_limit_seconds=seed.seconds, relative_gap=1e-2), twins=False)
            assert result.write(target).passed
            assert result.solution.bound_usd_m >= result.solution.value_usd_m - 1e-6, "the bound is below the value"
            tally.solved += 1
            tally.uncertified += not result.certificate.passed
        except CaseError as error:
            tally.refused += bool(error.problems[0].message)
        except (InfeasibleError, SolverError):
            tally.impossible += 1
        except Exception as error:
            details = "; ".join(getattr(error, "details", ())[:3])
            tally.failures.append(f"mutation {number} ended in {type(error).__name__}: {error} {details}".rstrip())
        if time.monotonic() - began >= LONGEST_SECONDS:
            tally.failures.append(f"mutation {number} hung")
        if target.exists() != (target / "summary.json").exists():
            tally.failures.append(f"mutation {number} left half a plan")
        if list(folder.glob(".plan_*")):
            tally.failures.append(f"mutation {number} left a staging folder")
    return tally


def run_commands(seed: Seed, count: int, first: int, folder: Path) -> list[str]:
    """The same through ``wattfork solve``: a known exit code, and no traceback. What failed."""
    seed.link(folder)
    failures = []
    for number in range(first, first + count):
        (folder / "case.yaml").write_text(seed.mutated(number), encoding="utf-8")
        command = [sys.executable, "-c", "import sys; from optimizer.cli.main import main; sys.exit(main())"]
        arguments = ["solve", str(folder), "-o", str(folder / "plan"), "--time-limit", f"{seed.seconds:g}"]
        arguments += ["--no-twins", "-q"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode not in (0, 1, 2, 3, 4):
            failures.append(f"mutation {number}: exit {done.returncode}: {done.stderr}")
        if "Traceback" in done.stderr or "internal error" in done.stderr:
            failures.append(f"mutation {number}: {done.stderr}")
        if done.returncode in (1, 2, 3) and not done.stderr.strip():
            failures.append(f"mutation {number} failed without a word")
    return failures
