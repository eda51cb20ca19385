"""What the header says of inputs and outputs: sizes, shapes, scales and zero points, and how they are handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.graph.model import Value
from edgedigits.firmware_export.library.ends import LibraryEnd, LibraryEnds
from edgedigits.firmware_export.library.memory_text import memory_macros
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.planning.stages import Program
from edgedigits.firmware_export.variants import PLAIN, TABLE

Fill = Callable[[str, Mapping[str, object]], str]


def ends_declared(ends: LibraryEnds, arena: str, output_words: str, fill: Fill, common: Mapping[str, object]) -> str:
    """The header's part about them.

    Args:
        ends: of the model.
        arena: macros of the arena's size and of their offsets.
        output_words: what a single output is.
        fill: from the name of a template and its fields to its text.
        common: fields that every template has.
    """
    fields: dict[str, object] = dict(common) | {
        "arena": arena,
        "input_bytes": sum(end.value.size for end in ends.inputs),
        "output_bytes": sum(end.value.size for end in ends.outputs),
    }
    if ends.plain:
        (source,), (result,) = ends.inputs, ends.outputs
        for which, value in (("input", source.value), ("output", result.value)):
            fields |= {f"{which}_zero": value.zero_point, f"{which}_scale": float_literal(value.scale)[:-1]}
        return fill(
            "plain_ends.h.in", fields | {"input_shape": shape_words(source.value), "output_words": output_words}
        )
    prefix = common["NAME"]
    sizes = "".join(f"#define {prefix}_{end.macro}_BYTES {end.value.size}\n" for end in ends.all)
    members = {
        f"{side}s": "".join(_member(end) for end in of_side)
        for side, of_side in (("input", ends.inputs), ("output", ends.outputs))
    }
    return fill("several_ends.h.in", fields | {"sizes": sizes} | members)


def usage(ends: LibraryEnds, kind: str, fill: Fill, common: Mapping[str, object]) -> str:
    """The example of the header's first comment, of a library of this kind: ``digit``, ``line`` or ``tensor``."""
    if ends.plain:
        return fill(f"{kind}_usage.h.in", common)
    steps = "".join(
        f" *     {end.side}s.{end.member} = bytes + {common['NAME']}_{end.macro}_OFFSET;\n" for end in ends.all
    )
    return fill("several_usage.h.in", {**common, "steps": steps})


def arena_macros(plan: Plan, ends: LibraryEnds, prefix: str) -> str:
    """The header's sizes and offsets, of the variant that the compiler's macros choose."""
    text = ""
    for variant in sorted(TABLE, key=lambda variant: variant == PLAIN):  # what is left where no macro is
        layout = plan.layouts[variant.name]
        text += f"#{'elif' if text else 'if'} {variant.condition}\n" if variant.macro else "#else\n"
        if variant.name in plan.unfit:
            text += f'#error "the memories are too small for these kernels: {plan.unfit[variant.name]}"\n'
        text += f"#define {prefix}_ARENA_BYTES {layout.bytes}\n" + memory_macros(plan, layout, prefix)
        for macro, value in _offsets(ends, plan.program, prefix):
            text += f"#define {macro} {layout.offsets['value', value]}\n"
    return f"{text}#endif\n"


def shape_words(value: Value) -> str:
    """A shape for people: ``28 x 28 x 1``."""
    return " x ".join(str(length) for length in value.shape)


def _member(end: LibraryEnd) -> str:
    value = end.value
    kind = "const int8_t *" if end.side == "input" else "int8_t *"
    real = f"real = (value - ({value.zero_point})) * {float_literal(value.scale)[:-1]}"
    return f"    {kind}{end.member}; /* {shape_words(value)}, {real} */\n"


def _offsets(ends: LibraryEnds, program: Program, prefix: str) -> list[tuple[str, int]]:
    """The macro of each one's offset in the arena, and the number of the value that lies there."""
    return [(f"{prefix}_{end.macro}_OFFSET", program.root(end.place)) for end in ends.all]
