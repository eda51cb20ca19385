"""Random int8 networks of 1 to 6 operators: every operator, odd sizes, branches, shapes that change in the middle.

All choices come from one ``random.Random``, so that hypothesis can make them and shrink what fails, and a seed can
stand for a network.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Sequence

import numpy as np
import tflite
from model_builder import ModelBuilder

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9)
CHANNELS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17)
SMALL = (1, 2, 3, 4, 5)
CONV_ACTIVATIONS = ("NONE", "RELU", "RELU", "RELU6", "RELU_N1_TO_1")
_SHAPES = {tflite.BuiltinOperator.RESHAPE, tflite.BuiltinOperator.EXPAND_DIMS, tflite.BuiltinOperator.SQUEEZE}
LARGEST = 3000
"""Elements of a value; the arena of a random network stays small."""


def random_network(
    dice: random.Random, longest: int = 6, *, powers_of_two: bool = False, kinds: Collection[str] | None = None
) -> bytes:
    """A model of 1 to ``longest`` operators, plus what their branches need.

    Args:
        dice: makes every choice.
        longest: most operators.
        powers_of_two: see LayerBuilder.
        kinds: of operators to choose among; all, if None.
    """
    network = _Network(dice, powers_of_two, kinds)
    for _ in range(dice.randint(1, longest)):
        network.grow()
    return network.build()


def random_tables(dice: random.Random, longest: int) -> tuple[ModelBuilder, int]:
    """The tables of such a model, to be spoilt, and its output."""
    network = _Network(dice, powers_of_two=False)
    for _ in range(dice.randint(1, longest)):
        network.grow()
    return network.builder, network.end


def single_operator(dice: random.Random, kind: str, *, powers_of_two: bool = False) -> bytes:
    """A model of one operator (and what it needs beside it)."""
    network = _Network(dice, powers_of_two)
    network.grow(kind)
    return network.build()


class _Network:
    """A model that grows at its end, ``self.end``."""

    def __init__(self, dice: random.Random, powers_of_two: bool, kinds: Collection[str] | None = None) -> None:
        self.dice = dice
        self.kinds = MAKERS.keys() if kinds is None else kinds
        self.builder = ModelBuilder(dice.randint(0, 1 << 30), powers_of_two)
        scale, zero_point = dice.choice([(1 / 255, -128), (0.05, dice.randint(-128, 127)), (0.02, 0)])
        self.end = self.builder.input(
            (1, dice.choice(SIZES), dice.choice(SIZES), dice.choice(CHANNELS)), scale, zero_point
        )

    @property
    def shape(self) -> tuple[int, ...]:
        return self.builder.tensors[self.end].shape

    def build(self) -> bytes:
        """The file; in some models a few weights are -128, which TFLite's converter never writes."""
        if {operator.code for operator in self.builder.operators} <= _SHAPES:
            self.end = self.relu()  # a network of reshapes computes nothing
        if self.dice.random() < 0.25:
            for tensor in self.builder.tensors:
                if tensor.data is not None and tensor.data.dtype == np.int8 and tensor.data.ndim in {2, 4}:
                    tensor.data = np.where(self.builder.dice.random(tensor.data.shape) < 0.1, -128, tensor.data)
                    tensor.data = tensor.data.astype(np.int8)
        return self.builder.build(self.end)

    def grow(self, kind: str | None = None) -> None:
        """Append one operator, or a pair that the library runs as one."""
        if len(self.shape) == 4:
            makers, vector = MAKERS, False
        else:
            makers, vector = VECTOR_MAKERS, True
        name = kind or self.dice.choice(sorted(makers.keys() & self.kinds))
        self.end = makers[name](self)
        made = self.builder.tensors[self.end]
        if not vector and math.prod(made.shape) > LARGEST:
            self.end = self.builder.pool(self.end, "max", (3, 3), stride=(3, 3), padding="SAME")

    def window(self) -> dict[str, object]:
        """Options of a convolution whose window fits."""
        _, rows, columns, _ = self.shape
        padding = self.dice.choice(["SAME", "VALID"])
        size, dilation = [], []
        for extent in (rows, columns):
            taps = self.dice.choice([tap for tap in SMALL if padding == "SAME" or tap <= extent])
            spread = self.dice.choice([1, 1, 1, 2, 3])
            if padding == "VALID" and (taps - 1) * spread + 1 > extent:
                spread = 1
            size.append(taps)
            dilation.append(spread)
        stride = (self.dice.choice([1, 1, 2, 3]), self.dice.choice([1, 1, 2, 3]))
        if max(dilation) > 1:  # TFLite refuses both at once
            stride = (1, 1)
        return {
            "size": tuple(size),
            "stride": stride,
            "dilation": tuple(dilation),
            "padding": padding,
            "activation": self.dice.choice(CONV_ACTIVATIONS),
            "per_channel": self.dice.random() < 0.7,
        }

    def conv(self) -> int:
        return self.builder.conv(self.end, self.dice.choice(CHANNELS), **self.window())

    def depthwise(self) -> int:
        multiplier = self.dice.choice([1, 1, 1, 2, 3]) if self.shape[3] < 9 else 1
        return self.builder.depthwise(self.end, multiplier, **self.window())

    def depthwise_3x3(self) -> int:
        """The shape that most networks have."""
        stride = self.dice.choice([1, 2])
        activation = self.dice.choice(["NONE", "RELU"])
        return self.builder.depthwise(self.end, 1, (3, 3), stride=(stride, stride), activation=activation)

    def dealt_out(self) -> int:
        """A dilated convolution as the converter writes it for a free batch, which the library makes one again."""
        size, block, padding, crops = [], [], [], []
        for extent in self.shape[1:3]:
            taps, length = self.dice.choice([1, 2, 3]), self.dice.choice([1, 2, 3])
            before, wanted = self.dice.choice([0, 1, 2, 4]), self.dice.choice([0, 1, 2, 4])
            missing = max(taps * length - extent - before, wanted)
            after = missing + -(extent + before + missing) % length
            made = extent + before + after - (taps - 1) * length
            first = self.dice.randint(0, min(before, made - 1))
            size.append(taps)
            block.append(length)
            padding.append((before, after))
            crops.append((first, self.dice.randint(0, min(after, made - 1 - first))))
        end = self.builder.space_to_batch(self.end, block, padding)
        add = self.dice.choice([self.builder.conv, self.builder.depthwise])
        channels = self.dice.choice([1, 2]) if add == self.builder.depthwise else self.dice.choice(CHANNELS)
        end = add(end, channels, (size[0], size[1]), padding="VALID", activation=self.dice.choice(CONV_ACTIVATIONS))
        return self.builder.batch_to_space(end, block, crops)

    def conv_and_pool(self) -> int:
        """A convolution that the library fuses with the maximum behind it, if it is large enough."""
        size = self.dice.choice([1, 2, 3, 5])
        activation = self.dice.choice(CONV_ACTIVATIONS)
        made = self.builder.conv(self.end, self.dice.choice(CHANNELS), (size, size), activation=activation)
        if min(self.shape[1:3]) < 2:
            return made
        return self.builder.pool(made, "max", (2, 2), padding=self.dice.choice(["SAME", "VALID"]))

    def padded_conv(self) -> int:
        """A padding that the library merges into the convolution behind it."""
        padded = self.padding()
        _, rows, columns, _ = self.builder.tensors[padded].shape
        size = (min(self.dice.choice(SMALL), rows), min(self.dice.choice(SMALL), columns))
        stride = (self.dice.choice([1, 2]), self.dice.choice([1, 2]))
        add = self.dice.choice([self.builder.depthwise, self.builder.conv])
        channels = 1 if add == self.builder.depthwise else self.dice.choice(CHANNELS)
        padding = self.dice.choice(["SAME", "VALID"])
        return add(padded, channels, size, stride=stride, padding=padding, activation="RELU")

    def padding(self) -> int:
        before = (self.dice.choice([0, 1, 2]), self.dice.choice([0, 1, 2]))
        after = (self.dice.choice([0, 1, 3]), self.dice.choice([0, 1, 3]))
        value = self.dice.choice([None, None, self.dice.randint(-128, 127)])
        return self.builder.pad(self.end, before, after, value)

    def pool(self) -> int:
        kind = self.dice.choice(["max", "average"])
        _, rows, columns, _ = self.shape
        padding = self.dice.choice(["SAME", "VALID"])
        size = [self.dice.choice([n for n in SMALL if padding == "SAME" or n <= extent]) for extent in (rows, columns)]
        stride = (self.dice.choice([1, 2, 3]), self.dice.choice([1, 2, 3]))
        activation = self.dice.choice(["NONE", "NONE", "RELU", "RELU6"])
        return self.builder.pool(
            self.end, kind, (size[0], size[1]), stride=stride, padding=padding, activation=activation
        )

    def twin(self, same_scale: bool = False, channels: int | None = None) -> int:
        """Another value of the same height and width, made from the end."""
        given = self.builder.tensors[self.end]
        output = (given.scales[0], given.zero_points[0]) if same_scale else None
        if self.dice.random() < 0.3 and channels is None:
            return self.builder.pool(self.end, "max", (2, 3), stride=(1, 1), padding="SAME")
        depth = given.shape[3] if channels is None else channels
        return self.builder.conv(self.end, depth, self.dice.choice([(1, 1), (3, 3)]), output=output)

    def add(self) -> int:
        return self._joined(self.builder.add)

    def mul(self) -> int:
        return self._joined(self.builder.mul)

    def sub(self) -> int:
        return self._joined(self.builder.sub)

    def extreme(self) -> int:
        given = self.builder.tensors[self.end]
        name = self.dice.choice(["MINIMUM", "MAXIMUM"])
        return self._joined(
            lambda left, right, activation: self.builder.extreme(name, left, right),
            (given.scales[0], given.zero_points[0]),
        )

    def spread(self) -> int:
        """Rows, columns or channels of one operand are those of the other one, again and again."""
        shape = [size if self.dice.random() < 0.5 else 1 for size in self.shape[1:]]
        join = self.dice.choice([self.builder.add, self.builder.sub, self.builder.mul])
        if self.dice.random() < 0.3:
            values = self.builder.dice.integers(-128, 128, shape, dtype=np.int8)
            other = self.builder.constant(values, 0.03, self.dice.randint(-20, 20))
        else:
            bounds = [(0, 1, 1)] + [(0, size, 1) for size in shape]
            other = self.builder.strided_slice(self.end, bounds)
        sides = [self.end, other]
        self.dice.shuffle(sides)
        return join(*sides)

    def prelu(self) -> int:
        shape = self.dice.choice([self.shape[-1:], self.shape[1:]])
        slopes = self.builder.dice.integers(-128, 128, shape, dtype=np.int8)
        number = self.builder.constant(slopes, 0.02, self.dice.choice([0, 0, self.dice.randint(-128, 127)]))
        return self.builder.prelu(self.end, number, self._other_scale() if self.dice.random() < 0.7 else None)

    def mean_of_axes(self) -> int:
        axes = tuple(self.dice.sample([1, 2, 3], self.dice.choice([1, 1, 2, 3])))
        axes = tuple(axis - 4 if self.dice.random() < 0.2 else axis for axis in axes)
        made = self.builder.mean(self.end, axes, keep_dims=self.dice.random() < 0.5)
        shape = self.builder.tensors[made].shape
        return made if len(shape) == 4 else self.builder.reshape(made, ((1,) * 4 + shape)[-4:])

    def extreme_of_axes(self) -> int:
        axes = self.dice.sample([1, 2, 3], self.dice.choice([1, 1, 2, 3]))
        name = self.dice.choice(["REDUCE_MAX", "REDUCE_MIN"])
        made = self.builder.reduce_max(self.end, axes, keep_dims=self.dice.random() < 0.5, name=name)
        shape = self.builder.tensors[made].shape
        return made if len(shape) == 4 else self.builder.reshape(made, ((1,) * 4 + shape)[-4:])

    def hard_swish(self) -> int:
        return self.builder.hard_swish(self.end, self._other_scale() if self.dice.random() < 0.5 else None)

    def _joined(self, join: Callable[..., int], scale: tuple[float, int] | None = None) -> int:
        """``scale``: of the other side where it has to be the end's."""
        activation = self.dice.choice(["NONE", "RELU", "RELU6"])
        if len(self.shape) == 2 or self.dice.random() < 0.4:
            shape = self.dice.choice([self.shape[-1:], self.shape, (1,)])
            values = self.builder.dice.integers(-128, 128, shape, dtype=np.int8)
            other = self.builder.constant(values, *(scale or (0.03, self.dice.randint(-20, 20))))
        else:
            other = self.twin(same_scale=scale is not None)
        sides = [self.end, other]
        self.dice.shuffle(sides)
        return join(*sides, activation=activation)

    def concat(self) -> int:
        axis = self.dice.choice([1, 2, 3])
        others = []
        for _ in range(self.dice.choice([1, 1, 2])):
            channels = self.dice.choice(SMALL) if axis == 3 else None
            others.append(self.twin(same_scale=True, channels=channels))
        if self.dice.random() < 0.2:
            given = self.builder.tensors[self.end]
            shape = [self.dice.choice(SMALL) if axis == place else size for place, size in enumerate(given.shape)]
            values = self.builder.dice.integers(-128, 128, shape, dtype=np.int8)
            others.append(self.builder.constant(values, given.scales[0], given.zero_points[0]))
        sources = [self.end, *others]
        self.dice.shuffle(sources)
        return self.builder.concat(sources, axis)

    def mean(self) -> int:
        return self.builder.mean(self.end, keep_dims=self.dice.random() < 0.5)

    def reshape(self) -> int:
        count = math.prod(self.shape)
        heights = [n for n in range(1, 10) if count % n == 0]
        height = self.dice.choice(heights)
        widths = [n for n in range(1, 10) if count // height % n == 0]
        width = self.dice.choice(widths)
        return self.builder.reshape(self.end, (1, height, width, count // height // width))

    def axis_of_one(self) -> int:
        """An axis that is put in and taken out."""
        axis = self.dice.choice([0, 1, 2, 4])
        return self.builder.squeeze(self.builder.expand_dims(self.end, axis), (axis,))

    def flatten(self) -> int:
        return self.builder.reshape(self.end, (1, math.prod(self.shape)))

    def dense(self) -> int:
        activation = self.dice.choice(CONV_ACTIVATIONS)
        return self.builder.dense(
            self.end,
            self.dice.choice(CHANNELS),
            activation=activation,
            per_channel=self.dice.random() < 0.5,
            bias=self.dice.random() < 0.8,
        )

    def logistic(self) -> int:
        return self.builder.logistic(self.end)

    def relu(self) -> int:
        add = self.dice.choice([self.builder.relu, self.builder.relu6])
        return add(self.end, self._other_scale() if self.dice.random() < 0.5 else None)

    def limits(self) -> int:
        name = self.dice.choice(["RELU_N1_TO_1", "RELU_0_TO_1"])
        return self.builder.single(name, 1, self.end, self._other_scale() if self.dice.random() < 0.7 else None)

    def gelu(self) -> int:
        options = {"Approximate": self.dice.random() < 0.5}
        return self.builder.single("GELU", 2, self.end, self._other_scale(), "GeluOptions", **options)

    def abs(self) -> int:
        return self.builder.single("ABS", 2, self.end, self._other_scale() if self.dice.random() < 0.7 else None)

    def exp(self) -> int:
        given = self.builder.tensors[self.end]
        greatest = given.scales[0] * (127 - given.zero_points[0])
        if greatest > 4:  # else numbers grow beyond what other operators take
            return self.relu()
        scale = float(np.float32(math.exp(greatest) / self.dice.choice([100, 250, 400])))
        return self.builder.single("EXP", 2, self.end, (scale, self.dice.randint(-128, 0)), "ExpOptions")

    def rsqrt(self) -> int:
        scale = self.builder.tensors[self.end].scales[0]
        source = self.builder.quantize(self.end, (scale, -128))
        output = (
            float(np.float32(self.dice.choice([0.003, 0.01, 0.03]) / math.sqrt(scale))),
            self.dice.randint(-128, 50),
        )
        return self.builder.single("RSQRT", 2, source, output)

    def squared_difference(self) -> int:
        return self._joined(lambda left, right, activation: self.builder.squared_difference(left, right))

    def quantize(self) -> int:
        return self.builder.quantize(self.end, self._other_scale())

    def softmax(self) -> int:
        if self.shape[-1] > 511:  # the most that the reader takes
            return self.relu()
        return self.builder.softmax(self.end, self.dice.choice([1.0, 0.5, 3.0]))

    def leaky_relu(self) -> int:
        scale = self._other_scale() if self.dice.random() < 0.7 else None
        return self.builder.leaky_relu(self.end, self.dice.choice([0.0, 0.01, 0.2, 1.0, 1.5]), scale)

    def tanh(self) -> int:
        return self.builder.tanh(self.end)

    def reduce_max(self) -> int:
        return self.builder.reduce_max(self.end, keep_dims=self.dice.random() < 0.5)

    def resize_nearest(self) -> int:
        size = (self.dice.choice(SIZES), self.dice.choice(SIZES))
        options = self.dice.choice([{}, {"AlignCorners": True}, {"HalfPixelCenters": True}])
        return self.builder.resize_nearest(self.end, size, **options)

    def transpose(self) -> int:
        axes = [1, 2, 3]
        self.dice.shuffle(axes)
        return self.builder.transpose(self.end, [0, *axes])

    def many_axes(self) -> int:
        """Channels, and at times rows, in groups that are put in another order, as a shuffle of channels does."""
        _, rows, columns, channels = self.shape
        groups = self.dice.choice([n for n in range(1, channels + 1) if channels % n == 0])
        parts = self.dice.choice([n for n in range(1, rows + 1) if rows % n == 0])
        split = [parts, rows // parts] if self.dice.random() < 0.5 else [rows]
        shape = [1, *split, columns, groups, channels // groups]
        axes = list(range(1, len(shape)))
        if self.dice.random() < 0.5:
            axes[-2:] = axes[:-3:-1]
        else:
            self.dice.shuffle(axes)
        made = self.builder.reshape(self.end, shape)
        made = self.builder.transpose(self.builder.relu(made) if self.dice.random() < 0.3 else made, [0, *axes])
        if self.dice.random() < 0.3:
            made = self.builder.add(made, self.builder.relu(made))
        if len(shape) == 5 and self.dice.random() < 0.5:  # TFLite slices no more axes
            made = self.builder.slice(made, [0, 0, 0, shape[axes[2]] // 2, 0], [1, -1, -1, -1, -1])
        shape = self.builder.tensors[made].shape
        return self.builder.reshape(made, (1, *shape[1:3], math.prod(shape[3:])))

    def stacked(self) -> int:
        """Values along a new axis, which at times is taken apart again."""
        axis = self.dice.choice([1, 2, 3, 4])
        made = self.builder.pack([self.end, self.builder.relu(self.end)], axis)
        if self.dice.random() < 0.5:
            return self.builder.concat(self.builder.unpack(made, axis)[::-1], 3)
        shape = self.builder.tensors[made].shape
        return self.builder.reshape(made, (1, *shape[1:3], shape[3] * shape[4]))

    def depth_and_space(self) -> int:
        size = self.dice.choice([1, 2, 3])
        _, rows, columns, depth = self.shape
        if rows % size == 0 and columns % size == 0 and self.dice.random() < 0.5:
            shape = (1, rows // size, columns // size, depth * size * size)
            table = "SpaceToDepthOptions"
            return self.builder.moved("SPACE_TO_DEPTH", self.end, shape, table=table, BlockSize=size)
        self.end = self.twin(channels=self.dice.choice([1, 2, 3]) * size * size)
        shape = (1, rows * size, columns * size, self.shape[3] // (size * size))
        return self.builder.moved("DEPTH_TO_SPACE", self.end, shape, table="DepthToSpaceOptions", BlockSize=size)

    def tile(self) -> int:
        times = [1, *(self.dice.choice([1, 1, 2, 3]) for _ in range(3))]
        shape = [size * count for size, count in zip(self.shape, times, strict=True)]
        return self.builder.moved("TILE", self.end, shape, self.builder.integers(*times), table="TileOptions")

    def reverse(self) -> int:
        number = self.builder.integers(self.dice.choice([1, 2, 3]))
        return self.builder.moved("REVERSE_V2", self.end, self.shape, number, table="ReverseV2Options")

    def gather(self) -> int:
        axis = self.dice.choice([1, 2, 3])
        size = self.shape[axis]
        if self.dice.random() < 0.3:
            first = self.dice.randrange(size)
            places = list(range(first, size, self.dice.choice([1, 2])))
        else:
            places = [self.dice.randrange(size) for _ in range(self.dice.choice([1, 2, 5, 9]))]
        return self.builder.gather(self.end, axis, places)

    def border(self) -> int:
        """A mirror's border, or one of channels too."""
        if self.dice.random() < 0.5:
            amounts = [(self.dice.randint(0, 2), self.dice.randint(0, 3)) for _ in range(3)]
            return self.builder.pad_all(self.end, [(0, 0), *amounts])
        mode = self.dice.choice([0, 1])
        most = [min(size - 1 + mode, 3) for size in self.shape[1:3]]
        pairs = [(self.dice.randint(0, one), self.dice.randint(0, one)) for one in most]
        return self.builder.pad_all(self.end, [(0, 0), *pairs, (0, 0)], mode)

    def resize_bilinear(self) -> int:
        size = (self.dice.choice(SIZES), self.dice.choice(SIZES))
        options = self.dice.choice([{}, {"AlignCorners": True}, {"HalfPixelCenters": True}])
        return self.builder.resize_bilinear(self.end, size, **options)

    def log_softmax(self) -> int:
        return self.builder.single("LOG_SOFTMAX", 2, self.end, (16 / 256, 127), "LogSoftmaxOptions")

    def l2_normalization(self) -> int:
        return self.builder.single("L2_NORMALIZATION", 2, self.end, (1 / 128, 0), "L2NormOptions")

    def batch_matmul(self) -> int:
        """Of the end and its own transpose, of two values, or of the end and a constant."""
        depth = self.shape[3]
        how = self.dice.randrange(4)
        if how == 0:
            return self.builder.batch_matmul(self.end, self.end, self.dice.choice([(False, True), (True, False)]))
        if how == 1:
            other = self.builder.transpose(self.builder.relu(self.end, self._other_scale()), (0, 1, 3, 2))
            return self.builder.batch_matmul(self.end, other, self.dice.choice([(False, False), (True, True)]))
        made, turned = self.dice.choice(CHANNELS), self.dice.random() < 0.5
        shape = (made, depth) if turned else (depth, made)
        zero_point = self.dice.choice([0, 0, 7])
        if zero_point or self.shape[1] == 1:  # a matrix for each of the end's
            shape = (1, self.shape[1], *shape)
        values = self.builder.dice.integers(-127, 128, shape, dtype=np.int8)
        return self.builder.batch_matmul(self.end, self.builder.constant(values, 0.01, zero_point), (False, turned))

    def transpose_conv(self) -> int:
        size = (self.dice.choice(SMALL), self.dice.choice(SMALL))
        stride = (self.dice.choice([1, 2, 3]), self.dice.choice([1, 2, 3]))
        padding = self.dice.choice(["SAME", "VALID"])
        activation = self.dice.choice(["NONE", "NONE", "RELU"])
        options = {"per_channel": self.dice.random() < 0.7, "bias": self.dice.random() < 0.7}
        channels = self.dice.choice(CHANNELS)
        return self.builder.transpose_conv(
            self.end, channels, size, stride=stride, padding=padding, activation=activation, **options
        )

    def grouped_conv(self) -> int:
        groups = self.dice.choice([n for n in range(1, self.shape[3] + 1) if self.shape[3] % n == 0])
        return self.builder.conv(self.end, groups * self.dice.choice([1, 2, 3]), **self.window(), groups=groups)

    def float_run(self) -> int:
        """Functions of floats between int8 values, as the converter writes what has no int8 kernel."""
        given = self.builder.tensors[self.end]
        greatest = given.scales[0] * max(127 - given.zero_points[0], given.zero_points[0] + 128)
        kinds = self.dice.choice([["SQUARE"], ["ABS", "SQRT"], ["NEG"], ["SIN"], ["COS", "SQUARE"], ["FLOOR"], []])
        end = self.builder.dequantize(self.end)
        for name in kinds:
            end = self.builder.of_floats(name, end)
        reach = greatest**2 if kinds == ["SQUARE"] else max(greatest, 1.0)
        return self.builder.quantize_floats(end, (float(np.float32(reach / 200)), self.dice.randint(-100, 100)))

    def strided_slice(self) -> int:
        """Of each axis of the picture some part, in steps, forwards or backwards, at times up to its ends."""
        masks, bounds, shrink = {"BeginMask": 0, "EndMask": 0}, [(0, 1, 1)], []
        for axis, size in enumerate(self.shape[1:], start=1):
            begin, end = sorted((self.dice.randrange(size), self.dice.randrange(size)))
            step = self.dice.choice([1, 1, 2, 3, -1, -2])
            begin, end = (begin, end + 1) if step > 0 else (end, begin - 1)
            if end == -1:
                masks["EndMask"] |= 1 << axis
            elif self.dice.random() < 0.2:
                masks["EndMask" if self.dice.random() < 0.5 else "BeginMask"] |= 1 << axis
            if begin > 0 and self.dice.random() < 0.3:
                begin -= size
            bounds.append((begin, end, step))
        if self.dice.random() < 0.2:
            axis = self.dice.choice([1, 2, 3])
            shrink.append(axis)
            bounds[axis] = (self.dice.randrange(-self.shape[axis], self.shape[axis]), 0, 1)
            masks = {name: mask & ~(1 << axis) for name, mask in masks.items()}
        made = self.builder.strided_slice(self.end, bounds, shrink, **masks)
        shape = self.builder.tensors[made].shape
        return made if len(shape) == 4 else self.builder.reshape(made, (1, *shape))

    def slice(self) -> int:
        begin = [self.dice.randrange(size) for size in self.shape]
        size = [
            self.dice.choice([-1, self.dice.randint(1, length - first)])
            for length, first in zip(self.shape, begin, strict=True)
        ]
        return self.builder.slice(self.end, begin, size)

    def split(self) -> int:
        """Parts of which one is used, or all in another order."""
        axis = self.dice.choice([1, 2, 3])
        size = self.shape[axis]
        count = self.dice.choice([parts for parts in (1, 2, 3) if size % parts == 0])
        equal = self.dice.random() < 0.5
        lengths = [size // count] * count
        if not equal and size > 1:
            first = self.dice.randrange(1, size)
            lengths = [first, size - first]
        parts = self.builder.split(self.end, axis, lengths, equal=equal)
        self.dice.shuffle(parts)
        return self.builder.concat(parts, axis) if self.dice.random() < 0.5 else parts[0]

    def _other_scale(self) -> tuple[float, int]:
        scale = self.builder.tensors[self.end].scales[0] * self.dice.choice([0.4, 0.9, 1.7])
        return float(np.float32(scale)), self.dice.randint(-100, 100)


_METHODS: Sequence[str] = (
    "conv",
    "depthwise",
    "depthwise_3x3",
    "dealt_out",
    "conv_and_pool",
    "padded_conv",
    "padding",
    "pool",
    "add",
    "mul",
    "concat",
    "mean",
    "reshape",
    "flatten",
    "dense",
    "logistic",
    "relu",
    "quantize",
    "softmax",
    "leaky_relu",
    "tanh",
    "reduce_max",
    "resize_nearest",
    "transpose",
    "strided_slice",
    "slice",
    "split",
    "sub",
    "extreme",
    "spread",
    "hard_swish",
    "prelu",
    "mean_of_axes",
    "extreme_of_axes",
    "axis_of_one",
    "many_axes",
    "stacked",
    "depth_and_space",
    "tile",
    "reverse",
    "gather",
    "border",
    "resize_bilinear",
    "log_softmax",
    "l2_normalization",
    "batch_matmul",
    "transpose_conv",
    "grouped_conv",
    "float_run",
    "limits",
    "gelu",
    "abs",
    "exp",
    "rsqrt",
    "squared_difference",
)
_VECTOR_METHODS = (
    *("add", "sub", "mul", "extreme", "dense", "logistic", "relu", "quantize", "softmax", "leaky_relu", "tanh"),
    *("hard_swish", "prelu", "limits", "gelu", "abs", "exp", "rsqrt", "squared_difference"),
)
MAKERS: dict[str, Callable[[_Network], int]] = {name: getattr(_Network, name) for name in _METHODS}
VECTOR_MAKERS: dict[str, Callable[[_Network], int]] = {name: MAKERS[name] for name in _VECTOR_METHODS}
