"""In which order the stages make their rows, and from when to when each row is needed.

Rows are made on demand, so that of a value only as many rows live as its reader's window covers. A *whole* value is
made from its first to its last row before anyone reads it; that costs its memory and saves that of everything before.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgedigits.firmware_export.planning.stages import Program


@dataclass(frozen=True)
class Life:
    """Steps between which a row must stay: it is written at ``birth`` and last read at ``death``."""

    birth: int
    death: int


@dataclass(frozen=True)
class Schedule:
    """An order of execution.

    Attributes:
        order: for each step the stage that makes its next row.
        lives: for each value that owns memory the lives of its rows.
        slots: for each of them the number of rows that must be kept at a time, as a ring.
    """

    order: tuple[int, ...]
    lives: dict[int, tuple[Life, ...]]
    slots: dict[int, int]


class _Simulation:
    """Runs the program on demand and notes when each row is made and last read."""

    def __init__(self, program: Program, whole: frozenset[int]) -> None:
        self._program = program
        self._whole = whole
        self._makers = {value: program.maker(value) for value in program.values}
        self.order: list[int] = []
        self._done = [0] * len(program.stages)
        self.births: dict[int, list[int]] = {
            value: [] for value, content in program.values.items() if content.view_of is None
        }
        self.deaths: dict[int, dict[int, int]] = {value: {} for value in self.births}
        self.seen: dict[int, int] = {}
        """When all rows of a value were last read, under another shape."""
        for value in program.inputs:
            self.births[value] = [-1] * program.values[value].shape[0]

    def demand(self, value: int, rows: int) -> None:
        """Run whatever is missing until the first ``rows`` rows of a value exist."""
        root = self._program.root(value)
        place = self._makers[value]
        if place is None or not rows:
            return
        height = self._program.values[root].shape[0]
        wanted = height if root != value or root in self._whole else rows
        while len(self.births[root]) < wanted:
            self._step(place)

    def _step(self, place: int) -> None:
        stage = self._program.stages[place]
        number = self._done[place]
        reads = [
            (value, stage.needs(number, self._program.values[value].shape[0], which))
            for which, value in enumerate(stage.inputs)
        ]
        for value, rows in reads:
            self.demand(value, rows[1])
        now = len(self.order)
        self.order.append(place)
        self._done[place] += 1
        for value, rows in reads:
            self._read(value, rows, now)
        height = self._program.values[stage.output].shape[0]
        if number >= stage.steps - height:  # a row for each step, or one row at the last step
            self.births[stage.output].append(now)

    def _read(self, value: int, rows: tuple[int, int], now: int) -> None:
        root = self._program.root(value)
        first, last = rows
        if last and root != value:
            self.seen[root] = now
            return
        for row in range(first, last):
            self.deaths[root][row] = now


def schedule(program: Program, whole: frozenset[int]) -> Schedule:
    """Order the steps of a program.

    Args:
        program: what to run.
        whole: numbers of values to make completely before they are read.
    """
    run = _Simulation(program, whole)
    _run_to_the_end(program, run)
    end, outputs = len(run.order), program.output_roots
    lives = {}
    for value, births in run.births.items():
        deaths = run.deaths[value]
        if value in outputs:
            deaths = dict.fromkeys(range(len(births)), end)
        lives[value] = tuple(
            Life(birth, max(birth, run.seen.get(value, birth), deaths.get(row, birth)))
            for row, birth in enumerate(births)
        )
    dense = {program.root(value) for value, content in program.values.items() if content.view_of is not None}
    dense |= {*program.inputs, *outputs}
    slots = {value: max(len(rows), 1) if value in dense else _ring(rows) for value, rows in lives.items()}
    return Schedule(tuple(run.order), lives, slots)


def _run_to_the_end(program: Program, run: _Simulation) -> None:
    """Have all rows of all outputs made, evenly: what two of them are made of need not wait whole for the second."""
    heights = {value: program.values[program.root(value)].shape[0] for value in program.outputs}
    tallest = max(heights.values(), default=0)
    for part in range(1, tallest + 1):
        for value, height in heights.items():
            run.demand(value, height * part // tallest)


def _ring(rows: tuple[Life, ...]) -> int:
    """The least number of slots with which no row is written over one that is still needed."""
    for slots in range(1, len(rows)):
        if all(rows[later].birth > rows[later - slots].death for later in range(slots, len(rows))):
            return slots
    return max(len(rows), 1)
