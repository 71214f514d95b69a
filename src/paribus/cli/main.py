"""The command `paribus` itself. It loads a command's module only when that command is called."""

from __future__ import annotations

import errno
import io
import os
import sys
from importlib import import_module

import click

from paribus import __version__
from paribus.errors import ParibusError, did_you_mean

# In the order in which a newcomer meets them. Their help lines stand here, so that `--help` need
# not load the modules.
COMMANDS = {
    "run": "Train the missing runs of a study, then write its report.",
    "check": "Validate a study: sizes, shapes, differences. Trains nothing.",
    "status": "Show which runs of a study have been trained.",
    "report": "Write the report of the runs trained so far.",
    "compare": "Say whether one experiment is better than another.",
    "judge": "Judge results from elsewhere, e.g. a CSV file.",
    "time": "Time the training steps of two experiments, interleaved.",
    "serve": "Serve a live view of a study and a drawing pad.",
    "show": "Show one run: recipe, epochs, where it ran.",
    "export": "Write a run's network, or a whole store, for other tools.",
    "merge": "Merge stores that each trained a part of a study.",
    "slurm": "Print a script that trains a study with Slurm.",
    "pack": "Pack a store's runs without weights: for a repository or a mail.",
    "unpack": "Make a store of a pack, or add a pack to a store.",
    "verify": "Check that a store is as it was written.",
    "studies": "List the built-in studies.",
    "data": "List the datasets, and fetch them.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"paribus.cli.{name}").command
        command.short_help = COMMANDS[name]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            known = did_you_mean(args[0], list(COMMANDS))
            raise click.UsageError(f'there is no command "{args[0]}"; {known}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with `paribus run mnist --preview`; `paribus COMMAND --help` says more.",
)
@click.version_option(__version__, prog_name="paribus")
def paribus() -> None:
    """Train variants of a small image classifier over several seeds, all else being equal, and
    see which of their differences are real."""


def main() -> None:
    """Run the command that was typed: an error becomes a message and an exit status, no traceback.

    Raises `KeyboardInterrupt` on Ctrl-C, which `paribus.__main__` deals with.
    """
    # A custom module is looked for in the folder that Paribus is started from, after all
    # others, so that no file there hides a library. "" is that folder, in worker processes too.
    if "" not in sys.path:
        sys.path.append("")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Not where tests have put another.
            stream.reconfigure(errors="replace")
    try:
        # On its own click would end with "Aborted!" and status 1 on Ctrl-C.
        status = paribus(standalone_mode=False)
        if sys.stdout is not None:  # It is where a process was started with its output closed.
            sys.stdout.flush()
        sys.exit(status)
    except ParibusError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_status)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None
    except MemoryError:
        click.echo(
            "Error: there is not enough memory; close other programs, or call `paribus run` with "
            "--jobs 1",
            err=True,
        )
        sys.exit(1)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            click.echo(
                "Error: too many files are open at once; allow more, e.g. with ulimit -n 1024",
                err=True,
            )
            sys.exit(1)
        # A closed output click takes for the end, as of `paribus check mnist | head`.
        if error.errno != errno.ENOSPC:
            raise
        # Python would try to write the rest as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
        sys.exit(1)
