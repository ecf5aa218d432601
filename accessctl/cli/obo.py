"""accessctl obo: the requests of businesses to act on behalf of each other."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from accessctl.cli.connecting import connected
from accessctl.cli.obo_status import StatusChoice
from accessctl.cli.options import (
    allow_unknown_tasks_option,
    load,
    markdown_format_option,
    now,
    paper,
    seconds,
    show,
    tell,
    tell_warnings,
    way_options,
)
from accessctl.obo.requests import STATUSES, End, OboRequest, OboRequests, Wish

if TYPE_CHECKING:
    from accessctl.closed import Closing
    from accessctl.connection import Connection
    from accessctl.manifest import Project
    from accessctl.model import Asset
    from accessctl.obo.cancel import By, Canceled
    from accessctl.obo.settle import OboSettled
    from accessctl.plan.refs import Names
    from accessctl.way import Way


@click.group("obo", epilog="Example: accessctl obo list --received")
def command() -> None:
    """List, show and cancel on-behalf-of requests.

    One business asks to act on behalf of another on an ad account. Meta calls
    that an OBO request; the business that got it answers in Business Settings.
    """


@command.command("list", short_help="List requests.", epilog="Example: accessctl obo list --status APPROVE de-brand")
@click.argument("ad_account", required=False)
@click.option(
    "--status",
    type=StatusChoice(list(STATUSES), case_sensitive=False),
    show_choices=False,
    metavar="S",
    help=f"Only this status: {', '.join(STATUSES)}.",
)
@click.option("--received", is_flag=True, help="Only those an acting business has got.")
@click.option("--sent", is_flag=True, help="Only those an acting business has sent.")
@markdown_format_option
@allow_unknown_tasks_option
@way_options
def list_command(
    ad_account: str | None,
    status: str | None,
    received: bool,
    sent: bool,
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """List the requests on AD_ACCOUNT (an alias or id), or all of the acting businesses.

    Without AD_ACCOUNT Meta is asked for those in progress of each business;
    where it no longer answers that, each ad account that is declared, owned or
    shared by a client is asked, and the output says so, and what cannot be
    known this way (in JSON as not_known). Exit code 0: done; 5: something
    could not be read, and requests there are not known.
    """
    from accessctl.render.obo import names_of, obo_list_json, obo_list_text
    from accessctl.render.obo_markdown import obo_list_markdown

    if received and sent:
        raise click.UsageError("--received and --sent leave nothing together; leave one of them out, or both")
    end = End.RECEIVED if received else End.SENT if sent else None
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    account = _account(ad_account, project) if ad_account else None
    with connected(project, way) as connection:
        found = _looked(project, connection, Wish(status or "", end), account)
    names, acting = names_of(project.desired, found), project.policy.acts_as
    if format == "json":
        show(obo_list_json(found, names, acting))
    elif format == "markdown":
        show(obo_list_markdown(found, names, acting))
    else:
        show(obo_list_text(found, names, acting, paper()))
    return 0 if found.is_whole else 5


@command.command("show", short_help="Show one request.", epilog="Example: accessctl obo show 1234567890")
@click.argument("request", metavar="ID")
@markdown_format_option
@allow_unknown_tasks_option
@way_options
def show_command(request: str, format: str, allow_unknown_tasks: bool, way: Way) -> int:
    """Show one request, and what can be done about it.

    A cancel that a crash has left open is looked at, and the journal told how
    it turned out.
    """
    project = load(allow_unknown_tasks=allow_unknown_tasks)
    with connected(project, way) as connection:
        closing = _closing(connection)
        _settle(connection, closing)
        found = _found(request, connection, closing)
        names = _names(project, found, connection)
    show(_shown(found, names, project, format))
    return 0


@command.command("cancel", short_help="Cancel a request of ours.", epilog="Example: accessctl obo cancel 1234567890")
@click.argument("request", metavar="ID")
@click.option("--auto-approve", is_flag=True, help="Do not ask; for CI.")
@click.option(
    "--lock-timeout",
    callback=seconds,
    default="0s",
    show_default=True,
    metavar="TIME",
    help="How long to wait for another apply or cancel that is running.",
)
@markdown_format_option
@allow_unknown_tasks_option
@way_options
def cancel_command(
    request: str,
    auto_approve: bool,
    lock_timeout: float,
    format: str,
    allow_unknown_tasks: bool,
    way: Way,
) -> int:
    """Cancel a request that one of our businesses has sent and that still waits.

    It shows the request and asks first. The call is in the journal before it is
    sent and after, and the request is read back; what has no answer is never
    sent again without a look. Exit code 3: it is not ours, or waits no more.
    """
    from accessctl.apply.outcomes import GOOD, Outcome
    from accessctl.obo.byhand import check_may_cancel
    from accessctl.obo.cancel import By, Canceled, cancel_request, check_cancelable
    from accessctl.startedby import started_by

    project = load(allow_unknown_tasks=allow_unknown_tasks)
    with connected(project, way) as connection:
        by = By(started_by(os.environ), lock_timeout, lambda line: tell_warnings((line,)))
        closing = _closing(connection)
        done = [one.told.request for one in _settled(connection, by, closing) if one.outcome is Outcome.APPLIED]
        if request not in done:
            check_may_cancel(request, project.policy.acts_as, closing)
        found = _found(request, connection, closing)
        names = _names(project, found, connection)
        (show if format == "text" else tell)(_shown(found, names, project, "text"))
        if found.id in done:
            ended = Canceled(found, Outcome.CONVERGED, "an earlier run has canceled it, and was cut off")
        else:
            check_cancelable(found, connection)
            check_may_cancel(found.id, [found.requesting.id], closing)
            _confirm(found, auto_approve)
            version = project.graph_version
            ended = cancel_request(
                found, connection, by, graph_version=version, told=_tell_settled, clock=now, closing=closing
            )
    show(_ended(ended, names, project, format))
    return 0 if ended.outcome in GOOD else 5


def _account(name: str, project: Project) -> Asset:
    from accessctl.errors import AccessctlError
    from accessctl.model import Kind
    from accessctl.selectors import find_asset

    asset = find_asset(name, project.desired)
    if asset.kind is not Kind.AD_ACCOUNT:
        raise AccessctlError(f"{name} is a Page", "on-behalf-of requests are about ad accounts; name one")
    return asset


def _looked(project: Project, connection: Connection, wish: Wish, account: Asset | None) -> OboRequests:
    from accessctl.obo.look import OboLook

    look = OboLook(connection.reader, connection.acting, project.desired, _closing(connection))
    return look.on_accounts([account], wish, are_named=True) if account else look.everywhere(wish)


def _closing(connection: Connection) -> Closing:
    from accessctl.closing import closing_of

    return closing_of(connection, now, lambda line: tell_warnings((line,)))


def _found(request: str, connection: Connection, closing: Closing) -> OboRequest:
    from accessctl.graph.address import check_id
    from accessctl.obo.cancel import find_request

    return find_request(connection, check_id(request), closing)


def _names(project: Project, found: OboRequest, connection: Connection) -> Names:
    from accessctl.obo.names import account_name
    from accessctl.render.obo import names_of

    name = account_name(found, connection.reader, connection.acting, project.desired)
    named = {found.asset: name} if found.asset and name else {}
    return names_of(project.desired, OboRequests((found,), names=named))


def _shown(found: OboRequest, names: Names, project: Project, format: str) -> str:
    from accessctl.render.obo import obo_json, obo_text
    from accessctl.render.obo_markdown import obo_markdown

    acting = project.policy.acts_as
    if format == "json":
        return obo_json(found, names, acting)
    return obo_markdown(found, names, acting) if format == "markdown" else obo_text(found, names, acting, paper())


def _ended(ended: Canceled, names: Names, project: Project, format: str) -> str:
    from accessctl.render.obo import canceled_json, canceled_text
    from accessctl.render.obo_markdown import canceled_markdown

    acting = project.policy.acts_as
    if format == "json":
        return canceled_json(ended, names, acting)
    return canceled_markdown(ended, names, acting) if format == "markdown" else canceled_text(ended, paper())


def _settle(connection: Connection, closing: Closing) -> None:
    """Settle what a crash left open; where another run is at work it is left to that one."""
    from accessctl.lock import LockedError
    from accessctl.obo.cancel import By
    from accessctl.startedby import started_by

    try:
        _settled(connection, By(started_by(os.environ)), closing)
    except LockedError as error:
        tell_warnings((f"an earlier cancel has no known end yet, and {error.what}",))


def _settled(connection: Connection, by: By, closing: Closing) -> tuple[OboSettled, ...]:
    from accessctl.obo.cancel import settle_open

    found = settle_open(connection, by, clock=now, closing=closing)
    for settled in found:
        _tell_settled(settled)
    return found


def _tell_settled(settled: OboSettled) -> None:
    from accessctl.render.obo_history import settled_words

    tell_warnings((settled_words(settled),))


def _confirm(request: OboRequest, auto_approve: bool) -> None:
    """Ask a person: nobody there is a no."""
    from accessctl.errors import RefusedError

    if auto_approve:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise RefusedError(
            f"nobody is at the terminal to confirm that request {request.id} is canceled, so nothing was done",
            "look at it with obo show, then pass --auto-approve",
        )
    answer = click.prompt(f"Cancel request {request.id}? Only yes will do", default="no", show_default=False, err=True)
    if answer.strip() != "yes":
        raise RefusedError("not confirmed, so nothing was done")
