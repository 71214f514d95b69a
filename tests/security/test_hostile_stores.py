"""Stores of a stranger, whose digests are right: no code of theirs is run, and nothing outside of
them is written or deleted, whatever the command."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paribus.data.sources import load
from paribus.errors import ParibusError, UserError
from paribus.serve.networks import Networks
from paribus.spec.identity import Identity
from paribus.store.open import open_store
from tests.support.commands import call, train_here
from tests.support.once import copied
from tests.support.sealed import change
from tests.support.serving import contents
from tests.support.small import write_small
from tests.support.trials import touching_nothing_outside

RUN = "f320144361f1-numpy-0"
"""mlp, seed 0."""
COMMANDS = (
    ("status", "small.toml"),
    ("show", "mlp/0"),
    ("show", RUN, "--json"),
    ("compare", "mlp", "adam", "--metric", "test_loss"),
    ("report", "small.toml"),
    ("export", "mlp/0", "--to", "numpy"),
    ("export", "mlp/0", "--to", "torch"),
    ("export", "mlp/0"),
    ("export", "--to", "csv", "--output", "csv"),
    ("pack", "runs", "--into", "pack"),
    ("merge", "runs", "--into", "merged"),
    ("verify", "runs"),
    ("verify", "runs", "--json"),
    ("check", "small.toml"),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory, "hostile", lambda folder: train_here(write_small(folder)))


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a trained study, where commands then work; beside it a stranger's."""
    shutil.copytree(made, tmp_path / "home")
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in (".precious", "weights.safetensors", "probabilities.npy", "x.json", "x.lock"):
        (outside / name).write_bytes(b"precious")
    # Code that leaves a trace when it is imported.
    (outside / "evil.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('trace').touch()\n"
        "Net = load = None\n", "utf-8"
    )  # fmt: skip
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


def rename_run(new: str) -> Callable[[Path], None]:
    def attack(store: Path) -> None:
        tables = ("epochs", "environments", "files")
        change(
            store,
            f"UPDATE runs SET id = '{new}' WHERE id = '{RUN}'",
            *(f"UPDATE {table} SET run = '{new}' WHERE run = '{RUN}'" for table in tables),
            f"DELETE FROM seals WHERE id = '{RUN}'",
        )

    return attack


def link(name: str, target: str) -> Callable[[Path], None]:
    """Put a link to something outside in the place of a part of a store."""

    def attack(store: Path) -> None:
        path = store / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(store.parent.parent / "outside" / target)

    return attack


def network(module: str, arguments: dict[str, Any]) -> Callable[[Path], None]:
    """Make the first experiment one of a custom module."""

    def attack(store: Path) -> None:
        with closing(sqlite3.connect(store / "paribus.db")) as db:
            query = f"SELECT hash, canonical FROM experiments JOIN runs ON experiment = hash " \
                    f"WHERE id = '{RUN}'"  # fmt: skip
            old, canonical = db.execute(query).fetchone()
        form = json.loads(canonical)
        form["network"] = {"module": module, "arguments": arguments}
        new = Identity.of({**form, "code": "f" * 64})
        change(
            store,
            f"UPDATE experiments SET hash = '{new.hash}', canonical = '{new.canonical}', "
            f"code = '{new.code}', recipe = '{new.recipe}' WHERE hash = '{old}'",
            f"UPDATE runs SET experiment = '{new.hash}' WHERE experiment = '{old}'",
            f"UPDATE names SET experiment = '{new.hash}' WHERE experiment = '{old}'",
        )

    return attack


def sql(*statements: str) -> Callable[[Path], None]:
    return lambda store: change(store, *statements)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("trace",)


def replace_file(name: str, content: bytes) -> Callable[[Path], None]:
    """Another file of the first run, with its digest."""

    def attack(store: Path) -> None:
        (store / "runs" / RUN / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        change(
            store, f"UPDATE files SET digest = '{digest}' WHERE run = '{RUN}' AND name = '{name}'"
        )

    return attack


HUGE = b"\x93NUMPY\x01\x00v\x00" + (
    b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 9), }".ljust(117) + b"\n"
)
ATTACKS: dict[str, Callable[[Path], None]] = {
    "a run elsewhere": rename_run("../../x"),
    "a run anywhere": rename_run("/tmp/x"),
    "a run of odd letters": rename_run("a\n\x1b[2Jb"),
    "a name elsewhere": sql("UPDATE names SET name = '../../../x' WHERE name = 'mlp'"),
    "an engine elsewhere": sql(f"UPDATE runs SET engine = '../x' WHERE id = '{RUN}'"),
    "a linked run": link(f"runs/{RUN}", ""),
    "linked runs": link("runs", ""),
    "linked locks": link("locks", ""),
    "linked timings": link("timings", ""),
    "a linked file": link(f"runs/{RUN}/weights.safetensors", "weights.safetensors"),
    "a linked lock": link(f"locks/{RUN}.lock", "x.lock"),
    "a linked database": link("paribus.db", "x.json"),
    "a program as a network": network("subprocess:getoutput", {"cmd": "touch trace"}),
    "a module as a network": network("evil:Net", {}),
    "a function as data": sql("UPDATE names SET data = 'evil:load'"),
    "a pickle": replace_file("probabilities.npy", pickle.dumps(Evil())),
    "a huge array": replace_file("probabilities.npy", HUGE),
    "another shape": replace_file("probabilities.npy", b""),
    "environments of another kind": sql("UPDATE environments SET environment = '[[1]]'"),
    "a timing elsewhere": sql(
        f"INSERT INTO seals VALUES ('timing', '../../outside/x.json', '{'0' * 64}')"
    ),
    "a plan of another kind": sql("""UPDATE studies SET plan = '{"": [{"at": []}]}'"""),
    "a form of another kind": sql(
        "UPDATE experiments SET canonical = '{\"version\": []}', hash = '"
        + hashlib.sha256(b'{"version": []}').hexdigest() + "' WHERE rowid = 1"
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.usefixtures("undrawn")
def test_nothing_outside_is_touched_and_no_code_run(
    home: Path, attack: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(home / "runs")
    monkeypatch.syspath_prepend(str(home.parent / "outside"))
    before = contents(home.parent / "outside")
    with touching_nothing_outside(home):
        for command in COMMANDS:
            done = call(*command)
            assert isinstance(done.exception, ParibusError | SystemExit | None), (
                command,
                done.exception,
            )
            assert "\x1b" not in done.output
    assert contents(home.parent / "outside") == before
    assert not (home / "trace").exists()
    assert sorted(path.name for path in home.parent.iterdir()) == ["home", "outside"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"runs/{RUN}", f"locks/{RUN}.lock"])
def test_an_unfinished_run_that_is_a_link_is_not_trained(home: Path, name: str) -> None:
    target = "x.lock" if name.endswith("lock") else ""
    link(name, target)(home / "runs")
    change(
        home / "runs",
        f"UPDATE runs SET status = 'running' WHERE id = '{RUN}'",
        f"DELETE FROM epochs WHERE run = '{RUN}'",
    )
    before = contents(home.parent / "outside")
    done = call("run", "small.toml", "--no-timing")
    assert isinstance(done.exception, UserError)
    assert "is a link, and Paribus follows none" in str(done.exception)
    assert contents(home.parent / "outside") == before


def test_a_custom_module_answers_only_where_its_study_is_named(home: Path) -> None:
    network("evil:Net", {})(home / "runs")
    outside = home.parent / "outside"
    networks = Networks(home / "runs", load("small.npz"), outside, trusted=False)
    with open_store(home / "runs", "read") as store:
        run = store.run(RUN)
        assert run is not None
        experiment = store.experiment(run.experiment)
        with pytest.raises(UserError, match="no code is run because a store names it"):
            networks._network(RUN, experiment, store)
    assert not (outside / "trace").exists()
