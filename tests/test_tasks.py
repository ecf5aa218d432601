"""Task names in normal form: twins, what Meta adds by itself, what nobody knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accessctl import tasks
from accessctl.model import Kind

PAGE, AD = Kind.PAGE, Kind.AD_ACCOUNT


def of(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_the_vocabulary_has_every_task_of_metas_own_sdk():
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.page import Page

    for kind, node in ((AD, AdAccount), (PAGE, Page)):
        published = {value for key, value in vars(node.PermittedTasks).items() if not key.startswith("_")}
        assert published
        assert published <= tasks.VOCABULARY[kind]


def test_a_name_with_a_classic_twin_means_the_same():
    assert tasks.normal(["PROFILE_PLUS_ADVERTISE", "ANALYZE"]) == of("ADVERTISE", "ANALYZE")


@pytest.mark.parametrize("name", ["FACEBOOK_ACCESS", "FULL_CONTROL", "REVENUE", "MODERATE_DELEGATE_COMMUNITY"])
def test_a_name_without_a_twin_stays_as_it_is(name):
    assert tasks.normal([f"PROFILE_PLUS_{name}"]) == of(f"PROFILE_PLUS_{name}")


def test_what_meta_adds_by_itself_on_a_new_page_is_no_difference():
    live = of("PROFILE_PLUS_ADVERTISE", "PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_MESSAGING", "PROFILE_PLUS_MANAGE_LEADS")
    assert tasks.is_same(PAGE, of("ADVERTISE"), live)
    assert tasks.server_added(PAGE, of("ADVERTISE"), live) == of("ANALYZE", "MESSAGING", "MANAGE_LEADS")


@pytest.mark.parametrize(
    ("kind", "wanted", "live"),
    [
        (PAGE, of("ADVERTISE"), of("ADVERTISE", "MESSAGING")),  # a classic Page: somebody gave it
        (PAGE, of("ANALYZE"), of("PROFILE_PLUS_ANALYZE", "PROFILE_PLUS_MESSAGING")),  # nothing that Meta adds to
        (PAGE, of("ADVERTISE"), of("PROFILE_PLUS_ADVERTISE", "PROFILE_PLUS_MANAGE")),
        (PAGE, of("ADVERTISE"), of("PROFILE_PLUS_ADVERTISE", "PROFILE_PLUS_FULL_CONTROL")),
        (AD, of("ADVERTISE"), of("ADVERTISE", "ANALYZE")),
        (AD, of("ADVERTISE", "ANALYZE"), of("ADVERTISE")),
    ],
)
def test_what_somebody_else_added_or_took_is_a_difference(kind, wanted, live):
    assert not tasks.is_same(kind, wanted, live)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_task_nobody_knows_is_never_a_difference(kind):
    assert tasks.is_same(kind, of("ANALYZE"), of("ANALYZE", "TELEPATHY"))
    assert tasks.unknown(kind, of("ANALYZE", "TELEPATHY")) == of("TELEPATHY")


@given(st.sampled_from(list(Kind)), st.data())
def test_what_is_granted_is_what_is_wanted(kind, data):
    wanted = data.draw(st.frozensets(st.sampled_from(sorted(tasks.VOCABULARY[kind])), min_size=1))
    assert tasks.is_same(kind, wanted, wanted)
    assert tasks.normal(tasks.normal(wanted)) == tasks.normal(wanted)
