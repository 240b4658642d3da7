"""``wattfork solve CASE``: the main job. One audited plan, as a folder of CSV files and a summary on the terminal."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("solve")
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Plan folder; by default plan/ beside the case.",
)
@click.option("--gap", default=1e-4, show_default=True, type=click.FloatRange(0, 1), help="Relative gap to reach.")
@click.option(
    "--gap-usd-m", default=0.0, show_default=True, type=click.FloatRange(0), help="Gap in USD m that is enough."
)
@click.option("--time-limit", default=600.0, show_default=True, type=click.FloatRange(0.1), help="Seconds to search.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Seed of the solver.")
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Threads at work in the search of large cases; by default one a CPU, up to 4. The plan is the same with any.",
)
@click.option("--given", type=click.Path(path_type=Path), help="CSV of decisions to lay down, as in decisions.csv.")
@click.option("--nothing-else", is_flag=True, help="Sign nothing but what is given: price that plan.")
@click.option("--no-twins", is_flag=True, help="Leave out status quo, all mining, all hosting and the cost of waiting.")
@click.option("--explain", is_flag=True, help="Then also explain the plan, as 'wattfork explain' does.")
@click.option("--no-report", is_flag=True, help="Leave out report.html and report.xlsx.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json on standard output instead of the summary.")
def command(
    case: Path,
    output: Path | None,
    gap: float,
    gap_usd_m: float,
    time_limit: float,
    seed: int,
    workers: int | None,
    given: Path | None,
    nothing_else: bool,
    no_twins: bool,
    explain: bool,
    no_report: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Find the best plan for CASE (a case file, or a folder with case.yaml) and write it, audited, to a folder.

    Ctrl-C ends the search and writes the best plan so far. Exit code 0: proven to the gap asked for; 2: the case or
    the call is wrong; 3: no plan can satisfy the case; 4: a plan that is not proven to the gap, its gap is stated;
    5: audit failed; 130: stopped before there was a plan.
    """
    import json
    import sys
    import time

    began = time.perf_counter()
    from optimizer import api
    from optimizer.errors import ExitCode, InfeasibleError, SolverError
    from optimizer.plan.write import check_target
    from optimizer.pool import usable_cpus
    from optimizer.report.files import report_lines
    from optimizer.report.terminal import plan_lines
    from optimizer.report.terminal_pictures import picture_lines, show
    from optimizer.solve.at_once import MOST_AT_ONCE
    from optimizer.solve.highs import SolveOptions, Status
    from optimizer.solve.interrupt import InterruptGuard
    from optimizer.solve.progress import TerminalProgress
    from optimizer.solve.ways_out import way_lines

    watch = api.Stopwatch()
    watch.seconds["import"] = time.perf_counter() - began
    with watch.stage("read"):
        loaded = api.load(case, given_csv=given, given_otherwise="nothing" if nothing_else else None)
    target = output or loaded.path.parent / "plan"
    options = SolveOptions(
        relative_gap=gap,
        absolute_gap_usd_m=gap_usd_m,
        time_limit_seconds=time_limit,
        seed=seed,
        at_once=workers or usable_cpus(at_most=MOST_AT_ONCE),
    )
    check_target(target)
    if not quiet:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    with InterruptGuard() as guard, TerminalProgress(quiet=quiet or as_json) as progress:
        try:
            result = api.solve(loaded, options, twins=not no_twins, on_progress=progress, stop=guard.stop, watch=watch)
        except InfeasibleError as error:
            raise InfeasibleError(error.message, (*error.details, *way_lines(api.ways_out(loaded)))) from None
        except SolverError:
            if not guard.stop.is_set():
                raise
            click.echo("interrupted before there was a plan", err=True)
            return ExitCode.INTERRUPTED
    report = result.write(target)
    if explain:
        api.explain(target, options).write()
    shown = [] if no_report else report_lines(target)
    if as_json:
        click.echo(json.dumps(result.summary(report), indent=2))
    elif not quiet:
        lines = plan_lines(
            result.plan,
            result.measures,
            result.solution,
            result.twins,
            result.waiting,
            loaded.assumed_count,
            report,
            result.certificate,
            result.insights,
            result.capital,
        )
        click.echo("\n".join(lines))
        if sys.stdout.isatty():
            click.echo()
            show(picture_lines(result.plan.tables))
        begin = "open report.html first" if shown else "start with decisions.csv, cash.csv, allocation.csv"
        click.echo(f"\nPlan      {target}  ({begin})")
        click.echo("\n".join(shown))
    certified = result.certificate.passed and result.status is Status.OPTIMAL
    return ExitCode.DONE if certified else ExitCode.STOPPED
