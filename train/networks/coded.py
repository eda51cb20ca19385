"""Networks for weights in codes of 4 bits, as values: each as good as was found for the bytes of its name.

A weight takes half a byte of flash there, a channel two to nine for its bias and scale, and windows are cheap: so
fields stay as large as the memory of activations allows, and plain convolutions stand where channels are few.
"""

from __future__ import annotations

from edgedigits.train.networks.stack import ConvBlock, Stack


def _plain(*filters: int) -> tuple[ConvBlock, ...]:
    return tuple(ConvBlock(count, separable=False) for count in filters)


def _separable(*filters: int) -> tuple[ConvBlock, ...]:
    return tuple(ConvBlock(count, separable=True) for count in filters)


STACKS = {
    "pico-coded": Stack(3, 5, 2, (*_plain(6), *_separable(12, 18, 22))),
    "nano-coded": Stack(5, 5, 2, _plain(8, 12, 19, 20)),
    "micro-coded": Stack(16, 5, 2, (*_plain(16, 24), *_separable(48, 72, 88))),
    "small-coded": Stack(20, 5, 2, (*_plain(40, 56), *_separable(88, 104, 128))),
    "base-coded": Stack(28, 5, 2, (*_plain(56, 72, 72), *_separable(112, 128))),
    "large-coded": Stack(48, 3, 1, (ConvBlock(48, separable=False, stride=2), *_plain(96, 96, 192, 192))),
}
"""By the names that the zoo has for them."""
