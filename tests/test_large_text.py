"""A plan of 5,000 changes as text, on paper of both widths, with and without colour."""

from __future__ import annotations

import hashlib

import pytest

from accessctl.render.paper import Paper
from accessctl.render.plan_text import plan_text
from tests.test_markdown import many
from tests.test_render import golden


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("color", [False, True])
def test_a_large_plan_reads_as_agreed(request, width, color):
    text = plan_text(many(5000, 120), Paper(width, color))
    lines = text.splitlines()
    said = f"{len(lines)} lines, sha256 {hashlib.sha256(text.encode()).hexdigest()}"
    name = f"plan-5000{'-wide' * (width > 80)}{'-color' * color}.txt"
    golden(request, name, "\n".join([*lines[:40], f"[... {said} ...]", *lines[-20:], ""]))
