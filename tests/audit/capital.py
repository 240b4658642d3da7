"""A company with every form of new money, whose figures can be reckoned on paper. Built on the case of ``conftest``.

Its offer brings 2 USD m a month for two halls from July 2025, two years long, and costs 200 in April, May and June by
2/9, 3/9 and 4/9. Of power nothing stays with the company.
"""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decision, Decisions

from .conftest import SIGNED, WINDOW, decided

NOTHING = Decisions(())

PLAIN: dict[str, Any] = {
    "offers.lease.ramp": "0 months",
    "offers.lease.prepayment": 0,
    "offers.lease.escalator": 0,
    "offers.lease.operating_cost_usd_m_per_mw_it_year": 0,
    "finance.cash_yield": 0,
    "finance.opening.share_price_usd": 30,
}
"""At 30 USD a share is worth less than its price, so that nothing is lost with one that is sold at it."""

NOTES: dict[str, Any] = {
    "kind": "convertible", "window": WINDOW, "limit_usd_m": 60, "rate": 0.04, "fee": 0.02, "term": "24 months",
    "premium": 0.5, "straight_rate": 0.04,
    "leaves": {
        "down": {"probability": 0.5, "share_price_multiple": 0.5},
        "up": {"probability": 0.5, "share_price_multiple": 2},
    },
}  # fmt: skip
SHARES: dict[str, Any] = {
    "kind": "preferred", "window": WINDOW, "limit_usd_m": 50, "rate": 0.08, "fee": 0.01, "term": "12 months",
    "paid_in_kind": True, "redemption": 1.1,
}  # fmt: skip
BANK: dict[str, Any] = {
    "kind": "project_loan", "for_offers": ["lease"], "limit_usd_m": 100, "rate": 0.12, "fee": 0.02,
    "interest_every": "3 months", "term": "12 months", "loan_to_cost": 0.8, "amortisation": "even", "dscr": 1.5,
    "reserve_months": 6,
}  # fmt: skip
BOND: dict[str, Any] = {
    "kind": "project_bond", "for_offers": ["lease"], "refinances": ["bank"], "after": "3 months", "limit_usd_m": 50,
    "rate": 0.08, "fee": 0.02, "interest_every": "3 months", "term": "12 months",
}  # fmt: skip
BACKSTOP: dict[str, Any] = {
    "for_offers": ["lease"], "rate": 0.06, "limit_usd_m": 20, "warrants_m": 10, "strike_usd": 30, "term": "24 months",
    "volatility": 0.5, "risk_free": 0,
}  # fmt: skip
REVOLVER: dict[str, Any] = {
    "kind": "credit_line", "window": {"from": "2025-04", "to": "2025-09"}, "limit_usd_m": 40, "rate": 0.12,
    "fee": 0.01, "undrawn_fee": 0.006,
}  # fmt: skip
COINS: dict[str, Any] = {
    "kind": "btc_line", "window": WINDOW, "limit_usd_m": 10, "rate": 0.06, "ltv_at_draw": 0.5, "ltv_call": 0.8,
}  # fmt: skip
SWEEP: dict[str, Any] = {
    "kind": "sweep_loan", "window": {"from": "2025-01", "to": "2025-06"}, "limit_usd_m": 30, "rate": 0.12, "fee": 0.02,
    "matures": "2025-10", "sweep": 0.5, "above_usd_m": 280,
}  # fmt: skip
LATER: dict[str, Any] = {
    "kind": "term_loan", "window": WINDOW, "limit_usd_m": 30, "rate": 0.06, "term": "24 months", "undrawn_fee": 0.012,
}  # fmt: skip

LEND = decided("draw", "bank / lease", "west", 3, 14.0)


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def with_facilities(**facilities: dict[str, Any]) -> dict[str, Any]:
    """The plain company with these facilities and no others."""
    return PLAIN | {"finance.facilities": facilities}


def decisions(*rows: Decision) -> Decisions:
    return Decisions(rows)


def signed(*rows: Decision) -> Decisions:
    """The offer signed in April with two halls, and what else is decided."""
    return Decisions((SIGNED, *rows))


def columns(plan: Any, file: str, key: str, name: str, *of: str) -> list[tuple[Any, ...]]:
    """Cells of the rows of one name, by period."""
    return [tuple(row[column] for column in of) for row in plan.rows(file) if row[key] == name]


def cash(plan: Any, *of: str) -> list[tuple[Any, ...]]:
    return [tuple(row[f"{column}_usd_m"] for column in of) for row in plan.rows("cash.csv")]


def owed(plan: Any, name: str, *of: str) -> list[tuple[Any, ...]]:
    """Of a debt or facility by period."""
    return columns(plan, "debt.csv", "debt", name, *(f"{column}_usd_m" for column in of))


def financing(plan: Any) -> float:
    return next(float(row["total_usd_m"]) for row in plan.rows("value.csv") if row["component"] == "financing")
