"""Pages that commands write beside their tables: a table never fails for want of its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import CallError
from optimizer.report.page import is_page


@dataclass(frozen=True)
class PageOrWhy:
    """The text of a page; or, where it is empty, why there is none."""

    text: str
    why: str = ""

    def said(self, file: Path) -> str:
        """What to say of it: where it is, or why it is not."""
        return f"Page      {file}" if self.text else f"no page {file}: {self.why}"


def page_or_why(make: Callable[[], str]) -> PageOrWhy:
    """Make a page; without the extra ``report``, or of a folder that is no whole plan, say why there is none."""
    try:
        return PageOrWhy(make())
    except CallError as error:
        return PageOrWhy("", error.message)


def hold_page(file: Path) -> None:
    """CallError if something else than an earlier page stands at ``file``."""
    if file.exists() and not is_page(file):
        raise CallError(f"{file} is no earlier page; it is left alone", ("name another place with -o",))
