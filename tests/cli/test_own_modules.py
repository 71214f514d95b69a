"""Custom modules: `check` tries them, and `run` stops at what every seed would share."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus.store.open import open_store
from tests.support.commands import call, call_apart, read_json
from tests.support.small import SMALL_STUDY, Small

NETS = """
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

class Leaves(Net):
    def forward(self, x):
        raise SystemExit(0)

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
    assert "own  203 parameters, 4 epochs" in told
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
