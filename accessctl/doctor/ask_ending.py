"""Ask Meta what a person's token loses: one call for the person, one for the business, one for a hundred assets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from accessctl.doctor import facts as f
from accessctl.graph import edges
from accessctl.graph.edges import CLIENT_EDGES, MalformedError
from accessctl.graph.errors import GraphError
from accessctl.live.ending import FIELD, Ends
from accessctl.model import Asset, Kind, Side, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accessctl.doctor.needs import Needs
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret

OWNED_EDGES = {Kind.AD_ACCOUNT: "owned_ad_accounts", Kind.PAGE: "owned_pages"}


def ask_managed(
    reader: Reader,
    token: Secret,
    business: str,
    needs: Needs | None,
    about: f.TokenFacts | f.Unread,
    refused: Callable[[GraphError], f.Unread],
) -> f.Managed | f.Unread:
    """Return whose account a person's token is of, and what it sees and loses of what the manifests need.

    No other token is asked: Meta would refuse to say, and such a token loses nothing. `refused` takes note of a
    refusal and says it in words; it raises GraphError where there is no connection. `needs` is None where Meta
    would not let the token see the business.
    """
    if not isinstance(about, f.TokenFacts) or about.type != f.USER:
        return f.NOT_ASKED
    ends, seen, unread = Ends(business), set[Asset](), ""
    work_account = _is_work_account(reader, token, refused)
    if needs is None:
        return f.Managed(work_account, frozen({}), frozenset(), f.NOT_ASKED.reason)
    try:
        ends.note(None, ends.ask("id", lambda fields: reader.get(token, business, fields=fields)))
        for asset, row in _listed(reader, token, business, needs, ends):
            seen.add(asset)
            ends.note(asset, row)
    except GraphError as error:
        unread = refused(error).reason
    except MalformedError as error:
        unread = f"Meta's answer does not make sense: {error}"
    if not ends.is_told:
        unread = unread or f"Meta does not answer {FIELD} with this token"
    found = frozen({one.asset: one.at for one in ends.found})
    return f.Managed(work_account, found, frozenset(seen), unread)


def _is_work_account(reader: Reader, token: Secret, refused: Callable[[GraphError], f.Unread]) -> bool | None:
    try:
        told = reader.get(token, "me", fields="id,is_work_account").get("is_work_account")
    except GraphError as error:
        refused(error)
        return None
    return told if isinstance(told, bool) else None


def _listed(
    reader: Reader, token: Secret, business: str, needs: Needs, ends: Ends
) -> Iterator[tuple[Asset, edges.Row]]:
    """Yield the assets that a token sees, of each side and kind of which the manifests need one."""
    for side in Side:
        for kind in Kind:
            if not ends.is_told or not needs.assets(side, kind):
                continue
            edge = OWNED_EDGES[kind] if side is Side.OWNER else CLIENT_EDGES[kind].confirmed
            read = partial(_rows, reader, token, business, edge)
            yield from ((Asset(kind, edges.read_asset_id(row.get("id"))), row) for row in ends.ask("id", read))


def _rows(reader: Reader, token: Secret, business: str, edge: str, fields: str) -> tuple[edges.Row, ...]:
    return reader.rows(token, business, edge, fields=fields)
