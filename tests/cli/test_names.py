"""A typo in a name, a path that leads nowhere, a folder that is taken: told at once, before TensorFlow is loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "tf_keras", "sklearn", "optuna", "xgboost", "tensorflow_model_optimization")

WRONG = {
    "train --model smal": "no network is called 'smal'; did you mean small? choose one of nano, micro, small, large",
    "train --dataset mnsit": "no data set is called 'mnsit'; did you mean mnist or emnist? choose one of mnist",
    "train --dataset folder:nowhere": "no folder nowhere",
    "train --dataset csv:nowhere.csv": "no file nowhere.csv",
    "train --dataset table.csv": "no data set is called 'table.csv'; did you mean csv:table.csv?",
    "train --dataset pictures": "no data set is called 'pictures'; did you mean folder:pictures?",
    "train --augment ligth": "no augmentation is called 'ligth'; did you mean light",
    "train --split deafult": "no split is called 'deafult'; did you mean default? choose one of default, nf264, vit",
    "train --folds 3 --model vit-cn": "did you mean vit-cnn",
    "train --model fakebank-resnet50 --weights none.h5": "no weights at none.h5",
    "run --model smal": "did you mean small?",
    "run --dataset mnsit": "did you mean mnist or emnist?",
    "quantize model.keras --recipe int9": "no recipe is called 'int9'; did you mean int8",
    "quantize model.keras --recipe qat": "did you mean qat-int8 or pruned-clustered-qat-int8? choose one of float32",
    "quantize none.keras": "no model at none.keras",
    "quantize model.keras --dataset mnsit": "did you mean mnist or emnist?",
    "quantize model.keras --split x": "no split is called 'x'; choose one of default",
    "baseline knnn": "no baseline is called 'knnn'; did you mean knn? choose one of knn, decision-tree",
    "baseline knn --dataset optdigit": "did you mean optdigits?",
    "baseline knn --split vitt": "did you mean vit?",
    "search --preset seperable": "no search is called 'seperable'; did you mean separable? choose one of separable",
    "search --preset quick --dataset mnsit": "did you mean mnist or emnist?",
    "benchmark model.keras --recipes int8,qat-int": "no recipe is called 'qat-int'; did you mean qat-int8",
    "benchmark model.keras --cores m99": "no core is called 'm99'; choose one of m0, m3, m4",
    "benchmark none.keras": "no model at none.keras",
    "benchmark model.keras --dataset mnsit": "did you mean mnist or emnist?",
    "calibration none.keras": "no model at none.keras",
    "layer-error none.keras": "no model at none.keras",
    "export none.tflite": "no model at none.tflite",
    "export none.tflite --target ardino": "'ardino' is not one of 'c', 'arrays', 'arduino'",
    "firmware report builtin --core m9": "no core is called 'm9'",
    "evaluate none.keras": "no model at none.keras",
    "evaluate model.keras --dataset mnsit": "did you mean mnist or emnist?",
    "corruptions none.keras": "no model at none.keras",
    "corruptions model.keras --dataset mnsit": "did you mean mnist or emnist?",
    "predict none.tflite picture.png": "no model at none.tflite",
}
TAKEN = (
    *("train", "train --folds 3", "run", "quantize model.keras", "baseline knn", "baseline knn --folds 3"),
    *("search --preset quick", "benchmark model.keras", "calibration model.keras", "layer-error model.keras"),
)
WITHOUT_OUT = ("evaluate", "predict", "firmware")

SCRIPT = """
import json, sys
from click.testing import CliRunner
from edgedigits.cli.main import main
told = {}
for command in json.load(sys.stdin):
    result = CliRunner().invoke(main, command.split(), prog_name="edgedigits")
    loaded = [name for name in HEAVY if name in sys.modules]
    told[command] = (result.exit_code, result.output, loaded)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> dict[str, tuple[int, str, list[str]]]:
    """Every command in one fresh interpreter: its exit code, what it said, and what heavy packages were there then."""
    folder = tmp_path_factory.mktemp("names")
    (folder / "pictures").mkdir()
    (folder / "taken").mkdir()
    for name in ("model.keras", "table.csv", "taken/mine.txt"):
        (folder / name).touch()
    commands = [command if command.startswith(WITHOUT_OUT) else f"{command} --out new" for command in WRONG]
    commands += [*(f"{command} --out taken" for command in TAKEN), "train --help"]
    done = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {HEAVY}\n{SCRIPT}"],
        input=json.dumps(commands),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "new").exists()
    return json.loads(done.stdout)


@pytest.mark.parametrize("command", WRONG)
def test_what_is_not_there_is_told_before_tensorflow_is_loaded(command, told):
    code, stderr, loaded = told[command if command.startswith(WITHOUT_OUT) else f"{command} --out new"]
    assert code in (1, 2), stderr
    assert WRONG[command] in stderr
    assert loaded == []


@pytest.mark.parametrize("command", TAKEN)
def test_a_folder_that_is_taken_is_told_before_tensorflow_is_loaded(command, told):
    code, stderr, loaded = told[f"{command} --out taken"]
    assert code == 1, stderr
    assert "taken exists and is not empty" in stderr
    assert loaded == []


def test_the_help_of_train_tells_what_each_augmentation_is_for(told):
    from edgedigits.train import AUGMENTATIONS, NETWORKS

    code, text, loaded = told["train --help"]
    words = " ".join(text.split())
    assert (code, loaded) == (0, [])
    assert all(f"{name} {entry.about}" in words for name, entry in AUGMENTATIONS.items())
    assert all(name in words for name in NETWORKS)


def test_a_word_for_a_choice_is_guessed_too(told):
    assert "Did you mean arduino?" in told["export none.tflite --target ardino --out new"][1]
