"""accessctl history."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from accessctl.cli.options import (
    JOURNAL,
    STATE,
    allow_unknown_tasks_option,
    format_option,
    kept,
    load,
    paper,
    show,
    tell_warnings,
)
from accessctl.cli.remembering import journal_of

if TYPE_CHECKING:
    from accessctl.chain import Chain
    from accessctl.ledger import Ledger
    from accessctl.model import Access, Asset


@click.command("history", epilog="Example: accessctl history de-brand --since 2026-11-01")
@click.argument("name", metavar="[ASSET|AGENCY]", default="")
@click.option("--run", default="", metavar="ID", help="Only what this run of apply did.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only from this day on, UTC.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the last N.")
@click.option("--verify", is_flag=True, help="Check that every line is as it was written; tell nothing else.")
@click.option("--expect-head", default="", metavar="D", help="With --verify: this head must be in the journal.")
@JOURNAL
@STATE
@click.option(
    "--sandbox",
    default="",
    metavar="WORLD.yaml",
    envvar="ACCESSCTL_SANDBOX",
    help="The journal of this sandbox.",
)
@format_option
@allow_unknown_tasks_option
def command(
    name: str,
    run: str,
    since: datetime | None,
    limit: int | None,
    verify: bool,
    expect_head: str,
    journal: str,
    state: str,
    sandbox: str,
    format: str,
    allow_unknown_tasks: bool,
) -> int:
    """Tell what apply has done, from the journal; or check the journal.

    With ASSET or AGENCY (an alias or id), only what is about it. No network and
    no token is needed. The journal is checked whenever it is read: a line that
    was changed, moved or taken out is an error with its number. Lines cut off
    at the end show only to who kept the head that apply printed:
    --verify --expect-head.
    """
    from accessctl.chain import read_chain
    from accessctl.history import narrowed
    from accessctl.history import tell as tell_history
    from accessctl.plan.refs import Names
    from accessctl.render.history import history_json, history_text

    _check_usage(expect_head and not verify, "--expect-head needs --verify")
    _check_usage(verify and (name or run or since or limit), "--verify checks the whole journal, so nothing narrows it")
    ledger = _ledger(journal, state, sandbox)
    chain = read_chain(ledger)
    if verify:
        return _verify(chain, ledger.name, expect_head, format)
    if chain.torn:
        tell_warnings((f"the last line of {ledger.name} was cut short by a crash and is left out",))
    desired = _desired(allow_unknown_tasks=allow_unknown_tasks)
    assets, agencies = _meant(name, desired) if name else ((), ())
    start = since.replace(tzinfo=UTC) if since else None
    found = narrowed(tell_history(chain.entries), assets=assets, agencies=agencies, run=run, since=start)
    found, names = found[-limit:] if limit else found, Names(desired, None)
    show(history_json(found, names) if format == "json" else history_text(found, names, paper()))
    return 0


def _check_usage(is_wrong: object, text: str) -> None:
    if is_wrong:
        raise click.UsageError(text)


def _ledger(journal: str, state: str, sandbox: str) -> Ledger:
    """Return the journal that is meant. A file that was named must be there."""
    from accessctl.errors import AccessctlError
    from accessctl.way import Way

    source = click.get_current_context().get_parameter_source
    named = [name for name in ("journal", "state", "sandbox") if source(name) is ParameterSource.COMMANDLINE]
    _check_usage(len(named) > 1, f"--{' and --'.join(named)} name different journals; leave all but one out")
    state, journal = kept(sandbox, state, journal)
    if journal and not Path(journal).exists():
        raise AccessctlError(f"there is no journal {journal}", "name the file that apply has written")
    return journal_of(Way(sandbox=sandbox, journal=journal, state=state))


def _verify(chain: Chain, name: str, expect_head: str, format: str) -> int:
    from accessctl.chain import HINT, JournalError
    from accessctl.render.chain import chain_json, chain_text

    seen = chain.line_of(expect_head) if expect_head else -1
    if expect_head and seen < 0:
        raise JournalError(f"{name}: no line has the head expected: the journal was cut, or is another one", HINT)
    show(chain_json(chain, name, seen) if format == "json" else chain_text(chain, name, seen, paper()))
    return 0


def _desired(*, allow_unknown_tasks: bool) -> Access:
    """Return what the manifests declare, for its names; nothing, with a warning, where they do not load."""
    from accessctl.errors import AccessctlError
    from accessctl.model import Access, frozen

    try:
        return load(allow_unknown_tasks=allow_unknown_tasks, warn=False).desired
    except AccessctlError as error:
        tell_warnings((f"the project does not load, so ids stand for names: {error.what}",))
        return Access(frozen({}), frozen({}))


def _meant(name: str, desired: Access) -> tuple[tuple[Asset, ...], tuple[str, ...]]:
    """Return the assets and the agencies that a name may stand for: an alias, or any id.

    Raises AccessctlError for a name that nobody declares.
    """
    from accessctl.errors import AccessctlError
    from accessctl.model import Asset, Kind

    bare = name.removeprefix("act_")
    if bare.isascii() and bare.isdigit():
        kinds = [Kind.AD_ACCOUNT] if bare != name else list(Kind)
        return tuple(Asset(kind, bare) for kind in kinds), (name,)
    assets = tuple(asset for asset, access in desired.assets.items() if access.alias == name)
    agencies = tuple(business.id for business in desired.businesses.values() if business.alias == name)
    if not assets and not agencies:
        raise AccessctlError(f"no asset or agency is called '{name}'", "name an alias of the manifests, or an id")
    return assets, agencies
