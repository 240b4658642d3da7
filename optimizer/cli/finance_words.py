"""Money in words: debts, companies, new money, limits, tax and books. One line each.

A part of ``optimizer.cli.case_words``. The plain data are the sections as the case has them, with defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from optimizer.case.books import Books
from optimizer.case.case import Case
from optimizer.case.covenants import as_limit
from optimizer.case.opening_balance import opening_balance
from optimizer.case.suggest import listed


def describe_finance(case: Case) -> dict[str, Any]:
    """Debts, companies, facilities, limits, tax and books as plain data, JSON-able; ``opening`` is the balance sheet of
    books."""
    finance = case.finance
    balance = opening_balance(case)
    limits = {
        key: as_limit(written).model_dump(mode="json", by_alias=True)
        for key in type(finance.limits).model_fields
        if key != "btc_haircut" and (written := getattr(finance.limits, key)) is not None
    }
    return {
        "debts": {name: debt.model_dump(mode="json", by_alias=True) for name, debt in finance.debts.items()},
        "companies": {name: one.model_dump(mode="json") for name, one in finance.companies.items()},
        "facilities": {name: one.model_dump(mode="json", by_alias=True) for name, one in finance.facilities.items()},
        "limits": limits,
        "btc_haircut": finance.limits.btc_haircut,
        "ebitda_before_usd_m": dict(finance.ebitda_before_usd_m),
        "cash_tax_rate": finance.cash_tax_rate,
        "tax": finance.tax.model_dump(mode="json", by_alias=True) if finance.tax is not None else None,
        "books": _books(finance.books) if finance.books is not None else None,
        "opening": asdict(balance) if balance is not None else None,
    }


def _books(books: Books) -> dict[str, Any]:
    return {"balanced_by": _balanced_by(books), **books.model_dump(mode="json")}


def _balanced_by(books: Books) -> str:
    if books.property_usd_m is None:
        return "property"
    return "equity" if books.equity_usd_m is None else "nothing"


def finance_lines(money: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A name and a line of words for each thing that `describe_finance` found, in the order of the case."""
    lines = [(f"debt {name}", _debt(debt)) for name, debt in money["debts"].items()]
    lines += [(f"company {name}", _company(company)) for name, company in money["companies"].items()]
    lines += [(name, _FACILITIES[one["kind"]](one)) for name, one in money["facilities"].items()]
    limits = {key: limit for key, limit in money["limits"].items() if key != "min_cash_usd_m" or not _plain(limit)}
    lines += [("limit", _limit(key, limit, money["btc_haircut"])) for key, limit in limits.items()]
    if money["ebitda_before_usd_m"]:
        before = ", ".join(f"{_usd(amount)} in {period}" for period, amount in money["ebitda_before_usd_m"].items())
        lines.append(("EBITDA before", before))
    if money["cash_tax_rate"]:
        lines.append(("tax", f"{_rate(money['cash_tax_rate'])} of each year's EBITDA"))
    if money["tax"] is not None:
        lines += _tax(money["tax"])
    if money["books"] is not None:
        lines.append(("books", _balance(money["books"], money["opening"])))
    return lines


# ---------------------------------------------------------------- debts and facilities


def _debt(debt: Mapping[str, Any]) -> str:
    text = f"{_usd(debt['principal_usd_m'])} at {_rate(debt['rate'])}, matures {debt['matures']}"
    how = debt["amortisation"]
    if how == "even":
        text += f", repaid evenly every {debt['interest_every']}"
    elif isinstance(how, Mapping):
        text += ", repaid " + ", ".join(f"{_usd(amount)} on {date}" for date, amount in how.items())
    if conversion := debt["conversion"]:
        text += f"; holders may convert at ${conversion['price_usd']:,.10g} a share: valued at "
        text += (
            f"{_rate(conversion['straight_rate'])} plus an option at a volatility of {_rate(conversion['volatility'])}"
        )
    if project := debt["project"]:
        text += f"; ring-fenced with {project['lease']}{_fence(project)}"
    return text


def _company(company: Mapping[str, Any]) -> str:
    text = f"the cash of {listed(company['sites'])} is its own, {_usd(company['opening_cash_usd_m'])} at the start"
    if company["min_cash_usd_m"]:
        text += f", at least {_usd(company['min_cash_usd_m'])} kept"
    if company["withholding"]:
        text += f"; {_rate(company['withholding'])} of what it pays up is withheld"
    return text


def _window(one: Mapping[str, Any]) -> str:
    return f"{one['window']['from']} to {one['window']['to']}"


def _fee(one: Mapping[str, Any]) -> str:
    text = f", {_rate(one['fee'])} kept back" if one["fee"] else ""
    if fixed := one.get("fixed_cost_usd_m"):
        text += f", {_usd(fixed)} paid with each draw"
    if least := one.get("least_usd_m"):
        text += f", at least {_usd(least)} at a time"
    return text


def _market(one: Mapping[str, Any]) -> str:
    market = one["market_rate"]
    return "" if market is None or market == one["rate"] else f"; valued at {_rate(market)}"


def _undrawn(one: Mapping[str, Any]) -> str:
    return f"; {_rate(one['undrawn_fee'])} a year on what is committed and not drawn" if one["undrawn_fee"] else ""


def _term_loan(one: Mapping[str, Any]) -> str:
    text = f"term loan of up to {_usd(one['limit_usd_m'])} at {_rate(one['rate'])}, drawn {_window(one)}{_fee(one)}, "
    text += "repaid at the end of" if one["amortisation"] == "bullet" else "repaid evenly over"
    text += f" {_years(one['term'])}"
    if one["amortisation"] == "even" and one["interest_only"] != "0 months":
        text += f" after {_years(one['interest_only'])} of interest only"
    if one["loan_to_cost"] is not None:
        what = [*one["for_offers"], *one["for_machines"]]
        text += f"; at most {_rate(one['loan_to_cost'])} of the cost of {' and '.join(what) or 'all halls signed'}"
    return text + _undrawn(one) + _market(one)


def _convertible(one: Mapping[str, Any]) -> str:
    text = f"convertible notes of up to {_usd(one['limit_usd_m'])} with a coupon of {_rate(one['rate'])}, issued "
    text += (
        f"{_window(one)}{_fee(one)}, for {_years(one['term'])}; converted {_rate(one['premium'])} above the share price"
    )
    if one["put_after"] is not None:
        text += f", may be put after {_years(one['put_after'])}"
    if call := one["call"]:
        text += f", may be called after {_years(call['after'])} at {call['above']:g} times the conversion price"
    if capped := one["capped_call"]:
        text += (
            f"; {_rate(capped['cost'])} buys a capped call up to {_rate(capped['cap_premium'])} above the share price"
        )
    if one["market_cap_share"] is not None:
        text += f"; at most {_rate(one['market_cap_share'])} of the market value"
    text += f"; without conversion they would pay {_rate(one['straight_rate'])}, and the option is charged "
    if one["volatility"] is not None:
        return text + f"at issue by a volatility of {_rate(one['volatility'])}"
    leaves = (
        f"{leaf['share_price_multiple']:g} times ({_rate(leaf['probability'])})" for leaf in one["leaves"].values()
    )
    return text + f"as expected if the share ends at {', '.join(leaves)} today's price"


def _preferred(one: Mapping[str, Any]) -> str:
    paid = "added to what is owed" if one["paid_in_kind"] else "paid in cash"
    text = (
        f"preferred shares of up to {_usd(one['limit_usd_m'])} with a dividend of {_rate(one['rate'])} {paid}, issued "
    )
    text += f"{_window(one)}{_fee(one)}, redeemed after {_years(one['term'])}"
    return text + (f" at {one['redemption']:g} times what is owed" if one["redemption"] != 1 else "") + _market(one)


def _project(one: Mapping[str, Any], what: str) -> str:
    text = f"{what} of up to {_usd(one['limit_usd_m'])} at {_rate(one['rate'])} for {listed(one['for_offers'])}"
    text += f"{_fee(one)}, repaid {_REPAID[one['amortisation']]} {_years(one['term'])} from "
    if one["kind"] == "project_bond":
        text += "completion" if one["after"] == "0 months" else f"{_years(one['after'])} after completion"
        text += f", taking out {' and '.join(one['refinances'])}" if one["refinances"] else ""
    else:
        text += "completion"
    if one["loan_to_cost"] is not None:
        text += f"; at most {_rate(one['loan_to_cost'])} of cost"
    if one["dscr"] is not None:
        text += f"; cash available at least {one['dscr']:g} times its service"
    text += _fence(one)
    if backstop := one.get("backstop"):
        text += f"; up to {_usd(backstop['limit_usd_m'])} for {listed(backstop['for_offers'])} with a backstop at "
        text += f"{_rate(backstop['rate'])}, paid with {backstop['warrants_m']:,.10g} M warrants at "
        text += f"${backstop['strike_usd']:,.10g}"
    return text + _market(one)


def _fence(one: Mapping[str, Any]) -> str:
    text = f"; service of {_count(one['reserve_months'], 'month')} in reserve" if one["reserve_months"] else ""
    if one["lock_up_dscr"] is not None:
        text += f"; nothing goes to the company below {one['lock_up_dscr']:g} times"
    return text


def _credit_line(one: Mapping[str, Any]) -> str:
    fee = f", {_rate(one['fee'])} of it at first" if one["fee"] else ""
    return (
        f"credit line of up to {_usd(one['limit_usd_m'])} at {_rate(one['rate'])}, {_window(one)}{fee}{_undrawn(one)}"
    )


def _btc_line(one: Mapping[str, Any]) -> str:
    text = _credit_line(one).replace("credit line", "line on bitcoin", 1)
    text += f"; owed at most {_rate(one['ltv_at_draw'])} of the coins pledged, and {_rate(one['ltv_call'])} of them at "
    stress = f", {_rate(one['stress'])} lower" if one["stress"] else ""
    return f"{text}the period's lowest price{stress}"


def _sweep_loan(one: Mapping[str, Any]) -> str:
    above = f" above {_usd(one['above_usd_m'])}" if one["above_usd_m"] else ""
    text = f"sweep loan of up to {_usd(one['limit_usd_m'])} at {_rate(one['rate'])}, drawn {_window(one)}{_fee(one)}, "
    return text + f"repaid by {_rate(one['sweep'])} of all cash{above} in every period, the rest on {one['matures']}"


def _equity(one: Mapping[str, Any]) -> str:
    text = f"equity of up to {_usd(one['limit_usd_m'])}, {_window(one)}"
    if one["limit_usd_m_per_step"] is not None:
        text += f", at most {_usd(one['limit_usd_m_per_step'])} at a step"
    if one["yearly_limit_usd_m"] is not None:
        text += f", at most {_usd(one['yearly_limit_usd_m'])} a year"
    return text + (f", at {_rate(one['cost'])} below the market price" if one["cost"] else "")


_REPAID = {
    "sculpted": "as cash is available over",
    "even": "in equal parts over",
    "level": "with equal service over",
    "bullet": "at the end of",
}
_FACILITIES = {
    "term_loan": _term_loan,
    "convertible": _convertible,
    "preferred": _preferred,
    "project_loan": lambda one: _project(one, "project loan"),
    "project_bond": lambda one: _project(one, "project bond"),
    "credit_line": _credit_line,
    "btc_line": _btc_line,
    "sweep_loan": _sweep_loan,
    "equity": _equity,
}


# ---------------------------------------------------------------- limits, tax, books


def _plain(limit: Mapping[str, Any]) -> bool:
    return limit["from"] is None and limit["priced"] is None


def _limit(key: str, limit: Mapping[str, Any], haircut: float) -> str:
    text = _LIMITS[key].format(limit=f"{limit['limit']:,.10g}", share=_rate(limit["limit"]), haircut=_rate(haircut))
    text += f", from {limit['from']}" if limit["from"] is not None else ""
    if limit["priced"] is not None:
        unit = "for 1.0 of it" if key == "max_dilution" else "for each $1 M"
        text += f"; may be broken at {_usd(limit['priced'])} a year {unit}"
    return text


_LIMITS = {
    "min_cash_usd_m": "cash at least ${limit} M",
    "min_liquidity_usd_m": "cash, bitcoin less {haircut} and undrawn lines at least ${limit} M",
    "net_debt_to_ebitda": "net debt at most {limit} times EBITDA of twelve months",
    "debt_service_coverage": "EBITDA of twelve months at least {limit} times debt service",
    "due_within_12_months": "debt due within a year at most {limit} times cash and undrawn lines",
    "max_dilution": "new shares, with those of notes and warrants, at most {share} of today's",
    "max_btc_share": "bitcoin at most {share} of cash and bitcoin",
    "debt_to_capital": "debt at most {share} of debt and market value",
}


def _tax(tax: Mapping[str, Any]) -> list[tuple[str, str]]:
    text = f"{_dated(tax['rate'])} of taxable income"
    text += f" and {_dated(tax['state_rate'])} by the state" if tax["state_rate"] else ""
    if tax["losses_usd_m"]:
        text += f"; losses of {_usd(tax['losses_usd_m'])}, for at most {_rate(tax['loss_limit'])} of a year's income"
    if tax["interest_limit"] is not None:
        text += f"; interest is deducted up to {_rate(tax['interest_limit'])} of income before depreciation"
    text += _idle_cash(tax["idle_cash_rate"])
    written_off = ", ".join(f"{name} {_written_off(how)}" for name, how in tax["depreciation"].items())
    lines = [("tax", text), ("", f"written off: {written_off}")]
    for name, basis in tax["opening_basis"].items():
        lines.append(
            (name, f"{_usd(basis['usd_m'])} left to be written off over {_count(basis['years_left'], 'year')}")
        )
    for name, country in tax["countries"].items():
        losses = f", losses of {_usd(country['losses_usd_m'])}" if country["losses_usd_m"] else ""
        lines.append((f"tax in {name}", f"{_rate(country['rate'])} for {' and '.join(country['sites'])}{losses}"))
    return lines


def _idle_cash(rate: float | None) -> str:
    """What the case itself says of idle cash; nothing where it leaves that to the rates of its facilities."""
    if rate is None:
        return ""
    if rate == 0:
        return "; interest on borrowed money that lies idle is deducted too"
    return f"; of interest on new money so much is not deducted as idle cash would earn at {_rate(rate)}"


def _written_off(how: Mapping[str, Any]) -> str:
    if how["bonus"] == 1:
        return "at once"
    first = f"{_rate(how['bonus'])} at once, then " if how["bonus"] else ""
    return f"{first}{how['method'].replace('_', ' ')} over {_count(how['years'], 'year')}"


def _balance(books: Mapping[str, Any], opening: Mapping[str, float]) -> str:
    assumed = " (assumed: it makes the balance sheet balance)"
    text = f"property ${opening['property']:,.6g} M{assumed if books['balanced_by'] == 'property' else ''}, "
    text += f"equity ${opening['equity']:,.6g} M{assumed if books['balanced_by'] == 'equity' else ''}, "
    text += f"machines {_usd(opening['machines'])}, halls {_usd(opening['halls'])}"
    if books["stock_pay_usd_m_per_quarter"]:
        text += f"; {_usd(books['stock_pay_usd_m_per_quarter'])} a quarter paid in shares"
    return f"{text}; machines written off over {_years(books['machine_life'])}"


# ---------------------------------------------------------------- numbers


def _usd(amount: float) -> str:
    return f"${amount:,.10g} M"


def _rate(share: float) -> str:
    return f"{share * 100:.4g} %"


def _dated(rates: Any) -> str:
    if not isinstance(rates, Mapping):
        return _rate(rates)
    return ", ".join(f"{_rate(rate)} from {date}" for date, rate in rates.items())


def _years(duration: str) -> str:
    """``5 years`` for ``60 months``; what is no whole number of years stays in months."""
    months = int(duration.split()[0])
    if months and months % 12 == 0:
        return _count(months // 12, "year")
    return _count(months, "month")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
