"""A dilated convolution that a file deals out to a batch is one operator again, or is refused by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from model_builder import ModelBuilder
from test_library_operators import check

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.file import read_tflite
from edgedigits.firmware_export.graph.dilated_windows import with_dilated_windows
from edgedigits.firmware_export.operators.reader import read_graph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("library")


def picture(
    block=(2, 3), padding=((2, 2), (3, 6)), crops=((0, 0), (0, 3)), same=None, **window: object
) -> tuple[ModelBuilder, int]:
    """A 3x3 convolution of a 6x6 picture, dealt out by ``block`` and gathered by ``same``."""
    builder = ModelBuilder(3)
    end = builder.space_to_batch(builder.input((1, 6, 6, 4), 0.02, 5), block, padding)
    end = builder.conv(end, 3, padding="VALID", **window)
    return builder, builder.batch_to_space(end, same or block, crops)


def sequence(insert: str, remove: str, axis: int = 1, dilation: int = 4, length: int = 16) -> bytes:
    """A convolution over time as Keras writes it: an axis is inserted before it and removed behind it."""
    builder = ModelBuilder(4)
    end = builder.input((1, length, 3), 0.02, -7)
    end = builder.space_to_batch(end, (dilation,), [(2 * dilation, 0)])
    size = [builder.tensors[end].shape[1], 1]
    size.insert(axis - 1, size.pop())
    if insert == "EXPAND_DIMS":
        end = builder.expand_dims(end, axis - 4)
    else:
        end = builder.reshape(end, (1, *size, 3))
        builder.tensors[builder.operators[-1].inputs[1]].data = np.array([-1, *size, 3], np.int32)
    end = builder.conv(end, 5, (1, 3) if axis == 1 else (3, 1), padding="VALID")
    if remove == "SQUEEZE":
        end = builder.squeeze(end, (axis,))
    else:
        made = builder.tensors[end].shape[3 - axis]
        end = builder.reshape(end, (1, made, 5))
        builder.tensors[builder.operators[-1].inputs[1]].data = np.array([-1, made, 5], np.int32)
    return builder.build(builder.batch_to_space(end, (dilation,), [(0, 0)]))


def test_it_becomes_a_padding_and_one_window(tmp_path):
    builder, end = picture()
    path = tmp_path / "model.tflite"
    path.write_bytes(builder.build(end))
    folded = with_dilated_windows(read_tflite(path))
    assert [(node.name, node.place) for node in folded.nodes] == [("PAD", 0), ("CONV_2D", 1)]
    assert folded.tensors[folded.nodes[0].inputs[1]].data.tolist() == [[0, 0], [2, 2], [3, 3], [0, 0]]
    options = folded.nodes[1].options
    assert (options["DilationHFactor"], options["DilationWFactor"], options["Padding"]) == (2, 3, 1)
    assert read_graph(path).values[end].shape == (6, 6, 3)


def test_a_window_that_is_dilated_itself_is_so_in_the_batch(folder):
    builder, end = picture(padding=((2, 4), (3, 3)), crops=((0, 0), (0, 0)), size=(2, 2), dilation=(2, 1))
    check(builder.build(end), folder)


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("remove", ["RESHAPE", "SQUEEZE"])
@pytest.mark.parametrize("insert", ["RESHAPE", "EXPAND_DIMS"])
def test_sequences(insert, remove, axis, folder):
    check(sequence(insert, remove, axis), folder)


def two_readers(builder: ModelBuilder, end: int) -> int:
    """The values of the batch are asked for besides."""
    builder.operators.append(builder.operators[1].__class__(**vars(builder.operators[1])))
    builder.operators[-1].outputs = [builder._like(builder.tensors[end], (1, 6, 6, 3))]
    return end


def other_scale(builder: ModelBuilder, end: int) -> int:
    builder.tensors[end].scales = (0.5,)
    return end


def no_block(builder: ModelBuilder, end: int) -> int:
    builder.tensors[builder.operators[0].inputs[1]].data = np.array([0, 3], np.int32)
    builder.tensors[builder.operators[2].inputs[1]].data = np.array([0, 3], np.int32)
    return end


def unread(builder: ModelBuilder, end: int) -> int:
    """Only the first half is there."""
    del builder.operators[2]
    return builder.operators[1].outputs[0]


def refused(model: bytes, folder) -> None:
    path = folder / "model.tflite"
    path.write_bytes(model)
    with pytest.raises(EdgedigitsError, match=r"SPACE_TO_BATCH_ND making .* is no part of one dilated convolution"):
        read_graph(path)


@pytest.mark.parametrize("spoil", [two_readers, other_scale, no_block, unread])
def test_what_is_no_such_triple_is_refused_by_name(spoil: Callable[[ModelBuilder, int], int], tmp_path):
    builder, end = picture()
    refused(builder.build(spoil(builder, end)), tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"same": (3, 2)},
        {"stride": (2, 1)},
        {"crops": ((3, 0), (0, 0))},
        {"crops": ((-1, 0), (0, 0))},
        {"padding": ((2, 2), (-3, 12))},
    ],
    ids=str,
)
def test_nor_is_one_with_other_settings(settings, tmp_path):
    builder, end = picture(**settings)
    refused(builder.build(end), tmp_path)


def test_nor_is_one_whose_pictures_are_padded_each(tmp_path):
    builder, end = picture()
    builder.operators[1].options["Padding"] = 0
    refused(builder.build(end), tmp_path)
