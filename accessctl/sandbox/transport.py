"""The sandbox as an httpx transport: the client is real to the last byte, only the network is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from accessctl.sandbox.wire import Dropped, read_request

if TYPE_CHECKING:
    from accessctl.sandbox.sandbox import Sandbox


class SandboxTransport(httpx.BaseTransport):
    """Hands requests to a sandbox. A dropped connection is httpx.RemoteProtocolError, as with a real one."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request from the sandbox's world."""
        target = request.url.raw_path.decode("ascii")
        asked = read_request(request.method, target, dict(request.headers.items()), request.read())
        try:
            answer = self._sandbox.handle(asked)
        except Dropped:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            ) from None
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(answer.body), request=request)
