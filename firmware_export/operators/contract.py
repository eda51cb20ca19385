"""What an operator is to the rest of the export: how it is read, what it computes, and which C computes it.

``read`` makes nodes of it, which know how they are computed and which stages they become (``compute`` and ``lower`` of
:class:`edgedigits.firmware_export.graph.model.Node`); each stage names a kernel, and a kernel's source writes the
constants of its stages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgedigits.firmware_export.c_source.stage_writer import StageText, StageWriter
from edgedigits.firmware_export.graph.advice import IN_INT8, LEAVE_OUT
from edgedigits.firmware_export.graph.layers import Layer, OperatorNodes
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.planning.stages import Kernel, Program


def no_macros(_program: Program) -> tuple[str, ...]:
    """Nothing to leave out."""
    return ()


def fits_always(_node: Any) -> bool:
    """The DSP extension computes every node of the kind."""
    return True


@dataclass(frozen=True)
class KernelSource:
    """A kernel in C.

    Attributes:
        kernel: as planning knows it.
        files: of the folder ``kernels``, with what they include.
        call: the C expression that makes one row; ``SECOND`` stands for a row of the second input.
        emit: writes the constants of a stage, given its node.
        macros: lines that leave out of the kernel's files what no stage of a program needs; asked for every program.
        fits_dsp: whether the kernel of the DSP variant can compute a node; where it cannot, plain ones run.
    """

    kernel: Kernel
    files: tuple[str, ...]
    call: str
    emit: Callable[[StageWriter, Any], StageText]
    macros: Callable[[Program], tuple[str, ...]] = no_macros
    fits_dsp: Callable[[Any], bool] = fits_always


@dataclass(frozen=True)
class Operator:
    """One operator of TFLite, or several that differ in a detail.

    Attributes:
        names: TFLite's.
        shape: the output's shape with its batch, as the inputs and the options give it.
        read: makes nodes of it, once the output has that shape.
        options: TFLite's name of its table of options; empty where it has none.
        kernels: that its nodes' stages name.
        wide: makes nodes of it where its values are int16; None where the library computes it of int8 alone.
        any_axes: it takes values of more than three axes: see :class:`Layer`.
        many: it makes several values. ``shape`` and ``read`` are asked for each: see :meth:`Layer.parts`.
    """

    names: tuple[str, ...]
    shape: Callable[[Layer], Sequence[int]]
    read: Callable[[Layer, Value], OperatorNodes]
    options: str = ""
    kernels: tuple[KernelSource, ...] = ()
    wide: Callable[[Layer, Value], OperatorNodes] | None = None
    any_axes: bool = False
    many: bool = False

    def reader(self, layer: Layer) -> Callable[[Layer, Value], OperatorNodes]:
        """What makes nodes of it where its values are int8, or int16.

        Raises:
            EdgedigitsError: they are both, or int16 of which the library does not compute it.
        """
        tensors = layer.content.tensors
        flowing = [tensors[number] for number in (*layer.operator.inputs, *layer.operator.outputs) if number >= 0]
        kinds = {one.type for one in flowing if one.data is None and one.type in {"INT8", "INT16"}}
        if len(kinds) > 1:
            raise layer.error("reads or makes both int8 and int16, which the C library does not take", LEAVE_OUT)
        if kinds != {"INT16"}:
            return self.read
        if self.wide is None:
            raise layer.error("works on int16, of which the C library does not compute it", IN_INT8)
        return self.wide
