"""accessctl sandbox: the simulated Graph API, and the people in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from accessctl.clean import display
from accessctl.cli.moment import moment_of, time_of
from accessctl.cli.notifying import notify_command
from accessctl.cli.options import HERE, now, show, tell
from accessctl.cli.world import OF_PROJECT, WORLD

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from accessctl.sandbox import Sandbox
    from accessctl.sandbox.store import Store

ID = re.compile(r"(?:act_)?[0-9]+", re.ASCII)
SERVED = "wait until it has ended; a server (sandbox serve) ends with Ctrl-C, or"


@click.group("sandbox", epilog="Example: accessctl sandbox approve world.yaml act_2438609284566086 205518837460912")
def command() -> None:
    """The simulated Graph API, and the people in it.

    A world file describes businesses, ad accounts and Pages. What is done to it
    is kept in .accessctl/sandbox/ of the project; the world file stays as it is.
    """


@command.command(
    "serve",
    short_help="Answer as the Graph API on a port.",
    epilog="Example: accessctl sandbox serve world.yaml --port 8080",
)
@WORLD
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free one.")
@click.option(
    "--latency-ms",
    type=click.IntRange(0, 60000),
    default=0,
    show_default=True,
    help="Milliseconds by which each answer is late, as over a network.",
)
def serve_command(world: Path, port: int, latency_ms: int) -> int:
    """Answer as the Graph API on a port of this machine, until Ctrl-C.

    Point accessctl, Meta's SDK or curl at it. The people in it act over HTTP:
    POST /sandbox/accept, decline or approve with asset and business; the id of
    an on-behalf-of request goes as obo.
    """
    with _opened(world, "wait until it has ended; a server ends with Ctrl-C") as (_, sandbox):
        from accessctl.sandbox.server import serve

        server = serve(sandbox, port=port, latency=latency_ms / 1000)
        show(f"The sandbox listens on {server.url}\n")
        show(f"export ACCESSCTL_GRAPH_URL={server.url}")
        for business in sandbox.world.businesses.values():
            show(f"# token of {display(business.name)}: sandbox-{business.id}")
        tell("Ctrl-C ends it; what was done is kept")
        server.serve_forever()
    return 0


@command.command(
    "reset", short_help="Start again from the world file.", epilog="Example: accessctl sandbox reset world.yaml"
)
@OF_PROJECT
def reset_command(world: Path) -> int:
    """Forget what was done: the next command starts from the world file."""
    with _held(world, f"{SERVED} POST to it: /sandbox/reset") as store:
        store.reset()
    tell(f"the sandbox starts again from {world}")
    return 0


def _time(_: click.Context, __: click.Parameter, text: str) -> timedelta | datetime:
    """Return what a TIME stands for. Raises BadParameter for what is none."""
    try:
        return time_of(text)
    except ValueError:
        wanted = "write it like 40d, 2031-05-04 or 2031-05-04T10:00:00Z"
        raise click.BadParameter(f"{text!r} is no time; {wanted}") from None


@command.command("forward", short_help="Let time pass.", epilog="Example: accessctl sandbox forward world.yaml 40d")
@OF_PROJECT
@click.argument("time", callback=_time)
def forward_command(world: Path, time: timedelta | datetime) -> int:
    """Let time pass in the sandbox at once: requests grow old, declarations and access end.

    TIME is so many days (40d), or a day or moment to come, UTC: 2031-05-04,
    2031-05-04T10:00:00Z. Each command with --sandbox goes by this clock from
    then on; sandbox reset sets it right. Whoever calls a server (sandbox serve)
    goes by a clock of its own.
    """
    with _held(world, "wait until it has ended; a server (sandbox serve) ends with Ctrl-C") as store:
        store.forward(moment_of(time, store.now()))
        tell(f"done: in the sandbox it is now {store.now():%Y-%m-%dT%H:%M:%SZ}")
    return 0


command.add_command(notify_command)

_IDS = "ASSET and BUSINESS are ids, or aliases of the project."
_OBO = f"{_IDS} An on-behalf-of request is answered by its id alone."
_MORE = {"accept": _OBO, "decline": _OBO}


def _person(name: str, line: str, nothing: str, *waits_for: str) -> None:
    """Add one command with which a person in the sandbox acts, or sees what `waits_for` them."""

    @command.command(
        name,
        short_help=line,
        help=f"{line}\n\n{_MORE.get(name, _IDS)} Without them: list what waits.",
        epilog=f"Example: accessctl sandbox {name} world.yaml act_2438609284566086 205518837460912",
    )
    @OF_PROJECT
    @click.argument("asset", required=False)
    @click.argument("business", required=False)
    def act(world: Path, asset: str | None, business: str | None) -> int:
        hint = f"{SERVED} POST to it: /sandbox/{name} with the form fields asset and business"
        with _opened(world, hint) as (_, sandbox):
            if asset is None:
                lines = [*_waiting(sandbox, waits_for), *(_waiting_obo(sandbox) if name in _MORE else ())]
                show("\n".join(lines) or nothing)
                return 0
            if business is None and name in _MORE and asset in sandbox.world.obo_requests:
                sandbox.answer_obo(asset, is_yes=name == "accept")
                tell(f"done: {name} {asset}")
                return 0
            if business is None:
                raise click.UsageError(f"name the business too: {name} {world} {asset} BUSINESS")
            asset, business = _ids(asset, business)
            getattr(sandbox, name)(asset, business)
        tell(f"done: {name} {asset} {business}")
        return 0


_person("accept", "A client accepts a request.", "No request waits for a client.", "client")
_person("decline", "Turn a request or a grant down.", "Nothing waits for anybody.", "client", "second_admin")
_person("approve", "A second admin approves a grant.", "No grant waits for a second admin.", "second_admin")


def _waiting(sandbox: Sandbox, waits_for: tuple[str, ...]) -> list[str]:
    """Return a line for each pair that waits for one of these: the two ids to act on it, then the names."""
    world = sandbox.world
    return [
        f"{one.asset} {one.business}  {display(world.businesses[one.business].name)} on "
        f"{display(world.assets[one.asset].name)} waits for the {one.waits_for.replace('_', ' ')}: "
        f"{', '.join(display(task) for task in one.tasks)}"
        for one in sandbox.pending()
        if one.waits_for in waits_for
    ]


def _waiting_obo(sandbox: Sandbox) -> list[str]:
    """Return a line for each on-behalf-of request that waits: its id to act on it, then the names."""
    world = sandbox.world
    return [
        f"{one.id}  {display(world.businesses[one.requesting].name)} asks to act on behalf of "
        f"{display(world.businesses[one.receiving].name)} on {display(world.assets[one.ad_account].name)}: {one.status}"
        for one in sandbox.pending_obo()
    ]


def _ids(asset: str, business: str) -> tuple[str, str]:
    """Return the ids of what the project here calls so; ids stay, and so does all where no project loads."""
    from accessctl.errors import AccessctlError, ManifestError
    from accessctl.manifest import load_project
    from accessctl.selectors import find_asset, find_business

    if ID.fullmatch(asset) and ID.fullmatch(business):
        return asset, business
    try:
        desired = load_project(HERE, today=now().date(), allow_unknown_tasks=True).desired
    except ManifestError:
        return asset, business
    try:
        return (
            asset if ID.fullmatch(asset) else find_asset(asset, desired).node,
            business if ID.fullmatch(business) else find_business(business, desired).id,
        )
    except AccessctlError as error:
        raise AccessctlError(error.what, "name it by its id, or by its alias in the manifests") from None


def _opened(world: Path, hint: str) -> AbstractContextManager[tuple[Store, Sandbox]]:
    """Open a world's state, alone; `hint` is for when it is not alone."""
    from accessctl.connection import opened_sandbox

    return opened_sandbox(HERE, world, hint)


def _held(world: Path, hint: str) -> AbstractContextManager[Store]:
    """Hold what is kept of a world's state, alone, whether or not it can be read."""
    from accessctl.connection import held_sandbox

    return held_sandbox(HERE, world, hint)
