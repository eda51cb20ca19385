"""Pictures of the page for the docs, of a station that reads simulated mail.

python tests/edge/station/page/screenshots.py --out docs/station
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from page_browser import chromium, emulate
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.source import MailAtItsPace
from edgedigits.edge.station.configuration.settings import (
    CameraSettings,
    JournalSettings,
    LinesSettings,
    PageSettings,
    PiecesSettings,
    ReadingSettings,
    StationSettings,
)
from edgedigits.edge.station.running import Station

DESK, PHONE = (1160, 780), (390, 844)
MOST_BYTES = 200_000
STEP = 5
"""Of the colours: 52 of each channel, white and black among them, take half the bytes of a camera's noise."""

READS, WAITING = 12, 2
BINS = ("north", "east", "south", "west", "capital")


@contextmanager
def running(folder: Path, seed: int) -> Iterator[Station]:
    """A station that reads mail on a belt."""
    draw = np.random.default_rng(seed)
    codes = sorted({f"{number:05d}" for number in draw.integers(1000, 99999, 400)})
    (folder / "codes.csv").write_text("".join(f"{code},{BINS[int(code[0]) % 5]}\n" for code in codes))
    settings = StationSettings(
        name="hall-2",
        camera=CameraSettings(source="mail"),
        reading=ReadingSettings(codes="codes.csv"),
        pieces=PiecesSettings(hold_seconds=600),
        journal=JournalSettings(durable=False),
        json_lines=LinesSettings(file="results.jsonl"),
        page=PageSettings("127.0.0.1:0"),
    )
    source = MailAtItsPace(BeltPlan("ordinary", seed, None, codes=tuple(codes)))
    stop = threading.Event()
    with Station(settings, folder, source=source) as station:
        loop = threading.Thread(target=station.run, args=(stop,))
        loop.start()
        try:
            yield station
        finally:
            stop.set()
            loop.join()


def take(driver: Any, path: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """Write what the window shows."""
    emulate(driver, size, dark=dark)
    time.sleep(1.0)  # for the next picture at this width
    picture = cv2.imdecode(np.frombuffer(driver.get_screenshot_as_png(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    picture = np.round(picture / STEP).astype(np.uint8) * STEP
    cv2.imwrite(str(path), picture, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    print(path, path.stat().st_size)
    if path.stat().st_size > MOST_BYTES:
        sys.exit(f"{path} is larger than {MOST_BYTES:,} bytes")


def shown(driver: Any, name: str) -> None:
    WebDriverWait(driver, 60).until(lambda d: d.find_element(By.ID, name).is_displayed())


def pictures(out: Path, seed: int) -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as made, running(Path(made), seed) as station, chromium() as driver:
        assert station.page is not None
        journal = station.journal
        until = time.monotonic() + 300
        while journal.last_sequence() < READS or journal.counts(0).held < WAITING:
            if time.monotonic() > until:
                sys.exit("the mail is read too well, or too slowly: take another --seed")
            journal.wait(journal.last_sequence(), 1)
        if (waiting := journal.claim("Ben", time.time())) is not None:
            journal.key(waiting.result.id, waiting.result.code, "Ben", time.time())
        for name, dark in (("dashboard", False), ("dashboard-dark", True)):
            emulate(driver, DESK, dark=dark)
            driver.get(station.page.url)
            shown(driver, "picture")
            take(driver, out / f"{name}.png", DESK, dark=dark)
        take(driver, out / "phone.png", PHONE)
        emulate(driver, DESK)
        driver.get(f"{station.page.url}/settings")
        station.adjustments.change(region=(60, 40, 1160, 640))
        shown(driver, "picture")
        take(driver, out / "settings.png", DESK)
        driver.get(f"{station.page.url}/review")
        driver.find_element(By.ID, "person").send_keys("Anna\n")
        shown(driver, "clock")
        for _ in range(40):
            if likely := driver.find_element(By.ID, "candidates").text:
                break
            driver.find_element(By.ID, "skip").click()
            time.sleep(0.3)
        driver.find_element(By.ID, "code").send_keys(likely[:3])
        take(driver, out / "review.png", DESK)
        take(driver, out / "review-phone.png", PHONE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/station"))
    parser.add_argument("--seed", type=int, default=5, help="of the mail")
    told = parser.parse_args()
    told.out.mkdir(parents=True, exist_ok=True)
    pictures(told.out, told.seed)
