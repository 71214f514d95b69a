"""What is mounted where, as Linux tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Mount:
    """A file system in its place."""

    root: PurePosixPath
    """What of the file system is seen there, from its own root."""
    point: Path
    """Where."""
    type: str
    """E.g. "ext4", "nfs4", "fuse.sshfs"."""
    options: tuple[str, ...]
    """Those of the file system itself."""


def mounts(table: str) -> list[Mount]:
    r"""Return the mounts of a table as /proc/self/mountinfo has it; those over others come later.

    >>> mounts("36 35 98:0 / /my\\040data rw shared:1 - nfs4 server:/data rw,vers=4.2\n")[0].point
    PosixPath('/my data')
    """
    found = []
    for line in table.split("\n"):
        place, dash, kind = line.partition(" - ")
        places, kinds = place.split(" "), kind.split(" ")
        if not dash or len(places) < 5 or len(kinds) < 3:
            continue
        root, point = map(_unescaped, places[3:5])
        options = tuple(kinds[2].split(","))
        found.append(Mount(PurePosixPath(root), Path(point), kinds[0], options))
    return found


def mount_of(path: Path, all_mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount that a path lies on; None if none is known.

    path: absolute, without symbolic links.
    """
    found = None
    for mount in all_mounts:
        deepest = found is None or len(mount.point.parts) >= len(found.point.parts)
        if path.is_relative_to(mount.point) and deepest:
            found = mount
    return found


def _unescaped(text: str) -> str:
    """Blanks, tabs, line ends and backslashes stand as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
