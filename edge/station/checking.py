"""Trying what a configuration names before the station is left alone: camera, model, disk, page, outputs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import try_to_write
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import Image
from edgedigits.edge.sources.registry import open_source
from edgedigits.edge.station.calibration.threshold import choose_station_threshold, read_calibration
from edgedigits.edge.station.configuration.adjustments import adjusted_of
from edgedigits.edge.station.configuration.placing import placed, placed_source
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.messages.trying import try_outputs
from edgedigits.edge.station.one_at_a_time import is_running
from edgedigits.edge.station.opening import StationReader, model_of, open_reader
from edgedigits.edge.station.updates.events import short
from edgedigits.edge.station.updates.keys import key_name
from edgedigits.edge.station.updates.opening import running_model

_FRAMES = 30
"""Frames of the camera that are taken: the first ones of many cameras are dark."""

_PATIENCE = 10.0
"""Seconds that an output may take to answer."""

_NO_FORM = "have none of the forms, and are never accepted"
_DARK, _FLAT = 40.0, 8.0
_MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Tried:
    """One thing that was tried.

    Attributes:
        name: of it.
        words: what was found.
        remedy: what to do; empty where nothing is to be done.
        failed: the station cannot work so; a remedy without that is advice.
    """

    name: str
    words: str
    remedy: str = ""
    failed: bool = False


def try_station(settings: StationSettings, folder: Path) -> Iterator[Tried]:
    """Try one thing after the other; of a station that runs, its camera and its address are left to it.

    Args:
        settings: of the configuration file.
        folder: that paths in it are relative to.
    """
    runs = is_running(folder / settings.journal.folder)
    yield from _tried("camera", lambda: _camera(settings, folder, runs))
    yield from _tried("model", lambda: _model(settings, folder))
    yield from _tried("disk", lambda: _disk(settings, folder))
    if settings.page.listen:
        yield from _tried("page", lambda: _page(settings, folder, runs))
    if settings.updates.public_key:
        yield from _tried("updates", lambda: _updates(settings, folder))
    yield from _tried("outputs", lambda: _outputs(settings, folder))


def _tried(name: str, attempt: Callable[[], Iterator[Tried]]) -> Iterator[Tried]:
    try:
        yield from attempt()
    except EdgedigitsError as error:
        yield Tried(name, error.what, error.remedy, failed=True)


def _camera(settings: StationSettings, folder: Path, runs: bool) -> Iterator[Tried]:
    source = open_source(placed_source(settings.camera.source, folder))
    if runs and source.live:
        yield Tried("camera", f"{source.name}: the station that runs has it")
        return
    started = time.perf_counter()
    with source:
        frames = [image for _, image in zip(range(_FRAMES), source, strict=False)]
    spent = time.perf_counter() - started
    if not frames:
        raise EdgedigitsError(f"{source.name} gave no frame", "look at its cable, or name another source")
    height, width = frames[-1].shape[:2]
    rate = f", {len(frames) / spent:.0f} frames a second" if source.live and spent > 0 else ""
    yield Tried("camera", f"{source.name}: {width}x{height}{rate}")
    yield from _region(adjusted_of(settings, folder).region, width, height)
    yield from _light(frames[-1])


def _region(region: Box | None, width: int, height: int) -> Iterator[Tried]:
    if region is None:
        return
    x, y, wide, high = region
    if x + wide > width or y + high > height:
        raise EdgedigitsError(
            f"the region {list(region)} is not inside the picture of {width}x{height} pixels",
            "draw it on the page, or change it in the table camera",
        )
    yield Tried("region", f"{wide}x{high} at {x},{y}")


def _light(image: Image) -> Iterator[Tried]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mean, spread = float(grey.mean()), float(grey.std())
    if mean < _DARK and spread < _FLAT:
        yield Tried("light", f"the picture is nearly black (mean {mean:.0f} of 255)", "look at the lens and the lamp")
    else:
        yield Tried("light", f"mean {mean:.0f} of 255")


def _model(settings: StationSettings, folder: Path) -> Iterator[Tried]:
    model = running_model(settings, folder)
    reader = open_reader(settings.reading, folder, model)
    is_configured = model == model_of(settings.reading, folder)
    name = settings.reading.model if is_configured else f"{short(reader.model)} of an update"
    yield Tried("model", f"{name}, {reader.codes.allowed.source}")
    yield from _codes(reader)
    yield from _tried("threshold", lambda: iter([_threshold(settings, folder, reader)]))


def _codes(reader: StationReader) -> Iterator[Tried]:
    if not reader.bins:
        return
    without = [code for code in reader.bins if not reader.accepts(code)]
    words = f"{counted(len(reader.bins) - len(without), 'valid code')}"
    if without:
        words += f"; {counted(len(without), 'other')} of the list, such as {without[0]}, {_NO_FORM}"
    remedy = "zeros in front may be lost: write them, or give the form of these codes, too" if without else ""
    yield Tried("codes", words, remedy)


def _threshold(settings: StationSettings, folder: Path, reader: StationReader) -> Tried:
    calibration = read_calibration(folder / settings.journal.folder)
    chosen = choose_station_threshold(settings.reading, calibration, reader, adjusted_of(settings, folder).threshold)
    value = f"{chosen.value:.4f}, " if chosen.accepts else ""
    return Tried("threshold", f"{value}{chosen.words}", chosen.remedy)


def _disk(settings: StationSettings, folder: Path) -> Iterator[Tried]:
    where = folder / settings.journal.folder
    try_to_write(where, where)
    there = next(place for place in (where, *where.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free / _MEGABYTE
    wanted = settings.journal.least_free_megabytes + settings.journal.keep_megabytes
    short = f"keep_megabytes is {settings.journal.keep_megabytes:,}: keep fewer, or free some space"
    yield Tried("disk", f"{free:,.0f} MB free for {where}", short if free < wanted else "")


def _page(settings: StationSettings, folder: Path, runs: bool) -> Iterator[Tried]:
    from edgedigits.edge.station.page.access.listening import (
        bound_socket,
        check_certificate,
        read_listen,
        refuse_open_door,
    )
    from edgedigits.edge.station.page.access.password import read_hash

    page = replace(
        settings.page, certificate=placed(settings.page.certificate, folder), key=placed(settings.page.key, folder)
    )
    address = read_listen(page.listen)
    refuse_open_door(address, page)
    if page.password:
        read_hash(page.password)
    secure = check_certificate(page)
    if not runs:
        bound_socket(address).close()
    yield Tried("page", address.url(secure) + (", of the station that runs" if runs else ""))


def _updates(settings: StationSettings, folder: Path) -> Iterator[Tried]:
    name, where = key_name(folder / settings.updates.public_key), folder / settings.updates.folder
    if where.exists() and not where.is_dir():
        raise EdgedigitsError(f"{where} is no folder", "name another one in the table updates")
    yield Tried("updates", f"looked for in {where}, of the key {short(name)}")


def _outputs(settings: StationSettings, folder: Path) -> Iterator[Tried]:
    for one in try_outputs(settings, folder, _PATIENCE):
        if one.error is None:
            yield Tried(one.name, one.words)
        else:
            yield Tried(one.name, one.error.what, one.error.remedy, failed=True)
