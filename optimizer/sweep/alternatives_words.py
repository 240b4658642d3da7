"""Alternatives on the terminal, within 100 columns: what each has, what it gives up, what it does otherwise.

Text in, nothing decided.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from optimizer.sweep.alternatives import Alternative, Alternatives, differences

WIDTH = 100

_TITLES = {
    "best": "best plan",
    "most_hosting": "most hosting",
    "least_debt": "least debt",
    "latest_start": "latest start",
    "fewest_sites": "fewest sites",
    "least_hosting": "least hosting",
}


def alternatives_lines(found: Alternatives) -> list[str]:
    """The whole summary, line by line."""
    lines = [found.case_name, ""]
    given_up = f"{100 * found.within:.4g} %"
    lines.append(f"Plans worth at least ${found.floor_usd_m:,.1f}M: the best plan's value less {given_up}")
    lines += ["", f"{'':<16}{'value':>10} {'gives up':>10} {'IT MW':>8} {'debt':>10} {'first':>8} {'sites':>6}"]
    for plan in found.plans:
        lines += list(_plan_lines(found, plan))
    for name, why in found.missing.items():
        lines.append(f"{_TITLES[name]:<16}not found: {why}")
    if len(found.plans) == 1 and not found.missing:
        further = "No other plan that is worth so much goes further in any of these"
        lines += ["", f"{further}; a wider --within may find some."]
    return [part for line in lines for part in (textwrap.wrap(line, WIDTH, subsequent_indent=" " * 4) or [""])]


def _plan_lines(found: Alternatives, plan: Alternative) -> Iterator[str]:
    titles = [_TITLES[name] for name in plan.names]
    has = plan.measures
    given_up = found.best.value_usd_m - plan.value_usd_m
    yield (
        f"{titles[0]:<16}{_usd_m(plan.value_usd_m):>10} {_usd_m(given_up):>10} {has['most_hosting']:>8,.4g} "
        f"{_usd_m(has['least_debt']):>10} {found.said('latest_start', has['latest_start']):>8} "
        f"{has['fewest_sites']:>6.0f}"
    )
    if len(titles) > 1:
        yield f"    also {', '.join(titles[1:])}"
    other = differences(found.best, plan)
    if other:
        yield f"    {other}"
    if not plan.proven:
        yield "    not proven: a search was stopped"


def _usd_m(amount: float) -> str:
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"
