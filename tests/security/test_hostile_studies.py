"""Study files of a stranger: unless they name code of their own folder, none is run; nothing
outside of the folder is written or deleted, whatever the command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paribus.errors import ParibusError, UserError
from tests.support.commands import call
from tests.support.serving import contents
from tests.support.small import SMALL_STUDY, write_small
from tests.support.trials import touching_nothing_outside

COMMANDS = (("check",), ("check", "--json"), ("status",), ("report",))
LAYERS = 'network = ["flatten", "linear 8", "relu", "linear 3"]'


def module(path: str, arguments: str = "{}") -> str:
    network = f'network = {{ module = "{path}", arguments = {arguments} }}\nengine = "torch"'
    return SMALL_STUDY.replace('engine = "numpy"', "", 1).replace(LAYERS, network)


def data(source: str) -> str:
    return SMALL_STUDY.replace('"small.npz"', f'"{source}"')


STUDIES = {
    "a program": module("subprocess:getoutput", '{ cmd = "touch trace" }'),
    "a system call": module("os:system", '{ command = "touch trace" }'),
    "a folder": module("os:mkdir", '{ path = "trace" }'),
    "code as text": module("builtins:exec", "{ source = \"open('trace', 'w')\" }"),
    "a class that is none": module("pathlib:Path", "{}"),
    "a process": module("subprocess:Popen", '{ args = ["touch", "trace"] }'),
    "a file of another folder": module("..outside.evil:Net"),
    "a path": module("../outside/evil:Net"),
    "data elsewhere": data("../outside"),
    "data of the system": data("/etc/passwd"),
    "a function as data": data("os:getcwd"),
    "data without end": data("/dev/zero"),
    "a name elsewhere": SMALL_STUDY.replace("[experiments.adam]", '[experiments."../../x"]'),
    "a title for terminals": SMALL_STUDY.replace('"Small"', r'"\u001b]0;x\u0007\u001b[2J"'),
    "a formula": SMALL_STUDY.replace('"Is the CNN better?"', "'=HYPERLINK(\"http://x\")'"),
}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with code that leaves a trace when it is imported; commands work beside it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "evil.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('trace').touch()\n", "utf-8"
    )
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return folder


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
@pytest.mark.usefixtures("undrawn")
def test_nothing_is_run_or_touched(study: str, outside: Path) -> None:
    home = Path.cwd()
    write_small(home, study)
    before = contents(outside)
    with touching_nothing_outside(home):
        for command, *options in COMMANDS:
            done = call(command, "small.toml", *options)
            assert isinstance(done.exception, ParibusError | SystemExit | None), done.exception
            assert "\x1b" not in done.output
    assert contents(outside) == before
    assert not (home / "trace").exists()
    assert sorted(os.listdir(home.parent)) == ["home", "outside"]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["a program", "a process", "a title for terminals", "a formula"])
@pytest.mark.usefixtures("undrawn")
def test_nothing_is_run_by_run(name: str, outside: Path) -> None:
    home = Path.cwd()
    write_small(home, STUDIES[name])
    done = call("run", "small.toml", "--no-timing", "--jobs", "1")
    assert isinstance(done.exception, ParibusError | SystemExit | None), done.exception
    assert "\x1b" not in done.output
    assert not (home / "trace").exists()
    assert sorted(os.listdir(home.parent)) == ["home", "outside"]
    if name == "a formula":
        table = (home / "report" / "tables" / "findings.csv").read_text("utf-8")
        assert "'=HYPERLINK" in table


def test_what_is_no_module_is_not_called(outside: Path) -> None:
    path = write_small(Path.cwd(), STUDIES["a program"])
    with pytest.raises(UserError, match=r"is neither a class of torch.nn.Module nor a function"):
        raise call("check", path).exception or AssertionError
    del outside
