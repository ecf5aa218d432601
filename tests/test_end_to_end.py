"""A whole run over a real socket, beside Meta's own SDK: both see the same world."""

from __future__ import annotations

import gc
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from tests.company import ACME, MEDIAHOUSE, STRANGER, Company

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the SDK's own imports, not ours to mend
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.page import Page
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

if TYPE_CHECKING:
    from collections.abc import Iterator

BUYER = ["ADVERTISE", "ANALYZE"]
TOKEN = "EAAcanary0123456789abcdefghijklmnop"
FIELDS = ["id", "name", "permitted_tasks", "access_status"]


@pytest.fixture
def served(company: Company) -> Iterator[tuple[Company, Sandbox, str]]:
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={STRANGER: BUYER})
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("page", "shop", "73", owner="client", agencies={"acme": BUYER}, live={})
    company.project["guards"] = {"max_revoke_percent": 100}
    company.world["tokens"] = {TOKEN: {"business": ACME, "role": "admin"}}
    company.write()
    sandbox = Sandbox(load_world(company.directory / "world.yaml"))
    with serve(sandbox) as server:
        yield company, sandbox, server.url


@pytest.fixture
def sdk(served, monkeypatch) -> Iterator[Any]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(FacebookSession, "GRAPH", served[2])
    session = FacebookSession(access_token=TOKEN, timeout=10)
    api = FacebookAdsApi(session, api_version="v26.0")
    yield api
    session.requests.close()
    del session, api
    gc.collect()


def seen_by_the_sdk(api: Any) -> dict[str, dict[str, list[str]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not know these fields, and works
        token = Page("72", api=api).api_get(fields=["access_token"])["access_token"]
        account = AdAccount("act_71", api=api).get_agencies(fields=FIELDS)
        page = api.call("GET", ("72", "agencies"), params={"fields": ",".join(FIELDS), "access_token": token}).json()
    return {
        "71": {row["id"]: sorted(row["permitted_tasks"]) for row in account},
        "72": {row["id"]: sorted(row["permitted_tasks"]) for row in page["data"]},
    }


def test_what_accessctl_does_over_a_socket_is_what_the_sdk_then_sees(served, sdk, run_alone):
    _, sandbox, url = served
    assert seen_by_the_sdk(sdk) == {"71": {STRANGER: BUYER}, "72": {MEDIAHOUSE: ["ANALYZE"]}}
    environ = {"ACCESSCTL_GRAPH_URL": url, "ACCESSCTL_TOKEN_ACME": TOKEN}
    planned = run_alone("plan", "--out", "plan.json", **environ)
    assert planned.returncode == 0, planned.stderr
    applied = run_alone("apply", "plan.json", "--auto-approve", **environ)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Apply complete: 1 granted, 1 changed, 1 revoked, 1 requested. 1 waiting." in applied.stdout
    assert seen_by_the_sdk(sdk) == {"71": {MEDIAHOUSE: BUYER}, "72": {MEDIAHOUSE: BUYER}}
    assert "No changes. Live access matches the manifests. 1 waiting." in run_alone("plan", **environ).stdout
    assert len(sandbox.write_log) == 4


def test_what_the_sdk_does_is_what_accessctl_then_sees(served, sdk, run):
    _, _, url = served
    AdAccount("act_71", api=sdk).delete_agencies(params={"business": STRANGER})
    AdAccount("act_71", api=sdk).create_agency(params={"business": MEDIAHOUSE, "permitted_tasks": BUYER})
    found = run("plan", "--format", "json", ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=TOKEN)
    document = json.loads(found.stdout)
    assert {action["asset"]["id"] for action in document["actions"]} == {"72", "73"}
    assert document["summary"]["unchanged"] == 1


def test_a_token_is_in_nothing_that_is_printed_or_kept(served, run):
    company, _, url = served
    environ = {"ACCESSCTL_GRAPH_URL": url, "ACCESSCTL_TOKEN": TOKEN, "ACCESSCTL_DEBUG": "1"}
    said = ""
    for args in (
        ["plan", "--out", "plan.json"],
        ["plan", "--format", "json"],
        ["apply", "plan.json", "--auto-approve"],
        ["who", "de", "--with-live"],
    ):
        found = run(*args, **environ)
        said += found.stdout + found.stderr
    refused = run("plan", ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=TOKEN + "x")
    assert refused.returncode == 1
    assert "190" in refused.stderr
    said += refused.stdout + refused.stderr
    for path in company.directory.rglob("*"):
        if path.is_file() and path.name != "world.yaml":
            said += path.read_text()
    assert TOKEN not in said
    assert "Acme GmbH" in said


def test_a_plan_made_at_another_api_is_stale_here(served, run):
    _, _, url = served
    run("plan", "--out", "plan.json", ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=TOKEN)
    found = run("apply", "plan.json", "--auto-approve", "--sandbox", "world.yaml")
    assert found.returncode == 4
    assert "the plan was made against" in found.stderr


def test_the_sandbox_of_the_command_line_serves_the_same(company, run):
    import signal
    import subprocess
    import sys

    company.asset("page", "shop", "73", owner="client", agencies={"acme": BUYER}, live={})
    company.write()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "accessctl", "sandbox", "serve", "world.yaml", "--port", "0"],
        cwd=company.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        (line,) = [line for line in (process.stdout.readline(), process.stdout.readline()) if "export" in line]
        url = line.removeprefix("export ACCESSCTL_GRAPH_URL=").strip()
        applied = run("apply", "--auto-approve", ACCESSCTL_GRAPH_URL=url, ACCESSCTL_TOKEN=f"sandbox-{ACME}")
        assert "Apply complete: 1 requested. 1 waiting." in applied.stdout, applied.stderr
        busy = run("sandbox", "accept", "world.yaml")
        assert (busy.returncode, "is using the sandbox" in busy.stderr) == (1, True)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert run("sandbox", "accept", "world.yaml").stdout.startswith(
        f"73 {ACME}  Acme GmbH on Shop waits for the client"
    )


def test_no_connection_is_an_error_in_words(company, run):
    company.asset("page", "fr", "72", agencies={}, live={})
    company.write()
    found = run("plan", ACCESSCTL_GRAPH_URL="http://127.0.0.1:9", ACCESSCTL_TOKEN=TOKEN)
    assert found.returncode == 1
    assert "nothing was sent; check the network" in found.stderr


@pytest.mark.parametrize(
    "url", ["http://graph.facebook.com", "https://a@b.example", "https://b.example/?x=1", "ftp://x"]
)
def test_a_token_goes_to_no_url_that_is_not_safe(company, run, url):
    company.asset("page", "fr", "72", agencies={}, live={})
    company.write()
    found = run("plan", "--graph-url", url, ACCESSCTL_TOKEN=TOKEN)
    assert found.returncode == 1
    assert found.stderr.startswith("error: the Graph API URL")
