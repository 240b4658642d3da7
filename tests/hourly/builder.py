"""Cases by hand for this folder, price files that repeat by the hour, and the two judges of a case.

`by_hours` asks the full linear program, `by_product` the product itself: what operations are worth is the same to both.
The product is imported where it is asked, so that the yardsticks stand without it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from optimizer.case.case import Case
from tests.hourly.full_lp import solve_hours

if TYPE_CHECKING:
    from optimizer.api import Result

OPERATIONS = ("mining", "contracts", "flexibility", "delivery")
"""Rows of value.csv that the operations of a site make."""

# 144 x 3.125 x 96,000 / (900 x 1000) = 48 $/PH/s/day: at 16 J/TH and an overhead of 1.25 a MWh at the meter is worth
# 48 / 24 * 1000 / (16 * 1.25) = 100 $ and 50,000 PH/s draw 1,000 MW; a dollar per MW and hour is 0.001 USD m.
CASE: dict[str, Any] = {
    "case": "Hours by hand",
    "horizon": {"start": "2025-01", "steps": ["1 month"]},
    "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0},
    "market": {
        "power": {"hub": {"file": "prices.csv", "time_zone": "UTC"}},
        "network": {"btc_usd": 96000, "hashrate_eh_s": 900, "subsidy_btc": 3.125},
    },
    "machines": {"m16": {"efficiency_j_per_th": 16}, "m20": {"efficiency_j_per_th": 20}},
    "sites": {
        "one": {
            "power": {"market": "hub"},
            "energised_mw": 1400,
            "mining_shell_mw": 1000,
            "mining_overhead": 1.25,
            "fleet": {"m16": {"ph_s": 50000}},
        }
    },
    "finance": {
        "opening": {"cash_usd_m": 0, "shares_m": 100, "share_price_usd": 1, "sga_usd_m_per_quarter": 0},
        "limits": {"min_cash_usd_m": -10000},
    },
    "given": {"otherwise": "nothing"},
}

# Halls that use as many MW as they have, pay their own power and 1 $ per kW and month.
LEASE: dict[str, Any] = {
    "site": "one",
    "takes": "free_power",
    "it_mw": 100,
    "gross_per_it": 1.0,
    "pue": 1.0,
    "first_rent": "2025-01",
    "rate_usd_per_kw_month": 1,
    "term": "12 months",
    "power": {"paid_by": "tenant"},
}

JANUARY, FEBRUARY = 31 / 1000, 28 / 1000
"""USD m of a dollar per MW and day in a month, for 1,000 MW."""

Price = Callable[[datetime], float | None]
Prices = Mapping[str, Price | Mapping[str, Price]]
"""By name of the file without ending: one column ``price``, or several by name (None is an empty cell)."""


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a case with other values by dotted path; None takes an entry away."""
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


def about(expected: float) -> Any:
    """Equal but for what a solver's tolerances may cost: a dollar."""
    return pytest.approx(expected, rel=1e-6, abs=1e-6)


def market(file: str) -> dict[str, Any]:
    """A power market, or a profile, with a file of this folder."""
    return {"file": f"{file}.csv", "time_zone": "UTC"}


def flat(usd_per_mwh: float) -> Price:
    return lambda _: usd_per_mwh


def quarters(night: float, morning: float, afternoon: float, evening: float) -> Price:
    """Every day six hours at each price."""
    return lambda at: (night, morning, afternoon, evening)[at.hour // 6]


def months(*prices: float) -> Price:
    """The same price in all hours of a month, January first; the last one holds on."""
    return lambda at: prices[min(at.month, len(prices)) - 1]


@cache
def _instants() -> tuple[tuple[datetime, str], ...]:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    return tuple((at, f"{at:%Y-%m-%dT%H:%MZ}") for at in (begin + timedelta(hours=h) for h in range(8760)))


def write_prices(folder: Path, prices: Prices) -> None:
    """Files with every hour of 2025, in UTC."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in prices.items():
        named = columns if isinstance(columns, Mapping) else {"price": columns}
        lines = [",".join(["timestamp_utc", *named])]
        for at, text in _instants():
            cells = (column(at) for column in named.values())
            lines.append(",".join([text, *("" if cell is None else f"{cell:.10g}" for cell in cells)]))
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---------------------------------------------------------------- the judges

Worth = Callable[..., float]
"""What `conftest.worth` is: USD m of changes and prices."""


def by_hours(data: Mapping[str, Any], folder: Path, signed: Mapping[str, tuple[int, float]] | None = None) -> float:
    """What operations are worth by the full linear program, USD m."""
    return solve_hours(Case.model_validate(data), folder, signed=signed).value_usd_m


def solve_product(data: Mapping[str, Any], folder: Path) -> Result:
    """The product's plan of a case, proven to be the best."""
    from optimizer import api

    return api.solve(api.case_from_data(data, folder), api.SolveOptions(relative_gap=1e-9), twins=False)


def component(result: Result, *names: str) -> float:
    """Rows of value.csv, in all."""
    rows = {str(row["component"]): float(row["total_usd_m"] or 0.0) for row in result.plan.tables["value"].dicts()}
    return sum(rows[name] for name in names)


def installed_in(result: Result) -> dict[str, list[float]]:
    """PH/s at home by lot and month of the horizon, of a plan with one site."""
    horizon = result.loaded.case.horizon
    start = round(horizon.start.first)
    count = sum(number * length for number, length in horizon.steps)
    [(home, terms)] = result.loaded.case.sites.items()
    # What is not in the table is in no place.
    found = {name: [0.0] * count for name in [*terms.fleet, *terms.arriving]}
    for row in result.plan.tables["machines"].dicts():
        site, _, name = str(row["lot"]).partition(".")
        if row["place"] == site == home:
            first, length = _period(str(row["period"]))
            for month in range(first - start, first - start + length):
                found[name][month] = float(row["ph_s"] or 0.0)
    return found


def _period(label: str) -> tuple[int, int]:
    """(first absolute month, months) of a period as tables name it: 2025Q3, 2025-08 or 2025-08/2."""
    if "Q" in label:
        year, quarter = label.split("Q")
        return 12 * int(year) + 3 * (int(quarter) - 1), 3
    month, _, length = label.partition("/")
    return 12 * int(month[:4]) + int(month[5:]) - 1, int(length or 1)
