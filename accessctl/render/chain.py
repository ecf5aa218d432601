"""What checking the journal's chain has found, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.counting import count

if TYPE_CHECKING:
    from accessctl.chain import Chain
    from accessctl.render.paper import Paper


def chain_text(chain: Chain, path: str, seen: int, paper: Paper) -> str:
    """Say how far the chain holds; `seen` is the line of the head that was expected, -1 where none was given."""
    written = f"{count(chain.head.lines, 'line')}, as written" if chain.head.lines else "no line yet"
    lines = [f"{display(path, 200)}: {written}."]
    if chain.unchained:
        first = "Line 1 is" if chain.unchained == 1 else f"Lines 1 to {chain.unchained} are"
        lines.append(f"{first} of the old format and not chained: a change there cannot be seen.")
    if chain.torn:
        lines.append(f"A last line of {count(chain.torn, 'byte')} was cut short by a crash and does not count.")
    if seen >= 0:
        later = chain.head.lines - seen
        lines.append(
            f"The head expected is line {seen}" + (f"; {count(later, 'line')} came after it." if later else ".")
        )
    lines.append(f"Head: {chain.head.digest}")
    return "".join(paper.wrap(line, indent=2, first=0) + "\n" for line in lines)


def chain_json(chain: Chain, path: str, seen: int) -> str:
    """Return the same as JSON; `expected_head_line` is null where no head was expected."""
    document = {
        "journal": path,
        "lines": chain.head.lines,
        "head": chain.head.digest,
        "unchained_lines": chain.unchained,
        "torn_bytes": chain.torn,
        "expected_head_line": seen if seen >= 0 else None,
    }
    return json.dumps(document, indent=2, sort_keys=True)
