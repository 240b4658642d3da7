"""``wattfork schema``: prints the JSON Schema of case files, for editors."""

from __future__ import annotations

import click


@click.command("schema")
@click.option("--overlay", is_flag=True, help="The schema of files that extend another: nothing is required.")
def command(overlay: bool) -> None:
    """Print the JSON Schema of case files.

    Save it beside your cases and begin each with the line
    "# yaml-language-server: $schema=case.schema.json": editors then complete keys and underline mistakes.
    """
    import json

    from optimizer.case.json_schema import case_json_schema

    click.echo(json.dumps(case_json_schema(overlay=overlay), indent=2, ensure_ascii=False))
