"""The options that say in which formats a result is shown, and where: --format, --render, --max-chars, --marker."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from accessctl.cli.options import now, paper, show, tell
from accessctl.errors import AccessctlError
from accessctl.render.forge import forge_of
from accessctl.render.formats import PLAN_FORMATS, Format, Layout
from accessctl.render.limit import COMMENT, LEAST, Limit
from accessctl.render.paper import Paper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan
    from accessctl.render.ended import Ended

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
            help="Cut Markdown to so many characters: removals are kept as far as their ids fit, and what is left "
            "out is counted.",
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
    if plan and any(_at(path) == _at(plan) for _, path in renders):
        raise click.UsageError(f"{called} and --render both name {plan}; give them a file each")


def write_renders(
    shown: object, renders: Sequence[tuple[str, Path]], formats: Mapping[str, Format], layout: Layout
) -> None:
    """Write each file whole, readable by its owner alone. Raises AccessctlError where one cannot be written.

    All are tried before that.
    """
    from accessctl.documentfile import write_whole

    in_file = replace(layout, paper=Paper(WIDTH_OF_FILES))
    failed = []
    for name, path in renders:
        try:
            write_whole(path, formats[name].render(shown, in_file))
        except AccessctlError as error:
            failed.append(error)
    if failed:
        raise AccessctlError("; ".join(error.what for error in failed), failed[0].hint)


def write_result(ended: Ended, renders: Sequence[tuple[str, Path]]) -> None:
    """Write what became of a plan. Where the run was stopped, what stopped it is the error that counts.

    Raises AccessctlError where a file cannot be written, with the exit code of the run if that was no success.
    """
    from accessctl.render.result_formats import RESULT_FORMATS

    try:
        write_renders(ended, renders, RESULT_FORMATS, Layout(now(), paper()))
    except AccessctlError as error:
        if ended.result.stopped_by:
            tell(f"warning: {error}")
            return
        untold = AccessctlError(f"the run itself has ended, but {error}", "accessctl history shows what was done")
        untold.exit_code = ended.exit_code or error.exit_code
        raise untold from None


def refuse_what_is_read(renders: Sequence[tuple[str, Path]], journal: str) -> None:
    """Raise UsageError where --render names what apply reads or keeps: a manifest, a world, the journal."""
    from accessctl.connection import STATE
    from accessctl.manifest.files import SUFFIXES

    kept = Path(_at(STATE))
    for _, path in renders:
        at = Path(_at(path))
        if at.suffix.lower() in SUFFIXES or kept in at.parents or (journal and str(at) == _at(Path(journal))):
            raise click.UsageError(f"--render names {path}, which apply may read or keep; write to another file")


def remove_old_renders(renders: Sequence[tuple[str, Path]]) -> None:
    """Remove what an earlier run has left in the files, so that nobody takes it for what this one did.

    Raises AccessctlError where one cannot be removed.
    """
    from accessctl.documentfile import remove_old

    for _, path in renders:
        remove_old(path)


def _at(path: Path) -> str:
    """Return where a file really is: two names of one file are one."""
    return os.path.realpath(path)


def _pairs(formats: Mapping[str, Format]) -> Callable[..., tuple[tuple[str, Path], ...]]:
    def read(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
        from accessctl.documentfile import check_writable

        pairs = []
        for one in given:
            name, equals, file = one.partition("=")
            if not equals or not file or name not in formats:
                raise click.BadParameter(f"{one!r} is not FORMAT=FILE with a format of {', '.join(formats)}")
            if Path(file).is_dir():
                raise click.BadParameter(f"{file} is a directory")
            pairs.append((name, Path(file)))
        files = [_at(file) for _, file in pairs]
        if len(set(files)) < len(files):
            raise click.BadParameter("a file is named twice, and the second would replace the first")
        for pair in pairs:  # now, and not after access was changed
            check_writable(pair[1])
        return tuple(pairs)

    return read


def _marker(_: click.Context, __: click.Parameter, name: str) -> str:
    if not MARKER.fullmatch(name):
        raise click.BadParameter("up to 100 letters, digits and . _ / - will do, a letter or digit first")
    return name
