"""The business that claims the app: who it is, that nobody may know it, and how far it is verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from accessctl.doctor import Level
from accessctl.doctor.answers import NO_CLAIMANT
from accessctl.doctor.facts import AppFacts, LiveBusiness, Unread
from accessctl.model import frozen

from .company import ACME, CLIENT, MEDIAHOUSE
from .test_doctor import ALL, SOUND, asked, filled, findings

OWN, OTHERS = AppFacts("42", "App", ACME, "Acme GmbH"), AppFacts("42", "App", CLIENT, "Client Inc")
KEY, ACTING = "business-verification", "business-verification.acting"
UNAPPROVED = frozen(dict.fromkeys(ALL, "unapproved"))


def found_of(app, *, claimant: str = "verified", acting: str = "verified", reviewed=UNAPPROVED):
    """Return what is found where the two businesses are verified as these words say."""
    app = replace(app, claimant_verified=claimant) if isinstance(app, AppFacts) else app
    live = LiveBusiness(ACME, "Acme GmbH", "none", acting)
    return findings(replace(SOUND, app=app, live=live, reviewed=reviewed))


@pytest.mark.parametrize(
    ("claimant", "acting", "expected"),
    [
        ("verified", "verified", (Level.OK, Level.OK)),
        ("revoked", "verified", (Level.PROBLEM, Level.OK)),
        ("rejected", "verified", (Level.PROBLEM, Level.OK)),
        ("failed", "verified", (Level.PROBLEM, Level.OK)),
        ("ineligible", "verified", (Level.PROBLEM, Level.OK)),
        ("expired", "verified", (Level.WARNING, Level.OK)),
        ("pending", "not_verified", (Level.WARNING, Level.OK)),
        ("verified", "rejected", (Level.OK, Level.WARNING)),
        ("verified", "revoked", (Level.OK, Level.WARNING)),
        ("verified", "not_verified", (Level.OK, Level.OK)),
        ("", "verified", (Level.UNKNOWN, Level.OK)),
        ("on_hold", "", (Level.UNKNOWN, Level.UNKNOWN)),
    ],
)
def test_the_business_that_claims_the_app_is_judged_and_who_only_uses_it_is_told(claimant, acting, expected):
    found = found_of(OTHERS, claimant=claimant, acting=acting)
    assert (found[KEY].level, found[ACTING].level) == expected
    assert '"Client Inc" (5005)' in found[KEY].text
    assert "it only uses the app" in found[ACTING].text
    assert all(bool(found[one].todo) == (found[one].level is not Level.OK) for one in (KEY, ACTING))


@pytest.mark.parametrize("app", [OWN, AppFacts("42", "App", open=NO_CLAIMANT), AppFacts("42", "", ""), Unread("no")])
@pytest.mark.parametrize(("word", "level"), [("verified", Level.OK), ("revoked", Level.PROBLEM)])
def test_where_no_other_business_is_known_to_claim_the_app_the_acting_one_is_judged(app, word, level):
    found = found_of(app, acting=word)
    assert found[KEY].level is level
    assert ACTING not in found


@pytest.mark.parametrize(
    ("reviewed", "has"),
    [
        (UNAPPROVED, False),
        (frozen(dict.fromkeys(ALL, "live")), True),
        (frozen({"ads_management": "live"}), True),
        (frozen({"catalog_management": "live"}), False),  # which these manifests do not need
        (Unread("no"), False),
    ],
)
@pytest.mark.parametrize("app", [OWN, OTHERS])
def test_what_is_asked_for_before_advanced_access_is_not_said_of_an_app_that_has_it(app, reviewed, has):
    text = found_of(app, claimant="not_verified", acting="not_verified", reviewed=reviewed)[KEY].text
    assert ("which Meta asks for before advanced access" in text) is not has
    assert ("the app has advanced access to ads_management" in text) is has


# Asked of the sandbox.


@pytest.mark.parametrize("word", ["revoked", "verified"])
def test_how_far_the_claimant_is_verified_is_asked_in_the_read_that_is_made_anyway(company, word):
    company.world["app"] = {"id": "77", "name": "Our app", "business": MEDIAHOUSE}
    filled(company).world["businesses"][MEDIAHOUSE] |= {"tech_provider": True, "verification_status": word}
    found, cost = asked(company)
    assert found[KEY].level is (Level.OK if word == "verified" else Level.PROBLEM)
    assert (cost.calls, cost.errors) == (8, 0)


@pytest.mark.parametrize("kind", ["system_user", "user"])
def test_a_field_that_is_left_out_is_not_an_app_that_no_business_claims(company, kind):
    found, _ = asked(filled(company, kind=kind))
    one = found["verification"]
    assert (one.level, "Meta's answer names none" in one.text) == (Level.UNKNOWN, True)
    assert ("the app of a system user belongs to some business" in one.text) is (kind == "system_user")
    assert "--tech-provider" in one.todo
