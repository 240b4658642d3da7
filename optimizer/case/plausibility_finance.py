"""What in the money of a case looks like a slip: value for nothing, limits that cost less than keeping them, debt that
nothing can repay.

A part of ``optimizer.case.plausibility``: every finding is a warning and says what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.case.base import month_label
from optimizer.case.case import Case
from optimizer.case.covenants import as_limit
from optimizer.case.derived import dates_in, decision_dates
from optimizer.case.earned_before import ebitda_before_usd_m, months_named
from optimizer.case.facilities import (
    BtcLine,
    Convertible,
    CreditLine,
    EquityIssue,
    Facility,
    Preferred,
    ProjectBond,
    ProjectLoan,
    SweepLoan,
    TermLoan,
)
from optimizer.case.findings import Finding
from optimizer.case.opening_balance import opening_balance
from optimizer.case.yaml_file import CasePath

CURED_BY_MONEY = (
    "min_cash_usd_m", "min_liquidity_usd_m", "net_debt_to_ebitda", "due_within_12_months", "debt_to_capital",
)  # fmt: skip
"""Limits whose breach is in dollars that could be raised."""


def judge_finance(case: Case) -> list[Finding]:
    """Everything that looks odd in debts, facilities, limits, tax and books."""
    found = [*_debts(case), *_limits(case), *_broken_at_the_start(case), *_tax(case), *_books(case)]
    for name, facility in case.finance.facilities.items():
        path: CasePath = ("finance", "facilities", name)
        found += [*_never_drawn(case, path, facility), *_for_nothing(path, facility)]
        if isinstance(facility, Convertible):
            found += _convertible(path, facility)
        elif isinstance(facility, ProjectLoan | ProjectBond):
            found += _project(path, facility)
        elif isinstance(facility, BtcLine):
            found += _btc_line(case, path, facility)
        elif isinstance(facility, Preferred) and facility.redemption > 1:
            message = (
                f"{(facility.redemption - 1) * 100:.4g} % more than is owed is paid at the end, beside the dividend"
            )
            found.append(Finding((*path, "redemption"), f"{message} of {facility.rate:g} a year"))
        elif isinstance(facility, TermLoan):
            found += _machines_on_sale(case, path, facility)
    return found


# ---------------------------------------------------------------- facilities


def _never_drawn(case: Case, path: CasePath, facility: Facility) -> Iterable[Finding]:
    """A window without a step: nothing can be drawn, issued or committed."""
    if isinstance(facility, ProjectLoan | ProjectBond):
        return
    dates = decision_dates(case)
    if dates_in(facility.window, dates[:-1]):
        return
    window = f"{facility.window.start} to {facility.window.end}"
    if facility.window.end.last <= dates[0] or facility.window.start.first >= dates[-1]:
        message = f"stands from {window}, outside the plan ({case.horizon.start} to {month_label(dates[-1] - 1)})"
    else:
        message = f"stands from {window}, and no step begins in that time; shorten the steps or widen the window"
    yield Finding((*path, "window"), f"{message}: it can never be drawn", at_key=True)


def _for_nothing(path: CasePath, facility: Facility) -> Iterable[Finding]:
    """Money below the rate at which it is valued: each dollar borrowed is worth something by itself."""
    market = getattr(facility, "market_rate", None)
    if market is not None and not isinstance(facility, EquityIssue) and market > facility.rate:
        message = f"{market:g} is above its rate of {facility.rate:g}: each dollar borrowed is then a gift of about"
        yield Finding(
            (*path, "market_rate"), f"{message} {(market - facility.rate) * 100:.3g} cents a year, and a plan takes it"
        )
    if isinstance(facility, ProjectLoan) and facility.backstop is not None and facility.backstop.rate >= facility.rate:
        message = f"{facility.backstop.rate:g} is no less than the loan's rate without it ({facility.rate:g})"
        yield Finding((*path, "backstop", "rate"), f"{message}: nobody would pay warrants for it")


def _convertible(path: CasePath, notes: Convertible) -> Iterable[Finding]:
    volatility, premium = notes.volatility, notes.premium
    if volatility is not None and not 0.2 <= volatility <= 1.5:
        message = f"a share that swings by {volatility * 100:.4g} % a year; those of miners swing by 60 to 110 %"
        yield Finding((*path, "volatility"), message)
    if premium <= 0:
        message = f"a conversion price {-premium * 100:.4g} % below the share price: it is converted at once"
        message = message if premium < 0 else "a conversion price at the share price: half of it is the option's"
        yield Finding((*path, "premium"), f"{message}; usual is 0.2 to 0.6")
    elif premium > 1.5:
        yield Finding(
            (*path, "premium"), f"{premium * 100:.4g} % above the share price; usual is 20 to 60 % (0.2 to 0.6)"
        )
    if notes.straight_rate < notes.rate:
        message = (
            f"{notes.straight_rate:g} is below the coupon of {notes.rate:g}: without conversion the same notes would"
        )
        yield Finding((*path, "straight_rate"), f"{message} be cheaper than with it")


def _project(path: CasePath, facility: ProjectLoan | ProjectBond) -> Iterable[Finding]:
    lock_up, sized = facility.lock_up_dscr, facility.dscr
    if lock_up is not None and sized is not None and lock_up >= sized:
        message = (
            f"{lock_up:g} is not below the dscr of {sized:g} that sizes the debt: cash is locked up from the start"
        )
        yield Finding((*path, "lock_up_dscr"), message)


def _btc_line(case: Case, path: CasePath, line: BtcLine) -> Iterable[Finding]:
    if line.stress == 0:
        fall = 1 - line.ltv_at_draw / line.ltv_call
        message = f"reckons with the path of prices as it stands: {fall * 100:.3g} % below it the lender calls; bitcoin"
        yield Finding((*path, "stress"), f"{message} has fallen by 50 to 80 % within a year", at_key=True)
    policy, btc = case.finance.treasury.policy, case.finance.opening.btc
    if policy == "sell_all" or (policy == "sell_mined" and btc == 0):
        message = f"there are no coins to pledge: treasury.policy is {policy}"
        yield Finding(path, f"{message}{'' if btc else ' and none are held at the start'}", at_key=True)


def _machines_on_sale(case: Case, path: CasePath, loan: TermLoan) -> Iterable[Finding]:
    for index, name in enumerate(loan.for_machines):
        if case.machines[name].buy is None:
            message = f"none of {name!r} can be bought (it has no buy), so it lends nothing on them"
            yield Finding((*path, "for_machines", index), message)


# ---------------------------------------------------------------- debts and limits


def _debts(case: Case) -> Iterable[Finding]:
    start, end = case.horizon.start.first, decision_dates(case)[-1]
    opening, policy = case.finance.opening, case.finance.treasury.policy
    coins = opening.btc * case.market.network.btc_usd / 1e6 if policy in ("sell_all", "sell_to_fund") else 0.0
    for name, debt in case.finance.debts.items():
        path: CasePath = ("finance", "debts", name)
        if debt.conversion is not None and not 0.2 <= debt.conversion.volatility <= 1.5:
            message = (
                f"a share that swings by {debt.conversion.volatility * 100:.4g} % a year; those of miners swing by"
            )
            yield Finding((*path, "conversion", "volatility"), f"{message} 60 to 110 %")
        due = debt.principal_usd_m
        if debt.amortisation == "even" and debt.interest_every:
            due /= max(1, (debt.matures.first - start) // debt.interest_every)
        elif isinstance(debt.amortisation, Mapping):
            due -= sum(amount for date, amount in debt.amortisation.items() if date.first < debt.matures.first)
        if debt.matures.first >= end or due <= opening.cash_usd_m + coins:
            continue
        if not any(_could_repay(case, facility, debt.matures.first) for facility in case.finance.facilities.values()):
            there = f"{opening.cash_usd_m:,.6g} of cash" + (f" and {coins:,.6g} of bitcoin" if coins else "")
            message = (
                f"{due:,.6g} fall due, the plan starts with {there}, and no facility can be drawn by then and paid"
            )
            yield Finding((*path, "matures"), f"{message} later: it has to be earned")


def _could_repay(case: Case, facility: Facility, due: float) -> bool:
    """Whether a facility can be drawn before an instant and is not due before it itself."""
    if isinstance(facility, ProjectLoan | ProjectBond):
        return False  # spent on its own halls
    steps = [step for step in dates_in(facility.window, decision_dates(case)[:-1]) if step <= due]
    if not steps or isinstance(facility, EquityIssue):
        return bool(steps)
    if isinstance(facility, CreditLine | BtcLine):
        return facility.window.end.last > due
    if isinstance(facility, SweepLoan):
        return facility.matures.first > due
    return steps[-1] + facility.term > due


def _limits(case: Case) -> Iterable[Finding]:
    limits, end = case.finance.limits, decision_dates(case)[-1]
    rates = {
        name: facility.rate
        for name, facility in case.finance.facilities.items()
        if not isinstance(facility, EquityIssue)
    }
    dearest = max(rates, key=lambda name: rates[name], default=None)
    for key in type(limits).model_fields:
        written = getattr(limits, key)
        if written is None or key == "btc_haircut":
            continue
        limit, path = as_limit(written), ("finance", "limits", key)
        if limit.start is not None and limit.start.first >= end - 1e-9:
            message = f"{limit.start} is after the plan ends ({month_label(end - 1)}): it holds at no time"
            yield Finding((*path, "from"), message)
        if key in CURED_BY_MONEY and limit.priced is not None and dearest is not None and limit.priced < rates[dearest]:
            message = f"breaking it costs {limit.priced:g} a year for each dollar, less than {dearest!r} costs"
            yield Finding(
                (*path, "priced"), f"{message} ({rates[dearest]:g}): a plan would rather break it than borrow"
            )
    start = round(case.horizon.start.first)
    for period in case.finance.ebitda_before_usd_m:
        if months_named(period)[-1] < start - 12:
            message = f"{period} is more than a year before the start, and counts for months that are not named only"
            yield Finding(("finance", "ebitda_before_usd_m", period), message, at_key=True)


def _broken_at_the_start(case: Case) -> Iterable[Finding]:
    """Limits that the opening figures already break: the first period would have to cure them."""
    finance, limits, start = case.finance, case.finance.limits, case.horizon.start.first
    opening = finance.opening
    cash, coins = opening.cash_usd_m, opening.btc * case.market.network.btc_usd / 1e6
    debt = sum(one.principal_usd_m for one in finance.debts.values())
    value = opening.shares_m * opening.share_price_usd
    lines = sum(one.limit_usd_m for one in finance.facilities.values() if isinstance(one, CreditLine))
    due = sum(one.principal_usd_m for one in finance.debts.values() if one.matures.first < start + 12)
    earned = ebitda_before_usd_m(case)
    ebitda = max(0.0, earned or 0.0)
    liquid = cash + (1 - limits.btc_haircut) * coins
    # By limit: what it is about, USD m, and what of it there may be for each 1 of the limit.
    most: list[tuple[str, str, float, float, str]] = [
        ("net_debt_to_ebitda", "net debt", debt - cash, ebitda, "EBITDA of the year before"),
        ("due_within_12_months", "debt due within a year", due, cash + lines, "cash and undrawn lines"),
        ("max_btc_share", "bitcoin", coins, cash + coins, "cash and bitcoin"),
        ("debt_to_capital", "debt", debt, debt + value, "debt and market value"),
    ]
    for key, what, used, base, of in most:
        written = getattr(limits, key)
        limit = as_limit(written) if written is not None else None
        if limit is None or (limit.start is not None and limit.start.first > start + 1e-9):
            continue
        if used > limit.limit * base + 1e-6:
            message = f"is broken at the start: {what} of {used:,.6g} against {limit.limit:g} x {base:,.6g} ({of})"
            yield Finding(("finance", "limits", key), f"{message}; the first period has to cure it", at_key=True)
    if limits.min_liquidity_usd_m is not None:
        limit = as_limit(limits.min_liquidity_usd_m)
        if (limit.start is None or limit.start.first <= start + 1e-9) and limit.limit > liquid + lines + 1e-6:
            message = (
                f"asks for {limit.limit:g}, and cash, bitcoin after the haircut and lines make {liquid + lines:,.6g}"
            )
            yield Finding(("finance", "limits", "min_liquidity_usd_m"), f"{message} at the start", at_key=True)


# ---------------------------------------------------------------- tax and books


def _tax(case: Case) -> Iterable[Finding]:
    tax, path = case.finance.tax, ("finance", "tax")
    if tax is None:
        return
    rates = [
        rate for one in (tax.rate, tax.state_rate) for rate in (one.values() if isinstance(one, Mapping) else [one])
    ]
    message = "losses are worth nothing at a rate of 0; is the rate missing?"
    if tax.losses_usd_m > 0 and not any(rates):
        yield Finding((*path, "losses_usd_m"), message)
    for name, country in tax.countries.items():
        if country.losses_usd_m > 0 and country.rate == 0:
            yield Finding((*path, "countries", name, "losses_usd_m"), message)


def _books(case: Case) -> Iterable[Finding]:
    books, opening = case.finance.books, opening_balance(case)
    if books is None or opening is None or (books.property_usd_m is not None and books.equity_usd_m is not None):
        return
    item, amount = ("property", opening.property) if books.property_usd_m is None else ("equity", opening.equity)
    message = f"{item}_usd_m is assumed to be {amount:,.6g}, with which the balance sheet balances; type it in to check"
    yield Finding(("finance", "books"), message, at_key=True)
