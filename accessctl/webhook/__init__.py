"""The webhook of managed Meta accounts: notices of people who move, taken in and kept.

`app` is a factory that any ASGI server can call: `hypercorn 'accessctl.webhook:app()'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accessctl.webhook.application import Webhook


def app() -> Webhook:
    """Return the ASGI application as the environment sets it up; notices are kept where the project's journal is.

    The project is the current directory. Raises AccessctlError where a secret is missing.
    """
    import logging
    import os
    from pathlib import Path

    from accessctl.webhook.application import Webhook
    from accessctl.webhook.settings import read_settings

    return Webhook(read_settings(os.environ, Path()), logging.getLogger("accessctl.webhook").info)
