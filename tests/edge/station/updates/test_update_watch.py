import time

import pytest

from edgedigits.edge.station.updates.events import UpdateRefused, UpdateTaken
from edgedigits.edge.station.updates.watching import UpdateWatch


@pytest.fixture
def watch(station, keys):
    watching = UpdateWatch(station.store, station.updates, keys.public, every=0.02)
    yield watching
    watching.stop()


def waited(watch):
    """The first events that come."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := watch.events():
            return found
        time.sleep(0.01)
    raise AssertionError("no event within a minute")


def test_what_is_delivered_while_it_looks_is_taken(station, update_of, models, watch):
    watch.start()
    station.deliver(update_of())
    (event,) = waited(watch)
    assert isinstance(event, UpdateTaken)
    assert station.store.state.current == models[1].sha256


def test_a_disk_that_refuses_is_told_once_and_tried_again(station, update_of, watch):
    folder = station.store.folder
    aside = folder.rename(folder.parent / "aside")
    folder.write_text("in the way")
    watch.start()
    (event,) = waited(watch)
    assert isinstance(event, UpdateRefused)
    folder.unlink()
    aside.rename(folder)
    station.deliver(update_of())
    (event,) = waited(watch)
    assert isinstance(event, UpdateTaken)
