"""On-behalf-of requests stand beside the grants of the same businesses, where they were read and only there."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from tests.company import ACME, DATACO, MEDIAHOUSE, STRANGER

SANDBOX = ("--sandbox", "world.yaml")
LIVE = ("--with-live", *SANDBOX)
FORMATS = ["text", "markdown", "json"]
SCHEMA = json.loads((Path(__file__).parent.parent / "schemas" / "report.schema.json").read_text())


@pytest.fixture
def asked(company):
    """Mediahouse holds a grant and asks for more; DataCo asks and holds nothing."""
    company.asset("ad_account", "de", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("ad_account", "fr", "72", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("page", "shop", "81", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.world["obo_requests"] = {
        "9001": {"ad_account": "71", "receiving": ACME, "requesting": MEDIAHOUSE},
        "9002": {"ad_account": "71", "receiving": ACME, "requesting": STRANGER, "status": "BRAND_NEW"},
        "9003": {"ad_account": "72", "receiving": ACME, "requesting": DATACO, "status": "APPROVE"},
    }
    company.write()
    return company


def on_one_line(text: str) -> str:
    return " ".join(text.split())


def test_who_shows_a_request_beside_the_grant_of_its_business(asked, run):
    said = on_one_line(run("who", "de", *LIVE).stdout)
    assert (
        'live: confirmed with ANALYZE, as declared on behalf of: "Mediahouse Ltd" (mediahouse, 2002) asks to act on '
        'behalf of "Acme GmbH" (acme, 1001): waits for an answer (IN_PROGRESS), request 9001'
    ) in said


@pytest.mark.parametrize("kind", FORMATS)
def test_who_shows_a_business_that_only_asks_and_holds_nothing(asked, run, kind):
    found = run("who", "de", *LIVE, "--format", kind)
    assert found.returncode == 0
    assert "9002" in found.stdout
    if kind == "json":
        rows = {row["agency"]["id"]: row for row in json.loads(found.stdout)}
        assert [one["id"] for one in rows[MEDIAHOUSE]["obo_requests"]] == ["9001"]
        assert rows[STRANGER]["obo_requests"][0]["status"] == "BRAND_NEW"
        assert (rows[STRANGER]["declared"], rows[STRANGER]["live"]["status"]) == (None, "absent")


@pytest.mark.parametrize("kind", FORMATS)
def test_what_shows_the_requests_of_that_agency_and_of_no_other(asked, run, kind):
    found = run("what", "mediahouse", *LIVE, "--format", kind)
    assert found.returncode == 0
    assert [number in found.stdout for number in ("9001", "9002", "9003")] == [True, False, False]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("agency", "asks", "called"), [(STRANGER, "9002", "Stranger Ltd"), ("dataco", "9003", "DataCo")]
)
def test_what_shows_a_business_that_only_asks_where_it_asks(asked, run, kind, agency, asks, called):
    found = run("what", agency, *LIVE, "--format", kind)
    assert found.returncode == 0
    assert [number for number in ("9001", "9002", "9003") if number in found.stdout] == [asks]
    assert "holds nothing\n" not in found.stdout
    assert called in found.stdout.partition("\n")[0] or kind == "json"
    if kind == "json":
        (row,) = json.loads(found.stdout)
        assert (row["declared"], row["live"]["status"], row["agency"]["name"]) == (None, "absent", called)


@pytest.mark.parametrize("kind", FORMATS)
def test_what_shows_a_request_also_on_an_ad_account_that_no_manifest_declares(asked, run, kind):
    asked.asset("ad_account", "unmanaged", "73", live={})
    asked.world["obo_requests"]["9004"] = {"ad_account": "73", "receiving": ACME, "requesting": MEDIAHOUSE}
    asked.write()
    found = run("what", "mediahouse", *LIVE, "--format", kind)
    assert found.returncode == 0
    assert [number in found.stdout for number in ("9001", "9002", "9003", "9004")] == [True, False, False, True]
    if kind == "json":
        rows = [(row["asset"]["kind"], row["asset"]["id"]) for row in json.loads(found.stdout)]
        assert rows == [("ad_account", "71"), ("ad_account", "72"), ("ad_account", "73"), ("page", "81")]


def test_what_tells_no_owner_that_it_asks_for_its_own(asked, run):
    found = run("what", "acme", *LIVE)
    assert (found.returncode, "9001" in found.stdout) == (0, False)
    assert "holds nothing" in found.stdout


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "command", [("who", "de"), ("what", "mediahouse"), ("what", "dataco"), ("why", "dataco", "de")]
)
def test_requests_that_could_not_be_read_are_named_and_make_every_answer_incomplete(asked, run, command, kind):
    asked.world["ad_accounts"]["71"]["fault"] = {"code": 100, "message": "not today"}
    asked.write()
    found = run(*command, *LIVE, "--format", kind)
    said = on_one_line(found.stderr if kind == "json" else found.stdout).replace("`", "")
    assert found.returncode == 5
    assert "could not be read: Meta refused" in said
    assert "not today" in said
    assert ("the on-behalf-of requests on 1 ad account (act_71)" in said) is (
        kind == "json" or command == ("what", "dataco")
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_an_ad_account_on_which_nobody_holds_anything_is_not_without_requests_where_these_are_hidden(asked, run, kind):
    asked.asset("ad_account", "empty", "74", agencies={}, live={})
    asked.world["ad_accounts"]["74"]["fault"] = {"code": 100, "message": "not today"}
    asked.write()
    found = run("who", "empty", *LIVE, "--format", kind)
    said = on_one_line(found.stderr if kind == "json" else found.stdout).replace("`", "")
    assert found.returncode == 5
    assert "the on-behalf-of requests on 1 ad account (act_74) could not be read" in said


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    ("agency", "asset", "shown"),
    [
        ("mediahouse", "de", ["9001"]),
        (STRANGER, "de", ["9002"]),
        ("dataco", "fr", ["9003"]),
        ("dataco", "de", []),
        ("mediahouse", "fr", []),
    ],
)
def test_why_shows_the_requests_of_that_agency_on_that_ad_account_and_no_other(asked, run, kind, agency, asset, shown):
    found = run("why", agency, asset, *LIVE, "--format", kind)
    assert found.returncode == 0
    assert [number for number in ("9001", "9002", "9003") if number in found.stdout] == shown
    if kind == "json":
        (row,) = json.loads(found.stdout)
        assert [one["id"] for one in row["obo_requests"]] == shown
    elif agency == "mediahouse" and shown:
        said = on_one_line(found.stdout).replace("`", "")
        assert 'on behalf of: "Mediahouse Ltd" (mediahouse, 2002) asks to act on behalf of "Acme GmbH" (acme' in said


def test_why_says_of_requests_that_could_not_be_read_that_they_could_not(asked, run):
    asked.world["faults"] = [{"match": "GET act_71/onbehalf_requests", "do": "html_200"}] * 9
    asked.write()
    found = run("why", "mediahouse", "de", *LIVE)
    assert found.returncode == 5
    assert "on behalf of: could not be read: Meta's answer to GET act_71/onbehalf_requests" in on_one_line(found.stdout)


@pytest.mark.parametrize("command", [("who", "99"), ("why", "mediahouse", "99")])
def test_an_ad_account_that_nobody_knows_is_not_asked_for_requests(asked, run, command):
    asked.world["faults"] = [{"match": "GET act_99/onbehalf_requests", "do": "http_500"}]
    asked.write()
    assert "no manifest declares 99" in run(*command, *LIVE).stderr
    with asked.people() as sandbox:
        assert not sandbox.world.mishaps[0].seen


@pytest.mark.parametrize("command", [("who", "de"), ("what", "mediahouse"), ("why", "mediahouse", "de")])
def test_without_a_look_at_meta_nothing_is_said_of_requests(asked, run, command):
    assert "behalf" not in run(*command).stdout
    assert run("snapshot", "--out", "live.json", *SANDBOX).returncode == 0
    assert "behalf" not in run(*command, "--live", "live.json").stdout
    assert json.loads(run(*command, "--format", "json").stdout)[0]["obo_requests"] is None


def test_an_undeclared_ad_account_is_asked_by_its_owner_alone(asked):
    from accessctl.closing import closing_of
    from accessctl.obo.look import OboLook
    from accessctl.workflow import read_access
    from tests.company import NOW

    asked.project["acts_as"] = ["acme", "sister"]
    asked.asset("ad_account", "unmanaged", "73", live={})
    asked.write()
    with asked.connected() as (project, connection):
        live = read_access(project, connection)
        before = connection.cost
        closing = closing_of(connection, lambda: NOW)
        look = OboLook(connection.reader, connection.acting, project.desired, closing, live)
        found = look.on_accounts(asset for asset in live.assets if asset.id == "73")
        assert (len(found.asked), found.is_whole) == (1, True)
        assert (connection.cost.calls - before.calls, connection.cost.errors) == (1, before.errors)


@pytest.mark.parametrize(("agency", "told"), [("acme", ["9005"]), ("mediahouse", None), (STRANGER, None)])
def test_of_others_at_a_client_nothing_is_told_as_none(asked, run, agency, told):
    held = {ACME: ["ANALYZE"]}
    asked.asset("ad_account", "theirs", "75", owner="client", agencies={"acme": ["ANALYZE"]}, live=held)
    asked.world["obo_requests"]["9005"] = {"ad_account": "75", "receiving": "5005", "requesting": ACME}
    asked.world["obo_requests"]["9006"] = {"ad_account": "75", "receiving": "5005", "requesting": STRANGER}
    asked.write()
    (row,) = json.loads(run("why", agency, "theirs", *LIVE, "--format", "json").stdout)
    assert (row["obo_requests"] and [one["id"] for one in row["obo_requests"]]) == told


def test_a_page_is_not_asked_for_requests(asked, run):
    for command in (("who", "shop"), ("why", "mediahouse", "shop")):
        found = run(*command, *LIVE)
        assert (found.returncode, "behalf" in found.stdout) == (0, False)
        assert json.loads(run(*command, *LIVE, "--format", "json").stdout)[0]["obo_requests"] is None


def test_requests_that_could_not_be_read_are_said_so_beside_the_grant(asked, run):
    asked.world["faults"] = [{"match": "GET act_71/onbehalf_requests", "do": "html_200"}] * 9
    asked.write()
    found = run("who", "de", *LIVE)
    assert found.returncode == 5
    assert "on behalf of: could not be read: Meta's answer to GET act_71/onbehalf_requests" in on_one_line(found.stdout)


@pytest.mark.parametrize("kind", ["text", "markdown", "html"])
def test_a_review_with_requests_has_them_beside_their_grants_and_the_others_as_notes(asked, run, kind):
    found = run("report", "--obo", *SANDBOX, "--format", kind)
    assert found.returncode == 0
    said = on_one_line(found.stdout).replace("&#34;", '"').replace("`", "")
    assert 'on behalf of: "Mediahouse Ltd" (2002) asks to act on behalf of "Acme GmbH" (1001): waits for' in said
    assert 'beside no grant: "Stranger Ltd" (4004) asked to act on behalf of "Acme GmbH" (1001) on act_71: a' in said
    assert 'beside no grant: "DataCo" (3003)' in said


def test_a_review_as_json_has_the_requests_of_each_row_and_fits_its_schema(asked, run):
    told = json.loads(run("report", "--obo", *SANDBOX, "--format", "json").stdout)
    jsonschema.validate(told, SCHEMA)
    assert [[one["id"] for one in row.get("obo_requests", [])] for row in told["grants"]] == [["9001"], [], []]
    assert "obo_requests" not in told["grants"][2]  # a Page
    assert len(told["notes"]) == 2


def test_a_review_as_csv_has_them_in_a_column_of_their_own(asked, run):
    found = run("report", "--obo", *SANDBOX, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(found.stdout)))
    assert [row["obo_requests"] for row in rows] == ["9001 IN_PROGRESS", "", ""]
    assert found.stderr.count("warning: beside no grant: ") == 2
    assert "beside no grant are notes; CSV, whose rows are grants alone, has them on" in on_one_line(
        run("report", "--help").stdout
    )


def test_a_review_asks_for_requests_only_where_it_is_told_to(asked, run):
    assert "behalf" not in run("report", *SANDBOX).stdout
    for other in (("--declared",), ("--as-of", "live.json")):
        assert run("report", "--obo", *other).returncode == 64


def test_a_review_of_requests_that_could_not_be_read_is_not_whole(asked, run):
    asked.world["faults"] = [{"match": "GET act_72/onbehalf_requests", "do": "html_200"}] * 9
    asked.write()
    found = run("report", "--obo", *SANDBOX)
    assert found.returncode == 5
    assert "the on-behalf-of requests on 1 ad account (act_72) could not be read" in on_one_line(found.stdout)
