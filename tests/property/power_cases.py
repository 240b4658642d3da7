"""Random sites whose hours are tied in every way, on made-up prices: what the properties of power are tried on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from optimizer import api
from tests.hourly.builder import CASE, LEASE, OPERATIONS, changed, component, market, write_prices

Data = dict[str, Any]

EXACT = api.SolveOptions(relative_gap=1e-9)


def few(examples: int) -> settings:
    """The same examples in every run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        # A case is a number of its own: there is no smaller one to look for.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


def price(at: datetime) -> float:
    """Dear evenings, cheap nights, calm Sundays, a scarce hour now and then; no two hours alike."""
    day = at.timetuple().tm_yday
    if day % 9 == 4 and at.hour == 18:
        return 400.0 + day
    swing = 42 * math.sin((at.hour - 11) / 24 * 2 * math.pi) * (0.4 if at.weekday() == 6 else 1.0)
    return 70 + swing + 8 * math.sin(day * 1.7) + 0.01 * at.hour - 45 * (day % 11 == 3) * (at.hour < 6)


def sun(at: datetime) -> float:
    return max(0.0, math.sin((at.hour - 5.5) / 13 * math.pi)) * (0.7 + 0.3 * math.sin(at.day * 2.1))


def reserve(at: datetime) -> float | None:
    return None if at.hour == 3 else 4 + 3 * math.sin(at.day + at.hour / 3)


FILES: Mapping[str, Any] = {
    "prices": price,
    "ahead": lambda at: 0.8 * price(at) + 12 + 5 * math.cos(at.hour),
    "sun": sun,
    "reserves": {"regulation": reserve, "spinning": lambda at: 9.0 if at.hour in (17, 18, 19) else 0.5},
}

BASE: Data = changed(
    CASE,
    {
        "horizon": {"start": "2025-06", "steps": ["2 months"]},
        "discount": {"hosting": 0.09, "mining": 0.15, "corporate": 0.1},
        "market.power.ahead": market("ahead"),
        "sites.one.uptime": 0.96,
        "sites.one.variable_cost_usd_per_mwh": 0.5,
        "sites.one.fleet": {"m16": {"ph_s": 20000}, "m20": {"ph_s": 18000}},
    },
)

HALVES = {"sites.one.share": 0.5}


def every_file(folder: Path) -> Path:
    """A folder with all files that the cases below name."""
    write_prices(folder, FILES)
    return folder


def contract(draw: np.random.Generator, kind: str) -> Data:
    """A contract of a kind with figures at random."""

    def number(low: float, high: float) -> float:
        return round(float(draw.uniform(low, high)), 3)

    mw = number(60, 500)
    until = ["2030-12", "2025-07-12"][int(draw.random() < 0.3)]
    resale: Any = ["spot", "none", {"share": number(0.4, 0.9)}][int(draw.integers(3))]
    hours = ["7x24", "5x16", "7x16", "7x8"][int(draw.integers(4))]
    terms: dict[str, Data] = {
        "fixed_block": {"price_usd_per_mwh": number(30, 90), "resale": resale, "hours": hours},
        "monthly_election": {
            "price_usd_per_mwh": {"2025-01": number(40, 90), "2025-07": number(40, 90)},
            "resale": resale,
            "least": number(0, 0.4),
            "most": number(0.5, 1),
        },
        "swing": {"price_usd_per_mwh": number(40, 90)},
        "heat_rate": {"mmbtu_per_mwh": 8, "gas_usd_per_mmbtu": number(4, 10), "adder_usd_per_mwh": number(-2, 4)},
        "generation": {
            "cost_usd_per_mwh": number(10, 70),
            "export": ["spot", "none"][int(draw.integers(2))],
            "hours": hours,
        },
    }
    return {"kind": kind, "mw": mw, "until": until} | terms[kind]


KINDS = ("fixed_block", "monthly_election", "swing", "heat_rate", "generation")


def random_power(seed: int, *, takes: bool = True, peaks: bool = True) -> Data:
    """A site with up to two contracts and half of everything else."""
    draw = np.random.default_rng(seed)

    def number(low: float, high: float) -> float:
        return round(float(draw.uniform(low, high)), 3)

    def sometimes(share: float = 0.4) -> bool:
        return bool(draw.random() < share)

    power = {
        "market": "hub",
        "adder_usd_per_mwh": number(0, 6),
        "losses": number(0, 0.04),
        "cap_usd_per_mwh": number(120, 300),
        "floor_usd_per_mwh": 12,
        "resale_fee_usd_per_mwh": number(0, 3),
    }
    if sometimes():
        power["split"] = {"market": "ahead", "share": number(0.2, 0.6)}
    site: Data = {"power": power, "contracts": {}, "flexibility": {}, "delivery": {}, "interruptions": {}}
    kinds = draw.choice(KINDS, int(draw.integers(0, 3)), replace=False).tolist()
    halls = sometimes()
    for place, kind in enumerate(kinds):
        site["contracts"][f"c{place}"] = contract(draw, kind) | {"assignable_to_hosting": halls}
    if sometimes(0.3):
        site["contracts"]["swap"] = contract(draw, "fixed_block") | {"settles_at": "ahead"}
    if takes and sometimes(0.3):
        site["contracts"]["take"] = {
            "kind": "minimum_take",
            "mw": 650,
            "share": number(0.5, 0.95),
            "over": ["month", "quarter"][int(draw.integers(2))],
            "shortfall_usd_per_mwh": number(3, 40),
            "until": "2030-12",
        }
    if sometimes():
        site["flexibility"]["reserve"] = {
            "kind": "ancillary",
            "mw": number(100, 500),
            "prices": market("reserves"),
            "columns": ["regulation", "spinning"],
            "price_share": {"2025-01": number(0.5, 1.0), "2025-07": number(0.3, 0.8)},
            "availability": 0.95,
            "deployed_share": 0.05,
            "deployment_cost_usd_per_mwh": 20,
        }
    if sometimes():
        site["flexibility"]["response"] = {
            "kind": "demand_response",
            "mw": number(100, 500),
            "payment_usd_per_kw_month": number(0.1, 2),
            "events_per_year": 40,
            "hours_per_event": 3.5,
        }
    if peaks and sometimes():
        site["delivery"]["peaks"] = {
            "kind": "coincident_peak",
            "rate_usd_per_kw_year": number(10, 60),
            "success": number(0.5, 1),
        }
    if sometimes():
        site["delivery"]["grid"] = {"kind": "demand", "rate_usd_per_kw_month": number(2, 15), "ratchet": 0.7}
    if sometimes(0.3):
        site["interruptions"]["utility"] = {"events_per_year": 30, "hours_per_event": 3}
    data = changed(BASE, {f"sites.one.{name}": part for name, part in site.items()})
    if sometimes():
        data["leases"] = {
            "tenant": changed(LEASE, {"it_mw": number(50, 250), "power.paid_by": "operator", "term": "3 years"})
        }
    return data


def powers(**without: bool) -> st.SearchStrategy[Data]:
    """Figures that have nothing to do with each other, which hypothesis alone would seldom try."""
    return st.integers(0, 2**20).map(lambda seed: random_power(seed, **without))


def solve(data: Mapping[str, Any], folder: Path) -> api.Result:
    return api.solve(api.case_from_data(data, folder), EXACT, twins=False)


def operations(result: api.Result) -> float:
    """What the hours of all sites are worth."""
    return component(result, *OPERATIONS)


def not_worse(after: api.Result, before: api.Result) -> bool:
    """A plan's value lies in [value, bound]."""
    scale = max(1.0, abs(before.solution.value_usd_m))
    return after.solution.bound_usd_m >= before.solution.value_usd_m - 1e-6 * scale
