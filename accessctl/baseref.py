"""The guards that a project had at another commit, read from git."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from typing import TYPE_CHECKING

from accessctl.clean import display
from accessctl.errors import AccessctlError, ManifestError
from accessctl.manifest.document import read_document
from accessctl.manifest.files import LARGEST_FILE, PROJECT_FILE
from accessctl.manifest.findings import Findings
from accessctl.manifest.project import read_settings
from accessctl.manifest.schema import explain
from accessctl.manifest.shape import Reader
from accessctl.plan.nouns import BusinessRef, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from accessctl.model import Asset, Business

PATIENCE = 60.0  # seconds; nothing is fetched, so this is a disk that does not answer
OURS = "ACCESSCTL_"  # tokens, the app secret and all our settings: git needs none of them
FETCH = "fetch it first: in CI a checkout often has one commit only (fetch-depth: 0 gets them all)"


def limits_at(directory: Path, ref: str, aliases: Mapping[str, Asset | Business]) -> Limits:
    """Return the guards in accessctl.yaml of `directory` at a commit; `ref` is a branch, a tag or a hash.

    `aliases` are those of today: which id an alias had at that commit is not read, --base with a plan compares
    ids. Raises AccessctlError where git, the repository, the commit or the file is missing, and ManifestError
    for a file that is none, its place named as `REF:accessctl.yaml`.
    """
    if not ref or ref.startswith("-") or ":" in ref or not ref.isprintable():
        raise AccessctlError(f"'{display(ref)}' is no name of a commit", "name a branch, a tag or a hash")
    commit = _commit(directory, ref)
    found = _git(directory, "show", "--no-textconv", f"{commit}:./{PROJECT_FILE}")
    if found.returncode:
        what = f"there was no {PROJECT_FILE} in this directory at {ref}"
        raise AccessctlError(what, "name a commit that had this project, or leave --base-ref out")
    return _limits(found.stdout, f"{ref}:{PROJECT_FILE}", aliases)


def _commit(directory: Path, ref: str) -> str:
    if _git(directory, "rev-parse", "--git-dir").returncode:
        raise AccessctlError("this project is in no git repository", "--base-ref compares with a commit of one")
    found = _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode:
        raise AccessctlError(f"git knows no commit {ref} here", FETCH)
    return found.stdout.decode("ascii", "replace").strip()


def _git(directory: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Run git, which gets nothing of ours, asks nobody and fetches nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    kept |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603  # no shell, and no argument begins with what a person wrote
            ["git", "--no-pager", *args],  # noqa: S607  # the git of whoever runs us
            cwd=directory,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise AccessctlError("git is not installed here", "install it, or use --base with a plan") from None
    except (OSError, subprocess.TimeoutExpired):
        raise AccessctlError("git could not be asked", "run git status here to see why") from None


def _limits(data: bytes, name: str, aliases: Mapping[str, Asset | Business]) -> Limits:
    findings = Findings()
    if len(data) > LARGEST_FILE:
        raise AccessctlError(f"{name} is larger than a project file may be", "name another commit")
    document = read_document(name, data, findings)
    if document is None:
        raise ManifestError(findings.problems)
    reader = Reader(name, findings, date.max)  # no key of this file ends on a day
    settings = read_settings(reader, document.root)
    if reader.misfits or findings.count:
        for problem in explain(document._replace(root=reader.narrowed(document.root)), "project"):
            findings.problem(problem.place, problem.text, problem.slip)
        raise ManifestError(findings.problems)
    guards = settings.policy.guards
    protect = (_business(word.text, aliases) for word in settings.protect if word.text)
    unexpected = "decline" if settings.policy.decline_unexpected else "report"
    return Limits(guards.max_revokes, guards.max_revoke_percent, tuple(sorted(protect)), unexpected)


def _business(alias: str, aliases: Mapping[str, Asset | Business]) -> BusinessRef:
    """Return the business of today's alias; one that has none any more keeps its alias alone."""
    found = aliases.get(alias)
    return BusinessRef(found.id, alias) if found is not None else BusinessRef("", alias)
