"""Scratch memory in which compact weights are unpacked: how many channels at a time, by variant of the kernels."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.operators.shared.convolution_text import spare_bytes
from edgedigits.firmware_export.planning.stages import Stage, aligned
from edgedigits.firmware_export.variants import AVR, DSP, HELIUM, PLAIN, VARIANTS

LITTLE = 4096
"""Bytes of an arena with plain weights up to which compact weights that were asked for take little memory."""

_UNPACKED = 2560
"""Bytes of weights that are unpacked at a time; each time the windows are gathered anew."""

_UNPACKED_WITH_LITTLE = 1024

_UNPACKED_ON_AVR = 256

_LITTLE_SCRATCH = 384
"""Bytes for gathered windows and unpacked weights of the plain kernels with little memory, if two channels fit."""


@dataclass(frozen=True)
class Unpacking:
    """How a layer's weights are unpacked.

    Attributes:
        block: channels at a time: as many as fit, in shares that are alike.
        table: bytes of what pairs of codes stand for; on an AVR of what codes stand for.
        scales: of constants of channels that share their scale, where the kernels read them of each channel.
        weights: of unpacked weights.
    """

    block: int
    table: int
    scales: int
    weights: int

    @property
    def bytes(self) -> int:
        """All of them, beside the scratch memory of the kernel."""
        return self.table + self.scales + self.weights


@dataclass(frozen=True)
class Channels:
    """What the memory for a layer's weights depends on.

    Attributes:
        channels: of the output.
        taps: weights of a channel, as the kernels read them.
        bits: of a code; 0 where weights have none.
        packed: whether weights lie in flash in fewer bytes than one each.
        one_scale: whether all channels have one scale.
    """

    channels: int
    taps: int
    bits: int
    packed: bool
    one_scale: bool


def unpacking(layer: Channels, variant: str, little: bool, kernel: int) -> Unpacking:
    """How a variant of the kernels unpacks a layer.

    Args:
        layer: what is unpacked.
        variant: of the kernels.
        little: whether it is to take little memory.
        kernel: bytes of scratch memory that the kernel itself takes.
    """
    moved = layer.packed or variant == AVR.name  # an AVR's kernel reads weights in the RAM
    plain_little = variant == PLAIN.name and little
    room = {
        PLAIN.name: _LITTLE_SCRATCH - kernel if little else _UNPACKED,
        AVR.name: _UNPACKED_ON_AVR,
    }.get(variant, _UNPACKED_WITH_LITTLE if little else _UNPACKED)
    step = 2 if variant == AVR.name or plain_little else 4
    block = _share(layer.channels, max(step, room // layer.taps // step * step), step) if moved else layer.channels
    table = 0
    if layer.bits and not plain_little:
        table = aligned(2**layer.bits if variant == AVR.name else 2 * 4**layer.bits)
    return Unpacking(block, table, _scale_bytes(layer, variant, block), _weight_bytes(layer, variant, block, moved))


def _share(channels: int, most: int, step: int) -> int:
    return min(channels, -(-channels // -(-channels // most) // step) * step)


def _scale_bytes(layer: Channels, variant: str, block: int) -> int:
    """Plain kernels take the first channel's scale; Helium kernels read scales by fours."""
    if not layer.one_scale or variant in {PLAIN.name, AVR.name}:
        return 0
    return 16 * (-(-block // 2)) if variant == DSP.name else aligned(4 * block + -(-block // 4) * 4)


def _weight_bytes(layer: Channels, variant: str, block: int, moved: bool) -> int:
    if not moved:
        return 0
    behind = spare_bytes(layer.taps) if variant == HELIUM.name else 0
    taps = -(-layer.taps // 4) * 4 if variant == DSP.name else layer.taps
    return aligned(-(-block // 2) * 2 * taps + behind)


def with_little_scratch(stage: Stage, taps: int, width: int) -> tuple[int, int]:
    """Groups of four windows that the plain kernels gather at a time with little memory, and their scratch bytes.

    One, where that and the weights of two channels fit; else none: windows are taken one by one.

    Args:
        stage: a convolution.
        taps: of a window in the kernels.
        width: of an output row.
    """
    rows = stage.rows - 1 if stage.pooled else stage.rows
    group = 4 * (taps + taps // rows if stage.pooled else 2 * taps) + 56
    if (width > 1 or stage.pooled) and group + 2 * taps <= _LITTLE_SCRATCH:
        return 1, group
    return 0, aligned((4 if stage.pooled else 1) * taps)


def little_variants(arenas: dict[str, int]) -> frozenset[str]:
    """Variants whose arena with plain weights is small."""
    return frozenset(variant for variant in VARIANTS if arenas[variant] <= LITTLE)
