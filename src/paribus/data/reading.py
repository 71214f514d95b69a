"""Reading files and folders so that every failure is reported in one clear message."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from paribus.data.memory import Memory
from paribus.errors import UserError
from paribus.places import FILE, FOLDER, kind_of_mode
from paribus.text import listed, shown

# What file managers and archives leave behind in folders of images.
_LEFT_BEHIND = ("Thumbs.db", "desktop.ini", "__MACOSX")
_OURS, _OUR_REPORT = ("runs", "report"), "report-"
_DESCRIBES = ("README", "LICENSE", "LICENCE", "CITATION", "COPYING", "CHANGELOG")
_DESCRIBED_IN = (".md", ".txt", ".rst", ".pdf", ".html", ".toml", ".py", ".ipynb")

# What files that are not what they should be begin with, and what they are.
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip file"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"MATLAB 5.0", "a MATLAB file"),
    (b"PAR1", "a Parquet file"),
    (b"%!PS", "a PostScript file"),
    (b"%PDF", "a PDF file"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


def read_bytes(file: Path, memory: Memory | None = None) -> bytes:
    """Return the content of a regular file.

    memory: the room that is left for the content; it is not used. Raises `UserError` if the
    file cannot be read, is no regular file (a pipe would be waited for), or is too large.
    """
    memory = memory or Memory()
    with open_file(file) as stream:
        memory.check(shown(file), os.fstat(stream.fileno()).st_size)
        try:
            content = stream.read(memory.left + 1)
        except OSError as error:
            raise unreadable(file, error) from error
    memory.check(shown(file), len(content))
    return content


@contextmanager
def open_file(file: Path) -> Iterator[BinaryIO]:
    """Open a regular file. Raises `UserError` if there is none that can be opened."""
    try:
        require_regular(file)
        # Without O_NONBLOCK, what became a pipe since would be waited for.
        stream = os.fdopen(os.open(file, os.O_RDONLY | _FLAGS), "rb")
    except OSError as error:
        raise unreadable(file, error) from error
    with stream:
        yield stream


_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def require_regular(file: Path) -> None:
    """Raise `UserError` if `file` is a pipe, a device or a socket; `OSError` if it is not there."""
    kind = kind_of_mode(file.stat().st_mode)
    if kind == FOLDER:
        raise IsADirectoryError
    if kind != FILE:
        raise UserError(
            f"{shown(file)}: is {kind}, not a regular file; save its content to a file first."
        )


def entries(folder: Path) -> list[Path]:
    """Return the contents of a folder, sorted by name, without hidden files.

    Raises `UserError` if the folder cannot be listed.
    """
    try:
        found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise unreadable(folder, error) from error
    return [e for e in found if not e.name.startswith(".") and e.name not in _LEFT_BEHIND]


def not_used(folder: Path, used: Iterable[Path]) -> tuple[str, ...]:
    """Return a clause that names what lies in a folder of data beside what is read of it, if any.

    What only describes data, and what Paribus writes, is not named.
    """
    read = {path.name for path in used}
    left = [
        f"{shown(entry.name)}/" if entry.is_dir() else shown(entry.name)
        for entry in entries(folder)
        if entry.name not in read
        and entry.name not in _OURS
        and not entry.name.startswith(_OUR_REPORT)
        and entry.stem.upper() not in _DESCRIBES
        and entry.suffix.lower() not in _DESCRIBED_IN
    ]
    return passed_over(left, validates=any(n.lower().startswith(("val", "dev")) for n in left))


def passed_over(names: Sequence[str], *, validates: bool) -> tuple[str, ...]:
    """Return a clause on what is not read, if there is something.

    validates: whether some of it is named as if it held validation images.
    """
    if not names:
        return ()
    hint = "; `validation = N` in the study holds out training images" if validates else ""
    return (f"{listed(names)} {'is' if len(names) == 1 else 'are'} not used{hint}",)


def damaged(where: str, instead: str) -> UserError:
    """Return the error for a damaged file. instead: what to do about it."""
    return UserError(f"{where}: is damaged and cannot be read; {instead}.")


def unreadable(path: Path, error: OSError) -> UserError:
    """Return why `path` could not be read, in words.

    >>> print(unreadable(Path("digits.npz"), FileNotFoundError()))
    digits.npz: there is no such file or folder.
    """
    name = shown(path)
    if isinstance(error, FileNotFoundError):
        return UserError(f"{name}: there is no such file or folder.")
    if isinstance(error, PermissionError):
        return UserError(
            f"{name}: may not be read (permission denied); allow it, e.g. with chmod a+rX."
        )
    if isinstance(error, IsADirectoryError):
        return UserError(f"{name}: is a folder where a file is expected.")
    if isinstance(error, NotADirectoryError):
        return UserError(f"{name}: is a file where a folder is expected.")
    return UserError(f"{name}: cannot be read ({error.strerror or error}).")


def kind_of(content: bytes) -> str | None:
    """Return the format of a file by its first bytes, if it is a common kind of file.

    >>> kind_of(b"PK\\x03\\x04...")
    'a zip archive'
    """
    for start, kind in _KINDS:
        if content.startswith(start):
            return kind
    if content[257:262] == b"ustar":
        return "a tar archive"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "an image in HEIF or AVIF"
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start.startswith((b"<svg", b"<?xml")):
        return "an SVG or XML file"
    return None
