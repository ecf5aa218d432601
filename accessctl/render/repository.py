"""Where a project's file is in its repository, as receivers that show it beside a line of the file want it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from accessctl.render.forge import Forge


def path_in_repository(file: str, forge: Forge | None) -> str:
    """Return a path below the top of the repository; where that is not known, below the project."""
    return f"{forge.folder}/{file}" if forge and forge.folder else file


def relative_uri(path: str) -> str:
    """Return a path as a relative reference (RFC 3986): no colon in it can be read as the end of a scheme."""
    return quote(path, safe="/", errors="replace")
