"""The names of declared agencies that no listing names, so that nobody gets a first grant unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.graph.batch import CHUNK, BatchRead
from accessctl.graph.edges import read_name
from accessctl.graph.errors import GraphError
from accessctl.model import Business

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret

MOST = CHUNK  # one request; more new agencies at once are a new project, and a reviewer has their ids


def read_names(reader: Reader, token: Secret, unnamed: Sequence[str]) -> Iterator[Business]:
    """Return those of the first fifty businesses whose name Meta tells, in one request. Raises nothing.

    Whether a business that shares nothing with the caller may read another's name is documented nowhere
    (GRAPH_API 1.3 has the field, and says nothing of who may ask): a refusal is no trouble, and leaves the
    name unread.
    """
    asked = unnamed[:MOST]
    answers = reader.batch([BatchRead((business,), {"fields": "id,name"}) for business in asked], token)
    for business, answer in zip(asked, answers, strict=True):
        if isinstance(answer, GraphError) or answer.get("id") != business:
            continue
        if name := read_name(answer):
            yield Business(business, name=name)
