"""What the names of runs and of their folders say: whose runs they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.elsewhere.formats.run_folders import run_folders, run_names, runs_by_name
from paribus.elsewhere.judge import judge
from paribus.elsewhere.notices import RunsByName
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Terms
from paribus.present.guesses import guesses
from tests.support.elsewhere import BETTER, PLAIN, SAME

NETS = {"net-18": PLAIN, "net-50": BETTER, "vit-16": SAME}


@pytest.mark.parametrize(
    "names",
    [
        ("net-18", "net-50", "vit-16"),
        ("sgd_0.1", "sgd_0.01", "adam_0.1"),
        ("depth 2", "depth 4"),
        ("exp_1", "exp_2", "base"),
        ("b.16", "b.32"),
        ("18", "50"),
        ("run_1", "run_2"),
        ("net_version2", "net_version3"),
        ("deadbeef1", "deadbeef2"),
    ],
)
@pytest.mark.parametrize(
    "layout",
    ["{name}/seed{run}", "{name}/version_{run}", "{name}/{run}", "{name}/run{run}/version_0"],
)
def test_a_folder_of_several_runs_keeps_its_number(names: tuple[str, ...], layout: str) -> None:
    folders = [Path("x") / layout.format(name=name, run=run) for name in names for run in range(3)]
    assert [one.experiment for one in run_folders(folders)] == [n for n in names for _ in range(3)]


@pytest.mark.parametrize("layout", ["{name}-{run}", "{name}_seed{run}", "{name}_run{run}"])
@pytest.mark.parametrize("name", ["net-18", "sgd_0.1", "plain"])
def test_the_last_number_of_a_run_is_its_own(name: str, layout: str) -> None:
    found = run_names([layout.format(name=one, run=run) for one in (name, "b") for run in range(3)])
    assert [one.experiment for one in found] == [name] * 3 + ["b"] * 3


def test_what_differs_in_a_number_alone_is_said(tmp_path: Path) -> None:
    for name, values in NETS.items():
        for run, value in enumerate(values):
            folder = tmp_path / "logs" / f"{name.replace('-', '')}-{run}"
            folder.mkdir(parents=True)
            (folder / "metrics.csv").write_text(f"epoch,step,acc\n0,1,0.5\n1,2,{value}\n")
    found = judge(read([tmp_path / "logs"]), Terms())
    assert [one.name for one in found.experiments] == ["net18", "net50", "vit16"]
    assert "by their names, net18-0, net18-1 and 3 more are runs of net18" in guesses(found)
    assert not runs_by_name(run_names(["a/seed0", "a/seed1", "b-seed0"]), "experiment")


def test_runs_of_several_days_are_said() -> None:
    days = [f"2026-11-2{day}/cnn/seed{day}{run}" for day in (1, 2) for run in range(2)]
    found = run_names(days)
    assert {one.experiment for one in found} == {"cnn"}
    said = {"cnn": ("2026-11-21/cnn", "2026-11-22/cnn")}
    assert runs_by_name(found, "experiment") == (RunsByName("experiment", said),)


def test_a_folder_with_a_part_of_each_run_is_one_of_a_run() -> None:
    parts = [f"{name}_{run}/{part}" for name in "ab" for run in (1, 2) for part in ("train", "val")]
    found = [one.experiment for one in run_names(parts)]
    assert found == ["a/train", "a/val"] * 2 + ["b/train", "b/val"] * 2
    nested = run_names([f"{run}/{name}" for run in (0, 1) for name in ("cnn", "bn")])
    assert [one.experiment for one in nested] == ["cnn", "bn"] * 2


def test_names_that_several_groups_have_are_no_ids() -> None:
    groups = [f"{size}/{name}" for size in ("small", "large") for name in ("adam", "sgd")]
    assert [one.experiment for one in run_names(groups)] == groups
    ids = run_names(["small/dry-sun", "small/red-fox", "large/old-owl"])
    assert [one.experiment for one in ids] == ["small", "small", "large"]
    said = {"small": ("small/dry-sun", "small/red-fox")}
    assert runs_by_name(ids, "experiment") == (RunsByName("experiment", said),)


def test_single_numbers_of_decimals_are_none_of_runs() -> None:
    assert [one.experiment for one in run_names(["lr_0.1", "lr_0.01"])] == ["lr_0.1", "lr_0.01"]
