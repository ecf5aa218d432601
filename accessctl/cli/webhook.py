"""accessctl webhook: Meta's notices of people who move to managed Meta accounts."""

from __future__ import annotations

import os

import click

from accessctl.cli.options import HERE, STATE, now, seconds, show, tell, tell_warnings

DASHBOARD = """\
In the App Dashboard: Products > Webhooks > Managed Meta Account > Subscribe to this object
  Callback URL: the https address that leads here, with the path /webhook
  Verify token: what ACCESSCTL_WEBHOOK_VERIFY_TOKEN holds
  then subscribe to the field migration_expire_time"""


@click.group("webhook", epilog="Example: accessctl webhook serve --port 8080")
def command() -> None:
    """Take in Meta's notices of people who move to managed Meta accounts.

    They are kept beside the journal, and plan and doctor show them. Whoever
    moves is kept as a hash, never as an id.
    """


@command.command("serve", short_help="Listen for them.", epilog="Example: accessctl webhook serve --port 8080")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes any free one.")
@click.option(
    "--timeout",
    callback=seconds,
    default="10s",
    show_default=True,
    metavar="TIME",
    help="How long a client may take to say what it wants.",
)
@STATE
def serve_command(host: str, port: int, timeout: float, state: str) -> int:
    """Listen for Meta's notices until Ctrl-C or SIGTERM.

    Needs uvicorn (the extra accessctl[webhook]), and in the environment
    ACCESSCTL_WEBHOOK_VERIFY_TOKEN, a word of your choice, and
    ACCESSCTL_APP_SECRET (or either with _FILE). Meta calls over https: put
    it behind a reverse proxy that ends TLS. In a container set
    ACCESSCTL_WEBHOOK_SERVE_HOST to 0.0.0.0. 200 is answered once a notice is
    on disk; what is not signed with the app secret is refused.
    """
    from accessctl.webhook.application import HEALTH, Webhook
    from accessctl.webhook.server import listen, need_server, serve, url_of
    from accessctl.webhook.settings import read_settings

    if timeout < 1:
        raise click.UsageError("--timeout is one second at least")
    need_server()
    settings = read_settings(os.environ, HERE, state)
    tell_warnings(settings.warnings)
    webhook = Webhook(settings, lambda _, line: tell(f"{now():%Y-%m-%dT%H:%M:%SZ} {line}"), seconds=timeout)
    webhook.keeper.load()
    opened = listen(host, port)
    show(f"The webhook listens on {url_of(opened)}\n\n{DASHBOARD}")
    tell(f"notices are kept in {webhook.keeper.name}; {HEALTH} tells that it is alive; Ctrl-C ends it")
    serve(webhook, opened, timeout)
    tell(f"stopped: {', '.join(f'{number} {kind}' for kind, number in sorted(webhook.ended.items())) or 'nobody came'}")
    return 0
