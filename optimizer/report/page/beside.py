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


def hold_page(file: Path, kind: str, option: str = "-o") -> None:
    """CallError if something else than an earlier page of this ``kind`` stands at ``file``, or if there is no folder
    for it."""
    if not file.parent.is_dir():
        raise CallError(f"cannot write {file}: there is no folder {file.parent}", (f"name another with {option}",))
    if file.exists() and not is_page(file, kind):
        message = f"{file} is no earlier page of a {kind.lower()}; it is left alone"
        raise CallError(message, (f"name another place with {option}",))
