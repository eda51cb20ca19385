"""Layers over a whole picture take row by row in where that saves memory, and answer as TFLite does."""

from __future__ import annotations

import numpy as np
import pytest
from arena_checker import ArenaChecker
from host_library import FAST, SANITIZERS, SMALL, compile_host, export_bytes, random_inputs
from model_builder import ModelBuilder
from reference import reference_outputs
from slow_cases import slow_but
from test_builds import board

from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.planning import plan as planning
from edgedigits.firmware_export.planning.lowering import lower
from edgedigits.firmware_export.variants import VARIANTS


def dense_after(picture: tuple[int, int, int], outputs: int, seed: int = 0, activation: str = "NONE", **more) -> bytes:
    """A convolution that makes a picture, and a dense layer over all of it."""
    height, width, channels = picture
    builder = ModelBuilder(seed)
    end = builder.conv(builder.input((1, height, width, 1)), channels, (3, 3), activation="RELU")
    if more.pop("reshaped", False):
        end = builder.reshape(end, (1, height * width * channels))
    return builder.build(builder.dense(end, outputs, activation=activation, **more))


def average_of(picture: tuple[int, int, int], seed: int = 0, **window) -> bytes:
    height, width, channels = picture
    builder = ModelBuilder(seed)
    end = builder.conv(builder.input((1, height, width, 1)), channels, (3, 3))
    return builder.build(builder.pool(end, "average", **{"size": (height, width), "stride": (height, width)} | window))


MODELS = {
    "four": lambda: dense_after((9, 8, 8), 4),
    "one_output": lambda: dense_after((9, 8, 8), 1, 1),
    "odd_row": lambda: dense_after((12, 7, 5), 10, 2, reshaped=True),
    "odd_outputs": lambda: dense_after((10, 11, 3), 7, 3, "RELU"),
    "two_more_taps": lambda: dense_after((10, 13, 6), 6, 4),
    "row_of_many_bytes": lambda: dense_after((6, 40, 26), 5, 5),
    "average": lambda: average_of((9, 8, 8)),
    "average_clamped": lambda: average_of((11, 5, 3), 1, activation="RELU6"),
    "average_same": lambda: average_of((9, 7, 5), 2, padding="SAME"),
}
KERNELS = {name: "pool_total" if name.startswith("average") else "dense_rows" for name in MODELS}


def kernels(library: LibraryExport) -> list[str]:
    return [stage.kernel.name for stage in library.plan.program.stages]


def expected(model: bytes, inputs: np.ndarray) -> np.ndarray:
    return np.array(reference_outputs(model, inputs)).reshape(len(inputs), -1)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_are_tflites(name, tmp_path):
    model = MODELS[name]()
    library = export_bytes(model, tmp_path)
    assert KERNELS[name] in kernels(library)
    inputs = random_inputs(library, 200)
    for flags in (FAST, SMALL, SANITIZERS):
        np.testing.assert_array_equal(compile_host(library, tmp_path, flags).run(inputs), expected(model, inputs))


@pytest.mark.parametrize("core", slow_but(["m0", "m4", "m55", "rv32", "avr"], ["m4", "m55", "avr"]))
@pytest.mark.parametrize(
    "name",
    [
        "four",
        "two_more_taps",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("odd_row", "odd_outputs", "row_of_many_bytes", "average_same")
        ),
    ],
)
def test_outputs_are_tflites_on_cores(name, core, tmp_path):
    if core == "avr" and name == "row_of_many_bytes":
        pytest.skip("more than 32 kB")
    model = MODELS[name]()
    library = export_bytes(model, tmp_path)
    inputs = random_inputs(library, 8)
    for flags in (("-O2",), ("-Os",)):
        found = measure(library.text, board(core), inputs, flags, (), 300)
        np.testing.assert_array_equal(found.outputs, expected(model, inputs))


def test_weights_of_minus_128_are_computed_as_tflite_does(tmp_path):
    """Of which the DSP variant has room for the second of a pair alone; the greatest sums of a row."""
    builder = ModelBuilder(6)
    end = builder.conv(builder.input((1, 6, 40, 1)), 26, (3, 3), activation="RELU")
    output = builder.dense(end, 2)
    made = builder.tensors[output]
    weights = builder.tensors[builder.operators[-1].inputs[1]]
    weights.data = np.repeat(np.array([[127], [-128]], np.int8), 6 * 40 * 26, 1)
    made.scales = (builder.tensors[end].scales[0] * weights.scales[0] * weights.data.size * 128,)
    model = builder.build(output)
    library = export_bytes(model, tmp_path)
    assert "dense_rows" in kernels(library)
    inputs = random_inputs(library, 4)
    for core in ("m0", "m4", "m55"):
        found = measure(library.text, board(core), inputs, ("-O2",), (), 300)
        np.testing.assert_array_equal(found.outputs, expected(model, inputs))


@pytest.mark.parametrize("name", MODELS)
def test_no_variants_arena_is_larger_than_with_whole_pictures_and_nothing_is_overwritten(name, tmp_path):
    library = export_bytes(MODELS[name](), tmp_path)
    whole = planning._planned(lower(library.graph))
    for variant in VARIANTS:
        assert library.arena_bytes[variant] <= whole.arena_bytes[variant]
        ArenaChecker(library.plan, variant).run()
    assert sum(library.arena_bytes.values()) < sum(whole.arena_bytes.values())


def test_a_picture_that_others_read_too_or_that_is_the_input_stays_whole(tmp_path):
    builder = ModelBuilder(1)
    given = builder.input((1, 28, 28, 1))
    assert "dense_rows" not in kernels(export_bytes(builder.build(builder.dense(given, 10)), tmp_path))
    builder = ModelBuilder(1)
    end = builder.conv(builder.input((1, 9, 8, 1)), 8, (3, 3))
    both = builder.add(builder.reshape(builder.dense(end, 8), (1, 1, 1, 8)), builder.mean(end, keep_dims=True))
    assert "dense_rows" not in kernels(export_bytes(builder.build(both), tmp_path))


def test_short_rows_stay_as_they_are(tmp_path):
    """What a row costs to begin would be felt."""
    assert "dense_rows" not in kernels(export_bytes(dense_after((9, 5, 6), 4), tmp_path))
    assert "dense_rows" in kernels(export_bytes(dense_after((9, 8, 4), 4), tmp_path))


@pytest.fixture(scope="module")
def micro_speech() -> bytes:
    """The graph of TensorFlow Lite Micro's example, weights untrained."""
    import tensorflow as tf

    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    network = tf.keras.Sequential([
        layers.Input((1960,), batch_size=1),
        layers.Reshape((49, 40, 1)),
        layers.DepthwiseConv2D((10, 8), strides=2, padding="same", depth_multiplier=8, activation="relu"),
        layers.Flatten(),
        layers.Dense(4),
        layers.Softmax(),
    ])  # fmt: skip
    dice = np.random.default_rng(0)
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([dice.random((1, 1960), np.float32)] for _ in range(20))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def test_micro_speech_needs_half_of_tflite_micros_memory(micro_speech, tmp_path):
    """7,312 bytes; with the picture whole 8,004 and, of the DSP variant, 12,004."""
    library = export_bytes(micro_speech, tmp_path)
    assert library.arena_bytes == {"helium": 2804, "dsp": 3124, "plain": 3340, "avr": 2724}
    inputs = random_inputs(library, 4)
    for core, most in {"m0": 1_836_000, "m4": 557_000, "m55": 262_000, "rv32": 1_612_000}.items():
        found = measure(library.text, board(core), inputs, ("-O2",), (), 300)
        np.testing.assert_array_equal(found.outputs, expected(micro_speech, inputs))
        assert found.mean_instructions <= most
