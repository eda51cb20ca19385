"""Digits in the form of USPS's: what their 16x16 pixels are, and that `usps:DIR` makes the same digits of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.core.datasets.usps_like import usps_like, usps_pixels
from edgedigits.core.digit import SIDE


def stroke(slant: float, rows: range = range(4, 24)) -> np.ndarray:
    """A stroke of three pixels that leans by so many columns per row."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    for row in rows:
        middle = round(13.5 - slant * (row - 13.5))
        image[row, middle - 1 : middle + 2] = 255
    return image


def slant_of(image: np.ndarray) -> float:
    moments = cv2.moments(image)
    return moments["mu11"] / moments["mu02"]


def test_ink_fills_the_longer_side_and_stands_in_the_middle_of_the_other():
    upright = stroke(0)
    high, wide = usps_pixels(np.stack([upright, upright.T]))
    assert high.shape == (16, 16) and high.max() == wide.max() == 255
    assert high.any(axis=1).all() and wide.any(axis=0).all()
    assert np.flatnonzero(high.any(axis=0)).tolist() == np.flatnonzero(wide.any(axis=1)).tolist() == [7, 8]


@pytest.mark.parametrize("slant", [-0.5, 0.5])
def test_slant_goes(slant: float):
    leaning = stroke(slant)
    (upright,) = usps_pixels(leaning[None])
    assert abs(slant_of(leaning)) > 0.45 and abs(slant_of(upright)) < 0.05


def test_a_slanted_stroke_at_the_edge_of_its_field_is_not_cut_off():
    leaning = np.zeros((SIDE, SIDE), np.uint8)
    leaning[0, 20:28] = leaning[27, 0:8] = 255
    (found,) = usps_pixels(leaning[None])
    assert found[0].any() and found[15].any()
    assert abs(int(found[:8].astype(int).sum()) - int(found[8:].astype(int).sum())) < 300


def test_pixels_are_grey_and_the_field_without_ink_is_empty():
    some = load_dataset("optdigits").pool.images[:20]
    found = usps_pixels(some)
    assert found.dtype == np.uint8 and (found.reshape(20, -1).max(axis=1) == 255).all()
    assert len(np.unique(found)) > 50
    assert not usps_like(np.zeros((1, SIDE, SIDE), np.uint8)).any()
    assert usps_pixels(some[:0]).shape == (0, 16, 16)


def test_they_are_what_the_data_set_of_usps_makes_of_such_pixels(tmp_path: Path):
    some = load_dataset("optdigits").pool
    parts = {"zip.train": some.take(np.arange(12, 24)), "zip.test": some.take(np.arange(12))}
    for name, part in parts.items():
        rows = zip(part.labels, usps_pixels(part.images).reshape(12, -1) / 127.5 - 1)
        lines = (f"{label:.4f} " + " ".join(f"{value:.3f}" for value in row) + " \n" for label, row in rows)
        (tmp_path / name).write_text("".join(lines))
    assert np.array_equal(load_dataset(f"usps:{tmp_path}").test.images, usps_like(parts["zip.test"].images))
