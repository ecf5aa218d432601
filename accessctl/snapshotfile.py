"""The snapshot file: written whole or not at all, and read back only if it is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.documentfile import check_version, read_document, write_whole
from accessctl.errors import AccessctlError, StaleError
from accessctl.garbage import held
from accessctl.snapshot.document import digest, to_text
from accessctl.snapshot.read import from_document
from accessctl.snapshot.shape import MisfitError

if TYPE_CHECKING:
    from pathlib import Path

    from accessctl.snapshot import Snapshot

RETAKE = "take a new one: accessctl snapshot --out FILE"
MAKER = "accessctl snapshot --out"


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write the snapshot file, readable by its owner alone."""
    with held():
        text = to_text(snapshot)
    write_whole(path, text)


def read_snapshot(path: Path) -> Snapshot:
    """Return the snapshot in a file.

    Raises StaleError where its digest is not that of its content, AccessctlError where it is no snapshot.
    """
    with held():
        document = read_document(path, "snapshot", MAKER)
        check_version(path, document, "snapshot", MAKER)
        if "assets" not in document:
            raise AccessctlError(f"{path} is no snapshot", f"name a file made by {MAKER}")
        if document.get("digest") != digest(document):
            raise StaleError(f"{path} was changed after it was written: its digest is not that of its content", RETAKE)
        try:
            return from_document(document)
        except MisfitError as error:
            what = f"{path} is no snapshot: ${error} does not fit schemas/snapshot.schema.json"
            raise AccessctlError(what, RETAKE) from None
