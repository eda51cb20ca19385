"""How long `edgedigits --help` takes as a whole process, and which third-party packages it loads.

Run: python tests/benchmarks/bench_start.py [--runs 20] [--json]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from edgedigits.core.machine.load import LoadWatch, busy_words

LOADED = """
import sys
from edgedigits.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def seconds_of(command: list[str]) -> float:
    """Wall seconds of a whole process that must succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def packages_loaded() -> list[str]:
    """Top-level packages outside the standard library that --help imports."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    names = done.stderr.split()
    return [name for name in names if name not in sys.stdlib_module_names and not name.startswith("_")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    command = [str(Path(sys.executable).with_name("edgedigits")), "--help"]
    seconds_of(command)
    watch = LoadWatch()
    empty = [seconds_of([sys.executable, "-c", "pass"]) for _ in range(options.runs)]
    spent = [seconds_of(command) for _ in range(options.runs)]
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "runs": options.runs,
        "median_seconds": round(statistics.median(spent), 4),
        "worst_seconds": round(max(spent), 4),
        "empty_python_seconds": round(statistics.median(empty), 4),
        "load": watch.share(),
        "packages": packages_loaded(),
    }
    if options.json:
        print(json.dumps(result))
        return
    busy = busy_words(result["load"])
    print(
        f"edgedigits --help: {result['median_seconds']:.3f} s median of {options.runs} runs, "
        f"{result['worst_seconds']:.3f} s worst{f', while {busy}' if busy else ''}"
    )
    print(f"an empty Python takes {result['empty_python_seconds']:.3f} s; {result['machine']}")
    print(f"packages loaded: {', '.join(result['packages'])}")


if __name__ == "__main__":
    main()
