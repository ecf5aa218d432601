"""A headless Chromium, driven over a pipe by its own protocol: no package, no port, and a log of what it asks for."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOUND = next(filter(None, map(shutil.which, NAMES)), None)
needs_chromium = pytest.mark.skipif(FOUND is None, reason="no Chromium on this machine (Debian: apt install chromium)")
PATIENCE = 60.0  # seconds for one answer, so that a browser that hangs ends the test
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # the tests may run as root, in a container; the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Chromium:
    """The program and its pipe. Messages are JSON, each ended by a NUL."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process, self._to, self._back = process, to, back
        self._numbers = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", /, **params: Any) -> dict[str, Any]:
        """Return the answer of a call; events that come before it are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + PATIENCE)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """Return the first event of a name, from now or before."""
        until = time.monotonic() + PATIENCE
        while True:
            for event in self.events:
                if event.get("method") == method and event.get("sessionId") == session:
                    return event
            self.events.append(self._next(until))

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._back], [], [], max(0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            found = os.read(self._back, 1 << 20)
            assert found, "Chromium has ended"
            self._rest += found
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


class Page:
    """One page in a browser of its own settings: what it shows, asks for and complains of."""

    def __init__(self, browser: Chromium, width: int, height: int, *, dark: bool, scripts: bool) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Audits"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def open(self, address: str) -> None:
        """Go there and wait until all is loaded."""
        self._browser.events = [one for one in self._browser.events if one.get("sessionId") != self._session]
        self.call("Page.navigate", url=address)
        self._browser.wait_for("Page.loadEventFired", self._session)

    def run(self, script: str) -> Any:
        """Return the value of an expression of JavaScript, once its promise is kept."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, *, whole: bool = False) -> bytes:
        """Return what is in sight, or the whole page, as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def paper(self) -> bytes:
        """Return the page as it is printed on A4, as PDF."""
        printed = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(printed["data"])

    @property
    def requests(self) -> list[str]:
        """Every address that the page has asked for, its own among them."""
        return [event["params"]["request"]["url"] for event in self._events("Network.requestWillBeSent")]

    @property
    def stopped(self) -> list[str]:
        """Why each request that was stopped was: `csp` for the page's own policy."""
        failed = [event["params"] for event in self._events("Network.loadingFailed")]
        return [one["blockedReason"] for one in failed if "blockedReason" in one]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """What stands in the console, and what the policy or anything else was held against."""
        names = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded")
        return [event["params"] for name in names for event in self._events(name)]

    def _events(self, name: str) -> list[dict[str, Any]]:
        self.run("0")  # whatever came before this has been heard then
        mine = (event for event in self._browser.events if event.get("sessionId") == self._session)
        return [event for event in mine if event.get("method") == name]


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Run a browser with a profile of its own, gone afterwards."""
    assert FOUND
    read_here, write_there = os.pipe()
    read_there, write_here = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [FOUND, *FLAGS, f"--user-data-dir={profile}"]
        # The browser reads from 3 and writes to 4.
        shell = f'exec "$@" 3<&{read_there} 4>&{write_there}'
        process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "chromium", *command],
            pass_fds=(read_there, write_there),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": profile},
        )
        os.close(read_there)
        os.close(write_there)
        browser = Chromium(process, write_here, read_here)
        try:
            yield browser
            browser.call("Browser.close")
        finally:
            os.close(write_here)
            os.close(read_here)
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def opened(browser: Chromium, file: Path, fragment: str = "", **more: Any) -> Page:
    """Return a page with a file of this machine in it; `width`, `height`, `dark`, `scripts` as of Page."""
    settings = {"width": 1280, "height": 900, "dark": False, "scripts": True} | more
    page = Page(browser, settings["width"], settings["height"], dark=settings["dark"], scripts=settings["scripts"])
    page.open(file.as_uri() + fragment)
    return page
