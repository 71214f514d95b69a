"""What simulated studies are made of, and how near to a rate a simulation must come.

Fixed seeds, so nothing flakes; tolerances come from the number of studies, so that a wrong rate
fails. `PARIBUS_CALIBRATION=20 pytest -s tests/calibration` simulates twenty times as many studies
and prints every rate.
"""

from __future__ import annotations

import os
import zlib

import numpy as np
from numpy.typing import NDArray

BATCHES = int(os.environ.get("PARIBUS_CALIBRATION", "1"))

Floats = NDArray[np.float64]


def generator(*cell: object) -> np.random.Generator:
    """Return the stream of one cell of a simulation, the same on every machine."""
    return np.random.default_rng(zlib.crc32(repr(cell).encode()))


def effects(rng: np.random.Generator, shape: str, size: tuple[int, ...]) -> Floats:
    """Return effects with mean 0 and SD 1.

    "normal"; "exponential": skewness 2, a few far above; "heavy": t with 3 degrees of freedom.
    """
    match shape:
        case "normal":
            return rng.normal(size=size)
        case "exponential":
            return np.asarray(rng.exponential(size=size) - 1)
        case "heavy":
            return np.asarray(rng.standard_t(3, size=size) / 3**0.5)
    raise ValueError(shape)


def standard_error(rate: float, studies: int) -> float:
    """Return the Monte Carlo standard error of a rate over so many independent studies."""
    return float(np.sqrt(max(rate * (1 - rate), 1 / studies) / studies))


def at_most(observed: float, bound: float, studies: int) -> bool:
    """Return whether a simulated rate is compatible with a true rate of at most `bound`."""
    return observed <= bound + 3 * standard_error(bound, studies)


def about(observed: float, expected: float, studies: int, rounding: float = 0.0005) -> bool:
    """Return whether a simulated rate is compatible with `expected`, printed to `rounding`."""
    return abs(observed - expected) <= rounding + 4 * standard_error(expected, studies)


def say(what: str, **cell: object) -> None:
    """Print a line for `pytest -s`."""
    print(f"{what}: " + " ".join(f"{name}={value}" for name, value in cell.items()))
