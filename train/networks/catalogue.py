"""The zoo: every network that can be trained, as a list that loads no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.naming import entry_named
from edgedigits.train.lines.catalogue import LINE_NETWORKS
from edgedigits.train.networks.coded import STACKS
from edgedigits.train.recipes import TrainingRecipe


@dataclass(frozen=True)
class Network:
    """An entry of the zoo.

    Attributes:
        name: as ``--model`` takes it.
        parameters: weights and biases, frozen ones and the statistics of batch normalization included.
        int8_bytes: size of its full-integer ``.tflite`` file as TensorFlow 2.21 makes it, to about a percent.
        source: where the network comes from.
        about: its layers in a line.
        recipe: how it is trained unless told otherwise.
        pretrained: starts from ImageNet weights that must be given or fetched.
        wide: has so many channels that multiplications are what takes its time, on a processor too.
    """

    name: str
    parameters: int
    int8_bytes: int
    source: str
    about: str
    recipe: TrainingRecipe
    pretrained: bool = False
    wide: bool = False


_OURS = "edgedigits, for microcontrollers"


def _coded(
    name: str, parameters: int, int8_bytes: int, epochs: int, rate: float, spoilt: float, wide: bool = False
) -> Network:
    """A network that ships with the toolkit once it has learned from lessons and its weights are codes."""
    recipe = TrainingRecipe(epochs, 128, "adam", rate, "one-cycle", augmentation="rough", spoilt=spoilt)
    source = "edgedigits, for weights in codes of 4 bits"
    return Network(name, parameters, int8_bytes, source, STACKS[name].describe(), recipe, wide=wide)


def _teacher(name: str, parameters: int, int8_bytes: int, about: str) -> Network:
    """A network that is large enough to teach those that ship."""
    recipe = TrainingRecipe(40, 128, "adam", 0.003, "one-cycle", augmentation="light")
    return Network(name, parameters, int8_bytes, "edgedigits, to teach smaller ones", about, recipe, wide=True)


_NF264 = TrainingRecipe(15, 64, "sgd", 0.01, momentum=0.9)
_ENTRIES = (
    Network(
        "nano",
        4_466,
        16_192,
        _OURS,
        "conv4 5x5/2, separable 8, 24/2, 32, 48, mean",
        TrainingRecipe(20, 128, "adam", 0.01, "one-cycle", augmentation="slight"),
    ),
    Network(
        "micro",
        9_042,
        22_136,
        _OURS,
        "conv8 5x5/2, conv16, separable 32, 48, 64, mean",
        TrainingRecipe(20, 128, "adam", 0.006, "one-cycle", augmentation="light"),
    ),
    Network(
        "small",
        31_498,
        46_440,
        _OURS,
        "conv16 5x5/2, conv32, conv48, separable 64, 96, mean",
        TrainingRecipe(15, 128, "adam", 0.006, "one-cycle", augmentation="light"),
    ),
    Network(
        "large",
        289_066,
        305_088,
        "edgedigits, for a Raspberry Pi",
        "conv32, conv32/2, 2 conv64, 2 conv128, mean; dropout 0.3",
        TrainingRecipe(15, 128, "adam", 0.004, "one-cycle", augmentation="light"),
    ),
    _teacher("teacher", 647_866, 667_000, "conv48, conv48/2, 2 conv96, 2 conv192, mean; dropout 0.3"),
    _teacher(
        "teacher-5x5",
        755_602,
        772_576,
        "conv40 5x5, conv80 5x5/2, conv128 5x5, 2 conv160 3x3 in a row, mean; dropout 0.3",
    ),
    _teacher("teacher-7x7", 1_096_530, 1_111_000, "conv40 7x7, conv96 7x7/2, conv192 7x7, mean; dropout 0.3"),
    _coded("pico-coded", 1_863, 9_936, 80, 0.01, 0.0),
    _coded("nano-coded", 7_287, 13_800, 60, 0.01, 0.02),
    _coded("micro-coded", 20_922, 36_392, 50, 0.006, 0.03),
    _coded("small-coded", 61_510, 83_264, 40, 0.006, 0.03),
    _coded("base-coded", 125_710, 146_056, 40, 0.005, 0.03),
    _coded("large-coded", 647_866, 667_056, 40, 0.003, 0.03, wide=True),
    Network(
        "nf264-cnn1",
        542_230,
        546_952,
        "report NF264, first network",
        "conv32, pool, dense 100; He's first weights",
        _NF264,
    ),
    Network(
        "nf264-cnn2",
        159_254,
        168_336,
        "report NF264, second network",
        "conv32, pool, conv64, conv64, pool, dense 100; He's first weights",
        _NF264,
    ),
    Network(
        "vit-cnn",
        887_530,
        899_448,
        "report VIT, large network",
        "2 conv32 5x5, pool, 2 conv64, pool, dense 256; dropout 0.3, 0.3, 0.5",
        TrainingRecipe(10, 86, "adam", 0.001, augmentation="vit"),
    ),
    Network(
        "vit-cnn-small",
        101_098,
        113_264,
        "report VIT, small network",
        "as vit-cnn with a pool after each of the four convolutions",
        TrainingRecipe(10, 86, "adam", 0.001),
    ),
    Network(
        "inf283-nn",
        235_146,
        241_720,
        "report INF283, dense network (layer sizes and decay are ours)",
        "dense 256, dense 128, L2 of 0.0001",
        TrainingRecipe(20, 128, "adam", 0.001),
    ),
    Network(
        "inf283-cnn",
        592_074,
        597_120,
        "report INF283, convolutional network",
        "conv32 5x5, pool, dropout 0.5, dense 128",
        TrainingRecipe(10, 200, "adam", 0.001),
    ),
    Network(
        "inf283-cnn-best",
        264_394,
        269_392,
        "report INF283, the best network of its grid search",
        "conv32 5x5, pool 3x3, dropout 0.4, dense 128",
        TrainingRecipe(6, 50, "adam", 0.001),
    ),
    Network(
        "fakebank-cnn",
        206_922,
        213_104,
        "report FakeBank, convolutional network",
        "conv16, pool, conv32, pool, dense 128",
        TrainingRecipe(10, 128, "adam", 0.001),
    ),
    Network(
        "fakebank-resnet50",
        24_641_936,
        25_204_440,
        "report FakeBank, transfer from ImageNet",
        "frozen ResNet50, mean, dense 512",
        TrainingRecipe(5, 128, "adam", 0.001),
        pretrained=True,
    ),
    Network(
        "endsley-park-cnn",
        1_199_882,
        1_207_216,
        "report Endsley Park",
        "conv32, conv64, pool, dense 128; dropout 0.25, 0.5",
        TrainingRecipe(10, 128, "adadelta", 1.0, input_scale=255.0),
    ),
)

NETWORKS = {entry.name: entry for entry in _ENTRIES}


def network(name: str) -> Network:
    """The entry of that name.

    Raises:
        EdgedigitsError: there is none; the message names the nearest ones and all.
    """
    if name in LINE_NETWORKS:
        raise EdgedigitsError(
            f"{name} reads lines, and this is for networks that read single digits",
            f"train it by `edgedigits train --model {name}`, or name another network of `edgedigits models`",
        )
    return entry_named(NETWORKS, name, "network", " (`edgedigits models` describes them)")
