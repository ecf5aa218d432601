"""For commands that can do without Meta: what was given for the way there is then one too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Collection

WAY = ("sandbox", "graph_url", "token_command", "parallelism", "max_wait", "state", "journal")


def refuse_way(what: str, but: Collection[str] = ()) -> None:
    """Raise UsageError where the command line names a way to Meta; what the environment says is not used.

    `what` is what makes the command do without: `--live`. `but` are options that it still has a use for.
    """
    context = click.get_current_context()
    for name in WAY:
        if name not in but and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"with {what} nobody is asked, so {option} would be ignored; leave one of them out")
