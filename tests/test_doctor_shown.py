"""How doctor's findings are shown: as Markdown, through a reader of it, and whatever names Meta sends."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cmarkgfm.cmark import Options, markdown_to_html_with_extensions

from accessctl.doctor import Finding, Level, examine
from accessctl.doctor.facts import AppFacts, LiveBusiness, Service
from accessctl.model import Business
from accessctl.render.doctor import doctor_json, doctor_text
from accessctl.render.doctor_formats import DOCTOR_FORMATS, Checkup
from accessctl.render.doctor_markdown import doctor_markdown
from accessctl.render.formats import Layout
from accessctl.render.paper import Paper

from .company import ACME, CLIENT, MEDIAHOUSE
from .hostile import names
from .test_doctor import ACTING, NEEDED, NOW, SOUND, filled, mixed

GOLDEN = Path(__file__).parent / "golden"
PARTNERS = "https://business.facebook.com/settings/partners"
URL = "https://www.facebook.com/v21.0/dialog/oauth?client_id=4242&redirect_uri=YOUR_URL/&scope="


def html(markdown: str) -> str:
    extensions = ["table", "autolink", "tagfilter", "strikethrough"]
    return markdown_to_html_with_extensions(markdown, Options.CMARK_OPT_UNSAFE, extensions)


def test_findings_as_markdown_read_as_agreed(request):
    path = GOLDEN / "doctor.md"
    text = doctor_markdown(mixed(), ACTING)
    if request.config.getoption("--renew-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_finding_is_an_item_with_its_source_and_what_to_do():
    shown = html(doctor_markdown(mixed(), ACTING))
    todos = [one for one in mixed() if one.todo]
    assert shown.count("<strong>") == len(mixed()) + 1
    assert shown.count("<li>do: ") == len(todos)
    assert shown.count("<li>by: ") == sum(bool(one.source) for one in mixed())
    assert shown.count("<h3>") == 3


def test_an_address_stands_whole_on_a_line_of_its_own_and_once():
    lines = doctor_text(mixed(), ACTING, Paper()).splitlines()
    (line,) = [line for line in lines if "facebook.com" in line]
    assert line.startswith(URL)
    assert doctor_markdown(mixed(), ACTING).count(line) == 1
    told = json.loads(doctor_json(mixed()))["findings"]
    assert {one["url"] for one in told} == {"", line}


def test_a_level_nobody_told_is_said_in_words_and_is_unknown_in_json():
    one = (Finding("a", Level.UNKNOWN, "", "whether it rains", source="the sky"),)
    assert "  cannot be known: whether it rains [the sky]\n" in doctor_text(one, (), Paper())
    assert "- **cannot be known**: whether it rains" in doctor_markdown(one, ())
    assert json.loads(doctor_json(one))["findings"][0]["level"] == "unknown"


def test_colour_adds_nothing_to_the_words():
    plain, coloured = (doctor_text(mixed(), ACTING, Paper(80, color)) for color in (False, True))
    assert coloured != plain
    for code in ("32", "33", "31", "36", "1", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == plain


def test_the_sum_and_the_worst_of_each_business_come_first():
    text, markdown = doctor_text(mixed(), ACTING, Paper()), doctor_markdown(mixed(), ACTING)
    lines = text.splitlines()
    assert lines[0] == lines[-1] == markdown.splitlines()[2].strip("*")
    for shown, begin in ((text, r"  "), (markdown, r"- \*\*")):
        for part in re.split(r"\n\n(?=\S)", shown):
            levels = re.findall(rf"^{begin}(problem|cannot be known|warning|ok)\b", part, re.MULTILINE)
            assert levels == sorted(levels, key=("problem", "cannot be known", "warning", "ok").index)
    assert [one["id"] for one in json.loads(doctor_json(mixed()))["findings"]] == [one.id for one in mixed()]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("it runs (since 2026-11-22): then", "it runs (since `2026-11-22`): then"),
        (f"see {PARTNERS}: there", f"see `{PARTNERS}`: there"),
        ("with business_management: which", "with `business_management`: which"),
        ("at act_1; or act_2, and act_3.", "at `act_1`; or `act_2`, and `act_3`."),
    ],
)
def test_no_address_or_word_of_metas_ends_in_the_mark_of_a_sentence(said, shown):
    assert f": {shown}\n" in doctor_markdown((Finding("a", Level.OK, "", said),), ())


def named(name: str) -> tuple[tuple[Finding, ...], tuple[Business, ...]]:
    """Return what is found where Meta sends this name for the app, the business, the person and the claimant."""
    business = Business(ACME, "acme", name)
    facts = replace(
        SOUND,
        business=business,
        token=replace(SOUND.token, app=name),
        me=replace(SOUND.me, name=name),
        live=LiveBusiness(ACME, name + "x", name, name),
        app=AppFacts("4242", name, CLIENT, name, name),
        unverified=name,
        tier=name,
    )
    return examine((facts,), {ACME: NEEDED}, Service("v26.0"), NOW), (business,)


@pytest.mark.parametrize("name", names(120))
def test_no_name_becomes_more_than_a_name(name):
    found, acting = named(name)
    text, markdown = doctor_text(found, acting, Paper()), doctor_markdown(found, acting)
    assert all(line.isprintable() for line in text.splitlines())
    shown = html(markdown)
    assert shown.count("<li>") == sum(1 + bool(one.todo) + bool(one.source) for one in found)
    for element in ("<a ", "<img", "<script", "<table", "<details", "<h1", "<em>", "<del", "<svg", "<input", "<hr"):
        assert element not in shown, element
    assert shown.count("<h3>") == 2
    assert json.loads(doctor_json(found))["summary"]


@pytest.mark.parametrize("name", DOCTOR_FORMATS)
def test_each_format_goes_to_a_file_too(company, run, name):
    filled(company).write()
    told = run("doctor", "--format", name, "--render", f"{name}=out", "--sandbox", "world.yaml")
    assert (told.returncode, told.stderr) == (0, "")
    assert (company.directory / "out").read_text(encoding="utf-8").split()[0] == told.stdout.split()[0]


def test_every_format_ends_with_a_line():
    checkup = Checkup(mixed(), ACTING)
    for one in DOCTOR_FORMATS.values():
        text = one.render(checkup, Layout(NOW))
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_what_the_readme_shows_is_what_doctor_says(company, run):
    company.world["app"] = {"id": "4711", "name": "Acme Access", "business": MEDIAHOUSE}
    company.world["businesses"][MEDIAHOUSE]["tech_provider"] = True
    scopes = ["business_management", "pages_manage_metadata", "pages_show_list"]
    filled(company, kind="user", scopes=scopes, app=company.world["app"]).write()
    printed = run("doctor", "--sandbox", "world.yaml").stdout
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    (shown,) = [
        fence for fence in re.findall(r"^```text\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL) if "Doctor: " in fence
    ]
    for line in shown.splitlines():
        assert line in printed.splitlines(), line
