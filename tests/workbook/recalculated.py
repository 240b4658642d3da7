"""A workbook recalculated by LibreOffice from its formulas alone, and what both then say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
"""Recalculate every file that is opened: by default the values kept in the file would be believed."""

LONGEST_SECONDS = 240


@dataclass(frozen=True)
class Computed:
    """A plan's workbook as it was written, and as LibreOffice computed it."""

    plan: Path
    book: Path
    computed: Path


def office() -> str:
    """The program; skips the test where there is none (which CI does not allow)."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        pytest.skip("LibreOffice (soffice) is not installed: nothing else here recalculates a workbook")
    return found


def recalculated(books: Sequence[Path], folder: Path) -> list[Path]:
    """The same workbooks as LibreOffice saves them after it has computed every formula; works in ``folder``.

    All in one run: most of its time goes into starting.
    """
    return _converted(books, folder, "xlsx:Calc MS Excel 2007 XML")


def printed(book: Path, folder: Path) -> Path:
    """The workbook as LibreOffice prints it, a PDF; works in ``folder``."""
    return _converted([book], folder, "pdf")[0]


def _converted(books: Sequence[Path], folder: Path, kind: str) -> list[Path]:
    program = office()
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, "utf-8")
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", kind, "--outdir", str(out), *map(str, books)]
    environment = os.environ | {"HOME": str(folder)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    made = [(out / book.name).with_suffix(f".{kind.partition(':')[0]}") for book in books]
    assert all(file.is_file() for file in made), done.stdout + done.stderr
    return made


def without_values(book: Path, target: Path) -> Path:
    """A copy whose formulas carry no value, so that what is read from a recalculated copy cannot be the one kept."""
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"(<f>[^<]*</f>)<v>[^<]*</v>", rb"\1", data)
            new.writestr(name, data)
    return target
