"""A plan in a pull request: what matters first, nothing from a stranger alive, and no removal ever left out."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accessctl.guard import removes
from accessctl.model import Kind, Status
from accessctl.plan.nouns import AssetRef, BusinessRef, Plan, Reason, Row, SnapshotRef, Source, State, Summary, Verb
from accessctl.render.forge import Forge, forge_of
from accessctl.render.limit import COMMENT, LEAST, Limit
from accessctl.render.markdown_rows import LEGEND
from accessctl.render.paper import Paper
from accessctl.render.plan_markdown import plan_markdown
from accessctl.render.plan_text import plan_text
from tests.campaigns import examples
from tests.github import as_github_shows, live_references
from tests.hostile import names
from tests.runner_commands import commands_in
from tests.test_render import (
    DE,
    EVERY_ACTION,
    FR,
    HOLDS,
    MEDIA,
    NOTHING,
    NOW,
    PLANS,
    WAITING,
    action,
    golden,
    saved,
)

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

FORGE = Forge("https://github.com/acme/access/blob/" + "a" * 40, "meta")
CUT = "(cut: this is not the whole plan)"
K_AND_V = " ".join(f"`k{n} v`" for n in range(5))
KEPT = re.compile(r"All ([0-9,]+) removals are here|Only ([0-9,]+) of ([0-9,]+) removals are shown")


def many(number: int, removals: int, *, width: int = 3) -> SavedPlan:
    """A plan with so many changes, the first of which are removals; each agency is in it once."""
    actions = []
    for n in range(number):
        asset = AssetRef(Kind.AD_ACCOUNT, str(10**14 + n // width), f"de-brand-{n // width}", f"Acme DE {n // width}")
        agency = BusinessRef(str(7 * 10**14 + n), f"agency-{n}", f"Agency {n} Ltd")
        verb, states = (Verb.REVOKE, (HOLDS, NOTHING)) if n < removals else (Verb.GRANT, (NOTHING, HOLDS))
        actions.append(action(verb, asset, agency, *states))
    return saved(Plan(tuple(actions), WAITING, summary=Summary(grant=number - removals, revoke=removals, waiting=2)))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_in_markdown_reads_as_agreed(request, name):
    golden(request, f"plan-{name}.md", plan_markdown(PLANS[name], NOW, FORGE if name == "every-row" else None))


@pytest.mark.parametrize(("name", "plan"), [("5000", many(5000, 120)), ("5000-removals", many(5000, 5000))])
def test_a_large_plan_in_markdown_reads_as_agreed(request, name, plan):
    text = plan_markdown(plan, NOW, FORGE)
    lines = text.splitlines()
    digest = hashlib.sha256(text.encode()).hexdigest()
    said = f"{len(lines)} lines, {len(text)} characters, sha256 {digest}"
    golden(request, f"plan-{name}.md", "\n".join([*lines[:40], f"[... {said} ...]", *lines[-40:], ""]))


@pytest.mark.parametrize("name", PLANS)
def test_markdown_has_every_fact_of_the_text(name):
    plan = PLANS[name]
    words = set(re.findall(r"[\w.:/-]{3,}", plan_text(plan, Paper(100000), NOW)))
    shown = as_github_shows(plan_markdown(plan, NOW)).text
    assert {word for word in words if word not in shown} <= {"refused:", "rows", "left", "alone:", "read."}


def test_the_first_line_is_hidden_and_names_the_comment():
    text = plan_markdown(PLANS["small"], NOW, marker="eu/prod")
    assert text.splitlines()[0] == "<!-- accessctl:plan:eu/prod -->"
    assert "accessctl:plan" not in as_github_shows(text).text


def test_no_marker_ends_its_comment_early():
    usual = as_github_shows(plan_markdown(PLANS["small"], NOW)).tags
    for name in names(300):
        seen = as_github_shows(plan_markdown(PLANS["small"], NOW, marker=name))
        assert (len(seen.comments), seen.tags) == (1, usual), name


def test_two_markers_are_never_one():
    assert len({plan_markdown(PLANS["small"], NOW, marker=marker) for marker in ("a/b", "a_b", "a%2Fb", "a b")}) == 4


def test_a_refusal_comes_with_the_flag_that_confirms_it_and_the_command_has_it_too():
    text = plan_markdown(PLANS["refused"], NOW)
    assert "### Refused by a guard" in text
    assert "confirm the number: `--allow-revokes 1`" in text
    assert re.search(r"^accessctl apply plan.json --expect-digest sha256:a+ --allow-revokes 1$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("held", "asked", "said"),
    [
        (1, 1, "1 step removes access. 1 step ends a request that nobody has answered."),
        (2, 0, "2 steps remove access."),
        (0, 2, "2 steps end requests that nobody has answered."),
        (0, 0, ""),
    ],
)
def test_a_request_is_not_counted_as_access(held, asked, said):
    states = [HOLDS] * held + [State(Status.PENDING, HOLDS.tasks)] * asked
    asset = EVERY_ACTION[0].asset
    plan = saved(Plan(tuple(action(Verb.REVOKE, asset, MEDIA, state, NOTHING) for state in states)))
    assert plan_markdown(plan, NOW).split("\n\n")[2].split("\n")[1:] == [said] * bool(said)


def test_what_no_number_confirms_has_no_command():
    reasons = ("this plan would revoke mediahouse, which guards.protect says is never revoked",)
    text = plan_markdown(saved(Plan(EVERY_ACTION[2:3]), *reasons), NOW)
    assert "guards.protect" in text
    assert "accessctl apply" not in text


def test_nothing_to_do_has_a_digest_and_no_command():
    text = plan_markdown(PLANS["no-changes"], NOW)
    assert "accessctl apply" not in text
    assert text.endswith(f"Digest `{PLANS['no-changes'].digest}`\n")


def test_every_change_is_coloured_as_what_it_does():
    fences = re.findall(r"^```diff\n(.*?)^```$", plan_markdown(PLANS["every-row"], NOW), re.MULTILINE | re.DOTALL)
    verbs = {line[0]: set() for fence in fences for line in fence.splitlines() if line}
    for line in "\n".join(fences).splitlines():
        if line and line[0] in "+-!":
            verbs[line[0]].add(line.split()[1])
    assert verbs["+"] == {"grant", "accept", "request"}
    assert verbs["-"] == {"revoke", "withdraw", "relinquish"}
    assert verbs["!"] == {"change", "blocked"}


def test_the_marks_are_explained_where_there_are_any_and_once():
    for name in ("every-row", "small", "refused"):
        assert plan_markdown(PLANS[name], NOW).count(LEGEND) == 1
    assert plan_markdown(many(5000, 120), NOW).count(LEGEND) == 1
    assert LEGEND not in plan_markdown(PLANS["no-changes"], NOW)


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ((), "`Acme DE Brand`"),
        ((("market", "de"),), "`Acme DE Brand`, labels `market de`"),
        ((("a", "`"), ("b", "<b>")), "`Acme DE Brand`, labels `` a ` `` `b <b>`"),
        (tuple((f"k{n}", "v") for n in range(7)), f"`Acme DE Brand`, labels {K_AND_V} and 2 more"),
        ((("k", "x" * 500),), f"`Acme DE Brand`, labels `k {'x' * 37}…`"),
    ],
)
def test_an_asset_stands_above_its_changes_with_its_labels_a_few_and_short(labels, shown):
    plan = saved(Plan((replace(EVERY_ACTION[2], asset=replace(DE, labels=labels)),)))
    assert f"\n**ad account** `de-brand` `act_1029384756` {shown}\n" in plan_markdown(plan, NOW)


def test_a_snapshot_is_named_with_its_age_and_an_old_one_is_a_warning():
    plan = PLANS["small"]
    snapshot = SnapshotRef(NOW - timedelta(days=3), "sha256:" + "2" * 64, is_complete=True)
    text = plan_markdown(replace(plan, origin=replace(plan.origin, snapshot=snapshot)), NOW)
    assert "From a snapshot taken 3 days ago" in as_github_shows(text).text
    assert "<summary>1 warning</summary>" in text


def test_files_and_lines_are_links_where_the_forge_is_known():
    hrefs = [value for _, name, value in as_github_shows(plan_markdown(PLANS["every-row"], NOW, FORGE)).attributes]
    assert f"{FORGE.blob}/meta/access/germany.yaml#L31" in hrefs
    assert not [tag for tag in as_github_shows(plan_markdown(PLANS["every-row"], NOW)).tags if tag == "a"]


@pytest.mark.parametrize("file", ["../x", "a/../../x", "/etc/passwd", "./a", "a//b", ""])
def test_no_link_leads_out_of_the_project(file):
    assert FORGE.link(file, 1) == ""


@pytest.mark.parametrize(
    ("environ", "blob", "folder"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_REPOSITORY": "acme/access",
                "GITHUB_SHA": "b" * 40,
                "GITHUB_WORKSPACE": "/home/runner/w",
            },
            "https://github.example/acme/access/blob/" + "b" * 40,
            "meta/eu",
        ),
        (
            {"CI_PROJECT_URL": "https://gitlab.example/a/b/c", "CI_COMMIT_SHA": "c" * 40},
            "https://gitlab.example/a/b/c/-/blob/" + "c" * 40,
            "",
        ),
    ],
)
def test_a_job_tells_where_its_manifests_can_be_looked_at(environ, blob, folder):
    assert forge_of(environ, "/home/runner/w/meta/eu") == Forge(blob, folder)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"GITHUB_SERVER_URL": "javascript:alert(1)//", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "b" * 40},
        {"GITHUB_SERVER_URL": "https://x.example", "GITHUB_REPOSITORY": "a/b)[x", "GITHUB_SHA": "b" * 40},
        {"GITHUB_SERVER_URL": "https://x.example", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "main"},
        {"CI_PROJECT_URL": "https://x.example/a b", "CI_COMMIT_SHA": "c" * 40},
    ],
)
def test_an_odd_environment_gives_no_links(environ):
    assert forge_of(environ, "/p") is None


@pytest.mark.parametrize(
    ("text", "characters", "size"),
    [("abc", 3, 3), ("\u65e5", 1, 3), ("\U0001f389", 2, 4), ("e\u0301\n", 3, 4), ("", 0, 0)],
)
def test_a_limit_counts_as_the_strictest_receiver_does(text, characters, size):
    assert (Limit(9).size(text), Limit(9, "bytes").size(text)) == (characters, size)


# Whatever is in it, it fits, and every removal is there or counted.


@pytest.mark.parametrize("limit", [Limit(LEAST), Limit(9_000), COMMENT, Limit(90_000, "bytes")], ids=str)
@pytest.mark.parametrize(("number", "removals"), [(30, 30), (400, 3), (5000, 0), (5000, 300), (5000, 5000)])
def test_a_plan_never_exceeds_its_limit_and_says_so_where_it_is_cut(number, removals, limit):
    plan = many(number, removals)
    text = plan_markdown(plan, NOW, FORGE, "default", limit)
    assert limit.size(text) <= limit.most
    check_removals(plan, text)
    if number == 30 and limit is COMMENT:
        assert CUT not in text


def test_a_removal_is_never_left_out_to_make_room_for_anything_else():
    text = plan_markdown(many(5000, 900), NOW)
    assert "All 900 removals are here" in text
    assert re.search(r"Left out: 4,0[0-9]{2} other changes", text)


@pytest.mark.parametrize(
    ("number", "removals", "said"),
    [
        (100, 100, ""),
        (350, 350, "in full, the others without their reasons"),
        (600, 600, "without their reasons, the others without their reasons and tasks"),
        (1000, 1000, "without their reasons and tasks, the others by their ids alone"),
        (2000, 2000, "by their ids alone"),
        (900, 600, "without their reasons and tasks, the others by their ids alone"),
    ],
)
def test_removals_are_told_in_as_much_detail_as_there_is_room_for(number, removals, said):
    text = plan_markdown(many(number, removals), NOW)
    check_removals(many(number, removals), text)
    assert f"{said}." in text
    assert COMMENT.size(text) > 50_000 or not said


def test_the_removals_with_a_risk_come_first_and_in_the_most_detail():
    plan = many(600, 600)
    actions = list(plan.plan.actions)
    actions[-1] = replace(actions[-1], risk=("last_holder",))
    text = plan_markdown(replace(plan, plan=replace(plan.plan, actions=tuple(actions))), NOW)
    first = text.partition("#### Removals")[2].splitlines()[3:7]
    assert any(actions[-1].agency.id in line and "ADVERTISE" in line for line in first)


@pytest.mark.parametrize("kind", list(Kind))
def test_an_agency_that_loses_thousands_is_told_once_a_line(kind):
    """One agency let go: told by agency all fit, where told by asset they would not."""
    assets = [AssetRef(kind, str(10**14 + n), f"de-{n}") for n in range(2_300)]
    plan = saved(Plan(tuple(action(Verb.REVOKE, asset, MEDIA, HOLDS, NOTHING) for asset in assets)))
    text = plan_markdown(plan, NOW)
    assert COMMENT.size(text) <= COMMENT.most
    assert "All 2,300 removals are here, by their ids alone." in text
    for asset in assets:
        assert re.search(rf"^- revoke 2002 on .*\b(act_)?{asset.id}\b", text, re.MULTILINE), asset


def test_who_does_not_see_every_removal_is_not_told_how_to_apply():
    assert "accessctl apply" not in plan_markdown(many(5000, 5000), NOW)
    assert "accessctl apply" in plan_markdown(many(5000, 900), NOW)


def test_links_go_before_anything_is_cut():
    plan = many(340, 0)
    text = plan_markdown(plan, NOW, FORGE)
    assert CUT not in text
    assert FORGE.blob not in text
    assert FORGE.blob in plan_markdown(many(100, 0), NOW, FORGE)


def test_what_needs_a_look_comes_before_the_rest_of_a_cut_plan():
    plan = many(2000, 0)
    risky = replace(plan.plan.actions[-1], risk=("manage",))
    text = plan_markdown(replace(plan, plan=replace(plan.plan, actions=(*plan.plan.actions[:-1], risky))), NOW)
    assert CUT in text
    assert risky.agency.id in text


def test_long_lists_of_sentences_are_cut_and_counted():
    headlines = tuple(f"Agency {n} (2002) loses ADVERTISE on its only Page." for n in range(3000))
    text = plan_markdown(saved(replace(many(3, 3).plan, headlines=headlines, unread=headlines), *headlines), NOW)
    assert COMMENT.size(text) <= COMMENT.most
    assert len(re.findall(r"^> - … and [0-9]+ more (sentence|reason|listing)s$", text, re.MULTILINE)) == 3
    check_removals(many(3, 3), text)


VERBS = st.sampled_from(list(Verb))
TASKS = st.lists(st.sampled_from(["ADVERTISE", "ANALYZE", "MANAGE", "X" * 70]), unique=True).map(tuple)
NAMES = st.sampled_from(names(600))


@st.composite
def plans(draw):
    actions = []
    for n in range(draw(st.integers(0, 60))):
        asset = AssetRef(draw(st.sampled_from(list(Kind))), str(draw(st.integers(1, 40))), "", draw(NAMES))
        agency = BusinessRef(str(7 * 10**14 + n), "", draw(NAMES))
        before, after = (State(Status.CONFIRMED, draw(TASKS)) for _ in range(2))
        reason, sources = Reason("x", draw(NAMES)), (Source(draw(NAMES), 1, reason=draw(NAMES)),)
        actions.append(action(draw(VERBS), asset, agency, before, after, reason=reason, sources=sources))
    lines = draw(st.lists(NAMES, max_size=20).map(tuple))
    return saved(Plan(tuple(actions), headlines=lines, unread=lines, warnings=lines), *lines)


@pytest.mark.parametrize(
    "number", [pytest.param(25, id="some"), pytest.param(3000, id="all", marks=pytest.mark.campaign)]
)
def test_every_removal_of_a_random_plan_is_shown_or_counted_as_not_shown(number):
    @settings(max_examples=examples(number) if number > 25 else number, deadline=None)
    @given(plans(), st.sampled_from([LEAST, 6_000, 15_000, 60_000]))
    def holds(plan, most):
        limit = Limit(most)
        text = plan_markdown(plan, NOW, None, "default", limit)
        assert limit.size(text) <= most
        check_removals(plan, text)

    holds()


def check_removals(plan, text):
    """Every removal is told in a line that begins as a change does, or the text says how many are not."""
    removals = [one for one in plan.plan.actions if removes(one)]
    told = "\n".join(line for line in text.splitlines() if re.match(r"[-!] (revoke|withdraw|relinquish|change)", line))
    told += "\n".join(re.findall(r"^    .*\([0-9]+\)$", text, re.MULTILINE))  # a name so long that its id is wrapped
    shown = [one for one in removals if one.agency.id in told]
    if removals:
        assert f"{len(removals)} step{'s remove' if len(removals) > 1 else ' removes'} access" in text
    if CUT not in text:
        assert shown == removals
        return
    assert "This is not the whole plan" in text
    assert "This text was cut: it is not the whole plan." in text
    if removals:
        all_here, some, of_all = (int(n.replace(",", "")) if n else None for n in KEPT.search(text).groups())
        assert len(shown) == (some if all_here is None else all_here)
        assert len(removals) == (of_all if all_here is None else all_here)


# Nothing that comes from a stranger comes alive.


def plan_named(name: str) -> SavedPlan:
    """A plan with a row of every kind, in which everything that a stranger can name is called so."""
    source = Source(name, 3, rule=name, profile=name, until=name, reason=name)
    asset, agency = AssetRef(Kind.PAGE, "5", "", name, ((name, name), ("market", name))), BusinessRef("2", "", name)
    reason, held = Reason("x", name), State(Status.UNKNOWN, (name or "x",), (name,), name)
    actions = tuple(
        action(verb, asset, agency, held, held, reason=reason, sources=(source,), risk=("manage",)) for verb in Verb
    )
    declared = replace(asset, alias="page")
    rows = tuple(
        Row(where, who, "acme", held, reason, held, (source,), NOW)
        for where in (asset, declared)
        for who in (agency, None)
    )
    many_blocked = (Row(declared, None, name, State(Status.UNREADABLE), reason),) * 6
    sentence = f"{name} (2) loses {name} on 1 Page."
    lines = (name, sentence, f"First grant ever to {name}.")
    plan = Plan(actions, rows, (*rows, *many_blocked), rows, Summary(2, 1, 3, 1), lines, lines, lines)
    return saved(plan, *lines)


def bones(seen):
    """The elements but for code, which a sentence may have more of where a name is odd."""
    return [tag for tag in seen.tags if tag != "code"]


NAMES_TRIED = pytest.mark.parametrize(
    "number", [pytest.param(200, id="some"), pytest.param(10_000, id="all", marks=pytest.mark.campaign)]
)


def for_each_name(check, number):
    """Check names, many of them in processes of their own: GitHub's renderer gives no memory back."""
    if number <= 200:
        check(0, number)
        return
    step, whole = 500, examples(number)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for found in [pool.submit(check, start, min(start + step, whole)) for start in range(0, whole, step)]:
            found.result()


@NAMES_TRIED
def test_no_name_comes_alive_on_github(number):
    for_each_name(check_on_github, number)


def check_on_github(start, stop):
    whole = bones(as_github_shows(plan_markdown(plan_named("Acme"), NOW)))
    for n, name in enumerate(names(stop)[start:]):
        text = plan_markdown(plan_named(name), NOW)
        seen = as_github_shows(text, is_comment=bool(n % 2))
        assert [tag for tag in bones(seen) if tag != "br"] == whole, name
        assert seen.comments == [" accessctl:plan:default "], name
        assert {(tag, key) for tag, key, _ in seen.attributes} <= {("pre", "lang")}, name
        assert live_references(seen) == [], name
        assert commands_in(text) == [], name
        if n % 4:
            continue
        cut = as_github_shows(plan_markdown(plan_named(name), NOW, None, "default", Limit(LEAST)))
        assert set(cut.tags) <= {*whole, "code", "h4"}, name
        assert live_references(cut) == [], name


@NAMES_TRIED
def test_no_link_is_made_by_a_name(number):
    for_each_name(check_links, number)


def check_links(start, stop):
    calm = as_github_shows(plan_markdown(plan_named("Acme"), NOW, FORGE)).tags.count("a")
    for name in names(stop)[start:]:
        seen = as_github_shows(plan_markdown(plan_named(name), NOW, FORGE))
        links = [value for tag, _, value in seen.attributes if tag == "a"]
        assert len(links) in (0, calm), name
        assert all(link.startswith(f"{FORGE.blob}/meta/") and ".." not in link for link in links), name


@NAMES_TRIED
def test_no_line_of_a_plan_in_text_is_a_command_of_the_runner(number):
    for name in names(examples(number) if number > 200 else number):
        plan = plan_named(name)
        for width in (60, 80) if number > 200 else (80,):
            assert commands_in(plan_text(plan, Paper(width), NOW)) == [], name


def test_a_cut_that_leaves_out_what_widens_says_so_and_names_no_command():
    """A name of strangers can be so long that its block does not fit."""
    more = State(Status.CONFIRMED, (*HOLDS.tasks, "MANAGE"))
    long = replace(MEDIA, name="x" * 5000)
    pages = [replace(FR, id=str(number), alias=f"page-{number}" * 12) for number in range(100, 160)]
    wide = tuple(action(Verb.CHANGE, page, long, HOLDS, more, risk=("manage",)) for page in pages)
    text = plan_markdown(saved(Plan(wide, summary=Summary(change=60))), NOW, limit=Limit(4000))
    assert "This is not the whole plan" in text
    assert re.search(r"\d+ other changes \(\d+ of them to be looked at: they widen", text)
    assert "accessctl apply" not in text


def test_a_plan_of_the_sandbox_says_so():
    plan = replace(PLANS["small"], origin=replace(PLANS["small"].origin, graph_url="sandbox:world.yaml"))
    assert "From the sandbox, not from Meta." in plan_markdown(plan, NOW)
    assert "sandbox" not in plan_markdown(PLANS["small"], NOW)
