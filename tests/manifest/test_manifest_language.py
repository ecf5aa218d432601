"""What the files mean, and every slip in them with its own words at its own place."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from accessctl.errors import ManifestError
from accessctl.manifest.shape import ALIAS
from accessctl.model import Asset, Business, Guards, Kind, Status

from .conftest import ASSET, BUSINESSES, SETTINGS

DE_BRAND = Asset(Kind.AD_ACCOUNT, "11")


def with_agencies(text: str, extra: str = "") -> str:
    return f'{BUSINESSES}{extra}defaults: {{owner: acme}}\nad_accounts:\n  de-brand: {{id: "11", agencies: {text}}}\n'


def the_one(tree, text: str, **options):
    tree.write("access/a.yaml", text)
    project = tree.load(**options)
    (asset,) = project.desired.assets.values()
    return project, asset


def test_a_profile_a_list_and_the_long_form_give_the_same(tree):
    profiles = "profiles:\n  buyer: [ADVERTISE, ANALYZE]\n"
    forms = "{mediahouse: buyer, dataco: [ANALYZE, ADVERTISE], northstar: {tasks: [ADVERTISE, ANALYZE]}}"
    _, asset = the_one(tree, with_agencies(forms, profiles))

    assert list(asset.grants) == ["2002", "3003", "4004"]
    assert {grant.tasks for grant in asset.grants.values()} == {frozenset({"ADVERTISE", "ANALYZE"})}
    assert [grant.sources[0].profile for grant in asset.grants.values()] == ["buyer", "", ""]


def test_an_asset_knows_what_the_files_say_of_it(tree):
    tree.write("access/b.yaml", BUSINESSES)
    project, asset = the_one(
        tree,
        """\
        defaults:
          owner: acme
          labels: {market: de, brand: none}
        ad_accounts:
          de-brand:
            id: "act_11"
            name: Brand DE
            labels: {brand: acme}
            manage: additive
            replace_with_gap: true
            agencies: {}
        """,
    )

    assert (asset.asset, asset.owner, asset.name, asset.alias) == (DE_BRAND, "1001", "Brand DE", "de-brand")
    assert dict(asset.labels) == {"market": "de", "brand": "acme"}
    assert (asset.exclusive, asset.replace_with_gap, dict(asset.grants)) == (False, True, {})
    assert str(asset.place) == "access/a.yaml:5:3"
    assert project.aliases["de-brand"] == DE_BRAND
    assert project.aliases["acme"] == Business("1001", "acme")
    assert project.desired.businesses["2002"].alias == "mediahouse"


def test_an_asset_is_managed_as_the_project_says_where_it_says_nothing(tree):
    tree.write("accessctl.yaml", SETTINGS + "manage: additive\n")
    _, asset = the_one(tree, BUSINESSES + ASSET)

    assert asset.exclusive is False


def test_page_tasks_are_kept_in_their_normal_form_and_the_words_of_the_file_beside_them(tree):
    text = f'{BUSINESSES}pages:\n  p: {{id: "5", owner: acme, agencies: {{dataco: [PROFILE_PLUS_ADVERTISE]}}}}\n'
    _, asset = the_one(tree, text)

    assert asset.grants["3003"].tasks == {"ADVERTISE"}
    assert asset.grants["3003"].sources[0].tasks == {"PROFILE_PLUS_ADVERTISE"}


def test_a_grant_is_the_union_of_what_is_declared_directly_and_by_rules(tree):
    rules = """\
rules:
  r: {agency: dataco, tasks: [ADVERTISE], on: {kind: ad_account}, until: 2027-01-01, reason: why}
"""
    _, asset = the_one(tree, with_agencies("{dataco: [ANALYZE]}", rules))
    grant = asset.grants["3003"]

    assert (grant.tasks, grant.status) == ({"ADVERTISE", "ANALYZE"}, Status.CONFIRMED)
    assert [(str(s.place), s.rule, s.until, s.reason) for s in grant.sources] == [
        ("access/a.yaml:7:3", "r", date(2027, 1, 1), "why"),
        ("access/a.yaml:10:35", "", None, ""),
    ]


@pytest.mark.parametrize(
    ("on", "reached"),
    [
        ("{kind: page}", {"p"}),
        ("{kind: [page, ad_account]}", {"a", "b", "p"}),
        ("{owner: dataco}", {"b"}),
        ("{owner: [dataco, acme]}", {"a", "b", "p"}),
        ("{labels: {market: de}}", {"a", "p"}),
        ("{labels: {market: [de, fr]}}", {"a", "b", "p"}),
        ("{labels: {market: de, brand: x}}", {"a"}),
        ("{kind: ad_account, owner: acme, labels: {market: [de, at]}}", {"a"}),
    ],
)
def test_a_rule_reaches_what_fits_all_it_says(on, reached, tree):
    tree.write("accessctl.yaml", "version: 1\nacts_as: [acme, dataco]\n")
    tree.write(
        "access/a.yaml",
        f"""{BUSINESSES}
ad_accounts:
  a: {{id: "1", owner: acme, labels: {{market: de, brand: x}}, agencies: {{}}}}
  b: {{id: "2", owner: dataco, labels: {{market: fr}}, agencies: {{}}}}
pages:
  p: {{id: "1", owner: acme, labels: {{market: de, brand: z}}, agencies: {{}}}}
rules:
  r: {{agency: mediahouse, tasks: [ANALYZE], on: {on}}}
""",
    )

    assert {a.alias for a in tree.load().desired.assets.values() if a.grants} == reached


def test_agencies_may_be_left_out_where_a_rule_reaches_the_asset(tree):
    text = f"""{BUSINESSES}
ad_accounts:
  a: {{id: "1", owner: acme}}
rules:
  r: {{agency: dataco, tasks: [ANALYZE], on: {{owner: acme}}}}
"""
    _, asset = the_one(tree, text)

    assert list(asset.grants) == ["3003"]


@pytest.mark.parametrize(("days", "status"), [(-1, Status.CONFIRMED), (0, Status.CONFIRMED), (1, Status.ABSENT)])
def test_a_declaration_holds_up_to_and_on_its_last_day(days, status, tree):
    until = date(2026, 12, 31)
    text = with_agencies(f"{{dataco: {{tasks: [ANALYZE], until: {until}}}}}")
    project, asset = the_one(tree, text, today=until + timedelta(days=days))
    grant = asset.grants["3003"]

    assert grant.status is status
    assert grant.tasks == ({"ANALYZE"} if status is Status.CONFIRMED else frozenset())
    assert [source.expired for source in grant.sources] == [days > 0]
    assert len(project.warnings) == (days > 0)


def test_an_expired_part_of_a_grant_falls_away_and_is_still_named(tree):
    rules = "rules:\n  r: {agency: dataco, tasks: [ADVERTISE], on: {owner: acme}, until: 2026-01-01}\n"
    project, asset = the_one(tree, with_agencies("{dataco: [ANALYZE]}", rules))

    assert asset.grants["3003"].tasks == {"ANALYZE"}
    assert len(asset.grants["3003"].sources) == 2
    assert [str(w) for w in project.warnings] == [
        "access/a.yaml:7:69: until 2026-01-01 has passed: this gives no access any more"
    ]


def test_an_agency_side_project_may_ask_for_itself_alone(tree):
    tree.write("accessctl.yaml", "version: 1\nacts_as: [mediahouse]\n")
    _, asset = the_one(tree, with_agencies("{mediahouse: [ANALYZE]}"))

    assert list(asset.grants) == ["2002"]


def test_the_settings_are_read(tree):
    tree.write(
        "accessctl.yaml",
        """\
        version: 1
        acts_as: [mediahouse, acme, acme]
        manifests: [access, more/b.yml]
        graph_version: v25.0
        guards: {max_revokes: 5, max_revoke_percent: 100, protect: [dataco]}
        requests: {stale_after: 36h, unexpected: decline}
        """,
    )
    tree.write("access/a.yaml", BUSINESSES)
    tree.write("more/b.yml", ASSET)
    project = tree.load()

    assert project.graph_version == "v25.0"
    assert project.policy.acts_as == ("2002", "1001")
    assert project.policy.guards == Guards(5, 100, frozenset({"3003"}))
    assert project.policy.stale_after == timedelta(hours=36)
    assert project.policy.decline_unexpected
    assert [file for file, _ in project.files] == ["access/a.yaml", "accessctl.yaml", "more/b.yml"]


def test_the_defaults_stand_where_nothing_is_set(tree):
    project, asset = the_one(tree, BUSINESSES + ASSET)

    assert (project.graph_version, project.policy.stale_after) == ("v26.0", timedelta(days=14))
    assert project.policy.guards == Guards()
    assert asset.exclusive


def test_the_split_into_files_and_their_names_carry_no_meaning(tree):
    def split(seed: int) -> list[tuple]:
        chance = random.Random(seed)
        for path in (tree.root / "access").glob("**/*.y*ml"):
            path.unlink()
        parts = [f'ad_accounts:\n  a{n}: {{id: "{n + 1}", owner: acme, agencies: {{dataco: p}}}}\n' for n in range(6)]
        parts += [f'businesses: {{{alias}: {{id: "{n}00"}}}}\n' for n, alias in enumerate(("acme", "dataco", "mh"), 1)]
        parts += ["profiles: {p: [ANALYZE]}\n", "rules: {r: {agency: mh, profile: p, on: {owner: acme}}}\n"]
        chance.shuffle(parts)
        for n, part in enumerate(parts):
            tree.write(f"access/{chance.choice(['x/', '', 'y/z/'])}{n:02}.{chance.choice(['yaml', 'yml'])}", part)
        access = tree.load().desired
        return [
            (
                a.asset,
                a.owner,
                [
                    (k, g.tasks, [(s.rule, s.profile) for s in sorted(g.sources, key=lambda s: s.rule)])
                    for k, g in a.grants.items()
                ],
            )
            for a in access.assets.values()
        ]

    first = split(0)
    assert len(first) == 6
    assert all(split(seed) == first for seed in range(1, 8))


def test_the_digest_changes_with_any_byte_and_with_any_name(tree):
    tree.write("access/a.yaml", BUSINESSES + ASSET)
    digests = {tree.load().digest}
    tree.write("access/a.yaml", BUSINESSES + ASSET + "# x\n")
    digests.add(tree.load().digest)
    (tree.root / "access/a.yaml").rename(tree.root / "access/b.yaml")
    digests.add(tree.load().digest)

    assert len(digests) == 3
    assert all(digest.startswith("sha256:") and len(digest) == 71 for digest in digests)


def test_an_unknown_task_is_a_warning_where_that_is_allowed(tree):
    text = with_agencies("{dataco: [ANALYZE, NEW_TASK]}")
    project, asset = the_one(tree, text, allow_unknown_tasks=True)

    assert asset.grants["3003"].tasks == {"ANALYZE", "NEW_TASK"}
    assert len(project.warnings) == 1
    assert "unknown task 'NEW_TASK' for an ad account" in str(project.warnings[0])
    assert tree.problems(with_agencies("{dataco: [new_task]}"), allow_unknown_tasks=True)


def test_a_list_profile_with_a_task_of_the_other_kind_is_a_warning_where_unknown_tasks_are_allowed(tree):
    text = with_agencies("{dataco: p}", "profiles: {p: [MESSAGING]}\n")
    project, _ = the_one(tree, text, allow_unknown_tasks=True)

    assert "MESSAGING, which is no task of an ad account" in str(project.warnings[0])


SLIPS = {
    "unknown task": (
        with_agencies("{dataco: [ANALYSE]}"),
        "8:44: unknown task 'ANALYSE' for an ad account (did you mean ANALYZE?)",
    ),
    "unknown task, nothing near": (
        with_agencies("{dataco: [XXXXXXXXX]}"),
        "unknown task 'XXXXXXXXX' for an ad account; one of AA_ANALYZE, ADVERTISE, ANALYZE, DRAFT, MANAGE",
    ),
    "task of a Page on an ad account": (
        with_agencies("{dataco: [MESSAGING]}"),
        "unknown task 'MESSAGING' for an ad account",
    ),
    "unknown task in an unused profile": (
        BUSINESSES + ASSET + "profiles: {p: {page: [ANALYSE]}, q: [ANALYSE]}\n",
        "unknown task 'ANALYSE' for a Page (did you mean ANALYZE?)",
    ),
    "unknown task in a list profile": (
        BUSINESSES + ASSET + "profiles: {q: [ANALYSE]}\n",
        "unknown task 'ANALYSE' for an ad account or a Page",
    ),
    "unknown task in a rule": (
        BUSINESSES + ASSET + "rules: {r: {agency: dataco, tasks: [ANALYSE], on: {owner: acme}}}\n",
        "11:37: unknown task 'ANALYSE' for an ad account",
    ),
    "task in small letters": (
        with_agencies("{dataco: [analyze]}"),
        "expected a task in capitals, found 'analyze' (did you mean ANALYZE?)",
    ),
    "no tasks": (with_agencies("{dataco: []}"), "expected a list of at least one task, found an empty list"),
    "profile without the kind": (
        with_agencies("{dataco: p}", "profiles: {p: {page: [ANALYZE]}}\n"),
        "9:43: the profile 'p' says nothing for an ad account; add it at access/a.yaml:6:12",
    ),
    "profile without the kind by a rule": (
        BUSINESSES
        + ASSET
        + "profiles: {p: {page: [ANALYZE]}}\nrules: {r: {agency: dataco, profile: p, on: {owner: acme}}}\n",
        "12:38: the profile 'p' says nothing for an ad account",
    ),
    "list profile with a task of the other kind": (
        with_agencies("{dataco: p}", "profiles: {p: [MESSAGING]}\n"),
        "the profile 'p' has MESSAGING, which is no task of an ad account; give the profile a list for each kind",
    ),
    "unknown profile": (
        with_agencies("{dataco: buyr}", "profiles: {buyer: [ANALYZE]}\n"),
        "9:43: unknown profile 'buyr' (did you mean buyer?)",
    ),
    "unknown profile, none there": (with_agencies("{dataco: x}"), "unknown profile 'x'; declare it under profiles"),
    "unknown profile of a rule": (
        BUSINESSES + ASSET + "rules: {r: {agency: dataco, profile: p, on: {owner: acme}}}\n",
        "unknown profile 'p'",
    ),
    "unknown agency": (
        with_agencies("{mediahous: [ANALYZE]}"),
        "8:35: unknown agency 'mediahous' (did you mean mediahouse?)",
    ),
    "unknown agency of a rule": (
        BUSINESSES + ASSET + "rules: {r: {agency: zzz, tasks: [ANALYZE], on: {owner: acme}}}\n",
        "11:21: unknown agency 'zzz'; declare it under businesses",
    ),
    "unknown owner": (BUSINESSES + ASSET.replace("acme", "acmee"), "6:19: unknown owner 'acmee' (did you mean acme?)"),
    "unknown owner of a rule": (
        BUSINESSES + ASSET + "rules: {r: {agency: dataco, tasks: [ANALYZE], on: {owner: [acme, acmee]}}}\n",
        "11:66: unknown owner 'acmee'",
    ),
    "no owner": (
        BUSINESSES + 'pages:\n  p: {id: "1", agencies: {}}\n',
        "7:3: 'p' has no owner; write `owner:` here or under `defaults:` of this file",
    ),
    "no agencies": (
        BUSINESSES + 'pages:\n  p: {id: "1", owner: acme}\n',
        "7:3: nothing says who may work on 'p'; write `agencies: {}` to say that nobody may",
    ),
    "agencies of nothing": (
        BUSINESSES + 'pages:\n  p:\n    id: "1"\n    owner: acme\n    agencies:\n',
        "10:5: expected a map of agencies, found nothing; write `agencies: {}` to say that nobody may",
    ),
    "agency owns": (
        with_agencies("{acme: [ANALYZE]}"),
        "8:35: 'acme' owns the ad account 'de-brand'; an owner is no agency of its own asset",
    ),
    "agency owns, by a rule": (
        BUSINESSES + ASSET + "rules:\n  r: {agency: acme, tasks: [ANALYZE], on: {kind: ad_account}}\n",
        "12:3: 'acme' owns the ad account 'de-brand'",
    ),
    "nobody here": (
        BUSINESSES + ASSET.replace("owner: acme", "owner: dataco"),
        "10:16: nobody here can give 'mediahouse' the ad account 'de-brand': neither it nor the owner 'dataco' is",
    ),
    "rule as a number": (
        BUSINESSES + ASSET + "rules: {r: 5}\n",
        "11:12: expected a rule (a map with agency, tasks or profile, and on), found 5",
    ),
    "idle rule": (
        BUSINESSES + ASSET + "rules:\n  r: {agency: dataco, tasks: [ANALYZE], on: {kind: page}}\n",
        "12:3: the rule 'r' reaches no asset; see what `on` says",
    ),
    "rule without a criterion": (
        BUSINESSES + ASSET + "rules:\n  r: {agency: dataco, tasks: [ANALYZE], on: {}}\n",
        "12:45: expected a map with kind, owner or labels, found an empty map",
    ),
    "rule without on": (
        BUSINESSES + ASSET + "rules:\n  r: {agency: dataco, tasks: [ANALYZE]}\n",
        "12:3: 'on' is missing here",
    ),
    "no such day": (with_agencies("{dataco: {tasks: [ANALYZE], until: 2027-02-30}}"), "there is no day 2027-02-30"),
    "a day of another form": (
        with_agencies("{dataco: {tasks: [ANALYZE], until: 31.12.2027}}"),
        "expected a day such as 2027-03-31, found '31.12.2027'",
    ),
    "a moment": (
        with_agencies("{dataco: {tasks: [ANALYZE], until: 2027-01-01T00:00:00Z}}"),
        "expected a day such as 2027-03-31, found '2027-01-01T00:00:00Z'",
    ),
    "a day as a number": (
        with_agencies("{dataco: {tasks: [ANALYZE], until: 20270101}}"),
        "expected a day such as 2027-03-31, found 20270101",
    ),
    "tasks and profile": (
        with_agencies("{dataco: {tasks: [ANALYZE], profile: p}}", "profiles: {p: [ANALYZE]}\n"),
        "9:35: there are both tasks and profile here; write one of the two",
    ),
    "neither tasks nor profile": (
        with_agencies("{dataco: {reason: x}}"),
        "8:35: this says neither tasks nor profile; write one of the two",
    ),
    "unknown key": (with_agencies("{}").replace("agencies", "agency"), "unknown key 'agency' (did you mean agencies?)"),
    "unknown section": (
        BUSINESSES + ASSET + "zzzz: {}\n",
        "11:1: unknown key 'zzzz'; one of businesses, profiles, defaults, ad_accounts, pages, rules",
    ),
    "missing id": (BUSINESSES + "pages:\n  p: {owner: acme, agencies: {}}\n", "7:3: 'id' is missing here"),
    "same alias twice": (
        BUSINESSES + ASSET + 'pages:\n  de-brand: {id: "5", agencies: {}}\n',
        "12:3: the alias 'de-brand' is taken: it is declared at access/a.yaml:8:3 as well",
    ),
    "business as an asset": (
        BUSINESSES + ASSET + 'pages:\n  dataco: {id: "5", agencies: {}}\n',
        "12:3: the alias 'dataco' is taken: it is declared at access/a.yaml:4:3 as well",
    ),
    "same id twice": (
        BUSINESSES + ASSET + "  other: {id: act_11, agencies: {}}\n",
        "11:3: the ad account 11 has two aliases: 'other' here and 'de-brand' at access/a.yaml:8:3",
    ),
    "same id with zeros": (
        BUSINESSES + ASSET + '  other: {id: "0011", agencies: {}}\n',
        (
            "11:15: expected an ad account id (1 to 20 digits, with or without act_, in quotes), found 0011; "
            "an id never begins with 0, look it up in Business Settings"
        ),
    ),
    "same business twice": (
        BUSINESSES + '  again: {id: "3003"}\n' + ASSET,
        "6:3: the business 3003 has two aliases: 'again' here and 'dataco' at access/a.yaml:4:3",
    ),
    "business as a Page": (
        BUSINESSES + ASSET + 'pages:\n  p: {id: "3003", agencies: {}}\n',
        "12:3: the Page 3003 has the id of the business 'dataco'",
    ),
    "alias in capitals": (BUSINESSES + '  Foo: {id: "7"}\n' + ASSET, "6:3: expected an alias"),
    "long name": (BUSINESSES + ASSET + f"    name: {'x' * 501}\n", "found a text of 501 characters"),
    "empty name": (BUSINESSES + ASSET + '    name: ""\n', "expected a text of 1 to 500 characters, found ''"),
    "quoted flag": (BUSINESSES + ASSET + '    replace_with_gap: "true"\n', "expected true or false, found 'true'"),
    "yes as a flag": (BUSINESSES + ASSET + "    replace_with_gap: yes\n", "expected true or false, found 'yes'"),
    "True as a flag": (
        BUSINESSES + ASSET + "    replace_with_gap: True\n",
        "True is not the same to every YAML reader: write true",
    ),
    "other manage": (BUSINESSES + ASSET + "    manage: exclusve\n", "found 'exclusve' (did you mean exclusive?)"),
    "list as a map": (BUSINESSES + ASSET + "pages: [a]\n", "11:8: expected a map of Pages, found a list"),
    "map as a list": (with_agencies("{dataco: {tasks: {a: b}}}"), "expected a list of at least one task, found a map"),
    "root is a list": ("- a\n", "1:1: expected a map of sections"),
    "root is a text": ("hello\n", "1:1: expected a map of sections"),
}


@pytest.mark.parametrize(("text", "message"), SLIPS.values(), ids=SLIPS)
def test_every_slip_has_its_own_words_at_its_own_place(text, message, tree):
    problems = tree.problems(text)

    assert len([problem for problem in problems if message in problem]) == 1, problems
    assert len(problems) <= 2
    assert not any(word in problem.casefold() for problem in problems for word in ("failed", "invalid"))


SETTING_SLIPS = {
    "version missing": ("acts_as: [acme]\n", "1:1: 'version' is missing here"),
    "acts_as missing": ("version: 1\n", "1:1: 'acts_as' is missing here"),
    "empty": ("", "1:1: 'acts_as' is missing here"),
    "other version": ("version: 2\nacts_as: [acme]\n", "1:10: expected 1, the version of this language, found 2"),
    "version as text": ('version: "1"\nacts_as: [acme]\n', "expected 1, the version of this language, found '1'"),
    "decimal version": ("version: 1.0\nacts_as: [acme]\n", "1:10: 1.0 is not the same to every YAML reader: write 1"),
    "nobody acts": ("version: 1\nacts_as: []\n", "2:10: expected a list of aliases, found an empty list"),
    "unknown acting": ("version: 1\nacts_as: [acmee]\n", "2:11: unknown business 'acmee' (did you mean acme?)"),
    "unknown protected": (
        SETTINGS + "guards: {protect: [dataca]}\n",
        "3:20: unknown agency 'dataca' (did you mean dataco?)",
    ),
    "too many": (
        SETTINGS + "guards: {max_revokes: 100001}\n",
        "expected a whole number from 0 to 100000, found 100001",
    ),
    "below nothing": (SETTINGS + "guards: {max_revokes: -1}\n", "expected a whole number from 0 to 100000, found -1"),
    "percent": (SETTINGS + "guards: {max_revoke_percent: 101}\n", "from 0 to 100, found 101"),
    "number with a zero": (
        SETTINGS + "guards: {max_revokes: 010}\n",
        "3:23: 010 is not the same to every YAML reader: write 10",
    ),
    "number as text": (
        SETTINGS + 'guards: {max_revokes: "10"}\n',
        "expected a whole number from 0 to 100000, found '10'",
    ),
    "huge number": (SETTINGS + f"guards: {{max_revokes: {'9' * 5000}}}\n", "expected a whole number"),
    "age": (SETTINGS + "requests: {stale_after: 14}\n", "such as 14d or 12h, found 14"),
    "age in weeks": (SETTINGS + "requests: {stale_after: 2w}\n", "such as 14d or 12h, found '2w'"),
    "graph version": (
        SETTINGS + "graph_version: 26.0\n",
        "expected a version of the Graph API such as v26.0, found 26.0",
    ),
    "unexpected": (SETTINGS + "requests: {unexpected: refuse}\n", "expected report or decline, found 'refuse'"),
    "manifests as text": (SETTINGS + "manifests: access\n", "expected a list of directories or files"),
    "command": (SETTINGS + "token_command: cat x\n", "3:1: unknown key 'token_command'"),
    "broken": ("version: [1\n", "this cannot be read as YAML"),
}


@pytest.mark.parametrize(("text", "message"), SETTING_SLIPS.values(), ids=SETTING_SLIPS)
def test_every_slip_in_the_settings_has_its_own_words(text, message, tree):
    tree.write("accessctl.yaml", text)
    problems = tree.problems(BUSINESSES + ASSET)

    assert len([problem for problem in problems if message in problem]) == 1, problems


NORWAY = "y Y yes Yes YES n N no No NO on On ON off Off OFF ~ null Null NULL true false"


@pytest.mark.parametrize("word", [*NORWAY.split(), ""])
@pytest.mark.parametrize("place", ["name: {}", "labels: {{market: {}}}", "owner: {}"])
def test_a_word_another_reader_takes_for_no_text_is_refused_with_the_fix(place, word, tree):
    text = BUSINESSES + f'pages:\n  p: {{id: "1", {place.format(word)}, agencies: {{}}}}\n'
    problems = tree.problems(text)

    assert len(problems) == 1
    if not word:
        assert "found nothing" in problems[0]
    elif f"found {word!r}" not in problems[0]:
        is_fit = not place.startswith("owner") or ALIAS.fullmatch(word)
        assert (f'quote it, "{word}"' in problems[0]) == bool(is_fit)
        assert f"found {word}" in problems[0] or is_fit


BARE_IDS = "123 1 10 12345678901234567890 9007199254740993"
NO_IDS = (
    "1:20 0b1 1_000 act_1_0 1-2 2027-03-31 1.2.3 1e3 0x1F 0o17 +15 -15 1.5 .5 .inf .NaN ~ null true on "
    "123456789012345678901 12345678901234567890123"
)
ZERO_IDS = "0 00 00123 02002 0001029384756 000000000000000000000001"
QUOTED_IDS = [
    "",
    " 1",
    "1 ",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x1F",
    "1_000",
    "123456789012345678901",
    "١٢٣",
    "１２３",
    "१२३",
    "ACT_1",
    "act_",
    "act_act_1",
    "act_1/../me",
    "../me",
    "%2e%2e",
    "1?a=b",
    "1#a",
    "//evil.example",
    "1,2",
    "abc",
    "¹²",
]


@pytest.mark.parametrize("word", BARE_IDS.split())
def test_an_id_without_quotes_is_refused_with_the_fix(word, tree):
    problems = tree.problems(BUSINESSES + ASSET.replace('"11"', word))

    assert len(problems) == 1
    assert "9:9: " in problems[0]
    assert f'quote it, "{word}"' in problems[0]


@pytest.mark.parametrize("word", ZERO_IDS.split())
@pytest.mark.parametrize("form", ["{}", '"{}"', "act_{}", '"act_{}"'])
@pytest.mark.parametrize("section", ["businesses", "ad_accounts", "pages"])
def test_an_id_that_begins_with_zero_is_no_second_spelling_of_one(section, form, word, tree):
    owner = "" if section == "businesses" else ", owner: acme, agencies: {}"
    tree.write("access/b.yaml", BUSINESSES + ASSET)
    problems = tree.problems(f"{section}: {{x: {{id: {form.format(word)}{owner}}}}}\n")

    assert len(problems) == 1
    assert "an id never begins with 0, look it up in Business Settings" in problems[0]
    assert "quote it" not in problems[0]


def test_no_page_slips_past_the_business_of_its_id_by_a_zero(tree):
    problems = tree.problems(BUSINESSES + ASSET + 'pages:\n  p: {id: "01001", agencies: {}}\n')

    assert len(problems) == 1
    assert "never begins with 0" in problems[0]


def test_the_example_of_an_id_is_suggested_to_nobody(tree):
    problems = tree.problems(BUSINESSES + ASSET.replace('"11"', '"act_1029384756x"'))

    assert len(problems) == 1
    assert "did you mean" not in problems[0]


@pytest.mark.parametrize("word", NO_IDS.split())
def test_what_would_be_no_id_in_quotes_either_gets_no_such_advice(word, tree):
    problems = tree.problems(BUSINESSES + ASSET.replace('"11"', word))

    assert len(problems) == 1
    assert "expected an ad account id (1 to 20 digits, " in problems[0]
    assert "quote it" not in problems[0]


@pytest.mark.parametrize("word", QUOTED_IDS)
@pytest.mark.parametrize("section", ["businesses", "ad_accounts", "pages"])
def test_an_id_is_ascii_digits_and_nothing_else(section, word, tree):
    owner = "" if section == "businesses" else ", owner: acme, agencies: {}"
    text = f'{section}: {{x: {{id: "{word}"{owner}}}}}\n'
    tree.write("access/b.yaml", BUSINESSES + ASSET)
    problems = tree.problems(text)

    assert len(problems) == 1
    assert " id (1 to 20 digits, " in problems[0]


@pytest.mark.parametrize("escape", ["123\\n", "\\0", "1\\t", "1\\r"])
def test_an_id_with_a_hidden_character_is_refused(escape, tree):
    assert any("the text holds" in p for p in tree.problems(BUSINESSES + ASSET.replace('"11"', f'"{escape}"')))


def test_all_problems_of_all_files_come_at_once_in_order(tree):
    tree.write("access/a.yaml", BUSINESSES + ASSET.replace("ANALYZE", "ANALYSE"))
    tree.write("access/b.yaml", "ad_accounts: [\n")
    tree.write("access/c.yaml", "pages:\n  p: {id: 1, owner: acme, agencies: {dataco: no}}\n")
    tree.write("access/d.yaml", b"\xff")

    assert [problem.split(": ")[0] for problem in tree.problems()] == [
        "access/a.yaml:10:29",
        "access/b.yaml:2:1",
        "access/c.yaml:2:11",
        "access/c.yaml:2:46",
        "access/d.yaml:1:1",
    ]


def test_a_file_that_cannot_be_read_makes_no_name_in_another_unknown(tree):
    tree.write("access/a.yaml", ASSET + "rules: {r: {agency: dataco, profile: p, on: {owner: acme}}}\n")
    tree.write("access/b.yaml", BUSINESSES + "a: [")

    assert len(tree.problems()) == 1


def test_a_name_twice_in_two_files_names_both_places(tree):
    tree.write("access/a.yaml", BUSINESSES + ASSET + "profiles: {p: [ANALYZE]}\n")
    tree.write("access/b.yaml", "profiles: {p: [ANALYZE]}\nrules: {r: &x {}}\n")
    text = "rules: {r: {agency: dataco, profile: p, on: {owner: acme}}}\n"
    tree.write("access/b.yaml", f"profiles: {{p: [ANALYZE]}}\n{text}")
    tree.write("access/c.yaml", text)

    assert tree.problems() == [
        "access/b.yaml:1:12: the profile 'p' is taken: it is declared at access/a.yaml:11:12 as well",
        "access/c.yaml:1:9: the rule 'r' is taken: it is declared at access/b.yaml:2:9 as well",
    ]


def test_a_business_of_a_wrong_shape_is_known_by_its_name_all_the_same(tree):
    text = BUSINESSES.replace('dataco: {id: "3003"}', "dataco: {id: 3003}")
    problems = tree.problems(text + ASSET.replace("mediahouse:", "dataco:") + "profiles: {p: []}\n" + "  x: {id: 1}\n")

    assert problems
    assert not any("unknown agency" in problem for problem in problems)


def test_a_profile_of_a_wrong_shape_is_told_once(tree):
    problems = tree.problems(with_agencies("{dataco: p}", "profiles: {p: []}\n"))

    assert len(problems) == 1


def test_warnings_come_with_the_problems(tree):
    tree.write("access/a.yaml", with_agencies("{dataco: {tasks: [ANALYZE], until: 2020-01-01}, zz: [ANALYZE]}"))
    with pytest.raises(ManifestError) as caught:
        tree.load()

    assert len(caught.value.problems) == 1
    assert len(caught.value.warnings) == 1
    assert caught.value.what == "1 problem in 1 file"


def test_of_very_many_mistakes_of_two_sorts_the_first_of_the_file_are_told(tree):
    assets = "".join(f"  a{n}: {{id: {n + 1}}}\n" for n in range(200))
    late = "".join(f'  p{n}: {{id: "{n + 1}", agencies: {{dataco: [XXXX]}}}}\n' for n in range(200))
    problems = tree.problems(f"{BUSINESSES}defaults: {{owner: acme}}\nad_accounts:\n{assets}pages:\n{late}")

    assert len(problems) == 101
    assert [int(problem.split(":")[1]) for problem in problems] == list(range(8, 109))
    assert problems[-1].endswith(": there are more problems in this file; mend these first")


def test_mistakes_told_first_do_not_hide_those_above_them(tree):
    late = "".join(f'  a{n}: {{id: "{n + 1}", agencies: {{dataco: [XXXX]}}}}\n' for n in range(400))
    problems = tree.problems(f"rules: {{r: 5}}\n{BUSINESSES}defaults: {{owner: acme}}\nad_accounts:\n{late}")

    assert len(problems) == 101
    assert "access/a.yaml:1:12: expected a rule" in problems[0]


def test_a_thousand_unknown_names_are_told_a_hundred_times(tree):
    names = "".join(f"      unknown-{n}: [ANALYZE]\n" for n in range(1000))
    problems = tree.problems(f'{BUSINESSES}pages:\n  p:\n    id: "1"\n    owner: acme\n    agencies:\n{names}')

    assert len(problems) == 101
