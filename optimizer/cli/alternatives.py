"""``wattfork alternatives CASE --within 5%``: plans worth nearly as much that go far in one respect."""

from __future__ import annotations

from pathlib import Path

import click

PAGE, PAGE_KIND = "alternatives.html", "Alternatives"


def read_share(text: str) -> float:
    """``5%`` or ``0.05`` as a share. A bare number above 1 could be either, and is refused."""
    number, percent = (text.strip()[:-1], True) if text.strip().endswith("%") else (text, False)
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no share; write 5% or 0.05") from None
    if not 0 <= share <= 1:
        raise click.BadParameter(f"{text!r} is no share of 0 to 100 %; write 5% or 0.05")
    return share


@click.command("alternatives")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--within", required=True, metavar="SHARE", help="Value that may be given up: 5% or 0.05.")
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="NAME",
    help="most_hosting, least_debt, latest_start, fewest_sites or least_hosting; more than once; by default all.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the plans, alternatives.csv and the page; by default alternatives/ beside the case.",
)
@click.option("--gap", default=1e-4, show_default=True, type=click.FloatRange(0, 1), help="Relative gap to reach.")
@click.option(
    "--gap-usd-m", default=0.0, show_default=True, type=click.FloatRange(0), help="Gap in USD m that is enough."
)
@click.option(
    "--time-limit", default=600.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for each search."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Seed of the solver.")
@click.option("--given", type=click.Path(path_type=Path), help="CSV of decisions to lay down, as in decisions.csv.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the plans as JSON on standard output.")
def command(
    case: Path,
    within: str,
    names: tuple[str, ...],
    output: Path | None,
    gap: float,
    gap_usd_m: float,
    time_limit: float,
    seed: int,
    given: Path | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Find plans for CASE that are worth nearly as much as the best, and go far in one respect.

    \b
    wattfork alternatives CASE --within 5%
    wattfork alternatives CASE --within 2% --only least_debt --only latest_start

    Each is a plan folder, audited. Exit code 0: all found and proven to the gap; 2: the case or the call is wrong;
    3: no plan can satisfy the case; 4: some plan is not proven to the gap; 5: an audit failed;
    130: stopped before there was a plan.
    """
    import json
    import sys

    share = read_share(within)
    from optimizer import api
    from optimizer.errors import ExitCode
    from optimizer.plan.table_folder import check_folder
    from optimizer.pool import usable_cpus
    from optimizer.report.page import alternatives_page, is_page
    from optimizer.report.page.beside import page_or_why
    from optimizer.report.page.found import AlternativesFound
    from optimizer.solve.at_once import MOST_AT_ONCE
    from optimizer.solve.highs import SolveOptions
    from optimizer.solve.interrupt import InterruptGuard
    from optimizer.sweep.alternatives import NAMES, judge
    from optimizer.sweep.alternatives_folder import ALTERNATIVES
    from optimizer.sweep.alternatives_words import alternatives_lines
    from optimizer.sweep.table_file import write_whole

    chosen = tuple(dict.fromkeys(names)) or NAMES
    judge(share, chosen)
    loaded = api.load(case, given_csv=given)
    target = output or loaded.path.parent / "alternatives"
    check_folder(target, ALTERNATIVES)
    if not quiet:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    options = SolveOptions(
        relative_gap=gap,
        absolute_gap_usd_m=gap_usd_m,
        time_limit_seconds=time_limit,
        seed=seed,
        at_once=usable_cpus(at_most=MOST_AT_ONCE),
    )
    live = not quiet and not as_json and sys.stderr.isatty()

    def told(name: str) -> None:
        if live:
            click.echo(f"found {name}", err=True)

    with InterruptGuard() as guard:
        result = api.alternatives(loaded, share, options, names=chosen, stop=guard.stop, on_found=told)
    if is_page(target / PAGE, PAGE_KIND):
        (target / PAGE).unlink()  # of the plans that are replaced now
    result.write(target)
    found = result.found
    data = AlternativesFound(
        case_name=found.case_name,
        within=found.within,
        floor_usd_m=found.floor_usd_m,
        table=found.table(),
        folders={plan.name: target / plan.name for plan in found.plans},
        missing=found.missing,
    )
    page = page_or_why(lambda: alternatives_page(data))
    if page.text:
        write_whole(target / PAGE, page.text)
    if as_json:
        click.echo(json.dumps({**result.data(), "folder": str(target)}, indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(alternatives_lines(result.found)))
        if not page.text:
            click.echo(f"\n{page.said(target / PAGE)}")
        also = f"{PAGE}, " if page.text else ""
        click.echo(f"\nPlans     {target}  (alternatives.csv, {also}and a folder for each)")
    return ExitCode.DONE if result.proven else ExitCode.STOPPED
