"""The report's page as a reader has it: a file opened from disk, in a real browser."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from paribus.present.write import report_page, write_report
from tests.support.browser import accessibility_problems, console_errors, emulate
from tests.support.made_up import Make, run


def text(browser: Chrome, id_: str) -> str:
    return browser.find_element(By.ID, id_).text


def choose(browser: Chrome, id_: str, option: str) -> None:
    Select(browser.find_element(By.ID, id_)).select_by_visible_text(option)


def point_at_the_curves(browser: Chrome) -> str:
    """What is read where the pointer is put; it is moved away before, so that it moves."""
    over = browser.find_element(By.CSS_SELECTOR, "#curves-accuracy .u-over")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", over)
    pointer = ActionChains(browser, duration=50)
    pointer.move_to_element_with_offset(over, 20, 20).move_to_element(over).perform()
    return text(browser, "curves-readout")


@pytest.fixture
def report(browser: Chrome, trained: Path) -> Chrome:
    """The browser with the report of two small networks, two real runs of each."""
    browser.get((trained / "report" / "index.html").as_uri())
    return browser


def test_nothing_is_fetched_and_nothing_fails(report: Chrome) -> None:
    fetched = report.execute_script(
        "return performance.getEntriesByType('resource').map(r => r.name)"
        ".filter(name => !name.startsWith('data:'))"
    )
    assert fetched == []
    assert console_errors(report) == []


def test_curves_are_read_switched_and_scaled(report: Chrome) -> None:
    read = point_at_the_curves(report)
    assert read.startswith("Epoch ")
    assert "mlp" in read
    assert "cnn" in read
    assert read.count("n = 2") == 2
    boxes = report.find_elements(By.CSS_SELECTOR, "#curves-choice input")
    assert [box.is_selected() for box in boxes] == [True, True]
    boxes[0].send_keys(Keys.SPACE)
    read = point_at_the_curves(report)
    assert "mlp" not in read
    assert "cnn" in read
    report.find_element(By.ID, "curves-none").click()
    assert not report.find_elements(By.CSS_SELECTOR, "#curves-choice input:checked")
    report.find_element(By.ID, "curves-all").click()
    assert len(report.find_elements(By.CSS_SELECTOR, "#curves-choice input:checked")) == 2
    report.find_element(By.ID, "curves-linear").click()
    assert "n = 2" in point_at_the_curves(report)
    assert console_errors(report) == []


def test_curves_are_read_by_keyboard_and_with_training(report: Chrome) -> None:
    slider = report.find_element(By.ID, "curves-epoch")
    assert text(report, "curves-readout").startswith("Epoch 2\n")
    slider.send_keys(Keys.ARROW_LEFT)
    assert text(report, "curves-readout").startswith("Epoch 1\n")
    spoken = slider.get_attribute("aria-valuetext") or ""
    assert spoken.startswith("epoch 1, mlp ")
    assert "training accuracy" not in text(report, "curves-readout")
    report.find_element(By.ID, "curves-training").send_keys(Keys.SPACE)
    assert "training accuracy" in text(report, "curves-readout")
    assert accessibility_problems(report) == []
    assert console_errors(report) == []


def test_one_experiment_and_its_variants(browser: Chrome, make: Make, tmp_path: Path) -> None:
    data = make(["cnn"]).dataset
    lengths = {"mlp": 4, "cnn": 6, "cnn-adam": 6, "pool-first": 3}
    result = make(
        list(lengths), runs=lambda name, k: run(k, lengths[name], "finished", data), data=data
    )
    browser.get(write_report(result, tmp_path).as_uri())
    choose(browser, "curves-family", "cnn")
    rows = browser.find_elements(By.CSS_SELECTOR, "#curves-readout tbody tr")
    assert [row.text.split()[0] for row in rows] == ["cnn", "pool-first", "cnn-adam"]
    # Who ended earlier is read where it ended, and says so.
    assert [row.text.partition("n = ")[2] for row in rows] == ["3", "3, epoch 3", "3"]
    assert console_errors(browser) == []


def test_confusions_are_read_and_subtracted_by_keyboard(report: Chrome) -> None:
    cells = "#confusion-table tbody td"
    first = report.find_element(By.CSS_SELECTOR, cells)
    report.execute_script("arguments[0].focus()", first)
    assert text(report, "confusion-readout").startswith("True 0, predicted 0: ")
    ActionChains(report).send_keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT).perform()
    read = text(report, "confusion-readout")
    assert read.startswith("True 1, predicted 2: ")
    assert "of 1135 images per run" in read
    assert "2 runs" in read
    choose(report, "confusion-of", "cnn")
    choose(report, "confusion-against", "mlp")
    assert "less mlp" in text(report, "confusion-table")
    # What both are tested on is the same, so the differences of a row cancel.
    rows = report.execute_script(
        f"return [...document.querySelectorAll('{cells}')].map(c => c.textContent)"
    )
    numbers = [float((cell or "0").replace("−", "-").replace(",", "")) for cell in rows]
    assert any(numbers)
    assert all(abs(sum(numbers[10 * k : 10 * k + 10])) < 0.5 for k in range(10))
    assert console_errors(report) == []


def test_misclassified_images_are_filtered(report: Chrome) -> None:
    images = "#gallery-images li"
    everything = int(text(report, "gallery-count").split()[0].replace(",", ""))
    assert everything > len(report.find_elements(By.CSS_SELECTOR, images)) > 0
    assert "n = 4 runs" in text(report, "gallery-count")
    before = len(report.find_elements(By.CSS_SELECTOR, images))
    report.find_element(By.ID, "gallery-more").click()
    assert len(report.find_elements(By.CSS_SELECTOR, images)) > before
    choose(report, "gallery-experiment", "cnn")
    choose(report, "gallery-truth", "9")
    choose(report, "gallery-taken", "4")
    cards = [card.text for card in report.find_elements(By.CSS_SELECTOR, images)]
    assert cards
    assert all(card.startswith("9, predicted as 4") for card in cards)
    assert all("of 2 wrong" in card for card in cards)
    choose(report, "gallery-truth", "any")
    choose(report, "gallery-taken", "any")
    report.find_element(By.ID, "gallery-doubtful").click()
    cards = [card.text for card in report.find_elements(By.CSS_SELECTOR, images)]
    assert cards
    # Four runs are too few to suspect a label by: these are known.
    assert all("label rejected" in card for card in cards)
    assert console_errors(report) == []


def test_everybody_can_use_it(report: Chrome) -> None:
    for dark, width in ((False, 1280), (True, 1280), (False, 1600), (True, 390)):
        emulate(report, dark=dark, width=width)
        assert accessibility_problems(report) == []
        assert report.execute_script("return document.documentElement.scrollWidth") <= width
    assert console_errors(report) == []


def test_it_prints(report: Chrome) -> None:
    emulate(report, dark=True)
    # What is folded up on the screen is on paper.
    report.execute_script(
        "addEventListener('beforeprint', () => { window.folded = "
        "document.querySelectorAll('details:not([open])').length; })"
    )
    assert report.find_elements(By.CSS_SELECTOR, "details:not([open])")
    printed = report.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")
    assert report.execute_script("return window.folded") == 0
    assert not report.find_elements(By.CSS_SELECTOR, "details[open]")
    assert console_errors(report) == []
    assert "n = 2" in point_at_the_curves(report)


def test_without_scripts_the_figures_remain(browser: Chrome, trained: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get((trained / "report" / "index.html").as_uri())
    for section in ("curves", "confusion", "misclassified"):
        figures = browser.find_elements(By.CSS_SELECTOR, f"#{section} img")
        assert figures
        assert all(figure.is_displayed() for figure in figures)
    assert not browser.find_element(By.ID, "curves-explored").is_displayed()


@pytest.mark.thorough
def test_early_reports_are_pages_too(browser: Chrome, make: Make, tmp_path: Path) -> None:
    data = make(["cnn"]).dataset
    names = ["mlp", "cnn", "cnn-adam"]
    early = {
        "empty": make(names, runs=lambda name, seed: None),
        "begun": make(
            names,
            runs=lambda name, seed: run(0, 2, "running", data) if name == "cnn" else None,
            data=data,
        ),
        "one": make(["cnn"], seeds=1),
        "half": make(
            names,
            runs=lambda name, seed: (
                run(seed, 2 + 2 * (seed == 0), "finished" if seed == 0 else "running", data)
                if name in ("cnn", "mlp")
                else None
            ),
            data=data,
        ),
    }
    for name, result in early.items():
        path = tmp_path / f"{name}.html"
        path.write_text(report_page(result), "utf-8")
        browser.get(path.as_uri())
        assert browser.find_element(By.TAG_NAME, "h1").text, name
        assert console_errors(browser) == [], name
        assert accessibility_problems(browser) == [], name
        assert bool(browser.find_elements(By.ID, "curves-accuracy")) == (name != "empty")
