"""Weights as they stand in a TFLite file, and the names of the layers that they belong to."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.quantize import convert, recipe_named
from edgedigits.quantize.weights import layer_of, read_weights


@pytest.mark.parametrize(
    ("tensor", "layer"),
    [
        ("small/conv2d_5/Conv2D", "conv2d_5"),
        ("small/re_lu/Relu;small/batch_normalization/FusedBatchNormV3;small/conv2d_5/Conv2D1", "conv2d_5"),
        ("small/scores/MatMul;small/scores/BiasAdd", "scores"),
        ("small/conv2d_6/Conv2D;small/conv2d_6/BiasAdd/ReadVariableOp1", "conv2d_6"),
        ("nano/scores/MatMul;nano/scores/LastValueQuant/FakeQuantWithMinMaxVars", "scores"),
        ("whole/resnet50/conv1_conv/Conv2D", "resnet50/conv1_conv"),
        ("StatefulPartitionedCall:0", "output"),
        ("nameless", "nameless"),
    ],
)
def test_layer_is_named_as_in_keras(tensor, layer):
    assert layer_of(tensor) == layer


@pytest.mark.parametrize("name", ["float32", "float16", "int8"])
def test_weights_are_those_of_the_network(network, split, tmp_path, name):
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(network, split.train.images[:20], recipe_named(name)))
    found = read_weights(path)
    assert [layer.operator for layer in found] == ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED"]
    kernel = network.layers[-1].get_weights()[0].T
    scales = np.array(found[-1].tensor.scales or 1.0, np.float32).reshape(-1, 1)
    real = found[-1].values.astype(np.float32) * scales
    np.testing.assert_allclose(real, kernel, atol=np.abs(kernel).max() / 200)
    assert found[-1].channels == 10


def test_zeros_and_different_weights_are_counted(network, split, tmp_path):
    import tf_keras as keras

    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    kernel, bias = copy.layers[-1].get_weights()
    kernel[:] = np.resize([0, 0, 0, 0.5, -1.0], kernel.shape)
    copy.layers[-1].set_weights([kernel, bias])
    path = tmp_path / "model.tflite"
    path.write_bytes(convert(copy, split.train.images[:20], recipe_named("int8")))
    assert read_weights(path)[-1].sparsity == pytest.approx(0.6)
    assert read_weights(path)[-1].distinct == 3


def test_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"not a model at all")
    with pytest.raises(EdgedigitsError, match="is not a TFLite model"):
        read_weights(tmp_path / "model.tflite")
