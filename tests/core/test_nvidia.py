"""An NVIDIA GPU is found from what the system shows, and why TensorFlow sees none is told with what mends it."""

import os

import pytest

from edgedigits.core.machine.nvidia import CudaBuild, cuda_build, find_nvidia, why_unseen
from tests.made_up_hosts import CUDA_PACKAGES, OPEN_DRIVER, MadeUpHost

CUDA = CudaBuild("12.5.1")


@pytest.fixture
def made_up(tmp_path):
    """A Debian PC with an NVIDIA card, its driver, TensorFlow and CUDA's libraries: nothing is amiss."""
    machine = MadeUpHost(tmp_path)
    machine.write("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
    machine.graphics_card()
    machine.driver()
    machine.tensorflow()
    machine.cuda_libraries()
    return machine


def why(made_up, cuda=CUDA, **settings):
    host = made_up.host(**settings)
    return why_unseen(find_nvidia(host), cuda, host)


def test_a_machine_without_an_nvidia_gpu_shows_none(tmp_path):
    machine = MadeUpHost(tmp_path)
    machine.graphics_card(vendor="0x8086")
    machine.graphics_card(kind="0x040300", address="0000:01:00.1")  # the sound of a card that is not there
    assert find_nvidia(machine.host()) is None


@pytest.mark.parametrize("kind", ["0x030000", "0x030200"])
def test_a_card_on_the_bus_is_one_without_a_driver_too(tmp_path, kind):
    machine = MadeUpHost(tmp_path)
    machine.graphics_card(kind=kind)
    found = find_nvidia(machine.host())
    assert found.gpus == ("PCI 0000:01:00.0",)
    assert (found.driver, found.library, found.nodes) == (None, None, ())


@pytest.mark.parametrize("text", [None, OPEN_DRIVER])
def test_the_driver_names_its_gpus_and_its_version(made_up, text):
    if text:
        made_up.driver("570.86.10", text)
    found = find_nvidia(made_up.host())
    assert found.gpus == ("NVIDIA A10",)
    assert found.driver == ("570.86.10" if text else "550.54.14")
    assert (found.nodes, found.library) == (("/dev/nvidia0",), "/usr/lib/x86_64-linux-gnu/libcuda.so.1")


def test_nvidia_smi_alone_is_asked_what_there_is(tmp_path):
    machine = MadeUpHost(tmp_path)
    machine.command("nvidia-smi", 'echo "GPU 0: NVIDIA H100 PCIe (UUID: GPU-1)"; echo "GPU 1: NVIDIA T4 (UUID: GPU-2)"')
    assert find_nvidia(machine.host()).gpus == ("NVIDIA H100 PCIe", "NVIDIA T4")


@pytest.mark.parametrize("script", ["echo No devices found.; exit 6", "exit 9"])
def test_nvidia_smi_that_finds_nothing_is_no_gpu(tmp_path, script):
    machine = MadeUpHost(tmp_path)
    machine.command("nvidia-smi", script)
    assert find_nvidia(machine.host()) is None


def test_a_gpu_under_wsl_has_the_driver_of_windows(tmp_path):
    machine = MadeUpHost(tmp_path, {"PATH": "/usr/lib/wsl/lib"})
    machine.write("/dev/dxg")
    machine.write("/usr/lib/wsl/lib/libcuda.so.1")
    machine.write("/usr/lib/wsl/lib/nvidia-smi", "#!/bin/sh\necho 'GPU 0: NVIDIA RTX A1000 (UUID: GPU-1)'\n").chmod(
        0o755
    )
    machine.tensorflow()
    found = find_nvidia(machine.host())
    assert (found.gpus, found.driver) == (("NVIDIA RTX A1000",), "of Windows")
    assert "CUDA's libraries are missing" in why(machine, cuda_build("12.5.1", machine.host())).what


def test_libraries_that_pip_has_not_installed_are_named(made_up):
    assert cuda_build("12.5.1", made_up.host()).missing == ()
    bare = MadeUpHost(made_up.folder / "other")
    bare.tensorflow()
    assert cuda_build("12.5.1", bare.host()).missing == CUDA_PACKAGES


def test_libraries_of_the_system_serve_as_well(tmp_path):
    machine = MadeUpHost(tmp_path, {"PATH": "", "LD_LIBRARY_PATH": "/opt/cuda"})
    machine.tensorflow()
    machine.write("/opt/cuda/libcudart.so.12")
    assert cuda_build("12.5.1", machine.host()).missing
    machine.write("/usr/lib/x86_64-linux-gnu/libcudnn.so.9")
    assert not cuda_build("12.5.1", machine.host()).missing


def test_missing_libraries_come_with_the_extra(made_up):
    trouble = why(made_up, CudaBuild("12.5.1", CUDA_PACKAGES))
    assert trouble.what.startswith("TensorFlow cannot use this machine's NVIDIA GPU (NVIDIA A10): CUDA's libraries")
    assert trouble.remedy == '`pip install "edgedigits[gpu]"`'


@pytest.mark.parametrize("hidden", ["", "-1", " "])
def test_a_variable_that_hides_it_is_named_first(made_up, hidden):
    made_up.environ["CUDA_VISIBLE_DEVICES"] = hidden
    trouble = why(made_up, CudaBuild(None))
    assert "hides it" in trouble.what
    assert trouble.remedy == "`unset CUDA_VISIBLE_DEVICES`"


def test_a_variable_that_names_a_gpu_hides_nothing(made_up):
    made_up.environ["CUDA_VISIBLE_DEVICES"] = "0"
    assert "hides it" not in why(made_up).what


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({}, '`pip uninstall --yes tensorflow`, then `pip install "edgedigits[gpu]"`'),
        ({"system": "Windows", "machine": "AMD64"}, "WSL2"),
        ({"machine": "aarch64"}, "train on Linux x86-64"),
    ],
)
def test_a_tensorflow_without_cuda_is_told_apart(made_up, settings, remedy):
    trouble = why(made_up, CudaBuild(None), **settings)
    assert "built without CUDA" in trouble.what
    assert remedy in trouble.remedy


@pytest.mark.parametrize(
    ("release", "remedy"),
    [
        ("ID=debian\n", "`sudo apt install nvidia-driver`"),
        ("ID=ubuntu\nID_LIKE=debian\n", "`sudo ubuntu-drivers install`"),
        ('ID="linuxmint"\nID_LIKE="ubuntu debian"\n', "`sudo ubuntu-drivers install`"),
        ("ID=fedora\n", "https://www.nvidia.com/drivers"),
    ],
)
def test_a_missing_driver_is_installed_as_the_distribution_does(tmp_path, release, remedy):
    machine = MadeUpHost(tmp_path)
    machine.graphics_card()
    machine.write("/etc/os-release", release)
    trouble = why(machine)
    assert "its driver is not loaded" in trouble.what
    assert remedy in trouble.remedy


def test_an_old_driver_is_renewed(made_up):
    made_up.driver("470.256.02")
    trouble = why(made_up)
    assert "driver 470.256.02 is older than 525.60.13, which CUDA 12.5.1 needs" in trouble.what
    assert "nvidia-driver" in trouble.remedy


def test_a_container_needs_to_be_started_with_it(made_up):
    made_up.write("/.dockerenv")
    (made_up.folder / "dev/nvidia0").unlink()
    assert why(made_up).remedy == "start the container with `docker run --gpus all`"


def test_a_driver_without_device_files_or_library_is_told(made_up):
    (made_up.folder / "usr/lib/x86_64-linux-gnu/libcuda.so.1").unlink()
    assert why(made_up).remedy == "`sudo apt install libcuda1`"
    (made_up.folder / "dev/nvidia0").unlink()
    assert "nvidia-modprobe" in why(made_up).remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every file")
def test_a_device_that_may_not_be_opened_is_told(made_up):
    (made_up.folder / "dev/nvidia0").chmod(0)
    assert "you may not open /dev/nvidia0" in why(made_up).what


def test_where_nothing_is_amiss_tensorflow_is_asked_itself(made_up):
    assert "TF_CPP_MIN_LOG_LEVEL=0 python -c" in why(made_up).remedy
