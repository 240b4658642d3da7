"""Writes the reference case of the benchmarks: a made-up but plausible company, always the same.

    python -m benchmarks.make_reference

Dollar values mean nothing; sizes do: 40 quarters, 3 sites, 5 machine types, 12 hosting offers with 24 steps of
signature each. Two years of hourly day-ahead prices of three hubs lie beside it. The seed is fixed, and the files are
checked in, so that speed is always measured on the same work.
"""

from __future__ import annotations

import random
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "reference"
SITES = {
    "west": {"mw": 207, "shell": 160, "from": "2024-01", "installed_mw": [60, 40, 40, 0, 0], "hub": "HB_WEST"},
    "north": {"mw": 300, "shell": 220, "from": "2024-01", "installed_mw": [40, 60, 80, 0, 0], "hub": "HB_NORTH"},
    "houston": {"mw": 150, "shell": 0, "from": "2026-01", "installed_mw": [0, 0, 0, 0, 0], "hub": "HB_HOUSTON"},
}
EFFICIENCIES = {"e30": 30.0, "e21": 21.5, "e17": 17.5, "e15": 15.0, "e11": 11.0}
PRICES_USD_PER_TH = {"e30": 2.5, "e21": 6.0, "e17": 13.0, "e15": 17.0, "e11": 22.0}
OFFERS = [  # rent in USD m per MW and year, capex, lead in quarters, halls min, max, signing cost
    (2.30, 9.6, 4, 2, 8, 8),
    (2.42, 10.4, 5, 1, 4, 6),
    (2.60, 11.2, 6, 2, 6, 10),
    (2.36, 9.9, 5, 1, 3, 5),
]


def network_rows() -> list[str]:
    """Hashprice 40 USD/PH/day, x 0.985 x 1.012 a quarter, x 0.62 at quarters 9 and 25, as price and hash rate."""
    rows = ["month,btc_usd,hashrate_eh_s"]
    for month in range(121):
        quarter = month // 3
        hashprice = 40 * (0.985 * 1.012) ** quarter * (0.62 if quarter >= 8 else 1) * (0.62 if quarter >= 24 else 1)
        btc = 95_000 * 1.02**quarter
        hashrate = 144 * 3.125 * btc / (hashprice * 1000)
        rows.append(f"{2025 + month // 12}-{month % 12 + 1:02d},{btc:.2f},{hashrate:.4f}")
    return rows


def case() -> dict[str, object]:
    """The case as plain data."""
    seed = random.Random(20260101)
    sites: dict[str, object] = {}
    offers: dict[str, object] = {}
    for name, site in SITES.items():
        fleet = {
            machine: {"ph_s": round(mw / efficiency * 1000, 3)}
            for (machine, efficiency), mw in zip(EFFICIENCIES.items(), site["installed_mw"], strict=True)
            if mw
        }
        sites[name] = {
            "power": {"market": name, "adder_usd_per_mwh": 4.0},
            "energised_mw": {site["from"]: site["mw"]},
            "mining_shell_mw": site["shell"],
            "variable_cost_usd_per_mwh": 1.0,
            "fleet": fleet,
            "builds": {
                "mine": {
                    "window": {"from": "2025-01", "to": "2033-12"},
                    "lead": "3 months",
                    "mining_shell_mw": 25,
                    "cost_usd_m": 10,
                    "max": int((site["mw"] - site["shell"]) // 25),
                }
            },
        }
        if sites[name]["builds"]["mine"]["max"] == 0:
            del sites[name]["builds"]
        for number, (rent, capex, lead, least, most, signing) in enumerate(OFFERS):
            fits = int(site["mw"] // (25 * 1.3))
            offers[f"{name}_{number + 1}"] = {
                "sites": [name],
                "takes": "free_power" if number % 2 == 0 else "mining_shell",
                "hall_mw_it": 25,
                "gross_per_it": 1.3,
                "pue": 1.2,
                "utilisation": 0.85,
                "halls": {"min": least, "max": max(least, min(most, fits))},
                "sign": {"from": "2025-01", "to": "2030-12"},
                "lead": f"{lead} quarters",
                "rate_usd_per_kw_month": round((rent + seed.uniform(-0.05, 0.05)) * 1000 / 12, 3),
                "escalator": 0.02,
                "term": "10 years",
                "capex_usd_m_per_mw_it": round(capex + seed.uniform(-0.3, 0.3), 3),
                "capex_shares": [1, 2, 2, 1],
                "signing_cost_usd_m": signing,
                "power": {"paid_by": "tenant"},
                "residual_usd_m_per_mw_it": 2.0,
            }
    machines = {
        name: {
            "efficiency_j_per_th": efficiency,
            "life": "5 years",
            "price_usd_per_th": PRICES_USD_PER_TH[name],
            "price_growth": -0.06,
            "price_follows_hashprice": 0.5,
            "move_usd_per_th": round(0.02 * efficiency, 3),
            "movable_to": list(SITES),
            "resale": {"share": 0.6, "tiers": [{"ph_s_per_quarter": 5000, "factor": 1.0}]},
        }
        for name, efficiency in EFFICIENCIES.items()
    }
    for name in ("e15", "e11"):
        machines[name]["buy"] = {
            "window": {"from": "2026-01" if name == "e11" else "2025-01", "to": "2030-12"},
            "delivery": "3 months",
            "sites": list(SITES),
            "max_ph_s_per_step": 5000,
        }
    return {
        "case": "Reference case for benchmarks (made up)",
        "schema_version": 1,
        "horizon": {"start": "2025-01", "steps": ["40 quarters"]},
        "discount": {"hosting": 0.12, "mining": 0.12, "corporate": 0.12},
        "market": {
            "power": {
                name: {
                    "file": "ercot_da_2024_2025.csv.gz",
                    "column": site["hub"],
                    "time_zone": "America/Chicago",
                    "growth": 0.02,
                }
                for name, site in SITES.items()
            },
            "network": {"path": "network.csv", "btc_usd": 95_000, "hashrate_eh_s": 1068.75, "pool_fee": 0.01},
        },
        "machines": machines,
        "sites": sites,
        "offers": offers,
        "finance": {
            "opening": {
                "cash_usd_m": 150,
                "btc": 2000,
                "shares_m": 300,
                "share_price_usd": 5,
                "sga_usd_m_per_quarter": 8,
            },
            "cash_yield": 0.04,
            "facilities": {
                "loan": {
                    "kind": "term_loan",
                    "window": {"from": "2025-01", "to": "2030-12"},
                    "limit_usd_m": 900,
                    "rate": 0.10,
                    "fee": 0.02,
                    "term": "5 years",
                    "interest_every": "3 months",
                },
                "atm": {
                    "kind": "equity",
                    "window": {"from": "2025-01", "to": "2030-12"},
                    "limit_usd_m": 1440,
                    "limit_usd_m_per_step": 60,
                    "cost": 0.08,
                },
            },
            "limits": {"min_cash_usd_m": 40},
            "treasury": {"policy": "sell_to_fund"},
        },
    }


def main() -> None:
    """Write the case file and the network file; the price file is checked in and stays as it is."""
    FOLDER.mkdir(exist_ok=True)
    text = yaml.safe_dump(case(), sort_keys=False, width=110)
    header = "# Made by benchmarks/make_reference.py; change that, not this.\n"
    (FOLDER / "case.yaml").write_text(header + text, encoding="utf-8", newline="\n")
    (FOLDER / "network.csv").write_text("\n".join(network_rows()) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
