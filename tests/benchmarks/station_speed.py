"""How fast a whole station is on one core, with its page open, a broker told, and its journal flushed to the disk."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station" / "messages"))
sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station"))
sys.path.insert(0, str(Path(__file__).parents[1] / "edge"))

import click
import numpy as np
from mjpeg_server import MjpegServer
from mosquitto import Broker, Listener
from whole_station import PRINTS, OpenPage, RunningStation, tells, write_config

from edgedigits.core.machine.load import LoadWatch, busy_words
from edgedigits.edge.recordings.mail.belt import RATE, Belt, BeltPlan
from edgedigits.edge.recordings.mail.source import package_digits
from edgedigits.edge.recordings.video_writer import VideoWriter
from edgedigits.edge.sources.base import Image
from edgedigits.edge.sources.video_file import VideoFile
from edgedigits.results.machine import this_machine

CHILD = str(Path(__file__).with_name("measured_station.py"))

FLOORS = (
    ("frames a second", "fps", 30.0, True),
    ("ms from a camera's frame at hand to its result in the journal, p99", "live_kept_p99", 50.0, False),
    ("s from the start of the process to the first result", "first", 2.0, False),
    ("MB resident at most", "memory", 200.0, False),
)
"""What is claimed: words, name of the figure, its bound, and whether that is the least."""


@click.command()
@click.option("--pieces", default=60, show_default=True, help="Mail pieces of the recording, of the ordinary level.")
@click.option("--runs", default=3, show_default=True)
@click.option("--cores", default="0", show_default=True, help="Of the station; all others are those of its clients.")
@click.option("--opencv-threads", type=int, help="In place of what the station sets.")
@click.option("--json", "as_json", is_flag=True)
def speed(pieces: int, runs: int, cores: str, opencv_threads: int | None, as_json: bool) -> None:
    """Frames a second, latencies, time to the first result and memory of a station on one core."""
    own = {int(core) for core in cores.split(",")}
    environment = {} if opencv_threads is None else {"OPENCV_THREADS": str(opencv_threads)}
    with tempfile.TemporaryDirectory() as made:
        video = Path(made) / "mail.avi"
        frames = _record(video, pieces)
        found = [_run(Path(made) / str(number), str(video), own, environment) for number in range(runs)]
        live = [_live(Path(made) / f"live{number}", video, own, environment, frames / RATE) for number in range(runs)]
    told = {name: statistics.median(one[name] for one in found) for name in found[0] if name != "busy"}
    told |= {f"live_{name}": statistics.median(one[name] for one in live) for name in live[0] if name != "busy"}
    told["busy"] = [one["busy"] for one in (*found, *live)]
    if as_json:
        print(json.dumps(told))
        return
    where = this_machine()
    print(f"{where.processor}, core {cores} of {where.cores}, {where.system}; median of {runs} runs of {frames} frames")
    print(f"{told['fps']:.1f} frames a second; {told['cpu']:.1f} ms of the processor a frame, all threads together")
    print(f"a frame: p50 {told['frame_p50']:.1f} ms, p99 {told['frame_p99']:.1f} ms")
    print(
        f"from a frame at hand to its result in the journal: p50 {told['kept_p50']:.1f}, p99 {told['kept_p99']:.1f} ms"
    )
    print(
        f"with a camera of {RATE} frames a second: {told['live_fps']:.1f} looked at; from a frame at "
        f"hand to its result in the journal: p50 {told['live_kept_p50']:.1f}, p99 {told['live_kept_p99']:.1f} ms"
    )
    print(f"{told['first']:.2f} s from the start of the process to the first result")
    print(f"{told['memory']:.0f} MB resident at most; OpenCV uses {told['opencv_threads']:.0f} threads")
    print(f"meanwhile: {', '.join(busy or 'nothing else' for busy in told['busy'])}")
    missed = [
        f"{words}: {told[name]:.1f}, not {bound:g}"
        for words, name, bound, least in FLOORS
        if not _kept(told[name], bound, least)
    ]
    for words in missed:
        print(f"MISSED  {words}")
    sys.exit(1 if missed else 0)


def _kept(value: float, bound: float, least: bool) -> bool:
    return value >= bound if least else value <= bound


def _record(path: Path, pieces: int) -> int:
    """A recording of mail; how many frames it has."""
    frames = 0
    with VideoWriter(path) as video:
        for picture in Belt(*package_digits(), BeltPlan("ordinary", 1, pieces)).frames():
            video.write(picture, RATE)
            frames += 1
    return frames


def _live(folder: Path, video: Path, cores: set[int], environment: dict[str, str], seconds: float) -> dict[str, Any]:
    """The same with a network camera that sends the recording at its pace, again and again."""

    def frames() -> Iterator[Image]:
        while True:
            with VideoFile(video) as source:
                yield from source

    pictures = frames()
    with MjpegServer(rate=RATE, picture=lambda _: next(pictures)) as camera:
        return _run(folder, camera.url, cores, environment, seconds)


def _run(
    folder: Path, source: str, cores: set[int], environment: dict[str, str], seconds: float = 0.0
) -> dict[str, Any]:
    """One run of the station, to the end of its source or for so many seconds."""
    everywhere, watch = os.sched_getaffinity(0), LoadWatch()
    os.sched_setaffinity(0, (everywhere - cores) or everywhere)
    broker = Broker(folder / "broker")
    listener = Listener(broker.port, "edgedigits/north/pieces")
    config, told = write_config(folder, source, PRINTS, tells(broker.port)), folder / "told.json"
    program = ["taskset", "-c", ",".join(map(str, cores)), sys.executable, CHILD, str(told)]
    try:
        begun = time.monotonic()
        with RunningStation(config, program=program, environment=environment) as station, OpenPage(station.url):
            station.wait_for_printed(1)
            first = time.monotonic() - begun
            if seconds:
                time.sleep(seconds)
                station.process.terminate()
            assert station.wait_until_ended() == 0, station.log
    finally:
        listener.close()
        broker.stop()
        os.sched_setaffinity(0, everywhere)
    seen = json.loads(told.read_text())
    return {
        "fps": (len(seen["frames"]) - 1) / seen["seconds"],
        "cpu": 1000 * seen["processor"] / len(seen["frames"]),
        **_of("frame", seen["frames"]),
        **_of("kept", seen["pieces"]),
        "first": first,
        "memory": seen["memory"],
        "opencv_threads": seen["opencv_threads"],
        "busy": busy_words(watch.share()),
    }


def _of(name: str, seconds: Sequence[float]) -> dict[str, float]:
    half, most = np.percentile(seconds, (50, 99))
    return {f"{name}_p50": 1000 * float(half), f"{name}_p99": 1000 * float(most)}
