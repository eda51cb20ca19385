"""Runs a plan without computing anything: every byte of the arena knows what was written there last.

It knows the planner's results and the operators' definitions, not how the planner reasons about lifetimes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.operators.enlarging.pad import Pad
from edgedigits.firmware_export.operators.shared.convolution import Conv
from edgedigits.firmware_export.operators.shared.joining import Concatenation
from edgedigits.firmware_export.operators.shared.picking import Pick
from edgedigits.firmware_export.operators.shared.pooling import Pool
from edgedigits.firmware_export.operators.shared.taking import Take
from edgedigits.firmware_export.operators.weighted.depthwise_conv_2d import Depthwise
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.planning.stages import Stage

MAY_WORK_IN_PLACE = {"table", "add", "sub", "mul", "extreme", "prelu", "squared_difference"}
"""These read a byte just before they write the same one; every other kernel reads its rows again and again."""

ROW_BY_ROW = {"dense_rows", "pool_total", "mean", "sum_of_rows", "reduce_rows"}
"""These make their only row once they have seen every row of their input."""

Tokens = NDArray[np.int64]


class Overwritten(AssertionError):
    """A byte that is read does not hold what it should."""


class ArenaChecker:
    """The arena of one variant of the kernels; ``run`` raises Overwritten and returns how many bytes were touched."""

    def __init__(self, plan: Plan, variant: str) -> None:
        self.plan = plan
        self.program = plan.program
        self.layout = plan.layouts[variant]
        self.variant = variant
        end = max(self.layout.offsets[block.key] + block.size for block in self.layout.blocks)
        self.arena: Tokens = np.full(end + 4096, -1)
        self.touched = 0
        self.made = [0] * len(self.program.stages)
        self.tokens: dict[Any, int] = {}

    def run(self) -> int:
        """All steps of one inference."""
        program = self.program
        for value, row in self.rows(program.inputs):
            self.write(self.address(value, row), self.content(value, row))
        for place in self.plan.schedule.order:
            self.step(place, program.stages[place])
            self.made[place] += 1
        for value, row in self.rows(program.outputs):
            self.check(value, row, "at the end")
        return self.touched

    def rows(self, values: tuple[int, ...]) -> list[tuple[int, int]]:
        """All rows of some values."""
        return [(value, row) for value in values for row in range(self.program.values[value].shape[0])]

    def step(self, place: int, stage: Stage) -> None:
        """One row of one stage."""
        y = self.made[place]
        scratch = stage.scratch.get(self.variant, 0)
        if scratch:
            self.write(self.layout.offsets["scratch", place], self.fresh(("scratch", place, y), scratch))
        reads = [(value, row) for value, row in rows_read(self, stage, y)]
        for value, row in reads:
            self.check(value, row, f"before {stage.title} makes row {y}")
        self.keep(place, stage, y)
        if stage.kernel.name in ROW_BY_ROW:
            if y + 1 < stage.steps:
                return
            row = 0
        else:
            row = y
        address, content = self.address(stage.output, row), self.content(stage.output, row)
        self.fill_padding(stage, row)
        for value, other in reads:  # the padding is filled before anything is read
            self.check(value, other, f"after {stage.title} padded row {y}")
        places = {self.address(value, other) for value, other in reads if self.overlaps(value, other, address, content)}
        self.write(address, content, self.is_padding(stage.output))
        if stage.kernel.name in MAY_WORK_IN_PLACE and places <= {address}:
            return
        for value, other in reads:
            self.check(value, other, f"while {stage.title} makes row {y}")
        if scratch:
            self.expect(self.layout.offsets["scratch", place], self.fresh(("scratch", place, y), scratch), stage.title)

    def keep(self, place: int, stage: Stage, y: int) -> None:
        """Sums that a stage carries from row to row."""
        if stage.kept:
            address = self.layout.offsets["kept", place]
            if y:
                self.expect(address, self.fresh(("kept", place, y - 1), stage.kept), f"the sums of {stage.title}")
            self.write(address, self.fresh(("kept", place, y), stage.kept))

    def fill_padding(self, stage: Stage, row: int) -> None:
        """The library fills a slot of a padded value with its zero before the first row goes there."""
        value = self.program.values[stage.output]
        if (value.before or value.after) and row < self.plan.schedule.slots[stage.output]:
            zero = self.fresh(("zero", stage.output), 1)
            self.write(self.address(stage.output, row), np.repeat(zero, value.row_bytes))

    def is_padding(self, value: int) -> NDArray[np.bool_]:
        """Which bytes of a row are padding: no kernel writes them again once the slot was filled."""
        shown = self.program.values[value]
        width, channels = shown.shape[1:]
        beside = 1 if shown.planar else channels
        row = np.repeat([True, False, True], [shown.before * beside, width * beside, shown.after * beside])
        return np.tile(row, channels if shown.planar else 1)

    def overlaps(self, value: int, row: int, address: int, content: Tokens) -> bool:
        other = self.address(value, row)
        return other < address + len(content) and address < other + self.program.values[value].row_bytes

    def address(self, value: int, row: int) -> int:
        """Where a row starts in the arena."""
        root = self.program.root(value)
        content = self.program.values[value]
        slots = self.plan.schedule.slots[root] if root == value else content.shape[0]
        return self.layout.offsets["value", root] + row % slots * content.row_bytes

    def content(self, value: int, row: int) -> Tokens:
        """What a row holds: the pixels' tokens, and those of its padding."""
        root = self.program.root(value)
        shown = self.program.values[value]
        height, width, channels = shown.shape
        first = self.fresh(("value", root), height * width * channels)[0]
        pixels = first + row * width * channels + np.arange(width * channels)
        zero = self.fresh(("zero", root), 1)
        if shown.planar:
            planes = pixels.reshape(width, channels).T
            rows = [np.concatenate([np.repeat(zero, shown.before), p, np.repeat(zero, shown.after)]) for p in planes]
            return np.concatenate(rows)
        sides = (np.repeat(zero, shown.before * channels), np.repeat(zero, shown.after * channels))
        return np.concatenate([sides[0], pixels, sides[1]])

    def fresh(self, key: Any, size: int) -> Tokens:
        """Tokens that nothing else has; always the same ones for a key."""
        if key not in self.tokens:
            self.tokens[key] = len(self.tokens) << 32
        return self.tokens[key] + np.arange(size)

    def write(self, address: int, tokens: Tokens, spared: NDArray[np.bool_] | None = None) -> None:
        assert address >= 0
        place = self.arena[address : address + len(tokens)]
        place[:] = tokens if spared is None else np.where(spared, place, tokens)
        self.touched = max(self.touched, address + len(tokens))

    def check(self, value: int, row: int, when: str) -> None:
        self.expect(self.address(value, row), self.content(value, row), f"row {row} of value {value} {when}")

    def expect(self, address: int, tokens: Tokens, what: str) -> None:
        if not np.array_equal(self.arena[address : address + len(tokens)], tokens):
            raise Overwritten(what)


def rows_read(checker: ArenaChecker, stage: Stage, y: int) -> Iterator[tuple[int, int]]:
    """(value, row) for every input row that the definition of the operator needs for its output row ``y``."""
    heights = [checker.program.values[value].shape[0] for value in stage.inputs]
    taken = _taken(checker, stage, y) if isinstance(stage.node, Take) and stage.kernel.name == "take" else None
    for value, row in _rows(stage, y, heights) if taken is None else taken:
        if 0 <= row < checker.program.values[value].shape[0]:
            yield value, row


def _taken(checker: ArenaChecker, stage: Stage, y: int) -> list[tuple[int, int]]:
    (value,), node = stage.inputs, stage.node
    assert isinstance(node, Take)
    _, width, channels = checker.program.values[value].shape
    _, *made = checker.program.values[stage.output].shape
    places = node.first + y * node.steps[0] + np.tensordot(node.steps[1:], np.indices(made), 1)
    return [(value, int(row)) for row in np.unique(places // (width * channels))]


def _rows(stage: Stage, y: int, heights: list[int]) -> Iterator[tuple[int, int]]:
    node = stage.node
    windows = {"conv", "depthwise", "compact conv", "compact depthwise", "pool_max", "pool_rows", "pool_average"}
    if isinstance(node, (Conv, Depthwise, Pool)) and stage.kernel.name in windows:
        window = node.window
        for made in (2 * y, 2 * y + 1) if stage.pooled else (y,):
            for tap in range(window.size[0]):
                yield stage.inputs[0], made * window.stride[0] - window.before[0] + tap * window.dilation[0]
    elif isinstance(node, Pad):
        yield stage.inputs[0], y - node.before[0]
    elif isinstance(node, Pick):
        yield stage.inputs[0], int(node.rows[y])
    elif stage.kernel.name in {"bilinear", "upsample"}:
        for row in range(heights[0]):
            yield stage.inputs[0], row
    elif isinstance(node, Concatenation) and node.axis == 0:
        yield stage.inputs[0], y
        yield stage.inputs[1], y - heights[0]
    elif stage.kernel.name != "constant":
        for value in stage.inputs:
            yield value, y
