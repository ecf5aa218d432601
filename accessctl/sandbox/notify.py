"""Meta as the sender of a webhook: notices of a person who moves, signed with the world's app secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from http.client import HTTPException

from accessctl.sandbox.world import WorldError

ENVELOPE, BARE, ARROW = "envelope", "bare", "arrow"
FORMS = (ENVELOPE, BARE, ARROW)
SECONDS = 30


def body_of(person: str, expires: str, form: str = ENVELOPE, sent: int | None = None) -> bytes:
    """Return a notification that a person's access ends at `expires`, as Meta's documents show it.

    `bare` is the change alone; `arrow` the same with the `=>` that is printed there. `sent` is Unix time, now
    where it is None.
    """
    change = {"field": "migration_expire_time", "value": {"user_id": person, "migration_expire_time": expires}}
    if form == ENVELOPE:
        entry = {"id": "0", "time": int(time.time()) if sent is None else sent, "changes": [change]}
        return json.dumps({"object": "managed_meta_account", "entry": [entry]}).encode()
    text = json.dumps(change)
    return (text.replace('_time": "', '_time" => "') if form == ARROW else text).encode()


def signature_of(body: bytes, app_secret: str) -> str:
    """Return what stands in X-Hub-Signature-256."""
    return f"sha256={hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()}"


def notify(url: str, body: bytes, app_secret: str) -> int:
    """Send a notification and return the status of the answer. Raise WorldError where there is none."""
    if not app_secret:
        raise WorldError("this world has no app secret to sign with", "add app_secret: to the world file")
    if not url.startswith(("http://", "https://")):
        raise WorldError(f"{url} is no URL", "write it like http://127.0.0.1:8080/webhook")
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature_of(body, app_secret)}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, body, headers)  # noqa: S310  # checked above
        with opener.open(request, timeout=SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise WorldError(f"{url} does not answer: {reason}", "start it with accessctl webhook serve") from None
