"""The price reader: times, grid and gaps, every rule on a file small enough to check by hand.

Expected numbers are written out, never computed by the reader's own means. Times of 2024 in America/Chicago: the clock
goes forward on 10 March at 02:00 (08:00Z) and back on 3 November at 02:00 daylight time (07:00Z).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.market.price_files import CHICAGO, hours, read, refused, starts, table

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


# ---------------------------------------------------------------- what a time means


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


# ---------------------------------------------------------------- the even grid


def test_not_evenly_spaced(tmp_path: Path) -> None:
    """Proves: the odd row is named, not its neighbours. Broken: lines 3 to 5, or a price moved by 7 minutes."""
    times = hours("2024-01-01T06:30+00:00", 5)
    times[2] = "2024-01-01T08:07Z"
    message = refused(tmp_path, table(times, [1, 2, 3, 4, 5]), gaps="interpolate")
    assert message.startswith("prices.csv:4: not evenly spaced: 2024-01-01T02:07-06:00 is not on the 60-minute steps")
    assert len(message.splitlines()) == 1


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


@pytest.mark.parametrize("values", [[0.5, "", 3.25], ["", 0.5, ""], ["", "", ""]])
def test_zero(tmp_path: Path, values: list[Any]) -> None:
    """Proves: an hour without an award counts as 0 wherever it is, and is said. Broken: 1.875 between its neighbours,
    0.5 repeated at the ends, or NaN, which makes every sum NaN."""
    series = read(tmp_path, table(hours("2024-01-01T06:00+00:00", 3), values), gaps="zero")
    assert series.price.tolist() == [value or 0 for value in values]
    empty, first = values.count(""), values.index("") + 2
    gaps = "1 gap" if empty == 1 else f"{empty} gaps"
    assert series.repairs == (f"{gaps} filled by zero: first at prices.csv:{first}",)


def test_zero_fills_missing_rows_and_still_refuses_what_is_no_number(tmp_path: Path) -> None:
    """Proves: rows that are not there count as 0 too, text does not. Broken: 4, 7, 8, 9 in hours 0 to 3; 0 for 'x'."""
    times = hours("2024-01-01T06:00+00:00", 6)
    series = read(tmp_path, table([times[0], *times[3:]], [4, 7, 8, 9]), gaps="zero")
    assert series.price.tolist() == [4, 0, 0, 7, 8, 9]
    message = refused(tmp_path, table(times, [1, "x", 3, 4, 5, 6]), gaps="zero")
    assert message == "prices.csv:3: 'x' is not a number"


def test_a_mistyped_year(tmp_path: Path) -> None:
    """Proves: a gap of a century is refused before it is laid out. Broken: a million intervals."""
    times = [*hours("2024-01-01T06:00+00:00", 3), "2124-01-01T09:00Z"]
    message = refused(tmp_path, table(times, [1, 2, 3, 4]), gaps="repeat_week")
    assert message.startswith("prices.csv:4: no row after this line for 2024-01-01T03:00-06:00 and on to 2124-01-01")
    assert message.endswith("too long for any rule")


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
