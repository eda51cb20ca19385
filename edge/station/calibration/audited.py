"""What the pieces of a journal prove that were drawn at random from the accepted ones and checked by people.

An accepted piece was accepted by the threshold of that moment, and as soon as its confidence reached it: what a higher
threshold would have waited for, nobody saw, and what a lower one would have accepted was rejected. So the sample speaks
for that one threshold alone, and of it the proof is exact: of the accepted pieces each was drawn with one probability,
whatever it said.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgedigits.core.counting import counted
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.confidence import Threshold, prove_threshold
from edgedigits.core.paths import StrPath
from edgedigits.edge.station.calibration.threshold import LEVEL, StationCalibration, write_calibration
from edgedigits.edge.station.journal.read_only import opened_to_read

_SAMPLE = """
SELECT threshold, expected, digits, model, pieces.code AS code, labels.code AS label
FROM audits JOIN pieces ON audits.piece = number LEFT JOIN labels ON labels.piece = number ORDER BY number
"""
_ALIKE = ("threshold", "expected", "digits", "model")
_HAS_AUDITS = "SELECT 1 FROM pragma_table_info('audits') WHERE name = 'digits'"


@dataclass(frozen=True)
class AuditProof:
    """What the audited pieces of a journal say of the threshold that accepted them.

    Attributes:
        threshold: that the newest of them was accepted by.
        proof: what is proved of it.
        passed_over: pieces before the last one that was checked which were not: they count as wrong.
        waiting: pieces after it, which say nothing yet.
        others: that were accepted by another threshold, network or kind of code, and say nothing here.
        calibration: to keep where it is proved.
    """

    threshold: float
    proof: Threshold
    passed_over: int
    waiting: int
    others: int
    calibration: StationCalibration

    @property
    def explanation(self) -> str:
        """What it says, in a sentence."""
        proof = self.proof
        if proof.value is not None:
            return proof.explained("piece")
        goal = f"at most {100 * proof.target_error:g} % of the accepted pieces are wrong"
        seen = f"{counted(proof.accepted, 'checked piece')}, {proof.wrong:,} of them wrong,"
        return f"{seen} cannot prove that {goal}; {proof.lines_needed or 0:,} more could, if all are right"


def prove_by_audit(folder: StrPath, target_error: float) -> AuditProof:
    """Whether the threshold of the newest audited piece keeps the target, by all that were accepted as that one was.

    A piece that nobody can read counts as wrong, and so does one that was passed over: those that are hard to check are
    more often wrong than others.

    Args:
        folder: of the journal.
        target_error: percent of the accepted pieces that may be wrong.

    Raises:
        EdgedigitsError: no journal, or no audited piece in it.
    """
    with opened_to_read(folder) as connection:
        rows = connection.execute(_SAMPLE).fetchall() if connection.execute(_HAS_AUDITS).fetchone() else []
    if not rows:
        raise EdgedigitsError(
            f"no audited piece in {folder}",
            "set audit_percent in the table [pieces], and have people check what the page gives them",
        )
    newest = rows[-1]
    alike = [row for row in rows if all(row[name] == newest[name] for name in _ALIKE)]
    checked = max((place for place, row in enumerate(alike, 1) if row["label"] is not None), default=0)
    wrong = sum(row["label"] != row["code"] for row in alike[:checked])
    passed_over = sum(row["label"] is None for row in alike[:checked])
    value, target = float(newest["threshold"]), target_error / 100
    proof = prove_threshold(value, wrong, checked, target, LEVEL)
    networks_and_codes = (newest[name] for name in ("model", "expected", "digits"))
    kept = StationCalibration(value, target, LEVEL, checked, checked, wrong, *networks_and_codes)
    return AuditProof(value, proof, passed_over, len(alike) - checked, len(rows) - len(alike), kept)


def keep_proof(folder: Path, found: AuditProof) -> None:
    """Keep what is proved in the journal's folder; where nothing is, what stands there stays."""
    if found.proof.value is not None:
        write_calibration(folder, found.calibration)
