"""What holds others off a server: silence, many connections, and no token."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from paribus.serve import connections
from paribus.serve.connections import BoundedProtocol
from paribus.serve.token import is_loopback
from tests.support.serving import Serving, serving


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@contextmanager
def bounded() -> Iterator[int]:
    """A server with bounded connections in this process; its port."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=500)
    config = uvicorn.Config(_hello, http=BoundedProtocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        thread.join()
        listening.close()


def says_hello(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/", headers={"connection": "close"})
    return connection.getresponse().read() == b"hello"


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabc"]
)
def test_who_does_not_say_what_it_wants_is_left(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SECONDS", 0.2)
    with bounded() as port, socket.create_connection(("127.0.0.1", port), timeout=60) as silent:
        silent.sendall(sent)
        with suppress(ConnectionResetError):
            assert silent.recv(100) == b""
        assert says_hello(port)


def test_the_oldest_silent_connection_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedProtocol, "most", 20)
    with bounded() as port, ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        assert says_hello(port)
        deadline = time.monotonic() + 60
        while len(BoundedProtocol.waiting) > 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(BoundedProtocol.waiting) <= 20


@pytest.mark.slow
def test_others_are_served_while_400_connections_say_nothing(server: Serving) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
        assert server.request("/")[0] == 200
        assert server.ask({"test_image": 0})[0] == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.0.0.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("", False), ("192.168.0.2", False), ("x.example", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) == expected


@pytest.mark.slow
def test_beyond_this_machine_a_token_is_asked_for(trained: Path) -> None:
    with serving(trained, "--host", "0.0.0.0") as running:
        token = running.token
        assert len(token) == 32
        for path in ("/", "/pad", "/events", "/static/site.css", "/?token=x", "/?token="):
            status, _, body = running.request(path, headers={"cookie": "paribus-1=x"})
            assert (status, b"has its token" in body) == (403, True)
        assert running.request("/answers", "POST", "{}")[0] == 403
        status, headers, _ = running.request(f"/pad?token={token}&x=1")
        assert (status, headers["location"]) == (303, "/pad?x=1")
        cookie = headers["set-cookie"].partition(";")[0]
        assert "HttpOnly" in headers["set-cookie"]
        assert running.request("/pad", headers={"cookie": cookie})[0] == 200
        assert running.ask({"test_image": 0}, cookie=cookie)[0] == 200
