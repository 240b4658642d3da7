"""The yardstick: all hours of a site's operations as one linear program, written down directly.

A variable for each interval and lot (MW that run), each interval and contract (MW used by machines and by halls), each
interval's purchase at the index and its award of reserves; for each month the MW elected, enrolled and the peak. Only
for tests: nothing here imports what the product makes of the same rules. With `decides_on` machines follow a signal, so
that what is left to choose are months' peaks, and most often nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import highspy
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from optimizer.case.case import Case
from tests.hourly.hours import ByMonth, site_months
from tests.hourly.site_month import Floats, Ints, SiteMonth, SiteYear

USD_PER_USD_M = 1e6
USD_PER_UNIT = 1e3
"""Coefficients are in thousands of dollars, which suits the solver's tolerances."""
TIE = 1e-9
"""Machines that follow a signal run where they are worth more than it by more than this."""


@dataclass(frozen=True)
class Operations:
    """The best operations of a site: their value and the decisions by month."""

    value_usd_m: float
    elected_mw: Mapping[tuple[str, int], float]
    enrolled_mw: Mapping[int, float]
    peak_mw: Mapping[int, float]
    columns: int


@dataclass
class _Program:
    """A linear program that grows: blocks of columns, blocks of rows."""

    gain: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    columns: int = 0
    row_lower: list[Floats] = field(default_factory=list)
    row_upper: list[Floats] = field(default_factory=list)
    rows: int = 0
    entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    constant: float = 0.0

    def add_columns(self, size: int, gain_usd: ArrayLike, upper: ArrayLike, lower: ArrayLike = 0.0) -> Ints:
        """``size`` columns; what they gain is in dollars."""
        self.gain.append(np.broadcast_to(np.asarray(gain_usd, dtype=float) / USD_PER_UNIT, (size,)))
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=float), (size,)))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=float), (size,)))
        self.columns += size
        return np.arange(self.columns - size, self.columns)

    def add_rows(self, size: int, lower: ArrayLike, upper: ArrayLike, *terms: tuple[int | Ints, ArrayLike]) -> None:
        """``size`` rows, each with one entry of every term (a column or one for each row, and its coefficients)."""
        self.row_lower.append(np.broadcast_to(np.asarray(lower, dtype=float), (size,)))
        self.row_upper.append(np.broadcast_to(np.asarray(upper, dtype=float), (size,)))
        at = np.arange(self.rows, self.rows + size)
        for column, coefficient in terms:
            wide = np.broadcast_to(np.asarray(column), (size,))
            self.entries.append((at, wide, np.broadcast_to(np.asarray(coefficient, dtype=float), (size,))))
        self.rows += size

    def add_row(self, lower: float, upper: float, *terms: tuple[Ints, ArrayLike]) -> None:
        """One row with many columns of each term."""
        self.row_lower.append(np.array([lower]))
        self.row_upper.append(np.array([upper]))
        for columns, coefficient in terms:
            at = np.full(len(columns), self.rows)
            self.entries.append((at, columns, np.broadcast_to(np.asarray(coefficient, dtype=float), (len(columns),))))
        self.rows += 1

    def fix(self, columns: Sequence[int], value: float | None) -> None:
        """Set columns to a value, if there is one."""
        if value is not None:
            self.add_rows(len(columns), value, value, (np.array(columns, dtype=int), 1.0))

    def solve(self) -> tuple[float, Floats]:
        """(most that is gained in dollars, values of the columns)."""
        if not self.columns:
            return self.constant, np.zeros(0)
        nothing: list[tuple[Ints, Ints, Floats]] = [(np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros(0))]
        rows, columns, values = (np.concatenate([np.asarray(e[i]) for e in self.entries or nothing]) for i in range(3))
        matrix = sparse.csc_array((values, (rows, columns)), shape=(self.rows, self.columns))
        matrix.sum_duplicates()
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.columns, self.rows
        program.col_cost_ = -np.concatenate(self.gain)
        program.col_lower_, program.col_upper_ = np.concatenate(self.lower), np.concatenate(self.upper)
        none = [np.zeros(0)]
        program.row_lower_ = np.concatenate(self.row_lower or none)
        program.row_upper_ = np.concatenate(self.row_upper or none)
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
        program.a_matrix_.value_ = matrix.data
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.passModel(program)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, solver.getModelStatus()
        found: NDArray[np.float64] = np.array(solver.getSolution().col_value)
        return self.constant - USD_PER_UNIT * float(solver.getInfo().objective_function_value), found


def solve_hours(
    case: Case,
    folder: Path,
    *,
    site: str | None = None,
    installed: Mapping[str, ByMonth] | None = None,
    hosting_mw: Sequence[float] | None = None,
    signed: Mapping[str, tuple[int, float]] | None = None,
) -> Operations:
    """The most that given machines of a site can earn over the horizon (arguments as `site_months`)."""
    year = site_months(case, folder, site=site, installed=installed, hosting_mw=hosting_mw, signed=signed)
    return solve_year(year)


def solve_year(year: SiteYear, *, enrolled_mw: float | None = None, peak_mw: float | None = None) -> Operations:
    """The most that a site earns: mining margin, contracts, flexibility, less the charges that machines bear.

    MW enrolled and the peak may be given, the same for every month.
    """
    program = _Program()
    elected: dict[tuple[str, int], int] = {}
    enrolled: dict[int, int] = {}
    peaks: dict[int, int] = {}
    short: dict[tuple[int, int], list[tuple[Ints, Floats]]] = {}
    required: dict[tuple[int, int], float] = {}
    price: dict[tuple[int, int], float] = {}
    program.constant -= year.opening_usd
    for month in year.months:
        program.constant += month.factor * month.constant_usd
        if month.demand_rate is not None:
            [peak] = program.add_columns(1, 0.0, np.inf, month.halls_mw)
            peaks[month.month] = int(peak)
        if month.decides is not None:
            _follow(program, month, peaks.get(month.month))
            continue
        running = _machines(program, month, elected, peaks.get(month.month), enrolled)
        for take in month.takes:
            hours = month.weight * take.in_force
            short.setdefault(take.window, []).extend((x, hours) for x in running)
            need = take.required_mwh - float(hours.sum()) * month.halls_mw
            required[take.window] = required.get(take.window, 0.0) + need
            price[take.window] = month.factor * take.shortfall
    for window, terms in short.items():
        missing = program.add_columns(1, -price[window], np.inf)
        # In GWh, so that a year's row has coefficients of the size of the others.
        gwh = [(x, hours / 1000) for x, hours in terms]
        program.add_row(required[window] / 1000, np.inf, *gwh, (missing, 1 / 1000))
    _bills(program, year, peaks)
    program.fix(list(enrolled.values()), enrolled_mw)
    program.fix(list(peaks.values()), peak_mw)
    value, found = program.solve()
    return Operations(
        value_usd_m=value * year.site.share / USD_PER_USD_M,
        elected_mw={key: float(found[column]) for key, column in elected.items()},
        enrolled_mw={key: float(found[column]) for key, column in enrolled.items()},
        peak_mw={key: float(found[column]) for key, column in peaks.items()},
        columns=program.columns,
    )


def _machines(
    program: _Program,
    month: SiteMonth,
    elected: dict[tuple[str, int], int],
    peak: int | None,
    enrolled: dict[int, int],
) -> list[Ints]:
    """The intervals of a month: what runs, what it takes, what is sold. Columns of the lots."""
    size, usd = len(month.weight), month.factor * month.weight
    free = ~month.interrupted
    running = [
        program.add_columns(size, usd * (lot.value - month.peak_charge), lot.load_mw * free) for lot in month.lots
    ]
    index = program.add_columns(size, -usd * month.price, np.inf)
    used: list[Ints] = []
    by_halls: list[Ints] = []
    halls = month.halls_use_contracts and month.halls_mw > 0
    for supply in month.supplies:
        unused = usd * supply.unused
        machines = program.add_columns(size, -usd * supply.paid - unused, np.inf)
        used.append(machines)
        terms: list[tuple[int | Ints, ArrayLike]] = [(machines, 1.0)]
        if halls:
            hosting = program.add_columns(size, usd * (month.price_halls - supply.paid) - unused, np.inf)
            by_halls.append(hosting)
            terms.append((hosting, 1.0))
        if supply.elected:
            gain = float((unused * supply.level).sum())
            [choice] = program.add_columns(1, gain, supply.most_mw, supply.least_mw)
            elected[supply.name, month.month] = int(choice)
            program.add_rows(size, -np.inf, 0.0, *terms, (int(choice), -supply.level))
        else:
            there = supply.level * supply.most_mw
            program.constant += float((unused * there).sum())
            program.add_rows(size, -np.inf, there, *terms)
    balance: list[tuple[int | Ints, ArrayLike]] = [(x, 1.0) for x in running]
    program.add_rows(size, 0.0, 0.0, *balance, (index, -1.0), *((y, -1.0) for y in used))
    if halls and by_halls:
        program.add_rows(size, -np.inf, month.halls_mw, *((z, 1.0) for z in by_halls))
    _limits(program, month, running, peak, enrolled)
    return running


def _limits(
    program: _Program, month: SiteMonth, running: list[Ints], peak: int | None, enrolled: dict[int, int]
) -> None:
    """What ties the lots of an interval together: the peak, demand response, reserves."""
    size, load = len(month.weight), month.load_mw
    if peak is not None and running:
        program.add_rows(size, -np.inf, -month.halls_mw, *((x, 1.0) for x in running), (peak, -1.0))
    response = None
    if month.response_mw > 0 and running:
        most = min(month.response_mw, float(load.min()))
        [response] = program.add_columns(1, month.factor * month.response_usd_per_mw, most)
        enrolled[month.month] = int(response)
        at = np.flatnonzero(month.event)
        inside: list[tuple[int | Ints, ArrayLike]] = [(x[at], 1.0) for x in running]
        program.add_rows(len(at), -np.inf, load[at], *inside, (int(response), 1.0))
        if peak is not None:
            program.add_rows(len(at), -np.inf, -month.halls_mw, *inside, (int(response), 1.0), (peak, -1.0))
            program.add_rows(1, -np.inf, -month.halls_mw, (int(response), 1.0), (peak, -1.0))
    if month.reserve_mw.any() and running:
        usd = month.factor * month.weight
        award = program.add_columns(size, usd * month.reserve, month.reserve_mw)
        program.add_rows(size, -np.inf, 0.0, (award, 1.0), *((x, -1.0) for x in running))
        if response is not None:
            program.add_rows(size, -np.inf, load, (award, 1.0), (int(response), 1.0))
            if peak is not None:
                both: list[tuple[int | Ints, ArrayLike]] = [(award, 1.0), (int(response), 1.0)]
                program.add_rows(size, -np.inf, -month.halls_mw, *both, (peak, -1.0))


def _bills(program: _Program, year: SiteYear, peaks: Mapping[int, int]) -> None:
    """What is billed for the peaks of all months, less what halls bear of it."""
    charge = year.demand
    if charge is None:
        return
    for month in year.months:
        k, rate = month.month, month.demand_rate or 0.0
        least = max(charge.contracted_mw, charge.ratchet * charge.opening_peak_mw if k < 11 else 0.0)
        [billed] = program.add_columns(1, -month.factor * rate, np.inf, least)
        program.constant += month.factor * rate * month.halls_mw
        program.add_rows(1, 0.0, np.inf, (int(billed), 1.0), (peaks[k], -1.0))
        for before in range(max(0, k - 11), k):
            if charge.ratchet > 0:
                program.add_rows(1, 0.0, np.inf, (int(billed), 1.0), (peaks[before], -charge.ratchet))


def _follow(program: _Program, month: SiteMonth, peak: int | None) -> None:
    """A month in which machines run by another price than they pay: a number, or one for each MW of the peak."""
    assert month.decides is not None
    if month.supplies or month.takes or month.response_mw > 0:
        raise NotImplementedError("decides_on with contracts, minimum takes or demand response")
    usd = month.factor * month.weight
    left = np.minimum(month.reserve_mw, month.load_mw)
    if peak is not None and left.any():
        raise NotImplementedError("decides_on with reserves and a demand charge")
    gains: list[float] = []
    loads: list[float] = []
    for lot in month.lots:
        awarded = np.minimum(left, lot.load_mw)
        left = left - awarded
        gain = 0.0
        for mw, reserve in ((awarded, month.reserve), (lot.load_mw - awarded, 0.0)):
            # Reserves pay what runs anyway: they are not in what machines decide on.
            worth = lot.value - month.peak_charge
            runs = (worth > month.decides + TIE) & ~month.interrupted
            gain += float((usd * mw * np.where(runs, worth + reserve - month.price, 0.0)).sum())
        gains.append(gain)
        loads.append(float(lot.load_mw.max()))
    if peak is None:
        program.constant += sum(gains)
        return
    parts = program.add_columns(len(gains), gains, 1.0)
    program.add_row(-np.inf, -month.halls_mw, (parts, np.array(loads)), (np.array([peak]), -1.0))
