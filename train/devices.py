"""The devices that a training run uses, and the precision they compute in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.backend import tf

MIXED_FROM = (7, 0)
"""CUDA compute capability from which float16 multiplications are faster (Volta's tensor cores)."""


@dataclass(frozen=True)
class Devices:
    """Logical devices by name, and Keras' precision policy for them (``float32`` or ``mixed_float16``)."""

    names: tuple[str, ...]
    policy: str

    def strategy(self) -> Any:
        """TensorFlow's distribution strategy: one device alone, or the same weights mirrored on all.

        Where the machine has nothing but one CPU, the default one: ``OneDeviceStrategy`` wraps the digits in a data
        set of its own, whose autotuner sleeps ever longer and made an epoch up to twice as long.
        """
        if len(self.names) == 1 and not tf.config.list_physical_devices("GPU"):
            return tf.distribute.get_strategy()
        if len(self.names) == 1:
            return tf.distribute.OneDeviceStrategy(self.names[0])
        return tf.distribute.MirroredStrategy(list(self.names))


def choose_devices(wanted: str) -> Devices:
    """Find the devices for ``auto`` (every GPU, else the CPU), ``cpu`` or ``gpu``.

    Raises:
        EdgedigitsError: ``gpu`` where TensorFlow sees none.
    """
    gpus = [] if wanted == "cpu" else tf.config.list_physical_devices("GPU")
    if wanted == "gpu" and not gpus:
        raise EdgedigitsError(
            "TensorFlow finds no GPU on this machine",
            'install its driver and pip install "tensorflow[and-cuda]", or choose --device auto',
        )
    if not gpus:
        return Devices(tuple(device.name for device in tf.config.list_logical_devices("CPU")), "float32")
    capabilities = [tf.config.experimental.get_device_details(gpu).get("compute_capability") for gpu in gpus]
    names = tuple(device.name for device in tf.config.list_logical_devices("GPU"))
    return Devices(names, policy_for(capabilities))


def policy_for(capabilities: Sequence[tuple[int, int] | None]) -> str:
    """Keras' precision policy for GPUs of these compute capabilities: mixed only where each one gains by it."""
    gains = all(capability is not None and capability >= MIXED_FROM for capability in capabilities)
    return "mixed_float16" if gains and capabilities else "float32"
