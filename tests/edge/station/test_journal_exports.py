"""A journal as CSV, as Parquet, and as data sets that the trainings take."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from journal_pieces import NOON, picture, piece, rejected

from edgedigits.core.datasets import load_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.labelled import load_fields
from edgedigits.edge.station.journal.exporting import HEAD, check_pyarrow, export_journal
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.labelled import export_labelled
from edgedigits.edge.station.journal.read_only import last_results

BOXES = ((10, 10, 20, 40), (60, 12, 24, 36), (110, 10, 6, 40))


def written(digits: int = 3) -> np.ndarray:
    """A crop with a dark bar in each of the boxes."""
    crop = picture()
    for x, y, width, height in BOXES[:digits]:
        crop[y + 4 : y + height - 4, x + 2 : x + width - 2] = 20
    return crop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal with an accepted piece, a labelled one, one that nobody can read, a keyed one, and one that waits."""
    folder = tmp_path / "journal"
    journal = Journal(folder)
    journal.add(piece("accepted"), picture())
    journal.add(rejected("labelled"), written(), boxes=BOXES)
    journal.add(rejected("unreadable"), picture())
    journal.hold(rejected("keyed"), picture(), NOON + 10)
    journal.hold(rejected("waiting"), None, NOON + 10)
    journal.key("keyed", "0123", "bob", NOON + 2)
    journal.key("labelled", "171", "ann", NOON + 60)
    journal.key("unreadable", "", "ann", NOON + 61)
    journal.close()
    return folder


def needs_pyarrow() -> None:
    try:
        check_pyarrow()
    except EdgedigitsError as error:
        pytest.skip(str(error))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_every_piece_in_the_order_of_its_event(folder: Path, tmp_path: Path):
    done = export_journal(folder, tmp_path / "pieces.csv")
    rows = rows_of(done.out)
    assert [(row["sequence"], row["id"]) for row in rows] == [
        *(("1", "accepted"), ("2", "labelled"), ("3", "unreadable"), ("4", "keyed"), ("", "waiting"))
    ]
    assert (done.pieces, done.labelled) == (5, 3)


def test_csv_has_all_that_is_known_of_a_piece(folder: Path, tmp_path: Path):
    export_journal(folder, tmp_path / "pieces.csv")
    row = rows_of(tmp_path / "pieces.csv")[3]
    assert tuple(row) == HEAD
    assert json.loads(row.pop("alternatives")) == [["48000", 0.9975], ["4800", 0.0025]]
    assert row == {
        **{"sequence": "4", "id": "keyed", "station": "hall", "code": "0123", "outcome": "keyed", "why": "", "bin": ""},
        **{"entered": "2026-11-30T11:59:59.500Z", "decided": "2026-11-30T12:00:02.000Z", "latency_ms": "125.0"},
        **{"confidence": "1.0", "frames": "4", "model": "c0ffee", "person": "bob"},
        **{"crop": "crops/2026-11-30/keyed.png", "label": "0123", "labelled_by": "bob", "live": "true"},
        "labelled": "2026-11-30T12:00:02.000Z",
    }


def test_a_piece_that_nobody_can_read_has_a_label_without_a_code(folder: Path, tmp_path: Path):
    export_journal(folder, tmp_path / "pieces.csv")
    rows = {row["id"]: (row["label"], row["labelled_by"], row["live"]) for row in rows_of(tmp_path / "pieces.csv")}
    assert rows["unreadable"] == ("", "ann", "false")
    assert rows["accepted"] == ("", "", "")


def test_parquet_has_the_same_with_types(folder: Path, tmp_path: Path):
    needs_pyarrow()
    from pyarrow import parquet

    export_journal(folder, tmp_path / "pieces.parquet")
    table = parquet.read_table(tmp_path / "pieces.parquet")
    assert tuple(table.column_names) == HEAD
    keyed, waiting = table.to_pylist()[3:]
    assert keyed["decided"] == datetime.fromtimestamp(NOON + 2, UTC)
    assert keyed["alternatives"][1] == {"code": "4800", "probability": 0.0025}
    assert (keyed["sequence"], keyed["label"], keyed["live"]) == (4, "0123", True)
    assert (waiting["sequence"], waiting["label"], waiting["live"]) == (None, None, None)


@pytest.mark.parametrize("name", ["pieces.csv", "pieces.parquet"])
def test_a_table_that_is_there_is_replaced_only_by_force(folder: Path, tmp_path: Path, name: str):
    if name.endswith("parquet"):
        needs_pyarrow()
    out = tmp_path / name
    out.write_text("old")
    with pytest.raises(EdgedigitsError, match="exists; choose another --out"):
        export_journal(folder, out)
    assert out.read_text() == "old"
    export_journal(folder, out, force=True)
    assert out.stat().st_size > 500


def test_a_table_of_another_kind_is_refused(folder: Path, tmp_path: Path):
    with pytest.raises(EdgedigitsError, match=r"let its name end in \.csv or \.parquet"):
        export_journal(folder, tmp_path / "pieces.xlsx")


def test_a_journal_that_ends_in_damage_leaves_no_half_table(folder: Path, tmp_path: Path):
    journal = Journal(folder, durable=False)
    for number in range(2000):
        journal.add(piece(f"piece-{number}"), None)
    journal.close()
    file = folder / "journal.sqlite"
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xa5" * (file.stat().st_size // 2))
    with pytest.raises(EdgedigitsError, match="is damaged"):
        export_journal(folder, tmp_path / "pieces.csv")
    assert not list(tmp_path.glob("*pieces*"))
    assert not list(tmp_path.glob(".*.csv"))


def test_the_station_may_write_while_a_table_is_made(folder: Path, tmp_path: Path):
    journal = Journal(folder)
    journal.add(piece("new"), None)
    assert export_journal(folder, tmp_path / "pieces.csv").pieces == 6
    journal.add(piece("newer"), None)
    assert journal.last_sequence() == 6
    journal.close()


def test_exporting_changes_nothing_in_the_journal(folder: Path, tmp_path: Path):
    before = (folder / "journal.sqlite").read_bytes()
    export_journal(folder, tmp_path / "pieces.csv")
    export_labelled(folder, tmp_path / "labelled")
    assert (folder / "journal.sqlite").read_bytes() == before


def test_a_file_that_was_set_aside_can_be_read(folder: Path):
    aside = (folder / "journal.sqlite").rename(folder / "journal-set-aside-2026.sqlite")
    assert [result.id for result in last_results(aside, 1)] == ["keyed"]


def test_a_folder_without_a_journal_is_said_and_stays_without(tmp_path: Path):
    with pytest.raises(EdgedigitsError, match="no journal at"):
        last_results(tmp_path, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "said"), [("a text\n" * 300, "is damaged"), ("", "is no journal of edgedigits")])
def test_a_file_that_is_no_journal_is_said_and_stays_as_it_is(tmp_path: Path, text: str, said: str):
    (tmp_path / "journal.sqlite").write_text(text)
    with pytest.raises(EdgedigitsError, match=said):
        last_results(tmp_path, 1)
    assert (tmp_path / "journal.sqlite").read_text() == text


def test_labelled_pieces_are_lines_to_learn_from(folder: Path, tmp_path: Path):
    done = export_labelled(folder, tmp_path / "lines")
    lines = load_fields(tmp_path / "lines")
    assert [line.text for line in lines] == ["171", "0123"]
    assert lines[0].spans == ((10, 30), (60, 84), (110, 116))
    assert np.array_equal(lines[0].grey, written()[..., 0])
    assert (done.pieces, done.pictures) == (2, 2)
    assert done.left_out == {"nobody could read it": 1}


def test_truth_says_which_piece_each_line_is(folder: Path, tmp_path: Path):
    export_labelled(folder, tmp_path / "lines")
    rows = rows_of(tmp_path / "lines" / "truth.csv")
    assert [(row["image"], row["text"], row["piece"]) for row in rows] == [
        *(("line-000001.png", "171", "labelled"), ("line-000002.png", "0123", "keyed"))
    ]


def test_digits_of_pieces_with_boxes_are_a_folder_to_learn_from(folder: Path, tmp_path: Path):
    done = export_labelled(folder, tmp_path / "digits", "folder")
    with pytest.warns(UserWarning, match="has no pictures of"):
        digits = load_dataset(f"folder:{tmp_path / 'digits'}").pool
    assert digits is not None
    assert digits.labels.tolist() == [1, 1, 7]
    assert done.left_out == {"nobody could read it": 1, "no box for each of its digits": 1}


def test_a_digit_is_cut_out_with_some_ground_around_it(folder: Path, tmp_path: Path):
    export_labelled(folder, tmp_path / "digits", "folder")
    (seven,) = (tmp_path / "digits" / "7").iterdir()
    cut = cv2.imread(str(seven))
    assert cut.shape == (46, 34, 3)
    assert np.array_equal(cut, written()[7:53, 55:89])


def test_a_label_of_another_length_than_the_boxes_gives_no_digits(folder: Path, tmp_path: Path):
    journal = Journal(folder)
    journal.add(rejected("longer"), written(), boxes=BOXES)
    journal.key("longer", "1711", "ann", NOON)
    journal.close()
    with_it = export_labelled(folder, tmp_path / "digits", "folder")
    assert (with_it.pieces, with_it.left_out["no box for each of its digits"]) == (1, 2)


def test_a_piece_whose_picture_is_gone_is_left_out_and_counted(folder: Path, tmp_path: Path):
    (folder / "crops" / "2026-11-30" / "keyed.png").unlink()
    done = export_labelled(folder, tmp_path / "lines")
    assert done.pieces == 1
    assert done.left_out == {"nobody could read it": 1, "its picture is not kept": 1}


@pytest.mark.parametrize("content", [b"", b"no picture", "half"])
def test_a_damaged_picture_is_left_out_and_counted(folder: Path, tmp_path: Path, content):
    path = folder / "crops" / "2026-11-30" / "keyed.png"
    path.write_bytes(path.read_bytes()[:100] if content == "half" else content)
    done = export_labelled(folder, tmp_path / "lines")
    assert done.pieces == 1
    assert done.left_out == {"nobody could read it": 1, "its picture is damaged": 1}


def test_a_data_set_is_replaced_by_force(folder: Path, tmp_path: Path):
    for kind in ("lines", "folder", "lines"):
        export_labelled(folder, tmp_path / "out", kind, force=True)  # type: ignore[arg-type]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images", "truth.csv"]
    with pytest.raises(EdgedigitsError, match="not empty"):
        export_labelled(folder, tmp_path / "out")


def test_nothing_labelled_is_said_and_leaves_no_folder(tmp_path: Path):
    Journal(tmp_path / "journal").close()
    with pytest.raises(EdgedigitsError, match=r"no labelled piece in .* label some on the station's page first"):
        export_labelled(tmp_path / "journal", tmp_path / "lines")
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]


def test_the_journal_itself_is_not_replaced(folder: Path):
    with pytest.raises(EdgedigitsError):
        export_labelled(folder, folder, force=True)
    assert (folder / "journal.sqlite").exists()


def test_parquet_without_its_package_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(EdgedigitsError, match=r"Parquet needs pyarrow .* write \.csv"):
        export_journal(folder, tmp_path / "pieces.parquet")
    assert not (tmp_path / "pieces.parquet").exists()
