"""Every public function takes a path as people write it: "photo.jpg", a Path, or anything that stands for a path."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgedigits.core import Card, DigitModel, EdgedigitsError, card_of, read_card, write_card
from edgedigits.core.pretrained.bundled import model_path
from edgedigits.edge import (
    DigitReader,
    VideoPreview,
    bundled_model,
    compose_recording,
    load_image,
    measure_fields,
    open_source,
    read_recording,
)

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "docs" / "sample.jpg"


def needs(module: str) -> pytest.MarkDecorator:
    reason = f'{module} is not installed (pip install "edgedigits[train]")'
    return pytest.mark.skipif(find_spec(module) is None, reason=reason)


class Named:
    """A path of somebody else's making, such as those of py.path or of a test framework."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def __fspath__(self) -> str:
        return self._path


def public_callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions, constructors and methods among the public names of all rooms and what they consist of."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["packages"]
    for package in packages:
        room = importlib.import_module(package)
        for name in getattr(room, "__all__", ()):
            value = getattr(room, name)
            if inspect.isfunction(value):
                yield f"{package}.{name}", value
            elif inspect.isclass(value) and not issubclass(value, BaseException):
                # The fields of other dataclasses are what the library gives back.
                if name.endswith("Request") or not dataclasses.is_dataclass(value):
                    yield f"{package}.{name}", value.__init__
                for method, function in inspect.getmembers(value, inspect.isfunction):
                    if not method.startswith("_"):
                        yield f"{package}.{name}.{method}", function


def names_in(annotation: str) -> set[str]:
    """Names in an annotation, but for those of a callback's own parameters: it is given what it is given."""
    tree = ast.parse(annotation, mode="eval").body

    def walk(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Callable":
            return
        if isinstance(node, ast.Name):
            yield node.id
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return set(walk(tree))


def narrow(function: Callable[..., Any]) -> list[str]:
    """Parameters that take a ``Path`` and nothing else that names a file."""
    annotations = [(item.name, item.annotation) for item in inspect.signature(function).parameters.values()]
    named = [(name, words) for name, words in annotations if words is not inspect.Parameter.empty]
    assert all(isinstance(words, str) for _, words in named), "every module has `from __future__ import annotations`"
    return [name for name, words in named if names_in(words) & {"Path", "PurePath", "PathLike"}]


def test_a_parameter_that_takes_a_path_only_would_be_found() -> None:
    def function(path: Path, others: list[Path | None], told: Callable[[Path], str], name: str) -> Path: ...

    assert narrow(function) == ["path", "others"]


@needs("tensorflow")
def test_public_parameters_take_every_kind_of_path() -> None:
    found = dict(public_callables())
    assert {"edgedigits.edge.load_image", "edgedigits.train.train", "edgedigits.quantize.QuantizeRequest"} <= set(found)
    assert {name: parameters for name, function in found.items() if (parameters := narrow(function))} == {}


@pytest.fixture(params=[str, Named, Path], ids=["str", "os.PathLike", "Path"])
def named(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """A way to name a file."""
    kind: Callable[[Path], Any] = request.param
    return kind


def test_pictures_and_models(named: Callable[[Path], Any], reader_text: str) -> None:
    reader = DigitReader(named(bundled_model()))
    assert reader.read(load_image(named(SAMPLE))).text == reader.read_file(named(SAMPLE)).text == reader_text
    assert DigitModel(named(bundled_model())).path == bundled_model()


@pytest.fixture(scope="module")
def reader_text() -> str:
    return DigitReader(bundled_model()).read(load_image(SAMPLE)).text


def test_the_word_of_the_command_names_the_bundled_model() -> None:
    assert DigitReader("builtin").model.path == bundled_model() == model_path("builtin")
    assert DigitReader(bundled_model().parent).model.path == bundled_model()
    with pytest.raises(EdgedigitsError, match="no model at built-in; give the path of a model, its folder"):
        DigitReader("built-in")


def test_a_file_of_that_name_is_reached_by_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("builtin").write_bytes(b"mine")
    assert model_path("./builtin") == model_path(Path("builtin")) == Path("builtin")


def test_cards(named: Callable[[Path], Any], tmp_path: Path) -> None:
    card = card_of(named(bundled_model()))
    assert isinstance(card, Card)
    assert read_card(named(write_card(named(tmp_path), card))) == card


@needs("jinja2")
def test_tables_of_results(named: Callable[[Path], Any], tmp_path: Path) -> None:
    from edgedigits.results import read_header, read_results, write_header, write_tables

    folder = named(tmp_path / "results")
    header = write_header(folder, "benchmark", "none yet", (), {}, {})
    assert read_header(folder) == header
    assert read_results(folder).folder == tmp_path / "results"
    assert len(write_tables(folder, read_results(folder))) == 5


def test_sources_of_frames_and_videos(named: Callable[[Path], Any], tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "0.jpg")
    with open_source(named(tmp_path)) as pictures:
        assert pictures.read() is not None
    digits = np.zeros((10, 28, 28), np.uint8)
    digits[:, 4:24, 12:16] = 255
    video = tmp_path / "seen.avi"
    compose_recording(digits, np.ones(10, np.int64), named(video), size=(320, 240), frames=2)
    assert read_recording(named(video)).path == video
    with open_source(named(video)) as frames:
        assert len(list(frames)) == 2
    with VideoPreview(named(video), force=True):
        pass


def test_fields(named: Callable[[Path], Any], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 80), 255, np.uint8))
    (tmp_path / "truth.csv").write_text("image,text\na.png,1\n")
    assert measure_fields(DigitReader("builtin"), named(tmp_path), named(tmp_path / "truth.csv")).fields == 1


@needs("tflite")
def test_exports(named: Callable[[Path], Any], tmp_path: Path) -> None:
    from edgedigits.firmware_export import export_arrays, export_library, write_export, write_target
    from edgedigits.firmware_export.targets.export import library_files

    written = write_export(export_arrays(named(bundled_model())), named(tmp_path / "arrays"))
    assert all(path.is_file() for path in written.files)
    library = library_files(export_library(named(bundled_model())), bundled_model())
    assert all(path.is_file() for path in write_target("c", library, named(tmp_path / "c")).files)


@needs("tensorflow")
def test_requests_for_one_file_are_equal_however_it_is_named() -> None:
    from edgedigits.quantize import QuantizeRequest
    from edgedigits.quantize.benchmark import BenchmarkRequest
    from edgedigits.results.measuring import MeasureRequest
    from edgedigits.train import TrainingRequest

    assert QuantizeRequest("a/b.keras") == QuantizeRequest(Path("a/b.keras")) == QuantizeRequest(Named("a/b.keras"))
    assert BenchmarkRequest("a/b.keras") == BenchmarkRequest(Path("a/b.keras"))
    assert MeasureRequest(("a/b.tflite",)) == MeasureRequest((Path("a/b.tflite"),))
    assert TrainingRequest(weights="a/b.h5") == TrainingRequest(weights=Path("a/b.h5")) != TrainingRequest()
