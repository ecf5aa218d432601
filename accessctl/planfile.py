"""The plan file: read back only if it is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.documentfile import check_version, read_document, write_whole
from accessctl.errors import AccessctlError, StaleError
from accessctl.plan.document import compared, digest, from_document, to_text
from accessctl.plan.limits import loosened

if TYPE_CHECKING:
    from pathlib import Path

    from accessctl.plan.document import SavedPlan
    from accessctl.plan.nouns import Limits

REMAKE = "make a new plan, review it, and apply that"
MAKER = "accessctl plan --out"


def write_plan(path: Path, saved: SavedPlan) -> None:
    """Write the plan file, readable by its owner alone."""
    write_whole(path, to_text(saved))


def read_plan(path: Path) -> SavedPlan:
    """Return the plan in a file.

    Raises StaleError where its digest is not that of its content, AccessctlError where it is no plan.
    """
    document = read_document(path, "plan", MAKER)
    check_version(path, document, "plan", MAKER)
    if "actions" not in document and "taken_at" in document:
        raise AccessctlError(f"{path} is no plan, it is a snapshot", f"plan from it with accessctl plan --live {path}")
    if document.get("digest") != digest(document):
        raise StaleError(f"{path} was changed after it was written: its digest is not that of its content", REMAKE)
    _check_shape(path, document)
    try:
        return from_document(document)
    except ValueError:  # a day that no calendar has
        raise AccessctlError(f"{path} is no plan: it holds a time that there is not", REMAKE) from None


def against_base(saved: SavedPlan, base: SavedPlan, path: Path) -> SavedPlan:
    """Return the plan with what lets more through than under the guards of `base`, which was read from `path`.

    Raises AccessctlError where the base plan does not say what its guards were.
    """
    before, now = base.origin.limits, saved.origin.limits
    if before is None or now is None:
        what = f"{path} is a plan of format {base.format_version}, which does not hold the guards it was made under"
        raise AccessctlError(what, "make it anew with this accessctl")
    return compared(saved, loosened(before, now))


def against_limits(saved: SavedPlan, before: Limits) -> SavedPlan:
    """Return a plan made now with what lets more through than under the guards of `before`."""
    now = saved.origin.limits
    return compared(saved, loosened(before, now)) if now else saved


def _check_shape(path: Path, document: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    from accessctl.manifest.schema import load_schema

    validator = Draft202012Validator(load_schema("plan"), registry=Registry())
    error = next(iter(validator.iter_errors(document)), None)
    if error:
        raise AccessctlError(f"{path} is no plan: {error.json_path} does not fit schemas/plan.schema.json", REMAKE)
