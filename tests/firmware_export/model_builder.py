"""Full-int8 TFLite models written byte by byte with ``flatbuffers``: any operator, shape, scale and zero point.

The converter of TensorFlow makes the scales itself and needs seconds a model; a test of arithmetic wants hundreds of
models with scales that it picks. Output scales, where none is given, are chosen from the weights so that outputs fill
the int8 range without all being saturated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from layer_builder import ACTIVATIONS, INPUT_SPREAD, LayerBuilder, Pair
from model_file import BuiltTensor, file_bytes


class ModelBuilder(LayerBuilder):
    """Builds one model; every method that adds an operator returns the number of its output tensor.

    TFLite 2.14 refuses convolutions without a bias; FULLY_CONNECTED may lack it. Fused activations of pools, sums and
    products clamp only some outputs where the input's scale is about 1/50.
    """

    def pool(
        self,
        source: int,
        kind: str = "max",
        size: Pair = (2, 2),
        *,
        stride: Pair = (2, 2),
        padding: str = "VALID",
        activation: str = "NONE",
    ) -> int:
        """Add MAX_POOL_2D or AVERAGE_POOL_2D; the output keeps the input's scale and zero point."""
        given = self.tensors[source]
        shape = (1, *self.stepped(given.shape[1:3], size, stride, (1, 1), padding), given.shape[3])
        return self.operator(
            {"max": "MAX_POOL_2D", "average": "AVERAGE_POOL_2D"}[kind],
            2,
            [source],
            self.tensor(shape, given.scales[0], given.zero_points[0]),
            "Pool2DOptions",
            **self.steps(stride, padding),
            FilterHeight=size[0],
            FilterWidth=size[1],
            FusedActivationFunction=ACTIVATIONS[activation],
        )

    def mean(
        self,
        source: int,
        axes: tuple[int, ...] = (1, 2),
        *,
        keep_dims: bool = False,
        output: tuple[float, int] | None = None,
    ) -> int:
        """Add MEAN; without ``output`` the result fills the int8 range for uniform random input."""
        given = self.tensors[source]
        rank = len(given.shape)
        gone = {axis % rank for axis in axes}
        kept = [1 if i in gone else n for i, n in enumerate(given.shape) if keep_dims or i not in gone]
        if output is None:
            count = math.prod(given.shape[i] for i in gone)
            centre = 0.0 if self.wide else (-0.5 - given.zero_points[0]) * given.scales[0]
            scale = float(np.float32(max(given.scales[0] * min(1.0, 1.6 / math.sqrt(count)), abs(centre) / 100)))
            output = (scale, round(-centre / scale))
        result = self.tensor(kept, *output)
        return self.operator("MEAN", 2, [source, self.integers(*axes)], result, "ReducerOptions", KeepDims=keep_dims)

    def reduce_max(
        self, source: int, axes: Sequence[int] = (1, 2), *, keep_dims: bool = False, name: str = "REDUCE_MAX"
    ) -> int:
        """Add REDUCE_MAX, or REDUCE_MIN."""
        given = self.tensors[source]
        gone = {axis % len(given.shape) for axis in axes}
        kept = [1 if i in gone else n for i, n in enumerate(given.shape) if keep_dims or i not in gone]
        sources = [source, self.integers(*axes)]
        return self.operator(name, 2, sources, self._like(given, kept), "ReducerOptions", KeepDims=keep_dims)

    def resize_nearest(self, source: int, size: Pair, **options: bool) -> int:
        """Add RESIZE_NEAREST_NEIGHBOR; options are ``AlignCorners`` and ``HalfPixelCenters``."""
        given = self.tensors[source]
        result = self.tensor((1, *size, given.shape[3]), given.scales[0], given.zero_points[0])
        sources = [source, self.integers(*size)]
        table = "ResizeNearestNeighborOptions"
        return self.operator("RESIZE_NEAREST_NEIGHBOR", 3, sources, result, table, **options)

    def resize_bilinear(self, source: int, size: Pair, **options: bool) -> int:
        """Add RESIZE_BILINEAR; options are ``AlignCorners`` and ``HalfPixelCenters``."""
        shape = (1, *size, self.tensors[source].shape[3])
        result = self._like(self.tensors[source], shape)
        sources = [source, self.integers(*size)]
        return self.operator("RESIZE_BILINEAR", 3, sources, result, "ResizeBilinearOptions", **options)

    def batch_matmul(self, left: int, right: int, turned: tuple[bool, bool] = (False, False)) -> int:
        """Add BATCH_MATMUL of two tensors with the same axes before their last two."""
        a, b = (self.tensors[number] for number in (left, right))
        rows, depth = a.shape[:-3:-1] if turned[0] else a.shape[-2:]
        shape = (*a.shape[:-2], rows, b.shape[-2] if turned[1] else b.shape[-1])
        scale = a.scales[0] * b.scales[0] * INPUT_SPREAD**2 * math.sqrt(depth) * 2 / 128
        result = self.tensor(shape, float(np.float32(scale)), int(self.dice.integers(-40, 40)))
        options = {"AdjX": turned[0], "AdjY": turned[1]}
        return self.operator("BATCH_MATMUL", 2, [left, right], result, "BatchMatMulOptions", **options)

    def softmax(self, source: int, beta: float = 1.0) -> int:
        """Add SOFTMAX over the last axis."""
        result = self.tensor(self.tensors[source].shape, 1 / 32768 if self.wide else 1 / 256, -128)
        return self.operator("SOFTMAX", 2, [source], result, "SoftmaxOptions", Beta=beta)

    def reshape(self, source: int, shape: Sequence[int]) -> int:
        """Add RESHAPE."""
        given = self.tensors[source]
        result = self.tensor(shape, given.scales[0], given.zero_points[0])
        return self.operator("RESHAPE", 1, [source, self.integers(*shape)], result)

    def squeeze(self, source: int, axes: tuple[int, ...]) -> int:
        """Add SQUEEZE."""
        given = self.tensors[source]
        gone = {axis % len(given.shape) for axis in axes}
        shape = [n for i, n in enumerate(given.shape) if i not in gone]
        result = self.tensor(shape, given.scales[0], given.zero_points[0])
        return self.operator("SQUEEZE", 1, [source], result, "SqueezeOptions", SqueezeDims=list(axes))

    def expand_dims(self, source: int, axis: int) -> int:
        """Add EXPAND_DIMS."""
        given = self.tensors[source]
        shape = list(given.shape)
        shape.insert(axis % (len(shape) + 1), 1)
        result = self.tensor(shape, given.scales[0], given.zero_points[0])
        return self.operator("EXPAND_DIMS", 1, [source, self.integers(axis)], result, "ExpandDimsOptions")

    def add(self, left: int, right: int, *, activation: str = "NONE", output: tuple[float, int] | None = None) -> int:
        """Add ADD of two tensors of one shape, or of one that broadcasts."""
        spread = math.hypot(*(self.tensors[i].scales[0] for i in (left, right))) * INPUT_SPREAD * self.finer
        return self._elementwise("ADD", "AddOptions", left, right, spread, activation, output)

    def sub(self, left: int, right: int, *, activation: str = "NONE", output: tuple[float, int] | None = None) -> int:
        """Add SUB of two tensors of one shape, or of one that broadcasts."""
        spread = math.hypot(*(self.tensors[i].scales[0] for i in (left, right))) * INPUT_SPREAD * self.finer
        return self._elementwise("SUB", "SubOptions", left, right, spread, activation, output)

    def extreme(self, name: str, left: int, right: int) -> int:
        """Add MINIMUM or MAXIMUM of two tensors of one scale."""
        given = self.tensors[left]
        shape = np.broadcast_shapes(given.shape, self.tensors[right].shape)
        return self.operator(name, 2, [left, right], self._like(given, shape), "MaximumMinimumOptions")

    def prelu(self, source: int, slopes: int, output: tuple[float, int] | None = None) -> int:
        """Add PRELU with constant slopes."""
        given = self.tensors[source]
        result = self.tensor(given.shape, *(output or (given.scales[0], given.zero_points[0])))
        return self.operator("PRELU", 1, [source, slopes], result)

    def hard_swish(self, source: int, output: tuple[float, int] | None = None) -> int:
        """Add HARD_SWISH."""
        return self.single("HARD_SWISH", 1, source, output)

    def squared_difference(self, left: int, right: int) -> int:
        """Add SQUARED_DIFFERENCE of two tensors of one shape, or of one that broadcasts."""
        shape = np.broadcast_shapes(self.tensors[left].shape, self.tensors[right].shape)
        greatest = max(self.tensors[i].scales[0] for i in (left, right))
        scale = max((greatest * 100) ** 2 / 256, greatest**2 * 2.0**-11)
        result = self.tensor(shape, float(np.float32(scale)), int(self.dice.integers(-128, -100)))
        return self.operator("SQUARED_DIFFERENCE", 2, [left, right], result, "SquaredDifferenceOptions")

    def mul(self, left: int, right: int, *, activation: str = "NONE", output: tuple[float, int] | None = None) -> int:
        """Add MUL of two tensors of one shape, or of one that broadcasts."""
        spread = math.prod(self.tensors[i].scales[0] for i in (left, right)) * (INPUT_SPREAD * self.finer) ** 2
        return self._elementwise("MUL", "MulOptions", left, right, spread, activation, output)

    def _elementwise(
        self,
        name: str,
        table: str,
        left: int,
        right: int,
        spread: float,
        activation: str,
        output: tuple[float, int] | None,
    ) -> int:
        shape = np.broadcast_shapes(self.tensors[left].shape, self.tensors[right].shape)
        if output is None:
            output = (self.stepped_scale(spread * 2 / 128), int(self.dice.integers(-40, 40)))
        result = self.tensor(shape, *output)
        return self.operator(name, 2, [left, right], result, table, FusedActivationFunction=ACTIVATIONS[activation])

    def pad(self, source: int, before: Pair, after: Pair, value: int | None = None) -> int:
        """Add PAD of rows and columns, or with an int8 ``value`` PADV2."""
        given = self.tensors[source]
        _, rows, columns, depth = given.shape
        shape = (1, rows + before[0] + after[0], columns + before[1] + after[1], depth)
        result = self.tensor(shape, given.scales[0], given.zero_points[0])
        amounts = self.constant(np.array([[0, 0], [before[0], after[0]], [before[1], after[1]], [0, 0]], np.int32))
        if value is None:
            return self.operator("PAD", 2, [source, amounts], result, "PadOptions")
        filler = self.constant(np.array([value], np.int8), given.scales[0], given.zero_points[0])
        return self.operator("PADV2", 2, [source, amounts, filler], result, "PadV2Options")

    def concat(self, sources: Sequence[int], axis: int = 3) -> int:
        """Add CONCATENATION of tensors of one scale and zero point."""
        given = [self.tensors[source] for source in sources]
        shape = list(given[0].shape)
        shape[axis] = sum(tensor.shape[axis] for tensor in given)
        result = self.tensor(shape, given[0].scales[0], given[0].zero_points[0])
        return self.operator("CONCATENATION", 2, list(sources), result, "ConcatenationOptions", Axis=axis)

    def space_to_batch(self, source: int, block: Sequence[int], padding: Sequence[Pair]) -> int:
        """Add SPACE_TO_BATCH_ND; the batch is left as it is, as the converter writes one that it does not know."""
        given = self.tensors[source]
        sides = zip(given.shape[1:], block, padding, strict=False)
        shape = [(size + sum(pair)) // length for size, length, pair in sides]
        return self._dealt("SPACE_TO_BATCH_ND", source, block, padding, shape)

    def batch_to_space(self, source: int, block: Sequence[int], crops: Sequence[Pair]) -> int:
        """Add BATCH_TO_SPACE_ND."""
        given = self.tensors[source]
        sides = zip(given.shape[1:], block, crops, strict=False)
        return self._dealt("BATCH_TO_SPACE_ND", source, block, crops, [size * n - sum(pair) for size, n, pair in sides])

    def _dealt(self, name: str, source: int, block: Sequence[int], amounts: Sequence[Pair], shape: list[int]) -> int:
        given = self.tensors[source]
        result = self._like(given, (1, *shape, given.shape[-1]))
        sources = [source, self.integers(*block), self.constant(np.array(amounts, np.int32))]
        return self.operator(name, 1, sources, result, name.title().replace("_", "").replace("Nd", "ND") + "Options")

    def moved(
        self, name: str, source: int, shape: Sequence[int], *numbers: int, table: str | None = None, **options: Any
    ) -> int:
        """Add an operator that only moves elements, with its constants."""
        result = self._like(self.tensors[source], shape)
        return self.operator(name, 1, [source, *numbers], result, table, **options)

    def pack(self, sources: Sequence[int], axis: int) -> int:
        """Add PACK along a new axis."""
        given = self.tensors[sources[0]]
        shape = list(given.shape)
        shape.insert(axis % (len(shape) + 1), len(sources))
        options = {"ValuesCount": len(sources), "Axis": axis}
        return self.operator("PACK", 2, list(sources), self._like(given, shape), "PackOptions", **options)

    def unpack(self, source: int, axis: int) -> list[int]:
        """Add UNPACK and return all outputs."""
        given = self.tensors[source]
        shape = list(given.shape)
        count = shape.pop(axis)
        parts = [self._like(given, shape) for _ in range(count)]
        self.operator("UNPACK", 2, [source], parts[0], "UnpackOptions", Num=count, Axis=axis)
        self.operators[-1].outputs = list(parts)
        return parts

    def gather(self, source: int, axis: int, places: Sequence[int]) -> int:
        """Add GATHER of constant places."""
        shape = list(self.tensors[source].shape)
        shape[axis] = len(places)
        return self.moved("GATHER", source, shape, self.integers(*places), table="GatherOptions", Axis=axis)

    def pad_all(self, source: int, amounts: Sequence[Pair], mode: int | None = None) -> int:
        """Add PAD of every axis, or with ``mode`` (0 without the outermost ones, 1 with them) MIRROR_PAD."""
        shape = [size + sum(pair) for size, pair in zip(self.tensors[source].shape, amounts, strict=True)]
        number = self.constant(np.array(amounts, np.int32))
        if mode is None:
            return self.moved("PAD", source, shape, number, table="PadOptions")
        return self.moved("MIRROR_PAD", source, shape, number, table="MirrorPadOptions", Mode=mode)

    def transpose(self, source: int, axes: Sequence[int]) -> int:
        """Add TRANSPOSE."""
        given = self.tensors[source]
        result = self._like(given, [given.shape[axis] for axis in axes])
        return self.operator("TRANSPOSE", 2, [source, self.integers(*axes)], result, "TransposeOptions")

    def strided_slice(
        self, source: int, bounds: Sequence[tuple[int, int, int]], shrink: Sequence[int] = (), **masks: int
    ) -> int:
        """Add STRIDED_SLICE of (begin, end, step) along each axis; of the axes in ``shrink`` one element is taken."""
        given = self.tensors[source]
        shape = []
        for axis, (size, (begin, end, step)) in enumerate(zip(given.shape, bounds, strict=True)):
            open_ends = [masks.get(name, 0) >> axis & 1 for name in ("BeginMask", "EndMask")]
            cut = slice(None if open_ends[0] else begin, None if open_ends[1] else end, step)
            if axis not in shrink:
                shape.append(len(range(*cut.indices(size))))
        lists = [self.integers(*one) for one in zip(*bounds, strict=True)]
        mask = sum(1 << axis for axis in shrink)
        result = self._like(given, shape)
        options = masks | {"ShrinkAxisMask": mask}
        return self.operator("STRIDED_SLICE", 2, [source, *lists], result, "StridedSliceOptions", **options)

    def slice(self, source: int, begin: Sequence[int], size: Sequence[int]) -> int:
        """Add SLICE; a size of -1 takes what is left."""
        given = self.tensors[source]
        shape = [
            length - first if count == -1 else count
            for length, first, count in zip(given.shape, begin, size, strict=True)
        ]
        sources = [source, self.integers(*begin), self.integers(*size)]
        return self.operator("SLICE", 2, sources, self._like(given, shape), "SliceOptions")

    def split(self, source: int, axis: int, lengths: Sequence[int], *, equal: bool = False) -> list[int]:
        """Add SPLIT_V, or with ``equal`` SPLIT, and return all outputs."""
        given = self.tensors[source]
        parts = []
        for length in lengths:
            shape = list(given.shape)
            shape[axis] = length
            parts.append(self._like(given, shape))
        number = self.constant(np.array(axis, np.int32))
        sources = [number, source] if equal else [source, self.integers(*lengths), number]
        name, table = ("SPLIT", "SplitOptions") if equal else ("SPLIT_V", "SplitVOptions")
        self.operator(name, 2, sources, parts[0], table, NumSplits=len(lengths))
        self.operators[-1].outputs = list(parts)
        return parts

    def _like(self, given: BuiltTensor, shape: Sequence[int]) -> int:
        return self.tensor(shape, given.scales[0], given.zero_points[0])

    def relu(self, source: int, output: tuple[float, int] | None = None) -> int:
        """Add RELU."""
        return self.single("RELU", 2, source, output)

    def relu6(self, source: int, output: tuple[float, int] | None = None) -> int:
        """Add RELU6."""
        return self.single("RELU6", 2, source, output)

    def leaky_relu(self, source: int, slope: float, output: tuple[float, int] | None = None) -> int:
        """Add LEAKY_RELU."""
        return self.single("LEAKY_RELU", 2, source, output, "LeakyReluOptions", Alpha=slope)

    def tanh(self, source: int) -> int:
        """Add TANH."""
        return self.single("TANH", 2, source, (1 / 32768 if self.wide else 1 / 128, 0))

    def logistic(self, source: int, output: tuple[float, int] = (1 / 256, -128)) -> int:
        """Add LOGISTIC."""
        return self.single("LOGISTIC", 2, source, (1 / 32768, 0) if self.wide else output)

    def quantize(self, source: int, output: tuple[float, int]) -> int:
        """Add QUANTIZE to int8."""
        return self.single("QUANTIZE", 2, source, output, "QuantizeOptions")

    def of_floats(self, name: str, source: int) -> int:
        """Add an operator of one float input without options."""
        return self.operator(name, 1, [source], self.tensor(self.tensors[source].shape, dtype=np.float32))

    def quantize_floats(self, source: int, output: tuple[float, int]) -> int:
        """Add QUANTIZE of floats to int8."""
        result = self.tensor(self.tensors[source].shape, *output)
        return self.operator("QUANTIZE", 2, [source], result, "QuantizeOptions")

    def dequantize(self, source: int) -> int:
        """Add DEQUANTIZE to float32."""
        result = self.tensor(self.tensors[source].shape, dtype=np.float32)
        return self.operator("DEQUANTIZE", 2, [source], result, "DequantizeOptions")

    def other(self, name: str, source: int, version: int = 1) -> int:
        """Add an operator of one input without options, such as TANH, whose output is shaped as its input."""
        return self.single(name, version, source, None)

    def single(
        self,
        name: str,
        version: int,
        source: int,
        output: tuple[float, int] | None,
        table: str | None = None,
        **options: Any,
    ) -> int:
        """Add an operator of one input whose output is shaped as that; without ``output`` it keeps the scale, too."""
        given = self.tensors[source]
        scale, zero_point = output or (given.scales[0], given.zero_points[0])
        return self.operator(name, version, [source], self.tensor(given.shape, scale, zero_point), table, **options)

    def build(self, *outputs: int) -> bytes:
        """The whole file; ``outputs`` are the model's outputs."""
        return file_bytes(self.tensors, self.operators, self.inputs, outputs)
