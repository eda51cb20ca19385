"""Region and threshold, changed in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from page_station import PageStation

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def wait(browser: Any, condition: Any) -> None:
    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda _: condition())


def settings(browser: Any, station: PageStation) -> None:
    station.publish(1)
    browser.get(f"{station.url}/settings")
    wait(browser, lambda: browser.find_element(By.ID, "picture").is_displayed() and value(browser, "width"))


def value(browser: Any, name: str) -> str:
    return str(browser.find_element(By.ID, name).get_attribute("value"))


def fill(browser: Any, name: str, number: str) -> None:
    browser.find_element(By.ID, name).send_keys(Keys.CONTROL, "a", Keys.NULL, number)


def test_a_region_drawn_with_the_mouse_holds_after_a_restart(browser: Any, tmp_path: Path):
    with PageStation(tmp_path) as station:
        settings(browser, station)
        picture = browser.find_element(By.ID, "picture")
        box = picture.rect
        corner = (round(0.25 * box["width"]), round(0.25 * box["height"]))
        chain = ActionChains(browser).move_to_element_with_offset(
            picture, corner[0] - box["width"] // 2, corner[1] - box["height"] // 2
        )
        across, down = round(0.5 * box["width"]), round(0.5 * box["height"])
        chain.click_and_hold().move_by_offset(across, down).release().perform()
        wait(browser, lambda: station.adjustments.current.region is not None)
        drawn = station.adjustments.current.region
        assert drawn == pytest.approx((320, 180, 640, 360), abs=4)
    with PageStation(tmp_path) as station:
        assert station.adjustments.current.region == drawn
        settings(browser, station)
        assert [int(value(browser, name)) for name in ("x", "y", "width", "height")] == list(drawn or ())


def test_a_region_is_given_by_numbers_without_a_mouse(browser: Any, station: PageStation):
    settings(browser, station)
    for name, number in (("x", "100"), ("y", "40"), ("width", "800"), ("height", "500")):
        fill(browser, name, number)
    browser.find_element(By.ID, "height").send_keys(Keys.ENTER)
    wait(browser, lambda: station.adjustments.current.region == (100, 40, 800, 500))


def test_a_region_outside_of_the_picture_is_refused_in_words(browser: Any, station: PageStation):
    settings(browser, station)
    fill(browser, "x", "1000")
    fill(browser, "width", "500")
    browser.find_element(By.ID, "width").send_keys(Keys.ENTER)
    wait(browser, lambda: "outside of the picture" in browser.find_element(By.ID, "problem").text)
    assert station.adjustments.current.region is None


def test_a_threshold_is_changed_and_goes_back_to_the_configured_one(browser: Any, station: PageStation):
    settings(browser, station)
    fill(browser, "number", f"0.88{Keys.ENTER}")
    wait(browser, lambda: station.adjustments.current.threshold == 0.88)
    browser.find_element(By.ID, "reset").click()
    wait(browser, lambda: station.adjustments.current.threshold == 0.97)
    wait(browser, lambda: "Nothing was changed here" in browser.find_element(By.ID, "configured").text)
