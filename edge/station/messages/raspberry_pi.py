"""How hot a Raspberry Pi is, and whether it slows itself down. Other machines have a temperature at most."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

THERMAL = Path("/sys/class/thermal")
FIRMWARE = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")

THROTTLING = {
    "under-voltage": 0,
    "frequency capped": 1,
    "throttled": 2,
    "temperature limit": 3,
}
"""Bits of ``vcgencmd get_throttled`` that are true now; 16 above each is whether it was since the start
(https://www.raspberrypi.com/documentation/computers/os.html#get_throttled)."""

LOOK_EVERY = 10.0
"""Seconds between two looks at the machine for people: it is asked by another program where the kernel does not say."""


def temperatures(folder: Path = THERMAL) -> dict[str, float]:
    """Degrees Celsius by the kind of each thermal zone that can be read; empty where there is none."""
    found: dict[str, float] = {}
    for zone in sorted(folder.glob("thermal_zone*")):
        try:
            kind = (zone / "type").read_text(encoding="ascii").strip()
            found.setdefault(kind, int((zone / "temp").read_text(encoding="ascii")) / 1000)
        except (OSError, ValueError):
            continue  # zones may vanish, be switched off, or be readable for root alone
    return found


def throttling(file: Path = FIRMWARE, command: str = "vcgencmd") -> int | None:
    """The bits of ``get_throttled``; ``None`` where the machine has none.

    Args:
        file: of the firmware's driver, read where it exists.
        command: asked otherwise.
    """
    try:
        return int(file.read_text(encoding="ascii").strip(), 16)
    except (OSError, ValueError):
        pass  # older kernels have no such file
    program = shutil.which(command)
    if program is None:
        return None
    try:
        done = subprocess.run([program, "get_throttled"], capture_output=True, text=True, timeout=2, check=True)
        return int(done.stdout.strip().removeprefix("throttled="), 16)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None  # without the video group it may not ask


def reasons(bits: int | None) -> tuple[str, ...]:
    """Why a machine slows itself down now, by the bits of :func:`throttling`; none where it does not say."""
    return tuple(reason for reason, bit in THROTTLING.items() if (bits or 0) >> bit & 1)


@dataclass(frozen=True)
class MachineState:
    """How a machine is.

    Attributes:
        temperature: of its hottest zone, degrees Celsius; None where it tells none.
        slowed: why it slows itself down, in words.
    """

    temperature: float | None
    slowed: tuple[str, ...]


class MachineWatch:
    """Looks at the machine every few seconds, however often it is asked. Safe to share between threads.

    Args:
        thermal: folder of the thermal zones.
        firmware: file that says whether a Raspberry Pi is throttled.
        now: a clock in seconds that never goes back.
    """

    def __init__(
        self, thermal: Path = THERMAL, firmware: Path = FIRMWARE, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._thermal, self._firmware, self._now = thermal, firmware, now
        self._lock = threading.Lock()  # guards what follows
        self._looked = 0.0
        self._state: MachineState | None = None

    def state(self) -> MachineState:
        """How it is, as of the last :data:`LOOK_EVERY` seconds."""
        with self._lock:
            if self._state is None or self._now() - self._looked >= LOOK_EVERY:
                degrees = temperatures(self._thermal).values()
                self._state = MachineState(max(degrees, default=None), reasons(throttling(self._firmware)))
                self._looked = self._now()
            return self._state
