"""Running an unknown model once in a process of its own: a damaged file makes a runtime crash, not raise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgedigits.core.tflite.schema import model_arguments

TRIAL_SECONDS = 30
"""Of processor time: on a busy machine a good model takes as long as others let it."""

_MOST_SECONDS = 20 * TRIAL_SECONDS
"""Until a trial is given up that takes no processor time, or where processor time cannot be limited."""

_TRIAL_BYTES = 1 << 30
_REFUSED = 2
_TRIAL = f"""
import contextlib, importlib, sys
import numpy
runtime = importlib.import_module(sys.argv[2])
with contextlib.suppress(ImportError, OSError, OverflowError, ValueError):
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]),) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[4]), int(sys.argv[4]) + 1))
try:
    given = {{"model_path": sys.argv[1]}} if sys.argv[1] != "-" else {{"model_content": sys.stdin.buffer.read()}}
    interpreter = runtime.Interpreter(**given, num_threads=1)
    interpreter.allocate_tensors()
    for given in interpreter.get_input_details():
        if numpy.dtype(given["dtype"]).kind in "biuf":
            interpreter.set_tensor(given["index"], numpy.zeros(given["shape"], given["dtype"]))
    interpreter.invoke()
    interpreter.get_tensor_details()
except (ValueError, RuntimeError, MemoryError) as error:
    print(" ".join(str(error).split()) or repr(error), file=sys.stderr)
    sys.exit({_REFUSED})
"""


@dataclass(frozen=True)
class Trial:
    """How the trial of a model ended.

    Attributes:
        outcome: ``ran``; ``refused`` by the runtime; ``crashed`` or ``endless``, as damaged files make it; ``broken``
            where the runtime itself does not work.
        reason: of the runtime, in its own words.
    """

    outcome: Literal["ran", "refused", "crashed", "endless", "broken"]
    reason: str = ""


def try_model(path: Path, module: str) -> Trial:
    """Load a model and run it on zeros with the runtime of a module, within 30 seconds of processor time and 1 GiB."""
    content = model_arguments(path).get("model_content")
    command = [
        sys.executable,
        "-c",
        _TRIAL,
        "-" if content else str(path),
        module,
        str(_TRIAL_BYTES),
        str(TRIAL_SECONDS),
    ]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # each thread would take of the address space
    try:
        done = subprocess.run(
            command, input=content, env=environment, capture_output=True, timeout=_MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Trial("endless")
    if hasattr(signal, "SIGXCPU") and done.returncode == -signal.SIGXCPU:
        return Trial("endless")
    if done.returncode <= 0:
        return Trial("crashed" if done.returncode else "ran")
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return Trial("refused" if done.returncode == _REFUSED else "broken", lines[-1] if lines else "no reason given")
