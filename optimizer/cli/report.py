"""``wattfork report PLAN``: the page (and the workbook) of a written plan."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for them; by default that of the plan.")
@click.option(
    "--sweep",
    "sweeps",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder (or table) of a sweep over two inputs, whose map the page shows. Again for more.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(plan: Path, output: Path | None, sweeps: tuple[Path, ...], quiet: bool) -> int:
    """Write report.html and report.xlsx from PLAN (a plan folder) alone: nothing is solved.

    \b
    wattfork report results/quickstart
    wattfork report results/quickstart -o board --sweep results/sweep

    The page is one file that needs no network. 'wattfork explain PLAN' first adds what would change the plan.

    Exit code 0: done; 2: there is no plan or no such sweep, or something else is in the way.
    """
    from optimizer.errors import ExitCode
    from optimizer.report.files import write_report

    page, workbook = write_report(plan, plan if output is None else output, sweeps)
    if not quiet:
        click.echo(f"Page      {page}")
        click.echo(f"Workbook  {workbook}")
    return ExitCode.DONE
