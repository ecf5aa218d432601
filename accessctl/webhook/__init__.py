"""The webhook of managed Meta accounts: notices of people who move, taken in and kept.

`app` is a factory that any ASGI server can call: `uvicorn --factory accessctl.webhook:app`, or
`hypercorn 'accessctl.webhook:app()'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.webhook.application import Webhook

LOG = "accessctl.webhook"  # the logger; without any set up, Python shows warnings and errors of it on stderr
CANNOT_START = 3  # exit code; uvicorn's own for it, with which several workers are not started over and over


def app() -> Webhook:
    """Return the ASGI application as the environment sets it up; notices are kept where the project's journal is.

    The project is the current directory. Raises SystemExit where a secret is missing, once the log says so.
    """
    import logging
    import os
    from pathlib import Path

    from accessctl.clean import display
    from accessctl.errors import AccessctlError
    from accessctl.webhook.application import Webhook
    from accessctl.webhook.settings import read_settings

    log = logging.getLogger(LOG)
    try:
        settings = read_settings(os.environ, Path())
    except AccessctlError as error:
        log.critical("error: %s\nhint: %s", display(error.what, 400), display(error.hint, 400))
        raise SystemExit(CANNOT_START) from None
    for warning in settings.warnings:
        log.warning("warning: %s", display(warning, 400))
    return Webhook(settings, log.log)
