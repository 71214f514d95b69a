"""Mutated packs whose digests are right: each is refused, or commands work on what it makes.

PYTHONPATH=. python tests/robustness/packs.py --count 1000 --folder /tmp/fuzz
"""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from paribus.campaign.campaign import make
from paribus.errors import ParibusError
from paribus.packs.pack import pack
from paribus.present import tables
from paribus.present.plan_text import plan_lines
from paribus.questions.family import judge_study
from paribus.store.open import open_store
from tests.support.commands import call, train
from tests.support.packs import content_of, read_index, write_content, write_index
from tests.support.small import SMALL_STUDY, write_small
from tests.support.trials import Trials, main, touching_nothing_outside

EXTREMES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 7, 10**30, 2**63, 1e308, 1e-308, -0.5, "", "x", "../../x",
    "/abs", "\x1b[2J", "\x00", "\ud800", "é", "0" * 64, "a" * 5000, [], {}, [[]], [None], {"a": 1},
    ["x"], [0], [10**12], {"name": "sgd", "lr": 1.0}, "linear 99999999999",
    ["flatten", "linear 3"], "mlp",
)  # fmt: skip
COMMANDS = (
    ("status", "small.toml"),
    ("status", "small.toml", "--json"),
    ("show", "mlp/0"),
    ("show", "cnn/1", "--json"),
    ("compare", "mlp", "adam"),
    ("compare", "mlp", "cnn", "--metric", "test_loss", "--json"),
    ("export", "--to", "csv", "--output", "csv"),
    ("export", "mlp/0"),
    ("pack", "runs", "--into", "again"),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a value of JSON, as the keys that lead to it."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in inner:
            found += places(below, (*path, key))
    return found


def mutated(value: Any, rng: np.random.Generator) -> Any:
    """The value with something in it replaced, removed, repeated or exchanged for something else of
    it."""
    value = json.loads(json.dumps(value))
    known = places(value)
    path = known[rng.integers(len(known))]
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    match rng.integers(4):
        case 0:
            del parent[path[-1]]
        case 1:
            other = value
            for key in known[rng.integers(len(known))]:
                other = other[key]
            parent[path[-1]] = json.loads(json.dumps(other))
        case 2 if isinstance(parent, list):
            parent.append(parent[path[-1]])
        case _:
            parent[path[-1]] = EXTREMES[rng.integers(len(EXTREMES))]
    return value


def changed(folder: Path, rng: np.random.Generator) -> None:
    """Mutate the pack in a folder, and make its digests right."""
    if rng.integers(2):
        write_index(folder, mutated(read_index(folder), rng))
        return
    paths = sorted(folder.glob("*.run"))
    path = paths[rng.integers(len(paths))]
    record, arrays = content_of(folder, path).split(b"\n", 1)
    if rng.integers(3):
        record = json.dumps(mutated(json.loads(record), rng)).encode()
    else:
        noise = bytearray(arrays)
        for spot in rng.integers(len(noise), size=rng.integers(1, 50)):
            noise[spot] = rng.integers(256)
        arrays = bytes(noise)
    write_content(folder, path, record + b"\n" + arrays)


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Mutate a pack so many times, unpack each, and use what was accepted."""
    made = folder / "made"
    made.mkdir(exist_ok=True)
    write_small(made, SMALL_STUDY)
    train(made, "small.toml", "--no-timing")
    with open_store(made / "runs", "read") as store:
        os.chdir(made)
        pack(store, made / "pack")
    for number in range(count):
        here = folder / "trial"
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        for name in ("small.toml", "small.npz"):
            shutil.copy(made / name, here)
        shutil.copytree(made / "pack", here / "pack")
        for _ in range((1, 1, 1, 2, 3)[rng.integers(5)]):
            try:
                changed(here / "pack", rng)
            except (ParibusError, TypeError, LookupError, ValueError, AttributeError):
                break  # It cannot be read any more, so no more of it is changed.
        os.chdir(here)
        if trials.run(f"pack {number}", partial(use, here)) == "faults":
            shutil.copytree(here, folder / f"fault-{number}", dirs_exist_ok=True)


def use(here: Path) -> None:
    """Unpack a pack; then call what needs no weights, whose refusals count as results."""
    with touching_nothing_outside(here):
        unpacked = call("unpack", "pack")
        if unpacked.exception is not None:
            raise unpacked.exception
        for command in COMMANDS:
            done = call(*command)
            if not isinstance(done.exception, ParibusError | SystemExit | None):
                raise done.exception
        report()


def report() -> None:
    """All of a report but its figures."""
    campaign = make("small.toml")
    try:
        with open_store(campaign.store_folder, "read") as store:
            result = campaign.result(store, campaign.known(store))
        judge_study(result)
        plan_lines(result)
        tables.summary(result)
    except ParibusError:
        return


if __name__ == "__main__":
    main(run, "mutated packs")
