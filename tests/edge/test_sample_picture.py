"""The sample picture of the README: that it reads as it should, and that the command that drew it still does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from edgedigits.edge import DigitReader, bundled_model, load_image

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "sample.jpg"
TRUTH = ["0123456789", "31415926", "5807"]


def test_the_built_in_model_reads_the_sample_picture_exactly():
    reading = DigitReader(bundled_model()).read(load_image(SAMPLE))
    assert reading.text.splitlines() == TRUTH
    assert min(digit.confidence for digit in reading.digits) > 0.7


def test_the_command_reads_it_too():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("edgedigits")), "predict", "builtin", str(SAMPLE), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["text"].splitlines() == TRUTH


def test_the_sample_picture_is_the_one_that_its_script_draws(tmp_path):
    drawn = tmp_path / "sample.jpg"
    subprocess.run([sys.executable, str(ROOT / "tests/samples/make_picture.py"), str(drawn)], check=True)
    apart = np.abs(load_image(drawn).astype(int) - load_image(SAMPLE).astype(int))
    assert apart.mean() < 1  # other versions of OpenCV round edges and code JPEG a little differently
    assert len(SAMPLE.read_bytes()) < 100_000
