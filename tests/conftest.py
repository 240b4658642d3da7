"""What holds for all tests. With CI=true a skipped test counts as failed: there, nothing may be missing.

A price file is split into rows once for each process. Reading 8,760 rows takes longer than to solve and audit a small
case, and most tests share one flat year. Times, gaps and calendars are made anew on every reading.

Several workers take whole files (``--dist loadfile``); the longest come first, so that none is left alone with one.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.price_file import PriceFile
from optimizer.market import prices
from optimizer.market.price_rows import Problems, Rows, read_rows

ROWS_KEPT = 64
READ_ANEW = (Path(__file__).parent / "market", Path(__file__).parent / "published")
"""Folders whose tests are about the reading itself."""

LONGEST_FIRST = (
    "hourly/test_forms.py",
    "sweep/test_command.py",
    "sweep/test_resume.py",
    "property/test_plan_properties.py",
    "workbook/test_recalculated.py",
    "browser/test_other_pages.py",
    "explain/test_shipped.py",
    "sweep/test_run.py",
    "golden/test_cipher.py",
    "audit/test_decided.py",
    "fuzz/test_fuzz.py",
    "cases/test_conversion_solved.py",
    "sweep/test_dask.py",
    "fuzz/test_fuzz_power.py",
    "cli/test_new.py",
    "plan/test_books_statements.py",
    "property/test_statements.py",
)
"""Files that take ten seconds of one core or more, longest first."""

IN_CI = os.environ.get("CI", "").lower() == "true"


def pytest_configure(config: pytest.Config) -> None:
    # Else pytest-xdist puts files with few tests last, and the longest tests are in such files.
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    place = {here / file: place for place, file in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    # An expected failure is reported as skipped too, and is fine.
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, which CI does not allow ({reason})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


_rows: OrderedDict[tuple[str, bytes], Rows] = OrderedDict()


def rows_once(spec: PriceFile, data: bytes, problems: Problems) -> Rows:
    """What ``read_rows`` makes of these bytes, asked once for each statement. A file with faults is read every time."""
    if problems.count:
        return read_rows(spec, data, problems)
    key = (spec.model_dump_json(include=set(PriceFile.model_fields)), hashlib.sha256(data).digest())
    if key not in _rows:
        rows = read_rows(spec, data, problems)
        for array in (rows.line, rows.clock_s, rows.offset_s, rows.price):
            if array is not None:
                array.flags.writeable = False  # whoever changes rows that others share fails at once
        _rows[key] = rows
        if len(_rows) > ROWS_KEPT:
            _rows.popitem(last=False)
    _rows.move_to_end(key)
    return _rows[key]


@pytest.fixture(autouse=True, scope="module")
def _rows_read_once(request: pytest.FixtureRequest) -> Generator[None]:
    if any(folder in request.path.parents for folder in READ_ANEW):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prices, "read_rows", rows_once)
        yield
