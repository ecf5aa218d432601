"""The page of a plan in Chromium: it filters, prints, turns dark, asks for nothing and has nothing to complain of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from accessctl.render.html import page as empty_page
from accessctl.render.plan_html import plan_html
from tests.browser import Chromium, chromium, needs_chromium, opened
from tests.hostile import names
from tests.test_plan_html import LATER, company, named
from tests.test_render import PLANS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accessctl.plan.document import SavedPlan
    from tests.browser import Page

pytestmark = needs_chromium

LEFT = "[...document.querySelectorAll('[data-item]')].filter((row) => !row.hidden).length"
STATUS = "document.querySelector('[data-status]').textContent"
GROUND = "getComputedStyle(document.body).backgroundColor"
MARKED = "[...document.querySelectorAll('[data-for]:not(.faded)')].filter((c) => c.checkVisibility()).length"
PAINTED = """new Promise((done) => {
  const found = () => performance.getEntriesByName("first-contentful-paint")[0];
  const look = () => (found() ? done(found().startTime) : setTimeout(look, 10));
  look();
})"""
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("pages")
    plans: dict[str, SavedPlan] = {
        "ten": company(10),
        "middle": company(200),
        "large": company(5000),
        "every-row": PLANS["every-row"],
        "hostile": named(list(names(150))),
    }
    for name, plan in plans.items():
        (found / f"{name}.html").write_text(plan_html(plan, LATER), encoding="utf-8")
    (found / "empty.html").write_text(empty_page("base.html", title="Empty"), encoding="utf-8")
    return found


def choose(page: Page, facet: str, value: str) -> None:
    page.run(f"document.querySelector('[data-facet={facet}] input[value=\"{value}\"]').click()")


def search(page: Page, words: str) -> None:
    page.run(f"document.querySelector('[data-search]').value = {words!r}")
    page.run("document.querySelector('[data-search]').dispatchEvent(new Event('input', {bubbles: true}))")
    page.run("new Promise((done) => setTimeout(done, 200))")


def counted(page: Page, facet: str) -> dict[str, str]:
    """The number on each option of a facet."""
    return page.run(
        f"Object.fromEntries([...document.querySelectorAll('[data-facet={facet}] label')].map("
        "(one) => [one.querySelector('input').value, one.querySelector('[data-count]').textContent]))"
    )


@pytest.mark.parametrize("name", ["ten", "large", "every-row", "hostile"])
def test_a_page_asks_for_nothing_and_has_nothing_to_complain_of(browser, folder, name):
    page = opened(browser, folder / f"{name}.html")
    search(page, "agency")
    page.run("document.querySelector('[data-theme-switch]').click(), localStorage.clear()")
    assert page.requests == [(folder / f"{name}.html").as_uri()]
    assert page.complaints == []
    assert page.run("document.querySelectorAll('img, iframe, object, embed, link, base, form, svg').length") == 0


def test_the_policy_stops_what_is_not_of_the_page(browser, folder):
    page = opened(browser, folder / "ten.html")
    page.run("document.body.insertAdjacentHTML('beforeend', '<img src=x.png onerror=\"window.hacked = 1\">')")
    page.run("document.body.append(Object.assign(document.createElement('script'), {text: 'window.hacked = 1'}))")
    page.run(FRAME)
    assert page.run("window.hacked === undefined")
    assert page.stopped == ["csp"]
    assert len(page.requests) == 2  # so one request elsewhere says something, and so does an empty list of complaints
    assert page.complaints != []


def test_filters_are_combined_and_each_option_says_how_many_it_would_leave(browser, folder):
    page = opened(browser, folder / "large.html")
    assert page.run(LEFT) == 5000
    choose(page, "do", "revoke")
    assert page.run(LEFT) == 1250
    assert counted(page, "do")["grant"] == "1,250"  # what one more of its kind would add
    choose(page, "kind", "page")
    pages = page.run(LEFT)
    assert counted(page, "kind")["page"] == f"{pages}"
    assert counted(page, "kind")["ad_account"] == f"{1250 - pages:,}"
    choose(page, "agency", next(agency for agency, n in counted(page, "agency").items() if n != "0"))
    left = page.run(LEFT)
    assert 0 < left < pages
    assert page.run(MARKED) == left
    assert page.run(STATUS) == f"Filtered: shows {left} of 5,000 rows."
    assert page.run("document.querySelector('#changes [data-n]').textContent") == f"{left} of 5,000"
    search(page, "brand-7 agency-99")
    assert page.run(LEFT) == 0
    page.run("document.querySelector('[data-clear]').click()")
    assert page.run(LEFT) == 5000
    assert page.run("location.hash") == ""


def test_a_filter_stands_in_the_address_and_is_found_again_there(browser, folder):
    page = opened(browser, folder / "middle.html")
    choose(page, "do", "revoke")
    choose(page, "do", "change")
    search(page, "Brand 12 & act_")
    fragment = page.run("location.hash")
    assert fragment == "#q=Brand%2012%20%26%20act_&do=change,revoke"
    assert page.run(LEFT) == 0
    search(page, "brand 12")
    left = page.run(LEFT)
    again = opened(browser, folder / "middle.html", page.run("location.hash"))
    assert 0 < left == again.run(LEFT)
    assert again.run("document.querySelector('[data-filtered]').checkVisibility()")


@pytest.mark.parametrize("fragment", ["#q=%", "#do=nothing", "#=&&=,", "#agency=%E0%A4%A", "#%", "#q", "#nowhere"])
def test_an_address_that_nobody_wrote_shows_everything(browser, folder, fragment):
    page = opened(browser, folder / "ten.html", fragment)
    assert page.run(LEFT) == 10
    assert page.complaints == []


def test_a_cell_of_the_matrix_leads_to_its_row(browser, folder):
    page = opened(browser, folder / "ten.html")
    page.run("document.querySelector('[data-for] a').click()")
    assert page.run("document.querySelector('.row:target').checkVisibility()")


def test_a_page_turns_dark_by_itself_and_by_hand(browser, folder):
    light = opened(browser, folder / "ten.html")
    dark = opened(browser, folder / "ten.html", dark=True)
    assert light.run(GROUND) != dark.run(GROUND)
    was = light.run(GROUND)
    light.run("document.querySelector('[data-theme-switch]').click()")
    assert light.run(GROUND) == dark.run(GROUND)
    assert light.run("document.querySelector('[data-theme-switch]').textContent") == "Light"
    light.run("document.querySelector('[data-theme-switch]').click()")
    assert light.run(GROUND) == was
    light.run("localStorage.clear()")


def test_on_paper_everything_is_unfolded_light_and_without_controls(browser, folder):
    page = opened(browser, folder / "every-row.html", dark=True)
    fold = "document.querySelector('details[data-fold]').open"
    assert not page.run(fold)
    page.run(f"window.seen = []; addEventListener('beforeprint', () => window.seen.push({fold}))")
    assert page.paper().startswith(b"%PDF-")
    assert page.run("window.seen") == [True]
    assert not page.run(fold)  # and folded again afterwards
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run(GROUND) == "rgb(255, 255, 255)"
    shown = "[...document.querySelectorAll('button, input, summary, .skip')].filter((e) => e.checkVisibility()).length"
    assert page.run(shown) == 0
    assert page.run("[...document.querySelectorAll('[data-item]')].every((row) => row.checkVisibility())")


def test_a_printed_part_says_that_it_is_one(browser, folder):
    page = opened(browser, folder / "ten.html", "#do=revoke")
    page.call("Emulation.setEmulatedMedia", media="print")
    assert page.run("document.querySelector('[data-status]').checkVisibility()")
    assert page.run(STATUS) == "Filtered: shows 2 of 10 rows."


def test_without_javascript_everything_is_there_and_no_control_is(browser, folder):
    page = opened(browser, folder / "every-row.html", scripts=False)
    rows = "[...document.querySelectorAll('[data-item]')].map((row) => row.getBoundingClientRect().height)"
    assert len(page.run(rows)) == 43
    assert min(page.run(rows)) > 0
    assert page.run("document.querySelectorAll('button, input').length") > 2
    assert page.run("[...document.querySelectorAll('button, input')].every((e) => !e.checkVisibility())")


@pytest.mark.parametrize("name", ["every-row", "hostile", "middle"])
def test_a_page_fits_a_phone(browser, folder, name):
    page = opened(browser, folder / f"{name}.html", width=360, height=780)
    assert page.run("document.documentElement.scrollWidth") == 360


def test_filters_and_links_are_reached_by_the_keyboard(browser, folder):
    page = opened(browser, folder / "ten.html")
    reached = []
    for _ in range(12):
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(page.run("document.activeElement.value || document.activeElement.textContent.trim()"))
        if reached[-1] == "grant":
            break
    assert reached[:3] == ["To the content", "Print", "Dark"]
    assert reached[-1] == "grant"
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", windowsVirtualKeyCode=32, text=" ")
    assert page.run(LEFT) == 3


def test_five_thousand_changes_are_painted_beside_an_empty_page(browser, folder, capsys):
    empty, large = (opened(browser, folder / f"{name}.html").run(PAINTED) for name in ("empty", "large"))
    with capsys.disabled():
        sys.stdout.write(
            f"\nfirst paint: empty {empty:.0f} ms, 5,000 changes {large:.0f} ms, {large / empty:.1f} times\n"
        )
