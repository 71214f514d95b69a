"""What stands at a path, in the words of messages about something else that should be there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

FILE, FOLDER, LINK = "a file", "a folder", "a link"


def standing(path: Path, *, follow: bool = False) -> str | None:
    """Return what stands at a path: "a file", "a folder", "a link", "a pipe", "a socket" or
    "a device"; None if nothing does.

    follow: whether to name what a link leads to, not the link. Raises `OSError` where that cannot
    be seen.
    """
    try:
        mode = os.stat(path, follow_symlinks=follow).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "a link that leads nowhere" if follow and path.is_symlink() else None
    return kind_of_mode(mode)


def kind_of_mode(mode: int) -> str:
    """Return what a mode of `os.stat` is of.

    >>> kind_of_mode(os.stat(os.curdir).st_mode)
    'a folder'
    """
    if stat.S_ISREG(mode):
        return FILE
    if stat.S_ISDIR(mode):
        return FOLDER
    if stat.S_ISLNK(mode):
        return LINK
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def in_place_of(path: Path, wanted: str, whose: str) -> str | None:
    """Return, as the middle of a message, what stands at a path in place of a file or a folder,
    wherever links lead; None if that or nothing does.

    >>> in_place_of(Path(os.curdir), FILE, "the report")
    'is a folder where the report has a file'
    """
    found = standing(path, follow=True)
    return None if found in (None, wanted) else f"is {found} where {whose} has {wanted}"
