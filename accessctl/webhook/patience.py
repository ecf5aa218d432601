"""uvicorn's HTTP/1.1, with an end to its patience: it would wait for the head of a request for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

SECONDS = 10.0  # in which the head of a request must be there


class PatientProtocol(H11Protocol):
    """Cuts a connection that does not say what it wants in `seconds`; between requests uvicorn's own time holds."""

    seconds = SECONDS
    _until: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting once a head is there; a next one that has begun must come as quickly."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._until is None and not self.transport.is_closing():
            self._until = self.loop.call_later(self.seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None
