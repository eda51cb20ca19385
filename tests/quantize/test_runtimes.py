"""Models on the Raspberry Pi's runtime and on LiteRT, and the recipes that one of them refuses."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.digit import model_input
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite import trial
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite
from edgedigits.core.tflite.runtime import Refused, runtime
from edgedigits.quantize import RECIPES, QuantizeRequest, convert, judge, quantize
from edgedigits.quantize.proof.runtimes import litert, open_model


@pytest.fixture(scope="module")
def models(network, split, tmp_path_factory):
    """A model for each recipe that trains nothing."""
    folder = tmp_path_factory.mktemp("models")
    paths = {name: folder / f"{name}.tflite" for name, recipe in RECIPES.items() if not recipe.trains}
    for name, path in paths.items():
        path.write_bytes(convert(network, split.train.images[:100], RECIPES[name]))
    return paths


def test_litert_is_named_with_tensorflows_version(models, split):
    import tensorflow as tf

    assert str(litert()) == f"LiteRT of TensorFlow {tf.__version__}"
    one, other = (DigitModel(models["int8"], on=on).probabilities(split.test.images) for on in (runtime(), litert()))
    assert np.abs(one - other).max() < 0.05


def test_a_model_that_the_pi_loads_runs_there(models):
    assert open_model(models["int8"]).runtime == runtime()
    assert open_model(models["int16x8"]).runtime == runtime()


def test_a_model_that_the_pi_refuses_runs_on_litert(models, network, split):
    if runtime().name != "tflite-runtime":
        pytest.skip(f"{runtime().name} knows the operators of TensorFlow 2.21")
    with pytest.raises(Refused, match="find op"):
        DigitModel(models["dynamic"], on=runtime())
    model = open_model(models["dynamic"])
    assert model.runtime == litert()
    before = network.predict(model_input(split.test.images), verbose=0).argmax(1)
    assert (model.raw(split.test.images).argmax(1) == before).mean() > 0.97


def test_a_damaged_model_runs_nowhere(models, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(models["float32"].read_bytes()[:300])
    with pytest.raises(EdgedigitsError, match=r"refuses|cut short|maps"):
        open_model(path)


@pytest.mark.parametrize(
    ("recipe", "runs", "says"),
    [
        ("int8", True, "int8-dense-per-tensor"),
        ("int8-dense-per-tensor", True, "every operator has an int8 kernel"),
        ("float32", True, "every operator has a kernel"),
        ("int16x8", True, "every operator has a kernel"),
        ("float16", False, "float16"),
        ("dynamic", False, "float activations with int8 weights"),
    ],
)
def test_what_microcontrollers_make_of_a_recipe(recipe, runs, says, models):
    verdict = judge(str(models[recipe]), read_tflite(models[recipe]))[-1]
    assert (verdict.runtime, verdict.runs) == ("microcontrollers (TFLite Micro)", runs)
    assert says in verdict.reason


@pytest.mark.parametrize(
    ("recipe", "accuracy"),
    [("float16", "float16_accuracy"), ("int16x8", "int16x8_accuracy"), ("int8", "int8_accuracy")],
)
def test_quantize_takes_every_recipe_and_its_card_says_which_figures_are_whose(recipe, accuracy, trained, tmp_path):
    result = quantize(QuantizeRequest(trained, recipe, 50, 5.0), tmp_path / "out")
    assert result.model.name == f"model.{recipe}.tflite"
    assert result.card.measured[accuracy] == result.proof.comparison.after > 80
    assert result.card.settings["recipe"] == recipe
    assert result.card.settings["details"]["calibration"] == 50
    assert result.card.proof["tflite_bytes"] == result.model.stat().st_size


def test_the_proof_of_a_model_that_the_pi_refuses_says_where_it_was_made(trained, tmp_path):
    if runtime().name != "tflite-runtime":
        pytest.skip(f"{runtime().name} knows the operators of TensorFlow 2.21")
    result = quantize(QuantizeRequest(trained, "dynamic", 50, 5.0), tmp_path / "out")
    assert result.proof.runtime == str(litert())
    assert [verdict.runs for verdict in result.proof.verdicts] == [False, True, False]
    assert result.proof.passed


def test_a_model_that_never_ends_is_given_up_by_processor_time(tmp_path, monkeypatch):
    import tensorflow as tf

    def run(digit):
        def more(step, _):
            return step < 2_000_000_000

        return tf.while_loop(more, lambda step, values: (step + 1, values * 0.5), (0, digit))[1]

    concrete = tf.function(run, input_signature=[tf.TensorSpec((1, 10), tf.float32)]).get_concrete_function()
    path = tmp_path / "model.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 1)
    assert trial.try_model(path, runtime().module.__name__).outcome == "endless"
