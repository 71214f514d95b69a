"""What tests ask of an open browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selenium import webdriver

AXE = Path(__file__).parent.parent / "browser" / "axe.min.js"


def console_errors(browser: webdriver.Chrome) -> list[str]:
    """What the console has had of errors since the last call."""
    log: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in log if entry["level"] == "SEVERE"]


def emulate(browser: webdriver.Chrome, *, dark: bool = False, width: int | None = None) -> None:
    """Have the page think that its user likes dark colors, or that the window is so wide."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    if width is not None:
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def accessibility_problems(browser: webdriver.Chrome) -> list[str]:
    """What axe-core finds serious or critical on the page, each with where it is."""
    browser.execute_script(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = browser.execute_async_script(
        "const done = arguments[0];"
        "axe.run({resultTypes: ['violations']}).then(result => done(result.violations));"
    )
    return [
        f"{problem['id']}: {problem['help']}: {[node['html'][:200] for node in problem['nodes']]}"
        for problem in found
        if problem["impact"] in ("serious", "critical")
    ]
