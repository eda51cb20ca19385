"""What the built-in line network reads of simulated code fields: ordinary hands well, the unusual hand badly."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.lines.allowed import from_forms
from edgedigits.core.pretrained.bundled import bundled_line_model
from edgedigits.edge.reading.line_reader import LineReader
from edgedigits.edge.recordings.mail.belt import Belt, BeltPlan
from edgedigits.edge.recordings.mail.pieces import MailPiece

PIECES = 60


@pytest.fixture(scope="module")
def reader() -> LineReader:
    return LineReader(bundled_line_model(), allowed=from_forms([r"\d{5}"]))


@pytest.fixture(scope="module")
def written(data_folder):
    digits = split_dataset(load_dataset("mnist"), "default").validation
    return digits.images, digits.labels


def read_share(reader: LineReader, written, level: str, hand: str) -> float:
    """Share of the code fields whose likeliest text is the code that is written there."""
    pieces: list[MailPiece] = []
    right = 0
    belt = Belt(*written, BeltPlan(level, 1, PIECES, hand, frames_in_view=3))
    for frame, picture in enumerate(belt.frames(pieces.append)):
        for piece in pieces[-8:]:
            if frame == piece.first_whole and piece.code:
                x, y, wide, high = piece.field_at(frame)
                reading = reader.read(np.ascontiguousarray(picture[y : y + high, x : x + wide]))
                right += any(text.alternatives[0][0] == piece.code for text in reading.texts if text.alternatives)
    return right / PIECES


@pytest.fixture(scope="module")
def ordinary(reader, written) -> float:
    return read_share(reader, written, "ordinary", "any")


def test_most_codes_of_an_ordinary_belt_are_read_and_fewer_of_an_unusual_hand(ordinary, reader, written):
    unusual = read_share(reader, written, "ordinary", "unusual")

    assert ordinary > 0.9
    assert 0.4 < unusual < 0.85


def test_harder_levels_are_read_less_often(ordinary, reader, written):
    assert ordinary > read_share(reader, written, "extreme", "any") + 0.1
