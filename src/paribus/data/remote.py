"""Downloads files into a cache, and uses none that has not the right checksum."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from paribus.errors import ParibusError, need

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

CACHE_VARIABLE = "PARIBUS_CACHE"

_INSTEAD = (
    "try again later, or get the files in another way and give their folder in place of the name"
)


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

    A file is written under a name of its own and renamed when its checksum was found right, so
    that a failed download leaves nothing behind. Shows a progress bar on stderr where that is a
    terminal. Raises `ParibusError` with the file, the reason and what to do.
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
    # Imported here: they take 0.2 s, and most commands download nothing.
    import pooch  # type: ignore[import-untyped]
    import requests

    try:
        with _bar(file) as bar:
            pooch.retrieve(
                url,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16),
            )
    except requests.RequestException as error:
        raise ParibusError(f"{url}: {_what_happened(error)}; {_INSTEAD}.") from error
    except OSError as error:
        raise ParibusError(_not_kept(folder / file.name, error)) from error
    except ValueError as error:  # pooch's for a wrong checksum; it has removed the file
        raise ParibusError(
            f"{url}: the file that came has not the right checksum (SHA-256 {file.sha256}) and was "
            f"thrown away; {_INSTEAD}."
        ) from error


@contextmanager
def _bar(file: RemoteFile) -> Iterator[_Bar]:
    """Yield a progress bar on standard error, invisible if that is no terminal."""
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
        yield _Bar(drawn, drawn.add_task(file.name, total=file.size))


class _Bar:
    """A bar of rich, as pooch drives one. Sizes are in bytes."""

    total = 0
    """What the server announces, set by pooch; the bar has the size that is right."""

    def __init__(self, drawn: Progress, task: TaskID) -> None:
        self._drawn, self._task = drawn, task

    def update(self, size: int) -> None:
        self._drawn.advance(self._task, size)

    def reset(self) -> None:
        self._drawn.update(self._task, completed=0)

    def close(self) -> None:
        pass  # The bar ends with its context.


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
    return f"{path}: cannot be written ({error.strerror or error}); {elsewhere}."
