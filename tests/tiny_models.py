"""Small TFLite models in every state of quantization, made once a session by TensorFlow's converter.

TensorFlow works in a process of its own: the tests that use the models show what a Raspberry Pi does without it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

QUANTIZE_RANGES = {"quantize_unit": (0.0, 1.0), "quantize_wide": (-1.0, 2.0), "quantize_odd": (-0.3, 7.1)}
"""Models that only quantize 28x28 floats, by name, with the range that they were calibrated on."""

TIED = (3, 7)
"""The two digits between which ``ties`` never decides."""


def tiny_models(factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make the models, or skip where TensorFlow is not installed; the path of each by name.

    ``EDGEDIGITS_TINY_MODELS`` names a folder with models that were made before, where there is no TensorFlow.
    """
    if made := os.environ.get("EDGEDIGITS_TINY_MODELS"):
        return _made(Path(made))
    one_of_many = "PYTEST_XDIST_WORKER" in os.environ
    base = factory.getbasetemp().parent if one_of_many else factory.getbasetemp()
    with (base / "tiny_models.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the processes that run tests side by side share them
        return _made(base / "tiny_models")


def _found(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob("*.tflite")}


def _made(folder: Path) -> dict[str, Path]:
    if folder.is_dir():
        return _found(folder)
    environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, __file__, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    if "No module named 'tensorflow'" in done.stderr:
        pytest.skip('TensorFlow is not installed (pip install "edgedigits[train]")')
    assert done.returncode == 0, done.stderr
    return _found(folder)


def from_a_newer_tensorflow(model: bytes) -> bytes:
    """The model with version 99 of its operators, which no runtime knows; integers stand in the file as they are."""
    from tflite import Model

    content, changed = bytearray(model), 0
    graph = Model.GetRootAs(model, 0)
    for position in range(graph.OperatorCodesLength()):
        table = graph.OperatorCodes(position)._tab
        if field := table.Offset(8):  # version, left out where it is 1
            content[table.Pos + field : table.Pos + field + 4] = (99).to_bytes(4, "little")
            changed += 1
    assert changed
    return bytes(content)


def main(folder: Path) -> None:
    """Write all models into ``folder``."""
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    folder.mkdir()
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)

    def network(side: int) -> keras.Model:
        layers = keras.layers
        return keras.Sequential(
            [
                layers.Input((side, side, 1), batch_size=1),
                layers.Conv2D(4, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ]
        )

    def convert(model: keras.Model, name: str, low: float = 0.0, high: float = 1.0, **settings: object) -> None:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        shape = model.input_shape
        samples = [random.uniform(low, high, shape).astype(np.float32) for _ in range(8)]
        samples += [np.full(shape, low, np.float32), np.full(shape, high, np.float32)]
        if settings.pop("calibrated", False):
            converter.representative_dataset = lambda: ([sample] for sample in samples)
        if settings.pop("optimized", True):
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if types := settings.pop("types", None):
            converter.target_spec.supported_types = types
        if settings.pop("integers", False):
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if operators := settings.pop("operators", None):
            converter.target_spec.supported_ops = operators
        for key, value in settings.items():
            setattr(converter, key, value)
        (folder / f"{name}.tflite").write_bytes(converter.convert())

    full = {"calibrated": True, "integers": True, "inference_input_type": tf.int8, "inference_output_type": tf.int8}
    digits = network(28)
    convert(digits, "int8", **full)
    of_the_future = from_a_newer_tensorflow((folder / "int8.tflite").read_bytes())
    (folder / "of_the_future.tflite").write_bytes(of_the_future)
    convert(digits, "float32", optimized=False)
    convert(digits, "dynamic")
    convert(digits, "float16", types=[tf.float16])
    int16 = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    ends = {"inference_input_type": tf.int16, "inference_output_type": tf.int16}
    convert(digits, "int16x8", calibrated=True, operators=int16, **ends)
    convert(digits, "int8_float_doors", calibrated=True, integers=True)
    ends = {"inference_input_type": tf.uint8, "inference_output_type": tf.uint8}
    convert(digits, "uint8_doors", calibrated=True, integers=True, **ends)
    convert(network(14), "wrong_shape", **full)
    kernel, bias = digits.layers[-1].get_weights()
    kernel[:, TIED[1]] = kernel[:, TIED[0]]
    bias[list(TIED)] = 9.0
    digits.layers[-1].set_weights([kernel, bias])
    convert(digits, "ties", **full)
    convert(digits, "ties_float32", optimized=False)
    for name, (low, high) in QUANTIZE_RANGES.items():
        inputs = keras.layers.Input((28, 28), batch_size=1)
        flat = keras.Model(inputs, keras.layers.Reshape((784,))(inputs))
        convert(flat, name, low, high, **(full | {"inference_input_type": tf.float32}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
