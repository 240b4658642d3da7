"""The value of a site by duality: no hour has a variable, only each interval a price at which supply meets load.

For given MW elected, enrolled, awarded, a given peak and a given price of the take, an interval is worth
``min over pi <= p of sum_loads mw max(0, v - pi) + sum_supplies q max(0, pi - o)``, and the least is found at one of
the values, the opportunity prices or the price itself. Months are then the best over at most two levers each, and a
minimum take is the least over its price: functions of straight pieces, whose kinks are found exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from optimizer.case.delivery import Demand
from tests.hourly.site_month import Floats, SiteMonth, SiteYear, SupplyMonth

USD_PER_USD_M = 1e6


@dataclass(frozen=True)
class Levers:
    """What is decided for a month. MW elected by contract, enrolled; ``peak`` None where load is not limited."""

    elected_mw: tuple[float, ...] = ()
    enrolled_mw: float = 0.0
    peak_mw: float | None = None
    take_price: float = 0.0


def interval_values(value: Floats, load: Floats, opportunity: Floats, supply: Floats, price: Floats) -> Floats:
    """(H,) what each interval is worth: loads (J, H), supplies (C, H), and any amount at ``price``.

    The dual: a price ``pi``, at most ``price``, for which ``sum load max(0, value - pi) + sum supply max(0, pi - o)``
    is least. It is convex in ``pi`` with kinks at values and opportunity prices.
    """
    best = np.full(len(price), np.inf)
    for candidate in [*value, *opportunity, price]:
        at = np.minimum(candidate, price)
        worth = (load * np.maximum(0, value - at)).sum(axis=0)
        worth = worth + (supply * np.maximum(0, at - opportunity)).sum(axis=0)
        best = np.minimum(best, worth)
    return best


def _first(mw: Floats, most: Floats) -> Floats:
    """(J, H) the part of loads (J, H) that lies within the first ``most`` (H,) MW."""
    before = np.cumsum(mw, axis=0) - mw
    part: Floats = np.clip(most - before, 0, mw)
    return part


def month_value(month: SiteMonth, levers: Levers) -> float:
    """Discounted dollars of a month for given levers, without demand charge and shortfall.

    What the take is paid is counted in (`Levers.take_price` on each MWh of machines while a take is in force).
    """
    size = len(month.weight)
    loads = np.array([lot.load_mw for lot in month.lots]).reshape(-1, size)
    values = np.array([lot.value for lot in month.lots]).reshape(-1, size)
    total = loads.sum(axis=0)
    counted = total if levers.peak_mw is None else np.minimum(total, max(0.0, levers.peak_mw - month.halls_mw))
    assert levers.enrolled_mw <= counted.min() + 1e-9
    allowed = np.where(month.event, counted - levers.enrolled_mw, counted) * ~month.interrupted
    awarded = np.minimum(month.reserve_mw, counted - levers.enrolled_mw)
    takes = sum((take.in_force.astype(float) for take in month.takes), np.zeros(size))
    values = values - month.peak_charge + levers.take_price * takes
    # A lot of which a part is awarded is two loads: the first MW earn the reserve as well.
    within = _first(loads, np.minimum(awarded, allowed))
    rest = _first(loads, allowed) - within
    load = np.concatenate([within, rest])
    value = np.concatenate([values + month.reserve, values])
    elected = iter(levers.elected_mw)
    there = [s.level * (next(elected) if s.elected else s.most_mw) for s in month.supplies]
    supply = np.array(there).reshape(-1, size)
    opportunity = np.array([s.opportunity for s in month.supplies]).reshape(-1, size)
    unused = np.array([s.unused for s in month.supplies]).reshape(-1, size)
    # What is there and not used counts in full; what is used pays it back in its opportunity price.
    hourly = (supply * unused).sum(axis=0)
    if month.halls_use_contracts and month.halls_mw > 0:
        # Halls come first, at their own price: the cheapest contracts below it.
        order = np.argsort(opportunity, axis=0, kind="stable")
        sorted_supply = np.take_along_axis(supply, order, axis=0)
        gain = np.maximum(0, month.price_halls - np.take_along_axis(opportunity, order, axis=0))
        taken = _first(sorted_supply * (gain > 0), np.full(size, month.halls_mw))
        hourly += (taken * gain).sum(axis=0)
        np.put_along_axis(supply, order, sorted_supply - taken, axis=0)
    hourly += interval_values(value, load, opportunity, supply, month.price)
    usd = float((month.weight * hourly).sum()) + month.constant_usd
    return month.factor * (usd + month.response_usd_per_mw * levers.enrolled_mw)


def best_of(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """(where, how much): the most of a concave function of straight pieces between two ends.

    Tangents from both sides meet at a kink or above the function; where they meet on it, no point lies higher.
    """
    if high - low <= 1e-12 * max(1.0, abs(high)):
        return low, function(low)
    step = 1e-7 * (high - low)

    def tangent(at: float) -> tuple[float, float, float, float]:
        """Value at a point, and the slopes to its left and right (infinite beyond the ends)."""
        middle = function(at)
        left = (middle - function(at - step)) / step if at - step >= low else np.inf
        right = (function(at + step) - middle) / step if at + step <= high else -np.inf
        return at, middle, left, right

    def sharp(at: float) -> tuple[float, float]:
        """The kink near a point, where the lines to its left and right meet, if it is higher than the point."""
        here = at, function(at)
        xs = [at - 3 * step, at - 2 * step, at + 2 * step, at + 3 * step]
        if xs[0] < low or xs[3] > high:
            return here
        p, q, r, s = (function(x) for x in xs)
        if q - p <= s - r:
            return here
        # Both lines as heights over `at`: left and right ones.
        left, right = (q - p) / step, (s - r) / step
        kink = at + ((r - right * 2 * step) - (q + left * 2 * step)) / (left - right)
        there = kink, function(kink) if low <= kink <= high else -np.inf
        return max(here, there, key=lambda point: point[1])

    a, b = tangent(low), tangent(high)
    for _ in range(200):
        best = max((a, b), key=lambda point: point[1])
        if a[3] <= 0:
            return a[0], a[1]
        if b[2] >= 0:
            return b[0], b[1]
        meets = (b[1] - a[1] + a[3] * a[0] - b[2] * b[0]) / (a[3] - b[2])
        if meets - a[0] <= step or b[0] - meets <= step:
            return max(best[:2], sharp(best[0]), key=lambda point: point[1])
        middle = tangent(meets)
        if middle[3] > 0 and middle[1] < a[1] + a[3] * (meets - a[0]) - 1e-13 * abs(a[1]):
            a = middle
        elif middle[2] < 0 and middle[1] < a[1] + a[3] * (meets - a[0]) - 1e-13 * abs(a[1]):
            b = middle
        else:
            return max(best[:2], sharp(meets), key=lambda point: point[1])
    raise AssertionError("a function with too many pieces, or one that is not concave")


def month_with_peak(month: SiteMonth, take_price: float, peak: float | None) -> float:
    """Discounted dollars of a month with a given peak and the best MW elected and enrolled, without its bill."""
    elections = [s for s in month.supplies if s.elected]
    if len(elections) + (month.response_mw > 0) + (peak is not None) > 2:
        raise NotImplementedError("more than two levers in a month")
    least = float(month.load_mw.min())
    most = min(month.response_mw, least if peak is None else min(least, peak - month.halls_mw))

    def with_enrolled(enrolled: float) -> float:
        return _best_election(month, [], elections, enrolled, peak, take_price)

    return best_of(with_enrolled, 0.0, max(0.0, most))[1]


def best_month(month: SiteMonth, take_price: float, charge: Demand | None) -> float:
    """Discounted dollars of a month with the best levers, its demand charge included (without a ratchet)."""
    rate = month.demand_rate
    if charge is None or rate is None:
        return month_with_peak(month, take_price, None)

    def with_peak(peak: float) -> float:
        bill = month.factor * rate * (max(peak, charge.contracted_mw) - month.halls_mw)
        return month_with_peak(month, take_price, peak) - bill

    return best_of(with_peak, month.halls_mw, month.halls_mw + float(month.load_mw.max()))[1]


def best_year_with_ratchet(months: Sequence[SiteMonth], charge: Demand) -> float:
    """Discounted dollars of months whose peaks are tied by a ratchet, by cutting planes: exact for straight pieces.

    Each month's worth as a function of its peak lies below its tangents; the best peaks under all tangents found so far
    are tried next, until what the tangents promise is there.
    """
    size = len(months)
    low = np.array([month.halls_mw for month in months])
    high = low + np.array([float(month.load_mw.max()) for month in months])
    rate = np.array([month.factor * (month.demand_rate or 0.0) for month in months])
    first = np.array([charge.ratchet * charge.opening_peak_mw if k < 11 else 0.0 for k in range(size)])
    # Columns: peaks, what is billed, what the months are worth (in thousands).
    cost = np.concatenate([np.zeros(size), rate / 1e3, -np.ones(size)])
    billed_least = np.maximum(first, charge.contracted_mw)
    bounds = [*zip(low, high, strict=True), *((float(mw), None) for mw in billed_least), *[(None, 1e9)] * size]
    rows: list[Floats] = []
    limits: list[float] = []
    for k in range(size):
        for before in range(max(0, k - 11), k + 1):
            row = np.zeros(3 * size)
            row[before] = 1.0 if before == k else charge.ratchet
            row[size + k] = -1.0
            rows.append(row)
            limits.append(0.0)
    best, peaks = -np.inf, high
    for _ in range(60):
        worth = np.zeros(size)
        for k, month in enumerate(months):
            step = 1e-6 * max(1.0, high[k] - low[k])
            # A tangent on each side, drawn beside the point so that a kink on it is not cut off.
            for near in (-2 * step, 2 * step):
                at = float(np.clip(peaks[k] + near, low[k] + step, high[k] - step))
                a, b = (month_with_peak(month, 0.0, x) / 1e3 for x in (at - step / 2, at + step / 2))
                slope = (b - a) / step
                row = np.zeros(3 * size)
                row[k], row[2 * size + k] = -slope, 1.0
                rows.append(row)
                limits.append((a + b) / 2 - slope * at)
            worth[k] = month_with_peak(month, 0.0, float(peaks[k])) / 1e3
        before_now = [max(peaks[max(0, k - 11) : k], default=0.0) for k in range(size)]
        billed = np.maximum(np.maximum(peaks, billed_least), charge.ratchet * np.array(before_now))
        best = max(best, float((worth - rate / 1e3 * billed).sum()))
        found = linprog(cost, A_ub=np.array(rows), b_ub=np.array(limits), bounds=bounds, method="highs")
        assert found.success, found.message
        if -found.fun - best <= 1e-8 * max(1.0, abs(best)):
            break
        peaks = np.clip(found.x[:size], low, high)
    else:
        raise AssertionError("the tangents do not close")
    return 1e3 * best + float((rate * low).sum())


def _best_election(
    month: SiteMonth,
    chosen: list[float],
    left: Sequence[SupplyMonth],
    enrolled: float,
    peak: float | None,
    take_price: float,
) -> float:
    if not left:
        return month_value(month, Levers(tuple(chosen), enrolled, peak, take_price))
    supply = left[0]

    def with_election(mw: float) -> float:
        return _best_election(month, [*chosen, mw], left[1:], enrolled, peak, take_price)

    return best_of(with_election, supply.least_mw, supply.most_mw)[1]


def signal_month(month: SiteMonth) -> float:
    """Discounted dollars of a month in which machines run by another price than they pay, interval by interval."""
    assert month.decides is not None
    usd = month.constant_usd
    for i in np.flatnonzero(~month.interrupted).tolist():
        left = float(month.reserve_mw[i])
        for lot in month.lots:
            awarded = min(left, float(lot.load_mw[i]))
            left -= awarded
            for mw, reserve in ((awarded, float(month.reserve[i])), (float(lot.load_mw[i]) - awarded, 0.0)):
                worth = float(lot.value[i]) - float(month.peak_charge[i])
                if worth > month.decides[i] + 1e-9:
                    usd += float(month.weight[i]) * mw * (worth + reserve - float(month.price[i]))
    return month.factor * usd


def year_value(year: SiteYear) -> float:
    """USD m of a site over the horizon. Raises NotImplementedError for what this way cannot do."""
    charge, months = year.demand, year.months
    takes = {take.name for month in months for take in month.takes}
    usd = -year.opening_usd
    if months[0].decides is not None:
        if charge is not None or takes or any(month.response_mw for month in months):
            raise NotImplementedError("machines that follow a signal, with levers")
        usd += sum(signal_month(month) for month in months)
    elif charge is not None and charge.ratchet > 0:
        if takes:
            raise NotImplementedError("a ratchet and a minimum take")
        usd += best_year_with_ratchet(months, charge)
    elif not takes:
        usd += sum(best_month(month, 0.0, charge) for month in months)
    elif len(takes) == 1 and all(month.takes for month in months):
        windows: dict[tuple[int, int], list[SiteMonth]] = {}
        for month in months:
            windows.setdefault(month.takes[0].window, []).append(month)
        usd += sum(_window(window, charge) for window in windows.values())
    else:
        raise NotImplementedError("several minimum takes, or one for a part of the time")
    return usd * year.site.share / USD_PER_USD_M


def _window(months: Sequence[SiteMonth], charge: Demand | None) -> float:
    """A window of a minimum take: the least, over the price that a MWh of it has, of what its months are then worth."""
    takes = [month.takes[0] for month in months]
    required = sum(
        take.required_mwh - month.halls_mw * float((month.weight * take.in_force).sum())
        for month, take in zip(months, takes, strict=True)
    )
    most = months[-1].factor * takes[-1].shortfall

    def less(discounted: float) -> float:
        worth = sum(best_month(month, discounted / month.factor, charge) for month in months)
        return discounted * required - worth

    return -best_of(less, 0.0, most)[1]


def spread_value(month: SiteMonth, lots: int | None = None) -> float:
    """A month with one block beside the index, by thresholds: the least over ``j`` of one threshold in all intervals.

    ``pi = clip(v_j, o, p)`` in each interval; ``j`` runs through the lots and two ends. Equal to `month_value` where
    one threshold is right for every hour, which a single block and values that keep their order give.
    """
    [block] = month.supplies
    quantity = block.level * block.most_mw
    floor, ceiling = np.minimum(block.opportunity, month.price), month.price
    best = np.inf
    for threshold in [np.full(len(ceiling), -np.inf), *(lot.value for lot in month.lots[:lots]), ceiling + np.inf]:
        at = np.clip(threshold, floor, ceiling)
        worth = quantity * (at - block.opportunity) * (block.opportunity <= month.price)
        for lot in month.lots:
            worth = worth + lot.load_mw * np.maximum(0, lot.value - at)
        best = min(best, float((month.weight * (worth + quantity * block.unused)).sum()))
    return month.factor * best
