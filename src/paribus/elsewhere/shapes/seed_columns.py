"""Tables with a row for each experiment and a column for each seed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paribus.elsewhere.cells import Cell, is_value, number, plain
from paribus.elsewhere.columns.advice import ADD_WIDE
from paribus.elsewhere.columns.names import called_like
from paribus.elsewhere.columns.summary_names import is_rank, is_spread, is_summary, is_summary_row
from paribus.elsewhere.frame import Frame
from paribus.elsewhere.notices import Notice, SeedColumnsGuessed, Unused
from paribus.elsewhere.terms import Terms
from paribus.errors import UserError
from paribus.text import listed, shown

_CALLED = re.compile(
    r"(?P<how>(?:random_?|rng_?)?seed|s|run|trial|rep|repeat|repetition|replicate|fold)?_?(?P<seed>\d+)"
)
_SPLIT = re.compile(r"split(?P<seed>\d+)(?P<how>_test_\w+)")
"""What scikit-learn's `cv_results_` calls the folds of a metric."""
_RUN = re.compile(r"(.+?)[-_. /]+(?:seed|s)[-_=]?(\d+)", re.IGNORECASE)
_FEWEST = 2


def seed_columns(frame: Frame, terms: Terms) -> dict[str, str]:
    """Return the columns that hold the values of one seed each, with these seeds: "seed_0",
    "seed_1"; "s0", "s1"; "run 1", "run 2"; "0", "1". None where a column has the seeds, where no
    other one has words that name experiments, and where the columns are called in several ways.

    >>> frame = Frame("t", {"method": ["a"], "seed_0": ["91"], "seed_1": ["92"]}, ["row 1"])
    >>> seed_columns(frame, Terms())
    {'seed_0': '0', 'seed_1': '1'}
    """
    free = [name for name in frame.columns if name not in terms.columns.ignored]
    splits, called = (
        {name: said for name in free if (said := pattern.fullmatch(plain(name)))}
        for pattern in (_SPLIT, _CALLED)
    )
    found = splits or called
    seeds = {name: said["seed"] for name, said in found.items()}
    numeric = all(any(map(is_value, frame.columns[name])) for name in found)
    others = [name for name in free if name not in found]
    words = any(number(cell) is None for name in others for cell in frame.columns[name])
    one_way = len({said["how"] for said in found.values()}) == 1
    told = len(set(seeds.values())) == len(seeds) >= _FEWEST
    has_seeds = called_like("seed", frame) or terms.columns.seed or terms.columns.run
    return seeds if told and one_way and numeric and words and not has_seeds else {}


def check_no_seed_columns(frame: Frame, terms: Terms) -> None:
    """Raise `UserError` where columns that look like seeds are read as something else."""
    columns = list(seed_columns(frame, terms))
    if columns and not set(columns) & {*terms.columns.metric, *terms.columns.experiment}:
        raise UserError(
            f"{frame.source}: {listed(list(map(shown, columns)), 3)} look like a column for each "
            f"seed; {ADD_WIDE}"
        )


def by_seed(frame: Frame, terms: Terms) -> tuple[Frame, list[Notice]]:
    """Return a table with a row for each run of one with a column for each seed, and what is to be
    said of it. Columns of means and spreads are left out.

    Raises `UserError` for terms that name what such a table does not have.
    """
    seeds = seed_columns(frame, terms)
    means = [
        name
        for name in frame.columns
        if name not in seeds
        and all(number(cell) is not None for cell in frame.columns[name])
        and any(says(plain(name)) for says in (is_summary, is_spread, is_summary_row, is_rank))
    ]
    kept = [name for name in frame.columns if name not in seeds and name not in means]
    if terms.columns.metric:
        raise UserError(
            f"--metric {','.join(terms.columns.metric)}: --wide {terms.wide} names the metric "
            "already; leave --metric out"
        )
    seed = "fold" if all(plain(name).startswith(("fold", "split")) for name in seeds) else "seed"
    if terms.wide in (*kept, seed):
        raise UserError(f"--wide {terms.wide}: is another column; name what the seeds' cells are")
    rows = [(row, name) for row in range(len(frame)) for name in seeds]
    columns: dict[str, list[Cell]] = {
        **{name: [frame.columns[name][row] for row, _ in rows] for name in kept},
        seed: [seeds[name] for _, name in rows],
        terms.wide: [frame.columns[name][row] for row, name in rows],
    }
    notices: list[Notice] = [SeedColumnsGuessed(tuple(seeds))]
    if means:
        notices.append(Unused(tuple(means)))
    known = {"seed": (seed,), "metric": (terms.wide,)}
    places = [f"{frame.places[row]}, {name}" for row, name in rows]
    return Frame(frame.source, columns, places, known, folder=frame.folder), notices


def runs_of_columns(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return experiment and seed of the columns of a log that are one run each, by their names;
    none unless all say so.

    >>> runs_of_columns(["cnn_s0", "cnn_s1", "bn-seed0"])
    {'cnn_s0': ('cnn', '0'), 'cnn_s1': ('cnn', '1'), 'bn-seed0': ('bn', '0')}
    >>> runs_of_columns(["resnet18", "resnet34"])
    {}
    """
    found = {name: said for name in names if (said := _RUN.fullmatch(name))}
    is_each = len(found) == len(names) and len({said[1] for said in found.values()}) > 1
    return {name: (said[1], said[2]) for name, said in found.items()} if is_each else {}
