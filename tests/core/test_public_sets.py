"""Public sets of digits in the files in which they are published, made here in small."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from edgedigits.core.datasets import Digits, load_dataset, stratified_sample
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.core.tflite.digit_model import DigitModel


@pytest.fixture(scope="module")
def some() -> Digits:
    """A hundred digits that scikit-learn carries."""
    pool = load_dataset("optdigits").pool
    return pool.take(stratified_sample(pool.labels, 100, seed=4))


@pytest.fixture(scope="module")
def coarse(some) -> np.ndarray:
    """Their ink in 16x16 pixels, from 0 to 1, as large as they fit."""
    inked = [image[4:24, 4:24] for image in some.images]
    return np.stack([cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA) for image in inked]) / 255


def share_read(digits: Digits) -> float:
    """What the built-in model reads of digits."""
    read = DigitModel(bundled_model()).probabilities(digits.images).argmax(axis=1)
    return float((read == digits.labels).mean())


def idx_bytes(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return head + array.tobytes()


def write_emnist(folder: Path, digits: Digits, name: str, packed: bool) -> None:
    folder.mkdir(exist_ok=True)
    for part, places in (("train", np.arange(60)), ("test", np.arange(60, 100))):
        chosen = digits.take(places)
        stored = {"images-idx3": np.swapaxes(chosen.images, 1, 2), "labels-idx1": chosen.labels}
        for what, array in stored.items():
            path = folder / f"emnist-{name}-{part}-{what}-ubyte{'.gz' if packed else ''}"
            data = idx_bytes(np.ascontiguousarray(array))
            path.write_bytes(gzip.compress(data) if packed else data)


@pytest.mark.parametrize(("name", "packed"), [("digits", True), ("mnist", False)])
def test_emnist_is_put_upright(tmp_path, some, name, packed):
    write_emnist(tmp_path, some, name, packed)
    dataset = load_dataset(f"emnist:{tmp_path}")
    assert np.array_equal(dataset.pool.images, some.images[:60])
    assert np.array_equal(dataset.test.images, some.images[60:])
    assert np.array_equal(dataset.test.labels, some.labels[60:])
    assert f"({name})" in dataset.source


def test_emnists_digits_are_taken_before_its_mnist(tmp_path, some):
    write_emnist(tmp_path, some, "digits", True)
    write_emnist(tmp_path, some.take(np.arange(100)[::-1]), "mnist", True)
    assert np.array_equal(load_dataset(f"emnist:{tmp_path}").pool.labels, some.labels[:60])


def test_emnist_that_somebody_has_put_upright_before_is_noticed(tmp_path, some):
    flipped = Digits(np.ascontiguousarray(np.swapaxes(some.images, 1, 2)), some.labels)
    write_emnist(tmp_path, flipped, "digits", True)
    with pytest.raises(EdgedigitsError, match=r"--dataset emnist:\S+ --orientation transposed"):
        load_dataset(f"emnist:{tmp_path}")


def test_a_folder_without_emnist_says_which_files_it_lacks(tmp_path, some):
    write_emnist(tmp_path, some, "letters", True)
    with pytest.raises(EdgedigitsError, match=r"emnist-digits-\{train,test\}"):
        load_dataset(f"emnist:{tmp_path}")


def usps_lines(coarse: np.ndarray, labels: np.ndarray) -> str:
    rows = zip(labels, 2 * coarse.reshape(len(coarse), -1) - 1)
    return "".join(f"{label:.4f} " + " ".join(f"{value:.4f}" for value in row) + " \n" for label, row in rows)


@pytest.mark.parametrize("packed", [False, True])
def test_usps_is_enlarged_and_centred(tmp_path, some, coarse, packed):
    for name, chosen in (("zip.train", slice(0, 60)), ("zip.test", slice(60, 100))):
        text = usps_lines(coarse[chosen], some.labels[chosen])
        if packed:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / name).write_text(text)
    dataset = load_dataset(f"usps:{tmp_path}")
    assert (len(dataset.pool), len(dataset.test)) == (60, 40)
    assert np.array_equal(dataset.pool.labels, some.labels[:60])
    assert dataset.pool.images.max(axis=(1, 2)).min() == 255
    assert not dataset.pool.images[:, :3].any()
    assert share_read(dataset.pool) > 0.9


def test_usps_without_its_second_file_or_with_other_pixels_is_refused(tmp_path, some, coarse):
    (tmp_path / "zip.train").write_text(usps_lines(coarse, some.labels))
    with pytest.raises(EdgedigitsError, match=r"has no zip\.test"):
        load_dataset(f"usps:{tmp_path}")
    (tmp_path / "zip.train").write_text(usps_lines(2 * coarse, some.labels))
    with pytest.raises(EdgedigitsError, match="from -1 to 3, not -1 to 1"):
        load_dataset(f"usps:{tmp_path}")
    (tmp_path / "zip.train").write_text("1 2 3\n")
    with pytest.raises(EdgedigitsError, match="3 columns, not 257"):
        load_dataset(f"usps:{tmp_path}")


def semeion_lines(coarse: np.ndarray, labels: np.ndarray) -> str:
    lines = []
    for image, label in zip(coarse, labels):
        pixels = " ".join(f"{value:.4f}" for value in (image.ravel() > 0.4).astype(float))
        lines.append(f"{pixels} " + " ".join(str(int(digit == label)) for digit in range(10)) + " \n")
    return "".join(lines)


def test_semeion_is_enlarged_and_its_label_is_the_column_that_is_one(tmp_path, some, coarse):
    (tmp_path / "semeion.data").write_text(semeion_lines(coarse, some.labels))
    pool = load_dataset(f"semeion:{tmp_path}/semeion.data").pool
    assert np.array_equal(pool.labels, some.labels)
    assert share_read(pool) > 0.85


@pytest.mark.parametrize("spoil", [lambda line: "2.0000" + line[6:], lambda line: line.rstrip()[:-20] + "0 " * 10])
def test_semeion_with_other_numbers_is_refused(tmp_path, some, coarse, spoil):
    lines = semeion_lines(coarse, some.labels).splitlines()
    (tmp_path / "semeion.data").write_text("\n".join([*lines[:2], spoil(lines[2])]))
    with pytest.raises(EdgedigitsError, match=r"(not one label, at digit 3|columns)"):
        load_dataset(f"semeion:{tmp_path}/semeion.data")


def house_numbers(digits: Digits) -> dict[str, np.ndarray]:
    """Colour pictures of 32x32, every other one dark on light, 10 for 0."""
    pictures = []
    for number, image in enumerate(digits.images):
        large = cv2.resize(image[3:25, 3:25], (32, 32)).astype(float) / 255
        ground, ink = np.array([[60, 90, 120], [230, 210, 190]][:: 1 if number % 2 else -1])
        pictures.append(ground + large[..., np.newaxis] * (ink - ground))
    labels = np.where(digits.labels == 0, 10, digits.labels)
    return {"X": np.stack(pictures, axis=-1).round().astype(np.uint8), "y": labels[:, np.newaxis].astype(np.uint8)}


def test_svhn_is_grey_and_bright_on_dark_and_ten_is_zero(tmp_path, some):
    savemat(tmp_path / "train_32x32.mat", house_numbers(some))
    savemat(tmp_path / "test_32x32.mat", house_numbers(some.take(np.arange(20))))
    dataset = load_dataset(f"svhn:{tmp_path}")
    assert (len(dataset.pool), len(dataset.test)) == (100, 20)
    assert np.array_equal(dataset.pool.labels, some.labels)
    assert share_read(dataset.pool) > 0.85
    alone = load_dataset(f"svhn:{tmp_path}/test_32x32.mat")
    assert (len(alone.pool), alone.test) == (20, None)


def test_svhn_that_cannot_be_read_says_why(tmp_path, some, monkeypatch):
    path = tmp_path / "train_32x32.mat"
    with pytest.raises(EdgedigitsError, match=r"has no train_32x32\.mat"):
        load_dataset(f"svhn:{tmp_path}")
    path.write_bytes(b"no MAT file")
    with pytest.raises(EdgedigitsError, match="no MAT file of version 5"):
        load_dataset(f"svhn:{path}")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(EdgedigitsError, match="Git LFS pointer"):
        load_dataset(f"svhn:{path}")
    savemat(path, {"X": np.zeros((3, 3))})
    with pytest.raises(EdgedigitsError, match="holds no X of"):
        load_dataset(f"svhn:{path}")
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(EdgedigitsError, match=r"SciPy, which is not installed.*\[train\]"):
        load_dataset(f"svhn:{path}")
