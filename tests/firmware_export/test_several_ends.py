"""Models of several inputs and outputs as C: their outputs equal those of TFLite's reference kernels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from arena_checker import ArenaChecker
from host_library import SANITIZERS, STRICT, compile_host, export_bytes, random_inputs
from reference import reference_outputs
from several_networks import NETWORKS

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.variants import VARIANTS

INPUTS = 6
ON_EVERY_CORE = ("both", "in_place")
"""Of these the default tests run every family of cores, of the others those with kernels of their own."""


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> bytes:
    return NETWORKS[request.param]()


def expected(model: bytes, given: np.ndarray) -> np.ndarray:
    return np.array(reference_outputs(model, list(given)), np.int8).reshape(len(given), -1)


def test_every_output_is_that_of_the_reference_kernels(model: bytes, tmp_path: Path):
    library = export_bytes(model, tmp_path)
    given = random_inputs(library, INPUTS)
    built = compile_host(library, tmp_path, (*SANITIZERS, *STRICT[1:]))
    for where in ("apart", "inside"):
        np.testing.assert_array_equal(built.run(given, where), expected(model, given))


@pytest.mark.parametrize(
    ("network", "name"),
    [
        pytest.param(network, name, marks=() if name == "m55" or network in ON_EVERY_CORE else pytest.mark.slow)
        for network in NETWORKS
        for name in ("m0", "m4", "m55", "rv32", "avr")
    ],
)
def test_on_every_core(network: str, name: str, tmp_path: Path):
    model, board = NETWORKS[network](), core(name)
    for command in (f"{board.compiler}gcc", board.emulator[0]):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed")
    library = export_bytes(model, tmp_path)
    given = random_inputs(library, INPUTS)
    found = measure(library.text, board, given, size_flags=(), timeout=120)
    np.testing.assert_array_equal(found.outputs, expected(model, given))


def test_nothing_overwrites_what_is_still_to_be_read(model: bytes, tmp_path: Path):
    library = export_bytes(model, tmp_path)
    for variant in VARIANTS:
        assert ArenaChecker(library.plan, variant).run() <= library.plan.layouts[variant].bytes
