"""The price reader: every rule on a file small enough to check by hand.

Expected numbers are written out, never computed by the reader's own means. Times of 2024 in America/Chicago: the clock
goes forward on 10 March at 02:00 (08:00Z) and back on 3 November at 02:00 daylight time (07:00Z).
"""

from __future__ import annotations

import gzip
import hashlib
import pickle
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from optimizer.case.price_file import PriceFile
from optimizer.market import prices
from optimizer.market.prices import PriceFileProblem, PriceFileProblems, PriceSeries, read_prices

CHICAGO = "America/Chicago"


def read(folder: Path, content: str | bytes, name: str = "prices.csv", **spec: Any) -> PriceSeries:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_prices(PriceFile.model_validate({"file": name, "time_zone": CHICAGO, **spec}), folder)


def refused(folder: Path, content: str | bytes, name: str = "prices.csv", **spec: Any) -> str:
    with pytest.raises(PriceFileProblems) as caught:
        read(folder, content, name, **spec)
    return str(caught.value)


def hours(first: str, count: int, minutes: int = 60) -> list[str]:
    """UTC times ``2024-01-01T06:00Z`` and on."""
    begin = datetime.fromisoformat(first)
    return [(begin + index * timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%MZ") for index in range(count)]


def table(times: list[str], values: list[Any], header: str = "timestamp_utc,HB_WEST", separator: str = ",") -> str:
    rows = [f"{time}{separator}{value}" for time, value in zip(times, values, strict=True)]
    return "\n".join([header, *rows, ""])


def starts(series: PriceSeries) -> list[str]:
    return [str(value)[:16] for value in series.start_utc]


# ---------------------------------------------------------------- what comes out


def test_a_plain_file(tmp_path: Path) -> None:
    """Proves: starts, prices, spacing and checksum come out as in the file.

    Broken: start 2024-01-01T00:00 if the Z is taken for local time.
    """
    content = table(hours("2024-01-01T06:00+00:00", 3), [10.5, -3.25, 5000])
    series = read(tmp_path, content)
    assert starts(series) == ["2024-01-01T06:00", "2024-01-01T07:00", "2024-01-01T08:00"]
    assert series.price.tolist() == [10.5, -3.25, 5000.0]
    assert series.interval_hours == 1.0
    assert series.repairs == ()
    assert series.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert series.start_utc.dtype == np.dtype("datetime64[s]")
    assert series.price.dtype == np.float64


def test_arrays_cannot_be_written(tmp_path: Path) -> None:
    """Proves: the series is frozen to its arrays. Broken: price 99 in a series that others share."""
    series = read(tmp_path, table(hours("2024-01-01T06:00+00:00", 2), [1, 2]))
    for array in (series.price, series.start_utc, series.local_month, series.local_day):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]


def test_month_and_day_are_local(tmp_path: Path) -> None:
    """Proves: 05:00Z on 1 January is still 31 December in Chicago. Broken: month 24288, day 1 for the first row."""
    series = read(tmp_path, table(hours("2024-01-01T05:00+00:00", 2), [1, 2]))
    assert series.local_month.tolist() == [12 * 2023 + 11, 12 * 2024]
    assert series.local_day.tolist() == [31, 1]
    assert series.local_month.dtype == series.local_day.dtype == np.int64


def test_a_market_without_daylight_saving(tmp_path: Path) -> None:
    """Proves: Brisbane is ten hours ahead all year. Broken: 31 December for the first row."""
    series = read(tmp_path, table(hours("2023-12-31T14:00+00:00", 2), [1, 2]), time_zone="Australia/Brisbane")
    assert series.local_month.tolist() == [24288, 24288]
    assert series.local_day.tolist() == [1, 1]


def test_a_zone_whose_clock_changes_at_midnight(tmp_path: Path) -> None:
    """Proves: on 10 March 2024 in Havana, 00:00 does not exist and the day has 23 hours. Broken: 24."""
    series = read(tmp_path, table(hours("2024-03-10T05:00+00:00", 24), range(24)), time_zone="America/Havana")  # type: ignore[arg-type]
    assert series.local_day.tolist() == [10] * 23 + [11]


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_spacing_is_found(tmp_path: Path, minutes: int) -> None:
    """Proves: the spacing of the rows is the interval. Broken: 1.0 hours for 5-minute prices."""
    series = read(tmp_path, table(hours("2024-01-01T06:00+00:00", 4, minutes), [1, 2, 3, 4]))
    assert series.interval_hours == pytest.approx(minutes / 60, abs=1e-15)
    assert np.diff(series.start_utc).astype(int).tolist() == [minutes * 60] * 3


def test_spacing_stated_for_one_row(tmp_path: Path) -> None:
    """Proves: one row has no spacing and needs it stated. Broken: an interval of 0 or 1 hours out of nothing."""
    content = table(hours("2024-01-01T06:00+00:00", 1), [1])
    assert "prices.csv:2: one time only: state interval_minutes" in refused(tmp_path, content)
    assert read(tmp_path, content, interval_minutes=15).interval_hours == 0.25


def test_spacing_stated_must_agree(tmp_path: Path) -> None:
    """Proves: stated 15 on hourly rows is refused. Broken: three of four intervals become gaps."""
    message = refused(
        tmp_path, table(hours("2024-01-01T06:00+00:00", 3), [1, 2, 3]), interval_minutes=15, gaps="interpolate"
    )
    assert message == "prices.csv: interval_minutes: 15, but the rows are 60 minutes apart"


def test_daily_rows_are_refused(tmp_path: Path) -> None:
    """Proves: a daily series is no price file. Broken: one interval of 24 hours a day."""
    assert "1440 minutes apart" in refused(tmp_path, table(hours("2024-01-01T00:00+00:00", 3, 1440), [1, 2, 3]))


# ---------------------------------------------------------------- forms of the file


def test_semicolons_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    """Proves: what a European Excel writes is read. Broken: no column 'timestamp_utc' (it starts with the mark)."""
    content = table(hours("2024-01-01T06:00+00:00", 2), ["1.5", "2.5"], "timestamp_utc;HB_WEST", ";")
    series = read(tmp_path, b"\xef\xbb\xbf" + content.replace("\n", "\r\n").encode())
    assert series.price.tolist() == [1.5, 2.5]


def test_gzip(tmp_path: Path) -> None:
    """Proves: .csv.gz is unpacked, and the checksum is of the packed bytes on disk. Broken: not UTF-8 text."""
    packed = gzip.compress(table(hours("2024-01-01T06:00+00:00", 2), [1, 2]).encode())
    series = read(tmp_path, packed, "prices.csv.gz")
    assert series.price.tolist() == [1.0, 2.0]
    assert series.sha256 == hashlib.sha256(packed).hexdigest()


def test_quoted_cells_blank_lines_and_line_numbers(tmp_path: Path) -> None:
    """Proves: blank and blank-celled lines are passed over but counted, as are lines inside quotes. Broken: line 4."""
    content = 'timestamp_utc,HB_WEST,note\n\n"2024-01-01T06:00Z","1","two\nlines"\n,,\n2024-01-01T07:00Z,x,\n'
    assert refused(tmp_path, content, column="HB_WEST") == "prices.csv:6: 'x' is not a number"
    assert refused(tmp_path, content.replace('"1"', '"y"'), column="HB_WEST").startswith("prices.csv:3: 'y' is not")
    assert read(tmp_path, content.replace(",x,", ",2,"), column="HB_WEST").price.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-01-01 00:00:00-06:00", "2024-01-01 01:00:00-06:00"),
        ("2024-01-01T06:00Z", "2024-01-01T07:00Z"),
        ("2024-01-01T06:00:00.000Z", "2024-01-01T07:00:00.000Z"),
        ("2024/01/01 00:00:00-06:00", "2024/01/01 01:00:00-06:00"),
        (" 2024-01-01 00:00-0600", "2024-01-01 01:00-0600 "),
    ],
)
def test_forms_of_time(tmp_path: Path, first: str, second: str) -> None:
    """Proves: the usual ways to write a time with an offset mean the same. Broken: 00:00 for 06:00 UTC."""
    series = read(tmp_path, table([first, second], [1, 2], "Time,HB_WEST"))
    assert starts(series) == ["2024-01-01T06:00", "2024-01-01T07:00"]


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024 01:00",
        "20240101",
        "2024-W01-1",
        "1704067200",
        "2024-02-30 00:00Z",
        "2024-01-01 25:00Z",
        "2024-01-01 00:00:00.5Z",
        "1066-01-01 00:00Z",
        "noon",
    ],
)
def test_unreadable_times(tmp_path: Path, text: str) -> None:
    """Proves: a time that is not plainly one is refused with its line. Broken: 2 January or 1 February, by luck."""
    content = table(["2024-01-01T06:00Z", text], [1, 2])
    assert refused(tmp_path, content).startswith(f"prices.csv:3: {text!r} is not a time: write ")


def test_long_export(tmp_path: Path) -> None:
    """Proves: one location and market are picked, over the change of offset. Broken: 6 rows, or 23:00 for 08:00."""
    head = "Time,Interval Start,Interval End,Location,Location Type,Market,SPP"
    rows = [head]
    for place, add in (("HB_WEST", 0), ("LZ_WEST", 100)):
        for market, more in (("DAM", 0), ("RTM", 50)):
            for begin, end, price in (
                ("2024-03-10 01:00:00-06:00", "2024-03-10 03:00:00-05:00", 1),
                ("2024-03-10 03:00:00-05:00", "2024-03-10 04:00:00-05:00", 2),
            ):
                rows.append(f"{begin},{begin},{end},{place},Zone,{market},{price + add + more}")
    content = "\n".join(rows)
    series = read(tmp_path, content, location="LZ_WEST", market="RTM")
    assert series.price.tolist() == [151.0, 152.0]
    assert starts(series) == ["2024-03-10T07:00", "2024-03-10T08:00"]
    by_end = read(tmp_path, content, location="HB_WEST", market="DAM", time_column="Interval End", interval="ending")
    assert starts(by_end) == starts(series)
    assert refused(tmp_path, content).splitlines() == [
        "prices.csv: several in column 'Location': state location: one of HB_WEST, LZ_WEST",
        "prices.csv: several in column 'Market': state market: one of DAM, RTM",
    ]
    message = refused(tmp_path, content, location="HB_WETS", market="RTM")
    assert message == "prices.csv: no row has Location 'HB_WETS'. Did you mean 'HB_WEST'? There are: HB_WEST, LZ_WEST"
    message = refused(tmp_path, content, location="HB_WEST", market="rtm")
    assert message == "prices.csv: no row has Market 'rtm'. Did you mean 'RTM'? There are: DAM, RTM"


def test_long_export_with_price_parts(tmp_path: Path) -> None:
    """Proves: LMP is the price, not one of its parts. Broken: 20 (energy alone)."""
    content = "interval_start_utc,location,lmp,energy,congestion,loss\n"
    content += "2024-01-01 06:00:00+00:00,X,25,20,4,1\n2024-01-01 07:00:00+00:00,X,26,20,5,1\n"
    assert read(tmp_path, content).price.tolist() == [25.0, 26.0]
    assert read(tmp_path, content, column="congestion").price.tolist() == [4.0, 5.0]


def test_location_of_a_wide_file(tmp_path: Path) -> None:
    """Proves: a location where there are no locations is an error that says what to write. Broken: ignored."""
    message = refused(tmp_path, table(hours("2024-01-01T06:00+00:00", 2), [1, 2]), location="HB_WEST")
    assert "location is stated, but there is no such column; state column: HB_WEST" in message


def test_columns(tmp_path: Path) -> None:
    """Proves: a mistyped, doubled or unstated column is named with what there is. Broken: the first column's price."""
    content = "timestamp_utc,HB_WEST,HB_NORTH,HB_NORTH\n2024-01-01T06:00Z,1,2,3\n"
    assert refused(tmp_path, content, column="hb_wset") == (
        "prices.csv:1: there is no column 'hb_wset'. Did you mean 'HB_WEST'? "
        "Columns: timestamp_utc, HB_WEST, HB_NORTH, HB_NORTH"
    )
    assert refused(tmp_path, content, column="HB_NORTH") == "prices.csv:1: there are 2 columns 'HB_NORTH'"
    message = refused(tmp_path, content)
    assert message == "prices.csv:1: which column holds the price? State column: one of HB_WEST, HB_NORTH, HB_NORTH"
    both = refused(tmp_path, content, column="x", time_column="y").splitlines()
    assert [line[:40] for line in both] == [
        "prices.csv:1: there is no time column 'y",
        "prices.csv:1: there is no column 'x'. Co",
    ]
    assert "no time column was recognised" in refused(tmp_path, "hour,price\n1,2\n")
    assert "cannot hold both" in refused(tmp_path, content, column="timestamp_utc")


# ---------------------------------------------------------------- what a time means


def test_times_without_offset_must_be_stated(tmp_path: Path) -> None:
    """Proves: no guess between UTC and local, said once and not for every row. Broken: a year shifted by 6 hours."""
    content = table(["2024-01-01 00:00", "2024-01-01 01:00"], [1, 2], "timestamp,HB_WEST")
    message = refused(tmp_path, content)
    assert message == "prices.csv:2: '2024-01-01 00:00' has no offset: state timestamps: local (America/Chicago) or utc"
    assert starts(read(tmp_path, content, timestamps="local"))[0] == "2024-01-01T06:00"
    assert starts(read(tmp_path, content, timestamps="utc"))[0] == "2024-01-01T00:00"


def test_a_column_named_utc_is_utc(tmp_path: Path) -> None:
    """Proves: the name decides where the text does not, and the case may not say otherwise. Broken: 06:00."""
    content = table(["2024-01-01 00:00", "2024-01-01 01:00"], [1, 2])
    assert starts(read(tmp_path, content))[0] == "2024-01-01T00:00"
    assert "says UTC, but the case states timestamps: local" in refused(tmp_path, content, timestamps="local")


def test_statement_and_offsets_must_agree(tmp_path: Path) -> None:
    """Proves: an offset decides, and a contradicting statement is refused. Broken: 06:00 and 00:00 for the same row."""
    local = table(["2024-01-01 00:00-06:00", "2024-01-01 01:00-06:00"], [1, 2], "Time,HB_WEST")
    assert starts(read(tmp_path, local, timestamps="local"))[0] == "2024-01-01T06:00"
    assert "stated to be UTC" in refused(tmp_path, local, timestamps="utc")
    zulu = table(hours("2024-01-01T06:00+00:00", 2), [1, 2], "Time,HB_WEST")
    message = refused(tmp_path, zulu, timestamps="local")
    assert message.startswith(
        "prices.csv:2: timestamps: local, but the offset in the file is not that of America/Chicago"
    )


def test_offsets_of_the_market_on_the_day_of_a_change(tmp_path: Path) -> None:
    """Proves: -06:00 and -05:00 on one day are both local. Broken: refused from line 4 on."""
    times = ["2024-03-10 00:00-06:00", "2024-03-10 01:00-06:00", "2024-03-10 03:00-05:00", "2024-03-10 04:00-05:00"]
    series = read(tmp_path, table(times, [1, 2, 3, 4], "Time,HB_WEST"), timestamps="local")
    assert starts(series) == ["2024-03-10T06:00", "2024-03-10T07:00", "2024-03-10T08:00", "2024-03-10T09:00"]


def test_mixed_times(tmp_path: Path) -> None:
    """Proves: a row without offset among rows with one is refused. Broken: one row shifted by 6 hours."""
    content = table(["2024-01-01 00:00-06:00", "2024-01-01 01:00"], [1, 2], "Time,HB_WEST")
    assert "prices.csv:3: some times have an offset and some have none" in refused(
        tmp_path, content, timestamps="local"
    )


def test_spring_day_in_local_times(tmp_path: Path) -> None:
    """Proves: 10 March has 23 hours and 03:00 follows 01:00 at once. Broken: 24 hours, one of them a gap."""
    clock = [f"2024-03-10 {hour:02d}:00" for hour in range(24) if hour != 2] + ["2024-03-11 00:00"]
    series = read(tmp_path, table(clock, list(range(24)), "Time,HB_WEST"), timestamps="local")
    assert starts(series)[:3] == ["2024-03-10T06:00", "2024-03-10T07:00", "2024-03-10T08:00"]
    assert series.local_day.tolist() == [10] * 23 + [11]
    assert np.diff(series.start_utc).astype(int).tolist() == [3600] * 23


@pytest.mark.parametrize("gaps", ["refuse", "interpolate", "repeat_week"])
def test_a_local_time_that_does_not_exist(tmp_path: Path, gaps: str) -> None:
    """Proves: 02:00 on the spring day is an error under every rule. Broken: 03:00 twice."""
    clock = [f"2024-03-10 {hour:02d}:00" for hour in range(5)]
    message = refused(tmp_path, table(clock, [1, 2, 3, 4, 5], "Time,HB_WEST"), timestamps="local", gaps=gaps)
    assert message == (
        "prices.csv:4: there is no local time 2024-03-10 02:00 in America/Chicago: the clock was put forward over it"
    )


@pytest.mark.parametrize("newest_first", [False, True])
def test_autumn_day_in_local_times(tmp_path: Path, newest_first: bool) -> None:
    """Proves: 3 November has 25 hours, the first 01:00 in daylight time; a file with the newest row first is turned.

    Broken: 01:00 is a duplicate; or prices 2 and 1 change places.
    """
    clock = [f"2024-11-03 {hour:02d}:00" for hour in [0, 1, *range(1, 24)]]
    lines = [f"{time},{index}" for index, time in enumerate(clock)]
    content = "\n".join(["Time,HB_WEST", *(reversed(lines) if newest_first else lines)])
    series = read(tmp_path, content, timestamps="local")
    assert series.price.tolist() == list(range(25))
    assert starts(series)[:4] == ["2024-11-03T05:00", "2024-11-03T06:00", "2024-11-03T07:00", "2024-11-03T08:00"]
    assert series.local_day.tolist() == [3] * 25
    assert series.repairs == (("rows were not in order of time: sorted",) if newest_first else ())


def test_autumn_hour_in_quarters(tmp_path: Path) -> None:
    """Proves: the four quarters of 01:00 repeat as a block. Broken: 01:00 standard before 01:15 daylight."""
    clock = [
        f"2024-11-03 {hour:02d}:{minute:02d}"
        for hour, minute in [(0, 45), *[(1, minute) for minute in (0, 15, 30, 45)] * 2, (2, 0)]
    ]
    series = read(tmp_path, table(clock, list(range(10)), "Time,HB_WEST"), timestamps="local")
    assert series.price.tolist() == list(range(10))
    assert np.diff(series.start_utc).astype(int).tolist() == [900] * 9


def test_autumn_hour_only_once(tmp_path: Path) -> None:
    """Proves: the missing second 01:00 is a gap by the rule. Broken: every later hour shifted, or a 24-hour day."""
    clock = [f"2024-11-03 {hour:02d}:00" for hour in range(5)]
    content = table(clock, [10, 20, 40, 50, 60], "Time,HB_WEST")
    message = refused(tmp_path, content, timestamps="local")
    assert message.startswith("prices.csv:3: no row after this line for 2024-11-03T01:00-06:00: state gaps: ")
    series = read(tmp_path, content, timestamps="local", gaps="interpolate")
    assert series.price.tolist() == [10, 20, 30, 40, 50, 60]


def test_autumn_hour_three_times(tmp_path: Path) -> None:
    """Proves: a third 01:00 is not explained away, whatever the rule. Broken: mean of the wrong two."""
    clock = [f"2024-11-03 {hour:02d}:00" for hour in (0, 1, 1, 1, 2)]
    message = refused(tmp_path, table(clock, [1, 2, 3, 4, 5], "Time,HB_WEST"), timestamps="local", duplicates="mean")
    assert message.startswith("prices.csv:5: the local time 2024-11-03 01:00 occurs more than twice")


def test_interval_ending(tmp_path: Path) -> None:
    """Proves: an end is shifted back by one interval. Broken: January instead of December for the first row."""
    content = table(["2024-01-01T06:00Z", "2024-01-01T06:15Z"], [1, 2], "Time,HB_WEST")
    series = read(tmp_path, content, interval="ending")
    assert starts(series) == ["2024-01-01T05:45", "2024-01-01T06:00"]
    assert series.local_month.tolist() == [24287, 24288]


def test_hour_ending_labels_on_the_clock_changes(tmp_path: Path) -> None:
    """Proves: labels 1, 2, 4 in spring and 1, 2, 2, 3 in autumn are whole hours, and 24:00 is midnight.

    Broken: 02:00 'does not exist' in spring; a duplicate and a gap in autumn.
    """
    labels = [f"2024-03-10 {hour:02d}:00" for hour in range(1, 25) if hour != 3]
    series = read(tmp_path, table(labels, list(range(23)), "Time,HB_WEST"), timestamps="local", interval="ending")
    assert (starts(series)[0], starts(series)[-1]) == ("2024-03-10T06:00", "2024-03-11T04:00")
    labels = [f"2024-11-03 {hour:02d}:00" for hour in [1, 2, *range(2, 25)]]
    series = read(tmp_path, table(labels, list(range(25)), "Time,HB_WEST"), timestamps="local", interval="ending")
    assert (starts(series)[0], starts(series)[-1]) == ("2024-11-03T05:00", "2024-11-04T05:00")
    assert series.price.tolist() == list(range(25))


def test_names_that_contradict_the_interval(tmp_path: Path) -> None:
    """Proves: a column that says what it holds must agree with the case. Broken: a series one interval late."""
    ends = table(hours("2024-01-01T06:00+00:00", 2), [1, 2], "Interval End,HB_WEST")
    assert "holds the ends of intervals: state interval: ending" in refused(tmp_path, ends)
    assert starts(read(tmp_path, ends, interval="ending"))[0] == "2024-01-01T05:00"
    begins = table(hours("2024-01-01T06:00+00:00", 2), [1, 2], "Interval Start,HB_WEST")
    assert "holds the beginnings of intervals" in refused(tmp_path, begins, interval="ending")


@settings(max_examples=40, deadline=None)
@given(
    first=st.dates(date(2015, 1, 1), date(2026, 12, 20)),
    days=st.integers(1, 3),
    minutes=st.sampled_from([15, 30, 60]),
    zone=st.sampled_from([CHICAGO, "America/Havana", "Australia/Adelaide", "Europe/London", "Asia/Kolkata"]),
)
def test_four_ways_to_write_one_series(
    tmp_path_factory: pytest.TempPathFactory, first: date, days: int, minutes: int, zone: str
) -> None:
    """Proves: UTC, offset, local and hour-ending text of the same instants are one series, on any day of the year.

    Broken: on the two days of a clock change the series differ by an hour.
    """
    folder, where = tmp_path_factory.mktemp("ways"), ZoneInfo(zone)
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=where).astimezone(UTC)
        for day in (first, first + timedelta(days=days))
    )
    instants = [
        begin + index * timedelta(minutes=minutes) for index in range(int((end - begin) / timedelta(minutes=minutes)))
    ]
    values = [index / 4 for index in range(len(instants))]
    clock = [instant.astimezone(where).replace(tzinfo=None) for instant in instants]
    ways: list[tuple[list[str], dict[str, Any]]] = [
        ([instant.strftime("%Y-%m-%d %H:%M") for instant in instants], {"timestamps": "utc"}),
        ([instant.astimezone(where).isoformat() for instant in instants], {}),
        ([str(time) for time in clock], {"timestamps": "local"}),
        ([str(time + timedelta(minutes=minutes)) for time in clock], {"timestamps": "local", "interval": "ending"}),
    ]
    for texts, spec in ways:
        content = table(texts, values, "Time,P")
        series = read(folder, content, time_zone=zone, interval_minutes=minutes, **spec)
        assert starts(series) == [instant.strftime("%Y-%m-%dT%H:%M") for instant in instants]
        assert series.price.tolist() == values
        assert series.local_day.tolist() == [time.day for time in clock]
        assert series.local_month.tolist() == [12 * time.year + time.month - 1 for time in clock]


# ---------------------------------------------------------------- gaps


def test_gaps_are_refused(tmp_path: Path) -> None:
    """Proves: a missing row and an empty cell are each named by line and time. Broken: 5 prices out of 6 hours."""
    times = hours("2024-01-01T06:00+00:00", 7)
    content = table(times[:2] + times[4:], [1, 2, 5, "", 7])
    assert refused(tmp_path, content).splitlines() == [
        "prices.csv:3: no row after this line for 2024-01-01T02:00-06:00 and on to 2024-01-01T03:00-06:00, "
        "2 intervals: state gaps: interpolate or repeat_week, or mend the file",
        "prices.csv:5: no price (empty cell) at 2024-01-01T05:00-06:00: "
        "state gaps: interpolate or repeat_week, or mend the file",
    ]


def test_interpolate(tmp_path: Path) -> None:
    """Proves: a line between the neighbours, counted and placed. Broken: 10, 10, 10, 40 (the last price repeated)."""
    times = hours("2024-01-01T06:00+00:00", 6)
    series = read(tmp_path, table([times[0], *times[3:]], [10, 40, "", 20]), gaps="interpolate")
    assert series.price.tolist() == [10, 20, 30, 40, 30, 20]
    assert series.repairs == ("3 gaps filled by interpolate: first at prices.csv:2",)


@pytest.mark.parametrize(("minutes", "filled", "too_many"), [(60, 6, 7), (15, 24, 25)])
def test_interpolate_up_to_six_hours(tmp_path: Path, minutes: int, filled: int, too_many: int) -> None:
    """Proves: the limit is 6 hours whatever the interval. Broken: 24 hours of invented prices if rows are counted."""
    for missing in (filled, too_many):
        times = hours("2024-01-01T06:00+00:00", missing + 4, minutes)
        content = table([*times[:2], *times[-2:]], [0, 0, missing + 1, 0])
        if missing == filled:
            series = read(tmp_path, content, gaps="interpolate", interval_minutes=minutes)
            assert series.price.tolist() == pytest.approx([0, *range(missing + 2), 0], abs=1e-12)
        else:
            assert "at most 6 hours" in refused(tmp_path, content, gaps="interpolate", interval_minutes=minutes)


@pytest.mark.parametrize("values", [["", 2, 3], [1, 2, ""], ["", "", ""]])
def test_interpolate_needs_both_sides(tmp_path: Path, values: list[Any]) -> None:
    """Proves: nothing is continued beyond an end. Broken: 2 for the first price."""
    message = refused(tmp_path, table(hours("2024-01-01T06:00+00:00", 3), values), gaps="interpolate")
    assert "interpolate needs a price on both sides" in message


def test_repeat_week(tmp_path: Path) -> None:
    """Proves: 168 hours earlier, or later where there is nothing earlier. Broken: price 199 or 201 (the neighbour)."""
    times = hours("2024-01-01T06:00+00:00", 400)
    rows = [(time, index) for index, time in enumerate(times) if index not in (5, 200)]
    series = read(tmp_path, table([row[0] for row in rows], [row[1] for row in rows]), gaps="repeat_week")
    assert (series.price[5], series.price[200]) == (5 + 168, 200 - 168)
    assert len(series.price) == 400
    assert series.repairs == ("2 gaps filled by repeat_week: first at prices.csv:6",)


def test_repeat_week_does_not_copy_its_own_copies(tmp_path: Path) -> None:
    """Proves: 169 missing hours take the week before, but the last one, which has it missing, the week after.

    Broken: hour 368 gets 32, a copy of a copy, in place of 536.
    """
    times = hours("2024-01-01T06:00+00:00", 700)
    kept = [index for index in range(700) if not 200 <= index <= 368]
    series = read(tmp_path, table([times[index] for index in kept], kept), gaps="repeat_week")
    assert series.price[200:368].tolist() == list(range(32, 200))
    assert series.price[368] == 536


def test_repeat_week_keeps_the_local_hour(tmp_path: Path) -> None:
    """Proves: 12:00 after the clock change takes 12:00 of the week before. Broken: 511, as 168 hours before."""
    where = ZoneInfo(CHICAGO)
    begin = datetime(2024, 3, 4, 6, tzinfo=UTC)
    instants = [begin + timedelta(hours=index) for index in range(12 * 24)]
    gap = datetime(2024, 3, 12, 12, tzinfo=where)
    values = [
        "" if instant == gap else instant.astimezone(where).day * 100 + instant.astimezone(where).hour
        for instant in instants
    ]
    series = read(tmp_path, table([time.strftime("%Y-%m-%dT%H:%MZ") for time in instants], values), gaps="repeat_week")
    assert series.price[instants.index(gap.astimezone(UTC))] == 512


def test_repeat_week_without_a_source(tmp_path: Path) -> None:
    """Proves: no price a week away, no filling. Broken: NaN in the series."""
    message = refused(tmp_path, table(hours("2024-01-01T06:00+00:00", 3), [1, "", 3]), gaps="repeat_week")
    assert message.startswith(
        "prices.csv:3: no price (empty cell) at 2024-01-01T01:00-06:00: repeat_week found no price"
    )


def test_a_mistyped_year(tmp_path: Path) -> None:
    """Proves: a gap of a century is refused before it is laid out. Broken: a million intervals."""
    times = [*hours("2024-01-01T06:00+00:00", 3), "2124-01-01T09:00Z"]
    message = refused(tmp_path, table(times, [1, 2, 3, 4]), gaps="repeat_week")
    assert message.startswith("prices.csv:4: no row after this line for 2024-01-01T03:00-06:00 and on to 2124-01-01")
    assert message.endswith("too long for any rule")


@pytest.mark.parametrize(
    "cell", ["", " ", "NaN", "inf", "-inf", "NA", "N/A", "null", "-", "-99999", "-9999.0", "99999"]
)
def test_cells_without_a_price(tmp_path: Path, cell: str) -> None:
    """Proves: empty, not finite and sentinel are missing, by the gap rule. Broken: -99999, or NaN in a mean."""
    content = table(hours("2024-01-01T06:00+00:00", 3), [1, cell, 3])
    assert refused(tmp_path, content).startswith("prices.csv:3: no price (")
    assert read(tmp_path, content, gaps="interpolate").price.tolist() == [1, 2, 3]


def test_sentinels(tmp_path: Path) -> None:
    """Proves: real extremes pass, other sentinels can be stated. Broken: 16600 or -1000 lost, or 0 kept."""
    content = table(hours("2024-01-01T06:00+00:00", 4), [16600, -1000, 0, 9999])
    assert read(tmp_path, content).price.tolist() == [16600, -1000, 0, 9999]
    assert "no price (sentinel 0)" in refused(tmp_path, content, sentinels=[0])
    assert read(tmp_path, table(hours("2024-01-01T06:00+00:00", 2), [-99999, 1]), sentinels=[]).price[0] == -99999


# ---------------------------------------------------------------- duplicates


def test_duplicates(tmp_path: Path) -> None:
    """Proves: refused by default, else mean, first or last of the file. Broken: 4 prices, or 20 for the mean."""
    times = hours("2024-01-01T06:00+00:00", 3)
    content = table([times[0], times[1], times[1], times[2]], [1, 20, 40, 3])
    assert refused(tmp_path, content) == (
        "prices.csv:4: 2024-01-01T01:00-06:00 was already at line 3: "
        "mend the file, or state duplicates: mean, first or last"
    )
    for rule, expected in (("mean", 30), ("first", 20), ("last", 40)):
        series = read(tmp_path, content, duplicates=rule)
        assert series.price.tolist() == [1, expected, 3]
        assert series.repairs == (f"1 repeated row merged by {rule}: first at prices.csv:4",)


def test_equal_duplicates_are_refused_too(tmp_path: Path) -> None:
    """Proves: even the same price twice is said. Broken: a doubled file passes for a clean one."""
    times = hours("2024-01-01T06:00+00:00", 2)
    assert "prices.csv:4: " in refused(tmp_path, table([times[0], times[1], times[1]], [1, 2, 2]))


def test_duplicates_of_missing_prices(tmp_path: Path) -> None:
    """Proves: a price counts before an empty cell, also in the mean. Broken: a gap, or 10 for the mean."""
    times = hours("2024-01-01T06:00+00:00", 2)
    content = table([times[0], times[1], times[1]], [1, "", 20])
    for rule in ("mean", "first", "last"):
        assert read(tmp_path, content, duplicates=rule).price.tolist() == [1, 20]


def test_first_goes_by_the_file_when_rows_are_out_of_order(tmp_path: Path) -> None:
    """Proves: rows are put in order of time, first and last stay those of the file. Broken: 1, 3, 2."""
    times = hours("2024-01-01T06:00+00:00", 3)
    content = table([times[2], times[1], times[0], times[1]], [3, 2, 1, 99])
    series = read(tmp_path, content, duplicates="first")
    assert series.price.tolist() == [1, 2, 3]
    assert series.repairs == (
        "rows were not in order of time: sorted",
        "1 repeated row merged by first: first at prices.csv:5",
    )


# ---------------------------------------------------------------- faults


def test_not_evenly_spaced(tmp_path: Path) -> None:
    """Proves: the odd row is named, not its neighbours. Broken: lines 3 to 5, or a price moved by 7 minutes."""
    times = hours("2024-01-01T06:30+00:00", 5)
    times[2] = "2024-01-01T08:07Z"
    message = refused(tmp_path, table(times, [1, 2, 3, 4, 5]), gaps="interpolate")
    assert message.startswith("prices.csv:4: not evenly spaced: 2024-01-01T02:07-06:00 is not on the 60-minute steps")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("cell", ["abc", "1_000", "12..5", "$12", "0x10"])
def test_not_a_number(tmp_path: Path, cell: str) -> None:
    """Proves: text in the price column is refused with its line under every gap rule. Broken: a gap, or 1000."""
    content = table(hours("2024-01-01T06:00+00:00", 3), [1, cell, 3])
    assert refused(tmp_path, content, gaps="interpolate") == f"prices.csv:3: {cell!r} is not a number"


def test_decimal_commas(tmp_path: Path) -> None:
    """Proves: 12,5 is neither 125 nor 12 and a next cell. Broken: 12."""
    times = hours("2024-01-01T06:00+00:00", 2)
    message = refused(tmp_path, table(times, ["12,5", "13,5"], "timestamp_utc;P", ";"))
    assert message.startswith("prices.csv:2: '12,5' is not a number (decimal comma")
    message = refused(tmp_path, table(times, ["12,5", "13"], "timestamp_utc,P"))
    assert message == "prices.csv:2: 3 cells, but the header has 2 (a decimal comma? write a point)"


def test_short_rows(tmp_path: Path) -> None:
    """Proves: a cut line is named. Broken: IndexError."""
    message = refused(tmp_path, "timestamp_utc,A\n2024-01-01T06:00Z,1\n2024-01-01T07:0")
    assert message == "prices.csv:3: 1 cells, but the header has 2"


def test_twenty_problems_and_the_rest_counted(tmp_path: Path) -> None:
    """Proves: 25 bad cells give 20 lines and 'and 5 more', and all survive another process. Broken: one line, or 25."""
    content = table(hours("2024-01-01T06:00+00:00", 25), ["x"] * 25)
    with pytest.raises(PriceFileProblems) as caught:
        read(tmp_path, content)
    problems = caught.value
    assert [problem.line for problem in problems.problems] == list(range(2, 22))
    assert problems.more == 5
    assert str(problems).splitlines()[-1] == "and 5 more"
    assert str(pickle.loads(pickle.dumps(problems))) == str(problems)
    assert (problems.problems[0].file, problems.problems[0].message) == ("prices.csv", "'x' is not a number")
    assert str(PriceFileProblem("a.csv", None, "no")) == "a.csv: no"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "prices.csv: the file is empty"),
        (b"\xef\xbb\xbf \r\n\n", "prices.csv: the file is empty"),
        (b'"",\n,,\n', "prices.csv: the file is empty"),
        (b"timestamp_utc,A\n", "prices.csv: there is a header but no row below it"),
        (b"timestamp_utc,A\n\x00\x01", "prices.csv:2: not text: there is a zero byte"),
        (b"timestamp_utc,A\n2024-01-01T06:00Z,\xff", "prices.csv:2: not UTF-8 text: byte 0xff"),
        (b"PK\x03\x04rest", "prices.csv: a workbook or zip archive, not text: save it as CSV"),
        ("timestamp_utc,A".encode("utf-16"), "prices.csv: UTF-16 text: save it as UTF-8"),
        (gzip.compress(b"timestamp_utc,A\n"), "prices.csv: packed with gzip: name it .csv.gz"),
        (
            b'timestamp_utc,A\n"' + b"x" * 200_000,
            "prices.csv:2: cannot be split into cells: a quotation mark that is not closed?",
        ),
    ],
)
def test_not_a_price_file(tmp_path: Path, content: bytes, message: str) -> None:
    """Proves: what is no CSV is said to be what it is. Broken: UnicodeDecodeError."""
    assert refused(tmp_path, content) == message


def test_broken_gzip(tmp_path: Path) -> None:
    """Proves: a cut or false .gz is said. Broken: EOFError, BadGzipFile, zlib.error."""
    packed = gzip.compress(table(hours("2024-01-01T06:00+00:00", 200), list(range(200))).encode())
    for content in (packed[:-20], b"timestamp_utc,A\n", packed[:20] + b"\x99" * 40):
        assert refused(tmp_path, content, "prices.csv.gz").startswith("prices.csv.gz: not a whole gzip file: ")


def test_no_such_file(tmp_path: Path) -> None:
    """Proves: a mistyped name, a missing folder and a folder are each told apart. Broken: FileNotFoundError."""
    (tmp_path / "prices_2024.csv").write_text("x")
    (tmp_path / "folder.csv").mkdir()

    def message(file: str) -> str:
        with pytest.raises(PriceFileProblems) as caught:
            read_prices(PriceFile(file=file, time_zone=CHICAGO), tmp_path)
        return str(caught.value)

    assert message("price_2024.csv") == "price_2024.csv: there is no such file. Did you mean 'prices_2024.csv'?"
    assert message("data/p.csv") == "data/p.csv: there is no such file, and no such folder"
    assert message("other.csv") == "other.csv: there is no such file"
    assert message("folder.csv") == "folder.csv: not a file but a folder or a device"
    assert message("a\0b.csv").startswith("a\0b.csv: ")  # which words depends on the version of Python
    assert "cannot be opened: File name too long" in message("x" * 300 + ".csv")


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: size is checked before reading and again while unpacking. Broken: all memory taken by a small .gz."""
    monkeypatch.setattr(prices, "LARGEST_BYTES", 1000)
    assert "larger than" in refused(tmp_path, "x" * 1001)
    assert "when unpacked" in refused(tmp_path, gzip.compress(b"x" * 100_000), "prices.csv.gz")


ODD_TIMES = [
    "2024-11-03 01:00",
    "2024-03-10 02:00",
    "2024-01-01 24:00",
    "2024-01-01 06:00Z",
    "9999-12-31 24:00",
    "x",
    "",
]
ODD_PRICES = ["1", "nan", "", "-99999", "x", "1e400"]
ODD_BYTES = (
    st.binary(max_size=200)
    | st.text('0123456789-:TZ ,;."\n\r\tax', max_size=120).map(lambda text: f"Time,P\n{text}".encode())
    | st.lists(st.tuples(st.sampled_from(ODD_TIMES), st.sampled_from(ODD_PRICES)), max_size=6).map(
        lambda rows: table([row[0] for row in rows], [row[1] for row in rows], "Time,P").encode()
    )
)


@settings(max_examples=150, deadline=None)
@given(
    data=ODD_BYTES,
    timestamps=st.sampled_from([None, "utc", "local"]),
    rules=st.sampled_from([("refuse", "refuse"), ("interpolate", "mean"), ("repeat_week", "last")]),
    packed=st.booleans(),
)
def test_whatever_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, timestamps: str | None, rules: tuple[str, str], packed: bool
) -> None:
    """Proves: any bytes end in finite, even prices or in PriceFileProblems. Broken: some other traceback."""
    name = "p.csv.gz" if packed else "p.csv"
    spec = {"timestamps": timestamps, "gaps": rules[0], "duplicates": rules[1], "interval_minutes": 60}
    try:
        series = read(tmp_path_factory.mktemp("bytes"), gzip.compress(data) if packed else data, name, **spec)
    except PriceFileProblems:
        return
    assert np.isfinite(series.price).all()
    assert (np.diff(series.start_utc).astype(int) == 3600).all()


# ---------------------------------------------------------------- the section


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"file": "a.csv"}, "Field required"),
        ({"file": "a.xlsx", "time_zone": CHICAGO}, "a price file is .csv or .csv.gz"),
        ({"file": "a.csv", "time_zone": "America/Chicgo"}, "did you mean 'America/Chicago'?"),
        ({"file": "a.csv", "time_zone": "edmonton"}, "did you mean 'America/Edmonton'?"),
        ({"file": "a.csv", "time_zone": "America"}, "there is no time zone 'America'"),
        ({"file": "a.csv", "time_zone": "right/America/Chicago"}, "there is no time zone"),
        ({"file": "a.csv", "time_zone": "../x"}, "there is no time zone"),
        ({"file": "a.csv", "time_zone": CHICAGO, "interval_minutes": 45}, "Input should be 5, 10, 15, 20, 30 or 60"),
        ({"file": "a.csv", "time_zone": CHICAGO, "colum": "A"}, "Extra inputs are not permitted"),
        ({"file": "a.csv", "time_zone": CHICAGO, "sentinels": [float("nan")]}, "finite number"),
    ],
)
def test_a_section_that_cannot_be(spec: dict[str, Any], message: str) -> None:
    """Proves: what is wrong in itself is refused before any file is opened. Broken: a traceback while reading."""
    with pytest.raises(ValidationError) as caught:
        PriceFile.model_validate(spec)
    assert message in str(caught.value)


def test_every_field_is_described() -> None:
    """Proves: the schema has a text for each field. Broken: an empty line in the documents."""
    fields = PriceFile.model_json_schema()["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []
