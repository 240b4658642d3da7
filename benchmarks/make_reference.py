"""Writes the reference case of the benchmarks: a made-up but plausible company, always the same.

    python -m benchmarks.make_reference

Dollar values mean nothing; sizes do: 40 quarters, 3 sites, 5 machine types, 12 hosting offers with 24 steps of
signature each, 17 blocks of power that can be signed, 24 dates of convertible notes and of loans. Two years of hourly
day-ahead prices of three hubs lie beside it. The seed is fixed, and the files are checked in, so that speed is always
measured on the same work. ``case`` takes variants: a spread between buying and selling power, years after 12 quarters.

What case files cannot say is left out or put differently: hosting income counts in EBITDA from the first rent and not
from signing, so the covenant on it begins after three years; convertible notes are two programmes, of the first and of
the last three years, of 800 each; a block's signing cost is posted and returned, not spent, and no more can be signed
than the machines and halls of that day draw; at most 900 of loans are drawn in all, not at a time; shells come in lots
of 12.5 MW; machines live five years and only the two newest types are sold new; a loan is valued at its own rate, and
what notes give away is an option, not nothing; rents do not fall with the date of signing; wires are a cost of machines
(tenants pay theirs), since power of a contract comes without.
"""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "reference"
PRICES = "ercot_da_2024_2025.csv.gz"
POWER_GROWTH = 0.02
START_YEAR = 2025
SITES: dict[str, dict[str, Any]] = {
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
HALF_SINE = {4: [1, 2.4, 2.4, 1], 5: [1, 2.6, 3.2, 2.6, 1], 6: [1, 2.7, 3.7, 3.7, 2.7, 1]}
"""Capex by quarter of the lead."""
RENT_FALLS = 0.004
"""Of each quarter of delay in signing."""
BLOCK_PRICES = {"west": 0.97, "north": 1.01, "houston": 0.985}
"""Price of a signable block over the mean spot price of its term."""
SHELL_LOT_MW = 12.5
HALVINGS = ("2028-04-01", "2032-04-01")
"""The hash rate falls with them, so that the path of the hashprice does not."""


def network_rows() -> list[str]:
    """Hashprice 40 USD/PH/day, x 0.985 x 1.012 a quarter, x 0.62 at quarters 9 and 25, as price and hash rate."""
    rows = ["month,btc_usd,hashrate_eh_s"]
    for month in range(121):
        quarter = month // 3
        hashprice = 40 * (0.985 * 1.012) ** quarter * (0.62 if quarter >= 8 else 1) * (0.62 if quarter >= 24 else 1)
        btc = 95_000 * 1.02**quarter
        halved = sum(f"{2025 + month // 12}-{month % 12 + 1:02d}" >= day[:7] for day in HALVINGS)
        hashrate = 144 * 3.125 / 2**halved * btc / (hashprice * 1000)
        rows.append(f"{2025 + month // 12}-{month % 12 + 1:02d},{btc:.2f},{hashrate:.4f}")
    return rows


def mean_prices() -> dict[str, float]:
    """Mean of the price file by site, USD per MWh."""
    with gzip.open(FOLDER / PRICES, mode="rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: sum(float(row[site["hub"]]) for row in rows) / len(rows) for name, site in SITES.items()}


def blocks(site: str, mean_usd_per_mwh: float) -> dict[str, object]:
    """Signable blocks of a site: a date every four quarters, each at its share of the mean price of its five years."""
    result: dict[str, object] = {}
    for year in range(START_YEAR, START_YEAR + 6):
        if f"{year}-01" < SITES[site]["from"]:
            continue
        level = sum((1 + POWER_GROWTH) ** (year - START_YEAR + k) for k in range(5)) / 5
        result[f"block_{year}"] = {
            "terms": {
                "kind": "fixed_block",
                "mw": SITES[site]["mw"],
                "price_usd_per_mwh": round(BLOCK_PRICES[site] * mean_usd_per_mwh * level, 3),
                "assignable_to_hosting": True,
            },
            "sign": {"from": f"{year}-01", "to": f"{year}-01"},
            "tenor": "5 years",
            "least_mw": 50,
            "credit_support_usd_m_per_mw": 0.01,
        }
    return result


def sites(buy_adder: float, resale_fee: float) -> dict[str, Any]:
    """The three sites: power, buildings, machines, blocks of power to sign."""
    means = mean_prices()
    result: dict[str, Any] = {}
    for name, site in SITES.items():
        result[name] = {
            "power": {
                "market": name,
                "adder_usd_per_mwh": buy_adder,
                "resale_fee_usd_per_mwh": resale_fee,
            },
            "energised_mw": {site["from"]: site["mw"]},
            "mining_shell_mw": site["shell"],
            "variable_cost_usd_per_mwh": 5.0,
            "fleet": {
                machine: {"ph_s": round(mw / efficiency * 1000, 3)}
                for (machine, efficiency), mw in zip(EFFICIENCIES.items(), site["installed_mw"], strict=True)
                if mw
            },
            "builds": {
                "mine": {
                    "window": {"from": site["from"] if site["from"] > "2025" else "2025-01", "to": "2030-12"},
                    "lead": "3 months",
                    "mining_shell_mw": SHELL_LOT_MW,
                    "cost_usd_m": 0.40 * SHELL_LOT_MW,
                    "max": int((site["mw"] - site["shell"]) // SHELL_LOT_MW),
                }
            },
            "contract_offers": blocks(name, means[name]),
        }
    return result


def offers() -> dict[str, Any]:
    """Four offers of halls a site."""
    seed = random.Random(20260101)
    result: dict[str, Any] = {}
    for name, site in SITES.items():
        for number, (rent, capex, lead, least, most, signing) in enumerate(OFFERS):
            fits = int(site["mw"] // (25 * 1.3))
            rate = round((rent + seed.uniform(-0.05, 0.05)) * 1000 / 12, 3)
            cost = round(capex + seed.uniform(-0.3, 0.3), 3)
            result[f"{name}_{number + 1}"] = {
                "sites": [name],
                "takes": "free_power" if number % 2 == 0 else "mining_shell",
                "hall_mw_it": 25,
                "gross_per_it": 1.3,
                "pue": 1.2,
                "utilisation": 0.85,
                "halls": {"min": least, "max": max(least, min(most, fits))},
                "sign": {"from": "2025-01", "to": "2030-12"},
                "lead": f"{lead} quarters",
                "rate_usd_per_kw_month": rate,
                "escalator": 0.02,
                "term": "10 years",
                "capex_usd_m_per_mw_it": cost,
                "capex_shares": HALF_SINE[lead],
                "signing_cost_usd_m": signing,
                "power": {"paid_by": "tenant"},
                "residual_usd_m_per_mw_it": round(0.2 * cost, 3),
            }
    return result


def machines(places: list[str]) -> dict[str, Any]:
    """Five types, the two newest of them sold new at all ``places``."""
    result: dict[str, Any] = {
        name: {
            "efficiency_j_per_th": efficiency,
            "life": "5 years",
            "price_usd_per_th": PRICES_USD_PER_TH[name],
            "price_growth": round(0.985**4 - 1, 6),
            "price_follows_hashprice": 0.5,
            "move_usd_per_th": round(0.02 * efficiency, 3),
            "movable_to": places,
            "resale": {"share": 0.6, "tiers": [{"ph_s_per_quarter": 5000, "factor": 1.0}]},
        }
        for name, efficiency in EFFICIENCIES.items()
    }
    for name in ("e15", "e11"):
        result[name]["buy"] = {
            "window": {"from": "2026-01" if name == "e11" else "2025-01", "to": "2030-12"},
            "delivery": "3 months",
            "sites": places,
            "max_ph_s_per_step": 5000,
        }
    return result


def facilities() -> dict[str, object]:
    """Loans, convertible notes, a line on bitcoin, shares."""
    notes: dict[str, object] = {
        "kind": "convertible",
        "limit_usd_m": 800,
        "least_usd_m": 150,
        "rate": 0.03,
        "fee": 0.025,
        "term": "5 years",
        "interest_every": "3 months",
        "premium": 0.30,
        "straight_rate": 0.12,
        "volatility": 0.5,
    }
    return {
        "notes_one": {**notes, "window": {"from": "2025-01", "to": "2027-12"}},
        "notes_two": {**notes, "window": {"from": "2028-01", "to": "2030-12"}},
        "loan": {
            "kind": "term_loan",
            "window": {"from": "2025-01", "to": "2030-12"},
            "limit_usd_m": 900,
            "least_usd_m": 25,
            "fixed_cost_usd_m": 1.5,
            "rate": 0.10,
            "term": "5 years",
            "interest_every": "3 months",
        },
        "coin_line": {
            "kind": "btc_line",
            "window": {"from": "2025-01", "to": "2034-12"},
            "limit_usd_m": 200,
            "rate": 0.12,
            "ltv_at_draw": 0.5,
            "ltv_call": 0.7,
            "stress": 0.28,
        },
        "atm": {
            "kind": "equity",
            "window": {"from": "2025-01", "to": "2030-12"},
            "limit_usd_m": 1440,
            "limit_usd_m_per_step": 60,
            "cost": 0.08,
        },
    }


def case(*, spread: bool = False, years: bool = False) -> dict[str, Any]:
    """The case as plain data.

    ``spread``: power is bought at spot + 2.5 and sold again at spot - 1, in place of one price. ``years``: decisions in
    12 quarters and 7 years, in place of 40 quarters.
    """
    return {
        "case": "Reference case for benchmarks (made up)",
        "schema_version": 1,
        "horizon": {"start": "2025-01", "steps": ["12 quarters", "7 years"] if years else ["40 quarters"]},
        "discount": {"hosting": 0.12, "mining": 0.12, "corporate": 0.12},
        "market": {
            "power": {
                name: {
                    "file": PRICES,
                    "column": site["hub"],
                    "time_zone": "America/Chicago",
                    "growth": POWER_GROWTH,
                }
                for name, site in SITES.items()
            },
            "network": {
                "path": "network.csv",
                "btc_usd": 95_000,
                "hashrate_eh_s": 1068.75,
                "halvings": list(HALVINGS),
                "pool_fee": 0.01,
            },
        },
        "machines": machines(list(SITES)),
        "sites": sites(2.5, 1.0) if spread else sites(0.0, 0.0),
        "offers": offers(),
        "finance": {
            "opening": {
                "cash_usd_m": 150,
                "btc": 2000,
                "shares_m": 300,
                "share_price_usd": 8,
                "sga_usd_m_per_quarter": 8,
            },
            "cash_yield": 0.04,
            "facilities": facilities(),
            "limits": {"min_cash_usd_m": 40, "net_debt_to_ebitda": {"limit": 5, "from": "2028-01"}},
            "treasury": {"policy": "sell_to_fund"},
        },
    }


def write(folder: Path, data: dict[str, Any]) -> None:
    """Write the files of a case beside which the price file already lies, or to which it is copied."""
    folder.mkdir(exist_ok=True)
    if not (folder / PRICES).exists():
        (folder / PRICES).write_bytes((FOLDER / PRICES).read_bytes())
    text = yaml.safe_dump(data, sort_keys=False, width=110)
    header = "# Made by benchmarks/make_reference.py; change that, not this.\n"
    (folder / "case.yaml").write_text(header + text, encoding="utf-8", newline="\n")
    (folder / "network.csv").write_text("\n".join(network_rows()) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Write the case file and the network file; the price file is checked in and stays as it is."""
    write(FOLDER, case())


if __name__ == "__main__":
    main()
