"""A model on one runtime in a process of its own: a runtime that crashes takes nothing with it.

``python -m edgedigits.results.measuring.child FOLDER`` reads ``request.json`` and ``images.npy`` there, prints how
far it is, and writes ``outputs.npy`` and then ``result.json``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_json
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import Refused, Runtime
from edgedigits.results import Latency
from edgedigits.results.measuring.latency import latency_on
from edgedigits.results.measuring.runtimes import InstalledRuntime

REQUEST, IMAGES, OUTPUTS, RESULT = "request.json", "images.npy", "outputs.npy", "result.json"
_DIGITS_A_TIMING = 500  # that a timing is worth in the progress


def main(folder: Path) -> None:
    """Measure what the folder's request asks for."""
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    images = np.load(folder / IMAGES)
    result: dict[str, Any] = {"latencies": [], "refused": "", "error": None, "peak_bytes": None}
    try:
        runtime = InstalledRuntime(**request["runtime"]).load()
        result["latencies"] = [asdict(one) for one in _measured(runtime, request, images, folder)]
        result["peak_bytes"] = _peak_bytes()
    except ImportError as error:
        result["refused"] = f"it does not load: {error}"
    except Refused as error:
        result["refused"] = error.reason
    except EdgedigitsError as error:
        result["error"] = [error.what, error.remedy]
    write_json(folder / RESULT, result)


def _measured(runtime: Runtime, request: dict[str, Any], images: NDArray[np.uint8], folder: Path) -> list[Latency]:
    path, own_kernels = Path(request["model"]), bool(request["own_kernels"])
    threads = [int(count) for count in request["threads"]]
    total = len(images) + len(threads) * _DIGITS_A_TIMING
    _tell(0, total)
    model = DigitModel(path, on=runtime, own_kernels=own_kernels)
    outputs = model.raw(images, lambda done: _tell(done, total))
    with (folder / OUTPUTS).open("wb") as file:
        np.save(file, outputs)
    latencies = []
    for count in threads:
        latencies.append(latency_on(runtime, path, images, count, own_kernels=own_kernels))
        _tell(len(images) + len(latencies) * _DIGITS_A_TIMING, total)
    return latencies


def _tell(done: int, total: int) -> None:
    print(json.dumps({"done": done, "total": total}), flush=True)


def _peak_bytes() -> int | None:
    """The most memory that this process has had, bytes; None where the system does not tell.

    Linux counts what the parent had as the ``ru_maxrss`` of a child that it starts, so its own mark is read there.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        marks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return 1024 * int(marks[0]) if marks else None
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
