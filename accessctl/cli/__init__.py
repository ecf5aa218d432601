"""The command line. Commands load when they are called, so that help and completion stay quick."""

from __future__ import annotations

import contextlib
import importlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl import __version__
from accessctl.clean import display
from accessctl.errors import AccessctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTER = "check its path and that you may enter it and all above it, or name the project's directory with -C"
# Name, module and one line, in the order of help.
COMMANDS = {
    "init": "Write a starter project, commented.",
    "validate": "Check project and manifests; no network, no token.",
    "plan": "Show what would change, and change nothing.",
    "show": "Show a saved plan again.",
    "apply": "Carry out a plan; the only command that changes access.",
    "snapshot": "Write live access to a file, to plan from or to compare.",
    "diff": "Compare two snapshots, or one with now.",
    "waiting": "List what waits for whom, how long, and where they click.",
    "wait": "Wait until nothing waits for a person at Meta.",
    "who": "Explain who holds what on an asset.",
    "what": "Explain what an agency holds.",
    "why": "Explain why an agency has access to an asset.",
    "report": "The access review: who holds what, since when, until when and why.",
    "history": "Tell what apply has done, from the journal; or check the journal.",
    "obo": "List, show and cancel on-behalf-of requests.",
    "unlock": "Free the lock that a dead run holds in an object store.",
    "webhook": "Take in Meta's notices of people who move to managed Meta accounts.",
    "doctor": "Tell whether token, app and business can do what the manifests need.",
    "schema": "Print a JSON Schema of a file accessctl reads or writes.",
    "sandbox": "The simulated Graph API, and the people in it.",
}


class Commands(click.Group):
    """The commands by name, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load one command."""
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"accessctl.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    epilog="First steps without a Meta account: accessctl init demo --example brand",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(file_okay=False, readable=False, path_type=Path),
    default=Path(),
    help="Run as if started in DIR, the project's directory.",
)
@click.version_option(__version__, prog_name="accessctl", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, directory: Path) -> None:
    """Access as code for Meta ad accounts and Pages.

    Manifests in git say which businesses hold which tasks on your assets; plan
    shows the difference to live access, people review it, apply carries it out.
    """
    ctx.with_resource(_entered(directory, ctx))


@contextmanager
def _entered(directory: Path, ctx: click.Context) -> Iterator[None]:
    """Run in a directory, and go back at the end where one can. Raises AccessctlError where it cannot be entered."""
    before = ""
    try:
        with contextlib.suppress(OSError):  # where one is may be gone, or closed by now
            before = str(Path.cwd())
        if not directory.is_dir():
            raise click.BadParameter(f"there is no directory {directory}", ctx, param_hint="-C")
        os.chdir(directory)
        Path.cwd()
    except OSError as error:
        name = before if before and directory == Path() else str(directory)
        raise AccessctlError(f"the directory {display(name, 300)} cannot be entered: {error.strerror}", ENTER) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.chdir(before)
