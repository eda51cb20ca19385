"""Exports damaged models in a process with limits: python fuzz_export.py FIRST-SEED COUNT SECONDS FOLDER.

Each seed stands for one damaged model. Prints how many were refused and how many exported; anything but a refusal by
EdgedigitsError ends it with a traceback and the seed, which repeats the case.
"""

from __future__ import annotations

import random
import resource
import sys
import time
import traceback
from pathlib import Path

import numpy as np
from model_builder import ModelBuilder
from random_networks import random_network, random_tables

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library

MEMORY = 3 << 30
SLOWEST = 60.0
"""Seconds that one model may take on a slow computer."""

WORDS = (0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FC00000)
NUMBERS = (-(1 << 31), -129, -1, 0, 1, 2, 3, 5, 255, 256, 1000, 65536, (1 << 31) - 1)
_WHOLE = (np.dtype(np.int32), np.dtype(np.int64))
SCALES = (0.0, -1.0, float("nan"), float("inf"), 1e-38, 1e-30, 1e-9, 0.02, 1.0, 1e9, 3e38)


def damaged_bytes(dice: random.Random) -> bytes:
    """A sound model with some bytes or words overwritten, cut, doubled, or joined with another one."""
    model = bytearray(random_network(dice))
    for _ in range(dice.choice([1, 1, 2, 3, 8, 30])):
        place = dice.randrange(len(model))
        how = dice.randrange(6)
        if how == 0:
            model[place] ^= 1 << dice.randrange(8)
        elif how == 1:
            model[place] = dice.randrange(256)
        elif how in {2, 3}:
            place &= ~3
            model[place : place + 4] = dice.choice(WORDS).to_bytes(4, "little")
        elif how == 4:
            del model[place : place + dice.choice([1, 4, 100, len(model)])]
        else:
            model[place:place] = model[place : place + dice.choice([1, 4, 64])]
        if not model:
            return b""
    return bytes(model)


def hostile_tables(dice: random.Random) -> bytes:
    """A sound file whose tables say what no converter would: sizes, scales, options and links at their ends."""
    builder = ModelBuilder(dice.randrange(1 << 30), wide=dice.random() < 0.3)
    end = builder.input((1, 6, 6, 2), 0.02, 3)
    for _ in range(dice.randint(1, 4)):
        adds = [builder.conv, builder.depthwise, builder.pool, builder.relu, builder.softmax, builder.tanh]
        add = dice.choice(adds)
        end = add(end, 3) if add == builder.conv else add(end)
    if dice.random() < 0.7 and not builder.wide:
        builder, end = random_tables(dice, 3)
    for _ in range(dice.choice([1, 1, 2, 4])):
        tensor, operator = dice.choice(builder.tensors), dice.choice(builder.operators)
        how = dice.randrange(10)
        if how >= 8:
            numbers = [one for one in builder.tensors if one.data is not None and one.data.dtype in _WHOLE]
            if numbers:
                one = dice.choice(numbers)
                larger = 1 << dice.choice([0, 20, 31]) if one.data.dtype == np.int64 else 1
                choices = [dice.choice(NUMBERS) * larger if dice.random() < 0.4 else int(n) for n in one.data.ravel()]
                one.data = np.array(choices, one.data.dtype).reshape(one.data.shape)
        elif how == 0:
            tensor.shape = tuple(dice.choice(NUMBERS) if dice.random() < 0.4 else size for size in tensor.shape)
        elif how == 1:
            tensor.shape = (*tensor.shape, dice.choice(NUMBERS))
        elif how == 2:
            tensor.scales = tuple(
                dice.choice(SCALES) for _ in range(dice.choice([0, 1, 2, max(1, len(tensor.scales))]))
            )
            tensor.zero_points = tuple(dice.choice(NUMBERS) for _ in tensor.scales)
        elif how == 3:
            tensor.dtype = dice.choice([np.float32, np.int32, np.uint8, np.int16, np.int64, np.int8])
        elif how in {4, 5} and operator.options:
            name = dice.choice(sorted(operator.options))
            small = name in {"Padding", "FusedActivationFunction"}
            number = dice.randrange(-128, 128) if small else dice.choice(NUMBERS)
            operator.options[name] = [number] if isinstance(operator.options[name], list) else number
        elif how == 6:
            links = dice.choice([operator.inputs, operator.outputs])
            links[dice.randrange(len(links))] = dice.choice([-1, 0, 1, len(builder.tensors) - 1, len(builder.tensors)])
        else:
            operator.code = dice.randrange(160)
    return builder.build(end)


def model_of(seed: int) -> bytes:
    dice = random.Random(seed)
    while True:
        try:
            return (damaged_bytes if seed % 2 else hostile_tables)(dice)
        except (OverflowError, TypeError):
            continue  # the table cannot be written: no file holds that


def main(first: int, count: int, seconds: float, folder: Path) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    path = folder / "fuzzed.tflite"
    end = time.monotonic() + seconds
    refused = exported = 0
    for seed in range(first, first + count):
        if time.monotonic() > end:
            break
        path.write_bytes(model_of(seed))
        started = time.monotonic()
        try:
            export_library(path)
            exported += 1
        except EdgedigitsError as error:
            assert error.what and error.remedy, seed
            refused += 1
        except Exception:
            print(f"seed {seed}", file=sys.stderr)
            traceback.print_exc()
            return 1
        if time.monotonic() - started > SLOWEST:
            print(f"seed {seed} took {time.monotonic() - started:.0f} s", file=sys.stderr)
            return 1
    print(refused, exported)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])))
