from __future__ import annotations

import errno
import hashlib
import os
import resource
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import platformdirs
import pytest

from paribus.data import remote
from paribus.data.remote import Remote, RemoteFile, default_cache, fetch, is_present
from paribus.errors import ParibusError

CONTENT = b"0123456789" * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def instead(folder: Path) -> str:
    return f"try again later, or get the file in another way and put it into {folder}."


def there(folder: Path) -> list[str]:
    """What a folder holds, but for locks, which lie there hidden."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


class Server:
    """Answers every request for a file with what a test put there."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.promised: dict[str, int] = {}
        """The length to announce, where it is not the right one."""
        self.resumes = True
        """Whether it answers with the rest of a file where that is asked for."""
        self.requests: list[str] = []
        self.ranges: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.removeprefix("/")
        self.requests.append(name)
        wanted = request.headers["Range"]
        self.ranges.append(wanted)
        if name not in self.content:
            request.send_error(404)
            return
        content = self.content[name]
        if wanted and self.resumes:
            content = content[int(wanted.removeprefix("bytes=").removesuffix("-")) :]
            request.send_response(206)
        else:
            request.send_response(200)
        request.send_header("Content-Length", str(self.promised.get(name, len(content))))
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    thread = Thread(target=running.http.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.http.shutdown()
    running.http.server_close()
    thread.join()


def one_file(url: str) -> Remote:
    return Remote(url, (RemoteFile("a.gz", len(CONTENT), SHA256),))


def failure(source: Remote, folder: Path) -> str:
    with pytest.raises(ParibusError) as caught:
        fetch(source, folder)
    assert caught.value.exit_status == 1
    return str(caught.value)


def test_downloads_once(server: Server, tmp_path: Path) -> None:
    server.content = {"a.gz": CONTENT, "b.gz": b"other"}
    other = RemoteFile("b.gz", 5, hashlib.sha256(b"other").hexdigest())
    source = Remote(server.url, (*one_file(server.url).files, other))
    folder = tmp_path / "new" / "folder"
    assert source.size == 200_005
    assert not is_present(source, folder)
    fetch(source, folder)
    fetch(source, folder)
    assert server.requests == ["a.gz", "b.gz"]
    assert (folder / "a.gz").read_bytes() == CONTENT
    assert there(folder) == ["a.gz", "b.gz"]
    assert is_present(source, folder)


def test_a_bar_is_drawn_on_a_terminal_alone(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.content["a.gz"] = CONTENT
    fetch(one_file(server.url), tmp_path / "quiet")
    assert "kB" not in capsys.readouterr().err
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes standard error for a terminal.
    fetch(one_file(server.url), tmp_path / "shown")
    out, err = capsys.readouterr()
    assert out == ""
    assert "a.gz" in err
    assert "200.0/200.0 kB" in err
    cut_off(server, tmp_path / "resumed")
    capsys.readouterr()
    fetch(one_file(server.url), tmp_path / "resumed")
    assert "200.0/200.0 kB" in capsys.readouterr().err


def test_wrong_checksum(server: Server, tmp_path: Path) -> None:
    server.content["a.gz"] = b"wrong" + CONTENT[5:]
    assert failure(one_file(server.url), tmp_path) == (
        f"{server.url}a.gz: checksum mismatch, expected SHA-256 {SHA256}; the downloaded file was "
        f"deleted; {instead(tmp_path)}"
    )
    assert there(tmp_path) == []


def cut_off(server: Server, folder: Path) -> int:
    """A first try that ends after half of the file; return how many bytes of it are there."""
    server.content["a.gz"] = CONTENT[:100_000]
    server.promised["a.gz"] = len(CONTENT)
    assert failure(one_file(server.url), folder) == (
        f"{server.url}a.gz: the download was cut off; run the command again to resume it."
    )
    assert there(folder) == ["a.gz.part"]
    server.content["a.gz"] = CONTENT
    server.promised.clear()
    size = (folder / "a.gz.part").stat().st_size
    assert 80_000 < size <= 100_000
    return size


def test_download_that_was_cut_off_is_resumed(server: Server, tmp_path: Path) -> None:
    size = cut_off(server, tmp_path)
    fetch(one_file(server.url), tmp_path)
    assert server.ranges == [None, f"bytes={size}-"]
    assert there(tmp_path) == ["a.gz"]
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_download_starts_anew_where_the_server_cannot_resume(
    server: Server, tmp_path: Path
) -> None:
    cut_off(server, tmp_path)
    server.resumes = False
    fetch(one_file(server.url), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_wrong_rest_of_a_file_is_thrown_away_with_its_beginning(
    server: Server, tmp_path: Path
) -> None:
    size = cut_off(server, tmp_path)
    server.content["a.gz"] = bytes(len(CONTENT))
    assert "checksum mismatch" in failure(one_file(server.url), tmp_path)
    assert there(tmp_path) == []
    server.content["a.gz"] = CONTENT
    fetch(one_file(server.url), tmp_path)
    assert server.ranges == [None, f"bytes={size}-", None]


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"more", b""])
def test_part_that_cannot_be_resumed_is_downloaded_anew(
    left: bytes, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.gz.part").write_bytes(left)
    server.content["a.gz"] = CONTENT
    fetch(one_file(server.url), tmp_path)
    assert server.ranges == [None]
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_file_that_is_too_long_is_not_read_to_its_end(server: Server, tmp_path: Path) -> None:
    server.content["a.gz"] = bytes(10_000_000)
    assert "checksum mismatch" in failure(one_file(server.url), tmp_path)
    assert there(tmp_path) == []


def test_two_that_want_the_same_file_download_it_once(server: Server, tmp_path: Path) -> None:
    server.content["a.gz"] = CONTENT
    source = one_file(server.url)
    others = [Thread(target=fetch, args=(source, tmp_path)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert server.requests == ["a.gz"]


def test_not_found(server: Server, tmp_path: Path) -> None:
    assert failure(one_file(server.url), tmp_path) == (
        f"{server.url}a.gz: the server answered 404 Not Found; {instead(tmp_path)}"
    )
    assert there(tmp_path) == []


def test_refused_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert failure(one_file(url), tmp_path) == (
            f"{url}a.gz: the server cannot be reached; {instead(tmp_path)}"
        )
    assert there(tmp_path) == []


def test_a_good_copy_is_kept_whatever_the_server_has(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(CONTENT)
    server.content["a.gz"] = b"wrong"
    fetch(one_file(server.url), tmp_path)
    assert server.requests == []
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_a_damaged_copy_is_downloaded_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(CONTENT[:-1])
    server.content["a.gz"] = CONTENT
    assert not is_present(one_file(server.url), tmp_path)
    fetch(one_file(server.url), tmp_path)
    assert (tmp_path / "a.gz").read_bytes() == CONTENT


def test_files_that_came_before_a_failure_are_kept(server: Server, tmp_path: Path) -> None:
    server.content["a.gz"] = CONTENT
    missing = RemoteFile("b.gz", 1, SHA256)
    failure(Remote(server.url, (*one_file(server.url).files, missing)), tmp_path)
    assert there(tmp_path) == ["a.gz"]


def test_a_disk_that_takes_no_more(server: Server, tmp_path: Path) -> None:
    content = bytes(2_000_000)
    server.content["a.gz"] = content
    source = Remote(
        server.url, (RemoteFile("a.gz", len(content), hashlib.sha256(content).hexdigest()),)
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        message = failure(source, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert message == (
        f"{tmp_path}/a.gz: cannot be written (File too large); set PARIBUS_CACHE to a folder "
        "elsewhere."
    )
    assert there(tmp_path) == []


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    # To fill a disk takes a disk of one's own, so only the wording is held here.
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert remote._not_kept(tmp_path / "a", OSError(number, os.strerror(number))) == (
            f"{tmp_path}/a: no room is left on the disk; make room, or set PARIBUS_CACHE to a "
            "folder elsewhere."
        )


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root may write everywhere, so it becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("below", [".", "new"])
def test_unwritable_cache(server: Server, below: str) -> None:
    server.content["a.gz"] = CONTENT
    # What a download imports must be imported while its files may be read.
    with tempfile.TemporaryDirectory() as warm:
        fetch(one_file(server.url), Path(warm))
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        folder = Path(name) / below
        with as_ordinary_user():
            message = failure(one_file(server.url), folder)
        assert os.listdir(name) == []
    assert message == (
        f"{folder}/a.gz: may not be written (permission denied); allow it, or set PARIBUS_CACHE to "
        "a folder elsewhere."
    )


def test_a_file_where_the_cache_should_be(server: Server, tmp_path: Path) -> None:
    server.content["a.gz"] = CONTENT
    (tmp_path / "file").touch()
    assert failure(one_file(server.url), tmp_path / "file") == (
        f"{tmp_path}/file: is a file where a folder is needed; set PARIBUS_CACHE to a folder "
        "elsewhere."
    )


def test_default_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.setenv("PARIBUS_CACHE", "~/data")
    assert default_cache() == Path.home() / "data"
    monkeypatch.delenv("PARIBUS_CACHE")
    assert default_cache() == platformdirs.user_cache_path("paribus")
