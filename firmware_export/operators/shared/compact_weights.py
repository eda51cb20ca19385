"""Weights of few different values, or of many zeros, in fewer bytes than one each.

Weights are taken in the order of :func:`packing.conv_weights`: for each pair of channels tap by tap, both channels'
weights beside each other. All fields are filled from their low bits on.

- *Codes*: a table holds the values of the layer, at most 16, and a weight is its place there in 1, 2, 3 or 4 bits. Four
  taps take as many bytes as a code has bits.
- *Codes, zeros left out*: eight taps of a pair of channels (at its end four, perhaps) start with a byte that has a bit
  for each tap; taps of two zeros have no code, others one of 4 bits for each weight. Zero is the first value.
- *Bytes, zeros left out*: four taps start with a byte that has a bit for each weight; those that are not zero follow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AS_IT_IS = 8
"""Bits of a weight without a code."""

_MOST_BITS = 4
MOST_VALUES = 2**_MOST_BITS
"""Of a table."""

_TAPS = 4


@dataclass(frozen=True)
class CompactWeights:
    """The weights of a layer in fewer bytes.

    Attributes:
        bits: of a code; ``AS_IT_IS`` where a weight is a byte.
        zeros: whether zeros are left out; of codes, those of both channels.
        values: what the codes stand for; empty without codes.
        stream: of all pairs of channels, one after the other.
        table_of: place of the stage whose table it reads; None where it has one of its own.
    """

    bits: int
    zeros: bool
    values: tuple[int, ...]
    stream: bytes
    table_of: int | None = None

    @property
    def size(self) -> int:
        """Bytes of flash, its own table included."""
        return len(self.stream) + (len(self.values) if self.table_of is None else 0)

    @property
    def words(self) -> str:
        """For people."""
        codes = f"{self.bits}-bit codes" if self.bits < AS_IT_IS else "bytes"
        return f"{codes}, zeros left out" if self.zeros else codes


def compact(packed: NDArray[np.int8], length: int, any_run: bool = False) -> CompactWeights | None:
    """The encoding with the fewest bytes; None where there is none for these weights.

    Taps are unpacked by fours. The DSP kernels take four in another order than what is left at a run's end: a run of
    another length has codes of 4 bits where it may have any, a byte for each tap, else no encoding.

    Args:
        packed: int8 of shape (channel pairs, taps, 2).
        length: of a run of neighbouring bytes, see ``packing.conv_weights``.
        any_run: whether a run that is no whole fours may have codes.
    """
    values = tuple(np.unique(packed).tolist())
    few = len(values) <= MOST_VALUES
    if length % _TAPS:
        return half_bytes(packed, values) if any_run and few else None
    candidates = [_bytes_without_zeros(packed)]
    if few:
        candidates.append(_codes(packed, values))
    zero_first = (0, *(value for value in values if value))
    if len(zero_first) <= MOST_VALUES:
        candidates.append(_codes_without_zeros(packed, zero_first))
    return min(candidates, key=lambda made: made.size)


def compact_by_table(packed: NDArray[np.int8], length: int, values: tuple[int, ...]) -> CompactWeights | None:
    """The codes of a table with the fewest bytes; None where a weight is not in it.

    Args:
        packed: int8 of shape (channel pairs, taps, 2).
        length: of a run of neighbouring bytes, any.
        values: the table, at most 16.
    """
    if not np.isin(packed, values).all():
        return None
    if length % _TAPS:
        return half_bytes(packed, values)
    candidates = [_codes(packed, values)]
    if values[0] == 0:
        candidates.append(_codes_without_zeros(packed, values))
    return min(candidates, key=lambda made: made.size)


def half_bytes(weights: NDArray[np.int8], values: tuple[int, ...]) -> CompactWeights:
    """Codes of four bits of weights of any shape, one after the other, the first one in the low half of a byte."""
    codes = _places(weights.ravel(), values)
    pairs = np.pad(codes, (0, len(codes) % 2)).reshape(-1, 2)
    stream = (pairs[:, 0] | pairs[:, 1] << _MOST_BITS).astype(np.uint8).tobytes()
    return CompactWeights(_MOST_BITS, False, values, stream)


def _places(weights: NDArray[np.int8], values: tuple[int, ...]) -> NDArray[np.uint32]:
    """Of each weight its place among the values, which need no order."""
    ordered = np.argsort(values)
    places: NDArray[np.uint32] = ordered[np.searchsorted(values, weights, sorter=ordered)].astype(np.uint32)
    return places


def _codes(packed: NDArray[np.int8], values: tuple[int, ...]) -> CompactWeights:
    bits = max(1, (len(values) - 1).bit_length())
    places = _places(packed, values).reshape(-1, 2 * _TAPS)
    words = (places << (bits * np.arange(2 * _TAPS, dtype=np.uint32))).sum(axis=1, dtype=np.uint32)
    stream = words.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :bits].tobytes()
    return CompactWeights(bits, False, values, stream)


def _codes_without_zeros(packed: NDArray[np.int8], values: tuple[int, ...]) -> CompactWeights:
    """Of a table that starts with zero."""
    places = _places(packed, values)
    codes = (places[..., 0] | places[..., 1] << _MOST_BITS).astype(np.uint8)
    eights = np.pad(codes, ((0, 0), (0, -codes.shape[1] % 8))).reshape(-1, 8)
    return CompactWeights(_MOST_BITS, True, values, _present(eights))


def _bytes_without_zeros(packed: NDArray[np.int8]) -> CompactWeights:
    return CompactWeights(AS_IT_IS, True, (), _present(packed.reshape(-1, 8).view(np.uint8)))


def _present(eights: NDArray[np.uint8]) -> bytes:
    """For each eight numbers a bit for each, and those that are not 0."""
    bits = np.packbits(eights != 0, axis=1, bitorder="little")
    numbers = np.concatenate([bits, eights], axis=1)
    stands = np.concatenate([np.ones_like(bits), eights], axis=1) != 0
    stream: bytes = numbers[stands].tobytes()
    return stream
