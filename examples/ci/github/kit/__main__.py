"""What the action runs: `run` talks to Meta and holds its credential, `post` talks to GitHub and holds its token.

A step of its own for each, so that neither has what the other one needs.
"""

from __future__ import annotations

import os
import sys

from modes import MODES
from post import POSTS
from runner import say
from settings import Settings, SetupError
from snapshots import find_snapshot


def run(settings: Settings) -> int:
    """Carry out the mode. Returns the exit code of the step."""
    if settings.mode not in MODES:
        raise SetupError(f"there is no mode {settings.mode!r}: one of {', '.join(MODES)}")
    return MODES[settings.mode](settings)


def post(settings: Settings) -> int:
    """Write the comment or the issue that belongs to what `run` found; some modes have none."""
    if settings.mode in POSTS:
        POSTS[settings.mode](settings)
    return 0


STEPS = {"run": run, "post": post, "find-snapshot": find_snapshot}


def main(step: str) -> int:
    """Run one step; a slip of whoever set this up is told in one line."""
    try:
        return STEPS[step](Settings(os.environ))
    except SetupError as slip:
        say("error", str(slip))
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
