"""accessctl what."""

from __future__ import annotations

from typing import Any

import click

from accessctl.cli.explaining import exit_code, explain_options, gather
from accessctl.cli.options import paper, show


@click.command("what", epilog="Example: accessctl what mediahouse --with-live --sandbox world.yaml")
@click.argument("agency")
@explain_options
def command(agency: str, format: str, **way: Any) -> int:
    """Explain what AGENCY (an alias or id) holds, with file and line."""
    from accessctl.explain import of_agency, unseen
    from accessctl.plan.refs import Names
    from accessctl.render.explain import agency_text, explanation_json
    from accessctl.selectors import find_business

    project, live = gather(**way)
    business = find_business(agency, project.desired)
    names, holdings = (
        Names(project.desired, live),
        of_agency(business.id, project.desired, live, project.policy.acts_as),
    )
    hidden = unseen(live, holdings) if live else (0, 0)
    text = agency_text(names.business(business.id), holdings, names, paper(), hidden)
    show(explanation_json(holdings, names) if format == "json" else text)
    return 5 if any(hidden) else exit_code(holdings)
