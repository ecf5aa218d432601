"""The words of a review are true: what is declared is not called held, and a row is no grant."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from accessctl.model import Status
from accessctl.render.paper import Paper
from accessctl.render.report_csv import report_csv
from accessctl.render.report_html import report_html
from accessctl.render.report_json import report_json
from accessctl.render.report_markdown import report_markdown
from accessctl.render.report_text import report_text
from accessctl.render.report_words import OF_MANIFESTS, summary_line
from accessctl.report import Standing
from tests.github import Seen
from tests.reviewed import DECLARED, EMPTY, EVERY_ROW, UNREAD
from tests.test_report import REVIEWS


def words_of_page(report) -> str:
    texts = [text for around, text in Seen(report_html(report)).texts if not {"style", "script"} & set(around)]
    return " ".join(" ".join(texts).split())


def csv_rows(report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report_csv(report), newline="")))


@pytest.mark.parametrize("shown", [report_markdown, lambda one: report_text(one, Paper()), words_of_page])
def test_nothing_is_called_held_where_nobody_looked(shown):
    text = shown(DECLARED)
    for words in (*OF_MANIFESTS.values(), "Who is to hold what", "Holds task"):  # the last is a filter's heading
        text = text.replace(words, "")
    assert re.findall(r"(?<![-\w])(?:held|holds?|holding)\b", text, re.IGNORECASE) == []


@pytest.mark.parametrize(("report", "held"), [(EVERY_ROW, 5), (UNREAD, 4), (EMPTY, 0), (DECLARED, None)])
def test_every_format_counts_as_held_what_is_live_and_nothing_that_is_missing(report, held):
    assert json.loads(report_json(report))["totals"]["held"] == held
    assert sum(one.status is Status.CONFIRMED for one in report.grants) == (held or 0)
    said = {True: "", False: ", as far as was read"}[report.is_whole]
    words = f"Held{said}: {held} grant" if held is not None else "rows of"
    for shown in (report_text(report, Paper(500)), report_markdown(report), words_of_page(report)):
        assert words in shown
        assert ("Held" in shown) == (held is not None)
    assert sum(row["held"] == "yes" for row in csv_rows(report)) == (held or 0)


@pytest.mark.parametrize("name", REVIEWS)
def test_the_rows_of_a_review_are_counted_as_rows_in_every_format(name):
    report = REVIEWS[name]
    totals, number = json.loads(report_json(report))["totals"], len(report.grants)
    assert sum(totals["standings"].values()) == totals["rows"] == number
    assert (totals["agencies"], totals["assets"]) == (len(report.agencies), len(report.assets))
    assert set(totals["standings"]) == set(Standing)
    head = f"{number} row{'s' * (number != 1)} of "
    for shown in (report_text(report, Paper(500)), report_markdown(report), words_of_page(report).replace(",", "")):
        assert head in shown


def test_a_row_of_csv_says_which_way_it_came_and_whether_anything_is_held():
    assert {(row["way"], row["held"]) for row in csv_rows(DECLARED)} == {("manifests", "")}
    held = {(row["asset_id"], row["agency_id"]): row["held"] for row in csv_rows(EVERY_ROW)}
    assert (held["71", "2002"], held["72", "2002"], held["77", "1001"]) == ("yes", "no", "no")
    assert (held["74", "2002"], held["75", "3003"], held["74", ""]) == ("", "", "")  # nobody knows


def test_an_asset_with_a_grant_of_unknown_status_is_not_said_to_be_held_by_nobody():
    text = report_markdown(EVERY_ROW)
    assert "0 agencies; 1 of unknown status" in text
    assert "on 3 of them nobody holds anything" in text  # 73, 76 and 77; nobody knows of 74 and 75


def test_the_summary_says_how_the_rows_stand_and_what_is_held():
    assert summary_line(DECLARED) == "9 rows of 3 agencies on 8 assets: 8 declared, 1 ended."
    assert summary_line(EMPTY) == "0 rows of 0 agencies on 1 asset. Held: 0 grants."
