"""Models with the structure of well-known ones and random weights, where their files are not at hand.

    python tests/benchmarks/stand_ins.py FOLDER

Four of MLPerf Tiny (mlcommons/tiny, benchmark/training: autoencoder of 640 values, ResNet-8, DS-CNN of 49 x 10,
MobileNetV1 0.25 of 96 x 96 x 3) and three of TFLite Micro's examples (hello_world, micro_speech's tiny_conv,
person_detect's MobileNetV1 0.25 of 96 x 96 x 1), converted by TensorFlow to full int8 as their makers do. They cost
what the models cost; what they answer is nonsense, and they are not those files. ``bench_foreign.py`` measures them.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tf_keras as keras
from known_models import STAND_IN

SAMPLES = 16
"""For calibration."""

MOBILENET = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *((128, 1),) * 5, (256, 2), (256, 1))
"""Channels and stride of each pair of depthwise and 1 x 1 convolution of MobileNetV1 with a width of 0.25."""


@dataclass(frozen=True)
class StandIn:
    """A model to build: the name of its file, the range of what it is fed, and its layers behind the input."""

    file: str
    shape: tuple[int, ...]
    low: float
    high: float
    layers: Callable[[Any], Any]


def convolved(given: Any, channels: int, size: tuple[int, int] | int, stride: int = 1, act: str = "relu") -> Any:
    """A convolution, its normalisation and activation."""
    made = keras.layers.Conv2D(channels, size, stride, "same", kernel_initializer="he_normal")(given)
    return keras.layers.Activation(act)(keras.layers.BatchNormalization()(made))


def separable(given: Any, channels: int, stride: int = 1, act: str = "relu") -> Any:
    """A depthwise convolution and one of 1 x 1, each with normalisation and activation."""
    made = keras.layers.DepthwiseConv2D(3, stride, "same", depthwise_initializer="he_normal")(given)
    return convolved(keras.layers.Activation(act)(keras.layers.BatchNormalization()(made)), channels, 1, act=act)


def classified(given: Any, classes: int) -> Any:
    """Probabilities of classes, of weights great enough that they differ."""
    large = keras.initializers.RandomNormal(stddev=0.8)
    return keras.layers.Dense(classes, "softmax", kernel_initializer=large)(keras.layers.Flatten()(given))


def autoencoder(given: Any) -> Any:
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        given = keras.layers.Dense(width, kernel_initializer="he_normal")(given)
        given = keras.layers.Activation("relu")(keras.layers.BatchNormalization()(given))
    return keras.layers.Dense(640)(given)


def resnet_8(given: Any) -> Any:
    made = convolved(given, 16, 3)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        inner = convolved(convolved(made, channels, 3, stride), channels, 3, act="linear")
        if stride != 1:
            made = keras.layers.Conv2D(channels, 1, stride, "same", kernel_initializer="he_normal")(made)
        made = keras.layers.Activation("relu")(keras.layers.Add()([made, inner]))
    return classified(keras.layers.AveragePooling2D(8)(made), 10)


def ds_cnn(given: Any) -> Any:
    made = convolved(given, 64, (10, 4), 2)
    for _ in range(4):
        made = separable(made, 64)
    return classified(keras.layers.AveragePooling2D((24, 5))(made), 12)


def mobilenet(given: Any, act: str = "relu") -> Any:
    made = convolved(given, 8, 3, 2, act)
    for channels, stride in MOBILENET:
        made = separable(made, channels, stride, act)
    return keras.layers.AveragePooling2D(3)(made)


def visual_wake_words(given: Any) -> Any:
    return classified(mobilenet(given), 2)


def person_detect(given: Any) -> Any:
    """TF-slim's MobileNet: logits by a convolution of 1 x 1."""
    logits = keras.layers.Conv2D(2, 1, kernel_initializer=keras.initializers.RandomNormal(stddev=0.8))
    return keras.layers.Softmax()(keras.layers.Reshape((2,))(logits(mobilenet(given, "relu6"))))


def micro_speech(given: Any) -> Any:
    made = keras.layers.Reshape((49, 40, 1))(given)
    made = keras.layers.DepthwiseConv2D((10, 8), 2, "same", depth_multiplier=8, activation="relu")(made)
    return classified(made, 4)


def hello_world(given: Any) -> Any:
    for width in (16, 16):
        given = keras.layers.Dense(width, "relu")(given)
    return keras.layers.Dense(1)(given)


STAND_INS = (
    StandIn("ad01_int8", (640,), -30.0, 60.0, autoencoder),
    StandIn("pretrainedResnet_quant", (32, 32, 3), 0.0, 255.0, resnet_8),
    StandIn("kws_ref_model", (49, 10, 1), -123.5, 43.7, ds_cnn),
    StandIn("vww_96_int8", (96, 96, 3), 0.0, 1.0, visual_wake_words),
    StandIn("hello_world_int8", (1,), 0.0, 6.283, hello_world),
    StandIn("micro_speech_quantized", (1960,), 0.0, 26.0, micro_speech),
    StandIn("person_detect", (96, 96, 1), -1.0, 1.0, person_detect),
)


def built(one: StandIn) -> bytes:
    """The model as full int8 ``.tflite``, of a free batch as Keras makes it, dense layers of one scale."""
    keras.utils.set_random_seed(1)
    given = keras.layers.Input(one.shape)
    model = keras.Model(given, one.layers(given))
    dice = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            width = layer.gamma.shape[0]
            spread = [dice.uniform(0.5, 1.5, width), dice.normal(0, 0.3, width)]
            layer.set_weights([*spread, dice.normal(0, 0.3, width), dice.uniform(0.5, 1.5, width)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    samples = dice.uniform(one.low, one.high, (SAMPLES, 1, *one.shape)).astype(np.float32)
    samples[0], samples[1] = one.low, one.high
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    made: bytes = converter.convert()
    return made


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in STAND_INS:
        path = folder / f"{STAND_IN}{one.file}.tflite"
        path.write_bytes(built(one))
        print(f"{path}: {path.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="to make")
    main(parser.parse_args().folder)
