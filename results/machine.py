"""The machine that measures: its name, processor and system, and whether it is a real one."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.machine.host import text_of, usable_cores
from edgedigits.core.paths import StrPath
from edgedigits.results.figures import later

_FAMILIES = {"x86": ("x86_64", "i386", "i486", "i586", "i686"), "arm": ("aarch64", "arm64", "arm")}
# Of Arm's own designs (implementer 0x41), from Linux' arch/arm64/include/asm/cputype.h and lscpu's table.
_ARM_PARTS = {
    **{0xB76: "ARM1176", 0xC07: "Cortex-A7", 0xC09: "Cortex-A9", 0xC0F: "Cortex-A15"},
    **{0xD03: "Cortex-A53", 0xD04: "Cortex-A35", 0xD05: "Cortex-A55", 0xD07: "Cortex-A57", 0xD08: "Cortex-A72"},
    **{0xD09: "Cortex-A73", 0xD0A: "Cortex-A75", 0xD0B: "Cortex-A76", 0xD0D: "Cortex-A77", 0xD41: "Cortex-A78"},
    **{0xD0C: "Neoverse-N1", 0xD40: "Neoverse-V1", 0xD49: "Neoverse-N2", 0xD4F: "Neoverse-V2"},
}


@dataclass(frozen=True)
class Machine:
    """What latencies were measured on.

    Attributes:
        processor: its name; of a board such as a Raspberry Pi the board's, then that of its cores.
        cores: that the process could use.
        system: operating system and architecture, such as ``Linux aarch64``.
        emulated: whether another processor imitated this one, so that times say nothing about it.
    """

    processor: str
    cores: int
    system: str
    emulated: bool = later(False)


def this_machine(root: StrPath = Path("/"), architecture: str = "") -> Machine:
    """The machine that this process runs on.

    Args:
        root: folder that stands for ``/``.
        architecture: as ``platform.machine`` names it, which is asked where this is empty.
    """
    root = Path(root)
    architecture = architecture or platform.machine()
    info = text_of(root / "proc/cpuinfo")
    names = [text_of(root / "proc/device-tree/model"), _processor(info)]
    processor = ", ".join(dict.fromkeys(name for name in names if name)) or platform.processor() or architecture
    return Machine(
        processor, usable_cores(), f"{platform.system()} {architecture}", _is_emulated(root, architecture, info)
    )


def _field(info: str, name: str) -> str:
    """The first value of that name in ``/proc/cpuinfo``."""
    lines = (line.partition(":") for line in info.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _processor(info: str) -> str:
    if _field(info, "CPU implementer") == "0x41":
        part = _field(info, "CPU part")
        return _ARM_PARTS.get(int(part, 16) if part.startswith("0x") else 0, f"Arm processor, part {part}")
    return _field(info, "model name") or _field(info, "Model")


def _family(architecture: str) -> str:
    plain = "arm" if architecture.startswith("arm") else architecture
    return next((family for family, names in _FAMILIES.items() if plain in names), plain)


def _is_emulated(root: Path, architecture: str, info: str) -> bool:
    """Whether the kernel (from Linux 6.1 on) or the processor's own fields tell of another family than the process.

    An emulator of programs (qemu-aarch64) imitates the processor and hands the host's ``/proc`` on. One of whole
    machines cannot be told from a real one.
    """
    kernel = text_of(root / "proc/sys/kernel/arch")
    if kernel:
        return _family(kernel) != _family(architecture)
    return bool(_field(info, "vendor_id")) and _family(architecture) == "arm"
