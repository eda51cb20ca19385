"""A small Debian for arm64 in a folder, and programs that run in it, under emulation where this machine is no arm64."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from programs import CannotRun, Done, run_program

ARM = ("aarch64", "arm64")
PACKAGES = "python3,python3-venv,ca-certificates"
TOOLS = {"debootstrap": "debootstrap", "unshare": "util-linux"}
EMULATED_CPU = "cortex-a72"
"""The Raspberry Pi 4's cores; on QEMU 7.2's own choice, ``max``, LiteRT 2.3 finds no digit."""

EMULATOR = {"update-binfmts": "binfmt-support", "qemu-aarch64-static": "qemu-user-static"}
"""Commands, and the packages of Debian and Ubuntu that bring them."""

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_IN_NAMESPACE = "EDGEDIGITS_PI_NAMESPACE"


def needs() -> None:
    """Raise unless this machine can make a root and run programs in it."""
    if platform.system() != "Linux":
        raise CannotRun("a Debian root needs Linux; run it in a virtual machine or on a Raspberry Pi")
    if os.geteuid() != 0:
        raise CannotRun("debootstrap and chroot need root; run `sudo make test-pi`")
    wanted = TOOLS if platform.machine() in ARM else TOOLS | EMULATOR
    missing = sorted({package for name, package in wanted.items() if not shutil.which(name)})
    if missing:
        raise CannotRun(f"{', '.join(missing)} is not installed; apt-get install {' '.join(missing)}")


def enter_own_mounts(command: Sequence[str]) -> None:
    """Go on in a mount namespace of our own, which ends with us: no mount outlives a run, however that ends."""
    if os.environ.get(_IN_NAMESPACE):
        return
    environment = os.environ | {_IN_NAMESPACE: "1"}
    os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", *command], environment)


def register_emulator() -> None:
    """Let the kernel run arm64 programs, as the packages do where ``binfmt_misc`` is mounted while they install."""
    if platform.machine() in ARM:
        return
    if not (_BINFMT / "register").exists():
        _run("mount", "-t", "binfmt_misc", "none", str(_BINFMT))
    if not (_BINFMT / "qemu-aarch64").exists():
        _run("update-binfmts", "--enable", "qemu-aarch64")


@dataclass(frozen=True)
class ArmRoot:
    """A folder with a Debian for arm64 in it."""

    folder: Path

    def make(self, suite: str, mirror: str) -> None:
        """Make it with debootstrap, whole or not at all; what lies there is kept."""
        if self.folder.is_dir():
            return
        begun = self.folder.with_name(f"{self.folder.name}.begun")
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir(parents=True)
        options = ("--arch=arm64", "--variant=minbase", f"--include={PACKAGES}")
        log = begun.with_suffix(".log")
        with log.open("wb") as output:
            done = subprocess.run(
                ["debootstrap", *options, suite, str(begun), *([mirror] if mirror else [])],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            tail = log.read_text(errors="replace").splitlines()[-5:]
            raise CannotRun("debootstrap failed:\n" + "\n".join(tail) + f"\nall of it: {log}")
        begun.rename(self.folder)

    def mount(self, paths: Sequence[Path]) -> None:
        """Mount the kernel's folders, and files and folders of this machine at the same place, not to be written.

        The kernel of another processor has no ``/sys`` there: what it tells of its cores makes LiteRT 2.3 crash.
        """
        for kind, place in (("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "tmp")):
            if kind != "sysfs" or platform.machine() in ARM:
                _run("mount", "-t", kind, kind, str(self.folder / place))
        for device in ("null", "zero", "random", "urandom"):
            self._bind(Path("/dev") / device, writable=True)
        for path in (Path("/etc/resolv.conf"), Path("/etc/hosts"), *paths):
            self._bind(path)

    def _bind(self, path: Path, *, writable: bool = False) -> None:
        if not path.exists():
            return
        place = self.inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink():
            place.unlink()  # it would be followed on this machine
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            place.touch()
        _run("mount", "--bind", str(path.resolve()), str(place))
        if not writable:
            _run("mount", "-o", "remount,bind,ro", str(place))

    def inside(self, path: Path | str) -> Path:
        """Where this machine sees a file that programs in the root call ``path``."""
        return self.folder / str(path).lstrip("/")

    def run(self, *words: str, environment: Mapping[str, str], cwd: str = "/", may_fail: bool = False) -> Done:
        """Run a program in the root.

        Raises:
            CannotRun: it failed, and ``may_fail`` is not set.
        """
        command = ["chroot", str(self.folder), "/bin/sh", "-c", 'cd "$0" && exec "$@"', cwd, *words]
        plain = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LANG": "C.UTF-8"}
        plain["QEMU_CPU"] = EMULATED_CPU
        return run_program(command, plain | dict(environment), may_fail=may_fail)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"{' '.join(words)}: {done.stderr.strip()}")
