"""What somebody with a plan file in hand may try: change it, and make its digest anew with our own code."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from accessctl.errors import AccessctlError
from accessctl.gate import check_age, check_fits, judge_again
from accessctl.plan.document import digest
from accessctl.planfile import read_plan
from accessctl.render.paper import Paper
from accessctl.render.plan_text import plan_text
from accessctl.strictjson import canonical
from tests.company import EVENING, Company

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from accessctl.plan.document import SavedPlan

Json = dict[str, Any]
Forgery = "Callable[[Json], object]"


def forged(document: Json, change: Callable[[Json], object]) -> Json:
    """Return a copy that `change` has changed, with a digest that fits."""
    copied = copy.deepcopy(document)
    change(copied)
    return copied | {"digest": digest(copied)}


def shown(saved: SavedPlan, company: Company) -> str:
    """Return what apply shows before it asks, but for the digest."""
    return plan_text(judge_again(saved, company.load(), None), Paper(80)).partition("\nDigest")[0]


def refusal(company: Company, document: Json, honest: SavedPlan, *, age: timedelta) -> str:
    """Put a document before apply's own checks: why it is refused, or "" for one that does and shows the same."""
    path = company.directory / "forged.json"
    path.write_text(canonical(document))
    try:
        saved = read_plan(path)
        check_age(saved, honest.created_at + age, age)
        with company.connected() as (project, connection):
            check_fits(saved, project, connection, now=EVENING)
    except AccessctlError as error:
        return error.what
    assert saved.plan.actions == honest.plan.actions
    assert shown(saved, company) == shown(honest, company)
    return ""


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Return the way to every plain value in a document, and to every list and object."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))


def at(document: Json, path: tuple[str | int, ...]) -> Any:
    """Return what stands at the end of a way."""
    found: Any = document
    for step in path:
        found = found[step]
    return found


def changed_leaf(value: Any) -> list[Any]:
    """Other values of the same type."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, 0]
    if isinstance(value, str):
        return [f"{value}x", "", value[::-1], "1" + value[1:]]
    if isinstance(value, list):
        return [value[:-1], [*value, *value[-1:]], value[::-1], []]
    return [{key: item for key, item in value.items() if key != gone} for gone in value] if value else []
