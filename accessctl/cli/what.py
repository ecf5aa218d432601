"""accessctl what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from accessctl.cli.explaining import exit_code, explain_options, explained, gather
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
    on-behalf-of requests too, with one call for each ad account shown.
    """
    from accessctl.explain import of_agency, unseen
    from accessctl.plan.refs import Names
    from accessctl.render.explain import agency_text, explanation_json
    from accessctl.render.explain_markdown import agency_markdown
    from accessctl.selectors import find_business

    def shown_on(project: Project, live: Access) -> list[Asset]:
        business = find_business(agency, project.desired)
        return [one.asset.asset for one in of_agency(business.id, project.desired, live, project.policy.acts_as)]

    found = gather(**way, obo_on=shown_on)
    project, live = found.project, found.live
    business, names = find_business(agency, project.desired), Names(project.desired, live)
    holdings = found.told(of_agency(business.id, project.desired, live, project.policy.acts_as))
    hidden = unseen(live, holdings) if live else None
    who = names.business(business.id)
    shown = explained(
        format,
        text=lambda: agency_text(who, holdings, names, paper(), hidden),
        markdown=lambda: agency_markdown(who, holdings, names, hidden),
        json=lambda: explanation_json(holdings, names),
    )
    show(shown)
    return 5 if hidden and any(hidden) else exit_code(holdings)
