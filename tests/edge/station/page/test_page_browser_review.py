"""The review queue by keyboard, in a real browser."""

from __future__ import annotations

import time
from typing import Any

import pytest
from page_browser import logged
from page_station import PageStation

from edgedigits.edge.station.journal.records import Audit

pytest.importorskip("selenium", reason="selenium is not installed")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


def wait(browser: Any, condition: Any) -> None:
    WebDriverWait(browser, 60, poll_frequency=0.02).until(lambda _: condition())


def begin(browser: Any, station: PageStation, name: str = "Anna") -> None:
    """Open the view, and say who reviews where the browser does not know it yet."""
    browser.get(f"{station.url}/review")
    wait(browser, lambda: text(browser, "queue") != "…")
    field = browser.find_element(By.ID, "person")
    if field.is_displayed():
        field.send_keys(f"{name}\n")


def text(browser: Any, name: str) -> str:
    return browser.find_element(By.ID, name).text


def shown(browser: Any) -> str | None:
    """The id of the piece on the screen; None where there is none."""
    piece = browser.find_element(By.ID, "piece")
    return piece.get_attribute("data-piece") if piece.is_displayed() else None


def key(browser: Any, *keys: str) -> None:
    """Type into whatever has the focus, as a person does."""
    browser.switch_to.active_element.send_keys(*keys)


def person_of(station: PageStation, piece: str) -> str:
    found = station.journal.piece(piece)
    return found.person if found else ""


def test_pieces_are_keyed_one_after_the_other_without_a_mouse(browser: Any, station: PageStation):
    codes = {station.reject(code).id: code for code in ("48213", "10942", "73110")}
    begin(browser, station)
    for _ in range(3):
        wait(browser, lambda: shown(browser))
        piece = shown(browser)
        key(browser, codes.pop(str(piece)), Keys.ENTER)
        wait(browser, lambda piece=piece: shown(browser) != piece)
    wait(browser, lambda: browser.find_element(By.ID, "empty").is_displayed())
    assert codes == {}
    assert station.journal.counts(0).waiting == 0
    assert logged(browser) == []


def test_x_says_that_nobody_can_read_it(browser: Any, station: PageStation):
    piece = station.hold("48213", 600)
    begin(browser, station)
    wait(browser, lambda: shown(browser) == piece.id)
    key(browser, "x")
    wait(browser, lambda: person_of(station, piece.id) == "Anna")
    found = station.journal.piece(piece.id)
    assert found is not None and found.outcome == "rejected"


def test_escape_gives_a_piece_to_others(browser: Any, station: PageStation):
    piece = station.reject("48213")
    begin(browser, station)
    wait(browser, lambda: shown(browser) == piece.id)
    station.reject("10942")
    key(browser, Keys.ESCAPE)
    wait(browser, lambda: shown(browser) not in (None, piece.id))
    waiting = station.journal.claim("Ben", time.time())
    assert waiting is None or waiting.result.id != shown(browser)


def test_a_code_that_is_not_expected_is_refused_and_stays_on_the_screen(browser: Any, station: PageStation):
    piece = station.reject("48213")
    begin(browser, station)
    wait(browser, lambda: shown(browser) == piece.id)
    key(browser, "482", Keys.ENTER)
    wait(browser, lambda: "482 is no code that is expected here" in text(browser, "problem"))
    assert shown(browser) == piece.id


def test_arrows_fill_in_what_it_may_be(browser: Any, station: PageStation):
    piece = station.hold("48213", 600)
    begin(browser, station)
    wait(browser, lambda: shown(browser) == piece.id)
    key(browser, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert browser.find_element(By.ID, "code").get_attribute("value") == "48219"
    key(browser, Keys.ARROW_UP, Keys.ENTER)
    wait(browser, lambda: person_of(station, piece.id) == "Anna")
    found = station.journal.piece(piece.id)
    assert found is not None and (found.code, found.outcome) == ("48213", "keyed")


def test_a_piece_that_is_held_appears_by_itself_and_what_is_keyed_is_its_result(browser: Any, station: PageStation):
    begin(browser, station)
    wait(browser, lambda: browser.find_element(By.ID, "empty").is_displayed())
    piece = station.hold("48213", 600)
    wait(browser, lambda: shown(browser) == piece.id)
    assert "s left" in text(browser, "clock")
    key(browser, "48213", Keys.ENTER)
    wait(browser, lambda: station.journal.last_sequence() == 1)
    (event,) = station.journal.events(0)
    assert (event.result.outcome, event.result.code, event.result.person, event.result.bin) == (
        *("keyed", "48213"),
        *("Anna", "north"),
    )


def test_a_live_piece_goes_before_one_that_nobody_waits_for(browser: Any, station: PageStation):
    old = station.reject("48213")
    station.reject("73110")
    begin(browser, station)
    wait(browser, lambda: shown(browser) == old.id)
    live = station.hold("10942", 600)
    wait(browser, lambda: shown(browser) == live.id)
    key(browser, "10942", Keys.ENTER)
    wait(browser, lambda: shown(browser) == old.id)


def test_a_live_piece_does_not_take_away_what_is_being_keyed(browser: Any, station: PageStation):
    old = station.reject("48213")
    begin(browser, station)
    wait(browser, lambda: shown(browser) == old.id)
    key(browser, "482")
    live = station.hold("10942", 600)
    wait(browser, lambda: "A live piece waits" in text(browser, "said"))
    assert shown(browser) == old.id
    key(browser, "13", Keys.ENTER)
    wait(browser, lambda: shown(browser) == live.id)


def test_a_live_piece_that_nobody_keyed_in_time_leaves_the_screen(browser: Any, station: PageStation):
    begin(browser, station)
    wait(browser, lambda: browser.find_element(By.ID, "empty").is_displayed())
    station.hold("10942", 1.0)
    wait(browser, lambda: "Too late" in text(browser, "said"))
    assert shown(browser) is None


def test_two_windows_never_show_the_same_piece(browser: Any, station: PageStation):
    pieces = {station.reject(f"48{number}").id for number in range(100, 110)}
    begin(browser, station)
    first = browser.current_window_handle
    browser.execute_script("window.open('/review')")
    wait(browser, lambda: len(browser.window_handles) == 2)
    second = next(window for window in browser.window_handles if window != first)
    keyed: list[str] = []
    for turn in range(8):
        browser.switch_to.window((first, second)[turn % 2])
        wait(browser, lambda: shown(browser) not in (None, *keyed))
        keyed.append(str(shown(browser)))
        key(browser, "48100", Keys.ENTER)
        wait(browser, lambda: shown(browser) != keyed[-1])
        assert "was faster" not in text(browser, "said")
    assert len(set(keyed)) == 8 and set(keyed) <= pieces


def test_the_name_is_remembered_by_the_browser(browser: Any, station: PageStation):
    station.reject("48213")
    begin(browser, station, "Ben")
    wait(browser, lambda: shown(browser))
    browser.refresh()
    wait(browser, lambda: shown(browser))
    assert "You review as Ben." in text(browser, "reviewer")


def test_closing_the_view_gives_its_pieces_back(browser: Any, station: PageStation):
    piece = station.reject("48213")
    begin(browser, station)
    wait(browser, lambda: shown(browser) == piece.id)
    browser.get(f"{station.url}/settings")
    deadline = time.monotonic() + 30
    while (waiting := station.journal.claim("Ben", time.time())) is None and time.monotonic() < deadline:
        station.journal.wait(station.journal.last_sequence(), 0.2)
    assert waiting is not None and waiting.result.id == piece.id


def test_a_piece_that_is_to_be_checked_is_told_from_one_that_is_doubtful(browser: Any, station: PageStation):
    audited, doubtful = station.result("48213", "accepted"), station.result("10942", "accepted", confidence=0.98)
    station.journal.add(audited, station.crop("48213"), audit=Audit(0.97, "codes", "digits"))
    station.journal.add(doubtful, station.crop("10942"))
    begin(browser, station)
    wait(browser, lambda: shown(browser) == audited.id)
    assert text(browser, "why") == "Accepted, and drawn to be checked: what is skipped counts as wrong."
    key(browser, "48213", Keys.ENTER)
    wait(browser, lambda: shown(browser) == doubtful.id)
    assert text(browser, "why") == "Accepted, but not by much."
