"""Fifteen-minute prices against hourly ones: does the model grow with the intervals, and what do they cost?

    python -m benchmarks.quarter_hours [--repeats 3]

Ten years by quarter, three sites with contracts, delivery charges, reserves and demand response, 35,040 intervals a
year. Prices are made here: each hour of a published year is split into four quarter-hours around the same mean, by a
fixed seed and site by site, and the hourly file is the mean of them again. The same case is solved on both.

What is promised: operations and build (everything that is computed from prices before a solver sees the case) take
less than three seconds, and the mixed-integer program has the same rows and columns as the hourly one. This ends with
an error if the second does not hold; the first is printed, since machines differ.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import statistics
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from optimizer import api

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tests" / "data" / "ercot_da_lz_houston_2025.csv.gz"
SEED = 20260101
SITES = ("block", "election", "spot")
PROMISED_SECONDS = 3.0
STAGES = ("read", "operations and build", "HiGHS", "whole solve")
FILES = {"hourly": ("hours.csv", 60), "quarter-hours": ("quarter_hours.csv", 15)}


def write_prices(folder: Path) -> None:
    """Both files: a column of prices for each site, and one of reserves."""
    with gzip.open(SOURCE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [datetime.fromisoformat(row["timestamp_utc"].replace("Z", "+00:00")) for row in rows]
    hourly = np.array([float(row["LZ_HOUSTON"]) for row in rows])
    draw = np.random.default_rng(SEED)
    columns = []
    for number in range(len(SITES)):
        level = hourly * (1 + 0.05 * number) + draw.normal(0, 2, len(hourly))
        # A wobble that grows with the price, without changing the mean of the hour.
        wobble = draw.normal(0, 1, (len(hourly), 4)) * (1 + 0.15 * np.abs(level))[:, None]
        columns.append(level[:, None] + wobble - wobble.mean(axis=1, keepdims=True))
    columns.append(np.abs(draw.normal(0, 3, (len(hourly), 4))))
    head = ",".join(["timestamp_utc", *SITES, "reserve"])
    for name, minutes in FILES.values():
        parts = 60 // minutes
        lines = [head]
        for hour, start in enumerate(starts):
            for part in range(parts):
                when = (start + timedelta(minutes=minutes * part)).strftime("%Y-%m-%dT%H:%MZ")
                here = [column[hour].reshape(parts, -1).mean(axis=1) for column in columns]
                lines.append(",".join([when, *(f"{cell[part]:.4f}" for cell in here)]))
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def case(prices: str) -> dict[str, Any]:
    """Three sites, three forms of contract, every kind of charge and of income from flexibility."""
    peaks = {"kind": "coincident_peak", "rate_usd_per_kw_year": 70, "success": 0.9}
    zone = {"file": prices, "time_zone": "America/Chicago"}
    reserves = {"kind": "ancillary", "mw": 50, "prices": zone, "columns": ["reserve"], "price_share": 0.5}
    common: dict[str, Any] = {
        "energised_mw": 200,
        "mining_shell_mw": 150,
        "mining_overhead": 1.03,
        "uptime": 0.96,
        "fleet": {
            "e30": {"ph_s": 1000, "bought": "2022-06"},
            "e21": {"ph_s": 2000, "bought": "2023-06"},
            "e15": {"ph_s": 1500, "bought": "2024-09"},
        },
    }
    sites: dict[str, Any] = {
        "block": {
            "contracts": {"ppa": {"kind": "fixed_block", "mw": 80, "price_usd_per_mwh": 32, "until": "2030-12"}},
            "delivery": {"four_cp": peaks},
        },
        "election": {
            "contracts": {
                "ppa": {"kind": "monthly_election", "mw": 80, "price_usd_per_mwh": 34, "least": 0.2, "until": "2029-06"}
            },
            "delivery": {"demand": {"kind": "demand", "rate_usd_per_kw_month": 3, "ratchet": 0.8}},
        },
        "spot": {
            "delivery": {"four_cp": peaks},
            "flexibility": {
                "reserves": reserves,
                "response": {
                    "kind": "demand_response",
                    "mw": 20,
                    "payment_usd_per_kw_month": 4,
                    "events_per_year": 6,
                },
            },
        },
    }
    power = {"adder_usd_per_mwh": 3, "resale_fee_usd_per_mwh": 1}
    return {
        "case": "Prices of fifteen minutes",
        "horizon": {"start": "2026-01", "steps": ["40 quarters"]},
        "discount": {"hosting": 0.1, "mining": 0.14, "corporate": 0.12},
        "market": {
            "power": {name: {**zone, "column": name, "growth": 0.02} for name in SITES},
            "network": {"btc_usd": 100_000, "hashrate_eh_s": 1_000, "hashrate_growth": 0.08, "btc_growth": 0.06},
        },
        "machines": {
            "e30": {"efficiency_j_per_th": 30, "life": "5 years"},
            "e21": {"efficiency_j_per_th": 21.5, "life": "5 years"},
            "e15": {"efficiency_j_per_th": 15, "life": "5 years"},
            "e11": {
                "efficiency_j_per_th": 11,
                "life": "5 years",
                "price_usd_per_th": 18,
                "buy": {
                    "window": {"from": "2026-01", "to": "2028-12"},
                    "delivery": "3 months",
                    "sites": list(SITES),
                    "max_ph_s_per_step": 1500,
                },
            },
        },
        "sites": {name: {"power": {"market": name, **power}, **common, **sites[name]} for name in SITES},
        "finance": {
            "opening": {"cash_usd_m": 200, "shares_m": 100, "share_price_usd": 5, "sga_usd_m_per_quarter": 3},
        },
    }


def measure(folder: Path, prices: str) -> dict[str, float]:
    """One solve: seconds by stage, and the size of the program."""
    place = folder / f"{Path(prices).stem}.yaml"
    place.write_text(yaml.safe_dump(case(prices), sort_keys=False), encoding="utf-8")
    loaded = api.load(place)
    before, watch = api.Stopwatch(), api.Stopwatch()
    api.prepare(loaded, watch=before)
    options = api.SolveOptions(relative_gap=1e-4, time_limit_seconds=120)
    solution = api.solve(loaded, options, twins=False, watch=watch).solution
    return {
        "read": before.seconds["read"],
        "operations and build": before.seconds["operations"] + before.seconds["build"],
        "HiGHS": solution.seconds,
        "whole solve": sum(watch.seconds.values()),
        "rows": solution.rows,
        "columns": solution.columns,
        "value": solution.value_usd_m,
    }


def main() -> None:
    """Measure both, print, and insist on equal programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    print("| prices | intervals a year | rows x columns | " + " | ".join(STAGES) + " | value, $m |")
    print("|" + "---|" * 8)
    sizes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_prices(folder)
        for label, (prices, minutes) in FILES.items():
            runs = [measure(folder, prices) for _ in range(repeats)]
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            sizes.append((middle["rows"], middle["columns"]))
            seconds = [f"{middle[stage]:.2f}" for stage in STAGES]
            size = f"{middle['rows']:,.0f} x {middle['columns']:,.0f}"
            cells = [label, f"{8760 * 60 // minutes:,}", size, *seconds, f"{middle['value']:,.2f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
    kept = "kept" if middle["operations and build"] < PROMISED_SECONDS else "MISSED"
    print(f"\noperations and build under {PROMISED_SECONDS:g} s: {kept}")
    if len(set(sizes)) != 1:
        raise SystemExit(f"the programs differ in size: {sizes}")


if __name__ == "__main__":
    main()
