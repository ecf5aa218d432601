"""What a check of a project has found, for all who show it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from accessctl.errors import ManifestError
from accessctl.manifest import load_project
from accessctl.manifest.files import Refused, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from accessctl.errors import Problem
    from accessctl.manifest import Project


@dataclass(frozen=True, slots=True)
class Checked:
    """The problems and warnings of a project, each sorted; `project` is None where there are problems.

    `texts` has, by file, the text of each file in which something was found, as far as it can be read: who
    follows a problem from one version of a file to the next needs to know what the line says.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    texts: Mapping[str, str]
    project: Project | None = None


def check_project(directory: Path, *, today: date, allow_unknown_tasks: bool = False) -> Checked:
    """Load a project and return what is wrong with it, or odd. Takes what `load_project` takes; raises nothing."""
    try:
        project = load_project(directory, today=today, allow_unknown_tasks=allow_unknown_tasks)
    except ManifestError as error:
        return Checked(error.problems, error.warnings, _texts(directory, (*error.problems, *error.warnings)))
    return Checked((), project.warnings, _texts(directory, project.warnings), project)


def _texts(directory: Path, found: Iterable[Problem]) -> Mapping[str, str]:
    texts = {}
    for file in sorted({problem.place.file for problem in found}):
        try:
            texts[file] = read_file(directory, file).data.decode("utf-8", errors="replace")
        except Refused:
            continue
    return MappingProxyType(texts)
