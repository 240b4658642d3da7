"""Amounts in other currencies: ``{value: 55, currency: CAD}``, reckoned in US dollars at the rates of ``currencies``.

An amount stays in its own currency until the case is finished, so that a rate can be laid over the case or varied like
any other number. Prices of power markets in another currency are converted in ``optimizer.market``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from optimizer.case.provenance import Currency
from optimizer.case.suggest import listed, shown
from optimizer.case.yaml_file import CasePath, dotted
from optimizer.errors import Problem

US_DOLLARS = "USD"
_GIVEN_MONEY = [("given", kind) for kind in ("commit", "draw", "repay", "issue")]


def as_written(data: dict[str, Any], currencies: Mapping[CasePath, Currency]) -> dict[str, Any]:
    """The data with ``{value: ..., currency: ...}`` in place of each amount in another currency."""
    result = copy.deepcopy(data)
    for path, currency in currencies.items():
        holder, key = _holder(result, path)
        holder[key] = {"value": holder[key], "currency": currency.code}
    return result


def in_us_dollars(
    data: dict[str, Any], currencies: Mapping[CasePath, Currency]
) -> tuple[dict[str, Any], dict[CasePath, str], list[Problem]]:
    """The data with every amount in US dollars; what was converted, in words by path; what is wrong.

    What cannot be converted is left as it is.
    """
    result = copy.deepcopy(data)
    rates = data.get("currencies")
    rates = rates if isinstance(rates, dict) else {}
    words: dict[CasePath, str] = {}
    problems: list[Problem] = []
    for path, currency in currencies.items():
        holder, key = _holder(result, path)
        amount = holder[key]
        wrong = _what_is_wrong(path, amount, currency.code, rates, data)
        if wrong:
            problems.append(Problem(*currency.place, dotted(path), wrong))
            continue
        rate = 1.0 if currency.code == US_DOLLARS else rates[currency.code]
        if _is_number(amount) and _is_number(rate):  # if it is none, the schema says so
            holder[key] = amount * rate
            words[path] = f"{amount:.10g} {currency.code} at {rate:.10g}"
    return result, words, problems


def _what_is_wrong(path: CasePath, amount: Any, code: str, rates: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    if not _is_money(path):
        return f"a currency is for amounts of money, and {shown(amount)} is none; leave currency out"
    if isinstance(amount, str | bool):
        return f"a currency is for amounts in numbers (got {shown(amount)}); leave currency out"
    if code != US_DOLLARS and code not in rates:
        return unknown_currency(code, list(rates))
    if path[:2] == ("market", "power") and _at(data, (*path[:3], "currency")) is not None:
        return "the market has a currency of its own, in which this already is; leave this one out"
    return ""


def unknown_currency(code: str, known: list[str]) -> str:
    """What to say of a currency that has no rate."""
    if code.upper() in known:
        there = f"did you mean {code.upper()!r}?"
    elif len(known) == 1:
        there = f"there is only {known[0]!r}"
    else:
        there = f"there are {listed(known)}" if known else "there are none"
    return f"there is no currency {code!r} under currencies; {there} (or add {code}: US dollars for one)"


def _is_money(path: CasePath) -> bool:
    """Whether an amount of money stands at a path: its keys say usd, but for a few that hold nothing else."""
    if path[:2] in _GIVEN_MONEY:
        return True
    # Names that the user chose may say usd, too: the field is the last key that is no date.
    keys = [part for part in path if isinstance(part, str) and not part[:1].isdigit()]
    if path[:2] == ("finance", "limits") and keys[-1] == "limit":
        keys = keys[:-1]
    # What a breach costs: of dilution by shares, of other limits by the dollar, and a dollar for a dollar is no money.
    if path == ("finance", "limits", "max_dilution", "priced"):
        return True
    return bool(keys) and ("usd" in keys[-1] or keys[-1] == "amortisation")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holder(data: Any, path: CasePath) -> tuple[Any, Any]:
    for part in path[:-1]:
        data = data[part]
    return data, path[-1]


def _at(data: Any, path: CasePath) -> Any:
    for part in path:
        data = data.get(part) if isinstance(data, dict) else None
    return data
