"""The page of results from elsewhere as a reader has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from paribus.elsewhere.judge import judge
from paribus.elsewhere.readers import read
from paribus.elsewhere.terms import Terms
from paribus.present.judged import write_judgment
from tests.support.browser import accessibility_problems, console_errors, emulate

CSV = Path(__file__).parents[2] / "docs" / "ablation.csv"


@pytest.fixture
def page(browser: Chrome, tmp_path: Path) -> Chrome:
    """The browser with the page of the ablation that the documentation shows."""
    judgment = judge(read([CSV]), Terms(paired=True, best=True, matters=(0.3,)))
    browser.get(write_judgment(judgment, "Ablation", tmp_path / "out").as_uri())
    return browser


def unfold(page: Chrome) -> None:
    page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true;")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_accessible_and_as_wide_as_its_window(page: Chrome, width: int, dark: bool) -> None:
    emulate(page, width=width, dark=dark)
    unfold(page)
    assert accessibility_problems(page) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    assert console_errors(page) == []


def test_nothing_is_fetched(page: Chrome) -> None:
    fetched = page.execute_script("return performance.getEntriesByType('resource').length")
    assert fetched == 0


def test_values_lie_where_their_axis_says(page: Chrome) -> None:
    """A dot of 92.05 lies between the ticks of 92 and 92.5, a tenth of the way."""
    row = next(
        one
        for one in page.find_elements(By.CSS_SELECTOR, "#values .contender")
        if one.text.startswith("mixup")
    )
    dots = [
        float((dot.get_attribute("cx") or "").rstrip("%"))
        for dot in row.find_elements(By.CSS_SELECTOR, "circle.dot")
    ]
    ticks = {
        tick.text: float((tick.get_attribute("x") or "").rstrip("%"))
        for tick in page.find_elements(By.CSS_SELECTOR, "#values .axis text")
    }
    step = ticks["92.5"] - ticks["92"]
    assert dots[0] == pytest.approx(ticks["92"] + 0.1 * step, abs=0.05)


def test_a_link_to_a_finding_unfolds_it(page: Chrome) -> None:
    page.execute_script("location.hash = 'question-1'")
    opened = page.find_element(By.ID, "question-1")
    assert opened.get_attribute("open")
    assert "mixup is better than baseline" in opened.text
