"""Where int8 takes longer than float32, which kernels ran, and what that says of another processor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgedigits.results.front import answer_latency
from edgedigits.results.machine import Machine
from edgedigits.results.row import DIGIT_TASK, Latency
from edgedigits.results.table import Entry, Table

_KERNELS = {
    "XNNPACK": "XNNPACK's kernels ran every operator",
    "XNNPACK in part": "XNNPACK's kernels ran a part of the operators, the runtime's own the others",
    "none": "the runtime's own kernels ran every operator",
}
# TensorFlow's tensorflow/lite/delegates/xnnpack/README.md of that time; an int8 model's operators without exception,
# with dense layers per tensor as well as per channel, stay with tflite-runtime 2.14's own kernels.
_BUILT_WITHOUT = (
    "it is built without XNNPACK's int8 operators (TensorFlow's build option tflite_with_xnnpack_qs8, off by default "
    "then)"
)
_ARM = re.compile(r"aarch64|arm", re.IGNORECASE)


@dataclass(frozen=True)
class _Pair:
    """A network as int8 and as float32 on one machine and runtime."""

    int8: Entry
    fixed: Latency
    floating: Latency

    @property
    def slower(self) -> bool:
        return (self.fixed.median_us or 0.0) > (self.floating.median_us or 0.0)

    def words(self) -> str:
        return f"{self.int8.row.name} {_us(self.fixed)} against {_us(self.floating)}"


def slower_int8(table: Table) -> tuple[tuple[str, str], ...]:
    """For each machine and runtime on which an int8 row takes longer than its float32 row: its name, and why.

    Only times of one digit alone, on the same machine, runtime and number of threads are held against each other.
    """
    lines = []
    machines = dict.fromkeys(entry.machine for entry in table.entries if entry.row.latency)
    for machine in machines:
        entries = [entry for entry in table.entries if entry.machine == machine]
        runtimes = dict.fromkeys(one.runtime for entry in entries for one in entry.row.latencies)
        pairs = {runtime: _pairs(entries, runtime) for runtime in runtimes}
        for runtime, found in pairs.items():
            if any(pair.slower for pair in found):
                name = runtime if len(machines) == 1 else f"{runtime} on {machine.processor}"
                lines.append((name, _explained(machine, runtime, pairs)))
    return tuple(lines)


def _pairs(entries: Sequence[Entry], runtime: str) -> list[_Pair]:
    floats = {entry.row.model: answer_latency(entry.row, runtime) for entry in entries if entry.row.recipe == "float32"}
    pairs = []
    for entry in entries:
        fixed, floating = answer_latency(entry.row, runtime), floats.get(entry.row.model)
        if fixed and floating and "int8" in entry.row.recipe.split("-") and fixed.threads == floating.threads:
            pairs.append(_Pair(entry, fixed, floating))
    return pairs


def _explained(machine: Machine, runtime: str, pairs: dict[str, list[_Pair]]) -> str:
    found = pairs[runtime]
    slow = [pair for pair in found if pair.slower]
    first = max(slow, key=lambda pair: (pair.int8.row.recipe == "int8", _is_faster_elsewhere(pair, pairs)))
    why = f", as {_BUILT_WITHOUT}" if runtime.startswith("tflite-runtime") and first.fixed.delegate == "none" else ""
    sentences = [
        f"{len(slow)} of {len(found)} int8 rows take longer than the float32 row of their network, such as "
        f"{first.words()}",
        f"for float32 {_kernels(first.floating)}; for int8 {_kernels(first.fixed)}{why}",
    ]
    for other, others in pairs.items():
        same = next((pair for pair in others if pair.int8 is first.int8 and not pair.slower), None)
        if other != runtime and same:
            sentences.append(f"on {other}, where for int8 {_kernels(same.fixed)}: {same.words()}")
    if not _ARM.search(machine.system) and first.int8.row.task == DIGIT_TASK:
        sentences.append(
            "kernels differ from processor to processor, so this says nothing of a Raspberry Pi: `edgedigits measure "
            "MODEL.tflite...` times both there"
        )
    return ". ".join(sentence[0].upper() + sentence[1:] for sentence in sentences) + "."


def _is_faster_elsewhere(pair: _Pair, pairs: dict[str, list[_Pair]]) -> bool:
    return any(other.int8 is pair.int8 and not other.slower for others in pairs.values() for other in others)


def _kernels(latency: Latency) -> str:
    return _KERNELS.get(latency.delegate, f"{latency.delegate} ran the operators")


def _us(latency: Latency) -> str:
    return f"{latency.median_us:.3g} µs" if latency.median_us is not None else "-"
