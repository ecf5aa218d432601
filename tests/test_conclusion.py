"""why, who and what end with what a plan would do, and it is what the plan of the same access does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from accessctl.conclusion import Conclusions
from accessctl.explain import Holding, concluded, on_asset
from accessctl.guard import judge
from accessctl.model import Guards, Policy, Status
from accessctl.plan.make import make_plan
from accessctl.render.conclusion import conclusion_json, conclusion_words
from tests.campaigns import examples
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, STRANGER, Company
from tests.github import as_github_shows
from tests.reviewed import EVERY_DECLARED, EVERY_LIVE, POLICY
from tests.test_report import both_sides
from tests.test_report_command import BUYER, SANDBOX

LIVE = ("--with-live", *SANDBOX)


@pytest.fixture
def full(company: Company) -> Company:
    """A pair for every end that an explanation can have."""
    wider = [*BUYER, "MANAGE"]
    company.asset("ad_account", "same", "71", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.asset("ad_account", "wider", "72", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: wider})
    ended = {"tasks": BUYER, "until": "2026-05-04"}
    company.asset("page", "ended", "73", agencies={"mediahouse": ended}, live={MEDIAHOUSE: BUYER})
    company.asset("page", "strict", "74", agencies={}, live={STRANGER: BUYER})
    company.asset("page", "loose", "75", agencies={}, live={STRANGER: BUYER}, manage="additive")
    company.asset("page", "new", "76", agencies={"mediahouse": BUYER}, live={})
    company.asset("page", "stray", "77", live={STRANGER: BUYER})
    company.asset("page", "shut", "78", agencies={"mediahouse": BUYER}, live={}, page_token=False)
    company.asset("page", "shop", "79", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "safe", "80", agencies={}, live={DATACO: BUYER})
    company.project["guards"] = {"protect": ["dataco"]}
    company.write()
    return company


ENDS = {
    ("mediahouse", "same"): "plan: nothing to do: live access is as declared",
    ("mediahouse", "wider"): "plan: would be changed to ADVERTISE, ANALYZE: holds MANAGE beyond what is declared",
    ("mediahouse", "ended"): "plan: would be revoked: its declaration ended on 2026-05-04",
    (STRANGER, "strict"): "plan: would be revoked: no manifest gives this agency access, and the asset is exclusive",
    (STRANGER, "loose"): "plan: would be left alone: no manifest declares this, and the asset is additive",
    ("mediahouse", "new"): "plan: would be granted ADVERTISE, ANALYZE: declared, not granted yet",
    (STRANGER, "77"): "plan: would be left alone: no manifest declares this asset",
    ("mediahouse", "shut"): "plan: blocked, so it would be left alone: ",
    ("acme", "shop"): "plan: ADVERTISE, ANALYZE would be requested from the client: declared, not requested yet",
    ("mediahouse", "shop"): "plan: would be left alone: only its owner sees what others hold on it",
    ("dataco", "same"): "plan: nothing to do: it holds nothing, and is to hold nothing",
    ("dataco", "safe"): "plan: would be revoked: no manifest gives this agency access",
}


@pytest.mark.parametrize(("agency", "asset"), ENDS)
def test_an_explanation_ends_with_what_a_plan_would_do(full, run, agency, asset):
    said = ENDS[agency, asset]
    assert said in " ".join(run("why", agency, asset, *LIVE).stdout.split())
    shown = as_github_shows(run("why", agency, asset, *LIVE, "--format", "markdown").stdout).text
    assert said in " ".join(shown.split())
    (pair,) = json.loads(run("why", agency, asset, *LIVE, "--format", "json").stdout)
    assert f"plan: {pair['plan']['text']}".startswith(said)


def test_who_and_what_say_it_of_each_pair(full, run):
    assert ENDS["mediahouse", "ended"] in " ".join(run("who", "ended", *LIVE).stdout.split())
    what = " ".join(run("what", "mediahouse", *LIVE).stdout.split())
    for said in (said for (agency, asset), said in ENDS.items() if agency == "mediahouse" and asset != "shop"):
        assert said in what


def test_what_a_guard_refuses_is_said_to_be_refused_and_by_which(full, run):
    never = "this plan would revoke dataco, which guards.protect says is never revoked"
    one = f"guards: a plan of this asset alone is refused, and nothing of it would be done: {never}"
    for command in (("why", "dataco", "safe"), ("who", "safe")):
        assert one in " ".join(run(*command, *LIVE).stdout.split())
        assert json.loads(run(*command, *LIVE, "--format", "json").stdout)[0]["plan"]["refused"] == [never]
    assert "guards: the plan is refused" in " ".join(run("what", "mediahouse", *LIVE).stdout.split())
    assert "guards:" not in run("why", "mediahouse", "same", *LIVE).stdout
    assert "guards:" not in run("why", "mediahouse", "wider", *LIVE).stdout


@pytest.mark.parametrize("command", [("why", "mediahouse", "ended"), ("who", "ended"), ("what", "mediahouse")])
def test_without_a_look_it_is_said_that_nobody_looked(full, run, command):
    for name in ("text", "markdown"):
        said = " ".join(run(*command, "--format", name).stdout.replace("`", "").split())
        assert said.count("plan: nobody looked at what is live, so what a plan would do is not known") == 1
        assert "would be revoked" not in said
    assert {one["plan"] for one in json.loads(run(*command, "--format", "json").stdout)} == {None}


def test_a_snapshot_is_a_look(full, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    for agency, asset in ENDS:
        then = run("why", agency, asset, "--live", "live.json").stdout
        assert then == run("why", agency, asset, *LIVE).stdout


def everything(*_: object) -> bool:
    return True


def test_a_status_that_nobody_knows_is_said_to_be_so_and_left_alone():
    (one,) = [
        one
        for asset in EVERY_DECLARED.assets
        for one in concluded(
            on_asset(asset, EVERY_DECLARED, EVERY_LIVE, POLICY.acts_as),
            Conclusions(EVERY_DECLARED, EVERY_LIVE, POLICY, everything),
        )
        if one.live.status is Status.UNKNOWN
    ]
    said = "plan: blocked, so it would be left alone: Meta calls its status 'ON_HOLD', which nobody here knows"
    assert list(conclusion_words(one)) == [said]


@settings(deadline=None)
@given(both_sides())
def test_a_conclusion_is_never_another_than_that_of_the_plan(sides):
    desired, live = sides
    policy = Policy((ACME,), Guards(max_revokes=0))
    plan, found = make_plan(desired, live, policy), Conclusions(desired, live, policy, everything)
    refused = judge(plan, policy.guards, acting=policy.acts_as).reasons
    steps = {(one.asset.kind, one.asset.id, one.agency.id): one for one in plan.actions}
    for asset in {*desired.assets, *live.assets}:
        for one in concluded(on_asset(asset, desired, live, policy.acts_as), found):
            step = steps.pop((asset.kind, asset.id, one.agency), None)
            assert one.planned.action == step
            assert one.planned.refused == (refused if step else ())
            assert (one.planned.what == step.verb) if step else (conclusion_json(one)["tasks"] is None)
            assert len(list(conclusion_words(one))) == 1
    assert steps == {}


@settings(deadline=None)
@given(both_sides())
def test_nothing_is_said_to_be_as_declared_that_could_not_be_read(sides):
    desired, live = sides
    found = Conclusions(desired, live, POLICY, everything)
    for asset in {*desired.assets, *live.assets}:
        for one in concluded(on_asset(asset, desired, live, POLICY.acts_as), found):
            if one.live.status in (Status.UNREADABLE, Status.UNKNOWN):
                assert "left alone" in next(conclusion_words(one))
            if one.live.status is not Status.ABSENT:
                assert "holds nothing" not in next(conclusion_words(one))


@pytest.mark.campaign
@settings(deadline=None, max_examples=examples(5_000))
@given(both_sides())
def test_no_conclusion_contradicts_its_plan_over_many_companies(sides):
    for law in (
        test_a_conclusion_is_never_another_than_that_of_the_plan,
        test_nothing_is_said_to_be_as_declared_that_could_not_be_read,
    ):
        law.hypothesis.inner_test(sides)


def test_a_pair_without_a_look_has_no_conclusion():
    access = next(iter(EVERY_DECLARED.assets.values()))
    assert list(conclusion_words(Holding(access, CLIENT, None, None))) == []
    assert conclusion_json(Holding(access, CLIENT, None, None)) is None


@pytest.mark.parametrize("live", [(), ("--with-live", "--sandbox", "world.yaml")])
def test_what_a_manifest_says_nothing_of_is_not_said_to_be_without_access(company, run, live):
    company.project["acts_as"] = ["acme", "sister"]
    company.asset("ad_account", "ours", "71", agencies={"mediahouse": ["ANALYZE"]}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.asset(
        "ad_account", "theirs", "72", owner="client", agencies={"acme": ["ANALYZE"]}, live={ACME: ["ANALYZE"]}
    )
    company.write()

    def why(*pair: str) -> str:
        return " ".join(run("why", *pair, *live).stdout.split())

    stranger = why("dataco", "theirs")
    assert stranger.startswith('No manifest says what "DataCo" (dataco, 3003) is to hold on ad account theirs')
    assert "the asset is exclusive, which on a client's asset covers access of ours alone" in stranger
    assert "would be removed" not in stranger
    assert "is to have no access to ad account ours" in why("dataco", "ours")
    assert "is to have no access to ad account theirs" in why("sister", "theirs")
    assert why("client", "theirs").startswith('"Client Inc" (client, 5005) owns ad account theirs')
    assert "an owner needs no grant on its own asset" in why("acme", "ours")
