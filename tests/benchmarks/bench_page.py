"""What a station's page costs and how fast it is, in a headless Chromium on this machine.

    python tests/benchmarks/bench_page.py

Prints: first paint of each view; from holding a piece to its picture on an open review page; keying one after the
other; and the share of a core that the page's threads take while the loop publishes 30 frames a second, without a
page, with the dashboard and with the review queue open.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station" / "page"))

import click
import psutil
from page_browser import chromium
from page_station import PageStation
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from edgedigits.core.machine.load import LoadWatch, busy_words
from edgedigits.results.machine import this_machine

VIEWS = ("/", "/review", "/settings")
TIMES = 20
RATE = 30
SECONDS = 10

WATCH = """
const picture = document.getElementById("crop");
window.seen = {};
new MutationObserver(() => {
  const piece = document.getElementById("piece").dataset.piece;
  requestAnimationFrame(() => picture.decode().then(() => (window.seen[piece] ??= Date.now())));
}).observe(picture, {attributes: true});
"""
PAINT = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def first_paint(driver: Any, url: str) -> float:
    """Milliseconds from asking for a view to its first content, as the browser tells; the median of five."""
    found = []
    for _ in range(5):
        driver.get("about:blank")
        driver.get(url)
        found.append(WebDriverWait(driver, 30).until(lambda d: d.execute_script(PAINT)))
    return statistics.median(found)


def until_shown(driver: Any, station: PageStation) -> list[float]:
    """Milliseconds from the call of hold to the decoded picture on an open, idle review page."""
    open_review(driver, station)
    driver.execute_script(WATCH)
    found = []
    for number in range(TIMES):
        result, code = station.result(f"48{number:03d}", "rejected", 0.7), f"48{number:03d}"
        crop = station.crop(code)
        time.sleep(0.3)
        begun = time.time()
        station.journal.hold(result, crop, begun + 60)
        shown = WebDriverWait(driver, 30, 0.02).until(
            lambda d, piece=result.id: d.execute_script("return window.seen[arguments[0]]", piece)
        )
        found.append(shown - 1000 * begun)
        driver.switch_to.active_element.send_keys(code, Keys.ENTER)
        WebDriverWait(driver, 30, 0.02).until(lambda d: d.find_element(By.ID, "empty").is_displayed())
    return found


def keying(driver: Any, station: PageStation) -> float:
    """Seconds a piece where the codes are keyed as fast as the page takes them."""
    for number in range(TIMES):
        station.reject(f"10{number:03d}")
    open_review(driver, station)
    WebDriverWait(driver, 30).until(lambda d: d.find_element(By.ID, "piece").is_displayed())
    begun = time.perf_counter()
    for _ in range(TIMES):
        before = driver.find_element(By.ID, "piece").get_attribute("data-piece")
        driver.switch_to.active_element.send_keys("10000", Keys.ENTER)
        WebDriverWait(driver, 30, 0.01).until(
            lambda d, before=before: (
                d.find_element(By.ID, "empty").is_displayed()
                or d.find_element(By.ID, "piece").get_attribute("data-piece") != before
            )
        )
    return (time.perf_counter() - begun) / TIMES


def open_review(driver: Any, station: PageStation) -> None:
    driver.get(f"{station.url}/review")
    field = driver.find_element(By.ID, "person")
    WebDriverWait(driver, 30).until(lambda d: d.find_element(By.ID, "link").text == "Connected")
    if field.is_displayed():
        field.send_keys("Anna\n")


def share_of_a_core(station: PageStation) -> float:
    """Percent of one core that all threads but the one that publishes take."""
    process, publisher, stop = psutil.Process(), threading.Event(), threading.Event()
    own: list[int] = []

    def publish() -> None:
        own.append(threading.get_native_id())
        publisher.set()
        frames = [station.frame(step) for step in range(8)]
        number = 0
        while not stop.wait(1 / RATE):
            station.live.publish(*frames[number % 8])
            number += 1

    thread = threading.Thread(target=publish)
    thread.start()
    publisher.wait()
    time.sleep(1)
    before, begun = spent(process, own[0]), time.perf_counter()
    time.sleep(SECONDS)
    taken = (spent(process, own[0]) - before) / (time.perf_counter() - begun)
    stop.set()
    thread.join()
    return 100 * taken


def spent(process: psutil.Process, without: int) -> float:
    return sum(one.user_time + one.system_time for one in process.threads() if one.id != without)


@click.command()
def measure() -> None:
    """Measure the page of a station in a headless Chromium on this machine."""
    where = this_machine()
    print(f"{where.processor}, {where.cores} cores, {where.system}")
    watch = LoadWatch()
    with tempfile.TemporaryDirectory() as made, PageStation(Path(made)) as station:
        for number in range(30):
            station.add(f"48{number:03d}")
        station.publish(1)
        print(f"page open nowhere: {share_of_a_core(station):.1f} % of a core")
        with chromium() as driver:
            for view in VIEWS:
                print(f"first paint of {view}: {first_paint(driver, station.url + view):.0f} ms (median of 5)")
            shown = until_shown(driver, station)
            print(
                f"from hold to the picture on the review page: median {statistics.median(shown):.0f} ms, "
                f"worst {max(shown):.0f} ms of {len(shown)}"
            )
            print(f"keyed as fast as the page takes it: {keying(driver, station):.2f} s a piece")
            print(f"review queue open: {share_of_a_core(station):.1f} % of a core")
            driver.get(station.url)
            print(f"dashboard open: {share_of_a_core(station):.1f} % of a core")
    if busy := busy_words(watch.share()):
        print(f"{busy} meanwhile")


if __name__ == "__main__":
    measure()
