"""Whether a store lies on a file system that several machines share, or that a program makes.

SQLite's write-ahead log lies in memory that processes share, which two machines cannot. On such a
file system a store has a rollback journal instead, and one process at a time writes it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from filelock import FileLock, Timeout

from paribus.errors import UserError
from paribus.mounts import mount_of, mounts

_TYPES = {
    "9p", "afs", "beegfs", "ceph", "cifs", "drvfs", "dvs", "fakeowner", "fuse", "gfs2", "gpfs",
    "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs",
    "vboxsf", "virtiofs", "vmhgfs", "wekafs",
}  # fmt: skip
_LOCAL_FUSE = {"fuse.fuse-overlayfs"}
"""Those of a program on this machine's own disk; NTFS is "fuseblk". A program that does not give
its name is "fuse"."""


LOCK = "store.lock"
"""Name, among those of runs, of the file whose lock is held by the process that writes."""


class Alone(sqlite3.Connection):
    """A connection that keeps other processes from writing to its store until it is closed."""

    lock: FileLock

    def close(self) -> None:
        """Close it, and let others write."""
        super().close()
        self.lock.release()


def mount_table() -> str:
    """Return Linux's table of mounts; "" on other systems."""
    try:
        return os.fsdecode(Path("/proc/self/mountinfo").read_bytes())
    except OSError:
        return ""


def network_type(folder: Path, table: str) -> str:
    """Return the type of a folder's file system if a store there needs a rollback journal, e.g.
    "nfs4"; else "".

    table: as `mount_table` returns it. What is not in it is taken for a local disk.

    >>> network_type(Path("/home/me/runs"), "9 1 0:4 / /home rw - nfs4 server:/home rw")
    'nfs4'
    """
    mount = mount_of(folder.resolve(), mounts(table))
    if mount is None:
        return ""
    fuse = mount.type.startswith("fuse.") and mount.type not in _LOCAL_FUSE
    return mount.type if fuse or mount.type in _TYPES else ""


def connect_alone(folder: Path, type_: str) -> Alone:
    """Return a connection to the database of a store on such a file system.

    type_: the file system's. Raises `UserError` if another process writes to the store, or if the
    file system has no locks.
    """
    lock = FileLock(folder / "locks" / LOCK)
    instead = (
        "keep the store on a local disk with --store, and unite stores of several machines with "
        "`paribus merge`"
    )
    try:
        lock.acquire(timeout=1, poll_interval=0.1)
    except Timeout:
        raise UserError(
            f"{folder}: another process writes to this store, and on a network file system "
            f"({type_}) only one at a time may; wait until it has ended, or {instead}"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise UserError(
            f"{folder}: lies on a network file system ({type_}) without locks ({error}); {instead}"
        ) from None
    try:
        db = sqlite3.connect(folder / "paribus.db", timeout=60, isolation_level=None, factory=Alone)
    except BaseException:
        lock.release()
        raise
    db.lock = lock
    return db
