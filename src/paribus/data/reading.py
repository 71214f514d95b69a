"""Reading files and folders so that whatever goes wrong is told in one clear message."""

from __future__ import annotations

from pathlib import Path

from paribus.errors import UserError

# What file managers leave behind in folders of images.
_LEFT_BEHIND = ("Thumbs.db", "desktop.ini")


def read_bytes(file: Path) -> bytes:
    """The content of a file. Raises `UserError` where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, without hidden files.

    Raises `UserError` where the folder cannot be listed.
    """
    try:
        found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise unreadable(folder, error) from error
    return [e for e in found if not e.name.startswith(".") and e.name not in _LEFT_BEHIND]


def unreadable(path: Path, error: OSError) -> UserError:
    """Why `path` could not be read, in words.

    >>> print(unreadable(Path("digits.npz"), FileNotFoundError()))
    digits.npz: there is no such file or folder.
    """
    if isinstance(error, FileNotFoundError):
        return UserError(f"{path}: there is no such file or folder.")
    if isinstance(error, PermissionError):
        return UserError(
            f"{path}: may not be read (permission denied); allow it, e.g. with chmod a+rX."
        )
    if isinstance(error, IsADirectoryError):
        return UserError(f"{path}: is a folder where a file is expected.")
    if isinstance(error, NotADirectoryError):
        return UserError(f"{path}: is a file where a folder is expected.")
    return UserError(f"{path}: cannot be read ({error.strerror or error}).")
