"""The camera loop on one core: frames a second, latencies of each stage, memory.

    python tests/benchmarks/bench_loop.py [--model MODEL.tflite] [--frames 600] [--json]

Composes a 1280x720 recording of MNIST test digits, eight in view, and reads it in a child process that is pinned to
one core and decodes, finds, classifies and writes JSON lines there. MNIST is looked for as `edgedigits` does. Figures
hold for an idle machine: where other programs took some of the core this is printed with them, and so are the frames
per second of processor time, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.machine.load import busy_words

CHILD = """
import json, os, sys, time
video, model, core = sys.argv[1:]
os.sched_setaffinity(0, {int(core)})
import cv2
cv2.setNumThreads(1)
from edgedigits.core.tflite.runtime import runtime
from edgedigits.cli.reading_options import ReadingModel, ReadingOptions, opened_reader
from edgedigits.core.contract.finding import NOTHING_TOLD
from edgedigits.edge.sources.registry import open_source
from edgedigits.edge.loop.loop import JsonLines, Transcript, run_loop
transcript = Transcript()
reader = opened_reader(ReadingModel().convert(model, None, None), None, NOTHING_TOLD, True, ReadingOptions())
started = time.process_time()
with open(os.devnull, "w") as nowhere:
    result = run_loop(reader, open_source(video), [JsonLines(nowhere), transcript])
spent = time.process_time() - started
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "result": result.as_dict(),
    "texts": transcript.texts,
    "peak_memory_mb": int(status["VmHWM"].split()[0]) / 1024,
    "cpu_seconds": spent,
    "runtime": f"{runtime().name} {runtime().version}",
}))
"""


def main() -> None:
    options = arguments()
    try:
        report = measure(options.model, options.frames)
    except EdgedigitsError as error:
        sys.exit(f"Error: {error}")
    if options.json:
        print(json.dumps(report, indent=2))
        return
    result = report["loop"]
    print(report["machine"])
    print(f"{report['software']}; model {report['model']}")
    print(f"{report['recording']}")
    busy = busy_words(result["load"])
    print(
        f"\n{result['fps']:.1f} frames a second on one core{f' while {busy}' if busy else ''}, "
        f"{report['exact_percent']:.1f} % of them read exactly "
        f"({result['frames']} frames in {result['seconds']:.2f} s)"
    )
    print(f"{report['frames_per_cpu_second']:.1f} frames per second of processor time (what an idle core would give)")
    print(f"{report['peak_memory_mb']:.0f} MB resident at most\n")
    print("| stage | p50 ms | p99 ms |\n|---|---|---|")
    for stage, spent in result["stages"].items():
        print(f"| {stage} | {spent['p50']:.2f} | {spent['p99']:.2f} |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    bundled = Path(str(files("edgedigits.core.pretrained"))) / "small" / "model.int8.tflite"
    parser.add_argument("--model", type=Path, default=bundled, help="(default: the built-in network of digits)")
    parser.add_argument("--frames", type=int, default=600, help="length of the recording (default: 600)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def measure(model: Path, frames: int) -> dict[str, Any]:
    from edgedigits.core.datasets.mnist import load_mnist
    from edgedigits.edge.recordings.recording import compose_recording

    if not model.is_file():
        raise EdgedigitsError(f"no model at {model}", "give one with --model")
    test = load_mnist().test
    assert test is not None, "MNIST has test digits"
    with tempfile.TemporaryDirectory() as folder:
        recording = compose_recording(
            test.images, test.labels, Path(folder) / "digits.avi", frames=frames, hold=10, seed=1
        )
        core = max(os.sched_getaffinity(0))
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(recording.path), str(model.resolve()), str(core)],
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode:
            sys.exit(child.stderr)
        told = json.loads(child.stdout)
    exact = recording.exact({int(index): text for index, text in told["texts"].items()})
    return {
        "machine": f"{processor()}, {platform.system()} {platform.machine()}, one core of {os.cpu_count()}",
        "software": f"Python {platform.python_version()}, {told['runtime']}, OpenCV {opencv()}",
        "model": f"{model.name} ({model.stat().st_size} bytes)",
        "recording": f"{frames} frames of 1280x720, motion JPEG, eight MNIST test digits, new ones every 10 frames",
        "loop": told["result"],
        "exact_percent": 100 * exact / frames,
        "peak_memory_mb": told["peak_memory_mb"],
        "frames_per_cpu_second": told["result"]["frames"] / told["cpu_seconds"],
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def opencv() -> str:
    import cv2

    return f"{cv2.__version__} (NumPy {version('numpy')})"


if __name__ == "__main__":
    main()
