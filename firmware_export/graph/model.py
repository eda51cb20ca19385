"""A network of int8 operators with all its constants: what the reader makes of a ``.tflite`` file.

Nothing here knows TFLite's file format, nothing here knows C. A batch axis of one is dropped: every value is a stack of
rows of shape (height, width, channels), a vector is (1, 1, length).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]
"""Height, width, channels."""


@dataclass(frozen=True)
class Value:
    """An int8 tensor that flows through the network: ``real = (q - zero_point) * scale``.

    Attributes:
        shape: (height, width, channels).
        scale: a float32 number, greater than 0.
        zero_point: from -128 to 127.
    """

    shape: Shape
    scale: float
    zero_point: int


@dataclass(frozen=True)
class Window:
    """How a two-dimensional window steps over its input; each pair is (vertical, horizontal).

    Attributes:
        size: rows and columns of the window.
        stride: step between neighbouring outputs.
        dilation: distance between neighbouring taps.
        before: rows above and columns left of the input that a SAME window also covers.
        after: rows below and columns right of it.
    """

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)
    after: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Rescaling:
    """From int32 sums to int8, one entry for each output channel.

    ``q = clamp(zero_point + MultiplyByQuantizedMultiplier(sum + bias, multiplier, exponent), low, high)``, with
    TFLite's ``MultiplyByQuantizedMultiplier`` (tensorflow/lite/kernels/internal/common.h, double rounding).

    Attributes:
        bias: int32 of shape (channels,).
        multipliers: int32 of shape (channels,), in [2**30, 2**31) or 0 (MEAN: from 2**29).
        exponents: int32 of shape (channels,): powers of two, positive to the left.
        zero_point: of the output.
        low: least output, from the fused activation.
        high: greatest output.
    """

    bias: NDArray[np.int32]
    multipliers: NDArray[np.int32]
    exponents: NDArray[np.int32]
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True)
class Node:
    """An operator: which values it reads, which one it makes.

    Attributes:
        name: TFLite's name of the operator and its place in the file, such as ``CONV_2D 0``; for messages and comments.
        inputs: names (numbers) of the values read.
        output: name of the value made.
    """

    name: str
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class Conv(Node):
    """CONV_2D, and FULLY_CONNECTED as a window of size 1 over an input of shape (1, 1, length).

    Attributes:
        window: its steps.
        weights: int8 of shape (output channels, window rows, window columns, input channels).
        rescaling: of the sums ``sum(weight * (x - input zero point))``.
    """

    window: Window
    weights: NDArray[np.int8]
    rescaling: Rescaling


@dataclass(frozen=True)
class Depthwise(Node):
    """DEPTHWISE_CONV_2D.

    Attributes:
        window: its steps.
        weights: int8 of shape (window rows, window columns, output channels); output channel ``o`` reads input channel
            ``o // multiplier``, where ``multiplier = output channels // input channels``.
        rescaling: as for Conv.
    """

    window: Window
    weights: NDArray[np.int8]
    rescaling: Rescaling


@dataclass(frozen=True)
class Pool(Node):
    """MAX_POOL_2D and AVERAGE_POOL_2D; the padding takes no part.

    Attributes:
        kind: ``max`` or ``average``; an average divides the sum of the stored ``x`` by the n taps inside the input and
            rounds half away from zero: ``(sum + n / 2) / n`` for sums above 0, else ``(sum - n / 2) / n``, with C's
            division. Input and output have one scale and zero point; low and high clamp afterwards.
        window: its steps.
        low: least output, from the fused activation.
        high: greatest output.
    """

    kind: str
    window: Window
    low: int
    high: int


@dataclass(frozen=True)
class Mean(Node):
    """MEAN over height and width.

    Attributes:
        rescaling: of the plain sums of ``x``, one entry: ``q = clamp(zero_point + MBQM(sum + bias, multiplier,
            exponent))`` with ``bias = -height * width * input zero point``. The multiplier has ``1 / (height * width)``
            folded in and is in [2**29, 2**31).
    """

    rescaling: Rescaling


@dataclass(frozen=True)
class Softmax(Node):
    """SOFTMAX over the channels of each pixel, int8 to int8 with scale 1/256 and zero point -128.

    BUILTIN_REF computes it in gemmlowp's fixed point. With E for ``exponentials``, n for its length,
    ``d = max(x) - x``, ``high_mul`` for SaturatingRoundingDoublingHighMul::

        sum      = sum of (E[d] + 2048) >> 12 over the channels with d < n      (2**19 <= sum < 2**28)
        headroom = leading zeros of sum                                         (4..12)
        half     = (sum << headroom) >> 1                                       (2**30 <= half < 2**31)
        r        = 1515870810 + high_mul(half, -1010580540)
        3 times:   r = r + clamp32(high_mul(r, 2**29 - high_mul(half, r)) * 4)
        r        = clamp32(r * 2)
        p        = high_mul(r, E[d])                                            (0 or more)
        q        = min(127, ((p + (1 << (34 - headroom))) >> (35 - headroom)) - 128)    where d < n
        q        = -128                                                                 elsewhere

    Attributes:
        exponentials: int32 of shape (n,), 1 <= n <= 256: ``exp(-d * scale * beta)`` for d = 0, 1, ... as Q0.31, as
            gemmlowp's ``exp_on_negative_values`` gives it; differences beyond the table contribute nothing.
    """

    exponentials: NDArray[np.int32]


@dataclass(frozen=True)
class Table(Node):
    """An operator on single elements: RELU, RELU6, LOGISTIC, QUANTIZE from int8 to int8.

    Attributes:
        outputs: int8 of shape (256,): the output for the inputs -128, -127, ... 127.
    """

    outputs: NDArray[np.int8]


@dataclass(frozen=True)
class Operand:
    """How one side of an addition is brought to the common scale: zero point, multiplier and exponent."""

    zero_point: int
    multiplier: int
    exponent: int


@dataclass(frozen=True)
class Add(Node):
    """ADD of two values of the same shape (or of channels to every pixel).

    ``q = clamp(zp + MBQM(MBQM((a - zp_a) << left_shift, a) + MBQM((b - zp_b) << left_shift, b), out), low, high)``.

    Attributes:
        left: of the first input.
        right: of the second input, or of ``constant``.
        left_shift: 20 in TFLite.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
        constant: int8 that stands in place of a second input, of shape (1, 1, channels) or of the first input's; else
            None.
    """

    left: Operand
    right: Operand
    left_shift: int
    output_scale: Operand
    low: int
    high: int
    constant: NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Mul(Node):
    """MUL: ``q = clamp(zp + MBQM((a - zp_a) * (b - zp_b), multiplier, exponent), low, high)``.

    Attributes:
        zero_points: of the two inputs.
        output_scale: zero point, multiplier and exponent of the output.
        low: least output.
        high: greatest output.
        constant: as for Add.
    """

    zero_points: tuple[int, int]
    output_scale: Operand
    low: int
    high: int
    constant: NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Pad(Node):
    """PAD and PADV2 of rows and columns with one value.

    Attributes:
        before: rows above, columns left.
        after: rows below, columns right.
        value: int8 that fills them.
    """

    before: tuple[int, int]
    after: tuple[int, int]
    value: int


@dataclass(frozen=True)
class Concatenation(Node):
    """CONCATENATION of values of one scale and zero point.

    Attributes:
        axis: 0 rows, 1 columns, 2 channels.
    """

    axis: int


@dataclass(frozen=True)
class Reshape(Node):
    """RESHAPE (and SQUEEZE, EXPAND_DIMS): the same bytes under another shape."""


@dataclass(frozen=True)
class Graph:
    """A whole network.

    Attributes:
        values: every value that flows, by number.
        nodes: in an order in which they can run.
        input: number of the network's input.
        output: number of its output.
    """

    values: dict[int, Value]
    nodes: tuple[Node, ...]
    input: int
    output: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the convolutions and dense layers for one input."""
        total = 0
        for node in self.nodes:
            if isinstance(node, (Conv, Depthwise)):
                height, width, _ = self.values[node.output].shape
                total += height * width * int(node.weights.size)
        return total
