"""Rates of tax, and how assets are written off for it, month by month (docs/figures_capital.md, section 15).

Knows dates and shares only; what is written off, and whose it is, is in ``income_tax.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

import numpy as np

from models.tree import Floats
from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.taxes import IncomeTax, RateByDate, TaxDepreciation
from optimizer.market.market import Market
from optimizer.operations.hosting import HallFlows

HOME = "home"

SLOWER_FROM_YEARS = 15
"""From this life on the declining balance is one and a half times straight line, not twice."""

FOUR_DECIMALS = Decimal("0.0001")


@cache
def macrs_shares(years: int) -> tuple[float, ...]:
    """Shares of the cost by calendar year of the asset, one more than ``years``: half a year in the first and last."""
    speed = Decimal("1.5") if years >= SLOWER_FROM_YEARS else Decimal(2)
    rate, left, shares = speed / years, Decimal(1), []
    for j in range(years):
        declining = rate * left * (Decimal("0.5") if j == 0 else 1)
        even = left / (years - j + Decimal("0.5")) if j > 0 else Decimal(0)
        share = min(left, max(declining, even)).quantize(FOUR_DECIMALS, ROUND_HALF_UP)
        shares.append(share)
        left -= share
    return tuple(float(share) for share in (*shares, left))


def overlap(begin: float, end: float, months: int) -> Floats:
    """(months,) how much of each month lies in [begin, end), months after the start."""
    k = np.arange(months)
    inside: Floats = np.clip(np.minimum(k + 1, end) - np.maximum(k, begin), 0.0, None)
    return inside


def written_off(rule: TaxDepreciation, at: float, start_month: int, months: int) -> Floats:
    """(months,) share of a cost that is written off in each month, for an asset in service from ``at`` on.

    ``at`` is in months after the start, not before it; ``start_month`` says in which calendar month the plan starts.
    """
    return _written_off(rule.method, rule.years, rule.bonus, at, start_month, months)


@lru_cache(maxsize=4096)
def _written_off(method: str, years: int, bonus: float, at: float, start_month: int, months: int) -> Floats:
    shares = np.zeros(months)
    first = int(np.floor(at + 1e-9))
    if first < months:
        shares[first] += bonus
        left = 1 - bonus
        if method == "straight_line":
            shares = shares + left * overlap(at, at + 12 * years, months) / (12 * years)
        else:
            january = 12 * np.floor((start_month + at + 1e-9) / 12) - start_month
            for j, share in enumerate(macrs_shares(years)):
                begin, end = max(at, january + 12 * j), january + 12 * (j + 1)
                shares += left * share * overlap(begin, end, months) / (end - begin)
    shares.flags.writeable = False
    return shares


def in_force(rates: RateByDate, month: float) -> float:
    """The rate at an instant (a month coordinate): that of the latest date not after it; 0 before the first."""
    if not isinstance(rates, Mapping):
        return float(rates)
    began: list[tuple[float, CalendarDate]] = [(date.first, date) for date in rates if date.first <= month + 1e-9]
    return float(rates[max(began, key=lambda entry: entry[0])[1]]) if began else 0.0


def rate_at(tax: IncomeTax, country: str, month: float) -> float:
    """Tax on a dollar of taxable income at an instant, state tax being deducted from income for the federal one."""
    if country != HOME:
        return float(tax.countries[country].rate)
    federal, state = in_force(tax.rate, month), in_force(tax.state_rate, month)
    return federal + state * (1 - federal)


def country_of(tax: IncomeTax, site: str) -> str:
    """Where a site is taxed."""
    return next((name for name, country in tax.countries.items() if site in country.sites), HOME)


def hall_shares(case: Case, market: Market, flows: HallFlows) -> Floats:
    """(K,) share of a hall's capex (and of a signature's cost) that is written off in each month after the start.

    It begins with the first rent; of a lease that is paid already, with the plan.
    """
    assert case.finance.tax is not None
    rule = case.finance.tax.depreciation.halls
    return written_off(rule, max(0.0, flows.rent_from), market.start_month, len(flows.rent))


def residual_tax(case: Case, market: Market, site: str, flows: HallFlows) -> float:
    """Tax per hall on the residual, where it is received after the horizon: on what it is more than is left to be
    written off. Without it halls would be built to be written off, and counted whole."""
    tax = case.finance.tax
    horizon = float((market.tree.start_months + market.tree.length_months).max())
    if tax is None or flows.rent_until < horizon - 1e-9:
        return 0.0
    before = np.arange(len(flows.rent)) < flows.rent_until - 1e-9
    left = 1 - float(hall_shares(case, market, flows)[before].sum())
    last = market.start_month + float(market.tree.start_months.max())
    return rate_at(tax, country_of(tax, site), last) * max(0.0, flows.residual - flows.total_capex * left)


def tax_after_horizon(case: Case, market: Market, site: str, flows: HallFlows) -> Floats:
    """(K,) tax per hall and month, for the months after the horizon: a month without profit pays none."""
    tax = case.finance.tax
    if tax is None:
        return case.finance.cash_tax_rate * np.clip(flows.noi, 0.0, None)
    last = market.start_month + float(market.tree.start_months.max())
    profit = np.clip(flows.noi - flows.total_capex * hall_shares(case, market, flows), 0.0, None)
    return rate_at(tax, country_of(tax, site), last) * profit
