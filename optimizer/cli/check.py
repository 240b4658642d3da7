"""``wattfork check``: reads and judges a case and its price files without solving it.

Errors end the command with exit code 2. Warnings and the case in words are for the reader to nod at: nothing is
written. Judging itself is done in ``optimizer.case``.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.errors import CaseError, ExitCode, Problem

if TYPE_CHECKING:
    from optimizer.case.load import LoadedCase
    from optimizer.market.prices import PriceSeries


@click.command("check")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--given", type=click.Path(path_type=Path), help="Decisions laid down, as in decisions.csv of a plan.")
@click.option("-q", "--quiet", is_flag=True, help="Errors and warnings only.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def command(case: Path, given: Path | None, quiet: bool, as_json: bool) -> ExitCode:
    """Check the case file CASE (or the folder that holds case.yaml) and its price files, and say every problem."""
    from optimizer.case.load import load_case

    try:
        loaded = load_case(case, given_csv=given)
        prices, warnings = check_prices(loaded)
    except CaseError as error:
        if not as_json:
            raise
        _print_json(error.problems, (), None)
        return ExitCode.WRONG_INPUT
    from optimizer.cli.case_words import describe, in_words

    warnings = [*loaded.warnings, *warnings]
    about = describe(loaded, prices)
    if as_json:
        _print_json((), warnings, about)
        return ExitCode.DONE
    for warning in warnings:
        click.echo(f"{warning} (warning)", err=True)
    if not quiet:
        click.echo("\n".join(in_words(about)))
        count = f"{len(warnings)} warning" + ("" if len(warnings) == 1 else "s")
        click.echo(f"\nno errors, {count if warnings else 'no warnings'}")
    return ExitCode.DONE


def check_prices(loaded: LoadedCase) -> tuple[dict[str, PriceSeries], list[Problem]]:
    """Price series by market, and warnings about them. Raises `CaseError` with what is wrong with the files."""
    from optimizer.case.plausibility import judge_prices
    from optimizer.instance.site_operations import check_supplies
    from optimizer.market.market import build_market

    try:
        market = build_market(loaded.case, loaded.folder)
        check_supplies(loaded.case, market)
    except CaseError as error:
        raise loaded.placed(error) from None
    series = {name: path.file for name, path in market.power.items()}
    means = {name: float(each.price.mean()) for name, each in series.items()}
    findings = judge_prices(loaded.case, means)
    return series, list(loaded.places.problems(findings, "warning"))


def _print_json(errors: Iterable[Problem], warnings: Iterable[Problem], about: object) -> None:
    import dataclasses
    import json

    said = {
        "errors": [dataclasses.asdict(problem) for problem in errors],
        "warnings": [dataclasses.asdict(problem) for problem in warnings],
        "case": about,
    }
    click.echo(json.dumps(said, indent=2, ensure_ascii=False))
