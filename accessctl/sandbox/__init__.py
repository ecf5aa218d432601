"""The simulated Graph API: what tests use in place of Meta, and what a newcomer tries first."""

from accessctl.sandbox.people import Waiting
from accessctl.sandbox.sandbox import Sandbox, Seen
from accessctl.sandbox.wire import Dropped, Request, Response
from accessctl.sandbox.world import World, WorldError, Write
from accessctl.sandbox.worldfile import load_world

__all__ = [
    "Dropped",
    "Request",
    "Response",
    "Sandbox",
    "Seen",
    "Waiting",
    "World",
    "WorldError",
    "Write",
    "load_world",
]
