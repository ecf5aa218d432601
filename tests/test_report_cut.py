"""A review in Markdown that is longer than its receiver takes: cut, counted, and said to be so."""

from __future__ import annotations

import re
from functools import cache

import pytest

from accessctl.render.forge import Forge
from accessctl.render.limit import LEAST, Limit
from accessctl.render.report_markdown import report_markdown
from accessctl.report import Standing
from accessctl.report.tally import standings_of
from tests import reviewed
from tests.campaigns import examples
from tests.github import as_github_shows, live_references
from tests.hostile import names
from tests.runner_commands import commands_in
from tests.test_render import golden
from tests.test_report import OURS, REVIEWS

LARGE = reviewed.large(1_500)
SIZES = [LEAST, 10_000, 60_000, 200_000]
SOME = names(80)
ALL = [pytest.param(SOME, id="some"), pytest.param(10_000, id="all", marks=pytest.mark.campaign)]


@cache
def cut_to(most: int) -> str:
    return report_markdown(LARGE, None, Limit(most))


def shown_rows(text: str) -> list[str]:
    """How each row of an agency that is there stands."""
    return re.findall(r"^\| (?:ad account|Page) [^|]* \| \*\*([a-z]+)\*\*", text, re.MULTILINE)


def left_out(text: str) -> dict[str, int]:
    (words,) = re.findall(r"rows \(([^)]+)\)", text)
    return {word: int(number.replace(",", "")) for number, word in re.findall(r"([\d,]+) ([a-z]+)", words)}


@pytest.mark.parametrize("most", SIZES)
def test_no_cut_review_is_longer_than_its_limit_and_it_says_above_and_below_that_it_is_cut(most):
    text = cut_to(most)
    assert Limit(most).size(text) <= most
    assert text.startswith("# Access review, 2026-11-21 (cut: this is not the whole review)\n")
    assert text.endswith("This text was cut: it is not the whole review.\n")
    assert f"it was cut to {most:,} characters" in text


@pytest.mark.parametrize("most", SIZES)
def test_every_row_of_a_cut_review_is_there_or_counted_by_how_it_stands(most):
    text = cut_to(most)
    left = left_out(text)
    for standing, number in standings_of(LARGE).items():
        assert shown_rows(text).count(standing) + left.get(standing, 0) == number
    headings = re.findall(r"<summary><b>.*?(\d+) rows?(?:, (\d+) of them here)?</summary>", text)
    assert sum(int(here or rows) for rows, here in headings) == len(shown_rows(text))
    (gone,) = re.findall(r"all rows of (\d+) of 40 agencies", text) or ["0"]
    assert len(headings) + int(gone) == 40
    (lines,) = re.findall(r"([\d,]+) of 300 lines of the list of assets", text)
    assert text.count("agencies |\n") + text.count("1 agency |\n") + int(lines.replace(",", "")) == 300


def test_what_is_odd_is_kept_before_what_is_as_declared():
    text = cut_to(30_000)
    assert set(shown_rows(text)) == {Standing.DRIFT}
    wide = cut_to(200_000)
    assert {Standing.DRIFT, Standing.MISSING} & set(left_out(wide)) == set()
    assert Standing.DECLARED in shown_rows(wide)


@pytest.mark.parametrize("most", SIZES[1:])
def test_the_room_of_a_cut_review_is_used(most):
    assert Limit(most).size(cut_to(most)) > most * 0.85 - 500


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_that_fits_is_not_cut(name):
    whole = report_markdown(REVIEWS[name])
    assert report_markdown(REVIEWS[name], None, Limit(Limit(0).size(whole))) == whole
    assert report_markdown(REVIEWS[name], None, Limit(Limit(0).size(whole) - 1)) != whole
    assert "cut" not in whole.replace("[command]", "")


def test_links_go_before_anything_is_cut():
    forge, report = Forge("https://github.com/acme/access/blob/" + "a" * 40), REVIEWS["every-row"]
    bare = report_markdown(report)
    assert report_markdown(report, forge, Limit(Limit(0).size(bare))) == bare


def test_a_cut_review_reads_as_agreed(request):
    golden(request, "report-cut.md", cut_to(6_000))


@pytest.mark.parametrize("given", ALL)
def test_no_name_escapes_from_a_cut_review_or_makes_it_longer(given):
    for name in given if isinstance(given, tuple) else names(examples(given)):
        for most in (LEAST, 5_000):
            text = report_markdown(reviewed.hostile(name), None, Limit(most))
            seen = as_github_shows(text, is_comment=True)
            assert Limit(most).size(text) <= most, name
            assert set(seen.tags) <= {*OURS, "blockquote"}, name
            assert (seen.attributes, live_references(seen), commands_in(text)) == ([], [], []), name


def test_a_cut_review_that_could_not_all_be_read_says_so():
    text = report_markdown(reviewed.hostile("x" * 300), None, Limit(LEAST))
    assert "as far as was read" in text
    assert "line on what could not be read" in text or "## Could not be read" in text
