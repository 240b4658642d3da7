"""A sweep that is killed at any moment goes on where it was, and its table has the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimizer.cli.main import main
from tests.sweep.conftest import CASE, price_text

ROOT = Path(__file__).resolve().parents[2]
VARIED = ["--vary", "market.network.btc_usd=60000:140000:3", "--vary", "offers.lease.rate_usd_per_kw_month=20:80:4"]
PATIENCE_SECONDS = 120.0


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case")
    (folder / "prices.csv").write_text(price_text(), "utf-8")
    (folder / "case.yaml").write_text(json.dumps(CASE), "utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(case: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tables of the same sweep when nothing disturbs it, by two processes and without a store."""
    folder = tmp_path_factory.mktemp("whole")
    arguments = ["sweep", str(case), *VARIED, "--twins", "--regret", "-q", "-o", str(folder)]
    assert main([*arguments, "--workers", "2", "--no-store"]) == 0
    return tables(folder)


def tables(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.csv")}


def start(case: Path, folder: Path) -> subprocess.Popen[bytes]:
    arguments = ["sweep", str(case), *VARIED, "--twins", "--regret", "-q", "-o", str(folder), "--workers", "1"]
    return subprocess.Popen([sys.executable, "-m", "optimizer.cli.main", *arguments], cwd=ROOT, env=os.environ)


def kill_after(process: subprocess.Popen[bytes], store: Path, more: int, pause: float) -> bool:
    """Kill the process when so ``more`` answers are kept, and a moment later; whether it was still at work."""
    began, before = time.monotonic(), len(list(store.glob("*.json")))
    while process.poll() is None and len(list(store.glob("*.json"))) < before + more:
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.002)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    return process.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def killed_again_and_again(case: Path, folder: Path, whole: dict[str, bytes], kills: int, most: int, seed: int) -> int:
    """Kill the sweep at random moments, so often if it does not end before; how often it was."""
    drawn, store, count = random.Random(seed), folder / "sweep.points", 0
    for _ in range(kills):
        if not kill_after(start(case, folder), store, drawn.randint(1, most), drawn.uniform(0, 0.2)):
            break
        count += 1
        # One that was killed between its tables has some of them, each whole.
        assert tables(folder).items() <= whole.items()
    return count


def test_a_killed_sweep_goes_on_and_gives_the_same_bytes(case: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    """Proves: three kills at random moments change no byte of any table, and what was kept is used. Broken: another
    order of candidates and so other last digits, a lost point, or all solved again."""
    assert sorted(whole) == ["plans.csv", "regret.csv", "sweep.csv"]
    assert killed_again_and_again(case, tmp_path, whole, kills=3, most=12, seed=4) == 3
    kept = len(list((tmp_path / "sweep.points").glob("*.json")))
    assert kept >= 3
    assert start(case, tmp_path).wait(PATIENCE_SECONDS) == 0
    assert tables(tmp_path) == whole
    run = json.loads((tmp_path / "sweep.run.json").read_text("utf-8"))
    assert run["points_kept"] >= min(3, kept)


def test_the_same_call_again_solves_nothing(case: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    """Proves: from the store alone the same tables come, --fresh and --no-store solve again. Broken: kept points that
    are solved, or a store that is read although it should not be."""
    arguments = ["sweep", str(case), *VARIED, "-q", "-o", str(tmp_path), "--workers", "1", "--refine", "0"]
    kept = []
    for more in ([], [], ["--fresh"], ["--no-store"], []):
        assert main([*arguments, *more]) == 0
        kept.append(json.loads((tmp_path / "sweep.run.json").read_text("utf-8"))["points_kept"])
    assert kept == [0, 12, 0, 0, 12]
    # Without refinement and twins: the same first rows.
    values = [line.split(b",")[:4] for line in tables(tmp_path)["sweep.csv"].splitlines()[1:]]
    assert values == [line.split(b",")[:4] for line in whole["sweep.csv"].splitlines()[1:13]]


@pytest.mark.soak
def test_twenty_kills(case: Path, whole: dict[str, bytes], tmp_path: Path) -> None:
    """Proves: the same for twenty kills, over as many sweeps as that takes. Broken: one run with other bytes."""
    left, seed = 20, 0
    while left > 0:
        folder = tmp_path / f"run_{seed}"
        folder.mkdir()
        left -= killed_again_and_again(case, folder, whole, kills=left, most=25, seed=seed)
        assert start(case, folder).wait(PATIENCE_SECONDS) == 0
        assert tables(folder) == whole
        seed += 1
