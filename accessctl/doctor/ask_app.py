"""Ask Meta about the app a token was made with: its node and what App Review says, and who has a role on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor import answers
from accessctl.doctor import facts as f
from accessctl.doctor.needs import BUSINESS_MANAGEMENT
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError, Trouble, speaks_of_verification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret

    Refused = Callable[[GraphError], f.Unread]

NODE_FIELDS = "id,name"
PLAIN_FIELDS = "id,name,business,owner_business"
CLAIMANT_FIELDS = "id,name,business{id,name,verification_status},owner_business{id,name,verification_status}"
WITHOUT = f"it was not asked, for the token lacks {BUSINESS_MANAGEMENT}"
NOT_KNOWN = f"it was not asked, for whether the token has {BUSINESS_MANAGEMENT} is not known"
_ONE_FIELD = (Trouble.PERMISSION, Trouble.PARAMETER)
MOST = 500  # rows of one page
APPROVED = "live"  # GRAPH_API 1.6


def ask_app(
    reader: Reader,
    token: Secret,
    about: f.TokenFacts | f.Unread,
    scopes: frozenset[str] | None,
    refused: Refused,
) -> tuple[f.AppFacts | f.Unread, Mapping[str, str] | f.Unread]:
    """Return the app, and what App Review says of its permissions: two calls in one request.

    Who claims the app is not asked without business_management: for other nodes Meta then refuses the whole read
    (GRAPH_API 1.1). `scopes` are the permissions of the token, None where they are not known. `refused` takes note
    of a refusal and says it in words; it raises GraphError where there is no connection.
    """
    node = _node(about)
    not_asked = NOT_KNOWN if scopes is None else "" if BUSINESS_MANAGEMENT in scopes else WITHOUT
    reads = (
        BatchRead((node,), {"fields": NODE_FIELDS if not_asked else CLAIMANT_FIELDS}),
        BatchRead((node, "permissions"), {"limit": MOST}),
    )
    app, permissions = reader.batch(reads, token)
    if isinstance(app, GraphError) and not not_asked and is_of_a_field(app):
        app = _plain_app(reader, token, node)
    return (
        refused(app) if isinstance(app, GraphError) else answers.app_facts(app, not_asked=not_asked),
        refused(permissions) if isinstance(permissions, GraphError) else answers.reviewed(permissions),
    )


def _plain_app(reader: Reader, token: Secret, node: str) -> dict[str, object] | GraphError:
    """Ask without verification_status: one field that may not be read fails the whole read (GRAPH_API 1.1)."""
    try:
        return reader.get(token, node, fields=PLAIN_FIELDS)
    except GraphError as error:
        return error


def is_of_a_field(error: GraphError) -> bool:
    """Tell whether a read may do better without a field that it asked for."""
    return error.trouble in _ONE_FIELD and not speaks_of_verification(error.code, error.message)


def ask_granted(reader: Reader, token: Secret, refused: Refused) -> f.Granted | f.Unread:
    """Return which permissions are granted, declined and expired. Meta documents it for people (GRAPH_API 1.6)."""
    try:
        return answers.granted(reader.get(token, "me", "permissions", limit=MOST))
    except GraphError as error:
        return refused(error)


def ask_roles(
    reader: Reader, token: Secret, business: str, app: f.AppFacts, refused: Refused
) -> dict[str, object] | f.Unread:
    """Return Meta's list of who has a role on the app, as it came.

    It is asked of an app of the business's own alone: others would refuse.
    """
    if app.claimant != business:
        return f.NOT_ASKED
    try:
        return reader.get(token, app.id or "app", "roles", limit=MOST)
    except GraphError as error:
        return refused(error)


def _node(about: f.TokenFacts | f.Unread) -> str:
    """Return the id of the app, or the word by which Meta knows the app of the token that asks."""
    known = about.app_id if isinstance(about, f.TokenFacts) else ""
    return known if known.isascii() and known.isdigit() else "app"
