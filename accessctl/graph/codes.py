"""Meta's error codes as literal tables, and what a code means for who made the call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from accessctl.graph.errors import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = Trouble

# (code, subcode); subcode None is every other one. The source of each row stands behind it: sections of
# the facts about the Graph API ("4.2", "4.3") and rows of the catalogue of faults ("B1").
BY_CODE: Mapping[tuple[int, int | None], Trouble] = {
    (1, None): _T.TRANSIENT,  # 4.2
    (2, None): _T.TRANSIENT,  # 4.2
    (3, None): _T.CAPABILITY_MISSING,  # 4.2, 4.3
    (4, None): _T.THROTTLED,  # 4.2 app
    (10, None): _T.PERMISSION,  # 4.2
    (17, None): _T.THROTTLED,  # 4.2 user
    (32, None): _T.THROTTLED,  # 4.2 Page calls with a user token
    (100, None): _T.PARAMETER,  # 4.2
    (100, 33): _T.ABSENT_OR_HIDDEN,  # 4.2
    (102, None): _T.TOKEN,  # 4.2
    (104, None): _T.TOKEN,  # 4.2 wrong appsecret_proof
    (110, None): _T.ABSENT_OR_HIDDEN,  # 4.2
    (190, None): _T.TOKEN,  # 4.2 with 458, 459, 460, 463, 464, 467, 492
    (341, None): _T.THROTTLED,  # 4.2 app
    (368, None): _T.NEEDS_HUMAN,  # 4.2 abuse block
    (413, None): _T.NEEDS_HUMAN,  # 4.3 password
    (415, None): _T.NEEDS_HUMAN,  # 4.3 two-factor
    (457, None): _T.NEEDS_HUMAN,  # 4.3 session origin
    (613, None): _T.NEEDS_HUMAN,  # B1: without a known subcode, stop with advice
    (613, 1996): _T.THROTTLED,  # 4.2
    (613, 1487632): _T.THROTTLED,  # 4.2
    (613, 1487742): _T.THROTTLED,  # 4.2
    (613, 5044001): _T.THROTTLED,  # B1
    (803, None): _T.ABSENT_OR_HIDDEN,  # 4.2 unknown alias
    (2500, None): _T.TOKEN,  # 4.2 no token, or one that cannot be parsed
    (2635, None): _T.PARAMETER,  # 4.2 version no longer served
    (3910, None): _T.PARAMETER,  # 4.3 Business Manager, general
    (3911, None): _T.PARAMETER,  # 4.3
    (3912, None): _T.TRANSIENT,  # 4.3 technical problem
    (3913, None): _T.PARAMETER,  # 4.3
    (3914, None): _T.NEEDS_HUMAN,  # 4.3 would remove the last admin
    (3918, None): _T.PARAMETER,  # 4.3 owned by another business
    (3936, None): _T.ALREADY_PENDING,  # 4.3
    (3944, None): _T.ALREADY_SO,  # 4.3
    (3946, None): _T.PARAMETER,  # 4.3 granting to the owner
    (3949, None): _T.PARAMETER,  # 4.3 system users
    (3962, None): _T.PARAMETER,  # 4.3
    (3965, None): _T.PARAMETER,  # 4.3
    (3977, None): _T.PERMISSION,  # 4.3 must be Page admin
    (3979, None): _T.NEEDS_HUMAN,  # 4.3 ad account limit
    (3980, None): _T.NEEDS_HUMAN,  # 4.3 business not in good standing
    (3982, None): _T.PERMISSION,  # 4.3 rights too low
    (3989, None): _T.ALREADY_SO,  # 4.3 shared with this agency already
    (3994, None): _T.PARAMETER,  # 4.3 meaning unclear
    (3996, None): _T.PARAMETER,  # 4.3; see BY_EDGE
    (42001, None): _T.NEEDS_HUMAN,  # 4.3 linked to Instagram
    (80000, None): _T.THROTTLED,  # 4.2, to 80014
    (80001, None): _T.THROTTLED,
    (80002, None): _T.THROTTLED,
    (80003, None): _T.THROTTLED,
    (80004, None): _T.THROTTLED,
    (80005, None): _T.THROTTLED,
    (80006, None): _T.THROTTLED,
    (80008, None): _T.THROTTLED,
    (80009, None): _T.THROTTLED,
    (80014, None): _T.THROTTLED,
    (104001, None): _T.CAPABILITY_MISSING,  # 4.3 app not in a business
} | {(code, None): _T.PERMISSION for code in range(200, 300)}  # 4.2

# Subcodes that were recorded without their outer code (4.3), so they speak whatever the code is.
BY_SUBCODE: Mapping[int, Trouble] = {
    1690061: _T.PARAMETER,  # granting to the owner
    1752041: _T.ALREADY_PENDING,  # the same Page request was already sent
    1752044: _T.ALREADY_SO,  # the business already has access
}

# The same code means something else on these edges.
BY_EDGE: Mapping[tuple[str, int], Trouble] = {
    ("DELETE pages", 3996): _T.ALREADY_SO,  # 4.3: Page not in this business, so already gone
    ("DELETE ad_accounts", 3996): _T.ALREADY_SO,
} | {  # 4.3: requests are closed to apps without an old permit; the code is not documented
    (edge, code): _T.CAPABILITY_MISSING
    for edge in ("POST client_ad_accounts", "POST client_pages")
    for code in (10, *range(200, 300))
}

BY_STATUS: Mapping[int, Trouble] = {
    401: _T.TOKEN,
    403: _T.PERMISSION,
    404: _T.ABSENT_OR_HIDDEN,
    429: _T.THROTTLED,
}

# Codes that Meta's words refine: (code, words in the message).
BY_WORDS: tuple[tuple[int, re.Pattern[str], Trouble], ...] = (
    (1, re.compile("reduce the amount of data", re.IGNORECASE), _T.TOO_LARGE),  # PERFORMANCE: halve the page
    (100, re.compile("does not exist", re.IGNORECASE), _T.ABSENT_OR_HIDDEN),  # C10; S003 after expiry
    (2500, re.compile("unknown path component", re.IGNORECASE), _T.CAPABILITY_MISSING),  # an edge that is not there
    (190, re.compile("impersonating a user'?s page", re.IGNORECASE), _T.PERMISSION),  # 4.2: 190 of a Page
)

# 4.3: what Meta says of a closed endpoint has no documented code; 10 and 200 are also those of a lack of permission.
AMBIGUOUS = frozenset({10, *range(200, 300)})
CLOSED_WORDS = re.compile(
    r"\bcapability\b|not have access to (?:this|these) (?:endpoint|edge|api)|"
    r"(?:endpoint|edge)s? (?:is|are) (?:temporarily )?(?:limited|restricted|closed)|"
    r"access to (?:this|these) (?:endpoint|edge)s? (?:is|are) limited",
    re.IGNORECASE,
)
# What names a permission or a role that this caller lacks, or verification (S000): then it is not the endpoint.
LACKING_WORDS = re.compile(
    r"\b(?:business_management|ads_management|ads_read|pages_[a-z_]+|manage_permissions)\b|must be an? admin|"
    r"not managed by|\bverif",
    re.IGNORECASE,
)

# `is_transient` says nothing against these.
_FINAL = frozenset({_T.THROTTLED, _T.TOKEN, _T.NEEDS_HUMAN, _T.ALREADY_SO, _T.ALREADY_PENDING, _T.TOO_LARGE})


def classify(
    status: int,
    code: int,
    subcode: int = 0,
    *,
    is_transient: bool = False,
    message: str = "",
    is_write: bool = False,
    edge: str = "",
) -> Trouble:
    """Tell what an error means: by code, then subcode, never by its `type` (throttles come as OAuthException).

    `edge` is the method and the last part of the path, as in "POST client_pages". What is transient on a
    read leaves a write in doubt: Meta may have carried it out.
    """
    trouble = _by_tables(status, code, subcode, message, edge)
    if is_transient and trouble not in _FINAL:
        trouble = Trouble.TRANSIENT
    if is_write and trouble in (Trouble.TRANSIENT, Trouble.TOO_LARGE):
        return Trouble.IN_DOUBT
    return trouble


def _by_tables(status: int, code: int, subcode: int, message: str, edge: str) -> Trouble:
    found = BY_SUBCODE.get(subcode)
    if found is None and code in AMBIGUOUS:
        found = _by_evidence(message)
    found = found or BY_EDGE.get((edge, code)) or BY_CODE.get((code, subcode))
    if found:
        return found
    for worded, words, trouble in BY_WORDS:
        if code == worded and words.search(message):
            return trouble
    found = BY_CODE.get((code, None)) or BY_STATUS.get(status)
    return found or (Trouble.TRANSIENT if status >= 500 else Trouble.PARAMETER)


def _by_evidence(message: str) -> Trouble | None:
    """Tell a closed endpoint from a permission that is missing, where Meta's own words do."""
    if CLOSED_WORDS.search(message):
        return Trouble.CAPABILITY_MISSING
    return Trouble.PERMISSION if LACKING_WORDS.search(message) else None
