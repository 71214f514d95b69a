"""Files that say which test examples each run gets right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paribus.elsewhere.judge import Judgement
from paribus.elsewhere.terms import Stated, Terms
from paribus.errors import UserError
from paribus.present import wording
from paribus.present.as_json import plain
from paribus.seeding import stream
from paribus.stats import compare_on_new_images
from tests.support.elsewhere import judged, rows

TERMS = Terms(Stated(correct="file"), paired=True)


def examples() -> dict[str, np.ndarray]:
    """(S, N) of two experiments: 5 seeds, 400 examples."""
    rng = stream(0, "test", "examples")
    return {"a": rng.random((5, 400)) < 0.8, "b": rng.random((5, 400)) < 0.9}


def written(folder: Path, correct: dict[str, np.ndarray], suffix: str, form: str = ".3f") -> str:
    lines = []
    for name, correct_SN in correct.items():
        for seed, correct_N in enumerate(correct_SN):
            file = folder / f"{name}{seed}{suffix}"
            if suffix == ".npy":
                np.save(file, correct_N)
            else:
                file.write_text("\n".join(map(str, correct_N.astype(int))), "utf-8")
            lines.append(f"{name},{seed},{correct_N.mean():{form}},{file.name}")
    return rows(*lines, header="method,seed,acc,file")


def found(folder: Path, text: str, terms: Terms = TERMS) -> Judgement:
    return judged(folder, text, terms)


@pytest.mark.parametrize("suffix", [".npy", ".txt"])
def test_new_examples_and_flips(tmp_path: Path, suffix: str) -> None:
    correct = examples()
    (finding,) = found(tmp_path, written(tmp_path, correct, suffix)).findings
    numbers = plain(finding)
    expected = compare_on_new_images(correct["a"].astype(float), correct["b"].astype(float))
    assert numbers["new_images_low"] == pytest.approx(expected.low, abs=1e-12)
    assert sum(filter(None, numbers["flips"].values())) <= 400
    # Rounded in the table, and not in what is judged.
    assert numbers["mean_a"] == pytest.approx(correct["a"].mean(), abs=1e-12)


def test_percentages(tmp_path: Path) -> None:
    text = written(tmp_path, examples(), ".npy")
    lines = text.splitlines()
    scaled = [lines[0]]
    for line in lines[1:]:
        method, seed, value, file = line.split(",")
        scaled.append(f"{method},{seed},{100 * float(value):.1f},{file}")
    (finding,) = found(tmp_path, "\n".join(scaled)).findings
    assert plain(finding)["mean_a"] == pytest.approx(100 * examples()["a"].mean(), abs=1e-9)
    assert plain(finding)["new_images_low"] > 1
    (of_shares,) = found(tmp_path, text).findings
    for words in (wording.sentence, wording.reasons, wording.noise):
        assert words(finding) == words(of_shares)
    assert "for other examples" in wording.sentence(finding)
    assert "image" not in " ".join((wording.sentence(finding), *wording.reasons(finding)))
    # 1.96 · √2 · √(0.16 / 400), of images that are right in 80 of 100 runs, is 5.5 points.
    assert "chance in single test examples alone makes 5.47 points" in wording.noise(finding)


def test_mistakes_are_told(tmp_path: Path) -> None:
    text = written(tmp_path, examples(), ".npy")
    with pytest.raises(UserError, match="has no effect on runs that are not paired"):
        found(tmp_path, text, Terms(Stated(correct="file")))
    with pytest.raises(UserError, match="needs one accuracy among the metrics, got none"):
        found(tmp_path, text.replace("acc", "loss"))
    with pytest.raises(UserError, match=r"acc is 0\.\d+, but of its examples 0\.\d+ are right"):
        found(tmp_path, text.replace("a0.npy", "b0.npy"))
    with pytest.raises(UserError, match=r"nowhere.npy: cannot be read: No such file"):
        found(tmp_path, text.replace("a0.npy", "nowhere.npy"))
    with pytest.raises(UserError, match="has a value and no file of examples"):
        found(tmp_path, text.replace("a0.npy", ""))
    np.save(tmp_path / "a0.npy", np.ones(3))
    with pytest.raises(UserError, match="different numbers of examples, got 3, 400"):
        found(tmp_path, text)
    (tmp_path / "a0.npy").write_bytes(b"no array")
    with pytest.raises(UserError, match=r"must be an array of NumPy"):
        found(tmp_path, text)
    np.save(tmp_path / "a0.npy", np.array([0.5, 1.0]))
    with pytest.raises(UserError, match="needs a 1 or a 0 for each example"):
        found(tmp_path, text)
