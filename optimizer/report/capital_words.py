"""A plan's capital in words: who pays, how much at most, until when without, what falls due, who is diluted, and why
a company that earns on every coin can book a loss. Answers in, text out; nothing is reckoned here but differences."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

LEAST = 0.05
"""USD m (and millions of shares) of which less is told as nothing."""
YEARS_TOLD = 6
"""Of maturities; what falls due later is told as a sum."""
COSTS = {
    "revenue": "brings",
    "power": "costs: power only",
    "cash": "power and sites",
    "with_sga": "with overheads",
    "with_depreciation": "with depreciation",
    "net_income": "result of the company",
}
"""Lines of the cost of a coin, by name in ``cost_per_btc.csv``."""


EARNED = (
    "mining_margin_usd_m", "contracts_usd_m", "flexibility_usd_m", "delivery_usd_m", "builds_operating_usd_m",
    "hosting_rent_usd_m", "hosting_operating_cost_usd_m", "hosting_power_usd_m", "power_recovered_usd_m",
    "hosting_delivery_usd_m", "delivery_recovered_usd_m", "site_cost_usd_m", "sga_usd_m",
)  # fmt: skip
"""Columns of ``cash.csv`` that make up EBITDA."""
YEAR_MONTHS = 12
SAME_RATIO = 1e-4


def leverage_period(
    ratio: object,
    cash: Iterable[Mapping[str, Any]],
    debt: Iterable[Mapping[str, Any]],
    allocation: Iterable[Mapping[str, Any]],
) -> str | None:
    """At the end of which period the largest ``ratio`` of net debt to EBITDA of a year stands, from a plan's tables.

    None where no period of the tables has this ratio: then its date is not said.
    """
    if not isinstance(ratio, int | float):
        return None
    months = {(row["scenario"], row["period"]): _months(row["from"], row["to"]) for row in allocation}
    owed: dict[tuple[Any, Any], float] = {}
    for row in debt:
        key = row["scenario"], row["period"]
        owed[key] = owed.get(key, 0.0) + _number(row["closing_usd_m"])
    by_scenario: dict[Any, list[Mapping[str, Any]]] = {}
    for row in cash:
        by_scenario.setdefault(row["scenario"], []).append(row)
    for scenario, rows in by_scenario.items():
        for last in range(len(rows)):
            year = _year_to(rows, last, {period: length for (of, period), length in months.items() if of == scenario})
            earned = sum(_number(row.get(column)) for row in year for column in EARNED)
            period = rows[last]["period"]
            if year and earned > 0:
                found = (owed.get((scenario, period), 0.0) - _number(rows[last]["closing_usd_m"])) / earned
                if abs(found - ratio) <= SAME_RATIO * max(1.0, abs(ratio)):
                    return str(period)
    return None


def _year_to(rows: Sequence[Mapping[str, Any]], last: int, months: Mapping[Any, int]) -> list[Mapping[str, Any]]:
    """The rows of the twelve months that end with row ``last``; none where periods do not make up a year."""
    found, length = [], 0
    for row in reversed(rows[: last + 1]):
        if length >= YEAR_MONTHS:
            break
        found.append(row)
        length += months.get(row["period"], 0)
    return found if length == YEAR_MONTHS else []


def _months(begins: object, ends: object) -> int:
    """Whole months from a first to a last day."""
    first = datetime.date.fromisoformat(str(begins))
    after = datetime.date.fromisoformat(str(ends)) + datetime.timedelta(days=1)
    return (after.year - first.year) * 12 + after.month - first.month


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def capital_lines(answers: Mapping[str, Any]) -> list[str]:
    """The answers of ``plan.capital.capital_answers``, line by line; with books the last ones are a table."""
    lines = [
        _funded(answers["funded_by"], answers["pays_out_loans_usd_m"]),
        *_need(answers),
        _thinnest(answers),
        _due(answers["maturities_usd_m"]),
        _diluted(answers),
    ]
    return [*lines, *coin_lines(answers["cost_per_btc"] or ())]


def _thinnest(answers: Mapping[str, Any]) -> str:
    headroom, period = answers["thinnest_headroom_usd_m"], answers["thinnest_period"]
    if headroom < -LEAST:
        return f"thinnest {period}: {_usd_m(-headroom)} short of the minimum cash"
    return f"thinnest {period}: {_usd_m(headroom)} above the minimum cash"


def _funded(funded_by: Mapping[str, float], pays_out_loans: float) -> str:
    if not funded_by:
        return "no new money"
    parts = ", ".join(f"{name} {_usd_m(amount)}" for name, amount in funded_by.items())
    of_it = f" ({_usd_m(pays_out_loans)} of it pays out loans)" if pays_out_loans >= LEAST else ""
    return f"new money {_usd_m(sum(funded_by.values()))}{of_it}: {parts}"


def _need(answers: Mapping[str, Any]) -> Iterator[str]:
    most, period = answers["peak_funding_need_usd_m"], answers["peak_funding_need_period"]
    if period is None or most < LEAST:
        yield "what it does can be paid without new money"
    else:
        yield f"needs {_usd_m(most)} of new money at most ({period}); without any, cash lasts {_until(answers)}"
    if answers["has_status_quo"]:
        ends = answers["runway_ends_status_quo"]
        words = (
            f"is short of cash in {ends}" if ends else f"has the cash it needs to the end of {answers['horizon_ends']}"
        )
        yield f"status quo, with commitments only and no new money, {words}"


def _until(answers: Mapping[str, Any]) -> str:
    ends = answers["runway_ends"]
    return f"until it is short in {ends}" if ends else f"to the end of {answers['horizon_ends']}"


def _due(due: Mapping[str, float]) -> str:
    if not due:
        return "no principal falls due"
    told = list(due.items())[:YEARS_TOLD]
    by_year = ", ".join(f"{year} {_usd_m(amount)}" for year, amount in told)
    later = sum(due.values()) - sum(amount for _, amount in told)
    by_year += f", later {_usd_m(later)}" if len(due) > YEARS_TOLD else ""
    wall = max(due, key=lambda year: due[year])
    most = f"; most in {wall}: {_usd_m(due[wall])}" if len(due) > 1 else ""
    return f"principal due {by_year}{most}"


def _diluted(answers: Mapping[str, Any]) -> str:
    parts = [
        f"{answers[key]:,.1f}M {words}"
        for key, words in (
            ("new_shares_m", "new shares"),
            ("shares_under_convertibles_m", "shares under convertibles"),
            ("warrants_m", "warrants"),
        )
        if answers[key] >= LEAST
    ]
    worth = f"${answers['value_usd_per_share']:,.2f} for each of today's {answers['shares_m']:,.1f}M shares"
    if not parts:
        return f"no dilution; worth {worth}"
    return f"dilution {answers['dilution']:.1%}: {', '.join(parts)}; after it worth {worth}"


def coin_lines(costs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a coin brings against what it costs, by period, and what that means."""
    if not costs:
        return []
    width = max(len(words) for words in COSTS.values())
    lines = [f"{'a coin, USD':<{width}}" + "".join(f"{cost['period']:>12}" for cost in costs)]
    lines += [f"{words:<{width}}" + "".join(f"{cost[name]:>12,.0f}" for cost in costs) for name, words in COSTS.items()]
    return [*lines, *_meaning(costs)]


def _meaning(costs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    bare = [cost for cost in costs if cost["revenue"] < cost["cash"]]
    losing = [cost for cost in costs if cost["cash"] <= cost["revenue"] < cost["with_depreciation"]]
    if not bare and not losing:
        yield f"to {costs[-1]['period']} every coin brings more than all that it costs (later: cost_per_btc.csv)"
    if losing:
        first = losing[0]
        over_cash, borne = first["revenue"] - first["cash"], first["with_depreciation"] - first["cash"]
        yield (
            f"the more it mines, the more it loses? In {first['period']} a coin brings ${over_cash:,.0f} more than its "
            f"power and sites cost, so mining pays; the books lose ${borne - over_cash:,.0f} on it, because they lay "
            f"${borne:,.0f} of overheads, stock pay, machines and buildings on it, which are there whether it is mined "
            "or not"
        )
    if bare:
        short = bare[0]["cash"] - bare[0]["revenue"]
        yield (
            f"in {bare[0]['period']} a coin brings ${short:,.0f} less than its power and sites cost: mining does not "
            "carry its sites"
        )


def _usd_m(amount: float) -> str:
    """``$1,234.5M``, ``-$0.3M``."""
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"
