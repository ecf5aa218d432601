"""Which token belongs to which acting business, from the environment, files or a command."""

from __future__ import annotations

import os
import re
import shlex
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accessctl.errors import AccessctlError
from accessctl.graph.secret import Secret
from accessctl.model import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GENERAL = "ACCESSCTL_TOKEN"
APP_SECRET = "ACCESSCTL_APP_SECRET"  # noqa: S105  # the name of a variable
MAX_LENGTH = 4096
COMMAND_SECONDS = 60

# One line of visible ASCII: nothing that could end a header and begin another.
_SHAPE = re.compile(rf"[!-~]{{1,{MAX_LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The tokens by business id. `unmasked` are those the CI system has not seen, so it does not hide them.

    `warnings` are one line each, for the command line to show.
    """

    tokens: Mapping[str, Secret]
    aliases: Mapping[str, str]
    app_secret: Secret | None
    unmasked: tuple[Secret, ...]
    warnings: tuple[str, ...]

    def for_business(self, business_id: str) -> Secret:
        """Return the token of an acting business; raises AccessctlError that names the variable to set."""
        if business_id in self.tokens:
            return self.tokens[business_id]
        alias = self.aliases.get(business_id, business_id)
        raise AccessctlError(
            f"no token for {alias} (business {business_id})",
            f"set {variable(alias)} (or {variable(alias)}_FILE) to the token of a system user of that business; "
            f"{GENERAL} is used for every business without its own. --sandbox WORLD.yaml needs none",
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A secret that was found. `is_masked` tells that CI hides it already, `warnings` are one line each."""

    secret: Secret
    is_masked: bool
    warnings: tuple[str, ...] = ()


def variable(alias: str) -> str:
    """Return the name of the variable that holds the token of this acting business."""
    return f"{GENERAL}_{alias.upper().replace('-', '_')}"


def read_credentials(environ: Mapping[str, str], acting: Mapping[str, str], token_command: str = "") -> Credentials:
    """Read the tokens of the acting businesses, given as id -> alias.

    The business's own variable comes first, then `token_command`, then the variable for all. The command runs
    once a business. A business without a token is no error until somebody asks for it.
    """
    _refuse_double_meaning(environ, acting.values())
    found = {key: _of_business(environ, alias, token_command) for key, alias in acting.items()}
    app = from_environment(environ, APP_SECRET)
    every = {one.secret.label: one for one in (*found.values(), app) if one is not None}
    return Credentials(
        tokens=frozen({key: one.secret for key, one in found.items() if one is not None}),
        aliases=frozen(acting),
        app_secret=app.secret if app else None,
        unmasked=tuple(one.secret for one in every.values() if not one.is_masked),
        warnings=tuple(dict.fromkeys(line for one in every.values() for line in one.warnings)),
    )


def mask_lines(secrets: Iterable[Secret], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines that make GitHub Actions hide these secrets, none elsewhere.

    It hides only what it handed out itself. The lines hold the secrets: they go to stderr, once, before first
    use, and nowhere else.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return ()
    return tuple(f"::add-mask::{secret.reveal().replace('%', '%25')}" for secret in secrets)


def _of_business(environ: Mapping[str, str], alias: str, token_command: str) -> Found | None:
    own = from_environment(environ, variable(alias))
    if own is None and token_command:
        return Found(_run(token_command, alias, environ), is_masked=False)
    return own or from_environment(environ, GENERAL)


def from_environment(environ: Mapping[str, str], name: str) -> Found | None:
    """Return what `name` or `name`_FILE gives. An empty variable counts as none: CI sets absent ones so."""
    value, path = environ.get(name, ""), environ.get(f"{name}_FILE", "")
    if value and path:
        raise AccessctlError(f"both {name} and {name}_FILE are set", "keep one of them")
    if path:
        text, warnings = _read_file(path, f"{name}_FILE")
        return Found(_checked(text, f"{name}_FILE"), is_masked=False, warnings=warnings)
    return Found(_checked(value, name), is_masked=True) if value else None


def _read_file(path: str, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the first bytes of a regular file as text, and a warning where others can read it."""
    try:
        # Non-blocking, so that a pipe nobody writes to is seen for what it is and does not hang.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise AccessctlError(f"the file of {name} cannot be read: {reason}", "check path and mode") from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise AccessctlError(f"what {name} names is not a regular file", "put the token into a file of its own")
        content = os.read(handle, MAX_LENGTH + 3)
    finally:
        os.close(handle)
    warning = f"other users can read the file of {name}; chmod 600 it"
    return content.decode("ascii", "replace"), (warning,) if mode & 0o044 else ()


def _checked(text: str, source: str) -> Secret:
    """Return the secret in `text`, one trailing newline aside."""
    value = text.removesuffix("\n").removesuffix("\r")
    if not _SHAPE.fullmatch(value):
        raise AccessctlError(
            f"what {source} gives is no token: it is empty, very long, or holds spaces or other odd characters",
            "it must be the token alone, on one line",
        )
    return Secret(value, source)


def _run(command: str, alias: str, environ: Mapping[str, str]) -> Secret:
    """Return what the token command prints for this business. It sees none of our own secrets."""
    hint = f"run it by hand with ACCESSCTL_BUSINESS={alias} to see why; it must print the token alone"
    env = {name: value for name, value in environ.items() if not _is_ours(name)}
    argv: list[str] = []
    try:
        argv = shlex.split(command)
        done = subprocess.run(  # noqa: S603  # a person named it on the command line; no shell
            argv,
            env={**env, "ACCESSCTL_BUSINESS": alias},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AccessctlError(f"the token command for {alias} ran longer than {COMMAND_SECONDS} s", hint) from None
    except OSError as error:
        raise AccessctlError(f"the token command '{argv[0]}' does not start: {error.strerror}", hint) from None
    except (ValueError, IndexError):
        raise AccessctlError("the token command is not a command line: check its quotes", hint) from None
    if done.returncode != 0:
        raise AccessctlError(f"the token command for {alias} ended with exit code {done.returncode}", hint)
    return _checked(done.stdout.decode("ascii", "replace"), f"the token command for {alias}")


def _is_ours(name: str) -> bool:
    return name.startswith(GENERAL) or "APP_SECRET" in name


def _refuse_double_meaning(environ: Mapping[str, str], aliases: Iterable[str]) -> None:
    """Raise where a variable that is set could be meant for two: `a-b` and `a_b`, or `x-file` and the file of `x`."""
    owners: dict[str, str] = {GENERAL: "every business", f"{GENERAL}_FILE": "every business"}
    for alias in aliases:
        for name in (variable(alias), f"{variable(alias)}_FILE"):
            other = owners.setdefault(name, alias)
            if other != alias and environ.get(name):
                raise AccessctlError(
                    f"{name} could be meant for {other} and for {alias}",
                    "rename one of the two aliases, or use a token command",
                )
