"""A way to Meta, or to the sandbox: which tokens, which URL, and where the record of what was sent is kept."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.graph.address import DEFAULT_BASE_URL, check_base_url
from accessctl.keeping import check_ends_moved, check_moved, ledger_of, lock_of, records_of
from accessctl.live.read import ActingBusiness
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from accessctl.graph.client import Session
    from accessctl.graph.reader import Reader
    from accessctl.graph.secret import Secret
    from accessctl.graph.writer import Writer
    from accessctl.ledger import Ledger
    from accessctl.lock import Lock
    from accessctl.manifest import Project
    from accessctl.model import Cost
    from accessctl.records import Records
    from accessctl.sandbox import Sandbox
    from accessctl.sandbox.store import Store
    from accessctl.watch import Watch
    from accessctl.way import Way

STATE = Path(".accessctl")  # below the project, and never in git
BUSY = "wait until it has ended; a server ends with Ctrl-C, or give its URL with --graph-url instead of --sandbox"
IN_PROCESS = "http://localhost"  # the address a sandbox inside this process is called by; nothing listens there


@dataclass(frozen=True, slots=True)
class Connection:
    """An open way. `url` is how plans and the journal name it; `cost` tells what was asked of it so far.

    Who plans takes `reader` from it, who applies takes `writer` too. Once `stop` is set, `sleep` raises
    GraphError instead of waiting: the run is to end.
    """

    url: str
    reader: Reader
    writer: Writer
    acting: tuple[ActingBusiness, ...]
    journal: Ledger
    records: Records
    lock: Lock
    sleep: Callable[[float], None]
    stop: threading.Event
    watch: Watch
    session: Session

    @property
    def cost(self) -> Cost:
        """What was asked of Meta so far."""
        return self.session.cost


@contextmanager
def connect(
    project: Project,
    directory: Path,
    way: Way,
    environ: Mapping[str, str],
    tell: Callable[[str], None] = lambda _: None,
    watch: Watch = QUIET,
) -> Iterator[Connection]:
    """Open the way for a project's acting businesses, and close it at the end.

    `watch` is told what reads wait for, `tell` is given warnings, and the lines that make a CI system hide a
    token. Raises AccessctlError where a token or the URL is missing or unfit.
    """
    if way.sandbox and way.graph_url:
        raise AccessctlError(
            "--sandbox and --graph-url name two different Graph APIs",
            "give one of them; ACCESSCTL_SANDBOX and ACCESSCTL_GRAPH_URL in the environment count too",
        )
    with (
        _sandbox(project, directory, way, environ, tell, watch)
        if way.sandbox
        else _network(project, directory, way, environ, tell, watch) as open_
    ):
        yield open_


@contextmanager
def _network(
    project: Project,
    directory: Path,
    way: Way,
    environ: Mapping[str, str],
    tell: Callable[[str], None],
    watch: Watch,
) -> Iterator[Connection]:
    from accessctl.graph.credentials import mask_lines, read_credentials

    url = check_base_url(way.graph_url or DEFAULT_BASE_URL)
    aliases = {business: project.desired.businesses[business].alias for business in project.policy.acts_as}
    credentials = read_credentials(environ, aliases, way.token_command)
    for line in (*mask_lines(credentials.unmasked, environ), *(f"warning: {text}" for text in credentials.warnings)):
        tell(line)
    tokens = {business: credentials.for_business(business) for business in aliases}
    state = directory / STATE
    stop = threading.Event()
    sleep = partial(_sleep, stop)
    lock = lock_of(way, state / "lock", tuple(tokens), environ)
    journal = ledger_of(way, state / "journal.jsonl", environ, lock.check)
    check_moved(way, state / "journal.jsonl", journal)
    records = records_of(way, state / "records", environ)
    check_ends_moved(way, state / "records", records)
    with _session(project, url, credentials.app_secret, way, watch, lock, sleep=sleep) as session:
        try:
            yield _connection(project, url, session, tokens, journal, records, lock, sleep, stop, watch)
        finally:
            stop.set()  # nobody goes on waiting for a turn that is not wanted any more


@contextmanager
def _sandbox(
    project: Project,
    directory: Path,
    way: Way,
    environ: Mapping[str, str],
    tell: Callable[[str], None],
    watch: Watch,
) -> Iterator[Connection]:
    from accessctl.graph.secret import Secret
    from accessctl.sandbox.transport import SandboxTransport

    with opened_sandbox(directory, Path(way.sandbox), BUSY) as (store, sandbox):
        transport = SandboxTransport(sandbox)
        with_ = sandbox.world.acts_with
        tokens = {
            business: Secret(with_.get(business, f"sandbox-{business}"), "a sandbox token")
            for business in project.policy.acts_as
        }
        app_secret = _of_world(sandbox, Path(way.sandbox).name, environ, tell)
        url = f"sandbox:{Path(way.sandbox).name}"
        lock = lock_of(way, sandbox_state(directory) / "lock", tuple(tokens), environ)
        journal = ledger_of(way, store.journal, environ, lock.check)
        check_moved(way, store.journal, journal)
        records = records_of(way, store.records, environ)
        check_ends_moved(way, store.records, records)
        sleep, inside = sandbox.pass_time, {"transport": transport, "clock": lambda: sandbox.elapsed}
        with _session(project, IN_PROCESS, app_secret, way, watch, lock, sleep=sleep, **inside) as session:
            yield _connection(project, url, session, tokens, journal, records, lock, sleep, threading.Event(), watch)


def _of_world(sandbox: Sandbox, world: str, environ: Mapping[str, str], tell: Callable[[str], None]) -> Secret | None:
    """Return what calls to a world with an app secret are proved with, None for any other world.

    It is no more read from the world than from Meta. Raises AccessctlError where it is not set.
    """
    if not sandbox.world.app_secret:
        return None
    from accessctl.graph.credentials import APP_SECRET, mask_lines, read_credentials

    credentials = read_credentials(environ, {})
    for line in (*mask_lines(credentials.unmasked, environ), *(f"warning: {text}" for text in credentials.warnings)):
        tell(line)
    if credentials.app_secret is None:
        raise AccessctlError(
            f"{world} has an app secret, so each call needs a proof that is made with it, and {APP_SECRET} is not set",
            f"set {APP_SECRET} to the app_secret of {world}, or take app_secret out of it",
        )
    return credentials.app_secret


def sandbox_state(directory: Path) -> Path:
    """Return where a project keeps what is done in its sandboxes."""
    return directory / STATE / "sandbox"


@contextmanager
def opened_sandbox(directory: Path, world: Path, hint: str) -> Iterator[tuple[Store, Sandbox]]:
    """Open the project's sandbox of a world file, alone; `hint` is for when another command has it open.

    Raises AccessctlError for a world or a state that is none, also for what the block does to it.
    """
    with held_sandbox(directory, world, hint) as store:
        sandbox = store.open()
        try:
            yield store, sandbox
        finally:
            sandbox.close()


@contextmanager
def held_sandbox(directory: Path, world: Path, hint: str) -> Iterator[Store]:
    """Hold what is kept of the project's sandbox of a world file, alone, and do not read it yet.

    Raises AccessctlError for a world that is none, also for what the block does to it.
    """
    from accessctl.lock import hold
    from accessctl.sandbox import WorldError
    from accessctl.sandbox.store import Store

    state = sandbox_state(directory)
    try:
        store = Store(state, world)
        with hold(state / "open.lock", "another command is using the sandbox", hint=hint):
            yield store
    except WorldError as error:
        raise AccessctlError(error.what, error.hint) from None


def _sleep(stop: threading.Event, seconds: float) -> None:
    from accessctl.graph.errors import GraphError, Trouble

    if seconds and stop.wait(seconds):
        raise GraphError("stopped while waiting for Meta", "run the command again", trouble=Trouble.NETWORK)


def _session(
    project: Project, url: str, app_secret: Secret | None, way: Way, watch: Watch, lock: Lock, **more: object
) -> Session:
    from accessctl.graph.client import connect as open_session

    return open_session(
        base_url=url,
        version=project.graph_version,
        app_secret=app_secret,
        max_wait=way.max_wait,
        parallelism=way.parallelism,
        watch=watch,
        permit=lock.check,
        **more,  # type: ignore[arg-type]
    )


def _connection(
    project: Project,
    url: str,
    session: Session,
    tokens: Mapping[str, Secret],
    journal: Ledger,
    records: Records,
    lock: Lock,
    sleep: Callable[[float], None],
    stop: threading.Event,
    watch: Watch,
) -> Connection:
    acting = tuple(ActingBusiness(project.desired.businesses[business], token) for business, token in tokens.items())
    return Connection(url, session.reader, session.writer, acting, journal, records, lock, sleep, stop, watch, session)
