"""What the webhook is told by its environment: two secrets, and where notices are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.graph.credentials import APP_SECRET, from_environment
from accessctl.keeping import records_of
from accessctl.way import Way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from accessctl.graph.secret import Secret
    from accessctl.records import Records

VERIFY_TOKEN = "ACCESSCTL_WEBHOOK_VERIFY_TOKEN"  # noqa: S105  # the name of a variable
STATE = "ACCESSCTL_STATE"
PROJECT = "accessctl.yaml"
RECORDS = ".accessctl/records"  # below the project, where all other commands look
_WHY = {
    VERIFY_TOKEN: "a word of your own choice, which you enter in the App Dashboard too",
    APP_SECRET: "the app secret, from App settings > Basic in the App Dashboard: it checks Meta's signatures",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The secrets and the place. `warnings` are one line each."""

    verify_token: Secret
    app_secret: Secret
    records: Records
    warnings: tuple[str, ...] = ()


def read_settings(environ: Mapping[str, str], project: Path, state: str | None = None) -> Settings:
    """Read what is set; `state` goes before ACCESSCTL_STATE. Raises AccessctlError for what is missing or unfit."""
    verify_token, warned = _secret(environ, VERIFY_TOKEN)
    app_secret, also_warned = _secret(environ, APP_SECRET)
    way = Way(state=environ.get(STATE, "") if state is None else state)
    if not way.state and not (project / PROJECT).is_file():
        raise AccessctlError(
            f"there is no {PROJECT} here, so plan and doctor would not find the notices",
            "start it in the project (-C DIR), or give the place its journal is kept in: --state URL",
        )
    return Settings(verify_token, app_secret, records_of(way, project / RECORDS, environ), warned + also_warned)


def _secret(environ: Mapping[str, str], name: str) -> tuple[Secret, tuple[str, ...]]:
    found = from_environment(environ, name)
    if found is None:
        raise AccessctlError(f"{name} is not set", f"set it (or {name}_FILE) to {_WHY[name]}")
    return found.secret, found.warnings
