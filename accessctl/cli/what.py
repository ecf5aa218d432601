"""accessctl what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from accessctl.cli.explaining import explain_options, explained, gather
from accessctl.cli.options import paper, show

if TYPE_CHECKING:
    from accessctl.manifest import Project
    from accessctl.model import Access, Asset


@click.command("what", epilog="Example: accessctl what mediahouse --with-live --sandbox world.yaml")
@click.argument("agency")
@explain_options
def command(agency: str, format: str, **way: Any) -> int:
    """Explain what AGENCY (an alias or id) holds, with file and line.

    Beside it stands the last that the journal has of each pair and, with
    --with-live or --live, what a plan would do about it. --with-live reads the
    on-behalf-of requests too, with one call for each ad account that an acting
    business owns, or that is shown: also where AGENCY only asks and holds
    nothing. Exit code 5: something could not be read.
    """
    from accessctl.explain import of_agency, unseen
    from accessctl.render.explain import agency_text, explanation_json
    from accessctl.render.explain_markdown import agency_markdown
    from accessctl.selectors import find_business

    def asked_on(project: Project, live: Access) -> set[Asset]:
        business, acts_as = find_business(agency, project.desired), project.policy.acts_as
        ours = (live.assets.items(), project.desired.assets.items())  # an owner sees the requests of all
        owned = {asset for some in ours for asset, access in some if access.owner in acts_as}
        return owned | {one.asset.asset for one in of_agency(business.id, project.desired, live, acts_as)}

    found = gather(**way, obo_on=asked_on)
    project, live = found.project, found.live
    business, names = find_business(agency, project.desired), found.names
    pairs = of_agency(business.id, project.desired, live, project.policy.acts_as)
    holdings = found.told(found.of_asker(pairs, business.id))
    hidden = unseen(live, holdings) if live else None
    who = names.business(business.id)
    shown = explained(
        format,
        text=lambda: agency_text(who, holdings, names, paper(), hidden),
        markdown=lambda: agency_markdown(who, holdings, names, hidden),
        json=lambda: explanation_json(holdings, names),
        found=found,
        holdings=holdings,
    )
    show(shown)
    return 5 if hidden and any(hidden) else found.exit_code(holdings)
