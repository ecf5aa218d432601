"""One write: intent, call, a look at what came of it, outcome. Nothing is sent twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accessctl.apply.look import Seen, compare, in_words
from accessctl.apply.outcomes import DONE_WORDS, GOOD, Outcome, Step, called
from accessctl.apply.told import about, ended
from accessctl.endings import ENDED
from accessctl.graph.errors import GraphError, Trouble
from accessctl.graph.lacking import named
from accessctl.journal import JournalError
from accessctl.model import Status
from accessctl.plan.nouns import State, Verb
from accessctl.waiting import REVIEWS
from accessctl.watch import QUIET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accessctl.apply.door import Door
    from accessctl.graph.writer import Answer
    from accessctl.journal import Journal
    from accessctl.plan.nouns import Action
    from accessctl.watch import Watch

# Seconds between looks: what was written may show late (GRAPH_API 7, read after write). 30 s in all.
PATIENCE = (0.0, 0.5, 1.0, 2.0, 4.0, 7.5, 15.0)

SETTLED_BY_LOOKING = frozenset({Trouble.ALREADY_SO, Trouble.ALREADY_PENDING, Trouble.IN_DOUBT})

REPLACE_HINT = (
    "Meta documents no way to change tasks; --replace-with-gap revokes and grants anew, with a gap in between "
    "in which the agency's people lose their assignments"
)
LATER = "run accessctl plan in a few minutes; nothing is sent again without a look"
NEW_PLAN = "make and review a new plan"


class Writer:
    """Carries out single actions through a door, each between two entries of a journal, and tells a watch."""

    def __init__(self, door: Door, journal: Journal, sleep: Callable[[float], None], watch: Watch = QUIET) -> None:
        self.door = door
        self.journal = journal
        self.sleep = sleep
        self.watch = watch

    def write(self, action: Action) -> Step:
        """Send the action's call once and find out what came of it.

        Raises JournalError where an intent cannot be made durable: then nothing was sent.
        """
        step = self._attempt(action, self.door.send)
        if action.replace_with_gap and step.outcome is Outcome.FAILED and _is_unchangeable(step):
            return self._replace(action, step)
        return step

    def _replace(self, action: Action, refused: Step) -> Step:
        """Revoke and grant anew; where that grant is refused, give back what was held."""
        nothing = State(Status.ABSENT)
        before = refused.live or action.before
        self.watch.doing(called(action), "Meta refuses a change; revoking, then granting anew")
        gone = self._attempt(
            replace(action, verb=Verb.REVOKE, before=before, after=nothing, replace_with_gap=False),
            self.door.take_away,
        )
        # A revoke that does not show yet may still come: granting anew is what brings the access back.
        if gone.outcome not in GOOD and gone.outcome is not Outcome.UNKNOWN:
            return replace(gone, action=action, text=f"revoking before granting anew: {gone.text}")
        anew = self._attempt(replace(action, verb=Verb.GRANT, before=nothing), self.door.send)
        if anew.outcome in GOOD or anew.outcome is Outcome.UNKNOWN:
            return replace(anew, action=action)
        held = State(Status.CONFIRMED, tuple(sorted(set(before.tasks) - set(before.server_added))))
        back = self._attempt(replace(action, verb=Verb.GRANT, before=nothing, after=held), self.door.send)
        if back.outcome is Outcome.APPLIED:
            text = f"{anew.text}; what was held before was given back"
        else:
            text = f"{anew.text}; and giving back what was held before ended as {back.outcome}: {back.text}"
        return replace(anew, action=action, text=text, live=back.live)

    def _attempt(self, action: Action, send: Callable[[Action], Answer]) -> Step:
        self.journal.write("intent", **about(action))
        self.watch.doing(called(action), "sending")
        try:
            answer: Answer | GraphError = send(action)
        except GraphError as error:
            answer = error
        if isinstance(answer, GraphError) and answer.trouble not in SETTLED_BY_LOOKING:
            step = Step(action, Outcome.FAILED, answer.what, answer.hint, answer.trace, trouble=answer.trouble)
            step = replace(step, lacks=named(answer))
        else:
            step = self._settle(action, answer)
        try:
            self.journal.write("outcome", **about(action), **ended(step, answer))
        except JournalError as error:
            raise JournalError(f"{action.id} ended as {step.outcome}, and {error.what}", error.hint) from None
        return step

    def _settle(self, action: Action, answer: Answer | GraphError) -> Step:
        """Look until the pair is as wanted or patience ends, and say what that means."""
        awaits = not isinstance(answer, GraphError) and answer.requires_admin_approval
        seen, text, live = Seen.UNREADABLE, "nobody has looked", None
        for number, pause in enumerate(PATIENCE[:1] if awaits or _is_refusal(answer) else PATIENCE):
            self.watch.doing(called(action), _looking(action, answer, PATIENCE[number:]))
            try:
                self.sleep(pause)
            except GraphError:  # the run is to end: what was seen last stands
                break
            try:
                access = self.door.look(action)
                seen, text, live = compare(action, access)
                if access.reason_code == ENDED and not isinstance(answer, GraphError):
                    seen, live = Seen.WANTED, State(Status.ABSENT)  # Meta said yes, and shows it no more
            except GraphError as error:
                seen, text, live = Seen.UNREADABLE, error.what, None
            if seen is Seen.WANTED:
                return _done(action, answer, live)
            if seen is Seen.MOVED:
                break
        if awaits:
            text = "granted; it takes effect when a second admin of the owner approves it"
            hint = f"approve or decline it at {REVIEWS}"
            return Step(action, Outcome.AWAITING_APPROVAL, text, hint, answer.trace, live)
        return _not_done(action, answer, seen, text, live)


def _looking(action: Action, answer: Answer | GraphError, left: Sequence[float]) -> str:
    """Say what is looked for, and for how long yet; `left` are the pauses to come."""
    if left == PATIENCE:
        return "reading back"
    said = "no answer" if isinstance(answer, GraphError) else DONE_WORDS[action.verb]
    return f"{said}, not visible yet; looking for up to {sum(left):.0f} s"


def _not_done(action: Action, answer: Answer | GraphError, seen: Seen, text: str, live: State | None) -> Step:
    """Say how far a write got that did not bring about what it was for."""
    trace = answer.trace
    is_change = action.verb is Verb.CHANGE
    if isinstance(answer, GraphError) and answer.trouble is Trouble.ALREADY_PENDING:
        text = "Meta says that the request was sent before; it does not show it"
        return Step(action, Outcome.WAITING, text, "", trace, live)
    if isinstance(answer, GraphError) and _is_refusal(answer):
        hint = REPLACE_HINT if is_change else answer.hint
        return Step(action, Outcome.FAILED, answer.what, hint, trace, live, answer.trouble)
    said = answer.what if isinstance(answer, GraphError) else "Meta said yes"
    if seen is Seen.MOVED and live is not None:
        hint = REPLACE_HINT if is_change else NEW_PLAN
        # A client that was asked stays asked, whatever Meta shows of it.
        outcome = Outcome.UNKNOWN if action.verb is Verb.REQUEST else Outcome.FAILED
        trouble = answer.trouble if isinstance(answer, GraphError) else None
        return Step(action, outcome, f"{said}, but now {in_words(live)}", hint, trace, live, trouble)
    if seen is Seen.AS_PLANNED and is_change and not isinstance(answer, GraphError):
        return Step(action, Outcome.FAILED, "Meta said yes, but the tasks are as before", REPLACE_HINT, trace, live)
    found = "it does not show yet" if seen is Seen.AS_PLANNED else text
    return Step(action, Outcome.UNKNOWN, f"{said}, and {found}", LATER, trace, live)


def _done(action: Action, answer: Answer | GraphError, live: State | None) -> Step:
    if action.verb is Verb.REQUEST and live is not None and live.status is Status.PENDING:
        return Step(action, Outcome.WAITING, "requested; the client has to answer", "", answer.trace, live)
    if _is_refusal(answer):
        return Step(action, Outcome.CONVERGED, "it was so already", "", answer.trace, live)
    return Step(action, Outcome.APPLIED, "", "", answer.trace, live)


def _is_refusal(answer: Answer | GraphError) -> bool:
    return isinstance(answer, GraphError) and answer.trouble is not Trouble.IN_DOUBT


def _is_unchangeable(step: Step) -> bool:
    """Tell whether Meta would not change the tasks of a pair that still holds access.

    With any other state, or a lost answer, nobody knows what a revoke would take away.
    """
    still_held = step.live is not None and step.live.status is Status.CONFIRMED
    return still_held and step.trouble in (None, Trouble.ALREADY_SO)
