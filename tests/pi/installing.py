"""The commands of 'Install on a Raspberry Pi', typed in a root: what cannot be done there is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from arm_root import ArmRoot
from install_section import CHECK, NOT_HERE, RUN, SERVICE, WORKSTATION, Step, service_of, with_settings
from mail_station import LINES, Read, free_port, run_station, settings_of
from pip_settings import PipSettings
from programs import CannotRun, Done
from telling import timed

PROGRAMS = "/opt/edgedigits"
COMMAND = f"{PROGRAMS}/bin/edgedigits"
CONFIG = "/etc/edgedigits/station.toml"
STATE = "/var/lib/edgedigits"
HOME = "/home/pi"
USER = "edgedigits"
NO_SYSTEMD = "systemd does not run on this machine"


class Installation:
    """A root in which a person installs a station."""

    def __init__(self, root: ArmRoot, pip: PipSettings, wheel: Path, mail: str) -> None:
        """Take away what an earlier run left there, but not Python's packages.

        Args:
            root: that it is installed in.
            pip: how pip is set up there.
            wheel: that is installed, a file of this machine.
            mail: folder of the recording that stands for the camera, as programs in the root call it.
        """
        self.root, self._pip, self._wheel, self._mail = root, pip, wheel, mail
        self._port = free_port()
        for path in (Path(CONFIG).parent, STATE, HOME):
            shutil.rmtree(root.inside(path), ignore_errors=True)
        root.inside(HOME).mkdir(parents=True)
        self.run("userdel", USER, may_fail=True)
        if root.inside(COMMAND).exists():
            self.run(f"{PROGRAMS}/bin/pip", "--quiet", "uninstall", "--yes", "edgedigits")

    def run(self, *words: str, cwd: str = HOME, may_fail: bool = False) -> Done:
        """Run a program in the root."""
        return self.root.run(*words, environment=self._pip.environment, cwd=cwd, may_fail=may_fail)

    def versions(self) -> list[str]:
        """Of all packages that were installed beside the wheel."""
        return self.run(f"{PROGRAMS}/bin/pip", "freeze", "--exclude", "edgedigits").stdout.split()

    def play(self, steps: Iterable[Step]) -> None:
        """Do what the section says.

        Raises:
            CannotRun: a command failed, or did otherwise than it has to.
        """
        play = {
            WORKSTATION: self._workstation,
            RUN: self._as_it_stands,
            CHECK: self._check,
            SERVICE: self._service,
            NOT_HERE: lambda step: print(f"not here:  {step.shown}"),
        }
        for step in steps:
            play[step.kind](step)

    def _workstation(self, step: Step) -> None:
        print(f"by hand:   {step.shown}")
        shutil.copy(self._wheel, self.root.inside(HOME))

    def _as_it_stands(self, step: Step) -> None:
        if step.words[1:3] == ["-m", "venv"] and self.root.inside(COMMAND).parent.is_dir():
            print(f"kept:      {step.shown}")
            return
        with timed(step.shown):
            self.run(*step.words)

    def _check(self, step: Step) -> None:
        config = self.root.inside(CONFIG)
        config.write_text(with_settings(config.read_text(), settings_of(self._mail, STATE, self._port)))
        print("the recording is named as the camera, a list of codes, a threshold, a file of results")
        with timed(step.shown):
            print(indented(self.run(*step.words).stdout))

    def _service(self, step: Step) -> None:
        with timed(step.shown):
            done = self.run(*step.words, may_fail=True)
        if not done.code or NO_SYSTEMD not in " ".join(done.stderr.split()):
            raise CannotRun(f"without systemd `{step.shown}` says otherwise:\n{done.stdout}{done.stderr}")
        print(f"    {' '.join(done.stderr.split())}")

    def run_service(self) -> Read:
        """What systemd does with the unit that `station install` prints: its folder, its user, its command.

        Raises:
            CannotRun: a command failed, or the station told of nothing.
        """
        printed = self.run(COMMAND, "station", "install", "--config", CONFIG)
        for command in commands_of(printed.stderr):
            if "systemctl" in command:
                print(f"not here:  {command}")
                continue
            print(f"as told:   {command}")
            self.run("/bin/sh", "-c", command.replace("sudo ", ""))
        self.run("install", "-d", "-o", USER, "-g", USER, "-m", "0750", STATE)
        command, folder = service_of(printed.stdout)
        as_user = ("setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "env", f"HOME={STATE}")
        with timed(f"as user {USER}: {' '.join(command)}"):
            lines = self.root.inside(f"{STATE}/{LINES}")
            return run_station(lambda: self.run(*as_user, *command, cwd=folder), lines, self._port)


def commands_of(said: str) -> list[str]:
    """The commands that `station install` tells to type: its indented lines that begin with one."""
    lines = (line.strip() for line in said.splitlines() if line.startswith("  "))
    return [line for line in lines if line.startswith(("id ", "sudo "))]


def indented(text: str) -> str:
    """Text of a program, below the line that names it."""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())
