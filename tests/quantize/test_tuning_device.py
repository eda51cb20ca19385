"""On what fine-tuning runs is told, and a GPU that is there and not used is warned of."""

import re

import pytest
import tensorflow as tf

from edgedigits.core.errors import EdgedigitsWarning
from edgedigits.quantize.tuning.device import tuning_device
from tests.made_up_hosts import MadeUpHost

pytestmark = pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="this machine has a GPU")


def test_without_a_gpu_it_is_the_cpu_and_nothing_is_warned_of(tmp_path, recwarn):
    assert re.fullmatch(r"CPU \(\d+ cores\)", tuning_device(MadeUpHost(tmp_path).host()))
    assert not [one for one in recwarn if issubclass(one.category, EdgedigitsWarning)]


def test_a_gpu_that_is_there_and_not_used_is_warned_of(tmp_path):
    machine = MadeUpHost(tmp_path)
    machine.graphics_card()
    machine.driver()
    machine.tensorflow()
    with pytest.warns(EdgedigitsWarning, match=r"the CPU is used: .*NVIDIA A10.*edgedigits\[gpu\]"):
        assert tuning_device(machine.host()).startswith("CPU")
