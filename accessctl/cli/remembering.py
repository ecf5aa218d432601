"""The journal for commands that ask no Graph API: where the options and the environment say it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from accessctl.cli.options import HERE

if TYPE_CHECKING:
    from accessctl.ledger import Ledger
    from accessctl.way import Way


def journal_of(way: Way, graph_url: str = "") -> Ledger:
    """Return the journal that an apply on this way would write; there need not be one yet.

    With a `graph_url`, the one of an apply there: a sandbox of another name is then not meant. Raises
    AccessctlError for a sandbox or an object store that is none.
    """
    from accessctl.connection import STATE
    from accessctl.keeping import ledger_of

    usual = HERE / STATE / "journal.jsonl"
    is_meant = not graph_url or graph_url == f"sandbox:{Path(way.sandbox).name}"
    if way.sandbox and is_meant and not (way.journal or way.state):
        usual = sandbox_journal(HERE / STATE / "sandbox", Path(way.sandbox))
    return ledger_of(way, usual, os.environ)


def sandbox_journal(state: Path, world: Path) -> Path:
    """Return the journal of a sandbox that starts from `world`. Raises AccessctlError for a world that is none."""
    from accessctl.errors import AccessctlError
    from accessctl.sandbox import WorldError
    from accessctl.sandbox.store import Store

    try:
        return Store(state, world).journal
    except WorldError as error:
        raise AccessctlError(error.what, error.hint) from None
