"""``wattfork sweep CASE --vary PATH=LOW:HIGH:N``: the case solved at every point of a design, one row each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from optimizer.case.sweeps import NamedSweep
    from optimizer.sweep.campaign import Executor
    from optimizer.sweep.designs import Design
    from optimizer.sweep.further import Further


@click.command("sweep")
@click.argument("case", type=click.Path(path_type=Path))
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="PATH=VALUES",
    help="What to vary: LOW:HIGH:N, a,b,c, or factors x0.8:x1.2:5. More than once for a grid. "
    "'A=VALUES & B=VALUES' move together.",
)
@click.option(
    "--case",
    "overlays",
    multiple=True,
    metavar="FILE",
    help="Another case file, which extends CASE, to solve as well. More than once for several.",
)
@click.option("--name", metavar="NAME", help="A sweep that the case names in its section sweeps.")
@click.option("--tornado", is_flag=True, help="One direction at a time, all else as in the case, in place of a grid.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="N points between LOW and HIGH of each direction.")
@click.option("--method", type=click.Choice(["sobol", "lhs"]), help="How a sample is drawn; sobol if not said.")
@click.option(
    "--sensitivity",
    type=click.IntRange(2),
    metavar="N",
    help="Sensitivity of the value, from N x (directions + 2) points.",
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
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Seed of the solver and of samples; 0 if not said.")
@click.option("--given", type=click.Path(path_type=Path), help="CSV of decisions to lay down, as in decisions.csv.")
@click.option("--audit", is_flag=True, help="Recompute each plan independently, as wattfork audit does.")
@click.option(
    "--refine",
    type=click.IntRange(0, 20),
    metavar="R",
    help="How often borders between plans are halved, on a grid of two directions; 2 if not said, 0 for none.",
)
@click.option("--border-gap", type=click.FloatRange(0, 1), help="Relative gap to reach next to such borders.")
@click.option("--twins", is_flag=True, help="Also value the status quo, all mining and all hosting at every point.")
@click.option("--regret", is_flag=True, help="Also value every plan found at every other point.")
@click.option("--picture", is_flag=True, help="Draw the sweep beside its table, as SVG.")
@click.option("--parquet", is_flag=True, help="Write the table as a Parquet file as well.")
@click.option("--fresh", is_flag=True, help="Solve all points anew, whatever an earlier sweep left.")
@click.option("--no-store", is_flag=True, help="Keep no results of points beside the table.")
@click.option("--dask", metavar="ADDRESS", help="Solve by the workers of this Dask scheduler, such as tcp://HOST:8786.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the points as JSON on standard output.")
def command(
    case: Path,
    varied: tuple[str, ...],
    overlays: tuple[str, ...],
    name: str | None,
    tornado: bool,
    sample: int | None,
    method: Literal["sobol", "lhs"] | None,
    sensitivity: int | None,
    output: Path | None,
    workers: int | None,
    gap: float,
    gap_usd_m: float,
    time_limit: float,
    seed: int | None,
    given: Path | None,
    audit: bool,
    refine: int | None,
    border_gap: float | None,
    twins: bool,
    regret: bool,
    picture: bool,
    parquet: bool,
    fresh: bool,
    no_store: bool,
    dask: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Solve CASE (a case file, or a folder with case.yaml) for every value of what is varied; one CSV row a point.

    \b
    wattfork sweep CASE --vary 'market.power.*.scale=0.6:1.6:11'
    wattfork sweep CASE --vary market.network.btc_usd=x0.7:x1.3:7 --vary finance.opening.cash_usd_m=100,200
    wattfork sweep CASE --vary 'market.power.*.volatility=0:2:5' --case low_hashprice.yaml
    wattfork sweep CASE --name NAME

    Finished points are kept beside the table, in NAME.points: the same call goes on where an earlier one was ended, and
    a changed case solves only what it changes. A point without a plan is a row that says why. Ctrl-C writes the points
    finished so far.

    Exit code 0: every point is answered (some may be infeasible); 1: a point failed; 2: the case, the call or some of
    the values are wrong; 3: all points are infeasible; 4: some are not proven to the gap, or Ctrl-C: what was found is
    written; 5: an audit failed; 130: Ctrl-C before any point was finished.
    """
    import json

    from optimizer.case.load import load_case
    from optimizer.cli.sweep_files import drop_old, hold_files, map_lines, write_indices, write_pictures
    from optimizer.errors import ExitCode
    from optimizer.sweep.further import hold_further
    from optimizer.sweep.point import PointOptions
    from optimizer.sweep.progress import SweepProgress
    from optimizer.sweep.run import run_sweep, store_folder, table_file
    from optimizer.sweep.store import Store
    from optimizer.sweep.words import sweep_lines

    asked = {
        "--vary": varied,
        "--case": overlays,
        "--tornado": tornado,
        "--sample": sample,
        "--method": method,
        "--sensitivity": sensitivity,
    }
    _hold_call(name, asked)
    _hold_apart({"--workers": workers, "--dask": dask})
    _hold_apart({"--fresh": fresh, "--no-store": no_store})
    loaded = load_case(case, given_csv=given)
    named: NamedSweep | None = None
    if name is not None:
        from optimizer.sweep.designs import named_design

        found, named = named_design(loaded, name, seed=seed, given_csv=given)
    else:
        from optimizer.sweep.designs import design

        found = design(
            loaded,
            varied,
            overlays=overlays,
            tornado=tornado,
            sample=sample,
            method=method or "sobol",
            sensitivity=sensitivity,
            seed=seed or 0,
            given_csv=given,
        )
    further = _further(found, named, refine, border_gap, twins, regret)
    hold_further(further, found.kind, found.directions)
    file = table_file(output, loaded)
    hold_files(file, found, regret=further.regret, picture=picture, parquet=parquet)
    if not quiet:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    options = PointOptions(gap, gap_usd_m, time_limit, seed or 0, audit)
    with SweepProgress(quiet=quiet or as_json) as progress:
        sweep = run_sweep(
            loaded,
            found.directions,
            options,
            points=found.points,
            kind=found.kind,
            overlays=found.overlays,
            further=further,
            workers=workers,
            executor=None if dask is None else _on_dask(dask),
            store=None if no_store else Store(store_folder(file), fresh=fresh),
            on_progress=progress,
        )
    code = sweep.exit_code()
    if code is ExitCode.INTERRUPTED:
        click.echo("interrupted before any point was finished", err=True)
        return code
    sweep.write(file, parquet=parquet)
    drop_old(file, picture=picture, parquet=parquet)
    if sweep.interrupted:
        beyond = "" if len(sweep.points) < sweep.asked else "; borders, twins or regret are not complete"
        click.echo(f"interrupted: {len(sweep.points)} of {sweep.asked} points were finished{beyond}", err=True)
    drawn = write_pictures(loaded, sweep, file) if picture else []
    if as_json:
        click.echo(json.dumps({**sweep.data(), "file": str(file)}, indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(sweep_lines(sweep, map_lines(loaded, sweep))))
        click.echo("\n".join(["", *drawn, f"Table     {file}"]))
    if found.kind == "sensitivity":
        said = write_indices(found, sweep, file)
        if not quiet:
            click.echo("\n".join(said), err=as_json)
    return code


def _hold_call(name: str | None, asked: dict[str, Any]) -> None:
    """UsageError if nothing is to be varied, or if what is varied is said twice."""
    given = [option for option, value in asked.items() if value]
    if name is not None and given:
        raise click.UsageError(f"{given[0]} cannot be together with --name: the sweep says what is varied")
    if name is None and not {"--vary", "--case"} & set(given):
        raise click.UsageError("Missing option '--vary' (or --case, or --name).")
    if "--method" in given and "--sample" not in given:
        raise click.UsageError("--method is for --sample")


def _hold_apart(options: dict[str, Any]) -> None:
    """UsageError if two options are given that exclude each other."""
    given = [option for option, value in options.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} cannot be together with {given[1]}")


def _further(
    found: Design,
    named: NamedSweep | None,
    refine: int | None,
    border_gap: float | None,
    twins: bool,
    regret: bool,
) -> Further:
    """What is asked beyond the points: by the call, else by the sweep's name; borders are halved wherever there are."""
    from optimizer.sweep.further import REFINE, Further, is_plane

    if refine is None and named is not None:
        refine = named.refine
    if refine is None:
        refine = REFINE if found.kind == "grid" and is_plane(found.directions) else 0
    return Further(
        refine=refine,
        border_gap=border_gap,
        twins=twins or (named is not None and named.twins),
        regret=regret or (named is not None and named.regret),
    )


def _on_dask(address: str) -> Executor:
    from optimizer.sweep.dask_queue import DaskQueue

    return DaskQueue(address).run_jobs
