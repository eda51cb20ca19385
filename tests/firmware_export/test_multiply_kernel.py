"""The C that multiplies a sum by a scale equals TFLite's at every tie and at the ends of what a network may hold.

Both ways are compiled for this computer: that of processors with 64-bit products, and that of Cortex-M0, M23 and AVR.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from host_library import HERE, SANITIZERS, STRICT, checked_run
from numpy.typing import NDArray

from edgedigits.firmware_export.graph.arithmetic import multiply

KERNEL = HERE.parents[1] / "firmware_export" / "operators" / "kernels" / "multiply.c"
LARGEST = (1 << 31) - 1
"""Of 32-bit sums after a shift to the left; networks that could make 2**30 are refused already."""

LEAST, GREATEST = 1 << 30, (1 << 31) - 1
"""Multipliers of a scale above 0."""

WAYS = {"64-bit products": (), "four products of halves": ("-D__ARM_ARCH_6M__",)}


def limits() -> Iterator[tuple[int, int, int]]:
    """Sums and multipliers at their ends, and a step beside them, under every shift to the right."""
    sums = sorted(
        {0, 1, 2, 3, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x10001, 0x7FFE_FFFF, 0x7FFF_0000, LARGEST - 1, LARGEST, 1 << 29}
    )
    multipliers = (0, LEAST, LEAST + 1, LEAST + 0x8000, 0x5555_5555, 0x7FFF_0000, GREATEST - 1, GREATEST)
    for size, multiplier, shift in product(sums, multipliers, (0, 1, 2, 7, 8, 15, 16, 30, 31)):
        yield from ((size, multiplier, -shift), (-size, multiplier, -shift))


def ties(dice: random.Random) -> Iterator[tuple[int, int, int]]:
    """Products that lie in the middle of two numbers, and a step beside it: at the first rounding or at the second."""
    for _ in range(4000):
        zeros = dice.randint(0, 16)
        multiplier = dice.randrange(LEAST >> zeros, (GREATEST >> zeros) + 1) << zeros
        # The product is 2**30 times an odd number where the sum is 2**(30 - zeros of the multiplier) times one.
        bits = 30 - min((multiplier & -multiplier).bit_length() - 1, 30)
        size = (2 * dice.randrange(1 << max(30 - bits, 0)) + 1) << bits
        for sign, beside in product((1, -1), (-1, 0, 1)):
            yield sign * min(max(size + beside, 0), LARGEST), multiplier, -dice.randint(0, 3)
    for size in (*range(1, 2000), *(dice.randrange(LARGEST) for _ in range(2000))):
        for shift in (0, 1, 2, 3, 9):
            yield from ((size, LEAST, -shift), (-size, LEAST, -shift))


def to_the_left(dice: random.Random) -> Iterator[tuple[int, int, int]]:
    """Scales above 1: the sum is shifted before it is multiplied."""
    for _ in range(2000):
        shift = dice.randint(1, 20)
        size = dice.randrange((LARGEST >> shift) + 1)
        yield from ((sign * size, dice.randint(LEAST, GREATEST), shift) for sign in (1, -1))


def anything(dice: random.Random) -> Iterator[tuple[int, int, int]]:
    for _ in range(20_000):
        yield dice.randint(-LARGEST, LARGEST), dice.randint(LEAST, GREATEST), -dice.randint(0, 31)


@pytest.fixture(scope="module")
def cases() -> NDArray[np.int32]:
    dice = random.Random(0)
    listed = [*limits(), *ties(dice), *to_the_left(dice), *anything(dice)]
    return np.array(listed, np.int32)


@pytest.fixture(scope="module")
def expected(cases: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.array([multiply(*map(int, case)) for case in cases], np.int32)


@pytest.mark.parametrize("way", WAYS)
def test_products_equal_tflites(
    way: str, cases: NDArray[np.int32], expected: NDArray[np.int32], tmp_path: Path
) -> None:
    program = tmp_path / "multiply"
    kernel = f'-DKERNEL="{KERNEL}"'
    checked_run("gcc", *STRICT, *SANITIZERS, *WAYS[way], kernel, str(HERE / "multiply_main.c"), "-o", str(program))
    said = subprocess.run([program], input=cases.tobytes(), capture_output=True, check=False)
    assert said.returncode == 0, said.stderr.decode()
    made = np.frombuffer(said.stdout, np.int32)
    wrong = np.flatnonzero(made != expected)
    shown = [(*map(int, cases[place]), int(made[place]), int(expected[place])) for place in wrong[:5]]
    assert not len(wrong), f"{len(wrong)} of {len(cases)}: (sum, multiplier, exponent, made, TFLite's) {shown}"
