"""Seconds by stage of whole solves: the cases, the reference case and (if named) its variants, several seeds each.

    python -m benchmarks [--seeds 3] [--time-limit 120] [--case reference] [--gap 5e-3]

Prints a Markdown table. Machines are noisy: quote medians and shares, not single seconds. Each solve runs in a process
of its own, so that imports are counted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.make_reference import case, write

ROOT = Path(__file__).parents[1]
CASES = {
    "quickstart": ROOT / "cases" / "quickstart",
    "alberta_or_texas": ROOT / "cases" / "alberta_or_texas",
    "cipher_2025q2": ROOT / "cases" / "cipher_2025q2",
    "reference": ROOT / "benchmarks" / "reference",
}
VARIANTS: dict[str, dict[str, bool]] = {"reference_spread": {"spread": True}, "reference_years": {"years": True}}
"""Of the reference case, written anew each time."""
STAGES = ("import", "read", "operations", "build", "solve", "plan", "twins", "write", "audit")


def solve_once(place: Path, seed: int, gap: float, time_limit: float, twins: bool) -> dict[str, float]:
    """One whole command; its stages in seconds, and what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "plan"
        arguments = ["solve", str(place), "-o", str(target), "-q", "--seed", str(seed), "--gap", str(gap)]
        arguments += ["--time-limit", str(time_limit), *(() if twins else ("--no-twins",))]
        program = "import sys; from optimizer.cli.main import main; sys.exit(main())"
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
        whole = time.perf_counter() - began
        if done.returncode not in (0, 4):
            raise SystemExit(f"{place.name}, seed {seed}: exit {done.returncode}\n{done.stderr}")
        run = json.loads((target / "run.json").read_text(encoding="utf-8"))
        summary = json.loads((target / "summary.json").read_text(encoding="utf-8"))
    figures = {stage: run["seconds"].get(stage, 0.0) for stage in STAGES}
    return {
        **figures,
        "whole": whole,
        "highs": run["highs"]["seconds"],
        "rows": run["highs"]["rows"],
        "columns": run["highs"]["columns"],
        "integers": run["highs"]["integers"],
        "value": summary["value_usd_m"],
        "gap": summary["gap"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--gap", type=float, default=5e-3)
    parser.add_argument("--time-limit", type=float, default=120.0)
    parser.add_argument("--case", choices=sorted([*CASES, *VARIANTS]), action="append")
    parser.add_argument(
        "--twins", action="store_true", help="with status quo, all mining, all hosting, cost of waiting"
    )
    chosen = parser.parse_args()
    stages = " | ".join(STAGES)
    print(f"| case | rows x columns (integers) | {stages} | HiGHS | outside HiGHS | whole | gap reached | value |")
    print("|" + "---|" * (len(STAGES) + 7))
    for name in chosen.case or CASES:
        with tempfile.TemporaryDirectory() as folder:
            place = CASES.get(name, Path(folder))
            if name in VARIANTS:
                write(place, case(**VARIANTS[name]))
            runs = [
                solve_once(place, seed, chosen.gap, chosen.time_limit, chosen.twins) for seed in range(chosen.seeds)
            ]
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        outside = middle["whole"] - middle["highs"] - middle["import"] - middle["twins"]
        cells = [
            name,
            f"{middle['rows']:,.0f} x {middle['columns']:,.0f} ({middle['integers']:,.0f})",
            *(f"{middle[stage]:.2f}" for stage in STAGES),
            f"{middle['highs']:.1f}",
            f"{outside:.2f}",
            " / ".join(f"{run['whole']:.1f}" for run in runs),
            " / ".join(f"{run['gap']:.1e}" for run in runs),
            f"{max(run['value'] for run in runs):,.2f}",
        ]
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
