"""What stands above and below the changes of a plan in Markdown: verdict, sentences that matter, digest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from accessctl.clean import display
from accessctl.counting import count
from accessctl.guard import hint, removes
from accessctl.model import Status
from accessctl.plan.headlines import left_out
from accessctl.plan.nouns import Verb
from accessctl.render.age import snapshot_line
from accessctl.render.closed import TODO, closed_lines
from accessctl.render.escape import SENTENCE, markdown_code, markdown_text
from accessctl.render.losing import losses
from accessctl.render.plan_text import summary_line
from accessctl.render.verdict import source_words, verdict_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from accessctl.plan.document import SavedPlan

    Take = Callable[[Iterable[str], Callable[[int], str]], list[str]]

FILE = "plan.json"
FLAG = "--allow-revokes "


def everything(lines: Iterable[str], _: Callable[[int], str]) -> list[str]:
    """Take all of a list."""
    return list(lines)


def up_to(most: int, size: Callable[[str], int]) -> Take:
    """Return what takes of each list as much as fits into `most`, and says how much more there is.

    What it says is asked for with the number of lines that are shown: `12 more sentences`.
    """

    def take(lines: Iterable[str], more: Callable[[int], str]) -> list[str]:
        all_lines = list(lines)
        shown = list(_fitting(all_lines, most, size))
        return [*shown, *[f"- … and {more(len(shown))}"] * (len(shown) < len(all_lines))]

    return take


def head(saved: SavedPlan, now: datetime, take: Take = everything, notice: str = "") -> list[str]:
    """Return what comes before the changes; `notice` says what was cut, and `take` what is kept of long lists."""
    parts = [
        _title(saved, is_cut=bool(notice)),
        _counts(saved),
        notice,
        _refusal(saved, take),
        _sentences(saved, take),
        _losing(saved, now, take),
        _closed(saved, take),
        _unread(saved, take),
        _origin(saved, now),
    ]
    return [part for part in parts if part]


def marker_line(marker: str) -> str:
    """Return the hidden line by which a comment is found again. A name that could end it early is spelled."""
    return f"<!-- accessctl:plan:{quote(marker, safe='/', errors='replace')[:300]} -->"


def _title(saved: SavedPlan, *, is_cut: bool) -> str:
    """Return the verdict as a heading."""
    return f"### {verdict_words(saved)}{' (cut: this is not the whole plan)' if is_cut else ''}"


def _counts(saved: SavedPlan) -> str:
    """Return the line that counts, and how many removals there are: those of access, and those of requests."""
    line = f"**{summary_line(saved.plan.summary, matches=saved.plan.matches)}**"
    removing = [action for action in saved.plan.actions if removes(action)]
    lost = [action for action in removing if action.before.status is Status.CONFIRMED]
    changes = sum(action.verb is Verb.CHANGE for action in lost)
    also = f", among them {count(changes, 'change')} that may leave an agency with nothing" * bool(changes)
    said = [f"{count(len(lost), 'step removes', 'steps remove')} access{also}."] * bool(lost)
    if asked := len(removing) - len(lost):
        said += [f"{count(asked, 'step ends a request', 'steps end requests')} that nobody has answered."]
    return "\n".join([line, *[" ".join(said)] * bool(said)])


def _refusal(saved: SavedPlan, take: Take) -> str:
    """Say why the guards refuse the plan, and what would confirm it."""
    if not (reasons := saved.verdict.reasons):
        return ""
    said, flag, number = _confirmation(saved)
    todo = markdown_text(said[:1].upper() + said[1:]) + (f" {markdown_code(flag + number)}" if flag else "")
    return alert("CAUTION", [*_bullets(reasons, take, _more(reasons, "reason")), "", todo])


def _sentences(saved: SavedPlan, take: Take) -> str:
    """Return what a reviewer must not miss: who is new, what widens, who loses what."""
    said = saved.plan.headlines
    lines = _bullets(said, take, lambda shown: left_out(said[shown:]))
    return alert("WARNING", lines) if lines else ""


def _losing(saved: SavedPlan, now: datetime, take: Take) -> str:
    """Return what the tokens lose, and what to do about it."""
    found = losses(saved, now)
    lines = _bullets(found.lines, take, _more(found.lines, "sentence"))
    lines += ["", markdown_text(found.todo[:1].upper() + found.todo[1:] + ".", SENTENCE)] * bool(lines)
    return "\n\n".join([*[alert("WARNING", lines)] * bool(lines), *[markdown_text(found.later)] * bool(found.later)])


def _closed(saved: SavedPlan, take: Take) -> str:
    """Return which calls Meta does not open, and what to do about it."""
    said = closed_lines(saved.plan)
    lines = _bullets(said, take, _more(said, "call"))
    lines += ["", markdown_text(f"{TODO[:1].upper()}{TODO[1:]}.", SENTENCE)] * bool(lines)
    return alert("NOTE", lines) if lines else ""


def _unread(saved: SavedPlan, take: Take) -> str:
    """Return the listings that could not be read to the end."""
    lines = _bullets(saved.plan.unread, take, _more(saved.plan.unread, "listing"))
    return alert("IMPORTANT", ["Not read to the end, so anything may hide there:", "", *lines]) if lines else ""


def _origin(saved: SavedPlan, now: datetime) -> str:
    """Say from which snapshot the plan was made, if it was, and where it is not about Meta."""
    snapshot = saved.origin.snapshot
    lines = [markdown_text(snapshot_line(snapshot, now))] if snapshot else []
    said = source_words(saved.origin)
    return " ".join([*lines, *[f"**{said}**"] * bool(said)])


def foot(saved: SavedPlan, *, is_cut: bool, can_decide: bool = True) -> str:
    """Return the digest, and the command that applies exactly this plan where it shows enough to decide."""
    lines = ["This text was cut: it is not the whole plan.\n"] * is_cut
    once = ", once that is confirmed" * bool(saved.verdict.reasons)
    if can_decide and (command := _command(saved)):
        lines += [f"To apply exactly this plan{once}:\n", f"```sh\n{command}\n```\n"]
    return "\n".join([*lines, f"Digest {markdown_code(saved.digest)}"])


def _command(saved: SavedPlan) -> str:
    """The command that passes the guards; none where nothing is to be done, or no number would do."""
    _, flag, number = _confirmation(saved)
    if not saved.plan.actions or (saved.verdict.reasons and not flag):
        return ""
    return f"accessctl apply {FILE} --expect-digest {display(saved.digest)} {flag}{number}".rstrip()


def _confirmation(saved: SavedPlan) -> tuple[str, str, str]:
    """What a person can do about a refusal, the flag that confirms it, and its number; empty where there is none."""
    said, flag, number = hint(saved.plan, saved.verdict).partition(FLAG) if saved.verdict.reasons else ("", "", "")
    return said.rstrip(), flag, number


def alert(kind: str, lines: Iterable[str]) -> str:
    """Return a quotation that GitHub and GitLab set apart: CAUTION, WARNING or IMPORTANT."""
    return "\n".join([f"> [!{kind}]", *(f"> {line}".rstrip() for line in lines)])


def _bullets(lines: Iterable[str], take: Take, more: Callable[[int], str]) -> list[str]:
    return take((f"- {markdown_text(line, SENTENCE) or markdown_code('')}" for line in lines), more)


def _more(lines: Sequence[str], what: str) -> Callable[[int], str]:
    return lambda shown: count(len(lines) - shown, f"more {what}")


def _fitting(lines: Iterable[str], most: int, size: Callable[[str], int]) -> Iterator[str]:
    for line in lines:
        most -= size(line) + 4
        if most < 0:
            return
        yield line
