"""accessctl validate."""

from __future__ import annotations

import os
from pathlib import Path

import click

from accessctl.cli.options import HERE, allow_unknown_tasks_option, now, paper, show, tell_warnings
from accessctl.cli.rendering import format_options, write_renders
from accessctl.errors import ManifestError
from accessctl.render.forge import forge_of
from accessctl.render.formats import VALIDATE_FORMATS, Layout


@click.command("validate", epilog="Example: accessctl -C examples/brand validate")
@allow_unknown_tasks_option
@format_options(VALIDATE_FORMATS)
def command(allow_unknown_tasks: bool, format: str, renders: tuple[tuple[str, Path], ...]) -> int:
    """Check project and manifests; no network, no token.

    Every mistake of every file is shown, in file and line order. For CI there are
    annotations of a GitHub workflow (github), SARIF for code scanning (sarif) and
    a GitLab Code Quality report (codequality), with the worst mistakes first.
    """
    from accessctl.checked import check_project
    from accessctl.render.validation import summary_of

    checked = check_project(HERE, today=now().date(), allow_unknown_tasks=allow_unknown_tasks)
    layout = Layout(now(), paper(), forge_of(os.environ, str(Path.cwd())))
    write_renders(checked, renders, VALIDATE_FORMATS, layout)
    if format != "text":
        show(VALIDATE_FORMATS[format].render(checked, layout))
        return ManifestError.exit_code if checked.problems else 0
    if checked.problems:
        raise ManifestError(checked.problems, checked.warnings)
    tell_warnings(map(str, checked.warnings))
    show(summary_of(checked))
    return 0
