"""The people in the sandbox, acted by hand: accessctl sandbox accept, decline, approve and reset."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.company import ACME, CLIENT, MEDIAHOUSE

if TYPE_CHECKING:
    from tests.company import Company

SANDBOX = ("--sandbox", "world.yaml")


@pytest.fixture
def both(company: Company, run) -> Company:
    """A request that waits for a client, and a grant that waits for a second admin."""
    company.asset("page", "shop", "79", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    company.asset("ad_account", "slow", "71", agencies={"mediahouse": ["ANALYZE"]}, live={}, admin_approval=True)
    company.write()
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 0
    return company


REQUEST = f"79 {ACME}  Acme GmbH on Shop waits for the client: ANALYZE"
GRANT = f"act_71 {MEDIAHOUSE}  Mediahouse Ltd on Slow waits for the second admin: ANALYZE"


@pytest.mark.parametrize(("act", "lines"), [("accept", [REQUEST]), ("approve", [GRANT]), ("decline", [REQUEST, GRANT])])
def test_each_is_shown_what_waits_for_them_by_id_and_name(both, run, act, lines):
    assert run("sandbox", act, "world.yaml").stdout.splitlines() == lines


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("accept", "No request waits for a client.\n"),
        ("approve", "No grant waits for a second admin.\n"),
        ("decline", "Nothing waits for anybody.\n"),
    ],
)
def test_where_nothing_waits_that_is_said(company, run, act, said):
    company.write()
    assert run("sandbox", act, "world.yaml").stdout == said


def test_a_name_cannot_draw_on_the_terminal(both, run):
    both.world["pages"]["79"]["name"] = "Shop\x1b[31m"
    both.write()
    run("sandbox", "reset", "world.yaml")
    run("apply", "--auto-approve", "--ask-again", "shop", *SANDBOX)
    listed = run("sandbox", "accept", "world.yaml").stdout
    assert "\x1b" not in listed
    assert "Shop\\u{1b}[31m" in listed


@pytest.mark.parametrize(
    ("act", "asset", "business", "ids"),
    [
        ("accept", "shop", "acme", f"79 {ACME}"),
        ("accept", "79", "acme", f"79 {ACME}"),
        ("decline", "shop", ACME, f"79 {ACME}"),
        ("approve", "slow", "mediahouse", f"act_71 {MEDIAHOUSE}"),
        ("approve", "71", MEDIAHOUSE, f"71 {MEDIAHOUSE}"),
    ],
)
def test_people_name_assets_and_businesses_by_alias_or_by_id(both, run, act, asset, business, ids):
    found = run("sandbox", act, "world.yaml", asset, business)
    assert (found.returncode, found.stderr) == (0, f"done: {act} {ids}\n")
    assert ids.split()[0] not in run("sandbox", act, "world.yaml").stdout


def test_a_name_that_is_no_alias_is_told_with_the_nearest(both, run):
    found = run("sandbox", "accept", "world.yaml", "shopp", "acme")
    assert found.returncode == 1
    assert found.stderr == (
        "error: no asset is called 'shopp' (did you mean shop?)\n"
        "hint: name it by its id, or by its alias in the manifests\n"
    )


def test_ids_work_where_the_project_has_mistakes_or_is_none(both, run):
    (both.directory / "access" / "all.yaml").write_text("page: {}\n")
    assert "no asset shop in this world" in run("sandbox", "accept", "world.yaml", "shop", "acme").stderr
    (both.directory / "accessctl.yaml").unlink()
    assert "no asset shop in this world" in run("sandbox", "accept", "world.yaml", "shop", "acme").stderr
    assert run("sandbox", "accept", "world.yaml", "79", ACME).returncode == 0


def test_who_meets_a_server_is_told_that_it_ends_with_ctrl_c_or_takes_it_over_http(both, run):
    server = subprocess.Popen(
        [sys.executable, "-m", "accessctl", "sandbox", "serve", "world.yaml", "--port", "0", "--latency-ms", "1"],
        cwd=both.directory,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert "listens on http://127.0.0.1:" in server.stdout.readline()
    try:
        for act in ("accept", "decline", "approve"):
            found = run("sandbox", act, "world.yaml", "79", CLIENT)
            assert found.returncode == 1
            assert found.stderr == (
                "error: another command is using the sandbox in this project already\n"
                "hint: wait until it has ended; a server (sandbox serve) ends with Ctrl-C, or POST to it: "
                f"/sandbox/{act} with the form fields asset and business\n"
            )
        assert run("sandbox", "reset", "world.yaml").stderr.endswith("Ctrl-C, or POST to it: /sandbox/reset\n")
        again = run("sandbox", "serve", "world.yaml", "--port", "0")
        assert again.stderr.endswith("hint: wait until it has ended; a server ends with Ctrl-C\n")
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=20)


def test_the_lines_of_help_are_whole(run):
    text = run("sandbox", "--help").stdout
    assert not [line for line in text.splitlines()[1:] if "..." in line]
    assert "Start again from the world file." in text
