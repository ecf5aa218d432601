"""What a line of YAML says, with the lines it stands under: the same wherever in its file it moves to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def line_contexts(text: str, lines: Collection[int]) -> Mapping[int, str]:
    """Return, for some lines counted from 1, the less indented lines each is under and then the line itself.

    That is most often the path of its keys, so lines that say the same under different assets differ, and what
    is added or removed elsewhere changes nothing.
    """
    contexts = {}
    above: list[tuple[int, str]] = []  # the indentation of each line that is still open, and what it says
    for number, line in enumerate(text.split("\n"), start=1):
        says = line.strip()
        if says and not says.startswith("#"):
            indentation = len(line) - len(line.lstrip())
            while above and above[-1][0] >= indentation:
                above.pop()
            above.append((indentation, says))
        if number in lines:
            contexts[number] = "\n".join(said for _, said in above)
    return contexts
