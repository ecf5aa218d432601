"""The command line as a user meets it: words, exit codes, and nothing loaded that is not needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accessctl.cli import COMMANDS
from tests.company import ACME, DATACO, MEDIAHOUSE, STRANGER, Company

BUYER = ["ADVERTISE", "ANALYZE"]
SANDBOX = ("--sandbox", "world.yaml")


@pytest.fixture
def brand(company: Company) -> Company:
    """A grant, a revoke and something unchanged."""
    live = {MEDIAHOUSE: BUYER, STRANGER: BUYER}
    company.asset("ad_account", "de", "71", agencies={"mediahouse": BUYER}, live=live)
    company.asset("page", "fr", "72", agencies={"mediahouse": BUYER}, live={})
    company.write()
    return company


def test_the_version_loads_neither_http_nor_schemas_nor_differences(run):
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "accessctl", "--version"], capture_output=True, text=True
    )
    assert re.fullmatch(r"accessctl \d+\.\d+\.\d+\n", found.stdout)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert loaded & {"httpx", "deepdiff", "jsonschema", "yaml", "rich", "filelock"} == set()
    assert "click" in loaded


def test_validate_loads_neither_http_nor_schemas_nor_differences(brand):
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "accessctl", "validate"],
        capture_output=True,
        text=True,
        cwd=brand.directory,
    )
    assert found.returncode == 0
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert loaded & {"httpx", "deepdiff", "jsonschema"} == set()


EACH_ALONE = """
import importlib, os
from accessctl.cli import COMMANDS
for name in COMMANDS:
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, name
    else:
        importlib.import_module(f"accessctl.cli.{name}")
        os._exit(0)
"""


def test_every_command_loads_what_it_needs_itself():
    found = subprocess.run([sys.executable, "-c", EACH_ALONE], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["plan", "--exclude", "uk", *SANDBOX], 0),
        (["plan"], 1),
        (["plan", "--exclude", "uk", "--detailed-exitcode", *SANDBOX], 2),
        (["apply", "--exclude", "uk", *SANDBOX], 3),
        (["show", "forged.json"], 4),
        (["plan", *SANDBOX], 5),
        (["nope"], 64),
    ],
)
def test_a_process_of_its_own_says_what_is_said_here_and_ends_with_its_code(brand, run, run_alone, args, code):
    brand.asset("page", "uk", "76", agencies={"mediahouse": BUYER}, live={}, page_token=False)
    brand.write()
    run("plan", "--out", "plan.json", *SANDBOX)
    plan = (brand.directory / "plan.json").read_text()
    (brand.directory / "forged.json").write_text(plan.replace("ADVERTISE", "MANAGE", 1))
    here, alone = run(*args), run_alone(*args)
    assert (here.returncode, alone.returncode) == (code, code)
    assert (here.stdout, here.stderr) == (alone.stdout, alone.stderr)


@pytest.mark.parametrize("command", [*COMMANDS, "sandbox serve", "sandbox accept", "sandbox reset"])
def test_every_command_has_help_with_a_line_and_an_example(run, command):
    found = run(*command.split(), "--help")
    assert found.returncode == 0
    assert "Example: accessctl " in found.stdout
    first = COMMANDS.get(command)
    if first:
        assert first.split(";")[0].rstrip(".").split(",")[0][:20] in run("--help").stdout


def test_no_command_at_all_is_wrong_usage(run):
    assert run().returncode == 64


@pytest.mark.parametrize(
    "args",
    [
        ["nope"],
        ["plan", "--nope"],
        ["schema", "nope"],
        ["-C", "nowhere", "plan"],
        ["show"],
        ["apply", "--parallelism", "0"],
    ],
)
def test_wrong_usage_exits_with_64_and_says_how_it_is_used(run, args):
    found = run(*args)
    assert found.returncode == 64
    assert found.stdout == ""
    assert found.stderr.startswith("error: ")
    assert "--help" in found.stderr


def test_plan_apply_plan(brand, run_alone):
    planned = run_alone("plan", *SANDBOX)
    assert planned.returncode == 0, planned.stderr
    assert "Plan: 1 to grant, 1 to revoke. 1 unchanged.\n" in planned.stdout
    applied = run_alone("apply", "--auto-approve", *SANDBOX)
    assert applied.returncode == 0
    assert applied.stdout.endswith("Apply complete: 1 granted, 1 revoked.\n")
    again = run_alone("plan", "--detailed-exitcode", *SANDBOX)
    assert (again.returncode, again.stderr) == (0, "")
    assert "\nNo changes. Live access matches the manifests.\n" in again.stdout


def test_changes_that_are_pending_exit_with_2_where_that_is_asked_for(brand, run):
    assert run("plan", "--detailed-exitcode", *SANDBOX).returncode == 2
    assert run("plan", "--detailed-exitcode", "--exclude", "de", "--exclude", "fr", *SANDBOX).returncode == 0


def test_every_option_can_come_from_the_environment(brand, run):
    assert run("plan", ACCESSCTL_PLAN_DETAILED_EXITCODE="1", ACCESSCTL_SANDBOX="world.yaml").returncode == 2
    found = run("plan", ACCESSCTL_PLAN_SANDBOX="world.yaml", ACCESSCTL_PLAN_FORMAT="json", ACCESSCTL_PLAN_TARGET="fr")
    assert [action["asset"]["alias"] for action in json.loads(found.stdout)["actions"]] == ["fr"]


def test_a_plan_is_saved_shown_and_applied_as_it_was(brand, run):
    run("plan", "--out", "plan.json", *SANDBOX)
    planned = run("plan", *SANDBOX).stdout
    shown = run("show", "plan.json")
    assert (shown.returncode, shown.stdout) == (0, planned)
    document = json.loads(run("show", "plan.json", "--format", "json").stdout)
    assert document == json.loads((brand.directory / "plan.json").read_text())
    wrong = run("apply", "plan.json", "--auto-approve", "--expect-digest", "sha256:" + "0" * 64, *SANDBOX)
    assert (wrong.returncode, brand.writes) == (4, ())
    right = run("apply", "plan.json", "--auto-approve", "--expect-digest", document["digest"], *SANDBOX)
    assert (right.returncode, len(brand.writes)) == (0, 2)


def test_a_plan_that_was_changed_is_refused(brand, run):
    run("plan", "--out", "plan.json", *SANDBOX)
    path = brand.directory / "plan.json"
    path.write_text(path.read_text().replace("ADVERTISE", "MANAGE", 1))
    for command in (["show", "plan.json"], ["apply", "plan.json", "--auto-approve", *SANDBOX]):
        found = run(*command)
        assert found.returncode == 4
        assert "was changed after it was written" in found.stderr
    assert brand.writes == ()


def test_a_plan_of_other_manifests_is_refused(brand, run):
    run("plan", "--out", "plan.json", *SANDBOX)
    brand.manifest["pages"]["fr"]["agencies"] = {}
    brand.write()
    found = run("apply", "plan.json", "--auto-approve", *SANDBOX)
    assert (found.returncode, brand.writes) == (4, ())
    assert "manifests have changed" in found.stderr


def test_a_saved_plan_takes_no_wishes(brand, run):
    run("plan", "--out", "plan.json", *SANDBOX)
    assert run("apply", "plan.json", "--target", "fr", *SANDBOX).returncode == 64


def test_nobody_at_the_terminal_is_a_no_and_not_a_hang(brand, run):
    found = run("apply", *SANDBOX)
    assert (found.returncode, brand.writes) == (3, ())
    assert "refused: nobody is at the terminal" in found.stderr
    assert "--auto-approve" in found.stderr


@pytest.mark.parametrize(("answer", "code", "writes"), [("yes", 0, 2), ("y", 3, 0), ("", 3, 0), ("YES", 3, 0)])
def test_a_person_is_asked_and_only_yes_will_do(brand, answer, code, writes):
    import os
    import pty

    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "accessctl", "apply", *SANDBOX],
        cwd=brand.directory,
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.write(parent, f"{answer}\n".encode())
    output, _ = process.communicate(timeout=60)
    os.close(parent)
    os.close(child)
    assert (process.returncode, len(brand.writes)) == (code, writes), output
    assert "Apply 2 actions? Only yes will do" in output


def test_a_refused_plan_is_shown_in_full_and_exits_with_3(brand, run):
    for number in range(80, 92):
        brand.asset("page", f"p-{number}", str(number), agencies={}, live={STRANGER: BUYER})
    brand.write()
    planned = run("plan", *SANDBOX)
    assert planned.returncode == 3
    assert planned.stdout.count("- revoke") == 13
    assert "refused: this plan would revoke 13 of 14 live grants (93 %, the limit is 25 %)" in planned.stdout
    assert planned.stderr == "hint: if that is what you want, confirm the number: --allow-revokes 13\n"
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 3
    assert run("apply", "--auto-approve", "--allow-revokes", "12", *SANDBOX).returncode == 3
    assert brand.writes == ()
    confirmed = run("apply", "--auto-approve", "--allow-revokes", "13", *SANDBOX)
    assert confirmed.returncode == 0
    assert "refused" not in confirmed.stdout


def test_what_could_not_be_read_exits_with_5(brand, run):
    brand.world["pages"]["72"]["page_token"] = False
    brand.write()
    planned = run("plan", "--detailed-exitcode", *SANDBOX)
    assert planned.returncode == 5
    assert "! blocked everything on this asset" in planned.stdout
    assert run("apply", "--auto-approve", *SANDBOX).returncode == 5


def test_mistakes_are_all_shown_in_order_and_nothing_else_is_done(brand, run):
    (brand.directory / "access" / "more.yaml").write_text("page: {}\n")
    brand.manifest["ad_accounts"]["de"]["agencies"] = {"mediahous": ["ANALYSE"]}
    brand.write()
    for command in (["validate"], ["plan", *SANDBOX], ["apply", "--auto-approve", *SANDBOX]):
        found = run(*command)
        assert (found.returncode, found.stdout) == (1, "")
        lines = found.stderr.splitlines()
        assert re.match(r"access/all.yaml:\d+:\d+: unknown task 'ANALYSE' for an ad account \(did you mean", lines[0])
        assert lines[1].startswith("access/more.yaml:1:1: unknown key 'page' (did you mean pages?)")
        assert lines[2] == "error: 2 problems in 2 files"


def test_validate_as_json_says_where_and_what(brand, run):
    good = json.loads(run("validate", "--format", "json").stdout)
    assert good == {"valid": True, "problems": [], "warnings": []}
    (brand.directory / "access" / "more.yaml").write_text("page: {}\n")
    found = run("validate", "--format", "json")
    document = json.loads(found.stdout)
    assert (found.returncode, document["valid"]) == (1, False)
    assert document["problems"][0]["file"] == "access/more.yaml"
    assert (document["problems"][0]["line"], document["problems"][0]["column"]) == (1, 1)


def test_a_directory_that_is_no_project_is_an_error_in_words(run):
    found = run("validate")
    assert found.returncode == 1
    assert "accessctl.yaml" in found.stderr
    assert "Traceback" not in found.stderr


def test_plan_without_a_token_names_the_variable_to_set(brand, run):
    found = run("plan")
    assert found.returncode == 1
    assert "no token for acme (business 1001)" in found.stderr
    assert "ACCESSCTL_TOKEN_ACME" in found.stderr


def test_there_is_no_way_to_pass_a_token_as_an_argument(run):
    for command in ("plan", "apply"):
        assert " --token " not in run(command, "--help").stdout


def test_the_sandbox_and_a_url_are_one_too_many(brand, run):
    found = run("plan", "--graph-url", "http://127.0.0.1:1", *SANDBOX)
    assert found.returncode == 1
    assert "two different Graph APIs" in found.stderr


@pytest.mark.parametrize("world", ["none.yaml", "access/all.yaml"])
def test_a_world_that_is_none_is_an_error_in_words(brand, run, world):
    found = run("plan", "--sandbox", world)
    assert found.returncode == 1
    assert found.stderr.startswith("error: ")
    assert "Traceback" not in found.stderr


def test_the_result_of_apply_as_json_has_every_step(brand, run):
    found = run("apply", "--auto-approve", "--format", "json", *SANDBOX)
    document = json.loads(found.stdout)
    assert document["graph"]["calls"] >= document["graph"]["requests"] > 0
    assert [step["outcome"] for step in document["steps"]] == ["applied", "applied"]
    assert document["summary"]["applied"] == 2
    assert "Plan: 1 to grant" in found.stderr


def test_no_colour_where_there_is_no_terminal_and_as_much_as_is_forced(brand, run):
    assert "\x1b[" not in run("plan", *SANDBOX).stdout
    assert "\x1b[32m" in run("plan", *SANDBOX, FORCE_COLOR="1").stdout
    assert "\x1b[" not in run("plan", *SANDBOX, FORCE_COLOR="1", NO_COLOR="1").stdout


@pytest.mark.parametrize("name", ["project", "manifest", "plan", "report", "snapshot", "world"])
def test_schemas_are_printed_as_they_are_in_the_repository(run, name):
    file = Path(__file__).parent.parent / "schemas" / f"{name}.schema.json"
    assert json.loads(run("schema", name).stdout) == json.loads(file.read_text())


def test_who_what_and_why_name_the_lines(brand, run):
    who = run("who", "de").stdout
    assert 'ad account de (act_71), owned by "Acme GmbH" (acme, 1001)' in who
    line = re.search(r"access/all\.yaml:(\d+)", run("why", "mediahouse", "de").stdout)
    text = (brand.directory / "access" / "all.yaml").read_text().splitlines()[int(line[1]) - 1]
    assert text.strip() == "mediahouse:"
    assert run("what", "mediahouse").stdout.count("ADVERTISE, ANALYZE, from access/all.yaml") == 2


def test_who_what_and_why_show_live_access_beside_it(brand, run):
    who = run("who", "de", "--with-live", *SANDBOX).stdout
    assert "live: confirmed with ADVERTISE, ANALYZE, as declared" in who
    assert "Stranger Ltd (4004)\n    declared nowhere\n    live: confirmed with ADVERTISE, ANALYZE\n" in who
    why = run("why", STRANGER, "act_71", "--with-live", *SANDBOX).stdout
    assert "plan: would be revoked: no manifest gives this agency access" in why
    assert "no access" in run("why", "mediahouse", "fr", "--with-live", *SANDBOX).stdout
    nothing = json.loads(run("why", "dataco", "fr", "--format", "json", "--with-live", *SANDBOX).stdout)
    assert (nothing[0]["declared"], nothing[0]["live"]["status"]) == (None, "absent")


def test_who_what_and_why_as_json_hold_both_sides(brand, run):
    (pair,) = [
        one
        for one in json.loads(run("what", "mediahouse", "--with-live", "--format", "json", *SANDBOX).stdout)
        if one["asset"]["alias"] == "de"
    ]
    assert pair["declared"]["tasks"] == pair["live"]["tasks"] == BUYER
    assert pair["declared"]["sources"][0]["file"] == "access/all.yaml"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["who", "dee"], "did you mean de?"),
        (["who", "act_99"], "no manifest declares act_99"),
        (["why", "mediahouse", "act_99"], "no manifest declares act_99"),
        (["why", "de", "mediahouse"], "the agency comes before the asset"),
        (["what", "nobody"], "no business is called 'nobody'"),
    ],
)
def test_a_name_nobody_knows_is_an_error_in_words(brand, run, args, said):
    found = run(*args)
    assert found.returncode == 1
    assert said in found.stderr


def test_what_of_an_agency_that_holds_nothing_says_so(brand, run):
    assert run("what", "999", "--with-live", *SANDBOX).stdout == "business 999\n  holds nothing\n"
    unseen = run("what", "999").stdout
    assert unseen.startswith("business 999\n  no manifest gives it anything\n  plan: nobody looked at what is live")


def test_who_on_an_undeclared_and_on_an_unreadable_asset(brand, run):
    brand.asset("page", "old", "75", live={STRANGER: BUYER})
    brand.asset("page", "uk", "76", agencies={"mediahouse": BUYER}, live={}, page_token=False)
    brand.asset("page", "gone", "77", agencies={"mediahouse": BUYER}, manage="additive")
    brand.write()
    assert "no manifest declares it, so accessctl leaves it alone" in run("who", "75", "--with-live", *SANDBOX).stdout
    assert "additive" not in run("who", "75", "--with-live", *SANDBOX).stdout
    assert "live: could not be read" in run("who", "uk", "--with-live", *SANDBOX).stdout
    gone = run("who", "gone", "--with-live", *SANDBOX).stdout
    assert "additive: only declared access is touched" in gone
    assert "live: could not be read: acme (1001) does not list it: it is hidden from" in " ".join(gone.split())
    assert "additive" in run("why", "dataco", "gone").stdout
    assert "no manifest declares this asset" in run("why", "dataco", "75", "--with-live", *SANDBOX).stdout


def test_an_asset_without_agencies_says_so(brand, run):
    brand.asset("page", "empty", "75", agencies={}, live={})
    brand.write()
    assert "no agency has access" in run("who", "empty", "--with-live", *SANDBOX).stdout
    assert "no manifest gives any agency access" in run("who", "empty").stdout


def test_people_in_the_sandbox_act_and_it_can_start_again(brand, run):
    brand.asset("page", "shop", "79", owner="client", agencies={"acme": BUYER}, live={})
    brand.write()
    run("apply", "--auto-approve", *SANDBOX)
    listed = run("sandbox", "accept", "world.yaml").stdout
    assert listed == f"79 {ACME}  Acme GmbH on Shop waits for the client: ADVERTISE, ANALYZE\n"
    assert run("sandbox", "accept", "world.yaml", "79").returncode == 64
    assert run("sandbox", "accept", "world.yaml", "79", ACME).returncode == 0
    assert run("sandbox", "approve", "world.yaml", "79", ACME).returncode == 1
    assert run("sandbox", "decline", "world.yaml").stdout == "Nothing waits for anybody.\n"
    assert "\nNo changes. Live access matches the manifests.\n" in run("plan", *SANDBOX).stdout
    assert run("sandbox", "reset", "world.yaml").returncode == 0
    assert "1 to grant, 1 to revoke, 1 to request" in run("plan", *SANDBOX).stdout


def test_init_writes_a_project_that_validates_and_plans_at_once(run, tmp_path):
    written = run("init", "demo")
    assert written.returncode == 0, written.stderr
    assert run("-C", "demo", "validate").stdout == "2 files: 2 ad accounts, 1 Page, 5 grants. No problems.\n"
    planned = run("-C", "demo", "plan", *SANDBOX)
    assert planned.returncode == 0
    assert "Plan: 3 to grant, 1 to change, 1 to revoke." in planned.stdout
    assert (tmp_path / "demo" / ".gitignore").read_text().endswith(".accessctl/\n")


@pytest.mark.parametrize("args", [[], ["--example", "brand"], ["--example", "agency"]])
def test_the_editors_schema_of_every_file_that_init_writes_is_there(run, tmp_path, args):
    run("init", "demo", *args)
    files = list((tmp_path / "demo").rglob("*.yaml"))
    assert files
    for path in files:
        (schema,) = re.findall(r"^# yaml-language-server: \$schema=(.+)$", path.read_text(), re.MULTILINE)
        assert (path.parent / schema).is_file(), (path, schema)


def test_init_touches_nothing_that_is_there(run, tmp_path):
    (tmp_path / "accessctl.yaml").write_text("mine")
    found = run("init")
    assert found.returncode == 1
    assert "nothing was written" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["accessctl.yaml"]


def test_init_where_nothing_can_be_written_is_an_error_in_words(run, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in run("init", "file/below").stderr


def test_a_stdout_that_closes_is_no_traceback(brand):
    process = subprocess.Popen(
        [sys.executable, "-m", "accessctl", "plan", "--format", "json", *SANDBOX],
        cwd=brand.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) in (0, 1)
    assert "Traceback" not in said


@pytest.fixture
def doubtful(company):
    """A company in which dataco holds something wherever nobody can read it."""
    held = {"agencies": {}, "live": {DATACO: ["ANALYZE"]}}
    company.asset("ad_account", "faulty", "71", **held, fault={"code": 10, "message": "no"})
    company.asset("ad_account", "hidden", "72", **held, hidden=True)
    company.asset("page", "no-token", "73", **held, page_token=False)
    company.asset("page", "missed", "74", **held, partners_miss=[DATACO])
    company.asset("ad_account", "sound", "75", agencies={}, live={})
    company.asset("page", "shop", "79", owner="client", agencies={"acme": BUYER}, live={ACME: BUYER, DATACO: BUYER})
    company.write()
    return company


@pytest.mark.parametrize("asset", ["faulty", "hidden", "no-token", "missed"])
@pytest.mark.parametrize("snapshot", [False, True])
def test_what_could_not_be_read_is_never_explained_as_no_access(doubtful, run, asset, snapshot):
    live = ["--with-live", *SANDBOX]
    if snapshot:
        assert run("snapshot", "--out", "live.json", *SANDBOX).returncode == 5
        live = ["--live", "live.json"]
    who = run("who", asset, *live)
    why = run("why", "dataco", asset, *live)
    for found in (who, why):
        assert found.returncode == 5
        assert "live: could not be read" in found.stdout
        assert "no access" not in found.stdout.replace("is to have no access", "")
    assert "no agency has access" not in who.stdout
    assert "anybody else" in who.stdout
    document = json.loads(run("who", asset, *live, "--format", "json").stdout)
    assert [(row["agency"], row["live"]["status"]) for row in document] == [(None, "unreadable")]


def test_an_agency_that_may_hold_more_where_nobody_could_look_is_not_said_to_hold_nothing(doubtful, run):
    found = run("what", "dataco", "--with-live", *SANDBOX)
    assert found.returncode == 5
    assert "4 assets could not be read: it may hold more there" in found.stdout
    assert "holds nothing" not in found.stdout


def test_what_others_hold_at_a_client_is_not_known_to_an_agency(doubtful, run):
    found = run("why", "dataco", "shop", "--with-live", *SANDBOX)
    assert found.returncode == 5
    assert "only its owner sees what others hold on it" in found.stdout


def test_an_explanation_of_one_asset_reads_no_more_than_that(doubtful, run):
    found = run("who", "sound", "--with-live", *SANDBOX)
    assert (found.returncode, "no agency has access" in found.stdout) == (0, True)
    for asset in ("faulty", "hidden"):  # which a reading of everything would have met
        assert asset not in found.stdout + found.stderr


def test_a_snapshot_is_not_taken_for_a_plan_that_was_changed(doubtful, run):
    run("snapshot", "--out", "live.json", *SANDBOX)
    for command in (["show", "live.json"], ["apply", "live.json", *SANDBOX]):
        found = run(*command)
        assert found.returncode == 1
        assert "live.json is no plan, it is a snapshot" in found.stderr
