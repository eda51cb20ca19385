"""What the C of constants means to one variant of the kernels: its macros and conditions, worked out.

Only what constants are written with is understood: ``#if defined``, macros of arguments, sums and comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from edgedigits.firmware_export.variants import AVR, DSP, HELIUM, PLAIN

_KERNELS = files("edgedigits.firmware_export.operators") / "kernels"
_DEFINING = ("types.h", "conv16.c")
"""Where the macros stand that constants are written with."""
_GIVEN = {HELIUM.name: {HELIUM.macro: "1"}, DSP.name: {DSP.macro: "1"}, PLAIN.name: {}, AVR.name: {AVR.macro: "1"}}
"""Macros of the compiler that choose a variant, beside GCC's own."""
_DIRECTIVE = re.compile(r"#(if|elif|else|endif|define)\b ?(.*)")
_DEFINITION = re.compile(r"(\w+)(\(([\w, ]*)\))?(?: (.*))?")
_ARRAY = re.compile(r"^static const FLASH (\w+) (\w+)\[\] [A-Z_0-9 ]+= \{\n(.*?)^\};\n", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"-?\w[^,()]*(?:\([^()]*\)[^,()]*)?")
_ARGUMENTS = re.compile(r"(?<!\w)-?\d+|\([^()]*\)|\s+")
_TYPE = re.compile(r"typedef (u?int\d+)_t (\w+);")
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_EXPRESSION = re.compile(r"[\d\s()+*<>,&x-]*")


@dataclass(frozen=True)
class Macro:
    """A macro: its arguments, None where it takes none, and what it stands for."""

    arguments: tuple[str, ...] | None
    body: str


@dataclass(frozen=True)
class Constants:
    """The constants of one variant.

    Attributes:
        macros: by name.
        types: NumPy's name of the integers that the kernels name otherwise, such as ``weight_t``.
    """

    macros: dict[str, Macro]
    types: dict[str, str]

    def array(self, kind: str, text: str) -> NDArray[np.generic]:
        """The numbers of an initializer as an array of one of C's types.

        Raises:
            ValueError: a number that the type does not hold, or text that is not understood.
        """
        named = self.types.get(kind, kind.removesuffix("_t"))
        numbers = self.numbers("\n".join(_active(text, self.macros)))
        whole = np.array(numbers, np.int64)
        limits = np.iinfo(named)
        if whole.size and not limits.min <= whole.min() <= whole.max() <= limits.max:
            raise ValueError(f"{kind} does not hold {whole.min()} to {whole.max()}")
        return whole.astype(np.dtype(named).newbyteorder("<"))

    def array_bytes(self, text: str) -> dict[str, int]:
        """How many bytes each array takes that the C of a stage defines for this variant, by name."""
        seen = "".join(f"{line}\n" for line in _active(text, dict(self.macros)))
        return {
            name: self._count(numbers) * np.dtype(self.types.get(kind, kind.removesuffix("_t"))).itemsize
            for kind, name, numbers in _ARRAY.findall(seen)
        }

    def _count(self, text: str) -> int:
        """Of an initializer's numbers; the same macro stands for as many each time."""
        first = {_ARGUMENTS.sub("()", item[0]): item[0] for item in _ITEM.finditer(text)}
        lengths = {kind: len(self.numbers(item)) for kind, item in first.items()}
        return sum(lengths[_ARGUMENTS.sub("()", item[0])] for item in _ITEM.finditer(text))

    def numbers(self, text: str) -> list[int]:
        """Whole numbers apart by commas.

        Raises:
            ValueError: anything else.
        """
        text = self.expanded(text)
        if not _EXPRESSION.fullmatch(text):
            raise ValueError(f"cannot work out {text[:100]!r}")
        return [int(number) for number in eval(f"[{text}]", {"__builtins__": {}})]

    def expanded(self, text: str) -> str:
        """The text without macros."""
        for name, macro in self.macros.items():
            if macro.arguments is None:
                text = re.sub(rf"\b{name}\b", macro.body, text)
        while found := [name for name in self.macros if re.search(rf"\b{name}\(", text)]:
            for name in found:
                macro = self.macros[name]
                text = re.sub(rf"\b{name}\(([^()]*)\)", lambda match, macro=macro: _expanded(macro, match[1]), text)  # type: ignore[misc]
        return text


def _expanded(macro: Macro, given: str) -> str:
    values = dict(zip(macro.arguments or (), (word.strip() for word in given.split(",")), strict=True))
    return _WORD.sub(lambda word: values.get(word[0], word[0]), macro.body)


def _holds(condition: str, macros: dict[str, Macro]) -> bool:
    """Whether a condition of ``defined``, numbers, ``&&``, ``||`` and ``!`` is met."""
    text = re.sub(r"defined\((\w+)\)", lambda match: str(int(match[1] in macros)), condition)
    text = _WORD.sub(lambda word: macros[word[0]].body if word[0] in macros else "0", text)
    text = text.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    return bool(eval(text, {"__builtins__": {}}))


def _active(text: str, macros: dict[str, Macro]) -> Iterator[str]:
    """The lines that a compiler sees; definitions are added to ``macros``."""
    taken = [True]  # of each open condition whether its lines are seen; of the one around all that
    done = [True]  # and whether one of its branches was
    for line in text.replace("\\\n", " ").splitlines():
        found = _DIRECTIVE.match(line)
        if not found:
            if all(taken):
                yield line
            continue
        word, rest = found[1], found[2].partition("/*")[0].strip()
        if word == "if":
            taken.append(all(taken) and _holds(rest, macros))
            done.append(taken[-1])
        elif word in {"elif", "else"}:
            taken[-1] = not done[-1] and all(taken[:-1]) and (word == "else" or _holds(rest, macros))
            done[-1] |= taken[-1]
        elif word == "endif":
            taken.pop()
            done.pop()
        elif all(taken) and (defined := _DEFINITION.fullmatch(rest)):
            arguments = tuple(name.strip() for name in defined[3].split(",")) if defined[2] else None
            macros[defined[1]] = Macro(arguments, (defined[4] or "").strip())


@cache
def constants_of(variant: str) -> Constants:
    """The constants of the variant of this name."""
    macros = {name: Macro(None, body) for name, body in _GIVEN[variant].items()}
    text = "\n".join((_KERNELS / name).read_text(encoding="utf-8") for name in _DEFINING)
    lines = list(_active(text, macros))
    types = {name: kind for line in lines for kind, name in _TYPE.findall(line)}
    kept = {
        name: macro for name, macro in macros.items() if macro.arguments or name in {"TAIL", *_defined_flags(macros)}
    }
    return Constants(kept, types)


def _defined_flags(macros: dict[str, Macro]) -> set[str]:
    """Macros that conditions ask for."""
    return {name for name in macros if name.startswith("WITH_") or name in {"PLAIN", "__AVR__"}}
