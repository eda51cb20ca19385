"""Install the wheel on Debian for arm64, read pictures there, measure the built-in model: what a Raspberry Pi will do.

    sudo make test-pi                  Debian 12, Python 3.11, tflite-runtime: Raspberry Pi OS Bookworm
    sudo make test-pi SUITE=trixie     Debian 13, Python 3.13, LiteRT: Raspberry Pi OS Trixie

Where this machine is no arm64 the programs run under emulation (qemu-user): what they compute is what a real one
computes, how long they take is not. The root is kept, so that the second time is cheap; a mount namespace of our own
sees to it that no mount outlives a run. What is read there has to be, byte for byte, what the same versions of all
packages read on this machine. Of LiteRT, or where this machine has no such Python, confidences may differ a little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from arm_root import ARM, ArmRoot, CannotRun, Done, enter_own_mounts, needs, register_emulator
from pip_settings import PipSettings, pip_settings

sys.path.insert(0, str(Path(__file__).parents[1] / "pythons"))
from finding import find_python

ROOT = Path(__file__).parents[2]
SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
SHARED = "/srv/edgedigits"
COMMAND = f"{SHARED}/venv/bin/edgedigits"
THREADS = "1,2"
MOST_APART = 0.05
"""Of two confidences of one digit: LiteRT's XNNPACK rounds otherwise on other processors, tflite-runtime does not."""

EMULATED = "" if platform.machine() in ARM else ", emulated"


@dataclass(frozen=True)
class Stage:
    """Where a run is: the root, and how pip is set up there."""

    root: ArmRoot
    pip: PipSettings

    @property
    def shared(self) -> Path:
        """The folder of this machine that programs in the root call :data:`SHARED`."""
        return self.root.inside(SHARED)

    def run(self, *words: str) -> Done:
        """Run a program in the root."""
        return self.root.run(*words, environment=self.pip.environment, cwd=SHARED)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say what is done, and how long it took once it is."""
    print(f"{what} ...", flush=True)
    begin = time.perf_counter()
    yield
    print(f"    {time.perf_counter() - begin:.0f} s", flush=True)


def build_wheel(here: Path, folder: Path) -> Path:
    """The wheel of what git knows here."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        clone = Path(name) / "checkout"
        copy_checkout(clone)
        for old in folder.glob("*.whl"):
            old.unlink()
        pip(here, "wheel", "--no-deps", "--wheel-dir", str(folder), str(clone))
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_checkout(clone: Path) -> None:
    """Copy what git knows, or of an unpacked archive everything but what was made here."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        made = shutil.ignore_patterns(".venv", "venv", "out", "build", "dist", "*.egg-info", "__pycache__", ".git")
        shutil.copytree(ROOT, clone, ignore=made)
        return
    for file in filter(None, listed.stdout.split("\0")):
        if (ROOT / file).is_file():
            (clone / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, clone / file)


def pip(here: Path, *words: str) -> None:
    """Run pip of this machine's environment."""
    command = (here / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"pip {' '.join(words)}:\n{done.stderr}")


def install_there(stage: Stage, wheel: Path) -> list[str]:
    """Install the wheel with ``[edge]`` in the root; the versions of all packages that came."""
    python = f"{SHARED}/venv/bin/python"
    stage.shared.mkdir(parents=True, exist_ok=True)
    for old in stage.shared.glob("*.whl"):
        old.unlink()
    shutil.copy(wheel, stage.shared)
    if not (stage.shared / "venv" / "bin" / "pip").exists():
        stage.run("python3", "-m", "venv", f"{SHARED}/venv")
    stage.run(python, "-m", "pip", "--quiet", "install", f"{wheel.name}[edge]")
    stage.run(python, "-m", "pip", "--quiet", "install", "--no-deps", "--force-reinstall", wheel.name)
    listed = stage.run(python, "-m", "pip", "freeze", "--exclude", "edgedigits").stdout
    return listed.split()


def environment_here(root: ArmRoot, folder: Path) -> tuple[Path, bool]:
    """An environment of this machine, and whether its Python is of the root's version."""
    asked = root.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])", environment={})
    python = find_python(asked.stdout.strip())
    here = folder / f"here-{asked.stdout.strip() if python else 'other'}"
    if not (here / "bin" / "python").exists():
        subprocess.run((python or sys.executable, "-m", "venv", str(here)), check=True)
    return here, python is not None


def install_here(here: Path, wheel: Path, versions: list[str]) -> None:
    """Install the wheel with ``[edge]`` on this machine, in these versions of all packages where there are any."""
    constraints = wheel.with_name("versions.txt")
    constraints.write_text("".join(f"{version}\n" for version in versions))
    pip(here, "install", "--constraint", str(constraints), f"{wheel}[edge]")
    pip(here, "install", "--no-deps", "--force-reinstall", str(wheel))


def pictures(shared: Path) -> list[str]:
    """Put the sample picture, and the photos where ``EDGEDIGITS_DATA`` has some, where both sides read them."""
    folder = shared / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = [ROOT / "docs" / "sample.jpg"]
    data = os.environ.get("EDGEDIGITS_DATA")
    if data:
        photos = (path for path in sorted((Path(data) / "photos").glob("*")) if path.is_file())
        found += [path for path in photos if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    else:
        print("EDGEDIGITS_DATA is not set: the sample picture is read, no photos")
    for path in found:
        shutil.copy(path, folder)
    return [f"pictures/{path.name}" for path in found]


def compare_readings(stage: Stage, here: Path, exact: bool) -> None:
    """Read the pictures on both sides; ``exact`` where every byte of the JSON has to be equal.

    Raises:
        CannotRun: they are not read alike.
    """
    names = pictures(stage.shared)
    with timed(f"edgedigits predict builtin, {len(names)} pictures, there"):
        done = stage.run(COMMAND, "predict", "builtin", "--json", *names)
    there = done.stdout
    print(f"    {done.peak_bytes / 1e6:.0f} MB at most{EMULATED and ', the emulator included'}")
    own = (str(here / "bin" / "edgedigits"), "predict", "builtin", "--json", *names)
    expected = subprocess.run(own, cwd=stage.shared, capture_output=True, text=True, check=True).stdout
    for line in there.splitlines():
        read = json.loads(line)
        print(f"    {read['image']}: {' '.join(read['text'].split())}")
    if there == expected:
        print(f"    equal to what {platform.machine()} reads, byte for byte ({len(there):,} bytes of JSON)")
        return
    apart = confidences_apart(there, expected)
    if exact or apart is None or apart > MOST_APART:
        raise CannotRun(f"read otherwise than on {platform.machine()}:\nthere {there}here  {expected}")
    print(f"    the digits that {platform.machine()} reads at the same places; confidences are up to {apart:.4f} apart")


def confidences_apart(there: str, here: str) -> float | None:
    """The largest difference of confidences where texts, labels and boxes are equal; None where they are not."""
    largest = 0.0
    both = [[json.loads(line) for line in printed.splitlines()] for printed in (there, here)]
    for pictures_of_both in zip(*both, strict=True):
        pairs = list(zip(*(picture.pop("digits") for picture in pictures_of_both), strict=False))
        for one, other in pairs:
            largest = max(largest, abs(one.pop("confidence") - other.pop("confidence")))
        if pictures_of_both[0] != pictures_of_both[1] or any(one != other for one, other in pairs):
            return None
    return largest


def measure_there(stage: Stage, here: Path) -> None:
    """Measure the built-in model in the root, and see that this machine takes the rows.

    Raises:
        CannotRun: an emulated machine is not said to be one, or digits are read wrongly.
    """
    with timed(f"edgedigits measure builtin --threads {THREADS}, there"):
        words = ("measure", "builtin", "--threads", THREADS, "--out", "measured", "--force")
        print(stage.run(COMMAND, *words).stdout, end="")
    header = json.loads((stage.shared / "measured" / "results.json").read_text())
    row = json.loads((stage.shared / "measured" / header["names"][0] / "row.json").read_text())
    if header["machine"]["emulated"] != bool(EMULATED):
        raise CannotRun(f"the machine is taken for {header['machine']}")
    right = ", ".join(str(run["right"]) for run in row["checks"]["runs"])
    print(f"    of {row['accuracy']['count']} digits right on each runtime there: {right}")
    compared = subprocess.run(
        (str(here / "bin" / "edgedigits"), "compare", str(stage.shared / "measured")),
        capture_output=True,
        text=True,
        check=True,
    )
    print(compared.stdout, end="")


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=tuple(SUITES), default="bookworm")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "pi", help="where roots are kept")
    parser.add_argument("--mirror", default=os.environ.get("DEBIAN_MIRROR", ""), help="of Debian  [debootstrap's own]")
    options = parser.parse_args()
    needs()
    enter_own_mounts([sys.executable, *sys.argv])
    folder = options.out.resolve() / options.suite
    root = ArmRoot(folder / "root")
    register_emulator()
    with timed(f"{SUITES[options.suite]} ({options.suite}) for arm64 in {root.folder}, kept there"):
        root.make(options.suite, options.mirror)
    here, same = environment_here(root, folder)
    stage = Stage(root, pip_settings(here / "bin" / "python"))
    root.mount(stage.pip.paths)
    with timed("the wheel"):
        wheel = build_wheel(here, folder / "wheel")
    with timed(f"pip install {wheel.name}[edge], there"):
        versions = install_there(stage, wheel)
    print(f"    {' '.join(versions)}")
    with timed(f"{'the same versions' if same else 'another Python and what it takes'}, here"):
        install_here(here, wheel, versions if same else [])
    exact = same and any(version.startswith("tflite-runtime") for version in versions)
    compare_readings(stage, here, exact)
    measure_there(stage, here)
    print(f"passed on {SUITES[options.suite]} arm64{EMULATED}")


if __name__ == "__main__":
    try:
        main()
    except CannotRun as error:
        sys.exit(f"Error: {error}")
