"""accessctl init."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.options import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

EDITOR_SCHEMAS = ("project", "manifest", "world")  # the first line of each YAML file points an editor at them
IGNORED = "# accessctl keeps its journal and the sandbox's state here\n.accessctl/\n"
NEXT = """
Next:
{step}  accessctl validate
  accessctl plan --sandbox world.yaml     # a simulated Meta; no account needed
"""


@click.command("init", epilog="Example: accessctl init acme-access")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option(
    "--example",
    type=click.Choice(["brand", "agency"]),
    help="Write a whole example instead: a brand with three markets, or an agency with four clients.",
)
def command(directory: Path, example: str | None) -> int:
    """Write a starter project, commented.

    DIRECTORY is made if need be. No file that is there is touched.
    """
    from accessctl.errors import AccessctlError

    files = {name: content.replace(b"../../schemas/", b"schemas/") for name, content in _files(_source(example))}
    files |= {f"schemas/{name}.schema.json": _schema(name) for name in EDITOR_SCHEMAS}
    files.setdefault(".gitignore", IGNORED.encode())
    if taken := sorted(name for name in files if (directory / name).exists()):
        raise AccessctlError(
            f"{directory / taken[0]} is there already, so nothing was written", "name an empty directory"
        )
    for name, content in sorted(files.items()):
        path = directory / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
        except OSError as error:
            raise AccessctlError(f"{path} cannot be written: {error.strerror}", "name another directory") from None
        show(f"wrote {path}")
    show(NEXT.format(step="" if directory == Path() else f"  cd {directory}\n"))
    return 0


def _schema(name: str) -> bytes:
    import json

    from accessctl.manifest.schema import load_schema

    return (json.dumps(load_schema(name), indent=2, ensure_ascii=False) + "\n").encode()


def _source(example: str | None) -> Traversable:
    """Return where the files are: in the package, or for the examples, in a checkout, beside it."""
    from importlib.resources import files

    package = files("accessctl")
    if example is None:
        return package / "starter"
    installed = package / "examples" / example
    return installed if installed.is_dir() else Path(str(package)).parent / "examples" / example


def _files(source: Traversable, under: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in source.iterdir():
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir():
            yield from _files(entry, f"{under}{entry.name}/")
        else:
            yield f"{under}{entry.name}", entry.read_bytes()
