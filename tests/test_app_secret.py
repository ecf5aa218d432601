"""An app that takes only calls with a proof: its secret is set by the user, and where it is missing that is said."""

from __future__ import annotations

import pytest

from accessctl.graph.errors import HINT_UNPROVED
from accessctl.sandbox import Sandbox, load_world
from accessctl.sandbox.server import serve
from tests.company import MEDIAHOUSE

SECRET = "secret-of-this-world"
SANDBOX = ("--sandbox", "world.yaml")


@pytest.fixture
def proved(company):
    """A world in which every call needs a proof, with a grant and a change to be made on each kind of asset."""
    for kind, number in (("ad_account", "71"), ("page", "81")):
        company.asset(kind, f"de-{number}", number, agencies={"mediahouse": ["ANALYZE"], "dataco": ["ANALYZE"]})
        company.world[f"{kind}s"][number] = {"name": "De", "owner": "1001", "agencies": {MEDIAHOUSE: ["ADVERTISE"]}}
    company.world["app_secret"] = SECRET
    company.write()
    return company


def test_a_world_with_an_app_secret_is_lived_through_with_it_set(proved, run):
    set_ = {"ACCESSCTL_APP_SECRET": SECRET}
    done = run("apply", "--auto-approve", *SANDBOX, **set_)
    assert (done.returncode, done.stderr.count("error")) == (0, 0)
    assert len(proved.writes) == 4
    assert "No changes" in run("plan", *SANDBOX, **set_).stdout
    told = run("doctor", *SANDBOX, **set_)
    assert (told.returncode, "appsecret_proof" in told.stdout) == (0, False)
    assert not [path for path in proved.directory.rglob("*journal*") if SECRET in path.read_text()]


@pytest.mark.parametrize("command", [("plan",), ("doctor",), ("obo", "list"), ("who", "de-71", "--with-live")])
def test_without_it_the_error_names_the_world_and_the_variable_and_no_secret(proved, run, command):
    found = run(*command, *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr == (
        "error: world.yaml has an app secret, so each call needs a proof that is made with it, and "
        "ACCESSCTL_APP_SECRET is not set\n"
        "hint: set ACCESSCTL_APP_SECRET to the app_secret of world.yaml, or take app_secret out of it\n"
    )


def test_another_secret_is_told_so(proved, run):
    found = run("plan", *SANDBOX, ACCESSCTL_APP_SECRET="another-secret")
    assert (found.returncode, "does not belong to the app of this token" in found.stderr) == (1, True)
    assert "another-secret" not in found.stdout + found.stderr


def test_a_world_without_one_takes_calls_whatever_is_set(company, run):
    company.asset("page", "de", "81", agencies={}, live={})
    company.write()
    assert run("plan", *SANDBOX, ACCESSCTL_APP_SECRET="of-another-app").returncode == 0


def test_where_the_graph_api_itself_wants_a_proof_the_hint_names_the_variable(proved, run):
    with serve(Sandbox(load_world(proved.directory / "world.yaml"))) as server:
        way = ("plan", "--graph-url", server.url)
        found = run(*way, ACCESSCTL_TOKEN="sandbox-1001")
        assert (found.returncode, found.stderr.endswith(f"hint: {HINT_UNPROVED}\n")) == (1, True)
        assert run(*way, ACCESSCTL_TOKEN="sandbox-1001", ACCESSCTL_APP_SECRET=SECRET).returncode == 0
