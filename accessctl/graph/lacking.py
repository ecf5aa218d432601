"""What a refusal's own words say that the token lacks: a permission, or access verification. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.graph.errors import Trouble, speaks_of_verification

if TYPE_CHECKING:
    from accessctl.graph.errors import GraphError

BUSINESS_MANAGEMENT = "business_management"
VERIFICATION = "access verification"

PERMISSIONS = re.compile(r"\b(?:business_management|ads_management|ads_read|pages_[a-z]+(?:_[a-z]+)*)\b")
_NONE = frozenset[str]()
# Words about one asset whose owner has not let the app in, or one field of several: others may do better.
_OF_ONE = re.compile(
    r"\bowners? ha(?:s|ve) not grant(?:ed)?\b|\bfields?\b|\b[a-z]+(?:_[a-z]+)*_expire_time\b", re.IGNORECASE
)


def named(error: GraphError) -> frozenset[str]:
    """Return the permissions that a refusal's words say the token lacks, or access verification; empty for none.

    Where it names several, one of them would do, as far as is known. A code alone says nothing: it comes for the
    lack of a task on one asset, too.
    """
    if error.trouble is not Trouble.PERMISSION:
        return _NONE
    if speaks_of_verification(error.code, error.message):
        return frozenset({VERIFICATION})
    return _NONE if _OF_ONE.search(error.message) else frozenset(PERMISSIONS.findall(error.message))
