"""Labelled lines: files and folders of them, what they are called, and what is read right of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from trained_lines import write_fields

from edgedigits.core.cards import Card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.judging import confusions, lines_to_judge, metrics_by_origin
from edgedigits.core.lines.labelled import (
    Lines,
    learned_and_judged,
    load_fields,
    load_lines,
    save_lines,
    spans_of,
    strips_of,
)
from edgedigits.core.lines.naming import folders_of, is_lines

TEXTS = ("12", "", "907")


@pytest.fixture
def lines() -> Lines:
    random = np.random.default_rng(0)
    strips = tuple(random.integers(0, 256, (32, width), dtype=np.uint8) for width in (40, 7, 288))
    return Lines(strips, TEXTS, ("composed", "composed", "cheques"))


class TestFiles:
    def test_lines_come_back_as_they_were_written(self, lines, tmp_path):
        save_lines(tmp_path / "lines.npz", lines)
        again = load_lines(tmp_path / "lines.npz")
        assert (again.texts, again.origins) == (lines.texts, lines.origins)
        for one, other in zip(again.strips, lines.strips, strict=True):
            np.testing.assert_array_equal(one, other)
        assert again.sha256() == lines.sha256()

    def test_no_lines_come_back_as_none(self, tmp_path):
        save_lines(tmp_path / "lines.npz", Lines((), (), ()))
        assert len(load_lines(tmp_path / "lines.npz")) == 0

    def test_the_sha256_tells_texts_and_pixels_apart(self, lines):
        other = Lines(lines.strips, ("21", "", "907"), lines.origins)
        brighter = Lines((lines.strips[0] | 1, *lines.strips[1:]), lines.texts, lines.origins)
        assert len({lines.sha256(), other.sha256(), brighter.sha256()}) == 3

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(EdgedigitsError, match=r"no lines at .*; train the network again, or copy the file"):
            load_lines(tmp_path / "lines.npz")

    def test_parts_that_do_not_fit(self, lines, tmp_path):
        save_lines(tmp_path / "lines.npz", lines)
        with np.load(tmp_path / "lines.npz") as found:
            parts = dict(found)
        np.savez(tmp_path / "lines.npz", **(parts | {"texts": parts["texts"][1:]}))
        with pytest.raises(EdgedigitsError, match="its parts do not fit"):
            load_lines(tmp_path / "lines.npz")

    @pytest.mark.parametrize("content", [b"", b"no lines", b"PK\x03\x04"], ids=str)
    def test_what_is_no_such_file(self, content, tmp_path):
        (tmp_path / "lines.npz").write_bytes(content)
        with pytest.raises(EdgedigitsError, match="holds no lines"):
            load_lines(tmp_path / "lines.npz")


class TestFields:
    def test_pictures_lie_beside_the_table_or_in_images(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "images").mkdir()
        (folder / "0.png").rename(folder / "images" / "0.png")
        assert [field.text for field in load_fields(folder)] == ["12", "3"]

    def test_even_rows_are_learned_from_and_odd_ones_judge(self, tmp_path):
        fields = load_fields(write_fields(tmp_path / "fields", ("1", "2", "3", "4", "5")))
        learned, judging = learned_and_judged(fields)
        assert [field.text for field in learned] == ["1", "3", "5"]
        assert [field.text for field in judging] == ["2", "4"]

    def test_a_column_of_parts_tells_it_otherwise(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("1", "2", "3"))
        (folder / "truth.csv").write_text("image,text,Part\n0.png,1,test\n1.png,2, train\n2.png,3,train\n")
        learned, judging = learned_and_judged(load_fields(folder))
        assert [field.text for field in learned] == ["2", "3"]
        assert [field.text for field in judging] == ["1"]

    @pytest.mark.parametrize("part", ["", "validation", "Train"])
    def test_a_part_that_there_is_not(self, part, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "truth.csv").write_text(f"image,text,part\n0.png,12,train\n1.png,3,{part}\n")
        with pytest.raises(EdgedigitsError, match=f"has the part '{part}' in line 3; write train or test"):
            load_fields(folder)

    def test_boxes_give_the_ends_of_digits(self):
        assert spans_of("3,1,10,20 15,2,8,20", 2) == ((3, 13), (15, 23))
        assert spans_of("3,1,10,20", 2) == ()
        assert spans_of("3,1,10", 1) == ()
        assert spans_of("left", 1) == ()

    def test_strips_keep_text_and_origin(self, tmp_path):
        found = strips_of(load_fields(write_fields(tmp_path / "fields", ("12", "3"))), "mine")
        assert (found.texts, found.origins) == (("12", "3"), ("mine", "mine"))
        assert all(strip.shape[0] == 32 for strip in found.strips)

    def test_a_truth_with_letters(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "truth.csv").write_text("image,text\n0.png,1O\n")
        with pytest.raises(EdgedigitsError, match="'1O' in line 2, which is not digits"):
            load_fields(folder)

    def test_a_picture_that_is_missing(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "1.png").unlink()
        with pytest.raises(EdgedigitsError, match=r"1\.png"):
            load_fields(folder)

    def test_a_picture_that_is_none(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "1.png").write_text("three")
        with pytest.raises(EdgedigitsError, match=r"1\.png"):
            load_fields(folder)

    def test_a_table_that_lies_beside_the_folder(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12", "3"))
        (folder / "images").mkdir()
        with pytest.raises(EdgedigitsError, match=f"no truth.csv in .*; give the folder of its table: lines:{folder}$"):
            load_fields(folder / "images")

    def test_a_folder_that_there_is_not(self, tmp_path):
        with pytest.raises(EdgedigitsError, match="no folder at"):
            load_fields(tmp_path / "none")

    def test_a_picture_of_40000_columns_is_a_strip_of_the_widest(self, tmp_path):
        folder = write_fields(tmp_path / "fields", ("12",))
        cv2.imwrite(str(folder / "0.png"), np.full((40, 40_000), 200, np.uint8))
        assert strips_of(load_fields(folder), "").strips[0].shape == (32, 288)


class TestNames:
    def test_lines_are_named_alone_or_with_folders(self):
        assert is_lines("lines")
        assert is_lines("lines:a,b")
        assert not is_lines("linesman")
        assert not is_lines("mnist")
        assert [str(path) for path in folders_of("lines:a,b")] == ["a", "b"]
        assert folders_of("lines") == ()

    @pytest.mark.parametrize("spec", ["mnist", "lines:", "lines:a,"])
    def test_names_that_are_none(self, spec):
        with pytest.raises(EdgedigitsError, match="give lines, or lines:FOLDER"):
            folders_of(spec)

    @pytest.mark.parametrize("spec", ["lines", "lines:cheques"])
    def test_they_name_no_data_set_of_digits(self, spec):
        from edgedigits.core.datasets import check_dataset

        with pytest.raises(EdgedigitsError, match=f"'{spec}' names lines, .*edgedigits train --model line"):
            check_dataset(spec)


class TestJudging:
    def test_metrics_are_told_by_origin(self, lines):
        found = metrics_by_origin(lines, ["12", "4", "97"])
        assert {name: (one.count, one.exact) for name, one in found.items()} == {
            "all": (3, pytest.approx(100 / 3)),
            "composed": (2, 50.0),
            "cheques": (1, 0.0),
        }
        assert (found["all"].digits, found["all"].edits) == (5, 2)

    def test_confusions_name_what_was_missed_and_made_up(self, lines):
        found = confusions(lines, ["12", "4", "97"])
        assert set(found) == {("", "4", 1), ("0", "", 1)}
        assert confusions(lines, ["13", "", "903"])[0] == ("2", "3", 1)


class TestLinesToJudge:
    @pytest.fixture
    def card(self, lines, tmp_path) -> Card:
        save_lines(tmp_path / "test_lines.npz", lines)
        known = {"test_sha256": lines.sha256(), "spec": "lines"}
        return Card("tflite", "m.tflite", "", 0, "line", 1, known, 0, {}, {}, contract={"task": "line"})

    def test_its_own_test_lines(self, card, lines, tmp_path):
        assert lines_to_judge(tmp_path / "m.tflite", card).texts == TEXTS
        assert lines_to_judge(tmp_path / "m.tflite", card, "lines").texts == TEXTS[:2]

    def test_odd_rows_of_folders(self, card, tmp_path):
        one = write_fields(tmp_path / "one", ("12", "3", "45", "6"))
        two = write_fields(tmp_path / "two", ("7", "88"))
        found = lines_to_judge(tmp_path / "m.tflite", card, f"lines:{one},{two}")
        assert found.texts == ("3", "6", "88")
        assert found.origins == (str(one), str(one), str(two))

    def test_a_folder_without_odd_rows(self, card, tmp_path):
        folder = write_fields(tmp_path / "one", ("12",))
        with pytest.raises(EdgedigitsError, match="has no odd rows"):
            lines_to_judge(tmp_path / "m.tflite", card, f"lines:{folder}")

    def test_digits(self, card, tmp_path):
        with pytest.raises(EdgedigitsError, match="'mnist' names digits"):
            lines_to_judge(tmp_path / "m.tflite", card, "mnist")
