"""A custom module is known by its code: what commands say and do after an edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from paribus.campaign.campaign import make
from paribus.serve.follow import Followed
from paribus.serve.networks import Networks
from tests.support.commands import call, call_apart, read_json, train
from tests.support.small import SMALL_STUDY, write_small

pytestmark = pytest.mark.usefixtures("undrawn")

NETS = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(36, 4), nn.ReLU(), nn.Linear(4, 3))
"""
STUDY = f"""
{SMALL_STUDY.partition("[experiments.cnn]")[0]}
[experiments.own]
from = "mlp"
epochs = 1
network = "edited_nets:Net"
engine = "torch"
"""
CHANGED = "The code of own (edited_nets:Net) has changed since 2 runs were trained."


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a custom module beside its file, trained from another folder."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "study").mkdir()
    write_small(folder / "study", STUDY)
    (folder / "study" / "edited_nets.py").write_text(NETS, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert call("run", "study/small.toml", "--jobs", "1").exit_code == 0
    return folder


@pytest.fixture
def folder(once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "code"
    shutil.copytree(once, copy)
    monkeypatch.chdir(copy)
    return copy


def edit(folder: Path) -> None:
    path = folder / "study" / "edited_nets.py"
    path.write_text(path.read_text("utf-8").replace("36, 4", "36, 5").replace("(4", "(5"), "utf-8")


@pytest.mark.thorough
def test_modules_are_found_beside_the_study_and_by_workers(folder: Path) -> None:
    found = read_json("status", "study/small.toml", "--json")["experiments"]
    assert found["own"]["finished"] == 2
    assert call("status", "study/small.toml").stderr == ""
    assert read_json("show", "own/0", "--json")["code_changed"] == ""


@pytest.mark.thorough
def test_every_command_says_that_the_code_has_changed(folder: Path) -> None:
    run = read_json("show", "own/0", "--json")["id"]
    edit(folder)
    for command in ("status", "report"):
        result = call(command, "study/small.toml")
        assert result.exit_code == 0
        told = result.stderr.strip().splitlines()
        (line,) = (line for line in told if not line.startswith(("Planned ", "Amended ")))
        assert line.startswith(CHANGED)
        amended = [line for line in told if line.startswith("Amended since the last run, ")]
        assert [line.partition(": ")[2] for line in amended] == (
            ["experiment own changed."] if command == "report" else []
        )
    shown = call("show", run)
    assert "The code of edited_nets:Net has changed since it was trained" in shown.output
    compared = call("compare", "mlp", "own")
    assert compared.exit_code == 0
    assert "The code of edited_nets:Net has changed since it was trained" in compared.stderr
    exported = call("export", run, "--to", "torch", "--study", "study/small.toml")
    assert "This format needs the code that was trained" in str(exported.exception)
    weights = call("export", run, "--to", "numpy", "--study", "study/small.toml")
    assert weights.exit_code == 0
    assert "has changed since it was trained" in weights.stderr


def test_a_planned_question_is_answered_by_the_runs_that_are_named(folder: Path) -> None:
    study = folder / "study" / "small.toml"
    asked = (
        '[[questions]]\nask = "?"\ncompare = ["mlp", "own"]\n'
        'about = ["network", "epochs"]\nmatters = 0.1\n'
    )
    study.write_text(study.read_text("utf-8") + asked, "utf-8")
    assert call("run", "study/small.toml", "--jobs", "1", "--no-timing").exit_code == 0
    edit(folder)
    compared = call("compare", "mlp", "own")
    assert "The code of edited_nets:Net has changed since it was trained" in compared.stderr
    assert "n = 2 seeds" in " ".join(compared.stdout.split())


@pytest.mark.thorough
def test_run_trains_the_present_code_and_the_older_can_be_pinned(folder: Path) -> None:
    before = read_json("status", "study/small.toml", "--json")["experiments"]["own"]["runs"]
    code = read_json("check", "study/small.toml", "--json")["experiments"]["own"]["hash"]
    edit(folder)
    result = call("run", "study/small.toml", "--jobs", "1")
    assert result.exit_code == 0
    assert CHANGED in result.stderr
    assert call("status", "study/small.toml").stderr == ""
    after = read_json("status", "study/small.toml", "--json")["experiments"]["own"]["runs"]
    assert not {run["id"] for run in before} & {run["id"] for run in after}
    # A name means the runs of the present code; a digest tells the others apart.
    compared = call("compare", "mlp", "own")
    now, then = (runs[0]["id"].partition("-")[0] for runs in (after, before))
    assert compared.stderr.startswith(f"own is {now} here, as study/small.toml has it now.")
    assert f"{then} (code {digest_in(result.stderr)} → " in compared.stderr
    assert read_json("show", "own/0", "--json")["id"] == after[0]["id"]
    assert read_json("check", "study/small.toml", "--json")["experiments"]["own"]["hash"] != code

    digest = digest_in(result.stderr)
    study = folder / "study" / "small.toml"
    pin = f'{{ module = "edited_nets:Net", code = "{digest}" }}'
    study.write_text(study.read_text("utf-8").replace('"edited_nets:Net"', pin), "utf-8")
    pinned = read_json("status", "study/small.toml", "--json")["experiments"]["own"]["runs"]
    assert pinned == before
    checked = read_json("check", "study/small.toml", "--json")["experiments"]["own"]
    assert (checked["hash"], checked["parameters"]) == (None, None)
    assert call("run", "study/small.toml", "--jobs", "1").exit_code == 0
    more = call("run", "study/small.toml", "--jobs", "1", "--seeds", "3")
    assert "can be reported but not trained" in str(more.exception)


def digest_in(told: str) -> str:
    return told.partition('code = "')[2].partition('"')[0]


def test_the_live_page_says_it_and_the_pad_does_not_answer(folder: Path) -> None:
    campaign = make("study/small.toml")
    dataset = campaign.dataset
    followed = Followed(Path("runs"), campaign)
    trained = followed.result()
    assert trained is not None
    networks = Networks(Path("runs"), dataset, campaign.folder, trusted=True)
    image = dataset.test_images[0] / dataset.test_images.dtype.type(255)
    found = networks.answers(trained, image.astype("float32"))
    assert [answers.name for answers in found.experiments] == ["mlp", "own"]
    assert not found.problems
    edit(folder)
    after = followed.result()
    assert after is not None
    assert after.experiments["own"].runs == ()
    assert CHANGED in followed.progress()
    again = Networks(Path("runs"), dataset, campaign.folder, trusted=True)
    found = again.answers(trained, image.astype("float32"))
    assert [answers.name for answers in found.experiments] == ["mlp"]
    assert found.problems[0] == "own, seed 0: its code has changed since it was trained"
    # Taken back, it answers without a new start of the server.
    (folder / "study" / "edited_nets.py").write_text(NETS, "utf-8")
    found = again.answers(trained, image.astype("float32"))
    assert [answers.name for answers in found.experiments] == ["mlp", "own"]
    assert not found.problems


@pytest.mark.thorough
def test_the_current_folder_has_no_part_in_a_study(folder: Path) -> None:
    """Neither in what a command imports nor in what a study is known by."""
    nets = folder / "study" / "edited_nets.py"
    nets.write_text(f"try:\n    import only_here\nexcept ImportError:\n    pass\n{NETS}", "utf-8")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "only_here.py").write_text("raise RuntimeError('it was imported')\n", "utf-8")
    hashes = []
    for current in (folder, elsewhere):
        done = call_apart("check", folder / "study" / "small.toml", "--json", cwd=current)
        assert done.returncode == 0, done.stderr
        hashes.append(json.loads(done.stdout)["experiments"]["own"]["hash"])
    assert hashes[0] == hashes[1]
    train(elsewhere, str(folder / "study" / "small.toml"), "--only", "own", "--seeds", "1")
