"""What every request must pass before a page sees it, and what every answer carries.

A page of some other site, open in the same browser, can send requests to this server; with a name
that it has its own name server point here (DNS rebinding), it could even read the answers. So a
request must be addressed to this server by its own name, and what is sent must come from its pages.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paribus.serve.token import Token

MOST_BYTES = 512 * 1024
"""Of a request's body: a drawing of 512 × 512 pixels in base64, and some room."""

_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class _Refusal:
    status: int
    reason: str


class Guard:
    """Refuses what is addressed elsewhere, comes from elsewhere, has no token, or is too large."""

    def __init__(self, app: ASGIApp, host: str, port: int, token: Token | None = None) -> None:
        """token: what requests must have; None where only this machine can send any."""
        self._app, self._port, self._token = app, port, token
        self._names = {"localhost", "127.0.0.1", "[::1]", _bracketed(host.lower())}
        # Where it listens to all addresses of the machine, any of them may be in the request. One
        # that is an address needs no name server that could lie.
        self._any_address = host in ("0.0.0.0", "::", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if (refusal := self._refusal(scope)) is not None:
            answer = PlainTextResponse(refusal.reason + "\n", refusal.status)
            await answer(scope, receive, guarded_send)
            return
        token = self._token
        if token is not None and not token.is_in_cookie(scope):
            answer = PlainTextResponse(_NO_TOKEN + "\n", 403)
            # An address that is only a path: "//elsewhere/" would lead there.
            if token.is_in_address(scope) and not scope["path"].startswith("//"):
                answer = PlainTextResponse("", 303, token.headers(scope))
            await answer(scope, receive, guarded_send)
            return
        await self._app(scope, _counted(receive), guarded_send)

    def _refusal(self, scope: Scope) -> _Refusal | None:
        """Why a request is refused; None for one that is in order."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return _Refusal(
                403,
                "This server answers only under its own address, e.g. "
                f"http://localhost:{self._port}/.",
            )
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return None
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        if not all(self._is_origin(origin) for origin in origins) or not all(
            site in ("same-origin", "none") for site in sites
        ):
            return _Refusal(403, "This server takes requests from its own pages only.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 12 or int(length) > MOST_BYTES:
            return _Refusal(413, _TOO_LARGE)
        return None

    def _is_ours(self, host: str) -> bool:
        address = _split(host.lower())
        if address.port not in ({str(self._port), ""} if self._port == 80 else {str(self._port)}):
            return False
        return address.name in self._names or (self._any_address and _is_address(address.name))

    def _is_origin(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        return scheme == "http" and self._is_ours(host)


_NO_TOKEN = (
    "This server answers only to who has its token: open the address that `paribus serve` printed."
)
_TOO_LARGE = f"The request is too large: at most {MOST_BYTES:,} bytes are taken."


def _counted(receive: Receive) -> Receive:
    """Ends a body that says nothing of its length once it is too large."""
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise HTTPException(413, _TOO_LARGE, {"connection": "close"})
        return message

    return counted


@dataclass(frozen=True)
class _Address:
    name: str
    """An IPv6 address keeps its brackets."""
    port: str
    """"" if none is written."""


def _split(host: str) -> _Address:
    """Take name and port apart.

    >>> _split("[::1]:8000"), _split("localhost")
    (_Address(name='[::1]', port='8000'), _Address(name='localhost', port=''))
    """
    name, colon, port = host.rpartition(":")
    return _Address(name, port) if colon and not host.endswith("]") else _Address(host, "")


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
