"""How a model's inputs and outputs look in C: of one of each two pointers, of several two structs of pointers.

What else is written of a model knows names and places from here, and not how many inputs and outputs there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.c_source.names import LONGEST_MEMBER
from edgedigits.firmware_export.graph.model import Graph, ModelTensor, Value
from edgedigits.firmware_export.planning.stages import Program

_LONGEST_TOGETHER = 45
"""Of a library's name and that of an input or output: with what stands around them 63 characters (C99, 5.2.4.1)."""


@dataclass(frozen=True)
class LibraryEnd:
    """One input or output in C.

    Attributes:
        side: ``input`` or ``output``.
        member: of the struct, where there are several.
        tensor: of the model.
        value: the int8 value inside.
        place: number of the value in the program whose memory it is.
    """

    side: str
    member: str
    tensor: ModelTensor
    value: Value
    place: int

    @property
    def name(self) -> str:
        """In functions: ``input``, or with its own name ``input_image``."""
        return f"{self.side}_{self.member}" if self.member else self.side

    @property
    def macro(self) -> str:
        """In macros: ``INPUT``, or with its own name ``INPUT_IMAGE``."""
        return self.name.upper()

    @property
    def pointer(self) -> str:
        """C expression of where it lies, inside of ``run``."""
        return f"{self.side}s->{self.member}" if self.member else self.side


@dataclass(frozen=True)
class LibraryEnds:
    """All of them.

    Attributes:
        inputs: in the model's order.
        outputs: likewise.
        plain: whether there is one of each, handed over as a pointer.
    """

    inputs: tuple[LibraryEnd, ...]
    outputs: tuple[LibraryEnd, ...]
    plain: bool

    @property
    def all(self) -> tuple[LibraryEnd, ...]:
        """Inputs, then outputs."""
        return self.inputs + self.outputs

    def members(self, side: str) -> tuple[str, ...]:
        """Names of the members of a struct; none where there is one input and one output."""
        return () if self.plain else tuple(end.member for end in self.all if end.side == side)

    def numbers(self, program: Program) -> dict[int, int]:
        """The number in C of each value: those that lie where the caller says come first.

        Of one input and one output these are the input and what is seen of it under other shapes; else the outputs, the
        inputs, and what is seen of both under other shapes.
        """
        roots = [end.place for end in (self.inputs if self.plain else self.outputs + self.inputs)]
        first = {} if self.plain else {root: place for place, root in enumerate(roots)}

        def order(value: int) -> tuple[bool, int, int]:
            return program.root(value) not in roots, first.get(value, len(roots)), value

        return {value: place for place, value in enumerate(sorted(program.values, key=order))}

    def constants(self, program: Program) -> str:
        """Lines of the enum that tells these values from those in the arena."""
        numbers = self.numbers(program)
        given = self._given(program)
        if self.plain:
            return f"    INPUT = {len(given) - 1},\n    OUTPUT = {numbers[self.outputs[0].place]},\n"
        ends = f"    ENDS = {len(given)}, /* outputs, inputs, and both under other shapes */\n"
        return f"    OUTPUTS = {len(self.outputs)},\n{ends}"

    def code(self, program: Program, name: str) -> dict[str, str]:
        """What the templates of the source say of inputs and outputs, by field."""
        if self.plain:
            (source,), (result,) = self.inputs, self.outputs
            read = "(const int8_t *)input" if source.value.wide else "input"
            made, seen = ("(int8_t *)output", "(const int8_t *)output") if result.value.wide else ("output", "output")
            return _PLAIN | {
                "signature": f"const {inner_type(source.value)} *input, {inner_type(result.value)} *output",
                "arguments": f"{read}, {made}",
                "watch_arguments": seen,
            }
        owner = {end.place: end.pointer for end in self.all}
        numbers = {place: value for value, place in self.numbers(program).items()}
        given = [owner[program.root(numbers[place])] for place in range(len(self._given(program)))]
        targets = [end.pointer for end in self.outputs]
        return dict(_SEVERAL) | {
            "signature": f"const {name}_inputs_t *inputs, const {name}_outputs_t *outputs",
            "prepare": _SEVERAL["prepare"].format(given=", ".join(given), targets=", ".join(targets)),
        }

    def _given(self, program: Program) -> list[int]:
        roots = {end.place for end in (self.inputs if self.plain else self.all)}
        return [value for value in program.values if program.root(value) in roots]


_PLAIN = {
    "parameters": "const int8_t *input,\n                             int8_t *output",
    "null": "input == NULL || output == NULL",
    "source": "(stage->input <= INPUT ? input : AT(arena, from->offset))",
    "second": "(stage->second <= INPUT ? input : AT(arena, values[stage->second].offset))",
    "target": "(stage->output == OUTPUT ? output : AT(arena, to->offset))",
    "watch_parameters": "const int8_t *output",
    "watched": "number == OUTPUT ? output : AT(arena, to->offset)",
    "prepare": "",
}
"""Of one input and one output."""

_SEVERAL = {
    "parameters": "const int8_t *const *given,\n                             int8_t *const *targets",
    "arguments": "given, targets",
    "null": "inputs == NULL || outputs == NULL",
    "source": "(stage->input < ENDS ? given[stage->input] : AT(arena, from->offset))",
    "second": "(stage->second < ENDS ? given[stage->second] : AT(arena, values[stage->second].offset))",
    "target": "(stage->output < OUTPUTS ? targets[stage->output] : AT(arena, to->offset))",
    "watch_parameters": "int8_t *const *targets",
    "watch_arguments": "targets",
    "watched": "number < OUTPUTS ? targets[number] : AT(arena, to->offset)",
    "prepare": """\
    const int8_t *const given[ENDS] = {{{given}}};
    int8_t *const targets[OUTPUTS] = {{{targets}}};
    for (uint8_t end = 0; end < ENDS; end++) {{
        if (given[end] == NULL) {{
            return -1;
        }}
    }}
""",
}
"""Of several: ``given`` are their rows to be read, ``targets`` those of outputs to be written."""


def library_ends(graph: Graph, program: Program, name: str) -> LibraryEnds:
    """The inputs and outputs of a network in C.

    Raises:
        EdgedigitsError: a name of one is too long beside the library's.
    """

    def of(side: str, tensors: tuple[ModelTensor, ...], places: tuple[int, ...]) -> tuple[LibraryEnd, ...]:
        return tuple(
            LibraryEnd(side, "" if graph.is_plain else tensor.name, tensor, graph.values[tensor.value], place)
            for tensor, place in zip(tensors, places, strict=True)
        )

    inputs = of("input", graph.inputs, program.inputs)
    outputs = of("output", graph.outputs, program.output_roots)
    longest = max((end.member for end in inputs + outputs), key=len)
    if len(longest) + len(name) > _LONGEST_TOGETHER:
        raise EdgedigitsError(
            f"the name {name!r} and that of {longest!r} make symbols that are too long for C",
            f"use a name of at most {_LONGEST_TOGETHER - LONGEST_MEMBER} characters",
        )
    return LibraryEnds(inputs, outputs, graph.is_plain)


def inner_type(value: Value) -> str:
    """The C type of a value's elements."""
    return "int16_t" if value.wide else "int8_t"
