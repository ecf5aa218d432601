"""The JSON Schemas of the files, and what is wrong with a file in their terms, at its line and column."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accessctl.errors import Problem
from accessctl.manifest.document import Items, Map, Scalar, quote_it
from accessctl.manifest.findings import MOST_PROBLEMS_A_FILE, did_you_mean, shown
from accessctl.manifest.scalars import NULL, QUOTED, core_value
from accessctl.slips import Slip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

    from accessctl.manifest.document import Document, Node

ZERO_FIRST = re.compile(r"(?:act_)?0[0-9]*")
NO_ZERO_FIRST = "an id never begins with 0, look it up in Business Settings"

SCHEMAS = ("project", "manifest", "plan", "events", "report", "snapshot", "world")


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
    schema sees only what one reader made of it. Ends soon after the most problems that are shown of a file.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry

    schema = load_schema(schema_name)
    # The empty registry is what keeps a `$ref` from being fetched (FAULTS 4).
    validator = Draft202012Validator(schema, registry=Registry())
    problems: set[Problem] = set()
    for part in _parts(document.root, schema):
        problems |= _explain_part(document._replace(root=part), validator)
        if len(problems) > MOST_PROBLEMS_A_FILE:
            break
    return sorted(problems)[: MOST_PROBLEMS_A_FILE + 1]


def plain(node: Node) -> object:
    """Return what an editor that follows YAML 1.2 sees: maps, lists, texts, numbers, true, false, null."""
    if isinstance(node, Map):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Items):
        return [plain(item) for item in node.nodes]
    return core_value(node.text, node.kind)


def _beside(file: str) -> Path:
    return Path(__file__).parents[2] / "schemas" / file


def _parts(root: Node, schema: dict[str, Any]) -> Iterator[Node]:
    """Cut a file at the entries of its sections, which say nothing of each other; in the order of the file."""
    if not isinstance(root, Map) or not root.entries or "required" in schema:
        yield root
        return
    for key, node in root.entries:
        is_open = "propertyNames" in schema["properties"].get(key.text, {})
        if is_open and isinstance(node, Map) and node.entries:
            for entry in node.entries:
                yield root._replace(entries=((key, node._replace(entries=(entry,))),))
        else:
            yield root._replace(entries=((key, node),))


def _explain_part(document: Document, validator: Draft202012Validator) -> set[Problem]:
    errors = validator.iter_errors(plain(document.root))
    told = (problem for error in errors for problem in _problems(document, error, validator))
    problems = set(islice(told, MOST_PROBLEMS_A_FILE + 1))
    places = {problem.place for problem in problems}
    doubtful = (scalar for scalar in _doubtful(document.root) if document.place(scalar) not in places)
    for scalar in islice(doubtful, MOST_PROBLEMS_A_FILE + 1):
        problems.add(Problem(document.place(scalar), _write_it(scalar), Slip.UNCLEAR_VALUE))
    return problems


def _write_it(scalar: Scalar) -> str:
    """Say how to write what the schema takes for the right thing and another YAML reader may not."""
    value = core_value(scalar.text, scalar.kind)
    if isinstance(value, str):
        return quote_it(scalar)
    plainly = str(value).lower() if isinstance(value, bool) else f"{value:.0f}"
    return f"{scalar.text[:60]} is not the same to every YAML reader: write {plainly[:60]}"


def _doubtful(node: Node) -> Iterator[Scalar]:
    """List the scalars that no place in the language takes: decimals, and what readers disagree about."""
    if isinstance(node, Scalar):
        if node.kind > NULL:
            yield node
        return
    children = [value for _, value in node.entries] if isinstance(node, Map) else node.nodes
    for child in children:
        yield from _doubtful(child)


def _problems(document: Document, error: ValidationError, validator: Draft202012Validator) -> Iterator[Problem]:
    """Put one error of jsonschema into words, at the key or the value that is wrong."""
    key, node = _find(document.root, list(error.absolute_path))
    schema: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    comment = f"; {schema['$comment']}" if "$comment" in schema else ""
    if error.validator == "additionalProperties":
        yield from _unknown_keys(document, node, schema.get("properties", {}))
    elif "propertyNames" in error.relative_schema_path and isinstance(node, Map):
        wrong = next(k for k, _ in node.entries if k.text == error.instance)
        text = f"expected {schema.get('title')}, found {shown(wrong.text)}{comment}"
        yield Problem(document.place(wrong), text, Slip.WRONG_NAME)
    elif error.validator == "required":
        # jsonschema reports each missing key on its own and names it in its text alone.
        missing = error.message.split("'")[1]
        yield Problem(document.place(key or node), comment[2:] or f"{missing!r} is missing here", Slip.MISSING_KEY)
    elif "title" not in schema:
        yield Problem(document.place(key or node), comment[2:], Slip.WRONG_VALUE)
    else:
        at = key if key is not None and isinstance(node, Scalar) and not node.text and node.kind != QUOTED else node
        found = _found(node, schema, validator.evolve(schema=schema).is_valid)
        yield Problem(document.place(at), f"expected {schema['title']}, {found}{comment}", Slip.WRONG_VALUE)


def _unknown_keys(document: Document, node: Node, known: dict[str, Any]) -> Iterator[Problem]:
    entries = node.entries if isinstance(node, Map) else ()
    for key, _ in entries:
        if key.text not in known:
            near = did_you_mean(key.text, known) or f"; one of {', '.join(known)}"
            yield Problem(document.place(key), f"unknown key {shown(key.text)}{near}", Slip.UNKNOWN_KEY)


def _found(node: Node, schema: dict[str, Any], fits: Callable[[object], bool]) -> str:
    """Say what is there instead, and the fix where it is a matter of quotes or of a near word."""
    if isinstance(node, Map):
        return "found a map" if node.entries else "found an empty map"
    if isinstance(node, Items):
        return "found a list" if node.nodes else "found an empty list"
    if not node.text and node.kind != QUOTED:
        return "found nothing"
    value = core_value(node.text, node.kind)
    is_id = " id (" in schema["title"]
    if is_id and ZERO_FIRST.fullmatch(node.text):
        return f"found {node.text[:60]}; {NO_ZERO_FIRST}"
    if not isinstance(value, str):
        what = f"found {node.text[:60]}" + ", which is nothing" * (value is None)
        return what + (f': quote it, "{node.text[:60]}"' if fits(node.text) else "")
    if len(value) > schema.get("maxLength", len(value)):
        return f"found a text of {len(value)} characters"
    # The example of an id is somebody else's.
    words = () if is_id else (*schema.get("enum", ()), *schema.get("examples", ()))
    return f"found {shown(value)}{did_you_mean(value, map(str, words))}"


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
