"""NVIDIA's GPUs as the operating system shows them, and why TensorFlow sees none of them. Loads nothing heavy."""

from __future__ import annotations

import os
import re
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.machine.host import Host

_VENDOR, _DISPLAY = "0x10de", "0x03"  # PCI ID of NVIDIA; first byte of the class of graphics cards
_WSL = "/usr/lib/wsl/lib"
_LIBRARY_FOLDERS = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/cuda/lib64", "/usr/local/nvidia/lib64"),
    *("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", _WSL),
)
_SMI_SECONDS = 15
_CUDA_NEEDS = {"11": (450, 80, 2), "12": (525, 60, 13), "13": (580, 0, 0)}
"""Oldest Linux driver for each CUDA (CUDA Toolkit Release Notes, table "CUDA Toolkit and minimum required driver")."""

GPU_EXTRA = 'pip install "edgedigits[gpu]"'


@dataclass(frozen=True)
class Nvidia:
    """What the operating system shows of NVIDIA's GPUs.

    Attributes:
        gpus: the model of each as the driver names it, else its PCI address.
        driver: version of the driver, ``of Windows`` under WSL; None where it is not loaded.
        nodes: device files of the GPUs.
        closed: those of them that this user may not open.
        library: the driver's libcuda.so.1; None where there is none.
    """

    gpus: tuple[str, ...]
    driver: str | None
    nodes: tuple[str, ...]
    closed: tuple[str, ...]
    library: str | None

    def __str__(self) -> str:
        """The GPUs for people."""
        return ", ".join(self.gpus)


@dataclass(frozen=True)
class CudaBuild:
    """What CUDA the installed TensorFlow wants.

    Attributes:
        version: of CUDA that it was built with; None where it was built without.
        missing: CUDA's libraries that are not installed, by the names of their packages.
    """

    version: str | None
    missing: tuple[str, ...] = ()


def find_nvidia(host: Host | None = None) -> Nvidia | None:
    """Look for NVIDIA's GPUs; None where there is no sign of one.

    A sign is a graphics card of theirs on the PCI bus, a GPU that the loaded driver lists, a device file, or what
    ``nvidia-smi -L`` prints, where that command is there and nothing else was found.
    """
    host = host or Host()
    nodes = tuple(sorted(host.shown(path) for path in _globbed(host, "/dev", "nvidia[0-9]*")))
    in_wsl = host.path("/dev/dxg").exists() and host.path(f"{_WSL}/libcuda.so.1").exists()
    gpus = _from_driver(host) or _from_bus(host) or nodes or _from_smi(host)
    if not gpus:
        return None
    return Nvidia(
        gpus=tuple(gpus),
        driver="of Windows" if in_wsl else _driver(host),
        nodes=("/dev/dxg",) if in_wsl else nodes,
        closed=tuple(node for node in nodes if not os.access(host.path(node), os.R_OK | os.W_OK)),
        library=_library(host, "libcuda.so.1"),
    )


def cuda_build(version: str | None, host: Host | None = None) -> CudaBuild:
    """What CUDA an installed TensorFlow lacks.

    Args:
        version: of the CUDA that it was built with, None without.
        host: where it is installed.

    The libraries are those of its extra ``and-cuda``; they may also lie where the system or ``LD_LIBRARY_PATH`` keeps
    libraries.
    """
    host = host or Host()
    found = host.distribution("tensorflow")
    if version is None or found is None:
        return CudaBuild(version)
    wanted = [line for line in found.requires or () if "and-cuda" in line]
    names = [match.group() for line in wanted if (match := re.match(r"[\w.-]+", line))]
    missing = tuple(name for name in names if host.version(name) is None)
    in_the_system = _library(host, f"libcudart.so.{version.split('.')[0]}") and _library(host, "libcudnn.so.9")
    return CudaBuild(version, () if in_the_system else missing)


def why_unseen(nvidia: Nvidia, cuda: CudaBuild, host: Host | None = None) -> EdgedigitsError:
    """Why TensorFlow sees no GPU on a machine that has one, and what to do.

    Args:
        nvidia: the machine's GPUs.
        cuda: what the installed TensorFlow wants.
        host: the machine.
    """
    host = host or Host()
    reason, remedy = next(_reasons(nvidia, cuda, host))
    return EdgedigitsError(f"TensorFlow cannot use this machine's NVIDIA GPU ({nvidia}): {reason}", remedy)


def unseen_gpu(cuda_version: str | None, host: Host | None = None) -> EdgedigitsError | None:
    """Why a TensorFlow that sees no GPU does not see the NVIDIA GPU that the machine has; None where it has none.

    Args:
        cuda_version: of the CUDA that TensorFlow was built with, None without.
        host: the machine.
    """
    nvidia = find_nvidia(host)
    return None if nvidia is None else why_unseen(nvidia, cuda_build(cuda_version, host), host)


def warn_of_cpu(trouble: EdgedigitsError) -> None:
    """Warn that the CPU is used in place of a GPU, and how that is mended."""
    warnings.warn(EdgedigitsWarning(f"the CPU is used: {trouble.what}", trouble.remedy), stacklevel=3)


def _reasons(nvidia: Nvidia, cuda: CudaBuild, host: Host) -> Iterator[tuple[str, str]]:
    """Each reason that holds, the one to mend first at the head, with its remedy."""
    hidden = host.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and (not hidden.strip() or hidden.strip().startswith("-")):
        yield f"CUDA_VISIBLE_DEVICES={hidden} hides it", "`unset CUDA_VISIBLE_DEVICES`"
    if cuda.version is None:
        yield "this TensorFlow was built without CUDA", _cuda_build_remedy(host)
    yield from _driver_reasons(nvidia, cuda, host)
    if cuda.missing:
        yield f"CUDA's libraries are missing ({', '.join(cuda.missing)})", f"`{GPU_EXTRA}`"
    yield (
        "driver and CUDA's libraries are there, and it says no more",
        "`TF_CPP_MIN_LOG_LEVEL=0 python -c \"import tensorflow as tf; tf.config.list_physical_devices('GPU')\"` "
        "prints what it missed, `nvidia-smi` whether the driver answers",
    )


def _driver_reasons(nvidia: Nvidia, cuda: CudaBuild, host: Host) -> Iterator[tuple[str, str]]:
    if nvidia.driver is None:
        yield "its driver is not loaded", _driver_remedy(host)
    elif host.in_container and not (nvidia.nodes and nvidia.library):
        yield "this container was started without it", "start the container with `docker run --gpus all`"
    elif not nvidia.nodes:
        yield "it has no device file in /dev", "`sudo nvidia-modprobe -u -c 0`"
    elif nvidia.closed:
        owner = "`sudo usermod --append --groups video,render $USER`, then log in again"
        yield f"you may not open {', '.join(nvidia.closed)}", owner
    elif nvidia.library is None:
        yield "the driver's libcuda.so.1 is missing", _library_remedy(host)
    else:
        needed = _CUDA_NEEDS.get((cuda.version or "").split(".")[0], ())
        numbers = tuple(int(part) for part in re.findall(r"\d+", nvidia.driver))
        if numbers and numbers < needed:
            wanted = ".".join(str(part) for part in needed)
            yield (
                f"driver {nvidia.driver} is older than {wanted}, which CUDA {cuda.version} needs",
                _driver_remedy(host),
            )


def _cuda_build_remedy(host: Host) -> str:
    if host.system == "Windows":
        return "train under WSL2 (`wsl --install`): TensorFlow for Windows has no CUDA since 2.11"
    if (host.system, host.machine) != ("Linux", "x86_64"):
        return f"train on Linux x86-64, the only one whose TensorFlow has CUDA, not on {host.system} {host.machine}"
    if host.version("tensorflow-cpu"):
        return f"`pip uninstall --yes tensorflow-cpu tensorflow`, then `{GPU_EXTRA}`"
    return f"`pip uninstall --yes tensorflow`, then `{GPU_EXTRA}`"


def _driver_remedy(host: Host) -> str:
    where = " on the host of this container" if host.in_container else ""
    if "ubuntu" in host.linux:
        return f"`sudo ubuntu-drivers install`{where}, then restart it"
    if "debian" in host.linux:
        return f"`sudo apt install nvidia-driver` (Debian's section non-free){where}, then restart it"
    return f"install NVIDIA's driver{where} (https://www.nvidia.com/drivers), then restart it"


def _library_remedy(host: Host) -> str:
    if "debian" in host.linux and "ubuntu" not in host.linux:
        return "`sudo apt install libcuda1`"
    return _driver_remedy(host)


def _from_driver(host: Host) -> list[str]:
    files = _globbed(host, "/proc/driver/nvidia/gpus", "*/information")
    named = (re.search(r"^Model:\s*(.+)$", host.text(host.shown(path)), re.MULTILINE) for path in files)
    return [match.group(1).strip() for match in named if match]


def _from_bus(host: Host) -> list[str]:
    return [
        f"PCI {path.parent.name}"
        for path in _globbed(host, "/sys/bus/pci/devices", "*/vendor")
        if host.text(host.shown(path)) == _VENDOR
        and host.text(host.shown(path.with_name("class"))).startswith(_DISPLAY)
    ]


def _from_smi(host: Host) -> list[str]:
    command = host.command("nvidia-smi")
    if command is None:
        return []
    try:
        done = subprocess.run([command, "-L"], capture_output=True, text=True, timeout=_SMI_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []  # a driver that does not answer shows no GPU
    return re.findall(r"^GPU \d+: (.+?)(?: \(UUID.*)?$", done.stdout, re.MULTILINE)


def _driver(host: Host) -> str | None:
    found = re.search(r"Kernel Module.*?\s(\d+\.[\d.]+)", host.text("/proc/driver/nvidia/version"))
    return found.group(1) if found else None


def _library(host: Host, name: str) -> str | None:
    """Where the dynamic linker would find a library."""
    named = [folder for folder in host.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    for folder in (*named, *_LIBRARY_FOLDERS):
        if (path := host.path(folder) / name).exists():
            return host.shown(path)
    return None


def _globbed(host: Host, folder: str, pattern: str) -> list[Path]:
    return sorted(host.path(folder).glob(pattern))
