"""accessctl schema."""

from __future__ import annotations

import click

from accessctl.cli.options import show


@click.command("schema", epilog="Example: accessctl schema manifest > manifest.schema.json")
@click.argument("name", type=click.Choice(["project", "manifest", "plan", "events", "report", "snapshot", "world"]))
def command(name: str) -> int:
    """Print a JSON Schema of a file accessctl reads or writes.

    Editors check and complete manifests with it: put
    `# yaml-language-server: $schema=PATH` on the first line.
    """
    import json

    from accessctl.manifest.schema import load_schema

    show(json.dumps(load_schema(name), indent=2, ensure_ascii=False))
    return 0
