"""accessctl sandbox notify: Meta as the sender of notices to a webhook."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from accessctl.cli.moment import moment_of, time_of
from accessctl.cli.options import now, tell
from accessctl.cli.world import OF_PROJECT

if TYPE_CHECKING:
    from pathlib import Path

PERSON = re.compile(r"[0-9]{1,32}", re.ASCII)


def _person(_: click.Context, __: click.Parameter, text: str) -> str:
    """Return the id of a person. Raises BadParameter for what is none."""
    if not PERSON.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no id of a person; write 1 to 32 digits, like 4444444444")
    return text


def _end(_: click.Context, __: click.Parameter, text: str) -> datetime:
    """Return when access ends. Raises BadParameter for what is no time, or for one that a webhook takes for none."""
    from accessctl.webhook.notice import is_likely

    today = now()
    try:
        end = moment_of(time_of(text), today)
    except ValueError:
        like = f"{today + timedelta(days=30):%Y-%m-%d}"
        wanted = f"write it like 30d, {like} or {like}T10:00:00Z"
        raise click.BadParameter(f"{text!r} is no time; {wanted}") from None
    if not is_likely(end, today):
        raise click.BadParameter(f"the webhook takes such an end for none: {text} is more than 3 years away; try 30d")
    return end


@click.command(
    "notify",
    short_help="Send a notice of a person who moves to a webhook.",
    epilog="Example: accessctl sandbox notify world.yaml http://127.0.0.1:8080/webhook --user 4444444444 --expires 30d",
)
@OF_PROJECT
@click.argument("url")
@click.option(
    "--user",
    required=True,
    metavar="ID",
    callback=_person,
    help="Who moves, by the id that Meta gives the app: digits.",
)
@click.option(
    "--expires",
    required=True,
    metavar="TIME",
    callback=_end,
    help="When that person's access ends, at most 3 years away: in so many days (30d, as Meta tells it), or a day "
    "or moment, UTC.",
)
@click.option(
    "--form",
    type=click.Choice(["envelope", "bare", "arrow"]),
    default="envelope",
    show_default=True,
    help="Meta's usual envelope, the bare change of its documents, or that with the => printed there.",
)
def notify_command(world: Path, url: str, user: str, expires: datetime, form: str) -> int:
    """Send a webhook the notice that a person moves to a managed Meta account.

    It is signed with the app_secret of the world file.
    """
    from accessctl.errors import AccessctlError
    from accessctl.sandbox import WorldError, load_world
    from accessctl.sandbox.notify import body_of, notify

    try:
        status = notify(url, body_of(user, f"{expires:%Y-%m-%dT%H:%M:%SZ}", form), load_world(world).app_secret)
    except WorldError as error:
        raise AccessctlError(error.what, error.hint) from None
    if status != 200:
        raise AccessctlError(f"the webhook answered {status}", "its own log says why")
    tell("done: the webhook has taken the notice")
    return 0
