"""``wattfork explain PLAN``: what limits a written plan, what more would be worth, what was refused and why."""

from __future__ import annotations

from pathlib import Path

import click

LONGEST_LINE = 79
"""What is written over has to fit on one line of a narrow terminal."""


@click.command("explain")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for the tables; by default PLAN/explain.")
@click.option(
    "--anew",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="For so many of the levers worth most, solve the case with everything decided anew.",
)
@click.option(
    "--time-limit", default=600.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for each search anew."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON on standard output.")
def command(plan: Path, output: Path | None, anew: int, time_limit: float, quiet: bool, as_json: bool) -> int:
    """Explain PLAN (a plan folder): what binds, what one more of each thing is worth, what refused offers would need.

    \b
    wattfork explain results/quickstart
    wattfork explain results/quickstart --anew 3

    Exit code 0: done; 2: there is no plan, or the call is wrong.
    """
    import itertools
    import json
    import sys
    import time

    from optimizer import api
    from optimizer.errors import ExitCode
    from optimizer.explain.folder import EXPLANATION
    from optimizer.explain.words import explain_lines
    from optimizer.plan.table_folder import check_folder
    from optimizer.plan.write import PAGE
    from optimizer.plan.written import read_written
    from optimizer.report.files import report_lines
    from optimizer.solve.highs import SolveOptions

    read_written(plan)
    check_folder(output or plan / "explain", EXPLANATION)
    said = not quiet and not as_json
    live = said and sys.stderr.isatty()

    begun, answered = time.monotonic(), itertools.count(1)

    def told(words: str) -> None:
        if said:
            line = f"explain  {next(answered)} answered  {time.monotonic() - begun:.0f} s  {words}"
            click.echo(f"\r\x1b[K{line[:LONGEST_LINE]}" if live else line, err=True, nl=not live)

    explanation = api.explain(plan, SolveOptions(time_limit_seconds=time_limit), anew=anew, on_done=told)
    if live:
        click.echo("\r\x1b[K", err=True, nl=False)
    target = explanation.write(output)
    # A page that was made before says that nothing is explained: it is made anew.
    shown = report_lines(plan) if output is None and (plan / PAGE).is_file() else []
    if as_json:
        click.echo(json.dumps(explanation.data(), indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(explain_lines(explanation)))
        click.echo(f"\nTables    {target}  (worth.csv, limits.csv, offers.csv, moves.csv, cohorts.csv)")
        for line in shown:
            click.echo(line)
    return ExitCode.DONE
