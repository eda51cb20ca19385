"""How hot a Raspberry Pi is, and whether it slows itself down. Other machines have a temperature at most."""

from __future__ import annotations

import shutil
import subprocess
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
