"""Ask Meta about the app a token was made with: its node and what App Review says, and who has a role on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.doctor import answers
from accessctl.doctor import facts as f
from accessctl.doctor.needs import BUSINESS_MANAGEMENT
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret

    Refused = Callable[[GraphError], f.Unread]

NODE_FIELDS = "id,name"
CLAIMANT_FIELDS = "id,name,business,owner_business"
MOST = 500  # rows of one page
APPROVED = "live"  # GRAPH_API 1.6


def ask_app(
    reader: Reader, token: Secret, about: f.TokenFacts | f.Unread, refused: Refused
) -> tuple[f.AppFacts | f.Unread, Mapping[str, str] | f.Unread]:
    """Return the app, and what App Review says of its permissions: two calls in one request.

    Who claims the app is not asked without business_management: for other nodes Meta then refuses the whole read
    (GRAPH_API 1.1). `refused` takes note of a refusal and says it in words; it raises GraphError where there is no
    connection.
    """
    node = _node(about)
    may_see = isinstance(about, f.TokenFacts) and BUSINESS_MANAGEMENT in about.scopes
    reads = (
        BatchRead((node,), {"fields": CLAIMANT_FIELDS if may_see else NODE_FIELDS}),
        BatchRead((node, "permissions"), {"limit": MOST}),
    )
    app, permissions = reader.batch(reads, token)
    return (
        refused(app) if isinstance(app, GraphError) else answers.app_facts(app, is_claimant_asked=may_see),
        refused(permissions) if isinstance(permissions, GraphError) else answers.reviewed(permissions),
    )


def ask_roles(
    reader: Reader, token: Secret, business: str, user: str, app: f.AppFacts, refused: Refused
) -> frozenset[str] | f.Unread:
    """Return who has a role on the app. It is asked of an app of the business's own alone: others would refuse."""
    if app.claimant != business:
        return f.NOT_ASKED
    try:
        return answers.roles(reader.get(token, app.id or "app", "roles", limit=MOST), user)
    except GraphError as error:
        return refused(error)


def _node(about: f.TokenFacts | f.Unread) -> str:
    """Return the id of the app, or the word by which Meta knows the app of the token that asks."""
    known = about.app_id if isinstance(about, f.TokenFacts) else ""
    return known if known.isascii() and known.isdigit() else "app"
