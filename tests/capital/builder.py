"""Small companies for tests of money: every figure is round, so that each plan can be worked out with a pencil.

Nothing is discounted, a hall has 1 MW, and all of a case's income comes from leases whose margin is stated by the
month. Numbers are never computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from optimizer import api
from tests.math.builder import EXACT
from tests.math.cases import CASE, OFFER, Solved, changed, load

Data = dict[str, Any]
Terms = Mapping[str, Any]
Plan = Callable[[Terms], Solved]

START = "2025-01"
SHARES_M = 100
SHARE_PRICE_USD = 1.0
NO_FLOOR = -1e6
"""A minimum of cash that nothing reaches."""


def firm(
    cash: float = 0.0,
    steps: str = "4 quarters",
    *,
    limits: Terms | None = None,
    offers: Mapping[str, Terms] | None = None,
    leases: Mapping[str, Terms] | None = None,
    given: Terms | None = None,
    more: Terms | None = None,
    **finance: Any,
) -> Data:
    """A company with ``cash`` that keeps it at 0 or above. ``finance``: sections of finance (facilities, debts, tax,
    ...); ``more``: anything else by dotted path."""
    changes: Data = {
        "horizon.steps": [steps],
        "finance.opening.cash_usd_m": cash,
        "finance.opening.shares_m": SHARES_M,
        "finance.opening.share_price_usd": SHARE_PRICE_USD,
        "finance.limits": {"min_cash_usd_m": 0, **(limits or {})},
        **{f"finance.{name}": section for name, section in finance.items()},
    }
    for name, section in (("offers", offers), ("leases", leases), ("given", given)):
        if section:
            changes[name] = dict(section)
    return changed(changed(CASE, changes), more or {})


def laid_down(**decisions: Any) -> Data:
    """Section ``given``: these decisions and none else."""
    return {"otherwise": "nothing", **decisions}


def project(cost: float, brings: float, after: str = "12 months", at: str = START, **more: Any) -> Data:
    """An offer that costs and brings one sum each: a hall whose rent pays for its operation to the cent."""
    return changed(
        hall(0.001, term=after, capex=cost, at=at),
        {"operating_cost_usd_m_per_mw_it_year": 0.012, "residual_usd_m_per_mw_it": brings, **more},
    )


def units(most: int = 50, brings: float = 1.5, **more: Any) -> Data:
    """Up to ``most`` halls that cost 1 now and bring ``brings`` in a year."""
    return project(1.0, brings, **{"halls": {"min": 1, "max": most}, **more})


def hall(rent: float, term: str = "24 months", capex: float = 0.0, at: str = START, **more: Any) -> Data:
    """An offer of one hall with this rent a month (USD m), all of it margin, paid and let at once."""
    terms = {
        "hall_mw_it": 1,
        "gross_per_it": 1.0,
        "pue": 1.0,
        "utilisation": 1.0,
        "sign": {"from": at, "to": at},
        "lead": "0 months",
        "rate_usd_per_kw_month": rent * 1000,
        "term": term,
        "capex_usd_m_per_mw_it": capex,
    }
    return changed(OFFER, {**terms, **more})


def lease(margin: float, term: str = "12 months", first: str = START, **more: Any) -> Data:
    """A lease that earns this margin a month (USD m), which may be a loss: rent less operating cost."""
    rent = max(margin, 0.0) + 0.001
    terms = {
        "site": "one",
        "takes": "free_power",
        "it_mw": 1,
        "gross_per_it": 1.0,
        "pue": 1.0,
        "first_rent": first,
        "rate_usd_per_kw_month": rent * 1000,
        "operating_cost_usd_m_per_mw_it_year": (rent - margin) * 12,
        "term": term,
        "power": {"paid_by": "tenant"},
    }
    return changed(terms, more)


def window(first: str = START, last: str | None = None) -> dict[str, str]:
    return {"from": first, "to": last or first}


def loan(rate: float = 0.0, term: str = "24 months", **more: Any) -> Data:
    """A bullet loan of up to 100 at the first step."""
    return {
        "kind": "term_loan",
        "window": window(),
        "limit_usd_m": 100,
        "rate": rate,
        "term": term,
        **more,
    }


def notes(premium: float, term: str = "24 months", **more: Any) -> Data:
    """Zero-coupon convertible notes, up to 100, worth their face without the option; the share hardly moves."""
    return {
        "kind": "convertible",
        "window": window(),
        "limit_usd_m": 100,
        "rate": 0.0,
        "term": term,
        "premium": premium,
        "straight_rate": 0.0,
        "volatility": 0.001,
        "risk_free": 0.0,
        **more,
    }


def preferred(rate: float = 0.0, term: str = "24 months", **more: Any) -> Data:
    """Preferred shares, up to 100 at the first step."""
    return {"kind": "preferred", "window": window(), "limit_usd_m": 100, "rate": rate, "term": term, **more}


def shares(**more: Any) -> Data:
    """New shares for up to 100 in 2025."""
    return {"kind": "equity", "window": window(START, "2025-12"), "limit_usd_m": 100, **more}


def line(**more: Any) -> Data:
    """A credit line of up to 100 in 2025."""
    return {"kind": "credit_line", "window": window(START, "2025-12"), "limit_usd_m": 100, "rate": 0.0, **more}


def site_loan(rate: float = 0.0, term: str = "24 months", **more: Any) -> Data:
    """A loan on the offer ``hall`` that may pay for all of it, served every quarter."""
    return {
        "kind": "project_loan",
        "for_offers": ["hall"],
        "limit_usd_m": 1000,
        "rate": rate,
        "term": term,
        "loan_to_cost": 1.0,
        **more,
    }


def solved(prices: Path, folder: Path, data: Terms) -> Solved:
    """Solve a case whose price file is in ``prices``, write its plan (which is audited on the way), open it."""
    result = api.solve(load(prices, data), EXACT, twins=False)
    assert result.write(folder).passed
    return Solved(folder, result)


def row(plan: Solved, table: str, name: str, **where: str) -> list[float]:
    """A column of a table, empty cells as 0."""
    return [float(number or 0.0) for number in plan.column(table, name, **where)]


def flows(plan: Solved, name: str) -> list[float]:
    """A column of cash.csv by period."""
    return row(plan, "cash", f"{name}_usd_m")


def of_debt(plan: Solved, name: str, debt: str) -> list[float]:
    """A column of debt.csv by period, of one debt or facility."""
    return row(plan, "debt", f"{name}_usd_m", debt=debt)


def decided(plan: Solved, kind: str) -> dict[tuple[str, str], float]:
    """Amounts of decisions of a kind by (date, item)."""
    return {(date, item): amount for date, decision, item, amount in plan.decided() if decision == kind}


def headroom(plan: Solved, limit: str) -> dict[str, float]:
    """Headroom of a limit by period."""
    return {str(r["period"]): float(r["headroom"]) for r in plan.rows("limits", limit=limit)}
