"""Which calls Meta does not open to the app, once each: what it means, and how many steps are by hand for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.closed import USED, not_opened
from accessctl.counting import count
from accessctl.model import ClosedEdge

if TYPE_CHECKING:
    from accessctl.plan.nouns import Closed, Plan
    from accessctl.render.paper import Paper

LONGEST = 400
TODO = (
    "follow the links of the waiting rows; the next plan sees what was done. --ask-again ASSET tries one by the call; "
    f"with another token, or after {USED.days} days, accessctl does so by itself"
)


def closed_lines(plan: Plan) -> tuple[str, ...]:
    """Return a sentence for each call that is done by hand."""
    several = len({one.business for one in plan.closed}) > 1
    return tuple(_line(one, several=several) for one in plan.closed)


def closed_text(plan: Plan, paper: Paper) -> str:
    """Return it as lines of text, nothing where all calls are open."""
    said = [f"! {display(line, LONGEST)}" for line in closed_lines(plan)]
    lines = [paper.wrap(line, indent=2, first=0, style="yellow") for line in said]
    return "\n".join([*lines, *[paper.wrap(f"do: {TODO}", indent=6, first=2)] * bool(lines)])


def _line(closed: Closed, *, several: bool) -> str:
    edge = ClosedEdge(closed.business.id, closed.edge, closed.code, closed.at)
    whose = f" of {closed.business.alias}" if several else ""
    return f"{count(closed.steps, 'step')}{whose} by hand: {not_opened(edge)}"
