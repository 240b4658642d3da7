"""``wattfork new DIR``: starts a case folder that solves at once, a copy of a template with its data.

The schema of case files is written beside the case, and the case's first line names it, so that editors complete keys
and underline mistakes. Not here: the templates, which are folders below ``templates`` (``quickstart`` there is the
case of that name itself, by a link, so that there is one copy of its prices).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import click

from optimizer.errors import CallError

FOLDER = Path(__file__).parent / "templates"
CASE_FILE = "case.yaml"
SCHEMA_FILE = "case.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"
PRICES = "quickstart/ercot_da_hb_west_jul2024_jun2025.csv"


class Template(NamedTuple):
    """What it is, in a few words, and its files below ``templates``."""

    about: str
    files: tuple[str, ...]


TEMPLATES = {
    "quickstart": Template("one mine and one hosting offer", ("quickstart/case.yaml", "quickstart/README.md", PRICES)),
    "everything": Template(
        "four sites and every section of a case: contracts, reserves, charges, builds, machines, loans, shares, tax",
        (
            "everything/case.yaml",
            PRICES,
            "everything/ercot_rt_jul2024_jun2025.csv",
            "everything/ercot_as_jul2024_jun2025.csv.gz",
        ),
    ),
}


@click.command("new")
@click.argument("folder", metavar="DIR", required=False, type=click.Path(path_type=Path))
@click.option(
    "--template",
    default="quickstart",
    show_default=True,
    type=click.Choice(list(TEMPLATES)),
    help="What to start from.",
)
@click.option("--list", "list_them", is_flag=True, help="Say which templates there are.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(folder: Path | None, template: str, list_them: bool, quiet: bool) -> None:
    """Start a case in the folder DIR, which must be new or empty: case file, prices, schema for editors.

    Exit code 0: the folder is there; 2: DIR is not empty, or cannot be written.
    """
    if list_them:
        width = max(map(len, TEMPLATES))
        for name, entry in TEMPLATES.items():
            click.echo(f"{name:<{width}}  {entry.about}")
        return
    if folder is None:
        raise click.UsageError("Missing argument 'DIR'.")
    names = start_case(folder, template)
    if not quiet:
        click.echo(f"{folder} from template {template}: {', '.join(names)}")
        click.echo(f"now: wattfork check {folder}\n     wattfork solve {folder}")


def start_case(folder: Path, template: str) -> tuple[str, ...]:
    """Copy a template into a new or empty folder, whole or not at all; the names of the files there.

    Raises CallError if something is in the way.
    """
    from optimizer.case.json_schema import case_json_schema
    from optimizer.plan.write import write_json, write_text

    target = Path(os.path.abspath(folder))
    if target.exists() and not target.is_dir():
        raise CallError(f"{folder} is a file; a case needs a folder")
    if target.is_dir() and any(target.iterdir()):
        raise CallError(f"{folder} is not empty; it is left alone", ("name a new folder",))
    stage: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        for file in TEMPLATES[template].files:
            shutil.copyfile(FOLDER / file, stage / Path(file).name)
        case = stage / CASE_FILE
        write_text(case, SCHEMA_LINE + case.read_text(encoding="utf-8"))
        write_json(stage / SCHEMA_FILE, case_json_schema())
        names = tuple(sorted(path.name for path in stage.iterdir()))
        _publish(stage, target)
    except OSError as error:
        raise CallError(f"cannot start a case in {folder}: {_reason(error)}") from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)
    return names


def _reason(error: OSError) -> str:
    return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")


def _publish(stage: Path, target: Path) -> None:
    """Put the staged folder in its place, at once. Into an empty folder the files go one by one, the case last: it may
    be the folder in which the user stands, which must stay the same folder."""
    stage.chmod(0o755)
    if not target.exists():
        os.replace(stage, target)
        return
    for path in sorted(stage.iterdir(), key=lambda path: path.name == CASE_FILE):
        os.replace(path, target / path.name)
