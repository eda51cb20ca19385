"""What DEPTH_TO_SPACE and SPACE_TO_DEPTH share: squares of pixels on one side, channels on the other."""

from __future__ import annotations

from edgedigits.firmware_export.graph.layers import Layer


def block_of(layer: Layer) -> int:
    """The side of a square, of a picture with four axes."""
    layer.arity(1, 1)
    layer.value(0)
    size = int(layer.option("BlockSize"))
    if len(layer.tensor(0).shape) != 4 or size < 1:
        raise layer.error("has an input without four axes, or no size of a block")
    return size
