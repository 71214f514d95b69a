"""Writes an export whole or not at all, and over nothing that is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from paribus.atomic import part_folder
from paribus.errors import ParibusError, UserError


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A path to write a file or a folder to, which becomes `target` at the end of the block; if
    the block fails, nothing is left.

    Raises `UserError` if there is something at `target` already or it cannot be written to.
    """
    refuse_existing(target)
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part_folder(target) as folder:
            part = folder / target.name
            yield part
            # Asked again: writing takes a while, and a rename would replace a file without a word.
            refuse_existing(target)
            os.rename(part, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ParibusError(f"{target}: the disk is full; make room and export again") from None
        raise UserError(
            f"{target}: cannot be written: {error.strerror}; name another place with --output"
        ) from None
    finally:
        for folder in made:
            with suppress(OSError):  # It has something in it.
                folder.rmdir()


def refuse_existing(target: Path) -> None:
    """Raise `UserError` if there is something at `target`."""
    if os.path.lexists(target):
        raise UserError(
            f"{target}: already exists and is not overwritten; remove it, or choose "
            "another place with --output"
        )
