"""accessctl doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    format_option,
    load,
    now,
    paper,
    show,
    way_options,
)

if TYPE_CHECKING:
    from accessctl.way import Way


@click.command("doctor", epilog="Example: accessctl doctor --sandbox world.yaml")
@format_option
@allow_unknown_tasks_option
@way_options
def command(
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Tell whether token, app and business can do what the manifests need.

    Asks Meta about six questions for each acting business and changes nothing.
    Each finding is ok, a warning, a problem or unknown, with what to do about
    it. Exit code 1: there is a problem.
    """
    from accessctl.doctor import Level, ask, examine, needs_of
    from accessctl.doctor.facts import Service
    from accessctl.render.doctor import doctor_json, doctor_text

    project = load(allow_unknown_tasks=allow_unknown_tasks)
    needs = needs_of(project.desired, project.policy.acts_as)
    with connected(project, way) as connection:
        session = connection.session
        facts = ask(connection.reader, connection.acting, needs, lambda: session.tier)
        served, warning = session.served_version, session.version_warning
    findings = examine(facts, needs, Service(project.graph_version, served, warning), now())
    acting = [one.business for one in connection.acting]
    show(doctor_json(findings) if format == "json" else doctor_text(findings, acting, paper()))
    return int(any(finding.level is Level.PROBLEM for finding in findings))
