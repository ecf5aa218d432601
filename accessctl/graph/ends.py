"""How the Marketing API's calls end, token by token: what decides on an app's access level (GRAPH_API 5.3)."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.graph.call import Call
    from accessctl.graph.secret import Secret

RECENT = 500  # GRAPH_API 5.3: the share of errors is that of the last 500 calls
# The edges of a business that accessctl calls (GRAPH_API 1.3, S002). `agencies` is none of them: by its path nobody
# can tell whether it is a business's or a Page's.
BUSINESS_EDGES = frozenset(
    {
        *("clients", "client_ad_accounts", "client_pages", "pending_client_ad_accounts", "pending_client_pages"),
        *("owned_ad_accounts", "owned_pages", "ad_accounts", "pages", "system_users"),
        *("received_inprogress_onbehalf_requests", "sent_inprogress_onbehalf_requests"),
    }
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the calls with one token ended: all, those that failed, and each of the last 500, the oldest first."""

    calls: int = 0
    errors: int = 0
    recent: tuple[bool, ...] = ()


def is_counted(call: Call) -> bool:
    """Tell by its path whether a call is one of the Marketing API: about an ad account, or an edge of a business.

    debug_token, /me, the app and Pages are not.
    """
    first, edge = (*call.path, "", "")[:2]
    return first.startswith("act_") or (first.isdigit() and edge in BUSINESS_EDGES)


class Ends:
    """Counts how calls end, by the fingerprint of their token. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[int, int, deque[bool]]] = {}

    def note(self, call: Call, token: Secret, *, is_good: bool) -> None:
        """Count one call that Meta has answered; a read of a batch is a call."""
        if not is_counted(call):
            return
        key = token.fingerprint
        with self._lock:
            calls, errors, recent = self._found.get(key, (0, 0, deque(maxlen=RECENT)))
            recent.append(is_good)
            self._found[key] = calls + 1, errors + (not is_good), recent

    @property
    def told(self) -> Mapping[str, Ended]:
        """What was counted up to now."""
        with self._lock:
            return {key: Ended(calls, errors, tuple(recent)) for key, (calls, errors, recent) in self._found.items()}
