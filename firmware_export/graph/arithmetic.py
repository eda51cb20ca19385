"""TFLite's integer arithmetic: the constants that its reference kernels prepare, and the operations they use.

The reference is TFLite 2.14 with ``OpResolverType.BUILTIN_REF`` on x86-64; tests/firmware_export/test_arithmetic.py
holds every formula against it. Scales are float32 numbers; which product or quotient of scales TFLite rounds to float32
and which it keeps as a double decides the last bit of a multiplier, so each function says it.

Sources, below tensorflow/lite/kernels: internal/common.h, internal/quantization_util.cc, kernel_util.cc,
activations.cc, internal/reference/softmax.h and reduce.h; and gemmlowp's fixedpoint/fixedpoint.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.model import Operand, Rescaling, Value

ADD_LEFT_SHIFT = 20
WIDE_LEFT_SHIFT = 15
"""The same of int16."""
SOFTMAX_INTEGER_BITS = 5
"""Integer bits of the scaled differences that go into softmax's exponential."""

_INT8 = np.iinfo(np.int8)
_INT32 = np.iinfo(np.int32)
_ONE_EIGHTH = 1 << 28
_EXP_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883
_EXP_MINUS_POWERS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
"""``(p, exp(-2**p) as Q0.31)``, as in gemmlowp."""


def high_mul(a: int, b: int) -> int:
    """gemmlowp's ``SaturatingRoundingDoublingHighMul``: ``a * b / 2**31``, ties upwards.

    gemmlowp has ``(a * b + nudge) / 2**31`` in 64 bits with C's division, which truncates; nudge is ``2**30`` for
    products from 0 on, else ``1 - 2**30``. Both together are a shift, which rounds down, after ``2**30``. Only
    ``a == b == -2**31`` saturates.
    """
    return min((a * b + (1 << 30)) >> 31, int(_INT32.max))


def rounding_shift(value: int, exponent: int) -> int:
    """gemmlowp's ``RoundingDivideByPOT``: ``value / 2**exponent`` rounded to nearest, ties away from zero."""
    mask = (1 << exponent) - 1
    return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0))


def multiply(value: int, multiplier: int, exponent: int) -> int:
    """TFLite's ``MultiplyByQuantizedMultiplier`` with double rounding.

    ``rounding_shift(high_mul(value << max(exponent, 0), multiplier), max(-exponent, 0))``.
    """
    return rounding_shift(high_mul(value << max(exponent, 0), multiplier), max(-exponent, 0))


def quantize_multiplier(real: float) -> tuple[int, int]:
    """TFLite's ``QuantizeMultiplier``: (multiplier, exponent) with ``real ~ multiplier * 2**(exponent - 31)``.

    Args:
        real: 0 or more, finite.

    Returns:
        A multiplier in [2**30, 2**31), or (0, 0) where ``real`` is below 2**-32.
    """
    fraction, exponent = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        exponent += 1
    return (0, 0) if exponent < -31 else (multiplier, exponent)


def reduced_multiplier(multiplier: int) -> int:
    """The 16 bits that TFLite's ``MultiplyByQuantizedMultiplier`` of a 64-bit number takes of a multiplier."""
    return min((multiplier + (1 << 15)) >> 16, 0x7FFF)


def activation_range(activation: str, value: Value) -> tuple[int, int]:
    """TFLite's ``CalculateActivationRangeQuantized``: quotients in float32, ties away from zero.

    Args:
        activation: NONE, RELU, RELU6 or RELU_N1_TO_1; RELU_0_TO_1, which is never a fused one.
        value: the output, for its scale and zero point.
    """

    def steps(real: float) -> int:
        with np.errstate(over="ignore"):
            quotient = float(np.float32(real) / np.float32(value.scale))
        # Beyond a million the clamp decides anyway.
        return math.floor(min(quotient, 1e6) + 0.5)

    low, high = value.limits
    if activation == "RELU":
        return max(low, value.zero_point), high
    if activation == "RELU6":
        return max(low, value.zero_point), min(high, value.zero_point + steps(6.0))
    if activation == "RELU_0_TO_1":
        return max(low, value.zero_point), min(high, value.zero_point + steps(1.0))
    if activation == "RELU_N1_TO_1":
        return max(low, value.zero_point - steps(1.0)), min(high, value.zero_point + steps(1.0))
    return low, high


def convolution_ratios(source: Value, weight_scales: Sequence[float], output: Value) -> list[float]:
    """``input scale * weight scale / output scale`` in doubles, from left to right.

    What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED with a scale for each channel prepare
    (``PopulateConvolutionQuantizationParams``).
    """
    return [source.scale * scale / output.scale for scale in weight_scales]


def dense_ratio(source: Value, weight_scale: float, output: Value) -> float:
    """The same for FULLY_CONNECTED with one scale: the product is rounded to float32, the quotient is a double.

    ``GetQuantizedConvolutionMultipler``, the older way, which FULLY_CONNECTED still takes there.
    """
    with np.errstate(over="ignore", under="ignore"):
        product = np.float32(source.scale) * np.float32(weight_scale)
    return float(product) / output.scale


def rescaling(ratios: Sequence[float], output: Value, bias: NDArray[np.int32], activation: str) -> Rescaling:
    """How sums of weighted inputs become the output.

    Args:
        ratios: one, or one for each output channel.
        output: the output.
        bias: int32 of shape (output channels,).
        activation: the fused one.
    """
    pairs = [quantize_multiplier(ratio) for ratio in ratios]
    low, high = activation_range(activation, output)
    return Rescaling(
        bias=bias,
        multipliers=_spread([multiplier for multiplier, _ in pairs], len(bias)),
        exponents=_spread([exponent for _, exponent in pairs], len(bias)),
        zero_point=output.zero_point,
        low=low,
        high=high,
    )


def of_empty_channels(made: Rescaling, empty: NDArray[np.bool_]) -> Rescaling:
    """The same rescaling with small numbers where a channel has no weights other than zero, as pruning leaves some.

    TensorFlow's converter gives such a channel a tiny scale and a bias of up to ``2**30``, and all that comes of them
    is one constant: ``v = MultiplyByQuantizedMultiplier(bias, ...)``. A bias of ``8 * v`` with the multiplier ``2**30``
    and the exponent -2 gives the same ``v``, clamped to what int8 can tell apart, and leaves sums in 32 bits.

    Args:
        made: of a layer.
        empty: bool of shape (channels,). Exponents above 0 there are left alone: no converter makes them.
    """
    bias, multipliers, exponents = made.bias.copy(), made.multipliers.copy(), made.exponents.copy()
    for channel in np.flatnonzero(empty & (exponents <= 0)).tolist():
        value = multiply(int(bias[channel]), int(multipliers[channel]), int(exponents[channel]))
        bias[channel] = 8 * min(max(value, _INT8.min - _INT8.max), _INT8.max - _INT8.min)
        multipliers[channel], exponents[channel] = 1 << 30, -2
    return replace(made, bias=bias, multipliers=multipliers, exponents=exponents)


def _spread(numbers: list[int], channels: int) -> NDArray[np.int32]:
    return np.ascontiguousarray(np.broadcast_to(np.array(numbers, np.int32), (channels,)))


def mean_rescaling(source: Value, output: Value, count: int) -> Rescaling:
    """What MEAN prepares (``QuantizedMeanOrSum``): the quotient of scales, with ``1 / count`` folded in afterwards.

    ``multiplier' = (multiplier << s) / count`` truncated, ``exponent' = exponent - s``, where
    ``s = min(floor(log2(count)), 32, 31 + exponent)``; so ``multiplier'`` is in [2**29, 2**31). (No value has the
    2**32 elements for which the 32 would decide.) The kernel adds ``-count * input zero point`` to the sum of the
    inputs before it multiplies: that is the bias. There is no separate path for equal scales or for keep_dims.

    Args:
        source: the input.
        output: the output.
        count: how many inputs each output is the mean of.
    """
    multiplier, exponent = quantize_multiplier(source.scale / output.scale)
    shift = min(count.bit_length() - 1, 31 + exponent)
    return Rescaling(
        bias=np.array([-count * source.zero_point], np.int32),
        multipliers=np.array([(multiplier << shift) // count], np.int32),
        exponents=np.array([exponent - shift], np.int32),
        zero_point=output.zero_point,
        low=int(_INT8.min),
        high=int(_INT8.max),
    )


def add_operands(
    left: Value, right: Value, output: Value, left_shift: int = ADD_LEFT_SHIFT
) -> tuple[Operand, Operand, Operand]:
    """What ADD prepares: both sides over twice the greater scale, and the way from there to the output.

    Doubles: ``scale / (2 * max)`` and ``2 * max / (2**left_shift * output scale)``.

    Returns:
        Operands of the left side, the right side and the output; TFLite wants their exponents to be 0 or less.
    """
    twice = 2.0 * max(left.scale, right.scale)
    return (
        Operand(left.zero_point, *quantize_multiplier(left.scale / twice)),
        Operand(right.zero_point, *quantize_multiplier(right.scale / twice)),
        Operand(output.zero_point, *quantize_multiplier(twice / ((1 << left_shift) * output.scale))),
    )


def mul_output(left: Value, right: Value, output: Value) -> Operand:
    """What MUL prepares: ``left scale * right scale / output scale``, product and quotient rounded to float32."""
    with np.errstate(over="ignore", under="ignore"):
        product = np.float32(left.scale) * np.float32(right.scale)
        real = float(product / np.float32(output.scale))
    return Operand(output.zero_point, *quantize_multiplier(real))


def quantize_table(source: Value, output: Value) -> NDArray[np.int8]:
    """QUANTIZE from int8 to int8 for every input (``Requantize``); the quotient of scales is a double."""
    multiplier, exponent = quantize_multiplier(source.scale / output.scale)
    return table(lambda q: output.zero_point + multiply(q - source.zero_point, multiplier, exponent))


def relu_table(source: Value, output: Value, activation: str) -> NDArray[np.int8]:
    """RELU and other limits for every input (``QuantizedReluX``); the quotient of scales is rounded to float32."""
    low, high = activation_range(activation, output)
    with np.errstate(over="ignore", under="ignore"):
        real = float(np.float32(source.scale) / np.float32(output.scale))
    multiplier, exponent = quantize_multiplier(real)
    return table(
        lambda q: min(max(output.zero_point + multiply(q - source.zero_point, multiplier, exponent), low), high)
    )


def logistic_table(source: Value, output: Value) -> NDArray[np.int8]:
    """LOGISTIC for every input: ``round(256 / (1 + exp(-x))) + zero point`` in float32 (``PopulateLookupTable``)."""

    def logistic(q: int) -> int:
        with np.errstate(over="ignore"):
            real = np.float32(source.scale) * np.float32(q - source.zero_point)
        # C's expf rounds correctly nearly always; NumPy's float32 exp differs between machines in the last bit.
        power = np.float32(math.exp(min(-float(real), 88.0)))
        share = np.float32(1) / (np.float32(1) + power)
        return output.zero_point + math.floor(float(share * np.float32(256)) + 0.5)

    return table(logistic)


def table(function: Callable[[int], int]) -> NDArray[np.int8]:
    """A function of an int8 for each of the 256, clamped to int8."""
    outputs = [function(q) for q in range(_INT8.min, _INT8.max + 1)]
    return np.clip(np.array(outputs, np.int64), _INT8.min, _INT8.max).astype(np.int8)


def softmax_exponentials(scale: float, beta: float) -> NDArray[np.int32]:
    """Softmax's exponentials, ``exp(-d * scale * beta)`` as Q0.31 for d = 0, 1, ... (reference_ops::Softmax).

    ``PreprocessSoftmaxScaling`` in doubles gives the multiplier that brings a difference to Q5.26; differences below
    ``diff_min`` take no part, so the table ends before them, or before the first of the zeros at its end. (TFLite
    holds the multiplier below 2**31: from there on no difference but 0 takes part.)

    Args:
        scale: of the input.
        beta: float32 number; ``scale * beta`` is above 2**-26.

    Returns:
        int32 of shape (n,), 1 <= n <= 256; the first is 2**31 - 1.
    """
    bits = 31 - SOFTMAX_INTEGER_BITS
    multiplier, exponent = quantize_multiplier(beta * scale * (1 << bits))
    furthest = (((1 << SOFTMAX_INTEGER_BITS) - 1) << bits) >> exponent
    powers = [_exp_on_negative(multiply(-d, multiplier, exponent)) for d in range(min(furthest, 255) + 1)]
    while not powers[-1]:
        powers.pop()
    return np.array(powers, np.int32)


def _exp_on_negative(value: int) -> int:
    """gemmlowp's ``exp_on_negative_values`` from Q5.26 (0 or less) to Q0.31.

    A Taylor series on [-1/4, 0) times constants ``exp(-2**p)`` for the bits of the rest.
    """
    if value == 0:
        return int(_INT32.max)
    quarter = 1 << (31 - SOFTMAX_INTEGER_BITS - 2)
    within = (value & (quarter - 1)) - quarter
    x = (within << SOFTMAX_INTEGER_BITS) + _ONE_EIGHTH
    squared = high_mul(x, x)
    cubed, fourth = high_mul(squared, x), high_mul(squared, squared)
    tail = rounding_shift(high_mul(rounding_shift(fourth, 2) + cubed, _ONE_THIRD) + squared, 1)
    result = _EXP_MINUS_ONE_EIGHTH + high_mul(_EXP_MINUS_ONE_EIGHTH, x + tail)
    rest = within - value
    for power, factor in _EXP_MINUS_POWERS:
        if rest & (1 << (31 - SOFTMAX_INTEGER_BITS + power)):
            result = high_mul(result, factor)
    return result
