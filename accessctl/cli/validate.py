"""accessctl validate."""

from __future__ import annotations

import click

from accessctl.cli.options import HERE, allow_unknown_tasks_option, format_option, load, now, show


@click.command("validate", epilog="Example: accessctl -C examples/brand validate")
@allow_unknown_tasks_option
@format_option
def command(allow_unknown_tasks: bool, format: str) -> int:
    """Check project and manifests; no network, no token.

    Every mistake of every file is shown, in file and line order.
    """
    from accessctl.render.validation import validation_json, validation_text

    if format == "text":
        show(validation_text(load(allow_unknown_tasks=allow_unknown_tasks)))
        return 0
    from accessctl.errors import ManifestError
    from accessctl.manifest import load_project

    try:
        project = load_project(HERE, today=now().date(), allow_unknown_tasks=allow_unknown_tasks)
    except ManifestError as error:
        show(validation_json(error.problems, error.warnings))
        return error.exit_code
    show(validation_json((), project.warnings))
    return 0
