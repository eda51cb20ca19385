"""Making a station a service of the system: what is to be done, and doing it, whole or not at all."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import write_text
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.configuration.settings import StationSettings
from edgedigits.edge.station.configuration.settings_file import read_settings
from edgedigits.edge.station.messages.outputs import PRINTED
from edgedigits.edge.station.service.unit import NAME, STATE, USER, Unit, unit_text

UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""This folder is there where systemd runs (sd_booted(3))."""


@dataclass(frozen=True)
class ServicePlan:
    """What makes a station a service.

    Attributes:
        unit: text of the unit.
        path: where it goes.
        folders: that the station writes into and its user must own, besides the state's, which systemd makes.
        taken_over: folders of the station's own, with files in them that somebody else may have written, such as root
            who calibrated it.
        secrets: files that the service's user must be able to read, and nobody else.
        public: files and folders that it must be able to read.
        notes: what the user had better know.
    """

    unit: str
    path: Path
    folders: tuple[Path, ...]
    taken_over: tuple[Path, ...]
    secrets: tuple[Path, ...]
    public: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """What a person types to do the same as :func:`install_service`, once the unit lies in its place."""
        user = f"useradd --system --user-group --home-dir {STATE} --shell /usr/sbin/nologin {USER}"
        return (
            f"id {USER} || sudo {user}",
            *(f"sudo install -d -o {USER} -g {USER} -m 0750 {folder}" for folder in self.folders),
            *(f"sudo chown -Rh {USER}:{USER} {folder}" for folder in self.taken_over),
            *(f"sudo chown root:{USER} {file} && sudo chmod 0640 {file}" for file in self.secrets),
            "sudo systemctl daemon-reload",
            f"sudo systemctl enable --now {NAME}",
        )


def plan_service(config: StrPath, *, units: Path = UNITS, python: StrPath = sys.executable) -> ServicePlan:
    """What is to be done so that a station starts with the system.

    Args:
        config: the station's configuration file.
        units: folder of the units.
        python: that runs the station, of the environment in which the package is installed.

    Raises:
        EdgedigitsError: the configuration has problems, or a path cannot stand in a unit.
    """
    file = Path(config).absolute()
    settings = read_settings(file)
    program = Path(python).absolute()
    written = tuple(place for place in _written(settings, file.parent) if not place.is_relative_to(STATE))
    home = any(_is_home(place) for place in (program, program.resolve(), file))
    unit = Unit((str(program), "-m", "edgedigits", "station", "--config", str(file)), written, home)
    public = (program, program.resolve(), Path(__file__).resolve(), *_read(settings, file.parent))
    return ServicePlan(
        unit_text(unit),
        units / NAME,
        written,
        tuple(folder for folder in _own(settings, file.parent) if folder.is_dir()),
        (file, *_secrets(settings, file.parent)),
        tuple(dict.fromkeys(public)),
        tuple(_notes(written, public)),
    )


def install_service(plan: ServicePlan, *, running: Path = RUNNING) -> None:
    """Make the user and the folders, write the unit, and start the station: whole or not at all.

    Raises:
        EdgedigitsError: not root; no systemd; a file that the service could not read; a step that failed, after which
            everything is as it was before.
    """
    _refuse(plan, running)
    with ExitStack() as undo:
        if not _has_user():
            _step("useradd", "--system", "--user-group", "--home-dir", str(STATE), "--shell", "/usr/sbin/nologin", USER)
            undo.callback(_run, "userdel", USER)
        for folder in plan.folders:
            _make_folder(folder, undo)
        for folder in plan.taken_over:
            _step("chown", "-Rh", f"{USER}:{USER}", str(folder))
        _check_reading(plan)
        _write_unit(plan, undo)
        _step("systemctl", "enable", NAME)
        _step("systemctl", "restart", NAME)  # waits until the station says that it is ready
        undo.pop_all()


def _refuse(plan: ServicePlan, running: Path) -> None:
    if not running.is_dir():
        raise EdgedigitsError(
            "systemd does not run on this machine",
            "start `edgedigits station --config FILE` by what starts programs here; without --now the unit is printed",
        )
    if os.geteuid() != 0:
        raise EdgedigitsError(
            "only root may install a service",
            f"run it with sudo: sudo {sys.executable} -m edgedigits station install ...",
        )
    for program in ("systemctl", "useradd", "userdel", "runuser"):
        if shutil.which(program) is None:
            raise EdgedigitsError(f"{program} is not there", f"install the Debian package {_PACKAGES[program]}")
    if not plan.path.parent.is_dir():
        raise EdgedigitsError(f"{plan.path.parent} is not there", "install the Debian package systemd")


_PACKAGES = {"systemctl": "systemd", "useradd": "passwd", "userdel": "passwd", "runuser": "util-linux"}


def _write_unit(plan: ServicePlan, undo: ExitStack) -> None:
    before = plan.path.read_bytes() if plan.path.exists() else None
    enabled, active = (_run("systemctl", word, "--quiet", NAME).returncode == 0 for word in ("is-enabled", "is-active"))

    def restore() -> None:
        if not enabled:
            _run("systemctl", "disable", NAME)
        if not active:
            _run("systemctl", "stop", NAME)
        if before is None:
            plan.path.unlink(missing_ok=True)
        else:
            plan.path.write_bytes(before)
        _run("systemctl", "daemon-reload")
        if active:
            _run("systemctl", "restart", NAME)

    undo.callback(restore)
    write_text(plan.path, plan.unit)
    _step("systemctl", "daemon-reload")


def _make_folder(folder: Path, undo: ExitStack) -> None:
    if not folder.exists():
        try:
            folder.mkdir(parents=True, mode=0o750)
        except OSError as error:
            raise EdgedigitsError(f"cannot make {folder} ({error.strerror})", "name another folder") from error
        undo.callback(folder.rmdir)
    _step("chown", f"{USER}:{USER}", str(folder))


def _check_reading(plan: ServicePlan) -> None:
    """Refuse what the service could not read, with what mends it, before it fails to start for that."""
    for path in (*plan.public, *plan.secrets):
        if _run("runuser", "-u", USER, "--", "test", "-r", str(path)).returncode == 0:
            continue
        if path in plan.secrets:
            raise EdgedigitsError(
                f"user {USER} may not read {path}",
                f"sudo groupadd -f {USER}; sudo chgrp {USER} {path}; sudo chmod 640 {path}",
            )
        raise EdgedigitsError(f"user {USER} may not read {path}", _ELSEWHERE)


_ELSEWHERE = (
    "install edgedigits where everybody may read it: sudo python3 -m venv /opt/edgedigits && "
    'sudo /opt/edgedigits/bin/pip install "WHEEL[edge,station]", where WHEEL is the file that `pip wheel` made'
)


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _step(*command: str) -> None:
    done = _run(*command)
    if done.returncode != 0:
        said = _last_words() if "restart" in command else ""
        said = said or (done.stderr or done.stdout).strip() or f"code {done.returncode}"
        raise EdgedigitsError(
            f"`{' '.join(command)}` failed ({said.splitlines()[-1]}), and nothing is installed",
            f"look into `journalctl -u {NAME}`, or try `edgedigits station check`",
        )


def _last_words() -> str:
    """What the station itself said last, as the journal has it."""
    return _run(
        "journalctl", f"_SYSTEMD_UNIT={NAME}", "--lines=1", "--output=cat", "--quiet", "--no-pager"
    ).stdout.strip()


def _written(settings: StationSettings, folder: Path) -> list[Path]:
    """Folders that the station writes into."""
    places = list(_own(settings, folder))
    if settings.json_lines.file and settings.json_lines.file != PRINTED:
        places.append((folder / settings.json_lines.file).parent)
    return list(dict.fromkeys(map(_normal, places)))


def _own(settings: StationSettings, folder: Path) -> tuple[Path, ...]:
    """Folders in which nothing lies but the station's own."""
    updates = (settings.updates.folder,) if settings.updates.public_key else ()
    return tuple(_normal(folder / name) for name in (settings.journal.folder, *updates))


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path))


def _secrets(settings: StationSettings, folder: Path) -> list[Path]:
    names = (settings.mqtt.password_file, settings.webhook.token_file, settings.page.key)
    return [folder / name for name in names if name]


def _read(settings: StationSettings, folder: Path) -> list[Path]:
    model = "" if settings.reading.model == "builtin" else settings.reading.model
    names = (
        model,
        settings.reading.codes,
        settings.mqtt.ca_file,
        settings.page.certificate,
        settings.updates.public_key,
    )
    return [folder / name for name in names if name]


def _is_home(path: Path) -> bool:
    return path.parts[1:2] in (("home",), ("root",))


def _is_temporary(path: Path) -> bool:
    return path.is_relative_to("/tmp") or path.is_relative_to("/var/tmp")


def _notes(written: tuple[Path, ...], public: tuple[Path, ...]) -> list[str]:
    notes = [
        f"{folder} lies outside {STATE}, where a service keeps things: name a folder in there in the station's file"
        for folder in written
    ]
    hidden = (
        (_is_home, "may not look into a home folder as a rule", _ELSEWHERE),
        (_is_temporary, "has a /tmp of its own", f"name places below {STATE} or /etc/edgedigits, and {_ELSEWHERE}"),
    )
    for is_hidden, why, remedy in hidden:
        if places := ", ".join(dict.fromkeys(str(path) for path in (*public, *written) if is_hidden(path))):
            notes.append(f"the service's user {why}, and there lies {places}; {remedy}")
    return notes
