"""The cores that the exported library is measured on: compiler, emulated board, memory, and how instructions count.

QEMU runs with ``-icount shift=0``: one instruction takes one nanosecond of virtual time, so that a board's timer counts
instructions, the same number in every run. They are instructions, not cycles: no pipeline, cache or wait state. simavr
knows the cycles of each AVR instruction and counts those.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from edgedigits.core.naming import entry_named

_KB = 1024
_MB = 1024 * 1024
_QEMU = (
    *("-display", "none", "-monitor", "none", "-serial", "none"),
    *("-chardev", "stdio,id=said", "-semihosting-config", "enable=on,target=native,chardev=said"),
    *("-icount", "shift=0", "-kernel"),
)


@dataclass(frozen=True)
class Region:
    """Memory from address ``origin`` on, ``size`` bytes."""

    origin: int
    size: int


@dataclass(frozen=True)
class Memory:
    """Memory of an emulated board.

    Attributes:
        vectors: where the core looks for its vector table or starts.
        code: stands for a chip's flash: program and constants.
        ram: variables and stack.
        bulk: what chips lack: holds test images, so that ``code`` holds only the firmware. Of size 0 where the board
            has none; there the compiler's own memory map is used, and the images share the flash with the firmware.
    """

    vectors: Region
    code: Region
    ram: Region
    bulk: Region


@dataclass(frozen=True)
class Counter:
    """A timer register that counts virtual time.

    Attributes:
        address: of a 32-bit register.
        instructions_per_tick: 1e9 / (frequency in Hz), as one instruction takes one nanosecond.
        enable: address of a register to write 1 to first; None where the timer runs from reset.
    """

    address: int
    instructions_per_tick: Fraction
    enable: int | None = None


@dataclass(frozen=True)
class Core:
    """How to build for a core and run it.

    Attributes:
        name: as users write it, for example ``m4``.
        title: for people.
        compiler: prefix of the cross compiler's commands.
        compiler_package: Debian packages that hold it and its C library.
        flags: what tells the compiler about the core.
        port: folder of ``boards/firmware`` with the startup code.
        emulator: command and options; the firmware's path goes behind them.
        emulator_package: Debian package that holds it.
        board: the emulated board, for people.
        memory: what the board has.
        counter: the board's timer; None where the core's own port.c needs to know nothing.
        unit: what the counter counts: ``instructions``, or ``cycles`` where the emulator knows them.
        counts_modulo: differences of counts are known modulo this number.
    """

    name: str
    title: str
    compiler: str
    compiler_package: str
    flags: tuple[str, ...]
    port: str
    emulator: tuple[str, ...]
    emulator_package: str
    board: str
    memory: Memory
    counter: Counter | None
    unit: str = "instructions"
    counts_modulo: int = 2**32


def core(name: str) -> Core:
    """The core of that name; EdgedigitsError names the known ones if there is none."""
    return entry_named({known.name: known for known in CORES}, name, "core")


def _cortex_m(name: str, title: str, flags: str, board: str, memory: Memory, counter: Counter) -> Core:
    return Core(
        name=name,
        title=title,
        compiler="arm-none-eabi-",
        compiler_package="gcc-arm-none-eabi libnewlib-arm-none-eabi",
        flags=("-mthumb", *flags.split()),
        port="cortex_m",
        emulator=("qemu-system-arm", "-machine", board, *_QEMU),
        emulator_package="qemu-system-arm",
        board=board,
        memory=memory,
        counter=counter,
    )


def _mps2(bulk: int) -> Memory:
    """Boards an385, an386 and an500 (Arm Application Notes 385, 386, 500, memory maps); 4 MB of code and of RAM."""
    return Memory(
        vectors=Region(0, _KB),
        code=Region(_KB, 4 * _MB - _KB),
        ram=Region(0x2000_0000, 4 * _MB),
        bulk=Region(bulk, 16 * _MB),
    )


# The FPGA's free-running COUNTER register ticks with the board's main clock (25 MHz, an505: 20 MHz).
_MPS2_COUNTER = Counter(0x4002_8018, Fraction(10**9, 25_000_000))
_AN505_COUNTER = Counter(0x5030_2018, Fraction(10**9, 20_000_000))
# Its clock of 32 MHz is no whole number of nanoseconds, which the emulated COUNTER rounds; the system counter does not.
_AN547_COUNTER = Counter(0x4810_1000, Fraction(10**9, 32_000_000), enable=0x5810_0000)


def _riscv(name: str, title: str, march: str, abi: str, cpu: tuple[str, ...] = ()) -> Core:
    return Core(
        name=name,
        title=title,
        compiler="riscv64-unknown-elf-",
        compiler_package="gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
        flags=(f"-march={march}", "-misa-spec=2.2", f"-mabi={abi}", "-mcmodel=medany", "--specs=picolibc.specs"),
        port="riscv",
        emulator=("qemu-system-riscv32", "-machine", "virt", "-bios", "none", *cpu, *_QEMU),
        emulator_package="qemu-system-misc",
        board="virt",
        memory=_VIRT,
        counter=None,
    )


_MPS2_386 = _mps2(bulk=0x2100_0000)

_AN505 = Memory(
    vectors=Region(0x1000_0000, _KB),
    code=Region(0x1000_0000 + _KB, 4 * _MB - _KB),
    ram=Region(0x3800_0000, 4 * _MB),
    bulk=Region(0x8000_0000, 16 * _MB),
)
_AN547 = Memory(
    vectors=Region(0x1000_0000, _KB),
    code=Region(0x1100_0000, 2 * _MB),
    ram=Region(0x3000_0000, 512 * _KB),
    bulk=Region(0x6000_0000, 16 * _MB),
)
_ATMEGA328P = Memory(vectors=Region(0, 0), code=Region(0, 32 * _KB), ram=Region(0x100, 2 * _KB), bulk=Region(0, 0))
_VIRT = Memory(
    vectors=Region(0x8000_0000, _KB),
    code=Region(0x8000_0000 + _KB, 4 * _MB - _KB),
    ram=Region(0x8040_0000, 4 * _MB),
    bulk=Region(0x8100_0000, 16 * _MB),
)

CORES: tuple[Core, ...] = (
    # An M4 executes M0 code; the emulated M0 board (microbit, 256 kB flash) is too small for the larger models.
    _cortex_m("m0", "Cortex-M0", "-mcpu=cortex-m0 -mfloat-abi=soft", "mps2-an386", _MPS2_386, _MPS2_COUNTER),
    _cortex_m("m3", "Cortex-M3", "-mcpu=cortex-m3 -mfloat-abi=soft", "mps2-an385", _MPS2_386, _MPS2_COUNTER),
    _cortex_m(
        "m4",
        "Cortex-M4 (DSP extension)",
        "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
        "mps2-an386",
        _MPS2_386,
        _MPS2_COUNTER,
    ),
    _cortex_m(
        "m7",
        "Cortex-M7 (DSP extension)",
        "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard",
        "mps2-an500",
        _mps2(bulk=0x6000_0000),
        _MPS2_COUNTER,
    ),
    _cortex_m(
        "m33",
        "Cortex-M33 (DSP extension)",
        "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard",
        "mps2-an505",
        _AN505,
        _AN505_COUNTER,
    ),
    _cortex_m("m55", "Cortex-M55 (Helium)", "-mcpu=cortex-m55 -mfloat-abi=hard", "mps3-an547", _AN547, _AN547_COUNTER),
    _riscv("rv32", "RISC-V RV32IMC", "rv32imc", "ilp32"),
    # That of a CH32V003, which has 2 kB of RAM and 16 kB of flash; the emulated board has more, and room to measure.
    _riscv("rv32e", "RISC-V RV32EC (no multiplication)", "rv32ec", "ilp32e", ("-cpu", "rv32,m=false")),
    Core(
        name="avr",
        title="AVR ATmega328P",
        compiler="avr-",
        compiler_package="gcc-avr avr-libc",
        flags=("-mmcu=atmega328p",),
        port="avr",
        emulator=("simavr", "-m", "atmega328p", "-f", "16000000"),
        emulator_package="simavr",
        board="ATmega328P",
        memory=_ATMEGA328P,
        counter=None,
        unit="cycles",
        counts_modulo=2**26,
    ),
)
