"""Networks of several inputs and outputs, and those whose outputs are more than the end of a line of layers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from model_builder import ModelBuilder

IMAGE, VECTOR = (1, 7, 6, 2), (1, 7)


def _named(built: ModelBuilder, *names: str) -> None:
    """Give the inputs names."""
    for number, name in zip(built.inputs, names, strict=True):
        built.tensors[number].name = name.encode()


def two_heads() -> bytes:
    """A picture, and two dense layers behind one convolution: a class, and three numbers."""
    built = ModelBuilder(21)
    maps = built.conv(built.input(IMAGE), 6, stride=(2, 2), activation="RELU")
    return built.build(built.softmax(built.dense(maps, 10)), built.dense(maps, 3))


def two_branches() -> bytes:
    """A picture and a vector, joined before the last layer."""
    built = ModelBuilder(22)
    image, vector = built.input(IMAGE, 1 / 255, -128), built.input(VECTOR, 0.05, 3)
    _named(built, "serving_default_image:0", "serving_default_Sensor Values:0")
    maps = built.pool(built.conv(image, 5, activation="RELU"))
    left = built.dense(maps, 6, output=(0.07, -4))
    right = built.dense(vector, 5, output=(0.07, -4))
    return built.build(built.dense(built.concat([left, right], 1), 4))


def both() -> bytes:
    """Two pictures of different heights in, a map and a class out."""
    built = ModelBuilder(23)
    tall, low = built.input((1, 11, 6, 2), 0.02, 4), built.input((1, 5, 6, 2), 0.02, 4)
    _named(built, "tall", "low")
    one = built.conv(tall, 4, output=(0.5, 3))
    two = built.conv(low, 4, (1, 3), output=(0.5, 3))
    joined = built.concat([one, two], 1)
    return built.build(built.conv(joined, 3), built.dense(built.mean(joined), 5))


def parts() -> bytes:
    """A SPLIT whose both parts are outputs."""
    built = ModelBuilder(24)
    maps = built.conv(built.input(IMAGE), 6)
    return built.build(*built.split(maps, 3, [2, 4]))


def halves_of_rows() -> bytes:
    """A SPLIT along the rows, whose first part is read on as well."""
    built = ModelBuilder(25)
    maps = built.conv(built.input(IMAGE), 4)
    upper, lower = built.split(maps, 1, [3, 4])
    return built.build(lower, upper, built.conv(upper, 2, stride=(2, 2)))


def read_on() -> bytes:
    """Outputs that later layers read: by windows, element by element, and under another shape."""
    built = ModelBuilder(26)
    first = built.conv(built.input(IMAGE), 4, activation="RELU")
    second = built.conv(first, 4, (3, 3), output=(0.3, 5))
    third = built.relu(second)
    return built.build(second, first, third, built.dense(third, 6))


def passed_through() -> bytes:
    """An input that is an output as well."""
    built = ModelBuilder(27)
    image, vector = built.input(IMAGE), built.input(VECTOR, 0.05, 3)
    return built.build(image, built.conv(image, 3), vector)


def reshaped() -> bytes:
    """Outputs that are others, or an input, under another shape."""
    built = ModelBuilder(28)
    image = built.input(IMAGE)
    maps = built.conv(image, 4)
    flat = built.reshape(maps, (1, 168))
    return built.build(flat, maps, built.reshape(image, (1, 84)), built.dense(flat, 3))


def twice() -> bytes:
    """One tensor that is two outputs."""
    built = ModelBuilder(29)
    end = built.dense(built.input(VECTOR, 0.05, 3), 5)
    return built.build(end, end)


def unread() -> bytes:
    """An input that nobody reads."""
    built = ModelBuilder(30)
    image, _, last = built.input(IMAGE), built.input((1, 4, 4, 2)), built.input(VECTOR, 0.05, 3)
    left = built.dense(built.conv(image, 3, stride=(3, 3)), 4, output=(0.2, 0))
    return built.build(built.add(left, built.dense(last, 4, output=(0.2, 0))))


def in_place() -> bytes:
    """Sums that could be made where their operands lie, of which one is an output and one an input."""
    built = ModelBuilder(31)
    left, right = built.input((1, 6, 5, 4), 0.02, 1), built.input((1, 6, 5, 4), 0.03, -9)
    total = built.add(left, right)
    return built.build(total, built.add(total, right), built.mul(left, total))


def padded_and_planar() -> bytes:
    """Outputs and inputs that depthwise convolutions read: they want planes with padding, the caller plain rows."""
    built = ModelBuilder(32)
    image, other = built.input((1, 5, 4, 4), 0.02, -3), built.input((1, 5, 4, 4), 0.02, 5)
    one = built.depthwise(image, 1, (3, 3))
    two = built.depthwise(other, 1, (3, 3), stride=(2, 2))
    return built.build(one, two, built.depthwise(one, 1, (3, 3)), built.conv(one, 2))


def merged() -> bytes:
    """A convolution whose result a maximum and a padding behind it may not swallow, because it is an output."""
    built = ModelBuilder(33)
    maps = built.conv(built.input(IMAGE), 4, activation="RELU")
    wide = built.pad(maps, (1, 1), (1, 1))
    return built.build(maps, built.pool(maps), wide, built.conv(wide, 3, padding="VALID"))


NETWORKS: dict[str, Callable[[], bytes]] = {
    network.__name__: network
    for network in (
        *(two_heads, two_branches, both, parts, halves_of_rows, read_on, passed_through, reshaped, twice, unread),
        *(in_place, padded_and_planar, merged),
    )
}


def typed(source: str = "float32", result: str = "uint8") -> bytes:
    """A network of two inputs and three outputs of different types, int8 inside."""
    built = ModelBuilder(34)
    plain = built.input((1, 8, 8, 2), 0.0213, -17)
    other = built.input((1, 6), *((0.0, 0) if source == "float32" else (0.05, 140)), np.dtype(source).type)
    _named(built, "image", "values")
    left = built.dense(plain, 4, output=(0.11, 2))
    right = built.dense(built.quantize(other, (0.05, 12)), 4, output=(0.11, 2))
    total = built.add(left, right)
    made = built.tensors[total]
    ends = [left, built.dequantize(total)]
    if result == "uint8":
        whole = built.tensor(made.shape, made.scales[0], made.zero_points[0] + 128, dtype=np.uint8)
        ends.append(built.operator("QUANTIZE", 1, [total], whole))
    return built.build(*ends)
