"""The strip of augmented images in a report: what it shows is what is trained on."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image

from paribus.execute.tasks import TaskMaker
from paribus.measure.runs import StudyResult
from paribus.present.augmented import augmented_strip
from paribus.present.write import report_page
from tests.support.made_up import Make, dataset


def augmented(result: StudyResult, *texts: str) -> StudyResult:
    """The result, as if its first experiment had been augmented."""
    name, one = next(iter(result.experiments.items()))
    changed = replace(one, experiment=one.experiment.but(augment=texts, validation=50))
    return replace(result, experiments={**result.experiments, name: changed})


def test_the_strip_has_images_as_they_are_and_as_they_are_trained_on(make: Make) -> None:
    data = dataset(channels=3)
    result = augmented(make(["cnn"], data=data), "crop 4", "cutout 8")
    one = result.experiments["cnn"]
    address = augmented_strip(one, result)
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    strip_HWC = np.asarray(Image.open(BytesIO(png)))
    assert strip_HWC.shape == (28, 12 * 28, 3)
    shown = strip_HWC.reshape(28, 12, 28, 3).transpose(1, 3, 0, 2).astype(np.float32) / 255
    task = TaskMaker(data).make(one.experiment.but(network=["flatten", "linear 10"]), seed=0)
    for number in range(3):
        images = shown[4 * number : 4 * number + 4]
        np.testing.assert_allclose(images[0], task.train.images[number], atol=1e-6)
        for epoch in (1, 2, 3):
            trained = task.training_images(epoch)(np.array([number]))[0]
            np.testing.assert_allclose(images[epoch], trained, atol=1e-6)


def test_the_page_has_it_where_images_are_augmented(make: Make) -> None:
    plain = make(["cnn", "cnn-adam"])
    assert "augmented" not in report_page(plain).split("</style>")[-1]
    result = augmented(plain, "flip")
    page = report_page(result)
    assert page.count("augmented by flip</dd>") == 1
    assert page.count('<img class="augmented" src="data:image/png;base64,') == 1
