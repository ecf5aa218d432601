"""Task vocabularies and their normal form, as data per kind of asset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from accessctl.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROFILE_PLUS = "PROFILE_PLUS_"

# GRAPH_API 2.1 (spec v25.0 and SDK 26.0.3 agree) and 2.2 (the union of both: each lacks two of the other's).
VOCABULARY: Mapping[Kind, frozenset[str]] = {
    Kind.AD_ACCOUNT: frozenset({"AA_ANALYZE", "ADVERTISE", "ANALYZE", "DRAFT", "MANAGE"}),
    Kind.PAGE: frozenset(
        {
            "ADVERTISE",
            "ANALYZE",
            "CASHIER_ROLE",
            "CREATE_CONTENT",
            "GLOBAL_STRUCTURE_MANAGEMENT",
            "MANAGE",
            "MANAGE_JOBS",
            "MANAGE_LEADS",
            "MESSAGING",
            "MODERATE",
            "MODERATE_COMMUNITY",
            "PAGES_MESSAGING",
            "PAGES_MESSAGING_SUBSCRIPTIONS",
            "PROFILE_PLUS_ADVERTISE",
            "PROFILE_PLUS_ANALYZE",
            "PROFILE_PLUS_CREATE_CONTENT",
            "PROFILE_PLUS_CREATIVE_MANAGEMENT",
            "PROFILE_PLUS_CREATOR_MANAGEMENT",
            "PROFILE_PLUS_FACEBOOK_ACCESS",
            "PROFILE_PLUS_FULL_CONTROL",
            "PROFILE_PLUS_GLOBAL_STRUCTURE_MANAGEMENT",
            "PROFILE_PLUS_MANAGE",
            "PROFILE_PLUS_MANAGE_LEADS",
            "PROFILE_PLUS_MESSAGING",
            "PROFILE_PLUS_MODERATE",
            "PROFILE_PLUS_MODERATE_DELEGATE_COMMUNITY",
            "PROFILE_PLUS_REVENUE",
            "READ_PAGE_MAILBOXES",
            "VIEW_MONETIZATION_INSIGHTS",
        }
    ),
}

# GRAPH_API 2.3: the names whose PROFILE_PLUS_ form means the same. The other PROFILE_PLUS_ names have no
# classic twin and stay as they are.
TWINS = frozenset(
    {
        "ADVERTISE",
        "ANALYZE",
        "CREATE_CONTENT",
        "GLOBAL_STRUCTURE_MANAGEMENT",
        "MANAGE",
        "MANAGE_LEADS",
        "MESSAGING",
        "MODERATE",
    }
)


@dataclass(frozen=True, slots=True)
class ServerAdded:
    """Tasks Meta adds by itself on a new-experience Page when any of `asked` is granted."""

    asked: frozenset[str]
    added: frozenset[str]
    source: str


SERVER_ADDED: tuple[ServerAdded, ...] = (
    ServerAdded(
        asked=frozenset({"MANAGE", "CREATE_CONTENT", "MODERATE", "ADVERTISE"}),
        added=frozenset({"ANALYZE", "MESSAGING", "MANAGE_LEADS"}),
        source="GRAPH_API 2.3: a live read-back after granting these four",
    ),
)

# Tasks that let an agency change settings, people or billing; a plan says so before its list.
MANAGE_LIKE = frozenset({"MANAGE", "PROFILE_PLUS_FULL_CONTROL"})

MANY = 10_000  # sets of tasks whose normal form and difference are remembered


def normal(tasks: Iterable[str]) -> frozenset[str]:
    """Return `tasks` with every PROFILE_PLUS_ name that has a classic twin replaced by it."""
    return _normal(frozenset(tasks))


@lru_cache(MANY)  # most grants are one of a few sets of tasks
def _normal(tasks: frozenset[str]) -> frozenset[str]:
    return frozenset(
        task.removeprefix(PROFILE_PLUS) if task.removeprefix(PROFILE_PLUS) in TWINS else task for task in tasks
    )


def is_known(kind: Kind, task: str) -> bool:
    """Tell whether Meta's published vocabulary for this kind of asset has `task`."""
    return task in VOCABULARY[kind]


def server_added(kind: Kind, wanted: frozenset[str], live: frozenset[str]) -> frozenset[str]:
    """Return the live tasks nobody asked for that Meta is known to add by itself (normal form).

    Only a Page that answers in PROFILE_PLUS_ names is of the new experience, where this happens.
    """
    if kind is not Kind.PAGE or not any(task.startswith(PROFILE_PLUS) for task in live):
        return frozenset()
    asked = normal(wanted)
    held = normal(live)
    added = frozenset[str]().union(*(row.added for row in SERVER_ADDED if row.asked & asked & held))
    return (held & added) - asked


def unknown(kind: Kind, live: frozenset[str]) -> frozenset[str]:
    """Return the live tasks no vocabulary has. They are kept and shown, never a reason to act."""
    return frozenset(task for task in live if not is_known(kind, task))


@lru_cache(MANY)
def difference(kind: Kind, wanted: frozenset[str], live: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tasks `live` lacks and those it has too many, in normal form.

    Server-added tasks and tasks nobody knows are never too many.
    """
    asked, held = normal(wanted), normal(live)
    tolerated = server_added(kind, wanted, live) | unknown(kind, live)
    return asked - held, held - asked - tolerated


def is_same(kind: Kind, wanted: frozenset[str], live: frozenset[str]) -> bool:
    """Tell whether `live` is what `wanted` asks for: nothing missing, nothing too many."""
    return difference(kind, wanted, live) == (frozenset(), frozenset())
