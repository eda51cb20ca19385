"""Rows of pretrained models come from their cards, and stand in one table with what was benchmarked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from measured_rows import network_rows, write_results
from pretrained_models import put_model

from edgedigits.cli.main import main
from edgedigits.core.cards import write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import gzip_size
from edgedigits.core.pretrained.bundled import SHIPPED
from edgedigits.core.pretrained.catalogue import Pretrained, PretrainedModel
from edgedigits.core.pretrained.figures import Figures, with_figures
from edgedigits.core.tflite.costs import costs_of
from edgedigits.results import read_results
from edgedigits.results.from_cards import pretrained_results
from edgedigits.results.published import MNIST_TEST, published_in
from edgedigits.results.table import gather

FIGURES = Figures(
    float_accuracy=99.0,
    int8_accuracy=98.9,
    corruption_errors={"fog": 3.0},
    corruption_error=3.0,
    optdigits_accuracy=97.0,
    usps_like_accuracy=96.5,
    macs=70_832,
    activation_bytes=1_760,
    parameter_bytes=5_499,
    digits={"mnist": 10_000, "optdigits": 1_797},
    software={"runtime": "tflite-runtime 2.14.0", "tensorflow": "2.21.0", "opencv": "4.11.0"},
)


def filled(folder: Path) -> PretrainedModel:
    model = put_model(folder)
    write_card(model.int8_folder, with_figures(model.int8_card(), FIGURES))
    return model


@pytest.fixture
def models(tmp_path: Path) -> Pretrained:
    """``nano`` and ``micro`` with figures."""
    for name in ("nano", "micro"):
        filled(tmp_path / "digits" / name)
    return Pretrained(tmp_path / "digits")


def call(models: Pretrained, *words: object, code: int = 0) -> Result:
    found = CliRunner().invoke(main, ["compare", *map(str, words)], obj=models)
    assert found.exit_code == code, found.output
    return found


def labels(models: Pretrained, *words: object) -> list[str]:
    return [f"{one['model']} {one['recipe']}" for one in json.loads(call(models, *words, "--json").stdout)]


def test_a_row_says_what_the_card_keeps(models: Pretrained):
    model = models.models["nano"]
    (row,) = pretrained_results(model).rows
    data, proved = model.int8_path.read_bytes(), model.int8_card().proof["comparison"]
    assert (row.name, row.file, row.sha256) == ("nano pretrained", model.int8_path.name, model.int8_card().sha256)
    assert (row.bytes, row.gzip_bytes) == (len(data), gzip_size(data))
    assert (row.macs, row.parameter_bytes) == (70_832, 5_499)
    assert row.arena_bytes == costs_of(model.int8_path).arena_bytes
    assert (row.accuracy.digits_sha256, row.accuracy.count, row.accuracy.percent) == (MNIST_TEST, 10_000, 98.9)
    assert (row.drop.low, row.drop.agreement) == (proved["drop_low"], proved["agreement"])
    assert row.validation is None and row.latencies == ()


def test_a_card_without_figures_says_what_measures_them(tmp_path: Path):
    model = put_model(tmp_path / "nano")
    with pytest.raises(EdgedigitsError, match=f"`edgedigits models {model.folder} --measure`"):
        pretrained_results(model)


def test_compare_takes_names_a_folder_of_one_and_a_folder_of_several(models: Pretrained, tmp_path: Path):
    bench = write_results(tmp_path / "bench", *network_rows()).folder
    count = len(read_results(bench).rows)
    assert labels(models, "nano", "micro", bench)[:2] == ["nano pretrained", "micro pretrained"]
    assert len(labels(models, "nano", "micro", bench)) == 2 + count
    assert labels(models, models.root) == ["nano pretrained", "micro pretrained"]
    assert labels(models, filled(tmp_path / "mine").folder, "nano") == ["mine pretrained", "nano pretrained"]
    assert labels(models, "nano", models.root / "nano") == ["nano pretrained"]


def test_of_a_word_that_is_none_the_nearest_name_is_told(models: Pretrained):
    assert (
        "nnao is neither a folder of results nor a pretrained model; did you mean nano?"
        in call(models, "nnao", code=1).stderr
    )
    assert "holds no results.json" in call(models, "out/missing", code=1).stderr


def test_what_compare_writes_of_them_can_be_read_again(models: Pretrained, tmp_path: Path):
    out = tmp_path / "all"
    call(models, "nano", "micro", "--out", out)
    assert (out / "front.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "nano-pretrained" / "card.json").is_file()
    assert labels(models, out) == ["nano pretrained", "micro pretrained"]


def test_they_share_a_front_with_the_benchmark_and_what_others_have_published_stands_beside():
    shipped = [pretrained_results(model) for model in SHIPPED.models.values()]
    table = gather([*shipped, read_results(Path(__file__).parents[2] / "docs" / "benchmark")])
    own = [place for place, entry in enumerate(table.entries) if entry.row.recipe == "pretrained"]
    assert len(own) == len(shipped) and all(table.on_the_digits(table.entries[place]) for place in own)
    assert set(own) & set(table.fronts["bytes"]) and set(own) & set(table.fronts["parameters"])
    assert published_in(table)
