"""``wattfork compare A B``: what differs between two plans, and why one is worth more."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("compare")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Folder for the tables and the page; by default none."
)
@click.option("--no-why", is_flag=True, help="Leave out what A's decisions are worth under B's inputs (no solver).")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON on standard output.")
def command(a: Path, b: Path, output: Path | None, no_why: bool, quiet: bool, as_json: bool) -> int:
    """Compare two plan folders: decisions, megawatts, money; and split the difference into inputs and decisions.

    \b
    wattfork compare results/base results/bear
    wattfork compare results/base results/bear -o results/base_bear

    Exit code 0: done; 2: there is no plan, or the call is wrong.
    """
    import json

    from optimizer import api
    from optimizer.compare.folder import PAGE
    from optimizer.compare.words import compare_lines
    from optimizer.errors import ExitCode
    from optimizer.report.page import compare_page
    from optimizer.report.page.beside import page_or_why
    from optimizer.sweep.table_file import write_whole

    comparison = api.compare(a, b, why=not no_why)
    page = None
    if output is not None:
        page = page_or_why(lambda: compare_page(comparison.a, comparison.b, comparison.tables))
        comparison.write(output)
        if page.text:
            write_whole(output / PAGE, page.text)
    if as_json:
        click.echo(json.dumps(comparison.data(), indent=2, ensure_ascii=False))
    elif not quiet:
        click.echo("\n".join(compare_lines(comparison.a, comparison.b, comparison.tables)))
        if output is not None and page is not None:
            click.echo(f"\nTables    {output}")
            click.echo(page.said(output / PAGE))
    return ExitCode.DONE
