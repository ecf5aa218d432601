"""A plan that somebody changed and gave a new digest: refused, or the same in all that it does and shows."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.plan.document import from_document, to_document
from accessctl.plan.nouns import Scope
from accessctl.workflow import Wish, apply_plan
from tests.campaigns import examples
from tests.company import ACME, CLIENT, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company
from tests.forging import at, changed_leaf, forged, leaves, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from accessctl.plan.document import SavedPlan

Json = dict[str, Any]
BUYER = ["ADVERTISE", "ANALYZE"]
HOUR = timedelta(hours=1)
AGENCIES = ("mediahouse", "dataco", "sister", "client")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory) -> tuple[Company, SavedPlan]:
    """A company whose whole plan has every verb, and rows that wait or are left alone."""
    company = Company(tmp_path_factory.mktemp("reviewed"))
    company.project |= {"acts_as": ["acme", "sister"], "guards": {"max_revoke_percent": 60, "protect": ["client"]}}
    company.project["requests"] = {"unexpected": "report"}
    live = {STRANGER: BUYER, MEDIAHOUSE: BUYER, DATACO: ["ADVERTISE"], CLIENT: {"tasks": BUYER, "status": "PENDING"}}
    agencies = {"mediahouse": ["ANALYZE"], "dataco": [*BUYER, "MANAGE"], "client": BUYER, "sister": ["ANALYZE"]}
    company.asset("ad_account", "de", "71", agencies=agencies, live=live)
    until = {"mediahouse": {"tasks": BUYER, "until": "2027-01-31", "reason": "spring"}}
    company.asset("page", "fr", "72", agencies=until, live={STRANGER: ["ANALYZE"]}, new_experience=True)
    company.asset("page", "uk", "73", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER, DATACO: BUYER})
    company.asset("ad_account", "it", "74", agencies={}, live={DATACO: BUYER})
    company.asset("page", "shop", "81", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "kiosk", "82", owner="client", agencies={}, live={ACME: BUYER})
    company.asset(
        "page", "stall", "83", owner="client", agencies={}, live={ACME: {"tasks": BUYER, "status": "PENDING"}}
    )
    company.asset("page", "booth", "84", owner="client", agencies={"acme": BUYER}, live={ACME: ["ANALYZE"]})
    company.asset("page", "tent", "85", owner="client", agencies={"acme": BUYER}, live={})
    company.asset("page", "loose", "75", agencies={}, live={STRANGER: BUYER}, manage="additive")
    company.asset("page", "old", "76", live={STRANGER: BUYER})
    company.asset("page", "es", "78", agencies={}, live={STRANGER: {"tasks": BUYER, "status": "PENDING"}})
    company.asset("ad_account", "pl", "77", agencies={"mediahouse": BUYER}, live={}, admin_approval=True)
    company.world["businesses"][DATACO]["name"] = "DataCo Holding"
    company.write()
    for alias in ("tent", "pl"):
        company.apply(wish=Wish(Scope((alias,))))
    with company.people() as sandbox:
        sandbox.decline("85", ACME)
    return company, company.plan()


def action(document: Json, verb: str, number: int = 0) -> Json:
    return [one for one in document["actions"] if one["action"] == verb][number]


def row(document: Json, code: str) -> Json:
    return next(
        one for word in ("waiting", "unmanaged", "blocked") for one in document[word] if one["reason"]["code"] == code
    )


def set_to(part: Callable[[Json], Json], **values: object) -> Callable[[Json], object]:
    return lambda document: part(document).update(values)


def of(verb: str, number: int = 0) -> Callable[[Json], Json]:
    return lambda document: action(document, verb, number)


def turned(document: Json, verb: str, code: str, **values: object) -> None:
    """Turn a row that waits or is left alone into an action."""
    taken = row(document, code)
    for word in ("waiting", "unmanaged", "blocked"):
        document[word] = [one for one in document[word] if one is not taken]
        document["summary"][word] = len(document[word])
    made = {"owner": ACME, "risk": [], "replace_with_gap": False, "after": {"status": "absent", "tasks": []}} | taken
    made |= {"action": verb, "id": f"{verb}/{taken['asset']['kind']}/{taken['asset']['id']}/{taken['agency']['id']}"}
    made = {key: value for key, value in (made | values).items() if key not in ("since", "stale_at")}
    document["actions"] = sorted(
        [*document["actions"], made], key=lambda one: (one["asset"]["kind"], one["asset"]["alias"])
    )
    word = {"grant": "grant", "accept": "grant", "request": "request"}.get(verb, "revoke")
    document["summary"][word] += 1


DECLARED = {"code": "declared", "text": "declared, not requested yet"}
GRANTED = {"code": "declared", "text": "declared, not granted yet"}
NOT_DECLARED = {"code": "not_declared", "text": "no manifest gives this agency access, and the asset is exclusive"}
HELD = {"status": "confirmed", "tasks": BUYER}
ABSENT = {"status": "absent", "tasks": []}

FORGERIES: dict[str, Callable[[Json], object]] = {
    "a grant becomes a change": set_to(of("grant"), action="change"),
    "an acceptance becomes a revoke": set_to(of("accept"), action="revoke"),
    "a revoke becomes a grant": set_to(of("revoke"), action="grant"),
    "a request becomes a withdrawal": set_to(of("request"), action="withdraw"),
    "a withdrawal becomes a relinquishment": set_to(of("withdraw"), action="relinquish"),
    "tasks are widened": set_to(
        of("grant"), after={"status": "confirmed", "tasks": ["ADVERTISE", "ANALYZE", "MANAGE"]}
    ),
    "tasks are narrowed": set_to(of("accept"), after={"status": "confirmed", "tasks": ["ANALYZE"]}),
    "a change takes all": set_to(of("change"), after=ABSENT),
    "another agency is granted": lambda d: action(d, "grant")["agency"].update(id=STRANGER),
    "another agency is revoked": lambda d: action(d, "revoke")["agency"].update(id=MEDIAHOUSE),
    "a protected agency is revoked": lambda d: action(d, "revoke")["agency"].update(id=CLIENT, alias="client"),
    "an agency gets another alias": lambda d: action(d, "grant")["agency"].update(alias="client"),
    "a declared agency gets another name": lambda d: action(d, "accept")["agency"].update(name="Known Friends"),
    "another asset is meant": lambda d: action(d, "grant")["asset"].update(id="75"),
    "an asset of another kind is meant": lambda d: action(d, "revoke")["asset"].update(kind="page"),
    "an asset gets another alias": lambda d: action(d, "revoke")["asset"].update(alias="uk"),
    "another business acts": set_to(of("grant"), via="sister"),
    "nobody acts": set_to(of("grant"), via="somebody"),
    "another owner is named": set_to(of("grant"), owner=SISTER),
    "a client is named as owner": set_to(of("relinquish"), owner=ACME),
    "before is another status": set_to(of("revoke"), before={"status": "pending", "tasks": BUYER}),
    "before is absent": set_to(of("accept"), before=ABSENT),
    "before has other tasks": set_to(of("change"), before={"status": "confirmed", "tasks": ["MANAGE"]}),
    "before has tasks that Meta added": lambda d: action(d, "revoke")["before"].update(server_added=["ANALYZE"]),
    "what is declared is revoked": lambda d: d["actions"].append(
        action(d, "revoke")
        | {"asset": {"kind": "page", "id": "73", "alias": "uk", "name": "Uk"}, "before": HELD, "reason": NOT_DECLARED}
        | {"agency": {"id": MEDIAHOUSE, "alias": "mediahouse", "name": "Mediahouse Ltd"}}
    ),
    "the order is turned": lambda d: d["actions"].reverse(),
    "a revoke comes first": lambda d: d["actions"].insert(0, d["actions"].pop(4)),
    "an action comes twice": lambda d: d["actions"].insert(0, copy.deepcopy(d["actions"][0])),
    "an action is gone": lambda d: d["actions"].remove(action(d, "grant")),
    "an action is moved to another asset": lambda d: action(d, "grant").update(asset=action(d, "revoke", 1)["asset"]),
    "an action is copied to another asset": lambda d: d["actions"].append(
        copy.deepcopy(action(d, "grant")) | {"asset": copy.deepcopy(row(d, "undeclared")["asset"])}
    ),
    "an action is on an asset nobody declares": lambda d: turned(d, "revoke", "undeclared_asset", reason=NOT_DECLARED),
    "an additive asset is cleared": lambda d: turned(d, "revoke", "undeclared", reason=NOT_DECLARED),
    "a stranger's request is accepted": lambda d: turned(d, "accept", "unexpected_request", after=HELD),
    "a client is asked once more": lambda d: turned(
        d, "request", "request_gone", reason=DECLARED, after={"status": "pending", "tasks": BUYER}, owner=CLIENT
    ),
    "a grant that waits for an admin is sent again": lambda d: turned(
        d, "grant", "admin_approval", reason=GRANTED, before=ABSENT, after=HELD
    ),
    "a lost grant is told where none was": lambda d: turned(
        d,
        "grant",
        "admin_approval",
        before=ABSENT,
        after=HELD,
        reason={
            "code": "sent_before",
            "text": "sent on 2026-11-20 and never answered; it does not show, but may wait for a second admin",
        },
    ),
    "what only the client can change is requested": lambda d: turned(
        d, "request", "ask_client", reason=DECLARED, before=ABSENT, after={"status": "pending", "tasks": BUYER}
    ),
    "a reason has other words": set_to(of("revoke"), reason={"code": "not_declared", "text": "agreed with legal"}),
    "a reason has another code": lambda d: action(d, "revoke")["reason"].update(code="expired"),
    "a source is another file": lambda d: action(d, "grant")["sources"][0].update(file="access/other.yaml"),
    "a source is another line": lambda d: action(d, "grant")["sources"][0].update(line=1),
    "a source has no end": lambda d: [s.pop("until", 0) for a in d["actions"] for s in a["sources"]],
    "a source has another reason": lambda d: [s.update(reason="x") for a in d["actions"] for s in a["sources"]],
    "no source is named": set_to(of("grant"), sources=[]),
    "a risk is hidden": lambda d: [one.update(risk=[]) for one in d["actions"]],
    "widening is hidden": lambda d: [one["risk"].remove("manage") for one in d["actions"] if "manage" in one["risk"]],
    "a first grant is hidden": lambda d: [
        one["risk"].remove("first_grant") for one in d["actions"] if "first_grant" in one["risk"]
    ],
    "a last holder is hidden": lambda d: [
        one["risk"].remove("last_holder") for one in d["actions"] if "last_holder" in one["risk"]
    ],
    "a risk is made up": set_to(of("revoke"), risk=["asked_before"]),
    "a gap is allowed": set_to(of("change"), replace_with_gap=True),
    "the summary counts less": lambda d: d["summary"].update(revoke=1),
    "more is live": lambda d: d["summary"].update(live=5000),
    "more is unchanged": lambda d: d["summary"].update(unchanged=5000, live=5000),
    "no headline is left": lambda d: d.update(headlines=[]),
    "a headline is made up": lambda d: d["headlines"].append("Agreed with the security team."),
    "a headline counts less": lambda d: d.update(
        headlines=[h.replace("1 of its", "1 of its 9") for h in d["headlines"]]
    ),
    "a warning about a name is gone": lambda d: d.update(warnings=[]),
    "something could not be read": lambda d: d["unread"].append("what acme sees could not be read"),
    "nobody holds anything": lambda d: d.pop("held"),
    "an agency holds more": lambda d: d["held"][0].update(live=5000),
    "the guards allow it": lambda d: d["guards"].update(verdict="allowed", reasons=["nothing"]),
    "the guards refuse it": lambda d: d["guards"].update(verdict="refused", reasons=["a guard"]),
    "the guards are wider": lambda d: d["guards"]["limits"].update(max_revoke_percent=100),
    "nobody is protected": lambda d: d["guards"]["limits"].update(protect=[]),
    "the scope is narrower": lambda d: d["scope"].update(targets=["de"]),
    "the scope leaves out": lambda d: d["scope"].update(excludes=["kind:page"]),
    "the scope names nothing": lambda d: d["scope"].update(targets=["nowhere"]),
    "all gaps are allowed": lambda d: d["scope"].update(replace_with_gap=True),
    "fewer businesses act": lambda d: d["acts_as"].pop(),
    "another world is meant": lambda d: d["graph"].update(url="sandbox:other.yaml"),
    "another Graph version is meant": lambda d: d["graph"].update(version="v25.0"),
    "other manifests are meant": lambda d: d["manifests"].update(digest="sha256:" + "0" * 64),
    "other files are named": lambda d: d["manifests"].update(files=["access/other.yaml"]),
    "another accessctl made it": lambda d: d.update(tool_version="9.0"),
    "it is of another format": lambda d: d.update(format_version="2.0"),
    "it is from tomorrow": lambda d: d.update(created_at="2026-11-23T00:00:00+00:00"),
    "it is very old": lambda d: d.update(created_at="2020-01-01T00:00:00+00:00"),
}

HARMLESS: dict[str, Callable[[Json], object]] = {
    "it is from now": lambda d: d.update(created_at="2026-11-21T12:59:00+00:00"),
    "it cost nothing": lambda d: d["graph"].update(calls=0, requests=0, errors=0, seconds_waited=0),
    "a later version's key": lambda d: d.update(colour="red"),
    "a selector is asked again that nothing answers to": lambda d: d["scope"].update(ask_again=["uk"]),
    "names of ids": lambda d: [one.update(id="x") for one in d["actions"]],
}


def test_the_reviewed_plan_itself_is_carried_out(reviewed):
    company, saved = reviewed
    verbs = {one.verb.value for one in saved.plan.actions}
    assert verbs == {"grant", "accept", "change", "revoke", "request", "withdraw", "relinquish"}
    assert {"manage", "first_grant", "last_holder"} <= {risk for one in saved.plan.actions for risk in one.risk}
    assert saved.plan.is_whole
    assert saved.verdict.word == "allowed", saved.verdict
    assert refusal(company, to_document(saved), saved, age=HOUR) == ""


@pytest.mark.parametrize("what", FORGERIES)
def test_a_plan_that_was_changed_and_hashed_anew_is_refused(reviewed, what):
    company, saved = reviewed
    document = to_document(saved)
    changed = forged(document, FORGERIES[what])
    assert changed != document
    assert refusal(company, changed, saved, age=HOUR) != ""


@pytest.mark.parametrize("what", HARMLESS)
def test_what_a_digest_does_not_bind_changes_nothing_that_is_done_or_shown(reviewed, what):
    company, saved = reviewed
    assert refusal(company, forged(to_document(saved), HARMLESS[what]), saved, age=HOUR) == ""


def replaced(path: tuple[str | int, ...], value: object) -> Callable[[Json], object]:
    return lambda document: at(document, path[:-1]).__setitem__(path[-1], value)


def every_leaf_changed(document: Json) -> list[tuple[tuple[str | int, ...], Json]]:
    return [
        (path, changed)
        for path in leaves(document)
        for value in changed_leaf(at(document, path))
        if (changed := forged(document, replaced(path, value))) != document
    ]


def is_live(path: tuple[str | int, ...]) -> bool:
    """Tell what no manifest can say otherwise: what is live, since when, and under which name.

    What an action says is live is read again right before it is carried out.
    """
    return path[-1] in ("since", "stale_at", "name") or "before" in path or path[0] == "unmanaged"


def assert_every_change_is_harmless(reviewed: tuple[Company, SavedPlan], part: slice) -> None:
    company, saved = reviewed
    for path, changed in every_leaf_changed(to_document(saved))[part]:
        if is_live(path):
            continue
        try:
            refusal(company, changed, saved, age=HOUR)
        except AssertionError:
            pytest.fail(f"carried out with another {'.'.join(map(str, path))}: {at(changed, path[:-1])}")


@pytest.mark.parametrize("verb", ["accept", "change", "revoke", "relinquish", "withdraw"])
def test_what_a_plan_says_is_live_is_read_again_and_nothing_is_sent_where_it_is_not(reviewed, verb):
    company, saved = reviewed
    written = len(company.writes)
    changed = forged(to_document(saved), lambda d: action(d, verb)["before"].update(tasks=["MODERATE"]))
    changed["actions"] = [action(changed, verb)]
    with company.connected() as (_, connection):
        (step,) = apply_plan(from_document(changed), connection, clock=company.now).steps
    assert (step.outcome, len(company.writes)) == ("stale", written)


def test_whatever_single_value_of_a_plan_is_changed_it_is_refused_or_the_same(reviewed):
    assert_every_change_is_harmless(reviewed, slice(0, None, 29))


@pytest.mark.campaign
def test_every_single_value_of_a_plan_changed_in_turn_is_refused_or_the_same(reviewed):
    assert_every_change_is_harmless(reviewed, slice(0, None, 50 // examples(50)))


def test_a_plan_hashed_anew_is_stale_on_the_command_line_too(company, run):
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={})
    company.write()
    sandbox = ("--sandbox", "world.yaml")
    assert run("plan", "--out", "plan.json", *sandbox).returncode == 0
    path = company.directory / "plan.json"
    wider = {"status": "confirmed", "tasks": [*BUYER, "MANAGE"]}
    document = forged(json.loads(path.read_text()), set_to(of("grant"), after=wider))
    path.write_text(json.dumps(document))
    found = run("apply", "plan.json", "--auto-approve", *sandbox)
    assert (found.returncode, found.stdout, company.writes) == (4, "", ())
    assert "is not what the manifests call for" in found.stderr
    assert run("apply", "plan.json", "--auto-approve", "--expect-digest", document["digest"], *sandbox).returncode == 4
