"""accessctl who."""

from __future__ import annotations

from typing import Any

import click

from accessctl.cli.explaining import UNDECLARED, exit_code, explain_options, explained, gather
from accessctl.cli.options import paper, show


@click.command("who", epilog="Example: accessctl who de-brand")
@click.argument("asset")
@explain_options
def command(asset: str, format: str, **way: Any) -> int:
    """Explain who holds what on ASSET (an alias or id), with file and line.

    Beside it stands the last that the journal has of each pair.
    """
    from accessctl.errors import AccessctlError
    from accessctl.explain import on_asset
    from accessctl.plan.refs import Names
    from accessctl.render.explain import asset_text, explanation_json
    from accessctl.render.explain_markdown import asset_markdown
    from accessctl.selectors import find_asset

    found = gather(asset, **way)
    project, live = found.project, found.live
    key = find_asset(asset, project.desired, live)
    access = project.desired.assets.get(key) or (live.assets.get(key) if live else None)
    if access is None:
        raise AccessctlError(f"no manifest declares {asset}", UNDECLARED[live is None])
    names = Names(project.desired, live)
    holdings = found.told(on_asset(key, project.desired, live, project.policy.acts_as))
    is_ours = access.owner in project.policy.acts_as
    shown = explained(
        format,
        text=lambda: asset_text(access, holdings, names, paper(), is_ours=is_ours),
        markdown=lambda: asset_markdown(access, holdings, names, is_ours=is_ours),
        json=lambda: explanation_json(holdings, names),
    )
    show(shown)
    return exit_code(holdings)
