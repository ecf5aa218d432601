"""When a token's access to an asset ends: asked for with what is read anyway, and no reason for a read to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from accessctl.graph.edges import read_time
from accessctl.graph.errors import GraphError, Trouble
from accessctl.model import Ending, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from accessctl.graph.edges import Row
    from accessctl.model import Asset

T = TypeVar("T")

# On ad accounts, Pages and businesses, for assets that the person of a user token loses (GRAPH_API 6 and 9.8).
FIELD = "user_access_expire_time"
ONE_FIELD = frozenset({Trouble.PERMISSION, Trouble.PARAMETER})


class Ends:
    """What Meta says of the ends of one business's token. Safe for many threads.

    `is_told` is whether Meta answers the field, as far as is known. `lost` is what the token was foretold to lose
    and has lost by now, None for the business itself.
    """

    def __init__(
        self, business: str, *, is_told: bool = True, lost: Mapping[Asset | None, datetime] | None = None
    ) -> None:
        self.business = business
        self.is_told = is_told
        self.was_refused = False
        self.lost = frozen(lost or {})
        self._found: dict[Asset | None, datetime] = {}

    def ask(self, fields: str, read: Callable[[str], T], *, is_named: bool = False) -> T:
        """Read with the field; where Meta refuses that, without it, and so from then on.

        With `is_named` only a refusal that names the field counts as one of it.
        """
        if self.is_told:
            try:
                return read(f"{fields},{FIELD}")
            except GraphError as error:
                if not is_refusal(error, is_named=is_named):
                    raise
            found = read(fields)
            self.refuse()
            return found
        return read(fields)

    def refuse(self) -> None:
        """Note that Meta does not answer the field."""
        self.is_told, self.was_refused = False, True

    def note(self, asset: Asset | None, row: Row) -> None:
        """Take in what a row says of the end of an asset, or of the business itself."""
        if end := read_time(row.get(FIELD)):
            self._found[asset] = end

    @property
    def found(self) -> tuple[Ending, ...]:
        """The ends that were seen, in no order."""
        return tuple(Ending(self.business, asset, end) for asset, end in list(self._found.items()))


def unasked(business: str) -> Ends:
    """Return what asks for no ends."""
    return Ends(business, is_told=False)


def is_refusal(error: GraphError, *, is_named: bool = False) -> bool:
    """Tell whether an error may be about the one field: it fails the whole read (GRAPH_API 1.1)."""
    return FIELD in error.message or (not is_named and error.trouble in ONE_FIELD)


def all_found(every: Iterable[Ends]) -> tuple[Ending, ...]:
    """Return all ends that were seen, in their order."""
    return tuple(sorted((one for ends in every for one in ends.found), key=lambda one: one.order))
