"""What is said of microcontrollers, by what stands in a file: files made by hand, one trait each."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import from_a_newer_tensorflow

from edgedigits.core.tflite.file import OperatorCall, OperatorVersion, Tensor, TfliteFile, read_tflite
from edgedigits.quantize.proof.verdicts import RuntimeVerdict, judge

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"


def tensor(kind: str, shape: tuple[int, ...] = (1, 4), scales: int = 1) -> Tensor:
    return Tensor("t", kind, shape, (0.1,) * scales, (0,) * scales, 0, False, True, None)


def file_of(name: str, *tensors: Tensor, inputs: tuple[int, ...] = (0, 1)) -> TfliteFile:
    call = OperatorCall(name, inputs, (0,), "", {})
    return TfliteFile((OperatorVersion(name, 1, 1),), (call,), tensors, (0,), (0,))


def micro(content: TfliteFile) -> RuntimeVerdict:
    return judge(SMALL, content)[2]


INT8, FLOAT, BIAS = tensor("INT8"), tensor("FLOAT32"), tensor("INT32", (4,), 2)


@pytest.mark.parametrize(
    ("content", "runs", "says"),
    [
        (file_of("COS", INT8, INT8), False, "no int8 kernel for COS"),
        (file_of("COS", FLOAT, FLOAT), False, "no kernel for COS"),
        (file_of("CONV_2D", FLOAT, tensor("FLOAT16")), False, "no kernel widens float16 weights"),
        (file_of("CONV_2D", FLOAT, INT8), False, "no kernel computes float activations with int8 weights"),
        (file_of("DEPTHWISE_CONV_2D", FLOAT, INT8), False, "no kernel computes float activations with int8 weights"),
        (
            file_of("CONV_2D", FLOAT, INT8, BIAS, inputs=(0, 1, 2)),
            False,
            "no kernel computes float activations with int8 weights",
        ),
        # What is dequantized first is no such thing, nor is it one where only the third input is int8.
        (file_of("DEQUANTIZE", FLOAT, INT8), True, "every operator has a kernel"),
        (file_of("CONV_2D", FLOAT, INT8, inputs=(0, 0, 1)), True, "every operator has a kernel"),
        (file_of("CONV_2D", INT8, FLOAT), True, "every operator has a kernel"),
        (file_of("FULLY_CONNECTED", INT8, INT8), True, "every operator has an int8 kernel"),
        (file_of("FULLY_CONNECTED", INT8, tensor("INT8", (2, 4), 2)), True, "see int8-dense-per-tensor"),
        (file_of("FULLY_CONNECTED", INT8, tensor("INT16", (2, 4), 2)), True, "every operator has a kernel"),
        (file_of("FULLY_CONNECTED", INT8, tensor("INT8", (2, 4), 1)), True, "every operator has an int8 kernel"),
        # Biases have a scale for each channel, too, and constants of whole numbers have none.
        (file_of("FULLY_CONNECTED", INT8, INT8, BIAS, inputs=(0, 1, 2)), True, "every operator has an int8 kernel"),
        (file_of("PAD", INT8, tensor("INT32", (4, 2), 0)), True, "every operator has an int8 kernel"),
        # A scale for each channel of a convolution is what every version computes.
        (file_of("CONV_2D", INT8, tensor("INT8", (2, 3, 3, 4), 2)), True, "every operator has an int8 kernel"),
    ],
)
def test_what_is_said_of_microcontrollers(content: TfliteFile, runs: bool, says: str) -> None:
    verdict = micro(content)
    assert (verdict.runtime, verdict.runs) == ("microcontrollers (TFLite Micro)", runs)
    assert says in verdict.reason


def test_operators_that_microcontrollers_lack_are_all_named_in_order() -> None:
    calls = tuple(OperatorVersion(name, 1, 1) for name in ("TAN", "ADD", "COS"))
    content = TfliteFile(calls, (), (INT8,), (0,), (0,))
    assert micro(content).reason == "no int8 kernel for COS, TAN"


def test_the_shipped_model_runs_everywhere_and_was_tried_on_both_runtimes() -> None:
    verdicts = judge(str(SMALL), read_tflite(SMALL))
    assert [verdict.runs for verdict in verdicts] == [True, True, True]
    assert [verdict.reason for verdict in verdicts[:2]] == ["loaded and run here"] * 2


def test_runtimes_that_refuse_are_quoted_and_not_at_length(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(from_a_newer_tensorflow(SMALL.read_bytes()))
    verdicts = judge(path, read_tflite(SMALL))
    assert [verdict.runs for verdict in verdicts] == [False, False, True]
    for verdict in verdicts[:2]:
        assert "Didn't find op" in verdict.reason
        assert len(verdict.reason) <= 300


def test_a_model_that_loads_and_then_cannot_be_run_does_not_run(tmp_path: Path) -> None:
    """It takes a pixel that is not there, which both runtimes find out when they come to it."""
    import tensorflow as tf
    import tf_keras as keras

    inputs = keras.Input((28, 28, 1), batch_size=1)
    flat = keras.layers.Flatten()(inputs)
    scores = keras.layers.Lambda(lambda pixels: tf.gather(pixels, [*range(9), 784], axis=1))(flat)
    path = tmp_path / "model.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(keras.Model(inputs, scores)).convert())
    verdicts = judge(path, read_tflite(SMALL))
    assert [verdict.runs for verdict in verdicts] == [False, False, True]
    for verdict in verdicts[:2]:
        assert "out of bounds" in verdict.reason
