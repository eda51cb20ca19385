"""The systemd unit of a station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

USER = "edgedigits"
NAME = "edgedigits-station.service"
STATE = Path("/var/lib/edgedigits")
WATCHDOG_SECONDS = 30

_TEXT = """\
# Written by `edgedigits station install`; change it with `systemctl edit {name}`.
[Unit]
Description=Sorting station that reads handwritten codes
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
WorkingDirectory={state}
User={user}
Group={user}
# Cameras, and on a Raspberry Pi the firmware that tells of throttling.
SupplementaryGroups=video
StateDirectory={state_name}
StateDirectoryMode=0750
UMask=0027
Restart=always
RestartSec=2
WatchdogSec={watchdog}
TimeoutStopSec=15
# Threads that keep what they freed each for itself would cost megabytes in the course of weeks.
Environment=MALLOC_ARENA_MAX=2
# It goes before others where memory runs out, and is not stopped for a program that it started.
OOMPolicy=continue

# What it may write and see of the disk.
ProtectSystem=strict
{home}
PrivateTmp=yes
{writable}
# What it may use of the machine: cameras, and nothing else.
DevicePolicy=closed
DeviceAllow=char-video4linux rw
DeviceAllow=char-media rw
DeviceAllow=char-dma_heap rw
DeviceAllow=/dev/vcio rw
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK

# What it may ask of the kernel.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=all
RemoveIPC=yes
KeyringMode=private
# MemoryDenyWriteExecute is left out: TFLite's XNNPACK may make pages of code as it runs on ARM.

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Unit:
    """What differs from one station's unit to another's.

    Attributes:
        command: of the service, each word of its own; the first is an absolute path.
        writable: folders outside the state's that the station writes into.
        home: whether the program lies in somebody's home, which the service then sees without writing there.
    """

    command: tuple[str, ...]
    writable: tuple[Path, ...] = ()
    home: bool = False


def unit_text(unit: Unit) -> str:
    """The unit as systemd reads it.

    Raises:
        EdgedigitsError: a word that a unit cannot hold.
    """
    writable = "".join(f"ReadWritePaths={quoted(str(path))}\n" for path in unit.writable)
    return _TEXT.format(
        name=NAME,
        command=command_line(unit.command),
        user=USER,
        state=STATE,
        state_name=STATE.name,
        watchdog=WATCHDOG_SECONDS,
        home="ProtectHome=read-only" if unit.home else "ProtectHome=yes",
        writable=writable,
    )


def command_line(words: Sequence[str]) -> str:
    """Words as ``ExecStart`` takes them apart again; ``$`` stands for itself."""
    return " ".join(quoted(word.replace("$", "$$")) for word in words)


def quoted(word: str) -> str:
    """A word in quotes where it needs them (systemd.syntax(7)); ``%`` stands for itself.

    Raises:
        EdgedigitsError: it holds a line's end or another character that no path should.
    """
    if any(ord(character) < 32 or ord(character) == 127 for character in word):
        raise EdgedigitsError(f"{word!r} cannot stand in a unit of systemd", "choose a path without such characters")
    escaped = word.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if escaped != word or not word or set(" ';") & set(word) else word
