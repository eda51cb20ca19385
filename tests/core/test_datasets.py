"""Every kind of data set gives the same digits, and every broken file a clear error."""

from __future__ import annotations

import gzip
import http.server
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.datasets import KINDS, MnistUnavailable, load_dataset
from edgedigits.core.datasets.mnist import FILES, can_fetch, load_mnist
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning


@pytest.fixture(scope="module")
def some():
    """Twenty digits that scikit-learn carries."""
    pool = load_dataset("optdigits").pool
    return pool.take(np.arange(20))


def idx_bytes(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return head + array.tobytes()


def rows(digits, *, header: str = "") -> str:
    lines = [f"{label},{','.join(map(str, image.ravel()))}" for image, label in zip(digits.images, digits.labels)]
    return "\n".join(([header] if header else []) + lines) + "\n"


def kaggle_header() -> str:
    return "label," + ",".join(f"pixel{i}" for i in range(784))


def write_every_kind(folder: Path, some) -> dict[str, str]:
    (folder / "plain.csv").write_text(rows(some))
    (folder / "headed.csv").write_text(rows(some, header="label," + ",".join(f"{i}x{i}" for i in range(784))))
    (folder / "train.csv").write_text(rows(some, header=kaggle_header()))
    np.savetxt(folder / "images.csv", some.images.reshape(-1, 784), fmt="%d", delimiter=",")
    np.savetxt(folder / "labels.csv", some.labels, fmt="%d")
    (folder / "images-idx").write_bytes(idx_bytes(some.images))
    (folder / "labels-idx.gz").write_bytes(gzip.compress(idx_bytes(some.labels)))
    np.savez(folder / "digits.npz", x_train=some.images, y_train=some.labels)
    return {
        "csv": f"csv:{folder}/plain.csv",
        "csv with header": f"csv:{folder}/headed.csv",
        "kaggle": f"kaggle:{folder}/train.csv",
        "csv-pair": f"csv-pair:{folder}/images.csv,{folder}/labels.csv",
        "idx": f"idx:{folder}/images-idx,{folder}/labels-idx.gz",
        "npz": f"npz:{folder}/digits.npz",
    }


def test_every_table_format_gives_the_same_digits(tmp_path, some):
    for kind, spec in write_every_kind(tmp_path, some).items():
        pool = load_dataset(spec).pool
        assert pool.sha256() == some.sha256(), kind


def test_every_kind_is_listed_with_how_to_write_it():
    ours, files = {"mnist", "optdigits", "samples"}, {"kaggle", "csv", "csv-pair", "idx", "npz", "folder"}
    assert set(KINDS) == ours | files | {"emnist", "usps", "semeion", "svhn"}
    assert all(kind.spec.split(":")[0] == name for name, kind in KINDS.items())


def test_npz_brings_its_own_test_digits(tmp_path, some):
    np.savez(
        tmp_path / "m.npz", x_train=some.images, y_train=some.labels, x_test=some.images[:5], y_test=some.labels[:5]
    )
    assert len(load_dataset(f"npz:{tmp_path}/m.npz").test) == 5


def test_folder_of_pictures_of_any_size_and_polarity_is_normalised(tmp_path, some):
    for number, (image, label) in enumerate(zip(some.images, some.labels)):
        inside = tmp_path / str(label)
        inside.mkdir(exist_ok=True)
        big = cv2.resize(image, (84, 84), interpolation=cv2.INTER_LINEAR)
        picture = np.pad(big, ((20, 5), (10, 40)))
        cv2.imwrite(str(inside / f"{number}.png"), 255 - picture if number % 2 else picture)
    pool = load_dataset(f"folder:{tmp_path}").pool
    assert sorted(pool.labels) == sorted(some.labels)
    by_label = {
        digit: [image for image, label in zip(some.images, some.labels) if label == digit] for digit in range(10)
    }
    for image, label in zip(pool.images, pool.labels):
        nearest = min(np.abs(image.astype(int) - other).mean() for other in by_label[int(label)])
        assert nearest < 12


def test_optdigits_needs_no_network_and_looks_like_mnist():
    pool = load_dataset("optdigits").pool
    assert len(pool) == 1797
    assert pool.images[:, 0].sum() == 0
    assert pool.images.max(axis=(1, 2)).min() == 255


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no digits"),
        ("7,1,2,3\n", "4 columns, not 785"),
        ("x,y\n" + "1," * 784 + "0\n" + "1,2\n", "2 columns in line 3, not 785"),
        ("1," + "0," * 783 + "abc\n", "'abc', which is no number in line 1, column 785"),
        ("1," + "0," * 783 + "\n", "an empty cell in line 1, column 785"),
        ("11," + "0," * 783 + "0\n", "label 11 in line 1"),
        ("-1," + "0," * 783 + "0\n", "label -1"),
        ("1," + "0," * 783 + "256\n", "0 to 256"),
        ("1," + "0," * 783 + "99999999\n", "99999999"),
        ("1," + "0," * 783 + "9999999999999\n", "9999999999999"),
        ("1," + "0," * 783 + "1.5\n", "the pixel 1.5 in line 1"),
    ],
)
def test_broken_tables_say_what_is_wrong(tmp_path, content, says):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(EdgedigitsError, match=says):
        load_dataset(f"csv:{tmp_path}/bad.csv")


def test_binary_table_is_refused(tmp_path):
    (tmp_path / "bad.csv").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(EdgedigitsError, match="not text"):
        load_dataset(f"csv:{tmp_path}/bad.csv")


def test_kaggles_test_file_is_named(tmp_path):
    (tmp_path / "test.csv").write_text(",".join(f"pixel{i}" for i in range(784)) + "\n")
    with pytest.raises(EdgedigitsError, match=r"no labels.*train\.csv"):
        load_dataset(f"kaggle:{tmp_path}/test.csv")


def test_pair_of_different_lengths_is_refused(tmp_path, some):
    write_every_kind(tmp_path, some)
    (tmp_path / "labels.csv").write_text("1\n2\n")
    with pytest.raises(EdgedigitsError, match="20 images and 2 labels"):
        load_dataset(f"csv-pair:{tmp_path}/images.csv,{tmp_path}/labels.csv")


@pytest.mark.parametrize("cut", [0, 3, 10, 500, -1])
@pytest.mark.parametrize("packed", [False, True])
def test_truncated_idx_is_refused(tmp_path, some, cut, packed):
    whole = idx_bytes(some.images)
    data = gzip.compress(whole)[:cut] if packed else whole[:cut]
    (tmp_path / "i").write_bytes(data)
    (tmp_path / "l").write_bytes(idx_bytes(some.labels))
    with pytest.raises(EdgedigitsError, match=r"cut short|not an IDX"):
        load_dataset(f"idx:{tmp_path}/i,{tmp_path}/l")


def test_swapped_idx_files_are_refused(tmp_path, some):
    (tmp_path / "i").write_bytes(idx_bytes(some.images))
    (tmp_path / "l").write_bytes(idx_bytes(some.labels))
    with pytest.raises(EdgedigitsError, match="images first"):
        load_dataset(f"idx:{tmp_path}/l,{tmp_path}/i")


def test_foreign_npz_is_refused(tmp_path):
    (tmp_path / "m.npz").write_bytes(b"not an archive")
    with pytest.raises(EdgedigitsError, match="not a NumPy archive"):
        load_dataset(f"npz:{tmp_path}/m.npz")
    np.savez(tmp_path / "n.npz", other=np.zeros(3))
    with pytest.raises(EdgedigitsError, match="lacks x_train"):
        load_dataset(f"npz:{tmp_path}/n.npz")


def test_fractions_that_are_no_pixels_are_refused(tmp_path, some):
    np.savez(tmp_path / "f.npz", x_train=some.images / 127.5 - 1, y_train=some.labels)
    with pytest.raises(EdgedigitsError, match="float64 pixels"):
        load_dataset(f"npz:{tmp_path}/f.npz")


def test_digits_without_pictures_and_folders_that_are_no_digits_are_told(tmp_path):
    for place, name in enumerate((*"012345689", "ten", "10")):
        (tmp_path / name).mkdir()
        ground = np.full((60, 60), 200, np.uint8)
        cv2.imwrite(str(tmp_path / name / "a.png"), cv2.circle(ground, (30, 30), 15 + place, 20, 3))
    (tmp_path / "notes").mkdir()  # without pictures
    with pytest.warns(EdgedigitsWarning) as told:
        assert len(load_dataset(f"folder:{tmp_path}").pool) == 9
    missing, ignored = (str(one.message) for one in told)
    assert "has no pictures of 7;" in missing and "no digits, which are ignored: 10, ten;" in ignored


def test_blank_picture_is_named(tmp_path):
    (tmp_path / "3").mkdir()
    cv2.imwrite(str(tmp_path / "3" / "blank.png"), np.full((30, 30), 200, np.uint8))
    with pytest.raises(EdgedigitsError, match=r"blank\.png shows no ink"):
        load_dataset(f"folder:{tmp_path}")


def uneven_light(kind: str, side: int = 80) -> np.ndarray:
    """Paper from grey 150 to 230: a gradient across, aslant, or light that falls off from the middle (cos^4)."""
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    part = {
        "across": (columns + 1) / 2,
        "aslant": (rows + columns + 2) / 4,
        "vignette": (np.cos(np.hypot(rows, columns) * 0.35) ** 4 - 0.6) / 0.4,
    }[kind]
    return 150 + 80 * part + np.random.default_rng(0).normal(0, 2, part.shape)


@pytest.mark.parametrize("kind", ["across", "aslant", "vignette"])
def test_ink_is_found_under_uneven_light(tmp_path, kind):
    for digit, light in (("0", uneven_light(kind)), ("1", np.full((80, 80), 190.0))):
        (tmp_path / digit).mkdir()
        picture = light.round().astype(np.uint8)
        cv2.ellipse(picture, (40, 40), (15, 24), 0, 0, 360, 40, 7)
        cv2.imwrite(str(tmp_path / digit / "a.png"), picture)
    lit, flat = load_dataset(f"folder:{tmp_path}").pool.images
    moved = (np.roll(flat.astype(int), (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1))
    assert min(np.abs(lit - one).mean() for one in moved) < 6  # the centre of mass may be rounded to the next pixel


@pytest.mark.parametrize("kind", ["across", "aslant", "vignette"])
def test_empty_paper_under_uneven_light_is_refused(tmp_path, kind):
    (tmp_path / "3").mkdir()
    cv2.imwrite(str(tmp_path / "3" / "blank.png"), uneven_light(kind).round().astype(np.uint8))
    with pytest.raises(EdgedigitsError, match=r"blank\.png shows no ink"):
        load_dataset(f"folder:{tmp_path}")


WRONG_SPECS = ["minst", "csv", "csv-pair:one.csv", "mnist:path", "csv:nowhere.csv", "folder:nowhere"]


@pytest.mark.parametrize("spec", WRONG_SPECS)
def test_wrong_specs_say_what_to_write(spec):
    with pytest.raises(EdgedigitsError, match=r"choose one of|write it as|check the path"):
        load_dataset(spec)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine without MNIST: empty cache, no data folder."""
    monkeypatch.delenv("EDGEDIGITS_DATA", raising=False)
    monkeypatch.setenv("EDGEDIGITS_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def mirror(tmp_path):
    """A web server on this machine that serves a folder; gives its address and the folder."""
    served = tmp_path / "served"
    served.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(served))

        def log_message(self, *args):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", served
    server.shutdown()
    server.server_close()


def test_mnist_that_cannot_be_had_says_where_to_put_it(nowhere):
    with pytest.raises(MnistUnavailable, match=r"could not be fetched.*EDGEDIGITS_DATA"):
        load_mnist(("http://127.0.0.1:9/",))


def test_mnist_on_a_machine_that_only_reads_digits_is_not_sought_with_tensorflow(nowhere, monkeypatch):
    """[edge] has no pooch; the remedy is first a folder, then the extra that can fetch."""
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MnistUnavailable, match=r"without the package pooch.*edgedigits datasets --data DIR.*\[train\]"):
        load_mnist(("http://127.0.0.1:9/",))
    assert not can_fetch()


def test_mnist_is_fetched_from_the_second_mirror_and_kept(nowhere, mirror, data_folder):
    address, served = mirror
    for name in FILES:
        (served / name).write_bytes((data_folder / "mnist" / name).read_bytes())
    assert len(load_mnist(("http://127.0.0.1:9/", address)).pool) == 60_000
    assert len(load_mnist(()).test) == 10_000


def test_mirror_that_serves_something_else_is_refused(nowhere, mirror):
    address, served = mirror
    for name in FILES:
        (served / name).write_bytes(b"something else")
    with pytest.raises(MnistUnavailable, match="wrong checksum"):
        load_mnist((address,))
    assert not list((nowhere / "cache").rglob("*.gz"))


def test_mnist_file_that_was_changed_is_refused(nowhere, monkeypatch):
    folder = nowhere / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_bytes(b"changed")
    monkeypatch.setenv("EDGEDIGITS_DATA", str(folder.parent))
    with pytest.raises(EdgedigitsError, match=r"sha256.*remove the file"):
        load_dataset("mnist")


def test_transparent_picture_lies_on_white_paper(tmp_path, some):
    (tmp_path / "5").mkdir()
    picture = np.zeros((28, 28, 4), np.uint8)
    picture[..., 3] = some.images[5]
    cv2.imwrite(str(tmp_path / "5" / "a.png"), picture)
    assert np.abs(load_dataset(f"folder:{tmp_path}").pool.images[0].astype(int) - some.images[5]).mean() < 3


def test_an_archive_of_fractions_and_of_labels_in_ten_columns_is_the_same_digits(tmp_path):
    pool = load_dataset("samples").pool.take(range(60))
    columns = np.eye(10, dtype=np.float32)[pool.labels]
    forms = [
        (pool.images, pool.labels),
        (pool.images / np.float32(255), columns),
        (pool.images.astype(np.float64)[..., np.newaxis], pool.labels[:, np.newaxis].astype(np.float32)),
    ]
    for number, (images, labels) in enumerate(forms):
        np.savez(tmp_path / f"{number}.npz", x_train=images, y_train=labels)
        read = load_dataset(f"npz:{tmp_path / str(number)}.npz").pool
        assert np.array_equal(read.images, pool.images)
        assert np.array_equal(read.labels, pool.labels)


def test_an_archive_whose_labels_name_no_digit_or_two_is_refused(tmp_path):
    columns = np.zeros((3, 10), int)
    columns[:, 4] = columns[1, 5] = 1
    np.savez(tmp_path / "a.npz", x_train=np.zeros((3, 28, 28), np.uint8), y_train=columns)
    with pytest.raises(EdgedigitsError, match="one label an image"):
        load_dataset(f"npz:{tmp_path / 'a.npz'}")
