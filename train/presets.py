"""Presets: how the models that ship with the toolkit are made, each a network, a training and a way to int8."""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.naming import entry_named


@dataclass(frozen=True)
class Preset:
    """How a model that ships is made.

    Attributes:
        name: of the model, as every command takes it.
        network: in the zoo; its recipe says how many passes of lessons it learns from, and at what rate.
        quantize: recipe that makes int8 of it, by the same lessons.
    """

    name: str
    network: str
    quantize: str = "codebook-int8"


PRESETS = {name: Preset(name, f"{name}-coded") for name in ("pico", "nano", "micro", "small", "base", "large")}


def preset_named(name: str) -> Preset:
    """The preset of that name.

    Raises:
        EdgedigitsError: there is none.
    """
    return entry_named(PRESETS, name, "preset")
