"""A station with a page, and a browser that looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_station import PageStation


@pytest.fixture
def station(tmp_path: Path) -> Iterator[PageStation]:
    with PageStation(tmp_path / "journal") as running:
        yield running


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
