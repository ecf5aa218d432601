"""The options that say in which formats a result is shown, and where: --format, --render, --max-chars, --marker."""

from __future__ import annotations

import os
import re
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from accessctl.cli.options import now, paper
from accessctl.render.formats import PLAN_FORMATS, Format, Layout
from accessctl.render.forge import forge_of
from accessctl.render.limit import COMMENT, LEAST, Limit
from accessctl.render.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

F = TypeVar("F", bound="Callable[..., Any]")
MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
WIDTH_OF_FILES = 100


def format_options(formats: Mapping[str, Format]) -> Callable[[F], F]:
    """Add --format and --render, given as `format` and `renders`: pairs of a format and the file it goes to."""

    def add(function: F) -> F:
        function = click.option(
            "--render",
            "renders",
            multiple=True,
            metavar="FORMAT=FILE",
            callback=_pairs(formats),
            help="Write this format to a file too; may be given many times.",
        )(function)
        return click.option(
            "--format",
            type=click.Choice(list(formats)),
            default="text",
            show_default=True,
            help="What to print on stdout.",
        )(function)

    return add


def plan_format_options(function: F) -> F:
    """Add the options of a command that shows a plan, given as `format`, `renders` and `layout`."""

    @wraps(function)
    def with_layout(*, max_chars: int, marker: str, **others: Any) -> int:
        forge = forge_of(os.environ, str(Path.cwd()))
        layout = Layout(now(), paper(), forge, marker, Limit(max_chars))
        return cast("int", function(layout=layout, **others))

    found: Any = format_options(PLAN_FORMATS)(cast("F", with_layout))
    found = click.option(
        "--marker",
        default="default",
        show_default=True,
        metavar="NAME",
        callback=_marker,
        help="Names the comment in a hidden first line of Markdown, so that the next run finds it.",
    )(found)
    return cast(
        "F",
        click.option(
            "--max-chars",
            type=click.IntRange(LEAST),
            default=COMMENT.most,
            show_default=True,
            metavar="N",
            help="Cut Markdown to so many characters; every removal stays, and what is left out is counted.",
        )(found),
    )


def write_renders(shown: object, renders: Sequence[tuple[str, Path]], formats: Mapping[str, Format], of: Layout) -> None:
    """Write each file whole, readable by its owner alone. Raises AccessctlError where one cannot be written."""
    from dataclasses import replace

    from accessctl.documentfile import write_whole

    in_file = replace(of, paper=Paper(WIDTH_OF_FILES))
    for name, path in renders:
        write_whole(path, formats[name].render(shown, in_file))


def _pairs(formats: Mapping[str, Format]) -> Callable[..., tuple[tuple[str, Path], ...]]:
    def read(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
        pairs = []
        for one in given:
            name, equals, file = one.partition("=")
            if not equals or not file or name not in formats:
                raise click.BadParameter(f"{one!r} is not FORMAT=FILE with a format of {', '.join(formats)}")
            if Path(file).is_dir():
                raise click.BadParameter(f"{file} is a directory")
            pairs.append((name, Path(file)))
        twice = {file for _, file in pairs if [path for _, path in pairs].count(file) > 1}
        if twice:
            raise click.BadParameter(f"{min(twice)} is named twice, and the second would replace the first")
        return tuple(pairs)

    return read


def _marker(_: click.Context, __: click.Parameter, name: str) -> str:
    if not MARKER.fullmatch(name):
        raise click.BadParameter("up to 100 letters, digits and . _ / - will do, a letter or digit first")
    return name
