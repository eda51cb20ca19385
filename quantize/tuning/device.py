"""On what a network is fine-tuned: the first GPU that TensorFlow sees, else the CPU."""

from __future__ import annotations

from edgedigits.core.counting import counted
from edgedigits.core.keras.backend import tf
from edgedigits.core.machine.host import Host, usable_cores
from edgedigits.core.machine.nvidia import unseen_gpu, warn_of_cpu


def tuning_device(host: Host | None = None) -> str:
    """What TensorFlow places a network on by itself, in words.

    No strategy spreads fine-tuning over several devices: one is used.

    Args:
        host: where to look for a GPU that TensorFlow does not see.

    Warns:
        EdgedigitsWarning: the machine has an NVIDIA GPU that TensorFlow cannot use.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "no name")
        return f"GPU 0 ({name})"
    version = tf.sysconfig.get_build_info().get("cuda_version") if tf.test.is_built_with_cuda() else None
    if trouble := unseen_gpu(version, host):
        warn_of_cpu(trouble)
    return f"CPU ({counted(usable_cores(), 'core')})"
