"""The digits that ship: what they are, and that the command that drew them still does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from edgedigits.core.datasets import load_dataset
from edgedigits.core.tflite.digit_model import DigitModel

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "core" / "datasets" / "samples"
BUILTIN = ROOT / "core" / "pretrained" / "small" / "model.int8.tflite"


def test_there_are_fifty_of_each_digit_in_the_form_of_mnist():
    pool = load_dataset("samples").pool
    assert np.bincount(pool.labels).tolist() == [50] * 10
    assert pool.images.max(axis=(1, 2)).min() == 255
    rows, columns = (np.flatnonzero(pool.images.max(axis=axes)) for axes in ((0, 2), (0, 1)))
    assert (rows.size, columns.size) != (28, 28)
    assert len(np.unique(pool.images.reshape(500, -1), axis=0)) == 500


def test_their_card_names_them_by_their_sha256():
    text = (FOLDER / "README.md").read_text()
    assert load_dataset("samples").pool.sha256() in text
    assert "drawn and not written" in text


def test_the_built_in_model_reads_as_many_as_their_card_says():
    pool = load_dataset("samples").pool
    right = int((DigitModel(BUILTIN).probabilities(pool.images).argmax(1) == pool.labels).sum())
    assert right == 497
    assert f"built-in model reads {right} of them" in (FOLDER / "README.md").read_text().replace("\n", " ")


def test_the_sheet_is_the_one_that_its_script_draws(tmp_path):
    drawn = tmp_path / "digits.png"
    subprocess.run([sys.executable, str(ROOT / "tests/samples/make_set.py"), str(drawn)], check=True)
    apart = cv2.imread(str(drawn), 0).astype(int) - cv2.imread(str(FOLDER / "digits.png"), 0)
    assert np.abs(apart).mean() < 2  # other versions of OpenCV round edges a little differently


def test_they_are_small_enough_to_ship():
    assert (FOLDER / "digits.png").stat().st_size < 120_000
