"""What a running solve shows, and where it shows nothing."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import time

import pytest

from optimizer.solve import progress as module
from optimizer.solve.progress import Progress, TerminalProgress, progress_line

HALFWAY = Progress(seconds=11.7, incumbent=512.34, bound=515.04, gap=0.00527, nodes=12)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_line_for_people() -> None:
    assert progress_line(12.2, HALFWAY) == "solving  12 s  plan 512.3  bound 515.0  gap 0.53 %"
    assert progress_line(3.0, None) == "solving  3 s"
    assert progress_line(3.0, Progress(2.0, None, 515.0, None, 0)) == "solving  3 s  no plan yet  bound 515.0"
    assert progress_line(3.0, Progress(2.0, 0.0, 5.0, math.inf, 0)) == "solving  3 s  plan 0.0  bound 5.0"


def run(shown: TerminalProgress, seconds: float) -> None:
    with shown:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            shown(HALFWAY)
            time.sleep(0.01)


def test_terminal_shows_a_line_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.1)
    stream = Terminal()
    run(TerminalProgress(stream=stream), 0.8)
    assert "solving  " in stream.getvalue()
    assert "plan 512.3  bound 515.0  gap 0.53 %" in stream.getvalue()
    # The line is taken away at the end and the cursor is back.
    assert stream.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in stream.getvalue()


def test_terminal_shows_nothing_for_a_short_solve() -> None:
    stream = Terminal()
    run(TerminalProgress(stream=stream), 0.05)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("options", [{"quiet": True}, {"quiet": True, "json_lines": True}])
def test_quiet(monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]) -> None:
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.01)
    stream = Terminal()
    run(TerminalProgress(stream=stream, quiet=options["quiet"], json_lines="json_lines" in options), 0.1)
    assert stream.getvalue() == ""


def test_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.05)
    silent, lines = io.StringIO(), io.StringIO()
    run(TerminalProgress(stream=silent), 0.2)
    run(TerminalProgress(stream=lines, json_lines=True), 0.2)
    assert silent.getvalue() == ""
    records = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert 1 <= len(records) <= 4
    assert records[0] == {"seconds": 11.7, "incumbent": 512.34, "bound": 515.04, "gap": 0.00527, "nodes": 12}


def test_json_has_no_infinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_QUIET_SECONDS", 0.0)
    stream = io.StringIO()
    with TerminalProgress(stream=stream, json_lines=True) as shown:
        shown(Progress(1.0, 0.0, 5.0, math.inf, 0))
    assert json.loads(stream.getvalue(), parse_constant=pytest.fail)["gap"] is None


def test_import_is_light() -> None:
    script = (
        "import sys, optimizer.solve.progress; sys.exit(bool({'rich', 'highspy', 'pyomo', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
