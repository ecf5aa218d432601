"""The modes that talk to Meta: each runs accessctl, and hands what it found to the runner and to `post`."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from program import accessctl
from runner import give, say, summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from settings import Settings

REFUSED, INCOMPLETE, CHANGES = 3, 5, 2  # exit codes of accessctl
PLANNED = (0, CHANGES, REFUSED, INCOMPLETE)
# An apply that ended so and left no report had sent nothing; or the disk was full, which its log says.
BEFORE_WRITES = (1, REFUSED, 4, 64)
LOCK_TIMEOUT = "10m"


@dataclass(frozen=True)
class Files:
    """What one job leaves for its later steps."""

    place: Path

    @property
    def plan(self) -> Path:
        return self.place / "plan.json"

    @property
    def comment(self) -> Path:
        return self.place / "comment.md"

    @property
    def summary(self) -> Path:
        return self.place / "summary.md"

    @property
    def found(self) -> Path:
        return self.place / "found.json"

    def leave(self, **facts: Any) -> None:
        """Write what `post` needs to know."""
        self.found.write_text(json.dumps(facts), encoding="utf-8")


def plan(settings: Settings) -> int:
    """Check the manifests, plan, and give the plan's digest and path as outputs.

    A plan that could not read everything is one, with a warning. One that a guard refuses ends the job, unless
    its number is confirmed.
    """
    files, confirmed = Files(settings.place), settings.allow_revokes
    wrong = accessctl(settings, "validate", "--format", "github", secrets=False)
    if wrong:
        files.leave(code=wrong, mistakes=True)
        return wrong
    code, _ = _plan(settings, files, *_optional(settings, live="LIVE"), *_base(settings))
    return 0 if code in (0, INCOMPLETE) or (code == REFUSED and confirmed) else code


def drift(settings: Settings) -> int:
    """Plan the manifests as they are, for an issue. That there is drift is no failure of the job; not to see all is.

    accessctl tells a refusal first, so the plan itself is asked whether all was read.
    """
    code, is_whole = _plan(settings, Files(settings.place), "--detailed-exitcode")
    if code not in PLANNED:
        return code
    return 0 if is_whole else INCOMPLETE


def apply(settings: Settings) -> int:
    """Apply the reviewed plan and nothing else; what came of it goes into the summary."""
    files = Files(settings.place)
    files.summary.unlink(missing_ok=True)  # of an earlier step, which this one must not tell again
    confirmed = ("--allow-revokes", settings.allow_revokes) if settings.allow_revokes else ()
    code = accessctl(
        settings,
        *("apply", settings.get("PLAN"), "--auto-approve", "--expect-digest", settings.digest),
        *("--state", settings.state, "--lock-timeout", LOCK_TIMEOUT, *confirmed),
        *("--render", f"step-summary={files.summary}"),
    )
    summarize(settings, _outcome(files, code))
    give(settings, {"exit-code": str(code)})
    return code


def waiting(settings: Settings) -> int:
    """Wait for the people at Meta for a while, and say who is still waited for. Nobody is to blame for that."""
    table = settings.place / "waiting.md"
    code = accessctl(
        settings,
        *("wait", "--for", "settled", "--timeout", settings.get("TIMEOUT") or "15m", "--format", "markdown"),
        *_optional(settings, state="STATE"),
        stdout=table,
    )
    summarize(settings, table.read_text(encoding="utf-8"))
    give(settings, {"exit-code": str(code)})
    if code == INCOMPLETE:
        say("notice", "something still waits for a person, or could not be read: the summary says what")
    return 0 if code in (0, INCOMPLETE) else code


def snapshot(settings: Settings) -> int:
    """Write live access to a file, from which pull requests of forks are planned."""
    path = settings.place / "live.json"
    code = accessctl(settings, "snapshot", "--out", str(path), *_optional(settings, state="STATE"))
    give(settings, {"exit-code": str(code), "snapshot": str(path)})
    return 0 if code in (0, INCOMPLETE) else code


MODES: Mapping[str, Callable[[Settings], int]] = {
    "plan": plan,
    "apply": apply,
    "waiting": waiting,
    "drift": drift,
    "snapshot": snapshot,
}


def _outcome(files: Files, code: int) -> str:
    """Return what accessctl says of an apply. It says nothing where it never began, or was killed on the way."""
    told = files.summary.read_text(encoding="utf-8") if files.summary.exists() else ""
    if told:
        return told
    if code in BEFORE_WRITES:
        why = "The log of this step says why. Only where it says that the run itself has ended was anything sent."
        return f"### Nothing was applied ({code})\n\n{why}"
    after = "The journal has what was sent, and a new plan shows what is left."
    return f"### It is not known what was applied ({code})\n\n{after}"


def _plan(settings: Settings, files: Files, *more: str) -> tuple[int, bool]:
    """Make a plan for the steps to come. Returns the exit code, and whether the plan knows everything."""
    code = accessctl(
        settings,
        *("plan", "--out", str(files.plan), "--marker", settings.marker),
        *("--render", f"markdown={files.comment}", "--render", f"step-summary={files.summary}"),
        *_optional(settings, state="STATE"),
        *more,
    )
    give(settings, {"exit-code": str(code)})
    if code not in PLANNED:
        files.leave(code=code)
        return code, False
    made = json.loads(files.plan.read_text(encoding="utf-8"))
    has_changes = bool(made["actions"])
    is_whole = not made["blocked"] and not made["unread"]
    files.leave(code=code, digest=made["digest"], changes=has_changes, whole=is_whole)
    give(settings, {"plan": str(files.plan), "digest": made["digest"], "changes": str(has_changes).lower()})
    summarize(settings, files.summary.read_text(encoding="utf-8"))
    _tell(settings, code, is_whole)
    return code, is_whole


def _tell(settings: Settings, code: int, is_whole: bool) -> None:
    if not is_whole:
        say("warning", "something could not be read or is not known, and nothing is planned on it: the plan says what")
    if code == REFUSED and not settings.allow_revokes:
        say("error", "a guard refuses this plan: it says why, and which number would confirm it")


def _optional(settings: Settings, **options: str) -> tuple[str, ...]:
    """Return the options whose setting is there."""
    found = ((name, settings.get(setting)) for name, setting in options.items())
    return tuple(part for name, value in found if value for part in (f"--{name}", value))


def _base(settings: Settings) -> tuple[str, ...]:
    """Return --base-ref where there was a project at that commit: the first pull request may bring it."""
    ref = settings.get("BASE_REF")
    if not ref:
        return ()
    asked = ("git", "-C", settings.directory, "cat-file", "-e", f"{ref}:./accessctl.yaml")
    known = ("git", "-C", settings.directory, "cat-file", "-e", f"{ref}^{{commit}}")
    if _is_there(known) and not _is_there(asked):
        say("notice", "there was no accessctl.yaml before this change, so its guards are compared with none")
        return ()
    return ("--base-ref", ref)


def _is_there(command: tuple[str, ...]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603  # no shell
