"""Seconds per epoch of every network of the zoo, on this machine, with each network's own recipe.

    python tests/benchmarks/bench_epochs.py [--steps 60] [--networks small,nano] [--json FILE]

A few steps warm up, then STEPS steps are timed with the input pipeline running and scaled to MNIST's 55,000 training
digits; validation is left out. Digits are random bytes: time does not depend on what they show. ResNet50 has random
weights, which take as long as ImageNet's. Seconds of processor (all cores together) are printed too: on a busy machine
they are the steadier figure. The pipeline alone is timed, to show that it is not what holds up.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from edgedigits.core.datasets import Digits
from edgedigits.core.load import LoadWatch, busy_words
from edgedigits.train.backend import keras, tf
from edgedigits.train.catalogue import NETWORKS, Network
from edgedigits.train.devices import choose_devices
from edgedigits.train.networks import build
from edgedigits.train.optimizers import make_optimizer, rate_plan
from edgedigits.train.pipeline import training_batches

TRAIN_COUNT = 55_000
WARM_UP = 5
ROW = (
    "network",
    "parameters",
    "batch_size",
    "milliseconds_per_step",
    "seconds_per_epoch",
    "processor_seconds_per_epoch",
    "pipeline_alone_seconds_per_epoch",
    "epochs",
    "minutes_of_the_recipe",
)


def random_digits(count: int) -> Digits:
    draw = np.random.default_rng(0)
    return Digits(draw.integers(0, 256, (count, 28, 28), dtype=np.uint8), draw.integers(0, 10, count, dtype=np.uint8))


def measure(entry: Network, steps: int) -> dict[str, Any]:
    """Time ``steps`` steps of a network and of its pipeline alone."""
    recipe = entry.recipe
    digits = random_digits(recipe.batch_size * (steps + WARM_UP))
    devices = choose_devices("auto")
    keras.backend.clear_session()
    with devices.strategy().scope():
        model = build(entry.name, pretrained=False)
        model.compile(make_optimizer(recipe, rate_plan(recipe, 1000), "float32"), "categorical_crossentropy")
    batches = training_batches(digits, recipe.batch_size, 0, 0, recipe)
    model.fit(batches.take(WARM_UP), verbose=0)
    watch = LoadWatch()
    began, busy = time.perf_counter(), time.process_time()
    model.fit(batches.take(steps), verbose=0)
    trained, worked = (time.perf_counter() - began) / steps, (time.process_time() - busy) / steps
    began = time.perf_counter()
    for _ in batches.take(steps):
        continue
    supplied = (time.perf_counter() - began) / steps
    load = watch.share()
    epoch = TRAIN_COUNT // recipe.batch_size
    return {
        "network": entry.name,
        "parameters": entry.parameters,
        "batch_size": recipe.batch_size,
        "augmentation": recipe.augmentation,
        "milliseconds_per_step": round(1e3 * trained, 1),
        "seconds_per_epoch": round(epoch * trained, 1),
        "processor_seconds_per_epoch": round(epoch * worked, 1),
        "pipeline_alone_seconds_per_epoch": round(epoch * supplied, 1),
        "epochs": recipe.epochs,
        "minutes_of_the_recipe": round(recipe.epochs * epoch * trained / 60, 1),
        "load": load,
    }


def machine() -> str:
    """Processor, cores that this process may use, GPUs, TensorFlow."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = len(tf.config.list_physical_devices("GPU"))
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {cores} cores, {gpus} GPUs, TensorFlow {tf.__version__}"


def _cell(value: float | str) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="steps to time (ResNet50: a sixth of them)")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names, separated by commas")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    where = machine()
    print(f"{where}; {options.steps} steps timed and scaled to {TRAIN_COUNT:,} digits\n")
    print(
        "| network | parameters | batch | ms a step | s an epoch | of processor | pipeline alone | epochs | minutes |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    rows = []
    told: list[str] = []
    for network in options.networks.split(","):
        entry = NETWORKS[network]
        row = measure(entry, max(4, options.steps // 6) if entry.pretrained else options.steps)
        rows.append(row)
        print(f"| {' | '.join(_cell(row[name]) for name in ROW)} |", flush=True)
        if busy := busy_words(row["load"]):
            told.append(f"{network}: {busy} while it was timed")
    print("\n" + "\n".join(told) if told else "")
    if options.json:
        options.json.write_text(json.dumps({"machine": where, "steps": options.steps, "networks": rows}, indent=1))


if __name__ == "__main__":
    main()
