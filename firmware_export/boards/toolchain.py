"""Compile a folder of C for a core, and tell what the result weighs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import Core

STACK_BYTES = 32 * 1024
"""Stack that every measured firmware gets; the measured high-water mark is far below it."""

_TIMEOUT_SECONDS = 300
_COMPILE_FLAGS = ("-std=gnu99", "-ffunction-sections", "-fdata-sections", "-fno-common", "-g0")
_OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_SECTION = re.compile(
    r"^\.(text|rodata|srodata|data|sdata|bss|sbss|vectors|ARM\.exidx|progmem)\S*\s+(\d+)\s+\d+$", re.M
)
_KIND_OF_SECTION = {
    "srodata": "rodata",
    "progmem": "rodata",
    "ARM.exidx": "rodata",
    "sdata": "data",
    "sbss": "bss",
    "vectors": "text",
}
_SYMBOL = re.compile(r"^[0-9a-f]+ ([0-9a-f]+) ([A-Za-z]) (\S+)$", re.M)
_PLACED = re.compile(r"^([0-9a-f]+) [tTdDbBrRwW] ([^$\s]\S*)$", re.M)


@dataclass(frozen=True)
class Sections:
    """Bytes of machine code, constants, variables with a start value, and variables that start at zero."""

    text: int
    rodata: int
    data: int
    bss: int

    @property
    def flash(self) -> int:
        """What lies in flash: code, constants, and the start values of variables."""
        return self.text + self.rodata + self.data

    @property
    def static_ram(self) -> int:
        """What lies in RAM from start to end."""
        return self.data + self.bss


@dataclass(frozen=True)
class Symbol:
    """A function or variable: name, bytes, and the letter that ``nm`` prints for its section."""

    name: str
    size: int
    kind: str


@dataclass(frozen=True)
class Firmware:
    """A linked program: where it is and what it weighs."""

    elf: Path
    core: Core
    sections: Sections


@dataclass(frozen=True)
class Compiled:
    """One object file: where it is, and for which core."""

    path: Path
    core: Core

    @property
    def sections(self) -> Sections:
        """What it weighs."""
        return _sections(self.core, self.path)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols in it."""
        listing = _tool(self.core, ("nm", "-S", str(self.path)), self.path.parent)
        return tuple(Symbol(name, int(size, 16), kind) for size, kind, name in _SYMBOL.findall(listing))


def compile_source(
    source: Path,
    core: Core,
    flags: tuple[str, ...] = ("-O2",),
    compiler: tuple[str, ...] = (),
    target: Path | None = None,
) -> Compiled:
    """Compile one ``.c`` or ``.S`` file to an object file.

    Args:
        source: the file.
        core: that it is compiled for.
        flags: of the compiler, beside those that tell it about the core.
        target: the object file; without one ``<the source's name>.o`` beside it.
        compiler: a command to take in the place of the core's own GCC, ``("clang", "--target=arm-none-eabi")`` for
            example.

    Raises:
        EdgedigitsError: the compiler is missing (names the Debian package) or refuses the source (says its message).
    """
    target = target or source.with_suffix(".o")
    own = compiler or (f"{core.compiler}gcc",)
    options = (*core.flags, *_COMPILE_FLAGS, *flags, "-I.", "-c", source.name, "-o", str(target))
    _call(core, (*own, *options), core.compiler_package if not compiler else own[0], source.parent)
    return Compiled(target, core)


def link(objects: tuple[Compiled, ...], core: Core, target: Path) -> Firmware:
    """Link objects, with the board's memory map, into ``target``.

    Raises:
        EdgedigitsError: a tool is missing, the firmware does not fit into the core's memory (says by how many bytes),
            or the linker refuses it for another reason.
    """
    if core.memory.bulk.size:
        script = target.with_suffix(".ld")
        script.write_text(_linker_script(core), encoding="utf-8")
        memory_map: tuple[str, ...] = ("-nostartfiles", f"-T{script}")
    else:
        # Its linker tells of too little memory, but not always of how much is missing: let it link, then compare.
        limits = (
            ("__heap_start", "port_stack_limit"),
            ("0x800000", "__TEXT_REGION_LENGTH__"),
            ("0xff00", "__DATA_REGION_LENGTH__"),
        )
        memory_map = tuple(f"-Wl,--defsym={symbol}={value}" for value, symbol in limits)
    names = [str(compiled.path) for compiled in objects]
    command = ("gcc", *core.flags, "-Wl,--gc-sections", *memory_map, *names, "-o", str(target))
    try:
        _tool(core, command, target.parent)
    except EdgedigitsError as error:
        overflows = {region: int(missing) for region, missing in _OVERFLOW.findall(error.what)}
        raise _too_large(overflows, core) if overflows else error from None
    firmware = Firmware(target, core, _sections(core, target))
    missing = {
        "CODE": firmware.sections.flash - core.memory.code.size,
        "RAM": firmware.sections.static_ram - core.memory.ram.size,
    }
    if any(size > 0 for size in missing.values()):
        raise _too_large({region: size for region, size in missing.items() if size > 0}, core)
    return firmware


def place_firmware(core: Core, folder: Path) -> None:
    """Copy the core's startup code and the programs around the library (``boards/firmware``) into ``folder``."""
    home = files("edgedigits.firmware_export.boards") / "firmware"
    for source in (*home.iterdir(), *(home / core.port).iterdir()):
        if source.is_file() and not source.name.endswith(".in"):
            (folder / source.name).write_bytes(source.read_bytes())


def port_flags(core: Core) -> tuple[str, ...]:
    """Macros that tell the startup code about the board's counter."""
    if core.counter is None:
        return ()
    per_tick = core.counter.instructions_per_tick
    flags = (f"-DCOUNTER_ADDRESS={core.counter.address:#x}", f"-DCOUNTER_SAMPLES={per_tick.numerator}")
    return flags if core.counter.enable is None else (*flags, f"-DCOUNTER_ENABLE={core.counter.enable:#x}")


def function_at(firmware: Firmware, address: int) -> str:
    """Name of the function or variable of a firmware that an address lies in or behind; ``nothing`` below the first."""
    listing = _tool(firmware.core, ("nm", "-n", str(firmware.elf)), firmware.elf.parent)
    name = "nothing"
    for value, symbol in _PLACED.findall(listing):
        if int(value, 16) > address:
            break
        name = symbol
    return name


def find(command: str, package: str) -> str:
    """Path of a command; EdgedigitsError names the Debian package if there is none."""
    found = shutil.which(command)
    if found is None:
        raise EdgedigitsError(f"{command} is not installed", f"install it (Debian: apt install {package})")
    return found


def _tool(core: Core, command: tuple[str, ...], folder: Path) -> str:
    return _call(core, (core.compiler + command[0], *command[1:]), core.compiler_package, folder)


def _call(core: Core, command: tuple[str, ...], package: str, folder: Path) -> str:
    path = find(command[0], package)
    english = {**os.environ, "LC_ALL": "C"}  # the messages are searched for words
    try:
        done = subprocess.run(
            (path, *command[1:]),
            cwd=folder,
            env=english,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EdgedigitsError(f"{command[0]} did not end within {_TIMEOUT_SECONDS} s", "use a smaller model") from None
    if done.returncode != 0:
        raise EdgedigitsError(
            f"{command[0]} refused the source for {core.title}: {done.stderr.strip()}",
            "mend what it names",
        )
    return done.stdout


def _too_large(overflows: dict[str, int], core: Core) -> EdgedigitsError:
    """The error for regions of the linker script that are too small by so many bytes."""
    memory = core.memory
    known = {
        "CODE": ("flash", memory.code.size),
        "RAM": ("RAM", memory.ram.size),
        "BULK": ("memory for test images", memory.bulk.size),
    }
    lacks = []
    for region, missing in sorted(overflows.items()):
        word, size = known[region]
        lacks.append(f"{counted(missing, 'byte')} more {word} than the {size:,} there are")
    return EdgedigitsError(
        f"the firmware needs {' and '.join(lacks)} on {core.board} ({core.title})", "use a smaller model"
    )


def _linker_script(core: Core) -> str:
    template = (files("edgedigits.firmware_export.boards") / "firmware" / "board.ld.in").read_text(encoding="utf-8")
    regions = {"vectors": core.memory.vectors, "code": core.memory.code, "ram": core.memory.ram}
    numbers = {"stack_size": STACK_BYTES}
    for name, region in {**regions, "bulk": core.memory.bulk}.items():
        numbers |= {f"{name}_origin": region.origin, f"{name}_size": region.size}
    return Template(template).substitute(numbers)


def _sections(core: Core, binary: Path) -> Sections:
    kinds = _KIND_OF_SECTION | ({"rodata": "data"} if core.port == "avr" else {})  # an AVR copies constants to RAM
    totals = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for name, size in _SECTION.findall(_tool(core, ("size", "-A", "-d", str(binary)), binary.parent)):
        totals[kinds.get(name, name)] += int(size)
    return Sections(**totals)
