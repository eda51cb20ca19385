"""What the C library executes: values that lie in the arena as rows, and stages that make one row of a value a time.

Nothing here knows TFLite's files or C's syntax.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edgedigits.firmware_export.graph.model import Node, Shape


@dataclass(frozen=True)
class RowValue:
    """A value as rows.

    Attributes:
        shape: (height, width, channels).
        zero: the value that stands for 0.0 and fills the padding; 0 of int16.
        before: columns of padding to the left of each row.
        after: columns of padding to the right.
        planar: True where a row lies channel by channel, each with its padding; else pixel by pixel.
        view_of: number of the value whose bytes these are, under another shape; else None.
        wide: True of int16, False of int8.
    """

    shape: Shape
    zero: int
    before: int = 0
    after: int = 0
    planar: bool = False
    view_of: int | None = None
    wide: bool = False

    @property
    def item_bytes(self) -> int:
        """Bytes of one number."""
        return 2 if self.wide else 1

    @property
    def row_bytes(self) -> int:
        """Bytes of one row with its padding."""
        return self.plane * self.shape[2] * self.item_bytes

    @property
    def plane(self) -> int:
        """Columns of one row with its padding."""
        return self.before + self.shape[1] + self.after

    @property
    def beside(self) -> int:
        """Bytes from one pixel to the next."""
        return self.item_bytes * (1 if self.planar else self.shape[2])

    @property
    def deeper(self) -> int:
        """Bytes from one channel of a pixel to the next."""
        return self.item_bytes * (self.plane if self.planar else 1)


@dataclass(frozen=True, eq=False)
class Kernel:
    """What makes the rows of a stage, as far as planning has to know it.

    Attributes:
        name: for people.
        works_in_place: it reads each byte of a row just before it writes the same one.
        writes_planes: it can write a row channel by channel.
    """

    name: str
    works_in_place: bool = False
    writes_planes: bool = False


COPY = Kernel("copy", writes_planes=True)
"""Into a row with padding or planes, where the maker of a value cannot write it so."""


@dataclass(frozen=True)
class Stage:
    """One layer, or a few that run as one.

    Output row ``y`` reads the input rows ``y * step - above + k * apart`` for ``k`` below ``rows``; those outside the
    input are padding.

    Attributes:
        title: what the layers are, for comments and reports: TFLite's operator names and shapes.
        kernel: what makes its rows.
        node: the operator with its constants; None for copies.
        inputs: numbers of one or two values.
        output: number of the value made.
        steps: how many times it runs for one inference; the rows of its output, but for a mean the rows of its input.
        rows: input rows that one step reads.
        step: between the first input rows of neighbouring steps.
        apart: between input rows of one step.
        above: rows of padding above the first one.
        left: columns of padding left of the first window.
        padded: True where a step may read rows outside its input.
        start: bytes from the start of an input row, padding included, to the first one that is read.
        pooled: True where the greatest of each 2x2 neighbours is stored.
        scratch: bytes needed while a step runs, by variant.
        kept: bytes needed from the first step to the last one.
        lag: how many rows later the second input starts.
        groups: of four windows that the plain kernels gather at a time.
        macs: multiply-accumulates of all steps.
    """

    title: str
    kernel: Kernel
    node: Node | None
    inputs: tuple[int, ...]
    output: int
    steps: int
    rows: int = 1
    step: int = 1
    apart: int = 1
    above: int = 0
    left: int = 0
    padded: bool = False
    start: int = 0
    pooled: bool = False
    scratch: dict[str, int] = field(default_factory=dict)
    kept: int = 0
    lag: int = 0
    groups: int = 1
    macs: int = 0

    def needs(self, step: int, height: int, which: int = 0) -> tuple[int, int]:
        """First and one past the last row of an input of this height that a step reads; equal for none."""
        first = step * self.step - (self.lag if which else self.above)
        last = first + (self.rows - 1) * self.apart
        inside = [row for row in range(first, last + 1, self.apart) if 0 <= row < height]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)


@dataclass(frozen=True)
class Program:
    """Values and stages of a network, in an order in which they could run whole.

    Attributes:
        values: by number.
        stages: each makes another value.
        inputs: numbers of the values that the caller gives.
        outputs: numbers of the values that the caller gets; each has memory of its own, and none is an input.
        short_constants: whether channels' constants lie in flash in fewer bytes where they can.
    """

    values: dict[int, RowValue]
    stages: tuple[Stage, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    short_constants: bool = False

    @property
    def output_roots(self) -> tuple[int, ...]:
        """The values that own the memory of the outputs."""
        return tuple(self.root(output) for output in self.outputs)

    def root(self, value: int) -> int:
        """The value that owns the memory of this one."""
        while (owner := self.values[value].view_of) is not None:
            value = owner
        return value

    def maker(self, value: int) -> int | None:
        """Place of the stage that makes the memory of this value, None for an input."""
        root = self.root(value)
        return next((place for place, stage in enumerate(self.stages) if stage.output == root), None)


def aligned(size: int) -> int:
    """The size in bytes, rounded up to whole words."""
    return -(-size // 4) * 4


def filler_bytes(stage: Stage, value: RowValue) -> int:
    """Bytes of the row of padding that stands in for rows outside the input."""
    return aligned(value.row_bytes) if stage.padded else 0


def shape_text(shape: Shape) -> str:
    """A shape for titles: ``28x28x8``, of a vector its length."""
    return "x".join(str(length) for length in shape) if shape[:2] != (1, 1) else str(shape[2])
