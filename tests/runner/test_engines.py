"""One engine for all that are compared, so that no difference is the engine's."""

from __future__ import annotations

from pathlib import Path

from paribus import load_study
from paribus.data.sources import load
from paribus.engines.native.library import library_path
from paribus.runner.engines import choose_engines
from tests.support.small import SMALL_STUDY, Small

ANY_ENGINE = SMALL_STUDY.replace('engine = "numpy"', "")
FASTEST = "torch" if library_path() is None else "native"


def _choose(text: str, small: Small, *only: str) -> tuple[dict[str, str], str]:
    study, folder = load_study(str(small(text)))
    if only:
        study = study.only(only)
    return choose_engines(study, load(study.data, folder))


def test_one_engine_that_can_run_all(small: Small) -> None:
    engines, said = _choose(ANY_ENGINE, small)
    assert engines == dict.fromkeys(("mlp", "cnn", "adam"), "torch")
    if FASTEST == "native":
        assert said.startswith(
            '"torch" trains all experiments that name no engine, so that no difference is the '
            'engine\'s: the engine "native" cannot run cnn because '
        )


def test_the_fastest_where_all_can_take_it(small: Small) -> None:
    assert _choose(ANY_ENGINE, small, "mlp")[0] == {"mlp": FASTEST}
    if FASTEST == "native":
        assert _choose(ANY_ENGINE, small, "mlp")[1] == ""


def test_nothing_is_said_of_an_engine_that_could_train_none(small: Small) -> None:
    text = ANY_ENGINE.replace('"flatten"', '"gelu", "flatten"')
    assert _choose(text, small) == (dict.fromkeys(("mlp", "cnn", "adam"), "torch"), "")


def test_an_experiment_that_names_its_engine_keeps_it(small: Small) -> None:
    engines, said = _choose(SMALL_STUDY, small)
    assert (set(engines.values()), said) == ({"numpy"}, "")


def test_runs_of_the_common_engine_are_the_ones_compared(small: Small, tmp_path: Path) -> None:
    """Trained alone, an experiment is the fastest engine's; beside one with dropout, it is not."""
    study, folder = load_study(str(small(ANY_ENGINE)))
    where = {"store": tmp_path / "runs", "relative_to": folder, "jobs": 1, "quiet": True}
    alone = study.only(["mlp"]).run(**where)  # type: ignore[arg-type]
    assert set(alone.runs()["engine"]) == {FASTEST}
    together = study.run(**where)  # type: ignore[arg-type]
    assert set(together.runs()["engine"]) == {"torch"}
    assert len(together.runs()) == 6
