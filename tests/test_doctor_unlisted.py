"""What a business is to own and a person's token does not list: nobody knows whether it was lost."""

from __future__ import annotations

import json

import pytest

from tests.company import ACME

SANDBOX = ("--sandbox", "world.yaml")


@pytest.fixture
def doctor(company, run):
    def ask(kind: str = "user", **more: list[str]) -> list[dict[str, str]]:
        company.world["tokens"] = {"one": {"business": ACME, "kind": kind, **more}}
        company.world["acts_with"] = {ACME: "one"}
        company.write()
        findings = json.loads(run("doctor", "--format", "json", *SANDBOX).stdout)["findings"]
        return [finding for finding in findings if finding["id"] == "lost"]

    return ask


def test_an_owned_asset_that_is_not_listed_may_be_lost_and_that_is_not_known(company, doctor):
    company.asset("ad_account", "de", "71", agencies={}, live={}, hidden=True)
    (found,) = doctor()
    assert (found["level"], found["subject"]) == ("unknown", ACME)
    assert found["text"] == (
        "whether this token lost ad account de (act_71): Meta's listing lacks that, and no end before now was noted, "
        "so it is hidden or gone"
    )


def test_five_of_many_are_named(company, doctor):
    for number in range(71, 78):
        company.asset("page", f"p-{number}", str(number), agencies={}, live={}, hidden=True)
    (found,) = doctor()
    assert "Page p-75 (75) and 2 more: Meta's listing lacks that" in found["text"]
    assert "so they are hidden or gone" in found["text"]


def test_what_a_client_has_not_shared_yet_is_not_lost(company, doctor):
    company.asset("page", "shop", "79", owner="client", agencies={"acme": ["ANALYZE"]}, live={})
    assert doctor() == []


def test_a_listed_asset_and_the_token_of_a_system_user_are_not_spoken_of(company, doctor):
    company.asset("ad_account", "de", "71", agencies={}, live={})
    assert doctor() == []
    company.asset("ad_account", "fr", "72", agencies={}, live={}, hidden=True)
    assert doctor("system_user") == []


def test_where_the_listing_cannot_be_read_nothing_is_missed_in_it(company, doctor):
    company.asset("ad_account", "de", "71", agencies={}, live={}, hidden=True)
    assert doctor(scopes=["ads_read"]) == []
