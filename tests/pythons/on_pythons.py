"""Install the wheel on every Python that it is for, run the edge's tests there, train, quantize, export and read.

    make test-pythons                  on each Python of pyproject.toml's classifiers that is found
    make test-pythons PYTHONS=3.13     on one
    make test-pythons EXTRAS=edge      without training, as on a machine that has no room for TensorFlow

On each Python the wheel is installed twice, with [train] and with [edge], into an environment of its own under
out/pythons, which is kept: the second time costs the tests alone. Needs nothing but a Python from 3.11 on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from finding import find_python

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = ("train", "edge")
TOOLS = {"train": ("pytest>=8,<10",), "edge": ("pytest>=8,<10", "hypothesis>=6.100,<7")}
SHOWN = ("numpy", "opencv-python-headless", "tflite-runtime", "ai-edge-litert", "tensorflow", "tf_keras")
EDGE_TESTS = ("tests/edge", "tests/core", "tests/results", "tests/test_paths.py")
SELF_TEST = """
import sys
from edgedigits.firmware_export import run_self_test
done = run_self_test(sys.argv[1])
print(done.result, done.compiler, done.said)
sys.exit(done.result == "failed")
"""
VERSIONS = """
import json, sys
from importlib.metadata import distributions
print(json.dumps({found.name: found.version for found in distributions()}))
"""


class Failed(Exception):
    """A step on one Python that did not end well."""


@dataclass
class Run:
    """What came of one extra on one Python; ``result`` is ``passed``, ``failed: ...`` or ``not found``."""

    python: str
    extra: str
    result: str = "not found"
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def declared() -> list[str]:
    """The Pythons that pyproject.toml names in its classifiers, oldest first."""
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", item) for item in classifiers())
    return [match[1] for match in found if match]


def classifiers() -> list[str]:
    items: list[str] = SETTINGS["project"]["classifiers"]
    return items


def step(log: Path, *command: object, **environment: str) -> str:
    """Run a command with its output in a log; what it printed.

    Raises:
        Failed: it ended with another code than 0; names the command, the code and the log.
    """
    words = [str(word) for word in command]
    clean = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n")
        file.flush()
        started = file.tell()
        done = subprocess.run(
            words, cwd=ROOT, env=clean | environment, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(started)
        printed = file.read()
    if done.returncode:
        last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
        raise Failed(f"{Path(words[0]).name} {' '.join(words[1:4])} ended with {done.returncode}: {last[:160]} ({log})")
    return printed


def build_wheel(python: Path, out: Path) -> Path:
    """The wheel of what git tracks, so that nothing left over from earlier builds gets into it."""
    shutil.rmtree(out / "wheel", ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for file in filter(None, listed.split("\0")):
            if (ROOT / file).is_file():
                (Path(name) / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / file, Path(name) / file)
        step(out / "wheel.log", python, "-m", "venv", out / "build")
        builder = out / "build" / "bin" / "python"
        step(out / "wheel.log", builder, "-m", "pip", "wheel", "-q", "--no-deps", "-w", out / "wheel", name)
    (wheel,) = (out / "wheel").glob("*.whl")
    return wheel


def environment(python: Path, folder: Path, wheel: Path, extra: str) -> Path:
    """The Python of an environment with the wheel; one that was made of the same requirements is used again."""
    project = SETTINGS["project"]
    wanted = json.dumps([project["dependencies"], project["optional-dependencies"], TOOLS[extra], str(python)])
    mark, inside, log = folder / "made-of", folder / "bin" / "python", folder.with_suffix(".log")
    log.unlink(missing_ok=True)
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    pip = (inside, "-m", "pip", "--disable-pip-version-check", "install", "-q")
    if mark.is_file() and mark.read_text() == digest:
        step(log, *pip, "--force-reinstall", "--no-deps", wheel)
        return inside
    shutil.rmtree(folder, ignore_errors=True)
    step(log, python, "-m", "venv", folder)
    step(log, *pip, f"{wheel}[{extra}]", *TOOLS[extra])
    mark.write_text(digest)
    return inside


def train_to_reading(python: Path, folder: Path, tiny: Path) -> None:
    """One way through the installed command with little data, and the small models that the edge's tests read."""
    command, log = python.with_name("edgedigits"), folder.with_suffix(".log")
    apart = {"EDGEDIGITS_CONFIG": "", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        small = ("--model", "nano", "--dataset", "optdigits", "--epochs", 8, "--device", "cpu")
        step(log, command, "train", *small, "--out", work / "float", **apart)
        model = work / "int8" / "model.int8.tflite"
        step(
            log, command, "quantize", work / "float" / "model.keras", "--max-drop", 10, "--out", work / "int8", **apart
        )
        step(log, command, "export", model, "--out", work / "c", **apart)
        step(log, python, "-c", SELF_TEST, work / "c", **apart)
        step(log, command, "predict", model, ROOT / "docs" / "sample.jpg", "--json", **apart)
    if not tiny.is_dir():
        made = tiny.with_name("tiny-unfinished")
        shutil.rmtree(made, ignore_errors=True)
        step(log, python, ROOT / "tests" / "tiny_models.py", made, TF_USE_LEGACY_KERAS="1", **apart)
        made.rename(tiny)


def test_edge(python: Path, folder: Path, tiny: Path) -> str:
    """The tests that need [edge] alone, on what is installed; pytest's last line."""
    models = {"EDGEDIGITS_TINY_MODELS": str(tiny)} if tiny.is_dir() else {}
    pytest = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *EDGE_TESTS)
    return step(folder.with_suffix(".log"), *pytest, **models).strip().splitlines()[-1].strip("= ")


def carry_out(version: str, extra: str, python: Path | None, wheel: Path, out: Path) -> Run:
    """Install one extra on one Python and try it."""
    run = Run(version, extra)
    if python is None:
        return run
    started, folder = time.monotonic(), out / version / extra
    print(f"Python {version} [{extra}]: {python}", flush=True)
    try:
        inside = environment(python, folder, wheel, extra)
        versions = json.loads(step(folder.with_suffix(".log"), inside, "-c", VERSIONS).splitlines()[-1])
        run.versions = {name: versions[name] for name in SHOWN if name in versions}
        if extra == "train":
            train_to_reading(inside, folder, out / "tiny")
            run.result = "passed: train, quantize, export, predict"
        else:
            run.result = f"passed: {test_edge(inside, folder, out / 'tiny')}"
    except Failed as error:
        run.result = f"failed: {error}"
    run.seconds = time.monotonic() - started
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", help="versions such as 3.13 (default: all that pyproject.toml names)")
    parser.add_argument("--extras", default=",".join(EXTRAS), help="train, edge or both with a comma between")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "pythons", help="folder of the environments")
    given = parser.parse_args()
    asked, extras = given.pythons or declared(), [extra for extra in EXTRAS if extra in given.extras.split(",")]
    if unknown := set(asked) - set(declared()):
        parser.error(f"{', '.join(sorted(unknown))}: pyproject.toml names {', '.join(declared())}")
    if not extras:
        parser.error(f"no extra in {given.extras!r}: give train, edge or both")
    out = given.out.resolve()
    pythons = {version: find_python(version) for version in asked}
    try:
        wheel = build_wheel(Path(sys.executable), out)
    except Failed as error:
        sys.exit(f"Error: the wheel cannot be built: {error}")
    runs = [carry_out(version, extra, pythons[version], wheel, out) for version in asked for extra in extras]
    print(f"\n{'Python':8}{'extra':8}{'seconds':>8}  result and versions")
    for run in runs:
        print(f"{run.python:8}{run.extra:8}{run.seconds:8.0f}  {run.result}")
        if run.versions:
            print(f"{'':26}{', '.join(f'{name} {number}' for name, number in run.versions.items())}")
    for version in (version for version, python in pythons.items() if python is None):
        print(f"Python {version} was not found: install it (pyenv install {version}, uv python install {version})")
    failed = any(run.result.startswith("failed") for run in runs)
    return 1 if failed or not any(pythons.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
