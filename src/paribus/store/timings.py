"""Timings of training steps, kept beside the runs: STORE/timings/*.json, each written whole."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from paribus.atomic import write_atomically
from paribus.errors import ParibusError

ON_PROCESSOR = "cpu"
"""The device of an experiment whose steps no GPU ran."""


@dataclass(frozen=True)
class Timing:
    """Steps of two experiments timed in turns in one process; R rounds.

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


def keep_timing(store: Path, timing: Timing) -> Path:
    """Write a timing into a store, beside all earlier ones; return its path."""
    names = (timing.a[:12], timing.a_engine, timing.b[:12], timing.b_engine, uuid4().hex[:12])
    path = store / "timings" / f"{'-'.join(names)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(asdict(timing), indent=2) + "\n").encode())
    return path


def read_timings(store: Path) -> tuple[Timing, ...]:
    """Return all timings of a store, in an order that follows from them alone: their files have
    other names in a store that was copied together. Raises `ParibusError` if a file is damaged."""
    found = []
    for path in sorted((store / "timings").glob("*.json")):
        try:
            found.append(Timing(**json.loads(path.read_text("utf-8"))))
        except (ValueError, TypeError) as error:
            raise ParibusError(
                f"{path}: is damaged ({error}); remove it and call `paribus time` again"
            ) from None
    return tuple(sorted(found, key=lambda timing: json.dumps(asdict(timing), sort_keys=True)))
