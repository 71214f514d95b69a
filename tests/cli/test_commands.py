"""The commands as a user calls them."""

from __future__ import annotations

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from paribus.campaign.campaign import make
from paribus.cli.main import COMMANDS, main
from paribus.engines.native import library
from paribus.engines.native.library import library_path, load
from paribus.errors import ParibusError
from paribus.store.open import open_store
from tests.support.commands import call, read_json
from tests.support.sealed import change
from tests.support.small import SMALL_STUDY, Small


def test_help_names_every_command_and_each_has_help() -> None:
    help_ = call("--help").output
    for name, line in COMMANDS.items():
        assert f"{name}" in help_
        assert line in help_
        own = call(name, "--help")
        assert own.exit_code == 0
        assert len(own.output.splitlines()) > 5


def test_check_gives_the_sizes_of_the_built_in_study() -> None:
    experiments = read_json("check", "mnist", "--json")["experiments"]
    assert len(experiments) == 20
    assert {name: experiments[name]["parameters"] for name in ("mlp", "cnn", "residual")} == {
        "mlp": 42_310,
        "cnn": 21_578,
        "residual": 58_034,
    }
    assert experiments["residual-bn"]["parameters"] == 58_370


def test_check_tells_differences_and_confounds() -> None:
    questions = read_json("check", "mnist", "--json")["questions"]
    asked = {q["terms"]: q for q in questions if q["metric"] == "test_accuracy"}
    assert asked["residual → residual-bn"]["confounds"] == ["learning rate 0.01 → 0.025"]
    assert asked["residual-fast → residual-bn"]["confounds"] == []
    assert asked["cnn-adam-short → cnn-adam-tuned"]["differences"] == [
        "learning rate 0.001 → 0.0005",
        "betas 0.9 and 0.999 → 0.85 and 0.95",
    ]


def test_what_the_original_concluded_can_be_confirmed_or_contradicted() -> None:
    questions = read_json("check", "mnist", "--json")["questions"]
    held = [q for q in questions if q["original_verdict"]]
    assert len(held) >= 18
    assert [q["ask"] for q in held if q["confounds"]] == []


def test_options_that_make_experiments_the_same_say_so(tmp_path: Path) -> None:
    path = tmp_path / "longer.toml"
    path.write_text(
        """title = "Longer?"
[experiments.short]
network = ["flatten", "linear 10"]
optimizer = { name = "sgd", lr = 0.1 }
epochs = 5
[experiments.long]
from = "short"
epochs = 10
""",
        "utf-8",
    )
    for option in (["--preview"], ["--epochs", "1"]):
        result = call("check", str(path), "--seeds", "1", *option)
        assert result.exit_code == 0
        assert "With these options long is the same as an earlier experiment" in result.output
        assert "1 experiment × 1 seed = 1 run on mnist" in result.output


def test_check_for_people(small: Small) -> None:
    result = call("check", small())
    assert result.exit_code == 0
    assert re.search(r"conv 4 +→ 4×6×6 +40 parameters", result.output)
    assert "from mlp: " in result.output
    assert result.output.endswith("The study is valid.\n")


@pytest.mark.usefixtures("undrawn")
def test_run_says_what_it_costs_that_native_was_not_built(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "the native engine is not available, because its C++ kernels were not compiled"
    study = small(SMALL_STUDY.replace('engine = "numpy"', "").replace("epochs = 4", "epochs = 1"))
    monkeypatch.chdir(study.parent)
    if library_path() is not None:
        assert words not in " ".join(make(study.name).notes)
    load.cache_clear()
    monkeypatch.setattr(library, "library_of", lambda name: Path("not built"))
    assert words in call("run", study.name, "--seeds", "1", "--only", "mlp").stderr
    # An engine by name: nothing is lost.
    study.write_text(SMALL_STUDY, "utf-8")
    assert words not in " ".join(make(study.name).notes)
    load.cache_clear()


def test_check_tells_every_network_that_does_not_fit(small: Small) -> None:
    study = small(SMALL_STUDY.replace('"linear 3"', '"linear 4"'))
    result = call("check", study)
    assert isinstance(result.exception, ParibusError)
    (line,) = str(result.exception).splitlines()
    assert "experiments.mlp.network: " in line
    assert line.endswith(" (so too cnn, adam)")


def test_too_few_seeds_are_told_before_training(small: Small) -> None:
    asked = small(SMALL_STUDY)
    said = "With 2 seeds no question about runs gets a verdict; a verdict requires at least 3."
    assert read_json("check", asked, "--json")["note"] == said
    assert read_json("check", asked, "--seeds", "3", "--json")["note"] == ""
    assert read_json("check", asked, "--only", "mlp", "--json")["note"] == ""


def test_status(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    facts = read_json("status", "small.toml", "--seeds", "3", "--json")["experiments"]
    counts = {name: (fact["finished"], fact["asked"]) for name, fact in facts.items()}
    assert counts == {"mlp": (2, 3), "cnn": (2, 3), "adam": (2, 3)}
    told = call("status", "small.toml").output
    assert "mlp   2 of 2 finished" in told
    assert re.search(r"[0-9a-f]{12}-numpy-0  epoch 4/4, test \d+\.\d\d%  finished", told)


def test_a_run_that_was_stopped_is_not_said_to_run(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained, tmp_path / "stopped")
    monkeypatch.chdir(tmp_path / "stopped")
    change(Path("runs"), "UPDATE runs SET status = 'running' WHERE seed = 0")
    assert re.search(
        r"-numpy-0  epoch 4/4, test \d+\.\d\d%  stopped", call("status", "small.toml").output
    )
    assert "\nstopped\n" in call("show", "mlp/0").output
    with open_store(Path("runs"), "write") as store, store.claim(store.find_runs("mlp/0")[0].id):
        assert "training now" in call("status", "small.toml").output
        assert "\ntraining now\n" in call("show", "mlp/0").output


def test_status_knows_of_runs_with_other_settings(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    told = call("status", "small.toml", "--epochs", "7").output
    assert "cnn   0 of 2 finished" in told
    assert "with other settings; give the options they were trained with" in told
    assert re.search(r"  cnn: [0-9a-f]{12} \(4 epochs, data [0-9a-f]{12}, of small.toml\)", told)


def test_show_by_name_and_by_id(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    facts = read_json("show", "cnn/1", "--json")
    assert (facts["names"], facts["seed"], facts["engine"]) == (["cnn"], 1, "numpy")
    assert len(facts["epochs"]["test_accuracy"]) == 4
    assert facts["environments"][0]["numpy"]
    assert read_json("show", facts["id"], "--json") == facts
    told = call("show", "cnn/1").output
    assert "conv 4, batchnorm, relu" in told
    assert "Trained in" in told


def test_show_of_none_and_of_many(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    assert 'there is no run "cnn/7"' in str(call("show", "cnn/7").exception)
    assert 'there is no run "cnm/0"; did you mean "cnn"?' in str(call("show", "cnm/0").exception)
    assert "give more characters of the run ID" in str(call("show", "").exception)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.usefixtures("undrawn")
def test_report_of_what_there_is(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    result = call("report", "small.toml", "--report", "again")
    assert result.exit_code == 0, result.exception
    page = _Text()
    page.feed(Path("again/index.html").read_text("utf-8"))
    for name in ("mlp", "cnn", "adam"):
        assert name in page.text


def test_studies_prints_a_file_that_can_be_used(tmp_path: Path) -> None:
    assert read_json("studies", "--json")["mnist"]["data"] == "mnist"
    path = tmp_path / "mine.toml"
    path.write_text(call("studies", "mnist").output, "utf-8")
    mine, built_in = (read_json("check", name, "--json") for name in (path, "mnist"))
    assert mine["experiments"] == built_in["experiments"]


def test_data_lists_and_loads(small: Small) -> None:
    assert read_json("data", "--json")[0]["name"] == "mnist"
    facts = read_json("data", small().parent / "small.npz", "--json")
    assert (facts["train_images"], facts["test_images"], facts["image_shape"]) == (
        120,
        40,
        [1, 6, 6],
    )


MISTAKES = [
    (["rnu"], 'there is no command "rnu"; did you mean "run"?'),
    (["run"], "Missing argument 'STUDY'"),
    (["run", "mnits"], 'did you mean "mnist"'),
    (["run", "mnist", "--only", "cnm"], '--only: there is no experiment "cnm"'),
    (["run", "mnist", "--only", ","], "--only: names no experiment"),
    (["run", "mnist", "--engine", "torhc"], 'there is no engine "torhc"; did you mean "torch"?'),
    (["run", "mnist", "--seeds", "0"], "0 is not in the range"),
    (["run", "mnist", "--jobs", "x"], "'x' is not a valid integer"),
    (["run", "mnist", "--images", "70000"], "60,000 training images"),
    (["run", "mnist", "--store", "/proc/self/runs"], "cannot be used as a store"),
    (["report", "mnist", "--store", "nowhere"], "no store found"),
    (["status", "mnist", "--store", "nowhere"], "no store found"),
    (["show", "x", "--store", "nowhere"], "no store found"),
    (["studies", "x"], 'there is no built-in study "x"'),
    (["data", "nothing-here"], "there is no dataset of that name"),
    (["check", "."], "is a folder"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=lambda value: str(value)[:40])
def test_mistakes_end_with_a_message_and_status_2(
    *,
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["paribus", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    told = capsys.readouterr()
    assert caught.value.code == 2
    assert message in told.err
    assert "Traceback" not in told.err
    assert not told.out
