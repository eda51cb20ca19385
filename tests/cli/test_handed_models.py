"""Models of other people, each as it was handed in: what its maker measured is what every command says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from calling import call

SAMPLE = Path(__file__).parents[2] / "docs" / "sample.jpg"


@pytest.fixture
def models(data_folder: Path) -> Path:
    folder = data_folder / "cases" / "models"
    if not folder.is_dir():
        pytest.skip("EDGEDIGITS_DATA has no cases/models")
    return folder


@pytest.mark.parametrize(
    ("name", "percent", "values", "polarity", "output"),
    [
        ("rescaling_inside", 92.5, "0..255", "bright", "probabilities"),
        ("pixels_0_255", 94.7, "0..255", "bright", "probabilities"),
        ("dark_on_light", 92.4, "0..1", "dark", "probabilities"),
        ("input_28x28", 92.7, "0..1", "bright", "logits"),
        ("windows_separators", 94.1, "0.1307,0.3081", "bright", "probabilities"),
    ],
)
def test_a_network_is_quantized_as_its_maker_feeds_it(
    models: Path, tmp_path: Path, name: str, percent: float, values: str, polarity: str, output: str
) -> None:
    given = ("quantize", models / f"{name}.keras", "--dataset", "mnist", "--json", "--out", tmp_path / "int8")
    card = json.loads(call(*given).stdout)["card"]
    assert (card["verdict"], card["contract"]["range"], card["contract"]["polarity"]) == ("passed", values, polarity)
    assert card["measured"]["float_accuracy"] == pytest.approx(percent, abs=0.3)
    assert card["measured"]["int8_accuracy"] == pytest.approx(percent, abs=0.5)
    float_model = json.loads(call("evaluate", models / f"{name}.keras", "--dataset", "mnist", "--json").stdout)
    assert float_model["accuracy"] == pytest.approx(card["measured"]["float_accuracy"])
    assert float_model["contract"]["output"] == output


def test_a_model_that_takes_and_gives_bytes_is_evaluated_read_with_and_exported(models: Path, tmp_path: Path) -> None:
    model = models / "uint8_doors.tflite"
    said = json.loads(call("evaluate", model, "--dataset", "mnist", "--json").stdout)
    assert said["accuracy"] > 90
    assert call("predict", model, SAMPLE).stdout.strip()
    call("export", model, "--out", tmp_path / "c")
    call("export", model, "--target", "arrays", "--out", tmp_path / "arrays")
    header = (tmp_path / "arrays" / "digits_model.h").read_text()
    assert "Input:  uint8, shape (1, 28, 28): 28 x 28 grey pixels" in header
    assert "kept within 0 and 255" in header


def test_the_confidence_of_a_model_that_ends_in_logits_is_a_probability(models: Path) -> None:
    said = json.loads(call("predict", models / "float_logits.tflite", SAMPLE, "--json").stdout)
    confidences = [digit["confidence"] for digit in said["digits"]]
    assert confidences
    assert all(0 <= one <= 1 for one in confidences)


def test_whoever_knows_the_input_better_overrules_what_was_found(models: Path, tmp_path: Path) -> None:
    model = models / "dark_on_light.keras"
    given = (
        "quantize",
        model,
        "--dataset",
        "mnist",
        "--input-range",
        "0..1",
        "--polarity",
        "bright",
        "--out",
        tmp_path / "int8",
    )
    said = " ".join(call(*given, code=1).stderr.split())
    assert "what was made is kept and says that it failed: fed 0..1, dark ink it reads" in said
    refused = call("predict", tmp_path / "int8" / "model.int8.tflite", SAMPLE, code=1)
    assert "add --force to take it all the same" in " ".join(refused.stderr.split())
    call("predict", tmp_path / "int8" / "model.int8.tflite", SAMPLE, "--force")
