"""Networks of one layer or function each, as full int8 and as 16x8, made by TensorFlow's converter.

``python keras_layers.py FOLDER NAME...`` writes ``FOLDER/NAME.int8.tflite`` and ``FOLDER/NAME.int16.tflite``.
TensorFlow works in a process of its own. What the strictest conversion does not take is converted with less: with
floats inside, with float inputs and outputs, or not quantized at all and with TensorFlow's own operators.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = {
    "abs": "tf.abs(x)",
    "atan": "tf.atan(x)",
    "add_n": "tf.add_n([x, x, x])",
    "argmax": "tf.argmax(x, -1)",
    "argmax_int32": "tf.argmax(x, -1, tf.int32)",
    "atan2": "tf.atan2(x, above(x))",
    "batch_to_space": "tf.batch_to_space(tf.space_to_batch(x, [2, 2], [[0, 0]] * 2), [2, 2], [[0, 0]] * 2)",
    "bitcast": "tf.cast(tf.bitcast(x, tf.int32), tf.float32)",
    "broadcast_to": "tf.broadcast_to(x[:, :1], (1, 8, 6, 4))",
    "cast": "tf.cast(x * 10, tf.int32)",
    "ceil": "tf.math.ceil(x)",
    "clip": "tf.clip_by_value(x, 0.1, 0.7)",
    "cond": "tf.cond(tf.reduce_sum(x) > 1, lambda: x * 2, lambda: x + 1)",
    "conv3d": "tf.nn.conv3d(x[..., None], weights(3, 3, 3, 1, 4), [1] * 5, 'SAME')",
    "conv_transpose": "tf.nn.conv2d_transpose(x, weights(3, 3, 5, 4), (1, 16, 12, 5), 2)",
    "cos": "tf.cos(x)",
    "cropping_3d": "x[..., None][:, 1:-1, 1:-1, 1:-1]",
    "cumsum": "tf.cumsum(x, 1)",
    "dilated": "tf.nn.conv2d(x, weights(3, 3, 4, 4), 1, 'SAME', dilations=2)",
    "divide": "x / above(conv(x))",
    "divide_by_3": "x / 3.0",
    "divide_no_nan": "tf.math.divide_no_nan(x, above(conv(x)))",
    "elu": "tf.nn.elu(x)",
    "erf": "tf.math.erf(x)",
    "exp": "tf.exp(x)",
    "floor": "tf.floor(x)",
    "floormod": "tf.math.floormod(x, above(conv(x)))",
    "gather": "tf.gather(x, [2, 0, 1], axis=1)",
    "gather_nd": "tf.gather_nd(x, [[0, 1, 2], [0, 3, 4]])",
    "gather_places": "tf.gather(weights(6, 5), tf.argmax(x[:, 0, :, 0], -1))",
    "gelu": "tf.nn.gelu(x, approximate=True)",
    "greater": "x > 0.1",
    "groups": "tf.nn.conv2d(x, weights(3, 3, 2, 4), 1, 'SAME')",
    "l2_normalize": "tf.nn.l2_normalize(x)",
    "linear": "conv(x)",
    "log": "tf.math.log(above(x))",
    "log_softmax": "tf.nn.log_softmax(x)",
    "logical": "tf.cast((x > 0.1) & (conv(x) > 0.2), tf.float32)",
    "lrn": "tf.nn.local_response_normalization(x, 2)",
    "mish": "x * tf.tanh(tf.nn.softplus(x))",
    "mirror_pad": "tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], 'REFLECT')",
    "one_hot": "tf.one_hot(tf.argmax(x, -1), 4)",
    "pool_3d": "tf.nn.max_pool3d(x[..., None], 2, 2, 'VALID')",
    "pow": "tf.pow(above(x), 1.5)",
    "prelu": "tf.maximum(x, 0.0) + weights(4) * tf.minimum(x, 0.0)",
    "random": "x + tf.random.uniform(x.shape)",
    "reduce_all": "tf.cast(tf.reduce_all(x > 0.5, 1), tf.float32)",
    "reduce_max": "tf.reduce_max(x, 1)",
    "reduce_prod": "tf.reduce_prod(x, 1)",
    "reduce_std": "tf.math.reduce_std(x, 1)",
    "resize_bicubic": "tf.image.resize(x, (12, 12), 'bicubic')",
    "resize_bilinear": "tf.image.resize(x, (12, 12))",
    "reverse_sequence": "tf.reverse_sequence(x, [3], seq_axis=1, batch_axis=0)",
    "roll": "tf.roll(x, 1, 1)",
    "round": "tf.round(x)",
    "rsqrt": "tf.math.rsqrt(above(x))",
    "scatter_nd": "tf.scatter_nd([[1], [3]], x[0, 0, :2, 0], [7])",
    "segment_sum": "tf.math.segment_sum(x[0, :, 0, 0], [0] * 4 + [1] * 4)",
    "selu": "tf.nn.selu(x)",
    "shape": "tf.shape(x)",
    "sign": "tf.sign(x)",
    "softplus": "tf.nn.softplus(x)",
    "softsign": "tf.nn.softsign(x)",
    "sort": "tf.sort(x, -1)",
    "split": "tf.split(x, 2, 3)[0] * tf.split(x, 2, 3)[1]",
    "sqrt": "tf.sqrt(above(x))",
    "squared_difference": "tf.math.squared_difference(x, conv(x))",
    "stft": "tf.abs(tf.signal.stft(tf.reshape(x, (1, 192)), 16, 8))",
    "string": "tf.strings.as_string(x)",
    "sum": "tf.reduce_sum(x, -1)",
    "swish": "tf.nn.silu(x)",
    "top_k": "tf.math.top_k(x, 3)[0]",
    "transpose": "tf.transpose(x, (0, 3, 1, 2))",
    "unique": "tf.unique(x[0, :, 0, 0])[0]",
    "unstack": "tf.concat(tf.unstack(x, axis=1)[:2], 1)",
    "where": "tf.where(x > 0.1, x, conv(x))",
    "where_zero": "tf.where(x > 0.1, x, tf.zeros_like(x))",
    "while": "tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 1.1), [0, x])[1]",
}
"""Functions of a picture ``x`` of 8x6 pixels in 4 channels; ``above`` makes it positive."""

LAYERS = {
    "attention": "L.Attention()([x, x])",
    "additive_attention": "L.AdditiveAttention()([x, x])",
    "batch_norm": "L.BatchNormalization()(x)",
    "bidirectional": "L.Bidirectional(L.LSTM(5))(x)",
    "conv_1d": "L.Conv1D(3, 3)(x)",
    "conv_1d_transpose": "L.Conv1DTranspose(3, 3)(x)",
    "gru_unrolled": "L.GRU(5, unroll=True)(x)",
    "layer_norm": "L.LayerNormalization(beta_initializer='random_normal')(x)",
    "lstm": "L.LSTM(5)(x)",
    "lstm_unrolled": "L.LSTM(5, unroll=True)(x)",
    "multi_head_attention": "L.MultiHeadAttention(2, 4)(x, x)",
    "rnn_unrolled": "L.SimpleRNN(5, unroll=True)(x)",
    "thresholded_relu": "L.ThresholdedReLU(0.3)(x)",
    "up_sampling_1d": "L.UpSampling1D(2)(x)",
    "wide_up_sampling_1d": "L.UpSampling1D(2)(L.ZeroPadding1D(4)(x))",
}
"""Keras layers on a sequence ``x`` of 6 steps of 8 numbers."""

QUICK = (
    *("argmax", "conv3d", "cumsum", "divide", "divide_no_nan", "pow", "rsqrt"),
    *("conv_transpose", "layer_norm", "lstm"),
)
KINDS = ("int8", "int16")


def keras_layers(names: tuple[str, ...], folder: Path) -> dict[str, Path]:
    """The models by ``NAME.int8`` and ``NAME.int16``; skips where TensorFlow is not installed."""
    pytest.importorskip("tensorflow")
    environment = os.environ | {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, __file__, str(folder), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {path.name.removesuffix(".tflite"): path for path in folder.glob("*.tflite")}


def main(folder: Path, names: list[str]) -> None:
    """Write the models of these names, in as strict a conversion as succeeds."""
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    random = np.random.default_rng(3)

    def weights(*shape: int) -> object:
        return tf.constant(random.normal(size=shape).astype(np.float32))

    tools = {
        "tf": tf,
        "L": keras.layers,
        "weights": weights,
        "above": lambda x: tf.nn.relu(x) + 0.5,
        "conv": lambda x: tf.nn.conv2d(x, weights(3, 3, 4, 4), 1, "SAME"),
    }

    def converter_of(name: str) -> tuple[object, tuple[int, ...]]:
        if name in LAYERS:
            x = keras.layers.Input((6, 8), batch_size=1)
            model = keras.Model(x, eval(LAYERS[name], {**tools, "x": x}))
            return tf.lite.TFLiteConverter.from_keras_model(model), (1, 6, 8)
        module = tf.Module()
        module.run = tf.function(lambda x: eval(FUNCTIONS[name], {**tools, "x": x}))
        concrete = module.run.get_concrete_function(tf.TensorSpec((1, 8, 6, 4), tf.float32))
        return tf.lite.TFLiteConverter.from_concrete_functions([concrete], module), (1, 8, 6, 4)

    def converted(name: str, kind: str, how: str) -> bytes:
        converter, shape = converter_of(name)
        sets = tf.lite.OpsSet
        if how == "not at all":
            converter.target_spec.supported_ops = [sets.TFLITE_BUILTINS, sets.SELECT_TF_OPS]
            return converter.convert()
        wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        strict = [sets.TFLITE_BUILTINS_INT8 if kind == "int8" else wide]
        samples = [[random.normal(size=shape).astype(np.float32)] for _ in range(4)]
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: iter(samples)
        converter.target_spec.supported_ops = strict if how == "strictly" else [*strict, sets.TFLITE_BUILTINS]
        if how != "with float ends":
            converter.inference_input_type = converter.inference_output_type = getattr(tf, kind)
        return converter.convert()

    folder.mkdir(exist_ok=True)
    for name in names:
        for kind in KINDS:
            for how in ("strictly", "with floats", "with float ends", "not at all"):
                try:
                    made = converted(name, kind, how)
                except Exception as error:
                    print(name, kind, how, error, file=sys.stderr)
                else:
                    (folder / f"{name}.{kind}.tflite").write_bytes(made)
                    break


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
