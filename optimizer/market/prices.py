"""Read a price file into an evenly spaced series in the market's own calendar.

Not here: how a file is opened and its cells are read (``price_rows.py``), what a price is worth to anyone, and any
mending that the case did not ask for. Reading is deterministic and writes nothing. Whatever is wrong with a file ends
in one ``PriceFileProblems`` that names the lines.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.case.price_file import PriceFile
from optimizer.market.price_rows import PriceFileProblem, PriceFileProblems, Problems, Rows, file_bytes, read_rows

__all__ = ["PriceFileProblem", "PriceFileProblems", "PriceSeries", "read_prices"]

LONGEST_INTERPOLATION_HOURS = 6
_WEEK_S = 7 * 86400
_SPACINGS_MIN = (5, 10, 15, 20, 30, 60)


@dataclass(frozen=True, eq=False)
class PriceSeries:
    """Evenly spaced prices in the market's own calendar; H intervals, arrays are read-only.

    start_utc: (H,) datetime64[s], start of each interval. local_month: (H,) int64, ``12 * year + month - 1`` of the
    start in the market's time zone. local_day: (H,) int64, day of that month, 1 to 31. local_hour: (H,) int64, hour on
    the clock, 0 to 23. local_weekday: (H,) int64, 0 for Monday. price: (H,) money per MWh as in
    the file, never missing. repairs: what was mended by which rule. sha256: of the file's bytes as they are on disk.
    """

    start_utc: NDArray[np.datetime64]
    local_month: NDArray[np.int64]
    local_day: NDArray[np.int64]
    local_hour: NDArray[np.int64]
    local_weekday: NDArray[np.int64]
    interval_hours: float
    price: NDArray[np.float64]
    repairs: tuple[str, ...]
    sha256: str


def read_prices(spec: PriceFile, folder: Path) -> PriceSeries:
    """Read ``folder / spec.file`` as the case says. Raises ``PriceFileProblems`` and nothing else."""
    problems = Problems(spec.file)
    data = file_bytes(spec, folder, problems)
    rows = read_rows(spec, data, problems)
    zone = ZoneInfo(spec.time_zone)
    interval_s = _interval_seconds(spec, rows, problems)
    start_s = _starts_utc(spec, rows, interval_s, zone, problems)
    repairs: list[str] = []
    if (np.diff(start_s) < 0).any():
        repairs.append("rows were not in order of time: sorted")
    grid = _on_grid(spec, rows, start_s, interval_s, zone, problems, repairs)
    offset_s = _offsets_of_instants(grid.start_s, zone)
    price = _fill_gaps(spec, rows, grid, offset_s, interval_s, zone, problems, repairs)
    local = (grid.start_s + offset_s).astype("datetime64[s]")
    month = local.astype("datetime64[M]")
    series = PriceSeries(
        start_utc=grid.start_s.astype("datetime64[s]"),
        local_month=month.astype(np.int64) + 12 * 1970,
        local_day=(local.astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64) + 1,
        local_hour=(grid.start_s + offset_s) // 3600 % 24,
        local_weekday=((grid.start_s + offset_s) // 86400 + 3) % 7,
        interval_hours=interval_s / 3600,
        price=price,
        repairs=tuple(repairs),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    arrays = (series.start_utc, series.local_month, series.local_day, series.local_hour, series.local_weekday)
    for array in (*arrays, series.price):
        array.flags.writeable = False
    return series


# ---------------------------------------------------------------- the times


def _interval_seconds(spec: PriceFile, rows: Rows, problems: Problems) -> int:
    """The most common spacing of the rows; the shortest of equally common ones."""
    steps, counts = np.unique(np.diff(np.unique(rows.clock_s)), return_counts=True)
    if not len(steps):
        if spec.interval_minutes is None:
            raise problems.stop(int(rows.line[0]), "one time only: state interval_minutes")
        return spec.interval_minutes * 60
    found_min = float(steps[np.argmax(counts)]) / 60
    if spec.interval_minutes is not None and found_min != spec.interval_minutes:
        message = f"interval_minutes: {spec.interval_minutes}, but the rows are {found_min:g} minutes apart"
        raise problems.stop(None, message)
    if found_min not in _SPACINGS_MIN:
        raise problems.stop(None, f"the rows are {found_min:g} minutes apart: it must be 5, 10, 15, 20, 30 or 60")
    return int(found_min * 60)


def _starts_utc(spec: PriceFile, rows: Rows, interval_s: int, zone: ZoneInfo, problems: Problems) -> NDArray[np.int64]:
    """Start of each row's interval, seconds since 1970 UTC, in the order of the file."""
    # Of local times the interval is taken off before the conversion, as a market's hour-ending labels are made.
    start_s = rows.clock_s - (interval_s if spec.interval == "ending" else 0)
    if not rows.local:
        if spec.timestamps == "local" and rows.offset_s is not None:
            for index in np.nonzero(_offsets_of_instants(rows.clock_s, zone) != rows.offset_s)[0]:
                message = f"timestamps: local, but the offset in the file is not that of {spec.time_zone} at this time"
                problems.add(int(rows.line[index]), message)
            problems.stop_if_any()
        return start_s
    offset_s = np.empty_like(start_s)
    on_change_day = np.zeros(len(start_s), dtype=bool)
    for day, at in _by_day(start_s):
        before, after = _offset_of_clock(day, zone), _offset_of_clock(day + 86400, zone)
        offset_s[at], on_change_day[at] = before, before != after
    changing = np.nonzero(on_change_day)[0]
    if len(rows.clock_s) > 1 and rows.clock_s[0] > rows.clock_s[-1]:
        changing = changing[::-1]  # a file with the newest row first has standard time before daylight time
    seen: dict[int, int] = {}
    for index in changing:
        clock = int(start_s[index])
        first, second = _offset_of_clock(clock, zone), _offset_of_clock(clock, zone, second=True)
        when = datetime.fromtimestamp(clock, UTC).strftime("%Y-%m-%d %H:%M")
        line = int(rows.line[index])
        if first < second:
            problems.add(line, f"there is no local time {when} in {spec.time_zone}: the clock was put forward over it")
        occurrence = seen[clock] = seen.get(clock, 0) + 1
        if first > second and occurrence > 2:
            problems.add(line, f"the local time {when} occurs more than twice on the day of the clock change")
        offset_s[index] = second if occurrence > 1 else first
    problems.stop_if_any()
    return start_s - offset_s


def _by_day(seconds: NDArray[np.int64]) -> Iterable[tuple[int, NDArray[np.int64]]]:
    """The days in ``seconds``, each by its first second and the places at which it stands."""
    day = seconds // 86400
    order = np.argsort(day, kind="stable")
    cuts = np.nonzero(np.diff(day[order]))[0] + 1
    for at in np.split(order, cuts) if len(order) else []:
        yield int(day[at[0]]) * 86400, at


def _offset_of_clock(clock_s: int, zone: ZoneInfo, second: bool = False) -> int:
    """Seconds by which local time ``clock_s`` is ahead of UTC, at its first or second occurrence."""
    naive = datetime.fromtimestamp(clock_s, UTC).replace(tzinfo=zone, fold=int(second))
    return round((naive.utcoffset() or timedelta()).total_seconds())


def _offset_of_instant(second_utc: int, zone: ZoneInfo) -> int:
    return round((datetime.fromtimestamp(second_utc, zone).utcoffset() or timedelta()).total_seconds())


def _offsets_of_instants(seconds_utc: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Seconds by which local time is ahead of UTC; asked per day, and per row only on the day of a clock change."""
    offsets = np.empty_like(seconds_utc)
    for day, at in _by_day(seconds_utc):
        before, after = _offset_of_instant(day, zone), _offset_of_instant(day + 86400, zone)
        offsets[at] = before if before == after else [_offset_of_instant(int(value), zone) for value in seconds_utc[at]]
    return offsets


# ---------------------------------------------------------------- the even grid


@dataclass(frozen=True)
class _Grid:
    """Every interval from the first to the last. line: 0 where the file has no row. price: NaN where it is missing."""

    start_s: NDArray[np.int64]
    line: NDArray[np.int64]
    price: NDArray[np.float64]


def _on_grid(
    spec: PriceFile, rows: Rows, start_s: NDArray[np.int64], interval_s: int, zone: ZoneInfo, problems: Problems,
    repairs: list[str],
) -> _Grid:  # fmt: skip
    phases, counts = np.unique(start_s % interval_s, return_counts=True)
    phase = phases[np.argmax(counts)]
    for index in np.nonzero(start_s % interval_s != phase)[0]:
        when = _when(start_s[index], zone)
        message = f"not evenly spaced: {when} is not on the {interval_s // 60}-minute steps of the rest"
        problems.add(int(rows.line[index]), message)
    problems.stop_if_any()
    order = np.lexsort((rows.line, start_s))
    sorted_s, line, price = start_s[order], rows.line[order], rows.price[order].copy()
    again = np.concatenate(([False], np.diff(sorted_s) == 0))
    if again.any():
        if spec.duplicates == "refuse":
            for index in sorted(np.nonzero(again)[0], key=lambda index: line[index]):
                message = f"{_when(sorted_s[index], zone)} was already at line {line[index - 1]}"
                problems.add(int(line[index]), f"{message}: mend the file, or state duplicates: mean, first or last")
            raise problems.all()
        heads = np.nonzero(~again)[0]
        for head, end in zip(heads, [*heads[1:], len(again)], strict=True):
            if end - head > 1:
                price[head] = _merged([float(value) for value in price[head:end]], spec.duplicates)
        first = min(line[again])
        number = _count(int(again.sum()), "repeated row")
        repairs.append(f"{number} merged by {spec.duplicates}: first at {spec.file}:{first}")
        sorted_s, line, price = sorted_s[heads], line[heads], price[heads]
    _refuse_endless_gaps(sorted_s, line, interval_s, zone, problems)
    place = (sorted_s - sorted_s[0]) // interval_s
    count = int(place[-1]) + 1
    grid = _Grid(
        start_s=sorted_s[0] + interval_s * np.arange(count, dtype=np.int64),
        line=np.zeros(count, dtype=np.int64),
        price=np.full(count, math.nan),
    )
    grid.line[place], grid.price[place] = line, price
    return grid


def _merged(prices: list[float], rule: str) -> float:
    """One price for the rows of one time, in the order of the file; NaN only if all are missing."""
    present = [price for price in prices if not math.isnan(price)] or [math.nan]
    return math.fsum(present) / len(present) if rule == "mean" else present[0 if rule == "first" else -1]


def _refuse_endless_gaps(
    start_s: NDArray[np.int64], line: NDArray[np.int64], interval_s: int, zone: ZoneInfo, problems: Problems
) -> None:
    """No rule fills more than two weeks: said before the grid is laid, which a mistyped year would make enormous."""
    for index in np.nonzero(np.diff(start_s) > 2 * _WEEK_S + interval_s)[0]:
        first, last = _when(start_s[index] + interval_s, zone), _when(start_s[index + 1] - interval_s, zone)
        problems.add(int(line[index]), f"no row after this line for {first} and on to {last}: too long for any rule")
    problems.stop_if_any()


def _fill_gaps(
    spec: PriceFile, rows: Rows, grid: _Grid, offset_s: NDArray[np.int64], interval_s: int, zone: ZoneInfo,
    problems: Problems, repairs: list[str],
) -> NDArray[np.float64]:  # fmt: skip
    missing = np.nonzero(np.isnan(grid.price))[0]
    if not len(missing):
        return grid.price
    runs = np.split(missing, np.nonzero(np.diff(missing) > 1)[0] + 1)
    price, excuse = grid.price.copy(), "state gaps: interpolate or repeat_week, or mend the file"
    if spec.gaps == "interpolate":
        excuse = f"interpolate needs a price on both sides and at most {LONGEST_INTERPOLATION_HOURS} hours between"
        known = np.nonzero(~np.isnan(grid.price))[0]
        if len(known):
            price[missing] = np.interp(missing, known, grid.price[known])
        for run in runs:
            at_an_end = run[0] == 0 or run[-1] == len(price) - 1
            if at_an_end or len(run) * interval_s > LONGEST_INTERPOLATION_HOURS * 3600:
                price[run] = math.nan
    elif spec.gaps == "repeat_week":
        excuse = "repeat_week found no price one week earlier or later"
        price[missing] = _from_next_week(grid.price, offset_s, missing, interval_s)
    elif spec.gaps == "zero":
        price[missing] = 0.0
    for run in runs:
        unfilled = run[np.isnan(price[run])]
        if len(unfilled):
            where, what = _describe_gap(rows, grid, unfilled, zone)
            problems.add(where, f"{what}: {excuse}")
    problems.stop_if_any()
    first = _describe_gap(rows, grid, runs[0], zone)[0]
    repairs.append(f"{_count(len(missing), 'gap')} filled by {spec.gaps}: first at {spec.file}:{first}")
    return price


def _from_next_week(
    price: NDArray[np.float64], offset_s: NDArray[np.int64], missing: NDArray[np.int64], interval_s: int
) -> NDArray[np.float64]:
    """The file's own price at the same local time one week earlier, else later, else NaN."""
    filled = np.full(len(missing), math.nan)
    for weeks in (-1, 1):
        for place, index in enumerate(missing):
            source = index + weeks * _WEEK_S // interval_s
            if not math.isnan(filled[place]) or not 0 <= source < len(price):
                continue
            # Across a clock change the same local time is an hour off; if it does not exist there, take the UTC hour.
            shift_s = int(offset_s[index] - offset_s[source])
            moved = source + shift_s // interval_s
            if shift_s % interval_s == 0 and 0 <= moved < len(price) and offset_s[moved] == offset_s[source]:
                source = moved
            filled[place] = price[source]
    return filled


def _describe_gap(rows: Rows, grid: _Grid, run: NDArray[np.int64], zone: ZoneInfo) -> tuple[int, str]:
    """The line at or after which prices are missing, and words for it."""
    begin, end = _when(grid.start_s[run[0]], zone), _when(grid.start_s[run[-1]], zone)
    line = int(grid.line[run[0]])
    if line:
        what = f"no price ({rows.why_missing[line]}) at"
    else:
        before = grid.line[: run[0]]  # the first interval of a grid always has a row
        line = int(before[np.nonzero(before)[0][-1]])
        what = "no row after this line for"
    return line, f"{what} {begin}" + (f" and on to {end}, {len(run)} intervals" if len(run) > 1 else "")


# ---------------------------------------------------------------- words


def _when(second_utc: np.int64, zone: ZoneInfo) -> str:
    """Local time with its offset: the reader can find it in the file, and it is one instant."""
    return datetime.fromtimestamp(int(second_utc), zone).isoformat(timespec="minutes")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
