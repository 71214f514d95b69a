"""Timings of training steps, kept beside the runs: STORE/timings/*.json, each written whole."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any
from uuid import uuid4

from paribus.atomic import sweep_folder, write_atomically
from paribus.errors import ParibusError
from paribus.store.files import ID, read_plain
from paribus.text import shown

ON_PROCESSOR = "cpu"
"""The device of an experiment whose steps no GPU ran."""


@dataclass(frozen=True)
class Timing:
    """Steps of two experiments timed interleaved in one process; R rounds.

    `a`, `b`: their keys, see `identity.step_keys`. `a_seconds`, `b_seconds`, `control_seconds`:
    seconds of a step in every round, of A, of B, and of a second training of A. `disturbed`: what
    ran beside it, in a sentence; empty if the machine was quiet.
    """

    a: str
    a_engine: str
    b: str
    b_engine: str
    a_seconds: list[float]
    b_seconds: list[float]
    control_seconds: list[float]
    environment: dict[str, str]
    disturbed: str

    def device(self, side: str) -> str:
        """Return the name of what ran the steps of side "a" or "b": of a GPU, or of the
        processor; "" where it is not known. Old timings call every GPU "cuda"."""
        device = self.environment.get(f"device {side}", ON_PROCESSOR)
        return self.environment.get("processor", "") if device == ON_PROCESSOR else device

    def is_of(self, a: Collection[str], a_engine: str, b: Collection[str], b_engine: str) -> bool:
        """Return whether it is of two experiments and engines; "auto" stands for any engine.

        a, b: the keys of each, present and former.
        """
        return (
            self.a in a
            and self.b in b
            and a_engine in ("auto", self.a_engine)
            and b_engine in ("auto", self.b_engine)
        )


def write_timing(store: Path, timing: Timing) -> tuple[Path, bytes]:
    """Write a timing into a store, beside all earlier ones; return its path and content."""
    names = (timing.a[:12], timing.a_engine, timing.b[:12], timing.b_engine, uuid4().hex[:12])
    path = store / "timings" / f"{'-'.join(names)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_folder(path.parent, "*.json")
    content = (json.dumps(asdict(timing), indent=2) + "\n").encode()
    write_atomically(path, content)
    return path, content


def remove_timing(store: Path, name: str) -> None:
    """Remove a timing, by the name of its file."""
    if "/" not in name and name.endswith(".json"):
        (store / "timings" / name).unlink(missing_ok=True)


def read_timings(store: Path, damaged: Collection[str] = ()) -> tuple[Timing, ...]:
    """Return all timings of a store, in an order that follows from them alone: their files have
    other names in a store that was copied together.

    damaged: the names of files that are left out. Raises `ParibusError` if a file is none.
    """
    found = []
    for path in sorted((store / "timings").glob("*.json")):
        if path.name in damaged:
            continue
        content = read_plain(path)
        if content is not None:
            found.append(_timing(path, content))
    return in_order(found)


def in_order(timings: Iterable[Timing]) -> tuple[Timing, ...]:
    """Return timings in the order that a store has them in."""
    return tuple(sorted(timings, key=lambda timing: json.dumps(asdict(timing), sort_keys=True)))


def timing_of(raw: Any) -> Timing:
    """Return the timing of a table. Raises ValueError or TypeError if it is none."""
    timing = Timing(**raw)
    texts = (timing.a, timing.a_engine, timing.b, timing.b_engine)
    if not all(isinstance(text, str) and ID.fullmatch(text) for text in texts):
        raise ValueError("it does not say what was timed")
    for seconds in (timing.a_seconds, timing.b_seconds, timing.control_seconds):
        if not isinstance(seconds, list) or not all(
            isinstance(value, float) and 0 < value < inf for value in seconds
        ):
            raise ValueError("it has no times")
    if not isinstance(timing.disturbed, str) or not all(
        isinstance(value, str) for value in timing.environment.values()
    ):
        raise ValueError("it does not say where it was taken")
    return timing


def _timing(path: Path, content: bytes) -> Timing:
    try:
        return timing_of(json.loads(content))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ParibusError(
            f"{path}: is damaged ({shown(error, 200)}); remove it and call `paribus time` again"
        ) from None
