"""`paribus serve` as a person uses it, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import accessibility_problems, console_errors, emulate
from tests.support.commands import train_here
from tests.support.serving import Serving, run, serving

LIVE = """
title = "Watched"
seeds = 2
images = 4000

[experiments.slow]
network = ["flatten", "linear 40", "relu", "linear 10"]
optimizer = { name = "sgd", lr = 0.01 }
epochs = 25

[experiments.fast]
from = "slow"
optimizer = { name = "sgd", lr = 0.1 }

[[questions]]
ask = "Does the higher rate help?"
compare = ["slow", "fast"]
about = ["optimizer"]
matters = 0.001
"""


def wait(browser: Chrome, condition: str) -> None:
    """For a condition in JavaScript."""
    WebDriverWait(browser, 120, 0.1).until(lambda b: b.execute_script(f"return {condition}"))


def text(browser: Chrome, id_: str) -> str:
    return browser.find_element(By.ID, id_).text


@pytest.mark.thorough
def test_a_study_is_followed_from_nothing_to_its_end(browser: Chrome, tmp_path: Path) -> None:
    (tmp_path / "live.toml").write_text(LIVE, "utf-8")
    with serving(tmp_path, "live.toml") as server:
        port = server.port
        browser.get(f"{server.address}/")
        wait(browser, "document.body.dataset.state === 'waiting'")
        assert "paribus run live.toml begins" in text(browser, "how")
        training = run(tmp_path, "live.toml", "--jobs", "1")
        wait(browser, "document.querySelectorAll('#training tbody tr').length === 1")
        wait(browser, "document.querySelectorAll('#curves-accuracy canvas').length === 1")
        assert accessibility_problems(browser) == []
        assert console_errors(browser) == []
        server.stop()
    wait(browser, "document.getElementById('connection').className.endsWith('off')")
    with serving(tmp_path, "live.toml", port=port):
        wait(browser, "document.getElementById('connection').className.endsWith('on')")
        console_errors(browser)  # While the server was away, requests failed.
        training.communicate()
        wait(browser, "document.body.dataset.state === 'finished'")
        wait(browser, "document.querySelectorAll('#summary tbody tr').length === 2")
        assert text(browser, "done") == "4 of 4 runs done"
        assert "Does the higher rate help?" in text(browser, "findings")
        browser.find_element(By.ID, "curves-none").click()
        assert not browser.find_elements(By.CSS_SELECTOR, "#curves-choice input:checked")
        browser.find_element(By.ID, "curves-all").click()
        canvas = browser.find_element(By.CSS_SELECTOR, "#curves-accuracy .u-over")
        ActionChains(browser).move_to_element(canvas).perform()
        wait(browser, "document.getElementById('curves-readout').textContent.startsWith('Epoch 1')")
        assert "n = 2" in text(browser, "curves-readout")
        assert console_errors(browser) == []
        for dark, width in ((False, 1280), (True, 1280), (True, 390)):
            emulate(browser, dark=dark, width=width)
            assert accessibility_problems(browser) == []
            assert browser.execute_script("return document.body.scrollWidth <= innerWidth")


def draw_a_seven(browser: Chrome) -> None:
    canvas = browser.find_element(By.ID, "canvas")
    pen = ActionChains(browser, duration=50).move_to_element_with_offset(canvas, -80, -90)
    pen.click_and_hold().move_by_offset(80, 0).move_by_offset(80, 0)
    pen.move_by_offset(-60, 110).move_by_offset(-30, 90).release().perform()


def test_a_drawn_seven_is_a_seven(browser: Chrome, server: Serving) -> None:
    browser.get(f"{server.address}/pad")
    draw_a_seven(browser)
    wait(browser, "document.querySelectorAll('#answers article').length === 2")
    said = text(browser, "verdict")
    assert said.endswith("of 4 trained networks take the drawing for 7.")
    assert int(said[0]) >= 3
    for dark, width in ((False, 1280), (True, 390)):
        emulate(browser, dark=dark, width=width)
        assert accessibility_problems(browser) == []
        assert browser.execute_script("return document.body.scrollWidth <= innerWidth")
    browser.find_element(By.ID, "undo").click()
    wait(browser, "document.getElementById('verdict').textContent === 'Nothing drawn yet.'")
    assert not browser.find_elements(By.CSS_SELECTOR, "#answers article")
    assert console_errors(browser) == []


def test_a_finger_draws(browser: Chrome, server: Serving) -> None:
    emulate(browser, width=390)
    browser.get(f"{server.address}/pad")
    box = browser.execute_script(
        "const canvas = document.getElementById('canvas'); canvas.scrollIntoView();"
        "const { left, top, width } = canvas.getBoundingClientRect(); return [left, top, width]"
    )
    seven = [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.6, 0.5), (0.5, 0.8)]
    touch = [{"x": box[0] + x * box[2], "y": box[1] + y * box[2]} for x, y in seven]
    for kind, points in [
        ("touchStart", touch[:1]),
        *(("touchMove", [point]) for point in touch[1:]),
        ("touchEnd", []),
    ]:
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    wait(browser, "document.querySelectorAll('#answers article').length === 2")
    assert "of 4 trained networks take the drawing for" in text(browser, "verdict")
    # The verdict is seen beside what was drawn.
    assert 0 <= browser.execute_script(
        "const box = (id) => document.getElementById(id).getBoundingClientRect();"
        "return box('verdict').top - box('canvas').bottom"
    ) < 40  # fmt: skip
    # The page under the finger stays where it is.
    assert browser.execute_script(
        "return Math.abs(document.getElementById('canvas').getBoundingClientRect().top)"
    ) == pytest.approx(abs(box[1]), abs=1)
    assert console_errors(browser) == []


def test_test_images_on_the_pad(browser: Chrome, server: Serving) -> None:
    browser.get(f"{server.address}/pad")
    browser.find_element(By.CSS_SELECTOR, "#number button").click()
    wait(browser, "document.getElementById('verdict').textContent.includes('test image 0')")
    assert text(browser, "verdict").endswith("Its label is 7.")
    for button in ("random", "hard"):
        before = text(browser, "verdict")
        browser.find_element(By.ID, button).click()
        wait(browser, f"document.getElementById('verdict').textContent !== {before!r}")
        assert "Its label is" in text(browser, "verdict")
    assert console_errors(browser) == []


NAMES = ["fire engine", "garbage truck", "sea"]
COLORED = """
title = "Colors"
data = "colors.npz"
seeds = 1

[experiments.learns]
network = ["flatten", "linear 3"]
optimizer = { name = "adam", lr = 0.05 }
epochs = 20
engine = "numpy"

[experiments.still]
from = "learns"
optimizer = { name = "sgd", lr = 1e-9 }
"""


def test_the_pad_names_classes_whole_shows_colors_and_counts_who_has_learned(
    browser: Chrome, tmp_path: Path
) -> None:
    labels = np.arange(60) % 3
    # Class 0 is red, 1 green, 2 blue.
    images = np.zeros((60, 8, 8, 3), np.uint8)
    images[np.arange(60), :, :, labels] = 200
    arrays: dict[str, Any] = {"x_train": images, "y_train": labels, "x_test": images[:30]}
    np.savez(tmp_path / "colors.npz", **arrays, y_test=labels[:30], class_names=np.array(NAMES))
    (tmp_path / "colors.toml").write_text(COLORED, "utf-8")
    train_here(tmp_path / "colors.toml")
    with serving(tmp_path, "colors.toml") as server:
        browser.get(f"{server.address}/pad")
        browser.find_element(By.CSS_SELECTOR, "#number button").click()
        wait(browser, "document.querySelectorAll('#answers article').length === 2")
        assert text(browser, "verdict") == (
            "1 of 1 trained network takes test image 0 for fire engine. Left out: 1 network that "
            "learned nothing. Its label is fire engine."
        )
        shown = [
            row.text for row in browser.find_elements(By.CSS_SELECTOR, ".row span:first-child")
        ]
        assert sorted(shown) == sorted(NAMES * 2)
        assert browser.execute_script(
            "return [...document.getElementById('seen').getContext('2d')"
            ".getImageData(0, 0, 1, 1).data]"
        ) == [200, 0, 0, 255]
        assert accessibility_problems(browser) == []
        assert console_errors(browser) == []


@pytest.mark.parametrize("path", ["/report", "/?study=none"])
def test_other_pages(browser: Chrome, server: Serving, path: str) -> None:
    browser.get(f"{server.address}{path}")
    assert browser.find_element(By.TAG_NAME, "h1").text
    errors = console_errors(browser)
    assert [error for error in errors if "404" not in error] == []
