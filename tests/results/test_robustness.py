"""The corruption suite: several networks on the same spoilt digits, each measured once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.corruptions.kinds import KINDS
from edgedigits.core.corruptions.measuring import corruption_errors
from edgedigits.core.datasets import Digits, load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.results.robustness.heat_map import heat_map_png
from edgedigits.results.robustness.suite import CorruptionSuite, SuiteModel, check_folder, kept_suite, measure_suite
from edgedigits.results.robustness.suite_files import suite_markdown, write_suite
from edgedigits.results.robustness.words import best_places, number_text

CONTRACT = {"range": "0..1", "polarity": "bright"}


@pytest.fixture(scope="module")
def digits() -> Digits:
    whole = load_dataset("samples").pool
    return whole.take(np.arange(0, len(whole), len(whole) // 30)[:30])


class Reader:
    """Reads a digit by the ink of its pixels, and counts how often it is asked."""

    def __init__(self, step: int) -> None:
        self.step, self.asked = step, 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.asked += 1
        return np.eye(10, dtype=np.float32)[(images.sum(axis=(1, 2)) // self.step % 10).astype(int)]


def model(label: str, reader: object, **more: object) -> SuiteModel:
    return replace(SuiteModel(label, f"{label}.tflite", label * 8, CONTRACT, reader), **more)


@pytest.fixture
def suite(digits: Digits, tmp_path: Path) -> CorruptionSuite:
    return measure_suite([model("a", Reader(1)), model("b", Reader(7))], digits, "samples", tmp_path / "out")


def test_every_model_reads_every_kind_as_one_alone_does(digits, suite):
    assert [one.label for one in suite.models] == ["a", "b"]
    assert suite.models[1].errors == corruption_errors(Reader(7), digits)
    assert suite.models[0].clean == 100 * np.mean((digits.images.sum(axis=(1, 2)) % 10) != digits.labels)
    assert suite.recipe.kinds == tuple(KINDS)
    assert (suite.recipe.count, suite.recipe.digits_sha256) == (30, digits.sha256())


def test_percents_are_clean_then_the_kinds_then_their_mean(suite):
    one = suite.models[0]
    assert one.percents()[0] == one.clean == one.percents(anew=True)[0]
    assert one.percents()[1:-1] == tuple(kind.error for kind in one.errors.kinds)
    assert one.percents(anew=True)[1:-1] == tuple(kind.normalised for kind in one.errors.kinds)
    assert (one.percents()[-1], one.percents(anew=True)[-1]) == (one.errors.mean, one.errors.normalised_mean)


def test_a_model_is_measured_once_and_others_are_added(digits, suite, tmp_path):
    again, new = Reader(1), Reader(3)
    found = measure_suite([model("c", new), model("a", again)], digits, "samples", tmp_path / "out")
    assert again.asked == 0 < new.asked
    assert [one.label for one in found.models] == ["c", "a", "b"]
    assert found.models[1:] == suite.models
    assert kept_suite(tmp_path / "out") == found


def test_a_file_of_two_names_is_measured_once(digits, tmp_path):
    twin = Reader(5)
    found = measure_suite(
        [model("a", Reader(1)), model("b", twin, sha256="a" * 8)], digits, "samples", tmp_path / "out"
    )
    assert [one.label for one in found.models] == ["a"]
    assert twin.asked == 0


def test_a_model_that_is_fed_otherwise_is_measured_again(digits, suite, tmp_path):
    now = Reader(1)
    found = measure_suite(
        [model("a", now, contract={**CONTRACT, "polarity": "dark"})], digits, "samples", tmp_path / "out"
    )
    assert now.asked > 0
    assert found.models[0].contract["polarity"] == "dark"


def test_force_measures_anew_and_forgets_the_others(digits, suite, tmp_path):
    now = Reader(1)
    found = measure_suite([model("a", now)], digits, "samples", tmp_path / "out", force=True)
    assert now.asked > 0
    assert [one.label for one in found.models] == ["a"]


def test_what_was_measured_outlives_an_interruption(digits, tmp_path):
    def stopped(_images):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_suite([model("a", Reader(1)), model("b", stopped)], digits, "samples", tmp_path / "out")
    first, second = Reader(1), Reader(7)
    measure_suite([model("a", first), model("b", second)], digits, "samples", tmp_path / "out")
    assert first.asked == 0 < second.asked


def test_other_digits_or_another_seed_are_another_suite(digits, suite, tmp_path):
    fewer = digits.take(np.arange(20))
    with pytest.raises(EdgedigitsError, match="holds a suite with digits_sha256") as refused:
        measure_suite([model("a", Reader(1))], fewer, "samples", tmp_path / "out")
    assert "--force" in str(refused.value)
    with pytest.raises(EdgedigitsError, match="seed 0, this one has 3"):
        measure_suite([model("a", Reader(1))], digits, "samples", tmp_path / "out", seed=3)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(EdgedigitsError, match="is not empty"):
        check_folder(tmp_path, force=False)
    check_folder(tmp_path, force=True)
    assert (tmp_path / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-40], lambda text: text.replace('"clean"', '"claen"')], ids=["cut", "renamed"]
)
def test_a_damaged_suite_is_refused_unless_forced(suite, tmp_path, spoil):
    path = tmp_path / "out" / "corruptions.json"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(EdgedigitsError, match="damaged"):
        check_folder(tmp_path / "out", force=False)
    check_folder(tmp_path / "out", force=True)


def test_files_of_a_suite(suite, tmp_path):
    files = write_suite(tmp_path / "out", suite)
    assert [path.name for path in files] == ["corruptions.json", "corruptions.md", "corruptions.png"]
    assert json.loads(files[0].read_text()) == {"format": 1, **json.loads(json.dumps(suite.as_dict()))}
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_the_table_has_a_row_a_model_a_column_a_kind_and_the_mean_last(suite):
    lines = suite_markdown(suite).splitlines()
    heads = [line for line in lines if line.startswith("| model")]
    assert len(heads) == 2
    assert heads[0] == f"| model | clean | {' | '.join(KINDS)} | mean |"
    first = lines[lines.index(heads[0]) + 2].replace("*", "").strip("| ").split(" | ")
    assert first == ["a", *(number_text(value) for value in suite.models[0].percents())]
    assert f"sha256 `{'b' * 8}`" in lines[-1]


def test_the_best_of_each_column_is_marked_all_of_them_where_several_are():
    assert best_places([(1.0, 5.0, 2.0), (2.0, 5.0, 1.0)]) == {(0, 0), (0, 1), (1, 1), (1, 2)}
    assert best_places([(1.0, 5.0)]) == set()


def test_the_best_is_bold_in_the_table(suite):
    one, other = suite.models
    better = replace(one, clean=1.25), replace(other, clean=2.5)
    rows = [
        line
        for line in suite_markdown(replace(suite, models=better)).splitlines()
        if line.startswith(("| a |", "| b |"))
    ]
    assert [row.split(" | ")[1] for row in rows] == ["**1.25**", "2.50"] * 2
    assert "*" not in suite_markdown(replace(suite, models=(one,)))


def test_numbers_have_four_characters():
    assert [number_text(value) for value in (0.0, 0.667, 9.994, 9.996, 88.02, 100.0)] == [
        *("0.00", "0.67", "9.99", "10.0", "88.0", "100.0"),
    ]


def test_the_picture_is_the_same_for_the_same_suite_and_grows_by_the_models(suite):
    picture = heat_map_png(suite)
    assert picture == heat_map_png(suite)

    def height(png: bytes) -> int:
        return int.from_bytes(png[20:24], "big")

    many = replace(suite, models=tuple(replace(suite.models[0], label=f"${place}_{{") for place in range(9)))
    assert height(heat_map_png(many)) > height(picture) > height(heat_map_png(replace(suite, models=suite.models[:1])))


def test_the_picture_of_networks_that_read_all_rightly(suite):
    errors = suite.models[0].errors
    perfect = replace(errors, kinds=tuple(replace(one, error=0.0, normalised=0.0) for one in errors.kinds), mean=0.0)
    one = replace(suite.models[0], clean=0.0, errors=replace(perfect, normalised_mean=0.0))
    assert heat_map_png(replace(suite, models=(one,))).startswith(b"\x89PNG")
