"""The rows of FAULTS A that no other file has: lost writes, failed looks, late ones, a flipped byte, odd clocks."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from accessctl.errors import StaleError
from tests import checker
from tests.campaigns import examples
from tests.company import ACME, MEDIAHOUSE, NOW, STRANGER, Company
from tests.storm import ENDLESS, IN_DOUBT, NOT_SENT, Fate, Storm, command, in_weather

BUYER = ["ADVERTISE", "ANALYZE"]
DEADLINE = 30.0  # seconds that a write is looked for (FAULTS A6)
A_WHILE = 120.0  # seconds; the hint of an unknown outcome is to plan again in a few minutes
PENDING = {"tasks": BUYER, "status": "PENDING"}
# What is declared of one Page and what is there, for each verb that a write may have.
VERBS = {
    "grant": ("acme", {"mediahouse": BUYER}, {}),
    "accept": ("acme", {"mediahouse": BUYER}, {MEDIAHOUSE: PENDING}),
    "change": ("acme", {"mediahouse": BUYER}, {MEDIAHOUSE: ["ANALYZE"]}),
    "revoke": ("acme", {}, {MEDIAHOUSE: BUYER}),
    "request": ("client", {"acme": BUYER}, {}),
    "withdraw": ("client", {}, {ACME: PENDING}),
    "relinquish": ("client", {}, {ACME: BUYER}),
}
EACH_VERB = pytest.mark.parametrize("verb", VERBS)


def add(company: Company, verb: str, number: str = "77") -> None:
    owner, declared, live = VERBS[verb]
    company.asset("page", f"of-{number}", number, owner=owner, agencies=dict(declared), live=dict(live))


def plan(company: Company) -> None:
    if not (company.directory / "world.yaml").exists():
        company.write()
    ran = command(company.directory, "plan", "--out", "plan.json")
    assert ran.code == 0, ran.said


def apply(company: Company, storm: Storm, *, rages: bool = False, again: bool = False) -> int:
    """Apply a new plan, or the last one again, in a storm or after it; return the exit code."""
    with in_weather(storm):
        if not again:
            plan(company)
        storm.rages = rages
        ran = command(company.directory, "apply", "plan.json", "--auto-approve", "--parallelism", "1")
        storm.rages = False
    assert "Traceback" not in ran.out + ran.said
    assert "in accessctl itself" not in ran.said
    checker.check_no_token(ran.out, ran.said, company.journal_path.read_text())
    return ran.code


def outcomes(company: Company) -> list[tuple[str, str]]:
    return [(entry["verb"], entry["outcome"]) for entry in company.journal if entry["event"] == "outcome"]


@EACH_VERB
@pytest.mark.parametrize("fate", sorted(NOT_SENT))
def test_a_write_that_never_arrived_is_sent_once_more_by_the_next_plan_and_a_request_never(company, verb, fate):
    """FAULTS A4."""
    add(company, verb)
    storm = Storm(verb, (fate,), blindness=0)
    assert apply(company, storm, rages=True) == 5
    assert outcomes(company) == [(verb, "unknown")]
    assert company.writes == ()
    apply(company, storm)
    apply(company, storm)
    assert len(storm.sent) == (1 if verb == "request" else 2)
    assert len(company.writes) == len(storm.sent) - 1


@pytest.mark.parametrize("number", [7, pytest.param(examples(200), marks=pytest.mark.campaign)])
def test_whoever_cannot_look_after_a_write_does_not_guess(tmp_path, number):
    """FAULTS A5: the asset stops, the others go on, the outcome is unknown whatever Meta did, and exit is 5."""
    chance, fates = random.Random(5), sorted(IN_DOUBT | {Fate.FINE})
    for case in range(number):
        verb = list(VERBS)[case % len(VERBS)]
        company = Company(tmp_path / str(case))
        company.directory.mkdir()
        add(company, verb)
        if verb in ("grant", "accept", "change"):
            company.world["pages"]["77"]["agencies"] = {**VERBS[verb][2], STRANGER: BUYER}  # to be revoked behind it
        company.asset("ad_account", "other", "78", agencies={"dataco": BUYER}, live={})
        storm = Storm(case, (chance.choice(fates),), blindness=1.0, blind_for=(ENDLESS,))
        assert apply(company, storm, rages=True) == 5
        assert sorted(outcomes(company)) == sorted([(verb, "unknown"), ("grant", "unknown")]), (case, verb)
        assert len(storm.sent) == 2


@EACH_VERB
@pytest.mark.parametrize("late", [29.0, 31.0])
def test_what_shows_late_is_waited_for_and_then_unknown_and_nobody_is_asked_twice(company, verb, late):
    """FAULTS A6: a deadline of 30 s; a request is not sent again even where it does not show for longer."""
    add(company, verb)
    storm = Storm(verb, (Fate.LATE,), late=(late, late), blindness=0)
    code = apply(company, storm, rages=True)
    assert code == (0 if late < DEADLINE else 5)
    good = "waiting_for_client" if verb == "request" else "applied"
    # Of a change that Meta said yes to and that changed nothing, people are told how else it can be done.
    late_word = "failed" if verb == "change" else "unknown"
    assert outcomes(company) == [(verb, good if late < DEADLINE else late_word)]
    if verb == "request":
        apply(company, storm, again=True)  # at once, and it may not show yet
        apply(company, storm)
    storm.seconds += A_WHILE
    apply(company, storm)
    assert len(company.writes) == len(storm.sent) == 1


@pytest.mark.parametrize("step", [251, pytest.param(50 // examples(50), marks=pytest.mark.campaign)])
def test_a_byte_flipped_anywhere_in_the_journal_stops_apply_with_the_line(company, step):
    """FAULTS A10: only the very end can look like a crash; that is cut off, and said."""
    add(company, "grant")
    apply(company, storm := Storm("calm"))
    company.manifest["pages"]["of-77"]["agencies"]["dataco"] = BUYER
    (company.directory / "access").mkdir(exist_ok=True)
    company.write()
    path, content, chance = company.journal_path, company.journal_path.read_bytes(), random.Random(10)
    with in_weather(storm):
        plan(company)
        for offset in range(0, len(content) - 1, step):
            flipped = bytearray(content)
            flipped[offset] ^= 1 << chance.randrange(8)
            path.write_bytes(flipped)
            ran = command(company.directory, "apply", "plan.json", "--auto-approve")
            line = content[:offset].count(b"\n") + 1
            assert ran.code == 1, (offset, ran.out, ran.said)
            assert re.search(rf"{path.name}:{line}: ", ran.said), (offset, ran.said)
            assert path.read_bytes() == flipped
            assert len(storm.sent) == 1
        path.write_bytes(content[:-1] + b"!")
        ran = command(company.directory, "apply", "plan.json", "--auto-approve")
        assert "was cut short by a crash" in ran.said
    assert ran.code == 0


DAY = timedelta(days=1)


class JumpingClock:
    """Says a time that is a day off in either direction, another one at each look."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def __call__(self):
        return NOW + self.chance.choice((-DAY, DAY)) + timedelta(seconds=self.chance.random())


@EACH_VERB
@pytest.mark.parametrize("fate", [Fate.LATE, Fate.DROPPED_BEFORE])
def test_a_clock_that_jumps_by_a_day_makes_nobody_wait_longer(company, verb, fate):
    """FAULTS A11: waits are counted in seconds that pass; what the journal says of times is for people alone."""
    add(company, verb)
    company.now = JumpingClock(11)
    storm = Storm(verb, (fate,), late=(20.0, 20.0), blindness=0)
    with in_weather(storm):
        saved = company.plan()
        storm.rages = True
        (step,) = company.apply(saved, parallelism=1).steps
        assert step.outcome in (("unknown",) if fate in NOT_SENT else ("applied", "waiting_for_client"))
        assert storm.seconds <= DEADLINE
        storm.rages = False
        for _ in range(3):
            company.apply(saved)
    assert storm.seconds <= DEADLINE
    checker.check_answered(checker.check_journal(company.journal_path, company.writes))
    assert len(storm.sent) == (1 if verb == "request" or fate is Fate.LATE else 2)


def test_a_plan_of_a_clock_that_was_a_day_fast_asks_no_client_twice(company):
    """Made first, applied last, and stamped as if it were the newest of all."""
    add(company, "request")
    storm = Storm("calm")
    with in_weather(storm):
        company.now = lambda: NOW + DAY
        early = company.plan()
        company.now = lambda: NOW
        company.apply()
        with company.people() as sandbox:
            sandbox.decline("77", ACME)
        with pytest.raises(StaleError):
            company.apply(early)
    assert len(storm.sent) == 1
