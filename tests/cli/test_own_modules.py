"""Custom modules: `check` tries them, and `run` stops at what every seed would share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from paribus.errors import ParibusError
from paribus.store.open import open_store
from tests.support.commands import call, call_apart, read_json, train_here
from tests.support.small import SMALL_STUDY, Small

NETS = """
import os

print("imported")
import numpy as np
import torch
from torch import nn

class Net(nn.Sequential):
    def __init__(self, width=4):
        super().__init__(nn.Flatten(), nn.Linear(36, width), nn.ReLU(), nn.Linear(width, 3))

class Normed(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.BatchNorm1d(36), nn.Linear(36, 3))

class Noisy(Net):
    def forward(self, x):
        return super().forward(x + np.random.default_rng().random())

class Everything(nn.Module):
    # Overwrites its images, draws, counts, and has one weight under two names.
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(36, 36), nn.Linear(36, 36)
        self.second.weight = self.first.weight
        self.out = nn.Linear(36, 3)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        x = x.mul_(2).flatten(1)
        if self.training:
            self.steps += 1
            x = x + np.random.rand() / 10 + torch.rand_like(x) / 10
        x = torch.relu(self.second(torch.relu(self.first(x))))
        return self.out(x) / (1 + self.steps / 100)

class InPlace(Net):
    def forward(self, x):
        return super().forward(x.sub_(0.13).div_(0.31))

class Shifted(Net):
    def forward(self, x):
        return super().forward((x - 0.13) / 0.31)

class Breaks(Net):
    def __init__(self):
        super().__init__()
        if os.environ.get("BREAKS") == "made":
            raise ZeroDivisionError("of mine")

    def forward(self, x):
        if os.environ.get("BREAKS") == "called":
            raise ZeroDivisionError("of mine")
        return super().forward(x)

class Leaves(Net):
    def forward(self, x):
        raise SystemExit(0)

class Prints(Net):
    def __init__(self):
        super().__init__()
        print("made")

    def forward(self, x):
        print("called")
        return super().forward(x)

class TooFew(Net):
    def forward(self, x):
        return super().forward(x)[:, :2]
"""


def study(network: str, more: str = "") -> str:
    return (
        f"{SMALL_STUDY.partition('[experiments.cnn]')[0]}"
        f'[experiments.own]\nfrom = "mlp"\nnetwork = {network}\nengine = "torch"\n{more}'
    )


@pytest.fixture
def checked(small: Small, monkeypatch: pytest.MonkeyPatch) -> Small:
    """Writes a study with its module."""

    def write(network: str, more: str = "") -> Path:
        path = small(study(network, more))
        (path.parent / "tried_nets.py").write_text(NETS, "utf-8")
        monkeypatch.chdir(path.parent)
        return path

    return write


def test_check_counts_the_parameters_of_a_module(checked: Small) -> None:
    path = checked('{ module = "tried_nets:Net", arguments = { width = 5 } }')
    own = read_json("check", path, "--json")["experiments"]["own"]
    assert own["parameters"] == 36 * 5 + 5 + 5 * 3 + 3
    assert (own["layers"], own["multiply_adds"]) == (None, None)
    told = call("check", path).output
    assert "own  203 parameters, engine torch" in told
    assert told.endswith("The study is valid.\n")


@pytest.mark.parametrize(
    ("network", "more", "message"),
    [
        ('"nosuch:Net"', "", 'cannot import "nosuch": ModuleNotFoundError'),
        ('"tried_nets:Nett"', "", '"tried_nets" has no "Nett"; did you mean "Net"?'),
        ('"tried_nets:TooFew"', "", "returns the shape (2, 2); it must return one logit a class"),
        ('"tried_nets:Noisy"', "", "gives other logits for the same seed, tensors and images"),
        ('"tried_nets:Normed"', "batch_size = 17", "that was a batch of one image, as the last"),
        ('{ module = "tried_nets:Net", arguments = { depth = 1 } }', "", "unexpected keyword"),
    ],
)
def test_check_finds_what_run_would_refuse(
    checked: Small, network: str, more: str, message: str
) -> None:
    path = checked(network, more)
    told = str(call("check", path).exception)
    assert told.startswith(f"{path}, experiments.own.network: network ")
    assert message in told


def test_check_tells_all_modules_that_fail_and_one_mistake_once(checked: Small) -> None:
    more = '[experiments.twin]\nfrom = "own"\nepochs = 2\n[experiments.other]\nfrom = "own"\n'
    told = str(
        call("check", checked('"nosuch:Net"', f'{more}network = "tried_nets:TooFew"')).exception
    )
    assert len(told.splitlines()) == 2
    assert "(so too twin)" in told


@pytest.mark.parametrize(
    ("written", "meant"), [("nets.py:Net", "nets:Net"), ("./lib/nets.py:Net", "lib.nets:Net")]
)
def test_a_file_in_place_of_an_import_path_is_told(
    checked: Small, written: str, meant: str
) -> None:
    told = str(call("check", checked(f'"{written}"')).exception)
    assert f'"{written}" names a file; write "{meant}"' in told


@pytest.mark.thorough
def test_a_module_that_does_all_it_may_is_trained_and_exported(checked: Small) -> None:
    path = checked('"tried_nets:Everything"')
    runs = []
    for store, jobs in (("one", "1"), ("two", "2")):
        done = call_apart("run", path.name, "--store", store, "--jobs", jobs, cwd=path.parent)
        assert done.returncode == 0, done.stderr
        with open_store(path.parent / store, "read") as opened:
            found = {run.id: opened.probabilities(run.id) for run in opened.find_runs("")}
        runs.append({run: p.tobytes() for run, p in found.items() if p is not None})
    assert runs[0] == runs[1]
    for form in ("torch", "numpy", "onnx"):
        facts = read_json(
            "export", "own/1", "--to", form, "--store", "one", "--study", path.name, "--json"
        )
        assert facts["check"]["difference"] < 1e-6


@pytest.mark.thorough
def test_run_stops_at_what_every_seed_would_share(checked: Small) -> None:
    path = checked('"tried_nets:Noisy"')
    done = call_apart("run", path.name, "--seeds", "4", "--jobs", "1", cwd=path.parent)
    assert done.returncode == 1
    assert done.stderr.count("gives other logits for the same seed") == 1
    assert "3 runs more of own were not begun: with every seed it would fail so." in done.stderr
    with open_store(path.parent / "runs", "read") as store:
        runs = store.find_runs("")
    assert sorted(run.status for run in runs) == ["failed", *["finished"] * 4]


def test_a_module_that_would_end_paribus_is_refused(small: Small) -> None:
    """sys.exit in forward, or in a script that is imported, ended `check` without a word."""
    file = small(study('"nets:Leaves"'))
    (file.parent / "nets.py").write_text(NETS, "utf-8")
    done = call("check", file)
    assert done.exit_code != 0
    assert 'network "nets:Leaves": raised SystemExit: 0' in str(done.exception)
    (file.parent / "leaves.py").write_text("import sys\nsys.exit(0)\n", "utf-8")
    file.write_text(study('"leaves:Net"'), "utf-8")
    done = call("check", file)
    assert 'cannot import "leaves": SystemExit: 0' in str(done.exception)


BESIDE = """
[experiments.layers]
from = "mlp"
engine = "native"
[experiments.in-place]
from = "mlp"
network = "tried_nets:InPlace"
engine = "torch"
[experiments.shifted]
from = "in-place"
network = "tried_nets:Shifted"
"""


@pytest.mark.thorough
def test_a_module_that_overwrites_its_images_changes_no_run_beside_it(small: Small) -> None:
    """One worker trains all, in turns, on images that it has loaded once."""
    study = SMALL_STUDY.partition("[experiments.cnn]")[0]
    file = small(study + BESIDE)
    (file.parent / "tried_nets.py").write_text(NETS, "utf-8")
    train_here(file, "alone", only=("mlp", "layers"), jobs=1)
    train_here(file, "beside", jobs=1)
    found = {}
    for folder in ("alone", "beside"):
        with open_store(file.parent / folder, "read") as store:
            for run in store.find_runs(""):
                probabilities = store.probabilities(run.id)
                assert probabilities is not None
                key = (folder, *store.names(run.experiment), run.engine, run.seed)
                found[key] = probabilities.tobytes()
    assert len(found) == 4 + 8, sorted(found)
    for key in (key for key in found if key[0] == "alone"):
        assert found[key] == found["beside", *key[1:]]
    for seed in (0, 1):
        assert (
            found["beside", "in-place", "torch", seed] == found["beside", "shifted", "torch", seed]
        )


SPECTRAL = """
from torch import nn

def spectral():
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(36, 8))
    return nn.Sequential(nn.Flatten(), layer, nn.ReLU(), nn.Linear(8, 3))
"""


@pytest.mark.thorough
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("when", ["made", "called"])
def test_an_export_of_a_module_that_raises_is_one_line_and_leaves_nothing(
    small: Small, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    file = small(study('"tried_nets:Breaks"', "epochs = 1"))
    (file.parent / "tried_nets.py").write_text(NETS, "utf-8")
    monkeypatch.chdir(file.parent)
    done = call("run", file.name, "--seeds", "1", "--only", "own", "--no-timing", "--jobs", "1")
    assert done.exit_code == 0
    monkeypatch.setenv("BREAKS", when)
    before = sorted(file.parent.iterdir())
    for form in ("torch", "onnx"):
        done = call("export", "own/0", "--to", form, "--study", file.name)
        assert isinstance(done.exception, ParibusError), done.exception
        (line,) = str(done.exception).splitlines()
        assert "tried_nets:Breaks" in line
        assert "ZeroDivisionError: of mine" in line
        assert sorted(file.parent.iterdir()) == before


@pytest.mark.thorough
@pytest.mark.usefixtures("undrawn")
def test_what_the_exporter_cannot_write_is_one_line(
    small: Small, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """PyTorch prints the whole graph from C++ where an operator has no counterpart."""
    file = small(study('"tried_nets:spectral"', "epochs = 1"))
    (file.parent / "tried_nets.py").write_text(NETS + SPECTRAL, "utf-8")
    monkeypatch.chdir(file.parent)
    call("run", file.name, "--seeds", "1", "--only", "own", "--no-timing", "--jobs", "1")
    capfd.readouterr()
    done = call("export", "own/0", "--to", "onnx", "--study", file.name)
    assert "PyTorch's exporter cannot write tried_nets:spectral: Exporting the operator" in str(
        done.exception
    )
    assert capfd.readouterr() == ("", "")


def test_what_a_module_prints_is_no_part_of_json(checked: Small) -> None:
    path = checked('"tried_nets:Prints"')
    sys.modules.pop("tried_nets", None)
    done = call("check", path, "--json")
    assert json.loads(done.stdout)["experiments"]["own"]["parameters"] > 0
    assert done.stderr.startswith("imported\nmade\ncalled\n")
