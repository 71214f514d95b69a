"""Downloads files into a cache, and uses none whose checksum does not match.

A download that is interrupted leaves what has arrived in NAME.part; the next one resumes there.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

from paribus.errors import ParibusError, need

CACHE_VARIABLE = "PARIBUS_CACHE"

_TIMEOUT = 30  # seconds without an answer or a byte
_BLOCK = 1 << 14  # bytes; of what arrives, less than one is lost where a download ends early


@dataclass(frozen=True)
class RemoteFile:
    """A file to download."""

    name: str
    size: int
    """In bytes."""
    sha256: str
    """In hex."""


@dataclass(frozen=True)
class Remote:
    """Files that lie side by side on a server."""

    base_url: str
    """With the slash at its end."""
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(file.size for file in self.files)


def default_cache() -> Path:
    """Where downloads are kept: $PARIBUS_CACHE, else the user's cache folder."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(os.path.expanduser(chosen)) if chosen else platformdirs.user_cache_path("paribus")


def is_present(remote: Remote, folder: Path) -> bool:
    """Whether all files lie in `folder` with the right checksums."""
    return all(_is_good(folder / file.name, file) for file in remote.files)


def fetch(remote: Remote, folder: Path) -> None:
    """See that all files lie in `folder`, and download those that do not.

    A file gets its name once its checksum was found right. What an interrupted download has left
    is resumed where the server can, else downloaded anew; of two processes that want the same file,
    one waits for the other. Shows a progress bar on stderr where that is a terminal. Raises
    `ParibusError` with the file, the reason and what to do.
    """
    for file in remote.files:
        if not _is_good(folder / file.name, file):
            _download(remote.base_url + file.name, file, folder)


def _is_good(path: Path, file: RemoteFile) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _download(url: str, file: RemoteFile, folder: Path) -> None:
    need("download", f"the download of {file.name}")
    # Imported here: it takes 0.2 s, and most commands download nothing.
    import requests

    path, part = folder / file.name, folder / f"{file.name}.part"
    instead = f"try again later, or get the file in another way and put it into {folder}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{file.name}.lock"):
            if _is_good(path, file):
                return
            _receive(url, file, part)
            if not _is_good(part, file):
                part.unlink()
                raise ParibusError(
                    f"{url}: checksum mismatch, expected SHA-256 {file.sha256}; the downloaded "
                    f"file was deleted; {instead}."
                )
            part.replace(path)
    except requests.RequestException as error:
        if part.exists() and part.stat().st_size:
            instead = "run the command again to resume it"
        raise ParibusError(f"{url}: {_what_happened(error)}; {instead}.") from error
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ParibusError(_not_kept(path, error)) from error


def _receive(url: str, file: RemoteFile, part: Path) -> None:
    """Download into `part`, from where it ends if the server can."""
    import requests

    received = part.stat().st_size if part.exists() else 0
    # A range counts bytes of the file itself, so the server must not compress it once more.
    headers = {"Accept-Encoding": "identity"}
    if 0 < received < file.size:
        headers["Range"] = f"bytes={received}-"
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            received = 0
        with part.open("ab" if received else "wb") as stream, _bar(file, received) as advance:
            for block in response.iter_content(_BLOCK):
                stream.write(block)
                advance(len(block))
                received += len(block)
                if received > file.size:  # It is another file; the checksum says so.
                    break


@contextmanager
def _bar(file: RemoteFile, received: int) -> Iterator[Callable[[int], None]]:
    """Draw a progress bar on standard error, if that is a terminal; yield what advances it.

    received: the bytes that are there before. Sizes are in bytes.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as drawn:
        task = drawn.add_task(file.name, total=file.size, completed=received)
        yield lambda size: drawn.advance(task, size)


def _what_happened(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download was cut off"
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.ConnectionError):
        return "the server cannot be reached"
    return f"the download failed ({error})"


def _not_kept(path: Path, error: OSError) -> str:
    elsewhere = f"set {CACHE_VARIABLE} to a folder elsewhere"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: no room is left on the disk; make room, or {elsewhere}."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{path}: may not be written (permission denied); allow it, or {elsewhere}."
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{path.parent}: is a file where a folder is needed; {elsewhere}."
    return f"{path}: cannot be written ({error.strerror or error}); {elsewhere}."
