"""A JSON document on disk: written whole or not at all, and read strictly."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from accessctl.errors import AccessctlError
from accessctl.strictjson import parse

MAX_BYTES = 256 * 1024 * 1024


def write_whole(path: Path, text: str) -> None:
    """Write `text` so that the file is never seen half-written; mode 0600. What fails leaves nothing behind.

    Raises AccessctlError where it cannot be written; a file that was there is then as it was.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
        with contextlib.ExitStack() as undo:
            undo.callback(_forget, Path(name))
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
            undo.pop_all()
    except OSError as error:
        raise AccessctlError(f"{path} cannot be written: {error.strerror}", "name a file that can be") from None


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):  # what is told is why it could not be written
        path.unlink()


def read_document(path: Path, what: str, maker: str) -> dict[str, Any]:
    """Return the object in a file of at most 256 MiB.

    `what` is what it should be, `maker` the command that makes one. Raises AccessctlError where the file
    cannot be read or holds anything but one plain JSON object.
    """
    hint = f"name a file made by {maker}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise AccessctlError(f"{path} cannot be read: {error.strerror}", hint) from None
    if len(content) > MAX_BYTES:
        raise AccessctlError(f"{path} is larger than any {what}", hint)
    try:
        document = parse(content)
    except ValueError:
        raise AccessctlError(f"{path} is no JSON", hint) from None
    if not isinstance(document, dict):
        raise AccessctlError(f"{path} is no {what}", hint)
    return document


def check_version(path: Path, document: dict[str, Any], what: str, maker: str) -> None:
    """Raise AccessctlError unless the document's `format_version` is 1 and a minor step."""
    version = document.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise AccessctlError(f"{path} is no {what} of format 1.x", f"make one with {maker}")
