"""What instruments, income tax and books cost in seconds: the Cipher case with all of them against plain money.

    python -m benchmarks.capital [--seeds 3] [--gap 1e-3] [--time-limit 180]

Both cases are solved in turns, in processes of their own; medians of build + solve, and their ratio. What is promised:
not more than three times the time without them. This ends with an error if that does not hold.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from benchmarks.__main__ import CASES, solve_once

PLAIN = Path(__file__).parent / "plain_money"
PROMISED_RATIO = 3.0


def main() -> None:
    """Measure in pairs and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=180.0)
    chosen = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {"plain money": [], "all instruments": []}
    for seed in range(chosen.seeds):
        for name, case in (("plain money", PLAIN), ("all instruments", CASES["cipher_2025q2"])):
            runs[name].append(solve_once(case, seed, chosen.gap, chosen.time_limit, twins=False))
    print("| case | rows x columns (integers) | build | solve | HiGHS | whole | gap reached | value |")
    print("|---|---|---|---|---|---|---|---|")
    spent = {}
    for name, each in runs.items():
        middle = {key: statistics.median(run[key] for run in each) for key in each[0]}
        spent[name] = statistics.median(run["build"] + run["solve"] for run in each)
        print(
            f"| {name} | {middle['rows']:,.0f} x {middle['columns']:,.0f} ({middle['integers']:,.0f}) | "
            f"{middle['build']:.1f} | {middle['solve']:.1f} | {middle['highs']:.1f} | {middle['whole']:.1f} | "
            f"{middle['gap']:.1e} | {middle['value']:,.1f} |"
        )
    ratio = spent["all instruments"] / spent["plain money"]
    print(f"\nbuild + solve: {ratio:.2f} times that of plain money (promised: {PROMISED_RATIO:g})")
    if ratio > PROMISED_RATIO:
        raise SystemExit("more than promised")


if __name__ == "__main__":
    main()
