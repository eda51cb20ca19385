"""In how many bytes the plain kernels find biases where constants are short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class BiasForm:
    """How the biases of a layer lie in flash.

    Attributes:
        bytes: of each: 1, 2 or 4.
        shift: bits by which a byte is shifted to the left; 0 of more bytes.
    """

    bytes: int
    shift: int = 0

    @property
    def kind(self) -> str:
        """C type."""
        return f"int{8 * self.bytes}_t"

    @property
    def is_short(self) -> bool:
        """Whether that is less than other kernels take."""
        return self.bytes < 4

    @property
    def number(self) -> int:
        """``short_bias`` of ``rescaling_t`` in ``types.h``."""
        return {4: 0, 2: 1, 1: 2 + self.shift}[self.bytes]

    def stored(self, biases: NDArray[np.generic]) -> NDArray[np.int64]:
        """What stands in flash for biases that have this form."""
        return biases.astype(np.int64) >> self.shift


def bias_form(biases: NDArray[np.generic] | None) -> BiasForm:
    """The form of the fewest bytes, and of these of the least shift; four bytes where no biases are given.

    A byte has to give each bias exactly.

    Args:
        biases: that the plain kernels read, integers of shape (channels,).
    """
    if biases is None:
        return BiasForm(4)
    whole = biases.astype(np.int64)
    for shift in range(_zeros_behind(whole) + 1):
        if _fits(whole >> shift, np.int8):
            return BiasForm(1, shift)
    return BiasForm(2 if _fits(whole, np.int16) else 4)


def _zeros_behind(whole: NDArray[np.int64]) -> int:
    """How often all numbers can be halved; 0 where they are all 0."""
    set_bits = int(np.bitwise_or.reduce(whole, initial=0))
    return (set_bits & -set_bits).bit_length() - 1 if set_bits else 0


def _fits(whole: NDArray[np.int64], kind: type[np.signedinteger[Any]]) -> bool:
    limits = np.iinfo(kind)
    return bool(np.all((whole >= limits.min) & (whole <= limits.max)))
