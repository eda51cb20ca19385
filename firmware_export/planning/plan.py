"""The whole plan: stages, their order, and the arena of each variant of the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgedigits.firmware_export.graph.model import Graph
from edgedigits.firmware_export.planning.arena import Layout, blocks, lay_out, peak
from edgedigits.firmware_export.planning.lowering import lower
from edgedigits.firmware_export.planning.schedule import Schedule, schedule
from edgedigits.firmware_export.planning.stages import Program
from edgedigits.firmware_export.variants import VARIANTS

_EFFORT = 100_000
"""Steps to simulate while the plan is improved: seconds for the largest networks, plenty for those that fit a chip."""

_WORTH_ROWS = 7 / 8
"""Of the arenas' bytes: a layer that takes row by row in takes more instructions. The reports' ``fakebank-cnn`` would
have 0.92 of them, and 1.08 of the instructions on a Cortex-M4."""


@dataclass(frozen=True)
class Plan:
    """How a network runs.

    Attributes:
        program: its values and stages.
        schedule: the order of all steps, the same for every variant.
        layouts: where everything lies, by variant of the kernels.
        memories: names of the parts of the arena; none of an arena in one part.
        starts: where the offsets of each of them start.
        unfit: variants that these are too small for, and what is missing.
    """

    program: Program
    schedule: Schedule
    layouts: dict[str, Layout]
    memories: tuple[str, ...] = ()
    starts: tuple[int, ...] = (0,)
    unfit: Mapping[str, str] = field(default_factory=dict)

    @property
    def arena_bytes(self) -> dict[str, int]:
        """Arena that the caller gives by variant, input and output included."""
        return {variant: layout.bytes for variant, layout in self.layouts.items()}


def plan(graph: Graph, by_structure: bool = False) -> Plan:
    """Choose an order of execution with a small arena, and lay the arena out.

    Which values are made whole is chosen by changing one at a time while that lowers the fullest moment. Layers over a
    whole picture take row by row in where that makes arenas smaller by an eighth and none larger.

    Args:
        graph: to be computed.
        by_structure: whether the plan is the same whatever the weights are.
    """
    program, other = (lower(graph, by_rows, by_structure) for by_rows in (False, True))
    made = _planned(program)
    if [stage.kernel for stage in program.stages] == [stage.kernel for stage in other.stages]:
        return made
    by_rows = _planned(other)
    return by_rows if _is_worth_it(by_rows.arena_bytes, made.arena_bytes) else made


def _is_worth_it(arenas: Mapping[str, int], before: Mapping[str, int]) -> bool:
    """Whether no arena is larger, and all together are so much smaller that a layer may take more instructions."""
    none_larger = all(arenas[variant] <= size for variant, size in before.items())
    return none_larger and sum(arenas.values()) <= _WORTH_ROWS * sum(before.values())


def _planned(program: Program) -> Plan:
    choices = [stage.output for stage in program.stages if stage.output not in program.output_roots]
    best = min((_descend(program, choices, start) for start in (frozenset(), frozenset(choices))), key=lambda c: c[0])
    chosen = schedule(program, best[1])
    return laid_out(program, chosen)


def laid_out(program: Program, chosen: Schedule) -> Plan:
    """The plan of a program whose order is known."""
    layouts = {variant: lay_out(program, blocks(program, chosen, variant), chosen) for variant in VARIANTS}
    return Plan(program, chosen, layouts)


def _cost(program: Program, whole: frozenset[int]) -> tuple[int, int, int]:
    """Fullest moment over the variants in bytes; equal ones by the sum over the variants."""
    candidate = schedule(program, whole)
    peaks = [peak(blocks(program, candidate, variant), len(candidate.order)) for variant in VARIANTS]
    return max(peaks), sum(peaks), len(whole)


def _descend(
    program: Program, choices: list[int], whole: frozenset[int]
) -> tuple[tuple[int, int, int], frozenset[int]]:
    best = _cost(program, whole)
    trials = _EFFORT // sum(stage.steps for stage in program.stages)
    improved = True
    while improved:
        improved = False
        for value in choices:
            if trials <= 0:
                return best, whole
            trials -= 1
            candidate = whole ^ {value}
            cost = _cost(program, candidate)
            if cost < best:
                best, whole, improved = cost, candidate, True
    return best, whole
