"""How a name from a stranger stands inside a sentence: in quotes that it cannot leave, its id behind it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.clean import display

if TYPE_CHECKING:
    from accessctl.model import Business
    from accessctl.plan.nouns import BusinessRef

LONGEST = 80  # characters of a name in a sentence; the rows show more of it
# What looks like a double quote, and what looks like a single one, two of which look like a double one: the lookalikes
# that Unicode lists (confusables.txt, UTS 39) but for letters of which names are made, and marks that stand above.
_DOUBLE = (
    '"\u00a8\u02ba\u02dd\u02ee\u02f5\u02f6\u030b\u030e\u030f\u05f4\u1425\u1426\u1cd3\u201c-\u201f\u2033\u2034\u2036'
    "\u2037\u2057\u275d\u275e\u2760\u2e42\u3003\u301d-\u301f\uff02\U0001f676-\U0001f678"
)
_SINGLE = (
    "'`\u00b4\u02b9\u02bb-\u02be\u02c8\u02ca\u02cb\u02f4\u0312-\u0315\u0374\u0384\u0559\u055a\u055b\u055d\u05f3\u07f4\u07f5"
    "\u144a\u16cc\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u2018-\u201b\u2032\u2035\u275b\u275c\ua78b\ua78c\uff07\uff40"
    "\U00016f51\U00016f52"
)
_QUOTES = re.compile(f"[{_SINGLE}]*[{_DOUBLE}][{_SINGLE}{_DOUBLE}]*|[{_SINGLE}]{{2,}}")


def quoted(name: str, limit: int = LONGEST) -> str:
    """Return `"Mediahouse Ltd"`: cleaned, on one line, at most `limit` characters between the quotes.

    A double quote inside, or what looks like one, is shown as `'`: nobody reads the rest of a name as words of ours.
    """
    return '"' + _QUOTES.sub("'", display(name, limit)) + '"'


def called(business: BusinessRef | Business) -> str:
    """Return `"Mediahouse Ltd" (2002)`; where no name is known `business mediahouse (2002)`, or `business 2002`.

    This is for sentences. In a row or a cell a name stands by itself, beside its id, and needs no quotes.
    """
    if business.name.strip():
        return f"{quoted(business.name)} ({business.id})"
    return f"business {business.alias} ({business.id})" if business.alias else f"business {business.id}"
