"""A store of the version of 2026-11-25 opens, complete, and says the same as then.

old_store/made_by.txt is what made it; expected.json holds what the commands said of it.
"""

from __future__ import annotations

import csv
import json
import math
import multiprocessing
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from paribus.campaign.campaign import make
from paribus.errors import UserError
from paribus.store import migrate
from paribus.store.migrate import SCHEMA_VERSION
from paribus.store.open import open_store
from tests.support.commands import call, read_json

OLD = Path(__file__).parent / "old_store"
EXPECTED: dict[str, Any] = json.loads((OLD / "expected.json").read_text("utf-8"))
COMMANDS = {
    "status": "status study.toml",
    "status preview": "status study.toml --preview --seeds 3",
    "compare mlp cnn": "compare mlp@numpy cnn@numpy --matters 0.01",
    "compare engines": "compare mlp@numpy mlp@torch",
    "compare own": "compare mlp@torch own --metric test_loss",
}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, where commands then work."""
    folder = tmp_path / "old"
    shutil.copytree(OLD, folder)
    monkeypatch.chdir(folder)
    return folder


def numbers(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Everything but sentences, by its place: words may be said better in a later version."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from numbers(inner, f"{place}/{number}")
    elif isinstance(value, str):
        try:
            yield place, float(value)
        except ValueError:
            if place.endswith(("/id", "/status", "/engine", "/verdict")):
                yield place, value
    elif value is not None:
        yield place, value


def assert_same(now: Any, then: Any) -> None:
    present = dict(numbers(now))
    for place, value in numbers(then):
        if place.endswith("/format"):
            continue
        if isinstance(value, float) and not isinstance(present[place], str):
            assert math.isclose(present[place], value, rel_tol=1e-9, abs_tol=1e-12), place
        else:
            assert present[place] == value, place


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_say_what_they_said(old: Path, name: str) -> None:
    assert_same(read_json(*COMMANDS[name].split(), "--store", "store", "--json"), EXPECTED[name])


def test_its_timing_counts_as_one_process_of_those_that_a_verdict_takes(old: Path) -> None:
    now = read_json("compare", "mlp@numpy", "cnn@numpy", "--metric", "step_time",
                    "--store", "store", "--json")  # fmt: skip
    assert (now["verdict"], now["estimate"]) == ("no verdict", None)
    assert "were timed in 1 process, and a verdict requires 5" in now["sentence"]


def test_every_run_is_what_it_was(old: Path) -> None:
    for run, then in EXPECTED["show"].items():
        if run.startswith("27b1772cc637"):
            continue  # Merged, see below.
        now = read_json("show", run, "--store", "store", "--json")
        assert_same(now | {"environments": []}, then)
        assert now["environments"][0]["numpy"]


@pytest.mark.parametrize(
    ("name", "options"), [("report", []), ("report preview", ["--preview", "--seeds", "3"])]
)
@pytest.mark.usefixtures("undrawn")
def test_reports_have_the_same_numbers(old: Path, name: str, options: list[str]) -> None:
    # Previews had no verdicts when the store was made.
    result = call("report", "study.toml", *options, "--store", "store")
    assert result.exit_code == 0, result.output
    for table, then in EXPECTED[name].items():
        with open(f"report/tables/{table}.csv", encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        # The number of seeds now allows for how little few of them tell of the spread; and step
        # times of one process have no interval any more.
        then = [
            {
                **{
                    key: row[key]
                    for key in row
                    if not key.startswith("seeds_") and row.get("metric") != "step_time"
                },
                **(
                    {"seeds_if_spread_holds": row["seeds_to_decide"]} if table == "findings" else {}
                ),
            }
            for row in then
        ]
        if options:
            then = [{key: row[key] for key in row if key != "verdict"} for row in then]
        assert_same(found, then)


@pytest.mark.slow
def test_the_stopped_run_goes_on_to_its_end(old: Path) -> None:
    options = "--only long --engine numpy --seeds 1 --store store"
    result = call("run", "study.toml", *options.split())
    assert result.exit_code == 0, result.output
    shown = read_json("show", "long/0", "--store", "store", "--json")
    assert (shown["id"], shown["status"]) == ("026ecb1da39c-numpy-0", "finished")
    then = EXPECTED["show"]["026ecb1da39c-numpy-0"]["epochs"]
    assert len(shown["epochs"]["test_loss"]) == 6
    assert shown["epochs"]["test_loss"][:2] == then["test_loss"]
    assert len(shown["environments"]) == 2  # It was resumed, not begun anew.


def test_the_same_images_and_settings_from_another_folder_are_the_same_runs(old: Path) -> None:
    then = EXPECTED["status other"]["experiments"]
    now = read_json("status", "other/study.toml", "--store", "store", "--json")["experiments"]
    assert [run["id"] for run in then["base"]["runs"]] == [
        "27b1772cc637-numpy-0",
        "27b1772cc637-numpy-1",
    ]
    assert [run["id"] for run in now["base"]["runs"]] == [
        "355b5e36dfc1-numpy-0",
        "355b5e36dfc1-numpy-1",
    ]
    assert [run["test_accuracy"] for run in now["base"]["runs"]] == [
        run["test_accuracy"] for run in then["base"]["runs"]
    ]
    assert_same(now["tanh"], then["tanh"])


def test_names_and_old_hashes_find_experiments(old: Path) -> None:
    with open_store(Path("store"), "write") as store:
        assert store.names(store.find_runs("355b5e36dfc1-numpy-0")[0].experiment) == ["base", "mlp"]
        (by_old_hash,) = store.find_experiments("355b5e36dfc1")
        (by_name,) = (
            hash_
            for hash_, studies in store.find_experiments("mlp").items()
            if not all(study.preview for study in studies)
        )
        assert by_name == by_old_hash
        assert [named.study.label for named in store.named_studies()] == [
            "study.toml",
            "other/study.toml",
            "study.toml --preview",
        ]


def test_the_code_of_custom_modules_is_taken_for_the_present_one(old: Path) -> None:
    first = call("status", "study.toml", "--store", "store")
    assert (
        "The code of own was not recorded when its 3 runs were trained; `paribus run` takes it to "
        "be as it is now."
    ) in first.stderr
    campaign = make("study.toml", store_folder=Path("store"))
    with open_store(Path("store"), "write") as store:
        campaign.known(store).adopted(store)
    assert call("status", "study.toml", "--store", "store").stderr == ""
    (old / "nets.py").write_text((old / "nets.py").read_text("utf-8") + "# edited\n", "utf-8")
    third = call("status", "study.toml", "--store", "store")
    assert "The code of own (nets:Small) has changed since 3 runs were trained." in third.stderr


def test_it_is_migrated_once_and_no_file_goes_but_those_of_runs_that_are_anothers(
    old: Path,
) -> None:
    def files() -> dict[str, bytes]:
        found = (path for path in Path("store").rglob("*") if path.is_file())
        return {str(p): p.read_bytes() for p in found if not p.name.startswith("paribus.db")}

    with closing(sqlite3.connect("store/paribus.db")) as db:
        ids = {run for (run,) in db.execute("SELECT id FROM runs")}
    before = files()
    open_store(Path("store"), "write").close()
    with closing(sqlite3.connect("store/paribus.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        dump = list(db.iterdump())
        gone = ids - {run for (run,) in db.execute("SELECT id FROM runs")}
    assert len(gone) == 2
    before = {path: content for path, content in before.items() if Path(path).parts[2] not in gone}
    assert not any((Path("store/runs") / run).exists() for run in gone)
    assert files() == before
    open_store(Path("store"), "write").close()
    with closing(sqlite3.connect("store/paribus.db")) as db:
        assert list(db.iterdump()) == dump
    assert files() == before


def test_no_link_is_followed_to_files_of_a_run_that_is_gone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (tmp_path / "runs").mkdir()
    theirs.mkdir()
    (theirs / "probabilities.npy").write_bytes(b"of somebody else")
    (tmp_path / "runs" / "0123456789ab-numpy-0").symlink_to(theirs)
    for run in ("0123456789ab-numpy-0", "../theirs", str(theirs)):
        migrate.remove_files(run, tmp_path)
    assert (theirs / "probabilities.npy").exists()


def test_who_only_looks_writes_nothing_and_reads_all(old: Path) -> None:
    def content() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in Path("store").rglob("*") if p.is_file()}

    before = content()
    with open_store(Path("store"), "read") as store:
        assert len(store.find_runs("")) == 26
        assert len(store.epochs("355b5e36dfc1-numpy-0")["test_loss"]) == 4
        assert store.checkpoint("026ecb1da39c-numpy-0") is not None
    assert content() == before
    assert not Path("store/locks").exists()


def _open(folder: str, barrier: Any) -> None:
    barrier.wait()
    open_store(Path(folder), "write").close()


@pytest.mark.slow
def test_two_processes_may_open_it_at_once(old: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    both = [context.Process(target=_open, args=("store", barrier)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    with open_store(Path("store"), "read") as store:
        assert len(store.find_runs("")) == 26


def _open_and_die(folder: str, statements: int) -> None:
    """Open it, and die in the middle of the migration, after so many statements."""
    apply: Callable[..., None] = migrate._apply

    def dying(db: sqlite3.Connection, name: str) -> None:
        left = [statements]

        def count(statement: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)

        db.set_trace_callback(count)
        apply(db, name)

    migrate._apply = dying
    open_store(Path(folder), "write").close()


@pytest.mark.thorough
def test_a_process_killed_in_the_middle_of_it_leaves_the_store_as_it_was(old: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for statements in (1, 20, 60):
        process = context.Process(target=_open_and_die, args=("store", statements))
        process.start()
        process.join()
        assert process.exitcode == 9
        with closing(sqlite3.connect("store/paribus.db")) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
            assert db.execute("SELECT count(*) FROM runs").fetchone() == (28,)
    with open_store(Path("store"), "write") as store:
        assert len(store.find_runs("")) == 26


def test_a_newer_store_is_refused_however_it_is_opened(old: Path) -> None:
    with closing(sqlite3.connect("store/paribus.db")) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    for mode in ("read", "write", "create"):
        with pytest.raises(UserError, match="made by a newer Paribus"):
            open_store(Path("store"), mode)


def test_it_is_packed_without_being_migrated(old: Path) -> None:
    """A process of the older version may be training in it."""
    done = call("pack", "store", "--into", "pack")
    assert done.exit_code == 0, str(done.exception)
    with closing(sqlite3.connect("store/paribus.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert call("unpack", "pack", "--into", "again").exit_code == 0
    with open_store(Path("again"), "read") as again, open_store(Path("store"), "read") as first:
        kept = {run.id: first.ended(run) for run in first.all_runs() if run.ended}
        runs = {run.id: again.ended(run) for run in again.all_runs()}
        assert runs.keys() == kept.keys()
        assert all(runs[id_].is_same_training(kept[id_]) for id_ in kept)


def test_it_is_merged_without_being_changed(old: Path) -> None:
    before = Path("store/paribus.db").read_bytes()
    assert call("merge", "store", "--into", "merged").exit_code == 0
    assert Path("store/paribus.db").read_bytes() == before
    with open_store(Path("merged"), "read") as merged, open_store(Path("store"), "read") as first:
        ended = [run for run in first.all_runs() if run.ended]
        assert [run.id for run in merged.all_runs()] == [run.id for run in ended]
        for run in ended:
            assert merged.ended(run).is_same_training(first.ended(run))
    words = [*["compare", "mlp@numpy", "cnn@numpy", "--matters", "0.01", "--json", "--store"]]
    assert read_json(*words, "merged") == read_json(*words, "store")


def test_a_store_that_an_older_paribus_trains_in_is_looked_at_and_left_as_it_is(old: Path) -> None:
    database = old / "store" / "paribus.db"
    before = database.read_bytes()
    (old / "store" / "locks").mkdir(exist_ok=True)
    with FileLock(old / "store" / "locks" / "026ecb1da39c-numpy-0.lock"):
        assert call("status", "study.toml", "--store", "store").exit_code == 0
        done = call("run", "study.toml", "--store", "store")
        assert "an older Paribus is training in this store" in str(done.exception)
        assert database.read_bytes() == before
    assert call("status", "study.toml", "--store", "store").exit_code == 0
    assert database.read_bytes() != before
