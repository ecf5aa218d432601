"""Projects on disk, written by a test and loaded as a user's are."""

from __future__ import annotations

from datetime import date
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from accessctl.errors import ManifestError
from accessctl.manifest import Project, load_project

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 21)
SETTINGS = "version: 1\nacts_as: [acme]\n"
BUSINESSES = """\
businesses:
  acme: {id: "1001"}
  mediahouse: {id: "2002"}
  dataco: {id: "3003"}
  northstar: {id: "4004"}
"""
ASSET = """\
defaults: {owner: acme}
ad_accounts:
  de-brand:
    id: "11"
    agencies: {mediahouse: [ANALYZE]}
"""


class Tree:
    """A project directory under a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("accessctl.yaml", SETTINGS)

    def write(self, file: str, text: str | bytes) -> Path:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).encode() if isinstance(text, str) else text)
        return path

    def load(self, *, today: date = TODAY, allow_unknown_tasks: bool = False) -> Project:
        return load_project(self.root, today=today, allow_unknown_tasks=allow_unknown_tasks)

    def problems(self, text: str | bytes | None = None, **options: object) -> list[str]:
        """Return what is wrong; with `text`, with that as the one manifest `access/a.yaml`."""
        if text is not None:
            self.write("access/a.yaml", text)
        try:
            self.load(**options)  # type: ignore[arg-type]
        except ManifestError as error:
            return [str(problem) for problem in error.problems]
        return []


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)
