"""How a price file is to be read: which column, which times, and what to do about its faults.

Nothing here opens a file (``optimizer.market.prices`` does) and nothing says what the prices are used for.
Every default refuses: a fault in the file is mended only by a rule that the case states.
"""

from __future__ import annotations

import difflib
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from optimizer.case.base import Section

# Known to the time zone library, but they mean something else on every machine, or count leap seconds.
_NOT_A_MARKET = ("localtime", "posixrules", "Factory")


class PriceFile(Section):
    """A file of electricity prices, money per MWh, one row an interval: wide, or a long export of a market."""

    file: str = Field(min_length=1)
    """Name of the file, .csv or .csv.gz, relative to the case file's folder. UTF-8; commas or semicolons."""

    column: str | None = None
    """Column that holds the price. Left out: SPP, LMP or RRP of a long export, or the only column there is."""

    location: str | None = None
    """Which Location (or Settlement Point) of a long export. Needed if the file holds several."""

    market: str | None = None
    """Which Market of a long export, for example DAY_AHEAD_HOURLY. Needed if the file holds several."""

    time_column: str | None = None
    """Column that holds the times. Left out: timestamp_utc, Interval Start, timestamp, Time, datetime or similar."""

    time_zone: str
    """Time zone of the market's own calendar, IANA name: America/Chicago, America/Edmonton, Australia/Brisbane."""

    timestamps: Literal["utc", "local"] | None = None
    """What a time without an offset means. Left out: the offsets (or Z) in the file decide; a column ..._utc is UTC.
    Local times that occur twice on the autumn clock change are first daylight, then standard time."""

    interval: Literal["beginning", "ending"] = "beginning"
    """Whether a time is the beginning or the end of its interval. A local end is read as the hour-ending label of the
    market: 02:00 is the hour that began at 01:00 on the clock."""

    interval_minutes: Literal[5, 10, 15, 20, 30, 60] | None = None
    """Length of an interval. Left out: the spacing of the rows."""

    gaps: Literal["refuse", "interpolate", "repeat_week", "zero"] = "refuse"
    """What to do where a row or a price is missing. refuse: an error that names it. interpolate: a straight line
    between the neighbours, for up to 6 hours. repeat_week: the price at the same local time a week before or after.
    zero: a missing price counts as 0: for prices of reserves, where an empty cell is an hour without an award."""

    duplicates: Literal["refuse", "mean", "first", "last"] = "refuse"
    """What to do where a time occurs twice, even with the same price. first and last go by the order in the file."""

    sentinels: tuple[float, ...] = (-99999.0, -9999.0, 99999.0)
    """Numbers that stand for a missing price. Real prices have reached 16,600 and -1,000, so keep these far outside."""

    @field_validator("file")
    @classmethod
    def _is_csv(cls, value: str) -> str:
        if not value.lower().endswith((".csv", ".csv.gz")):
            raise ValueError(f"a price file is .csv or .csv.gz (got {value!r})")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            if value in _NOT_A_MARKET or value.startswith(("posix/", "right/")):
                raise ValueError
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            names = {name.lower(): name for name in sorted(available_timezones())}
            # People write the city alone, or the American abbreviation; the last part is compared as well.
            cities = {name.rpartition("/")[2].lower(): name for name in sorted(available_timezones())}
            word = value.lower().replace(" ", "_")
            close = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
            close_city = difflib.get_close_matches(word, cities, n=1, cutoff=0.8)
            guess = names[close[0]] if close else cities[close_city[0]] if close_city else None
            hint = f"did you mean {guess!r}?" if guess else "write it like 'America/Chicago'"
            raise ValueError(f"there is no time zone {value!r}; {hint}") from None
        return value
