"""Guards that the same change loosens are flagged, also where only git knows what they were (FAULTS J4)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.company import MEDIAHOUSE, Company

BUYER = ["ADVERTISE", "ANALYZE"]
SANDBOX = ("--sandbox", "world.yaml")
STRICT = {"max_revokes": 20, "max_revoke_percent": 25, "protect": ["mediahouse"]}
GIT = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed here")


def git(company: Company, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=company.directory, env=os.environ | GIT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(company: Company) -> str:
    company.write()
    git(company, "add", "--all")
    git(company, "commit", "--quiet", "--message", "x")
    return git(company, "rev-parse", "HEAD")


@pytest.fixture
def repository(company: Company) -> Company:
    """A project in git whose main branch has strict guards."""
    company.asset("page", "de", "77", agencies={"mediahouse": BUYER}, live={MEDIAHOUSE: BUYER})
    company.project["guards"] = STRICT
    git(company, "init", "--quiet", "--initial-branch", "main")
    commit(company)
    git(company, "checkout", "--quiet", "-b", "change")
    return company


@pytest.mark.parametrize(
    ("guards", "requests", "said"),
    [
        (STRICT, {}, []),
        ({**STRICT, "max_revokes": 19, "max_revoke_percent": 10, "protect": ["dataco", "mediahouse"]}, {}, []),
        ({**STRICT, "max_revokes": 21}, {}, ["guards.max_revokes is 21, it was 20"]),
        ({**STRICT, "max_revoke_percent": 100}, {}, ["guards.max_revoke_percent is 100, it was 25"]),
        ({**STRICT, "protect": []}, {}, ["guards.protect no longer has mediahouse (2002)"]),
        (STRICT, {"unexpected": "decline"}, ["requests.unexpected is decline, it was report"]),
        (
            {"max_revokes": 30},
            {},
            ["guards.max_revokes is 30, it was 20", "guards.protect no longer has mediahouse (2002)"],
        ),
    ],
)
def test_what_is_looser_than_at_a_commit_is_said(repository, run, guards, requests, said):
    repository.project |= {"guards": guards, "requests": requests}
    (commit if said else Company.write)(repository)  # what is not committed counts too
    found = run("plan", "--base-ref", "main", "--format", "json", *SANDBOX)
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert document["guards"].get("loosened", []) == said
    assert document["headlines"] == [f"Guards loosened since the base: {line}." for line in said]


def test_a_plan_with_loosened_guards_can_be_applied_where_they_still_let_it(repository, run):
    repository.project["guards"] = {**STRICT, "max_revokes": 21}
    repository.manifest["pages"]["de"]["agencies"]["dataco"] = ["ANALYZE"]
    commit(repository)
    assert run("plan", "--base-ref", "main", "--out", "plan.json", *SANDBOX).returncode == 0
    found = run("apply", "plan.json", "--auto-approve", *SANDBOX)
    assert found.returncode == 0, found.stderr
    assert "Guards loosened since the base: guards.max_revokes is 21, it was 20." in found.stdout


def test_a_commit_is_named_by_branch_tag_hash_or_distance(repository, run):
    before = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "v1")
    repository.project["guards"] = {**STRICT, "max_revokes": 21}
    commit(repository)
    for ref in ("v1", before[:10], "HEAD~1", "refs/heads/main"):
        found = run("plan", "--base-ref", ref, *SANDBOX)
        assert "guards.max_revokes is 21, it was 20" in found.stdout, (ref, found.stderr)
    assert "loosened" not in run("plan", "--base-ref", "HEAD", *SANDBOX).stdout


def test_a_project_below_the_top_of_its_repository_is_found(repository, run, tmp_path):
    below = repository.directory / "ads" / "germany"
    below.mkdir(parents=True)
    inner = Company(below)
    inner.manifest, inner.world = repository.manifest, repository.world
    inner.project["guards"] = {**STRICT, "max_revokes": 5}
    inner.write()
    commit(repository)
    inner.project["guards"] = {**STRICT, "max_revokes": 6}
    inner.write()
    found = run("plan", "--base-ref", "HEAD", *SANDBOX, cwd=below)
    assert "guards.max_revokes is 6, it was 5" in found.stdout, found.stderr
    assert "it was 5" in run("-C", str(below), "plan", "--base-ref", "HEAD", *SANDBOX).stdout


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("--output=/tmp/x", "is no name of a commit"),
        ("-p", "is no name of a commit"),
        ("", "is no name of a commit"),
        ("HEAD:accessctl.yaml", "is no name of a commit"),
        ("main\n--help", "is no name of a commit"),
        ("nowhere", "git knows no commit nowhere here"),
        ("0" * 40, "git knows no commit 0000"),
        ("main..change", "git knows no commit"),
        ("$(touch x)", "git knows no commit"),
    ],
)
def test_what_names_no_commit_is_refused_in_words(repository, run, ref, said):
    found = run("plan", f"--base-ref={ref}", *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert said in found.stderr
    assert "hint: " in found.stderr
    assert "Traceback" not in found.stderr
    assert not (repository.directory / "x").exists()


def test_what_is_missing_is_told(repository, run, tmp_path_factory):
    git(repository, "mv", "accessctl.yaml", "other.yaml")
    git(repository, "commit", "--quiet", "--message", "x")
    repository.write()
    assert "there was no accessctl.yaml in this directory at HEAD" in run("plan", "--base-ref", "HEAD", *SANDBOX).stderr
    outside = tmp_path_factory.mktemp("outside")
    for name in ("accessctl.yaml", "access", "world.yaml"):
        source = repository.directory / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, outside / name)
    found = run("plan", "--base-ref", "main", *SANDBOX, cwd=outside)
    assert (found.returncode, "this project is in no git repository" in found.stderr) == (1, True)
    found = run("plan", "--base-ref", "main", *SANDBOX, PATH=str(outside))
    assert (found.returncode, "git is not installed here" in found.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\nacts_as: [acme]\nguards: {max_revokes: many}\n", "main:accessctl.yaml:3:"),
        ("version: 1\nacts_as: [acme]\nguards: {max_revokes: 1, max_revokes: 2}\n", "main:accessctl.yaml:3:"),
        ("version: 1\nacts_as: [acme]\nguards: &a {}\n", "main:accessctl.yaml:3:"),
        ("[", "main:accessctl.yaml:"),
    ],
)
def test_the_file_of_a_commit_is_read_as_strictly_as_any(repository, run, text, said):
    (repository.directory / "accessctl.yaml").write_text(text)
    git(repository, "commit", "--quiet", "--all", "--message", "x")
    git(repository, "branch", "--force", "main")
    repository.write()
    found = run("plan", "--base-ref", "main", *SANDBOX)
    assert (found.returncode, found.stdout) == (1, "")
    assert said in found.stderr


def test_a_base_is_given_once(repository, run):
    assert run("plan", "--out", "base.json", *SANDBOX).returncode == 0
    found = run("plan", "--base", "base.json", "--base-ref", "main", *SANDBOX)
    assert (found.returncode, "--base-ref" in found.stderr) == (64, True)


def test_git_gets_none_of_our_settings_and_no_terminal(repository, run, tmp_path_factory):
    bin_ = tmp_path_factory.mktemp("bin")
    seen = bin_ / "seen"
    program = f"import os, sys\nopen({str(seen)!r}, 'a').write(repr(dict(os.environ)) + repr(sys.argv))\nsys.exit(1)\n"
    (bin_ / "git").write_text(f"#!{sys.executable}\n{program}")
    (bin_ / "git").chmod(0o755)
    secret = "EAAcanarycanarycanary"
    tokens = {"ACCESSCTL_TOKEN": secret, "ACCESSCTL_TOKEN_ACME": secret, "ACCESSCTL_APP_SECRET": secret}
    run("plan", "--base-ref", "main", *SANDBOX, PATH=f"{bin_}:{os.environ['PATH']}", **tokens)
    told = seen.read_text()
    assert "ACCESSCTL" not in told
    assert secret not in told
    assert "GIT_TERMINAL_PROMPT" in told


def test_an_alias_that_is_gone_is_protected_no_more(repository, run):
    repository.manifest["pages"]["de"]["agencies"] = {"dataco": BUYER}
    repository.project["guards"] = {}
    repository.manifest["businesses"] = {
        key: value for key, value in repository.manifest["businesses"].items() if key != "mediahouse"
    }
    commit(repository)
    found = run("plan", "--base-ref", "main", *SANDBOX)
    assert "guards.protect no longer has mediahouse." in found.stdout, found.stderr
