"""Given decisions whose date is none on which they can be taken: they count on the nearest one, which is said here.

A part of ``optimizer.case.plausibility``: every finding is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.case.derived import decision_dates, period_dates
from optimizer.case.facilities import Line
from optimizer.case.findings import Finding
from optimizer.case.given import GivenSignature
from optimizer.case.yaml_file import CasePath

BY_PERIOD = ("repay", "fund", "upstream", "sell_btc", "keep_btc")
"""Decided in every period; the others at steps (draws of lines by period too)."""


def judge_given(case: Case) -> Iterable[Finding]:
    """Dates that are moved, each with where to."""
    steps, periods = decision_dates(case)[:-1], period_dates(case)[:-1]
    for kind, item, day in _dates(case):
        path: CasePath = ("given", kind, *([item] if item else []))
        by_period = kind in BY_PERIOD or (kind == "draw" and isinstance(case.finance.facilities.get(item), Line))
        moved = _nearest(periods if by_period else steps, day.first)
        if abs(moved - day.first) > 1e-9:
            what = "period" if by_period else "step"
            yield Finding(path, f"{day} is no first day of a {what}: it counts on the nearest, {month_label(moved)}-01")


def _dates(case: Case) -> Iterator[tuple[str, str, CalendarDate]]:
    """(kind, item, date) of all that is given by date."""
    for item, signed in case.given.sign.items():
        if isinstance(signed, GivenSignature) and signed.date is not None:
            yield "sign", item, signed.date
    for kind in type(case.given).model_fields:
        rules = getattr(case.given, kind)
        if kind in ("otherwise", "sign") or rules is None or isinstance(rules, str):
            continue
        if kind in ("sell_btc", "keep_btc"):
            yield from ((kind, "", day) for day in rules)
            continue
        for item, amounts in rules.items():
            if not isinstance(amounts, str):
                yield from ((kind, item, day) for day in amounts)


def _nearest(dates: Sequence[float], instant: float) -> float:
    """The nearest date, the earlier of two."""
    return min(dates, key=lambda date: (abs(date - instant), date))
