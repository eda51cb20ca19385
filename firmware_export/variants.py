"""The variants of the kernels: one table of what they are called and of what chooses them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One kind of kernels, with working memory of its own.

    Attributes:
        name: in results and options.
        title: what READMEs call it.
        macro: of the compiler that chooses it where it is defined; empty for what is left where none is.
        unless: macro of the user who does without it; empty where there is none.
    """

    name: str
    title: str
    macro: str
    unless: str = ""

    @property
    def condition(self) -> str:
        """What the preprocessor has to find, as C writes it; not of what is left."""
        return f"defined({self.macro})" + (f" && !defined({self.unless})" if self.unless else "")


HELIUM = Variant("helium", "Helium", "__ARM_FEATURE_MVE")
"""Vector unit."""
DSP = Variant("dsp", "DSP extension", "__ARM_FEATURE_DSP", unless="NO_DSP")
"""Pairs of 16 bits."""
PLAIN = Variant("plain", "plain C", "")
AVR = Variant("avr", "8-bit AVR", "__AVR__")
"""Plain C for 8 bits, which takes one window at a time."""

TABLE = (HELIUM, DSP, PLAIN, AVR)
"""In the order of the arguments of ``ARENA`` in ``kernels/types.h``; a compiler takes the first whose macro it has."""

VARIANTS = tuple(variant.name for variant in TABLE)

README_ORDER = (PLAIN, DSP, HELIUM, AVR)
"""From the kernels that run anywhere to those of single cores."""


def chosen_variant(macros: Container[str]) -> Variant:
    """The variant that a library takes under a compiler that has these macros."""
    found = (variant for variant in TABLE if variant.macro in macros and variant.unless not in macros)
    return next(found, PLAIN)


def bytes_by_variant(*, helium: int, dsp: int, plain: int, avr: int) -> dict[str, int]:
    """Bytes of something by the name of the variant, none left out."""
    return {HELIUM.name: helium, DSP.name: dsp, PLAIN.name: plain, AVR.name: avr}
