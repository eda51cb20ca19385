"""The input function follows what a model is fed: its scale and zero point tell, and the user may overrule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from model_builder import ModelBuilder

from edgedigits.core.contract.finding import Told
from edgedigits.core.digit import quantize
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export import CompiledLibrary
from edgedigits.firmware_export.input_contract import contract_of
from edgedigits.firmware_export.library.export import export_library
from edgedigits.firmware_export.operators.reader import read_graph

RANGES = {
    "0..1": (0.0, 1.0),
    "0..255": (0.0, 255.0),
    "-1..1": (-1.0, 1.0),
    "0.1307,0.3081": (-0.1307 / 0.3081, 0.8693 / 0.3081),
    "0.286,0.353": (-0.286 / 0.353, 0.714 / 0.353),
}
"""From end to end; the last is that of Fashion-MNIST, which has no name of its own."""

DIGIT, COLOUR, GREY = (1, 28, 28, 1), (1, 24, 24, 3), (1, 24, 24, 1)
BYTES = np.resize(np.arange(256, dtype=np.uint8), 24 * 24 * 3)


def fed(name: str) -> tuple[float, int]:
    """Scale and zero point that the converter gives an input of a range."""
    low, high = RANGES[name]
    scale = float(np.float32((high - low) / 255))
    return scale, round(-128 - low / scale)


def model(folder: Path, shape: tuple[int, ...], quantization: tuple[float, int], kind: str = "int8") -> Path:
    """Of ten classes for a digit, of three for other pictures, with an input of this type and range."""
    built = ModelBuilder(8)
    scale, zero = quantization
    if kind == "int8":
        given = built.input(shape, scale, zero)
    else:
        outer = (0.0, 0) if kind == "float32" else (scale, zero + 128)
        given = built.quantize(built.input(shape, *outer, np.dtype(kind).type), quantization)
    path = folder / "model.tflite"
    path.write_bytes(built.build(built.dense(built.conv(given, 2, stride=(2, 2)), 10 if shape == DIGIT else 3)))
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=() if kind == "int8" or name == "0.286,0.353" else pytest.mark.slow)
        for name in RANGES
        for kind in ("int8", "uint8", "float32")
    ],
)
def test_grey_of_a_digit_becomes_what_the_network_is_fed(name: str, kind: str, tmp_path: Path):
    """Also where the input is floats, which have no scale: that of the int8 value behind them tells."""
    path = model(tmp_path, DIGIT, fed(name), kind)
    low, high = RANGES[name]
    expected = quantize((low + BYTES[:784] / 255 * (high - low)).astype(np.float32), *fed(name))
    with CompiledLibrary(export_library(path)) as library:
        made = library.input_from_grey(BYTES[np.newaxis, :784])[0]
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert made[0] <= -127 and made[255] >= 126


@pytest.mark.parametrize("shape", [COLOUR, GREY], ids=["colour", "grey"])
@pytest.mark.parametrize("name", ["0..1", "0..255", "-1..1", "0.1307,0.3081"])
def test_bytes_of_any_picture_do(name: str, shape: tuple[int, ...], tmp_path: Path):
    path = model(tmp_path, shape, fed(name))
    size = int(np.prod(shape))
    with CompiledLibrary(export_library(path)) as library:
        assert library.export.picture.range == name
        assert f"is fed {name}" in " ".join(library.export.header.split()).replace(" * ", " ")
        made = library.input_from_bytes(BYTES[np.newaxis, :size])[0]
        expected = quantize(library.export.picture.levels()[BYTES[:size]], *fed(name))
    np.testing.assert_array_equal(made, expected)


def test_colours_tell_a_mean_and_a_deviation(tmp_path: Path):
    found = export_library(model(tmp_path, COLOUR, fed("0.286,0.353"))).picture
    mean, deviation = map(float, found.range.split(","))
    assert abs(mean - 0.286) < 0.004 and abs(deviation - 0.353) < 0.004


def test_what_one_channel_is_fed_otherwise_is_not_guessed(tmp_path: Path):
    """It may be a spectrum as well."""
    assert "input_from_bytes" not in export_library(model(tmp_path, GREY, (0.58, 83))).header


def test_the_user_overrules(tmp_path: Path):
    path = model(tmp_path, COLOUR, fed("0..1"))
    with CompiledLibrary(export_library(path, told=Told("-1..1", "dark"))) as library:
        made = library.input_from_bytes(BYTES[np.newaxis])[0]
    expected = quantize(np.linspace(1, -1, 256, dtype=np.float32), *fed("0..1"))
    assert np.abs(made[:256].astype(int) - expected).max() <= 1


def test_what_is_no_picture_has_no_range_to_tell(tmp_path: Path):
    built = ModelBuilder(1)
    (path := tmp_path / "model.tflite").write_bytes(built.build(built.dense(built.input((1, 40)), 3)))
    with pytest.raises(EdgedigitsError, match="takes no picture of one or three channels"):
        export_library(path, told=Told("0..1"))


def test_colours_of_ten_classes_are_no_digits_until_the_user_says_so(tmp_path: Path):
    built = ModelBuilder(8)
    (path := tmp_path / "model.tflite").write_bytes(built.build(built.dense(built.input((1, 32, 32, 3)), 10)))
    graph = read_graph(path)
    assert contract_of(path, Told(), graph) is None
    assert contract_of(path, Told("0..1"), graph).range == "0..1"
