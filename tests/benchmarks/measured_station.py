"""`edgedigits` with a clock at every frame and piece of a station: python measured_station.py FILE WORDS..."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import cv2

from edgedigits.cli.main import main
from edgedigits.edge.station import keeping
from edgedigits.edge.station.messages import metrics

frames: list[float] = []
ends: list[float] = []
pieces: list[float] = []
look, keep = metrics.StationMetrics.frame, keeping.Keeper.keep


def measured_frame(self, seconds):
    look(self, seconds)
    frames.append(seconds)
    ends.append(time.perf_counter())


def measured_keep(self, piece, in_view, waited, hold_seconds):
    begun = time.perf_counter()
    result = keep(self, piece, in_view, waited, hold_seconds)
    pieces.append(waited + time.perf_counter() - begun)
    return result


metrics.StationMetrics.frame = measured_frame
keeping.Keeper.keep = measured_keep
if "OPENCV_THREADS" in os.environ:
    cv2.setNumThreads(int(os.environ["OPENCV_THREADS"]))
try:
    main(sys.argv[2:])
finally:
    told = {
        "frames": frames,
        "seconds": ends[-1] - ends[0],
        "pieces": pieces,
        "processor": time.process_time(),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "opencv_threads": cv2.getNumThreads(),
    }
    Path(sys.argv[1]).write_text(json.dumps(told))
