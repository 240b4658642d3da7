"""Small cases by hand, and the road that every one of them takes: solved, written, audited, audited again, read back.

`case_data` makes a whole case as plain data, with a price file that follows a formula. Numbers are never computed here.
"""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from optimizer import api
from tests.math.builder import EXACT

# 144 x 3.125 x 96,000 / (900 x 1000) = 48 $/PH/s/day; at 16 J/TH and an overhead of 1.25 a PH/s draws 20 kW, so that
# a MWh at the meter is worth 48 / 24 * 1000 / (16 * 1.25) = 100 $, and 50,000 PH/s draw 1,000 MW.
CASE: dict[str, Any] = {
    "case": "By hand",
    "horizon": {"start": "2025-01", "steps": ["4 quarters"]},
    "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0},
    "market": {
        "power": {"hub": {"file": "prices.csv", "time_zone": "UTC"}},
        "network": {"btc_usd": 96000, "hashrate_eh_s": 900, "subsidy_btc": 3.125},
    },
    "machines": {"m16": {"efficiency_j_per_th": 16}},
    "sites": {
        "one": {
            "power": {"market": "hub"},
            "energised_mw": 1000,
            "mining_shell_mw": 1000,
            "mining_overhead": 1.25,
        }
    },
    "finance": {
        "opening": {"cash_usd_m": 0, "shares_m": 100, "share_price_usd": 1, "sga_usd_m_per_quarter": 0},
        "limits": {"min_cash_usd_m": -10000},
    },
}

# One hall of 10 MW IT reserves 15 MW, uses 9.6 MW and brings 1 USD m a month for two years, three months after signing.
OFFER: dict[str, Any] = {
    "sites": ["one"],
    "takes": "free_power",
    "hall_mw_it": 10,
    "gross_per_it": 1.5,
    "pue": 1.2,
    "utilisation": 0.8,
    "halls": {"min": 1, "max": 1},
    "sign": {"from": "2025-01", "to": "2025-01"},
    "lead": "3 months",
    "rate_usd_per_kw_month": 100,
    "term": "24 months",
    "capex_usd_m_per_mw_it": 0,
    "power": {"paid_by": "tenant"},
}

MINE = {"sites.one.fleet": {"m16": {"ph_s": 50000}}}
"""Machines that draw 1,000 MW: a dollar per MW and hour is 0.001 USD m an hour."""

Price = Callable[[datetime], float]


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with other values by dotted path; None takes an entry away."""
    new = copy.deepcopy(dict(base))
    for dotted, value in changes.items():
        *way, last = dotted.split(".")
        place = new
        for key in way:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(value)
    return new


def case_data(changes: Mapping[str, Any] | None = None, **offers: Mapping[str, Any]) -> dict[str, Any]:
    """The case above with changes by dotted path, and offers by name as changes to the one above."""
    whole = changed(CASE, changes or {})
    if offers:
        whole["offers"] = {name: changed(OFFER, terms) for name, terms in offers.items()}
    return whole


def flat(usd_per_mwh: float) -> Price:
    return lambda _: usd_per_mwh


def daily(hours: Mapping[int, float], otherwise: float = 1000.0) -> Price:
    """The same prices every day, by hour of the day in UTC."""
    return lambda at: hours.get(at.hour, otherwise)


FLAT_50 = flat(50)


@cache
def _hours() -> tuple[tuple[datetime, str], ...]:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    times = [begin + timedelta(hours=h) for h in range(-24, 8760 + 24)]
    return tuple((at, f"{at:%Y-%m-%dT%H:%MZ}") for at in times)


def write_prices(folder: Path, price: Price, name: str = "prices.csv") -> None:
    """Every hour of 2025 and of a day before and after, in UTC (the day is there for other time zones)."""
    lines = "".join(f"{text},{price(at):.10g}\n" for at, text in _hours())
    (folder / name).write_text("timestamp_utc,price\n" + lines, encoding="utf-8")


@dataclass(frozen=True)
class Solved:
    """A case that was solved, written, audited and read back."""

    folder: Path
    result: api.Result

    @property
    def value(self) -> float:
        return self.result.solution.value_usd_m

    def rows(self, table: str, **where: str) -> list[dict[str, Any]]:
        """Rows of a table as written, numbers as numbers, empty cells as None; only those whose cells are these."""
        with (self.folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            found = list(csv.DictReader(stream))
        return [
            {key: _cell(text) for key, text in row.items()}
            for row in found
            if all(row[key] == text for key, text in where.items())
        ]

    def column(self, table: str, name: str, **where: str) -> list[Any]:
        return [row[name] for row in self.rows(table, **where)]

    def component(self, name: str) -> float:
        """A row of value.csv, in all."""
        [total] = self.column("value", "total_usd_m", component=name)
        return float(total)

    def decided(self) -> list[tuple[str, str, str, float]]:
        """(date, decision, item, amount) in order."""
        return [
            (str(r["date"]), str(r["decision"]), str(r["item"]), float(r["amount"])) for r in self.rows("decisions")
        ]


def _cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None


def load(folder: Path, data: Mapping[str, Any], price: Price = FLAT_50, **more: Any) -> api.LoadedCase:
    """Write the prices of a case and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "prices.csv").exists():
        write_prices(folder, price)
    return api.case_from_data(data, folder, **more)


def solve_case(folder: Path, data: Mapping[str, Any], price: Price = FLAT_50, *, twins: bool = False) -> Solved:
    """Solve a case, write its plan (which is audited on the way), audit it again as it lies there."""
    result = api.solve(load(folder, data, price), EXACT, twins=twins)
    plan = folder / "plan"
    assert result.write(plan).passed
    report = api.audit(plan)
    assert report.passed, [str(finding) for finding in report.findings]
    written = api.read_plan(plan)
    assert abs(written.summary["value_usd_m"] - result.solution.value_usd_m) <= 1e-6
    assert abs(report.value_usd_m - result.solution.value_usd_m) <= 1e-6 * max(1.0, abs(report.value_usd_m))
    return Solved(plan, result)
