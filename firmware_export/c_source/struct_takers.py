"""C that fills the kernels' structs from words of a blob of weights, and the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from edgedigits.firmware_export.c_source.structs import structs

_FIELD = re.compile(r"^    (const (?:FLASH|CONV_MEMORY) )?(\w+) (\*?)(\w+);", re.MULTILINE)


def leaves(initializer: str) -> Iterator[str]:
    """The items of an initializer in braces, in the order in which they stand; those of inner braces one by one."""
    depth, item = 0, ""
    for letter in initializer:
        depth += (letter == "(") - (letter == ")")
        if letter in "{}" or (letter == "," and depth == 0):
            if item.strip():
                yield item.strip()
            item = ""
        else:
            item += letter
    if item.strip():
        yield item.strip()


def takers(kinds: list[str]) -> str:
    """Functions ``take_<struct>`` that fill these structs and those in them, each once."""
    done: dict[str, str] = {}
    for kind in kinds:
        _add(kind, done)
    return "\n".join(done.values())


def _add(kind: str, done: dict[str, str]) -> None:
    if kind in done:
        return
    lines = []
    for memory, named, pointer, field in _fields(kind):
        if pointer:
            lines.append(f"    to->{field} = ({memory}{named} *)pointer(blob, *word++);\n")
        elif named in structs():
            _add(named, done)
            lines.append(f"    word = take_{named}(&to->{field}, blob, word);\n")
        else:
            lines.append(f"    to->{field} = ({named})*word++;\n")
    unused = "" if any("blob" in line or "pointer" in line for line in lines) else "    (void)blob;\n"
    done[kind] = (
        f"static const int32_t *take_{kind}({kind} *to, const uint8_t *blob, const int32_t *word)\n{{\n"
        f"{unused}{''.join(lines)}    return word;\n}}\n"
    )


@cache
def _fields(kind: str) -> list[tuple[str, str, str, str]]:
    return _FIELD.findall(structs()[kind])
