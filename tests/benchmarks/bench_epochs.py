"""Seconds per epoch of every network of the zoo, on this machine, with each network's own recipe.

    python tests/benchmarks/bench_epochs.py [--steps 60] [--networks small,nano] [--device auto|cpu|gpu] [--json FILE]

STEPS steps are timed as training carries them out and scaled to MNIST's 55,000 training digits; validation is left out.
"waits" is the share of that time in which the network waits for its input or for the call of the next step: as many
steps are timed in one call on a batch that lies ready, in turns with the others; what those take longer is the wait.
Digits are random bytes: time does not depend on what they show. ResNet50 has random weights, which take as long as
ImageNet's. Seconds of processor (all cores together) are printed too: on a busy machine they are the steadier figure.

--device gpu fails where there is no GPU and says what mends it. --logical 2 splits the processor into two devices, to
try what several GPUs do. --compare times the other way to bring digits to the network, too: with the digits on the
devices where a pipeline on the processor is used, and the other way round. --trace DIR writes TensorFlow's profile of
the steps of each network, for the Profile page of TensorBoard.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgedigits.core.datasets import Dataset, Digits, Split
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import tf
from edgedigits.train.fitting.devices import Devices, choose_devices
from edgedigits.train.fitting.epochs import PipelineTraining
from edgedigits.train.fitting.fitting import Fitter, prepare
from edgedigits.train.fitting.pipeline import training_batches
from edgedigits.train.fitting.resident import ResidentTraining, can_hold
from edgedigits.train.networks.catalogue import NETWORKS, Network
from edgedigits.train.recipes import TrainingRecipe
from edgedigits.train.training_request import TrainingRequest

TRAIN_COUNT = 55_000
ROUNDS = 3
COLUMNS = {
    "network": "network",
    "input": "input",
    "parameters": "parameters",
    "batch_size": "batch",
    "milliseconds_per_step": "ms a step",
    "waits_percent": "waits, %",
    "seconds_per_epoch": "s an epoch",
    "processor_seconds_per_epoch": "of processor",
    "epochs": "epochs",
    "minutes_of_the_recipe": "minutes",
}


@dataclass(frozen=True)
class Timing:
    """Seconds of one step with its input made, of processor, and on a batch that lies ready."""

    step: float
    processor: float
    ready: float


def random_split(count: int) -> Split:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 10, count, dtype=np.uint8)
    digits = Digits(draw.integers(0, 256, (count, 28, 28), dtype=np.uint8), labels)
    few = digits.take(np.arange(min(10, count)))
    return Split(Dataset("random", "random bytes", digits), "default", 0, digits, few, few)


def prepared(entry: Network, recipe: TrainingRecipe, devices: Devices, count: int) -> Fitter:
    """The network compiled as training compiles it, ResNet50 with random weights."""
    from edgedigits.train.networks.reported import build

    request = TrainingRequest(entry.name)
    return prepare(request, recipe, count, devices, lambda: build(entry.name, pretrained=False))


def timed(entry: Network, devices: Devices, hold: bool, steps: int, trace: Path | None) -> Timing:
    """Time ``steps`` steps of a network with one of the two ways to bring digits to it."""
    recipe = entry.recipe
    split = random_split(recipe.batch_size * steps)
    fitter = prepared(entry, recipe, devices, len(split.train))
    if hold:
        training = ResidentTraining(fitter.model, devices, recipe.batch_size, recipe, split, 0)
    else:
        training = PipelineTraining(fitter.model, recipe.batch_size, recipe, split, 0)
    ready = _on_a_ready_batch(fitter, recipe, split, steps)
    epochs = iter(range(100))

    def train() -> None:
        training.train(next(epochs), None)

    train(), ready()  # trace, compile, warm up
    if trace:
        with tf.profiler.experimental.Profile(str(trace / f"{entry.name}-{'devices' if hold else 'pipeline'}")):
            train()
    rounds = [(*_clocked(train), _clocked(ready)[0]) for _ in range(ROUNDS)]
    training.close()
    return Timing(*(statistics.median(values) / steps for values in zip(*rounds, strict=True)))


def _clocked(work: Callable[[], object]) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


def _on_a_ready_batch(fitter: Fitter, recipe: TrainingRecipe, split: Split, steps: int) -> Callable[[], object]:
    """As many steps in one call, on one batch that the devices already hold."""
    strategy, model = fitter.devices.strategy(), fitter.model
    batch = next(iter(training_batches(split.train, recipe.batch_size, 0, 0, recipe)))

    def share(context: object) -> tuple[object, ...]:
        replica, replicas = context.replica_id_in_sync_group, context.num_replicas_in_sync
        with tf.device(fitter.devices.names[replica]):
            return tuple(tf.identity(np.array_split(part.numpy(), replicas)[replica]) for part in batch)

    shares = strategy.experimental_distribute_values_from_function(share)
    learn = tf.autograph.experimental.do_not_convert(lambda *parts: model.train_step(parts))

    @tf.function
    def several(shares: object, count: object) -> None:
        for _ in tf.range(count):
            strategy.run(learn, args=shares)

    def run() -> None:
        several(shares, tf.constant(steps))
        [float(metric.result()) for metric in model.metrics]  # waits for the devices

    return run


def measure(
    entry: Network, devices: Devices, hold: bool, steps: int, trace: Path | None
) -> dict[str, float | int | str]:
    """A row of the table."""
    recipe = entry.recipe
    found = timed(entry, devices, hold, steps, trace)
    epoch = TRAIN_COUNT // recipe.batch_size
    return {
        "network": entry.name,
        "input": "on the devices" if hold else "pipeline",
        "parameters": entry.parameters,
        "batch_size": recipe.batch_size,
        "augmentation": recipe.augmentation,
        "milliseconds_per_step": round(1e3 * found.step, 2),
        "milliseconds_on_a_ready_batch": round(1e3 * found.ready, 2),
        "waits_percent": round(100 * max(0.0, 1 - found.ready / found.step)),
        "seconds_per_epoch": round(epoch * found.step, 1),
        "processor_seconds_per_epoch": round(epoch * found.processor, 1),
        "epochs": recipe.epochs,
        "minutes_of_the_recipe": round(recipe.epochs * epoch * found.step / 60, 1),
    }


def machine(devices: Devices) -> str:
    """Processor, what is trained on, load, TensorFlow."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, trained on {devices}, load before {load}, TensorFlow {tf.__version__}"


def _cell(value: float | str) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def split_the_processor(count: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60, help="steps to time (ResNet50: a sixth of them)")
    parser.add_argument("--networks", default=",".join(NETWORKS), help="names, separated by commas")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto")
    parser.add_argument("--logical", type=int, default=1, help="devices that the processor is split into")
    parser.add_argument("--compare", action="store_true", help="time the other way to bring digits in, too")
    parser.add_argument("--trace", type=Path, help="write TensorFlow's profile into this folder")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    if options.logical > 1:
        split_the_processor(options.logical)
    try:
        devices = choose_devices(options.device)
    except EdgedigitsError as error:
        parser.exit(1, f"Error: {error}\n")
    where = machine(devices)
    print(f"{where}; {options.steps} steps timed and scaled to {TRAIN_COUNT:,} digits\n")
    print(f"| {' | '.join(COLUMNS.values())} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}")
    rows = []
    for name in options.networks.split(","):
        entry = NETWORKS[name]
        steps = max(4, options.steps // 6) if entry.pretrained else options.steps
        holding = replace(devices, hold_digits=True)
        able = can_hold(holding, entry.recipe, random_split(1).train, entry.recipe.batch_size)
        first = devices.hold_digits and able
        for hold in dict.fromkeys((first, not first and able) if options.compare else (first,)):
            row = measure(entry, devices, hold, steps, options.trace)
            rows.append(row)
            print(f"| {' | '.join(_cell(row[name]) for name in COLUMNS)} |", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": where, "steps": options.steps, "networks": rows}, indent=1))


if __name__ == "__main__":
    main()
