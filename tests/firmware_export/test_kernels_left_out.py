"""Kernels leave out what no layer of their network needs; for the DSP extension constants take no more flash."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from host_library import export_bytes
from model_builder import ModelBuilder

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import export_library

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
LEFT_OUT = ("NEVER_FILLED", "NEVER_PADDED", "NEVER_POOLED", "NEVER_DILATED", "ONLY_EVEN")


def left_out(built: ModelBuilder, end: int, folder) -> set[str]:
    source = export_bytes(built.build(end), folder).source
    return {name for name in LEFT_OUT if f"#define {name} 1" in source}


@pytest.mark.parametrize(
    ("asked", "needed"),
    [
        ({}, set()),
        ({"padding": "SAME", "size": (3, 1)}, {"NEVER_FILLED"}),
        ({"padding": "SAME", "size": (1, 3)}, {"NEVER_PADDED"}),
        ({"dilation": (1, 2)}, {"NEVER_DILATED"}),
        ({"channels": 5}, {"ONLY_EVEN"}),
    ],
)
def test_a_convolution_leaves_out_what_it_does_not_need(asked, needed, tmp_path):
    built = ModelBuilder(1)
    options = {"channels": 4, "size": (3, 3), "padding": "VALID", **asked}
    end = built.conv(built.input((1, 8, 8, 2), 0.02, 0), activation="RELU", **options)
    assert left_out(built, end, tmp_path) == set(LEFT_OUT) - needed


def test_maxima_of_windows_need_the_pooling_of_convolutions(tmp_path):
    built = ModelBuilder(1)
    end = built.conv(built.input((1, 8, 8, 2), 0.02, 0), 4, padding="VALID", activation="RELU")
    assert left_out(built, built.pool(end), tmp_path) == set(LEFT_OUT) - {"NEVER_POOLED"}


@pytest.mark.parametrize(
    ("strides", "activation", "steps"), [([1], "RELU", 1), ([2], "RELU", 2), ([2, 1], "RELU", 3), ([1], "NONE", 0)]
)
def test_depthwise_convolutions_leave_out_the_step_that_none_has(strides, activation, steps, tmp_path):
    built = ModelBuilder(1)
    end = built.input((1, 9, 9, 2), 0.02, 0)
    for stride in strides:
        end = built.depthwise(end, stride=(stride, stride), activation=activation)
    assert f"#define PLANE_STEPS {steps} " in export_bytes(built.build(end), tmp_path).source


def test_the_built_in_model_takes_no_more_constants_for_the_dsp_extension_than_without():
    for name in ("m0", "m4"):
        for command in (f"{core(name).compiler}gcc", core(name).emulator[0]):
            if shutil.which(command) is None:
                pytest.skip(f"{command} is not installed")
    text = export_library(SMALL).text
    given = np.zeros((1, 784), np.int8)
    plain, dsp = (measure(text, core(name), given, size_flags=(("-O2",),)).footprints[0] for name in ("m0", "m4"))
    assert sum(dsp.parameters.values()) <= sum(plain.parameters.values())
    assert dsp.whole.flash <= 39_812
