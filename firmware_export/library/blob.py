"""Weights in a blob of their own: all that another training of a network changes, for each variant of the kernels.

A blob is little endian: a head of 112 bytes (``EDGW``, version, variant, bytes, what it fits, the model's SHA-256, and
the SHA-256 of all but itself), words of 32 bits for the fields of the kernels' structs, with offsets for
pointers, then the arrays.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from edgedigits.firmware_export.c_source.numbers import Constants, constants_of
from edgedigits.firmware_export.c_source.stage_writer import StageWriter, lines
from edgedigits.firmware_export.c_source.struct_takers import leaves, takers
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.variants import DSP, HELIUM, PLAIN

VARIANT_NUMBERS = {PLAIN.name: 1, DSP.name: 2, HELIUM.name: 3}
"""Of the variants that take blobs, as the head holds them."""

HEAD = 112
_MAGIC = b"EDGW\x01\x00"
_SHA_AT = 80


@dataclass(frozen=True)
class End:
    """What C needs of the model's ends: an array of numbers, or one number.

    Attributes:
        kind: C type.
        name: of the variable.
        numbers: of an array; else None.
        number: the only one.
    """

    kind: str
    name: str
    numbers: tuple[int, ...] | None = None
    number: float = 0


@dataclass
class Contents:
    """What goes into the blob, as it is written stage by stage.

    Attributes:
        arrays: C type and initializer, by name.
        structs: place of the stage, struct and its initializer.
        zeros: what stands for 0 in each value.
        ends: of the model's ends.
    """

    arrays: dict[str, tuple[str, str]] = field(default_factory=dict)
    structs: list[tuple[int, str, str]] = field(default_factory=list)
    zeros: tuple[int, ...] = ()
    ends: tuple[End, ...] = ()


@dataclass(frozen=True)
class OutsideWriter(StageWriter):
    """Writes the constants of one stage into a blob, and the struct that they are taken into as C."""

    contents: Contents

    def array(self, kind: str, what: str, numbers: Iterable[str], tail: str = "") -> str:
        """Nothing: the array is the blob's."""
        self.contents.arrays[self.symbol(what)] = (kind, lines(numbers) + tail)
        return ""

    def struct(self, kind: str, fields: Iterable[object]) -> str:
        """A variable that is filled when a blob is taken."""
        self.contents.structs.append((self.place, kind, initializer(kind, fields, self.stage.title)))
        return f"static {kind} layer_{self.place};\n"


def source_fields(contents: Contents) -> dict[str, str]:
    """Fields of the template that takes a blob."""
    takes = "".join(f"    word = take_{kind}(&layer_{place}, blob, word);\n" for place, kind, _ in contents.structs)
    takes_ends = "".join(f"    {_taken(end)}\n" for end in contents.ends)
    ends = "".join(
        f"static {f'const {end.kind} *' if end.numbers is not None else f'{end.kind} '}{end.name};\n"
        for end in contents.ends
    )
    kinds = list(dict.fromkeys(kind for _, kind, _ in contents.structs))
    return {"takers": takers(kinds), "takes": takes, "ends": ends, "takes_ends": takes_ends, "rounds": _rounds()}


def _taken(end: End) -> str:
    if end.numbers is not None:
        return f"{end.name} = (const {end.kind} *)pointer(blob, *word++);"
    if end.kind == "float":
        return f"memcpy(&{end.name}, word++, sizeof {end.name});"
    return f"{end.name} = ({end.kind})*word++;"


def blobs(contents: Contents, fits: bytes, sha256: str) -> dict[str, bytes]:
    """The blob of each variant.

    Args:
        contents: of the model.
        fits: 32 bytes that name the library which takes it.
        sha256: of the model, in hexadecimal.
    """
    return {variant: _blob(contents, variant, fits, bytes.fromhex(sha256)) for variant in VARIANT_NUMBERS}


def _blob(contents: Contents, variant: str, fits: bytes, sha256: bytes) -> bytes:
    constants = constants_of(variant)
    fields = [leaf for _, _, text in contents.structs for leaf in leaves(constants.expanded(text))]
    read = {name: contents.arrays[name] for name in fields if name in contents.arrays}
    arrays = {name: constants.array(kind, text).tobytes() for name, (kind, text) in read.items()}
    for end in contents.ends:
        if end.numbers is not None:
            arrays[end.name] = constants.array(end.kind, ", ".join(map(str, end.numbers))).tobytes()
    offsets = dict.fromkeys(arrays, 0)
    at = HEAD + 4 * len(_words(fields, contents, constants, offsets))
    data = b""
    for name, content in arrays.items():
        offsets[name] = at + len(data)
        data += content + bytes(-len(content) % 4)
    body = b"".join(_words(fields, contents, constants, offsets)) + data
    head = _MAGIC + bytes([VARIANT_NUMBERS[variant], 0]) + struct.pack("<II", HEAD + len(body), 0) + fits + sha256
    return head + hashlib.sha256(head + body).digest() + body


def _words(fields: list[str], contents: Contents, constants: Constants, offsets: dict[str, int]) -> list[bytes]:
    words = [_word(field, constants, offsets) for field in fields]
    words += [struct.pack("<i", zero) for zero in contents.zeros]
    for end in contents.ends:
        if end.numbers is not None:
            words.append(struct.pack("<I", offsets[end.name]))
        elif end.kind == "float":
            words.append(struct.pack("<f", end.number))
        else:
            words.append(struct.pack("<i", int(end.number)))
    return words


def _word(field: str, constants: Constants, offsets: dict[str, int]) -> bytes:
    known = {**offsets, "NULL": 0}
    (number,) = [known[field]] if field in known else constants.numbers(field)
    return struct.pack("<I", number & 0xFFFFFFFF)


def weights_header(name: str, made: dict[str, bytes]) -> str:
    """The blobs as C, of which the compiler takes that of its kernels: for examples, and a firmware's first weights."""
    prefix = name.upper()
    text = (
        f"/* The weights that {name} was exported with, for {name}_use_weights.\n"
        " * Made by `edgedigits export`; do not edit. */\n"
        f'#ifndef {prefix}_WEIGHTS_H\n#define {prefix}_WEIGHTS_H\n\n#include "{name}.h"\n\n'
        f"static const uint32_t {name}_weights[] {prefix}_WEIGHTS_ATTRIBUTE = {{\n"
    )
    for variant, word in ((HELIUM, "#if"), (DSP, "#elif"), (PLAIN, "#else")):
        numbers = (f"0x{number:08x}" for number in np.frombuffer(made[variant.name], "<u4"))
        text += f"{word} {variant.condition}\n" if variant.macro else f"{word}\n"
        text += lines(numbers)
    return f"{text}#endif\n}};\n\n#endif\n"


def _rounds() -> str:
    """SHA-256's constants: 32 bits of the fraction of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2)."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))]
    numbers = (f"UINT32_C(0x{_cube_root(prime << 96) & 0xFFFFFFFF:08x})" for prime in primes)
    return "".join(f"    {line}\n" for line in lines(numbers).splitlines())


def _cube_root(number: int) -> int:
    """The greatest whole number whose cube is not greater."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low
