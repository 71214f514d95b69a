"""What changes in a store outside of Paribus is noticed, named, and never a number."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from paribus.errors import UserError
from paribus.spec.identity import VERSION, Identity
from paribus.store.open import open_store
from paribus.store.timings import Timing
from tests.support import sealed
from tests.support.commands import call, read_json, train_here
from tests.support.once import copied
from tests.support.small import write_small

RUN = "f320144361f1-numpy-1"
"""mlp, seed 1."""
REPORTS = (
    ("report", "small.toml", "--json"),
    ("compare", "mlp", "adam", "--metric", "test_loss", "--json"),
    ("status", "small.toml", "--json"),
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory, "damaged", lambda folder: train_here(write_small(folder)))


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a trained study, where commands then work."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(statement: str) -> None:
    with closing(sqlite3.connect("runs/paribus.db")) as db, db:
        assert db.execute(statement).rowcount > 0


def remove_run() -> None:
    for table in ("epochs", "environments", "files"):
        change(f"DELETE FROM {table} WHERE run = '{RUN}'")
    change(f"DELETE FROM runs WHERE id = '{RUN}'")


ROWS = {
    "results": f"UPDATE epochs SET test_loss = test_loss * 1.5 WHERE run = '{RUN}' AND epoch = 2",
    "an epoch less": f"DELETE FROM epochs WHERE run = '{RUN}' AND epoch = 2",
    "seed": f"UPDATE runs SET seed = 7 WHERE id = '{RUN}'",
    "status": f"UPDATE runs SET status = 'diverged' WHERE id = '{RUN}'",
    "where": f"UPDATE environments SET environment = '{{}}' WHERE run = '{RUN}'",
    "digest": f"UPDATE files SET digest = 'x' WHERE run = '{RUN}'",
    "no text": f"UPDATE runs SET reason = CAST(x'ff' AS TEXT) WHERE id = '{RUN}'",
}


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
def test_a_run_whose_rows_have_changed_is_left_out(home: Path, statement: str) -> None:
    change(statement)
    done = call("status", "small.toml", "--json")
    assert done.exit_code == 0
    assert (
        f"Warning: runs: 1 run is damaged and left out (run {RUN}: its results have changed since "
        "they were stored). `paribus verify runs` lists all and says what to do."
    ) in done.stderr
    assert RUN not in done.stdout
    checked = call("verify")
    assert checked.exit_code == 1
    assert f"run {RUN}: its results have changed since they were stored" in checked.stdout
    assert "runs: 5 runs, 3 experiments and 0 timings are as they were stored" in checked.stdout


FILES = {
    "probabilities.npy": "has changed since it was stored",
    "weights.safetensors": "has changed since it was stored",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["changed", "missing", "a link"])
def test_a_damaged_file_is_named(home: Path, name: str, how: str) -> None:
    path = home / "runs" / "runs" / RUN / name
    content = path.read_bytes()
    path.unlink()
    said = {
        "changed": "has changed since it was stored",
        "missing": "is missing",
        "a link": "is a link, not a file",
    }
    if how == "changed":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif how == "a link":
        (home / "elsewhere").write_bytes(content)
        path.symlink_to(home / "elsewhere")
    checked = call("verify")
    assert checked.exit_code == 1
    assert f"{name}: {said[how]}" in checked.stdout
    compared = call("compare", "mlp", "adam", "--json")
    assert compared.exit_code == 0
    # Weights are no part of any finding.
    assert ("1 run is damaged and left out" in compared.stderr) == (name != "weights.safetensors")


@pytest.mark.parametrize("asked", ["mlp/1", "mlp@numpy/1", RUN])
@pytest.mark.parametrize("what", ["results", "seed", "gone", "file"])
def test_a_damaged_run_that_is_asked_for_is_said_to_be_there(
    home: Path, what: str, asked: str
) -> None:
    reason = "its results have changed since they were stored"
    match what:
        case "gone":
            remove_run()
            reason = "is gone from the database"
        case "file":
            path = Path("runs") / "runs" / RUN / "probabilities.npy"
            path.unlink()
            reason = f"{path}: is missing"
        case _:
            change(ROWS[what])
    for command in (("show", asked), ("export", asked, "--to", "numpy", "--output", "out")):
        assert str(call(*command).exception) == (
            f"runs: run {RUN}: {reason}, so it is left out; the same `paribus run` as before "
            "trains it again, and `paribus verify runs` says more"
        )
    assert call("show", "mlp/0").exit_code == 0
    assert 'there is no run "mlp/2"' in str(call("show", "mlp/2").exception)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", ["file", "row"])
def test_a_report_says_what_is_damaged_on_its_page_and_in_the_terminal(
    home: Path, kind: str
) -> None:
    if kind == "file":
        file = home / "runs" / "runs" / RUN / "probabilities.npy"
        raw = bytearray(file.read_bytes())
        raw[-1] ^= 1
        file.write_bytes(raw)
    else:
        change(ROWS["results"])
    done = call("report", "small.toml")
    assert done.exit_code == 0
    assert "1 run is damaged and left out" in done.stderr
    for name in ("index.html", "report.md"):
        said = Path("report", name).read_text("utf-8")
        assert "1 run is damaged and left out" in said
        assert "paribus verify" in said


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["results", "seed", "file", "gone", "weights gone"])
@pytest.mark.usefixtures("undrawn")
def test_run_trains_what_is_damaged_again_and_all_is_as_it_was(home: Path, what: str) -> None:
    before = [read_json(*command) for command in REPORTS[1:]]
    if what in ROWS:
        change(ROWS[what])
    elif what == "gone":
        remove_run()
    else:
        name = "probabilities.npy" if what == "file" else "weights.safetensors"
        (home / "runs" / "runs" / RUN / name).unlink()
    assert call("verify").exit_code == 1
    done = call("run", "small.toml", "--no-timing")
    assert done.exit_code == 0, done.output
    assert f"1 run ({RUN}) was damaged in the store and begun again." in done.stderr
    assert call("verify").exit_code == 0
    # Only times are others.
    assert [read_json(*command) for command in REPORTS[1:]] == before


def test_a_run_that_is_gone_is_named(home: Path) -> None:
    remove_run()
    assert f"run {RUN}: is gone from the database" in call("status", "small.toml").stderr


STUDIES = {
    "plan": "UPDATE studies SET plan = '{}'",
    "name": "UPDATE studies SET name = 'other.toml'",
    "a name of an experiment": "UPDATE names SET name = 'mpl' WHERE name = 'mlp'",
    "one name less": "DELETE FROM names WHERE name = 'mlp'",
}


@pytest.mark.parametrize("statement", STUDIES.values(), ids=STUDIES)
@pytest.mark.parametrize("command", REPORTS, ids=[command[0] for command in REPORTS])
def test_a_damaged_plan_stops_commands(
    home: Path, statement: str, command: tuple[str, ...]
) -> None:
    change(statement)
    done = call(*command)
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == (
        "runs: study 1: its name, plan or experiments have changed since they were stored; restore "
        "runs/paribus.db from a copy, or move the sound runs to a new store: `paribus merge runs "
        "--into NEW`"
    )
    assert "`paribus merge STORE --into NEW`" in call("verify").stdout


def test_sound_runs_can_be_moved_to_a_new_store(home: Path) -> None:
    change(STUDIES["plan"])
    change(ROWS["results"])
    merged = call("merge", "runs", "--into", "new")
    assert merged.exit_code == 0
    assert "Merged 5 runs of 1 store into new" in merged.stdout
    assert call("verify", "new").exit_code == 0


def test_an_experiment_is_what_its_hash_says(home: Path) -> None:
    change("UPDATE experiments SET canonical = replace(canonical, '0.01', '0.02')")
    done = call("verify")
    assert "its settings are not those of its hash" in done.stdout
    assert done.stdout.count("its experiment is damaged") == 2


def test_an_experiment_that_a_newer_paribus_wrote_is_left_out(home: Path) -> None:
    with closing(sqlite3.connect("runs/paribus.db")) as db:
        old, canonical = db.execute(
            "SELECT hash, canonical FROM experiments JOIN runs ON experiment = hash WHERE id = ?",
            (RUN,),
        ).fetchone()
    newer = Identity.of({**json.loads(canonical), "version": VERSION + 1, "sharpness": 0.5})
    sealed.change(
        home / "runs",
        f"UPDATE experiments SET hash = '{newer.hash}', canonical = '{newer.canonical}', "
        f"recipe = '{newer.recipe}' WHERE hash = '{old}'",
        f"UPDATE runs SET experiment = '{newer.hash}' WHERE experiment = '{old}'",
        f"UPDATE names SET experiment = '{newer.hash}' WHERE experiment = '{old}'",
    )
    assert "its settings are of a newer Paribus; update Paribus" in call("verify").stdout
    compared = str(call("compare", "mlp", "adam").exception)
    assert "its settings are of a newer Paribus; update Paribus" in compared
    assert call("compare", "cnn", "adam", "--json").exit_code == 0


def test_a_timing_that_is_gone_or_changed_is_left_out(home: Path) -> None:
    timing = Timing("a" * 64, "numpy", "b" * 64, "numpy", [1.0], [2.0], [1.1], {}, "")
    with open_store(home / "runs", "write") as store:
        first, second = store.keep_timing(timing), store.keep_timing(timing)
    first.unlink()
    second.write_text(second.read_text("utf-8").replace("1.0", "3.0"), "utf-8")
    with open_store(home / "runs", "write") as store:
        assert {one.reason for one in store.damage} == {
            "its file is missing", "its file has changed since it was stored"
        }  # fmt: skip
        assert store.timings() == ()
        store.drop_damaged_timings()
        assert store.damage == ()
    assert not second.exists()


def test_a_broken_database_is_one_line(home: Path) -> None:
    path = home / "runs" / "paribus.db"
    content = bytearray(path.read_bytes())
    content[4096:4196] = bytes(100)
    path.write_bytes(content)
    for command in (*REPORTS, ("verify",)):
        done = call(*command)
        assert isinstance(done.exception, UserError), done.output
        assert "restore it from a copy" in str(done.exception)


def test_a_database_that_was_emptied_is_no_new_store(home: Path) -> None:
    for content in (b"", b"SQLite format 3\x00", b"x" * 511):
        (home / "runs" / "paribus.db").write_bytes(content)
        for command in (*REPORTS, ("run", "small.toml"), ("verify",)):
            assert "is damaged (it is empty)" in str(call(*command).exception)


def test_files_of_an_older_paribus_are_adopted(home: Path) -> None:
    sealed.change(home / "runs", "DELETE FROM files")
    first, second = call("verify").stdout, call("verify").stdout
    assert "Of 6 runs of an older Paribus no digests of files were kept; they are now." in first
    assert second == "runs: 6 runs, 3 experiments and 0 timings are as they were stored.\n"
