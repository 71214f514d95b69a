"""The augmented images in a report: what they show is what is trained on."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from paribus.execute.tasks import TaskMaker
from paribus.measure.runs import StudyResult
from paribus.present.augmented import augmented_views
from paribus.present.write import report_page
from tests.support.made_up import Make, dataset


def augmented(result: StudyResult, *texts: str) -> StudyResult:
    """The result, as if its first experiment had been augmented."""
    name, one = next(iter(result.experiments.items()))
    changed = replace(one, experiment=one.experiment.but(augment=texts, validation=50))
    return replace(result, experiments={**result.experiments, name: changed})


def pictures(address: str, side: int) -> np.ndarray:
    """The images of a row as they are shown, (N, H, W, colors), without frames and gaps."""
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    sheet_HWC = np.asarray(Image.open(BytesIO(png)).convert("RGB"))
    height, width, _ = sheet_HWC.shape
    shown = sheet_HWC.reshape(height, width // height, height, 3).transpose(1, 0, 2, 3)
    # A gap of white, a frame of gray, then the image, enlarged.
    assert (shown[:, :3] == 255).all()
    assert (shown[:, 3, 3:-3] == 0x90).all()
    assert (shown[:, 3:-3, -4] == 0x90).all()
    times = (height - 8) // side
    assert times == max(1, 64 // side)
    return shown[:, 4:-4:times, 4:-4:times]


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_are_images_as_they_are_and_as_they_are_trained_on(make: Make, channels: int) -> None:
    data = dataset(channels=channels)
    result = augmented(make(["cnn"], data=data), "crop 4", "cutout 8")
    (view,) = augmented_views(result)
    assert (view.changes, view.experiments, view.seed) == ("crop 4, cutout 8", "cnn", 0)
    assert [row.label for row in view.rows] == ["original", "epoch 1", "epoch 2", "epoch 3"]
    experiment = result.experiments["cnn"].experiment.but(network=["flatten", "linear 10"])
    task = TaskMaker(data).make(experiment, seed=0)
    shown_N = np.arange(6)
    for epoch, row in enumerate(view.rows):
        right = task.training_images(epoch)(shown_N) if epoch else task.train.images[shown_N]
        shown = pictures(row.address, 28).transpose(0, 3, 1, 2) / 255
        np.testing.assert_allclose(
            shown, right if channels == 3 else 1 - right.repeat(3, 1), atol=1e-6
        )


def test_each_augmentation_is_shown_once_with_those_that_have_it(make: Make) -> None:
    result = make(["cnn", "cnn-adam", "mlp"])
    names = list(result.experiments)
    changed = {
        name: replace(one, experiment=one.experiment.but(augment=texts))
        for (name, one), texts in zip(
            result.experiments.items(), (("flip",), (), ("flip",)), strict=True
        )
    }
    (view,) = augmented_views(replace(result, experiments=changed))
    assert (view.changes, view.experiments) == ("flip", f"{names[0]} and {names[2]}")


@pytest.mark.usefixtures("undrawn")
def test_the_page_has_them_open_where_images_are_augmented(make: Make) -> None:
    plain = make(["cnn", "cnn-adam"])
    assert "augmented" not in report_page(plain).split("</style>")[-1]
    result = augmented(plain, "flip")
    page = report_page(result)
    assert page.count("augmented by flip</dd>") == 1
    before, _, rest = page.partition('<figure class="augmented">')
    assert before.count("<details") == before.count("</details>")
    figure = rest.partition("</figure>")[0]
    assert figure.count('<img src="data:image/png;base64,') == 4
    for label in ("original", "epoch 1", "epoch 2", "epoch 3"):
        assert f'<th scope="row">{label}</th>' in figure
