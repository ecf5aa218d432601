"""accessctl unlock."""

from __future__ import annotations

import os

import click

from accessctl.cli.options import STATE, show


@click.command("unlock", epilog="Example: accessctl unlock 3fa29c01d2ab --state s3://acme-access/prod")
@click.argument("id", metavar="ID")
@STATE
def command(id: str, state: str) -> int:
    """Free the lock that the run ID holds in an object store.

    A run that was killed frees its lock by itself: on this machine at once, in an
    object store after a minute. So this is for the one that cannot be waited for.
    A run that still lives stops before its next write.
    """
    if not state:
        raise click.UsageError("name the store with --state; a lock on this machine is free as soon as its run ends")
    from accessctl.state import open_store, unlock

    freed = unlock(open_store(state, os.environ), id)
    show(f"Unlocked: run {id} holds nothing any more ({', '.join(freed)}).")
    return 0
