"""The JSON Schemas of the files, and what is wrong with a file in their terms, at its line and column."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accessctl.errors import Problem
from accessctl.manifest.document import Items, Map, Scalar, quote_it
from accessctl.manifest.findings import MOST_PROBLEMS_A_FILE, did_you_mean, shown
from accessctl.manifest.scalars import NULL, QUOTED, core_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from accessctl.manifest.document import Document, Node

SCHEMAS = ("project", "manifest", "plan", "world")


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Return a schema by its name. The wheel has them inside the package, a checkout beside it."""
    file = f"{name}.schema.json"
    packed = resources.files("accessctl") / "schemas" / file
    text = packed.read_text("utf-8") if packed.is_file() else _beside(file).read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def explain(document: Document, schema_name: str) -> list[Problem]:
    """List where a file does not fit its schema, in the order of the file; empty where it does.

    What a YAML reader could take for something else than the text that is wanted is listed as well: a
    schema sees only what one reader made of it.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # The empty registry is what keeps a `$ref` from being fetched (FAULTS 4).
    validator = Draft202012Validator(load_schema(schema_name), registry=Registry())
    errors = validator.iter_errors(plain(document.root))
    told = (problem for error in errors for problem in _problems(document, error))
    problems = set(islice(told, MOST_PROBLEMS_A_FILE + 1))
    places = {problem.place for problem in problems}
    for scalar in _doubtful(document.root):
        if document.place(scalar) not in places:
            problems.add(Problem(document.place(scalar), quote_it(scalar)))
    return sorted(problems)


def plain(node: Node) -> object:
    """Return what an editor that follows YAML 1.2 sees: maps, lists, texts, numbers, true, false, null."""
    if isinstance(node, Map):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Items):
        return [plain(item) for item in node.nodes]
    return core_value(node.text, node.kind)


def _beside(file: str) -> Path:
    return Path(__file__).parents[2] / "schemas" / file


def _doubtful(node: Node) -> Iterator[Scalar]:
    """List the scalars that no place in the language takes: decimals, and what readers disagree about."""
    if isinstance(node, Scalar):
        if node.kind > NULL:
            yield node
        return
    children = [value for _, value in node.entries] if isinstance(node, Map) else node.nodes
    for child in children:
        yield from _doubtful(child)


def _problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    """Put one error of jsonschema into words, at the key or the value that is wrong."""
    key, node = _find(document.root, list(error.absolute_path))
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    comment = f"; {schema['$comment']}" if "$comment" in schema else ""
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, node, schema.get("properties", {}))
    elif "propertyNames" in error.relative_schema_path and isinstance(node, Map):
        wrong = next(k for k, _ in node.entries if k.text == error.instance)
        yield Problem(document.place(wrong), f"expected {schema.get('title')}, found {shown(wrong.text)}{comment}")
    elif error.validator == "required":
        # jsonschema reports each missing key on its own and names it in its text alone.
        missing = error.message.split("'")[1]
        yield Problem(document.place(key or node), comment[2:] or f"{missing!r} is missing here")
    elif error.validator == "not":
        yield Problem(document.place(key or node), comment[2:])
    else:
        at = key if key is not None and isinstance(node, Scalar) and not node.text and node.kind != QUOTED else node
        yield Problem(document.place(at), f"expected {schema.get('title')}, {_found(node, schema)}{comment}")


def _unknown_keys(document: Document, node: Node, known: dict[str, Any]) -> Iterator[Problem]:
    entries = node.entries if isinstance(node, Map) else ()
    for key, _ in entries:
        if key.text not in known:
            near = did_you_mean(key.text, known) or f"; one of {', '.join(known)}"
            yield Problem(document.place(key), f"unknown key {shown(key.text)}{near}")


def _found(node: Node, schema: dict[str, Any]) -> str:
    """Say what is there instead, and the fix where it is a matter of quotes or of a near word."""
    if isinstance(node, Map):
        return "found a map" if node.entries else "found an empty map"
    if isinstance(node, Items):
        return "found a list" if node.nodes else "found an empty list"
    value = core_value(node.text, node.kind)
    if value is None:
        return "found nothing" if not node.text else f'found {node.text}, which is nothing; quote it, "{node.text}"'
    if not isinstance(value, str):
        wants_text = "string" in schema.get("type", ())
        return f"found {node.text[:60]}" + (f': quote it, "{node.text[:60]}"' if wants_text else "")
    if len(value) > schema.get("maxLength", len(value)):
        return f"found a text of {len(value)} characters"
    words = [str(word) for word in (*schema.get("enum", ()), *schema.get("examples", ()))]
    return f"found {shown(value)}{did_you_mean(value, words)}"


def _find(root: Node, path: list[str | int]) -> tuple[Scalar | None, Node]:
    """Return the node at a path, and its key where it has one."""
    key: Scalar | None = None
    node = root
    for step in path:
        if isinstance(node, Map):
            key, node = next(entry for entry in node.entries if entry[0].text == step)
        elif isinstance(node, Items) and isinstance(step, int):
            key, node = None, node.nodes[step]
    return key, node
