"""How much cheaper points of a sweep are than the same points solved alone, and how that goes with their number.

    python -m benchmarks.sweeps [--case cipher] [--points 225] [--line 50] [--gap 0.015] [--fresh 20] [--highs]
    python -m benchmarks.sweeps --growth [--case quickstart] [--gap 1e-4] [--counts 25,100,400,2000]

The first solves a map of power price and hashprice (as square as the number of points allows) and a sweep of 50 power
prices as `wattfork sweep` does, with two processes, and then some of the same points (drawn by seed; all by default)
from nothing, in a pool of two processes too; with ``--highs`` also by HiGHS' own search alone. The second solves maps
of a growing number of points. Prints Markdown tables. Seconds are those of work in one process, a point; machines are
noisy, so quote the ratio. Nothing is kept from run to run.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from benchmarks.__main__ import CASES
from optimizer.case.load import LoadedCase, load_case
from optimizer.pool import Pool
from optimizer.sweep.campaign import Campaign, Swept, local_executor
from optimizer.sweep.directions import parse_vary
from optimizer.sweep.point import CANDIDATES, Figures, Job, Outcome, PointOptions, Shared, load_solver, solve_point
from optimizer.sweep.vary import Point, make_grid

WORKERS, LINE_POINTS = 2, 50
POWER, HASHPRICE = "market.power.*.scale=0.6:1.6:{}", "market.network.subsidy_btc=x0.7:x1.3:{}"
"""What is varied: the reward of a block stands for the hashprice, as it works in a case whatever its price path is."""

NAMES = {"cipher": "cipher_2025q2"}

LINKED = {"reference": "sites.*.contract_offers.*.terms.price_usd_per_mwh=x0.6:x1.6:{}"}
"""What moves with the price of power, by case: blocks that are offered at a share of the mean price, as the reference
case's are, cost more where that is higher."""


@dataclass(frozen=True)
class Alone:
    """A point that was solved from nothing."""

    outcome: Outcome
    seconds: float


def solve_by_highs(shared: Shared, job: Job) -> Outcome:
    """A point by the search of HiGHS alone."""
    from optimizer.solve import run

    with (
        mock.patch.object(run, "is_large", return_value=False),
        mock.patch.object(run, "completed", return_value=None),
    ):
        return solve_point(shared, job)


def map_of(loaded: LoadedCase, count: int, linked: str = "") -> tuple[Point, ...]:
    """A grid of about so many points, as square as can be. ``linked``: what moves with the price of power."""
    side = max(1, math.isqrt(count))
    texts = (_power(max(1, round(count / side)), linked), HASHPRICE.format(side))
    return make_grid(loaded, [parse_vary(text) for text in texts])


def line_of(loaded: LoadedCase, count: int, linked: str = "") -> tuple[Point, ...]:
    """So many power prices."""
    return make_grid(loaded, [parse_vary(_power(count, linked))])


def _power(count: int, linked: str) -> str:
    return " & ".join(text.format(count) for text in (POWER, linked) if text)


def swept(loaded: LoadedCase, points: Sequence[Point], options: PointOptions) -> tuple[list[Swept], float]:
    """Every point as a sweep solves it, and seconds by the clock."""
    began = time.perf_counter()
    campaign = Campaign(loaded, options, executor=local_executor(WORKERS))
    found = [each for each in campaign.solve(points) if each is not None]
    return found, time.perf_counter() - began


def alone(
    loaded: LoadedCase, points: Sequence[Point], options: PointOptions, work: Callable[[Shared, Job], Outcome]
) -> dict[int, Alone]:
    """Every point from nothing, by its number."""
    shared = Shared({None: loaded.data}, {None: loaded.folder.resolve()}, {}, options)
    jobs = [Job(point, (), options.relative_gap) for point in points]
    pool = Pool(WORKERS)
    found: dict[int, Alone] = {}
    try:
        for done in pool.run_jobs(work, shared, jobs, warm_up=load_solver):
            if done is not None and done.answer is not None:
                found[points[done.index].number] = Alone(done.answer, done.seconds)
    finally:
        pool.close()
    return found


def compared(found: Sequence[Swept], others: dict[int, Alone]) -> Iterator[str]:
    """Cells: seconds alone, ratio, largest difference of value over the gap that is asked for."""
    pairs = [(each, others[each.point.number]) for each in found if each.point.number in others]
    if not pairs:
        yield from ("", "", "")
        return
    own = statistics.mean(each.seconds for each, _ in pairs)
    fresh = statistics.mean(other.seconds for _, other in pairs)
    yield f"{fresh:.2f}"
    yield f"1/{fresh / own:.1f}"
    # Differences are between proven plans: each may be below the best by its own gap.
    shares = [
        abs(one.value_usd_m - two.value_usd_m) / max(1.0, abs(two.value_usd_m))
        for one, two in ((each.outcome.figures, other.outcome.figures) for each, other in pairs)
        if one is not None and two is not None
    ]
    yield f"{max(shares, default=0.0):.2e}"


def closed_by_candidates(found: Sequence[Swept]) -> float:
    """Share of the points that have a plan."""
    figures: list[Figures] = [each.outcome.figures for each in found if each.outcome.figures is not None]
    return sum(each.proof == CANDIDATES for each in figures) / max(1, len(figures))


def compare(loaded: LoadedCase, chosen: argparse.Namespace) -> None:
    """Sweeps against the same points alone."""
    options = PointOptions(relative_gap=chosen.gap, time_limit_seconds=chosen.time_limit)
    searches = {"the product's search": solve_point}
    if chosen.highs:
        searches["HiGHS alone"] = solve_by_highs
    print("| sweep | points | clock s | s a point | by candidates | alone by | s alone | ratio | difference (gap) |")
    print("|---|---|---|---|---|---|---|---|---|")
    grids = {"map": map_of(loaded, chosen.points, chosen.linked), "power": line_of(loaded, chosen.line, chosen.linked)}
    for name, points in grids.items():
        found, clock = swept(loaded, points, options)
        count = len(points) if chosen.fresh is None else min(chosen.fresh, len(points))
        drawn = sorted(random.Random(chosen.seed).sample(points, count), key=lambda point: point.number)
        mean = statistics.mean(each.seconds for each in found)
        for search, work in searches.items():
            seconds, ratio, difference = compared(found, alone(loaded, drawn, options, work))
            print(
                f"| {name} | {len(found)} | {clock:.0f} | {mean:.2f} | {closed_by_candidates(found):.0%} | {search} | "
                f"{seconds} | {ratio} | {difference} ({chosen.gap:g}) |",
                flush=True,
            )


def growth(loaded: LoadedCase, chosen: argparse.Namespace) -> None:
    """Seconds a point by the number of points."""
    options = PointOptions(relative_gap=chosen.gap, time_limit_seconds=chosen.time_limit)
    print("| points | clock s | s a point | by candidates |")
    print("|---|---|---|---|")
    for count in chosen.counts:
        found, clock = swept(loaded, map_of(loaded, count, chosen.linked), options)
        mean = statistics.mean(each.seconds for each in found)
        print(f"| {len(found)} | {clock:.0f} | {mean:.3f} | {closed_by_candidates(found):.0%} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", help="cipher, reference, quickstart, or a folder")
    parser.add_argument("--points", type=int, default=225)
    parser.add_argument("--line", type=int, default=LINE_POINTS, help="power prices of the line")
    parser.add_argument("--gap", type=float, default=None)
    parser.add_argument("--fresh", type=int, default=None, help="how many points are solved alone (default: all)")
    parser.add_argument("--highs", action="store_true", help="alone also by HiGHS' own search")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--counts", type=lambda text: [int(each) for each in text.split(",")], default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--time-limit", type=float, default=600.0)
    chosen = parser.parse_args()
    case = chosen.case or ("quickstart" if chosen.growth else "cipher")
    known = NAMES.get(case, case)
    loaded = load_case(CASES.get(known, Path(case)))
    chosen.linked = LINKED.get(known, "")
    if chosen.gap is None:
        chosen.gap = 1e-4 if known == "quickstart" else 0.015
    if chosen.counts is None:
        chosen.counts = [25, 100, 400, 2000] if known == "quickstart" else [25, 100]
    (growth if chosen.growth else compare)(loaded, chosen)


if __name__ == "__main__":
    main()
