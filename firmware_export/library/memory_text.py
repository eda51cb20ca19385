"""What the C says of an arena in several memories: arrays, their macros, and from an offset to an address."""

from __future__ import annotations

import textwrap

from edgedigits.firmware_export.planning.arena import Layout
from edgedigits.firmware_export.planning.plan import Plan


def memory_macros(plan: Plan, layout: Layout, prefix: str) -> str:
    """The sizes of the memories but the first, for one variant of the kernels."""
    parts = layout.parts[1:] or (0,) * len(plan.memories[1:])
    named = zip(plan.memories[1:], parts, strict=True)
    return "".join(f"#define {prefix}_{memory.upper()}_BYTES {size}\n" for memory, size in named)


def memories_words(plan: Plan, name: str) -> dict[str, str]:
    """Fields of the header: what it says of memories, of variables and of calls at the same time."""
    if len(plan.memories) < 2:
        return {
            "memories": "",
            "variables": "no global variables",
            "reentrant": "Re-entrant as long as each call has its own arena.",
        }
    prefix, further = name.upper(), plan.memories[1:]
    arrays = ", ".join(f"{name}_{memory} in {memory}" for memory in further)
    attributes = "".join(
        f"#if !defined({prefix}_{memory.upper()}_ATTRIBUTE)\n#define {prefix}_{memory.upper()}_ATTRIBUTE\n#endif\n"
        for memory in further
    )
    words = (
        f"Working memory in {len(plan.memories)} parts: the arena, which you give, is meant to lie in "
        f"{plan.memories[0]}; "
        f"arrays of the library are {arrays}, each with *_BYTES and an attribute of its own."
    )
    lines = "\n * ".join(textwrap.wrap(words, 112))
    return {
        "memories": f"/* {lines} */\n{attributes}\n",
        "variables": "no global variables but its working memory",
        "reentrant": "One call at a time.",
    }


def memories_source(plan: Plan, name: str) -> str:
    """``AT``: from an offset to an address, and the arrays of the library."""
    if len(plan.memories) < 2:
        return "#define AT(arena, offset) ((arena) + (offset))\n\n"
    prefix = name.upper()
    arrays, steps = "", ""
    for place, memory in enumerate(plan.memories[1:], start=1):
        size = f"{prefix}_{memory.upper()}_BYTES"
        where = f"{prefix}_{memory.upper()}_ATTRIBUTE"
        arrays += f"#if {size} > 0\nstatic int32_t {name}_{memory}[({size} + 3) / 4] {where};\n#endif\n"
        steps = (
            f"#if {size} > 0\n    if (offset >= {plan.starts[place]}U) {{\n"
            f"        return (int8_t *)(void *){name}_{memory} + (offset - {plan.starts[place]}U);\n    }}\n#endif\n"
        ) + steps
    return (
        f"{arrays}\n/* Offsets count on from one memory to the next. */\n"
        f"static int8_t *memory_at(int8_t *arena, uint32_t offset)\n{{\n{steps}    return arena + offset;\n}}\n"
        "#define AT(arena, offset) memory_at(arena, offset)\n\n"
    )
