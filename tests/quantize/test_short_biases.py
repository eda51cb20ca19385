"""Biases of few bits: how far they are from what they were, and that nothing else of the file changes."""

import numpy as np
import pytest

from edgedigits.core.pretrained.bundled import model_path
from edgedigits.core.tflite.file import read_tflite
from edgedigits.quantize.short_biases import MOST_STEPS, rounded, with_short_biases
from edgedigits.quantize.weights import read_weights


def bits(biases):
    """Of the smallest whole number that holds the biases divided by a common power of two."""
    common = np.bitwise_or.reduce(np.abs(biases))
    return int(np.abs(biases // max(common & -common, 1)).max()).bit_length() + 1


@pytest.mark.parametrize("steps, most", [(1e-6, 8), (1e-2, 16), (1.0, 16)])
def test_biases_become_bytes_where_no_output_changes_by_more_than_a_step(steps, most):
    biases = np.random.default_rng(0).integers(-70_000, 70_000, 30)
    made = rounded(biases, np.array([steps]))
    assert bits(made) <= most
    assert np.abs(made - biases).max() <= (2**10 if most == 8 else 4)
    assert most == 16 or np.abs((made - biases) * steps).max() <= MOST_STEPS


@pytest.mark.parametrize("biases", [[], [0, 0], [5, -127], [-128, 3]])
def test_what_is_small_stays(biases):
    biases = np.array(biases, np.int64)
    made = rounded(biases, np.array([1.0]))
    np.testing.assert_allclose(made, biases, atol=1)


def test_a_model_keeps_all_but_its_biases(tmp_path):
    before = model_path("micro")
    (tmp_path / "model.tflite").write_bytes(with_short_biases(before.read_bytes()))
    first, second = read_tflite(before), read_tflite(tmp_path / "model.tflite")
    biases = {layer.tensors[2] for layer in read_weights(before)}
    for place, (one, other) in enumerate(zip(first.tensors, second.tensors, strict=True)):
        assert (one.name, one.type, one.shape, one.scales) == (other.name, other.type, other.shape, other.scales)
        if one.data is None:
            continue
        if place in biases:
            assert bits(other.data.astype(np.int64)) <= 16
        else:
            np.testing.assert_array_equal(one.data, other.data)
    assert any(bits(second.tensors[place].data.astype(np.int64)) <= 8 for place in biases)
