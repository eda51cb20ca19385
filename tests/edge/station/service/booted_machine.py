"""A systemd of its own in namespaces, over a copy of this machine's disk that is thrown away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SYSTEMD = Path("/lib/systemd/systemd")
PATIENCE = 90.0

BOOT = """
set -e
mount -t tmpfs tmpfs {room}
mkdir {room}/upper {room}/work {room}/root
mount -t overlay overlay -o lowerdir=/,upperdir={room}/upper,workdir={room}/work {room}/root
cd {room}/root
rm -rf etc/systemd/system/*.wants
for unit in tmp.mount systemd-tmpfiles-setup.service systemd-tmpfiles-clean.timer; do
    ln -sf /dev/null etc/systemd/system/$unit  # they would empty /tmp, where checkout and interpreter may lie
done
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for place in {places}; do mkdir -p .$place; mount --bind -o ro $place .$place; done
mkdir -p opt/station/edgedigits
cp -r {checkout}/package/. opt/station/edgedigits
for folder in {rooms}; do cp -r {checkout}/$folder opt/station/edgedigits; done
chmod -R go+rX opt/station
for place in {ways}; do chmod go+x .$place; done
export container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot . {systemd} --system --unit=basic.target --show-status=0
"""


class BootedMachine:
    """systemd as the first process of its own namespaces; nothing outside is mounted or written."""

    def __init__(self, room: Path) -> None:
        python = Path(sys.executable).resolve()
        packages = [Path(place) for place in sys.path if Path(place).is_dir()]
        ways = dict.fromkeys(
            folder for place in (python, *packages) for folder in (*place.parents,) if folder != Path("/")
        )
        script = BOOT.format(
            room=room,
            checkout=ROOT,
            systemd=SYSTEMD,
            rooms=" ".join(
                sorted(path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "package")
            ),
            # The disk's overlay does not hold what else is mounted.
            places=" ".join(
                str(place) for place in (ROOT, Path(sys.prefix), Path(sys.base_prefix)) if _is_apart(place)
            ),
            ways=" ".join(str(place) for place in ways if not _is_apart(place)),
        )
        self._group = _cgroups() / f"edgedigits-test-{os.getpid()}"
        self._group.mkdir()
        self._said = room.with_suffix(".log")
        enter = (
            f"echo $$ > {self._group}/cgroup.procs && exec unshare -C -p -f -m -n -u -i --kill-child bash -c '{script}'"
        )
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                ["bash", "-c", enter], stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )

    def wait_until_booted(self) -> bool:
        """Whether it came up; containers and old kernels may not let it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            if self._first() and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                return True
            time.sleep(0.2)
        return False

    def _first(self) -> str:
        """The process id, seen from here, of its process 1."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        first = children.read_text().split()
        return first[0] if first and Path(f"/proc/{first[0]}/comm").read_text().strip() == "systemd" else ""

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a command as its root."""
        inside = ["nsenter", "-t", self._first(), "-a", "-r", "-w", *map(str, command)]
        return subprocess.run(inside, capture_output=True, text=True, check=False)

    def python(self, code: str) -> str:
        """Run Python of this environment, as its root; what it printed."""
        done = self.run(sys.executable, "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def property(self, name: str) -> str:
        """A property of the station's unit."""
        return self.run("systemctl", "show", "edgedigits-station", "--value", "-p", name).stdout.strip()

    def said(self) -> str:
        return self._said.read_text(errors="replace")

    def end(self) -> None:
        """Kill it, all of its processes and mounts with it."""
        if (first := self._first()) != "":
            os.kill(int(first), signal.SIGKILL)
        self._process.kill()
        self._process.wait(PATIENCE)
        until = time.monotonic() + PATIENCE
        for folder in sorted(self._group.rglob("*/"), key=lambda path: -len(path.parts)):
            _remove(folder, until)
        _remove(self._group, until)


def _remove(group: Path, until: float) -> None:
    while group.is_dir() and time.monotonic() < until:
        try:
            group.rmdir()
        except OSError:  # its processes are still ending
            time.sleep(0.1)


def _is_apart(place: Path) -> bool:
    return place.stat().st_dev != Path("/").stat().st_dev


def _cgroups() -> Path:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [Path(words[1]) for words in mounts if words[2] == "cgroup2"]
    if not found:
        pytest.skip("no cgroup2 is mounted here")
    return found[0]


def skip_where_it_cannot_boot() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may start a systemd of its own")
    for program in ("unshare", "nsenter", "systemctl", "useradd", "runuser"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not SYSTEMD.exists():
        pytest.skip("systemd is not installed (Debian package systemd)")
