"""Doctor: what it finds out about tokens, apps and businesses, and what it makes of it."""

from __future__ import annotations

import json
import shutil
import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from accessctl.connection import connect
from accessctl.doctor import Finding, Level, ask, examine, needs_of
from accessctl.doctor.facts import (
    NOT_ASKED,
    AppFacts,
    Belonging,
    Facts,
    Granted,
    Home,
    LiveBusiness,
    Me,
    Service,
    TokenFacts,
    Unread,
)
from accessctl.doctor.needs import NEEDS, Needs
from accessctl.graph.errors import GraphError
from accessctl.graph.versions import NEWEST, VERSIONS
from accessctl.manifest.project import LATEST_GRAPH_VERSION
from accessctl.model import Asset, AssetAccess, Business, Cost, Kind, Side, frozen
from accessctl.render.doctor import doctor_json, doctor_text, summary_line
from accessctl.render.paper import Paper
from accessctl.sandbox.server import serve
from accessctl.sandbox.store import Store
from accessctl.way import Way

from .company import ACME, CLIENT, MEDIAHOUSE, NOW, SISTER, WithoutAliases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .company import Company

GOLDEN = Path(__file__).parent / "golden"
TOKEN = f"sandbox-{ACME}"
ALL = frozenset({"business_management", "ads_management", "pages_manage_metadata", "pages_show_list"})
OWNED = tuple(
    AssetAccess(Asset(kind, number), ACME)
    for kind, number in ((Kind.AD_ACCOUNT, "71"), (Kind.AD_ACCOUNT, "72"), (Kind.PAGE, "81"))
)
NEEDED = Needs(owned=OWNED, clients=(AssetAccess(Asset(Kind.PAGE, "91"), "5005"),))
SOUND = Facts(
    Business(ACME, "acme", "Acme GmbH"),
    TokenFacts("SYSTEM_USER", "4242", "Access app", expires_at=0, data_access_expires_at=0, scopes=ALL),
    Me("611001", "Robot"),
    LiveBusiness(ACME, "Acme GmbH", "none", "verified"),
    Belonging(Home.PROVED),
    "standard_access",
    app=AppFacts("4242", "Access app", ""),  # which no business claims
    reviewed=frozen(dict.fromkeys(ALL, "live")),
    system_users=("ADMIN",),
)
REFUSED = Unread("Meta refused GET me: the session has expired (code 190)", 190, token_refused=True)


def findings(*every: Facts, needs: Needs = NEEDED, service: Service = Service(NEWEST), now: datetime = NOW):  # noqa: B008
    """Return the findings by id; where there are several businesses, those of the first."""
    every = every or (SOUND,)
    found = examine(every, {facts.business.id: needs for facts in every}, service, now)
    return {one.id: one for one in found if one.subject in ("", every[0].business.id)}


def of_token(**changes: object) -> dict[str, Finding]:
    assert isinstance(SOUND.token, TokenFacts)
    return findings(replace(SOUND, token=replace(SOUND.token, **changes)))


def levels(found: Mapping[str, Finding]) -> set[Level]:
    return {one.level for one in found.values()}


def test_a_sound_token_has_nothing_but_ok():
    assert levels(findings()) == {Level.OK}


def test_whatever_is_no_ok_says_what_to_do_or_is_unknown():
    for broken in BROKEN:
        for one in findings(broken).values():
            assert one.todo or one.level in (Level.OK, Level.UNKNOWN), one


BROKEN = [
    replace(SOUND, token=REFUSED, me=REFUSED, live=REFUSED, belonging=NOT_ASKED, codes=frozenset({190}), tier=""),
    replace(SOUND, token=Unread("no"), me=Unread("no"), live=Unread("gone", 100), codes=frozenset({100})),
    replace(SOUND, token=TokenFacts("ROBOT"), live=LiveBusiness("9"), tier="new_access", belonging=Unread("no")),
    replace(SOUND, token=TokenFacts("USER", expires_at=5, data_access_expires_at=5), codes=frozenset({415, 2635})),
    replace(SOUND, token=TokenFacts("PAGE", is_valid=False, error="over"), belonging=Belonging(Home.OTHER, ("x",))),
    replace(SOUND, tier="development_access", belonging=Belonging(Home.NOT_LISTED)),
]


def in_seconds(left: timedelta) -> int:
    return int((NOW + left).timestamp())


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(days=-3), Level.PROBLEM),
        (timedelta(0), Level.PROBLEM),
        (timedelta(minutes=14, seconds=59), Level.PROBLEM),
        (timedelta(minutes=15), Level.WARNING),
        (timedelta(days=13, hours=23), Level.WARNING),
        (timedelta(days=14), Level.OK),
    ],
)
@pytest.mark.parametrize(("field", "found"), [("expires_at", "expiry"), ("data_access_expires_at", "data-access")])
def test_a_token_near_its_end_is_a_warning_and_too_near_a_problem(field, found, left, level):
    one = of_token(**{field: in_seconds(left)})[found]
    assert one.level is level
    assert bool(one.todo) == (level is not Level.OK)


def test_an_end_that_meta_does_not_tell_is_not_never():
    found = of_token(expires_at=None, data_access_expires_at=None)
    assert (found["expiry"].level, found["data-access"].level) == (Level.UNKNOWN, Level.UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("SYSTEM_USER", Level.OK),
        ("USER", Level.WARNING),
        ("PAGE", Level.PROBLEM),
        ("APP", Level.PROBLEM),
        ("", Level.UNKNOWN),
    ],
)
def test_only_the_token_of_a_system_user_is_fit(kind, level):
    assert of_token(type=kind)["token-type"].level is level


def test_a_token_meta_refuses_is_one_problem_and_one_unknown():
    found = findings(BROKEN[0])
    assert [(one.id, one.level) for one in found.values() if one.subject] == [
        ("token", Level.PROBLEM),
        ("rest", Level.UNKNOWN),
    ]
    assert found["rest"].text == "nothing else could be asked with it"


def test_a_name_of_the_app_stands_in_quotes_beside_its_id():
    assert '"Access app" (4242)' in findings()["app"].text


def test_what_was_told_of_a_refused_token_is_said_all_the_same():
    found = findings(replace(BROKEN[0], token=replace(SOUND.token, is_valid=False, expires_at=5)))
    assert found.keys() - {"version"} == {"token", "token-type", "app", "expiry", "data-access", "rest"}


@pytest.mark.parametrize("needs", [NEEDED, Needs(owned=NEEDED.owned), Needs(clients=NEEDED.clients)])
def test_an_employee_may_not_write_whatever_its_permissions(needs):
    found = findings(replace(SOUND, belonging=Belonging(Home.PROVED, role="EMPLOYEE")), needs=needs)
    assert [one.id for one in found.values() if one.level is Level.PROBLEM] == ["role"]
    assert found["role"].text == "it is an employee of the business, not an admin: it cannot change partners"
    assert not [one for one in found.values() if "it can " in one.text]


@pytest.mark.parametrize(
    ("role", "needs"), [("EMPLOYEE", Needs()), ("ADMIN", NEEDED), ("", NEEDED), ("DEVELOPER", NEEDED)]
)
def test_a_role_is_no_trouble_where_nothing_is_needed_or_nobody_says_employee(role, needs):
    assert "role" not in findings(replace(SOUND, belonging=Belonging(Home.PROVED, role=role)), needs=needs)


def test_permissions_cover_no_owned_assets_where_none_are_declared():
    covered = replace(SOUND, token=replace(SOUND.token, targets=targets(business_management=[ACME])))
    found = findings(covered, needs=Needs(clients=NEEDED.clients))
    assert found["granular"].text == "its permissions cover the business"
    assert "owned assets" in findings(covered)["granular"].text


def test_a_token_debug_token_calls_invalid_is_a_problem():
    found = of_token(is_valid=False, error="it was withdrawn")
    assert found["token"].level is Level.PROBLEM
    assert "it was withdrawn" in found["token"].text


@pytest.mark.parametrize(
    ("scopes", "lost"),
    [
        ({"business_management", "ads_management"}, {}),
        ({"business_management", "ads_read"}, {"owner-ad-accounts-write": "ads_management"}),
        (
            {"business_management"},
            {"owner-ad-accounts-read": "ads_management", "owner-ad-accounts-write": "ads_management"},
        ),
        (
            {"ads_management", "pages_manage_metadata", "pages_show_list"},
            {
                "owner-ad-accounts-read": "business_management",
                "owner-ad-accounts-write": "business_management",
                "owner-pages-read": "business_management",
                "owner-pages-write": "business_management",
                "agency-pages": "business_management",
            },
        ),
    ],
)
def test_a_missing_permission_is_named_with_what_it_keeps_from_being_done(scopes, lost):
    found = of_token(scopes=frozenset(scopes))
    problems = {one.id: one for one in found.values() if one.level is Level.PROBLEM}
    assert set(problems) == {f"permission.{need}" for need in lost}
    for need, permission in lost.items():
        assert f"it lacks {permission}" in problems[f"permission.{need}"].text
        assert permission in problems[f"permission.{need}"].todo


def test_permissions_for_pages_are_a_warning_where_business_management_may_do():
    one = of_token(scopes=frozenset({"business_management", "ads_read", "ads_management"}))[
        "permission.owner-pages-write"
    ]
    assert one.level is Level.WARNING
    assert "pages_manage_metadata and pages_show_list" in one.todo


def test_only_what_the_manifests_need_is_looked_at():
    found = findings(needs=Needs(clients=(AssetAccess(Asset(Kind.PAGE, "91"), "5005"),)))
    assert [one for one in found if one.startswith("permission.")] == ["permission.agency-pages"]
    assert "tier" not in found


def test_every_side_and_kind_has_its_needs():
    assert {(need.side, need.kind) for need in NEEDS} == {(side, kind) for side in Side for kind in Kind}
    assert len({need.id for need in NEEDS}) == len(NEEDS)
    assert all(need.ways and need.why and need.source for need in NEEDS)


def targets(**ids: list[str]) -> Mapping[str, frozenset[str]]:
    return frozen({scope: frozenset(one) for scope, one in ids.items()})


def test_a_permission_that_does_not_cover_the_business_is_a_problem():
    one = of_token(targets=targets(business_management=["2002"]))["granular.business_management"]
    assert one.level is Level.PROBLEM
    assert "2002" in one.text


def test_assets_that_a_permission_does_not_cover_are_counted_and_named():
    found = of_token(targets=targets(ads_management=["71"], pages_show_list=[], business_management=[ACME]))
    assert found["granular.ads_management"].text == "ads_management covers 1 of 2 ad accounts, not 72"
    assert "81" in found["granular.pages_show_list"].text
    assert levels({key: one for key, one in found.items() if key.startswith("granular")}) == {Level.WARNING}


def test_a_permission_that_names_no_ids_covers_all():
    assert "granular" not in of_token(targets=targets())
    assert of_token(targets=targets(ads_management=["71", "72", "73"]))["granular"].level is Level.OK


def test_another_name_than_the_manifests_is_a_warning_with_both():
    one = findings(replace(SOUND, live=LiveBusiness(ACME, "Acme Holding", "none")))["business"]
    assert one.level is Level.WARNING
    assert "Acme Holding" in one.text
    assert "Acme GmbH" in one.text


def test_a_business_without_a_name_in_the_manifests_has_no_wrong_name():
    facts = replace(SOUND, business=Business(ACME, "acme"), live=LiveBusiness(ACME, "Anything", "none"))
    assert findings(facts)["business"].level is Level.OK


def test_a_token_found_among_the_system_users_of_another_acting_business_is_that_ones():
    stray = replace(SOUND, business=Business(SISTER, "sister"), belonging=Belonging(Home.NOT_LISTED))
    one = findings(stray, SOUND)["belongs"]
    assert one.level is Level.PROBLEM
    assert f"acme ({ACME})" in one.text
    other_user = replace(stray, me=Me("611002", "Robot"))
    assert findings(other_user, SOUND)["belongs"].level is Level.WARNING


def test_a_token_that_is_not_listed_is_not_proved_and_not_foreign():
    assert findings(replace(SOUND, belonging=Belonging(Home.NOT_LISTED)))["belongs"].level is Level.WARNING
    assert findings(replace(SOUND, belonging=NOT_ASKED))["belongs"].level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("word", "level", "said"),
    [
        ("none", Level.OK, "nobody"),
        ("admin_required", Level.OK, "admins"),
        ("all_required", Level.OK, "everybody"),
        ("robots_required", Level.UNKNOWN, "robots_required"),
        ("", Level.UNKNOWN, "nothing"),
    ],
)
def test_the_two_factor_rule_is_told_for_the_people_who_approve(word, level, said):
    one = findings(replace(SOUND, live=LiveBusiness(ACME, "Acme GmbH", word)))["two-factor"]
    assert one.level is level
    assert said in one.text


def test_a_refusal_for_want_of_two_factor_is_a_problem():
    assert findings(replace(SOUND, codes=frozenset({415})))["two-factor"].level is Level.PROBLEM


@pytest.mark.parametrize(
    ("tier", "level"), [("standard_access", Level.OK), ("development_access", Level.WARNING), ("", Level.UNKNOWN)]
)
def test_the_tier_is_told_as_far_as_headers_have_it(tier, level):
    one = findings(replace(SOUND, tier=tier))["tier"]
    assert one.level is level
    if level is Level.WARNING:
        assert "2 declared ad accounts" in one.text
        assert "60 points" in one.text
        assert "about 20 writes in 5 minutes for each of the 2 declared ad accounts" in one.text


@pytest.mark.parametrize(
    ("version", "today", "level"),
    [
        ("v26.0", date(2026, 11, 21), Level.OK),
        ("v25.0", date(2028, 4, 30), Level.OK),
        ("v25.0", date(2028, 5, 1), Level.WARNING),
        ("v21.0", date(2027, 1, 21), Level.WARNING),
        ("v21.0", date(2027, 1, 22), Level.PROBLEM),
        ("v20.0", date(2026, 11, 21), Level.PROBLEM),
        ("v31.0", date(2026, 11, 21), Level.UNKNOWN),
    ],
)
def test_a_version_is_judged_by_the_days_it_has_left(version, today, level):
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    assert findings(service=Service(version), now=now)["version"].level is level


def test_a_version_meta_refuses_is_a_problem_whatever_the_table_says():
    assert findings(replace(SOUND, codes=frozenset({2635})))["version"].level is Level.PROBLEM


def test_an_answer_by_another_version_is_a_warning():
    assert findings(service=Service(NEWEST, NEWEST)).keys() == findings().keys()
    assert "v26.0" in findings(service=Service("v25.0", "v26.0"))["version-served"].text
    warned = findings(service=Service(NEWEST, NEWEST, "the call was upgraded"))["version-served"]
    assert (warned.level, "the call was upgraded" in warned.text) == (Level.WARNING, True)


def test_a_version_whose_ads_part_has_ended_concerns_ad_accounts_only():
    pages = Needs(owned=OWNED[2:])
    assert findings(service=Service("v24.0"))["version-ads"].level is Level.WARNING
    assert "version-ads" not in findings(service=Service("v24.0"), needs=pages)
    assert "version-ads" not in findings(service=Service("v25.0"))


def test_the_table_of_versions_knows_the_one_manifests_start_with():
    assert LATEST_GRAPH_VERSION == NEWEST == max(VERSIONS, key=lambda name: float(name[1:]))
    ends = [row.ends for row in VERSIONS.values() if row.ends]
    assert ends == sorted(ends)
    assert all(row.ends is None or row.ads_end is None or row.ads_end <= date(2026, 10, 6) for row in VERSIONS.values())


def test_an_asset_is_needed_by_its_owner_or_by_who_works_on_it(company):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("ad_account", "own", "71", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.asset("page", "theirs", "91", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    company.asset("page", "nobodys", "92", owner="client", agencies={}, live={})
    with company.connected() as (project, _):
        needs = needs_of(project.desired, project.policy.acts_as)

    def ids(found: tuple[AssetAccess, ...]) -> list[str]:
        return [access.asset.id for access in found]

    assert (ids(needs[ACME].owned), ids(needs[ACME].clients)) == (["71"], ["91", "92"])
    assert (ids(needs[SISTER].owned), ids(needs[SISTER].clients)) == ([], ["92"])
    assert (needs[ACME].ad_accounts, needs[SISTER].ad_accounts) == (1, 0)


def filled(company: Company, **token: object) -> Company:
    """Return a company with assets of both sides, whose token is as given."""
    company.asset("ad_account", "own", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset("page", "own-page", "81", agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.asset("page", "theirs", "91", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    company.world["tokens"] = {TOKEN: {"business": ACME, **token}}
    company.world["businesses"][ACME]["verification_status"] = "verified"
    return company


def asked(company: Company, **known: object) -> tuple[dict[str, Finding], Cost]:
    """Return what doctor finds in the company's sandbox, and what it cost. `known` is of access verification."""
    with company.connected() as (project, connection):
        needs = needs_of(project.desired, project.policy.acts_as)
        session = connection.session
        facts = ask(connection.reader, connection.acting, needs, session.tier_of, **known)
        found = examine(facts, needs, Service(project.graph_version), NOW)
        return {one.id: one for one in found}, connection.cost


def test_a_business_costs_eight_calls_and_none_is_refused(company):
    found, cost = asked(filled(company))
    assert {one.id for one in found.values() if one.level is not Level.OK} == {"verification", "verification.linked"}
    assert (cost.calls, cost.errors) == (8, 0)


@pytest.mark.parametrize(
    "token",
    [
        {"scopes": []},
        {"scopes": ["business_management"]},
        {"scopes": ["ads_management"]},
        {"scopes": ["ads_management", "pages_show_list"]},
        {"kind": "user", "scopes": ["ads_management"]},
        {"kind": "user"},
        {"kind": "page", "page": "81"},
        {"granular_scopes": {"business_management": [MEDIAHOUSE]}},
        {"business": MEDIAHOUSE},
        {"business": MEDIAHOUSE, "kind": "user"},
        {"business": MEDIAHOUSE, "kind": "user", "granular_scopes": {}},
        {"role": "employee"},
    ],
)
def test_no_call_is_made_that_must_be_refused(company, token):
    found, cost = asked(filled(company, **token))
    assert cost.errors == 0
    assert cost.calls <= 8 + 6 * (token.get("kind") == "user")  # which is asked what it is to lose
    assert levels(found) != {Level.OK}


def test_a_dead_token_is_asked_one_thing_only(company):
    found, cost = asked(filled(company, expires="2026-11-21T08:00:00Z"))
    assert found["token"].level is Level.PROBLEM
    assert "463" in found["token"].text
    assert cost.requests == 1


def test_a_token_that_ends_within_the_quarter_hour_is_a_problem(company):
    found, _ = asked(filled(company, expires="2026-11-21T12:10:00Z"))
    assert found["expiry"].level is Level.PROBLEM
    assert found["expiry"].text == "the token ends on 2026-11-21 12:10 UTC, in 10 minutes"


def test_the_token_of_another_business_is_found_out(company):
    found, _ = asked(filled(company, business=MEDIAHOUSE))
    assert found["granular.business_management"].level is Level.PROBLEM


def test_a_person_of_another_business_is_found_out(company):
    found, _ = asked(filled(company, business=MEDIAHOUSE, kind="user", granular_scopes={}))
    assert found["belongs"].level is Level.PROBLEM
    assert f'"Mediahouse Ltd" ({MEDIAHOUSE})' in found["belongs"].text


def test_a_person_of_the_business_is_proved_by_the_persons_own_businesses(company):
    found, _ = asked(filled(company, kind="user"))
    assert (found["belongs"].level, found["token-type"].level) == (Level.OK, Level.OK)


@pytest.mark.parametrize("kind", ["system_user", "user"])
def test_who_cannot_write_is_found_out_before_the_first_write(company, kind):
    found, _ = asked(filled(company, role="employee", kind=kind))
    assert (found["role"].level, found["belongs"].level) == (Level.PROBLEM, Level.OK)
    assert company.apply().steps[0].outcome == "failed"


def test_two_factor_and_app_are_those_of_the_world(company):
    company.world["businesses"][ACME]["two_factor_type"] = "admin_required"
    found, _ = asked(filled(company, app={"id": "77", "name": "Our app"}))
    assert "admins" in found["two-factor"].text
    assert '"Our app" (77)' in found["app"].text


def test_a_refused_version_is_a_problem(company):
    company.project["graph_version"] = "v20.0"
    found, _ = asked(filled(company))
    assert found["version"].level is Level.PROBLEM


def test_no_connection_is_an_error_and_no_finding(company):
    filled(company).write()
    project = company.load()
    way = Way(graph_url="http://127.0.0.1:9")
    with connect(project, company.directory, way, {"ACCESSCTL_TOKEN": "canary-of-doctor"}) as connection:
        connection.stop.set()
        with pytest.raises(GraphError) as caught:
            ask(connection.reader, connection.acting, needs_of(project.desired, project.policy.acts_as))
    frames = [frame for frame, _ in traceback.walk_tb(caught.tb) if "accessctl" in frame.f_globals["__name__"]]
    assert len(frames) > 1
    assert "canary-of-doctor" not in repr([frame.f_locals for frame in frames])


def test_facts_hold_no_token(company):
    with filled(company).connected() as (project, connection):
        facts = ask(connection.reader, connection.acting, needs_of(project.desired, project.policy.acts_as))
    assert TOKEN not in repr(facts)


def written(company: Company, **token: object) -> None:
    filled(company, **token).write()


def test_the_command_exits_with_1_on_a_problem_only(company, run):
    written(company)
    assert run("doctor", "--sandbox", "world.yaml").returncode == 0
    company.world["tokens"][TOKEN]["scopes"] = ["business_management"]
    (company.directory / "world.yaml").write_text(yaml.dump(company.world, Dumper=WithoutAliases))
    ended = run("doctor", "--sandbox", "world.yaml")
    assert ended.returncode == 1
    assert "do: make a new token of the system user with ads_management as well" in " ".join(ended.stdout.split())
    lines = ended.stdout.splitlines()
    assert lines[0] == lines[-1]
    assert lines[0].startswith("Doctor: ")


def test_the_command_over_http_shows_the_token_nowhere(company, run):
    written(company)
    with serve(Store(company.directory / "state", company.directory / "world.yaml").open()) as server:
        told = run("doctor", "--format", "json", ACCESSCTL_GRAPH_URL=server.url, ACCESSCTL_TOKEN=TOKEN)
    assert told.returncode == 0
    assert TOKEN not in told.stdout + told.stderr
    document = json.loads(told.stdout)
    assert document["summary"] == {"ok": len(document["findings"]) - 3, "warning": 0, "problem": 0, "unknown": 3}
    open_points = [one["id"] for one in document["findings"] if one["level"] == "unknown"]
    assert open_points == ["verification", "verification.linked", "keeping"]
    assert document["findings"][0].keys() == {"id", "level", "subject", "text", "todo", "source", "url"}


def test_doctor_changes_nothing_at_meta(company):
    asked(filled(company))
    assert company.writes == ()


def mixed() -> tuple[Finding, ...]:
    """Return findings of every level."""
    assert isinstance(SOUND.token, TokenFacts)
    token = replace(
        SOUND.token,
        type="USER",
        expires_at=in_seconds(timedelta(days=9)),
        scopes=ALL - {"ads_management"},
        targets=targets(business_management=[ACME], pages_show_list=["82"]),
        app="An app\x1b[2J with a name",
    )
    sister = replace(BROKEN[0], business=Business(SISTER, "sister"))
    live = LiveBusiness(ACME, "Acme Holding", "x", "pending_need_more_info")
    app = AppFacts("4242", "An app", CLIENT, "Client **Inc**", "rejected")
    granted = Granted(ALL - {"ads_management"}, declined=frozenset({"ads_management"}))
    reviewed = frozen({"business_management": "unapproved", "pages_show_list": "live"})
    first = replace(
        SOUND, token=token, tier="development_access", live=live, app=app, reviewed=reviewed, granted=granted
    )
    return examine((first, sister), {ACME: NEEDED, SISTER: Needs()}, Service("v21.0"), NOW)


ACTING = (SOUND.business, Business(SISTER, "sister"))


@pytest.mark.parametrize("color", [False, True])
def test_findings_read_as_agreed(request, color):
    path = GOLDEN / f"doctor{'-color' * color}.txt"
    text = doctor_text(mixed(), ACTING, Paper(80, color)) + "\n"
    if request.config.getoption("--renew-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_findings_fit_80_columns_and_draw_nothing():
    text = doctor_text(mixed(), ACTING, Paper())
    assert max(len(line) for line in text.splitlines() if not line.startswith("https://")) <= 80
    assert "\x1b" not in text + doctor_json(mixed())


def test_the_sum_leaves_out_what_there_is_none_of():
    ok, bad = Finding("a", Level.OK, "", "x"), Finding("b", Level.PROBLEM, "", "x")
    assert summary_line([ok, ok]) == "Doctor: 2 ok."
    assert summary_line([ok, bad, bad]) == "Doctor: 1 ok, 2 problems."


def test_records_that_cannot_be_read_end_no_checklist_but_every_plan(company, run):
    company.asset(Kind.AD_ACCOUNT, "de", "71", agencies={"mediahouse": ["ANALYZE"]})
    company.write()
    run("plan", "--sandbox", "world.yaml")
    (records,) = (company.directory / ".accessctl" / "sandbox").glob("*.records")
    shutil.rmtree(records)
    records.write_bytes(b"")
    told = run("doctor", "--sandbox", "world.yaml")
    said = " ".join(told.stdout.split())
    assert "cannot be known: what tokens have lost of what was foretold: " in said
    assert "foretold is not known" not in said
    assert said.endswith(" cannot be known.")
    assert "cannot be read" in run("plan", "--sandbox", "world.yaml").stderr
