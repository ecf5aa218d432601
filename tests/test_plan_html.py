"""The HTML page of a plan: what it says, held against golden files, and that no name on it becomes anything else."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from accessctl.clean import display
from accessctl.guard import hint
from accessctl.model import Kind, Status
from accessctl.plan.limits import Limits
from accessctl.plan.nouns import (
    AssetRef,
    BusinessRef,
    Plan,
    Reason,
    Row,
    Scope,
    SnapshotRef,
    Source,
    State,
    Summary,
    Verb,
)
from accessctl.render.html import Mark, bands, matrix, page
from accessctl.render.names import asset_name
from accessctl.render.plan_html import plan_html
from accessctl.render.plan_text import RISKS, ROW_MARKS, VERB_MARKS
from tests.campaigns import examples
from tests.hostile import names
from tests.pages import Read, check_harmless, read
from tests.runner_commands import commands_in
from tests.test_render import (
    ACME,
    BUYER,
    DE,
    FR,
    HOLDS,
    MEDIA,
    NOTHING,
    NOW,
    PLANS,
    action,
    golden,
    saved,
)

if TYPE_CHECKING:
    from accessctl.plan.document import SavedPlan

LATER = NOW + timedelta(hours=3)
LINES_KEPT = 70
VERBS = (Verb.GRANT, Verb.CHANGE, Verb.REVOKE, Verb.ACCEPT)
BEFORE = {
    Verb.GRANT: NOTHING,
    Verb.CHANGE: HOLDS,
    Verb.REVOKE: HOLDS,
    Verb.ACCEPT: State(Status.PENDING, ("ANALYZE",)),
}


def company(changes: int, agencies: int = 40) -> SavedPlan:
    """A plan of so many changes: five agencies an asset, each verb in turn."""
    actions = []
    for number in range(changes):
        row, verb = number // 5, VERBS[number % 4]
        kind = Kind.AD_ACCOUNT if row % 7 else Kind.PAGE
        at = (row * 3 + number % 5 * 7) % agencies
        after = {Verb.REVOKE: NOTHING, Verb.CHANGE: State(Status.CONFIRMED, ("ADVERTISE", "MANAGE"))}.get(verb, HOLDS)
        asset = AssetRef(kind, str(10_000_000 + row), f"m{row % 12}-brand-{row}", f"Brand {row}")
        agency = BusinessRef(str(2000 + at), f"agency-{at}", f"Agency {at}")
        where = (Source(f"access/market-{row % 12}.yaml", 10 + number),)
        risk = ("manage",) * (verb is Verb.CHANGE)
        actions.append(action(verb, asset, agency, BEFORE[verb], after, sources=where, risk=risk))
    counts = Counter(one.verb for one in actions)
    summary = Summary(counts[Verb.GRANT] + counts[Verb.ACCEPT], counts[Verb.CHANGE], counts[Verb.REVOKE], live=16_000)
    lines = tuple(f"Agency {at} ({2000 + at}) loses ADVERTISE on {at + 1} of its 99 ad accounts." for at in range(20))
    return saved(Plan(tuple(actions), summary=summary, headlines=lines))


def lines_of(plan: SavedPlan) -> list[str]:
    return read(plan_html(plan, LATER)).lines


def rows_of(found: Read) -> list[str]:
    """The ids of all rows that can be filtered."""
    places = [names for _, names in found.elements if "id" in names]
    return [value for names, value in zip(places, found.values("id"), strict=True) if "data-item" in names]


@pytest.mark.parametrize("name", PLANS)
def test_the_page_of_a_plan_says_what_was_agreed(request, name):
    golden(request, f"plan-html-{name}.txt", "\n".join(lines_of(PLANS[name])) + "\n")


def test_the_page_of_five_thousand_changes_says_what_was_agreed(request):
    lines = lines_of(company(5000))
    sum_of_all = sha256("\n".join(lines).encode()).hexdigest()
    head, tail = lines[:LINES_KEPT], lines[-LINES_KEPT // 2 :]
    golden(request, "plan-html-5000.txt", "\n".join([*head, f"[{len(lines)} lines, {sum_of_all}]", *tail]) + "\n")


@pytest.mark.parametrize("plan", [*PLANS.values(), company(500)])
def test_every_row_of_a_plan_is_on_its_page_once(plan):
    rows = rows_of(read(plan_html(plan, LATER)))
    of = plan.plan
    assert len(rows) == len(of.actions) + len(of.waiting) + len(of.blocked) + len(of.unmanaged)


@pytest.mark.parametrize("plan", PLANS.values())
def test_a_page_says_what_the_text_says(plan):
    text = read(plan_html(plan, LATER)).text
    said = [*plan.plan.headlines, *plan.plan.unread, *plan.verdict.reasons]
    said += [RISKS[risk] for one in plan.plan.actions for risk in one.risk]
    said += [hint(plan.plan, plan.verdict)] * bool(plan.verdict.reasons)
    assert [line for line in said if display(line, 400) not in text] == []
    for row in (*plan.plan.actions, *plan.plan.waiting, *plan.plan.blocked, *plan.plan.unmanaged):
        assert display(row.reason.text, 300) in text
        assert asset_name(row.asset).split()[0] in text
        assert {row.asset.id, row.agency.id if row.agency else row.asset.id} <= set(re.findall(r"[0-9]+", text))
        for source in row.sources:
            assert f"{source.file}:{source.line}" in text
    assert plan.digest in text


@pytest.mark.parametrize("name", ["every-row", "hostile"])
def test_a_row_on_paper_says_by_itself_who_on_what_and_why(name):
    plan = PLANS[name].plan
    found = read(plan_html(PLANS[name], LATER))
    lines = zip(found.values("data-first"), found.values("data-rest"), strict=True)
    said = [re.sub("[\u2068\u2069]", "", f"{first} {rest}") for first, rest in lines]
    for one in plan.actions:
        sign, _ = VERB_MARKS[one.verb]
        start = f"{sign} {one.verb} "
        [line] = [
            line
            for line in said
            if line.startswith(start)
            and f" {one.agency.id} on " in line
            and re.search(rf"\b(act_)?{one.asset.id}\b", line)
        ]
        assert {display(task, 60) for task in (*one.before.tasks, *one.after.tasks)} <= set(
            re.findall(r"[^\s,;+-]+", line)
        )
        assert display(one.reason.text, 300) in line
        assert all(f"{display(source.file, 200)}:{source.line}" in line for source in one.sources)
        assert all(RISKS[risk] in line for risk in one.risk)


def test_a_plan_narrowed_to_many_targets_names_the_first_and_folds_all_of_them_away():
    plan = PLANS["small"]
    scope = Scope(tuple(f"asset:a-{number}" for number in range(50)))
    lines = lines_of(replace(plan, origin=replace(plan.origin, scope=scope)))
    assert "A plan with limits or leave. Only asset:a-0, asset:a-1, asset:a-2 and 47 more." in lines
    assert lines.index("All of them") > next(
        at for at, line in enumerate(lines) if line.startswith("Changes to review")
    )
    assert any(line.endswith("asset:a-49.") for line in lines)


def test_the_page_of_a_refused_plan_says_what_would_confirm_it_and_not_how_to_apply_it():
    text = read(plan_html(PLANS["refused"], LATER)).text
    assert "Refused by a guard." in text
    assert "confirm the number: --allow-revokes 1" in text
    assert "--expect-digest" not in text
    assert (
        f"accessctl apply plan.json --expect-digest {PLANS['small'].digest}"
        in read(plan_html(PLANS["small"], LATER)).text
    )


def test_what_a_person_asked_of_a_plan_stands_at_its_head():
    plan = PLANS["small"]
    scope = Scope(("label:market=de",), ("agency:dataco",), ("acme-shop",), replace_with_gap=True)
    snapshot = SnapshotRef(NOW - timedelta(days=3), "sha256:" + "b" * 64, is_complete=False)
    limits = Limits(20, 25, (MEDIA,))
    origin = replace(plan.origin, scope=scope, snapshot=snapshot, limits=limits, acts_as=(ACME, MEDIA))
    text = read(plan_html(replace(plan, origin=origin), LATER)).text
    assert "Only label:market=de. Without agency:dataco. Asks again for acme-shop." in text
    assert "Every change may be done as revoke, then grant" in text
    assert "From a snapshot taken 3 days ago (2026-11-18 12:00 UTC), not read completely." in text
    assert "the snapshot was taken 3 days ago; take a new one" in text
    assert "at most 20 revokes and 25 % of live grants" in text
    assert "as acme" in text  # who acts is said as soon as more than one may


def test_a_page_from_the_sandbox_says_that_it_is_not_meta():
    plan = PLANS["small"]
    sandbox = replace(plan, origin=replace(plan.origin, graph_url="sandbox:world.yaml"))
    assert "From the sandbox, not from Meta. From sandbox:world.yaml" in read(plan_html(sandbox, LATER)).text


def marks_of(*actions: object) -> str:
    """What becomes of each task, as a reader without colours has it."""
    lines = lines_of(saved(Plan(actions, summary=Summary(grant=1))))
    at = next(at for at, line in enumerate(lines) if line in ("Before", "Has asked for", "We asked for"))
    return " / ".join(lines[at : at + 4])


def test_a_task_that_was_only_asked_for_is_neither_given_nor_taken():
    asked = State(Status.PENDING, BUYER)
    assert marks_of(action(Verb.WITHDRAW, DE, MEDIA, asked, NOTHING)) == (
        "We asked for / ADVERTISE ANALYZE / After / nothing"
    )
    assert marks_of(action(Verb.ACCEPT, DE, MEDIA, asked, HOLDS)) == (
        "Has asked for / ADVERTISE ANALYZE / After / +ADVERTISE added +ANALYZE added"
    )
    assert marks_of(action(Verb.REQUEST, DE, MEDIA, NOTHING, asked)) == (
        "Before / nothing / Asks for / ADVERTISE ANALYZE"
    )


def test_a_task_that_meta_added_is_nobody_s_loss():
    before = State(Status.CONFIRMED, ("ADVERTISE", "MESSAGING"), ("MESSAGING",))
    after = State(Status.CONFIRMED, ("ANALYZE",))
    assert marks_of(action(Verb.CHANGE, FR, MEDIA, before, after)) == (
        "Before / -ADVERTISE taken away MESSAGING added by Meta / After / +ANALYZE added"
    )


PAIRS = st.dictionaries(st.tuples(st.integers(0, 60), st.integers(0, 40)), st.just(0), max_size=200)


@given(PAIRS, st.integers(1, 15), st.integers(1, 20))
def test_every_pair_has_one_cell_in_the_matrix_under_its_agency(pairs, columns, rows):
    marks = {
        (AssetRef(Kind.PAGE, str(asset)), BusinessRef(str(agency))): Mark(f"{asset}/{agency}", "+", "green", "grant")
        for asset, agency in pairs
    }
    found = Counter()
    for band in bands(marks, columns, rows):
        assert 1 <= len(band.agencies) <= columns
        for block in band.blocks:
            assert 1 <= len(block) <= rows
            for line in block:
                at = 0
                for cell in line.cells:
                    if cell.mark:
                        assert cell.mark == marks[line.asset, band.agencies[at]]
                        found[cell.mark.item] += 1
                    at += cell.span
                assert at == len(band.agencies)
    assert found == Counter(mark.item for mark in marks.values())


def test_a_matrix_that_is_too_large_has_the_first_assets_and_says_how_many():
    marks = {
        (AssetRef(Kind.PAGE, str(asset)), BusinessRef(f"{agency:02}")): Mark(f"{asset}/{agency}", "+", "green", "grant")
        for asset in range(50)
        for agency in range(30)
    }
    whole, part, least = matrix(marks), matrix(marks, most=100), matrix(marks, most=1)
    assert whole is not None
    assert part is not None
    assert least is not None
    assert (whole.shown, whole.of, whole.lines) == (50, 50, 150)  # three bands of ten agencies
    assert (part.shown, part.of, part.lines) == (33, 50, 99)
    assert least.shown == 1
    assert matrix({}) is None


def test_many_blocked_assets_told_as_one_are_of_their_owner_or_at_clients_of_their_agency():
    def page_of(agency: BusinessRef | None, code: str) -> str:
        rows = tuple(Row(AssetRef(Kind.PAGE, str(n)), agency, "acme", NOTHING, Reason(code, "why")) for n in range(6))
        return read(plan_html(saved(Plan((), blocked=rows)), LATER)).text

    assert "6 Pages of acme" in page_of(None, "hidden")
    assert "6 Pages of acme" in page_of(MEDIA, "hidden")
    assert "6 Pages at clients of acme" in page_of(BusinessRef("1001", "acme"), "hidden")
    assert "6 Pages why" in page_of(None, "uncertain")  # nobody knows whose they are


def test_the_matrix_of_a_large_plan_has_only_assets_on_which_something_changes():
    def unmanaged(number: int) -> Row:
        asset = AssetRef(Kind.PAGE, str(number), f"quiet-{number}")
        return Row(asset, MEDIA, "acme", HOLDS, Reason("additive", "left alone"))

    for number, shown in ((20, True), (300, False)):
        rows = tuple(unmanaged(at) for at in range(number))
        found = read(plan_html(saved(Plan(PLANS["small"].plan.actions, unmanaged=rows)), LATER))
        cells = set(found.values("data-for"))
        assert "grant-ad_account-1029384756-2002" in cells
        assert ("unmanaged-page-7-2002" in cells) is shown


def test_the_rows_of_an_asset_are_found_by_each_of_its_labels():
    labelled = replace(DE, labels=(("brand", "a b"), ("market", "de")))
    actions = tuple(
        action(Verb.GRANT, asset, MEDIA, NOTHING, HOLDS)
        for asset in (labelled, FR, replace(FR, id="5"), replace(FR, id="6"))
    )
    found = plan_html(saved(Plan(actions)), NOW)
    assert 'data-label="l0 l1"' in found
    assert "brand: a b" in found
    assert "market: de" in found


def test_every_mark_reads_without_its_colour():
    signs = [sign for sign, _ in (*VERB_MARKS.values(), *ROW_MARKS.values())]
    page = plan_html(PLANS["every-row"], LATER)
    tags = re.findall(r'<span class="tag \w+"><span class="sign">(.*?)</span> (\w+)</span>', page)
    assert len(tags) >= 10
    assert {sign.replace("&gt;", ">") for sign, _ in tags} == set(signs)


@pytest.mark.parametrize("name", PLANS)
def test_a_page_lets_nothing_run_or_load_but_its_own_blocks(name):
    found = read(plan_html(PLANS[name], LATER))
    [policy] = [value for value in found.values("content") if "default-src" in value]
    hashes = {
        kind: " ".join(f"'sha256-{b64encode(sha256(block.encode()).digest()).decode()}'" for block in blocks)
        for kind, blocks in found.blocks.items()
    }
    assert policy == (
        f"default-src 'none'; style-src {hashes['style']}; script-src {hashes['script']}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not {"src", "style", "action", "srcset"} & {name for _, name, _ in found.attributes}
    assert [value for _, name, value in found.attributes if name == "lang"] == ["en"]
    assert found.lines[0].startswith("Access plan: ")


def test_no_template_prints_anything_unescaped_or_needs_more_than_the_policy_allows():
    for template in (files("accessctl.render.html") / "templates").iterdir():
        text = template.read_text()
        assert not re.search(r"\|\s*(safe|e|escape|forceescape|xmlattr|tojson)\b|autoescape|Markup", text), template
        assert not re.search(r"""\s(style|src|action|on[a-z]+)\s*=""", text), template
        assert not re.search(r"""=\s*\{\{|href="(?!#)""", text), template  # every attribute is quoted


def test_no_asset_ends_its_own_block_or_calls_for_anything():
    for asset in (files("accessctl.render.html") / "assets").iterdir():
        text = asset.read_text()
        found = re.search(r"</|<!--|url\(|@import|https?:|innerHTML|eval\(|fetch\(|XMLHttp|document\.write", text)
        assert found is None, (asset, found)


def test_a_fact_that_is_missing_is_a_mistake_and_no_empty_place():
    with pytest.raises(UndefinedError):
        page("plan.html", title="no facts")


def palettes() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The colours of base.css: light, dark by the reader's settings, dark by the switch."""
    css = (files("accessctl.render.html") / "assets" / "base.css").read_text()
    heads = (r"^:root", r':root:not\(\[data-theme="light"\]\)', r':root\[data-theme="dark"\]')
    found = [re.search(head + r" \{(.*?)\}", css, re.DOTALL | re.MULTILINE) for head in heads]
    light, dark, switched = (dict(re.findall(r"--([\w-]+): (#\w{6});", one[1])) for one in found if one)
    return light, dark, switched


def test_dark_is_the_same_by_the_settings_and_by_the_switch_and_has_every_colour_of_light():
    light, dark, switched = palettes()
    assert dark == switched
    assert set(dark) == set(light)
    assert not [
        one for one in (files("accessctl.render.html") / "assets").iterdir() if "light-dark(" in one.read_text()
    ]


def test_text_and_ground_of_every_tone_differ_enough_to_be_read():
    for colors in palettes():
        pairs = [(name, ground) for name in ("ink", "soft", "accent") for ground in ("ground", "paper", "faint")]
        tones = [name.removesuffix("-bg") for name in colors if name.endswith("-bg")]
        pairs += [(tone, ground) for tone in tones for ground in (f"{tone}-bg", "paper", "ground", "faint")]
        pairs += [(text, f"{tone}-bg") for tone in tones for text in ("ink", "soft")]
        assert len(tones) == 7
        low = {(text, on): contrast(colors[text], colors[on]) for text, on in pairs}
        assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}
        fills = [name for name in colors if name.endswith("-fill")]
        assert len(fills) == 3
        assert min(contrast(colors[fill], colors["paper"]) for fill in fills) >= 3  # a bar is no text


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""

    def light(color: str) -> float:
        parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def named(texts: list[str]) -> SavedPlan:
    """A plan in which every text that may come from outside is hostile, a name a row; sorts of rows in turn."""
    actions, rows = [], {"waiting": [], "blocked": [], "unmanaged": []}
    for number, text in enumerate(texts):
        alias = f"a-{number}" if number % 3 else ""
        asset = AssetRef(Kind.PAGE, str(100 + number), alias, text)
        agency = BusinessRef(str(9000 + number), "", text)
        where = (Source(text, number + 1, text, text, text, text),)
        why, state = Reason("x", text), State(Status.CONFIRMED, (text,), detail=text)
        sort = ("action", "action", *rows)[number % 5]
        if sort == "action":
            actions.append(action(Verb.GRANT, asset, agency, NOTHING, state, reason=why, sources=where, risk=(text,)))
        else:
            rows[sort].append(Row(asset, agency, text, state, why, state, where, NOW))
    plan = Plan(
        tuple(actions), *map(tuple, rows.values()), headlines=tuple(texts), warnings=tuple(texts), unread=tuple(texts)
    )
    made = saved(plan, *texts)
    scope = Scope(tuple(texts), tuple(texts), tuple(texts))
    own = BusinessRef("1", "", texts[0])
    origin = replace(made.origin, scope=scope, graph_url=texts[0], acts_as=(own, own), manifest_files=tuple(texts))
    return replace(made, origin=origin, tool_version=texts[0], digest=texts[0], format_version=texts[0])


def shape(found: Read) -> Counter[tuple[str, tuple[str, ...]]]:
    """How many elements of each sort, but for empty cells: the columns of the matrix are in the order of names."""
    return Counter(element for element in found.elements if element not in (("td", ()), ("td", ("colspan",))))


def check_hostile(many: tuple[str, ...]) -> None:
    """A page of hostile names has the very elements of one with plain names, and says each name cleaned."""
    for start in range(0, len(many), 50):
        texts = list(many[start : start + 50])
        made = plan_html(named(texts), LATER)
        found = read(made)
        check_harmless(found)
        plain = read(plan_html(named([f"name {start + at:05}" for at in range(len(texts))]), LATER))
        assert shape(found) == shape(plain)
        assert found.blocks == plain.blocks
        assert all(line.isprintable() for line in found.lines)
        said = re.sub(r"\s+", " ", found.text)
        for text in texts:
            assert re.sub(r"\s+", " ", display(text, 60)).strip().rstrip("…") in said
        assert commands_in(made) == []


def test_no_hostile_name_becomes_anything_but_text():
    check_hostile(names(400))


@pytest.mark.campaign
def test_none_of_ten_thousand_hostile_names_becomes_anything_but_text():
    check_hostile(names(examples(10_000)))


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_no_text_at_all_becomes_anything_but_text(texts):
    found = read(plan_html(named(texts), LATER))
    check_harmless(found)
    assert all(line.isprintable() for line in found.lines)


def test_the_library_for_pages_is_loaded_for_pages_alone():
    script = (
        "import sys\n"
        "from accessctl.__main__ import main\n"
        "import accessctl.cli.plan, accessctl.cli.show, accessctl.render.formats\n"
        "assert not {'jinja2', 'markupsafe'} & set(sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
