"""What the runner of GitHub Actions takes for a command in a log, after actions/runner, ActionCommand.cs.

Two parsers look at each line: `::cmd` after leading blanks, and the old `##[cmd` anywhere. They compare text by the
rules of a language, for which some characters are not there at all; so each line is looked at without these too.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

UNSEEN = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"


class Everything:
    """Has every name: a command that is not known today may be tomorrow."""

    def __contains__(self, name: object) -> bool:
        return True


def commands_in(log: str, registered: Container[str] = Everything()) -> list[str]:
    """Return the lines of a log that are a command, whichever way lines are told apart."""
    lines = dict.fromkeys([*log.split("\n"), *log.splitlines()])
    return [line for line in lines for seen in (line, _without_unseen(line)) if _is_command(seen, registered)]


def _is_command(line: str, registered: Container[str]) -> bool:
    return new_command(line, registered) or old_command(line, registered) or "##vso[" in line


def new_command(line: str, registered: Container[str]) -> bool:
    """Tell whether a line is `::cmd key=value::data`."""
    trimmed = line.lstrip()
    end = trimmed.find("::", 2)
    return trimmed.startswith("::") and end >= 0 and _name(trimmed[2:end]) in registered


def old_command(line: str, registered: Container[str]) -> bool:
    """Tell whether a line has `##[cmd key=value]data` anywhere."""
    start = line.find("##[")
    end = line.find("]", start) if start >= 0 else -1
    return end >= 0 and _name(line[start + 3 : end]) in registered


def _name(command: str) -> str:
    return command.partition(" ")[0]


def _without_unseen(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    return "".join(char for char in line if unicodedata.category(char) not in ("Mn", "Me", "Cf") and char not in UNSEEN)
