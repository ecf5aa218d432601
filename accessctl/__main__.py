"""The one door through which the program ends: every error in words, every end with its exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from typing import TYPE_CHECKING

import click

from accessctl.clean import display, unarmed_lines
from accessctl.errors import AccessctlError, ManifestError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 64
INTERRUPTED = 130
TERMINATED = 143
UNUSABLE_HINT = "hint: check that it is there, and that you may read it, or write it where it is to be written"
BUG_HINT = "this is a slip of accessctl's; please report it with what you did. ACCESSCTL_DEBUG=1 shows where"


class Terminated(BaseException):
    """SIGTERM: end like Ctrl-C does, with its own exit code."""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    An end with trouble does not wait for threads that still read what nobody will look at.
    """
    code = run(args)
    if code and any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Nothing a person or Meta can cause ends in a traceback."""
    from accessctl.cli import cli

    _end_on_signals()
    _speak_plainly()
    try:
        result = cli.main(args, prog_name="accessctl", standalone_mode=False, auto_envvar_prefix="ACCESSCTL")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "accessctl"
        _say(f"error: {error.format_message()}", f"hint: {command} --help shows what can be given")
        return USAGE
    except click.ClickException as error:
        _say(f"error: {error.format_message()}")
        return 1
    except click.Abort:
        _say("interrupted")
        return INTERRUPTED
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except Terminated:
        _say("terminated")
        return TERMINATED
    except AccessctlError as error:
        return _tell(error)
    except OSError as error:
        _say(*_unusable(error))
        return 1
    except Exception as error:  # the one place that may: people get words, not tracebacks
        if os.environ.get("ACCESSCTL_DEBUG"):
            raise
        _say(f"error: {type(error).__name__} in accessctl itself", f"hint: {BUG_HINT}")
        return 1
    return result if isinstance(result, int) else 0


def _tell(error: AccessctlError) -> int:
    if isinstance(error, ManifestError):
        _say(*(f"warning: {warning}" for warning in error.warnings), *map(str, error.problems))
    word = "refused" if isinstance(error, RefusedError) else "error"
    _say(f"{word}: {error.what}")
    if error.hint:
        _say(f"hint: {error.hint}")
    return error.exit_code


def _unusable(error: OSError) -> tuple[str, ...]:
    """Say what could not be used: a file by its name; what has none is stdout or stderr."""
    if error.filename is None:
        return (f"error: the output cannot be written: {error.strerror}",)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    return f"error: {display(name, 300)} cannot be used: {error.strerror}", UNUSABLE_HINT


def _say(*lines: str) -> None:
    with contextlib.suppress(OSError):
        for line in lines:
            click.echo(unarmed_lines(line), err=True)


def _speak_plainly() -> None:
    """Let an output that cannot spell a character show its number instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _end_on_signals() -> None:
    """Let the first Ctrl-C or SIGTERM end the program in order, and the second at once.

    What apply had sent by then is in the journal; the system frees its lock, a lock in a store ends by itself.
    """
    import signal

    if threading.current_thread() is not threading.main_thread():
        return
    seen: list[int] = []

    def end(number: int, _: object) -> None:
        seen.append(number)
        if len(seen) > 1:
            os.write(2, b"stopped at once; the journal has what was sent\n")
            os._exit(TERMINATED if number == signal.SIGTERM else INTERRUPTED)
        raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


if __name__ == "__main__":
    main()
