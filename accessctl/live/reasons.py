"""Why something could not be read, in words; and what makes all further reading pointless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.graph.errors import GraphError, Trouble

if TYPE_CHECKING:
    from accessctl.graph.edges import MalformedError

# After these nothing else this credential asks for can be believed, or asked at all.
STOPS_EVERYTHING = frozenset({Trouble.TOKEN, Trouble.NETWORK, Trouble.NEEDS_HUMAN})


def reason_unless_it_stops_all(error: GraphError | MalformedError) -> str:
    """Return why something could not be read; raise what makes all further reading pointless."""
    if isinstance(error, GraphError) and error.trouble in STOPS_EVERYTHING:
        raise error
    return reason_of(error)


def reason_of(error: GraphError | MalformedError) -> str:
    """Return why something could not be read, on one line, the same for the same refusal."""
    return error.steady if isinstance(error, GraphError) else f"Meta's answer does not make sense: {error}"
