"""What the page's scripts draw from: means, ranges and counts, and the images in one picture."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, replace
from io import BytesIO

import numpy as np
from PIL import Image

from paribus.measure.runs import Run
from paribus.present.explore import (
    MOST_IMAGES,
    Explored,
    GalleryImage,
    curves,
    explored,
    sprite,
)
from paribus.spec.experiment import Experiment
from paribus.spec.notation import parse_layers
from paribus.spec.recipe import Sgd
from paribus.spec.study import Study
from tests.support.made_up import Make, dataset, run


def one_hot(classes_N: list[int]) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[classes_N]


def test_curves_are_means_and_ranges_with_their_n(make: Make) -> None:
    data = dataset()
    result = make(["cnn"], runs=lambda _, seed: run(seed, 4, "finished", data), data=data)
    (shown,) = curves(result).experiments
    values_RE = np.array([r.curves.test_accuracy for r in result.experiments["cnn"].runs])
    assert shown.name == "cnn"
    assert shown.accuracy.n == 3
    np.testing.assert_allclose(np.array(shown.accuracy.mean, float), values_RE.mean(0), atol=1e-6)
    np.testing.assert_allclose(np.array(shown.accuracy.low, float), values_RE.min(0), atol=1e-6)
    np.testing.assert_allclose(np.array(shown.accuracy.high, float), values_RE.max(0), atol=1e-6)


def test_curves_of_what_is_compared_first_and_of_what_trains_are_shown_at_first(make: Make) -> None:
    few = make(["mlp", "cnn"])
    assert curves(few).first == ["mlp", "cnn"]
    data = dataset()

    def runs(name: str, seed: int) -> Run:
        return run(seed, 2, "running" if name == "residual-adam" else "finished", data)

    many = curves(make(runs=runs, data=data))
    assert many.first == [
        "mlp-numpy", "mlp", "cnn", "mlp-short", "pool-first", "pool-first-tanh", "residual-adam",
    ]  # fmt: skip


def test_diverged_runs_are_in_no_mean_and_no_number_is_infinite(make: Make) -> None:
    data = dataset()

    def runs(_: str, seed: int) -> Run:
        made = run(seed, 4, "finished" if seed else "diverged", data)
        if seed:
            return made
        return replace(made, curves=replace(made.curves, test_loss=np.array([1, np.inf, 2, 3])))

    (shown,) = curves(make(["cnn"], runs=runs, data=data)).experiments
    assert shown.loss.n == 2
    json.dumps(asdict(shown), allow_nan=False)


def test_means_end_where_not_all_runs_are_left(make: Make) -> None:
    data = dataset()
    result = make(["cnn"], runs=lambda _, seed: run(seed, 2 + seed, "running", data), data=data)
    (shown,) = curves(result).experiments
    values_RE = np.array([r.curves.test_accuracy[:2] for r in result.experiments["cnn"].runs])
    assert shown.accuracy.n == 3
    np.testing.assert_allclose(np.array(shown.accuracy.mean, float), values_RE.mean(0), atol=1e-6)


def test_the_gallery_counts_mistakes_and_names_what_they_were_taken_for(make: Make) -> None:
    data = replace(dataset(4), test_labels=np.array([0, 1, 2, 3]), label_errors=(2,))
    answers = {"cnn": [[0, 7, 5, 3], [0, 7, 6, 3]], "cnn-adam": [[0, 1, 6, 3], [0, 1, 6, 3]]}

    def runs(name: str, seed: int) -> Run:
        return run(
            seed, 2, "finished", data, read_probabilities=lambda: one_hot(answers[name][seed])
        )

    result = make(["cnn", "cnn-adam"], seeds=2, runs=runs, data=data)
    found = explored(result, suspects=[2])
    assert found.gallery is not None
    assert found.gallery.of == 2
    first, second = found.gallery.images
    assert first == GalleryImage(
        image=2, label=2, wrong=[2, 2], taken=[5, 6], all=6, rejected=True, suspect=True
    )
    assert (second.image, second.wrong, second.taken) == (1, [2, 0], [7, None])
    assert found.confusion is not None
    counts = found.confusion.experiments[0]
    assert counts.n == 2
    assert counts.counts[2][5] == counts.counts[2][6] == 0.5


def test_every_picture_is_in_its_place_of_the_sprite(make: Make) -> None:
    data = dataset(30)
    result = make(["cnn"], runs=lambda _, seed: run(seed, 2, "finished", data), data=data)
    gallery = explored(result, ()).gallery
    assert gallery is not None
    png = base64.b64decode(sprite(data, gallery).removeprefix("data:image/png;base64,"))
    sheet = np.asarray(Image.open(BytesIO(png)).convert("L"))
    for place, image in enumerate(gallery.images):
        row, column = divmod(place, gallery.columns)
        part = sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        np.testing.assert_array_equal(part, 255 - data.test_images[image.image, 0])


def test_the_gallery_is_limited_and_says_of_how_many(make: Make) -> None:
    data = dataset(2000)
    result = make(["cnn"], seeds=1, runs=lambda _, s: run(s, 1, "finished", data), data=data)
    gallery = explored(result, ()).gallery
    assert gallery is not None
    assert len(gallery.images) == MOST_IMAGES < gallery.of


def test_without_a_finished_run_there_is_nothing_to_tell(make: Make) -> None:
    found = explored(make(runs=lambda name, seed: None), ())
    assert found == Explored(None, None, None)


def test_many_classes_make_no_table(make: Make) -> None:
    names = [f"class {k}" for k in range(50)]
    cnn = Experiment(
        network=parse_layers(["flatten", "linear 50"]), optimizer=Sgd(lr=0.1), epochs=1
    )
    study = Study(title="Many", experiments={"cnn": cnn})
    data = dataset(100, names=names)
    result = make(runs=lambda _, s: run(s, 1, "finished", data), data=data, study=study)
    found = explored(result, ())
    assert found.confusion is None
    assert found.gallery is not None
