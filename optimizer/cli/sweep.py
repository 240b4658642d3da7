"""``wattfork sweep CASE --vary PATH=LOW:HIGH:N``: the case solved at every point of a grid, one row each."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sweep")
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--vary",
    "varied",
    multiple=True,
    required=True,
    metavar="PATH=VALUES",
    help="What to vary: LOW:HIGH:N, a,b,c, or factors x0.8:x1.2:5. More than once for a grid.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="CSV file, or a folder for sweep.csv; by default sweep.csv beside the case.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes at work; by default one a CPU.")
@click.option("--gap", default=1e-4, show_default=True, type=click.FloatRange(0, 1), help="Relative gap to reach.")
@click.option(
    "--gap-usd-m", default=0.0, show_default=True, type=click.FloatRange(0), help="Gap in USD m that is enough."
)
@click.option(
    "--time-limit", default=600.0, show_default=True, type=click.FloatRange(0.1), help="Seconds to search, a point."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Seed of the solver.")
@click.option("--given", type=click.Path(path_type=Path), help="CSV of decisions to lay down, as in decisions.csv.")
@click.option("--audit", is_flag=True, help="Recompute each plan independently, as wattfork audit does.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the points as JSON on standard output.")
def command(
    case: Path,
    varied: tuple[str, ...],
    output: Path | None,
    workers: int | None,
    gap: float,
    gap_usd_m: float,
    time_limit: float,
    seed: int,
    given: Path | None,
    audit: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Solve CASE (a case file, or a folder with case.yaml) for every value of what is varied; one CSV row a point.

    \b
    wattfork sweep CASE --vary 'market.power.*.scale=0.6:1.6:11'
    wattfork sweep CASE --vary market.network.btc_usd=x0.7:x1.3:7 --vary finance.opening.cash_usd_m=100,200

    A point without a plan is a row that says why. Ctrl-C writes the points finished so far. Exit code 0: every point is
    answered (some may be infeasible); 1: a point failed; 2: the case, the call or some of the values are wrong;
    3: all points are infeasible; 4: stopped by a time limit or Ctrl-C, what was found is written; 5: an audit failed;
    130: Ctrl-C before any point was finished.
    """
    import json

    from optimizer.case.load import load_case
    from optimizer.errors import ExitCode
    from optimizer.sweep.point import PointOptions
    from optimizer.sweep.progress import SweepProgress
    from optimizer.sweep.run import run_sweep, table_file
    from optimizer.sweep.vary import make_grid, parse_vary
    from optimizer.sweep.words import sweep_lines

    directions = [parse_vary(text) for text in varied]
    loaded = load_case(case, given_csv=given)
    make_grid(loaded, directions)
    file = table_file(output, loaded)
    if not quiet:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    options = PointOptions(gap, gap_usd_m, time_limit, seed, audit)
    with SweepProgress(quiet=quiet or as_json) as progress:
        sweep = run_sweep(loaded, directions, options, workers=workers, on_progress=progress)
    code = sweep.exit_code()
    if code is ExitCode.INTERRUPTED:
        click.echo("interrupted before any point was finished", err=True)
        return code
    sweep.write(file)
    if sweep.interrupted:
        click.echo(f"interrupted: {len(sweep.points)} of {sweep.asked} points were finished", err=True)
    if as_json:
        click.echo(json.dumps({**sweep.data(), "file": str(file)}, indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(sweep_lines(sweep)))
        click.echo(f"\nTable     {file}")
    return code
