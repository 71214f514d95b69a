"""What says so when an optional package is not installed, and what works without."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from paribus.errors import EXTRAS
from tests.support.commands import train_here
from tests.support.small import SMALL_STUDY, Small, write_small

ROOT = Path(__file__).parent.parent

# As if the packages of all extras were not installed, in a process of its own.
_WITHOUT = f"""
import sys
for name in {[package for packages in EXTRAS.values() for package in packages]}:
    sys.modules[name] = None
"""


def _without(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What code prints and how it ends where no optional package is installed."""
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT + code],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def _command(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"sys.argv[1:] = {arguments}\nfrom paribus.cli.main import main\nmain()"
    return _without(code, folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study and its finished runs."""
    folder = tmp_path_factory.mktemp("trained")
    train_here(write_small(folder, SMALL_STUDY), seeds=1)
    return folder


def test_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    of_import = packages_distributions()
    for extra, packages in EXTRAS.items():
        required = project["optional-dependencies"][extra]
        brought = {re.split(r"\W*[<>=]", requirement)[0] for requirement in required}
        for package in packages:
            assert {name.lower() for name in of_import[package]} & brought, package
    assert {*EXTRAS, "dev"} == set(project["optional-dependencies"])


@pytest.mark.parametrize("form", ["onnx", "tensorboard", "mlflow"])
def test_export_names_what_it_needs(form: str, trained: Path) -> None:
    run = ["mlp/0"] if form == "onnx" else []
    ended = _command(["export", *run, "--to", form, "--output", "out"], trained)
    assert (ended.returncode, ended.stderr) == (
        2,
        f'Error: the format "{form}" needs the package {EXTRAS[form][0]}, which is not installed; '
        f'install it with: pip install "paribus[{form}]"\n',
    )
    assert not (trained / "out").exists()


def test_serve_names_what_it_needs(tmp_path: Path) -> None:
    ended = _command(["serve"], tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2,
        "Error: `paribus serve` needs the package starlette, which is not installed; install it "
        'with: pip install "paribus[serve]"\n',
    )


def test_a_ray_cluster_names_what_it_needs(trained: Path) -> None:
    ended = _command(["run", "small.toml", "--seeds", "2", "--ray", "local"], trained)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (
        2,
        "Error: training on a Ray cluster needs the package ray, which is not installed; install "
        'it with: pip install "paribus[ray]"',
    )


def test_reading_tensorboard_names_what_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "cnn-seed0"
    folder.mkdir()
    (folder / "events.out.tfevents.1.host").write_bytes(b"")
    ended = _command(["judge", str(tmp_path)], tmp_path)
    assert (ended.returncode, ended.stderr) == (
        2,
        "Error: reading TensorBoard's files needs the package tensorboard, which is not installed; "
        'install it with: pip install "paribus[tensorboard]"\n',
    )


def test_a_download_names_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path))
    ended = _command(["data", "fashion-mnist"], tmp_path)
    assert ended.returncode == 2
    assert re.fullmatch(
        r"Error: the download of \S+ needs the package requests, which is not installed; install "
        r'it with: pip install "paribus\[download\]"\n',
        ended.stderr,
    )


def test_results_name_what_they_need(trained: Path) -> None:
    code = """
from paribus import UserError, load_study
results = load_study("small.toml")[0].with_seeds(1).run(quiet=True, timing=False)
for ask in (results.runs, results.curves, lambda: results.confusion_matrix("mlp")):
    try:
        ask()
    except UserError as error:
        print(error)
"""
    figure = (
        "a figure needs the package matplotlib, which is not installed; install it with: "
        'pip install "paribus[figures]"'
    )
    ended = _without(code, trained)
    assert ended.stdout.splitlines() == [
        "a DataFrame needs the package pandas, which is not installed; install it with: "
        'pip install "paribus[pandas]"',
        figure,
        figure,
    ], ended.stderr


def test_a_report_without_figures(trained: Path) -> None:
    why = (
        "No figures: drawing figures needs the package matplotlib, which is not installed; install "
        'it with: pip install "paribus[figures]".'
    )
    ended = _command(["report", "small.toml", "--seeds", "1"], trained)
    assert ended.returncode == 0, ended.stderr
    assert why in ended.stderr.splitlines()
    report = trained / "report"
    page = (report / "index.html").read_text("utf-8")
    assert why.replace('"', "&#34;") in page
    assert "data:image/svg+xml" not in page
    markdown = (report / "report.md").read_text("utf-8")
    assert "No figures: " in markdown
    assert "](figures/" not in markdown
    assert (report / "tables" / "findings.csv").exists()
    assert not (report / "figures").exists()


def test_experiments_of_an_engine_that_is_not_installed_are_left_out(
    small: Small, tmp_path: Path
) -> None:
    torch = 'the engine "torch" needs the package torch, which is not installed; install it with: '
    torch += 'pip install "paribus[torch]"'
    small(SMALL_STUDY.replace("[experiments.cnn]", '[experiments.cnn]\nengine = "torch"', 1))
    command = ["run", "small.toml", "--seeds", "1", "--jobs", "1", "--no-timing"]
    ended = _command(command, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.startswith(
        f"Warning: cnn cannot be trained here, and questions about it get no verdict: {torch}\n"
    )
    status = _command(["status", "small.toml", "--seeds", "1"], tmp_path).stdout
    assert re.search(r"^mlp +1 of 1 finished$", status, re.M)
    assert re.search(r"^cnn +0 of 1 finished$", status, re.M)
    alone = _command([*command, "--only", "cnn"], tmp_path)
    assert (alone.returncode, alone.stderr) == (2, f"Error: {torch}\n")
