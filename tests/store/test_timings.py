"""Timings beside the runs of a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paribus.errors import ParibusError
from paribus.store.timings import Timing, read_timings, write_timing

TIMING = Timing("a" * 64, "numpy", "b" * 64, "torch", [1.0], [2.0], [1.1], {"python": "3"}, "")


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    assert read_timings(tmp_path) == ()
    path = write_timing(tmp_path, TIMING)[0]
    assert read_timings(tmp_path) == (TIMING,)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_second_timing_of_the_same_two_is_kept_beside_the_first(tmp_path: Path) -> None:
    later = replace(TIMING, b_seconds=[3.0])
    for timing in (TIMING, later, later):
        write_timing(tmp_path, timing)
    found = read_timings(tmp_path)
    # Their order follows from them, not from the names of their files.
    assert [timing.b_seconds for timing in found] == [[2.0], [3.0], [3.0]]


def test_what_a_killed_process_half_wrote_is_gone_with_the_next(tmp_path: Path) -> None:
    write_timing(tmp_path, TIMING)
    left = tmp_path / "timings" / f".0123-numpy-4567-numpy-89ab.json-{'0' * 32}"
    left.write_text("{")
    write_timing(tmp_path, TIMING)
    assert len(list((tmp_path / "timings").iterdir())) == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}'])
def test_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    write_timing(tmp_path, TIMING)[0].write_text(content)
    with pytest.raises(ParibusError, match=r"is damaged .*; remove it and call `paribus time`"):
        read_timings(tmp_path)
