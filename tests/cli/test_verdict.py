"""What people with few digits are told: neither passed nor failed by chance, and remedies that work when followed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from calling import call
from click.testing import CliRunner, Result

from edgedigits.cli.main import main
from edgedigits.cli.proving import tell_of_doubt, telling_limit
from edgedigits.core.cards import read_card, write_card
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.statistics.metrics import Comparison, compare
from edgedigits.core.statistics.outcome import outcome_of
from edgedigits.quantize import FoldsProof, QuantizeRequest
from edgedigits.quantize.proof.proving import Judged


def draw(folder: Path, count: int) -> None:
    """``count`` pictures of each digit, dark on white, as people have them."""
    pool = load_dataset("optdigits").pool
    for digit in range(10):
        (folder / str(digit)).mkdir(parents=True)
        for number, place in enumerate(np.flatnonzero(pool.labels == digit)[:count]):
            cv2.imwrite(str(folder / str(digit) / f"{number:03}.png"), 255 - pool.images[place])


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network trained on 200 pictures of one's own, 20 of which test, and the pictures."""
    folder = tmp_path_factory.mktemp("few")
    draw(folder / "my digits", 20)
    data = f"folder:{folder / 'my digits'}"
    call("train", "--from", "builtin", "--dataset", data, "--epochs", 1, "--out", folder / "float")
    return folder


@pytest.fixture(scope="module")
def undecided(few: Path) -> Result:
    return call("quantize", few / "float" / "model.keras", "--out", few / "int8", code=3)


def unwrapped(said: str) -> str:
    """What was said, without the line breaks of a narrow terminal."""
    return " ".join(said.split())


def remedies(said: str) -> list[list[str]]:
    """The commands among what was said, in words as a shell would take them apart."""
    lines = re.sub(r" \\\n\s*", " ", said).splitlines()
    return [shlex.split(line)[1:] for line in lines if line.strip().startswith("edgedigits ")]


def test_few_digits_do_not_tell_and_it_is_said_how_many_would(few: Path, undecided: Result) -> None:
    assert "verdict: cannot tell, as 0.5 points may be lost" in undecided.stdout
    said = unwrapped(undecided.stderr)
    assert "Cannot tell: 20 test digits do not show whether int8 loses more than the 0.5 points" in said
    assert "Error" not in said
    card = read_card(few / "int8" / "card.json")
    assert (card.verdict, card.passed) == ("cannot tell", False)
    needed = json.loads((few / "int8" / "proof.json").read_text())["required_digits"]
    if needed is None:
        assert "no help by more digits: no number up to 100,000 would tell" in said
    else:
        assert f"test on more digits: {needed:,} would tell" in said
        assert f"({10 * needed:,} in all, as folder:" in said


def test_a_cross_validation_that_could_not_tell_either_is_not_named(few: Path, undecided: Result) -> None:
    """All 200 digits are fewer than the 390 that it takes where none flips: more are needed whatever is done."""
    needed = json.loads((few / "int8" / "proof.json").read_text())["required_digits"]
    assert needed and needed >= 390
    assert remedies(undecided.stderr) == []
    said = unwrapped(undecided.stderr)
    assert f"or {needed:,} in all, two of each at least, in a cross-validation, where every digit tests)" in said
    assert "or cross-validate" not in said


def test_a_cross_validation_has_no_more_folds_than_the_rarest_digit_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty pictures tell of twenty points; the two of each digit make two folds."""
    monkeypatch.setenv("COLUMNS", "80")
    draw(tmp_path / "two", 2)
    call(
        "train", "--from", "builtin", "--dataset", f"folder:{tmp_path / 'two'}", "--epochs", 1, "--out", tmp_path / "f"
    )
    said = call("quantize", tmp_path / "f" / "model.keras", "--max-drop", 20, "--out", tmp_path / "q", code=3).stderr
    assert "so that all 20 digits test, which tells if they flip as often as these" in unwrapped(said)
    proposed = said.partition("(add the options of the training")[2].partition("- or")[0].splitlines()[1:]
    assert [line for line in proposed if len(line) > 80 and len(line.split()) > 2] == [], "but for a single long path"
    train, _ = remedies(said)
    assert train[train.index("--folds") + 1] == "2"


@pytest.mark.slow
def test_two_pictures_of_each_digit_are_cross_validated_as_it_is_named(tmp_path: Path) -> None:
    draw(tmp_path / "two", 2)
    call(
        "train", "--from", "builtin", "--dataset", f"folder:{tmp_path / 'two'}", "--epochs", 1, "--out", tmp_path / "f"
    )
    said = call("quantize", tmp_path / "f" / "model.keras", "--max-drop", 20, "--out", tmp_path / "q", code=3).stderr
    train, quantize = remedies(said)
    call(*train, "--epochs", 1)
    done = CliRunner().invoke(main, quantize)
    assert re.search(r"\nall +[\d.]+ +[\d.]+ +\d+ +\d+ +20\n", done.stdout), done.output


def test_the_limit_that_is_named_passes(few: Path, undecided: Result, tmp_path: Path) -> None:
    found = re.search(r"or allow more: --max-drop (\d+\.\d\d) passes", undecided.stderr)
    assert found
    given = ("quantize", few / "float" / "model.keras", "--max-drop", found[1], "--out", tmp_path / "o")
    result = call(*given)
    assert f"verdict: passed, as {float(found[1]):g} points may be lost" in result.stdout
    assert "What to do" not in result.stderr


@pytest.mark.parametrize("high", [0.5, 0.4999, 0.01, 0.0196, 3.161, 0.29, 0.57, 0.58])
def test_the_limit_that_is_named_is_the_least_of_two_decimals_that_passes(high: float) -> None:
    comparison = Comparison(1, 0, 0, 0, -high, high, 1, 100, 0, 0, ())
    limit = float(f"{telling_limit(FoldsProof(QuantizeRequest('m'), Path(), (), comparison, 0, 90, 10)):.2f}")
    assert outcome_of(-high, high, limit) == "passed"
    assert outcome_of(-high, high, round(limit - 0.01, 2)) == "cannot tell"


def test_options_of_the_proof_stand_in_the_commands_that_are_named_and_json_carries_the_verdict(
    few: Path, tmp_path: Path
) -> None:
    given = ("--calibration", "50", "--max-drop", "5.0", "--min-accuracy", "80.0")
    options = ("--recipe", "int8-dense-per-tensor", *given)
    result = call("quantize", few / "float" / "model.keras", *options, "--json", "--out", tmp_path / "o", code=3)
    assert " ".join(options) in " ".join(remedies(result.stderr)[1])
    assert remedies(result.stderr)[1][-1] == str(tmp_path / "folds-int8-dense-per-tensor")
    said = json.loads(result.stdout)
    assert said["verdict"] == said["card"]["verdict"] == said["card"]["proof"]["verdict"] == "cannot tell"
    assert said["passed"] is said["card"]["passed"] is False
    assert said["required_digits"] == json.loads((tmp_path / "o" / "proof.json").read_text())["required_digits"]


def test_over_folds_there_is_one_verdict_on_all_digits(few: Path, tmp_path: Path) -> None:
    card = read_card(few / "float" / "card.json")
    dataset = load_dataset(card.dataset["spec"])
    for name in ("fold-1-of-2", "fold-2-of-2"):
        shutil.copytree(few / "float", tmp_path / "folds" / name)
        write_card(tmp_path / "folds" / name, replace(card, dataset=split_dataset(dataset, name).describe()))
    result = CliRunner().invoke(main, ["quantize", str(tmp_path / "folds"), "--out", str(tmp_path / "o")])
    proof = json.loads((tmp_path / "o" / "proof.json").read_text())
    assert result.exit_code == {"passed": 0, "failed": 1, "cannot tell": 3}[proof["verdict"]], result.output
    assert re.search(r"\nall +[\d.]+ +[\d.]+ +\d+ +\d+ +200\n", result.stdout)
    assert f"verdict: {proof['verdict']}" in result.stdout
    assert "The model to take is one that was trained without --folds" in unwrapped(result.stdout)
    assert "cross-validate" not in result.stderr


def test_a_cross_validation_is_proposed_in_a_folder_that_is_free(few: Path, tmp_path: Path) -> None:
    (tmp_path / "folds").mkdir()
    (tmp_path / "folds" / "of another network").touch()
    result = call("quantize", few / "float" / "model.keras", "--max-drop", 5, "--out", tmp_path / "o", code=3)
    train, quantize = remedies(result.stderr)
    assert train[-1] == quantize[1] == str(tmp_path / "folds-2")
    assert quantize[-1] == str(tmp_path / "folds-2-int8")


@pytest.mark.parametrize(
    ("recipe", "drop", "named"), [("int8", 1.0, True), ("int8", -1.0, False), ("qat-int8", 1.0, False)]
)
def test_a_recipe_that_loses_less_is_named_where_something_was_lost(
    recipe: str, drop: float, named: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, won = (3, 1) if drop > 0 else (1, 3)
    labels = np.zeros(200, np.uint8)
    before, after = np.zeros(200, np.intp), np.zeros(200, np.intp)
    before[:won], after[-lost:] = 1, 1
    judged = Judged()
    judged.comparison, judged.max_drop = compare(before, after, labels), 0.5
    tell_of_doubt(judged, recipe)
    assert ("--recipe qat-int8 (trains with the rounding) or int16x8" in unwrapped(capsys.readouterr().err)) is named


@pytest.mark.slow
def test_cross_validation_as_it_is_named_judges_all_digits(few: Path) -> None:
    said = call("quantize", few / "float" / "model.keras", "--max-drop", 5, "--out", few / "int8-5", code=3).stderr
    assert "or cross-validate, so that all 200 digits test" in unwrapped(said)
    train, quantize = remedies(said)
    call(*train, "--epochs", 1)
    result = CliRunner().invoke(main, quantize)
    proof = json.loads((few / "folds-int8" / "proof.json").read_text())
    assert result.exit_code == {"passed": 0, "failed": 1, "cannot tell": 3}[proof["verdict"]], result.output
    assert proof["comparison"]["count"] == 200
    assert remedies(result.stderr) == []


def test_a_model_of_other_digits_is_not_told_to_cross_validate(few: Path, tmp_path: Path) -> None:
    given = ("quantize", few / "float" / "model.keras", "--dataset", "optdigits", "--max-drop")
    result = CliRunner().invoke(main, [*map(str, given), "0.1", "--out", str(tmp_path / "o")])
    assert result.exit_code in (1, 3), result.output
    assert "cross-validate" not in result.stderr


def test_a_folder_without_folds_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    said = call("quantize", tmp_path, "--out", tmp_path / "o", code=1).stderr
    assert re.fullmatch(r"Error: .* holds no folds; give a \.keras file, or a folder that `.*--folds` has made\n", said)


@pytest.mark.slow
def test_six_hundred_pictures_are_never_failed_by_a_digit_that_flips(tmp_path: Path) -> None:
    draw(tmp_path / "digits", 60)
    call("train", "--dataset", f"folder:{tmp_path / 'digits'}", "--out", tmp_path / "float")
    result = CliRunner().invoke(
        main, ["quantize", str(tmp_path / "float" / "model.keras"), "--out", str(tmp_path / "int8")]
    )
    assert result.exit_code == 3, result.output  # 60 digits cannot show that less than 0.5 points are lost
    assert "verdict: cannot tell" in result.stdout


def test_a_file_that_is_larger_than_the_floats_is_not_called_smaller():
    from edgedigits.cli.commands.quantizing import size_words

    assert size_words(2.71) == "2.71 times smaller"
    assert size_words(0.8) == "1.25 times larger"
