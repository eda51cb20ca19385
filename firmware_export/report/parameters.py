"""Bytes of flash that a network's parameters take in its C, counted without a compiler."""

from __future__ import annotations

import re

from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.c_source.numbers import constants_of
from edgedigits.firmware_export.c_source.stage_writer import PARAMETERS
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.library.network import fits_dsp
from edgedigits.firmware_export.variants import DSP, PLAIN

_NAME = rf"\w+?_(?:{'|'.join(PARAMETERS)})_\d+"
_ARRAY = re.compile(rf"^static const FLASH (\w+) {_NAME}\[\][^=\n]* = \{{\n(.*?)\}};", re.DOTALL | re.MULTILINE)
"""The definition of an array of parameters: its type, and what stands between the braces."""


def parameter_bytes(library: LibraryExport, variant: str = PLAIN.name) -> int:
    """Bytes of the arrays that a training decides: what `edgedigits firmware report` calls parameters, too.

    These are weights as the kernels of the variant take them, or packed with the table of what their codes stand for;
    biases, one a channel; multipliers and exponents of each channel, or what the DSP kernels have in their place. Not
    counted: code, the structs and tables that tell how layers run, and tables of functions, such as softmax's.

    Args:
        library: an exported model whose weights are in the C.
        variant: of the kernels, by its name; not that of AVR.
    """
    if variant == DSP.name and not fits_dsp(library.plan.program):
        variant = PLAIN.name
    constants = constants_of(variant)
    text = constants.active("".join(library.constants))
    return sum(constants.array(kind, numbers).nbytes for kind, numbers in _ARRAY.findall(text))


def parameter_bytes_of(model: StrPath) -> int:
    """The same of a full-int8 ``.tflite`` file, whatever its proof says: with compact weights, in plain C.

    Raises:
        EdgedigitsError: as ``export_library``.
    """
    return parameter_bytes(export_library(model, allow_failed=True))
