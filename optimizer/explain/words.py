"""An explanation on the terminal: what binds, what more is worth, what was refused, what stops paying, the bridge."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.explain.limits import limits_table
from optimizer.explain.run import Explanation
from optimizer.plan.written import WrittenPlan

WIDTH = 100

LABEL = 10

MOST_BINDING, MOST_LEVERS = 6, 5
"""Lines of what binds and of what more would be worth; the tables have all of it."""

LIMIT_WORDS = {
    "min_cash": "minimum cash",
    "min_liquidity": "minimum liquidity",
    "mining_shell": "mining shell",
    "energised": "energised MW",
    "net_debt_to_ebitda": "net debt to EBITDA",
    "debt_service_coverage": "debt service coverage",
    "due_within_12_months": "debt due within 12 months",
    "max_dilution": "dilution",
    "max_btc_share": "bitcoin's share of liquidity",
    "debt_to_capital": "debt to capital",
    "btc_pledged": "bitcoin pledged",
    "lock_up": "lock-up",
}


def explain_lines(explanation: Explanation) -> list[str]:
    """The explanation, line by line, within 100 columns."""
    written, tables = explanation.written, explanation.tables
    parts = [
        ("Binds", list(_binding(written))),
        ("More", list(_levers(list(tables["worth"].dicts())))),
        ("Refused", list(_offers(list(tables["offers"].dicts())))),
        ("Machines", list(_cohorts(list(tables["cohorts"].dicts())))),
        ("Bridge", list(_bridge(written))),
    ]
    lines = [f"{'Plan':<{LABEL}}{written.title}: {_usd_m(written.value_usd_m)}  ({written.folder})"]
    for label, texts in parts:
        lines += ["", *(f"{label if rank == 0 else '':<{LABEL}}{text}" for rank, text in enumerate(texts))]
    lines += ["", f"{'':<{LABEL}}Worked out with the plan's signatures, contracts and builds as they are; not audited."]
    return [part for line in lines for part in (_wrapped(line) or [""])]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * LABEL, replace_whitespace=False)


def _binding(written: WrittenPlan) -> Iterator[str]:
    # Where nothing is allowed nothing is limited: no buildings for machines, a loan that is not to be had yet.
    some = (row for row in written.rows("limits") if not row["item"] or float(row["allowed"]) != 0.0)
    binding = [row for row in limits_table(some).dicts() if row["binding_periods"]]
    for row in binding[:MOST_BINDING]:
        when = f"in {row['first_binding']}"
        if row["binding_periods"] != 1:
            when = f"in {row['binding_periods']} of {row['periods']} periods, {row['first_binding']} to "
            when += str(row["last_binding"])
        yield f"{_limit(row)}: {when}"
    if not binding:
        yield "no limit binds"
    elif len(binding) > MOST_BINDING:
        yield f"and {len(binding) - MOST_BINDING} more in limits.csv"


def _limit(row: Mapping[str, Any]) -> str:
    words = LIMIT_WORDS.get(str(row["limit"]), str(row["limit"]).replace("_", " "))
    return f"{words} {row['item']}".strip()


def _levers(rows: list[dict[str, Any]]) -> Iterator[str]:
    best = [row for row in rows if (row["resolved_usd_m"] or 0.0) > 0][:MOST_LEVERS]
    for row in best:
        predicted = row["predicted_usd_m"]
        said = "not predicted" if predicted is None else f"predicted {_signed(predicted)}"
        text = f"{row['lever']}: {_signed(row['resolved_usd_m'])} ({said}"
        text += ", changes within the step)" if row["kink"] == "yes" else ")"
        if row["anew_usd_m"] is not None:
            text += f"; with all decided anew {_signed(row['anew_usd_m'])}"
        yield text
    if not best:
        yield "one more of anything is worth nothing"


def _offers(rows: list[dict[str, Any]]) -> Iterator[str]:
    refused = [row for row in rows if not row["signed"]]
    for row in refused:
        name = f"{row['offer']} at {row['site']}"
        if row["impossible"] == "yes":
            yield f"{name}: impossible ({row['why']})"
            continue
        halls = f"{row['halls']} hall{'s' if row['halls'] != 1 else ''}"
        without = f" in place of {row['without']}" if row["without"] else ""
        text = f"{name}: {halls} from {row['best_date']}{without} would lose {_usd_m(row['loses_usd_m'])}"
        if row["rate_needed_usd_per_kw_month"] is not None:
            text += (
                f"; signed at ${row['rate_needed_usd_per_kw_month']:,.2f} per kW and month at the latest "
                f"(${row['rate_usd_per_kw_month']:,.2f} today)"
            )
        elif row["why"]:
            text += f" ({row['why']})"
        yield text
    if not refused:
        yield "every offer is signed" if rows else "there are no offers"


def _cohorts(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Those that stop paying, the earliest first; the others are counted."""
    stops: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["breakeven_power_usd_per_mwh"] < row["power_usd_per_mwh"]:
            stops.setdefault((row["site"], row["lot"]), row)
    for row in sorted(stops.values(), key=lambda row: int(row["year"])):
        yield (
            f"{row['lot']} at {row['site']} ({row['efficiency_j_per_th']:g} J/TH): no longer pays in {row['year']}, at "
            f"a mean price of ${row['power_usd_per_mwh']:,.1f} (it earns ${row['breakeven_power_usd_per_mwh']:,.1f} "
            "per MWh)"
        )
    others = len({(row["site"], row["lot"]) for row in rows}) - len(stops)
    if others:
        kept = f"{others} {'others' if stops else 'lots'}" if others > 1 else "the other lot" if stops else "one lot"
        yield f"{kept} pay{'s' if others == 1 else ''} at the mean price as long as machines stand"
    elif not stops:
        yield "no machines"


def _bridge(written: WrittenPlan) -> Iterator[str]:
    if not written.has("bridge"):
        yield "the status quo was not solved (solve without --no-twins)"
        return
    causes: dict[str, float] = {}
    for row in written.rows("bridge"):
        if row["cause"] == "total":
            yield f"status quo {_usd_m(float(row['status_quo_usd_m']))}"
            for cause, amount in causes.items():
                if abs(amount) >= 0.05:
                    yield f"{cause.replace('_', ' ')} {_signed(amount)}"
            yield f"plan {_usd_m(float(row['plan_usd_m']))}"
        else:
            causes[row["cause"]] = causes.get(row["cause"], 0.0) + float(row["difference_usd_m"])


def _usd_m(amount: float) -> str:
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"


def _signed(amount: float) -> str:
    """With as many digits as a small worth needs."""
    digits = 1 if abs(amount) >= 10 else 2 if abs(amount) >= 0.1 else 4
    return f"{'-' if round(amount, digits) < 0 else '+'}${abs(amount):,.{digits}f}M"
