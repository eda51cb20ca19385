"""NumPy, OpenCV and the TFLite runtimes: which are installed, whether they load, whether they go together."""

from __future__ import annotations

from collections.abc import Iterator

from edgedigits.cli.doctor.finding import OPENCVS, RUNTIMES, Finding, Installation, install, last_line, opencv_extra
from edgedigits.core.machine.host import Host

_SECONDS = 60


def numpy(host: Host, kind: Installation) -> Iterator[Finding]:
    """Whether NumPy loads."""
    needed = kind >= Installation.edge
    version = host.version("numpy")
    if version is None:
        yield Finding("NumPy", "missing", "not installed", install(opencv_extra(host)), needed)
        return
    yield _loaded(
        "NumPy", "numpy", version, host, f"`pip install --force-reinstall --no-deps numpy=={version}`", needed
    )


def opencv(host: Host, kind: Installation) -> Iterator[Finding]:
    """Which OpenCV is installed, that it is one alone, and whether it loads."""
    needed = kind >= Installation.edge
    installed = [name for name in OPENCVS if host.version(name)]
    wanted = opencv_extra(host)
    if len(installed) > 1:
        remedy = f"`pip uninstall --yes {' '.join(installed)}`, then {install(wanted)}"
        found = f"{' and '.join(installed)} are both installed and overwrite each other's files"
        yield Finding("OpenCV", "fault", found, remedy, needed)
        return
    if not installed:
        done = host.python_says("import cv2; print(cv2.__version__)", _SECONDS)
        if done is not None and done.returncode == 0:
            yield Finding("OpenCV", "ok", f"{done.stdout.strip()} of the system's packages", needed=needed)
        else:
            yield Finding("OpenCV", "missing", "not installed", install(opencv_extra(host)), needed)
        return
    (name,) = installed
    again = f"`pip uninstall --yes {name}`, then {install(wanted)}"
    loaded = _loaded("OpenCV", "cv2", f"{name} {host.version(name)}", host, again, needed)
    if loaded.status == "fault" and "libGL" in loaded.found:
        system = f"`sudo apt install libgl1`, or without windows `pip uninstall --yes {name}`, then {install('edge')}"
        loaded = Finding("OpenCV", "fault", loaded.found, system, needed)
    yield loaded


def runtimes(host: Host, kind: Installation) -> Iterator[Finding]:
    """The TFLite runtimes, of which one is enough."""
    needed = kind >= Installation.edge
    installed = [name for name in RUNTIMES if host.version(name)]
    if not installed:
        yield Finding("TFLite runtime", "missing", "none is installed", install(opencv_extra(host)), needed)
    for name in installed:
        title = f"TFLite runtime {name}"
        version, numbers = host.version(name) or "", host.version("numpy") or ""
        if name == "tflite-runtime" and numbers and int(numbers.split(".")[0]) >= 2:
            found = f"{version} does not work with NumPy {numbers}"
            yield Finding(title, "fault", found, '`pip install "numpy<2"`', needed)
            continue
        module = f"{name.replace('-', '_')}.interpreter"
        yield _loaded(title, module, version, host, f"`pip install --force-reinstall --no-deps {name}`", needed)


def _loaded(title: str, module: str, version: str, host: Host, remedy: str, needed: bool) -> Finding:
    """Whether a module can be imported, tried in a Python of its own."""
    done = host.python_says(f"import {module}", _SECONDS)
    if done is None:
        return Finding(title, "fault", f"{version} does not load within {_SECONDS} seconds", remedy, needed)
    if done.returncode != 0:
        return Finding(title, "fault", f"{version} does not load: {last_line(done.stderr)}", remedy, needed)
    return Finding(title, "ok", version, needed=needed)
