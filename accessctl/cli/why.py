"""accessctl why."""

from __future__ import annotations

from typing import Any

import click

from accessctl.cli.explaining import UNDECLARED, explain_options, explained, gather, itself
from accessctl.cli.options import paper, show


@click.command("why", epilog="Example: accessctl why mediahouse de-brand")
@click.argument("agency")
@click.argument("asset")
@explain_options
def command(agency: str, asset: str, format: str, **way: Any) -> int:
    """Explain why AGENCY has, or has not, access to ASSET.

    From its declaration to what is live to the last that the journal has of it
    and, with --with-live or --live, what a plan of the asset would do about it.
    --with-live reads the on-behalf-of requests on an ad account too, with one
    call more. Exit code 5: something could not be read.
    """
    from accessctl.errors import AccessctlError
    from accessctl.explain import Holding, live_grant, on_asset
    from accessctl.render.explain import explanation_json, pair_text
    from accessctl.render.explain_markdown import pair_markdown
    from accessctl.selectors import find_asset, find_business

    gathered = gather(asset, **way, obo_on=itself(asset))
    project, live = gathered.project, gathered.live
    business, key = find_business(agency, project.desired), find_asset(asset, project.desired, live)
    access = project.desired.assets.get(key) or (live.assets.get(key) if live else None)
    if access is None:
        raise AccessctlError(f"no manifest declares {asset}", UNDECLARED[live is None])
    acts_as = project.policy.acts_as
    found = {holding.agency: holding for holding in on_asset(key, project.desired, live, acts_as)}
    there = live_grant(live, access, business.id, acts_as) if live else None
    (holding,) = gathered.told([found.get(business.id) or Holding(access, business.id, None, there)])
    names = gathered.names
    shown = explained(
        format,
        text=lambda: pair_text(holding, names, paper()),
        markdown=lambda: pair_markdown(holding, names),
        json=lambda: explanation_json([holding], names),
        found=gathered,
        holdings=[holding],
    )
    show(shown)
    return gathered.exit_code([holding])
