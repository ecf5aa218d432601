"""All that may change anything at Meta: five calls, each sent once. No other write can be expressed (law 13)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.graph.address import check_id
from accessctl.graph.answer import truth
from accessctl.graph.call import Call, spell
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.verdict import untrusted
from accessctl.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accessctl.graph.call import Value
    from accessctl.graph.secret import Secret
    from accessctl.graph.wire import Reply, Wire
    from accessctl.model import Asset
    from accessctl.obo.requests import OboRequest

# GRAPH_API 1.3: the edges of a business, and the name of the asset's id on each.
ASK = {Kind.AD_ACCOUNT: ("client_ad_accounts", "adaccount_id"), Kind.PAGE: ("client_pages", "page_id")}
DROP = {Kind.AD_ACCOUNT: ("ad_accounts", "adaccount_id"), Kind.PAGE: ("pages", "page_id")}
_TASK = re.compile(r"[A-Z][A-Z0-9_]{0,79}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """A write Meta said yes to. With `requires_admin_approval` it is not effective until a second admin acts."""

    requires_admin_approval: bool
    trace: str


class Writer:
    """Grants, revokes, asks, drops and cancels. Never tries again; IN_DOUBT means: read before anything is sent."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def give(self, token: Secret, asset: Asset, business_id: str, tasks: Iterable[str]) -> Answer:
        """Grant `business_id` the tasks on an asset the token's business owns; also accepts its request."""
        params = {"business": check_id(business_id), "permitted_tasks": _tasks(tasks)}
        return self._write("POST", (_node(asset, business_id), "agencies"), token, params)

    def take(self, token: Secret, asset: Asset, business_id: str) -> Answer:
        """End the access, or decline the request, of `business_id` on an asset the token's business owns."""
        return self._write(
            "DELETE", (_node(asset, business_id), "agencies"), token, {"business": check_id(business_id)}
        )

    def ask(self, token: Secret, business_id: str, asset: Asset, tasks: Iterable[str]) -> Answer:
        """Request tasks for `business_id`, the token's business, on an asset of a client."""
        edge, name = ASK[asset.kind]
        params = {name: _node(asset, business_id), "permitted_tasks": _tasks(tasks)}
        return self._write("POST", (check_id(business_id), edge), token, params)

    def drop(self, token: Secret, business_id: str, asset: Asset) -> Answer:
        """Withdraw the request, or give up the access, of `business_id`, the token's business.

        On an asset that business owns Meta may take it out of the business altogether (GRAPH_API 0.9): who
        calls this has read in the same run that another business owns it.
        """
        edge, name = DROP[asset.kind]
        return self._write("DELETE", (check_id(business_id), edge), token, {name: _node(asset, business_id)})

    def cancel(self, token: Secret, request: OboRequest) -> Answer:
        """Cancel an on-behalf-of request that the token's business has sent (GRAPH_API 1.5).

        DELETE on a bare id ends whatever that is: who calls this has read in the same run that it is a request.
        """
        if request.concerns(request.id):
            raise _not_sent(f"request {request.id} has the id of a business", "correct the id of the request")
        return self._write("DELETE", (check_id(request.id),), token, {})

    def _write(self, method: str, path: tuple[str, ...], token: Secret, params: Mapping[str, Value]) -> Answer:
        call = Call(method, path, is_write=True)
        return _answer(call, self._wire.send(call, token, spell(params)))


def _answer(call: Call, reply: Reply) -> Answer:
    value = reply.value if isinstance(reply.value, dict) else {}
    success = truth(value, "success")
    approval = truth({"requires_admin_approval": False} | value, "requires_admin_approval")
    if success is False:
        raise GraphError(
            f"Meta refused {call}: it answered success false and gave no reason",
            trouble=Trouble.PARAMETER,
            http_status=200,
            trace=reply.trace,
        )
    if success is None or approval is None:
        raise untrusted(call, "does not say whether it was carried out")
    return Answer(approval, reply.trace)


def _node(asset: Asset, business_id: str) -> str:
    """Return the asset's id for the wire.

    A Page with the id of the business is no Page, and DELETE of agencies on it would end every relation.
    """
    check_id(asset.id)
    if asset.id == business_id:
        raise _not_sent(f"{asset.kind} {asset.id} has the id of the business itself", "correct the id of the asset")
    return asset.node


def _tasks(tasks: Iterable[str]) -> list[str]:
    """Return the tasks in the one order we send. An empty list might mean all of them (GRAPH_API 10 j)."""
    found = sorted(set(tasks))
    if not found or not all(_TASK.fullmatch(task) for task in found):
        raise _not_sent("a grant or request names no tasks, or one that is no task", "name at least one task")
    return found


def _not_sent(what: str, hint: str) -> GraphError:
    return GraphError(f"{what}, so nothing was sent", hint, trouble=Trouble.PARAMETER)
