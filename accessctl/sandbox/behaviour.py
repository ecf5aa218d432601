"""The way in for how a world behaves: its quirks and its faults, checked key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accessctl.sandbox.closed import read_closed
from accessctl.sandbox.world import DELAY, Mishap, Quirks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.sandbox.spot import Spot

MISHAPS = (
    "drop_before",
    "commit_then_drop",
    "http_500",
    "commit_then_500",
    "html_200",
    "truncate",
    "success_false_string",
    "null_batch_entry",
    "throttle",
    "token_expired",
    "cursor_loop",
    "foreign_host_next",
    DELAY,
    "remove_first",
    "add_first",
)
# The words a quirk may have; the other quirks are switches or whole numbers, as their defaults are.
WORDS: Mapping[str, tuple[str, ...]] = {
    "change": ("replace", "add", "refuse"),
    "request_ad_accounts": ("limited", "open"),
    "request_pages": ("open", "limited"),
    "paging": ("cursor", "offset"),
    "partners": ("open", "refused"),
    "score_per": ("ad_account", "app"),
    "obo_business_edges": ("refused", "open"),
    "obo_cancel": ("open", "refused"),
    "obo_success": ("string", "boolean"),
    "obo_shape": ("bare", "list"),
    "limited_writes": ("open", "refused"),
    "app_roles": ("open", "app_token"),
    "app_permissions": ("open", "app_token"),
    "debug_token": ("open", "app_token"),
    "tier": ("by_score", "development_access", "standard_access"),
    "expire_time": ("open", "only_people", "only_businesses", "refused"),
}
LEAST: Mapping[str, int] = {
    "page_size": 1,
    "max_page_size": 1,
    "score_window": 1,
    "score_block": 1,
    "unverified_code": 1,
    "total_count_off_by": -1000000,
}


def read_quirks(spot: Spot) -> Quirks:
    """Read the quirks; what is not written is as in `Quirks()`."""
    plain = Quirks()
    if spot.is_absent:
        return plain
    spot.keys((), Quirks.__slots__)
    return Quirks(**{name: _quirk(spot.at(name), name, getattr(plain, name)) for name in Quirks.__slots__})


def _quirk(spot: Spot, name: str, default: Any) -> Any:
    if name == "closed":
        return read_closed(spot)
    if name in WORDS:
        return spot.word(*WORDS[name], default=default)
    if isinstance(default, bool):
        return spot.flag(default)
    return spot.whole(default, least=LEAST.get(name, 0))


def read_mishap(spot: Spot) -> Mishap:
    """Read one fault. Only a delay has seconds."""
    spot.keys(("match", "do"), ("nth", "seconds"))
    match = spot.at("match").text()
    if match.split(" ")[0] not in ("GET", "POST", "DELETE", "*") or len(match.split(" ")) != 2:
        spot.at("match").refuse("not a method and a path", 'write it like "POST act_123/agencies"')
    do, late = spot.at("do").word(*MISHAPS, default=""), spot.at("seconds")
    if do != DELAY and not late.is_absent:
        late.refuse(f"{do} takes no seconds", f"only {DELAY} does")
    return Mishap(match, do, spot.at("nth").whole(1, least=1), late.seconds(2.0) if do == DELAY else 0.0)
