"""What a refusal says that the token lacks, told by its words or its code: all calls that need it are refused alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.graph.errors import Trouble, speaks_of_verification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.graph.errors import GraphError

BUSINESS_MANAGEMENT = "business_management"
VERIFICATION = "access verification"
ADMIN = "an admin's role"

PERMISSIONS = re.compile(r"\b(?:business_management|ads_management|ads_read|pages_[a-z]+(?:_[a-z]+)*)\b")
# Codes that are those of one permission, whatever the words (GRAPH_API 4.2; Meta's list of codes for 294).
BY_CODE: Mapping[int, frozenset[str]] = {283: frozenset({"pages_show_list"}), 294: frozenset({"ads_management"})}
_NONE = frozenset[str]()
_ROLE = re.compile(r"\bmust be an? admin\b", re.IGNORECASE)
# Words about one asset whose owner has not let the app in, or one field of several: others may do better.
_OF_ONE = re.compile(r"\bowner ha(?:s|ve) not granted\b|\bfields?\b|\b[a-z]+(?:_[a-z]+)*_expire_time\b", re.IGNORECASE)


def lacking(error: GraphError) -> frozenset[str]:
    """Return the permissions that a refusal of a call says the token lacks, by its words or its code."""
    return named(error) or (BY_CODE.get(error.code, _NONE) if _is_of_all(error) else _NONE)


def named(error: GraphError) -> frozenset[str]:
    """Return the permissions that a refusal's words say the token lacks, or access verification; empty for none.

    Where it names several, one of them would do, as far as is known. Of one asset of many only words count: the
    codes come for the lack of a task on it, too.
    """
    if error.trouble is not Trouble.PERMISSION:
        return _NONE
    if speaks_of_verification(error.code, error.message):
        return frozenset({VERIFICATION})
    return frozenset(PERMISSIONS.findall(error.message)) if _is_of_all(error) else _NONE


def lacking_to_write(error: GraphError) -> frozenset[str]:
    """Return the same of a write, for which an admin's role may be lacking too."""
    if error.trouble is Trouble.PERMISSION and not lacking(error) and _ROLE.search(error.message):
        return frozenset({ADMIN})
    return lacking(error)


def _is_of_all(error: GraphError) -> bool:
    return error.trouble is Trouble.PERMISSION and not _OF_ONE.search(error.message)
