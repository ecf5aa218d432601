"""The order of a plan, and that nothing but its inputs decides its bytes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import yaml

from accessctl.errors import AccessctlError
from accessctl.plan.nouns import Scope
from accessctl.selectors import Selector, find_asset, find_business, read_selector
from accessctl.workflow import Wish
from tests.campaigns import examples
from tests.company import ACME, DATACO, MEDIAHOUSE, STRANGER, Company, WithoutAliases

BUYER = ["ADVERTISE", "ANALYZE"]
KINDS = pytest.mark.parametrize("kind", ["ad_account", "page"])


def verbs(plan) -> list[str]:
    return [action.verb.value for action in plan.plan.actions]


@KINDS
def test_on_one_asset_widening_comes_first_and_both_ways_in_between(company, kind):
    live = {
        MEDIAHOUSE: BUYER,
        DATACO: ["ADVERTISE"],
        STRANGER: BUYER,
        "5005": ["ANALYZE"],
        "1002": {"tasks": BUYER, "status": "PENDING"},
    }
    agencies = {"mediahouse": ["ANALYZE"], "dataco": ["ANALYZE"], "client": BUYER, "sister": BUYER}
    company.asset(kind, "de", "77", agencies=agencies, live=live)
    saved = company.plan()
    assert [(action.verb.value, action.agency.id) for action in saved.plan.actions] == [
        ("accept", "1002"),
        ("change", "5005"),
        ("change", DATACO),
        ("change", MEDIAHOUSE),
        ("revoke", STRANGER),
    ]


def test_a_stopped_run_never_leaves_less_than_both_the_old_and_the_new_state(company):
    live = {MEDIAHOUSE: BUYER, DATACO: ["ADVERTISE"], STRANGER: BUYER}
    company.asset("page", "de", "77", agencies={"mediahouse": ["ANALYZE"], "dataco": BUYER}, live=live)
    held = {agency: set(tasks) for agency, tasks in live.items()}
    wanted = {MEDIAHOUSE: {"ANALYZE"}, DATACO: set(BUYER), STRANGER: set()}
    narrowed = False
    for action in company.plan().plan.actions:
        widens = set(action.after.tasks) - held[action.agency.id]
        assert not (widens and narrowed)
        narrowed = narrowed or not widens
        held[action.agency.id] = set(action.after.tasks)
        assert all(held[agency] >= set(live[agency]) & wanted[agency] for agency in live)


def test_ad_accounts_come_before_pages_and_aliases_in_order(company):
    for alias, number in (("zeta", "71"), ("alpha", "79"), ("mid", "75")):
        company.asset("page", f"p-{alias}", f"9{number}", agencies={"mediahouse": BUYER}, live={})
        company.asset("ad_account", alias, number, agencies={"mediahouse": BUYER}, live={})
    assert [action.asset.alias for action in company.plan().plan.actions] == [
        "alpha",
        "mid",
        "zeta",
        "p-alpha",
        "p-mid",
        "p-zeta",
    ]


def big(company: Company) -> Company:
    for number in range(70, 82):
        live = {STRANGER: BUYER} if number % 3 else {MEDIAHOUSE: ["ANALYZE"]}
        company.asset(
            "page" if number % 2 else "ad_account",
            f"a-{number}",
            str(number),
            agencies={"mediahouse": BUYER},
            live=live,
        )
    company.project["guards"] = {"max_revoke_percent": 100}
    company.write()
    return company


def test_the_order_of_declarations_and_of_live_rows_does_not_matter(company):
    def shown() -> list[object]:
        actions = company.plan().plan.actions
        assert len(actions) == 20
        return [replace(action, sources=()) for action in actions]  # lines move when declarations do

    big(company)
    first = shown()
    for section in ("ad_accounts", "pages"):
        items = list(company.manifest[section].items())
        random.Random(3).shuffle(items)
        company.manifest[section] = dict(items)
        company.world[section] = dict(reversed(company.world[section].items()))
    company.write()
    assert shown() == first


ZONES = ["UTC", "Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "Europe/Berlin"]
LOCALES = ["C.UTF-8", "tr_TR.UTF-8", "C", "POSIX", "de_DE.UTF-8"]


def surroundings(number: int) -> dict[str, str]:
    """One of fifty ways in which a machine may be set up."""
    seed = ["0", "1", "4711", "random", str(number)][number % 5]
    return {"PYTHONHASHSEED": seed, "TZ": ZONES[number // 5 % 5], "LC_ALL": LOCALES[number // 7 % 5], "LANG": "C"}


def without_time(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"created_at"' not in line]


def assert_one_plan(company, run, numbers) -> None:
    """Make the plan in each of these surroundings, from the same files in a fresh directory, written in any order."""
    big(company)
    split(company)
    texts = {path.relative_to(company.directory): path.read_text() for path in company.directory.rglob("*.yaml")}
    found = set()
    for number in numbers:
        directory = company.directory / f"copy-{number}"
        for path in random.Random(number).sample(sorted(texts), len(texts)):
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(texts[path])
        made = run("plan", "--sandbox", "world.yaml", "--format", "json", cwd=directory, **surroundings(number))
        assert made.returncode == 0, made.stderr
        found.add("\n".join(without_time(made.stdout)))
    assert len(found) == 1


def split(company: Company) -> None:
    """Declare each asset in a file of its own."""
    sections = {section: company.manifest.pop(section) for section in ("ad_accounts", "pages")}
    company.write()
    for section, assets in sections.items():
        for alias, asset in assets.items():
            text = yaml.dump({section: {alias: asset}}, Dumper=WithoutAliases, sort_keys=False)
            (company.directory / "access" / f"{alias}.yaml").write_text(text)


def test_hash_seed_locale_time_zone_and_order_of_files_do_not_matter(company, run):
    assert_one_plan(company, run, (0, 1, 9, 37))


@pytest.mark.campaign
def test_fifty_ways_to_set_up_a_machine_give_one_plan(company, run):
    assert_one_plan(company, run, range(0, 50, 50 // examples(50)))


@pytest.mark.parametrize(
    ("targets", "excludes", "planned"),
    [
        ((), (), {"de", "fr", "page-de"}),
        (("de",), (), {"de"}),
        (("71",), (), {"de"}),
        (("act_71",), (), {"de"}),
        (("agency:mediahouse",), (), {"de", "page-de"}),
        ((f"agency:{STRANGER}",), (), {"fr"}),
        (("kind:page",), (), {"page-de"}),
        (("label:market=de",), (), {"de", "page-de"}),
        (("owner:acme",), ("kind:page",), {"de", "fr"}),
        ((), ("label:market=de",), {"fr"}),
        (("de", "fr"), ("fr",), {"de"}),
    ],
)
def test_a_plan_can_be_narrowed(company, targets, excludes, planned):
    german = {"labels": {"market": "de"}}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live={}, **german)
    company.asset("ad_account", "fr", "72", agencies={}, live={STRANGER: BUYER})
    company.asset("page", "page-de", "73", agencies={"mediahouse": BUYER}, live={}, **german)
    saved = company.plan(Wish(Scope(targets, excludes)))
    assert {action.asset.alias for action in saved.plan.actions} == planned
    assert saved.origin.scope == Scope(targets, excludes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bramd", "did you mean brand"),
        ("agency:mediahous", "did you mean mediahouse"),
        ("kind:pixel", "no selector"),
        ("label:market", "no selector"),
        ("colour:red", "no selector"),
        ("", "no asset is called"),
        ("act_x", "no asset is called"),
    ],
)
def test_a_selector_that_names_nothing_is_an_error_in_words(company, text, said):
    company.asset("page", "brand", "71", agencies={}, live={})
    company.write()
    with pytest.raises(AccessctlError, match=said):
        read_selector(text, company.load().desired)


def test_an_id_need_not_be_declared_to_be_named(company):
    company.asset("page", "brand", "71", agencies={}, live={})
    company.write()
    desired = company.load().desired
    assert find_asset("act_99", desired).node == "act_99"
    assert find_business("999", desired).id == "999"
    assert find_business(ACME, desired).alias == "acme"
    assert isinstance(read_selector("owner:acme", desired), Selector)


def test_a_blocked_asset_belongs_to_the_agencies_it_declares(company):
    agencies = {"mediahouse": BUYER}
    company.asset("page", "brand", "71", agencies=agencies, live={}, page_token=False, manage="additive")
    assert len(company.plan(Wish(Scope(("agency:mediahouse",)))).plan.blocked) == 1
    assert company.plan(Wish(Scope(("agency:dataco",)))).plan.blocked == ()
