"""The plan file: written whole or not at all, and read back only if it is what was written."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accessctl.errors import AccessctlError, StaleError
from accessctl.plan.document import digest, from_document, to_text
from accessctl.plan.nouns import FORMAT_VERSION

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

MAX_BYTES = 256 * 1024 * 1024


def write_plan(path: Path, saved: SavedPlan) -> None:
    """Write the plan file, readable by its owner alone."""
    write_whole(path, to_text(saved))


def write_whole(path: Path, text: str) -> None:
    """Write `text` so that the file is never seen half-written; mode 0600."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise AccessctlError(f"{path} cannot be written: {error.strerror}", "name a file that can be") from None


def read_plan(path: Path) -> SavedPlan:
    """Return the plan in a file.

    Raises StaleError where its digest is not that of its content, AccessctlError where it is no plan.
    """
    document = _parse(path)
    version = document.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise AccessctlError(f"{path} is no plan of format 1.x", "make one with plan --out")
    if document.get("digest") != digest(document):
        raise StaleError(f"{path} was changed after it was written: its digest is not that of its content", REMAKE)
    _check_shape(path, document)
    try:
        return from_document(document)
    except ValueError:  # a day that no calendar has
        raise AccessctlError(f"{path} is no plan: it holds a time that there is not", REMAKE) from None


REMAKE = "make a new plan, review it, and apply that"


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise AccessctlError(f"{path} is larger than any plan", REMAKE)
        document = json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except OSError as error:
        raise AccessctlError(f"{path} cannot be read: {error.strerror}", "name a file made by plan --out") from None
    except (ValueError, RecursionError):
        raise AccessctlError(f"{path} is no JSON", "name a file made by accessctl plan --out") from None
    if not isinstance(document, dict):
        raise AccessctlError(f"{path} is no plan", "name a file made by accessctl plan --out")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_shape(path: Path, document: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    from accessctl.manifest.schema import load_schema

    validator = Draft202012Validator(load_schema("plan"), registry=Registry())
    error = next(iter(validator.iter_errors(document)), None)
    if error:
        raise AccessctlError(f"{path} is no plan: {error.json_path} does not fit schemas/plan.schema.json", REMAKE)
