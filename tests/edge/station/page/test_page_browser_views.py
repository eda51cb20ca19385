"""The page in a real browser: quiet, of this origin alone, at phone width, and by the rules of accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from page_browser import asked_for, emulate, logged
from page_station import PageStation

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from edgedigits.edge.station.configuration.settings import PageSettings
from edgedigits.edge.station.messages.raspberry_pi import MachineState
from edgedigits.edge.station.page.access.password import hash_password
from edgedigits.edge.station.page.server import PageServer

VIEWS = ("/", "/review", "/settings")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def axe() -> str:
    """Deque's accessibility checker."""
    found = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    return (Path(found.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def furnish(station: PageStation) -> None:
    """Something of everything that a view can show."""
    station.add("48213")
    station.reject("10942")
    station.reject("73110")
    keyed = station.hold("10377", 60)
    station.journal.key(keyed.id, "10377", "Ben", 0.0)
    station.hold("22041", 600)
    station.outputs[0].last_error = "the broker does not answer"
    station.alarms["camera"] = "the camera is away"
    station.publish(1, (("48213", "accepted"), ("10942", "rejected")))


def opened(browser: Any, station: PageStation, path: str) -> Any:
    """A view that shows what it has to show."""
    browser.get(f"{station.url}{path}")
    if path == "/review":
        name = browser.find_element(By.ID, "person")
        if name.is_displayed():
            name.send_keys("Anna\n")
        wait(browser, lambda: browser.find_element(By.ID, "piece").is_displayed())
    elif path != "/login":
        wait(browser, lambda: browser.find_element(By.ID, "picture").is_displayed())
        wait(browser, lambda: browser.find_element(By.ID, "link").text == "Connected")
    return browser


def wait(browser: Any, condition: Any) -> None:
    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda _: condition())


def text(browser: Any, name: str) -> str:
    return browser.find_element(By.ID, name).text


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_logs_nothing_and_asks_no_other_origin(browser: Any, station: PageStation, path: str):
    furnish(station)
    opened(browser, station, path)
    assert logged(browser) == []
    assert {url for url in asked_for(browser) if not url.startswith(f"{station.url}/")} <= {"about:blank"}


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_of_a_narrow_phone_does_not_scroll_sideways(browser: Any, station: PageStation, path: str):
    furnish(station)
    emulate(browser, (360, 740))
    opened(browser, station, path)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", VIEWS)
def test_the_accessibility_checker_finds_nothing(browser: Any, station: PageStation, axe: str, path: str, dark: bool):
    furnish(station)
    emulate(browser, (1280, 900), dark=dark)
    assert violations(opened(browser, station, path), axe) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_accessibility_checker_finds_nothing_where_one_logs_in(browser: Any, tmp_path: Path, axe: str, dark: bool):
    with PageStation(tmp_path, password=str(hash_password(PASSWORD))) as station:
        emulate(browser, (1280, 900), dark=dark)
        assert violations(opened(browser, station, "/login"), axe) == []


def violations(browser: Any, axe: str) -> list[tuple[str, list[str]]]:
    """Rules that are broken, and by which elements."""
    browser.execute_script(axe)
    script = "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])"
    found = browser.execute_async_script(script)["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_new_results_appear_by_themselves(browser: Any, station: PageStation):
    station.publish(1)
    opened(browser, station, "/")
    result = station.add("48213")
    row = f"tr[data-piece='{result.id}']"
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, row))
    words = browser.find_element(By.CSS_SELECTOR, row).text
    assert "48213" in words and "accepted" in words and "north" in words


def test_an_alarm_is_told_to_a_screen_reader_as_it_comes_and_goes(browser: Any, station: PageStation):
    station.publish(1)
    opened(browser, station, "/")
    assert browser.find_element(By.ID, "alarms").get_attribute("role") == "alert"
    station.alarms["broker"] = "the broker is away"
    wait(browser, lambda: "the broker is away" in text(browser, "alarms"))
    station.alarms.clear()
    wait(browser, lambda: text(browser, "alarms") == "")


def test_words_of_an_alarm_are_no_markup(browser: Any, station: PageStation):
    station.alarms["name"] = "<img src=x onerror='window.harmed = 1'>"
    station.publish(1)
    opened(browser, station, "/")
    wait(browser, lambda: "<img src=x" in text(browser, "alarms"))
    assert browser.execute_script("return window.harmed") is None


def test_an_open_page_goes_on_where_the_station_was_started_again(browser: Any, station: PageStation):
    piece = station.hold("48213", 600)
    opened(browser, station, "/review")
    host, port = station.server.url.removeprefix("http://").split(":")
    station.server.stop()
    again = PageServer(PageSettings(f"{host}:{port}"), station.parts)
    again.start()
    try:
        wait(browser, lambda: text(browser, "link") == "Connected")
        browser.find_element(By.ID, "code").send_keys("48213\n")
        wait(browser, lambda: station.journal.last_sequence() == 1)
        found = station.journal.piece(piece.id)
        assert found is not None and found.person == "Anna"
    finally:
        again.stop()


def test_one_logs_in_with_the_password_and_out_again(browser: Any, tmp_path: Path):
    with PageStation(tmp_path, password=str(hash_password(PASSWORD))) as station:
        station.publish(1)
        browser.get(station.url)
        assert browser.current_url == f"{station.url}/login"
        browser.find_element(By.ID, "password").send_keys("wrong password\n")
        wait(browser, lambda: "that is not the password" in text(browser, "problem"))
        browser.find_element(By.ID, "password").send_keys(f"{PASSWORD}\n")
        wait(browser, lambda: browser.find_elements(By.ID, "results"))
        wait(browser, lambda: browser.find_element(By.ID, "logout").is_displayed())
        browser.find_element(By.ID, "logout").click()
        wait(browser, lambda: browser.current_url == f"{station.url}/login")


def test_a_hot_machine_says_how_hot_it_is_and_why_it_is_slow(browser: Any, station: PageStation):
    station.machine = MachineState(81.4, ("throttled",))
    station.publish(1)
    opened(browser, station, "/")
    wait(browser, lambda: text(browser, "temperature") == "81 °C")
    assert text(browser, "slowed") == "Slowed down: throttled"


def test_of_a_machine_that_does_not_say_how_it_is_nothing_is_shown(browser: Any, station: PageStation):
    station.publish(1)
    opened(browser, station, "/")
    wait(browser, lambda: text(browser, "frames-rate") != "–")
    assert not browser.find_element(By.ID, "machine").is_displayed()
