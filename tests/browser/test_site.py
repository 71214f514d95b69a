"""The documentation site, if `make site` has built it: its pages, wide and narrow, and search."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.browser import accessibility_problems, console_errors, emulate

SITE = Path(__file__).parent.parent.parent / "build" / "site"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))

pytestmark = pytest.mark.skipif(not PAGES, reason="needs the site: make site")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(SITE)))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.thorough
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit(browser: webdriver.Chrome, address: str, width: int) -> None:
    emulate(browser, width=width)
    console_errors(browser)
    problems = {}
    for page in PAGES:
        browser.get(address + page)
        found = [*accessibility_problems(browser), *console_errors(browser)]
        loaded = browser.execute_script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"
        )
        found += [f"loads {name}" for name in loaded if not name.startswith((address, "data:"))]
        if browser.execute_script("return document.documentElement.scrollWidth") > width:
            found.append(f"is wider than {width} pixels")
        if found:
            problems[page] = found
    assert not problems


def test_search_finds_a_page(browser: webdriver.Chrome, address: str) -> None:
    emulate(browser, width=1280)
    browser.get(f"{address}index.html")
    browser.find_element(By.CSS_SELECTOR, "[data-md-component=search-query]").send_keys("holm")
    found = WebDriverWait(browser, 20).until(
        lambda page: page.find_elements(By.CSS_SELECTOR, ".md-search-result__link")
    )
    assert any("statistics.html" in str(link.get_attribute("href")) for link in found)
