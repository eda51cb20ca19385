"""What ``--force`` does with the files of an earlier export."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hand_made import hand_made_library

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.earlier_export import LIST
from edgedigits.firmware_export.folder import write_files
from edgedigits.firmware_export.targets import TARGETS, LibraryFiles, target_files, write_target

LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]
NEIGHBOURS = list(pairwise([*LIBRARY_TARGETS, LIBRARY_TARGETS[0]]))
BLOBS = {"plain": b"EDGW-plain..", "dsp": b"EDGW-dsp....", "helium": b"EDGW-helium."}


def marked(name: str = "digits", **changed: object) -> LibraryFiles:
    """A library whose C says who made it, as all exported ones do."""
    made = hand_made_library(name)
    mark = "/* Made by edgedigits 1.2.3 */\n"
    return dataclasses.replace(made, header=mark + made.header, source=mark + made.source, **changed)


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path, paths: Iterable[Path]) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in paths}


def exported(target: str, library: LibraryFiles) -> set[str]:
    return {*target_files(target, library), LIST}


class TestOfAnExportWithAList:
    def test_weights_that_the_new_one_has_not_are_removed(self, tmp_path: Path):
        write_target("c", marked(blobs=BLOBS), tmp_path)

        placed = write_target("c", marked(), tmp_path, force=True)

        assert files_of(tmp_path) == exported("c", marked())
        assert not (tmp_path / "weights").exists()
        assert len(names(tmp_path, placed.removed)) == 4

    def test_files_of_another_name_are_removed(self, tmp_path: Path):
        write_target("c", marked("foo"), tmp_path)

        placed = write_target("c", marked(), tmp_path, force=True)

        assert files_of(tmp_path) == exported("c", marked())
        assert {"foo.c", "foo.h", "foo_vectors.h"} < names(tmp_path, placed.removed)

    @pytest.mark.parametrize(("first", "second"), NEIGHBOURS)
    def test_of_another_target_nothing_stays(self, first: str, second: str, tmp_path: Path):
        write_target(first, marked(blobs=BLOBS), tmp_path)
        write_target(second, marked("other"), tmp_path, force=True)

        assert files_of(tmp_path) == exported(second, marked("other"))
        assert not [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())]

    def test_what_was_changed_or_added_stays_and_is_named(self, tmp_path: Path):
        write_target("c", marked(), tmp_path)
        (tmp_path / "main.c").write_text("changed by hand")
        (tmp_path / "serial" / "my_board.c").write_text("mine")

        placed = write_target("arduino", marked(), tmp_path, force=True)

        assert (tmp_path / "main.c").read_text() == "changed by hand"
        assert (tmp_path / "serial" / "my_board.c").read_text() == "mine"
        assert names(tmp_path, placed.stayed) == {"main.c"}

    def test_what_stayed_is_the_users_from_then_on(self, tmp_path: Path):
        write_target("c", marked(), tmp_path)
        (tmp_path / "main.c").write_text("changed by hand")
        write_target("arduino", marked(), tmp_path, force=True)

        with pytest.raises(EdgedigitsError, match=r"main.c is there already.*move it away"):
            write_target("c", marked(), tmp_path, force=True)

        assert (tmp_path / "main.c").read_text() == "changed by hand"

    def test_a_file_of_the_users_own_is_not_replaced(self, tmp_path: Path):
        write_target("c", marked(), tmp_path)
        (tmp_path / "keywords.txt").write_text("mine")

        with pytest.raises(EdgedigitsError, match=r"keywords.txt is there already"):
            write_target("arduino", marked(), tmp_path, force=True)

        assert files_of(tmp_path) == exported("c", marked()) | {"keywords.txt"}

    def test_what_was_removed_by_hand_is_no_matter(self, tmp_path: Path):
        write_target("c", marked("foo"), tmp_path)
        (tmp_path / "foo.c").unlink()

        placed = write_target("c", marked(), tmp_path, force=True)

        assert "foo.c" not in names(tmp_path, placed.removed)
        assert files_of(tmp_path) == exported("c", marked())

    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"exported": {"../x": ""}}', '{"exported": {"/x": ""}}', '{"exported": 1}']
    )
    def test_a_damaged_list_is_told(self, text: str, tmp_path: Path):
        write_target("c", marked(), tmp_path)
        (tmp_path / LIST).write_text(text)

        with pytest.raises(EdgedigitsError, match=r"remove it and run again"):
            write_target("c", marked(), tmp_path, force=True)

        (tmp_path / LIST).unlink()
        write_target("c", marked(), tmp_path, force=True)
        assert files_of(tmp_path) == exported("c", marked())

    def test_the_same_export_removes_nothing(self, tmp_path: Path):
        write_target("c", marked(blobs=BLOBS), tmp_path)
        before = (tmp_path / LIST).read_bytes()

        placed = write_target("c", marked(blobs=BLOBS), tmp_path, force=True)

        assert placed.removed == placed.stayed == ()
        assert (tmp_path / LIST).read_bytes() == before


class TestOfAnExportWithoutAList:
    """As written before there were lists."""

    def test_what_says_so_is_removed_and_the_rest_is_named(self, tmp_path: Path):
        write_target("arduino", marked("foo", blobs=BLOBS), tmp_path)
        (tmp_path / LIST).unlink()
        (tmp_path / "mine.c").write_text("mine")

        placed = write_target("c", marked(), tmp_path, force=True)

        sketch = "examples/ReadDigit/ReadDigit.ino"
        assert names(tmp_path, placed.stayed) == {"library.properties", "keywords.txt", sketch}
        assert files_of(tmp_path) == exported("c", marked()) | names(tmp_path, placed.stayed) | {"mine.c"}

    @pytest.mark.parametrize(("first", "second"), NEIGHBOURS)
    def test_another_target_replaces_it(self, first: str, second: str, tmp_path: Path):
        write_target(first, marked(), tmp_path)
        (tmp_path / LIST).unlink()

        placed = write_target(second, marked(), tmp_path, force=True)

        assert files_of(tmp_path) == exported(second, marked()) | names(tmp_path, placed.stayed)
        assert exported(first, marked()) <= exported(second, marked()) | names(
            tmp_path, (*placed.removed, *placed.stayed)
        )

    def test_arrays_are_removed(self, tmp_path: Path):
        text = "/* Made by `edgedigits export`; do not edit. */\n"
        write_files(tmp_path, {"foo_model.h": text, "foo_model.c": text}, force=False)
        (tmp_path / LIST).unlink()

        write_target("c", marked(), tmp_path, force=True)

        assert files_of(tmp_path) == exported("c", marked())

    def test_c_files_of_others_are_not_looked_at(self, tmp_path: Path):
        for name in ("mine.c", "mine.h", "mine_model.c", "main.c"):
            (tmp_path / name).write_text("mine")

        with pytest.raises(EdgedigitsError, match="no export was written into"):
            write_target("c", marked(), tmp_path, force=True)

        assert files_of(tmp_path) == {"mine.c", "mine.h", "mine_model.c", "main.c"}
