"""The network as C: its kernels, and the tables of values, stages and their order."""

from __future__ import annotations

import re
from importlib.resources import files

from edgedigits.firmware_export.c_source.left_out import RARE, without
from edgedigits.firmware_export.c_source.structs import initializer
from edgedigits.firmware_export.c_source.text import wrapped
from edgedigits.firmware_export.library.ends import LibraryEnds
from edgedigits.firmware_export.operators.registry import KERNELS
from edgedigits.firmware_export.planning.plan import Plan
from edgedigits.firmware_export.planning.stages import Kernel, Program, filler_bytes
from edgedigits.firmware_export.variants import VARIANTS

_KERNEL_FILES = files("edgedigits.firmware_export.operators") / "kernels"
_INCLUDE = re.compile(r'^#include "(\w+\.[ch])"\n', re.MULTILINE)
_GUARD = re.compile(r"\A#ifndef (\w+)\n#define \1\n+(.*?)\n#endif\n\Z", re.DOTALL)
_NO_FILLER = 0xFFFF

STOP_ON_AVR = """\
#if defined(__AVR__)
#error "weights from outside are not for 8-bit AVR: export with --weights plain"
#include "not_for_8_bit_avr.h" /* there is none: the compiler stops here, before the errors that would follow */
#endif

"""
"""In the header of a library that takes blobs; no part of what a blob fits, as blobs of before are taken on."""

_ONLY_WHERE_BLOBS_ARE_READ = """\
#if defined(__AVR__)
#error "weights from outside are not for 8-bit AVR: export with --weights plain"
#endif
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "weights from outside are little endian: export with --weights plain"
#endif
"""


def fits_dsp(program: Program) -> bool:
    """Whether the kernels for the DSP extension can compute all stages; where they cannot, plain ones run there."""
    return all(KERNELS[stage.kernel].fits_dsp(stage.node) for stage in program.stages)


def macros(plan: Plan, outside: bool) -> str:
    """Macros that leave out what no layer of this network needs, ``outside`` whatever its weights are."""
    program = plan.program
    many = max(_slots(plan, value) for value in program.values) > 256
    lines = ["#define MANY_SLOTS 1 /* more than 256 rows of a value in the arena */"] if many else []
    if outside:
        return _ONLY_WHERE_BLOBS_ARE_READ + "".join(f"{line}\n" for line in lines)
    lines += [] if fits_dsp(program) else ["#define NO_DSP 1 /* a weight of -128 */"]
    lines += [] if any(stage.padded for stage in program.stages) else ["#define NEVER_FILLED 1 /* rows of padding */"]
    beside = any(value.before + value.after > 0 for value in program.values.values())
    lines += [] if beside else ["#define NEVER_PADDED 1 /* rows at their ends */"]
    lines += [line for source in KERNELS.values() for line in source.macros(program)]
    return "".join(f"{line}\n" for line in lines)


def kernel_sources(wanted: list[str], defined: str) -> str:
    """The kernel files and what they include, each once, without their include lines and guards.

    Args:
        wanted: names of the files.
        defined: lines that define macros; what stands under rare ones that are not among them is left out.
    """
    lacking = frozenset(macro for macro in RARE if f"#define {macro} " not in defined)
    done: dict[str, str] = {}

    def take(file: str) -> None:
        if file in done:
            return
        text = without((_KERNEL_FILES / file).read_text(encoding="utf-8"), lacking)
        for included in _INCLUDE.findall(text):
            take(included)
        text = _INCLUDE.sub("", text)
        guarded = _GUARD.match(text)
        done[file] = (guarded[2] if guarded else text).strip() + "\n"

    for file in wanted:
        take(file)
    return "\n".join(done.values())


def case(number: int, kernel: Kernel, memory: str) -> str:
    """What runs a row of a kernel, in the switch over kernels; ``memory`` is where its second input lies."""
    row = "row_of(&values[stage->second], (uint16_t)(y - stage->lag)) + values[stage->second].first"
    second = f"{memory} + {row}"
    return f"    case {number}:\n        {KERNELS[kernel].call.replace('SECOND', second)};\n        break;"


def tables(plan: Plan, kinds: list[Kernel], ends: LibraryEnds, outside: bool) -> str:
    """The arrays ``values``, ``stages`` and ``order``."""
    program = plan.program
    numbers = ends.numbers(program)
    values = []
    for value, place in sorted(numbers.items(), key=lambda pair: pair[1]):
        content = program.values[value]
        root = program.root(value)
        slots = _slots(plan, value)
        offset = tuple(plan.layouts[variant].offsets["value", root] for variant in VARIANTS)
        first = content.before * content.beside
        padded = int(content.before + content.after > 0)
        shape = "x".join(str(length) for length in content.shape)
        fields = (offset, content.row_bytes, slots, content.shape[0], first, 0 if outside else content.zero, padded)
        values.append(f"    {initializer('value_t', fields, f'a value of {shape}')}, /* {place}: {shape} */\n")
    stages = "".join(_stage(plan, place, numbers, kinds) for place in range(len(program.stages)))
    order = ", ".join(str(stage) for stage in plan.schedule.order)
    lines = "".join(f"    {line}\n" for line in wrapped(order))
    most = max(stage.rows for stage in program.stages)
    return (
        f"\nenum {{\n{ends.constants(program)}"
        f"{f'    VALUES = {len(numbers)},{chr(10)}' if outside else ''}"
        f"    STAGES = {len(program.stages)},\n    STEPS = {len(plan.schedule.order)},\n"
        f"    MOST_ROWS = {max(most, 3)}, /* the kernels of 3x3 windows read so many */\n"
        f"    NO_FILLER = {_NO_FILLER}\n}};\n\n"
        f"static const FLASH value_t values[] = {{\n{''.join(values)}}};\n\n"
        f"static const FLASH stage_t stages[] = {{\n{stages}}};\n\n"
        f"/* Which stage makes its next row. */\nstatic const FLASH uint8_t order[] = {{\n{lines}}};\n"
    )


def _slots(plan: Plan, value: int) -> int:
    """Rows of a value that lie in the arena at a time; all, where it is seen under another shape."""
    return plan.schedule.slots.get(value, plan.program.values[value].shape[0])


def _stage(plan: Plan, place: int, numbers: dict[int, int], kinds: list[Kernel]) -> str:
    stage = plan.program.stages[place]
    offsets = tuple(
        plan.layouts[variant].offsets.get(("scratch", place), plan.layouts[variant].offsets.get(("kept", place), 0))
        for variant in VARIANTS
    )
    filler: tuple[int, ...] = (_NO_FILLER,)
    if stage.padded:
        row = filler_bytes(stage, plan.program.values[stage.inputs[0]])
        filler = tuple(stage.scratch[variant] - row for variant in VARIANTS)
    inputs = [numbers[value] for value in stage.inputs] or [0]
    second = inputs[1] if len(inputs) > 1 else 0
    slots = _slots(plan, stage.inputs[0]) if stage.inputs else 1
    places = (stage.start, stage.above, stage.lag, -stage.above % slots)
    kinds_and_values = (kinds.index(stage.kernel), inputs[0], second, numbers[stage.output])
    rows = (stage.rows, stage.step, stage.apart, stage.step % slots, stage.apart % slots)
    fields = (f"&layer_{place}", offsets, filler, *places, *kinds_and_values, *rows)
    return f"    {initializer('stage_t', fields, stage.title)},\n"
