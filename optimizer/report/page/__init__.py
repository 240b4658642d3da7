"""The page of a plan: one HTML file that holds all it needs, made from a plan folder alone (docs/report.md)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer.report.page.plan import read_page_plan

GENERATOR = '<meta name="generator" content="wattfork '
"""By which a page is known; the template has it near its beginning."""


def report_page(folder: str | Path, sweeps: Sequence[str | Path] = ()) -> str:
    """The page of a plan folder as text; ``sweeps``: folders of sweeps over two inputs, of which it shows the maps.

    The same folder gives the same text. Raises CallError if a folder holds no plan or no such sweep, or if the extra
    ``report`` is not installed.
    """
    plan = read_page_plan(Path(folder))
    # Only here: without the extra a plan can still be read, and what is missing is said in one line.
    from optimizer.report.page.plan_page import page_of

    return page_of(plan, [Path(sweep) for sweep in sweeps])


def is_page(file: Path) -> bool:
    """Whether a file is an earlier page of a plan, which may be replaced."""
    try:
        with file.open("rb") as stream:
            return GENERATOR.encode() in stream.read(4000)
    except OSError:
        return False


__all__ = ["is_page", "report_page"]
