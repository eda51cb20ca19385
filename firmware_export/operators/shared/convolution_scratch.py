"""Scratch memory of a convolution's kernels; each formula follows what the kernel of that variant does."""

from __future__ import annotations

from edgedigits.firmware_export.planning.stages import aligned
from edgedigits.firmware_export.variants import bytes_by_variant

GATHERED = 1024
"""Bytes up to which kernels gather windows at a time: a channel's constants are then read once for them all."""


def row_taps(columns: int, depth: int, dilation: int) -> int:
    """Bytes that a window row takes in the kernels, each run of neighbours rounded up to even."""
    runs, length = (1, columns * depth) if dilation == 1 else (columns, depth)
    return runs * (length + length % 2)


def conv_scratch(taps: int, rows: int, width: int, in_place: bool, pooled: bool, tile_channels: int) -> dict[str, int]:
    """Scratch bytes of a convolution's kernel: see the kernels' ``conv_row``.

    Args:
        taps: bytes of a window in the kernels.
        rows: of a window.
        width: of an output row.
        in_place: whether the Helium kernel reads windows where they lie.
        pooled: whether the greatest of each 2x2 neighbours is stored.
        tile_channels: of the output, where the DSP kernel sums tiles; else 0.
    """
    return bytes_by_variant(
        helium=0 if in_place else _helium_scratch(taps, rows, width, pooled),
        dsp=_dsp_scratch(-(-taps // 4) * 4, pooled, tile_channels),
        plain=_plain_scratch(taps, rows, width, pooled),
        avr=aligned((4 if pooled else 1) * taps),
    )


def _dsp_scratch(padded: int, pooled: bool, tile_channels: int) -> int:
    """Widened windows: of a tile three, with sums of all channels where they are pooled; else those of one pixel."""
    if tile_channels:
        return 6 * padded + (12 * (tile_channels + tile_channels % 2) if pooled else 0)
    return 2 * padded * (4 if pooled else 1)


def _helium_scratch(taps: int, rows: int, width: int, pooled: bool) -> int:
    """Windows as whole vectors: a strip of up to 32 of at most two vectors, else two neighbours, or four if pooled.

    Of those four, ones above another share rows where no zeros have to stand behind a window.
    """
    vectors = -(-taps // 16)
    windows = 4 if pooled else 1
    pixels = min(width, 32 // windows)
    strip = (pixels if vectors == 1 else pixels + pixels % 2) * windows if vectors <= 2 else 0
    if pooled and rows > 1 and taps % 16 == 0:
        return aligned(max(16 * vectors * strip, 2 * (taps + taps // rows)))
    return 16 * vectors * max(strip, 4 if pooled else 2)


def _plain_scratch(taps: int, rows: int, width: int, pooled: bool) -> int:
    """Words of two windows, of which pooled ones share rows; for each group sums of two channels and four windows."""
    if width == 1 and not pooled:
        return aligned(taps)
    columns = taps + taps // rows if pooled else 2 * taps
    return groups_at_a_time(taps, width, pooled) * (4 * columns + 56)


def groups_at_a_time(taps: int, width: int, pooled: bool) -> int:
    """How many groups of four windows the plain kernels gather before their channels are summed."""
    return max(1, min(GATHERED // (8 * taps), width if pooled else -(-width // 4)))
