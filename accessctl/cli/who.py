"""accessctl who."""

from __future__ import annotations

from typing import Any

import click

from accessctl.cli.explaining import UNDECLARED, explain_options, explained, gather, itself
from accessctl.cli.options import paper, show


@click.command("who", epilog="Example: accessctl who de-brand")
@click.argument("asset")
@explain_options
def command(asset: str, format: str, **way: Any) -> int:
    """Explain who holds what on ASSET (an alias or id), with file and line.

    Beside it stands the last that the journal has of each pair and, with
    --with-live or --live, what a plan would do about it. --with-live reads the
    on-behalf-of requests on an ad account too, with one call more. Exit code 5:
    something could not be read.
    """
    from accessctl.errors import AccessctlError
    from accessctl.explain import on_asset
    from accessctl.render.explain import asset_text, explanation_json
    from accessctl.render.explain_markdown import asset_markdown
    from accessctl.selectors import find_asset

    found = gather(asset, **way, obo_on=itself(asset))
    project, live = found.project, found.live
    key = find_asset(asset, project.desired, live)
    access = project.desired.assets.get(key) or (live.assets.get(key) if live else None)
    if access is None:
        raise AccessctlError(f"no manifest declares {asset}", UNDECLARED[live is None])
    names = found.names
    pairs = on_asset(key, project.desired, live, project.policy.acts_as)
    holdings = found.told(found.with_askers(pairs, access))
    told = {"is_ours": access.owner in project.policy.acts_as, "is_looked_at": live is not None}
    shown = explained(
        format,
        text=lambda: asset_text(access, holdings, names, paper(), **told),
        markdown=lambda: asset_markdown(access, holdings, names, **told),
        json=lambda: explanation_json(holdings, names),
        found=found,
        holdings=holdings,
    )
    show(shown)
    return found.exit_code(holdings)
