"""Every kind of money with figures at random, for the random companies of ``money_cases``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Data = dict[str, Any]
QUARTERS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in (1, 4, 7, 10)]


class Draw:
    """Numbers at random, and a few ways to say so."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def number(self, low: float, high: float, digits: int = 3) -> float:
        return round(float(self.random.uniform(low, high)), digits)

    def whole(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def one_of(self, *things: Any) -> Any:
        return things[int(self.random.integers(len(things)))]

    def sometimes(self, share: float = 0.5) -> bool:
        return bool(self.random.random() < share)

    def window(self) -> dict[str, str]:
        first = self.whole(0, 3)
        return {"from": QUARTERS[first], "to": QUARTERS[self.whole(first, 7)]}


def _tranched(draw: Draw) -> Data:
    return {
        "window": draw.window(),
        "limit_usd_m": draw.number(10, 80),
        "least_usd_m": draw.one_of(0.0, draw.number(1, 9)),
        "rate": draw.number(0, 0.12),
        "fee": draw.number(0, 0.04),
        "fixed_cost_usd_m": draw.one_of(0.0, 0.0, draw.number(0, 1)),
    }


def _term_loan(draw: Draw) -> Data:
    more: Data = {"interest_every": "3 months", "term": draw.one_of("12 months", "48 months")}
    more["amortisation"] = draw.one_of("bullet", "even")
    more["interest_only"] = draw.one_of("0 months", "6 months")
    if draw.sometimes(0.4):
        more["undrawn_fee"] = draw.number(0, 0.02)
    if draw.sometimes(0.4):
        more |= {"loan_to_cost": draw.number(0.3, 0.9), "for_machines": ["m16"], "for_offers": ["hall"]}
    # At less than the market's rate it is drawn whether it is needed or not.
    return {"kind": "term_loan", **_tranched(draw), **more, "market_rate": draw.number(0.05, 0.2)}


def _convertible(draw: Draw) -> Data:
    terms: Data = {"kind": "convertible", **_tranched(draw), "term": "24 months", "premium": draw.number(0.1, 0.6)}
    terms |= {"straight_rate": draw.number(0.05, 0.3), "volatility": draw.number(0.2, 0.8)}
    if draw.sometimes(0.3):
        terms["put_after"] = "12 months"
    if draw.sometimes():
        terms["capped_call"] = {"cost": draw.number(0.02, 0.1), "cap_premium": draw.number(0.7, 2)}
    return terms


def _preferred(draw: Draw) -> Data:
    terms: Data = {"kind": "preferred", **_tranched(draw), "term": draw.one_of("12 months", "36 months")}
    terms |= {"paid_in_kind": draw.sometimes(), "redemption": draw.one_of(1.0, draw.number(1, 1.3))}
    return terms | {"market_rate": draw.number(0.05, 0.3)}


def _project_loan(draw: Draw) -> Data:
    terms: Data = {
        "kind": "project_loan",
        "for_offers": ["hall"],
        "limit_usd_m": draw.number(20, 200),
        "rate": draw.number(0.03, 0.1),
        "fee": draw.number(0, 0.03),
        "market_rate": draw.number(0.05, 0.2),
        "interest_every": draw.one_of("1 month", "3 months", "6 months"),
        "term": draw.one_of("12 months", "5 years"),
        "loan_to_cost": draw.number(0.4, 0.9),
        "amortisation": draw.one_of("sculpted", "even", "bullet"),
        "reserve_months": draw.whole(0, 6),
    }
    if draw.sometimes():
        terms |= {"dscr": draw.number(1.1, 1.6), "lock_up_dscr": draw.number(1.0, 1.6)}
    if draw.sometimes(0.4):
        terms["backstop"] = {
            "for_offers": ["hall"],
            "rate": draw.number(0, 0.03),
            "limit_usd_m": draw.number(5, 50),
            "warrants_m": draw.number(0, 2),
            "strike_usd": draw.number(0.3, 2),
            "term": "36 months",
            "volatility": 0.5,
        }
    return terms


def _project_bond(draw: Draw) -> Data:
    terms: Data = {
        "kind": "project_bond",
        "for_offers": ["hall"],
        "limit_usd_m": draw.number(20, 200),
        "rate": draw.number(0.01, 0.06),
        "market_rate": draw.number(0.05, 0.2),
        "fee": draw.number(0, 0.03),
        "term": draw.one_of("12 months", "48 months"),
        "after": f"{draw.whole(0, 9)} months",
        "loan_to_cost": draw.number(0.3, 0.9),
        "amortisation": draw.one_of("level", "sculpted", "even"),
    }
    return terms


def _line(draw: Draw) -> Data:
    terms: Data = {"window": draw.window(), "limit_usd_m": draw.number(5, 40), "rate": draw.number(0, 0.12)}
    terms |= {"fee": draw.one_of(0.0, draw.number(0, 0.02))}
    kind = draw.one_of("credit_line", "btc_line", "sweep_loan")
    if kind == "sweep_loan":
        more: Data = {"matures": draw.one_of("2027-01", "2027-06"), "sweep": draw.number(0, 1)}
        return {"kind": kind, **terms, **more, "above_usd_m": draw.number(0, 20)}
    terms["undrawn_fee"] = draw.one_of(0.0, draw.number(0, 0.01))
    if kind == "btc_line":
        terms |= {
            "ltv_at_draw": draw.number(0.3, 0.6),
            "ltv_call": draw.number(0.7, 0.9),
            "stress": draw.number(0, 0.4),
        }
    return {"kind": kind, **terms}


def _equity(draw: Draw) -> Data:
    return {"kind": "equity", "window": draw.window(), "limit_usd_m": draw.number(10, 60), "cost": draw.number(0, 0.1)}


FACILITIES: dict[str, Callable[[Draw], Data]] = {
    "loan": _term_loan,
    "notes": _convertible,
    "pref": _preferred,
    "site_loan": _project_loan,
    "bond": _project_bond,
    "line": _line,
    "atm": _equity,
}
