"""Read the wanted cells of a price file: bytes, CSV rows, columns, times as written and numbers.

Not here: the instants that the times mean, the even grid and its gaps (``prices.py``). Whatever is wrong is collected
in ``Problems`` under the file's own line numbers and raised as one ``PriceFileProblems``.

The reader is the standard library's csv module and not pandas: it keeps the file's own line numbers through quoted
cells and blank lines, holds only the rows of the wanted location, and 35,040 rows take a tenth of a second.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from optimizer.case.price_file import PriceFile

LARGEST_BYTES = 200_000_000
REPORTED = 20

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


class Problems:
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


def file_bytes(spec: PriceFile, folder: Path, problems: Problems) -> bytes:
    """The bytes of ``folder / spec.file`` as they are on disk. Raises ``PriceFileProblems`` and nothing else."""
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


def _text(spec: PriceFile, data: bytes, problems: Problems) -> str:
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
class Rows:
    """The wanted rows as the file has them, N of them in its order.

    line: (N,) int64, counted from 1. clock_s: (N,) int64, seconds since 1970 as written, in UTC unless ``local``.
    offset_s: (N,) int64, seconds ahead of UTC as written, None if no time has an offset. price: (N,) float64, money
    per MWh as in the file, NaN where it is missing. why_missing: by line, the reason.
    """

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


def read_rows(spec: PriceFile, data: bytes, problems: Problems) -> Rows:
    """Pick the wanted cells from the file's bytes, then read times and prices; every unreadable cell is reported.

    Raises ``PriceFileProblems`` and nothing else, also for what was in ``problems`` before.
    """
    text = _text(spec, data, problems)
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


def _find_columns(spec: PriceFile, names: list[str], line: int, problems: Problems) -> _Columns:
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


def _check_time_column(spec: PriceFile, name: str, line: int, problems: Problems) -> None:
    """A name that says what its times are must agree with the case: a shift by an interval or by hours goes unseen."""
    words = _words(name)
    if spec.interval == "beginning" and not {"end", "ending", "settlementdate"}.isdisjoint(words):
        problems.add(line, f"column {name!r} holds the ends of intervals: state interval: ending")
    if spec.interval == "ending" and not {"start", "begin", "beginning"}.isdisjoint(words):
        problems.add(line, f"column {name!r} holds the beginnings of intervals, but the case states interval: ending")
    if spec.timestamps == "local" and "utc" in words:
        problems.add(line, f"column {name!r} says UTC, but the case states timestamps: local")


def _check_choice(
    what: str, names: list[str], index: int | None, wanted: str | None, seen: dict[str, None], problems: Problems
) -> None:
    if index is None or not seen:
        return
    if wanted is not None and wanted not in seen:
        hint = _did_you_mean(wanted, list(seen))
        problems.add(None, f"no row has {names[index]} {wanted!r}.{hint} There are: {_listed(list(seen))}")
    elif wanted is None and len(seen) > 1:
        problems.add(None, f"several in column {names[index]!r}: state {what}: one of {_listed(list(seen))}")


def _read_cells(spec: PriceFile, time_name: str, picked: list[tuple[int, str, str]], problems: Problems) -> Rows:
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
    return Rows(
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


# ---------------------------------------------------------------- words


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name if len(name) <= 60 else name[:57] + "..." for name in names[:REPORTED])
    return shown + (f" and {len(names) - REPORTED} more" if len(names) > REPORTED else "")


def _did_you_mean(word: str, names: Sequence[str]) -> str:
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean {lowered[close[0]]!r}?" if close else ""
