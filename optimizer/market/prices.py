"""Read a price file into an evenly spaced series in the market's own calendar.

Not here: what a price is worth to anyone, and any mending that the case did not ask for. Reading is deterministic
and writes nothing. Whatever is wrong with a file ends in one ``PriceFileProblems`` that names the lines.

The reader is the standard library's csv module and not pandas: it keeps the file's own line numbers through quoted
cells and blank lines, holds only the rows of the wanted location, and 35,040 rows take a tenth of a second.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.case.price_file import PriceFile

LARGEST_BYTES = 200_000_000
LONGEST_INTERPOLATION_HOURS = 6
REPORTED = 20
_WEEK_S = 7 * 86400
_SPACINGS_MIN = (5, 10, 15, 20, 30, 60)

# Column names are compared in lower case with underscores; the first that is found wins.
_TIME_COLUMNS = (
    "timestamp_utc", "interval_start_utc", "datetime_utc", "time_utc", "date_utc", "interval_start",
    "interval_start_local", "timestamp", "timestamp_local", "datetime", "date_time", "time", "date",
    "interval_end_utc", "interval_end", "interval_end_local", "settlementdate",
)  # fmt: skip
_PRICE_COLUMNS = ("spp", "lmp", "rrp", "settlement_point_price")
_LOCATION_COLUMNS = ("location", "settlement_point", "settlement_point_name", "region")
_MARKET_COLUMNS = ("market",)
_OTHER_COLUMNS = ("location_type", "settlement_point_type", "")
_MISSING = {"", "-", "na", "n/a", "#n/a", "null", "none"}


class PriceFileProblem(Exception):
    """One thing wrong with a price file: its name as the case writes it, the line counted from 1, the message."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        super().__init__(file, line, message)
        self.file, self.line, self.message = file, line, message

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class PriceFileProblems(Exception):
    """Everything found wrong in one reading: the first ``REPORTED`` problems, and how many ``more`` there are."""

    def __init__(self, problems: tuple[PriceFileProblem, ...], more: int = 0) -> None:
        super().__init__(problems, more)
        self.problems, self.more = problems, more

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        return "\n".join([*lines, f"and {self.more} more"] if self.more else lines)


@dataclass(frozen=True, eq=False)
class PriceSeries:
    """Evenly spaced prices in the market's own calendar; H intervals, arrays are read-only.

    start_utc: (H,) datetime64[s], start of each interval. local_month: (H,) int64, ``12 * year + month - 1`` of the
    start in the market's time zone. local_day: (H,) int64, day of that month, 1 to 31. price: (H,) money per MWh as in
    the file, never missing. repairs: what was mended by which rule. sha256: of the file's bytes as they are on disk.
    """

    start_utc: NDArray[np.datetime64]
    local_month: NDArray[np.int64]
    local_day: NDArray[np.int64]
    interval_hours: float
    price: NDArray[np.float64]
    repairs: tuple[str, ...]
    sha256: str


def read_prices(spec: PriceFile, folder: Path) -> PriceSeries:
    """Read ``folder / spec.file`` as the case says. Raises ``PriceFileProblems`` and nothing else."""
    problems = _Problems(spec.file)
    data = _file_bytes(spec, folder, problems)
    rows = _read_rows(spec, _text(spec, data, problems), problems)
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
        interval_hours=interval_s / 3600,
        price=price,
        repairs=tuple(repairs),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    for array in (series.start_utc, series.local_month, series.local_day, series.price):
        array.flags.writeable = False
    return series


class _Problems:
    """Collects what is wrong, so that a file is judged as far as it can be before anything is raised."""

    def __init__(self, file: str) -> None:
        self.file, self.found, self.count = file, list[PriceFileProblem](), 0
        self._kinds: set[str] = set()

    def add(self, line: int | None, message: str) -> None:
        self.count += 1
        if self.count <= REPORTED:
            self.found.append(PriceFileProblem(self.file, line, message))

    def once(self, kind: str, line: int, message: str) -> None:
        """A fault of the statement rather than of a row: said at the first line only."""
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.add(line, message)

    def stop_if_any(self) -> None:
        if self.count:
            raise self.all()

    def all(self) -> PriceFileProblems:
        return PriceFileProblems(tuple(self.found), self.count - len(self.found))

    def stop(self, line: int | None, message: str) -> PriceFileProblems:
        self.add(line, message)
        return self.all()


# ---------------------------------------------------------------- the bytes


def _file_bytes(spec: PriceFile, folder: Path, problems: _Problems) -> bytes:
    path = folder / spec.file
    too_large = f"larger than {LARGEST_BYTES // 1_000_000} MB: cut it to the location and years that are needed"
    try:
        if not path.exists():
            hint = ", and no such folder"
            if path.parent.is_dir():
                names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
                hint = f".{_did_you_mean(path.name, names)}".rstrip(".")
            raise problems.stop(None, f"there is no such file{hint}")
        if not path.is_file():  # a named pipe would wait for ever
            raise problems.stop(None, "not a file but a folder or a device")
        if path.stat().st_size > LARGEST_BYTES:
            raise problems.stop(None, too_large)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise problems.stop(None, f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None


def _text(spec: PriceFile, data: bytes, problems: _Problems) -> str:
    if spec.file.lower().endswith(".gz"):
        try:
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(LARGEST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise problems.stop(None, f"not a whole gzip file: {error}") from None
        if len(data) > LARGEST_BYTES:
            raise problems.stop(None, f"larger than {LARGEST_BYTES // 1_000_000} MB when unpacked")
    for magic, what in (
        (b"\x1f\x8b", "packed with gzip: name it .csv.gz"),
        (b"PK\x03\x04", "a workbook or zip archive, not text: save it as CSV"),
        (b"\xff\xfe", "UTF-16 text: save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 text: save it as UTF-8"),
    ):
        if data.startswith(magic):
            raise problems.stop(None, what)
    if (zero := data.find(b"\0")) >= 0:
        raise problems.stop(data.count(b"\n", 0, zero) + 1, "not text: there is a zero byte")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise problems.stop(line, f"not UTF-8 text: byte 0x{data[error.start]:02x}") from None
    if not text.strip():
        raise problems.stop(None, "the file is empty")
    return text


# ---------------------------------------------------------------- the rows


@dataclass(frozen=True)
class _Rows:
    """The wanted rows as the file has them. clock_s: seconds since 1970 as written, in UTC unless ``local``."""

    line: NDArray[np.int64]
    clock_s: NDArray[np.int64]
    offset_s: NDArray[np.int64] | None
    price: NDArray[np.float64]
    why_missing: dict[int, str]
    local: bool


@dataclass(frozen=True)
class _Columns:
    time: int
    price: int
    location: int | None
    market: int | None


def _read_rows(spec: PriceFile, text: str, problems: _Problems) -> _Rows:
    """Pick the wanted cells, then read times and prices; every unreadable cell is reported."""
    first = next(line for line in text.splitlines() if line.strip())
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns: _Columns | None = None
    names: list[str] = []
    locations, markets = dict[str, None](), dict[str, None]()
    picked: list[tuple[int, str, str]] = []
    end_of_last = 0
    try:
        for row in reader:
            line, end_of_last = end_of_last + 1, reader.line_num
            if not any(row) or not any(map(str.strip, row)):
                continue
            if columns is None:
                names = [cell.strip() for cell in row]
                columns = _find_columns(spec, names, line, problems)
                problems.stop_if_any()
                continue
            if len(row) != len(names) and (len(row) < len(names) or any(map(str.strip, row[len(names) :]))):
                hint = " (a decimal comma? write a point)" if separator == "," and len(row) > len(names) else ""
                problems.add(line, f"{len(row)} cells, but the header has {len(names)}{hint}")
                continue
            if columns.location is not None:
                location = row[columns.location].strip()
                locations[location] = None
                if location != (spec.location or next(iter(locations))):
                    continue
            if columns.market is not None:
                market = row[columns.market].strip()
                markets[market] = None
                if market != (spec.market or next(iter(markets))):
                    continue
            picked.append((line, row[columns.time].strip(), row[columns.price].strip()))
    except csv.Error as error:
        hint = "a quotation mark that is not closed?" if "field larger" in str(error) else str(error)
        raise problems.stop(end_of_last + 1, f"cannot be split into cells: {hint}") from None
    if columns is None:  # nothing but separators and quotation marks
        raise problems.stop(None, "the file is empty")
    if not (picked or locations or markets or problems.count):
        raise problems.stop(None, "there is a header but no row below it")
    _check_choice("location", names, columns.location, spec.location, locations, problems)
    if not spec.location or spec.location in locations:
        _check_choice("market", names, columns.market, spec.market, markets, problems)
    problems.stop_if_any()
    return _read_cells(spec, names[columns.time], picked, problems)


def _find_columns(spec: PriceFile, names: list[str], line: int, problems: _Problems) -> _Columns:
    plain = ["_".join(_words(name)) for name in names]

    def stated(name: str, what: str) -> int:
        if names.count(name) == 1:
            return names.index(name)
        if name in names:
            problems.add(line, f"there are {names.count(name)} columns {name!r}")
        else:
            problems.add(line, f"there is no {what} {name!r}.{_did_you_mean(name, names)} Columns: {_listed(names)}")
        return 0

    def known(candidates: Iterable[str]) -> list[int]:
        return [index for name in candidates for index, other in enumerate(plain) if other == name]

    if spec.time_column is not None:
        time = stated(spec.time_column, "time column")
    elif found := known(_TIME_COLUMNS):
        time = found[0]
    else:
        time = 0
        problems.add(line, f"no time column was recognised: state time_column. Columns: {_listed(names)}")
    location = next(iter(known(_LOCATION_COLUMNS)), None)
    market = next(iter(known(_MARKET_COLUMNS)), None)
    if spec.column is not None:
        price = stated(spec.column, "column")
    else:
        others = {time, *known((*_TIME_COLUMNS, *_LOCATION_COLUMNS, *_MARKET_COLUMNS, *_OTHER_COLUMNS))}
        choices = known(_PRICE_COLUMNS) or [index for index in range(len(names)) if index not in others]
        price = choices[0] if choices else 0
        if len(choices) != 1:
            some = f"one of {_listed([names[index] for index in choices])}" if choices else "none was recognised"
            problems.add(line, f"which column holds the price? State column: {some}")
    for what, wanted, index in (("location", spec.location, location), ("market", spec.market, market)):
        if wanted is not None and index is None:
            hint = f"; state column: {wanted}" if wanted in names else ""
            problems.add(line, f"{what} is stated, but there is no such column{hint}. Columns: {_listed(names)}")
    if not problems.count:
        if price == time:
            problems.add(line, f"column {names[price]!r} cannot hold both the times and the prices")
        _check_time_column(spec, names[time], line, problems)
    return _Columns(time, price, location, market)


def _words(name: str) -> list[str]:
    return name.lower().replace("-", " ").replace("_", " ").split()


def _check_time_column(spec: PriceFile, name: str, line: int, problems: _Problems) -> None:
    """A name that says what its times are must agree with the case: a shift by an interval or by hours goes unseen."""
    words = _words(name)
    if spec.interval == "beginning" and not {"end", "ending", "settlementdate"}.isdisjoint(words):
        problems.add(line, f"column {name!r} holds the ends of intervals: state interval: ending")
    if spec.interval == "ending" and not {"start", "begin", "beginning"}.isdisjoint(words):
        problems.add(line, f"column {name!r} holds the beginnings of intervals, but the case states interval: ending")
    if spec.timestamps == "local" and "utc" in words:
        problems.add(line, f"column {name!r} says UTC, but the case states timestamps: local")


def _check_choice(
    what: str, names: list[str], index: int | None, wanted: str | None, seen: dict[str, None], problems: _Problems
) -> None:
    if index is None or not seen:
        return
    if wanted is not None and wanted not in seen:
        hint = _did_you_mean(wanted, list(seen))
        problems.add(None, f"no row has {names[index]} {wanted!r}.{hint} There are: {_listed(list(seen))}")
    elif wanted is None and len(seen) > 1:
        problems.add(None, f"several in column {names[index]!r}: state {what}: one of {_listed(list(seen))}")


def _read_cells(spec: PriceFile, time_name: str, picked: list[tuple[int, str, str]], problems: _Problems) -> _Rows:
    stated_utc = spec.timestamps == "utc" or "utc" in _words(time_name)
    clocks, offsets, prices = list[int](), list[int](), list[float]()
    why_missing: dict[int, str] = {}
    with_offset: bool | None = None
    for line, time_text, price_text in picked:
        stamp = _read_time(time_text)
        if stamp is None:
            hint = "the cell is empty" if not time_text else f"{_shown(time_text)} is not a time"
            problems.add(line, f"{hint}: write 2025-07-01 00:00 or 2025-07-01T00:00-05:00")
            continue
        offset = stamp.utcoffset()
        if with_offset is None:
            with_offset = offset is not None
        if with_offset != (offset is not None):
            problems.once("mixed", line, "some times have an offset and some have none; the first is here")
        if offset is None:
            if not stated_utc and spec.timestamps is None:
                message = f"{_shown(time_text)} has no offset: state timestamps: local ({spec.time_zone}) or utc"
                problems.once("unstated", line, message)
            stamp = stamp.replace(tzinfo=UTC)
        elif offset and stated_utc:
            problems.once("not utc", line, f"{_shown(time_text)} has an offset, but the times are stated to be UTC")
        clocks.append(int(stamp.timestamp()))
        offsets.append(int(offset.total_seconds()) if offset else 0)
        price, reason = _read_price(price_text, spec.sentinels)
        if price is None:
            problems.add(line, f"{_shown(price_text)} is not a number{reason}")
        elif reason:
            why_missing[line] = reason
        prices.append(math.nan if price is None else price)
    problems.stop_if_any()
    return _Rows(
        line=np.array([line for line, _, _ in picked], dtype=np.int64),
        clock_s=np.array(clocks, dtype=np.int64),
        offset_s=np.array(offsets, dtype=np.int64) if with_offset else None,
        price=np.array(prices, dtype=np.float64),
        why_missing=why_missing,
        local=not with_offset and not stated_utc,
    )


def _read_time(text: str) -> datetime | None:
    """ISO time, also with slashes in the date and with hour 24; None if it is not one on a whole second."""
    if len(text) < 10 or text[4] not in "-/" or text[7] != text[4]:
        return None  # the standard library also takes 20250701 and week dates, which here are rather a mistake
    if text[4] == "/":
        text = text[:10].replace("/", "-") + text[10:]
    next_day = text[11:16] == "24:00"
    try:
        stamp = datetime.fromisoformat(f"{text[:11]}00{text[13:]}" if next_day else text)
        stamp += timedelta(days=1 if next_day else 0)
    except (ValueError, OverflowError):
        return None
    return None if stamp.microsecond or not 1900 <= stamp.year <= 2200 else stamp


def _read_price(text: str, sentinels: tuple[float, ...]) -> tuple[float | None, str]:
    """The price and why it is missing (NaN); None and a hint if the cell is not a number."""
    try:
        price = float(text)
    except ValueError:
        if text.lower() in _MISSING:
            return math.nan, "empty cell" if not text else f"{text!r}"
        return None, " (decimal comma or separator of thousands? write 1234.5)" if "," in text else ""
    if "_" in text:
        return None, ""
    if not math.isfinite(price):
        return math.nan, f"{text!r}"
    return (math.nan, f"sentinel {text}") if price in sentinels else (price, "")


# ---------------------------------------------------------------- the times


def _interval_seconds(spec: PriceFile, rows: _Rows, problems: _Problems) -> int:
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


def _starts_utc(
    spec: PriceFile, rows: _Rows, interval_s: int, zone: ZoneInfo, problems: _Problems
) -> NDArray[np.int64]:
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
    spec: PriceFile, rows: _Rows, start_s: NDArray[np.int64], interval_s: int, zone: ZoneInfo, problems: _Problems,
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
    start_s: NDArray[np.int64], line: NDArray[np.int64], interval_s: int, zone: ZoneInfo, problems: _Problems
) -> None:
    """No rule fills more than two weeks: said before the grid is laid, which a mistyped year would make enormous."""
    for index in np.nonzero(np.diff(start_s) > 2 * _WEEK_S + interval_s)[0]:
        first, last = _when(start_s[index] + interval_s, zone), _when(start_s[index + 1] - interval_s, zone)
        problems.add(int(line[index]), f"no row after this line for {first} and on to {last}: too long for any rule")
    problems.stop_if_any()


def _fill_gaps(
    spec: PriceFile, rows: _Rows, grid: _Grid, offset_s: NDArray[np.int64], interval_s: int, zone: ZoneInfo,
    problems: _Problems, repairs: list[str],
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


def _describe_gap(rows: _Rows, grid: _Grid, run: NDArray[np.int64], zone: ZoneInfo) -> tuple[int, str]:
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


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name if len(name) <= 60 else name[:57] + "..." for name in names[:REPORTED])
    return shown + (f" and {len(names) - REPORTED} more" if len(names) > REPORTED else "")


def _did_you_mean(word: str, names: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean {lowered[close[0]]!r}?" if close else ""
