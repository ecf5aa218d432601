"""Twenty thousand ad accounts and two thousand Pages over a real socket: how many requests that takes."""

from __future__ import annotations

import pytest

from accessctl.graph.client import connect
from accessctl.graph.secret import Secret
from accessctl.live import ActingBusiness, read_live
from accessctl.live.wanted import everything
from accessctl.model import Access, Asset, Business, Kind, Status, frozen
from accessctl.sandbox import Sandbox
from accessctl.sandbox.server import serve
from accessctl.sandbox.world import Asset as There
from accessctl.sandbox.world import Business as Known
from accessctl.sandbox.world import Pair, Quirks, World
from tests.company import ACME

SIZES = [
    pytest.param(2_000, 200, id="2000"),
    pytest.param(20_000, 2_000, id="20000", marks=pytest.mark.campaign),
]
AGENCIES = [str(2000 + number) for number in range(40)]
HELD = Pair(("ADVERTISE", "ANALYZE"))


def agencies_of(number: int) -> list[str]:
    """Return five agencies of an asset; every hundredth has twenty-five."""
    many = 25 if number % 100 == 0 else 5
    return [AGENCIES[(number + 7 * step) % len(AGENCIES)] for step in range(many)]


def company_of(accounts: int, pages: int, page_size: int) -> World:
    assets = {}
    for number in range(accounts + pages):
        is_page = number >= accounts
        node = str(10_000_000 + number) if is_page else f"act_{10_000_000 + number}"
        held = frozen(dict.fromkeys(agencies_of(number), HELD))
        assets[node] = There("page" if is_page else "ad_account", node, f"Asset {number}", ACME, held)
    businesses = {ACME: Known(ACME, "Acme"), **{agency: Known(agency, f"Agency {agency}") for agency in AGENCIES}}
    return World(frozen(businesses), frozen(assets), quirks=Quirks(max_page_size=page_size))


@pytest.mark.parametrize(("accounts", "pages"), SIZES)
@pytest.mark.parametrize("page_size", [100, 25])
def test_a_large_company_takes_as_few_requests_as_its_listings_have_pages(accounts, pages, page_size):
    sandbox = Sandbox(company_of(accounts, pages, page_size))
    acting = [ActingBusiness(Business(ACME, "acme"), Secret(f"sandbox-{ACME}", "a token"))]
    wanted = everything(Access(frozen({}), frozen({})), (ACME,))
    with (
        serve(sandbox) as server,
        connect(base_url=server.url, version="v26.0", app_secret=None) as session,
    ):
        access = read_live(session.reader, acting, wanted)
        cost = session.cost

    assert len(access.assets) == accounts + pages
    assert access.gaps == access.notes == ()
    for number in range(accounts + pages):
        kind = Kind.PAGE if number >= accounts else Kind.AD_ACCOUNT
        found = access.assets[Asset(kind, str(10_000_000 + number))]
        assert set(found.grants) == set(agencies_of(number))
        assert all(grant.status is Status.CONFIRMED for grant in found.grants.values())
    formula = accounts / page_size + pages / page_size + pages / 50
    assert sandbox.http_requests == cost.requests
    assert abs(sandbox.http_requests - formula) <= max(formula / 10, 5)  # who we are, and the second witness
    assert cost.errors <= 3  # the second witness in pages as large as an answer may be
