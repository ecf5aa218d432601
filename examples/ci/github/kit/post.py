"""What goes to GitHub: one comment a pull request, one issue about drift; each is changed, never added again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from forge import LONGEST_BODY, Forge
from modes import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from settings import Settings

DRIFT_TITLE = "Access drift: live access is not what the manifests say"


def post_plan(settings: Settings) -> None:
    """Write the plan into our comment of the pull request. Without a plan, say so: the old one must not stay."""
    number = settings.event().get("pull_request", {}).get("number")
    if not isinstance(number, int):
        return
    forge = Forge(settings)
    path = f"issues/{number}/comments"
    ours = _ours(settings, forge.every(path))
    text = _body(settings, _found(settings))
    if not ours:
        forge.send("POST", path, body=text)
        return
    forge.send("PATCH", f"issues/comments/{ours[0]['id']}", body=text)
    for surplus in ours[1:]:
        forge.send("DELETE", f"issues/comments/{surplus['id']}")


def post_drift(settings: Settings) -> None:
    """Open an issue where there is drift, or bring it up to date; close it where everything was read and fits.

    What could not be read is not "no drift": then an open issue stays as it is.
    """
    found = _found(settings)
    if "digest" not in found:
        return
    forge = Forge(settings)
    issues = (issue for issue in forge.every("issues", state="open") if "pull_request" not in issue)
    ours = _ours(settings, issues)
    if found["changes"]:
        _write_issue(forge, ours, _body(settings, found))
    elif found["whole"]:
        for issue in ours:
            forge.send("POST", f"issues/{issue['number']}/comments", body=f"No drift any more: {settings.run_url}")
            forge.send("PATCH", f"issues/{issue['number']}", state="closed", state_reason="completed")


POSTS: Mapping[str, Callable[[Settings], None]] = {"plan": post_plan, "drift": post_drift}


def _write_issue(forge: Forge, ours: list[dict[str, Any]], text: str) -> None:
    if ours:
        forge.send("PATCH", f"issues/{ours[0]['number']}", body=text)
    else:
        forge.send("POST", "issues", title=DRIFT_TITLE, body=text)


def _ours(settings: Settings, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those with our marker that we have written: anybody can write a marker."""
    author, first = settings.get("AUTHOR"), _first_line(settings)
    return [
        item
        for item in items
        if (item.get("user") or {}).get("login") == author and (item.get("body") or "").splitlines()[:1] == [first]
    ]


def _first_line(settings: Settings) -> str:
    return f"<!-- accessctl:plan:{settings.marker} -->"


def _found(settings: Settings) -> dict[str, Any]:
    """Return what the step before has left; nothing where it died."""
    path = Files(settings.place).found
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _body(settings: Settings, found: dict[str, Any]) -> str:
    if "digest" not in found:
        return f"{_first_line(settings)}\n\n### No plan\n\n{_why(found)} [This run]({settings.run_url}) says more.\n"
    text = Files(settings.place).comment.read_text(encoding="utf-8") + f"\n[This run]({settings.run_url})\n"
    if len(text) <= LONGEST_BODY:
        return text
    short = f"The plan is longer than a comment may be. Review it in the summary of [this run]({settings.run_url})."
    return f"{_first_line(settings)}\n\n### A plan to review elsewhere\n\n{short}\n\nDigest `{found['digest']}`\n"


def _why(found: dict[str, Any]) -> str:
    if found.get("mistakes"):
        return "The manifests have mistakes. They are marked in the files of this pull request."
    return f"accessctl ended with exit code {found['code']}." if "code" in found else "The job ended early."
