"""Cases on one site and a year of real prices: each form of contract and charge, pairs of them, ten random mixtures.

`FORMS` are changes to a base case by dotted path; `mixtures` draws several of them at once, within what a case may say:
at most three supplies beside the index, a profiled contract alone, no physical contract where machines follow a signal.
"""

from __future__ import annotations

import csv
import math
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hourly.builder import changed

DATA = Path(__file__).resolve().parents[2] / "cases" / "cipher_2025q2" / "data"
RT, DA = "ercot_rt_jul2024_jun2025.csv", "ercot_da_jul2024_jun2025.csv"
SUN, RESERVES = "sun.csv", "reserves.csv"

# 144 x 3.125 x 55,000 / (837 x 1000) = 29.6 $/PH/s/day: a MWh is worth 70, 50 and 35 $ to the three lots, so that
# ordinary hours decide. They draw 20, 25 and 15 MW; the lease uses 6 MW and more from August on.
BASE: dict[str, Any] = {
    "case": "One site, every form",
    "horizon": {"start": "2025-07", "steps": ["3 months"]},
    "discount": {"hosting": 0.08, "mining": 0.15, "corporate": 0.1},
    "market": {
        "power": {
            "rt": {"file": RT, "column": "HB_WEST", "time_zone": "America/Chicago"},
            "da": {"file": DA, "column": "HB_WEST", "time_zone": "America/Chicago"},
        },
        "network": {"btc_usd": 55000, "hashrate_eh_s": 837, "subsidy_btc": 3.125, "hashrate_growth": 0.1},
    },
    "machines": {
        "new": {"efficiency_j_per_th": 17},
        "middle": {"efficiency_j_per_th": 24},
        "old": {"efficiency_j_per_th": 34},
    },
    "sites": {
        "west": {
            "power": {"market": "rt", "adder_usd_per_mwh": 3.0, "resale_fee_usd_per_mwh": 1.0},
            "energised_mw": 100,
            "mining_shell_mw": 70,
            "mining_overhead": 1.05,
            "uptime": 0.96,
            "variable_cost_usd_per_mwh": 0.5,
            # The order of values, not the order of the case, is the order in which they run.
            "fleet": {"middle": {"ph_s": 1000}, "new": {"ph_s": 1150}, "old": {"ph_s": 420}},
        }
    },
    "leases": {
        "tenant": {
            "site": "west",
            "takes": "free_power",
            "it_mw": 10,
            "gross_per_it": 1.4,
            "pue": 1.25,
            "utilisation": 0.8,
            "first_rent": "2025-06",
            "ramp": "3 months",
            "rate_usd_per_kw_month": 100,
            "term": "5 years",
            "power": {"paid_by": "tenant"},
        }
    },
    "finance": {
        "opening": {"cash_usd_m": 100, "shares_m": 100, "share_price_usd": 1, "sga_usd_m_per_quarter": 0},
        "limits": {"min_cash_usd_m": -10000},
    },
    "given": {"otherwise": "nothing"},
}

BLOCK = {"kind": "fixed_block", "mw": 30, "price_usd_per_mwh": 32, "until": "2030-12"}
"""Less than the machines draw, so that the last of them buy at the index."""

CONTRACTS: dict[str, dict[str, Any]] = {
    "block": BLOCK,
    "block_large": BLOCK | {"mw": 90},
    "block_kept": BLOCK | {"resale": "none"},
    "block_half": BLOCK | {"resale": {"share": 0.5}, "price_usd_per_mwh": {"2025-01": 30, "2025-09": 27}},
    "block_5x16": BLOCK | {"hours": "5x16", "price_usd_per_mwh": 36},
    "block_2x16": BLOCK | {"hours": "2x16", "resale": "none"},
    "block_7x16": BLOCK | {"hours": "7x16", "resale": {"share": 0.7}},
    "block_7x8": BLOCK | {"hours": "7x8", "price_usd_per_mwh": 22, "resale": "none"},
    "block_short": BLOCK | {"from": "2025-07-11", "until": "2025-08-20"},
    "election": {
        "kind": "monthly_election",
        "mw": 40,
        "least": 0.25,
        "most": 0.9,
        "price_usd_per_mwh": 31,
        "resale": {"share": 0.8},
        "until": "2030-12",
    },
    "swing": {"kind": "swing", "mw": 25, "price_usd_per_mwh": 34, "until": "2030-12"},
    "heat_rate": {
        "kind": "heat_rate",
        "mw": 22,
        "mmbtu_per_mwh": 8,
        "gas_usd_per_mmbtu": {"2025-01": 3.2, "2025-08": 3.6},
        "adder_usd_per_mwh": 2,
        "until": "2030-12",
    },
    "generation": {"kind": "generation", "mw": 18, "cost_usd_per_mwh": 24, "export": "spot", "until": "2030-12"},
    "generation_kept": {"kind": "generation", "mw": 18, "cost_usd_per_mwh": 19, "hours": "7x16", "until": "2030-12"},
}
"""Physical contracts that can be combined."""

SUN_FILE = {"file": SUN, "time_zone": "America/Chicago"}
PROFILED: dict[str, dict[str, Any]] = {
    "sun_block": BLOCK | {"profile": SUN_FILE, "mw": 50, "price_usd_per_mwh": 25},
    "sun_kept": BLOCK | {"profile": SUN_FILE, "mw": 50, "price_usd_per_mwh": 25, "resale": "none"},
    "sun_own": {"kind": "generation", "mw": 50, "profile": SUN_FILE, "export": "spot", "until": "2030-12"},
}
TAKES: dict[str, dict[str, Any]] = {
    "take_month": {
        "kind": "minimum_take",
        "mw": 66,
        "share": 0.95,
        "over": "month",
        "shortfall_usd_per_mwh": 12,
        "until": "2030-12",
    },
    "take_year": {
        "kind": "minimum_take",
        "mw": 66,
        "share": 0.98,
        "over": "year",
        "shortfall_usd_per_mwh": 40,
        "until": "2030-12",
    },
}
ANCILLARY = {
    "kind": "ancillary",
    "mw": 28,
    "prices": {"file": RESERVES, "time_zone": "America/Chicago"},
    "columns": ["rrs", "ecrs"],
    "price_share": {"2025-01": 0.8, "2025-08": 0.6},
    "availability": 0.95,
    "deployed_share": 0.05,
    "deployment_cost_usd_per_mwh": 20,
}
RESPONSE = {"kind": "demand_response", "mw": 30, "payment_usd_per_kw_month": 0.4, "events_per_year": 40}
PEAKS = {"kind": "coincident_peak", "rate_usd_per_kw_year": 60, "success": 0.9}
DEMAND = {"kind": "demand", "rate_usd_per_kw_month": 6}

Changes = dict[str, Any]


def _contract(*names: str) -> Changes:
    every = CONTRACTS | PROFILED | TAKES
    return {f"sites.west.contracts.{name}": every[name] for name in names}


FORMS: dict[str, Changes] = {
    "index": {},
    "split": {"sites.west.power.split": {"market": "da", "share": 0.4}},
    "collar": {"sites.west.power.floor_usd_per_mwh": 15, "sites.west.power.cap_usd_per_mwh": 48},
    "tariff": {
        "sites.west.power.tariff": {
            "kind": "fixed",
            "price_usd_per_mwh": {"2025-07": 33, "2025-08": 50},
            "until": "2025-08-15",
        }
    },
    "tariff_gas": {
        "sites.west.power.tariff": {"kind": "heat_rate", "mmbtu_per_mwh": 10, "gas_usd_per_mmbtu": {"2025-01": 3.4}}
    },
    "adders": {
        "sites.west.power.adder_usd_per_mwh": {"2025-08-20": 4, "2025-09": 9},
        "sites.west.power.losses": 0.04,
        "sites.west.power.wires_usd_per_mwh": {"2025-01": 2.5},
    },
    "interruptions": {
        "sites.west.interruptions.utility": {
            "events_per_year": 30,
            "hours_per_event": 3.5,
            "from": "2025-07-10",
            "discount_usd_per_mwh": 2,
        }
    },
    "signal": {"sites.west.power.decides_on": {"market": "da", "skill": 0.3}},
    **{name: _contract(name) for name in [*CONTRACTS, *PROFILED, *TAKES]},
    "block_for_halls": {"sites.west.contracts.block": BLOCK | {"assignable_to_hosting": True}},
    "financial": {
        "sites.west.contracts.swap": BLOCK | {"settles_at": "da", "hours": "5x16", "price_usd_per_mwh": 31},
    },
    "offers": {
        "sites.west.contract_offers": {
            "term": {
                "terms": {"kind": "fixed_block", "mw": 40, "price_usd_per_mwh": 30, "resale": "none"},
                "sign": {"from": "2025-07", "to": "2025-09"},
                "tenor": "24 months",
            },
            "call": {
                "terms": {"kind": "swing", "mw": 30, "price_usd_per_mwh": 33},
                "sign": {"from": "2025-07", "to": "2025-09"},
                "tenor": "1 month",
            },
        },
        "given.contract": {"west.term": {"2025-08": 21}, "west.call": {"2025-07": 12.5}},
    },
    "reserves": {"sites.west.flexibility.as": ANCILLARY},
    "response": {"sites.west.flexibility.dr": RESPONSE},
    "peaks": {"sites.west.delivery.fourcp": PEAKS | {"opening_usd_m": 0.3, "accrued_this_year_usd_m": 0.2}},
    "peaks_in_month": {
        "sites.west.delivery.monthly": PEAKS | {"months": list(range(1, 13)), "hours": [16, 19], "billed": "in_month"}
    },
    "demand": {"sites.west.delivery.grid": DEMAND},
    "demand_ratchet": {
        "sites.west.delivery.grid": DEMAND | {"ratchet": 0.9, "contracted_mw": 20, "opening_peak_mw": 45},
    },
}
"""Changes to `BASE`, by the name of what they show."""

PAIRS = [
    ("demand", "sun_kept"),
    ("demand", "sun_own"),
    ("demand", "take_month"),
    ("demand_ratchet", "take_year"),
    ("demand", "response"),
    ("reserves", "response"),
    ("reserves", "take_month"),
    ("interruptions", "take_year"),
    ("election", "take_month"),
    ("election", "demand"),
    ("peaks", "response"),
    ("signal", "split"),
    ("signal", "reserves"),
    ("signal", "demand"),
    ("block_kept", "block_half", "swing"),
]
"""Forms that pull on the same hours, for three months."""

SIGNED: dict[str, dict[str, tuple[int, float]]] = {"offers": {"term": (1, 21.0), "call": (0, 12.5)}}
"""Contract offers signed in a form: months after the start, MW."""


def form(*names: str) -> dict[str, Any]:
    """The case of one form, or of several at once."""
    changes: Changes = {}
    for name in names:
        changes |= FORMS[name]
    return changed(BASE, changes)


def mixtures(seed: int = 2232, count: int = 10) -> dict[str, dict[str, Any]]:
    """Cases of a whole year with several forms at once, always the same for a seed.

    The seed is one whose ten hold every kind of charge and program two times or more.
    """
    draw = random.Random(seed)
    return {f"mixture_{number}": changed(BASE, _mixture(draw, number)) for number in range(count)}


def _mixture(draw: random.Random, number: int) -> Changes:
    changes: Changes = {"horizon.steps": [draw.choice(["12 months", "4 quarters"])], "case": f"Mixture {number}"}
    changes["market.power.rt.scale"] = draw.choice([0.8, 1.0, 1.3])
    kind = ["contracts", "contracts", "contracts", "profile", "signal"][number % 5]
    chosen: list[str] = []
    if kind == "contracts":
        chosen = draw.sample(list(CONTRACTS), draw.randint(1, 3))
    elif kind == "profile":
        chosen = [draw.choice(list(PROFILED))]
    take = draw.choice([None, "take_month", "take_year"]) if kind != "signal" else None
    halls = draw.random() < 0.5
    for name in chosen:
        terms = (CONTRACTS | PROFILED)[name]
        changes[f"sites.west.contracts.{name}"] = terms | {"assignable_to_hosting": halls}
    if take is not None:
        changes |= _contract(take)
    # A tariff for all time would make a split, a collar and a signal idle.
    pairs = [("split", "collar"), ("split", "adders"), ("collar", "adders"), ("tariff_gas", "adders")]
    for name in draw.choice(pairs[:3] if kind == "signal" else pairs):
        changes |= FORMS[name]
    if draw.random() < 0.4:
        changes |= FORMS["financial"]
    if kind == "signal":
        changes |= FORMS["signal"]
    if not halls or kind == "signal":
        # With a discount halls and machines pay different prices; then contracts are for machines alone.
        changes |= FORMS["interruptions"] if draw.random() < 0.6 else {}
    for name in ("reserves", "response", "peaks", "demand", "demand_ratchet"):
        if kind == "signal" and name not in ("reserves", "peaks"):
            continue
        if name == "demand" and "sites.west.delivery.grid" in changes:
            continue
        if draw.random() < 0.4:
            changes |= FORMS[name]
    return changes


def write_files(folder: Path) -> None:
    """Prices, a profile of sun and prices of reserves, all on the instants of the price files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (RT, DA):
        shutil.copyfile(DATA / name, folder / name)
    with (DATA / DA).open(encoding="utf-8", newline="") as stream:
        rows = [(row["timestamp_utc"], float(row["HB_WEST"])) for row in csv.DictReader(stream)]
    sun, reserves = ["timestamp_utc,share"], ["timestamp_utc,rrs,ecrs,unused"]
    for place, (at, price) in enumerate(rows):
        hour = int(at[11:13])
        clear = 0.6 + 0.4 * math.sin(place / 37)
        sun.append(f"{at},{max(0.0, math.sin((hour - 12) / 14 * math.pi)) * clear:.6f}")
        rrs = "" if place % 11 == 0 else f"{2 + 0.1 * max(0.0, price) + 3 * math.sin(place / 5) ** 2:.4f}"
        ecrs = "" if hour % 2 else f"{max(0.0, 0.3 * price - 6):.4f}"
        reserves.append(f"{at},{rrs},{ecrs},500")
    (folder / SUN).write_text("\n".join(sun) + "\n", encoding="utf-8")
    (folder / RESERVES).write_text("\n".join(reserves) + "\n", encoding="utf-8")


def everything() -> Mapping[str, dict[str, Any]]:
    """All cases by name."""
    pairs = {"+".join(names): form(*names) for names in PAIRS}
    return {name: form(name) for name in FORMS} | pairs | mixtures()
