"""The sentences above a plan: their order, what is said of those left out, and that no name reads as one of them."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl.apply.outcomes import Result
from accessctl.called import called, quoted
from accessctl.clean import display
from accessctl.guard import judge
from accessctl.model import Access, Asset, AssetAccess, Cost, Grant, Guards, Kind, Status, frozen
from accessctl.plan.headlines import headlines, left_out
from accessctl.plan.moved import moved
from accessctl.plan.nouns import BusinessRef, Plan, State, Summary, Verb
from accessctl.render.ended import Ended
from accessctl.render.names import asset_in_words, business_in_words
from accessctl.render.paper import Paper
from accessctl.render.plan_markdown import plan_markdown
from accessctl.render.plan_text import plan_text
from accessctl.render.result import NOTHING_DECLARED, result_text
from accessctl.render.result_markdown import result_markdown
from tests.company import MEDIAHOUSE
from tests.hostile import names
from tests.test_render import DE, FR, HOLDS, MEDIA, NOTHING, NOW, PLANS, action, saved

EMPTY = Access(frozen({}), frozen({}))
MANAGING = State(Status.CONFIRMED, ("ANALYZE", "MANAGE"))
# What a person takes for a double quote, as Unicode names it; those of the French and Japanese point aside.
DOUBLE = re.compile(r"QUOTATION MARK|.*DOUBLE.*(QUOTATION MARK|PRIME)|DITTO|.*GERSHAYIM|.*TRIPLE PRIME")
NOT_SO = re.compile(r".*(ANGLE|SINGLE|ACCENT GERSHAYIM|TAG )")


def lines(*actions):
    return headlines(actions, EMPTY)


def gain(agency):
    return action(Verb.CHANGE, DE, agency, HOLDS, MANAGING)


def loss(agency):
    return action(Verb.REVOKE, DE, agency, HOLDS, NOTHING)


def first(agency, *more):
    return action(Verb.GRANT, FR, agency, NOTHING, HOLDS, risk=("first_grant", *more))


# The order.


def test_what_widens_is_said_after_first_grants_and_before_all_losses():
    said = lines(*(loss(BusinessRef(str(number), "", "A")) for number in range(2000, 2009)), gain(MEDIA), first(MEDIA))
    assert said[:2] == (
        'First grant ever to "Mediahouse Ltd" (2002), as far as was read.',
        '"Mediahouse Ltd" (2002) is to hold MANAGE on 1 ad account, where it does not now.',
    )
    # The change takes ADVERTISE from the one that it gives MANAGE.
    assert all(" loses " in line for line in said[2:])
    assert len(said) == 2 + 9 + 1


def test_a_cut_plan_keeps_what_widens_and_counts_every_loss_it_leaves_out():
    agencies = [BusinessRef(str(number), "", f"Agency {number}") for number in range(2000, 5000)]
    actions = tuple(loss(agency) for agency in agencies) + tuple(gain(agency) for agency in agencies[:20])
    plan = saved(Plan(actions, summary=Summary(revoke=3000, change=20), headlines=lines(*actions)))
    text = plan_markdown(plan, NOW)
    assert text.count("is to hold MANAGE on 1 ad account") == 20
    shown = text.count(" loses ADVERTISE")
    (left,) = re.findall(r"^> - … and ([0-9]+) more sentences: ([0-9,]+) on losses$", text, re.MULTILINE)
    assert int(left[0]) == int(left[1].replace(",", "")) == len(plan.plan.headlines) - 20 - shown


def test_sentences_that_are_left_out_are_counted_by_what_they_say():
    actions = (first(MEDIA), first(BusinessRef("7", "", ""), "name_unread"), gain(MEDIA), loss(MEDIA), loss(MEDIA))
    assert left_out(lines(*actions)) == "5 more sentences: 2 on first grants, 1 on what widens, 2 on losses"
    assert left_out(("Guards loosened since the base: guards.max_revokes is 21, it was 20.",)) == "1 more sentence"


# Names.

SENTENCES = (
    "Nobody loses access.",
    "Nobody loses access.\n",
    'Acme" (1001) loses nothing. "',
    "Acme\u201d (1001) loses nothing. \u201c",
    "Acme'' (1001) is to hold nothing. ''",
    'First grant ever to nobody. "',
)


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("step", [gain, loss, first])
def test_an_agency_called_like_a_sentence_of_ours_is_seen_to_be_a_name(name, step):
    agency = BusinessRef("2002", "mediahouse", name)
    for line in lines(step(agency)):
        assert line.count('"') == 2
        assert f"{quoted(name)} (2002)" in line
        assert re.sub(r'"[^"]*"', "X", line) in {re.sub(r'"[^"]*"', "X", one) for one in lines(step(MEDIA))}


@pytest.mark.parametrize("name", SENTENCES)
def test_in_what_guards_and_stale_plans_say_a_name_is_seen_to_be_one_too(name):
    agency = BusinessRef("2002", "mediahouse", name)
    (own,) = judge(Plan((replace(loss(agency), owner="1001"),)), Guards(), acting=("1001", "2002")).reasons
    (gone,) = moved(Plan((loss(agency),)), Plan())
    for sentence in (own, gone):
        assert f"{quoted(name)} (2002)" in sentence
        assert sentence.count('"') == 2


@pytest.mark.parametrize("name", ["", " ", "\u3000"])
def test_a_business_without_a_name_is_told_by_its_alias_and_id(name):
    known, unknown = BusinessRef("2002", "mediahouse", name), BusinessRef("2002", "", name)
    assert [called(one) for one in (known, unknown)] == ["business mediahouse (2002)", "business 2002"]
    assert [business_in_words(one) for one in (known, unknown)] == ["business mediahouse (2002)", "business 2002"]
    assert lines(loss(known))[0].startswith("Business mediahouse (2002) loses ")
    assert lines(first(known))[0] == "First grant ever to business mediahouse (2002), as far as was read."
    told = left_out((*lines(loss(known)), *lines(loss(unknown)), *lines(gain(unknown))))
    assert told == "4 more sentences: 1 on what widens, 3 on losses"


def test_whatever_looks_like_a_double_quote_is_shown_as_a_single_one():
    seen = (chr(point) for point in range(sys.maxunicode + 1))
    doubles = [one for one in seen if DOUBLE.match(word := unicodedata.name(one, "")) and not NOT_SO.match(word)]
    assert len(doubles) > 20
    assert {one for one in doubles if quoted(one) != '"\'"'} == set()
    assert quoted("''") == quoted("\u2019\u2019") == quoted("'\"'") == '"\'"'
    assert quoted("L'Or\u00e9al \u00abParis\u00bb") == '"L\'Or\u00e9al \u00abParis\u00bb"'


@pytest.mark.parametrize("double", ["\ua78c\ua78c", "\u144a\u144a", "\u07f4\u07f4", "\u055a\u055a", "\u1fbd\u1fbd"])
def test_two_that_look_like_a_single_quote_are_shown_as_one(double):
    assert quoted(f"Good{double} (4004)") == '"Good\' (4004)"'
    assert quoted("a\u0384\u0384b") == quoted("a\u030bb") == '"a\'b"'


@given(st.text() | st.sampled_from(names(2000)))
def test_no_name_leaves_its_quotes_whatever_cleans_the_sentence_after(name):
    shown = quoted(name)
    assert re.fullmatch(r'"[^"]{0,80}"', shown)
    sentence = f"{shown} (2002) loses ADVERTISE on 1 Page."
    assert display(sentence, 400) == sentence


def test_an_asset_in_a_sentence_has_its_name_in_quotes_behind_its_id():
    assert asset_in_words(DE) == 'ad account de-brand (act_1029384756) "Acme DE Brand"'
    assert asset_in_words(replace(DE, name="", alias="")) == "ad account act_1029384756"


def test_the_share_of_a_loss_is_that_of_what_is_held():
    asset = Asset(Kind.AD_ACCOUNT, DE.id)
    held = AssetAccess(asset, "1001", grants=frozen({"2002": Grant(frozenset({"ADVERTISE"}))}))
    (line,) = headlines((loss(MEDIA),), Access(frozen({asset: held}), frozen({})))
    assert line == '"Mediahouse Ltd" (2002) loses ADVERTISE, ANALYZE on its only ad account.'


# The verdict.


def ending(name, **origin):
    plan = PLANS[name]
    text = plan_text(replace(plan, origin=replace(plan.origin, **origin)), Paper(), NOW)
    return text.split("\n\n")[-1].splitlines()[:-2]


def test_the_verdict_says_that_not_everything_could_be_read():
    assert ending("every-row") == ["Changes to review, and not everything could be read."]
    assert ending("small") == ending("no-changes") == []


@pytest.mark.parametrize(
    ("hidden", "says"), [(False, "not everything is known"), (True, "not everything could be read")]
)
def test_a_status_nobody_knows_was_read_so_it_is_not_said_to_be_unread(company, hidden, says):
    live = {MEDIAHOUSE: {"tasks": ["ADVERTISE"], "status": "ON_HOLD"}}
    company.asset("ad_account", "de-1", "71", agencies={"mediahouse": ["ADVERTISE"]}, live=live)
    if hidden:
        company.asset("ad_account", "de-2", "72", agencies={"mediahouse": ["ADVERTISE"]})
    plan = company.plan()
    texts = [
        plan_text(plan, Paper(), NOW),
        plan_markdown(plan, NOW),
        result_text(Result("r1", ()), plan, Paper()),
        result_markdown(Ended(Result("r1", ()), plan, NOTHING_DECLARED, Cost(), 5)),
    ]
    assert [says in text for text in texts] == [True] * 4
    assert (any("could be read" in text for text in texts), any("was read" in text for text in texts)) == (
        hidden,
        False,
    )


def test_the_verdict_says_that_a_plan_is_of_the_sandbox():
    assert ending("small", graph_url="sandbox:world.yaml") == ["From the sandbox, not from Meta."]


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("url", ["https://graph.facebook.com", "sandbox:world.yaml"])
def test_text_and_markdown_give_the_same_verdict(name, url):
    plan = replace(PLANS[name], origin=replace(PLANS[name].origin, graph_url=url))
    markdown = plan_markdown(plan, NOW)
    for line in ending(name, graph_url=url):
        assert line.rstrip(".") in markdown
    for words in ("not everything could be read", "From the sandbox, not from Meta."):
        assert (words in "\n".join(ending(name, graph_url=url))) == (words in markdown)
