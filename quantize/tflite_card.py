"""What lies beside a model that a recipe has made: its card, and how it was fine-tuned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from edgedigits.core.cards import Card, code_version
from edgedigits.core.files import csv_text, sha256_of, write_text
from edgedigits.core.keras.backend import tf
from edgedigits.core.tflite.runtime import runtime
from edgedigits.quantize.making import Checked, MadeModel
from edgedigits.quantize.proof.proving import Proof
from edgedigits.quantize.recipes import Recipe
from edgedigits.quantize.source import FloatSource


def tflite_card(
    source: FloatSource, recipe: Recipe, made: MadeModel, checked: Checked, path: Path, proof: Proof, seed: int
) -> Card:
    """What is known of a model and how it was made.

    Args:
        source: the float model.
        recipe: that was carried out.
        made: what came of it.
        checked: what shows that it is what the recipe's name says.
        path: of the ``.tflite`` file.
        proof: on the test digits of the source's split.
        seed: of the representative dataset and of fine-tuning.
    """
    here = runtime()
    summary = proof.as_dict()
    summary["comparison"].pop("flipped")
    return Card(
        kind="tflite",
        file=path.name,
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        network=source.network,
        parameters=proof.float_bytes // 4,
        dataset=source.split.describe(),
        seed=seed,
        settings={
            "recipe": recipe.name,
            "calibration": made.settings["calibration"],
            "max_drop": proof.max_drop,
            "details": made.settings,
        },
        measured={
            "float_accuracy": proof.comparison.before,
            f"{recipe.form}_accuracy": proof.comparison.after,
            "drop": proof.comparison.drop,
        },
        proof=summary | {"checks": checked.found},
        passed=proof.passed,
        verdict=proof.verdict,
        parent=source.parent,
        pretrained_on=source.trained_elsewhere,
        contract=made.contract.as_dict() | {"type": checked.content.inputs[0].type.lower()},
        software={"edgedigits": code_version(), "tensorflow": tf.__version__, here.name: here.version},
    )


def write_tuning(folder: Path, made: MadeModel) -> None:
    """Write ``tuning.csv``, a line for each epoch of fine-tuning; nothing where there was none."""
    if not made.history:
        return
    epochs = [asdict(epoch) for epoch in made.history]
    write_text(folder / "tuning.csv", csv_text(list(epochs[0]), (epoch.values() for epoch in epochs)))
