"""The command ``wattfork``: which subcommands there are, and what becomes of an error.

Each subcommand lives in a module of its own, which is imported when it is called or its own help is asked for. The
help of the group needs only the table below, so it answers at once. A subcommand's module has an attribute
``command``, a click command that returns None (done) or an `ExitCode`.

Not here: anything that a subcommand does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from optimizer import __version__
from optimizer.errors import CaseError, ExitCode, WattforkError
from optimizer.threads import use_one_thread


class Subcommand(NamedTuple):
    """Where a subcommand is (``module:attribute``) and what it does, in a few words."""

    target: str
    help: str


SUBCOMMANDS: dict[str, Subcommand] = {
    "new": Subcommand("optimizer.cli.new:command", "Start a case file from a template."),
    "check": Subcommand("optimizer.cli.check:command", "Check a case file and its data, and say every problem."),
    "solve": Subcommand("optimizer.cli.solve:command", "Find the best plan for a case and write it to a folder."),
    "sweep": Subcommand("optimizer.cli.sweep:command", "Solve a case many times over with some inputs varied."),
    "breakeven": Subcommand(
        "optimizer.cli.breakeven:command", "Find where, as one input moves, the plan changes its mind."
    ),
    "alternatives": Subcommand(
        "optimizer.cli.alternatives:command", "Find plans worth nearly as much that go far in one respect."
    ),
    "explain": Subcommand("optimizer.cli.explain:command", "Say what limits a plan, and what more would be worth."),
    "compare": Subcommand("optimizer.cli.compare:command", "Say what differs between two plans, and why."),
    "report": Subcommand("optimizer.cli.report:command", "Make the page and the workbook of a written plan."),
    "audit": Subcommand("optimizer.cli.audit:command", "Recompute a written plan from its case, independently."),
    "schema": Subcommand("optimizer.cli.schema:command", "Print the JSON Schema of case files, for editors."),
}


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and imports one only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table, without those whose module this installation lacks."""
        return [name for name, entry in SUBCOMMANDS.items() if find_spec(entry.target.partition(":")[0]) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand, None if there is no such."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module_name, _, attribute = SUBCOMMANDS[cmd_name].target.partition(":")
        command = getattr(import_module(module_name), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module_name}:{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table: click would import each for its own text."""
        rows = [(name, SUBCOMMANDS[name].help) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names from the table, for the same reason, and options as click does."""
        names = [
            CompletionItem(name, help=SUBCOMMANDS[name].help)
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="'wattfork COMMAND --help' says more about a command.",
)
@click.version_option(__version__, prog_name="wattfork")
def group() -> None:
    """Plan a computing campus: what power to buy, which machines, whom to host, how to pay for it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with ``arguments`` (default: those of the process) and return its exit code.

    Nothing but SystemExit from a closed output pipe leaves this function: errors become lines on stderr.
    """
    if arguments is None:
        # The process is ours, and nothing has imported numpy yet.
        use_one_thread()
    try:
        result = group.main(
            args=None if arguments is None else list(arguments), prog_name="wattfork", standalone_mode=False
        )
        sys.stdout.flush()
    except WattforkError as error:
        return _say(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as in `wattfork check ... | head -1`: nobody is left to tell. Python flushes stdout once
        # more at its end, and shall find something that takes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except Exception as error:
        return _say_internal(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _say(error: WattforkError) -> int:
    for line in error.lines():
        click.echo(line, err=True)
    if isinstance(error, CaseError) and len(error.problems) > 1:
        click.echo(f"{len(error.problems)} problems", err=True)
    return error.exit_code


def _say_internal(error: Exception) -> int:
    if os.environ.get("WATTFORK_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
        return ExitCode.FAILED
    text = " ".join(str(error).split())
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    click.echo(f"internal error: {what} (set WATTFORK_DEBUG=1 for the traceback)", err=True)
    return ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
