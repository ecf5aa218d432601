"""The stream of events says what the plan file and the result of apply say, one line at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from accessctl import __version__
from accessctl.apply.outcomes import Outcome, Result, Settled, Step
from accessctl.chain import Head
from accessctl.manifest import load_schema
from accessctl.model import Cost
from accessctl.plan.document import from_document, to_document
from accessctl.render.apply_events import apply_begins, apply_ends, step_event
from accessctl.render.events import event_lines
from accessctl.render.plan_events import plan_events
from accessctl.render.plan_json import plan_json
from tests.company import MEDIAHOUSE
from tests.hostile import names
from tests.runner_commands import commands_in
from tests.test_markdown import plan_named
from tests.test_render import EVERY_ACTION, HOLDS, NOW, PLANS, golden

SENT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def applied():
    steps = tuple(
        Step(EVERY_ACTION[n % 7], outcome, "what happened", "what to do", "AbC1", HOLDS if n % 2 else None)
        for n, outcome in enumerate(Outcome)
    )
    settled = (Settled(EVERY_ACTION[0], "r0", SENT, None, "nobody could look"),)
    return Result("r1", steps, head=Head(12, "sha256:" + "c" * 64), settled=settled)


def apply_events(result, plan):
    ids = {step.action.id for step in result.steps}
    steps = map(step_event, result.steps)
    events = [*apply_begins(plan, NOW), *steps, *apply_ends(result, plan, Cost(4, 9), 5, told=ids)]
    return event_lines(events)


def read(text):
    return [json.loads(line) for line in text.splitlines()]


def without_version(text):
    return text.replace(f'"tool_version": "{__version__}"', '"tool_version": "X"')


@pytest.mark.parametrize("name", PLANS)
def test_the_events_of_a_plan_read_as_agreed(request, name):
    golden(request, f"plan-{name}.ndjson", without_version(plan_events(PLANS[name], NOW)))


def test_the_events_of_an_apply_read_as_agreed(request):
    golden(request, "apply.ndjson", without_version(apply_events(applied(), PLANS["small"])))


@pytest.mark.parametrize(
    "text",
    [
        *(plan_events(PLANS[name], NOW) for name in PLANS if name != "hostile"),
        apply_events(applied(), PLANS["every-row"]),
    ],
)
@pytest.mark.parametrize("validator", [Draft202012Validator, Draft7Validator])
def test_every_event_fits_the_schema(text, validator):
    schema = validator(load_schema("events"))
    assert [error.message for event in read(text) for error in schema.iter_errors(event)] == []


@pytest.mark.parametrize("key", ["type", "format_version", "command"])
def test_an_event_without_what_it_must_say_does_not_fit(key):
    event = read(plan_events(PLANS["small"], NOW))[0]
    del event[key]
    assert list(Draft202012Validator(load_schema("events")).iter_errors(event))


def test_events_and_plan_files_mean_the_same_by_their_words():
    plan, events = load_schema("plan"), load_schema("events")
    assert {key: events["$defs"][key] for key in plan["$defs"]} == plan["$defs"]


@pytest.mark.parametrize("name", PLANS)
def test_the_events_of_a_plan_hold_all_of_its_rows(name):
    events, document = read(plan_events(PLANS[name], NOW)), to_document(PLANS[name])
    for word, key in (("action", "actions"), ("waiting",) * 2, ("blocked",) * 2, ("unmanaged",) * 2):
        told = [{k: v for k, v in event.items() if k != "type"} for event in events if event["type"] == word]
        assert told == document[key]


def test_a_stream_begins_with_the_version_and_ends_with_an_end_that_counts():
    events = read(plan_events(PLANS["every-row"], NOW))
    assert (events[0]["type"], events[0]["format_version"], events[0]["command"]) == ("version", "1.0", "plan")
    assert events[-1] == {"type": "end", "events": len(events) - 1}


def test_an_apply_ends_with_its_exit_code_and_counts():
    end = read(apply_events(applied(), PLANS["small"]))[-1]
    assert (end["type"], end["exit_code"], end["stopped"]) == ("end", 5, False)
    assert sum(end["summary"].values()) == len(Outcome)


def test_every_step_is_told_once_also_those_that_were_never_tried():
    result, plan = applied(), PLANS["small"]
    told = {result.steps[0].action.id, result.steps[1].action.id}
    ends = [*apply_ends(result, plan, Cost(), 5, told)]
    untold = [step.action.id for step in result.steps if step.action.id not in told]
    assert [event["id"] for event in ends if event["type"] == "step"] == untold


def test_no_event_is_a_command_of_the_runner_and_none_loses_a_letter():
    for name in names(200):
        plan = plan_named(name)
        for text in (plan_events(plan, NOW), plan_json(plan)):
            assert commands_in(text) == [], name
            assert text.isascii(), name
        assert read(plan_events(plan, NOW))[-2]["asset"]["name"] == name


def test_json_for_a_log_is_still_the_plan():
    plan = PLANS["hostile"]
    assert from_document(json.loads(plan_json(plan))) == plan


def test_an_apply_that_is_refused_ends_with_why_and_its_exit_code(company, run):
    for number in range(70, 90):
        company.asset("page", f"p-{number}", str(number), agencies={}, live={MEDIAHOUSE: ["ANALYZE"]})
    company.write()
    apply = ("apply", "--format", "ndjson", "--sandbox", "world.yaml")
    for options, why in ((["--auto-approve"], "20 of 20 live grants"), (["--allow-revokes=20"], "nobody is at")):
        told = run(*apply, *options, cwd=company.directory)
        events = read(told.stdout)
        schema = Draft202012Validator(load_schema("events"))
        assert [error.message for event in events for error in schema.iter_errors(event)] == []
        assert [event["type"] for event in events].count("end") == 1
        end = events[-1]
        assert (end["type"], end["stopped"], end["exit_code"]) == ("end", False, told.returncode)
        assert (told.returncode, why in end["refused"], bool(end["hint"])) == (3, True, True)
    assert company.writes == ()


def test_apply_tells_each_step_as_an_event_once_and_ends_with_what_it_exits_with(company):
    for number in ("71", "72", "73"):
        company.asset("ad_account", f"de-{number}", number, agencies={"mediahouse": ["ANALYZE"]}, live={})
    company.write()
    command = [sys.executable, "-m", "accessctl", "apply", "--auto-approve", "--format", "ndjson"]
    told = subprocess.run(
        [*command, "--sandbox", "world.yaml"],
        cwd=company.directory,
        env={key: value for key, value in os.environ.items() if not key.startswith("ACCESSCTL")},
        capture_output=True,
        text=True,
    )
    events = read(told.stdout)
    schema = Draft202012Validator(load_schema("events"))
    assert [error.message for event in events for error in schema.iter_errors(event)] == []
    planned = sorted(event["id"] for event in events if event["type"] == "action")
    assert sorted(event["id"] for event in events if event["type"] == "step") == planned
    assert len(planned) == 3
    assert (events[0]["type"], events[-1]["type"]) == ("version", "end")
    assert events[-1]["exit_code"] == told.returncode == 0
    assert "Plan: 3 to grant." in told.stderr
