"""``edgedigits models``: what it lists, what it measures, and what of a card it finds wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from made_once import made_once
from pretrained_models import put_model, put_seed, rewrite_card

from edgedigits.cli.main import main
from edgedigits.cli.pretrained import choosing
from edgedigits.cli.pretrained.beside import check_beside, kept_beside, recipe_of, warn_of_better
from edgedigits.cli.pretrained.measuring import ReportingDigits, checked_cards, measured, reporting_digits
from edgedigits.cli.pretrained.verifying import TOLERANCE, compared, verified
from edgedigits.core.cards import write_card
from edgedigits.core.corruptions.kinds import KINDS
from edgedigits.core.corruptions.measuring import corruption_errors
from edgedigits.core.datasets import split_of
from edgedigits.core.datasets.usps_like import usps_like
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning
from edgedigits.core.pretrained.bundled import SHIPPED, bundled_model
from edgedigits.core.pretrained.candidates import Candidate, Candidates
from edgedigits.core.pretrained.catalogue import NAMES, Pretrained, PretrainedModel
from edgedigits.core.pretrained.figures import Figures, figures_of, with_figures
from edgedigits.core.pretrained.floors import FLOORS
from edgedigits.core.tflite.costs import costs_of
from edgedigits.core.tflite.digit_model import DigitModel

COUNT = 80
WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
from edgedigits.cli.main import main
from edgedigits.core.pretrained.catalogue import Pretrained
main(["models"], obj=Pretrained(Path(sys.argv[1])), standalone_mode=False)
print(sorted(set(sys.modules) & {"tensorflow", "tf_keras", "sklearn", "optuna"}))
"""


@pytest.fixture(scope="session")
def one_distortion() -> Iterator[None]:
    """In place of nine: a fifth of the digits to read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "DISTORTIONS", 1)
        yield


@pytest.fixture(scope="session")
def few(data_folder: Path, one_distortion: None) -> ReportingDigits:
    """Some of the digits, hard ones among them, so that no figure is 100 %."""
    whole = reporting_digits()
    scores = DigitModel(bundled_model()).probabilities(whole.mnist.images[:600])
    return replace(
        whole,
        mnist=whole.mnist.take(scores.max(axis=1).argsort()[:COUNT]),
        optdigits=whole.optdigits.take(np.arange(200)),
    )


@pytest.fixture(scope="session")
def filled(few: ReportingDigits, tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    """A folder whose only model has figures in its card."""

    def make(folder: Path) -> Pretrained:
        model = put_model(folder / "pico")
        write_card(model.int8_folder, with_figures(model.int8_card(), measured(model, few)))
        return Pretrained(folder)

    return made_once(tmp_path_factory, "filled", make)


@pytest.fixture
def model(filled: Pretrained, tmp_path: Path) -> PretrainedModel:
    """A copy of it that a test may change."""
    copy = put_model(tmp_path / "pico")
    write_card(copy.int8_folder, filled.models["pico"].int8_card())
    return copy


def call(pretrained: Pretrained, *words: object, code: int = 0) -> Result:
    found = CliRunner().invoke(main, ["models", *map(str, words)], obj=pretrained)
    assert found.exit_code == code, found.output
    return found


class TestListing:
    def test_a_line_says_what_a_model_is_chosen_by(self, filled: Pretrained):
        kept = figures_of(filled.models["pico"].int8_card())
        line = call(filled).stdout.partition("\npico ")[2].splitlines()[0]
        assert line.split() == [
            f"{kept.parameter_bytes:,}",
            f"{kept.int8_accuracy:.2f}",
            f"{kept.corruption_error:.2f}",
            f"{kept.macs:,}",
            f"{kept.activation_bytes:,}",
        ]

    def test_of_one_that_is_named_every_figure_of_the_card_is_told(self, filled: Pretrained):
        kept = figures_of(filled.models["pico"].int8_card())
        lines = call(filled, "pico").stdout.splitlines()
        for name, value in kept.named():
            told = f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
            assert any(line.split() == [*name.split(), told] for line in lines), name
        assert "optdigits_accuracy" not in call(filled).stdout

    def test_networks_follow_unless_models_are_named(self, filled: Pretrained):
        assert "vit-cnn-small" in call(filled).stdout
        assert "vit-cnn-small" not in call(filled, "pico").stdout

    def test_json_has_both(self, filled: Pretrained):
        told = json.loads(call(filled, "--json").stdout)
        assert [one["name"] for one in told["pretrained"]] == ["pico"]
        assert told["pretrained"][0]["figures"]["macs"] == 1_637_760
        assert Path(told["pretrained"][0]["int8"]).is_file() and Path(told["pretrained"][0]["float"]).is_file()
        assert "nano" in {one["name"] for one in told["networks"]}

    def test_a_model_without_figures_is_listed_without_them(self, pretrained: Pretrained):
        assert call(pretrained, "small").stdout.partition("\nsmall ")[2].split()[:5] == ["-"] * 5
        assert json.loads(call(pretrained, "small", "--json").stdout)["pretrained"][0]["figures"] is None

    def test_where_none_comes_along_the_networks_are_listed_alone(self, tmp_path: Path):
        said = call(Pretrained(tmp_path)).stdout
        assert "pretrained" not in said and said.startswith("name")

    def test_it_fits_a_terminal(self, filled: Pretrained):
        found = CliRunner().invoke(main, ["models"], obj=filled, env={"COLUMNS": "80"})
        assert max(map(len, found.stdout.splitlines())) <= 80 and "no room for" not in found.stdout

    def test_it_loads_neither_tensorflow_nor_what_takes_as_long(self, filled: Pretrained, tmp_path: Path):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_TENSORFLOW, filled.root], capture_output=True, text=True, check=True
        )
        assert "\npico " in done.stdout and done.stdout.splitlines()[-1] == "[]"


class TestNames:
    def test_of_one_that_is_none_the_nearest_is_told(self, pretrained: Pretrained):
        said = call(pretrained, "pcio", code=1).stderr
        assert "no pretrained model is called 'pcio'; did you mean pico? choose one of pico, small" in said

    def test_a_folder_may_be_named(self, model: PretrainedModel, tmp_path: Path):
        assert "\npico " in call(Pretrained(tmp_path / "empty"), model.folder).stdout

    def test_a_folder_without_both_forms_says_what_makes_them(self, pretrained: Pretrained, tmp_path: Path):
        assert f"`edgedigits train --out {tmp_path}`" in call(pretrained, tmp_path, code=1).stderr


class TestMeasuring:
    def test_figures_are_those_of_the_parts_that_they_are_measured_by(self, filled: Pretrained, few: ReportingDigits):
        model = filled.models["pico"]
        kept = figures_of(model.int8_card())
        runner = DigitModel(model.int8_path)
        right = runner.probabilities(few.mnist.images).argmax(axis=1) == few.mnist.labels
        errors = corruption_errors(runner.probabilities, few.mnist)
        assert kept.int8_accuracy == 100 * right.mean() < 100
        assert kept.corruption_errors == {one.kind: one.error for one in errors.kinds}
        assert kept.corruption_error == errors.mean > 0
        assert 90 < kept.optdigits_accuracy < 100
        in_that_form = runner.probabilities(usps_like(few.mnist.images)).argmax(axis=1) == few.mnist.labels
        assert kept.usps_like_accuracy == 100 * in_that_form.mean() < 100
        costs = costs_of(model.int8_path)
        assert (kept.macs, kept.activation_bytes) == (costs.macs, costs.live_bytes)
        assert costs.parameters < kept.parameter_bytes < 1.2 * costs.parameters
        assert kept.digits == {"mnist": COUNT, "optdigits": 200}

    def test_digits_that_a_model_has_learned_from_do_not_report(self, model: PretrainedModel, few: ReportingDigits):
        """A training on all of MNIST's training digits; those that report are some of these."""
        whole = replace(few, mnist=few.mnist.take(few.mnist.labels.argsort()[:3]))
        learned = replace(whole, mnist=_training_digits(3))
        assert measured(model, whole).digits["mnist"] == 3
        with pytest.raises(EdgedigitsError, match="has learned from some of MNIST's test digits"):
            measured(model, learned)

    def test_what_belongs_to_the_installation_is_not_changed(self, filled: Pretrained):
        said = call(filled, "pico", "--measure", code=1).stderr
        assert "belongs to the installation" in said and str(filled.root / "pico") in said

    def test_an_int8_model_of_other_floats_is_refused(self, model: PretrainedModel, pretrained: Pretrained):
        rewrite_card(model.int8_folder, parent={"file": "model.keras", "sha256": "0" * 64})
        with pytest.raises(EdgedigitsError, match="was made of other floats"):
            checked_cards(model)
        assert "was made of other floats" in call(pretrained, model.folder, "--measure", code=1).stderr

    def test_it_needs_a_folder_and_is_not_verified_at_once(self, pretrained: Pretrained):
        call(pretrained, "--measure", code=2)
        call(pretrained, "pico", "--measure", "--verify", code=2)


class TestSeedsBeside:
    def test_each_is_measured_on_validation_and_test_digits(
        self, model: PretrainedModel, few: ReportingDigits, tmp_path: Path
    ):
        """Of seed 2 the files are those of a smaller network, which reads less."""
        before = figures_of(model.int8_card()).candidates.shipped
        others = (put_seed(tmp_path / "a", 1), put_seed(tmp_path / "b", 2, SHIPPED.models["nano"]))
        found = measured(model, few, beside=others).candidates
        assert (found.shipped, found.count, [one.seed for one in found.beside]) == (before, 3, [1, 2])
        assert replace(found.beside[0], seed=0) == found.shipped
        validating = split_of(model.int8_card(), "mnist").validation
        distorted = choosing.with_distortions(validating)
        runner = DigitModel(SHIPPED.models["nano"].int8_path)
        for digits, told in (
            (distorted, found.beside[1].augmented_accuracy),
            (validating, found.beside[1].validation_accuracy),
            (few.mnist, found.beside[1].int8_accuracy),
        ):
            right = runner.probabilities(digits.images).argmax(axis=1) == digits.labels
            assert told == 100 * right.mean()
        assert len(validating) == 5_000 and len(distorted) == 10_000
        assert found.beside[1].int8_sha256 != found.shipped.int8_sha256
        assert found.beside[1].augmented_accuracy != found.shipped.augmented_accuracy

    def test_they_are_kept_while_the_file_is_the_same(self, model: PretrainedModel, few: ReportingDigits):
        kept = figures_of(model.int8_card())
        seeds = tuple(Candidate(seed, 98.9, 99.0, 98.0 + seed, 98.0, "ab" * 32) for seed in (1, 2, 3))
        among = replace(kept, candidates=replace(kept.candidates, beside=seeds))
        write_card(model.int8_folder, with_figures(model.int8_card(), among))
        assert measured(model, few).candidates.beside == seeds
        found = verified(model, few)
        assert not found.differing
        assert len([one for one in found.figures if one.figure in ("augmented_accuracy", "validation_accuracy")]) == 2
        said = call(Pretrained(model.folder.parent), "pico").stdout
        assert "pico: chosen by validation digits and their distortions among 4 candidates" in said
        assert "beside the shipped one, float: mean 100.00 %, standard deviation 1.00 points" in said
        assert "beside the shipped one, int8: mean 98.00 %, standard deviation 0.00 points" in said
        told = json.loads(call(Pretrained(model.folder.parent), "--json").stdout)["pretrained"][0]["figures"]
        assert told["candidates"]["count"] == 4 and told["candidates"]["float_beside"]["deviation"] == 1
        other = replace(among.candidates, shipped=replace(among.candidates.shipped, int8_sha256="0" * 64))
        assert kept_beside(with_figures(model.int8_card(), replace(among, candidates=other))) == ()

    def test_a_card_from_before_usps_like_digits_keeps_them(self, model: PretrainedModel):
        kept = figures_of(model.int8_card())
        among = replace(
            kept, candidates=replace(kept.candidates, beside=(Candidate(1, 98.9, 99.0, 98.0, 98.0, "ab" * 32),))
        )
        card = with_figures(model.int8_card(), among)
        del card.measured["pretrained"]["usps_like_accuracy"]
        assert kept_beside(card) == among.candidates.beside

    def test_figures_that_are_not_known_keep_none_and_are_no_error(self, model: PretrainedModel):
        assert kept_beside(replace(model.int8_card(), measured={"pretrained": "figures"})) == ()

    def test_a_card_from_before_is_verified_by_what_it_says(self, model: PretrainedModel, few: ReportingDigits):
        kept = figures_of(model.int8_card())
        before = replace(kept, candidates=None, usps_like_accuracy=None)
        write_card(model.int8_folder, with_figures(model.int8_card(), before))
        found = verified(model, few)
        assert not found.differing and len(found.figures) == 3 + 8 + len(KINDS)
        assert "candidates" not in call(Pretrained(model.folder.parent), "pico").stdout

    @pytest.mark.parametrize("figure", ["augmented_accuracy", "validation_accuracy"])
    def test_another_accuracy_on_what_chooses_differs(self, model: PretrainedModel, few: ReportingDigits, figure: str):
        kept = figures_of(model.int8_card())
        own = replace(kept.candidates.shipped, **{figure: 99.99})
        write_card(model.int8_folder, with_figures(model.int8_card(), replace(kept, candidates=Candidates(own))))
        assert [one.figure for one in verified(model, few).differing] == [figure]

    def test_another_recipe_is_refused_by_name(self, model: PretrainedModel, tmp_path: Path):
        other = put_seed(tmp_path / "other", 1)
        rewrite_card(other.folder, settings=other.float_card().settings | {"epochs": 3})
        said = call(Pretrained(tmp_path / "none"), model.folder, "--measure", "--beside", other.folder, code=1).stderr
        epochs = model.float_card().settings["epochs"]
        assert f"{other.folder} is no other seed of {model.folder}" in said
        assert f"its training.epochs is 3, not {epochs}" in said

    @pytest.mark.parametrize(
        ("part", "changed", "name"),
        [
            ("", {"network": "nano"}, "network"),
            ("", {"parent": {"file": "model.keras", "sha256": "0" * 64}}, "start"),
            ("int8", {"settings": {"recipe": "qat-int8"}}, "quantization.recipe"),
        ],
    )
    def test_so_is_another_network_start_or_quantization(
        self, model: PretrainedModel, tmp_path: Path, part: str, changed: dict[str, object], name: str
    ):
        other = put_seed(tmp_path / "other", 1)
        rewrite_card(other.folder / part, **changed)
        with pytest.raises(EdgedigitsError, match=f"its {name} is"):
            check_beside(model, [other])

    def test_seeds_places_and_versions_are_no_recipe(self, model: PretrainedModel, tmp_path: Path):
        other = put_seed(tmp_path / "other", 1)
        lessons = {"teachers": ["a"], "seed": 0, "digits": "0" * 64, "version": "0.1.0"}
        for one, changed in ((model, {}), (other, {"seed": 1, "digits": "1" * 64, "version": "0.2.0"})):
            more = {"lessons": lessons | changed, "trained_on": one.folder.name, "devices": [one.folder.name]}
            rewrite_card(one.folder, settings=one.float_card().settings | more)
        check_beside(model, [other])
        assert recipe_of(other)["training.lessons.teachers"] == ["a"]
        assert not [name for name in recipe_of(other) if name.rpartition(".")[2] in {"seed", "version", "devices"}]

    def test_two_of_one_seed_are_refused_with_a_seed_that_is_free(self, model: PretrainedModel, tmp_path: Path):
        with pytest.raises(EdgedigitsError, match=r"was trained with seed 0, as .*pico was; .*--seed 1`"):
            check_beside(model, [put_seed(tmp_path / "same", 0)])
        with pytest.raises(EdgedigitsError, match=r"was trained with seed 1, as .*one was; .*--seed 2`"):
            check_beside(model, [put_seed(tmp_path / "one", 1), put_seed(tmp_path / "two", 1)])

    def test_a_better_one_beside_is_warned_of(self, model: PretrainedModel):
        kept = figures_of(model.int8_card()).candidates
        better = replace(kept.shipped, seed=7, augmented_accuracy=kept.shipped.augmented_accuracy + 0.2)
        with pytest.warns(EdgedigitsWarning, match=r"pico is not the best of its 2 candidates: .*seed 7"):
            warn_of_better(model, replace(kept, beside=(better,)))
        warn_of_better(model, replace(kept, beside=(replace(better, augmented_accuracy=90.0, int8_accuracy=100.0),)))
        warn_of_better(model, replace(kept, beside=(replace(kept.shipped, seed=7, validation_accuracy=100.0),)))

    def test_it_goes_with_one_model_that_is_measured(self, model: PretrainedModel, pretrained: Pretrained):
        call(pretrained, "pico", "--beside", model.folder, code=2)
        call(pretrained, model.folder, model.folder, "--measure", "--beside", model.folder, code=2)


class TestVerifying:
    def test_what_was_measured_here_is_the_same(self, model: PretrainedModel, few: ReportingDigits):
        found = verified(model, few)
        assert not found.differing
        names = [one.figure for one in found.figures]
        assert names[:3] == ["float_sha256", "int8_sha256", "quantized_from_sha256"]
        assert len(names) == 3 + 10 + len(KINDS)

    def test_a_figure_that_was_changed_differs_alone(self, model: PretrainedModel, few: ReportingDigits):
        kept = figures_of(model.int8_card())
        wrong = replace(kept, corruption_errors=kept.corruption_errors | {"fog": kept.corruption_errors["fog"] + 1})
        write_card(model.int8_folder, with_figures(model.int8_card(), wrong))
        assert [one.figure for one in verified(model, few).differing] == ["corruption_errors.fog"]

    def test_a_file_that_was_changed_is_not_measured(self, model: PretrainedModel, data_folder: Path):
        model.int8_path.write_bytes(model.int8_path.read_bytes() + b"\0")
        found = call(Pretrained(model.folder.parent), "pico", "--verify", code=1)
        assert found.stdout.startswith("pico: 1 of 3 figures differ")
        assert "DIFFERS" in found.stdout.partition("\nint8_sha256")[2].splitlines()[0]
        assert "Error: figures are not those of the card: pico (1);" in found.stderr

    def test_a_model_below_its_floor_is_told_and_fails(
        self, model: PretrainedModel, few: ReportingDigits, monkeypatch: pytest.MonkeyPatch
    ):
        """The digits that ``few`` has are hard ones, so that every floor is above what is read of them."""
        kept = figures_of(model.int8_card())
        assert [one.measured for one in verified(model, few).below] == [kept.usps_like_accuracy]
        monkeypatch.setattr("edgedigits.cli.pretrained.measuring.reporting_digits", lambda: few)
        found = call(Pretrained(model.folder.parent), "pico", "--verify", code=1)
        told = f"{kept.usps_like_accuracy:.2f} % of USPS-like digits, floor {FLOORS['pico'].usps_like_accuracy:.2f} %"
        assert found.stdout.startswith("pico: all figures are those of the card") and told in found.stdout
        assert f"Error: below the floor of digits of other forms: pico: {told};" in found.stderr

    def test_json_says_card_and_measured_for_each(self, model: PretrainedModel, data_folder: Path):
        rewrite_card(model.folder, sha256="0" * 64)
        (told,) = json.loads(call(Pretrained(model.folder.parent), "--verify", "--json", code=1).stdout)
        assert (told["name"], told["same"]) == ("pico", False)
        assert told["figures"][0]["figure"] == "float_sha256" and told["figures"][0]["card"] == "0" * 64
        assert [one["same"] for one in told["figures"]] == [False, True, True]

    def test_a_card_without_figures_says_what_measures_them(self, pretrained: Pretrained):
        said = call(pretrained, "--verify", code=1).stderr
        assert f"`edgedigits models {pretrained.root / 'pico'} --measure`" in said

    def test_where_none_comes_along_there_is_nothing_to_verify(self, tmp_path: Path):
        assert "no pretrained model comes with this version" in call(Pretrained(tmp_path), "--verify", code=1).stderr


HERE = {"runtime": "tflite-runtime 2.14.0", "tensorflow": "2.21.0", "opencv": "4.11.0"}
KEPT = Figures(99.0, 98.9, {"fog": 3.0}, 3.0, 97.0, 96.5, 70_832, 1_760, 5_499, {"mnist": 10_000}, HERE)


def differing(found: Figures) -> list[str]:
    return [one.figure for one in compared(KEPT, found) if not one.same]


class TestComparing:
    @pytest.mark.parametrize("name", ["int8_accuracy", "optdigits_accuracy", "usps_like_accuracy", "corruption_error"])
    def test_on_the_same_runtime_percentages_are_equal_to_the_digit(self, name: str):
        assert differing(replace(KEPT, **{name: getattr(KEPT, name) + 0.01})) == [name]

    @pytest.mark.parametrize("name", ["int8_accuracy", "optdigits_accuracy", "corruption_error"])
    def test_on_another_one_they_may_differ_a_little(self, name: str):
        other = replace(KEPT, software=HERE | {"runtime": "ai-edge-litert 2.0.3"})
        assert differing(replace(other, **{name: getattr(KEPT, name) - TOLERANCE})) == []
        assert differing(replace(other, **{name: getattr(KEPT, name) - 0.03})) == [name]

    def test_corrupted_digits_depend_on_opencv_too_and_others_do_not(self):
        other = replace(KEPT, software=HERE | {"opencv": "4.13.0"})
        assert differing(replace(other, corruption_errors={"fog": 3.02}, corruption_error=3.02)) == []
        assert differing(replace(other, usps_like_accuracy=96.48)) == []
        assert differing(replace(other, int8_accuracy=98.91)) == ["int8_accuracy"]

    def test_floats_may_always_differ_a_little(self):
        assert differing(replace(KEPT, float_accuracy=98.98)) == []
        assert differing(replace(KEPT, float_accuracy=98.97)) == ["float_accuracy"]

    @pytest.mark.parametrize("name", ["macs", "activation_bytes", "parameter_bytes"])
    def test_costs_are_equal_whatever_measured_them(self, name: str):
        other = replace(KEPT, software=dict.fromkeys(HERE, "other"))
        assert differing(replace(other, **{name: getattr(KEPT, name) + 1})) == [name]

    def test_a_figure_that_one_side_lacks_differs(self):
        assert differing(replace(KEPT, optdigits_accuracy=None)) == ["optdigits_accuracy"]
        assert differing(replace(KEPT, corruption_errors={"stripe": 3.0})) == [
            "corruption_errors.fog",
            "corruption_errors.stripe",
        ]


@pytest.mark.slow
def test_the_command_fills_a_card_and_finds_the_same_again(data_folder: Path, tmp_path: Path):
    folder = tmp_path / "mine"
    for words in (
        ("train", "--model", "nano", "--epochs", "1", "--out", str(folder)),
        ("quantize", str(folder), "--max-drop", "20", "--min-accuracy", "50", "--out", str(folder / "int8")),
        ("models", str(folder), "--measure"),
        ("models", str(folder), "--verify"),
    ):
        found = CliRunner().invoke(main, words)
        assert found.exit_code == 0, found.output
    assert found.stdout.startswith("mine: all figures are those of the card")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_the_package_is_what_its_card_says(name: str, data_folder: Path):
    if name not in SHIPPED.models:
        pytest.skip(f"{name} does not come with this version")
    found = verified(SHIPPED.models[name], reporting_digits())
    assert not found.differing


def _training_digits(count: int):
    from edgedigits.core.datasets import load_dataset

    return load_dataset("mnist").pool.take(np.arange(count))
