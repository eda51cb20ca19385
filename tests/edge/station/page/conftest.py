"""A station with a page, and a browser that looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from page_station import PageStation


@pytest.fixture(scope="session", autouse=True)
def impatient() -> Iterator[None]:
    """What watches the journal looks ten times as often whether it is to end: each station waits for that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgedigits.edge.station.page.watching.PATIENCE", 0.02)
        yield


@pytest.fixture(scope="module")
def ends() -> Iterator[ThreadPoolExecutor]:
    """Where stations end while the next test runs: the server takes 0.2 seconds for it, and sleeps."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture(scope="module")
def ended(ends: ThreadPoolExecutor) -> Iterator[list[Future[None]]]:
    """Ends of stations; one that fails fails the module's last test."""
    several: list[Future[None]] = []
    yield several
    for end in several:
        end.result()


@pytest.fixture
def station(tmp_path: Path, ends: ThreadPoolExecutor, ended: list[Future[None]]) -> Iterator[PageStation]:
    running = PageStation(tmp_path / "journal")
    running.__enter__()
    yield running
    ended.append(ends.submit(running.__exit__))


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    pytest.importorskip("selenium", reason="selenium is not installed")
    from page_browser import chromium, lacking

    if words := lacking():
        pytest.skip(words)
    with chromium() as driver:
        yield driver


@pytest.fixture
def browser(chrome: Any) -> Iterator[Any]:
    """One window of a desk's size, on no page, that remembers nothing."""
    from page_browser import asked_for, emulate, logged

    first, *others = chrome.window_handles
    for window in others:
        chrome.switch_to.window(window)
        chrome.close()
    chrome.switch_to.window(first)
    chrome.get("about:blank")
    chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
    emulate(chrome, (1280, 900))
    logged(chrome), asked_for(chrome)
    yield chrome
    chrome.get("about:blank")
