"""Where the table of a break-even or of alternatives goes, and how it is written: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from optimizer.errors import CallError


def ready_file(file: Path, first_column: str, what: str) -> Path:
    """``file``, made ready before a long search rather than found wanting after it.

    CallError if nothing can be written there, or if a file stands there whose first column is another, so that it is no
    earlier ``what``.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not _begins_with(file, f"{first_column},"):
            raise CallError(f"{file} is not an earlier {what}; it is left alone", ("name another place with -o",))
        tempfile.TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise CallError(f"cannot write {file}: {error.strerror}") from None
    return file


def _begins_with(file: Path, start: str) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(start)) == start.encode()


def write_whole(file: Path, text: str) -> None:
    """Write beside ``file``, then put it in its place. CallError if that fails."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).chmod(0o644)
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallError(f"cannot write {file}: {error.strerror}") from None
