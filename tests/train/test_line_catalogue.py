"""The list of line networks says what they are: parameters and bytes by the networks themselves."""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.train.lines.catalogue import LINE_NETWORKS
from edgedigits.train.networks.catalogue import NETWORKS, network

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


@pytest.fixture(params=["line", "line-small"])
def entry(request):
    return LINE_NETWORKS[request.param]


def test_the_catalogue_says_parameters_and_bytes(entry):
    pytest.importorskip("tensorflow")
    from edgedigits.quantize.lines.converting import convert_lines
    from edgedigits.train.lines.networks import build_line_network

    model = build_line_network(entry)
    assert model.count_params() == entry.parameters
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 150), dtype=np.uint8)
    assert len(convert_lines(model, tuple(noise), (-9.0, 9.0))) == pytest.approx(entry.int8_bytes, rel=0.01)


def test_no_line_network_is_taken_for_one_of_digits(entry):
    assert entry.name not in NETWORKS
    with pytest.raises(EdgedigitsError, match=f"{entry.name} reads lines.*edgedigits train --model {entry.name}"):
        network(entry.name)
