"""Updates as a workstation makes them, of models that read alike and differ in their sha256."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.files import sha256_of
from edgedigits.core.lines.strip import strip_of
from edgedigits.core.pretrained.bundled import bundled_line_model
from edgedigits.edge.station.updates.bundle import MODEL
from edgedigits.edge.station.updates.proving import Paired, UpdateProof

BETTER = UpdateProof(Paired(60, 20, 2, 30), Paired(2000, 1600, 40, 40), Paired(60, 3, 7, 1))
WORSE = UpdateProof(Paired(60, 10, 12, 5), Paired(2000, 1600, 40, 40), Paired(60, 3, 7, 1))


def strips() -> list[np.ndarray]:
    """Lines of printed digits, narrow and wide."""
    made = []
    for text in ("7", "40", "1234", "90210", "12345678", "31415926535"):
        picture = np.full((40, 24 * len(text) + 16), 235, np.uint8)
        cv2.putText(picture, text, (6, 31), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (40,), 2)
        made.append(strip_of(picture).pixels)
    return made


def another_model(folder: Path, number: int) -> Path:
    """The built-in line network with some bytes behind its end: it reads alike and has another sha256."""
    folder.mkdir(parents=True)
    path = folder / MODEL
    path.write_bytes(bundled_line_model().read_bytes() + bytes([number] * 16))
    card = card_of(bundled_line_model())
    write_card(folder, replace(card, file=MODEL, sha256=sha256_of(path), bytes=path.stat().st_size))
    return path
