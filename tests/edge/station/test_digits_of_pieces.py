"""Single digits of the pieces that people keyed: from the belt to a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset
from edgedigits.core.lines.labelled import load_fields
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.source import SimulatedMail
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.calibration.calibrating import NEVER
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.labelled import export_labelled
from edgedigits.edge.station.keeping import Keeper
from edgedigits.edge.station.opening import open_reader
from edgedigits.edge.station.pieces.deciding import Decider
from edgedigits.edge.station.pieces.watching import Watch

RATE = 30


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of easy mail of which nothing was accepted, and all was keyed as it stands on the pieces."""
    folder = tmp_path_factory.mktemp("keyed") / "journal"
    reader = open_reader(ReadingSettings(), Path())
    watch = Watch(reader.codes, lambda: Decider(NEVER))
    journal = Journal(folder, durable=False)
    keeper = Keeper(journal, Alarms(), "north", reader.model, reader.bin_of)
    kept: list[str] = []
    source = SimulatedMail(BeltPlan(level="easy", seed=3, pieces=6, frames_in_view=10))
    with source:
        for index, frame in enumerate(source):
            kept += [keeper.keep(piece, 0.0, 0.0, 0.0).id for piece in watch.look(frame, index / RATE)]
        codes = [piece.code for piece in source.passed]
    for piece, code in zip(kept, codes, strict=True):
        journal.key(piece, code, "ann", 0.0)
    journal.close()
    return folder


@pytest.mark.filterwarnings("ignore:.*has no pictures of")
def test_keyed_pieces_are_digits_to_learn_from_with_their_labels(keyed: Path, tmp_path: Path):
    done = export_labelled(keyed, tmp_path / "digits", "folder")
    digits = load_dataset(f"folder:{done.folder}").pool
    assert digits is not None
    assert done.pieces >= 4
    assert len(digits.labels) == done.pictures == 5 * done.pieces
    assert digits.images.shape[1:] == (28, 28)
    read = DigitModel(bundled_model()).probabilities(digits.images).argmax(axis=1)
    assert np.mean(read == digits.labels) >= 0.9


def test_lines_say_where_their_digits_stand(keyed: Path, tmp_path: Path):
    export_labelled(keyed, tmp_path / "lines")
    boxed = [line for line in load_fields(tmp_path / "lines") if line.spans]
    assert len(boxed) >= 4
    for line in boxed:
        assert len(line.spans) == len(line.text) == 5
        assert list(line.spans) == sorted(line.spans)
        assert line.spans[0][0] >= 0 and line.spans[-1][1] <= line.grey.shape[1]
