"""Tables as people have them give the digits that are in them, or an error that says what stands where."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.datasets import Digits, load_dataset, split_dataset, stratified_sample
from edgedigits.core.errors import EdgedigitsError, EdgedigitsWarning

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 5\n"


@pytest.fixture(scope="module")
def some() -> Digits:
    """Forty digits that scikit-learn carries, in no order."""
    pool = load_dataset("optdigits").pool
    return pool.take(stratified_sample(pool.labels, 40, seed=2))


def table(digits: Digits) -> np.ndarray:
    return np.column_stack([digits.labels.astype(int), digits.images.reshape(len(digits), -1)])


def text(rows: np.ndarray, separator: str = ",", form: str = "{:g}", header: str = "") -> str:
    lines = [separator.join(form.format(value) for value in row) for row in rows]
    return "\n".join(([header] if header else []) + lines) + "\n"


def loaded(folder: Path, content: str | bytes, name: str = "digits.csv", words: str = "") -> Digits:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return load_dataset(f"csv:{folder}/{name}{words}").pool


PIXEL_NAMES = ",".join(f"pixel{number}" for number in range(784))
NUMBERS = ",".join(str(number) for number in range(785))


def last(rows: np.ndarray) -> np.ndarray:
    return np.roll(rows, -1, axis=1)


def indexed(rows: np.ndarray, start: int = 0) -> np.ndarray:
    return np.column_stack([np.arange(start, start + len(rows)), rows])


@pytest.mark.parametrize(
    "write",
    [
        lambda rows: text(rows, ";"),
        lambda rows: text(rows, "\t"),
        lambda rows: text(rows, " "),
        lambda rows: "\ufeff" + text(rows),
        lambda rows: ("\ufeff" + text(rows, "\t")).encode("utf-16-le"),
        lambda rows: text(rows, form='"{:g}"'),
        lambda rows: text(rows, form="{:.1f}"),
        lambda rows: text(rows, form=" {:g} "),
        lambda rows: text(rows).replace("\n", "\r\n\r\n"),
        lambda rows: gzip.compress(text(rows).encode()),
        lambda rows: text(rows, header=f"label,{PIXEL_NAMES}"),
        lambda rows: text(rows, header=f"Class,{PIXEL_NAMES}"),
        lambda rows: text(rows, header=NUMBERS),
        lambda rows: text(last(rows), header=f"{PIXEL_NAMES},target"),
        lambda rows: text(last(rows), header=NUMBERS.replace("784", "label")),
        lambda rows: text(np.insert(rows[:, 1:], 3, rows[:, 0], axis=1), header=PIXEL_NAMES.replace("l2,", "l2,y,", 1)),
        lambda rows: text(indexed(rows)),
        lambda rows: text(indexed(rows, 1)),
        lambda rows: text(indexed(rows), header=f",label,{PIXEL_NAMES}"),
        lambda rows: text(indexed(rows), header="," + NUMBERS),
        lambda rows: text(indexed(last(rows)), header=f"id,{PIXEL_NAMES},y"),
        lambda rows: text(indexed(np.flipud(rows)[::-1]), header=f"id,label,{PIXEL_NAMES}"),
    ],
)
def test_tables_of_any_usual_form_give_the_same_digits_without_a_word(tmp_path, some, write):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loaded(tmp_path, write(table(some))).sha256() == some.sha256()


@pytest.mark.parametrize("separator", [",", ";"])
def test_fractions_of_0_to_1_are_pixels_of_0_to_255(tmp_path, some, separator):
    rows = table(some).astype(float)
    rows[:, 1:] /= 255
    written = text(rows, separator, "{:.6f}")
    assert loaded(tmp_path, written if separator == "," else written.replace(".", ",")).sha256() == some.sha256()


def test_black_and_white_of_0_and_1_are_0_and_255(tmp_path, some):
    rows = table(some)
    rows[:, 1:] = rows[:, 1:] > 127
    assert np.array_equal(loaded(tmp_path, text(rows)).images == 255, some.images > 127)


def test_a_label_in_the_last_column_is_found_and_told_of(tmp_path, some):
    with pytest.warns(EdgedigitsWarning, match="labels are taken from the last column"):
        assert loaded(tmp_path, text(last(table(some)))).sha256() == some.sha256()
    with pytest.warns(EdgedigitsWarning, match="labels are taken from the last column"):
        assert loaded(tmp_path, text(indexed(last(table(some)), 1))).sha256() == some.sha256()


def test_which_column_is_meant_can_be_said(tmp_path, some):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loaded(tmp_path, text(last(table(some))), words="+label-last").sha256() == some.sha256()
        assert loaded(tmp_path, text(table(some)), words="+label-first").sha256() == some.sha256()


def test_two_columns_that_could_be_labels_are_an_error_that_says_how_to_settle_it(tmp_path, some):
    rows = table(some)
    rows[:, -1] = np.arange(len(rows)) % 10
    with pytest.raises(EdgedigitsError, match=r"in the first column or in the last; .*\+label-first or \+label-last"):
        loaded(tmp_path, text(rows))
    assert loaded(tmp_path, text(rows), words="+label-first").labels.tolist() == some.labels.tolist()


@pytest.mark.parametrize("digit", [0, 7])
def test_one_class_only_is_said_and_never_learned(tmp_path, some, digit):
    rows = table(some)
    rows[:, 0] = digit
    with pytest.raises(EdgedigitsError, match=f"nearly all lines have {digit} and 0, one class only"):
        loaded(tmp_path, text(rows))
    loaded(tmp_path, text(rows, header=f"label,{PIXEL_NAMES}"))
    with pytest.raises(EdgedigitsError, match=f"one class only to train on, the digit {digit}"):
        split_dataset(load_dataset(f"csv:{tmp_path}/digits.csv"))


def test_most_of_one_digit_are_still_labels(tmp_path, some):
    rows = table(some)
    rows[4:, 0] = rows[4, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert loaded(tmp_path, text(rows), words="+as-is").labels.tolist() == rows[:, 0].tolist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [*lines[:4], lines[4].replace(",", ";", 1), *lines[5:]], "784 columns in line 5, not 785"),
        (lambda lines: ["label," + PIXEL_NAMES, *lines[:2], "3" + ",0" * 783, *lines], "784 columns in line 4"),
        (
            lambda lines: ["label," + PIXEL_NAMES, "", lines[0], "3,x" + ",0" * 783],
            "'x', which is no number in line 4, c",
        ),
        (
            lambda lines: ["label," + PIXEL_NAMES, *lines, "3,nan" + ",0" * 783],
            "'nan', which is no number in line 42, co",
        ),
        (lambda lines: [line.partition(",")[2] for line in lines], "784 columns: pixels, and no label; add"),
        (lambda lines: [line + ",1,2" for line in lines], "787 columns, not 785"),
        (lambda lines: [line + ",8" for line in lines], "one more than a label and 784 pixels, and none that counts"),
        (lambda lines: ["11" + line[1:] for line in lines], r"neither in the first column \(11 in line 1\)"),
        (lambda lines: [*lines, "3" + ",0.5" * 784], "the pixel 0.5 in line 41, of pixels from 0 to 255"),
        (lambda lines: [*lines, "3" + ",-0.5" * 784], "the pixel -0.5 in line 41, of pixels from -0.5 to 255"),
        (lambda lines: ["label,digit," + PIXEL_NAMES[7:], *lines], "more than one column of labels: label and digit"),
        (lambda lines: ["label," + PIXEL_NAMES, *lines, "3.5" + ",0" * 784], "the label 3.5 in line 42"),
        (lambda lines: ["label," + PIXEL_NAMES, *lines, "10" + ",0" * 784], "the label 10 in line 42; .* 0 and not 10"),
        (lambda lines: ["label," + PIXEL_NAMES], "holds no digits"),
        (lambda lines: ["", ""], "holds no digits"),
    ],
)
def test_what_is_wrong_is_said_with_where_it_stands(tmp_path, some, change, says):
    with pytest.raises(EdgedigitsError, match=says):
        loaded(tmp_path, "\n".join(change(text(table(some)).splitlines())))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (POINTER, "Git LFS pointer.*git lfs pull"),
        (b"PK\x03\x04 and so on", "ZIP archive; unpack it"),
        (gzip.compress(b"1,2,3\n" * 5000, mtime=0)[:12], "cut short or damaged"),
        (b"1,\xff\xfe\xfd\n", "not text"),
    ],
    ids=["pointer", "archive", "cut", "binary"],
)
def test_files_that_are_no_tables_are_told_apart(tmp_path, content, says):
    with pytest.raises(EdgedigitsError, match=says):
        loaded(tmp_path, content)


@pytest.mark.parametrize("name", ["digits.csv", "digits.csv.gz"])
def test_a_table_without_its_kind_is_recognised(tmp_path, some, name):
    (tmp_path / name).write_text(text(table(some)))
    with pytest.raises(EdgedigitsError, match=f"did you mean csv:{tmp_path}/{name}"):
        load_dataset(f"{tmp_path}/{name}")


@pytest.mark.parametrize(("name", "spec"), [("a.npz", "npz:{0}"), ("a", "idx:{0},{0}"), ("a.csv", "kaggle:{0}")])
def test_pointers_of_git_lfs_are_called_so_whatever_they_stand_for(tmp_path, name, spec):
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(EdgedigitsError, match="Git LFS pointer"):
        load_dataset(spec.format(tmp_path / name))


def test_pairs_may_have_headers_and_columns_that_count(tmp_path, some):
    images, labels = some.images.reshape(len(some), -1), some.labels[:, np.newaxis]
    (tmp_path / "i.csv").write_text(text(indexed(images), ";", header=";" + PIXEL_NAMES.replace(",", ";")))
    (tmp_path / "l.csv.gz").write_bytes(gzip.compress(text(indexed(labels, 1), header="id,label").encode()))
    assert load_dataset(f"csv-pair:{tmp_path}/i.csv,{tmp_path}/l.csv.gz").pool.sha256() == some.sha256()


def test_the_case_with_its_label_last_is_read_as_it_is(data_folder):
    path = data_folder / "cases" / "datasets" / "label_last.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with pytest.warns(EdgedigitsWarning, match="labels are taken from the last column"):
        pool = load_dataset(f"csv:{path}").pool
    assert len(pool) == 200
    assert len(np.unique(pool.labels)) == 10


def test_the_case_in_emnists_order_is_noticed(data_folder):
    path = data_folder / "cases" / "datasets" / "emnist_order.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    with pytest.raises(EdgedigitsError, match="--orientation transposed"):
        load_dataset(f"csv:{path}")
    assert len(load_dataset(f"csv:{path}+transposed").pool) == 300
