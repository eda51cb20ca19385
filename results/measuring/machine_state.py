"""In which state a machine is: how warm, how fast its cores are set, and whether its firmware holds it back."""

from __future__ import annotations

import re
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgedigits.core.machine.host import text_of
from edgedigits.core.paths import StrPath

_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
_VCGENCMD = ("usr/bin/vcgencmd", "opt/vc/bin/vcgencmd", "usr/local/bin/vcgencmd")
_SECONDS = 5

# Bits of the firmware's answer; 16 bits higher the same say that it happened since the start (Raspberry Pi
# documentation, "vcgencmd", get_throttled).
_FLAGS = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE_START = 16


@dataclass(frozen=True)
class Condition:
    """The state of a machine at one moment. What it does not tell is empty or None.

    Attributes:
        celsius: temperature of each thermal zone, by its name.
        megahertz: of each group of cores, by its name.
        governors: what sets the frequency of each, such as ``ondemand``.
        throttled: the firmware's flags of a Raspberry Pi.
    """

    celsius: dict[str, float]
    megahertz: dict[str, float]
    governors: dict[str, str]
    throttled: int | None

    @property
    def warmest(self) -> float | None:
        """Degrees Celsius of the warmest zone."""
        return max(self.celsius.values(), default=None)

    @property
    def held_back(self) -> tuple[str, ...]:
        """What the firmware of a Raspberry Pi does to it now, in words."""
        return _words(self.throttled or 0)

    def held_back_since(self, before: Condition) -> tuple[str, ...]:
        """What is done to it now, or has begun and ended since ``before``, as far as the flags show."""
        now, then = self.throttled or 0, before.throttled or 0
        return _words(now | then | (now & ~then) >> _SINCE_START)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self)


def _words(flags: int) -> tuple[str, ...]:
    return tuple(word for bit, word in _FLAGS.items() if flags >> bit & 1)


def condition(root: StrPath = Path("/")) -> Condition:
    """The state of this machine.

    Args:
        root: folder that stands for ``/``.
    """
    root = Path(root)
    celsius = {}
    for zone in sorted(root.glob("sys/class/thermal/thermal_zone*")):
        value = _number(text_of(zone / "temp"))
        if value is not None:
            name = text_of(zone / "type") or zone.name
            celsius[name if name not in celsius else zone.name] = value / 1000
    policies = sorted(root.glob("sys/devices/system/cpu/cpufreq/policy*"))
    speeds = {policy.name: _number(text_of(policy / "scaling_cur_freq")) for policy in policies}
    governors = {policy.name: text_of(policy / "scaling_governor") for policy in policies}
    return Condition(
        celsius,
        {name: kilohertz / 1000 for name, kilohertz in speeds.items() if kilohertz is not None},
        {name: governor for name, governor in governors.items() if governor},
        _throttled(root),
    )


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+", text) else None


def _throttled(root: Path) -> int | None:
    """The firmware's flags: from the kernel, else from the firmware's own command."""
    found = re.fullmatch(r"(?:0x)?([0-9a-fA-F]+)", text_of(root / _THROTTLED))
    if not found:
        command = next((path for name in _VCGENCMD if (path := root / name).is_file()), None)
        found = re.search(r"throttled=0x([0-9a-fA-F]+)", _answer(command)) if command else None
    return int(found[1], 16) if found else None


def _answer(command: Path) -> str:
    try:
        done = subprocess.run(
            [str(command), "get_throttled"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # no such device here: a machine that says nothing is a whole answer
    return done.stdout
