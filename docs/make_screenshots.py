"""Takes the pictures of docs/gallery.md: a preview of the built-in study, in a real browser.

    python docs/make_screenshots.py [--store FOLDER]

Trains the missing runs of `mnist --preview` (some minutes), then opens the report and the
served pages in chromium, which must be installed with its driver, and writes docs/images/.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

IMAGES = Path(__file__).with_name("images")
COMMAND = [sys.executable, "-m", "paribus"]
STUDY = ["mnist", "--preview"]


@contextmanager
def browser() -> Iterator[Chrome]:
    options = webdriver.ChromeOptions()
    looks = ("--window-size=1280,1000", "--hide-scrollbars")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", *looks):
        options.add_argument(argument)
    # Named, or Selenium looks on the network for one to download.
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    opened = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield opened
    finally:
        opened.quit()


def wait(opened: Chrome, condition: str) -> None:
    """For a condition in JavaScript."""
    WebDriverWait(opened, 120, 0.1).until(lambda b: b.execute_script(f"return {condition}"))


def shoot(opened: Chrome, name: str, id_: str, height: int, *, width: int = 1180) -> None:
    """A picture from an element downwards."""
    # The window may be taller than the rest of the page, which then cannot be scrolled so far.
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    opened.execute_script(f"document.getElementById('{id_}').scrollIntoView()")
    opened.execute_async_script("setTimeout(arguments[0], 400)")
    picture = Image.open(BytesIO(opened.get_screenshot_as_png())).convert("RGB")
    picture.save(IMAGES / f"{name}.png", optimize=True)


def of_the_report(opened: Chrome, page: Path) -> None:
    opened.get(page.as_uri())
    wait(opened, "document.querySelectorAll('canvas').length === 2")
    shoot(opened, "report-findings", "findings", 1000)
    for name in ("residual", "residual-bn", "cnn-adam"):
        opened.find_element(By.XPATH, f"//div[@id='curves-choice']/label[.='{name}']").click()
    over = opened.find_element(By.CSS_SELECTOR, "#curves-accuracy .u-over")
    shoot(opened, "report-curves", "curves", 880)
    ActionChains(opened).move_to_element(over).perform()
    shoot(opened, "report-curves", "curves", 880)
    Select(opened.find_element(By.ID, "confusion-of")).select_by_visible_text("cnn")
    Select(opened.find_element(By.ID, "confusion-against")).select_by_visible_text("mlp")
    shoot(opened, "report-confusion", "confusion", 560)
    shoot(opened, "report-gallery", "misclassified", 600)
    opened.execute_script("document.getElementById('of-residual-bn').open = true")
    shoot(opened, "report-network", "of-residual-bn", 800)


def of_the_served_pages(opened: Chrome, address: str) -> None:
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    opened.get(f"{address}/pad")
    canvas = opened.find_element(By.ID, "canvas")
    pen = ActionChains(opened, duration=50).move_to_element_with_offset(canvas, -80, -90)
    pen.click_and_hold().move_by_offset(80, 0).move_by_offset(80, 0)
    pen.move_by_offset(-60, 110).move_by_offset(-30, 90).release().perform()
    wait(opened, "document.querySelectorAll('#answers article').length > 10")
    opened.execute_script("document.body.firstElementChild.id ||= 'top'")
    top = opened.execute_script("return document.body.firstElementChild.id")
    shoot(opened, "pad", top, 900)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--store", type=Path, help="of the preview's runs; a new one unless given")
    store = parser.parse_args().store
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        where = ["--store", str(store or Path(folder) / "runs")]
        report = Path(folder) / "report"
        subprocess.run([*COMMAND, "run", *STUDY, *where, "--report", str(report)], check=True)
        of_the_report(opened, report / "index.html")
        server = subprocess.Popen(
            [*COMMAND, "serve", *STUDY, *where, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            line = next(line for line in server.stdout if "http://" in line)
            address = next(word for word in line.split() if word.startswith("http://"))
            of_the_served_pages(opened, address.rstrip("/,"))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
