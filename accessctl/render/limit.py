"""How much a receiver takes, and how it counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` of a text: `characters`, or `bytes` of UTF-8.

    GitHub takes 65,536 characters and, for some texts, counts 262,144 bytes instead. Characters are counted here
    as UTF-16 does, an emoji as two. That is never less than GitHub counts, whichever way it does, and never more
    than three bytes each.
    """

    most: int
    unit: str = "characters"

    def size(self, text: str) -> int:
        """Return how much of the limit a text takes. Sizes add up: two texts in a row take the sum of both."""
        return len(text.encode("utf-16-le" if self.unit == "characters" else "utf-8")) // self._width

    @property
    def _width(self) -> int:
        return 2 if self.unit == "characters" else 1

    def __str__(self) -> str:
        return f"{self.most:,} {self.unit}"


COMMENT = Limit(60_000)  # of 65,536: what puts the comment there may add to it
SUMMARY = Limit(900 * 1024, "bytes")  # of 1 MiB a step, beyond which GitHub drops the whole summary
LEAST = 4_000  # characters; less does not hold what must be said
