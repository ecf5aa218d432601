"""The options that say in which formats a result is shown, and where: --format, --render, --max-chars, --marker."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from accessctl.cli.options import now, paper, show
from accessctl.render.forge import forge_of
from accessctl.render.formats import PLAN_FORMATS, Format, Layout
from accessctl.render.limit import COMMENT, LEAST, Limit
from accessctl.render.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan

F = TypeVar("F", bound="Callable[..., Any]")
MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
WIDTH_OF_FILES = 100


def format_options(formats: Mapping[str, Format]) -> Callable[[F], F]:
    """Add --format and --render, given as `format` and `renders`: pairs of a format and the file it goes to."""

    def add(function: F) -> F:
        function = render_option(formats)(function)
        return click.option(
            "--format",
            type=click.Choice(list(formats)),
            default="text",
            show_default=True,
            help="What to print on stdout.",
        )(function)

    return add


def render_option(formats: Mapping[str, Format]) -> Callable[[F], F]:
    """Return the option --render, given as `renders`."""
    return click.option(
        "--render",
        "renders",
        multiple=True,
        metavar="FORMAT=FILE",
        callback=_pairs(formats),
        help=f"Write this format to a file too; may be given many times. One of {', '.join(formats)}.",
    )


@dataclass(frozen=True, slots=True)
class Output:
    """How a plan is shown: the format on stdout, pairs of a format and the file it goes to, and the layout."""

    format: str
    renders: tuple[tuple[str, Path], ...]
    layout: Layout


def plan_format_options(function: F) -> F:
    """Add the options of a command that shows a plan, given as one `output`."""

    @wraps(function)
    def with_output(
        *, format: str, renders: tuple[tuple[str, Path], ...], max_chars: int, marker: str, **others: Any
    ) -> int:
        forge = forge_of(os.environ, str(Path.cwd()))
        output = Output(format, renders, Layout(now(), paper(), forge, marker, Limit(max_chars)))
        return cast("int", function(output=output, **others))

    found: Any = with_output
    for option in (
        format_options(PLAN_FORMATS),
        click.option(
            "--marker",
            default="default",
            show_default=True,
            metavar="NAME",
            callback=_marker,
            help="Names the comment in a hidden first line of Markdown, so that the next run finds it.",
        ),
        click.option(
            "--max-chars",
            type=click.IntRange(LEAST),
            default=COMMENT.most,
            show_default=True,
            metavar="N",
            help="Cut Markdown to so many characters; every removal is kept and what is left out is counted.",
        ),
    ):
        found = option(found)
    return cast("F", found)


def show_plan(saved: SavedPlan, output: Output, at: datetime) -> None:
    """Write the files, then print the plan; `at` is when it is shown. Raises AccessctlError where one cannot be."""
    layout = replace(output.layout, now=at)
    write_renders(saved, output.renders, PLAN_FORMATS, layout)
    show(PLAN_FORMATS[output.format].render(saved, layout))


def refuse_same_file(renders: Sequence[tuple[str, Path]], plan: Path | None, called: str) -> None:
    """Raise UsageError where --render would replace the plan file, which `called` names as well."""
    if plan and any(path.absolute() == plan.absolute() for _, path in renders):
        raise click.UsageError(f"{called} and --render both name {plan}; give them a file each")


def write_renders(
    shown: object, renders: Sequence[tuple[str, Path]], formats: Mapping[str, Format], layout: Layout
) -> None:
    """Write each file whole, readable by its owner alone. Raises AccessctlError where one cannot be written."""
    from accessctl.documentfile import write_whole

    in_file = replace(layout, paper=Paper(WIDTH_OF_FILES))
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
        files = [file.absolute() for _, file in pairs]
        if len(set(files)) < len(files):
            raise click.BadParameter("a file is named twice, and the second would replace the first")
        return tuple(pairs)

    return read


def _marker(_: click.Context, __: click.Parameter, name: str) -> str:
    if not MARKER.fullmatch(name):
        raise click.BadParameter("up to 100 letters, digits and . _ / - will do, a letter or digit first")
    return name
