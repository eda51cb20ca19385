"""Machines made up of files, which stand in the place of the real one: what the kernel, the driver and pip leave."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgedigits.core.machine.host import Host

DRIVER = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Fri Feb 24 22:36:26 UTC 2026\nGCC version:  gcc 12\n"
OPEN_DRIVER = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (root@host)\n"
CUDA_PACKAGES = ("nvidia-cudnn-cu12", "nvidia-cublas-cu12")


@dataclass
class MadeUpHost:
    """Builds a machine under a folder.

    Attributes:
        folder: that stands for ``/``; installed Python packages lie in ``/packages``.
        environ: its environment variables.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin"})

    def write(self, name: str, text: str = "") -> Path:
        """Make a file."""
        path = self.folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def command(self, name: str, script: str = "") -> None:
        """Install a command, a shell script."""
        self.write(f"/usr/bin/{name}", f"#!/bin/sh\n{script}\n").chmod(0o755)

    def package(self, name: str, version: str, requires: tuple[str, ...] = ()) -> None:
        """Install a Python distribution: its metadata, no code."""
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in requires]
        self.write(f"/packages/{name.replace('-', '_')}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")

    def tensorflow(self, version: str = "2.21.0") -> None:
        """Install TensorFlow without CUDA's libraries."""
        self.package("tensorflow", version, tuple(f'{name}<13.0; extra == "and-cuda"' for name in CUDA_PACKAGES))

    def cuda_libraries(self) -> None:
        """Install those of TensorFlow's extra."""
        for name in CUDA_PACKAGES:
            self.package(name, "12.9.1")

    def graphics_card(self, vendor: str = "0x10de", kind: str = "0x030000", address: str = "0000:01:00.0") -> None:
        """Put a device on the PCI bus."""
        self.write(f"/sys/bus/pci/devices/{address}/vendor", f"{vendor}\n")
        self.write(f"/sys/bus/pci/devices/{address}/class", f"{kind}\n")

    def driver(self, version: str = "550.54.14", text: str = DRIVER) -> None:
        """Load NVIDIA's driver: kernel module, device files, library."""
        self.write("/proc/driver/nvidia/version", text.format(version))
        self.write("/proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t\t NVIDIA A10\nIRQ:   	 48\n")
        self.write("/dev/nvidia0")
        self.write("/usr/lib/x86_64-linux-gnu/libcuda.so.1")

    def host(self, **settings: object) -> Host:
        """The machine as programs see it; a Linux PC unless ``settings`` say otherwise."""
        known = {"system": "Linux", "machine": "x86_64", **settings}
        return Host(self.folder, self.environ, (str(self.folder / "packages"),), **known)  # type: ignore[arg-type]
