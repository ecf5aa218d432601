"""The sentence: load, read, plan, guard, apply, journal."""

from __future__ import annotations

import contextlib
import platform
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from accessctl import __version__
from accessctl.errors import AccessctlError
from accessctl.guard import judge
from accessctl.plan.document import save
from accessctl.plan.limits import limits_of
from accessctl.plan.make import make_plan
from accessctl.plan.nouns import BusinessRef, Origin, Scope, SnapshotRef
from accessctl.selectors import in_scope, selected
from accessctl.tryagain import with_tried_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from accessctl.apply import GraphDoor, Pending, Result, Settled, Step, Writer
    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.journal import Journal
    from accessctl.manifest import Project
    from accessctl.model import Access, Asset, Cost, Remembered
    from accessctl.plan.document import SavedPlan
    from accessctl.plan.refs import Names
    from accessctl.snapshot import Snapshot


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks of a plan beyond the manifests.

    `ask_again` are selectors of pairs whose earlier request or grant, still open as far as the journal knows,
    shall be forgotten, and whose call, and what it takes to read them, shall be tried also where Meta was found not
    to open it.
    """

    scope: Scope = EVERYTHING
    ask_again: tuple[str, ...] = ()
    replace_with_gap: bool = False


NO_WISH = Wish()


def read_access(project: Project, connection: Connection, wish: Wish = NO_WISH, now: datetime | None = None) -> Access:
    """Read live access, and put back what only the journal knows; `now` is the time where it is not given."""
    from accessctl.looking import look

    return _recalled(*look(project, connection, wish.scope, now, wish.ask_again), project, wish)


def _recalled(live: Access, remembered: Mapping[tuple[Asset, str], Remembered], project: Project, wish: Wish) -> Access:
    from accessctl.live.recall import recall

    again = selected(wish.ask_again, remembered, project.desired)
    return with_tried_again(recall(live, remembered, project.desired, again), project.desired, wish.ask_again)


def take_snapshot(project: Project, connection: Connection, now: datetime) -> Snapshot:
    """Read live access and keep it as it was read; `now` is when that began."""
    from accessctl.live.wanted import sides_of
    from accessctl.looking import look
    from accessctl.model import Kind
    from accessctl.snapshot import Look, Snapshot
    from accessctl.snapshot.document import sealed

    live, remembered = look(project, connection, EVERYTHING, now)
    sides = sides_of(project.desired, project.policy.acts_as)
    return sealed(
        Snapshot(
            live=live,
            remembered=remembered,
            looks=tuple(sorted(Look(business, side, tuple(Kind)) for business, side in sides)),
            acts_as=acting_of(project),
            graph_version=project.graph_version,
            graph_url=connection.url,
            taken_at=now,
            cost=connection.cost,
            tool_version=__version__,
        )
    )


def plan_project(
    project: Project,
    connection: Connection,
    wish: Wish,
    now: datetime,
    notes: Sequence[str] = (),
) -> SavedPlan:
    """Read, plan, and let the guards judge. Changes nothing anywhere. `notes` are warnings from elsewhere."""
    live = read_access(project, connection, wish, now)
    live = replace(live, notes=(*live.notes, *notes))
    origin = origin_of(project, project.graph_version, connection.url, wish)
    return _plan(project, live, wish, origin, now, cost=connection.cost)


def plan_from_snapshot(project: Project, snapshot: Snapshot, wish: Wish, now: datetime) -> SavedPlan:
    """Plan as if live access were still as the snapshot has it; asks nobody anything.

    Raises AccessctlError where the snapshot was taken by other businesses than the project acts as.
    """
    from accessctl.lost import after_ends

    live = after_ends(access_of(project, snapshot, wish), now)
    origin = origin_of(project, snapshot.graph_version, snapshot.graph_url, wish)
    origin = replace(origin, snapshot=SnapshotRef(snapshot.taken_at, snapshot.digest, snapshot.is_complete))
    return _plan(project, live, wish, origin, now)


def access_of(project: Project, snapshot: Snapshot, wish: Wish = NO_WISH) -> Access:
    """Return live access as a snapshot has it, with a gap where it did not look.

    Raises AccessctlError where the snapshot was taken by other businesses than the project acts as.
    """
    from accessctl.live.wanted import sides_of
    from accessctl.snapshot.use import check_acting, live_of

    check_acting(snapshot, [project.desired.businesses[business] for business in project.policy.acts_as])
    live = live_of(snapshot, sides_of(project.desired, project.policy.acts_as))
    return _recalled(live, snapshot.remembered, project, wish)


def _plan(
    project: Project, live: Access, wish: Wish, origin: Origin, now: datetime, cost: Cost | None = None
) -> SavedPlan:
    scope = in_scope(wish.scope.targets, wish.scope.excludes, project.desired)
    plan = make_plan(project.desired, live, project.policy, in_scope=scope, replace_with_gap=wish.replace_with_gap)
    warnings = (*map(str, project.warnings), *plan.warnings, *live.notes)
    if origin.graph_version != project.graph_version:
        warnings += (f"the snapshot was read with Graph {origin.graph_version}, not {project.graph_version}",)
    plan = replace(plan, warnings=warnings)
    verdict = judge(plan, project.policy.guards, acting=project.policy.acts_as)
    return save(plan, origin, verdict, now, cost)


def origin_of(project: Project, graph_version: str, graph_url: str, wish: Wish) -> Origin:
    """Return what a plan made now is made from."""
    return Origin(
        manifests_digest=project.digest,
        manifest_files=tuple(path for path, _ in project.files),
        graph_version=graph_version,
        graph_url=graph_url,
        acts_as=acting_of(project),
        scope=replace(wish.scope, ask_again=wish.ask_again, replace_with_gap=wish.replace_with_gap),
        limits=limits_of(project.policy, project.desired.businesses),
    )


def acting_of(project: Project) -> tuple[BusinessRef, ...]:
    """Return the businesses the project acts as, as a document names them."""
    acting = (project.desired.businesses[business] for business in project.policy.acts_as)
    return tuple(BusinessRef(business.id, business.alias, business.name) for business in acting)


def apply_plan(
    saved: SavedPlan,
    connection: Connection,
    *,
    parallelism: int = 10,
    in_words: Callable[[Step], str] = lambda step: step.outcome.value,
    stopping: Callable[[int], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    started_by: Mapping[str, str] | None = None,
    names: Names | None = None,
    patience: float = 0.0,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Result:
    """Carry out a plan that was checked and confirmed, alone in this project, with a journal of every write.

    The connection's watch is told of every step; `in_words` says how one ended. `stopping` is told when the run
    is interrupted, with how many steps are in flight. `started_by` is what each line of the journal shall say of
    who started the run; `warn` is told of a journal that a crash has cut short, of writes that a crash left
    open, with the aliases that `names` knows, and of a lock that is waited for, at most `patience` seconds.
    """
    from accessctl.apply import Run, Writer, pending_of, sent_since
    from accessctl.closing import closing_of
    from accessctl.holder import Holder
    from accessctl.journal import Journal, read_journal, remember
    from accessctl.overtaken import check_not_overtaken

    closing = closing_of(connection, clock, warn, saved.origin.scope)
    door = _door(saved, connection, closing, clock)
    about = {**(started_by or {}), "plan_digest": saved.digest}
    journal = Journal(connection.journal, uuid.uuid4().hex[:12], about=about, now=clock)
    by = about.get("actor") or platform.node()
    holder = Holder(journal.run, clock(), by, about.get("run_url", ""))
    done: list[Result] = []
    with _telling(done), connection.lock.hold(holder, patience, warn), contextlib.ExitStack() as opened:
        entries = read_journal(connection.journal)  # checked before it is touched
        check_not_overtaken(saved, entries, connection.url, clock())
        opened.enter_context(journal)
        if journal.head.lines != len(entries):  # who lost the lock has told meanwhile how its last call ended
            entries = read_journal(connection.journal)
        remembered, pending = remember(entries, connection.url), pending_of(entries, connection.url)
        if journal.torn:
            warn(f"the last line of {connection.journal.name} was cut short by a crash, and was taken away")
        _begin(journal, saved)
        writer = Writer(door, journal, connection.sleep, connection.watch)
        settled = _settle(pending, writer, connection, clock, warn, names) if pending else ()
        if settled:
            remembered = remember(read_journal(connection.journal), connection.url)
        since = sent_since(remembered, saved.name, saved.read_at)

        def stop(in_flight: int) -> None:
            connection.stop.set()
            stopping(in_flight)

        run = Run(writer, since, stop=stop, in_words=in_words)
        result = run.carry_out(saved.plan.actions, parallelism)
        done.append(result)
        if not run.stops.run:  # else some were not tried, and might have gone through
            closing.conclude()
        _tell_closed(closing, warn)
        with contextlib.suppress(AccessctlError):  # a broken journal has ended the run, and says so itself
            journal.write("run_ended", outcomes={str(key): count for key, count in result.outcomes().items()})
    return replace(done[0], head=journal.head, settled=settled)


@contextlib.contextmanager
def _telling(done: list[Result]) -> Iterator[None]:
    """Keep what was done where a signal comes while the journal is closed and the lock let go: it must be told."""
    try:
        yield
    except BaseException as cause:
        if not done:
            raise
        done[0] = replace(done[0], stopped_by=done[0].stopped_by or cause)


def _door(saved: SavedPlan, connection: Connection, closing: Closing, clock: Callable[[], datetime]) -> GraphDoor:
    """Return the door to Meta, which knows what the tokens are foretold to lose, by the plan or by the records."""
    from accessctl.apply import GraphDoor
    from accessctl.looking import blindness
    from accessctl.plan.losing import endings_in

    planned = endings_in(saved.plan, {one.id for one in saved.origin.acts_as})
    blind = blindness(connection, planned, clock)
    return GraphDoor(connection.reader, connection.writer, connection.acting, closing, blind)


def _tell_closed(closing: Closing, warn: Callable[[str], None]) -> None:
    """Tell which calls this run has found that Meta does not open."""
    from accessctl.closed import not_opened

    for closed in closing.found:
        warn(f"{not_opened(closed)}. The next plan says by hand, and with --ask-again SELECTOR tries it once more")


def _begin(journal: Journal, saved: SavedPlan) -> None:
    """Say in the journal that a run begins, and of what."""
    origin = saved.origin
    journal.write(
        "run_started",
        plan=saved.name,
        tool=__version__,
        graph={"url": origin.graph_url, "version": origin.graph_version},
        manifests=origin.manifests_digest,
        acts_as=[business.id for business in origin.acts_as],
    )


def _settle(
    pending: Sequence[Pending],
    writer: Writer,
    connection: Connection,
    clock: Callable[[], datetime],
    warn: Callable[[str], None],
    names: Names | None,
) -> tuple[Settled, ...]:
    """Settle what a crash left open, before anything is sent, and tell it."""
    from accessctl.apply import settle
    from accessctl.render.settled import settled_text

    settled = settle(pending, writer, connection.acting, clock())
    for one in settled:
        warn(settled_text(one, names))
    return settled


def exit_code_of_plan(saved: SavedPlan, *, detailed: bool) -> int:
    """Return 3 for a refused plan, 5 for one with blocked rows, 2 for changes if asked, else 0."""
    if saved.verdict.reasons:
        return 3
    if not saved.plan.is_whole:
        return 5
    return 2 if detailed and saved.plan.actions else 0
