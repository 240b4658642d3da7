"""Limits on money at the end of every period, and what it costs to break those that have a price. Section 14 of
docs/figures_capital.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.case.covenants import Limit, as_limit
from optimizer.case.facilities import BtcLine, SweepLoan
from optimizer.plan.audit.recompute.blocks import overlap
from optimizer.plan.audit.recompute.cash import CashPath, holds
from optimizer.plan.audit.recompute.earnings import ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.lines import LinePath, pledge_of
from optimizer.plan.audit.recompute.new_money import dilution_before
from optimizer.plan.audit.recompute.owed import by_period, owed_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline, mean_factors
from optimizer.plan.audit.recompute.treasury import treasury

YEAR = 12
"""Months."""


@dataclass(frozen=True, eq=False)
class Covenant:
    """A limit of the case. used, allowed: (P,), the two sides of what is held against each other; least: whether
    ``used`` may not be below ``allowed``. holds: by period.
    """

    name: str
    unit: str
    least: bool
    used: Array
    allowed: Array
    holds: tuple[bool, ...]
    priced: float | None

    @property
    def headroom(self) -> Array:
        return self.used - self.allowed if self.least else self.allowed - self.used


def covenants_of(figures: Figures, cash: CashPath) -> tuple[Covenant, ...]:
    """All limits that the case has, in the order of the contract; the one on cash is always there. Raises
    CannotRecompute where one asks for earnings before the start that the case does not state."""
    limits, state = figures.case.finance.limits, _State.of(figures, cash)
    sides: dict[str, tuple[str, bool, Callable[[float], tuple[Array, Array]]]] = {
        "min_liquidity": ("usd_m", True, state.liquidity),
        "net_debt_to_ebitda": ("usd_m", False, state.net_debt),
        "debt_service_coverage": ("usd_m", True, state.coverage),
        "due_within_12_months": ("usd_m", False, state.due),
        "max_dilution": ("share", False, state.dilution),
        "max_btc_share": ("usd_m", False, state.btc_share),
        "debt_to_capital": ("usd_m", False, state.to_capital),
    }
    periods = figures.timeline.periods
    cash_limit = as_limit(limits.min_cash_usd_m)
    in_force = tuple(holds(cash_limit, period) for period in periods)
    found = [Covenant("min_cash", "usd_m", True, cash.closing, cash.minimum, in_force, cash_limit.priced)]
    for name, (unit, least, both) in sides.items():
        stated = limits.min_liquidity_usd_m if name == "min_liquidity" else getattr(limits, name)
        if stated is None:
            continue
        limit: Limit = as_limit(stated)
        in_force = tuple(holds(limit, period) for period in periods)
        used, allowed = both(limit.limit)
        if any(math.isnan(each) for each, held in zip(used + allowed, in_force, strict=True) if held):
            raise CannotRecompute(f"limit {name}: there is no EBITDA of the months before the start")
        found.append(Covenant(name, unit, least, used, allowed, in_force, limit.priced))
    return tuple(found)


def breaches(figures: Figures, cash: CashPath) -> float:
    """What it costs that limits with a price are broken, at the start, USD m."""
    timeline, cost = figures.timeline, 0.0
    factors = mean_factors(figures.case.discount.corporate, timeline.months)
    for each in covenants_of(figures, cash):
        if each.priced is None:
            continue
        for place, period in enumerate(timeline.periods):
            broken = max(0.0, -float(each.headroom[place])) if each.holds[place] else 0.0
            months = factors[period.start - timeline.start : period.end - timeline.start]
            cost += broken * each.priced / YEAR * float(months.sum())
    return cost


@dataclass(frozen=True, eq=False)
class _State:
    """The company at the end of every period, (P,), USD m; twelve months: before it. NaN where nothing is known."""

    cash: Array
    stock_btc: Array
    pledged_btc: Array
    btc_usd_m: Array
    undrawn: Array
    standing: Array
    """Undrawn of lines that do not end within a year."""
    debt: Array
    due_12_months: Array
    ebitda_12_months: Array
    service_12_months: Array
    given_away_m: Array
    new_shares_m: Array
    shares_m: float
    share_price_usd: float
    haircut: float

    @classmethod
    def of(cls, figures: Figures, cash: CashPath) -> _State:
        timeline, opening = figures.timeline, figures.case.finance.opening
        nothing = np.zeros(len(timeline.periods))
        owed = owed_of(figures)
        given_away = [dilution_before(figures, period.end) for period in timeline.periods]
        return cls(
            cash=cash.closing,
            stock_btc=treasury(figures).closing,
            pledged_btc=sum((coins for _, coins in pledged_of(figures)), nothing),
            btc_usd_m=np.array([figures.network.btc_usd[each.end - timeline.start] for each in timeline.periods]) / 1e6,
            undrawn=sum((path.undrawn for path in figures.lines), nothing),
            standing=sum((_standing(path, figures) for path in figures.lines), nothing),
            debt=sum((each.closing for each in owed if each.counts_as_debt), nothing),
            due_12_months=sum((each.due_12_months for each in owed), nothing),
            ebitda_12_months=_ebitda_of_year(figures),
            service_12_months=_service_of_year(figures),
            given_away_m=np.array([each.total_m for each in given_away]),
            new_shares_m=np.array([each.new_m for each in given_away]),
            shares_m=opening.shares_m,
            share_price_usd=opening.share_price_usd,
            haircut=figures.case.finance.limits.btc_haircut,
        )

    def liquidity(self, limit: float) -> tuple[Array, Array]:
        coins = (1 - self.haircut) * self.btc_usd_m * (self.stock_btc - self.pledged_btc)
        return self.cash + coins + self.undrawn, np.full_like(self.cash, limit)

    def net_debt(self, limit: float) -> tuple[Array, Array]:
        return self.debt - self.cash, limit * np.maximum(0.0, self.ebitda_12_months)

    def coverage(self, limit: float) -> tuple[Array, Array]:
        return self.ebitda_12_months, limit * self.service_12_months

    def due(self, limit: float) -> tuple[Array, Array]:
        return self.due_12_months, limit * (self.cash + self.standing)

    def dilution(self, limit: float) -> tuple[Array, Array]:
        return self.given_away_m / self.shares_m, np.full_like(self.cash, limit)

    def btc_share(self, limit: float) -> tuple[Array, Array]:
        coins = self.btc_usd_m * self.stock_btc
        return coins, limit * (self.cash + coins)

    def to_capital(self, limit: float) -> tuple[Array, Array]:
        shares = self.share_price_usd * (self.shares_m + self.new_shares_m)
        return self.debt, limit * (self.debt + shares)


def _standing(path: LinePath, figures: Figures) -> Array:
    """What is undrawn of a line at the ends of periods from which it stands for more than a year."""
    last = path.line.matures.first if isinstance(path.line, SweepLoan) else path.line.window.end.last
    ends = [not each.end - SAME_INSTANT <= last < each.end + YEAR - SAME_INSTANT for each in figures.timeline.periods]
    return np.where(ends, path.undrawn, 0.0)


def pledged_of(figures: Figures) -> Iterator[tuple[str, Array]]:
    """Coins pledged for every btc_line of the case, (P,)."""
    for path in figures.lines:
        if isinstance(path.line, BtcLine):
            yield path.name, pledge_of(path, path.line, figures.timeline, figures.network).coins


def _ebitda_of_year(figures: Figures) -> Array:
    """EBITDA of the twelve months before the end of each period, USD m."""
    timeline, before = figures.timeline, _ebitda_before(figures)
    total = _of_year(ebitda(figures), timeline)
    for place, period in enumerate(timeline.periods):
        total[place] += sum(before(month) for month in range(period.end - YEAR, timeline.start))
    return total


def _of_year(amounts: Array, timeline: Timeline) -> Array:
    """Sums over the twelve months before the end of each period, (P,), of amounts by period: one that lies in them in
    part counts with that share."""
    periods, total = timeline.periods, np.zeros(len(timeline.periods))
    for place, period in enumerate(periods):
        shares = [overlap(each.start, each.end, period.end - YEAR, period.end) / each.months for each in periods]
        total[place] = float(amounts @ np.array(shares))
    return total


def _ebitda_before(figures: Figures) -> Callable[[int], float]:
    """EBITDA of a month before the start, as the case has it; NaN if it says nothing of any."""
    stated: dict[int, float] = {}
    # A month's own entry counts more than that of its quarter.
    for name, usd_m in sorted(figures.case.finance.ebitda_before_usd_m.items(), key=lambda entry: "Q" not in entry[0]):
        year, part = int(name[:4]), name[5:]
        first, months = (3 * int(part[1]) - 3, 3) if part.startswith("Q") else (int(part) - 1, 1)
        for month in range(12 * year + first, 12 * year + first + months):
            stated[month] = usd_m / months
    mean = math.nan if not stated else sum(stated.values()) / len(stated)
    return lambda month: stated.get(month, mean)


def _service_of_year(figures: Figures) -> Array:
    """Interest and principal paid in the twelve months before the end of each period, USD m: of lines interest only;
    without what is refinanced, and bullets of project loans."""
    timeline = figures.timeline
    paid = [(each.at, each.paid) for path in figures.debts for each in path.services]
    paid += [
        (each.at, each.scheduled)
        for tranche in figures.all_tranches
        if tranche.kind != "preferred"
        for each in tranche.services
    ]
    interest = sum((path.interest for path in figures.lines), np.zeros(len(timeline.periods)))
    return _of_year(by_period(paid, timeline) + interest, timeline)
