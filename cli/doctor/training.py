"""TensorFlow with what belongs to it, and the GPU that it could use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from edgedigits.cli.doctor.finding import Finding, Installation, install, last_line
from edgedigits.core.machine.host import Host
from edgedigits.core.machine.nvidia import cuda_build, find_nvidia, why_unseen

_SECONDS = 180  # loading TensorFlow takes two seconds, on a busy machine half a minute
_CPU_TRAINS = "not needed, networks are trained on the CPU; large ones and searches take less time with one"
_PACKAGES = ("tensorflow", "tf_keras", "tensorflow-model-optimization")
_ASK = """
import os, json
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
cuda = tf.sysconfig.get_build_info().get("cuda_version") if tf.test.is_built_with_cuda() else None
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]
print(json.dumps({"cuda": cuda, "gpus": names}))
"""


@dataclass(frozen=True)
class Answer:
    """What TensorFlow said: the CUDA that it was built with, the GPUs that it sees, or why it said nothing."""

    cuda: str | None = None
    gpus: tuple[str, ...] = ()
    failed: str = ""


def tensorflow(host: Host, kind: Installation) -> Iterator[Finding]:
    """TensorFlow, its Keras 2 and what fine-tunes: all there, of one version, and loading."""
    needed = kind >= Installation.train
    versions = {name: host.version(name) for name in _PACKAGES}
    if not needed:
        yield Finding("TensorFlow", "missing", "not installed: this machine reads, it does not train", install("train"))
        return
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    lacking = [name for name, version in versions.items() if not version]
    extra = "gpu" if kind == Installation.gpu else "train"
    if lacking:
        yield Finding("TensorFlow", "fault", f"{found or 'nothing'} without {', '.join(lacking)}", install(extra), True)
        return
    minors = {(versions[name] or "").rsplit(".", 1)[0] for name in _PACKAGES[:2]}
    if len(minors) > 1:
        yield Finding("TensorFlow", "fault", f"{found}: the first two must be of one version", install(extra), True)
        return
    failed = _asked(host).failed
    again = f"`pip install --force-reinstall --no-deps tensorflow=={versions['tensorflow']}`"
    yield Finding("TensorFlow", "fault" if failed else "ok", f"{found}{failed}", again if failed else "", True)


def gpu(host: Host, kind: Installation) -> Iterator[Finding]:
    """The NVIDIA GPU with driver and CUDA's libraries, and whether TensorFlow sees it."""
    needed = kind == Installation.gpu
    nvidia = find_nvidia(host)
    answer = _asked(host) if host.version("tensorflow") else Answer()
    if answer.gpus:
        driver = f", driver {nvidia.driver}" if nvidia and nvidia.driver else ""
        cuda = f", CUDA {answer.cuda}" if answer.cuda else ""
        yield Finding("GPU", "ok", f"{', '.join(answer.gpus)}{driver}{cuda}", needed=needed)
    elif nvidia is None:
        found = "none: " + (_CPU_TRAINS if kind >= Installation.train else "not needed, this machine does not train")
        yield Finding("GPU", "missing", found, "check the card and `nvidia-smi`" if needed else "", needed)
    elif kind < Installation.train:
        found = f"{nvidia}, driver {nvidia.driver or 'not loaded'}: not used, as TensorFlow is not installed"
        yield Finding("GPU", "missing", found, install("gpu"))
    elif answer.failed:
        yield Finding("GPU", "fault", f"{nvidia}: TensorFlow cannot be asked", "mend TensorFlow first", needed)
    else:
        trouble = why_unseen(nvidia, cuda_build(answer.cuda, host), host)
        yield Finding("GPU", "fault", trouble.what, trouble.remedy, needed)


@lru_cache(maxsize=1)
def _asked_once(packages: tuple[str, ...] | None, environ: tuple[tuple[str, str], ...]) -> Answer:
    done = Host(environ=dict(environ), packages=packages).python_says(_ASK, _SECONDS)
    if done is None:
        return Answer(failed=f" does not load within {_SECONDS} seconds")
    if done.returncode != 0:
        return Answer(failed=f" does not load: {last_line(done.stderr)}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Answer(said["cuda"], tuple(said["gpus"]))


def _asked(host: Host) -> Answer:
    """What TensorFlow says; the two checks that want it load it once."""
    return _asked_once(host.packages, tuple(sorted(host.environ.items())))
