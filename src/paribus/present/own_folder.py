"""Which folder a report is written to where none is named: no study takes that of another.

A report's folder says in `study.txt` which study it is of, and whether of its preview.
"""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path

from paribus.atomic import write_atomically
from paribus.spec.files import built_in_studies

_DEFAULT = "report"
_MARK = "study.txt"
_PREVIEW = " --preview"


def own_folder(study: str, folder: Path, *, preview: bool = False) -> Path:
    """Return the folder for the report of a study: `report`, or `report-STUDY` if there is a report
    of another study in it. The full study takes the place of its preview; a preview that finds the
    full one there goes to `report-STUDY-preview`.

    study: its built-in name, file or title; or the file or folder of results from elsewhere.
    folder: the one that its paths start from.
    """
    name = Path(study).stem if _is_path(study) else Path(study).name
    stem = re.sub(r"[^\w.-]+", "-", name) + "-preview" * preview
    names = (f"{_DEFAULT}-{stem}{f'-{number}' if number > 1 else ''}" for number in count(1))
    found = Path(_DEFAULT)
    while (marked := _marked(found)) is not None:
        mine = _mark(study, folder, found)
        if marked == mine + _PREVIEW or (marked == mine and not preview):
            break
        found = Path(next(names))
    return found


def keep_mark(study: str, folder: Path, report: Path, *, preview: bool = False) -> None:
    """Write which study a report is of, and whether of its preview, into its folder."""
    report.mkdir(parents=True, exist_ok=True)
    mark = _mark(study, folder, report) + _PREVIEW * preview
    write_atomically(report / _MARK, f"{mark}\n".encode())


def _mark(study: str, folder: Path, report: Path) -> str:
    """The study as seen from beside the report, so that both can be moved together."""
    if _is_built_in(study) or not _is_path(study):
        return study
    file = folder / Path(study).name
    try:
        return Path(os.path.relpath(file, report.parent)).as_posix()
    except ValueError:  # On another drive.
        return Path(os.path.abspath(file)).as_posix()


def _marked(report: Path) -> str | None:
    """Which study a report is of, None if there is none, or one of before this was kept."""
    try:
        return (report / _MARK).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _is_path(study: str) -> bool:
    return study.endswith(".toml") or Path(study).is_absolute()


def _is_built_in(study: str) -> bool:
    return study in built_in_studies()
