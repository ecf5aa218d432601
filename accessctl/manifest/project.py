"""From the tree of accessctl.yaml to its settings, still in aliases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from accessctl.manifest.document import Items, Scalar
from accessctl.manifest.scalars import PLAIN
from accessctl.manifest.shape import AGE, ALIAS, VERSION
from accessctl.model import Guards, Policy

if TYPE_CHECKING:
    from accessctl.manifest.document import Node
    from accessctl.manifest.shape import Reader

LATEST_GRAPH_VERSION = "v26.0"
_PROJECT = frozenset({"version", "acts_as", "manifests", "manage", "graph_version", "guards", "requests"})
_GUARDS = frozenset({"max_revokes", "max_revoke_percent", "protect"})
_REQUESTS = frozenset({"stale_after", "unexpected"})
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


class Settings(NamedTuple):
    """What accessctl.yaml says. `guards` of the policy and `acts_as` are filled in when aliases are known."""

    acts_as: tuple[Scalar, ...]
    protect: tuple[Scalar, ...]
    manifests: tuple[Scalar, ...]
    exclusive: bool
    graph_version: str
    policy: Policy


def read_settings(reader: Reader, root: Node) -> Settings:
    """Read the project file. Where `reader.misfits` grew, its shape is wrong and the defaults stand in."""
    fields = reader.fields(root, _PROJECT, ("version", "acts_as"))
    if "version" in fields and reader.whole(fields["version"], 0, 1) != 1:
        reader.misfits += 1
    guards = reader.fields(fields["guards"], _GUARDS) if "guards" in fields else {}
    requests = reader.fields(fields["requests"], _REQUESTS) if "requests" in fields else {}
    return Settings(
        acts_as=reader.words(fields["acts_as"], ALIAS) if "acts_as" in fields else (),
        protect=_protected(reader, guards.get("protect")),
        manifests=_manifests(reader, fields.get("manifests")),
        exclusive=reader.choice(fields.get("manage"), "exclusive", "additive") != "additive",
        graph_version=_graph_version(reader, fields.get("graph_version")),
        policy=Policy(
            acts_as=(),
            guards=Guards(
                max_revokes=reader.whole(guards.get("max_revokes"), 20, 100_000),
                max_revoke_percent=reader.whole(guards.get("max_revoke_percent"), 25, 100),
            ),
            stale_after=_age(reader, requests.get("stale_after")),
            decline_unexpected=reader.choice(requests.get("unexpected"), "report", "decline") == "decline",
        ),
    )


def _protected(reader: Reader, node: Node | None) -> tuple[Scalar, ...]:
    """Read the aliases of `protect`, the one list that may be empty."""
    if node is None or (isinstance(node, Items) and not node.nodes):
        return ()
    return reader.words(node, ALIAS)


def _manifests(reader: Reader, node: Node | None) -> tuple[Scalar, ...]:
    if node is None:
        return (Scalar("access", PLAIN, 1, 1),)
    return tuple(path for path in reader.items(node) if reader.text(path) and isinstance(path, Scalar))


def _graph_version(reader: Reader, node: Node | None) -> str:
    return LATEST_GRAPH_VERSION if node is None else reader.word(node, VERSION).text


def _age(reader: Reader, node: Node | None) -> timedelta:
    word = Scalar("14d", PLAIN, 1, 1) if node is None else reader.word(node, AGE)
    return int(word.text[:-1]) * _UNITS[word.text[-1]] if word.text else timedelta()
