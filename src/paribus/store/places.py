"""What stands in the places of a store: refused, or put out of the way, if it is not the store's.

No link is followed, and nothing that may be somebody's is removed.
"""

from __future__ import annotations

import os
from pathlib import Path

from paribus.errors import UserError
from paribus.places import FILE, FOLDER, LINK, standing
from paribus.store.claims import lock_path
from paribus.store.errors import told
from paribus.store.files import NAMES

TIMINGS = "timings"
_OWN = {
    "runs": FOLDER,
    "locks": FOLDER,
    TIMINGS: FOLDER,
    "paribus.db": FILE,
    "paribus.db-wal": FILE,
    "paribus.db-shm": FILE,
    "paribus.db-journal": FILE,
}


def refuse_foreign(folder: Path) -> None:
    """Raise `UserError` if a part of a store leads elsewhere, is something else than Paribus makes
    there, or may not be read."""
    with told(folder):
        found = standing(folder, follow=True)
        if found not in (None, FOLDER):
            raise UserError(f"{folder}: is {found}, and a store is a folder; name another one")
        for name, wanted in _OWN.items():
            path = folder / name
            found = standing(path)
            if found == LINK:
                raise UserError(
                    f"{path}: is a link, and Paribus follows none inside a store; put what it "
                    "leads to in its place"
                )
            if found not in (None, wanted):
                raise UserError(
                    f"{path}: is {found} where a store has {wanted}; move it elsewhere, and put "
                    f"{wanted} back from a copy if you have one"
                )
            if found is not None:
                _refuse_unreadable(path, found)


def make_room(store: Path, run: str) -> None:
    """Have nothing in the way of what is written of a run: empty folders in place of its files are
    removed.

    Raises `UserError` if something else is in the way, so that it can be done before training.
    """
    folder = store / "runs" / run
    with told(store):
        for path, wanted in ((lock_path(store, run), FILE), (folder, FOLDER)):
            found = standing(path)
            if found == LINK:
                raise UserError(f"{path}: is a link, and Paribus follows none; remove it")
            if found not in (None, wanted):
                raise _in_the_way(path, found, wanted)
            if found is not None:
                _refuse_unreadable(path, found, write=True)
        for path in (folder / name for name in NAMES):
            # Whatever is no folder is replaced by the file, which is written beside it.
            if standing(path) == FOLDER:
                try:
                    path.rmdir()
                except OSError:
                    raise _in_the_way(path, FOLDER, FILE) from None


def _in_the_way(path: Path, found: str | None, wanted: str) -> UserError:
    return UserError(
        f"{path}: is {found} where a store has {wanted}; move it elsewhere and call the same "
        "command again"
    )


def _refuse_unreadable(path: Path, kind: str, *, write: bool = False) -> None:
    needed = os.R_OK | (os.X_OK if kind == FOLDER else 0) | (os.W_OK if write else 0)
    if not os.access(path, needed):
        raise UserError(
            f"{path}: may not be {'written' if write else 'read'} (permission denied); allow it, "
            "e.g. with chmod u+rwX"
        )
