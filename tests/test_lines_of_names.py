"""What a stranger calls himself may fill lines of ours; none of them reads as a line that we wrote."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.clean import display
from accessctl.model import Kind
from accessctl.plan.nouns import AssetRef, BusinessRef, Plan
from accessctl.render.markdown_rows import block
from accessctl.render.names import asset_name, business_name
from accessctl.render.paper import Paper, columns
from accessctl.render.plan_text import plan_text
from tests.company import MEDIAHOUSE, STRANGER, Company
from tests.hostile import names
from tests.test_render import EVERY_ACTION, saved

FORGED = ("No changes. Live access matches the manifests.", "Plan: 1 to grant.", "- revoke Other (2)", "note: fine")
FILLERS = (" ", "\u00a0", "\u2003", "\u3000", " \u3000", "x ", "\u65e5 ", "xxxxx")
DEEPEST = 8  # columns before a line that we begin: what apply says of a step that is left
GITLAB = re.compile(r"^\s*/", re.MULTILINE)  # what GitLab takes for a command


def called(name: str) -> Plan:
    """Return every kind of change, with assets and agencies of that name."""
    named = (replace(one, asset=replace(one.asset, name=name)) for one in EVERY_ACTION)
    return Plan(tuple(replace(one, agency=replace(one.agency, name=name)) for one in named))


def begun(text: str) -> list[tuple[int, str]]:
    """Return where each line of our own begins, and how; what goes on is deeper than all of them."""
    lines = [(len(line) - len(line.lstrip(" ")), line.lstrip(' "')[:4]) for line in text.splitlines() if line]
    return [line for line in lines if line[0] <= DEEPEST]


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("filler", FILLERS)
def test_no_name_begins_a_line_where_one_of_ours_could_begin(forged, filler):
    ours = begun(plan_text(saved(called("Acme")), Paper()))
    for number in range(1, 100, 7):
        name = f"Acme{(filler * number)[:number]} {forged}"
        assert begun(plan_text(saved(called(name)), Paper())) == ours, name


@pytest.mark.parametrize("filler", [" \u3000", "x "])
def test_no_name_begins_a_line_in_an_explanation(company: Company, run, filler):
    company.asset("ad_account", "de", "9001", agencies={"mediahouse": ["ANALYZE"]}, live={STRANGER: ["MANAGE"]})

    def explained(name: str) -> list[list[tuple[int, str]]]:
        company.world["businesses"] |= {
            key: {**company.world["businesses"][key], "name": name} for key in (MEDIAHOUSE, STRANGER)
        }
        company.world["ad_accounts"]["9001"]["name"] = name
        company.write()
        asked = (("who", "de"), ("what", "mediahouse"), ("why", STRANGER, "de"))
        return [begun(run(*one, "--with-live", "--sandbox", "world.yaml").stdout) for one in asked]

    ours = explained("Good")
    assert all(len(lines) > 2 for lines in ours)
    assert explained(f"Good{(filler * 70)[:70]} declared nowhere") == ours


@given(st.text() | st.sampled_from(names(2000)))
def test_no_two_blanks_stand_together_in_a_name(name):
    assert "  " not in display(name)
    assert not re.search(r"[^\S ]", display(name))


@pytest.mark.parametrize("blank", [" ", "   ", "\u00a0", "\u3000 "])
def test_a_name_of_blanks_is_no_name(blank):
    assert business_name(BusinessRef("2002", "mediahouse", blank)) == "business mediahouse (2002)"
    assert business_name(BusinessRef("2002", "mediahouse", f"{blank}Acme{blank}")) == "Acme (mediahouse, 2002)"
    assert asset_name(AssetRef(Kind.PAGE, "7", "shop", blank)) == "Page shop (7)"


def test_a_letter_has_four_marks_and_no_name_begins_with_one():
    assert display("a" + "\u0332" * 6 + "b") == "a" + "\u0332" * 4 + "\\u{332}" * 2 + "b"
    assert display("\u0338Acme") == "\\u{338}Acme"
    assert display("ก\u0e35\u0e49 \u0e19\u0e49\u0e33") == "ก\u0e35\u0e49 \u0e19\u0e49\u0e33"


@given(st.lists(st.text("ab/日한ｗe\u0332-", min_size=1, max_size=120), max_size=6), st.integers(30, 120))
def test_no_line_is_wider_than_the_paper_whatever_letters_it_has(words, width):
    text = " ".join(words)
    lines = Paper(width).wrap(text, indent=4, first=2).splitlines()
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_wide_letter_takes_two_columns_and_a_mark_none():
    assert columns("日本e\u0332") == 5
    assert Paper(20).wrap("日本語会社" * 3, first=0).splitlines() == ["日本語会社日本語会社", " " * 10 + "日本語会社"]


@pytest.mark.parametrize(
    "name",
    ["Nordwind / Partner", "Media A/S / Kopenhagen", "x" * 45 + " " + "y" * 45 + " /merge now", "x" * 95 + " /close"],
)
def test_no_line_of_a_plan_in_markdown_is_a_command_to_gitlab(name):
    for number in range(100):
        (one,) = called(f"{'z' * number} {name}").actions[:1]
        assert not GITLAB.search(block([one], None))
        lines = Paper(100).wrap(f"{'z ' * number}{name}", first=2).splitlines()
        assert not [line for line in lines if GITLAB.search(line)]


def test_a_run_of_slashes_is_shown_and_no_command():
    (one,) = called("/" * 118).actions[:1]
    text = block([one], None)
    assert not GITLAB.search(text)
    assert "\\u{2f}///" in text
