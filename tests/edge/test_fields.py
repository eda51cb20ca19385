"""Fields of known text: how the share that is read exactly is measured, and what it is on real cheques."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.truth import Field, read_truth, truth_of
from edgedigits.core.statistics.edits import differences
from edgedigits.edge.fields import measure_fields
from edgedigits.edge.reading.pictures import load_image
from edgedigits.edge.reading.reader import DigitReader

# Constants of the reader were chosen on the rows with even numbers.
LEAST_EXACT = 0.55
LEAST_EXACT_OF_SUBSET = 0.57
LEAST_DIGITS_OF_SUBSET = 0.83


def truth(folder, content):
    path = folder / "truth.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_differences_are_the_fewest_edits():
    assert list(differences("1234", "1234")) == []
    assert list(differences("1234", "1734")) == [("2", "7")]
    assert list(differences("1234", "134")) == [("2", "")]
    assert list(differences("100", "1000")) == [("", "0")]
    assert len(list(differences("12345", ""))) == 5


def test_a_subset_of_the_cheque_fields_is_read(reader: DigitReader, data_folder):
    """270 fields, half of them from the rows that nothing was chosen on."""
    folder = data_folder / "cheques"

    chosen = measure_fields(reader, folder / "images", folder / "truth.csv", rows=slice(0, None, 8))
    held_back = measure_fields(reader, folder / "images", folder / "truth.csv", rows=slice(1, None, 8))

    assert chosen.fields == held_back.fields == 135
    assert (chosen.exact + held_back.exact) / 2 >= LEAST_EXACT_OF_SUBSET
    assert (chosen.digits_right + held_back.digits_right) / 2 >= LEAST_DIGITS_OF_SUBSET


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1], ids=["chosen on", "held back"])
def test_at_least_half_of_the_cheque_fields_are_read_exactly(reader: DigitReader, data_folder, half):
    folder = data_folder / "cheques"

    result = measure_fields(reader, folder / "images", folder / "truth.csv", rows=slice(half, None, 2))

    assert result.fields == 540
    assert result.exact >= LEAST_EXACT
    assert result.exact_of_accepted > result.exact_guess >= result.exact


def test_a_result_counts_what_it_read(reader: DigitReader, mnist_training_digits, tmp_path):
    images, labels = mnist_training_digits
    line = np.hstack([np.pad(image, 6) for image in images[20:24]])
    cv2.imwrite(str(tmp_path / "line.png"), 255 - cv2.resize(line, None, fx=2, fy=2))
    text = "".join(str(label) for label in labels[20:24])
    wrong = text[:-1] + str((int(text[-1]) + 1) % 10)
    calls = []

    result = measure_fields(
        reader, tmp_path, truth(tmp_path, f"image,text\nline.png,{text}\nline.png,{wrong}\n"), progress=calls.append
    )

    assert (result.fields, result.exact, result.digits, result.digits_right) == (2, 0.5, 8, 1 - 1 / 8)
    assert result.confusions == ((wrong[-1], text[-1], 1),)
    assert result.failures == (("line.png", wrong, text),)
    assert [(row.length, row.fields, row.exact) for row in result.by_length] == [(4, 2, 1)]
    assert result.model_sha256 == sha256_of(reader.model.path)
    assert calls == [1, 2]


def test_digits_in_two_lines_are_read_on_and_made_up_ones_do_not_make_a_share_below_zero(
    reader: DigitReader, mnist_training_digits, tmp_path
):
    images, labels = mnist_training_digits
    lines = [np.hstack([np.pad(image, 6) for image in images[start : start + 4]]) for start in (20, 24)]
    page = np.vstack([np.pad(line, ((0, 40), (0, 0))) for line in lines])
    cv2.imwrite(str(tmp_path / "page.png"), 255 - cv2.resize(page, None, fx=2, fy=2))
    text = "".join(str(label) for label in labels[20:28])
    assert "\n" in reader.read(load_image(tmp_path / "page.png")).text

    whole = measure_fields(reader, tmp_path, truth(tmp_path, f"image,text\npage.png,{text}\n"))
    assert (whole.exact, whole.exact_guess, whole.character_error_rate, whole.confusions) == (1, 1, 0, ())

    first = measure_fields(reader, tmp_path, truth(tmp_path, f"image,text\npage.png,{text[0]}\n"))
    assert (first.digits, first.character_error_rate, first.digits_right) == (1, 7, 0)
    assert {one[0] for one in first.confusions} == {""}
    assert set("".join(one[1] for one in first.confusions)) <= set("0123456789")
    assert first.failures == (("page.png", text[0], text),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,label\na.png,12\n", "no column text"),
        ("", "is empty"),
        ("a.png,12\nb.png,3\n", "no column image and no column text: its first line names a.png, 12; let"),
        ("image,text\n", "no rows"),
        ("image,text\na.png,12\nb.png,1O2\n", "'1O2' in line 3"),
        ("image,text\na.png,\n", "no text in line 2, and so no digits; write the digits that stand on the picture"),
        ("image,text\na.png\n", "no text in line 2, and so no digits"),
        ("image,text\na.png,1,234\n", "more cells in line 2 than columns"),
        ("image,text\n,12\n", "names no image in line 2"),
    ],
)
def test_a_malformed_truth_file_is_refused(tmp_path, content, message):
    with pytest.raises(EdgedigitsError, match=message):
        read_truth(truth(tmp_path, content))


def test_a_truth_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_bytes(b"image,text\n\xff\xfe\x00,12\n")
    with pytest.raises(EdgedigitsError, match=r"not a CSV file in UTF-8 .*; save it as CSV in UTF-8"):
        read_truth(path)


@pytest.mark.parametrize(
    "content",
    [
        "image,text\na.png,12\nb.png,3\n",
        "\ufeffimage;text\r\na.png;12\r\nb.png;3\r\n",
        "text\timage\n12\ta.png\n3\tb.png\n",
        "Image, Text\na.png, 12\n\nb.png, 3\n",
        'id,"image",note,"text",\n0,"a.png","x, y",12,\n1,b.png,,3,\n',
    ],
    ids=["commas", "semicolons and a mark", "tabs", "spaces and capitals", "other columns"],
)
def test_tables_of_spreadsheets_are_read(tmp_path, content):
    assert read_truth(truth(tmp_path, content)) == [Field("a.png", "12"), Field("b.png", "3")]


def test_the_table_of_a_folder_lies_in_it_or_beside_it(tmp_path, monkeypatch):
    (tmp_path / "fields" / "images").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "fields")
    with pytest.raises(EdgedigitsError, match=r"no truth.csv in \. or beside it; name the CSV file .* by --truth FILE"):
        truth_of(".")
    (tmp_path / "truth.csv").touch()
    assert truth_of(".").samefile(tmp_path / "truth.csv")
    assert truth_of(tmp_path / "fields") == tmp_path / "truth.csv"
    (tmp_path / "fields" / "truth.csv").touch()
    assert truth_of(tmp_path / "fields") == tmp_path / "fields" / "truth.csv"
    assert truth_of(tmp_path / "fields" / "images") == tmp_path / "fields" / "truth.csv"
    assert truth_of("images", "other.csv") == Path("other.csv")


def test_a_folder_of_fields_that_is_none(tmp_path):
    with pytest.raises(EdgedigitsError, match=r"no folder at .*none; give the folder with the pictures"):
        truth_of(tmp_path / "none", "truth.csv")
    with pytest.raises(EdgedigitsError, match=r"truth\.csv is a file, and a folder of pictures is wanted"):
        truth_of(truth(tmp_path, "image,text\n"))
    with pytest.raises(EdgedigitsError, match="is a folder, and a table is wanted; name the CSV file in it"):
        read_truth(tmp_path)


def test_a_missing_truth_file_and_a_missing_picture_are_refused(reader: DigitReader, tmp_path):
    with pytest.raises(EdgedigitsError, match="no truth file"):
        measure_fields(reader, tmp_path, tmp_path / "truth.csv")
    rows = "".join(f"{number}.png,12\n" for number in range(7))
    with pytest.raises(
        EdgedigitsError, match=r"6 of the 7 pictures that .*truth\.csv names are not in .*: 1\.png, .*1 more"
    ):
        (tmp_path / "0.png").touch()
        measure_fields(reader, tmp_path, truth(tmp_path, f"image,text\n{rows}"))


def test_rows_that_are_not_there_are_refused(reader: DigitReader, tmp_path):
    with pytest.raises(EdgedigitsError, match="none of the 1 rows"):
        measure_fields(reader, tmp_path, truth(tmp_path, "image,text\na.png,12\n"), rows=slice(5, None))
