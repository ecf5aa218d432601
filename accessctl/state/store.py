"""A few small objects in an object store; the only room that knows obstore.

One operation carries the lock and the journal: `create`, which makes an object only where there is none. Every
store here has it (S3 since August 2024 as If-None-Match, GCS and Azure for long, a file system as link).
"""

from __future__ import annotations

import contextlib
import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from accessctl.errors import AccessctlError
from accessctl.state.address import check_state_url, is_loopback
from accessctl.synced import sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

TIMEOUT = timedelta(seconds=10)
RETRY = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}
S3_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
ENDPOINTS = (*S3_ENDPOINTS, "AZURE_STORAGE_ENDPOINT", "GOOGLE_BASE_URL")
REACH = "check the URL of --state, the network and the credentials in the environment"
CREATES = "use a store that honours If-None-Match on PUT, as S3, GCS and Azure do, or a newer version of this one"
NO_LIBRARY = "install it with: pip install obstore"
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")


class StateError(AccessctlError):
    """The object store cannot be used. Nothing is sent to Meta without it. `reason` leaves out which object."""

    def __init__(self, what: str, hint: str = "", reason: str = "") -> None:
        super().__init__(what, hint)
        self.reason = reason or what


@dataclass(frozen=True, slots=True)
class Found:
    """An object's name, and when it was last changed by the store's own clock."""

    name: str
    changed: datetime


class Store:
    """Objects below one URL; names are relative to it. Every method raises StateError. Safe for many threads."""

    def __init__(self, url: str, backend: Any, root: Path | None = None) -> None:
        self.url = url
        self._backend = backend
        self._root = root

    def create(self, name: str, content: bytes) -> bool:
        """Make an object; False where there is one with another content already.

        A request that was sent again because its answer was lost finds its own object: that counts as made.
        """
        from obstore.exceptions import AlreadyExistsError

        try:
            self._put(name, content, "create")
        except AlreadyExistsError:
            return self.get(name) == content
        return True

    def put(self, name: str, content: bytes) -> None:
        """Make an object, in the place of one that is there."""
        self._put(name, content, "overwrite")

    def _put(self, name: str, content: bytes, mode: Literal["create", "overwrite"]) -> None:
        import obstore

        try:
            with self._words(name):
                obstore.put(self._backend, name, content, mode=mode, use_multipart=False)
        except FileNotFoundError:
            raise StateError(f"{self.url} cannot be used: there is no such place", REACH) from None
        self._sync(name)

    def get(self, name: str) -> bytes | None:
        """Return an object's content, None where there is none."""
        import obstore

        try:
            with self._words(name):
                return bytes(obstore.get(self._backend, name).bytes())
        except FileNotFoundError:
            return None

    def list(self, prefix: str) -> list[Found]:
        """Return all objects below a prefix, by name."""
        import obstore

        with self._words(prefix):
            found = [one for page in obstore.list(self._backend, prefix) for one in page]
        return sorted((Found(one["path"], one["last_modified"]) for one in found), key=lambda one: one.name)

    def delete(self, names: Iterable[str]) -> None:
        """Take objects away; one that is gone is no trouble."""
        import obstore

        left = list(names)
        with contextlib.suppress(FileNotFoundError):  # then one by one: some may be left
            with self._words(left[0] if left else ""):
                obstore.delete(self._backend, left)
            return
        for name in left:
            with contextlib.suppress(FileNotFoundError), self._words(name):
                obstore.delete(self._backend, name)

    def check_creates(self) -> None:
        """Raise StateError where the store makes an object twice: some that speak S3 ignore the condition."""
        name = f"clock/{uuid.uuid4().hex}"
        first, second = self.create(name, b"1"), self.create(name, b"2")
        self.delete([name])
        if not first or second:
            raise StateError(
                f"{self.url} cannot keep a lock: it does not refuse to make an object that is there already", CREATES
            )

    def now(self) -> datetime:
        """Return the time by the store's clock, which is the only one that two machines share."""
        name = f"clock/{uuid.uuid4().hex}"
        self.put(name, b"")
        found = next((one for one in self.list("clock") if one.name == name), None)
        self.delete([name])
        if found is None:
            raise StateError(f"{self.url} does not list what was just put there", REACH)
        return found.changed

    @contextmanager
    def _words(self, name: str) -> Iterator[None]:
        """Say in our words what went wrong: the store's own may hold signatures."""
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            yield
        except (AlreadyExistsError, FileNotFoundError):
            raise
        except (BaseError, OSError, ValueError) as error:
            reason = _reason(error)
            raise StateError(f"{self.url}/{name} cannot be used: {reason}", REACH, reason) from None

    def _sync(self, name: str) -> None:
        """Have a file on disk before anybody relies on it; a real object store answers only then."""
        if self._root is None:
            return
        path = self._root / name
        try:
            for place in (path, *list(path.parents)[: len(Path(name).parts)]):
                sync(place)
        except FileNotFoundError:
            return  # somebody has taken it away already
        except OSError as error:
            raise StateError(f"{self.url}/{name} cannot be synced: {error.strerror}", REACH) from None


def open_store(url: str, environ: Mapping[str, str]) -> Store:
    """Return the store that a URL names; nothing is asked of it yet.

    Credentials and endpoint come from the environment, under the names of each cloud's own tools. Raises
    AccessctlError for a URL that names none, or without the library.
    """
    url = check_state_url(url)
    try:
        from obstore.store import LocalStore, from_url
    except ImportError:
        raise AccessctlError("--state needs the library obstore, which is not installed", NO_LIBRARY) from None
    try:
        if url.startswith("file:"):
            root = Path(unquote(urlsplit(url).path))
            root.mkdir(parents=True, exist_ok=True)
            return Store(url, LocalStore(root), root)
        endpoint = next((environ[name] for name in S3_ENDPOINTS if environ.get(name)), "")
        is_here = any(is_loopback(environ.get(name, "")) for name in ENDPOINTS)
        options: Any = {"timeout": TIMEOUT, "connect_timeout": TIMEOUT / 2, "allow_http": is_here}
        retry: Any = RETRY
        config: Any = {"endpoint": endpoint} if endpoint and url.startswith("s3:") else {}
        return Store(url, from_url(url, config=config, client_options=options, retry_config=retry))
    except Exception as error:  # noqa: BLE001  obstore raises classes of its own that depend on the store
        raise StateError(f"{url} cannot be opened: {_reason(error)}", REACH) from None


def _reason(error: Exception) -> str:
    """Return what is safe to say of an error of the store's."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    if status:
        return f"it answered with HTTP status {status[1]}{f', {code[1]}' if code else ''}"
    if "Permission denied" in text or "PermissionDenied" in type(error).__name__:
        return "permission denied"
    if "error sending request" in text or "timed out" in text:
        return "it could not be reached"
    return type(error).__name__.removesuffix("Error") or "an error"
