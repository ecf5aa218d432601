"""The ways to read one company's access, each run in a process of its own.

`python -m tests.benchmarks.contestants NAME URL ACCOUNTS`, in a project's directory. ACCOUNTS is how many to
read; those that read one account after another may be given fewer than there are. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.served import OWNER

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = f"sandbox-{OWNER}"
VERSION = "v26.0"
FIELDS = ["id", "name", "permitted_tasks", "access_status"]
AT_ONCE = 10
PER_BATCH = 50


def accessctl(url: str, accounts: int) -> Callable[[], int]:
    """Read as plan does, at its default of 10 requests at a time; the manifests are loaded before."""
    from datetime import UTC, datetime

    from accessctl.connection import connect
    from accessctl.manifest import load_project
    from accessctl.way import Way
    from accessctl.workflow import read_access

    here = Path()
    project = load_project(here, today=datetime.now(UTC).date(), allow_unknown_tasks=False)

    def work() -> int:
        with connect(project, here, Way(graph_url=url), {"ACCESSCTL_TOKEN": TOKEN}) as connection:
            live = read_access(project, connection)
        assert not live.gaps
        return sum(len(asset.grants) for asset in live.assets.values())

    return work


def httpx_threads(url: str, accounts: int) -> Callable[[], int]:
    """Read one account a request with plain httpx, 10 threads on one client."""
    import httpx

    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def work() -> int:
        with httpx.Client(base_url=f"{url}/{VERSION}", headers=headers, limits=limits, trust_env=False) as client:

            def agencies(account: str) -> int:
                asked = {"fields": ",".join(FIELDS), "limit": "100"}
                return len(client.get(f"/{account}/agencies", params=asked).json()["data"])

            with ThreadPoolExecutor(AT_ONCE) as pool:
                return sum(pool.map(agencies, _listed(client, accounts)))

    return work


def _listed(client: Any, accounts: int) -> list[str]:
    found: list[str] = []
    asked = {"fields": "id,name", "limit": "100"}
    while len(found) < accounts:
        page = client.get(f"/{OWNER}/owned_ad_accounts", params=asked).json()
        found += [row["id"] for row in page["data"]]
        if "next" not in page.get("paging", {}):
            break
        asked["after"] = page["paging"]["cursors"]["after"]
    return found[:accounts]


def sdk_one_by_one(url: str, accounts: int) -> Callable[[], int]:
    """Read one account after another with Meta's SDK, as scripts do."""
    api, business = _sdk(url)

    def work() -> int:
        found = 0
        for count, account in enumerate(business.get_owned_ad_accounts(fields=["id", "name"], params={"limit": 100})):
            if count == accounts:
                break
            found += len(list(account.get_agencies(fields=FIELDS, params={"limit": 100})))
        return found

    assert api
    return work


def sdk_batches(url: str, accounts: int) -> Callable[[], int]:
    """Read 50 accounts a request with the SDK's batches, one batch after another."""
    api, business = _sdk(url)

    def work() -> int:
        found: list[int] = []
        rows = list(business.get_owned_ad_accounts(fields=["id", "name"], params={"limit": 100}))[:accounts]
        for start in range(0, len(rows), PER_BATCH):
            batch = api.new_batch()
            for account in rows[start : start + PER_BATCH]:
                account.get_agencies(
                    fields=FIELDS,
                    params={"limit": 100},
                    batch=batch,
                    success=lambda answer: found.append(len(answer.json()["data"])),
                )
            assert batch.execute() is None
        return sum(found)

    return work


def _sdk(url: str) -> tuple[Any, Any]:
    from facebook_business.adobjects.business import Business
    from facebook_business.api import FacebookAdsApi
    from facebook_business.session import FacebookSession

    FacebookSession.GRAPH = url
    session = FacebookSession(access_token=TOKEN, timeout=60)
    session.requests.trust_env = False
    api = FacebookAdsApi(session, api_version=VERSION)
    FacebookAdsApi.set_default_api(api)
    return api, Business(OWNER, api=api)


CONTESTANTS = {
    "accessctl": accessctl,
    "httpx-threads": httpx_threads,
    "sdk-batches": sdk_batches,
    "sdk-one-by-one": sdk_one_by_one,
}


def main() -> None:
    name, url, accounts = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warnings.simplefilter("ignore")  # the SDK's, of fields it does not know
    work = CONTESTANTS[name](url, accounts)
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    grants = work()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    said = {"seconds": seconds, "cpu": cpu, "memory": after.ru_maxrss / 1024, "grants": grants}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
