"""The devices that a training run uses, and the precision they compute in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.backend import tf
from edgedigits.core.machine.host import Host, usable_cores
from edgedigits.core.machine.nvidia import unseen_gpu, warn_of_cpu

MIXED_FROM = (7, 0)
"""CUDA compute capability from which float16 multiplications are faster (Volta's tensor cores)."""

_BFLOAT16 = frozenset(("avx512_bf16", "amx_bf16"))
"""As Linux names what of a processor multiplies bfloat16 (oneDNN, "Data types: inference and training specifics")."""


@dataclass(frozen=True)
class Devices:
    """Where a network is trained.

    Attributes:
        names: of TensorFlow's logical devices.
        policy: Keras' precision policy for them, ``float32``, ``mixed_float16`` or ``mixed_bfloat16``.
        about: what they are, for people.
        hold_digits: whether the digits lie on the devices, which make their batches themselves
            (:mod:`edgedigits.train.fitting.resident`); otherwise a pipeline on the processor hands
            batch after batch over.
    """

    names: tuple[str, ...]
    policy: str
    about: str = ""
    hold_digits: bool = False

    def __str__(self) -> str:
        """What they are and, in mixed precision, that they are."""
        return f"{self.about}, mixed precision" if self.policy != "float32" else self.about

    def for_wide_network(self, host: Host | None = None) -> Devices:
        """The same, with bfloat16 where that is a processor's that multiplies it.

        Networks of few channels are hardly faster: they spend their time on other things than multiplications.

        Args:
            host: whose processor it is; the tests make one up.
        """
        told = (host or Host()).text("/proc/cpuinfo").split()
        on_cpu = all(":CPU:" in name for name in self.names)
        return replace(self, policy="mixed_bfloat16") if on_cpu and not _BFLOAT16.isdisjoint(told) else self

    def strategy(self) -> Any:
        """TensorFlow's distribution strategy: one device alone, or the same weights mirrored on all.

        Where the machine has nothing but one CPU, the default one: ``OneDeviceStrategy`` wraps the digits in a data
        set of its own, whose autotuner sleeps ever longer and made an epoch up to twice as long.
        """
        if len(self.names) == 1 and not tf.config.list_physical_devices("GPU"):
            return tf.distribute.get_strategy()
        return _strategy(self.names)


@cache
def _strategy(names: tuple[str, ...]) -> Any:
    """One for all trainings of a process: a second ``MirroredStrategy`` numbers its sums of gradients as the first one
    did, and TensorFlow 2.21 then adds those of two networks."""
    if len(names) == 1:
        return tf.distribute.OneDeviceStrategy(names[0])
    return tf.distribute.MirroredStrategy(list(names))


def choose_devices(wanted: str, host: Host | None = None) -> Devices:
    """Find the devices for ``auto`` (every GPU, else the CPU), ``cpu`` or ``gpu``.

    Args:
        wanted: one of the three.
        host: where to look for a GPU that TensorFlow does not see; the tests make one up.

    Warns:
        EdgedigitsWarning: ``auto`` takes the CPU though the machine has an NVIDIA GPU.

    Raises:
        EdgedigitsError: ``gpu`` where TensorFlow sees none; says why and what to do.
    """
    gpus = [] if wanted == "cpu" else tf.config.list_physical_devices("GPU")
    if gpus:
        return _of_gpus(gpus)
    trouble = None if wanted == "cpu" else unseen_gpu(_cuda_version(), host)
    if wanted == "gpu":
        raise trouble or EdgedigitsError(
            "TensorFlow finds no GPU, and this machine shows no NVIDIA GPU", "choose --device auto or cpu"
        )
    if trouble:
        warn_of_cpu(trouble)
    names = tuple(device.name for device in tf.config.list_logical_devices("CPU"))
    shared = f", as {len(names)} devices" if len(names) > 1 else ""
    return Devices(names, "float32", f"CPU ({counted(usable_cores(), 'core')}{shared})")


def _cuda_version() -> str | None:
    """Of the CUDA that this TensorFlow was built with; None without."""
    return tf.sysconfig.get_build_info().get("cuda_version") if tf.test.is_built_with_cuda() else None


def _of_gpus(gpus: Sequence[Any]) -> Devices:
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    policy = policy_for([detail.get("compute_capability") for detail in details])
    about = ", ".join(f"GPU {place} ({one.get('device_name', 'no name')})" for place, one in enumerate(details))
    names = tuple(device.name for device in tf.config.list_logical_devices("GPU"))
    return Devices(names, policy, about, hold_digits=True)


def policy_for(capabilities: Sequence[tuple[int, int] | None]) -> str:
    """Keras' precision policy for GPUs of these compute capabilities: mixed only where each one gains by it."""
    gains = all(capability is not None and capability >= MIXED_FROM for capability in capabilities)
    return "mixed_float16" if gains and capabilities else "float32"
