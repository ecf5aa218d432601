"""The status of an on-behalf-of request as an option has it."""

from __future__ import annotations

import click

from accessctl.obo.requests import STATUSES


class StatusChoice(click.Choice[str]):
    """One of the statuses, in any case; of what is nearly one the nearest is told, as Meta spells it."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return Meta's word. Raises click.BadParameter for what is no status."""
        if (status := value.upper()) in STATUSES:
            return status
        from accessctl.manifest.findings import did_you_mean, shown

        near = did_you_mean(value, STATUSES)
        what = f"{shown(value)} is no status of a request{near}; there are {', '.join(STATUSES)}."
        raise click.BadParameter(what, ctx, param)
