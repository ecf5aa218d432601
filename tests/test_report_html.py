"""The page of an access review: each row once, nothing from a stranger alive, and quick with thousands of grants."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from functools import cache

import pytest

from accessctl.render.paper import Paper
from accessctl.render.report_html import report_html
from accessctl.render.report_text import report_text
from tests import reviewed
from tests.browser import chromium, needs_chromium, opened
from tests.campaigns import examples
from tests.github import Seen
from tests.hostile import names
from tests.reviewed import EVERY_ROW, NOW
from tests.test_render import golden
from tests.test_report import REVIEWS

SOME = names(150)
ALL = [pytest.param(SOME, id="some"), pytest.param(10_000, id="all", marks=pytest.mark.campaign)]
ATTRIBUTES = set(
    re.findall(
        r"\S+",
        """aria-hidden aria-label aria-pressed autocomplete charset class colspan content data-agency data-band
        data-clear data-count data-ends data-facet data-filter data-filtered data-first data-fold data-for data-group
        data-head data-item data-kind data-label data-line data-n data-owner data-print data-rest data-search
        data-standing data-status data-task data-theme-switch for height hidden href http-equiv id lang name open
        placeholder preserveaspectratio role scope spellcheck tabindex type value viewbox width x x1 x2 y y1 y2""",
    )
)


def these(number):
    return number if isinstance(number, tuple) else names(examples(number))


@cache
def page(name: str) -> Seen:
    return Seen(report_html(REVIEWS[name]))


@cache
def tags_of_a_calm_page() -> list[str]:
    return Seen(report_html(reviewed.hostile("Acme"))).tags


def sections(seen: Seen) -> str:
    """The words of the page a section a paragraph, without those of styles and scripts."""
    words = [
        text if "svg" not in around else f"[{text.strip()}]"
        for around, text in seen.texts
        if not {"style", "script", "title"} & set(around)
    ]
    return re.sub(r"(?:[ \t]*\n[ \t]*)+", "\n", "".join(words)).strip() + "\n"


@pytest.mark.parametrize("name", ["every-row", "declared", "empty", "hostile"])
def test_the_words_of_a_page_are_as_agreed(request, name):
    golden(request, f"report-{name}.html.txt", sections(page(name)))


@pytest.mark.parametrize("name", REVIEWS)
def test_each_grant_is_one_row_and_one_cell_and_one_line_of_its_agency(name):
    seen, report = page(name), REVIEWS[name]
    ids = [f"g{number}" for number, _ in enumerate(report.grants, 1)]
    places = Counter(value for _, key, value in seen.attributes if key == "id")
    assert max(places.values()) == 1
    assert set(ids) == {place for place in places if re.fullmatch("g[0-9]+", place)}
    assert Counter(value for _, key, value in seen.attributes if key == "data-for") == dict.fromkeys(ids, 2)
    assert sum(key == "data-item" for _, key, _ in seen.attributes) == len(ids)


@pytest.mark.parametrize("name", REVIEWS)
def test_every_link_leads_to_a_place_on_the_page(name):
    seen = page(name)
    places = {value for _, key, value in seen.attributes if key == "id"}
    links = {value for _, key, value in seen.attributes if key == "href"}
    assert {link[1:] for link in links} <= places
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("name", ["every-row", "unread", "declared", "empty", "large"])
def test_a_page_has_every_fact_of_the_text(name):
    words = set(re.findall(r"[\w.:/-]{3,}", report_text(REVIEWS[name], Paper(100_000))))
    shown = page(name).text
    ours = set(re.findall("[a-z]+", "agency access added and could not read the end has nothing declared Declared are"))
    missing = {word.strip(":,") for word in words if word.strip(":,") not in shown}
    assert missing <= ours | {"review", "business", "Nobody", "looked", "Declared"}


@pytest.mark.parametrize("name", ["every-row", "declared", "large"])
def test_a_row_on_paper_says_by_itself_who_on_what_and_which_tasks(name):
    seen, report = page(name), REVIEWS[name]
    values = {
        key: [value for _, found, value in seen.attributes if found == key] for key in ("data-first", "data-rest")
    }
    said = [f"{first} {rest}" for first, rest in zip(values["data-first"], values["data-rest"], strict=True)]
    assert len(said) == 2 * len(report.grants)
    for one in report.grants:
        lines = [
            line
            for line in said
            if f" {one.standing.value} " in line
            and re.search(rf"\b(act_)?{one.asset.id}\b", line)
            and re.search(rf"\b{one.agency.id}\b", line)
        ]
        assert len(lines) == 2
        assert all(task in line for line in lines for task in one.held or one.tasks)


def test_what_could_not_be_read_stands_above_everything_that_was():
    text = page("unread").text
    assert text.index("Could not be read") < text.rindex("How much of live access is declared")
    assert text.index("Meta refused GET act_74/agencies") < text.rindex("At a glance")


@pytest.mark.parametrize("given", ALL)
def test_a_hostile_name_makes_no_element_no_attribute_and_no_link(given):
    calm = tags_of_a_calm_page()
    for name in these(given):
        seen = Seen(report_html(reviewed.hostile(name)))
        assert seen.tags == calm, name
        assert {key for _, key, _ in seen.attributes} <= ATTRIBUTES, name
        assert not any(
            key in ("src", "style", "srcset", "action") or key.startswith("on") for _, key, _ in seen.attributes
        )
        assert all(value.startswith("#") for _, key, value in seen.attributes if key == "href"), name
        assert len(seen.comments) == 0, name


def test_the_page_says_when_it_was_read_from_what_and_by_which_accessctl():
    text = page("every-row").text
    for said in ("2026-11-21 12:00 UTC", "sandbox:w", "This is the sandbox, not Meta.", "accessctl 0.1.0", "v26.0"):
        assert said in text
    assert "Nobody looked at Meta" in page("declared").text


# In a browser.


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, report in {**REVIEWS, "five-thousand": reviewed.large(5000)}.items():
        (folder / f"{name}.html").write_text(report_html(report), encoding="utf-8")
    (folder / "nothing.html").write_text("<!doctype html><title>nothing</title><p>nothing", encoding="utf-8")
    return folder


@needs_chromium
@pytest.mark.parametrize("name", ["every-row", "hostile", "five-thousand"])
@pytest.mark.parametrize("dark", [False, True])
def test_a_page_asks_for_nothing_and_breaks_no_policy(browser, files, name, dark):
    shown = opened(browser, files / f"{name}.html", dark=dark)
    assert shown.run("getComputedStyle(document.body).backgroundColor") == (
        "rgb(19, 22, 25)" if dark else "rgb(246, 247, 248)"
    )
    assert shown.requests == [(files / f"{name}.html").as_uri()]
    assert shown.complaints == []


COUNT = "document.querySelectorAll('[data-item]:not([hidden])').length"


@needs_chromium
def test_rows_are_filtered_by_standing_label_and_words_together(browser, files):
    report = reviewed.large(5000)
    shown = opened(browser, files / "five-thousand.html", "#label=market%3Dde&standing=drift")
    wanted = [one for one in report.grants if one.standing == "drift" and ("market", "de") in one.asset.labels]
    assert shown.run(COUNT) == len(wanted)
    agency = wanted[0].agency.id
    shown.run(
        "new Promise(done => { const box = document.querySelector('[data-search]');"
        f" box.value = '{agency}'; box.dispatchEvent(new Event('input', {{bubbles: true}})); setTimeout(done, 300) }})"
    )
    assert shown.run(COUNT) == sum(one.agency.id == agency for one in wanted)
    assert shown.run(f"document.getElementById('agency-{agency}').hidden") is False
    lines = "document.querySelectorAll('#agencies [data-line]:not([hidden])').length"
    assert shown.run(lines) == shown.run(COUNT)


@needs_chromium
def test_a_link_to_an_agency_opens_its_part(browser, files):
    shown = opened(browser, files / "every-row.html", "#agency-2002")
    assert shown.run("[...document.querySelectorAll('#agencies details[open]')].map(one => one.id)") == ["agency-2002"]


@needs_chromium
def test_nothing_is_hidden_without_scripts(browser, files):
    shown = opened(browser, files / "every-row.html", scripts=False)
    assert shown.run("document.querySelectorAll('details:not([open])').length") == 0


@needs_chromium
@pytest.mark.parametrize("name", ["every-row", "hostile"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_its_screen(browser, files, name, width):
    shown = opened(browser, files / f"{name}.html", width=width)
    assert shown.run("document.documentElement.scrollWidth") <= width


@needs_chromium
def test_a_page_of_five_thousand_grants_is_painted_beside_an_empty_one(browser, files, capsys):
    """The ratio is printed, not judged: time depends on the machine."""
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    wait = (
        "new Promise(done => { const look = () => performance.getEntriesByName('first-contentful-paint').length"
        f" ? done({painted}) : setTimeout(look, 20); look() }})"
    )
    large, empty = (opened(browser, files / f"{name}.html").run(wait) for name in ("five-thousand", "nothing"))
    ratio = f"{large:.0f} ms with 5,000 grants, {empty:.0f} ms empty ({large / empty:.0f} times)"
    with capsys.disabled():
        sys.stdout.write(f"\nfirst paint: {ratio}\n")


@needs_chromium
def test_a_printed_page_has_every_row_and_no_controls(browser, files):
    shown = opened(browser, files / "every-row.html")
    assert shown.paper().startswith(b"%PDF-")
    shown.call("Emulation.setEmulatedMedia", media="print")
    controls = "[...document.querySelectorAll('.search, .tools, .facet')]"
    seen = shown.run(f"JSON.stringify({controls}.map(one => getComputedStyle(one).display))")
    assert set(json.loads(seen)) == {"none"}
    assert shown.run(COUNT) == len(EVERY_ROW.grants)


def test_the_day_of_the_page_is_that_of_the_reading():
    assert f"{NOW:%-d %B %Y}" in page("every-row").text
