"""What MAX_POOL_2D and AVERAGE_POOL_2D share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.arithmetic import activation_range
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Node, Value, Window
from edgedigits.firmware_export.planning.lowering import Lowering
from edgedigits.firmware_export.planning.stages import Kernel, Stage, shape_text


@dataclass(frozen=True)
class Pool(Node):
    """A pool; the padding takes no part. Input and output have one scale and zero point.

    Attributes:
        window: its steps.
        low: least output, from the fused activation.
        high: greatest output.
    """

    window: Window
    low: int
    high: int

    def lower_with(self, lowering: Lowering, kernel: Kernel) -> None:
        """One stage."""
        shape = lowering.shape(self.output)
        lowering.append(
            Stage(
                f"{self.name} {shape_text(lowering.shape(self.inputs[0]))} -> {shape_text(shape)}",
                kernel,
                self,
                self.inputs,
                self.output,
                steps=shape[0],
                rows=self.window.size[0],
                step=self.window.stride[0],
                above=self.window.before[0],
            )
        )


def shape(layer: Layer) -> Sequence[int]:
    """Rows and columns that the window makes, and the input's channels."""
    layer.arity(1, 1)
    source = layer.value(0)
    if len(layer.tensor(0).shape) != 4:
        raise layer.error("has an input without four axes")
    return (1, *_window(layer, source)[1], source.shape[2])


def read_pool(kind: Callable[..., Pool]) -> Callable[[Layer, Value], OperatorNodes]:
    """A reader of one kind of pool."""

    def read(layer: Layer, output: Value) -> OperatorNodes:
        source = layer.value(0)
        layer.check_same_scale(source, output)
        limits = activation_range(layer.activation(), output)
        return layer.made(kind, output, _window(layer, source)[0], *limits)

    return read


def _window(layer: Layer, source: Value) -> tuple[Window, tuple[int, int]]:
    return layer.window(source, (layer.option("FilterHeight"), layer.option("FilterWidth")), (1, 1))


def emit(writer: StageWriter, node: Pool) -> StageText:
    """The struct of a pool."""
    window = node.window
    fields = (
        writer.target.shape[1],
        writer.target.shape[2],
        writer.source.shape[1],
        *window.size,
        window.stride[1],
        window.before[1],
        node.low,
        node.high,
    )
    return StageText(writer.struct("pool_t", fields))
