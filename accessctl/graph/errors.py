"""What can go wrong with a call, as one error with a class of trouble and a next step."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Trouble(StrEnum):
    """What a failed call means for who made it."""

    TRANSIENT = "transient"  # a read; may work when tried again
    THROTTLED = "throttled"  # refused for pace; certainly not carried out
    TOKEN = "token"  # noqa: S105  # this credential is of no use any more
    PERMISSION = "permission"
    ABSENT_OR_HIDDEN = "absent_or_hidden"  # Meta does not tell which
    PARAMETER = "parameter"
    ALREADY_SO = "already_so"
    ALREADY_PENDING = "already_pending"
    NEEDS_HUMAN = "needs_human"
    CAPABILITY_MISSING = "capability_missing"  # this app may not make this kind of call at all
    TOO_LARGE = "too_large"  # ask for less at once
    INCOMPLETE = "incomplete"  # a read whose answer cannot be trusted to be whole
    IN_DOUBT = "in_doubt"  # a write that may or may not have been carried out
    NETWORK = "network"  # no connection: certainly nothing was sent
    NOT_ALONE = "not_alone"  # another run may act: certainly nothing was sent


_T = Trouble

HINTS: Mapping[Trouble, str] = {
    _T.TRANSIENT: "Meta had a problem of its own; run the command again in a few minutes",
    _T.THROTTLED: "Meta asks for fewer calls; wait and run the command again, it goes on where it stopped",
    _T.TOKEN: "the token has expired, was withdrawn or does not fit the app secret; set a new system user token",
    _T.PERMISSION: "the token needs business_management and an admin of the business that owns the asset",
    _T.ABSENT_OR_HIDDEN: "check the id, and that the token's business has access; Meta shows both the same way",
    _T.PARAMETER: "check the ids and tasks of this entry in the manifests",
    _T.ALREADY_SO: "nothing to do; the next plan shows it",
    _T.ALREADY_PENDING: "nothing to do; the request waits for the client",
    _T.NEEDS_HUMAN: "an admin of the business has to look into this in Business Settings before the next run",
    _T.CAPABILITY_MISSING: "Meta does not open this call to your app; do this step by hand in Business Settings",
    _T.TOO_LARGE: "ask for fewer rows at once",
    _T.INCOMPLETE: "what was not read to the end counts as unreadable, not as absent; run the command again",
    _T.IN_DOUBT: "it may have been carried out; run plan to see what is live now before anything is sent again",
    _T.NETWORK: "nothing was sent; check the network and the Graph API URL",
    _T.NOT_ALONE: "nothing was sent; see with history what the other run did, then make a new plan",
}

# Codes with a better next step than their class has.
HINTS_BY_CODE: Mapping[int, str] = {
    104: "the app secret does not belong to the app of this token; check ACCESSCTL_APP_SECRET",
    368: "Meta has blocked this kind of action for now; make no more calls and ask an admin of the business",
    613: "a limit of its own kind was reached; make no more calls for some hours, then run with less at once",
    2635: "set graph_version in accessctl.yaml to a version that Meta still serves",
    3918: "another business owns this Page; correct its owner in the manifests",
    3946: "this business owns the asset, so it cannot be its agency; remove the entry or correct the owner",
}
_HINT_OWNER_SUBCODE = 1690061
# Which code a refusal for want of access verification has is not documented (GRAPH_API 9); its words are all there is.
_UNVERIFIED = re.compile(r"\bverif|tech provider", re.IGNORECASE)
HINT_UNVERIFIED = (
    "Meta's words speak of verification: access verification of the business that claims the app may be missing; "
    "accessctl doctor tells what is known and where it is completed"
)
# An app with "Require App Secret" on takes no call without a proof (GRAPH_API 6).
_UNPROVED_CODE = 100
_UNPROVED = re.compile(r"\bappsecret_proof\b")
HINT_UNPROVED = "the app takes only calls with a proof; set ACCESSCTL_APP_SECRET to the secret of the app of this token"


class GraphError(AccessctlError):
    """A call that did not give what was asked for.

    `code`, `subcode` and `http_status` are 0 where the answer had none; `message` is Meta's, without secrets,
    on one line; `wait_seconds` is None unless the answer says how long to stay away.
    """

    def __init__(
        self,
        what: str,
        hint: str = "",
        *,
        trouble: Trouble,
        code: int = 0,
        subcode: int = 0,
        http_status: int = 0,
        trace: str = "",
        message: str = "",
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(what, hint or hint_for(trouble, code, subcode, message))
        self.trouble = trouble
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.trace = trace
        self.message = message
        self.wait_seconds = wait_seconds

    @property
    def steady(self) -> str:
        """What went wrong, in the same words for the same refusal.

        Meta's trace id is another one for each call, so it has no place in a plan (law 9).
        """
        return self.what.replace(f", trace {self.trace}", "") if self.trace else self.what

    @property
    def told(self) -> dict[str, object]:
        """What a journal keeps of the refusal; `code`, `subcode` and `http_status` are 0 where there was no answer."""
        return {
            "success": False,
            "trouble": self.trouble,
            "code": self.code,
            "subcode": self.subcode,
            "http_status": self.http_status,
            "message": self.message,
        }


def speaks_of_verification(code: int, message: str) -> bool:
    """Tell whether a refusal for want of permission gives verification as its reason."""
    return (code == 10 or 200 <= code < 300) and names_verification(message)


def names_verification(text: str) -> bool:
    """Tell whether a refusal's words have to do with the verification of a business."""
    return bool(_UNVERIFIED.search(text))


def hint_for(trouble: Trouble, code: int = 0, subcode: int = 0, message: str = "") -> str:
    """Return the next step for a person who meets this trouble; `message` is Meta's."""
    if speaks_of_verification(code, message):
        return HINT_UNVERIFIED
    if code == _UNPROVED_CODE and _UNPROVED.search(message):
        return HINT_UNPROVED
    return HINTS_BY_CODE.get(3946 if subcode == _HINT_OWNER_SUBCODE else code) or HINTS[trouble]
