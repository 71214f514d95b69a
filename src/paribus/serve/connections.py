"""Connections that are given a bounded time to say what they want, and not more of them than fit.

A connection that sends nothing, or a request a byte at a time, costs an open file each. They are
closed after `SECONDS`, and the oldest of them at once where there are too many connections.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    import resource
except ImportError:  # Windows has none.
    resource = None  # type: ignore[assignment]

SECONDS = 20.0
"""For a whole request, body included."""
_MOST = 256


def most_connections() -> int:
    """Return how many connections are kept: half of the files that may be open, at most 256."""
    if resource is None:
        return _MOST
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(_MOST, files // 2))


class BoundedProtocol(H11Protocol):
    """HTTP of one connection."""

    waiting: ClassVar[dict[BoundedProtocol, asyncio.TimerHandle]] = {}
    """Connections that have not sent a whole request, the oldest first."""
    most: ClassVar[int] = _MOST

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            oldest = next(iter(self.waiting))
            oldest.give_up()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_waiting()
        elif self not in self.waiting:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Close the connection, whatever is on its way."""
        self._stop_waiting()
        self.transport.abort()

    def _wait(self) -> None:
        self.waiting[self] = self.loop.call_later(SECONDS, self.give_up)

    def _stop_waiting(self) -> None:
        timer = self.waiting.pop(self, None)
        if timer is not None:
            timer.cancel()
