"""accessctl doctor."""

from __future__ import annotations

import contextlib
import os
from datetime import date
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.options import allow_unknown_tasks_option, load, now, paper, show, way_options
from accessctl.cli.rendering import format_options, write_renders
from accessctl.render.doctor_formats import DOCTOR_FORMATS, Checkup
from accessctl.render.formats import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from accessctl.connection import Connection
    from accessctl.doctor.apps import AppCalls
    from accessctl.doctor.facts import Facts, Unread
    from accessctl.endings import Foretold
    from accessctl.model import ClosedEdge
    from accessctl.way import Way


def _day(_: click.Context, __: click.Parameter, text: str) -> date | None:
    """Return a day that has come, None where none is given. Raises BadParameter for anything else."""
    try:
        found = date.fromisoformat(text) if text else None
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; write it like 2026-11-21") from None
    if found and found > now().date():
        raise click.BadParameter(f"{found} has not come yet; it is the day on which that happened")
    return found


@click.command("doctor", epilog="Example: accessctl doctor --sandbox world.yaml")
@click.option(
    "--tech-provider",
    type=click.Choice(["yes", "no"]),
    help="Is the business that claims the app verified as a Tech Provider? No field of Meta's tells.",
)
@click.option(
    "--verification-email",
    callback=_day,
    default="",
    metavar="DATE",
    help="The day of Meta's email that asks for access verification; 60 days count from it.",
)
@click.option(
    "--verification-submitted",
    callback=_day,
    default="",
    metavar="DATE",
    help="The day on which access verification was sent in; a review takes up to 5 business days.",
)
@format_options(DOCTOR_FORMATS)
@allow_unknown_tasks_option
@way_options
def command(
    tech_provider: str | None,
    verification_email: date | None,
    verification_submitted: date | None,
    format: str,
    renders: tuple[tuple[str, Path], ...],
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Tell whether token, app and business can do what the manifests need.

    Asks Meta about eight questions for each acting business, none that must
    be refused, and changes nothing. Each finding is ok, a warning, a problem
    or cannot be known, with its source and what to do. Exit code 1: there is
    a problem.
    """
    from accessctl.doctor import Level, ask, examine, needs_of
    from accessctl.doctor.closed import closed_findings
    from accessctl.doctor.ending import lost_findings
    from accessctl.doctor.facts import Service
    from accessctl.doctor.keeping import keeping_findings
    from accessctl.doctor.moving import moving_findings
    from accessctl.doctor.verification import Stated
    from accessctl.webhook.kept import kept_notices

    is_provider = None if tech_provider is None else tech_provider == "yes"
    stated = Stated(is_provider, verification_email, verification_submitted)
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    needs = needs_of(project.desired, project.policy.acts_as)
    with connected(project, way) as connection:
        session = connection.session
        reader, acting, window = connection.reader, connection.acting, stated.window(now().date())
        facts = ask(reader, acting, needs, session.tier_of, is_provider=is_provider, window=window)
        served, warning = session.served_version, session.version_warning
        kept = kept_notices(connection.records, os.environ)
        ends = _foretold(connection)
        calls, closed = _calls(connection, facts), _closed(connection)
    findings = examine(facts, needs, Service(project.graph_version, served, warning), now(), stated)
    findings += tuple(keeping_findings(calls, now()))
    findings += tuple(moving_findings(kept, facts, now()))
    findings += tuple(closed_findings(closed, facts))
    findings += tuple(lost_findings(ends, facts, needs, now()))
    checkup = Checkup(findings, tuple(one.business for one in connection.acting))
    layout = Layout(now(), paper())
    write_renders(checkup, renders, DOCTOR_FORMATS, layout)
    show(DOCTOR_FORMATS[format].render(checkup, layout))
    return int(any(finding.level is Level.PROBLEM for finding in findings))


def _foretold(connection: Connection) -> Foretold | Unread:
    """Return what the records have of ends."""
    from accessctl.doctor.facts import Unread
    from accessctl.errors import AccessctlError
    from accessctl.looking import read_foretold

    try:
        return read_foretold(connection)
    except AccessctlError as error:
        return Unread(error.what)


def _calls(connection: Connection, facts: tuple[Facts, ...]) -> tuple[AppCalls, ...] | Unread:
    """Return what the ledger has of the calls of earlier runs, and add to it which apps the tokens are of."""
    from accessctl.doctor.apps import app_rows, calls_by_app
    from accessctl.errors import AccessctlError
    from accessctl.records import CALLS

    try:
        rows = connection.records.read(CALLS)
    except (OSError, AccessctlError) as error:
        return _unread(connection, error)
    if told := [*app_rows(facts, connection.url, now())]:
        with contextlib.suppress(OSError, AccessctlError):
            connection.records.add(CALLS, told, now())
    return calls_by_app(rows, connection.url, facts, now())


def _closed(connection: Connection) -> tuple[ClosedEdge, ...] | Unread:
    """Return what earlier runs have found closed."""
    from accessctl.closed import closed_edges
    from accessctl.closing import fingerprints
    from accessctl.errors import AccessctlError
    from accessctl.records import CLOSED

    try:
        rows, tokens = connection.records.read(CLOSED), fingerprints(connection)
        return tuple(closed_edges(rows, connection.url, now(), tokens).values())
    except (OSError, AccessctlError) as error:
        return _unread(connection, error)


def _unread(connection: Connection, error: Exception) -> Unread:
    from accessctl.doctor.facts import Unread

    return Unread(f"{connection.records.name} cannot be read: {getattr(error, 'strerror', None) or error}")
