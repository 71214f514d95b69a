"""One engine for all that are compared, so that no difference is the engine's."""

from __future__ import annotations

from pathlib import Path

import pytest

from paribus import load_study
from paribus.campaign.campaign import make
from paribus.campaign.changes import Changes
from paribus.campaign.engines import Engines
from paribus.engines.native.library import library_path
from tests.support.small import SMALL_STUDY, Small

# A module of the user's own runs with PyTorch only.
MODULE = """from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(36, 3))
"""
CNN = 'network = ["conv 4", "batchnorm", "relu", "maxpool 2", "dropout 0.2", "flatten", "linear 3"]'
MLP = 'network = ["flatten", "linear 8", "relu", "linear 3"]'
OWN = 'network = "nets:Net"'
ANY_ENGINE = SMALL_STUDY.replace('engine = "numpy"', "").replace(CNN, OWN)
FASTEST = "torch" if library_path() is None else "native"


def _write(text: str, small: Small) -> Path:
    path = small(text)
    path.with_name("nets.py").write_text(MODULE)
    return path


def _choose(text: str, small: Small, *only: str) -> Engines:
    return make(str(_write(text, small)), Changes(only=",".join(only) or None)).engines


def test_one_engine_that_can_run_all(small: Small) -> None:
    engines = _choose(ANY_ENGINE, small)
    assert engines.names == dict.fromkeys(("mlp", "cnn", "adam"), "torch")
    if FASTEST == "native":
        assert engines.note.startswith(
            '"torch" trains all experiments that name no engine, so that no difference is the '
            'engine\'s: the engine "native" does not support cnn because '
        )


def test_the_fastest_where_all_can_take_it(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _choose(ANY_ENGINE, small, "mlp").names == {"mlp": FASTEST}
    if FASTEST == "native":
        monkeypatch.setattr("paribus.campaign.engines.may_have_gpus", lambda: False)
        assert _choose(ANY_ENGINE, small, "mlp").note == ""


@pytest.mark.skipif(FASTEST != "native", reason="the native engine was not built")
def test_a_gpu_changes_nothing_but_is_told_of(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paribus.campaign.engines.may_have_gpus", lambda: True)
    engines = _choose(ANY_ENGINE, small, "mlp")
    assert engines.names == {"mlp": "native"}
    assert engines.note.startswith('The engine "native" trains on the cores. --engine torch')
    assert "GPU" not in _choose(ANY_ENGINE, small).note


def test_no_note_about_engine_that_supports_no_experiment(small: Small) -> None:
    text = ANY_ENGINE.replace(OWN, "epochs = 3").replace(MLP, OWN).replace('["network', '["epochs')
    assert _choose(text, small) == Engines(
        dict.fromkeys(("mlp", "cnn", "adam"), "torch"), frozenset(), ""
    )


def test_an_experiment_that_names_its_engine_keeps_it(small: Small) -> None:
    engines = _choose(SMALL_STUDY, small)
    assert (set(engines.names.values()), engines.note) == ({"numpy"}, "")


@pytest.mark.slow
def test_runs_of_the_common_engine_are_the_ones_compared(small: Small, tmp_path: Path) -> None:
    """Trained alone, an experiment is the fastest engine's; beside a module, it is not."""
    study, folder = load_study(str(_write(ANY_ENGINE, small)))
    where = {"store": tmp_path / "runs", "relative_to": folder, "jobs": 1, "quiet": True}
    alone = study.only(["mlp"]).run(**where)  # type: ignore[arg-type]
    assert set(alone.runs()["engine"]) == {FASTEST}
    together = study.run(**where)  # type: ignore[arg-type]
    assert set(together.runs()["engine"]) == {"torch"}
    assert len(together.runs()) == 6
