"""The doctor: on this machine, in an environment with nothing but the command, and on machines that are made up."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from edgedigits.cli.doctor import checks
from edgedigits.cli.doctor.finding import Installation
from edgedigits.cli.main import main
from tests.made_up_hosts import MadeUpHost

ROOT = Path(__file__).parents[2]
EDGEDIGITS = Path(sys.executable).with_name("edgedigits")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = set(SETTINGS["project"]["optional-dependencies"])
FAKE_TENSORFLOW = """
class sysconfig:
    get_build_info = staticmethod(lambda: {{"cuda_version": "12.5.1"}})
class test:
    is_built_with_cuda = staticmethod(lambda: True)
class config:
    list_physical_devices = staticmethod(lambda kind: [type("Gpu", (), {{"name": name}}) for name in {gpus!r}])
    class experimental:
        get_device_details = staticmethod(lambda gpu: {{"device_name": gpu.name}})
"""


def examined(made_up: MadeUpHost, **settings):
    """The kind of installation of a made-up machine, and its findings by name."""
    kind, findings = checks.examine(made_up.host(**settings))
    return kind, {finding.name: finding for finding in findings}


def module(made_up: MadeUpHost, name: str, code: str = "") -> None:
    made_up.write(f"/packages/{name}.py", code)


@pytest.fixture
def bare(tmp_path) -> MadeUpHost:
    """A PC with nothing but the command."""
    return MadeUpHost(tmp_path)


@pytest.fixture
def pi(bare) -> MadeUpHost:
    """A Raspberry Pi with [edge], nothing amiss."""
    bare.write("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    bare.write("/proc/meminfo", "MemTotal:        8245180 kB\n")
    bare.write("/sys/class/thermal/thermal_zone0/temp", "48200\n")
    bare.write("/dev/video0")
    bare.write("/sys/class/video4linux/video0/name", "HD Webcam\n")
    bare.package("numpy", "1.26.4")
    bare.package("opencv-python-headless", "4.11.0.86")
    bare.package("tflite-runtime", "2.14.0")
    for name in ("numpy", "cv2", "picamera2"):
        module(bare, name)
    bare.write("/packages/tflite_runtime/__init__.py")
    bare.write("/packages/tflite_runtime/interpreter.py")
    return bare


@pytest.fixture
def workstation(pi) -> MadeUpHost:
    """A workstation with [train] that has an NVIDIA GPU and its driver, but not CUDA's libraries."""
    (pi.folder / "proc/device-tree/model").unlink()
    pi.write("/etc/os-release", "ID=debian\nPRETTY_NAME=Debian\n")
    pi.graphics_card()
    pi.driver()
    pi.tensorflow()
    pi.package("tf_keras", "2.21.0")
    pi.package("tensorflow-model-optimization", "0.8.1")
    module(pi, "tensorflow", FAKE_TENSORFLOW.format(gpus=[]))
    return pi


def test_this_machine_is_healthy_and_told_as_json():
    done = subprocess.run([EDGEDIGITS, "doctor", "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["healthy"]
    assert told["installation"] in ("train", "gpu")
    found = {finding["name"]: finding for finding in told["findings"]}
    assert found["Python"]["found"] == ".".join(str(part) for part in sys.version_info[:3])
    assert found["TensorFlow"]["status"] == found["NumPy"]["status"] == found["OpenCV"]["status"] == "ok"
    assert {"GPU", "cameras", "MNIST", "cache", "arm-none-eabi-gcc", "qemu-system-arm", "simavr"} <= set(found)


@pytest.fixture(scope="module")
def command_alone(tmp_path_factory) -> Path:
    """Python of an environment that has click, rich and the package, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in ("click", "rich", "markdown-it-py", "mdurl", "Pygments"):
        for file in distribution(name).files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), site / file)
    for package, place in SETTINGS["tool"]["setuptools"]["package-dir"].items():
        target = site.joinpath(*package.split("."))
        shutil.copytree(ROOT / place, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    ours = distribution("edgedigits")
    metadata = ours.read_text("METADATA") or ours.read_text("PKG-INFO")
    (site / "edgedigits-0.dist-info").mkdir()
    (site / "edgedigits-0.dist-info" / "METADATA").write_text(metadata)
    return folder / "bin" / "python"


def test_it_works_with_the_command_alone(command_alone, tmp_path):
    def run(*options):
        return subprocess.run(
            [command_alone, "-m", "edgedigits", "doctor", *options],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["installation"], told["healthy"]) == ("bare", True)
    found = {finding["name"]: finding for finding in told["findings"]}
    for name in ("NumPy", "OpenCV", "TFLite runtime"):
        assert (found[name]["status"], found[name]["remedy"]) == ("missing", '`pip install "edgedigits[edge]"`')
    plain = run()
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.startswith("installation: the command alone, no extra\n")
    assert max(map(len, plain.stdout.splitlines())) <= 80


def test_a_pi_that_lacks_nothing(pi):
    kind, found = examined(pi, machine="aarch64")
    assert kind == Installation.edge
    assert not [finding for finding in found.values() if finding.broken]
    assert found["machine"].found.startswith("Raspberry Pi 5 Model B Rev 1.0, Linux aarch64")
    assert "7.9 GB" in found["machine"].found
    assert found["temperature"].found == "48 degrees Celsius"
    assert found["cameras"].found == "/dev/video0 (HD Webcam)"
    assert found["picamera2"].status == "ok"
    assert found["TensorFlow"].status == "missing"


def test_a_pi_that_is_hot_and_does_not_see_its_camera(pi):
    pi.write("/sys/class/thermal/thermal_zone1/temp", "84500\n")
    (pi.folder / "packages/picamera2.py").unlink()
    _, found = examined(pi)
    assert found["temperature"].status == "fault"
    assert "`sudo apt install python3-picamera2`" in found["picamera2"].remedy


def test_an_opencv_with_windows_makes_it_a_desktop_and_no_remedy_brings_the_other_one(pi):
    shutil.rmtree(next((pi.folder / "packages").glob("opencv*")))
    pi.package("opencv-python", "4.11.0.86")
    assert examined(pi)[0] == Installation.desktop
    for name in ("numpy", "tflite_runtime"):
        shutil.rmtree(next((pi.folder / "packages").glob(f"{name}-*")))
    kind, found = examined(pi)
    assert kind == Installation.desktop
    for name in ("NumPy", "TFLite runtime"):
        assert found[name].broken and found[name].remedy == '`pip install "edgedigits[desktop]"`'
    pi.package("tf_keras", "2.21.0")
    assert examined(pi)[0] == Installation.train


def test_two_opencvs_are_a_fault_and_both_go(pi):
    pi.package("opencv-python", "4.11.0.86")
    finding = examined(pi)[1]["OpenCV"]
    assert finding.broken
    assert finding.remedy == (
        '`pip uninstall --yes opencv-python-headless opencv-python`, then `pip install "edgedigits[edge]"`'
    )


def test_an_opencv_without_the_systems_library_for_windows(pi):
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    module(pi, "cv2", text)
    finding = examined(pi)[1]["OpenCV"]
    assert finding.broken
    assert "libGL.so.1" in finding.found
    assert "`sudo apt install libgl1`" in finding.remedy


def test_an_opencv_of_the_systems_packages_counts(pi):
    shutil.rmtree(next((pi.folder / "packages").glob("opencv*")))
    module(pi, "cv2", "__version__ = '4.6.0'")
    assert examined(pi)[1]["OpenCV"].found == "4.6.0 of the system's packages"


def test_tflite_runtime_does_not_go_with_numpy_2(pi):
    shutil.rmtree(next((pi.folder / "packages").glob("numpy*.dist-info")))
    pi.package("numpy", "2.1.0")
    finding = examined(pi)[1]["TFLite runtime tflite-runtime"]
    assert finding.broken
    assert finding.remedy == '`pip install "numpy<2"`'


@pytest.mark.parametrize("end", ["raise ImportError('not for this processor')", "import os; os.abort()"])
def test_a_numpy_that_does_not_load_or_crashes_is_a_fault(pi, end):
    module(pi, "numpy", end)
    finding = examined(pi)[1]["NumPy"]
    assert finding.broken
    assert "does not load" in finding.found


def test_an_edge_installation_without_a_runtime_is_broken(pi):
    shutil.rmtree(next((pi.folder / "packages").glob("tflite_runtime-*")))
    assert examined(pi)[1]["TFLite runtime"].broken


@pytest.mark.parametrize(("python", "status"), [((3, 10, 4), "fault"), ((3, 11, 2), "ok"), ((3, 19, 0), "fault")])
def test_a_python_that_was_not_tried_is_told(bare, python, status):
    assert examined(bare, python=python)[1]["Python"].status == status


def test_a_gpu_that_tensorflow_does_not_see_is_a_fault_which_breaks_training_on_gpus_alone(workstation):
    kind, found = examined(workstation)
    assert kind == Installation.train
    assert found["GPU"].status == "fault"
    assert not found["GPU"].broken
    assert found["GPU"].remedy == '`pip install "edgedigits[gpu]"`'
    workstation.cuda_libraries()
    workstation.driver("470.1.2")
    kind, found = examined(workstation)
    assert kind == Installation.gpu
    assert found["GPU"].broken
    assert "driver 470.1.2 is older" in found["GPU"].found


def test_a_gpu_that_tensorflow_sees_is_told_with_driver_and_cuda(workstation):
    workstation.environ["MADE"] = "up"  # another machine to the one answer that is kept
    module(workstation, "tensorflow", FAKE_TENSORFLOW.format(gpus=["NVIDIA A10"]))
    assert examined(workstation)[1]["GPU"].found == "NVIDIA A10, driver 550.54.14, CUDA 12.5.1"


def test_a_tensorflow_that_does_not_load_is_not_taken_for_one_without_cuda(workstation):
    workstation.environ["MADE"] = "damaged"
    module(workstation, "tensorflow", "raise ImportError('libtensorflow_cc.so.2: file too short')")
    found = examined(workstation)[1]
    assert found["TensorFlow"].broken
    assert "file too short" in found["TensorFlow"].found
    assert found["TensorFlow"].remedy == "`pip install --force-reinstall --no-deps tensorflow==2.21.0`"
    assert found["GPU"].remedy == "mend TensorFlow first"


def test_no_gpu_on_a_machine_that_reads_is_not_needed(pi):
    found = examined(pi)[1]["GPU"]
    assert (found.status, found.found) == ("missing", "none: not needed, this machine does not train")


def test_no_gpu_on_a_machine_that_trains_is_told_with_what_one_would_be_for(pi):
    pi.tensorflow()
    module(pi, "tensorflow", FAKE_TENSORFLOW.format(gpus=[]))
    found = examined(pi)[1]["GPU"]
    assert (found.status, found.broken) == ("missing", False)
    assert found.found.startswith("none: not needed, networks are trained on the CPU; large ones")


def test_a_gpu_without_tensorflow_is_told_what_would_use_it(pi):
    pi.graphics_card()
    assert examined(pi)[1]["GPU"].remedy == '`pip install "edgedigits[gpu]"`'


def test_a_tensorflow_without_its_keras_of_the_same_version_is_broken(workstation):
    shutil.rmtree(next((workstation.folder / "packages").glob("tf_keras*")))
    finding = examined(workstation)[1]["TensorFlow"]
    assert finding.broken
    assert "without tf_keras" in finding.found
    workstation.package("tf_keras", "2.20.1")
    assert "must be of one version" in examined(workstation)[1]["TensorFlow"].found


def test_compilers_that_are_missing_are_no_error_and_are_named_with_their_packages(bare):
    bare.command("avr-gcc")
    found = examined(bare)[1]
    assert found["avr-gcc"].found == "/usr/bin/avr-gcc"
    assert found["simavr"].remedy == "`sudo apt install simavr`"
    assert "gcc-arm-none-eabi libnewlib-arm-none-eabi" in found["arm-none-eabi-gcc"].remedy
    assert not found["simavr"].broken


def test_exit_1_where_something_that_is_needed_is_broken(pi):
    module(pi, "numpy", "raise ImportError('damaged')")
    program = (
        "import sys\nfrom pathlib import Path\nimport edgedigits.core.machine.host as host\n"
        "from tests.made_up_hosts import MadeUpHost\nmade_up = MadeUpHost(Path(sys.argv.pop())).host()\n"
        "host.Host = lambda: made_up\nfrom edgedigits.cli.main import main\nsys.argv = ['edgedigits', 'doctor']\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(pi.folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "broken, and needed here: NumPy"


FORMS = (
    r"pip install( --force-reinstall --no-deps)? (tensorflow|numpy|tflite-runtime|ai-edge-litert)(==[\d.]+)?",
    r'pip install "numpy<2"',
    r"pip uninstall --yes( (opencv-(contrib-)?python(-headless)?|tensorflow(-cpu)?))+",
    r"sudo apt install( [a-z0-9.+-]+)+",
    r"sudo usermod --append --groups [a-z,]+ \$USER",
    r"sudo (nvidia-modprobe -u -c 0|ubuntu-drivers install)",
    r"python3(\.\d+)? -m venv( --system-site-packages)? ~/edgedigits",
    r"unset CUDA_VISIBLE_DEVICES|nvidia-smi|docker run --gpus all|wsl --install",
)


def commands_of_the_sources() -> list[str]:
    """Whatever stands in backticks in the strings of the doctor and of what it knows of GPUs."""
    found = []
    for path in (
        *(ROOT / "cli/doctor").glob("*.py"),
        ROOT / "core/machine/nvidia.py",
        ROOT / "train/fitting/devices.py",
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                found += re.findall(r"(?<!`)`([^`]+)`(?!`)", node.value)
    return found


def is_real(command: str) -> bool:
    if found := re.fullmatch(r'pip install "edgedigits\[(\w+)\]"', command):
        return found[1] in EXTRAS
    if found := re.match(r"edgedigits (\w+)", command):
        return found[1] in main.commands
    return any(re.fullmatch(form, command) for form in FORMS) or "python -c" in command or command[:2] == "--"


def test_every_command_in_a_remedy_is_a_real_one(workstation, pi, bare):
    told = set(commands_of_the_sources())
    for host in (workstation, bare):
        told |= {command for one in examined(host)[1].values() for command in re.findall(r"`([^`]+)`", one.remedy)}
    assert len(told) > 10
    assert not {command for command in told if not is_real(command)}


def test_every_extra_that_a_message_names_is_one():
    sources = (path for room in ("core", "cli", "train", "quantize", "edge") for path in (ROOT / room).rglob("*.py"))
    named = {
        extra for path in sources for extra in re.findall(r"edgedigits\[(\w+)\]", path.read_text(encoding="utf-8"))
    }
    assert {"edge", "train", "gpu"} <= named
    assert named <= EXTRAS
