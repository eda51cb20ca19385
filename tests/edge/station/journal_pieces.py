"""Pieces for the tests of the journal, and a program that writes them until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.results import PieceResult

NOON = 1_796_040_000.0  # 2026-11-30 12:00 UTC


def piece(name: str, **told) -> PieceResult:
    """An accepted piece that was decided at noon."""
    usual = {
        "id": name,
        "station": "hall",
        "entered": NOON - 0.5,
        "decided": NOON,
        "latency": 0.125,
        "code": "48000",
        "outcome": "accepted",
        "why": "",
        "bin": "A4",
        "confidence": 0.9975,
        "alternatives": (("48000", 0.9975), ("4800", 0.0025)),
        "frames": 4,
        "model": "c0ffee",
    }
    return PieceResult(**usual | told)


def rejected(name: str, **told) -> PieceResult:
    """A piece that was rejected at noon."""
    return piece(name, **{"outcome": "rejected", "why": "two codes are likely", "bin": "", "confidence": 0.5} | told)


def picture(grey: int = 200, height: int = 60, width: int = 300) -> np.ndarray:
    """A crop without a pattern."""
    return np.full((height, width, 3), grey, np.uint8)


def noise(seed: int = 0) -> np.ndarray:
    """A crop of 60 x 300 that PNG cannot make small: 54 kB."""
    return np.random.default_rng(seed).integers(0, 256, (60, 300, 3)).astype(np.uint8)


def write_for_ever(folder: Path) -> None:
    """Add, hold and key pieces as fast as it goes; print what is done once it is."""
    journal = Journal(folder)
    begin = journal.last_sequence()
    for number in range(begin, begin + 1_000_000):
        name = f"piece-{number}"
        if number % 3:
            journal.add(piece(name), picture() if number % 2 else None)
        else:
            journal.hold(rejected(name), picture(), NOON + 10)
            print("held", name, flush=True)
            journal.key(name, "12345", "ann", NOON + 1)
        print("final", name, flush=True)


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]))
