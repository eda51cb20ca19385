"""BATCH_MATMUL of two values, as attention has it, or of a value and a constant.

Source: ``EvalInt8`` (tensorflow/lite/kernels/batch_matmul.cc) and ``BatchMatMul`` (internal/reference/batch_matmul.h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter, operand
from edgedigits.firmware_export.graph.arithmetic import dense_ratio, quantize_multiplier, rescaling
from edgedigits.firmware_export.graph.formulas import output_of
from edgedigits.firmware_export.graph.layers import LARGEST_MULTIPLIER, LEAVE_OUT, QUANTIZE_FIRST, Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Graph, Node, Operand, Value, Whole, Window
from edgedigits.firmware_export.operators.contract import KernelSource, Operator
from edgedigits.firmware_export.operators.shared import constants, convolution
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text

_BATCH_MATMUL = Kernel("batch_matmul")


@dataclass(frozen=True)
class BatchMatmul(Node):
    """``q = clamp(zp + MBQM(sum of (a - zp_a) * (b - zp_b)))``: a product of matrices for each row of both values.

    Attributes:
        turned: whether the last two axes of each side are exchanged before.
        zero_points: of both sides.
        output_scale: zero point, multiplier and exponent of the output.
    """

    turned: tuple[bool, bool]
    zero_points: tuple[int, int]
    output_scale: Operand

    def compute(self, given: list[Whole], graph: Graph) -> Whole:
        """Products of matrices."""
        sides = [side - zero for side, zero in zip((given[0], given[-1]), self.zero_points, strict=True)]
        left, right = (
            side.transpose(0, 2, 1) if turned else side for side, turned in zip(sides, self.turned, strict=True)
        )
        return output_of(left @ right, self.output_scale, -128, 127)

    def macs(self, graph: Graph) -> int:
        """One for each output and inner place."""
        height, width, depth = graph.values[self.inputs[0]].shape
        return height * width * depth * graph.values[self.output].shape[2]

    def lower(self, lowering: Lowering) -> None:
        """One stage; a value times itself is read twice."""
        shape = lowering.shape(self.output)
        title = f"{self.name} -> {shape_text(shape)}"
        macs = self.macs(lowering.graph)
        lowering.append(Stage(title, _BATCH_MATMUL, self, self.inputs, self.output, steps=shape[0], macs=macs))


def _sides(layer: Layer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of both sides with their last two axes in the order in which they are multiplied."""
    shapes = []
    for position, name in enumerate(("AdjX", "AdjY")):
        shape = layer.tensor(position).shape
        if not 2 <= len(shape) <= 5:
            raise layer.error("has an input with fewer than two axes or more than five")
        shapes.append((*shape[:-2], shape[-1], shape[-2]) if layer.option(name) else shape)
    return shapes[0], shapes[1]


def _shape(layer: Layer) -> Sequence[int]:
    layer.arity(2, 2)
    layer.value(0)
    layer.as_value(layer.tensor(1))
    left, right = _sides(layer)
    if left[-1] != right[-2]:
        raise layer.error(f"multiplies rows of {left[-1]} with columns of {right[-2]}")
    rank = max(len(left), len(right))
    batches = [(1,) * (rank - len(shape)) + shape[:-2] for shape in (left, right)]
    if any(a != b and 1 not in {a, b} for a, b in zip(*batches, strict=True)):
        raise layer.error("has two inputs whose shapes do not fit")
    return (*map(max, zip(*batches, strict=True)), left[-2], right[-1])


def _read(layer: Layer, output: Value) -> OperatorNodes:
    source, other = layer.value(0), layer.as_value(layer.tensor(1))
    left, _ = _sides(layer)
    ratio = dense_ratio(source, other.scale, output)
    if not ratio < LARGEST_MULTIPLIER:
        raise layer.error("has an output scale far too small for its inputs", QUANTIZE_FIRST)
    to = Operand(output.zero_point, *quantize_multiplier(ratio))
    layer.check_sums(255 * 255 * left[-1], to.exponent)
    if layer.is_constant(1) and not (layer.option("AdjX") or other.zero_point) and other.shape[0] == 1:
        return _by_constant(layer, output, source, ratio)
    if source.shape[0] != other.shape[0]:
        raise layer.error("multiplies one matrix with several", LEAVE_OUT)
    turned = (bool(layer.option("AdjX")), bool(layer.option("AdjY")))
    zeros = (source.zero_point, other.zero_point)
    number, constant = constants.flowing(layer, 1, layer.spare)
    node = BatchMatmul(layer.name, (layer.number(0), number), layer.output, turned, zeros, to)
    return OperatorNodes((*constant.nodes, node), {**constant.values, layer.output: output})


def _by_constant(layer: Layer, output: Value, source: Value, ratio: float) -> OperatorNodes:
    """A window of one pixel whose weights are the constant."""
    weights = layer.constant(1, ("INT8",))
    matrix = weights.reshape(weights.shape[-2:])
    columns = matrix if layer.option("AdjY") else matrix.T
    kernel = np.ascontiguousarray(columns).reshape(len(columns), 1, 1, source.shape[2])
    how = rescaling([ratio], output, np.zeros(len(columns), np.int32), "NONE")
    return layer.made(convolution.Conv, output, Window((1, 1)), kernel, how)


def _emit(writer: StageWriter, node: BatchMatmul) -> StageText:
    sides = [writer.program.values[number].shape[1:] for number in writer.stage.inputs]
    (down, along), (along_second, beside) = ((shape[1], 1) for shape in (sides[0], sides[-1]))
    if node.turned[0]:
        down, along = along, down
    if node.turned[1]:
        along_second, beside = beside, along_second
    rows, columns = writer.target.shape[1:]
    depth = sides[0][0] if node.turned[0] else sides[0][1]
    zeros = (operand(Operand(zero, 0, 0)) for zero in node.zero_points)
    fields = (*zeros, operand(node.output_scale), rows, columns, depth, down, along, beside, along_second)
    return StageText(writer.struct("batch_matmul_t", fields))


_CALL = "batch_matmul_row(stage->layer, rows[0], SECOND, out)"

OPERATOR = Operator(
    names=("BATCH_MATMUL",),
    shape=_shape,
    read=_read,
    options="BatchMatMulOptions",
    kernels=(KernelSource(_BATCH_MATMUL, ("batch_matmul.c",), _CALL, _emit), convolution.KERNEL, constants.KERNEL),
)
