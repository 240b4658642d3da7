"""A plan in characters: what stands where can be counted by hand."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from optimizer.plan.table import Table, table
from optimizer.report.terminal_pictures import BAR, LABEL, WIDTH, picture_lines, sparkline, text_of

ALLOCATION = ("period", "from", "to", "site", "use", "meter_mw")
DECISIONS = ("date", "decision", "item", "site", "amount", "unit")
HOSTING = ("period", "offer", "site", "rent_usd_m")
CASH = ("period", "headroom_usd_m")


def _tables(name: str = "tenant") -> dict[str, Table]:
    """Four years: 40 MW mined in the first two, then 30 hosted and 10 free; signed after one year, rent after two."""
    rows: list[tuple[str, str, str, str, str, float]] = []
    for year in range(2026, 2030):
        span = f"{year}", f"{year}-01-01", f"{year}-12-31", "west"
        uses = {"mining": 40.0} if year < 2028 else {"hosting": 30.0, "free": 10.0}
        rows += [(*span, use, mw) for use, mw in uses.items()]
    return {
        "allocation": table(ALLOCATION, rows),
        "decisions": table(DECISIONS, [("2027-01-01", "sign", name, "west", 3, "halls")]),
        "hosting": table(HOSTING, [("2027", name, "west", 0), ("2028", name, "west", 5), ("2029", name, "west", 5)]),
        "cash": table(CASH, [("2026", 70.0), ("2027", 0.0), ("2028", 35.0), ("2029", 80.0)]),
    }


def test_time_line_by_hand() -> None:
    """Proves: of 40 characters for four years the signature is at the 11th (index 9: 365 of 1,460 days, cut down to
    9.99), rent from the 20th to the end. Were the wait not drawn the rent would begin at once."""
    lines = [text_of(line) for line in picture_lines(_tables())]
    bar = next(line for line in lines if line.startswith("tenant at west"))[LABEL:]
    assert bar.index("●") == int(365 / 1460 * BAR)
    assert bar.index("▓") == int(730 / 1460 * BAR)
    assert len(bar) == BAR
    assert set(bar[bar.index("●") + 1 : bar.index("▓")]) == {"─"}


def test_megawatts_by_hand() -> None:
    """Proves: 40 MW fill the bar; 30 and 10 take 30 and 10 characters; equal years are one line."""
    lines = [text_of(line) for line in picture_lines(_tables())]
    assert "  2026-27  " + "█" * 40 + "  mining 40" in lines
    assert "  2028-29  " + "▓" * 30 + "·" * 10 + "  hosting 30, free 10" in lines


def test_liquidity_and_its_thinnest_period() -> None:
    """Proves: the spark of the thinnest period is the lowest and is named with its amount."""
    lines = [text_of(line) for line in picture_lines(_tables())]
    assert lines[-2].endswith("█▁▄█")
    assert lines[-1].endswith("thinnest 2027: $0.0M")
    assert sparkline([-5.0, 0.0, 5.0]) == "▁▅█"
    assert sparkline([0.0, 0.0]) == "▁▁"


def test_hostile_names_stay_one_line() -> None:
    """Proves: escape codes and line breaks of a name are not sent to the terminal, and long names are cut."""
    hostile = "\x1b[31mred\n[bold]" + "x" * 200
    lines = [text_of(line) for line in picture_lines(_tables(hostile))]
    assert not any("\x1b" in line or "\n" in line for line in lines)
    assert all(len(line) <= WIDTH for line in lines)


def test_only_on_a_terminal(tmp_path: Path) -> None:
    """Proves: pictures and colours come on a terminal; into a pipe goes the plain summary, as before."""
    command = [sys.executable, "-m", "optimizer.cli.main", "solve", "cases/quickstart", "--no-twins", "-o"]
    piped = subprocess.run([*command, str(tmp_path / "a")], capture_output=True, text=True, check=True).stdout
    assert "Time line" not in piped
    assert "\x1b[" not in piped
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*command, str(tmp_path / "b")], stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass  # the end of a terminal whose program has ended
    assert process.wait() == 0
    assert "Time line" in shown.decode()
    assert "\x1b[" in shown.decode()
