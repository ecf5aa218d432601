"""Whatever doctor finds, and wherever: each finding has its source, and each that is not ok says what to do."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accessctl.calls import row_of
from accessctl.doctor import Level, examine
from accessctl.doctor.facts import NOT_ASKED, Belonging, Home, LiveBusiness, Service, TokenFacts, Unread
from accessctl.doctor.needs import Needs
from accessctl.graph.ends import Ended
from accessctl.graph.secret import Secret
from accessctl.graph.versions import NEWEST
from accessctl.recordfiles import FileRecords
from accessctl.records import CALLS

from .company import ACME, MEDIAHOUSE
from .test_doctor import BROKEN, NEEDED, NOW, SOUND, TOKEN, filled

EXAMPLES = Path(__file__).parent.parent / "examples"
TOKENS = {
    "plain": {},
    "person": {"kind": "user"},
    "person without permissions": {"kind": "user", "scopes": []},
    "person of another business": {"kind": "user", "business": MEDIAHOUSE, "granular_scopes": {}},
    "person who loses an asset": {"kind": "user", "access_expires": {"act_71": "2027-05-04T12:00:00Z"}},
    "person who has lost one": {"kind": "user", "access_expires": {"81": "2026-01-04T12:00:00Z"}},
    "page": {"kind": "page", "page": "81"},
    "employee": {"role": "employee"},
    "no permissions": {"scopes": []},
    "one permission": {"scopes": ["business_management"]},
    "ads alone": {"scopes": ["ads_management"]},
    "reads ads": {"scopes": ["business_management", "ads_read"]},
    "narrowed": {"granular_scopes": {"business_management": [MEDIAHOUSE]}},
    "partly": {"granular_scopes": {"business_management": [ACME], "ads_management": ["999"]}},
    "of another business": {"business": MEDIAHOUSE},
    "over": {"expires": "2026-01-01T00:00:00Z"},
}
OWN_APP = {"id": "77", "name": "Our app", "business": ACME}
APPS = {
    "of nobody": {},
    "of nobody, Limited": {"tier": "limited"},
    "its own": OWN_APP,
    "its own, not reviewed": OWN_APP | {"roles": {"611001": "administrators"}, "permissions": {}},
    "of others": OWN_APP | {"business": MEDIAHOUSE},
}
WORLDS = [(token, app, {}) for token in TOKENS for app in APPS] + [
    ("plain", "of nobody", quirks)
    for quirks in (
        {"app_permissions": "app_token"},
        {"app_roles": "app_token"},
        {"partners": "refused"},
        {"closed": {"GET clients": 3, "GET page/agencies": 10}},
    )
]


def sound_of(document: str) -> None:
    found = json.loads(document)["findings"]
    assert found
    lacking = [one for one in found if not one["source"] or (one["level"] != "ok" and not one["todo"])]
    assert not lacking


@pytest.mark.parametrize(("token", "app", "quirks"), WORLDS)
def test_every_finding_of_every_world_has_a_source_and_says_what_to_do(company, run, token, app, quirks):
    company.world["app"] = APPS[app]
    company.world["quirks"] = quirks
    filled(company, **TOKENS[token]).write()
    sound_of(run("doctor", "--format", "json", "--sandbox", "world.yaml").stdout)


@pytest.mark.parametrize("name", [one.parent.name for one in sorted(EXAMPLES.glob("*/world.yaml"))])
def test_every_finding_of_an_example_has_a_source_and_says_what_to_do(run, tmp_path, name):
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".accessctl"))
    for _ in range(2):
        sound_of(run("doctor", "--format", "json", "--sandbox", "world.yaml").stdout)
        run("plan", "--sandbox", "world.yaml")


# (calls, errors, days ago) of one run: what the ledger says of them.
@pytest.mark.parametrize(
    ("calls", "errors", "days"), [(5, 5, 20), (50, 44, 3), (900, 0, 3), (5, 0, 26), (5, 0, 40), (5, 0, 95)]
)
@pytest.mark.parametrize("token", [TOKEN, "another token", ""])
def test_every_finding_on_the_ledger_has_a_source_and_says_what_to_do(company, run, calls, errors, days, token):
    filled(company).write()
    run("doctor", "--sandbox", "world.yaml")
    (place,) = (company.directory / ".accessctl" / "sandbox").glob("*.records")
    shutil.rmtree(place)
    ended = Ended(calls, errors, (False,) * errors + (True,) * min(calls - errors, 500))
    now = datetime.now(UTC)
    url, print_ = "sandbox:world.yaml", Secret(token, "").fingerprint if token else ""
    rows = [row_of(url, print_, ended, now - timedelta(days=days)), row_of(url, print_, Ended(1, 0, (True,)), now)]
    FileRecords(place).add(CALLS, rows[: 1 + (days < 23)], now)
    sound_of(run("doctor", "--format", "json", "--sandbox", "world.yaml").stdout)


@pytest.mark.parametrize(
    "facts",
    [
        *BROKEN,
        SOUND,
        replace(SOUND, tier=""),
        replace(SOUND, system_users=("ADMIN", "")),
        replace(SOUND, system_users=NOT_ASKED, reviewed=NOT_ASKED, app=NOT_ASKED),
        replace(SOUND, token=TokenFacts(""), me=Unread("no"), belonging=Unread("no")),
        replace(SOUND, token=TokenFacts("SYSTEM_USER", is_valid=False)),
        replace(SOUND, live=Unread("gone"), belonging=Belonging(Home.NOT_LISTED)),
        replace(SOUND, live=LiveBusiness("1", two_factor="on_moons", verification="on_hold")),
    ],
)
@pytest.mark.parametrize("version", [NEWEST, "v20.0", "v31.0"])
@pytest.mark.parametrize("needs", [NEEDED, Needs()])
def test_every_finding_on_whatever_meta_says_has_a_source_and_says_what_to_do(facts, version, needs):
    found = examine([facts], {ACME: needs}, Service(version, "v26.0"), NOW)
    assert not [one for one in found if not one.source or (one.level is not Level.OK and not one.todo)]
