"""``wattfork breakeven CASE --of PATH --for WHAT --between LOW:HIGH``: where the plan changes its mind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from optimizer.report.page.found import BreakEvenFound, BreakEvenPoint
    from optimizer.sweep.breakeven import BreakEven, Found
    from optimizer.sweep.flips import Answer

PAGE_KIND = "Break-even"


@click.command("breakeven")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--of", "path", required=True, metavar="PATH", help="The input to move, as for wattfork sweep.")
@click.option(
    "--for",
    "what",
    required=True,
    metavar="WHAT",
    help="OFFER, OFFER@SITE, contract:NAME, build:NAME, buy:MACHINE, any, value=X (USD m) or value=status_quo.",
)
@click.option("--between", required=True, metavar="LOW:HIGH", help="Where to look; x0.5:x2 for factors.")
@click.option("--to", "tolerance", type=float, help="How narrow; by default a thousandth of the range.")
@click.option("--scan", "count", default=9, show_default=True, type=int, help="Values to look at first.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="CSV file, or a folder for breakeven.csv; by default breakeven.csv beside the case.",
)
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="Write a page of it, one HTML file.")
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
@click.option("--fresh", is_flag=True, help="Solve all points anew, whatever an earlier search left.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print flips and points as JSON on standard output.")
def command(
    case: Path,
    path: str,
    what: str,
    between: str,
    tolerance: float | None,
    count: int,
    output: Path | None,
    page: Path | None,
    workers: int | None,
    gap: float,
    gap_usd_m: float,
    time_limit: float,
    seed: int,
    given: Path | None,
    fresh: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Find where, as one input of CASE moves, the best plan begins or ceases to do something.

    \b
    wattfork breakeven CASE --of offers.tenant.rate_usd_per_kw_month --for tenant --between 60:140
    wattfork breakeven CASE --of market.network.btc_usd --for any --between x0.5:x2
    wattfork breakeven CASE --of 'market.power.*.scale' --for value=300 --between 0.5:2

    A scan finds neighbours that differ; each pair is halved until it is narrow. Exit code 0: answered, also if nothing
    flips; 1: a point failed; 2: the case, the call or some values are wrong; 3: no value has a plan; 4: some
    answers are not proven to the gap, or Ctrl-C: what was found is written; 130: Ctrl-C before any point was finished.
    """
    import json

    from optimizer.case.load import load_case
    from optimizer.errors import ExitCode
    from optimizer.report.page import breakeven_page
    from optimizer.report.page.beside import hold_page, page_or_why
    from optimizer.sweep.breakeven import read_asked, run_breakeven, table_file
    from optimizer.sweep.breakeven_words import breakeven_lines
    from optimizer.sweep.campaign import local_executor
    from optimizer.sweep.point import PointOptions
    from optimizer.sweep.progress import SweepProgress
    from optimizer.sweep.store import Store
    from optimizer.sweep.table_file import write_whole

    loaded = load_case(case, given_csv=given)
    asked = read_asked(loaded, path, what, between, tolerance, count)
    file = table_file(output, loaded)
    if page is not None:
        hold_page(page, PAGE_KIND, "--page")
    if not quiet:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    options = PointOptions(gap, gap_usd_m, time_limit, seed)
    store = Store(file.with_name(f"{file.stem}.points"), fresh=fresh)
    with SweepProgress(quiet=quiet or as_json) as progress:
        result = run_breakeven(
            loaded, asked, options, executor=local_executor(workers), store=store, on_progress=progress
        )
    code = result.exit_code()
    if code is ExitCode.INTERRUPTED:
        click.echo("interrupted before any point was finished", err=True)
        return code
    result.write(file)
    made = None if page is None else page_or_why(lambda: breakeven_page(_page_of(result)))
    if page is not None and made is not None and made.text:
        write_whole(page, made.text)
    if as_json:
        click.echo(json.dumps({**result.data(), "file": str(file)}, indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(breakeven_lines(result)))
        click.echo(f"\nTable     {file}")
        if page is not None and made is not None:
            click.echo(made.said(page))
    return code


def _page_of(result: BreakEven) -> BreakEvenFound:
    """What its page says of a break-even."""
    from optimizer.report.axis_words import Axis
    from optimizer.report.page.found import BreakEvenFound

    question = result.question
    return BreakEvenFound(
        case_name=result.case_name,
        axis=Axis(result.path, result.factors),
        has=question.words(True),
        has_not=question.words(False),
        low=result.low,
        high=result.high,
        own=result.own,
        tolerance=result.tolerance,
        scanned=result.found.scanned,
        points=[_point(answer) for answer in result.found.answers],
        table=result.table(),
        least_usd_m=question.least_usd_m,
        interrupted=result.found.interrupted,
    )


def _point(answer: Answer[Found]) -> BreakEvenPoint:
    from optimizer.report.page.found import BreakEvenPoint
    from optimizer.sweep.words import short_plan

    figures, outcome = answer.found.figures, answer.found.swept.outcome
    return BreakEvenPoint(
        at=answer.value,
        has=answer.has,
        value_usd_m=None if figures is None else figures.value_usd_m,
        bound_usd_m=None if figures is None else figures.bound_usd_m,
        status_quo_usd_m=answer.found.quo_usd_m,
        decides="" if figures is None else short_plan(figures),
        problem=f"{outcome.status}: {outcome.problem}" if outcome.problem else outcome.status,
    )
