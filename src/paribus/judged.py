"""Results that were made elsewhere, from Python: arrays or a table in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from paribus.elsewhere.cells import text_of
from paribus.elsewhere.formats.in_memory import frame_of
from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.judge import judge as judge_frame
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Missing, Stated, Terms, Unit
from paribus.errors import UserError, need

if TYPE_CHECKING:
    import pandas as pd

    from paribus.questions.finding import Finding

Pairs = Iterable[tuple[str, str]] | tuple[str, str]


class Judged:
    """Findings about results that were made elsewhere. A notebook shows them as a list."""

    def __init__(self, judgment: Judgement) -> None:
        self.findings: tuple[Finding, ...] = judgment.findings
        """One per pair of experiments and metric, as records."""
        self._judgment = judgment

    @property
    def sentences(self) -> list[str]:
        """What to believe of each pair, a sentence or two with estimate, interval and n."""
        from paribus.present import wording

        return [wording.sentence(finding) for finding in self.findings]

    @property
    def notices(self) -> list[str]:
        """What was guessed, and what is to be said of the table: repeated or missing values,
        columns that are not used, means in place of runs."""
        from paribus.present.guesses import guesses
        from paribus.present.notices import remarks

        return [line for line in (guesses(self._judgment), *remarks(self._judgment)) if line]

    def numbers(self) -> list[dict[str, Any]]:
        """Return what `paribus judge --json` has of each finding: verdict, estimate, interval, p.

        Differences are in the metric's own unit.
        """
        from paribus.present.as_json import plain

        return list(map(plain, self.findings))

    def frame(self) -> pd.DataFrame:
        """Return `numbers` as a DataFrame, a row per finding. Needs the extra `pandas`."""
        need("pandas", "a DataFrame")
        import pandas as pd

        from paribus.present.as_json import NUMBERS

        columns = ("a", "b", "metric", "verdict", *NUMBERS, "sentence")
        return pd.DataFrame([{name: row[name] for name in columns} for row in self.numbers()])

    def report(
        self, folder: str | PathLike[str], title: str = "Results", *, pdf: bool = False
    ) -> Path:
        """Write the page with its tables and figure into a folder, made if it is not there; return
        the page's path. pdf: write the figure as PDF too. Raises `UserError` if the folder cannot
        be written to."""
        from paribus.present.judged import write_judgment

        return write_judgment(self._judgment, title, Path(folder), pdf=pdf)

    def __repr__(self) -> str:
        return "\n".join(["<Judged>", *self.sentences])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        notes = "".join(f"<br><small>{escape(line)}</small>" for line in self.notices)
        return f"<ul>{items}</ul>{notes}"


def judge(
    results: Any,
    *,
    experiment: str | Sequence[str] = (),
    metric: str | Sequence[str] = (),
    better: str | None = None,
    unit: str | Sequence[str] = (),
    seed: str = "",
    run: str = "",
    epoch: str = "",
    kept: str = "",
    status: str = "",
    correct: str = "",
    ignore: Sequence[str] = (),
    about: Sequence[str] = (),
    matters: float | Sequence[float] = (),
    paired: bool = False,
    compare: Pairs = (),
    baseline: str | None = None,
    best: bool = False,
    missing: str | None = None,
    wide: str = "",
) -> Judged:
    """Judge which differences are real in results that were made elsewhere.

    results: a DataFrame, a mapping of columns, a list of rows (mappings), a path or paths of files
    that `paribus judge` reads. A row is a run, or an epoch of a run. The other parameters are the
    options of `paribus judge` (docs/judge.md); what is not stated is guessed, and `notices` has it.
    compare: a pair of names, or several. matters: the smallest difference that matters, in the
    metric's own unit; of several metrics one each. unit: "percent", "share" or "number"; of several
    metrics one each. paired: runs of one seed belong together. missing: "failed", "unreported" or
    "absent". Raises `UserError` for what is wrong with the table or the parameters.

    >>> table = {"model": ["a"] * 3 + ["b"] * 3, "acc": [0.90, 0.92, 0.91, 0.95, 0.97, 0.96]}
    >>> print(judge(table).sentences[0])
    b is better than a: acc +5.00 points [1.49, 8.51], 95%, n = 3 runs each.
    """
    if better not in (None, "higher", "lower"):
        raise UserError(f'better: must be "higher" or "lower", got {better!r}')
    sizes = (float(matters),) if isinstance(matters, int | float) else tuple(map(float, matters))
    if not all(0 < size < float("inf") for size in sizes):
        raise UserError(f"matters: must be a positive number, got {matters!r}")
    pairs = _pairs(compare)
    if pairs and baseline is not None:
        raise UserError("baseline: has no effect beside compare; leave one out")
    terms = Terms(
        columns=Stated(
            experiment=_names(experiment),
            seed=seed,
            run=run,
            epoch=epoch,
            kept=kept,
            status=status,
            metric=_names(metric),
            ignored=_names(ignore),
            correct=correct,
        ),
        better=better,
        units=tuple(_word(Unit, "unit", one) for one in _names(unit)),
        paired=paired,
        matters=sizes,
        about=_names(about),
        compare=pairs,
        baseline=baseline,
        best=best,
        wide=wide,
        missing=None if missing is None else _word(Missing, "missing", missing),
    )
    paths = _paths(results)
    return Judged(judge_frame(read(paths) if paths else frame_of(results), terms))


def judge_values(
    values: Mapping[str, ArrayLike],
    *,
    metric: str = "value",
    better: str = "higher",
    unit: str | Sequence[str] = (),
    matters: float | Sequence[float] = (),
    paired: bool = False,
    baseline: str | None = None,
    best: bool = False,
) -> Judged:
    """Judge arrays of values, one per experiment: (R,) each, a value per run; NaN where it failed.

    paired: the runs of all experiments stand in the same order, each of the same seed; all arrays
    then need one length. The other parameters, and the errors, are those of `judge`.

    >>> found = judge_values({"a": [1.0, 1.2, 1.1], "b": [1.5, 1.4, 1.6]}, better="lower")
    >>> print(found.sentences[0])
    b is worse than a: value (lower is better) +0.40 [0.05, 0.75], 95%, n = 3 runs each.
    """
    sides = {name: np.asarray(side, dtype=np.float64) for name, side in values.items()}
    for name, side in sides.items():
        if side.ndim != 1:
            raise UserError(f"{name}: needs one value per run, got an array of shape {side.shape}")
    lengths = {name: len(side) for name, side in sides.items()}
    if paired and len(set(lengths.values())) > 1:
        raise UserError(f"paired: needs as many values of each experiment, got {lengths}")
    columns: dict[str, list[Any]] = {"experiment": [], "seed" if paired else "run": [], metric: []}
    for name, side in sides.items():
        for number, value in enumerate(side.tolist()):
            for column, cell in zip(columns, (name, number, value), strict=True):
                columns[column].append(cell)
    return judge(
        columns,
        experiment="experiment",
        seed="seed" if paired else "",
        run="" if paired else "run",
        metric=metric,
        better=better,
        unit=unit,
        matters=matters,
        paired=paired,
        baseline=baseline,
        best=best,
    )


_Word = TypeVar("_Word", Unit, Missing)


def _word(words: type[_Word], parameter: str, word: str) -> _Word:
    try:
        return words(word)
    except ValueError:
        known = ", ".join(f'"{one.value}"' for one in words)
        raise UserError(f"{parameter}: must be one of {known}, got {word!r}") from None


def _pairs(compare: Any) -> tuple[tuple[str, str], ...]:
    """The pairs of names that were given, one or several."""
    given = list(compare) if isinstance(compare, Iterable) else [compare]
    if len(given) == 2 and all(isinstance(one, str) for one in given):
        given = [given]
    pairs = [tuple(map(text_of, pair)) if isinstance(pair, list | tuple) else () for pair in given]
    if any(len(pair) != 2 for pair in pairs):
        raise UserError(f'compare: needs pairs of names, as [("a", "b")], got {compare!r}')
    return tuple((pair[0], pair[1]) for pair in pairs)


def _names(columns: str | Sequence[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _paths(results: Any) -> list[Path]:
    """The paths that were given; none if it is a table."""
    if isinstance(results, str | PathLike):
        return [Path(results)]
    several = isinstance(results, list | tuple) and results
    if several and all(isinstance(one, str | PathLike) for one in results):
        return [Path(one) for one in results]
    return []
