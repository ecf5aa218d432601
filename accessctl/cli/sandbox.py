"""accessctl sandbox: the simulated Graph API, and the people in it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accessctl.cli.options import HERE, show, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accessctl.sandbox import Sandbox
    from accessctl.sandbox.store import Store

WORLD = click.argument("world", metavar="WORLD.yaml", type=click.Path(dir_okay=False, path_type=Path))


@click.group("sandbox", epilog="Example: accessctl sandbox approve world.yaml act_2438609284566086 205518837460912")
def command() -> None:
    """The simulated Graph API, and the people in it.

    A world file describes businesses, ad accounts and Pages. What is done to it
    is kept in .accessctl/sandbox/ of the project; the world file stays as it is.
    """


@command.command("serve", epilog="Example: accessctl sandbox serve world.yaml --port 8080")
@WORLD
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free one.")
def serve_command(world: Path, port: int) -> int:
    """Answer as the Graph API on a port of this machine, until Ctrl-C.

    Point accessctl, Meta's SDK or curl at it. The people in it act over HTTP:
    POST /sandbox/accept, decline or approve with asset and business.
    """
    with _opened(world) as (_, sandbox):
        from accessctl.sandbox.server import serve

        server = serve(sandbox, port=port)
        show(f"The sandbox listens on {server.url}\n")
        show(f"export ACCESSCTL_GRAPH_URL={server.url}")
        for business in sandbox.world.businesses.values():
            show(f"# token of {business.name}: sandbox-{business.id}")
        tell("Ctrl-C ends it; what was done is kept")
        server.serve_forever()
    return 0


@command.command("reset", epilog="Example: accessctl sandbox reset world.yaml")
@WORLD
def reset_command(world: Path) -> int:
    """Forget what was done: the next command starts from the world file."""
    with _opened(world) as (store, _):
        store.reset()
    tell(f"the sandbox starts again from {world}")
    return 0


def _person(name: str, help_text: str) -> None:
    """Add one command with which a person in the sandbox acts."""

    @command.command(
        name,
        help=help_text,
        epilog=f"Example: accessctl sandbox {name} world.yaml act_2438609284566086 205518837460912",
    )
    @WORLD
    @click.argument("asset", required=False)
    @click.argument("business", required=False)
    def act(world: Path, asset: str | None, business: str | None) -> int:
        with _opened(world) as (_, sandbox):
            if asset is None or business is None:
                if asset is not None:
                    raise click.UsageError(f"name the business too: {name} {world} {asset} BUSINESS")
                _list(sandbox)
                return 0
            getattr(sandbox, name)(asset, business)
        tell(f"done: {name} {asset} {business}")
        return 0


_person("accept", "A client accepts a request. Without ASSET and BUSINESS: list what waits for whom.")
_person("decline", "A client declines a request, or a second admin a grant. Without ASSET: list what waits.")
_person("approve", "A second admin approves a grant. Without ASSET and BUSINESS: list what waits for whom.")


def _list(sandbox: Sandbox) -> None:
    for one in sandbox.pending():
        show(f"{one.asset} {one.business} waits for the {one.waits_for.replace('_', ' ')}: {', '.join(one.tasks)}")
    if not sandbox.pending():
        show("Nothing waits for anybody.")


@contextmanager
def _opened(world: Path) -> Iterator[tuple[Store, Sandbox]]:
    """Open a world's state, alone, and say in words what is wrong with it."""
    from accessctl.connection import sandbox_state
    from accessctl.errors import AccessctlError
    from accessctl.lock import hold
    from accessctl.sandbox import WorldError
    from accessctl.sandbox.store import Store

    state = sandbox_state(HERE)
    try:
        store = Store(state, world)
        with hold(state / "open.lock", "another command is using the sandbox"):
            yield store, store.open()
    except WorldError as error:
        raise AccessctlError(error.what, error.hint) from None
