"""Pictures of the page for the docs, of a station whose pieces are made up.

python tests/edge/station/page/screenshots.py --out docs/station
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from page_browser import chromium, emulate
from page_station import PageStation, Told
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DESK, PHONE = (1280, 860), (390, 844)
MOST_BYTES = 200_000
READ = ("48213", "10115", "73048", "48290", "22041", "10623", "48855", "73110")


def furnish(station: PageStation) -> None:
    """A busy morning."""
    for turn in range(40):
        station.add(READ[turn % len(READ)], confidence=0.9999 - 0.0007 * (turn % 9))
    for code in ("48716", "10942", "22306", "73954"):
        station.reject(code)
    keyed = station.hold("10377", 30)
    station.journal.key(keyed.id, "10371", "Anna", time.time())
    for code in READ[:3]:
        station.add(code, confidence=0.9987)
    for turn in range(60):
        station.publish(turn, (("48213", "accepted"), ("73954", "rejected")))


def take(driver: Any, path: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """Write what the window shows, with few colours: PNGs in a repository are to be small."""
    emulate(driver, size, dark=dark)
    time.sleep(0.6)
    data = np.frombuffer(driver.get_screenshot_as_png(), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None
    cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    print(path, path.stat().st_size)
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} is larger than {MOST_BYTES:,} bytes")


def pictures(out: Path) -> None:
    """All of them."""
    outputs = [Told("mqtt"), Told("webhook", 14, 2, "connection refused")]
    with (
        tempfile.TemporaryDirectory() as made,
        PageStation(Path(made), outputs=outputs) as station,
        chromium() as driver,
    ):
        furnish(station)
        wait = WebDriverWait(driver, 30)
        for name, dark in (("dashboard", False), ("dashboard-dark", True)):
            emulate(driver, DESK, dark=dark)
            driver.get(station.url)
            wait.until(lambda d: d.find_element(By.ID, "picture").is_displayed())
            take(driver, out / f"{name}.png", DESK, dark=dark)
        emulate(driver, PHONE)
        take(driver, out / "phone.png", PHONE)
        emulate(driver, DESK)
        driver.get(f"{station.url}/settings")
        station.adjustments.change(region=(80, 150, 1120, 420))
        wait.until(lambda d: d.find_element(By.ID, "picture").is_displayed())
        wait.until(lambda d: d.find_element(By.ID, "x").get_attribute("value") == "80")
        take(driver, out / "settings.png", DESK)
        driver.get(f"{station.url}/review")
        driver.find_element(By.ID, "person").send_keys("Anna\n")
        wait.until(lambda d: d.find_element(By.ID, "piece").is_displayed())
        station.hold("48716", 20)
        wait.until(lambda d: d.find_element(By.ID, "clock").is_displayed())
        driver.find_element(By.ID, "code").send_keys("487")
        take(driver, out / "review.png", DESK)
        take(driver, out / "review-phone.png", PHONE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/station"))
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    pictures(folder)
