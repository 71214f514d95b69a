"""Something else where a store or a report has its file or folder: named, with what to do; what
is nobody's is put out of the way."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from paribus.errors import ParibusError
from tests.support.commands import call, read_json, train_here
from tests.support.once import copied
from tests.support.rights import with_common_rights
from tests.support.serving import contents
from tests.support.small import write_small

pytestmark = pytest.mark.usefixtures("undrawn")

RUN = "f320144361f1-numpy-1"
"""mlp, seed 1."""
OF_RUN, LOCK = f"runs/runs/{RUN}", f"runs/locks/{RUN}.lock"
COMPARED = ("compare", "mlp", "adam", "--metric", "test_loss", "--json")
LOOKING = (("status", "small.toml"), ("verify",), ("report", "small.toml"))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory, "places", lambda folder: train_here(write_small(folder)))


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a trained study, where commands then work."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("precious", "utf-8")


def file(path: Path) -> None:
    path.write_text("precious", "utf-8")


def listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as found:
        here = Path.cwd()
        os.chdir(path.parent)  # Addresses are short.
        found.bind(path.name)
        os.chdir(here)


KINDS: dict[str, Callable[[Path], object]] = {
    "a folder": folder,
    "a file": file,
    "a pipe": os.mkfifo,
    "a socket": listen,
    "a link": lambda path: path.symlink_to("nowhere"),
}


def put(kind: str, place: str) -> Path:
    path = Path(place)
    clear(path)
    KINDS[kind](path)
    return path


def told(*command: str) -> str:
    """The message of a command that fails with one."""
    done = call(*command)
    assert isinstance(done.exception, ParibusError), (command, done.exception)
    return str(done.exception)


def refused(kind: str, place: str, wanted: str) -> str:
    """The beginning of what is said of it; no link of a store is followed."""
    if kind == "a link":
        return f"{place}: is a link, and Paribus follows none"
    return f"{place}: is {kind} where a store has {wanted}; move it elsewhere"


FOLDERS = ("runs/runs", "runs/locks", "runs/timings")
FILES = ("runs/paribus.db", "runs/paribus.db-wal", "runs/paribus.db-shm")


@pytest.mark.parametrize(
    ("place", "kind"),
    [(place, kind) for place in FOLDERS for kind in KINDS if kind != "a folder"]
    + [(place, kind) for place in FILES for kind in KINDS if kind != "a file"],
)
def test_a_part_of_a_store_that_is_something_else_is_named(
    home: Path, place: str, kind: str
) -> None:
    put(kind, place)
    wanted = "a folder" if place in FOLDERS else "a file"
    for command in (*LOOKING, ("run", "small.toml", "--no-timing")):
        assert told(*command).startswith(refused(kind, place, wanted))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "kind"),
    [(OF_RUN, "a file"), (OF_RUN, "a link"), (LOCK, "a folder"), (LOCK, "a pipe")],
)
def test_what_is_in_the_way_of_a_run_is_named_before_training(
    home: Path, place: str, kind: str
) -> None:
    wanted = "a folder" if place == OF_RUN else "a file"
    before = read_json(*COMPARED)
    (home / OF_RUN / "probabilities.npy").unlink()
    path = put(kind, place)
    for command in LOOKING:
        assert not isinstance(call(*command).exception, OSError)
    shutil.rmtree(home / "runs" / "runs" / RUN.replace("-1", "-0"))
    assert told("run", "small.toml", "--no-timing").startswith(refused(kind, place, wanted))
    assert not (home / "runs" / "runs" / RUN.replace("-1", "-0")).exists()
    # Once that is done, the same command repairs the store.
    clear(path)
    assert call("run", "small.toml", "--no-timing").exit_code == 0
    assert call("verify").exit_code == 0
    assert read_json(*COMPARED) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("weights.safetensors", "an empty folder"),
        ("probabilities.npy", "a folder"),
        ("weights.safetensors", "a pipe"),
        ("probabilities.npy", "a link"),
    ],
)
def test_what_stands_in_place_of_a_file_of_a_run_is_repaired(
    home: Path, name: str, kind: str
) -> None:
    before = read_json(*COMPARED)
    place = f"{OF_RUN}/{name}"
    if kind == "an empty folder":
        clear(Path(place))
        Path(place).mkdir()
    else:
        put(kind, place)
    checked = call("verify")
    assert checked.exit_code == 1
    what = "a folder" if kind == "an empty folder" else kind
    assert f"run {RUN}: {place}: is {what}, not a file" in checked.stdout
    if kind == "a folder":  # What is in it may be somebody's.
        assert told("run", "small.toml", "--no-timing") == (
            f"{place}: is a folder where a store has a file; move it elsewhere and call the same "
            "command again"
        )
        assert Path(place, "mine").read_text("utf-8") == "precious"
        clear(Path(place))
    assert call("run", "small.toml", "--no-timing").exit_code == 0
    assert call("verify").exit_code == 0
    assert read_json(*COMPARED) == before


@pytest.mark.parametrize("place", [*FOLDERS, "runs/paribus.db"])
def test_what_may_not_be_read_is_named(home: Path, place: str) -> None:
    Path("runs/timings").mkdir()
    Path(place).chmod(0)
    try:
        for command in LOOKING:
            assert with_common_rights(partial(told, *command)) == (
                f"{place}: may not be read (permission denied); allow it, e.g. with chmod u+rwX"
            )
    finally:
        Path(place).chmod(0o755)


@pytest.mark.parametrize("place", [OF_RUN, LOCK])
def test_what_may_not_be_written_is_named_before_training(home: Path, place: str) -> None:
    (home / OF_RUN / "weights.safetensors").unlink()
    Path(place).chmod(0o500)
    try:
        assert with_common_rights(partial(told, "run", "small.toml", "--no-timing")) == (
            f"{place}: may not be written (permission denied); allow it, e.g. with chmod u+rwX"
        )
    finally:
        Path(place).chmod(0o755)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "a folder"])
def test_a_store_that_is_no_folder_is_named(home: Path, kind: str) -> None:
    put(kind, "runs")
    what = "a link that leads nowhere" if kind == "a link" else kind
    for command in (*LOOKING, ("run", "small.toml", "--no-timing")):
        assert told(*command) == (f"runs: is {what}, and a store is a folder; name another one")


@pytest.mark.parametrize("place", ["report", "report/tables", "report/index.html"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_the_way_of_a_report_is_named(home: Path, place: str, kind: str) -> None:
    wanted = "a file" if place.endswith("html") else "a folder"
    Path("report").mkdir()
    path = put(kind, place)
    if kind == wanted or (wanted == "a file" and kind != "a folder"):
        # Files of a report are replaced, whatever they are; what links lead to stays.
        assert call("report", "small.toml").exit_code == 0
        return
    what = "a link that leads nowhere" if kind == "a link" else kind
    assert told("report", "small.toml") == (
        f"{place}: is {what} where the report has {wanted}; move it elsewhere, or name another "
        "folder with --report"
    )
    clear(path)
    assert call("report", "small.toml").exit_code == 0


def test_a_report_that_may_not_be_written_is_told(home: Path) -> None:
    Path("report").mkdir(mode=0o500)
    assert with_common_rights(partial(told, "report", "small.toml")) == (
        "report: the report cannot be written: Permission denied; allow it, or name another folder "
        "with --report"
    )


@pytest.mark.slow
def test_a_store_that_may_only_be_read_is_read_by_every_command(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Such as an archive, or a colleague's folder; it may be of any format, and at rest."""
    commands = (
        ("status", "small.toml", "--store", "runs"),
        (*COMPARED, "--store", "runs"),
        ("show", "mlp/1", "--store", "runs", "--json"),
        ("verify", "runs"),
        ("report", "small.toml", "--report", str(tmp_path_factory.mktemp("report"))),
        ("export", "mlp/0", "--to", "numpy", "--output", str(tmp_path_factory.mktemp("x") / "a")),
        ("pack", "runs", "--into", str(tmp_path_factory.mktemp("pack"))),
        ("merge", "runs", "--into", str(tmp_path_factory.mktemp("merged") / "runs")),
    )
    writable = [call(*command).stdout for command in commands[:4]]
    places = [home, *home.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    before = contents(home)
    try:
        found = [with_common_rights(partial(call, *command)) for command in commands]
    finally:
        for place in places:
            place.chmod(0o755)
    assert [(done.exit_code, done.exception) for done in found] == [(0, None)] * len(commands)
    assert [done.stdout for done in found[:4]] == writable
    assert contents(home) == before
