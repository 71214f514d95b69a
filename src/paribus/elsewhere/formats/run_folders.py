"""What the folder of a run says: tools that log into folders have no other place for it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paribus.elsewhere.cells import Cell
from paribus.elsewhere.notices import RunsByName

_SEED = re.compile(r"(?:(.*?)[-_. ]+)??(?:seed|s)[-_=]?(\d+)", re.IGNORECASE)
_RUN = re.compile(r"(?:(.*?)[-_. ]+)??(?:version|run|trial|rep)[-_=]?\d+", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(.*?)(?<!\d\.)[-_. ]+)??\d+")
_DECIMAL = re.compile(r".*\d\.\d+")
_HASH = re.compile(r"(?=[a-z]*\d)[0-9a-f]{8,}([-_]\w+)*")
_DATE = re.compile(r"(run[-_])?\d{4}-?\d\d-?\d\d.*")


@dataclass(frozen=True)
class RunFolder:
    """A folder of a run: the experiment by its name, the run, and the seed, "" if it has none.
    `whole`: the experiment with what may be a number of the run, or a part of its name."""

    experiment: str
    run: str
    seed: str
    whole: str = ""

    def cells(self) -> dict[str, Cell]:
        """Return the cells of its rows: experiment, run, and the seed if there is one."""
        seed: dict[str, Cell] = {"seed": self.seed} if self.seed else {}
        return {"experiment": self.experiment, "run": self.run, **seed}


def run_folders(folders: Sequence[Path]) -> list[RunFolder]:
    """Return what folders of runs say, by how their paths differ.

    The seed is where it says so, as in `cnn/seed3` and `cnn-seed3`; the run is the whole path; the
    experiment is what is left without seeds and numbers of runs. A folder of several runs that
    differ in these alone keeps its number, as that is none of a run.

    >>> [(one.experiment, one.seed) for one in run_folders([Path("x/cnn/seed0"), Path("x/bn/seed1")])]
    [('cnn', '0'), ('bn', '1')]
    >>> [one.experiment for one in run_folders([Path("cnn_1"), Path("cnn_2"), Path("bn_1")])]
    ['cnn', 'cnn', 'bn']
    >>> [one.experiment for one in run_folders([Path("net-18/run0"), Path("net-18/run1")])]
    ['net-18', 'net-18']
    """  # noqa: E501
    if not folders:
        return []
    paths = [Path(os.path.abspath(folder)) for folder in folders]
    root = Path(os.path.commonpath([path.parent for path in paths]))
    parts = [path.relative_to(root).parts for path in paths]
    read = _read_all(parts)
    names = [_joined(part.name for part in of_run) for of_run in read]
    last = {of_run[-1] for of_run in parts}
    if len({*names}) == len(last) == len(names) and all(len(of_run) > 1 for of_run in parts):
        # The last folder has a name of its own for each run, such as an ID.
        names = [_joined(part.name for part in of_run[:-1]) for of_run in read]
    return [
        RunFolder(
            experiment=name or root.name,
            run="/".join(of_run),
            seed=next((part.seed for part in found if part.seed), ""),
            whole=_joined(part.whole for part in found) or root.name,
        )
        for name, of_run, found in zip(names, parts, read, strict=True)
    ]


def run_names(names: Sequence[str]) -> list[RunFolder]:
    """Return what the names of runs say, as `run_folders` does of folders of these names."""
    return run_folders([Path("runs") / name.strip("/") for name in names])


def runs_by_name(runs: Sequence[RunFolder], column: str) -> tuple[RunsByName, ...]:
    """Return which names were taken for runs of one experiment, in a column, as they differ in a
    number, or in the last folder."""
    names: dict[str, dict[str, None]] = {}
    for run in runs:
        names.setdefault(run.experiment, {})[run.whole] = None
    merged = {name: tuple(whole) for name, whole in names.items() if len(whole) > 1}
    return (RunsByName(column, merged),) if merged else ()


@dataclass(frozen=True)
class _Part:
    """A folder: its name without seed and number of a run; the seed; and with such a number."""

    name: str
    seed: str
    whole: str


def _read_all(parts: Sequence[tuple[str, ...]]) -> list[list[_Part]]:
    """What the folders of each run say, from the last to the first: one has several runs if these
    differ in nothing but seeds and numbers behind it."""
    read: list[list[_Part]] = [[] for _ in parts]
    for depth in reversed(range(max(map(len, parts)))):
        deep = [place for place, of_run in enumerate(parts) if depth < len(of_run)]
        inside = {
            place: (parts[place][: depth + 1], _joined(part.name for part in read[place]))
            for place in deep
        }
        times = Counter(inside.values())
        for place in deep:
            read[place].insert(0, _read(parts[place][depth], times[inside[place]] > 1))
    return read


def _joined(names: Iterator[str]) -> str:
    return "/".join(filter(None, names))


def _read(part: str, has_several: bool) -> _Part:
    """What a folder says. has_several: whether it has several runs of an experiment."""
    if _DATE.fullmatch(part):
        return _Part("", "", part if has_several else "")
    if found := _SEED.fullmatch(part):
        return _Part(found[1] or "", found[2], found[1] or "")
    if has_several:
        return _Part(part, "", part)
    if _HASH.fullmatch(part):
        return _Part("", "", "")
    if found := _RUN.fullmatch(part):
        return _Part(found[1] or "", "", found[1] or "")
    found = None if _DECIMAL.fullmatch(part) else _NUMBER.fullmatch(part)
    return _Part((found[1] or "") if found else part, "", part)
