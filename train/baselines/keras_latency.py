"""How long a Keras model takes on one core: a program of its own, as TensorFlow's threads are set before it starts.

``python -m edgedigits.train.baselines.keras_latency MODEL SECONDS`` takes digits as a ``.npy`` file on standard input,
times calls with one and with many of them for so long each, and prints latencies as JSON.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgedigits.results import Latency
from edgedigits.train.baselines import latency


def keras_latencies(path: Path, inputs: NDArray[np.float32]) -> tuple[Latency, ...]:
    """Time a ``.keras`` model as a TensorFlow graph on one thread, in a process of its own.

    Args:
        path: of the model.
        inputs: float32 of shape (count, 28, 28, 1).
    """
    memory = io.BytesIO()
    np.save(memory, inputs)
    command = [sys.executable, "-m", "edgedigits.train.baselines.keras_latency", str(path), str(latency.SECONDS)]
    done = subprocess.run(command, input=memory.getvalue(), stdout=subprocess.PIPE, check=True)
    return tuple(Latency(**one) for one in json.loads(done.stdout))


def _measure(path: Path, inputs: NDArray[np.float32], seconds: float) -> tuple[Latency, ...]:
    from edgedigits.core.keras.backend import tf
    from edgedigits.core.keras.models import load_keras

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = load_keras(path)
    graph = tf.function(lambda values: model(values, training=False))
    runtime = f"tensorflow {tf.__version__}"
    tensors = tf.constant(inputs)
    return tuple(
        latency.timed(lambda piece: graph(piece).numpy(), tensors, batch, runtime, "oneDNN", seconds)
        for batch in latency.BATCHES
    )


if __name__ == "__main__":
    found = _measure(Path(sys.argv[1]), np.load(io.BytesIO(sys.stdin.buffer.read())), float(sys.argv[2]))
    print(json.dumps([asdict(one) for one in found]))
