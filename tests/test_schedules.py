"""Whatever befalls the writes of a run, a clean run after it finishes the work and nothing is sent twice.

A thousand random companies, each with a plan of its own, each write with a fate of its own (FAULTS A3 to A6, I1 to I7).
`pytest -m campaign tests/test_schedules.py` runs them all and says how often each fate came.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from accessctl.plan import Verb
from accessctl.planfile import read_plan
from accessctl.sandbox import load_world
from tests import checker
from tests.campaigns import examples
from tests.company import ACME, DATACO, MEDIAHOUSE, SISTER, STRANGER, Company
from tests.storm import BLIND, BLIND_TO_THE_END, Fate, Ran, Storm, command, in_weather

if TYPE_CHECKING:
    from pathlib import Path

    from accessctl.plan.document import SavedPlan
    from accessctl.sandbox.world import Asset
    from tests.storm import Sent

TASKS = {
    "ad_account": ["ADVERTISE", "ANALYZE", "MANAGE", "DRAFT"],
    "page": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MODERATE", "MANAGE", "MESSAGING"],
}
OWNED = {"mediahouse": MEDIAHOUSE, "dataco": DATACO, "": STRANGER}
CLIENTS = {"acme": ACME, "sister": SISTER}
STATUSES = ["CONFIRMED"] * 5 + ["PENDING", "CLIENT_RESPONSE_PENDING"]
A_WHILE = 120.0  # seconds; the hint of an unknown outcome is to plan again in a few minutes
CLEAN_RUNS = 2
FIRST_CLEAN = 1  # the plan of the storm is number 0
MOST_SENDS = 2  # a write that was dropped before it was committed may be sent once more (FAULTS A4)
WORDS = [*Fate, BLIND, BLIND_TO_THE_END, "one at a time", "eight at a time", "with a gap", "a plan that could not read"]


def some_tasks(chance: random.Random, kind: str) -> list[str]:
    return sorted(chance.sample(TASKS[kind], chance.randint(1, 3)))


def add_asset(company: Company, chance: random.Random, number: int, *, gaps: bool) -> None:
    """Declare an asset at random and put it into the world: ours or a client's, readable or not."""
    kind, owner = chance.choice(["ad_account", "page"]), chance.choice(["acme", "acme", "client"])
    agencies = OWNED if owner == "acme" else CLIENTS
    live = {
        agency: {"tasks": some_tasks(chance, kind), "status": chance.choice(STATUSES)}
        for agency in agencies.values()
        if chance.random() < 0.6
    }
    more: dict[str, Any] = {"manage": chance.choice(["exclusive", "exclusive", "additive"])}
    if gaps:
        more["replace_with_gap"] = True
    if kind == "page":
        more |= {"new_experience": chance.random() < 0.5, "page_token": chance.random() < 0.95}
    if chance.random() < 0.07:
        more["fault"] = {"code": 10, "message": "no"}
    declared = {alias: some_tasks(chance, kind) for alias in agencies if alias and chance.random() < 0.6}
    company.asset(kind, f"asset-{number}", str(70001 + number), owner=owner, agencies=declared, live=live, **more)


def fill(directory: Path, seed: int) -> Company:
    """Write a company at random; one in six replaces with a gap, at a Meta that may not change tasks in place."""
    chance, company = random.Random(seed), Company(directory)
    gaps = seed % 6 == 5
    company.project |= {"acts_as": ["acme", "sister"], "guards": {"max_revokes": 1000, "max_revoke_percent": 100}}
    company.project["requests"] = {"unexpected": chance.choice(["report", "decline"])}
    company.world["quirks"] = {
        "change": chance.choice(["replace", "add", "refuse"]) if gaps else "replace",
        "request_ad_accounts": "open",
        "expansion": chance.random() < 0.5,
        "act_prefix_in_clients": chance.random() < 0.5,
        "page_size": chance.choice([1, 25]),
        "partners": chance.choice(["open", "refused"]),
    }
    for number in range(chance.randint(4, 8)):
        add_asset(company, chance, number, gaps=gaps)
    company.asset("page", "always", "69999", agencies={}, live={})
    company.write()
    return company


class Schedule:
    """One company, one plan, one apply in a storm, and clean runs after it; all through the command line."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.company, self.seed = fill(directory, seed), seed
        self.storm = Storm(seed)
        self.start = load_world(directory / "world.yaml")
        self.held = checker.held_in(self.start.assets)
        self.segments: list[tuple[SavedPlan, int]] = []  # each plan, and how many writes were committed before it

    def command(self, *args: str) -> Ran:
        ran = command(self.company.directory, *args)
        assert "Traceback" not in ran.out + ran.said
        assert "in accessctl itself" not in ran.said, ran.said
        checker.check_no_token(ran.out, ran.said)
        return ran

    def plan(self) -> SavedPlan:
        path = self.company.directory / f"plan-{len(self.segments)}.json"
        ran = self.command("plan", "--out", path.name)
        saved = read_plan(path)
        assert ran.code == (0 if saved.plan.is_whole else 5), ran.said
        self.segments.append((saved, len(self.company.writes)))
        return saved

    def apply(self, at_once: int) -> None:
        number = len(self.segments) - 1
        ran = self.command("apply", f"plan-{number}.json", "--auto-approve", "--parallelism", str(at_once))
        assert not ran.said.startswith(("error: ", "refused: ")), ran.said
        assert ran.code == self.documented_code(), (ran.code, ran.out, ran.said)

    def documented_code(self) -> int:
        """I5: 4 for a step that was stale, 5 for one that did not end well or a plan with unread parts, else 0."""
        ended = self.company.journal[-1]
        assert ended["event"] == "run_ended"
        if ended["outcomes"].get("stale"):
            return 4
        is_good = not {"failed", "unknown", "skipped"} & ended["outcomes"].keys()
        return 0 if is_good and self.segments[-1][0].plan.is_whole else 5

    def run(self) -> None:
        at_once = 8 if self.seed % 2 else 1
        self.storm.tally["eight at a time" if at_once == 8 else "one at a time"] += 1
        self.storm.tally["with a gap"] += self.seed % 6 == 5
        if self.seed % 10 == 3:
            self.storm.tally["a plan that could not read"] += 1
            self.storm.rages, self.storm.blind[ACME] = True, 1000
        with in_weather(self.storm):
            self.plan()
            self.storm.blind.clear()
            self.storm.rages = True
            self.apply(at_once)
            for _ in range(CLEAN_RUNS):
                self.storm.rages = False
                self.storm.seconds += A_WHILE
                self.plan()
                self.apply(at_once)
            assert self.plan().plan.actions == ()

    def check(self) -> None:
        project, writes = self.company.load(), self.company.writes
        self.check_each_run()
        checker.check_revokes(self.held, writes, project, self.unreadable())
        with self.company.people() as sandbox:
            checker.check_live(sandbox.world, project, self.is_excused)
        entries = checker.check_journal(self.company.journal_path, writes)
        checker.check_answered(entries)
        check_sends(self.storm.sent, self.with_gap())
        for path in self.company.directory.rglob("*"):
            if path.is_file() and path.name != "world.yaml":
                checker.check_no_token(path.read_text())

    def check_each_run(self) -> None:
        """I1 and the law of prefixes, plan by plan; after the first clean run next to nothing is left to do.

        What is left is on assets where the last who runs campaigns is to go and the heir waits for a second admin:
        that needs a plan that says so.
        """
        writes, held = self.company.writes, self.held
        ends = [*(count for _, count in self.segments[1:]), len(writes)]
        for number, ((saved, begin), end) in enumerate(zip(self.segments, ends, strict=True)):
            mine = writes[begin:end]
            told = {action.asset for action in saved.plan.actions if "last_holder" in action.risk}
            assert number <= FIRST_CLEAN or {action.asset for action in saved.plan.actions} == told
            checker.check_no_strays(mine, saved.plan.actions)
            checker.check_prefixes(held, mine, saved.plan.actions)
            for _, now in checker.moments(held, mine):
                held = dict(now)

    def unreadable(self) -> set[str]:
        assets = self.start.assets.values()
        return {asset.id for asset in assets if asset.owner == ACME and (asset.fault or not asset.page_token)}

    def with_gap(self) -> set[tuple[str, str]]:
        return {checker.pairing(a) for saved, _ in self.segments for a in saved.plan.actions if a.replace_with_gap}

    def is_excused(self, node: Asset, agency: str) -> bool:
        """A person has to act: a second admin, or somebody who asks the client whether that request arrived."""
        lost = {one.params for one in self.storm.sent if one.is_request and not one.is_committed}
        is_in_doubt = any(f'"{node.id}"' in params for params in lost) and node.owner != ACME
        return agency in node.approvals or node.id in self.unreadable() or is_in_doubt


def check_sends(sent: list[Sent], with_gap: set[tuple[str, str]]) -> None:
    """I4 and A4: what was committed is not sent again; what was not, once more; a request never.

    A grant that waits for a second admin shows nowhere: where its answer was lost too, nobody can know of it, and
    the next plan, which says so, may send it once more.
    """
    last: dict[tuple[str, str], Sent] = {}
    for one in sent:
        if not one.is_committed or (one.asset, one.agency) in with_gap:
            continue
        before = last.get((one.asset, one.agency))
        again = before is not None and before.call == one.call
        assert not again or (before and before.awaits and before.is_unanswered), f"sent again: {one}"
        last[one.asset, one.agency] = one
    gapped = {node for node, _ in with_gap}
    for call, number in Counter(one.call for one in sent).items():
        if call[1].partition("/")[0] not in gapped:
            assert number <= (1 if "/client_" in call[1] else MOST_SENDS), (call, number)


def run_schedules(directory: Path, seeds: range) -> Counter[str]:
    """Run schedules and return how many of them met each word; of the writes themselves how many had each fate."""
    met: Counter[str] = Counter()
    for seed in seeds:
        place = directory / str(seed)
        place.mkdir()
        schedule = Schedule(place, seed)
        try:
            schedule.run()
            schedule.check()
        except BaseException as error:
            error.add_note(f"schedule {seed}")
            raise
        met += Counter(word for word, number in schedule.storm.tally.items() if number)
        met["schedules"] += 1
        met["writes"] += len(schedule.storm.sent)
    return met


def test_after_any_storm_a_clean_run_finishes_and_nothing_is_sent_twice(tmp_path):
    met = run_schedules(tmp_path, range(15))
    assert set(WORDS) <= set(met), set(WORDS) - set(met)


@pytest.mark.campaign
def test_after_a_thousand_storms_a_clean_run_finishes_and_nothing_is_sent_twice(tmp_path, capsys):
    met = run_schedules(tmp_path, range(1000, 1000 + examples(1000)))
    with capsys.disabled():
        sys.stdout.write(f"\n{met['schedules']} schedules with {met['writes']} writes; of the schedules had\n")
        sys.stdout.writelines(f"{met[word]:6}  {word}\n" for word in WORDS)
    assert all(met[word] for word in WORDS)
    assert met["schedules"] == examples(1000)


def test_every_kind_of_action_is_in_the_storm(tmp_path):
    verbs = set()
    for seed in range(10):
        (tmp_path / str(seed)).mkdir()
        verbs |= {action.verb for action in fill(tmp_path / str(seed), seed).plan().plan.actions}
    assert verbs == set(Verb)
