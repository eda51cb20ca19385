"""Architectures of our own kind as values: a strided convolution, then plain or depthwise-separable blocks."""

from __future__ import annotations

from dataclasses import dataclass

KERNEL = 3
"""Side of a block's filters."""

LEAST_SIDE = 4
"""Blocks are padded where their fields would be smaller than this."""


@dataclass(frozen=True)
class ConvBlock:
    """A 3x3 convolution with that many filters; a separable one is a depthwise convolution and a 1x1 one."""

    filters: int
    separable: bool
    stride: int = 1


@dataclass(frozen=True)
class Stack:
    """A network: a strided convolution without padding, blocks, the mean of each channel, ten scores.

    Attributes:
        filters: of the first convolution.
        side: of its filters.
        stride: of it, in both directions.
        blocks: what follows.
    """

    filters: int
    side: int
    stride: int
    blocks: tuple[ConvBlock, ...]

    def paddings(self) -> tuple[str, ...]:
        """``valid`` or ``same`` for each block: no padding as long as at least 4x4 fields are left."""
        from edgedigits.core.digit import SIDE  # loads OpenCV, and the list of networks shall load nothing

        side = (SIDE - self.side) // self.stride + 1
        found = []
        for block in self.blocks:
            inner = (side - KERNEL) // block.stride + 1
            fits = side >= KERNEL and inner >= LEAST_SIDE
            side = inner if fits else -(-side // block.stride)
            found.append("valid" if fits else "same")
        return tuple(found)

    def describe(self) -> str:
        """The layers in a line, as the zoo describes its own: ``conv8 5x5/2, conv16, separable 32, 48, mean``."""
        words = [f"conv{self.filters} {self.side}x{self.side}{_by(self.stride)}"]
        before = False
        for block in self.blocks:
            size = f"{block.filters}{_by(block.stride)}"
            words.append((size if before else f"separable {size}") if block.separable else f"conv{size}")
            before = block.separable
        return ", ".join((*words, "mean"))


def _by(stride: int) -> str:
    return f"/{stride}" if stride > 1 else ""
