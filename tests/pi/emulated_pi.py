"""Install a station on Debian for arm64, as docs/pi.md says, and compare what it reads with what this machine reads.

    sudo make test-pi                  Debian 12, Python 3.11, tflite-runtime: Raspberry Pi OS Bookworm
    sudo make test-pi SUITE=trixie     Debian 13, Python 3.13, LiteRT: Raspberry Pi OS Trixie

The commands of 'Install on a Raspberry Pi' are taken from the page and typed in the root, which has no camera and no
systemd. `edgedigits predict` reads pictures there, the station a recording of simulated mail. Where this machine is no
arm64 the programs run under emulation (qemu-user): what they compute is what a real one computes, how long they take is
not. The root is kept, so that the second time is cheap; a mount namespace of our own sees to it that no mount outlives
a run. Texts, digits, codes and outcomes have to be those that the same versions of all packages read on this machine;
confidences and boxes may differ a little, and how much is printed.
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
from dataclasses import dataclass
from pathlib import Path

from arm_root import ARM, ArmRoot, enter_own_mounts, needs, register_emulator
from comparing import compare_mail, compare_pictures
from install_section import CHECK, PAGE, steps
from installing import COMMAND, CONFIG, Installation
from mail_station import MAIL, Read, run_station_here, simulate_mail
from pip_settings import pip_settings
from programs import CannotRun, Done
from telling import timed

sys.path.insert(0, str(Path(__file__).parents[1] / "pythons"))
from finding import find_python

ROOT = Path(__file__).parents[2]
SUITES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
SHARED = "/srv/edgedigits"
THREADS = "1,2"
FETCHES = ("pooch",)
"""With it this machine fetches MNIST, with which the mail is written, where ``EDGEDIGITS_DATA`` has none."""

MOST_APART, MOST_PIXELS = 0.05, 10
"""Of two confidences and two boxes of one digit.

OpenCV 4.11's `resize` and `divide` give other bytes on ARM than on x86, and LiteRT's XNNPACK rounds otherwise on other
processors: a stroke that is faint at one end may end a few pixels earlier.
"""

MOST_APART_MAIL = {True: 0.0001, False: 0.2}
"""Of two probabilities of one code, which are told to four decimals: by the same versions, and by others.

A probability is a product of many that is divided by a sum: on another processor, whose floating point units round such
sums otherwise, the last decimal may be another. LiteRT's other rounding of each digit is multiplied likewise.
"""

EMULATED = "" if platform.machine() in ARM else ", emulated"


@dataclass(frozen=True)
class Stage:
    """Where a run is.

    Attributes:
        root: with the system in it.
        installation: that is made there.
        here: environment of this machine.
        exact: whether all figures have to be equal.
    """

    root: ArmRoot
    installation: Installation
    here: Path
    exact: bool

    @property
    def shared(self) -> Path:
        """The folder of this machine that programs in the root call :data:`SHARED`."""
        return self.root.inside(SHARED)

    @property
    def command(self) -> Path:
        """The command on this machine."""
        return self.here / "bin" / "edgedigits"

    def run(self, *words: str) -> Done:
        """Run a program in the root."""
        return self.installation.run(*words, cwd=SHARED)


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


def environment_here(root: ArmRoot, folder: Path) -> tuple[Path, bool]:
    """An environment of this machine, and whether its Python is of the root's version."""
    asked = root.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])", environment={})
    python = find_python(asked.stdout.strip())
    here = folder / f"here-{asked.stdout.strip() if python else 'other'}"
    if not (here / "bin" / "python").exists():
        subprocess.run((python or sys.executable, "-m", "venv", str(here)), check=True)
    return here, python is not None


def install_here(here: Path, wheel: Path, versions: list[str]) -> None:
    """Install the wheel with the same extras on this machine, in these versions of all packages where there are any."""
    constraints = wheel.with_name("versions.txt")
    constraints.write_text("".join(f"{version}\n" for version in versions))
    pip(here, "install", "--constraint", str(constraints), f"{wheel}[edge,station]", *FETCHES)
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


def compare_readings(stage: Stage) -> None:
    """Read the pictures on both sides.

    Raises:
        CannotRun: they are not read alike.
    """
    names = pictures(stage.shared)
    with timed(f"edgedigits predict builtin, {len(names)} pictures, there"):
        done = stage.run(COMMAND, "predict", "builtin", "--json", *names)
    there = done.stdout
    print(f"    {memory(done)}{EMULATED and ', the emulator included'}")
    own = (str(stage.command), "predict", "builtin", "--json", *names)
    expected = subprocess.run(own, cwd=stage.shared, capture_output=True, text=True, check=True).stdout
    for line in there.splitlines():
        read = json.loads(line)
        print(f"    {read['image']}: {' '.join(read['text'].split())}")
    if there == expected:
        print(f"    equal to what {platform.machine()} reads, byte for byte ({len(there):,} bytes of JSON)")
        return
    found = compare_pictures(there, expected)
    if found is None or found.confidence > MOST_APART or found.pixels > MOST_PIXELS:
        raise CannotRun(f"read otherwise than on {platform.machine()} ({found}):\nthere {there}here  {expected}")
    print(
        f"    the texts and digits that {platform.machine()} reads; of a digit the confidence is up to "
        f"{found.confidence:.4f} apart, the box up to {found.pixels} pixels"
    )


def memory(done: Done) -> str:
    """The most memory that a program had."""
    return f"{done.peak_bytes / 1e6:.0f} MB at most"


def compare_stations(stage: Stage, mail: Path) -> None:
    """Run the service there and the same station here, and compare what they told of each piece.

    Raises:
        CannotRun: a code, an outcome, a bin or the order differs, or confidences do by too much.
    """
    there = stage.installation.run_service()
    tell(there, EMULATED and f" (the emulator included, on {platform.machine()})")
    text = stage.root.inside(CONFIG).read_text()
    with timed("the same station here"):
        here = run_station_here(stage.command, os.environ, text, mail, stage.shared / "here")
    tell(here, "")
    for line in there.lines:
        piece = json.loads(line)
        print(
            f"    {piece['sequence']:>2} {piece['code']} {piece['outcome']} {piece['bin']} "
            f"{piece['confidence']:.4f} of {piece['frames']} frames {piece['why']}".rstrip()
        )
    found = compare_mail(there.lines, here.lines)
    if found.apart is None or round(found.apart, 4) > MOST_APART_MAIL[stage.exact]:
        raise CannotRun(f"the station reads otherwise than on {platform.machine()}:\n{found}")
    compared = "code, outcome, bin, frames, order, sha256 of the network"
    if found.equal == found.pieces:
        print(f"    all {found.pieces} pieces equal: {compared}, confidence and alternatives to 4 decimals, reason")
        return
    print(
        f"    all {found.pieces} pieces equal in {compared}; {found.equal} in all figures, "
        f"those of the others are up to {found.apart:.4f} apart"
    )


def tell(read: Read, note: str) -> None:
    """Print what a station said at its end, its page, its time and memory."""
    said = " ".join(" ".join(read.done.stderr.split()).partition("(Ctrl-C ends the station)")[2].split())
    print(f"    {said}")
    print(f"    its page answered: {read.page}; {read.done.seconds:.1f} s, {memory(read.done)}{note}")


def measure_there(stage: Stage) -> None:
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
        (str(stage.command), "compare", str(stage.shared / "measured")),
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
    pip_there = pip_settings(here / "bin" / "python")
    root.mount(pip_there.paths)
    with timed("the wheel"):
        wheel = build_wheel(here, folder / "wheel")
    section = steps(PAGE.read_text(encoding="utf-8"))
    before = next(place for place, step in enumerate(section) if step.kind == CHECK)
    installation = Installation(root, pip_there, wheel, f"{SHARED}/mail")
    installation.play(section[:before])
    versions = installation.versions()
    print(f"    {' '.join(versions)}")
    with timed(f"{'the same versions' if same else 'another Python and what it takes'}, here"):
        install_here(here, wheel, versions if same else [])
    exact = same and any(version.startswith("tflite-runtime") for version in versions)
    stage = Stage(root, installation, here, exact)
    with timed(f"edgedigits simulate station {' '.join(MAIL)}, here"):
        print(f"    {simulate_mail(stage.command, os.environ, stage.shared / 'mail')}")
    installation.play(section[before:])
    compare_stations(stage, stage.shared / "mail")
    compare_readings(stage)
    measure_there(stage)
    print(f"passed on {SUITES[options.suite]} arm64{EMULATED}")


if __name__ == "__main__":
    try:
        main()
    except CannotRun as error:
        sys.exit(f"Error: {error}")
