"""From the tree of one manifest to what it declares. Shape and words only: no name is looked up here."""

from __future__ import annotations

import re
from sys import intern
from typing import TYPE_CHECKING

from accessctl.manifest.declared import (
    AssetDeclared,
    BusinessDeclared,
    Declared,
    Entry,
    ProfileDeclared,
    RuleDeclared,
    Terms,
)
from accessctl.manifest.document import Items, Map, Scalar
from accessctl.manifest.shape import AD_ACCOUNT_ID, ALIAS, BUSINESS_ID, TASK
from accessctl.manifest.words import read_until
from accessctl.model import Kind, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accessctl.manifest.document import Node
    from accessctl.manifest.shape import Reader
    from accessctl.manifest.words import TaskCheck

_SECTIONS = frozenset({"businesses", "profiles", "defaults", "ad_accounts", "pages", "rules"})
_ASSET_SECTIONS = (("ad_accounts", Kind.AD_ACCOUNT), ("pages", Kind.PAGE))
_BUSINESS = frozenset({"id", "name"})
_DEFAULTS = frozenset({"owner", "labels"})
_ASSET = frozenset({"id", "name", "owner", "labels", "manage", "replace_with_gap", "agencies"})
_TERMS = frozenset({"tasks", "profile", "until", "reason"})
_RULE = _TERMS | {"agency", "on"}
_ON = frozenset({"kind", "owner", "labels"})
_KINDS = frozenset(Kind)
_KIND = re.compile("|".join(Kind))


def read_manifest(reader: Reader, root: Node, tasks: TaskCheck) -> Declared:
    """Read one manifest. Where `reader.misfits` grew, its shape is wrong and what is returned is a part."""
    sections = reader.fields(root, _SECTIONS)
    reader.misfits += not sections and isinstance(root, Map)
    businesses = reader.entries(sections["businesses"], ALIAS) if "businesses" in sections else ()
    profiles = reader.entries(sections["profiles"], ALIAS) if "profiles" in sections else ()
    rules = reader.entries(sections["rules"], ALIAS) if "rules" in sections else ()
    return Declared(
        tuple(_business(reader, key, node) for key, node in businesses),
        tuple(_profile(reader, key, node, tasks) for key, node in profiles),
        tuple(_assets(reader, sections, tasks)),
        tuple(_rule(reader, key, node, tasks) for key, node in rules),
    )


def _business(reader: Reader, alias: Scalar, node: Node) -> BusinessDeclared:
    fields = reader.fields(node, _BUSINESS, ("id",))
    id_ = reader.word(fields["id"], BUSINESS_ID).text if "id" in fields else ""
    return BusinessDeclared(reader.place(alias), alias.text, id_, reader.text(fields.get("name")))


def _profile(reader: Reader, name: Scalar, node: Node, tasks: TaskCheck) -> ProfileDeclared:
    before = reader.misfits
    if isinstance(node, Map):
        fields = reader.fields(node, _KINDS)
        reader.misfits += not fields
        found = {
            kind: tasks.names(reader.file, reader.words(fields[kind], TASK), kind) for kind in Kind if kind in fields
        }
    else:
        found = dict.fromkeys(Kind, tasks.names(reader.file, reader.words(node, TASK), None))
    return ProfileDeclared(reader.place(name), name.text, frozen(found), reader.misfits == before)


def _assets(reader: Reader, sections: Mapping[str, Node], tasks: TaskCheck) -> list[AssetDeclared]:
    before = reader.misfits
    defaults = reader.fields(sections["defaults"], _DEFAULTS) if "defaults" in sections else {}
    owner = reader.word(defaults["owner"], ALIAS) if "owner" in defaults else None
    labels = _labels(reader, defaults.get("labels"))
    sound = reader.misfits == before
    assets = []
    for section, kind in _ASSET_SECTIONS:
        for alias, node in reader.entries(sections[section], ALIAS) if section in sections else ():
            asset = _asset(reader, kind, alias, node, tasks)
            asset = asset._replace(
                owner=asset.owner or owner,
                labels=frozen({**labels, **asset.labels}) if asset.labels else labels,
                sound=asset.sound and sound,
            )
            assets.append(asset)
    return assets


def _asset(reader: Reader, kind: Kind, alias: Scalar, node: Node, tasks: TaskCheck) -> AssetDeclared:
    before = reader.misfits
    fields = reader.fields(node, _ASSET, ("id",))
    pattern = AD_ACCOUNT_ID if kind is Kind.AD_ACCOUNT else BUSINESS_ID
    id_ = reader.word(fields["id"], pattern).text.removeprefix("act_") if "id" in fields else ""
    manage = reader.choice(fields.get("manage"), "exclusive", "additive")
    entries = None
    if "agencies" in fields:
        agencies = reader.entries(fields["agencies"], ALIAS)
        entries = tuple([Entry(key, _entry(reader, kind, value, tasks)) for key, value in agencies])
    return AssetDeclared(
        place=reader.place(alias),
        alias=alias.text,
        kind=kind,
        id=id_,
        name=reader.text(fields.get("name")),
        owner=reader.word(fields["owner"], ALIAS) if "owner" in fields else None,
        labels=_labels(reader, fields.get("labels")),
        exclusive=manage == "exclusive" if manage else None,
        replace_with_gap=reader.flag(fields.get("replace_with_gap")),
        entries=entries,
        sound=reader.misfits == before,
    )


def _entry(reader: Reader, kind: Kind, node: Node, tasks: TaskCheck) -> Terms:
    """Read what one agency gets: a list of tasks, a profile, or the long form."""
    if isinstance(node, Items):
        return Terms(tasks.names(reader.file, reader.words(node, TASK), kind))
    if isinstance(node, Map):
        return _terms(reader, reader.fields(node, _TERMS), kind, tasks)
    return Terms(profile=reader.word(node, ALIAS))


def _terms(reader: Reader, fields: Mapping[str, Node], kind: Kind | None, tasks: TaskCheck) -> Terms:
    """Read the long form. With no kind yet, the tasks are left as words for whoever knows it."""
    if ("tasks" in fields) == ("profile" in fields):
        reader.misfits += 1
    words = reader.words(fields["tasks"], TASK) if "tasks" in fields else ()
    until = read_until(reader, fields.get("until"))
    return Terms(
        tasks.names(reader.file, words, kind) if words and kind else frozenset(),
        () if kind else words,
        reader.word(fields["profile"], ALIAS) if "profile" in fields else None,
        until,
        until is not None and reader.today > until,
        reader.text(fields.get("reason")),
    )


def _labels(reader: Reader, node: Node | None) -> Mapping[str, str]:
    if node is None:
        return frozen({})
    return frozen({_label(reader, key): intern(reader.text(value)) for key, value in reader.entries(node)})


def _label(reader: Reader, key: Scalar) -> str:
    return intern(reader.text(key._replace(kind=0)))


def _rule(reader: Reader, name: Scalar, node: Node, tasks: TaskCheck) -> RuleDeclared:
    before = reader.misfits
    fields = reader.fields(node, _RULE, ("agency", "on"))
    agency = reader.word(fields["agency"], ALIAS) if "agency" in fields else name
    terms = _terms(reader, fields, None, tasks)
    on = reader.fields(fields["on"], _ON) if "on" in fields else {}
    reader.misfits += not on
    kinds = _any_of(reader, on["kind"], _KIND) if "kind" in on else ()
    owners = _any_of(reader, on["owner"], ALIAS) if "owner" in on else ()
    labels = _criteria(reader, on["labels"]) if "labels" in on else ()
    return RuleDeclared(
        place=reader.place(name),
        name=name.text,
        agency=agency,
        terms=terms,
        kinds=tuple(kind for kind in Kind if kind in {word.text for word in kinds}),
        owners=owners,
        labels=labels,
        sound=reader.misfits == before,
    )


def _any_of(reader: Reader, node: Node, pattern: re.Pattern[str] | None = None) -> tuple[Scalar, ...]:
    """Read a text or a list of texts, each of which fits `pattern`."""
    words = []
    for word in reader.items(node) if isinstance(node, Items) else (node,):
        if reader.text(word) and isinstance(word, Scalar):
            reader.misfits += pattern is not None and not pattern.fullmatch(word.text)
            words.append(word)
    return tuple(words)


def _criteria(reader: Reader, node: Node) -> tuple[tuple[str, frozenset[str]], ...]:
    reader.misfits += isinstance(node, Map) and not node.entries
    return tuple(
        (_label(reader, key), frozenset(word.text for word in _any_of(reader, value)))
        for key, value in reader.entries(node)
    )
