"""The README's table of what Meta's documents describe: each section is there, and each command does what it says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.test_examples import Plainly
from tests.webhook.conftest import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "documents"
README = ROOT.joinpath("README.md").read_text(encoding="utf-8")
PART = README.partition("\n## What Meta's documents describe, and where accessctl covers it\n")[2].partition("\n## ")[0]
WEBHOOK_PART = README.partition("\n## Webhook of managed Meta accounts\n")[2].partition("\n## ")[0]
DOCTOR = 1
BY_HAND = "by hand"
WEBHOOK = "http://127.0.0.1:8080/webhook"
TO_MANAGED = "moves to a managed Meta account"
OWN_ACCOUNT = "this token is a person's own Facebook account"
MANAGED_ACCOUNT = "this token is a person's managed account"
LOST = "lost ad account rothmann-brand (act_1836402957715528) on 4 May 2099 (1 day ago)"
# What each row promises, command by command: the exit code and words that must be printed. Exit code 1 of doctor is
# a permission that Rothmann lacks. No command: the row says "by hand".
PROMISED: Mapping[str, Mapping[str, list[tuple[int, tuple[str, ...]]]]] = {
    "Tech Provider Access Verification": {
        "What is Access Verification?": [
            (
                DOCTOR,
                (
                    "cannot be known: whether Meta takes calls with business_management",
                    "no field of Meta's tells whether a business is verified",
                ),
            )
        ],
        "What is a Tech Provider?": [(DOCTOR, ("you say that it is verified as a Tech Provider",))],
        "When is a Tech Provider access required? The permissions": [
            (DOCTOR, ("whether Meta takes calls with ads_management and business_management",))
        ],
        "When is a Tech Provider access required? The decision": [
            (
                DOCTOR,
                (
                    "who the token speaks for has a role on the app, so its calls are accepted",
                    "cannot be known: whether Meta takes calls",
                ),
            ),
            (DOCTOR, ("you say that it is verified as a Tech Provider, so its calls are accepted",)),
            (DOCTOR, ("not verified as a Tech Provider: if that is right, Meta would refuse its calls",)),
            (0, ("in the sandbox it is now 2099-12-01T00:00:00Z",)),
            (DOCTOR, ("Meta has refused a call, and its words speak of verification",)),
        ],
        "Existing business accounts": [
            (0, ("starts again",)),
            (0, ("in the sandbox it is now 2099-11-22T00:00:00Z",)),
            (
                0,
                (
                    "warning Meta's email of 2099-10-01 gives 60 days for access verification, until 2099-11-30, in 8",
                    "until 2099-11-30 Meta takes its calls all the same, then they gradually begin to fail",
                ),
            ),
        ],
        "New business accounts": [
            (DOCTOR, ("App Dashboard > Settings > Basic > Verifications > Access verification",))
        ],
        "Linked business accounts": [
            (
                DOCTOR,
                (
                    'this business works on assets of 1 other business, "Birkenhof Bakeries" (556203941187725), for',
                    "for which Meta asks for the same verification",
                ),
            )
        ],
        "How to complete access verification?": [
            (
                DOCTOR,
                (
                    "let an admin of the business that claims the app complete it",
                    "sent in on 2026-11-02; Meta takes up to 5 business days, so until 2026-11-09",
                ),
            )
        ],
        "How to complete access verification? The answer": [
            (
                DOCTOR,
                (
                    "not verified as a Tech Provider: if that is right, Meta would refuse its calls",
                    "Where Meta has denied it, that admin may do so again once the use of the app has changed",
                ),
            )
        ],
    },
    "Marketing API: Authorization": {
        "Authorization": [
            (
                DOCTOR,
                (
                    "Meta accepts the token",
                    'it was made with the app "Access desk" (7702148835519264)',
                    'business 318204775190466 is "Lindenau Foods GmbH"',
                ),
            )
        ],
        "App roles": [
            (
                DOCTOR,
                (
                    "who the token speaks for has a role on the app, so its calls are accepted",
                    "whether who the token speaks for has a role on the app is not known",
                    "who the token speaks for has no role on the app",
                ),
            )
        ],
        "Access levels, permissions, and features": [
            (
                DOCTOR,
                ("the app has advanced access to ads_management", "the app has standard access to business_management"),
            )
        ],
        "Marketing API access levels vs. Ads Management Standard Access": [
            (
                DOCTOR,
                (
                    "has Limited access to the Marketing API (older texts say standard and advanced access of Ads",
                    "for Limited and Full)",
                    "[ads_api_access_tier, in the headers",
                ),
            )
        ],
        "Permissions": [
            (
                DOCTOR,
                (
                    "has the permissions to read who has access (ads_read and business_management)",
                    "it cannot grant, change or revoke, for it lacks ads_management",
                    "2 Pages as owner: it has the permissions to grant, change and revoke (business_management)",
                    "allow ads_management as well: an ad account is changed with ads_management",
                ),
            )
        ],
        "Features": [
            (
                DOCTOR,
                (
                    "App Dashboard > App Review > Permissions and Features",
                    "apply for Full access in the App Dashboard: 500 calls in 15 days",
                ),
            )
        ],
        "Feature access levels": [
            (
                DOCTOR,
                (
                    "which is enough for what the business owns",
                    "that works for people with a role on the app, and who the token speaks for has none",
                    "ask for advanced access to business_management",
                    "the ledger of this project's calls",
                    "500 calls in 15 days, under 15 % of the last 500 in error",
                ),
            )
        ],
        "Access level significance": [
            (
                DOCTOR,
                (
                    "any number of ad accounts, about 60 points in 300 seconds for each",
                    "300 calls an hour for each",
                    "Meta may refuse to let the app manage ad accounts, people's permissions and Pages",
                    "1 admin system user and 1 other system user; Limited access allows 1 and 1",
                ),
            )
        ],
        "Get advanced access": [
            (
                DOCTOR,
                (
                    "https://www.facebook.com/v26.0/dialog/oauth?client_id=7702148835519264&redirect_uri=YOUR_URL/",
                    "&redirect_uri=YOUR_URL/&scope=ads_management,business_management\n",
                ),
            )
        ],
        "Example use cases": [
            (
                DOCTOR,
                (
                    "1 ad account as owner: it has the permissions to read who has access (ads_read and business_m",
                    "1 ad account as owner: it cannot grant, change or revoke",
                    "2 ad accounts as agency: it has the permissions to read, request, withdraw and give up access",
                ),
            )
        ],
        "Business Verification": [
            (DOCTOR, ("the business is verified [verification_status", "is being looked at (pending)")),
            (0, ("let an admin of the business look in Business Settings, under Security Center",)),
        ],
        "Learn more": [(DOCTOR, ('"source": "Marketing API, Authorization"',))],
    },
    "Agencies, clients and on-behalf-of requests": {
        "Limited since 8 June 2021": [
            (5, ("does not have the capability to make this API call (code 3", "The next plan says by hand")),
            (0, ("1 step by hand: Meta does not open asking clients for ad accounts", "or after 90 days")),
        ],
        "Requesting access": [
            (
                0,
                (
                    "> request Kastanie Media GmbH (kastanie, 1190437725618032)\n    ADVERTISE, ANALYZE, MODERATE\n",
                    "declared, not requested yet",
                ),
            )
        ],
        "... to an ad account": [
            (
                0,
                (
                    "by hand, at https://business.facebook.com/settings/partners: ",
                    "(556203941187725) adds",
                    "(1190437725618032) as a partner on",
                    "act_1527740963318250, with ADVERTISE, ANALYZE",
                    "since 8 June 2021 only some apps",
                ),
            )
        ],
        "... to a Page": [
            (0, ("Apply complete: 1 requested. 1 waiting.",)),
            (0, ("requested; the client has not answered yet", "No changes.")),
        ],
        "Notices and outstanding requests": [
            (
                0,
                (
                    "Page birkenhof-events (109948273615530) Birkenhof Events … waits for the client",
                    'the client "Birkenhof Bakeries" (birkenhof, 556203941187725) since 2026-10-01',
                    "3 waiting: 3 for clients (1 stale).",
                ),
            ),
            (0, ("To: Birkenhof Bakeries", "Please accept or decline each under Business Settings > Requests")),
        ],
        "Accepting a request": [
            (
                0,
                (
                    "+ accept Feldweg Digital",
                    "the agency has asked, and the manifests declare it",
                    "? unmanaged Birkenhof Bakeries (birkenhof, 556203941187725) has asked for ANALYZE",
                ),
            )
        ],
        "Only the owner gives access": [
            (0, ('owned by "Birkenhof Bakeries"', "access of ours that is not declared is given up"))
        ],
        "Giving access to an ad account": [
            (0, ("+ accepted Feldweg Digital", "Apply complete: 1 granted.")),
            (0, ("No changes. Live access matches the manifests.",)),
        ],
        "Giving access to a Page": [
            (0, ("+ granted Feldweg Digital", "on Page lindenau-page", "Apply complete: 1 granted.")),
            (0, ("No changes. Live access matches the manifests.",)),
        ],
        "Review by a second admin": [
            (0, ("takes effect when a second admin of the owner approves it", "/settings/requests/admin_reviews")),
            (0, ("granted; a second admin of the owner must approve it", "No changes.", "1 waiting.")),
        ],
        "Page admins accept in Page settings": [
            (0, ("done: accept 109948273615530",)),
            (0, ("No changes. Live access matches the manifests.",)),
        ],
        "Removing access to an ad account or a Page": [
            (
                0,
                (
                    "- revoked Feldweg Digital (feldweg, 402871195630248) on ad account lindenau-past",
                    "- revoked Feldweg Digital (feldweg, 402871195630248) on Page lindenau-past-page",
                    "Apply complete: 2 revoked.",
                ),
            )
        ],
        "Who has access to an ad account": [
            (
                0,
                (
                    "Feldweg Digital (feldweg, 402871195630248) ADVERTISE, ANALYZE, from access/owned.yaml:8",
                    "live: confirmed with ADVERTISE, ANALYZE",
                    "as declared",
                    "Birkenhof Bakeries (birkenhof, 556203941187725) declared nowhere live: pending with ANALYZE",
                ),
            )
        ],
        "Who has access to a Page": [(0, ("live: confirmed with ADVERTISE, ANALYZE, MODERATE", "as declared"))],
        "Who has access to the business's assets": [
            (0, ("Access review", "Page lindenau-page (106284419375206)", "Declared are 5 of 5 live grants (100 %)"))
        ],
        "Who has given you access": [
            (0, ("ad account birkenhof-uk (act_640217739582116)", "Page birkenhof-events (109948273615530)"))
        ],
        "On-behalf-of: what it is": [
            (0, ("4 requests: 2 waiting, 1 approved, 1 ended.",)),
            (0, ("live: confirmed", 'on behalf of: "Feldweg Digital" (feldweg, 402871195630248) asks to act on')),
        ],
        "On-behalf-of: one request": [
            (
                0,
                (
                    "waits for an answer (IN_PROGRESS), received",
                    "from Feldweg Digital",
                    "to act on behalf of Lindenau Foods GmbH",
                    "on ad account lindenau-brand",
                ),
            )
        ],
        "On-behalf-of: cancel": [
            (3, ("refused: on-behalf-of request 9001 is not canceled", "can cancel it")),
            (3, ("refused: on-behalf-of request 9004 is not canceled: it has ended",)),
            (0, ("- request 9002 canceled",)),
            (0, ("canceled its request 9002 to act on behalf of", "applied [run")),
        ],
        "On-behalf-of: status by ad account": [(0, ("9003 approved (APPROVE)", "1 request: 1 approved."))],
        "On-behalf-of: received": [
            (
                0,
                (
                    "Meta no longer answers 318204775190466/received_inprogress_onbehalf_requests",
                    "was asked instead",
                    "2 requests: 1 waiting, 1 approved.",
                ),
            )
        ],
        "On-behalf-of: sent": [
            (
                0,
                (
                    "Meta no longer answers 318204775190466/sent_inprogress_onbehalf_requests",
                    "was asked instead",
                    "9002 canceled (CANCELED), sent",
                ),
            )
        ],
    },
    "Managed Meta accounts": {
        "What they are": [(0, (OWN_ACCOUNT, MANAGED_ACCOUNT, "it is the token of a person"))],
        "What they cannot do": [(0, ("Meta ignores user_* permissions of such accounts, and accessctl needs none",))],
        "Migration and its deadline": [
            (0, ("the token of rothmann loses ad account rothmann-brand (act_1836402957715528)", "on 4 May 2099"))
        ],
        "What it does to integrations": [
            (
                DOCTOR,
                (
                    "where that person moves to a managed Meta account, it loses what the business gave it",
                    "and so does every Page token made from it",
                    "use the token of a system user instead: those, and what partners share, are not affected",
                    "it is the token of a system user",
                ),
            )
        ],
        "What apps should do": [
            (
                DOCTOR,
                (
                    "use the token of a system user instead",
                    "or let the person log in again with the managed account, and set the token of that",
                ),
            ),
            (0, ('"losing"', '"alias": "rothmann-brand"', '"expires_at": "2099-05-04T12:00:00')),
        ],
        "Test users": [(0, ("it is the token of a person", OWN_ACCOUNT, MANAGED_ACCOUNT))],
        "Making a test user": [],
        "Testing with it": [(DOCTOR, ('it speaks for "Person of Rothmann Drinks GmbH"',))],
        "Simulating the move": [
            (0, ("Later, in more than 60 days", "on 4 May 2099", "No changes. Live access matches the manifests.")),
            (0, ("in the sandbox it is now 2099-05-05T00:00:00Z",)),
            (DOCTOR, (f"problem this token {LOST}", "hidden, not deleted, as far as is known")),
        ],
        "Before you can simulate it": [],
        "Webhook": [(0, ("The webhook listens on", "Products > Webhooks > Managed Meta Account"))],
        "Setting the webhook up": [],
        "Its events": [
            (0, ("done: the webhook has taken the notice",)),
            (0, ("done: the webhook has taken the notice",)),
        ],
        "Who moves, and when": [
            (0, (f"this token's person {TO_MANAGED}; it loses access on", "(in 4")),
            (5, (f"1 person of this app {TO_MANAGED} on", "No changes. 1 blocked.")),
        ],
        "`is_work_account`": [(DOCTOR, (f"{MANAGED_ACCOUNT}: the organization can", "[is_work_account of GET /me]"))],
        "`user_access_expire_time`": [
            (0, ("starts again",)),
            (0, ("in the sandbox it is now 2099-04-14T00:00:00Z",)),
            (
                0,
                (
                    "! the token of kastanie loses Page birkenhof-events (109948273615530)",
                    "! the token of rothmann loses ad account rothmann-brand (act_1836402957715528)",
                    '"Rothmann Brand" on 4 May 2099 (in 20 days)',
                    '! the token of rothmann loses "Rothmann Drinks GmbH" (rothmann, 274910338265017) itself on 1 June',
                ),
            ),
        ],
        "What that field does not tell": [
            (
                0,
                (
                    "Meta foretells no end of what this token sees; it does so only for what",
                    "only for what the person was assigned directly, and the rest may be lost without a word",
                ),
            )
        ],
        "Requests and answers: before, without an end, after": [
            (
                0,
                (
                    "warning this token loses ad account rothmann-brand (act_1836402957715528) on 4 May 2099 (in 20",
                    "Meta foretells no end of what this token sees",
                ),
            ),
            (0, ("in the sandbox it is now 2099-05-05T",)),
            (
                5,
                (
                    "ad account rothmann-brand (act_1836402957715528) ! blocked everything on this asset",
                    "Page birkenhof-events (109948273615530) ! blocked Kastanie Media GmbH",
                    "No changes. 2 blocked.",
                ),
            ),
        ],
        "Permissions to read that field": [
            (
                DOCTOR,
                (
                    "it has the permissions to read who has access (ads_read and business_management)",
                    "its permissions cover the business and all owned assets that the manifests declare",
                ),
            )
        ],
        "Troubleshooting: error 100": [
            (
                5,
                (
                    "this token lost act_1836402957715528 on 4 May 2099",
                    "it is hidden, not deleted, as far as the evidence goes",
                    "No changes. 1 blocked.",
                ),
            ),
            (5, ("it is hidden from this token, or gone (Meta: code 100)", "No changes. 1 blocked.")),
            (
                0,
                (
                    "cannot be known: whether this token lost ad account rothmann-brand (act_1836402957715528)",
                    "Meta's listing lacks that, and no end before now was noted, so it is hidden or gone",
                ),
            ),
        ],
        "What else may disturb calls": [
            (0, ("failed: Meta refused POST 1190437725618032/client_ad_accounts:", "(code 3, trace "))
        ],
    },
}
# Runs the command lines that come on stdin as JSON, one a line, without starting Python anew for each.
PROGRAM = """
import contextlib, io, json, sys
from accessctl.__main__ import run
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = run(json.loads(line))
    print(json.dumps([code, printed.getvalue()]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, and the document whose table it stands in."""

    document: str
    section: str
    does: str
    command: str

    @property
    def commands(self) -> list[str]:
        return [one.removeprefix("accessctl ") for one in re.findall(r"`(accessctl [^`]+)`", self.command)]


def rows() -> Iterator[Row]:
    document = ""
    for line in PART.splitlines():
        if found := re.fullmatch(r"\*\*(.+)\*\*", line):
            document = found[1]
        elif line.startswith("| ") and not line.startswith("| section |"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            yield Row(document, *cells)


ROWS = [*rows()]
EXPORTED = dict(
    word.split("=", 1)
    for line in re.findall(r"^export .*$", PART, re.MULTILINE)
    for word in shlex.split(line, comments=True)[1:]
)


def flat(text: str) -> str:
    return " ".join(text.split())


def copied(to: Path) -> Path:
    return shutil.copytree(EXAMPLE, to, ignore=shutil.ignore_patterns(".*"))


class Shell:
    """Runs commands of the table in a copy of the example."""

    def __init__(self, here: Path, running: contextlib.ExitStack) -> None:
        self.here = here
        self._running = running
        self._url = WEBHOOK
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ACCESSCTL", "GITHUB_", "CI"))}
        paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONWARNINGS": "error", "COLUMNS": "80"}
        self._child = running.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM],
                cwd=here,
                env=kept | paths | EXPORTED,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        )

    def run(self, line: str) -> tuple[int, str]:
        """Return the exit code and all that is printed."""
        args = shlex.split(line.replace("$PWD", str(self.here)).replace(WEBHOOK, self._url))
        if args[:2] == ["webhook", "serve"]:
            return self._served(args[2:])
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(args) + "\n")
        self._child.stdin.flush()
        code, printed = json.loads(self._child.stdout.readline())
        return code, printed

    def _served(self, args: list[str]) -> tuple[int, str]:
        """Start the service, on a free port instead of 8080, and return what it has said by the time it listens."""
        service = Service(self.here, *args, **EXPORTED)
        self._running.callback(service.end)
        self._url = service.url
        lines = [*service.said, *(service.process.stdout.readline() for _ in range(5))]
        return 0, "".join(lines)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """Return what the commands of each row print, run from top to bottom as a reader does."""
    here = copied(tmp_path_factory.mktemp("documents") / "documents")
    with contextlib.ExitStack() as running:
        shell = Shell(here, running)
        return {(row.document, row.section): [shell.run(line) for line in row.commands] for row in ROWS}


def test_every_section_of_the_four_documents_has_its_row_in_the_order_of_the_document() -> None:
    assert [(row.document, row.section) for row in ROWS] == [
        (document, section) for document, sections in PROMISED.items() for section in sections
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.section)
def test_a_row_has_a_command_or_says_that_it_is_done_by_hand(row: Row) -> None:
    assert row.does
    assert bool(row.commands) is (row.command != BY_HAND)
    assert row.commands or BY_HAND in row.does
    assert len(row.commands) == len(PROMISED[row.document][row.section])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.section)
def test_a_command_of_the_table_prints_what_its_row_promises(
    row: Row, printed: dict[tuple[str, str], list[tuple[int, str]]]
) -> None:
    found = deque(printed[row.document, row.section])
    for code, words in PROMISED[row.document][row.section]:
        ended, text = found.popleft()
        assert ended == code, text
        for some in words:
            assert some in text or some in flat(text), f"{some!r} is not in:\n{text}"
    assert not found


def test_the_copy_is_made_by_the_command_that_stands_above_the_table(tmp_path: Path) -> None:
    (made,) = re.findall(r"^cp -r examples/documents .*$", PART, re.MULTILINE)
    place = tmp_path / "checkout"
    copied(place / "examples" / "documents")
    ended = subprocess.run(["sh", "-ec", f"{made} && pwd"], cwd=place, capture_output=True, text=True, check=True)
    here = Path(ended.stdout.strip())
    assert here.parent == tmp_path.resolve()
    with contextlib.ExitStack() as running:
        assert Shell(here, running).run("validate")[0] == 0


def test_a_notice_is_seen_in_the_sandbox_where_all_three_are_given_the_same_state(tmp_path: Path) -> None:
    (block,) = [one for one in re.findall(r"```sh\n(.*?)```", WEBHOOK_PART, re.DOTALL) if "sandbox notify" in one]
    exported, *lines = block.splitlines()
    assert exported in PART  # what the shell here has, too
    with contextlib.ExitStack() as running:
        shell = Shell(copied(tmp_path / "documents"), running)
        found = [shell.run(line.removeprefix("accessctl ")) for line in lines]
        without = shell.run("plan --sandbox after.yaml")
    assert [code for code, _ in found] == [0, 0, 5, 0]
    assert f"1 person of this app {TO_MANAGED} on" in flat(found[2][1])
    assert f"this token's person {TO_MANAGED}; it loses access on" in flat(found[3][1])
    assert TO_MANAGED not in flat(without[1])


def test_on_the_day_after_only_what_the_person_could_see_is_out_of_sight(tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        code, text = Shell(copied(tmp_path / "documents"), running).run("plan --sandbox after.yaml --format json")
    plan = json.loads(text)
    assert code == 5
    assert not plan["actions"]
    assert [one["asset"]["alias"] for one in plan["blocked"]] == ["rothmann-brand"]


def test_each_finding_of_doctor_names_its_source(printed: dict[tuple[str, str], list[tuple[int, str]]]) -> None:
    ((_, text),) = printed["Marketing API: Authorization", "Learn more"]
    assert all(finding["source"] for finding in json.loads(text)["findings"])


def test_a_day_that_is_near_stands_in_plan_and_doctor(tmp_path: Path) -> None:
    here = copied(tmp_path / "documents")
    end = datetime.now(UTC) + timedelta(days=12)
    world = here / "world.yaml"
    text = world.read_text(encoding="utf-8").replace("2099-05-04T12:00:00Z", f"{end:%Y-%m-%dT%H:%M:%SZ}")
    world.write_text(text, encoding="utf-8")
    with contextlib.ExitStack() as running:
        shell = Shell(here, running)
        plan, doctor = shell.run("plan"), shell.run("doctor")
    loses = f"loses ad account rothmann-brand (act_1836402957715528){{}} on {end.day} {end:%B %Y} (in 1"
    assert loses.format(' "Rothmann Brand"') in flat(plan[1])
    assert "warning this token " + loses.format("") in flat(doctor[1])


def test_the_example_is_in_order_and_fits_the_schemas_its_files_name(tmp_path: Path) -> None:
    for path in EXAMPLE.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named
        schema = (path.parent / named[1]).resolve()
        assert schema.parent == ROOT / "schemas"
        validator = Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
        assert not list(validator.iter_errors(yaml.load(text, Plainly))), path
    with contextlib.ExitStack() as running:
        code, text = Shell(copied(tmp_path / "documents"), running).run("validate")
    assert (code, text) == (0, "4 files: 6 ad accounts, 4 Pages, 8 grants. No problems.\n")


def test_the_readme_of_the_example_shows_commands_that_run(tmp_path: Path) -> None:
    here = copied(tmp_path / "documents")
    text = here.joinpath("README.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    commands = [line.removeprefix("accessctl -C examples/documents ") for line in lines if line.startswith("accessctl")]
    with contextlib.ExitStack() as running:
        shell = Shell(here, running)
        ended = [shell.run(line)[0] for line in commands]
    assert ended == [0, 1, 0, 0, 0, 0, 5, 0]
    assert {path.name for path in EXAMPLE.glob("*.yaml")} <= set(re.findall(r"`([\w.]+\.yaml)`", text))
