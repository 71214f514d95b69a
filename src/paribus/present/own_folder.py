"""Which folder a report is written to where none is named: no study takes that of another.

A report's folder says in `study.txt` which study it is of, and whether of its preview; of results
from elsewhere, which files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from paribus.atomic import write_atomically
from paribus.spec.files import built_in_studies
from paribus.text import listed

_DEFAULT = "report"
_MARK = "study.txt"
_PREVIEW = " --preview"


def own_folder(study: str, folder: Path, *, preview: bool = False) -> Path:
    """Return the folder for the report of a study: `report`, or `report-STUDY` if there is a report
    of another study in it. The full study takes the place of its preview; a preview that finds the
    full one there goes to `report-STUDY-preview`.

    study: its built-in name, file or title. folder: the one that its paths start from.
    """
    name = Path(study).stem if study.endswith(".toml") else Path(study).name

    def is_free(found: Path) -> bool:
        marked, mine = _marked(found), _mark(study, folder, found)
        return marked in (None, mine + _PREVIEW) or (marked == mine and not preview)

    return next(filter(is_free, _folders(name + "-preview" * preview)))


def own_folder_of_files(files: Sequence[Path]) -> Path:
    """Return the folder for the report of results from elsewhere: `report`, or `report-FILE` if
    there is a report of anything else in it, some of these files included."""

    def is_free(found: Path) -> bool:
        return _marked(found) in (None, _mark_of_files(files, found))

    return next(filter(is_free, _folders(name_of_files(files))))


def keep_mark(study: str, folder: Path, report: Path, *, preview: bool = False) -> None:
    """Write which study a report is of, and whether of its preview, into its folder."""
    _write(report, _mark(study, folder, report) + _PREVIEW * preview)


def keep_mark_of_files(files: Sequence[Path], report: Path) -> None:
    """Write which files a report is of into its folder."""
    _write(report, _mark_of_files(files, report))


def name_of_files(files: Sequence[Path]) -> str:
    """Return what results from elsewhere are called: by their files, or by folders.

    >>> name_of_files([Path("out/ablation.csv")]), name_of_files([Path("b.csv"), Path("a.csv")])
    ('ablation', 'b and a')
    """
    paths = [file.resolve() for file in files]
    return listed([path.stem if path.suffix else path.name for path in paths], most=3)


def _folders(name: str) -> Iterator[Path]:
    """The folders that a report may be written to, the first choice first."""
    stem = f"{_DEFAULT}-" + re.sub(r"[^\w.-]+", "-", name)
    yield Path(_DEFAULT)
    yield Path(stem)
    yield from (Path(f"{stem}-{number}") for number in count(2))


def _write(report: Path, mark: str) -> None:
    report.mkdir(parents=True, exist_ok=True)
    write_atomically(report / _MARK, f"{mark}\n".encode())


def _mark(study: str, folder: Path, report: Path) -> str:
    if _is_built_in(study) or not study.endswith(".toml"):
        return study
    return _beside(folder / Path(study).name, report)


def _mark_of_files(files: Sequence[Path], report: Path) -> str:
    """The files, a line each, whatever their order."""
    return "\n".join(sorted(_beside(file.resolve(), report) for file in files))


def _beside(file: Path, report: Path) -> str:
    """A file as seen from beside the report, so that both can be moved together."""
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


def _is_built_in(study: str) -> bool:
    return study in built_in_studies()
