"""Pages: each one HTML file that holds all it needs. That of a plan is made from its folder alone (docs/report.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.errors import CallError
from optimizer.plan.table import Table
from optimizer.plan.written import WrittenPlan
from optimizer.report.page.plan import read_page_plan

if TYPE_CHECKING:
    from optimizer.report.page.found import AlternativesFound, BreakEvenFound, SweepFound

GENERATOR = '<meta name="generator" content="wattfork '
"""By which a page is known; the template has it near its beginning."""
KIND = '<meta name="description" content="'
"""By which it is known of what it is a page; beneath the other."""
EXTRA = ("jinja2", "vl_convert", "altair")
HOW = "pip install 'wattfork[report]'"

# Modules that make text are imported within the functions: without the extra a plan can still be read, and what is
# missing is said in one line.


def report_page(folder: str | Path, sweeps: Sequence[str | Path] = ()) -> str:
    """The page of a plan folder as text; ``sweeps``: folders of sweeps over two inputs, of which it shows the maps.

    The same folder gives the same text. Raises CallError if a folder holds no plan or no such sweep, or if the extra
    ``report`` is not installed.
    """
    plan = read_page_plan(Path(folder))
    _hold_extra()
    from optimizer.report.page.plan_page import page_of

    return page_of(plan, [Path(sweep) for sweep in sweeps])


def compare_page(a: WrittenPlan, b: WrittenPlan, tables: Mapping[str, Table]) -> str:
    """The page of two plans; ``tables``: those of `api.compare`, without ``why`` where it was not asked for.

    Raises CallError if a folder is no whole plan, or if the extra ``report`` is not installed.
    """
    plans = read_page_plan(a.folder), read_page_plan(b.folder)
    _hold_extra()
    from optimizer.report.page.compare import page_of

    return page_of(plans, tables)


def alternatives_page(found: AlternativesFound) -> str:
    """The page of alternatives, from their table and their plan folders. CallError as of `compare_page`."""
    plans = [(name, read_page_plan(folder)) for name, folder in found.folders.items()]
    _hold_extra()
    from optimizer.report.page.alternatives import page_of

    return page_of(found, plans)


def sweep_page(found: SweepFound) -> str:
    """The page of a sweep that has a picture. CallError without the extra ``report``."""
    _hold_extra()
    from optimizer.report.page.swept import page_of

    return page_of(found)


def breakeven_page(found: BreakEvenFound) -> str:
    """The page of a break-even. CallError without the extra ``report``."""
    _hold_extra()
    from optimizer.report.page.breakeven import page_of

    return page_of(found)


def is_page(file: Path, kind: str = "") -> bool:
    """Whether a file is an earlier page (of a ``kind``, such as ``Sweep``), which may be replaced."""
    try:
        with file.open("rb") as stream:
            start = stream.read(4000)
    except OSError:
        return False
    return GENERATOR.encode() in start and (not kind or f'{KIND}{kind}"'.encode() in start)


def _hold_extra() -> None:
    for package in EXTRA:
        if find_spec(package) is None:
            raise CallError(f"a page needs {package}, which is not installed", (HOW,))


__all__ = ["alternatives_page", "breakeven_page", "compare_page", "is_page", "report_page", "sweep_page"]
