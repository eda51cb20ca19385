"""The self-test of an update: a few strips, and what the workstation's runtime said of them, number by number.

Run as a program it tries a model in a process of its own, as a damaged one crashes the runtime instead of raising:
``python -m edgedigits.edge.station.updates.self_test FOLDER``.
"""

from __future__ import annotations

import io
import os
import platform
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.strip import BLANK, HEIGHT, WIDEST
from edgedigits.core.tflite.line_model import LineModel
from edgedigits.core.tflite.runtime import runtime

SELF_TEST = "self_test.npz"

STRIPS = 8
"""Of a self-test: narrow and wide ones, so that a model runs on all of its widths."""

_SECONDS = 60
"""Of processor time for the trial; on a busy machine it takes as long as others let it."""

_MOST_SECONDS = 600
_BYTES = 1 << 30
_FAILED = 3
_REMEDY = "make the update again with `edgedigits station retrain`"


@dataclass(frozen=True)
class SelfTest:
    """Strips with the int8 logits that were expected of them.

    Attributes:
        strips: uint8 of shape (32, width) each.
        logits: int8 of shape (steps, 11) each.
        runtime: name and version of the runtime that said them.
        machine: kind of processor, as :func:`platform.machine` names it.
    """

    strips: tuple[NDArray[np.uint8], ...]
    logits: tuple[NDArray[np.int8], ...]
    runtime: str
    machine: str

    def to_bytes(self) -> bytes:
        """As one ``.npz``."""
        made = io.BytesIO()
        np.savez_compressed(
            made,
            widths=np.array([strip.shape[1] for strip in self.strips], np.int32),
            steps=np.array([len(one) for one in self.logits], np.int32),
            pixels=np.concatenate([np.zeros((HEIGHT, 0), np.uint8), *self.strips], axis=1),
            logits=np.concatenate([np.zeros((0, BLANK + 1), np.int8), *self.logits]),
            made_by=np.array([self.runtime, self.machine], np.str_),
        )
        return made.getvalue()


def self_test_of(model: LineModel, strips: Sequence[NDArray[np.uint8]]) -> SelfTest:
    """What a model says here of strips: the narrowest, the widest, and some between."""
    order = sorted(range(len(strips)), key=lambda place: strips[place].shape[1])
    places = sorted({order[round(step * (len(order) - 1) / (STRIPS - 1))] for step in range(STRIPS)})
    taken = tuple(strips[place] for place in places)
    logits = tuple(np.asarray(model.run(model.tensor(strip)), np.int8).copy() for strip in taken)
    return SelfTest(taken, logits, str(model.runtime), platform.machine())


def read_self_test(content: bytes) -> SelfTest:
    """A self-test that :meth:`SelfTest.to_bytes` made.

    Raises:
        EdgedigitsError: it is none.
    """
    try:
        with np.load(io.BytesIO(content)) as found:
            widths, steps = found["widths"], found["steps"]
            pixels, logits = found["pixels"], found["logits"]
            made_by = found["made_by"].tolist()
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise EdgedigitsError(f"its self-test cannot be read ({error})", _REMEDY) from error
    fits = (
        0 < len(widths) == len(steps)
        and 0 < widths.min() <= widths.max() <= WIDEST
        and pixels.shape == (HEIGHT, widths.sum())
        and logits.shape == (steps.sum(), BLANK + 1)
        and (pixels.dtype, logits.dtype, len(made_by)) == (np.uint8, np.int8, 2)
    )
    if not fits:
        raise EdgedigitsError("its self-test is damaged: its parts do not fit", _REMEDY)
    ends, last = np.cumsum(widths), np.cumsum(steps)
    return SelfTest(
        tuple(pixels[:, end - width : end] for width, end in zip(widths, ends, strict=True)),
        tuple(logits[end - step : end] for step, end in zip(steps, last, strict=True)),
        *made_by,
    )


def check_model(model: LineModel, expected: SelfTest) -> None:
    """Make sure that a model says here what it said on the workstation.

    Every int8 number has to be equal by the same runtime on the same kind of processor. Elsewhere kernels may round the
    other way and numbers be one step off; then every step has to say the same class.

    Raises:
        EdgedigitsError: it says something else.
    """
    same = (str(runtime()), platform.machine()) == (expected.runtime, expected.machine)
    for number, (strip, wanted) in enumerate(zip(expected.strips, expected.logits, strict=True), start=1):
        said = np.asarray(model.run(model.tensor(strip)))
        off = _furthest(said, wanted)
        alike = off == 0 or (not same and off == 1 and bool((said.argmax(1) == wanted.argmax(1)).all()))
        if not alike:
            raise EdgedigitsError(
                f"its self-test fails: on strip {number} of {len(expected.strips)} the numbers of {model.runtime} are "
                f"up to {off} off from those of {expected.runtime} on {expected.machine}",
                _REMEDY,
            )


def _furthest(said: NDArray[np.int8], wanted: NDArray[np.int8]) -> int:
    """How far two readings are apart at most; more than any int8 where they have not even one shape."""
    if said.shape != wanted.shape:
        return 256
    return int(np.abs(said.astype(np.int16) - wanted.astype(np.int16)).max())


def try_folder(folder: Path) -> None:
    """Load the model of a folder in a process of its own and run its self-test there.

    Raises:
        EdgedigitsError: it does not load, crashes the runtime, does not end, or fails the test.
    """
    command = [sys.executable, "-m", "edgedigits.edge.station.updates.self_test", str(folder)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # each thread would take of the address space
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EdgedigitsError("its trial does not end", _REMEDY) from error
    if done.returncode == 0:
        return
    lines = done.stderr.strip().splitlines()
    said = lines[-1] if lines else "no reason given"
    if done.returncode == _FAILED:
        what, _, remedy = said.partition("\t")
        raise EdgedigitsError(what, remedy or _REMEDY)
    if hasattr(signal, "SIGXCPU") and done.returncode == -signal.SIGXCPU:
        raise EdgedigitsError("its trial does not end", _REMEDY)
    if done.returncode < 0:
        raise EdgedigitsError(f"it crashes the runtime (signal {-done.returncode})", _REMEDY)
    raise EdgedigitsError(f"its trial cannot be run ({said})", "see what `edgedigits doctor` says")


def main(folder: Path) -> int:
    """The trial itself, within a minute of processor time and 1 GiB; the exit code."""
    _limit()
    try:
        expected = read_self_test((folder / SELF_TEST).read_bytes())
        check_model(LineModel(next(folder.glob("*.tflite"))), expected)
    except EdgedigitsError as error:
        return _failed(f"{error.what}\t{error.remedy}")
    except MemoryError:
        return _failed("it takes more memory than 1 GiB")
    return 0


def _failed(words: str) -> int:
    print(" ".join(words.split("\n")), file=sys.stderr)
    return _FAILED


def _limit() -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system
        return
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
