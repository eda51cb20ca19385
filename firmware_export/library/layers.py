"""Constants of each layer as C: weights in the order in which the kernels read them, biases, multipliers, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.graph.model import (
    Add,
    Concatenation,
    Conv,
    Depthwise,
    Mean,
    Mul,
    Operand,
    Pad,
    Pool,
    Rescaling,
    Softmax,
    Table,
)
from edgedigits.firmware_export.library.packing import conv_weights, dsp_block, weight_macros
from edgedigits.firmware_export.library.structs import initializer
from edgedigits.firmware_export.planning.stages import Program, RowValue, Stage

GREATEST_SUM = 2**30
"""Sums stay below this, so that doubling them fits 32 bits."""

_LINE = 112
_HELIUM_READS = 32


@dataclass(frozen=True)
class LayerText:
    """A layer in C: the definitions of its arrays and the struct ``layer_<n>``, and the bytes of its weights."""

    text: str
    weight_bytes: int


def layer_text(program: Program, place: int, name: str) -> LayerText:
    """C of one stage's constants.

    Raises:
        EdgedigitsError: numbers that the kernels' integers cannot hold.
    """
    stage = program.stages[place]
    write = _WRITERS[stage.kind]
    return write(_Layer(program, stage, place, name))


@dataclass(frozen=True)
class _Layer:
    program: Program
    stage: Stage
    place: int
    name: str

    @property
    def source(self) -> RowValue:
        return self.program.values[self.stage.inputs[0]]

    @property
    def target(self) -> RowValue:
        return self.program.values[self.stage.output]

    def array(self, kind: str, what: str, numbers: Iterable[str], tail: str = "") -> str:
        """Definition of one constant array."""
        return f"static const FLASH {kind} {self.name}_{what}_{self.place}[] ALIGNED = {{\n{_lines(numbers)}{tail}}};\n"

    def struct(self, kind: str, fields: Iterable[object]) -> str:
        """Definition of the layer's struct."""
        return f"static const FLASH {kind} layer_{self.place} = {initializer(kind, fields, self.stage.title)};\n"


def _lines(numbers: Iterable[str]) -> str:
    lines, line = [], ""
    for number in numbers:
        if len(line) + len(number) > _LINE:
            lines.append(f"    {line.rstrip()}\n")
            line = ""
        line += f"{number}, "
    return "".join([*lines, f"    {line.rstrip()}\n"] if line else lines)


def _plain(numbers: NDArray[np.generic]) -> Iterable[str]:
    return (str(int(number)) for number in numbers.ravel())


def is_rectified(rescaling: Rescaling) -> bool:
    """True where the kernels may rescale the short way: see ``rescaling_t`` in ``types.h``."""
    exponents = np.where(rescaling.multipliers == 0, -2, rescaling.exponents)
    return (
        rescaling.zero_point == rescaling.low == -128
        and rescaling.high == 127
        and bool(np.all((exponents >= -24) & (exponents <= -2)))
    )


def rescaling_text(layer: _Layer, rescaling: Rescaling, biases: Iterable[str]) -> tuple[str, str]:
    """Arrays of a rescaling, and its initializer inside a layer's struct."""
    exponents = np.where(rescaling.multipliers == 0, -2, rescaling.exponents)
    arrays = (
        layer.array("int32_t", "bias", biases)
        + layer.array("int32_t", "multiplier", _plain(rescaling.multipliers))
        + layer.array("int8_t", "exponent", _plain(exponents))
    )
    names = ", ".join(f"{layer.name}_{what}_{layer.place}" for what in ("bias", "multiplier", "exponent"))
    limits = f"{rescaling.zero_point}, {rescaling.low}, {rescaling.high}, {int(is_rectified(rescaling))}"
    return arrays, f"{{{names}, {limits}}}"


def check_sums(layer: _Layer, weights: NDArray[np.int8], rescaling: Rescaling, zero: int) -> None:
    """Raise where a sum of the layer could leave the range in which the arithmetic is exact.

    Args:
        layer: named in the message.
        weights: int8 of shape (channels, taps).
        rescaling: its biases and exponents.
        zero: zero point of the input.
    """
    size = np.abs(weights.astype(np.int64)).sum(axis=1) * max(127 - zero, zero + 128, 255)
    size = (size + np.abs(rescaling.bias.astype(np.int64))) * 2 ** np.maximum(rescaling.exponents, 0).astype(np.int64)
    if np.any(size >= GREATEST_SUM):
        raise EdgedigitsError(
            f"{layer.stage.title}: its sums can leave 32 bits",
            "train the network again, its biases are out of proportion",
        )


def fits_dsp(program: Program) -> bool:
    """False where a weight of -128 stands beside one below 0: the bytes that the DSP kernels read have no room for it.

    They hold the second weight of each pair less one where the first one is negative (``W1`` in types.h). TFLite's
    converter makes no weights of -128.
    """
    for stage in program.stages:
        if isinstance(stage.node, Conv):
            packed = conv_weights(stage.node.weights, stage.node.window.dilation[1])
            if np.any((packed[..., 0] < 0) & (packed[..., 1] == -128)):
                return False
    return True


def _conv(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Conv)
    channels, rows, columns, depth = node.weights.shape
    dilation = node.window.dilation[1]
    zero = layer.source.zero
    check_sums(layer, node.weights.reshape(channels, -1), node.rescaling, zero)
    packed = conv_weights(node.weights, dilation)
    even = channels % 2
    totals = node.weights.reshape(channels, -1).astype(np.int64).sum(axis=1)
    signed = np.pad(node.rescaling.bias - zero * totals, (0, even))
    raised = np.pad(node.rescaling.bias - (zero + 128) * totals, (0, even))
    biases = (f"BIAS({a}, {b})" for a, b in zip(signed, raised, strict=True))
    rescaling = Rescaling(
        node.rescaling.bias,
        np.pad(node.rescaling.multipliers, (0, even)),
        np.pad(node.rescaling.exponents, (0, even)),
        node.rescaling.zero_point,
        node.rescaling.low,
        node.rescaling.high,
    )
    arrays, to = rescaling_text(layer, rescaling, biases)
    taps = packed.shape[1]
    runs, length = (1, columns * depth) if dilation == 1 else (columns, depth)
    spare = -(-taps // 16) * _HELIUM_READS - 2 * taps
    tail = f"#if defined(WITH_HELIUM)\n{_lines(['0'] * spare)}#endif\n" if spare else ""
    weights = layer.array("weight_t", "weights", weight_macros(packed, length), tail)
    fields = (
        to,
        f"{layer.name}_weights_{layer.place}",
        layer.target.shape[1],
        channels + even,
        channels,
        layer.target.beside,
        layer.target.deeper,
        f"TAPS({taps}, {-(-taps // 4) * 4})" if taps % 4 else taps,
        dsp_block(packed, signed),
        node.window.stride[1] * depth,
        length,
        0 if dilation == 1 else dilation * depth,
        runs,
        rows,
        int(layer.stage.pooled),
        layer.stage.groups,
    )
    return LayerText(arrays + weights + layer.struct("conv_t", fields), packed.size)


def _depthwise(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Depthwise)
    rows, columns, channels = node.weights.shape
    flat = node.weights.reshape(-1, channels)
    check_sums(layer, flat.T, node.rescaling, layer.source.zero)
    biases = node.rescaling.bias - layer.source.zero * flat.astype(np.int64).sum(axis=0)
    arrays, to = rescaling_text(layer, node.rescaling, _plain(biases))
    # One byte more than there are: the kernels read four at once.
    weights = layer.array("int8_t", "weights", (*_plain(flat.T), "0"))
    fields = (
        to,
        f"{layer.name}_weights_{layer.place}",
        layer.target.shape[1],
        channels,
        layer.source.plane,
        node.window.stride[1],
        node.window.dilation[1],
        columns,
        rows,
    )
    return LayerText(arrays + weights + layer.struct("depthwise_t", fields), flat.size)


def _pool(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Pool)
    window = node.window
    fields = (
        layer.target.shape[1],
        layer.target.shape[2],
        layer.source.shape[1],
        *window.size,
        window.stride[1],
        window.before[1],
        node.low,
        node.high,
    )
    return LayerText(layer.struct("pool_t", fields), 0)


def _mean(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Mean)
    height, width, channels = layer.source.shape
    arrays, to = rescaling_text(layer, node.rescaling, _plain(node.rescaling.bias))
    return LayerText(arrays + layer.struct("mean_t", (to, width, height, channels)), 0)


def _softmax(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Softmax)
    table = np.trim_zeros((node.exponentials.astype(np.int64) + 0x800) >> 12, "b")
    array = layer.array("int32_t", "exponentials", _plain(node.exponentials[: len(table)]))
    fields = (f"{layer.name}_exponentials_{layer.place}", len(table), *layer.target.shape[1:])
    return LayerText(array + layer.struct("softmax_t", fields), 0)


def _table(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Table)
    array = layer.array("int8_t", "table", _plain(node.outputs))
    width = layer.target.shape[1] * layer.target.shape[2]
    return LayerText(array + layer.struct("table_t", (f"{layer.name}_table_{layer.place}", width)), 0)


def _operand(operand: Operand) -> str:
    return f"{{{operand.multiplier}, {operand.exponent}, {operand.zero_point}}}"


def _add(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Add)
    operands = (_operand(node.left), _operand(node.right), _operand(node.output_scale))
    width = layer.target.shape[1] * layer.target.shape[2]
    return LayerText(layer.struct("pairwise_t", (*operands, width, node.left_shift, node.low, node.high)), 0)


def _mul(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Mul)
    zeros = (_operand(Operand(zero, 0, 0)) for zero in node.zero_points)
    width = layer.target.shape[1] * layer.target.shape[2]
    fields = (*zeros, _operand(node.output_scale), width, 0, node.low, node.high)
    return LayerText(layer.struct("pairwise_t", fields), 0)


def _concat(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Concatenation)
    first, second = (layer.program.values[number].shape for number in layer.stage.inputs)
    if node.axis == 0:
        fields = (first[1] * first[2], 0, 0, first[0])
    elif node.axis == 1:
        fields = (1, first[1] * first[2], second[1] * second[2], 0)
    else:
        fields = (first[1], first[2], second[2], 0)
    return LayerText(layer.struct("concat_t", fields), 0)


def _pad(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, Pad)
    height, width, depth = layer.source.shape
    fields = (node.before[1] * depth, width * depth, node.after[1] * depth, node.before[0], height, node.value)
    return LayerText(layer.struct("pad_t", fields), 0)


def _constant(layer: _Layer) -> LayerText:
    node = layer.stage.node
    assert isinstance(node, (Add, Mul)) and node.constant is not None
    height, width, depth = layer.target.shape
    values = np.broadcast_to(node.constant, (node.constant.shape[0], width, depth))
    fields = (f"{layer.name}_constant_{layer.place}", width * depth, width * depth if len(values) == height > 1 else 0)
    return LayerText(
        layer.array("int8_t", "constant", _plain(values)) + layer.struct("constant_t", fields), values.size
    )


def _repeat(layer: _Layer) -> LayerText:
    _, width, depth = layer.source.shape
    return LayerText(layer.struct("repeat_t", (depth, width, layer.target.shape[2] // depth)), 0)


def _copy(layer: _Layer) -> LayerText:
    _, width, depth = layer.source.shape
    fields = (width, depth, layer.target.beside, layer.target.deeper)
    return LayerText(layer.struct("copy_t", fields), 0)


_WRITERS: dict[str, Callable[[_Layer], LayerText]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "pool_max": _pool,
    "pool_average": _pool,
    "mean": _mean,
    "softmax": _softmax,
    "table": _table,
    "add": _add,
    "mul": _mul,
    "concat": _concat,
    "pad": _pad,
    "constant": _constant,
    "repeat": _repeat,
    "copy": _copy,
}
