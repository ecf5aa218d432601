"""A declared asset that no listing shows, looked at by itself: where it has gone, as far as Meta says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.called import quoted
from accessctl.graph import edges
from accessctl.graph.batch import BatchRead
from accessctl.graph.errors import GraphError, Trouble
from accessctl.live.ending import FIELD, is_refusal
from accessctl.live.reasons import reason_unless_it_stops_all
from accessctl.model import Asset, AssetAccess, Business, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.live.ending import Ends

MOST = 100  # a tree full of wrong ids is no reason for a thousand refused calls
FIELDS = "id,name,owner_business{id,name}"
PAGE_FIELDS = f"{FIELDS},access_token"
NOT_THERE = frozenset({110, 803})  # GRAPH_API 4.2: an id that is none; 100 says less


def look_up(
    reader: Reader, owner: Business, token: Secret, missing: Sequence[Asset], names: dict[str, Business]
) -> tuple[AssetAccess, ...]:
    """Return the assets that `owner` is said to own and does not list, each unreadable and with its reason.

    The first hundred are asked for, 50 to a request. Raises GraphError for what makes all reading pointless.
    """
    asked = missing[:MOST]
    answers = reader.batch([BatchRead((asset.node,), {"fields": FIELDS}) for asset in asked], token)
    return tuple(_found(asset, owner, answer, names) for asset, answer in zip(asked, answers, strict=True))


def read_nodes(
    reader: Reader, owner: Business, token: Secret, assets: Sequence[Asset], names: dict[str, Business], ends: Ends
) -> tuple[list[tuple[Asset, edges.Row]], list[AssetAccess]]:
    """Read the nodes of declared assets: those that their owner has, and the others with why they are not read."""
    there, elsewhere = [], []
    for asset, answer in zip(assets, _nodes(reader, token, assets, ends), strict=True):
        if isinstance(answer, GraphError) or _owner_of(answer, names) != owner.id:
            elsewhere.append(_found(asset, owner, answer, names))
        else:
            ends.note(asset, answer)
            there.append((asset, answer))
    return there, elsewhere


def _nodes(reader: Reader, token: Secret, assets: Sequence[Asset], ends: Ends) -> Sequence[edges.Row | GraphError]:
    """Read the nodes, with when the token loses them; those that Meta may refuse for that once more, without it."""
    fields = {Kind.AD_ACCOUNT: FIELDS, Kind.PAGE: PAGE_FIELDS}
    also = f",{FIELD}" * ends.is_told
    answers = reader.batch([BatchRead((one.node,), {"fields": fields[one.kind] + also}) for one in assets], token)
    refused = [n for n, one in enumerate(answers) if also and isinstance(one, GraphError) and is_refusal(one)]
    again = [BatchRead((assets[n].node,), {"fields": fields[assets[n].kind]}) for n in refused]
    second = dict(zip(refused, reader.batch(again, token), strict=True))
    if any(not isinstance(one, GraphError) for one in second.values()):
        ends.refuse()
    return [second.get(n, answer) for n, answer in enumerate(answers)]


def _found(asset: Asset, owner: Business, answer: edges.Row | GraphError, names: dict[str, Business]) -> AssetAccess:
    called = f"{owner.alias} ({owner.id})"
    if isinstance(answer, GraphError):
        code, text = _refused(answer, called)
        return AssetAccess(asset, owner.id, unreadable=text, reason_code=code)
    real = _owner_of(answer, names)
    if not real:
        code, text = "not_owned", f"{called} does not own it, nor does any business as far as Meta says"
    elif real == owner.id:
        code, text = "not_listed", f"Meta contradicts itself: {called} owns it, and does not list it"
    else:
        who = names[real].name
        code = "other_owner"
        there = f"{quoted(who)} ({real})" if who else real
        text = f"its owner at Meta is {there}, not {called}: moved, or a wrong owner"
    return AssetAccess(asset, real, edges.read_name(answer), unreadable=text, reason_code=code)


def _refused(error: GraphError, called: str) -> tuple[str, str]:
    reason = reason_unless_it_stops_all(error)
    code = f" (Meta: code {error.code}{f', subcode {error.subcode}' * bool(error.subcode)})" if error.code else ""
    if error.code in NOT_THERE:
        return "gone", f"{called} does not list it, and Meta knows no such id{code}"
    if error.trouble is Trouble.ABSENT_OR_HIDDEN:
        return "hidden", f"{called} does not list it: it is hidden from this token, or gone{code}"
    if error.trouble is Trouble.PERMISSION:
        return "hidden", f"{called} does not list it, and this token may not look at it{code}"
    return "not_looked_up", f"{called} does not list it, and it could not be looked at: {reason}"


def _owner_of(row: edges.Row, names: dict[str, Business]) -> str:
    owner = row.get("owner_business")
    try:
        found = edges.read_business(owner if isinstance(owner, dict) else {})
    except edges.MalformedError:
        return ""
    return names.setdefault(found.id, found).id
