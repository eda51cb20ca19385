"""Run a firmware on an emulated board and return what it printed."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from threading import Timer

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import Core
from edgedigits.firmware_export.boards.toolchain import Firmware, find, function_at

_OUTPUT_LIMIT = 64 * 1024 * 1024
_FAULT = re.compile(r"fault vector ([0-9a-f]{8}) pc ([0-9a-f]{8}) from ([0-9a-f]{8}) status ([0-9a-f]{8})")
_STACKLESS = re.compile(r"^stackless ([0-9a-f]{8})$", re.M)
_REFUSED = re.compile(r"^refused ([0-9a-f]{8})$", re.M)
_COLOUR = re.compile(r"\x1b\[\d*m")


def run(firmware: Firmware, timeout: float = 600.0) -> str:
    """Run until the firmware ends itself; returns what it wrote.

    Args:
        firmware: from ``toolchain.link``.
        timeout: seconds of this computer's time.

    Raises:
        EdgedigitsError: the emulator is missing, the firmware crashed (names the fault and where), printed without end
            or did not end in time.
    """
    core = firmware.core
    command = (find(core.emulator[0], core.emulator_package), *core.emulator[1:], str(firmware.elf))
    code, said, complaint = _run(command, timeout, core.board)
    if core.emulator[0] == "simavr":
        code, said = _from_uart(code, complaint)
    fault = _FAULT.search(said)
    if fault:
        vector, pc, caller, status = (int(part, 16) for part in fault.groups())
        raise EdgedigitsError(
            f"the firmware crashed on {core.title}: exception {vector} at {pc:#010x} ({function_at(firmware, pc)}), "
            f"return address {caller:#010x} ({function_at(firmware, caller)}), status {status:#x}",
            "this is a defect of the firmware",
        )
    if code != 0:
        raise _ended_badly(code, said, complaint, core)
    return said


def _ended_badly(code: int, said: str, complaint: str, core: Core) -> EdgedigitsError:
    stackless = _STACKLESS.search(said)
    if stackless:
        return EdgedigitsError(
            f"the model leaves only {int(stackless[1], 16)} bytes of stack on {core.board} ({core.title}), "
            "which is too little",
            "use a smaller model",
        )
    refused = _REFUSED.search(said)
    if refused:
        what = f"the library returned an error for image {int(refused[1], 16)} on {core.title}"
        return EdgedigitsError(what, "this is a defect of the library")
    return EdgedigitsError(
        f"the firmware ended with code {code} on {core.title}: {(said[-500:] or complaint[-1000:]).strip()}",
        "this is a defect of the firmware or of the emulator",
    )


def _from_uart(code: int, log: str) -> tuple[int, str]:
    """simavr shows the serial port in its log, in colour, with a full stop for a line's end and long lines broken.

    The firmware's last line tells its exit code, as simavr itself always ends with 0.
    """
    said = _COLOUR.sub("", log).replace(".\n", "\0").replace("\n", "").replace("\0", "\n")
    return (code or (0 if "exit 0" in said.splitlines() else 1)), said


def _run(command: tuple[str, ...], timeout: float, board: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error; leaves no emulator behind whatever happens."""
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        started = time.monotonic()
        timer = Timer(timeout, process.kill)
        timer.start()
        try:
            said = process.stdout.read(_OUTPUT_LIMIT) if process.stdout else b""
            if len(said) == _OUTPUT_LIMIT:
                process.kill()
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        if len(said) == _OUTPUT_LIMIT:
            raise EdgedigitsError(f"the firmware printed without end on {board}", "this is a defect of the firmware")
        if code == -signal.SIGKILL and time.monotonic() - started >= timeout:
            raise EdgedigitsError(
                f"the firmware did not end within {timeout:g} s on {board}", "use fewer images or a smaller model"
            )
        complaints.seek(0)
        return code, said.decode(errors="replace"), complaints.read().decode(errors="replace")
