"""A pack may be damaged, or made by a stranger: then a line says so, and nothing has changed."""

from __future__ import annotations

import json
import lzma
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paribus.errors import UserError
from tests.support.commands import call
from tests.support.packs import (
    content_of,
    finished_run,
    read_index,
    write_content,
    write_index,
)

Change = Callable[[dict[str, Any]], None]


def _refused(folder: Path) -> str:
    """The line that unpacking ends with, which must leave no store."""
    done = call("unpack", folder / "pack", "--into", folder / "runs")
    assert isinstance(done.exception, UserError), done.output + repr(done.exception)
    (line,) = str(done.exception).splitlines()
    assert not (folder / "runs").exists()
    return line


# Damage


@pytest.mark.thorough
@pytest.mark.parametrize("part", ["pack.json", "run"])
def test_every_kind_of_damage_is_one_line(away: Path, part: str) -> None:
    path = away / "pack" / "pack.json" if part == "pack.json" else finished_run(away / "pack")
    sound = path.read_bytes()
    # All but the last line end, without which nothing is missing.
    places = range(0, len(sound) - 1, max(1, len(sound) // 12))
    for place in places:
        for damage in (
            sound[:place],
            sound[:place] + bytes([sound[place] ^ 0x41]) + sound[place + 1 :],
            sound[:place] + b"\0\0" + sound[place:],
        ):
            path.write_bytes(damage)
            assert str(path) in _refused(away)
    path.write_bytes(sound)
    assert call("unpack", away / "pack", "--into", away / "runs").exit_code == 0


def test_what_follows_the_end_is_damage(away: Path) -> None:
    path = finished_run(away / "pack")
    path.write_bytes(path.read_bytes() + b"more")
    assert "size is not as announced" in _refused(away)


def test_a_missing_run_is_named(away: Path) -> None:
    path = finished_run(away / "pack")
    path.unlink()
    assert str(path) in _refused(away)


def test_a_store_that_is_there_stays_as_it_was(
    home: Path, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = finished_run(away / "pack")
    path.write_bytes(path.read_bytes()[:-1])
    files = {p: p.read_bytes() for p in (home / "runs" / "runs").rglob("*.*")}
    done = call("unpack", away / "pack", "--into", home / "runs")
    assert isinstance(done.exception, UserError)
    assert {p: p.read_bytes() for p in (home / "runs" / "runs").rglob("*.*")} == files


# Paths and kinds of files


@pytest.mark.parametrize("id_", ["../../x", "/tmp/x", "..", ".hidden", "a/b", "", "x" * 300])
def test_ids_are_no_paths(away: Path, id_: str) -> None:
    index = read_index(away / "pack")
    index["runs"][id_] = index["runs"].popitem()[1]
    write_index(away / "pack", index)
    assert "runs are none" in _refused(away)


def test_a_run_is_what_its_index_says(away: Path) -> None:
    path = finished_run(away / "pack")
    content = content_of(away / "pack", path)
    record, arrays = content.split(b"\n", 1)
    other = json.dumps({**json.loads(record), "id": "another-numpy-0"}).encode()
    write_content(away / "pack", path, other + b"\n" + arrays)
    assert "not the run that the index means" in _refused(away)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("make", [os.mkfifo, lambda p: os.symlink("/etc/hostname", p), os.mkdir])
def test_only_plain_files_are_read(away: Path, make: Callable[[Path], None]) -> None:
    path = finished_run(away / "pack")
    path.unlink()
    make(path)
    assert "not a regular file" in _refused(away)


# Sizes


def _bomb(size: int, announced: int, dictionary: int = 1 << 20) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": dictionary}]
    packed = lzma.compress(b" " * size, filters=filters)
    return b"paribus run 1\n" + struct.pack("<Q", announced) + packed


@pytest.mark.parametrize("announced", [10, 2**33, 2**63])
def test_a_small_file_takes_little_memory(away: Path, announced: int) -> None:
    path = finished_run(away / "pack")
    path.write_bytes(_bomb(200_000_000, announced))
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        _refused(away)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_large_dictionary_is_refused(away: Path) -> None:
    path = finished_run(away / "pack")
    path.write_bytes(_bomb(1000, 1000, dictionary=1 << 28))
    assert str(path) in _refused(away)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1' + "0" * 5000 + "}", "NaN", "[1]"])
def test_json_of_any_kind_is_one_line(away: Path, text: str) -> None:
    (away / "pack" / "pack.json").write_text(text, "utf-8")
    _refused(away)


# What cannot be


@pytest.mark.parametrize(
    "change",
    [
        {"status": "running"},
        {"status": "diverged"},
        {"seed": -1},
        {"seed": 2**70},
        {"seed": "0"},
        {"seed": True},
        {"engine": "../x"},
        {"engine": None},
        {"experiment": "0" * 64},
        {"reason": 1},
        {"epochs": 3},
        {"epochs": 2**62},
        {"epochs": 0},
        {"test_images": 39},
        {"environments": [[0, {}]]},
        {"environments": [[1, {"numpy": 2}]]},
        {"environments": {}},
        {"files": {}},
        {"files": {"weights.safetensors": "x", "probabilities.npy": "y"}},
    ],
    ids=str,
)
def test_records_that_cannot_be(away: Path, change: dict[str, Any]) -> None:
    path = finished_run(away / "pack")
    record, arrays = content_of(away / "pack", path).split(b"\n", 1)
    other = json.dumps({**json.loads(record), **change}).encode()
    write_content(away / "pack", path, other + b"\n" + arrays)
    assert str(path) in _refused(away)


def test_predictions_that_cannot_be(away: Path) -> None:
    path = finished_run(away / "pack")
    content = content_of(away / "pack", path)
    # The last bytes are the highest of the probabilities: 0xff makes each a NaN or below 0.
    write_content(away / "pack", path, content[:-40] + b"\xff" * 40)
    assert "predictions are none" in _refused(away)


def test_predictions_of_classes_that_are_not_there(
    away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = finished_run(away / "pack")
    content = content_of(away / "pack", path)
    images = 40
    low = len(content) - images * 6
    write_content(away / "pack", path, content[:low] + b"\x07" * images + content[low + images :])
    monkeypatch.chdir(away)
    assert call("unpack").exit_code == 0
    done = call("report", "small.toml")
    assert "are not of the test images of" in str(done.exception)


def _rename(index: dict[str, Any]) -> None:
    index["studies"][0]["experiments"][0][0] = "../../../x"


def _unknown(index: dict[str, Any]) -> None:
    index["studies"][0]["experiments"][0][1] = "0" * 64


def _layer(index: dict[str, Any]) -> None:
    index["experiments"][0]["network"] = ["explode 3"]


def _version(index: dict[str, Any]) -> None:
    index["experiments"][0]["version"] = 99


def _no_version(index: dict[str, Any]) -> None:
    del index["experiments"][0]["version"]


def _plan(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"] = {"": [{"at": "now"}]}


def _empty_plan(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"] = {"": []}


def _seeds(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["seeds"] = "many"


def _many_seeds(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["seeds"] = 10**12


def _looks(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["looks"] = [10**12]


def _shards(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["shards"] = [[0, 0]]


def _question(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["questions"] = [{"kind": "compare"}]


def _about(index: dict[str, Any]) -> None:
    index["studies"][0]["plans"][""][0]["questions"][0]["about"] = [None]


def _surrogate(index: dict[str, Any]) -> None:
    index["studies"][0]["name"] = "\ud800"


def _timing(index: dict[str, Any]) -> None:
    index["timings"] = [{"a": "../../x"}]


def _twice(index: dict[str, Any]) -> None:
    index["experiments"] = index["experiments"][1:]


def _newer(index: dict[str, Any]) -> None:
    index["format"] = 2


@pytest.mark.parametrize(
    "change",
    [
        _rename, _unknown, _layer, _version, _no_version, _plan, _empty_plan, _seeds, _many_seeds,
        _looks, _shards, _question, _about, _surrogate, _timing, _twice, _newer,
    ],
)  # fmt: skip
def test_indexes_that_cannot_be(away: Path, change: Change) -> None:
    index = read_index(away / "pack")
    change(index)
    write_index(away / "pack", index)
    assert "pack.json" in _refused(away)


def test_packs_of_a_newer_paribus(away: Path) -> None:
    path = finished_run(away / "pack")
    path.write_bytes(path.read_bytes().replace(b"paribus run 1", b"paribus run 2"))
    assert "newer Paribus" in _refused(away)


def test_one_run_under_two_ids(away: Path) -> None:
    pack, path = away / "pack", finished_run(away / "pack")
    record, arrays = content_of(pack, path).split(b"\n", 1)
    other = path.with_name("other-numpy-0.run")
    content = json.dumps({**json.loads(record), "id": other.stem}).encode() + b"\n" + arrays
    write_content(pack, other, content)
    assert "there twice" in _refused(away)


def test_where_there_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    assert "there is no pack here" in _refused(tmp_path)
