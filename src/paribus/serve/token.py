"""The token that a server beyond this machine asks for: in its address once, then in a cookie."""

from __future__ import annotations

import ipaddress
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

_KEY = "token"


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address to listen on."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Token:
    """What a request must have: `text` is a part of the address that is printed."""

    def __init__(self, port: int) -> None:
        self.text = secrets.token_urlsafe(24)
        # Cookies are shared by all ports of a host.
        self._cookie = f"paribus-{port}"

    def is_in_cookie(self, scope: Scope) -> bool:
        """Return whether a request has the token from an earlier answer."""
        try:
            cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(self._cookie)
        return found is not None and self._is(found.value)

    def is_in_address(self, scope: Scope) -> bool:
        """Return whether the address of a request has the token."""
        return any(key == _KEY and self._is(value) for key, value in _query(scope))

    def headers(self, scope: Scope) -> dict[str, str]:
        """Return what answers the first request: a cookie, and the address without the token."""
        left = urlencode([(key, value) for key, value in _query(scope) if key != _KEY])
        return {
            "location": scope["path"] + (f"?{left}" if left else ""),
            "set-cookie": f"{self._cookie}={self.text}; HttpOnly; SameSite=Lax; Path=/",
        }

    def _is(self, text: str) -> bool:
        return secrets.compare_digest(text.encode("utf-8", "replace"), self.text.encode())


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
