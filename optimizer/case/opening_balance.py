"""The balance sheet at the start, from the case alone (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.finance import Debt


@dataclass(frozen=True)
class OpeningBalance:
    """USD m, the company's share. Assets and liabilities agree: one of them is what makes them agree."""

    cash: float
    """The parent's."""
    trapped: float
    """Cash of companies below the parent."""
    bitcoin: float
    machines: float
    halls: float
    property: float
    """Negative where the case cannot be right: other assets are more than all liabilities and the equity given."""
    land: float
    investments: float
    other_assets: float
    debt: float
    accrued_interest: float
    prepayments: float
    other_liabilities: float
    equity: float


def opening_balance(case: Case) -> OpeningBalance | None:
    """What stands in the books at the first instant; None for a case without books."""
    books, opening = case.finance.books, case.finance.opening
    if books is None:
        return None
    sites, debts = case.sites.values(), case.finance.debts.values()
    machines = sum(
        site.share
        * (sum(lot.book_usd_m for lot in site.fleet.values()) + sum(lot.paid_usd_m for lot in site.arriving.values()))
        for site in sites
    )
    bitcoin = opening.btc * case.market.network.btc_usd / 1e6
    halls = sum(lease.book_usd_m for lease in case.leases.values())
    trapped = sum(company.opening_cash_usd_m for company in case.finance.companies.values())
    named = opening.cash_usd_m + trapped + bitcoin + machines + halls + books.land_usd_m
    named += books.investments_usd_m + books.other_assets_usd_m
    debt = sum(debt.principal_usd_m for debt in debts)
    accrued = sum(accrued_at_start(debt, case.horizon.start.first) for debt in debts)
    prepayments = sum(lease.prepayment_left_usd_m for lease in case.leases.values())
    owed = debt + accrued + prepayments + books.other_liabilities_usd_m
    if books.property_usd_m is not None:
        property_usd_m, equity = books.property_usd_m, named + books.property_usd_m - owed
    else:
        assert books.equity_usd_m is not None
        property_usd_m, equity = owed + books.equity_usd_m - named, books.equity_usd_m
    return OpeningBalance(
        cash=opening.cash_usd_m,
        trapped=trapped,
        bitcoin=bitcoin,
        machines=machines,
        halls=halls,
        property=property_usd_m,
        land=books.land_usd_m,
        investments=books.investments_usd_m,
        other_assets=books.other_assets_usd_m,
        debt=debt,
        accrued_interest=accrued,
        prepayments=prepayments,
        other_liabilities=books.other_liabilities_usd_m,
        equity=equity,
    )


def accrued_at_start(debt: Debt, start: float) -> float:
    """Interest since the last interest date before the start (a month coordinate), USD m."""
    # Interest dates are counted back from maturity; one at the very start is past.
    since = (start - debt.matures.first) % debt.interest_every
    if debt.interest_every - since < 1e-9:
        since = 0.0
    return debt.principal_usd_m * debt.rate / 12 * since
