"""Mutated requests to a server, beside 400 silent connections: each is answered by 2xx or 4xx.

PYTHONPATH=. python tests/robustness/requests.py --count 6000 --folder /tmp/fuzz
"""

from __future__ import annotations

import base64
import json
import re
import socket
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from paribus.errors import UserError
from tests.support.commands import train_here
from tests.support.serving import Serving, contents, serving
from tests.support.small import write_small
from tests.support.trials import Trials, main

SILENT = 400
PATIENCE = 1.0
"""Seconds to the answer to a request of which more is awaited."""
LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)
CONTINUE = re.compile(rb"HTTP/1\.1 100 .*?\r\n\r\n", re.DOTALL)
PLAIN = ("/", "/pad", "/report", "/wrong", "/static/site.css", "/?study=small.toml")
PATHS = (
    *PLAIN,
    *PLAIN,
    "/", "/pad", "/report", "/wrong", "/answers", "/static/site.css", "/static/pad.js", "/nowhere",
    "/static/../app.py", "/static/%2e%2e/app.py", "//evil.example/", "/?study=small.toml",
    "/?study=../../x", "/report?study=%00", "/pad?study=" + "a" * 5000, "/wrong?study[]=1", "*",
    "/%ff%fe", "/?" + "&".join(["a=b"] * 500), "http://127.0.0.1/", "", "/answers?x=" + "%" * 99,
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "get",
           "X" * 300, "\x01", "")  # fmt: skip
HEADERS = (
    "Origin: null", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Cookie: a=b; =",
    "Content-Type: text/plain", "Content-Type: ", "Accept-Encoding: \x7f", "Expect: 100-continue",
    "Transfer-Encoding: chunked", "Transfer-Encoding: x", "Content-Length: -1",
    "Content-Length: 99999999999999999999", "Content-Length: 1e3", "Host: evil.example", "Host:",
    "X: " + "y" * 70000, "Range: bytes=0-99999", "Upgrade: websocket", "Connection: upgrade",
    ": x", "no colon", "If-None-Match: *", "Cookie: paribus-1=" + "x" * 4000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 3, 39, 40, 10**30, 0.5, 1e308, "", "x", "\ud800", "é", [], {}, [[]], [0] * 9,
    "a" * 3000, {"width": 6, "height": 6, "pixels": "AAAA"},
)  # fmt: skip


def body_of(rng: np.random.Generator) -> bytes:
    side = int(rng.integers(1, 12))
    pixels = base64.b64encode(rng.integers(256, size=side * side).astype(np.uint8).tobytes())
    drawing: dict[str, Any] = {"width": side, "height": side, "pixels": pixels.decode()}
    if rng.integers(2):
        key = ("width", "height", "pixels", "more")[rng.integers(4)]
        drawing[key] = VALUES[rng.integers(len(VALUES))]
    question: dict[str, Any] = (
        {"drawing": drawing},
        {"test_image": int(rng.integers(40))},
        {"test_image": VALUES[rng.integers(len(VALUES))]},
        {"drawing": VALUES[rng.integers(len(VALUES))], "study": VALUES[rng.integers(len(VALUES))]},
    )[rng.integers(4)]
    raw = bytearray(json.dumps(question).encode())
    match rng.integers(6):
        case 0:
            raw[rng.integers(len(raw))] = int(rng.integers(256))
        case 1:
            del raw[rng.integers(len(raw)) :]
        case 2:
            raw = bytearray(b"[" * int(rng.integers(1, 5000)))
    return bytes(raw)


def request_of(rng: np.random.Generator, port: int) -> bytes:
    """The bytes of a request; most are nearly right."""
    method, path = METHODS[rng.integers(len(METHODS))], PATHS[rng.integers(len(PATHS))]
    body = b""
    lines = [f"Host: 127.0.0.1:{port}"]
    if rng.integers(3) == 0:
        method, path = "POST", "/answers"
    if method == "POST":
        body = body_of(rng)
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    for _ in range((0, 0, 0, 1, 1, 3)[rng.integers(6)]):
        lines.insert(int(rng.integers(len(lines) + 1)), HEADERS[rng.integers(len(HEADERS))])
    version = (*("HTTP/1.1",) * 12, "HTTP/1.0", "HTTP/9.9", "")[rng.integers(15)]
    head = f"{method} {path} {version}\r\n" + "".join(f"{line}\r\n" for line in lines)
    raw = bytearray(f"{head}Connection: close\r\n\r\n".encode("utf-8", "replace") + body)
    if rng.integers(8) == 0:
        raw[rng.integers(len(raw))] = int(rng.integers(256))
    return bytes(raw)


def is_whole(raw: bytes) -> bool:
    """Whether no more of a request can be awaited: its head ends, and its body is as long as the
    head says. Of chunks none is sent, so that their end is missing."""
    head, end, body = raw.partition(b"\r\n\r\n")
    lengths = [int(length) for length in LENGTH.findall(head)]
    return bool(end) and CHUNKED.search(head) is None and len(body) >= max(lengths, default=0)


def answer_to(raw: bytes, port: int) -> int:
    """The status of the answer; 0 where the connection was closed without one."""
    patience = 60 if is_whole(raw) else PATIENCE
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        answer = b""
        try:
            connection.sendall(raw)
            while not re.match(rb"HTTP/1\.1 [2-9]\d\d", CONTINUE.sub(b"", answer)):
                try:
                    part = connection.recv(100)
                except TimeoutError:
                    if patience > PATIENCE:
                        raise
                    # More of the request is awaited: there is none.
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(60)
                    part = connection.recv(100)
                if not part:
                    return 0
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            return 0
    return int(CONTINUE.sub(b"", answer)[9:12])


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Send so many requests to a server, and see that it still answers as before."""
    train_here(write_small(folder))
    before = contents(folder)
    statuses: Counter[int] = Counter()
    with serving(folder, "small.toml") as server, ExitStack() as stack:
        expected = server.ask({"test_image": 3})
        for number in range(count):
            if number % max(1, count // 20) == 0:
                for _ in range(SILENT // 20):
                    address = ("127.0.0.1", server.port)
                    stack.enter_context(socket.create_connection(address, timeout=60))
            raw = request_of(rng, server.port)
            trials.run(f"request {number}", lambda raw=raw: checked(raw, server, statuses))  # type: ignore[misc]
        trials.run("the same answer", lambda: same(server, expected))
        stack.close()
        server.stop()
    trials.run("the same files", lambda: same_files(folder, before))
    left = statuses.pop(0, 0)
    print(f"statuses: {dict(sorted(statuses.items()))}; {left} were not whole and left unanswered")


def checked(raw: bytes, server: Serving, statuses: Counter[int]) -> None:
    status = answer_to(raw, server.port)
    statuses[status] += 1
    if 400 <= status < 500:
        raise UserError(f"status {status}")
    # Only the rest of what is not whole may be waited for, and then left without an answer.
    assert 200 <= status < 300 or (status == 0 and not is_whole(raw)), (status, raw[:500])


def same(server: Serving, expected: Any) -> None:
    assert server.ask({"test_image": 3}) == expected
    assert server.request("/")[0] == 200


def same_files(folder: Path, before: dict[str, str]) -> None:
    assert contents(folder) == before


if __name__ == "__main__":
    main(run, "mutated requests")
