"""How much faster two Dask workers are than one, on the same list of points of a sweep.

    python -m benchmarks.dask_workers [--case quickstart] [--points 60] [--gap 1e-4] [--rounds 3]

A case at other power prices, each point a whole solve from nothing. Scheduler and workers are processes of this
machine, so it needs two cores that are free, and a third now and then: the load before each round is printed. Each
round starts its workers anew and lets them prepare; what is timed is the points alone. Median of the ratios. Busy is
the share of the time in which workers solve; what is missing is the way of a point there and back.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.__main__ import CASES
from benchmarks.sweeps import LINKED, NAMES, line_of
from optimizer.case.load import LoadedCase, load_case
from optimizer.market.prices import PriceSeries
from optimizer.sweep.dask_queue import run_jobs_on_dask
from optimizer.sweep.point import OPTIMAL, Job, PointOptions, Shared, load_solver, read_series, solve_point

TARGET_RATIO = 1.8
START_SECONDS = 60.0
ENDS = "benchmarks.ends_with_parent"


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Address of a scheduler with so many workers of one thread. All end with this process, also if it is killed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        file = Path(name) / "scheduler.json"

        def start(*arguments: str) -> None:
            command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
            command += ["--preload", ENDS]
            process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdin is not None
            ends.callback(process.stdin.close)
            ends.callback(process.wait)
            ends.callback(process.terminate)

        start("scheduler", "--port", "0", "--scheduler-file", str(file))
        end = time.monotonic() + START_SECONDS
        while not (file.exists() and file.read_text().rstrip().endswith("}")):
            if time.monotonic() > end:
                raise SystemExit("the scheduler does not start")
            time.sleep(0.05)
        address = str(json.loads(file.read_text())["address"])
        for _ in range(workers):
            start("worker", address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        yield address


def shared_of(loaded: LoadedCase, gap: float) -> Shared:
    """What all points have in common."""
    series: dict[str, PriceSeries] = {}
    read_series(loaded.case, loaded.folder, series)
    options = PointOptions(relative_gap=gap)
    return Shared({None: loaded.data}, {None: loaded.folder.resolve()}, series, options)


def seconds(shared: Shared, jobs: list[Job], address: str, workers: int) -> tuple[float, float]:
    """Seconds for all points, and of work at the workers."""

    def solve(each: list[Job]) -> float:
        spent = 0.0
        for done in run_jobs_on_dask(solve_point, shared, each, address=address, warm_up=load_solver):
            if done is not None:
                if done.answer is None or done.answer.status != OPTIMAL:
                    raise SystemExit(f"point {done.index + 1}: {done.failure or done.answer}")
                spent += done.seconds
        return spent

    # Until all are there and have solved one or two, whose first point is slower.
    began = time.monotonic()
    while time.monotonic() - began < START_SECONDS:
        found = time.monotonic()
        spent = solve(jobs[: 4 * workers])
        if workers == 1 or spent > 1.2 * (time.monotonic() - found):
            break
    began = time.perf_counter()
    spent = solve(jobs)
    return time.perf_counter() - began, spent


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="quickstart", help="quickstart, cipher or reference")
    parser.add_argument("--points", type=int, default=60)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    # Else nothing ends the scheduler and the workers in an orderly way.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    case = NAMES.get(chosen.case, chosen.case)
    loaded = load_case(CASES[case])
    # Other prices each, so that none finds the hours of another.
    points = line_of(loaded, chosen.points, LINKED.get(case, ""))
    shared = shared_of(loaded, chosen.gap)
    jobs = [Job(point, (), chosen.gap) for point in points]
    ratios = []
    print(f"{chosen.points} points of {chosen.case}\n")
    print("| load before | one worker, s | busy | two workers, s | busy | ratio |")
    print("|---|---|---|---|---|---|")
    for _ in range(chosen.rounds):
        load = os.getloadavg()[0]
        with cluster(1) as address:
            one, work_of_one = seconds(shared, jobs, address, 1)
        with cluster(2) as address:
            two, work_of_two = seconds(shared, jobs, address, 2)
        ratios.append(one / two)
        busy = (work_of_one / one, work_of_two / (2 * two))
        print(f"| {load:.1f} | {one:.2f} | {busy[0]:.0%} | {two:.2f} | {busy[1]:.0%} | {one / two:.2f} |")
    print(f"\nratio: {statistics.median(ratios):.2f} (target: {TARGET_RATIO:g})")


if __name__ == "__main__":
    main()
