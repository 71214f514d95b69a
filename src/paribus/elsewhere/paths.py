"""What the folder of a run says: tools that log into folders have no other place for it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SEED = re.compile(r"(?:(.*?)[-_. ]+)??(?:seed|s)[-_=]?(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(.*?)[-_. ]+)??(?:version|run|trial|rep)?[-_=]?(\d+)", re.IGNORECASE)
_ID = re.compile(r"(?=[a-z]*\d)[0-9a-f]{8,}([-_]\w+)*|(run[-_])?\d{4}-?\d\d-?\d\d.*")
"""Hashes and dates, which say nothing of an experiment."""


@dataclass(frozen=True)
class RunFolder:
    """A folder of a run: the experiment by its name, the run, and the seed, "" if it has none."""

    experiment: str
    run: str
    seed: str


def run_folders(folders: Sequence[Path]) -> list[RunFolder]:
    """Return what folders of runs say, by how their paths differ.

    The seed is where it says so, as in `cnn/seed3` and `cnn-seed3`; the run is the whole path; the
    experiment is what is left without seeds and numbers.

    >>> [(one.experiment, one.seed) for one in run_folders([Path("x/cnn/seed0"), Path("x/bn/seed1")])]
    [('cnn', '0'), ('bn', '1')]
    >>> [one.experiment for one in run_folders([Path("cnn_1"), Path("cnn_2"), Path("bn_1")])]
    ['cnn', 'cnn', 'bn']
    """  # noqa: E501
    if not folders:
        return []
    paths = [Path(os.path.abspath(folder)) for folder in folders]
    root = Path(os.path.commonpath([path.parent for path in paths]))
    parts = [path.relative_to(root).parts for path in paths]
    read = [[_read(part) for part in of_run] for of_run in parts]
    names = ["/".join(name for name, _ in of_run if name) for of_run in read]
    if len(set(names)) == len(names) and all(len(of_run) > 1 for of_run in parts):
        # The last folder has a name of its own for each run, such as an ID.
        names = ["/".join(name for name, _ in of_run[:-1] if name) for of_run in read]
    return [
        RunFolder(
            experiment=name or root.name,
            run="/".join(of_run),
            seed=next((seed for _, seed in found if seed), ""),
        )
        for name, of_run, found in zip(names, parts, read, strict=True)
    ]


def run_names(names: Sequence[str]) -> list[RunFolder]:
    """Return what the names of runs say, as `run_folders` does of folders of these names."""
    return run_folders([Path("runs") / name.strip("/") for name in names])


def _read(part: str) -> tuple[str, str]:
    """The name of a folder without seed and number, and the seed."""
    if _ID.fullmatch(part):
        return "", ""
    if found := _SEED.fullmatch(part):
        return found[1] or "", found[2]
    if found := _NUMBER.fullmatch(part):
        return found[1] or "", ""
    return part, ""
