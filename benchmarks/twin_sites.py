"""Six sites in identical pairs: does the search stand symmetric choices, and how near does it come in a minute?

    python -m benchmarks.twin_sites [--gap 1e-2] [--time-limit 60]

The reference case with each site, its fleet and its offers twice. What is aimed at is a gap under 1 % in 60 s.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.make_reference import case, write
from optimizer import api


def doubled() -> dict[str, Any]:
    """The reference case as plain data, each site twice."""
    data = copy.deepcopy(case())
    for section in ("sites", "offers"):
        entries = data[section]
        for name, entry in list(entries.items()):
            twin = copy.deepcopy(entry)
            if section == "offers":
                twin["sites"] = [f"{site}_b" for site in twin["sites"]]
            entries[f"{name}_b"] = twin
    sites = list(data["sites"])
    for machine in data["machines"].values():
        machine["movable_to"] = sites
        if "buy" in machine:
            machine["buy"]["sites"] = sites
    return data


def main() -> None:
    """Solve and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gap", type=float, default=1e-2)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), doubled())
        options = api.SolveOptions(
            relative_gap=chosen.gap, time_limit_seconds=chosen.time_limit, seed=chosen.seed, threads=1
        )
        began, cpu = time.perf_counter(), time.process_time()
        result = api.solve(api.load(folder), options, twins=False)
        solution = result.solution
        print(
            f"{solution.rows} x {solution.columns} ({solution.integers}): value {solution.value_usd_m:,.2f}, bound "
            f"{solution.bound_usd_m:,.2f}, gap {solution.gap:.2e} after {time.perf_counter() - began:.0f} s, of them "
            f"{time.process_time() - cpu:.0f} s of one core"
        )


if __name__ == "__main__":
    main()
