"""What the figure of a study's grid shows."""

from __future__ import annotations

from itertools import product

import numpy as np

from paribus.measure.runs import ExperimentResult, StudyResult
from paribus.present.figures.shown import FactorLine, GridLines, Tick
from paribus.present.what_differs import setting_name, value_words
from paribus.spec.grid import Factor, Grid
from paribus.stats.paired import mean_interval
from paribus.text import shown

# From this ratio of the largest to the smallest value on, an axis is logarithmic.
_LOGARITHMIC = 8


def grid_lines(result: StudyResult) -> GridLines | None:
    """Return the picture of a study's grid, the first setting with numbers along the axis; None
    where there is no grid, or no run of it has finished."""
    grid = result.study.grid
    if grid is None:
        return None
    axis = next((n for n, factor in enumerate(grid.factors) if factor.numbers), 0)
    factor = grid.factors[axis]
    place_L = np.array(factor.numbers or range(len(factor.levels)), dtype=np.float64)
    others = [n for n in range(len(grid.factors)) if n != axis]
    lines = []
    for levels in product(*(range(len(grid.factors[n].levels)) for n in others)):
        of_line = {
            cell[axis]: result.experiments[name]
            for name, cell in grid.cells.items()
            if name in result.experiments and tuple(cell[n] for n in others) == levels
        }
        parts = [_part(grid.factors[n], level) for n, level in zip(others, levels, strict=True)]
        line = _line(", ".join(parts), of_line, place_L)
        if line is not None:
            lines.append(line)
    if not lines:
        return None
    return GridLines(
        label=setting_name(factor.name),
        ticks=tuple(
            Tick(float(place), _level(factor, number) + _diverged(result, grid, axis, number))
            for number, place in enumerate(place_L)
        ),
        is_logarithmic=bool(
            factor.numbers and place_L.min() > 0 and place_L.max() >= _LOGARITHMIC * place_L.min()
        ),
        lines=tuple(lines),
        test_images=len(result.dataset.test_labels),
    )


def _line(
    name: str, of_line: dict[int, ExperimentResult], place_L: np.ndarray
) -> FactorLine | None:
    """Return a line through the experiments that have finished runs, by their place; None without
    any."""
    there = [level for level, one in of_line.items() if one.finished]
    there.sort(key=lambda level: float(place_L[level]))
    if not there:
        return None
    values = [of_line[level].final("test_accuracy") for level in there]
    return FactorLine(name, place_L[there], tuple(values), tuple(map(mean_interval, values)))


def _part(factor: Factor, level: int) -> str:
    return f"{setting_name(factor.name)} {_level(factor, level)}"


def _level(factor: Factor, level: int) -> str:
    return shown(value_words(factor.name, factor.levels[level]), 30)


def _diverged(result: StudyResult, grid: Grid, axis: int, level: int) -> str:
    """Return how many runs at a value diverged, as a second line; "" if none did."""
    number = sum(
        len(result.experiments[name].diverged)
        for name, cell in grid.cells.items()
        if name in result.experiments and cell[axis] == level
    )
    return f"\n({number} diverged)" if number else ""
