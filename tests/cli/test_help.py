"""The command line answers quickly, and turns errors into lines and exit codes."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import click
import pytest

from optimizer.cli import main as cli
from optimizer.errors import (
    AuditError,
    CallError,
    CaseError,
    ExitCode,
    InfeasibleError,
    Problem,
    SolverError,
    WattforkError,
)

HEAVY = {"pandas", "numpy", "scipy", "pyomo", "highspy", "pydantic", "yaml", "rich", "models"}

PROBE = """
import json, resource, sys
from optimizer.cli.main import main
code = main(sys.argv[1:])
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, sorted(sys.modules), usage.ru_utime + usage.ru_stime]), file=sys.stderr)
"""


def probe(*arguments: str) -> tuple[int, set[str], float, str]:
    """Exit code, loaded modules, CPU seconds and stdout of the command line in a process of its own."""
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    code, modules, seconds = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules), seconds, done.stdout


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_loads_nothing_heavy(option: str) -> None:
    code, modules, _, text = probe(option)
    assert code == 0
    assert not HEAVY & modules
    assert not {entry.target.partition(":")[0] for entry in cli.SUBCOMMANDS.values()} & modules
    for name in cli.group.list_commands(click.Context(cli.group)):
        assert f"  {name}" in text
        assert cli.SUBCOMMANDS[name].help in text


def test_help_is_quick() -> None:
    # The best of three: what is measured is our own work, not that of a busy machine.
    assert min(probe("--help")[2] for _ in range(3)) < 0.2


def test_version_loads_nothing_heavy() -> None:
    code, modules, _, text = probe("--version")
    assert code == 0
    assert text.startswith("wattfork, version ")
    assert not HEAVY & modules


def test_completion_of_names_loads_nothing_heavy() -> None:
    script = "import sys; from optimizer.cli.main import main; main(); sys.exit(1)"
    watch = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); " + script
    environment = os.environ | {"_WATTFORK_COMPLETE": "bash_complete", "COMP_WORDS": "wattfork ", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", watch], env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    names = cli.group.list_commands(click.Context(cli.group))
    assert done.stdout.split() == [f"plain,{name}" for name in names]
    assert not HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("name", list(cli.SUBCOMMANDS))
def test_each_subcommand_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name not in cli.group.list_commands(click.Context(cli.group)):
        assert cli.main([name]) == ExitCode.WRONG_INPUT
        return
    assert cli.main([name, "--help"]) == 0
    assert f"wattfork {name}" in capsys.readouterr().out


def test_unknown_command_and_option_are_wrong_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["frobnicate"]) == 2
    assert cli.main(["--frobnicate"]) == 2
    assert "No such" in capsys.readouterr().err


def use_command(monkeypatch: pytest.MonkeyPatch, outcome: BaseException | int | None) -> None:
    """Let every subcommand be one that ends so."""

    @click.command("probe")
    def command() -> int | None:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda self, ctx, name: command)


@pytest.mark.parametrize(
    ("outcome", "code", "lines"),
    [
        (None, 0, []),
        (ExitCode.STOPPED, 4, []),
        (
            CaseError.single("is too low", file="case.yaml", line=3, column=7, path="a.b"),
            2,
            ["case.yaml:3:7 a.b: is too low"],
        ),
        (CallError("no plan in 'x'"), 2, ["no plan in 'x'"]),
        (InfeasibleError("no plan meets the case", ["power"]), 3, ["no plan meets the case", "  power"]),
        (AuditError("cash differs", ["1 against 2"]), 5, ["cash differs", "  1 against 2"]),
        (SolverError("HiGHS gave up"), 1, ["HiGHS gave up"]),
        (KeyboardInterrupt(), 130, ["interrupted"]),
        (
            ZeroDivisionError("by\nzero"),
            1,
            ["internal error: ZeroDivisionError: by zero (set WATTFORK_DEBUG=1 for the traceback)"],
        ),
    ],
)
def test_outcome_becomes_exit_code_and_lines(
    outcome: BaseException | int | None,
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("WATTFORK_DEBUG", raising=False)
    use_command(monkeypatch, outcome)
    assert cli.main(["probe"]) == code
    said = capsys.readouterr()
    assert [line for line in said.err.splitlines() if line] == lines
    assert said.out == ""


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WATTFORK_DEBUG", "1")
    use_command(monkeypatch, ZeroDivisionError("by zero"))
    assert cli.main(["probe"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_closed_pipe_is_quiet() -> None:
    # The reader closes before anything is written.
    script = "import sys, time; sys.stdin.read(); from optimizer.cli.main import main; sys.exit(main(['--help']))"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 1


def test_every_problem_is_said_on_its_own_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem("c.yaml", 1, 2, "a", "is wrong"), Problem("p.csv", 9, None, "", "is odd", "warning")]
    use_command(monkeypatch, CaseError(problems))
    assert cli.main(["probe"]) == 2
    assert capsys.readouterr().err.splitlines() == ["c.yaml:1:2 a: is wrong", "p.csv:9: is odd (warning)", "2 problems"]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("c.yaml", 1, 2, "a[0].b", "m"), "c.yaml:1:2 a[0].b: m"),
        (Problem("c.yaml", 1, 2, "", "m"), "c.yaml:1:2: m"),
        (Problem("c.yaml", None, None, "a", "m"), "c.yaml a: m"),
        (Problem("c.yaml", None, 4, "", "m"), "c.yaml: m"),
        (Problem("", None, None, "", "m"), "m"),
    ],
)
def test_problem_as_text(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    "error",
    [WattforkError("m", ["d"]), CaseError.single("m", file="f"), InfeasibleError("m", ["a", "b"]), SolverError("m")],
)
def test_errors_survive_pickling(error: WattforkError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.lines() == error.lines()


def test_installed_script_runs() -> None:
    script = Path(sys.executable).with_name("wattfork")
    assert script.exists(), "run `make setup`"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("wattfork, version ")
