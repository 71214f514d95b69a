"""Corrupted stores, each used by all commands: no traceback, and no other number in silence.

PYTHONPATH=. python tests/robustness/stores.py --count 400 --folder /tmp/fuzz
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from click.testing import Result

from paribus.errors import ParibusError
from paribus.present import write
from tests.support.commands import call, train_here
from tests.support.small import MORE, SMALL_STUDY, write_small
from tests.support.trials import Trials, main
from tests.support.undrawn import Undrawn

STUDY = (
    SMALL_STUDY.replace("seeds = 2", "seeds = 3")
    + MORE.partition('[[questions]]\nask = "Is a step')[0]
)
COMMANDS = (
    ("status", "small.toml"),
    ("status", "small.toml", "--json"),
    ("show", "mlp/0", "--json"),
    ("show", "cnn/1"),
    ("compare", "mlp", "adam", "--json"),
    ("compare", "mlp", "cnn", "--metric", "test_loss", "--json"),
    ("compare", "mlp", "cnn", "--json"),
    ("report", "small.toml"),
    ("export", "--to", "csv", "--output", "csv"),
    ("export", "mlp/0", "--to", "numpy", "--output", "mlp.npz"),
    ("pack", "runs", "--into", "pack"),
    ("merge", "runs", "--into", "merged"),
    ("verify", "runs"),
)
REPAIRED_EVERY = 20
"""Trials; `run` starts processes."""
JUNK = (b"", b"\x00", b"\xff" * 64, b"\x93NUMPY", b"{", b"SQLite format 3\x00", b"\n" * 5000)

Corrupt = Callable[[Path, np.random.Generator], None]


def files_of(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file() and path.suffix != ".lock")


def one_of(store: Path, rng: np.random.Generator) -> Path:
    """One of the files; the database as often as all others together."""
    found = files_of(store)
    return store / "paribus.db" if rng.integers(2) else found[rng.integers(len(found))]


def flipped(store: Path, rng: np.random.Generator) -> None:
    path = one_of(store, rng)
    content = bytearray(path.read_bytes())
    for spot in rng.integers(len(content), size=rng.integers(1, 4)):
        content[spot] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)


def overwritten(store: Path, rng: np.random.Generator) -> None:
    path = one_of(store, rng)
    content = bytearray(path.read_bytes())
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 200))
    content[start : start + length] = rng.integers(256, size=length).astype(np.uint8).tobytes()
    path.write_bytes(content)


def cut_off(store: Path, rng: np.random.Generator) -> None:
    path = one_of(store, rng)
    content = path.read_bytes()
    path.write_bytes(content[: rng.integers(len(content))])


def replaced(store: Path, rng: np.random.Generator) -> None:
    one_of(store, rng).write_bytes(JUNK[rng.integers(len(JUNK))])


def exchanged(store: Path, rng: np.random.Generator) -> None:
    found = [path for path in files_of(store) if path.parent.parent.name == "runs"]
    one, other = (found[i] for i in rng.integers(len(found), size=2))
    mine, theirs = one.read_bytes(), other.read_bytes()
    one.write_bytes(theirs)
    other.write_bytes(mine)


def removed(store: Path, rng: np.random.Generator) -> None:
    found = [path for path in store.rglob("*") if path.suffix != ".lock"]
    path = found[rng.integers(len(found))]
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def another_kind(store: Path, rng: np.random.Generator) -> None:
    """A file becomes a folder, a link or a pipe."""
    path = one_of(store, rng)
    content = path.read_bytes()
    path.unlink()
    match rng.integers(3):
        case 0:
            path.mkdir()
        case 1:
            elsewhere = store.parent / "elsewhere"
            elsewhere.write_bytes(content)
            path.symlink_to(elsewhere)
        case _:
            os.mkfifo(path)


def added(store: Path, rng: np.random.Generator) -> None:
    folders = [path for path in store.rglob("*") if path.is_dir()]
    folder = folders[rng.integers(len(folders))]
    names = (".hidden", "predictions.safetensors", "x.json", "runs", ".weights.safetensors-1")
    path = folder / names[rng.integers(len(names))]
    if not path.exists():
        path.mkdir() if rng.integers(2) else path.write_bytes(JUNK[rng.integers(len(JUNK))])


VALUES = (
    "NULL", "0", "1", "-1", "7", "99999999999999", "0.5", "1e308", "''", "'x'", "'../../x'",
    "'/abs/x'", "'{}'", "'[]'", "'{'", "'finished'", "'running'", "'diverged'", "'numpy'", "x'ff'",
    "CAST(x'ff' AS TEXT)", "char(27) || '[2J'", "'mlp'", "'adam'", "hex(randomblob(32))",
)  # fmt: skip


def edited(store: Path, rng: np.random.Generator) -> None:
    """A value of a row is another, or the row is gone, or it is there for another run."""
    with closing(sqlite3.connect(store / "paribus.db")) as db:
        tables = [name for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]  # fmt: skip
        table = tables[rng.integers(len(tables))]
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        column = columns[rng.integers(len(columns))]
        rows = [row for (row,) in db.execute(f"SELECT rowid FROM {table}")]
        if not rows:
            return
        row = rows[rng.integers(len(rows))]
        value = VALUES[rng.integers(len(VALUES))]
        statement = (
            f"DELETE FROM {table} WHERE rowid = {row}",
            f"DELETE FROM {table}",
            f"UPDATE {table} SET {column} = {value} WHERE rowid = {row}",
            f"UPDATE {table} SET {column} = {value} WHERE rowid = {row}",
            f"UPDATE {table} SET {column} = {column} || 'x' WHERE rowid = {row}",
            f"UPDATE {table} SET {column} = {column} + 1 WHERE rowid = {row}",
        )[rng.integers(6)]
        try:
            with db:
                db.execute(statement)
        except sqlite3.Error:
            return  # It is none that the table may have.


CORRUPTIONS: tuple[Corrupt, ...] = (
    flipped, flipped, flipped, overwritten, overwritten, cut_off, replaced, exchanged, removed,
    another_kind, added, edited, edited, edited,
)  # fmt: skip


def made(folder: Path) -> dict[tuple[str, ...], str]:
    """Make a trained store, and return what commands say of it."""
    train_here(write_small(folder, STUDY))
    os.chdir(folder)
    return {command: told(call(*command), command) for command in COMMANDS}


def told(done: Result, command: tuple[str, ...]) -> str:
    """What there is to compare of a command: its output, or the tables that it wrote."""
    written = {"report": Path("report/tables"), "export": Path("csv")}.get(command[0])
    if written is None or "numpy" in command:
        return done.stdout
    return "\n".join(path.read_text("utf-8") for path in sorted(written.glob("*.csv")))


def run(trials: Trials, rng: np.random.Generator, count: int, folder: Path) -> None:
    """Corrupt a store so many times; use each by all commands, and some by `run` at the end."""
    setattr(write, "draw", Undrawn)  # noqa: B010
    original = folder / "made"
    shutil.rmtree(original, ignore_errors=True)
    original.mkdir()
    expected = made(original)
    for number in range(count):
        here = folder / "trial"
        os.chdir(folder)
        shutil.rmtree(here, ignore_errors=True)
        here.mkdir()
        for name in ("small.toml", "small.npz"):
            shutil.copy(original / name, here)
        shutil.copytree(original / "runs", here / "runs")
        corrupt = CORRUPTIONS[rng.integers(len(CORRUPTIONS))]
        corrupt(here / "runs", rng)
        os.chdir(here)
        repairs = number % REPAIRED_EVERY == 0
        what = partial(use, expected, repairs=repairs)
        trials.run(f"store {number}, {corrupt.__name__}", what)


def use(expected: dict[tuple[str, ...], str], *, repairs: bool) -> None:
    """Call all commands. Whatever they say is either what it was, or comes with a message."""
    for command in COMMANDS:
        done = call(*command)
        if not isinstance(done.exception, ParibusError | SystemExit | None):
            raise done.exception
        silent = done.exit_code == 0 and "Warning: " not in done.stderr
        if silent and told(done, command) != expected[command]:
            raise AssertionError(f"{command} says something else:\n{told(done, command)[:2000]}")
    if repairs:
        done = call("run", "small.toml", "--no-timing")
        if not isinstance(done.exception, ParibusError | SystemExit | None):
            raise done.exception
        again = call("compare", "mlp", "adam", "--json")
        if done.exit_code == 0 and again.stdout != expected["compare", "mlp", "adam", "--json"]:
            raise AssertionError(f"run has not repaired it: {done.stderr}\n{again.stdout[:1000]}")


if __name__ == "__main__":
    main(run, "corrupted stores")
