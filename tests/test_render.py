"""What people read, held against golden files at 80 columns. Renew them with --renew-golden and read the diff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.apply.outcomes import Outcome, Result, Step
from accessctl.clean import display
from accessctl.counting import count
from accessctl.model import Kind, Status
from accessctl.plan.document import SavedPlan
from accessctl.plan.nouns import (
    Action,
    AssetRef,
    BusinessRef,
    Origin,
    Plan,
    Reason,
    Row,
    Source,
    State,
    Summary,
    Verb,
    Verdict,
)
from accessctl.render.blocked import NEXT_STEPS
from accessctl.render.names import business_name, source_name
from accessctl.render.paper import DEEP, Paper
from accessctl.render.plan_text import plan_text, summary_line
from accessctl.render.result import result_text

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUYER = ("ADVERTISE", "ANALYZE")
DE = AssetRef(Kind.AD_ACCOUNT, "1029384756", "de-brand", "Acme DE Brand")
FR = AssetRef(Kind.PAGE, "778899", "acme-fr", "Acme France")
SHOP = AssetRef(Kind.PAGE, "445566", "shop-page", "Corner Shop")
STRAY = AssetRef(Kind.AD_ACCOUNT, "555")
MEDIA = BusinessRef("2002", "mediahouse", "Mediahouse Ltd")
DATA = BusinessRef("3003", "dataco")
OLD = BusinessRef("4004", "", "Last Year's Agency")
ACME = BusinessRef("1001", "acme", "Acme GmbH")
HERE = Source("access/germany.yaml", 31, profile="buyer")
RULE = Source("access/rules.yaml", 4, rule="dataco-sees-germany", until="2031-03-31", reason="ADS-1423 spring campaign")
HOLDS = State(Status.CONFIRMED, BUYER)
NOTHING = State(Status.ABSENT)


def action(verb: Verb, asset: AssetRef, agency: BusinessRef, before: State, after: State, **more: object) -> Action:
    reason = more.pop("reason", Reason("declared", "declared, not granted yet"))
    sources = more.pop("sources", (HERE,))
    return Action(verb, asset, agency, "1001", "acme", before, after, reason, sources, **more)


EVERY_ACTION = (
    action(Verb.ACCEPT, DE, DATA, State(Status.PENDING, ("ANALYZE", "MANAGE")), State(Status.CONFIRMED, ("ANALYZE",))),
    action(Verb.GRANT, DE, MEDIA, NOTHING, HOLDS, sources=(HERE, RULE), risk=("first_grant",)),
    action(
        Verb.REVOKE,
        DE,
        OLD,
        HOLDS,
        NOTHING,
        reason=Reason("not_declared", "no manifest gives this agency access, and the asset is exclusive"),
        risk=("own_access", "last_holder"),
    ),
    action(
        Verb.CHANGE,
        FR,
        MEDIA,
        State(Status.CONFIRMED, ("ADVERTISE", "ANALYZE", "MESSAGING"), ("MESSAGING",)),
        State(Status.CONFIRMED, ("ADVERTISE", "MANAGE")),
        reason=Reason("tasks_differ", "lacks MANAGE; holds ANALYZE beyond what is declared"),
        risk=("manage", "gap"),
        replace_with_gap=True,
    ),
    action(Verb.REQUEST, SHOP, ACME, NOTHING, State(Status.PENDING, BUYER)),
    action(Verb.WITHDRAW, SHOP, DATA, State(Status.PENDING, BUYER), NOTHING),
    action(Verb.RELINQUISH, SHOP, MEDIA, HOLDS, NOTHING),
)
SINCE = datetime(2026, 11, 1, 8, tzinfo=UTC)
WAITING = (
    Row(
        DE,
        BusinessRef("5005", "studio", "Studio"),
        "acme",
        State(Status.AWAITING_APPROVAL, BUYER),
        Reason("admin_approval", "granted; a second admin of the owner must approve it"),
        HOLDS,
        (HERE,),
        SINCE,
        SINCE + timedelta(days=30),
    ),
    Row(
        SHOP,
        BusinessRef("1002", "sister", "Sister SA"),
        "sister",
        State(Status.PENDING, BUYER),
        Reason("client_response", "requested; the client has not answered yet"),
        HOLDS,
        (HERE,),
        SINCE,
        SINCE + timedelta(days=14),
    ),
)
BLOCKED = (
    Row(
        AssetRef(Kind.PAGE, "999", "acme-uk", "Acme UK"),
        None,
        "acme",
        State(Status.UNREADABLE),
        Reason("unreadable", "Meta refused GET 999/agencies: (#10) Application does not have permission (code 10)"),
    ),
    Row(FR, DATA, "acme", State(Status.UNKNOWN, ("ANALYZE",), detail="ON_HOLD"), Reason("unknown_status", "unknown")),
    Row(
        AssetRef(Kind.PAGE, "998", "acme-us", "Acme US"),
        None,
        "acme",
        State(Status.UNREADABLE),
        Reason("hidden", "acme (1001) does not list it: it is hidden from this token, or gone (Meta: code 100)"),
    ),
    *(
        Row(
            AssetRef(Kind.AD_ACCOUNT, str(7000 + n), f"old-{n}"),
            None,
            "acme",
            State(Status.UNREADABLE),
            Reason("gone", "acme (1001) does not list it, and Meta knows no such id (Meta: code 803)"),
        )
        for n in range(6)
    ),
)
UNMANAGED = (
    Row(FR, OLD, "acme", State(Status.PENDING, ("ANALYZE",)), Reason("unexpected_request", "the agency has asked")),
    *(
        Row(STRAY, BusinessRef(str(6000 + n), "", f"Agency {n}"), "acme", HOLDS, Reason("undeclared_asset", "no"))
        for n in range(23)
    ),
    Row(AssetRef(Kind.PAGE, "556"), None, "acme", State(Status.UNREADABLE), Reason("unreadable", "could not be read")),
)
HOSTILE = "</details>::error::\x1b[31m@everyone\u202eevil\n##[command]x|`" + "A" * 300


def saved(plan: Plan, *reasons: str) -> SavedPlan:
    origin = Origin("sha256:" + "1" * 64, ("access/germany.yaml",), "v26.0", "https://graph.facebook.com", (ACME,))
    return SavedPlan(plan, origin, Verdict(reasons), NOW, "0.1.0", "sha256:" + "a" * 64)


PLANS = {
    "no-changes": saved(Plan(summary=Summary(waiting=2, unchanged=212), waiting=WAITING)),
    "small": saved(Plan(EVERY_ACTION[1:2], summary=Summary(grant=1))),
    "every-row": saved(
        Plan(
            EVERY_ACTION,
            WAITING,
            BLOCKED,
            UNMANAGED,
            Summary(2, 1, 3, 1, 2, 9, 25, 212, 220),
            (
                '"Mediahouse Ltd" (2002) is to hold MANAGE on 1 Page, where it does not now.',
                '"Last Year\'s Agency" (4004) loses ADVERTISE, ANALYZE on 1 of its 12 ad accounts.',
            ),
            unread=("what acme sees of Pages as agency could not be read to the end: Meta cannot be reached",),
        )
    ),
    "refused": saved(
        Plan(EVERY_ACTION[2:3], summary=Summary(revoke=1, live=20)),
        "this plan would revoke 14 of 20 live grants (70 %, the limit is 25 %)",
    ),
    "hostile": saved(
        Plan(
            (
                action(
                    Verb.GRANT,
                    AssetRef(Kind.PAGE, "1", "page", HOSTILE),
                    BusinessRef("2", "", HOSTILE),
                    NOTHING,
                    State(Status.CONFIRMED, (HOSTILE,)),
                    reason=Reason("x", HOSTILE),
                    sources=(Source("access/a.yaml", 1, reason=HOSTILE),),
                ),
            ),
            summary=Summary(grant=1),
            headlines=(HOSTILE,),
        )
    ),
}


def golden(request: pytest.FixtureRequest, name: str, text: str) -> None:
    path = GOLDEN / name
    if request.config.getoption("--renew-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("color", [False, True])
def test_a_plan_reads_as_agreed(request, name, width, color):
    text = plan_text(PLANS[name], Paper(width, color))
    golden(request, f"plan-{name}{'-wide' * (width > 80)}{'-color' * color}.txt", text)


@pytest.mark.parametrize("name", PLANS)
def test_colour_adds_nothing_but_colour(name):
    import re

    plain, colored = (plan_text(PLANS[name], Paper(80, color)) for color in (False, True))
    assert re.sub(r"\x1b\[[0-9]+m", "", colored) == plain


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_fits_into_eighty_columns(name):
    lines = plan_text(PLANS[name], Paper(80)).splitlines()
    assert max(len(line) for line in lines if not line.startswith(("Plan: ", "No changes."))) <= 80


@pytest.mark.parametrize("name", PLANS)
def test_no_line_of_a_plan_holds_a_control_character(name):
    assert all(line.isprintable() for line in plan_text(PLANS[name], Paper(80)).splitlines())


@given(st.lists(st.text("abc1:-()", min_size=1, max_size=80 - DEEP), max_size=9))
def test_no_word_that_fits_a_line_is_broken(words):
    assert Paper(80).wrap(" ".join(words), indent=6, first=2).split() == words


def blocked(number: int, code: str = "unreadable", text: str = "Meta answers no more", **more: object) -> Row:
    asset = AssetRef(Kind.AD_ACCOUNT, str(number), f"de-{number}", f"Acme {number}")
    return Row(asset, more.pop("agency", None), "acme", State(Status.UNREADABLE), Reason(code, text), **more)


def blocked_text(*rows: Row, **more: object) -> str:
    return plan_text(saved(Plan(blocked=rows, summary=Summary(blocked=len(rows)), **more)), Paper())


def test_what_a_listing_hides_three_thousand_times_is_said_once_and_on_top():
    text = blocked_text(
        *(blocked(number) for number in range(3000)),
        blocked(5000, text="another"),
        unread=("what acme sees could not be read to the end",),
        headlines=('"Mediahouse Ltd" (2002) loses ADVERTISE.',),
    )
    assert len(text) < 4000
    headline, top, single = text.split("\n\n")[:3]
    assert headline == '"Mediahouse Ltd" (2002) loses ADVERTISE.'
    assert top.splitlines() == [
        "! what acme sees could not be read to the end",
        "! 3,000 ad accounts of acme: Meta answers no more",
        "  de-0 (act_0), de-1 (act_1), de-2 (act_2) and 2,997 more; --format json lists",
        "          them all",
    ]
    assert single == "ad account de-5000 (act_5000) Acme 5000\n  ! blocked everything on this asset\n    another"
    assert "No changes. 3001 blocked." in text


@pytest.mark.parametrize(
    "rows",
    [
        [blocked(n) for n in range(4)],
        [blocked(n, text=f"Meta refused {n}") for n in range(9)],
        [blocked(n, code=str(n)) for n in range(9)],
        [replace(blocked(n), agency=MEDIA, before=State(Status.UNKNOWN, BUYER)) for n in range(9)],
    ],
)
def test_few_different_or_telling_blocked_rows_each_stand_below_their_asset(rows):
    assert blocked_text(*rows).count("! blocked") == len(rows)


@pytest.mark.parametrize(
    ("agency", "code", "whose"),
    [
        (None, "unreadable", "of acme"),
        (ACME, "unreadable", "at clients of acme"),
        (MEDIA, "unreadable", 'of acme, for "Mediahouse Ltd" (mediahouse, 2002)'),
        (None, "uncertain", ""),
    ],
)
def test_what_is_said_once_names_whose_assets_are_meant(agency, code, whose):
    text = blocked_text(*(blocked(n, code=code, text="why", agency=agency) for n in range(5)))
    assert f"! 5 ad accounts {whose}".rstrip() + ": why\n" in text


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize("code", ["hidden", "gone", "not_owned", "other_owner", "not_listed", "uncertain"])
def test_a_blocked_row_says_what_to_do(code, number):
    assert blocked_text(*(blocked(n, code) for n in range(number))).count("do: ") == 1


def test_what_cannot_be_read_has_no_next_step():
    assert "do: " not in blocked_text(blocked(1))


def test_every_outcome_of_apply_reads_as_agreed(request):
    steps = tuple(
        Step(step_action, outcome, text="what happened", hint="what to do next" * (outcome is Outcome.FAILED))
        for step_action, outcome in zip(
            [*EVERY_ACTION, EVERY_ACTION[0]],
            [
                Outcome.APPLIED,
                Outcome.AWAITING_APPROVAL,
                Outcome.APPLIED,
                Outcome.FAILED,
                Outcome.WAITING,
                Outcome.UNKNOWN,
                Outcome.STALE,
                Outcome.SKIPPED,
            ],
            strict=True,
        )
    )
    golden(request, "result.txt", result_text(Result("r1", steps), PLANS["every-row"], Paper(80)))


def test_a_run_that_changed_nothing_says_so():
    step = Step(EVERY_ACTION[1], Outcome.CONVERGED, "already so")
    text = result_text(Result("r1", (step,)), PLANS["small"], Paper(80))
    assert text.endswith("Apply complete: nothing changed. 1 as wanted already.\n")


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (
            Summary(3, 1, 2, 4, 5, 1, 0, 212),
            "Plan: 3 to grant, 1 to change, 2 to revoke, 4 to request. 5 waiting, 1 blocked, 212 unchanged.",
        ),
        (Summary(), "No changes. Live access matches the manifests."),
        (Summary(waiting=5), "No changes. Live access matches the manifests. 5 waiting."),
        (Summary(blocked=1), "No changes. 1 blocked."),
        (Summary(revoke=1), "Plan: 1 to revoke."),
    ],
)
def test_the_summary_line_leaves_out_what_is_zero(summary, line):
    assert summary_line(summary) == line


@given(st.text(max_size=400))
def test_a_name_from_a_stranger_is_one_printable_line(text):
    shown = display(text)
    assert shown.isprintable()
    assert "\n" not in shown
    assert len(shown) <= 120


UNSEEN = (0x3164, 0x115F, 0xFE0F, 0xFE00, 0xE0100, 0x034F, 0x180B, 0x2800)


@pytest.mark.parametrize(
    "point", [0x9B, 0x200B, 0x202E, 0x2066, 0xFEFF, 0xE0041, 0xD800, 0x07, 0x85, 0x2028, 0xAD, *UNSEEN]
)
def test_what_cannot_be_seen_is_spelled_out(point):
    assert display(f"a{chr(point)}b") == f"a\\u{{{point:x}}}b"


def test_a_megabyte_of_a_name_is_cut_and_marked():
    assert display("x" * 1_000_000) == "x" * 119 + "…"


def test_two_businesses_of_the_same_look_are_told_apart_by_their_ids():
    assert business_name(BusinessRef("1", "", "Same")) != business_name(BusinessRef("2", "", "Same"))
    assert business_name(BusinessRef("3003", "dataco")) == "business dataco (3003)"
    assert business_name(BusinessRef("3003")) == "business 3003"


def test_a_source_says_why_in_few_words():
    assert source_name(Source("a.yaml", 3)) == "a.yaml:3"
    assert source_name(Source("a.yaml", 3, reason="ADS-1")) == "a.yaml:3 (ADS-1)"
    assert (
        source_name(RULE)
        == "access/rules.yaml:4 (rule dataco-sees-germany, until 2031-03-31: ADS-1423 spring campaign)"
    )


def test_what_is_hidden_is_assigned_to_whoever_the_token_is_of():
    assert "the system user or person whose token this is" in NEXT_STEPS["hidden"]


def test_one_is_counted_as_one():
    assert (count(1, "file"), count(2, "file"), count(0, "day")) == ("1 file", "2 files", "0 days")
