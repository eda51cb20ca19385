"""Several devices, mixed precision, ResNet's weights."""

import re
import subprocess
import sys

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.keras.backend import keras, tf
from edgedigits.train.fitting.devices import Devices, choose_devices, policy_for
from edgedigits.train.fitting.fitting import prepare
from edgedigits.train.networks import resnet
from edgedigits.train.networks.reported import build
from edgedigits.train.training_request import TrainingRequest, resolve
from tests.made_up_hosts import MadeUpHost

no_gpu = pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")

TWO_DEVICES = """
import sys
from pathlib import Path
from edgedigits.core.keras.backend import tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from edgedigits.train import TrainingRequest, evaluate_keras, train
from edgedigits.train.fitting.devices import choose_devices

devices = choose_devices("cpu")
assert len(devices.names) == 2, devices
assert devices.strategy().num_replicas_in_sync == 2
result = train(TrainingRequest("inf283-cnn", "optdigits", epochs=2, batch_size=64, device="cpu"), Path(sys.argv[1]))
print(result.card.settings["devices"], result.history[0].loss > result.history[1].loss)
"""


def test_training_is_spread_over_every_device(tmp_path):
    command = [sys.executable, "-c", TWO_DEVICES, str(tmp_path / "out")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == "['/device:CPU:0', '/device:CPU:1'] True"


TWO_TRAININGS = """
import sys
from pathlib import Path
from edgedigits.core.keras.backend import tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from edgedigits.train import TrainingRequest, train

for number, network in enumerate(("inf283-nn", "inf283-cnn")):
    train(TrainingRequest(network, "optdigits", epochs=1, batch_size=128, device="cpu"), Path(sys.argv[1], network))
"""


@pytest.mark.slow
def test_a_process_may_train_one_network_after_another_on_several_devices(tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", TWO_TRAININGS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


@pytest.fixture
def gpu_without_libraries(tmp_path):
    """A machine with an NVIDIA GPU and its driver whose TensorFlow lacks CUDA's libraries."""
    machine = MadeUpHost(tmp_path)
    machine.graphics_card()
    machine.driver()
    machine.tensorflow()
    return machine.host()


@no_gpu
def test_auto_says_that_a_gpu_is_not_used_and_goes_on_with_the_cpu(gpu_without_libraries):
    with pytest.warns(
        EdgedigitsWarning, match=r"the CPU is used: TensorFlow cannot use this machine's NVIDIA GPU"
    ) as said:
        devices = choose_devices("auto", gpu_without_libraries)
    assert 'pip install "edgedigits[gpu]"' in str(said[0].message)
    assert "CPU" in devices.names[0]


@no_gpu
def test_gpu_fails_with_what_mends_it(gpu_without_libraries):
    with pytest.raises(EdgedigitsError, match=r"NVIDIA A10.*CUDA's libraries are missing.*edgedigits\[gpu\]"):
        choose_devices("gpu", gpu_without_libraries)


@no_gpu
def test_gpu_fails_where_the_machine_has_none(tmp_path):
    with pytest.raises(EdgedigitsError, match="this machine shows no NVIDIA GPU; choose --device auto or cpu"):
        choose_devices("gpu", MadeUpHost(tmp_path).host())


@pytest.mark.parametrize("wanted", ["cpu", "auto"])
def test_nothing_is_said_where_the_cpu_is_meant_or_all_there_is(gpu_without_libraries, tmp_path, wanted, recwarn):
    host = gpu_without_libraries if wanted == "cpu" else MadeUpHost(tmp_path / "bare").host()
    choose_devices(wanted, host)
    assert not [one for one in recwarn if issubclass(one.category, EdgedigitsWarning)]


def test_devices_are_told_in_words():
    about = str(choose_devices("cpu"))
    assert re.fullmatch(r"CPU \(\d+ cores\)", about)
    assert (
        str(Devices(("/device:GPU:0",), "mixed_float16", "GPU 0 (NVIDIA T4)")) == "GPU 0 (NVIDIA T4), mixed precision"
    )


@pytest.mark.parametrize(
    ("capabilities", "policy"),
    [
        ([(7, 0)], "mixed_float16"),
        ([(8, 6), (9, 0)], "mixed_float16"),
        ([(6, 1)], "float32"),
        ([None], "float32"),
        ([(8, 0), (6, 1)], "float32"),
    ],
)
def test_mixed_precision_where_every_gpu_gains_by_it(capabilities, policy):
    assert policy_for(capabilities) == policy


def test_auto_takes_what_there_is():
    names = choose_devices("auto").names
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    assert all(kind in name for name in names)


def test_a_network_trained_in_mixed_precision_is_saved_in_float32():
    devices = Devices(choose_devices("cpu").names, "mixed_float16")
    request = TrainingRequest("nano", "optdigits", batch_size=8)
    fitter = prepare(request, resolve(request), 16, devices)
    assert fitter.model.layers[1].compute_dtype == "float16"
    assert fitter.model.output.dtype == tf.float32
    digits = np.random.default_rng(0).random((16, 28, 28, 1), np.float32)
    fitter.model.fit(digits, keras.utils.to_categorical(np.arange(16) % 10, 10), batch_size=8, verbose=0)
    weights = fitter.model.get_weights()
    assert all(weight.dtype == np.float32 for weight in weights)
    copy = build("nano", pretrained=False)
    copy.set_weights(weights)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    np.testing.assert_allclose(copy(digits, training=False), fitter.model(digits, training=False), atol=0.02)


def test_resnet_weights_that_are_not_there_are_a_clear_error(tmp_path):
    with pytest.raises(EdgedigitsError, match="no weights at"):
        build("fakebank-resnet50", weights=tmp_path / "none.h5")


def test_resnet_weights_of_something_else_are_a_clear_error(tmp_path):
    file = tmp_path / "weights.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))
    with pytest.raises(EdgedigitsError, match="does not hold ResNet50's weights"):
        build("fakebank-resnet50", weights=file)


def test_resnet_weights_that_cannot_be_fetched_are_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEDIGITS_CACHE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(resnet, "WEIGHTS_ADDRESS", "http://127.0.0.1:9/weights.h5")
    with pytest.raises(EdgedigitsError, match="--weights"):
        build("fakebank-resnet50")


def test_resnet_takes_weights_from_a_file(tmp_path):
    file = tmp_path / "weights.h5"
    donor = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3))
    donor.save_weights(file)
    taken = build("fakebank-resnet50", weights=file).get_layer("resnet50").get_weights()
    np.testing.assert_array_equal(taken[0], donor.get_weights()[0])


@pytest.mark.parametrize(
    ("flags", "policy"),
    [("fpu avx512f avx512_bf16", "mixed_bfloat16"), ("amx_bf16 amx_tile", "mixed_bfloat16"), ("fpu avx2", "float32")],
)
def test_wide_networks_compute_in_bfloat16_where_a_processor_multiplies_it(tmp_path, flags, policy):
    machine = MadeUpHost(tmp_path)
    machine.write("/proc/cpuinfo", f"flags : {flags}\n")
    assert Devices(("/device:CPU:0",), "float32").for_wide_network(machine.host()).policy == policy
    assert Devices(("/device:GPU:0",), "float32").for_wide_network(machine.host()).policy == "float32"
