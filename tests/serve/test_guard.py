"""What the server refuses, and what every answer of it carries."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paribus.serve.guard import MOST_BYTES
from tests.support.serving import Serving, contents

JSON = {"content-type": "application/json"}
QUESTION = json.dumps({"test_image": 0})


def status_of(server: Serving, path: str = "/", method: str = "GET", **headers: str) -> int:
    return server.request(path, method, headers=headers)[0]


@pytest.mark.parametrize("path", ["/", "/pad", "/report", "/static/site.css", "/nowhere"])
def test_every_answer_is_guarded(server: Serving, path: str) -> None:
    _, headers, _ = server.request(path)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'" if path == "/report" else "default-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_only_its_own_names_are_answered(server: Serving) -> None:
    for host in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
        assert status_of(server, Host=f"{host}:{server.port}") == 200
    wrong = ("evil.example", f"evil.example:{server.port}", "localhost:1", "localhost", "", "[::1")
    for host in wrong:
        status, _, body = server.request("/", headers={"Host": host})
        assert status in (400, 403)
        if status == 403:
            assert body.decode() == (
                "This server answers only under its own address, e.g. "
                f"http://localhost:{server.port}/.\n"
            )


def test_only_its_own_pages_may_send(server: Serving) -> None:
    def ask(**headers: str) -> int:
        return server.request("/answers", "POST", QUESTION, {**JSON, **headers})[0]

    assert ask() == 200
    assert ask(origin=f"http://localhost:{server.port}") == 200
    assert ask(**{"sec-fetch-site": "same-origin"}) == 200
    for origin in ("http://evil.example", "null", f"https://localhost:{server.port}", "x"):
        assert ask(origin=origin) == 403
    for site in ("cross-site", "same-site", "x"):
        assert ask(**{"sec-fetch-site": site}) == 403
    text = server.request("/answers", "POST", QUESTION, {"content-type": "text/plain"})
    assert text[0] == 415


def test_large_bodies_are_refused_whether_they_say_so_or_not(server: Serving) -> None:
    large = b" " * (MOST_BYTES + 1)
    assert server.request("/answers", "POST", large, JSON)[0] == 413
    chunks: Iterator[bytes] = iter([large[:300_000], large[300_000:]])
    status, _, body = server.request("/answers", "POST", chunks, JSON)
    assert status == 413
    assert b"at most 524,288 bytes" in body


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({}, 'send either "drawing" or "test_image"'),
        ({"test_image": -1}, "test_image: Input should be greater than or equal to 0"),
        ({"test_image": 10**6}, "test_image: the test images are numbered from 0 to 9,999"),
        ({"test_image": "7"}, "test_image: Input should be a valid integer"),
        ({"test_image": 7, "more": 1}, "more: Extra inputs are not permitted"),
        ({"drawing": {"width": 8, "height": 8, "pixels": "AAAA"}}, "has 3 pixels"),
        ({"drawing": {"width": 8, "height": 8, "pixels": "!"}}, "a byte each, in base64"),
        ({"drawing": {"width": 8, "height": 8, "pixels": "A" * 86 + "=="}}, "nothing has been"),
        ([], "Input should be"),
    ],
)
def test_what_cannot_be_answered_is_told(server: Serving, question: object, told: str) -> None:
    status, answer = server.ask(question)
    assert status == 422
    assert told in answer["problem"]


def test_methods_and_paths(server: Serving) -> None:
    assert status_of(server, "/", "PUT") == 405
    assert status_of(server, "/answers") == 405
    for path in ("/pad/", "/static/", "/static/../app.py", "/static/%2e%2e/app.py", "//pad"):
        assert status_of(server, path) == 404
    status, _, body = server.request("/?study=%3Cscript%3E")
    assert status == 404
    assert b"<script>" not in body


METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "X"])
PATHS = st.one_of(
    st.sampled_from(["/", "/pad", "/events", "/wrong", "/answers", "/static/site.css"]),
    st.text("abc/.%2?=&\\;~-", max_size=30).map(lambda text: f"/{text}"),
)
NAMES = st.sampled_from(
    ["localhost:PORT", "127.0.0.1:PORT", "evil.example", "[::1]:PORT", "::", ""]
)
BODIES = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["test_image", "drawing", "width", "height", "pixels", "study"]),
                inner,
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.integers(0, 2 * MOST_BYTES).map(lambda size: b"[" * size),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Host": NAMES,
        "Origin": NAMES.map(lambda name: f"http://{name}"),
        "Sec-Fetch-Site": st.sampled_from(["same-origin", "cross-site", "none"]),
        "Content-Type": st.sampled_from(["application/json", "text/plain", "application/json; x"]),
        "Content-Length": st.sampled_from(["0", "-1", "x", "99999999999999"]),
    },
)


def test_nothing_that_is_sent_breaks_it_or_changes_the_store(
    server: Serving, trained: Path
) -> None:
    before = contents(trained)

    @settings(max_examples=150)
    @given(method=METHODS, path=PATHS, headers=HEADERS, body=BODIES, chunked=st.booleans())
    def fuzz(
        *, method: str, path: str, headers: dict[str, str], body: bytes, chunked: bool
    ) -> None:
        headers = {key: text.replace("PORT", str(server.port)) for key, text in headers.items()}
        sent = iter([body]) if chunked and "Content-Length" not in headers else body
        try:
            status, _, _ = server.request(path, method, sent, headers, read=False)
        except ConnectionError:
            # What says a wrong length of itself is followed by bytes that are no request.
            assert headers.get("Content-Length", str(len(body))) != str(len(body))
            return
        assert 200 <= status < 300 or 400 <= status < 500

    fuzz()
    assert server.ask({"test_image": 0})[0] == 200
    assert contents(trained) == before


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 99, b"hello\r\n\r\n",
     b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost\r\n\r\n", b"A" * 100_000],
)  # fmt: skip
def test_what_is_no_http_is_answered_so_or_hung_up_on(server: Serving, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        said = b""
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                said += part
        except ConnectionError:
            pass
    assert said == b"" or said.startswith(b"HTTP/1.1 4")
    assert server.request("/pad")[0] == 200
