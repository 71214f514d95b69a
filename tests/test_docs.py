"""What README and docs show is so: commands run, code runs, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import paribus
from tests.support.commands import call, read_json

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += [*sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "study").glob("*.md"))]

# Documented commands train for minutes; here they train for a moment.
QUICK = ["--epochs", "1", "--images", "300", "--seeds", "1"]
ADDED = {
    "run": [*QUICK, "--jobs", "1"],
    "status": QUICK,
    "report": QUICK,
    "time": ["--rounds", "5"],
}
ONLY = {"mnist": ["--only", "mlp"]}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    """Every `paribus` command of a page, in order."""
    lines = "\n".join(blocks(page, "sh")).splitlines()
    found = [line.partition("#")[0].strip() for line in lines]
    return [line[line.index("paribus ") :] for line in found if re.match(r"\S*paribus ", line)]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["README.md", "docs/tutorial.md"])
def test_every_command(name: str, tmp_path: Path) -> None:
    """In a folder with the files that the page shows, each named in its first line, and docs/."""
    page = ROOT / name
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    for block in (*blocks(page, "toml"), *blocks(page, "python")):
        if file := re.match(r"# (\S+\.(?:toml|py))\n", block):
            (tmp_path / file[1]).write_text(block, "utf-8")
    assert len(commands(page)) >= 4
    for command in commands(page):
        arguments = shlex.split(command)[1:]
        if arguments[0] == "serve":
            continue  # It does not end by itself; tests/serve has it.
        arguments += ADDED.get(arguments[0], []) + ONLY.get(arguments[1], [])
        if arguments[0] == "show":
            arguments[1] = re.sub(r"/\d+", "/0", arguments[1])
        run = subprocess.run(
            # -P: the folder is not among the places of modules, as for the command `paribus`.
            [sys.executable, "-P", "-m", "paribus", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{command}\n{run.stderr}"
        if arguments[0] == "check":
            for shown in blocks(page, "text"):
                if "The study is valid." in shown:
                    assert {*shown.splitlines()} <= {*run.stdout.splitlines(), "…"}
    assert (tmp_path / "report" / "index.html").exists()


def test_the_python_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(ROOT / "README.md", "python"):
        exec(compile(block, "README.md", "exec"), names)
        names["study"] = names["study"].with_seeds(1).with_each(epochs=1, images=300)
    assert (tmp_path / "report" / "index.html").exists()


def test_the_page_on_results_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command prints what it shows, and its Python runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "ablation.csv").symlink_to(ROOT / "docs" / "ablation.csv")
    page = ROOT / "docs" / "judge.md"
    (command,) = commands(page)
    printed = call(*shlex.split(command)[1:]).output
    table, shown, wide, by_seed = blocks(page, "text")
    assert shown in printed
    assert (tmp_path / "ablation.csv").read_text("utf-8").startswith(table.rstrip("…\n"))
    readme = next(block for block in blocks(ROOT / "README.md", "text") if "mixup" in block)
    assert shown.startswith(readme.partition("  …")[0])
    (tmp_path / "wide.csv").write_text(wide.rstrip("…\n"), "utf-8")
    (tmp_path / "by-seed.csv").write_text(by_seed.rstrip("…\n"), "utf-8")
    for file in ("wide.csv", "by-seed.csv"):
        assert call("judge", file, "--wide", "test_acc").exit_code == 0
    (code,) = blocks(page, "python")
    names: dict[str, Any] = {}
    exec(compile(code, "judge.md", "exec"), names)
    assert len(names["judged"].findings) == 3
    assert (tmp_path / "report" / "index.html").exists()
    (tmp_path / "wide.csv").write_text(wide.rstrip("…\n"), "utf-8")
    found = read_json("judge", "wide.csv", "--wide", "test_acc", "--json")["findings"]
    assert [(one["a"], one["b"], one["metric"]) for one in found] == [
        ("baseline", "mixup", "test_acc")
    ]


def test_the_page_on_formulas_has_every_name() -> None:
    page = ROOT / "docs" / "stats.md"
    documented = re.findall(r"^::: paribus\.stats\.(\w+)$", page.read_text("utf-8"), re.M)
    assert sorted(documented) == paribus.stats.__all__
    (code,) = blocks(page, "python")
    exec(compile(code, "stats.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_named_in_docs_exist(page: Path) -> None:
    for target in re.findall(
        r"`((?:src|tests|docs|benchmarks)/[\w./-]+)`", page.read_text("utf-8")
    ):
        assert (ROOT / target).exists(), target
