"""The price reader: bytes, rows, columns and cells, on files small enough to check by hand."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from optimizer.case.price_file import PriceFile
from optimizer.market import price_rows
from optimizer.market.prices import PriceFileProblem, PriceFileProblems, read_prices
from tests.market.price_files import CHICAGO, hours, read, refused, starts, table

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


# ---------------------------------------------------------------- what the case says of the times


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


def test_mixed_times(tmp_path: Path) -> None:
    """Proves: a row without offset among rows with one is refused. Broken: one row shifted by 6 hours."""
    content = table(["2024-01-01 00:00-06:00", "2024-01-01 01:00"], [1, 2], "Time,HB_WEST")
    assert "prices.csv:3: some times have an offset and some have none" in refused(
        tmp_path, content, timestamps="local"
    )


def test_names_that_contradict_the_interval(tmp_path: Path) -> None:
    """Proves: a column that says what it holds must agree with the case. Broken: a series one interval late."""
    ends = table(hours("2024-01-01T06:00+00:00", 2), [1, 2], "Interval End,HB_WEST")
    assert "holds the ends of intervals: state interval: ending" in refused(tmp_path, ends)
    assert starts(read(tmp_path, ends, interval="ending"))[0] == "2024-01-01T05:00"
    begins = table(hours("2024-01-01T06:00+00:00", 2), [1, 2], "Interval Start,HB_WEST")
    assert "holds the beginnings of intervals" in refused(tmp_path, begins, interval="ending")


# ---------------------------------------------------------------- cells without a price


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


# ---------------------------------------------------------------- faults


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
        (gzip.compress(b"timestamp_utc,A\n", mtime=0), "prices.csv: packed with gzip: name it .csv.gz"),
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
    monkeypatch.setattr(price_rows, "LARGEST_BYTES", 1000)
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
        series = read(tmp_path_factory.mktemp("bytes"), gzip.compress(data, mtime=0) if packed else data, name, **spec)
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
