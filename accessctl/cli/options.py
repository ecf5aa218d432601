"""Options that several commands share, and what every command does with its result."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from accessctl.clean import display, unarmed
from accessctl.cli.clock import Clock
from accessctl.errors import AccessctlError
from accessctl.render.paper import Paper
from accessctl.way import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from accessctl.manifest import Project

F = TypeVar("F", bound="Callable[..., Any]")
HERE = Path()
CLOCK = Clock()
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def seconds(_: click.Context, __: click.Parameter, text: str) -> float:
    """Return a time like 15m, 90s, 1h, or whole seconds, in seconds. Raises BadParameter for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if not found:
        raise click.BadParameter(f"{text!r} is no time; write it like 15m, 90s or 1h")
    return float(int(found[1]) * SECONDS[found[2]])


def _go_by_its_clock(context: click.Context, _: click.Parameter, world: str) -> str:
    """Go by the clock of the sandbox until the command ends."""
    if not context.resilient_parsing:
        context.with_resource(CLOCK.of_sandbox(HERE, world))
    return world


def format_option(function: F) -> F:
    """Add --format."""
    return click.option(
        "--format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What to print on stdout.",
    )(function)


def markdown_format_option(function: F) -> F:
    """Add --format with Markdown among the formats."""
    return click.option(
        "--format",
        type=click.Choice(["text", "json", "markdown"]),
        default="text",
        show_default=True,
        help="What to print on stdout.",
    )(function)


def allow_unknown_tasks_option(function: F) -> F:
    """Add --allow-unknown-tasks."""
    return click.option(
        "--allow-unknown-tasks",
        is_flag=True,
        help="Take task names accessctl does not know, with a warning; Meta adds tasks faster than tools learn them.",
    )(function)


STATE = click.option(
    "--state",
    default="",
    metavar="URL",
    envvar="ACCESSCTL_STATE",
    help="An object store for lock and journal, shared by all machines: s3://, gs://, az:// or file://.",
)
JOURNAL = click.option(
    "--journal",
    default="",
    type=click.Path(dir_okay=False),
    metavar="PATH",
    envvar="ACCESSCTL_JOURNAL",
    help="Another journal than .accessctl/journal.jsonl, or than the one in --state.",
)
WAY = (
    click.option(
        "--max-wait",
        callback=seconds,
        default="15m",
        show_default=True,
        metavar="TIME",
        help="How long to wait in all where Meta asks for patience; what is then left counts as unread.",
    ),
    click.option(
        "--parallelism",
        type=click.IntRange(1, 50),
        default=10,
        show_default=True,
        help="How many requests at a time.",
    ),
    JOURNAL,
    STATE,
    click.option(
        "--token-command",
        default="",
        metavar="COMMAND",
        help="A command that prints the token; it is told ACCESSCTL_BUSINESS.",
    ),
    click.option(
        "--graph-url",
        default="",
        metavar="URL",
        envvar="ACCESSCTL_GRAPH_URL",
        help="Another Graph API; http only on this machine.",
    ),
    click.option(
        "--sandbox",
        default="",
        metavar="WORLD.yaml",
        envvar="ACCESSCTL_SANDBOX",
        is_eager=True,  # days that other options name are judged by its clock
        callback=_go_by_its_clock,
        help="The simulated Graph API inside this process, starting from this world.",
    ),
)


def kept(sandbox: str, state: str, journal: str) -> tuple[str, str]:
    """Return the state and the journal that are meant: what the command line names goes before the environment.

    A sandbox keeps its own: the environment's are those of the real thing.
    """
    source = click.get_current_context().get_parameter_source
    given = {name: source(name) is ParameterSource.COMMANDLINE for name in ("state", "journal")}
    if sandbox or given["journal"] or given["state"]:
        return state * given["state"], journal * given["journal"]
    return state, journal


def way_options(function: F) -> F:
    """Add the options that say which Graph API to use, how hard, and where lock and journal are; as one `way`."""

    @wraps(function)
    def with_way(
        *,
        graph_url: str,
        sandbox: str,
        token_command: str,
        max_wait: float,
        parallelism: int,
        state: str,
        journal: str,
        **others: Any,
    ) -> int:
        state, journal = kept(sandbox, state, journal)
        way = Way(graph_url, sandbox, token_command, max_wait, parallelism, state, journal)
        return cast("int", function(way=way, **others))

    found: Any = with_way
    for option in WAY:
        found = option(found)
    return cast("F", found)


def target_option(what: str) -> Callable[[F], F]:
    """Return the option --target; `what` says what is done with what it selects."""
    return click.option(
        "--target",
        multiple=True,
        metavar="SEL",
        help=f"{what}: an asset's alias or id, agency:NAME, owner:NAME, kind:page, label:KEY=VALUE.",
    )


def wish_options(function: F) -> F:
    """Add the options that narrow or shape a plan."""
    for option in (
        click.option(
            "--replace-with-gap",
            is_flag=True,
            help="Where Meta refuses to change tasks, revoke and grant anew; people lose assignments.",
        ),
        click.option(
            "--ask-again",
            multiple=True,
            metavar="SEL",
            help="Send a request or grant again that the journal knows as sent and Meta no longer shows; or try one by "
            "a call that Meta was found not to open, and what only such a call can read.",
        ),
        click.option("--exclude", multiple=True, metavar="SEL", help="Leave this out."),
        target_option("Plan only this"),
    ):
        function = option(function)
    return function


def now() -> datetime:
    """Return the time, UTC; a sandbox's where the command uses one."""
    return CLOCK.now()


def load(*, allow_unknown_tasks: bool, warn: bool = True) -> Project:
    """Load the project in the current directory; `warn` shows its warnings, which a plan holds too."""
    from accessctl.manifest import load_project

    project = load_project(HERE, today=now().date(), allow_unknown_tasks=allow_unknown_tasks)
    if warn:
        tell_warnings(map(str, project.warnings))
    return project


def tell_warnings(warnings: Iterable[str]) -> None:
    """Say what may be a slip: on stderr."""
    for warning in warnings:
        tell(f"warning: {display(warning, 400)}")


def tell(line: str) -> None:
    """Say something beside the result: on stderr, as long as somebody listens."""
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def paper() -> Paper:
    """Return what stdout is: its width, and colour on a terminal unless NO_COLOR is set."""
    import shutil

    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    color = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if os.environ.get("FORCE_COLOR"):
        color = not os.environ.get("NO_COLOR")
    width = min(max(shutil.get_terminal_size((80, 24)).columns, 60), 120) if is_terminal else 80
    return Paper(width, color)


def show(text: str) -> None:
    """Print the result on stdout. A reader that has gone away changes nothing about what was done.

    Raises AccessctlError where stdout cannot be written for any other reason.
    """
    if sys.stdout is None:
        return
    try:
        click.echo(unarmed(text), nl=not text.endswith("\n"), color=True)
    except OSError as error:
        if error.errno == errno.EPIPE or (error.errno == errno.EIO and _is_terminal(sys.stdout.fileno())):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        raise AccessctlError(f"stdout cannot be written: {error.strerror}", "make room, or print elsewhere") from None


def _is_terminal(handle: int) -> bool:
    """Tell whether it is a terminal, also one that has gone away, which isatty no longer knows."""
    return stat.S_ISCHR(os.fstat(handle).st_mode)
