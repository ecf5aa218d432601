"""What a stranger calls himself fills lines of ours, and none of them reads as a line that we wrote."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.clean import display
from accessctl.model import Kind
from accessctl.plan.nouns import AssetRef, BusinessRef
from accessctl.render.escape import fenced
from accessctl.render.names import asset_name, business_name
from accessctl.render.paper import DEEP, Paper, columns
from accessctl.render.plan_text import action_text
from tests.company import MEDIAHOUSE, STRANGER
from tests.hostile import names
from tests.test_render import PLANS, plan_text

FORGED = ("No changes. Live access matches the manifests.", "Plan: 1 to grant.", "- revoke Other (2)", "note: fine")
FILLERS = (" ", "\u00a0", "\u2003", "\u3000", " \u3000", "x ")
SLASHES = ("Nordwind / Partner", "Media A/S / Kopenhagen", "x" * 45 + " " + "y" * 45 + " /merge now", "x" * 90 + " /close")


def called(name: str):
    """Return the small plan, its businesses and assets of that name."""
    plan = PLANS["small"].plan
    actions = tuple(
        replace(one, asset=replace(one.asset, name=name), agency=replace(one.agency, name=name)) for one in plan.actions
    )
    return replace(PLANS["small"], plan=replace(plan, actions=actions))


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("filler", FILLERS)
def test_no_name_begins_a_line_that_looks_like_one_of_ours(forged, filler):
    for number in range(20, 100, 3):
        lines = plan_text(called("Acme" + (filler * number)[:number] + forged), Paper()).splitlines()
        assert not [line for line in lines if re.match(f" {{0,{DEEP - 1}}}{re.escape(forged[:6])}", line) and line in forged]
        ours = [line for line in lines if len(line) - len(line.lstrip(" ")) < DEEP]
        assert len(ours) == len([line for line in plan_text(called("Acme"), Paper()).splitlines() if DEEPER(line)])
