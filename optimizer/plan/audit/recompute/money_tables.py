"""Rows of the tables about money: what is owed, projects, limits. Section 19 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.covenants import Covenant, covenants_of, pledged_of
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.limits import Megawatts
from optimizer.plan.audit.recompute.new_money import facilities_before
from optimizer.plan.audit.recompute.owed import owed_of
from optimizer.plan.audit.recompute.projects import fences_of
from optimizer.plan.audit.recompute.treasury import treasury

MONEY_COLUMNS: dict[str, tuple[str, ...]] = {
    "debt.csv": (
        "scenario", "period", "debt", "opening_usd_m", "drawn_usd_m", "capitalised_usd_m", "interest_usd_m",
        "principal_usd_m", "closing_usd_m", "accrued_interest_usd_m", "unamortised_fees_usd_m", "due_12_months_usd_m",
    ),
    "projects.csv": (
        "scenario", "period", "offer", "available_usd_m", "service_usd_m", "dscr", "reserve_usd_m", "set_aside_usd_m",
        "locked_usd_m", "locked_up", "to_parent_usd_m",
    ),
    "limits.csv": ("scenario", "period", "limit", "item", "used", "allowed", "headroom", "unit"),
}  # fmt: skip
"""Columns of these tables by their file."""


def debt_rows(figures: Figures, scenario: str) -> Iterator[Row]:
    """By period, what is owed to whom."""
    every = owed_of(figures)
    for place, period in enumerate(figures.timeline.periods):
        for owed in every:
            # What preferred shares are redeemed at above what is owed was never owed.
            columns = (
                owed.opening, owed.drawn, owed.capitalised - owed.premium, owed.interest + owed.dividends_paid,
                owed.principal - owed.premium, owed.closing, owed.accrued, owed.unamortised_fees, owed.due_12_months,
            )  # fmt: skip
            yield scenario, period.name, owed.name, *(float(each[place]) for each in columns)


def project_rows(figures: Figures, scenario: str) -> Iterator[Row]:
    """By period, every ring-fenced project from its signature on."""
    fences = fences_of(figures)
    for place, period in enumerate(figures.timeline.periods):
        for fence in fences:
            signed = fence.project.signed
            if signed is not None and signed >= period.end:
                continue
            dscr = float(fence.dscr[place])
            columns = (
                fence.reserve, fence.set_aside, fence.locked, fence.locked_up, fence.to_parent,
            )  # fmt: skip
            served = (float(fence.available[place]), float(fence.service[place]), None if isnan(dscr) else dscr)
            yield scenario, period.name, fence.project.name, *served, *(float(each[place]) for each in columns)


def limit_rows(
    figures: Figures, cash: CashPath, megawatts: tuple[tuple[Megawatts, ...], ...], scenario: str
) -> Iterator[Row]:
    """By period: money, megawatts, facilities, coins pledged, projects that are tested."""
    covenants, fences = covenants_of(figures, cash), fences_of(figures)
    pledged, coins = list(pledged_of(figures)), treasury(figures)
    there = coins.opening - coins.from_stock
    for place, period in enumerate(figures.timeline.periods):
        for covenant in covenants:
            if covenant.holds[place]:
                yield scenario, period.name, *_covenant(covenant, place)
        for each in megawatts[place]:
            yield scenario, period.name, each.limit, each.site, each.used, each.allowed, each.headroom, "mw"
        for use in facilities_before(figures, period.end):
            headroom = use.allowed - use.used
            yield scenario, period.name, "facility", use.name, use.used, use.allowed, headroom, "usd_m"
        for name, needed in pledged:
            used, allowed = float(needed[place]), float(there[place])
            yield scenario, period.name, "btc_pledged", name, used, allowed, allowed - used, "btc"
        for fence in fences:
            dscr, level = float(fence.dscr[place]), fence.lock_up_dscr
            if level is not None and not isnan(dscr):
                yield scenario, period.name, "lock_up", fence.project.name, dscr, level, dscr - level, "times"


def _covenant(covenant: Covenant, place: int) -> tuple[str, str, float, float, float, str]:
    used, allowed, left = (float(each[place]) for each in (covenant.used, covenant.allowed, covenant.headroom))
    return covenant.name, "", used, allowed, left, covenant.unit
