"""The world file that a sandbox command names, and the project whose sandbox is meant."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from accessctl.clean import display
from accessctl.cli.options import HERE
from accessctl.errors import AccessctlError

PROJECT = "accessctl.yaml"
FILE = click.Path(dir_okay=False, path_type=Path)
WORLD = click.argument("world", metavar="WORLD.yaml", type=FILE)


def _of_the_project_here(context: click.Context, _: click.Parameter, world: Path) -> Path:
    """Return the world. Raises AccessctlError where it is that of a project elsewhere, and there is none here.

    What is done to a sandbox is kept in the project: from outside it nobody would see it.
    """
    if not context.resilient_parsing and not (HERE / PROJECT).is_file() and (world.parent / PROJECT).is_file():
        raise AccessctlError(
            f"there is no {PROJECT} here, and {_name(world)} belongs to the project in {_name(world.parent)}",
            f"run it there: accessctl -C {_word(world.parent)} sandbox {context.info_name} {_word(Path(world.name))}"
            f"{' ...' if len(context.command.params) > 1 else ''}",
        )
    return world


def _name(path: Path) -> str:
    return display(str(path), 300)


def _word(path: Path) -> str:
    return display(shlex.quote(str(path)), 300)


OF_PROJECT = click.argument("world", metavar="WORLD.yaml", type=FILE, callback=_of_the_project_here)
