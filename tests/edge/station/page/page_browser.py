"""Chromium without a window, for the page's tests, its pictures and its figures."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1280,900"),
    *("--disable-features=OptimizationHints,MediaRouter", "--disable-backgrounding-occluded-windows"),
)


def lacking() -> str:
    """Which programs are not installed, in words; empty where all are."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return (
        f"{' and '.join(missing)} not installed (Debian: apt-get install chromium chromium-driver)" if missing else ""
    )


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser that keeps everything that a page logs and asks for."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
        driver.set_page_load_timeout(120)
        driver.set_script_timeout(120)
        try:
            yield driver
        finally:
            driver.quit()


def emulate(driver: Any, size: tuple[int, int], *, dark: bool = False) -> None:
    """Let the window be a screen of that width and height, that prefers dark or light."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def logged(driver: Any) -> list[str]:
    """Errors and warnings in the console since the last look."""
    return [line["message"] for line in driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]


def asked_for(driver: Any) -> list[str]:
    """Addresses that were asked for since the last look, without those that stay in the browser."""
    events = [json.loads(line["message"])["message"] for line in driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("data:", "blob:", "chrome:"))]
