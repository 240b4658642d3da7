"""The page and the workbook of a plan folder, written where they belong. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer.errors import CallError
from optimizer.plan.write import PAGE, WORKBOOK


def report_lines(plan: Path) -> list[str]:
    """Write both into a plan folder; what to say of them, or why there are none: a plan is whole without them."""
    try:
        page, workbook = write_report(plan, plan)
    except CallError as error:
        return [f"no page and no workbook: {error.message}", *(f"  {detail}" for detail in error.details)]
    return [f"Page      {page}", f"Workbook  {workbook}"]


def write_report(plan: Path, target: Path, sweeps: Sequence[Path] = ()) -> tuple[Path, Path]:
    """Write ``report.html`` and ``report.xlsx`` of a plan folder into ``target``; their places.

    Raises CallError if the folder holds no plan, if something else is in the way, or without the extra ``report``.
    """
    from optimizer.report.page import is_page, report_page
    from optimizer.report.workbook import write_workbook

    page, workbook = target / PAGE, target / WORKBOOK
    text = report_page(plan, sweeps)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallError(f"cannot make the folder {target}: {error.strerror}", ("name another with -o",)) from None
    if page.exists() and not is_page(page):
        raise CallError(f"{page} is no earlier page of a plan; it is left alone", ("name another folder with -o",))
    staged = page.with_name(f".{PAGE}.new")
    try:
        staged.write_text(text, encoding="utf-8", newline="\n")
        write_workbook(plan, workbook)
        staged.replace(page)
    except OSError as error:
        raise CallError(f"cannot write in {target}: {error.strerror}") from None
    finally:
        staged.unlink(missing_ok=True)
    return page, workbook
