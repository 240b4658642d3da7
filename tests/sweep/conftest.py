"""A case so small that a point takes a tenth of a second: one site, one lot, one offer, a flat year of prices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.load import LoadedCase, case_from_data

CASE: dict[str, Any] = {
    "case": "Small",
    "horizon": {"start": "2025-01", "steps": ["4 quarters"]},
    "discount": {"hosting": 0.08, "mining": 0.15, "corporate": 0.12},
    "market": {
        "power": {
            "hub": {"file": "prices.csv", "time_zone": "UTC"},
            "far": {"file": "prices.csv", "time_zone": "UTC", "scale": 0.5},
        },
        "network": {"btc_usd": 100000, "hashrate_eh_s": 900, "subsidy_btc": 3.125},
    },
    "machines": {"s20": {"efficiency_j_per_th": 20}},
    "sites": {
        "west": {
            "power": {"market": "hub", "adder_usd_per_mwh": 4},
            "energised_mw": {"2024-01": 60},
            "mining_shell_mw": 25,
            "fleet": {"s20": {"ph_s": 1000}},
        },
        "north": {"power": {"market": "far", "adder_usd_per_mwh": 6}, "energised_mw": 10},
    },
    "offers": {
        "lease": {
            "sites": ["west"],
            "takes": "free_power",
            "hall_mw_it": 10,
            "gross_per_it": 1.5,
            "pue": 1.2,
            "halls": {"min": 1, "max": 2},
            "sign": {"from": "2025-04", "to": "2025-09"},
            "lead": "3 months",
            "rate_usd_per_kw_month": 100,
            "term": "10 years",
            "capex_usd_m_per_mw_it": 5,
            "power": {"paid_by": "tenant"},
        }
    },
    "finance": {
        "opening": {"cash_usd_m": 200, "shares_m": 100, "share_price_usd": 3, "sga_usd_m_per_quarter": 0.9},
        "limits": {"min_cash_usd_m": 10},
    },
}


@cache
def price_text() -> str:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    hours = (start + timedelta(hours=h) for h in range(365 * 24))
    return "timestamp_utc,price\n" + "".join(f"{at:%Y-%m-%d %H:%M}Z,{20 + at.hour}\n" for at in hours)


Loader = Callable[..., LoadedCase]


@pytest.fixture
def load_small(tmp_path: Path) -> Loader:
    """Loads the small case, with other values by dotted path (None takes an entry away)."""

    def load(changes: dict[str, Any] | None = None) -> LoadedCase:
        (tmp_path / "prices.csv").write_text(price_text(), "utf-8")
        data = copy.deepcopy(CASE)
        for path, value in (changes or {}).items():
            *way, last = path.split(".")
            place = data
            for key in way:
                place = place.setdefault(key, {})
            if value is None:
                place.pop(last)
            else:
                place[last] = value
        return case_from_data(data, tmp_path)

    return load
