"""What a station said of simulated mail, held against the truth: right, rejected, wrong, missed, doubled, made up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgedigits.edge.recordings.mail.pieces import MailPiece
from edgedigits.edge.recordings.mail.truth import MailTruth
from edgedigits.edge.scenes.scene import Box

REJECTED = "rejected"
"""The outcome that is no answer; any other (accepted, keyed) is one."""


@dataclass(frozen=True)
class MailAnswer:
    """What a station said of a piece.

    Attributes:
        code: digits.
        outcome: ``rejected``, or any other word where the code counts.
        frame: in which it was decided, from 0.
        box: of the piece in that frame; None where it is not known.
    """

    code: str
    outcome: str
    frame: int
    box: Box | None = None


@dataclass(frozen=True)
class JudgedPiece:
    """A piece and what was said of it.

    Attributes:
        piece: of the truth.
        answer: the first that belongs to it; None where there was none.
    """

    piece: MailPiece
    answer: MailAnswer | None

    @property
    def verdict(self) -> str:
        """``right``, ``rejected``, ``wrong`` or ``missed``; of a piece without a code every code is wrong."""
        if self.answer is None:
            return "missed"
        if self.answer.outcome == REJECTED:
            return "rejected"
        return "right" if self.piece.code and self.answer.code == self.piece.code else "wrong"


@dataclass(frozen=True)
class MailJudgement:
    """How a station did.

    Attributes:
        pieces: each with its verdict, in their order.
        doubled: further answers that belong to a piece which had one.
        spurious: answers that belong to no piece.
    """

    pieces: tuple[JudgedPiece, ...]
    doubled: tuple[MailAnswer, ...]
    spurious: tuple[MailAnswer, ...]

    def count(self, verdict: str) -> int:
        """Pieces with a verdict: ``right``, ``rejected``, ``wrong`` or ``missed``."""
        return sum(one.verdict == verdict for one in self.pieces)

    @property
    def without_code(self) -> int:
        """Pieces that carry no code: to reject them is all that can be done."""
        return sum(not one.piece.code for one in self.pieces)

    @property
    def accepted_share(self) -> float:
        """Share of the pieces with a code that were answered; 0 where no piece carries one."""
        answered = sum(one.verdict in {"right", "wrong"} for one in self.pieces if one.piece.code)
        return answered / max(1, len(self.pieces) - self.without_code)

    @property
    def error(self) -> float:
        """Share of the answered pieces, those without a code too, whose code is wrong; 0 where none was answered."""
        return self.count("wrong") / max(1, self.count("right") + self.count("wrong"))

    def as_dict(self) -> dict[str, float]:
        """The counts and shares as JSON takes them."""
        counts = {verdict: self.count(verdict) for verdict in ("right", "rejected", "wrong", "missed")}
        others = {"doubled": len(self.doubled), "spurious": len(self.spurious), "without_code": self.without_code}
        shares = {"accepted_share": round(self.accepted_share, 6), "error": round(self.error, 6)}
        return {"pieces": len(self.pieces)} | counts | others | shares


def judge_mail(truth: MailTruth | Sequence[MailPiece], answers: Iterable[MailAnswer]) -> MailJudgement:
    """Match answers with pieces and count.

    An answer belongs to the piece whose box holds the middle of the answer's box in the answer's frame; where pieces
    lie over one another, to the upper one, which came later. An answer without a box belongs to the first piece in view
    in that frame that has no answer yet, or where all have one, to the first in view. One frame after a piece has left
    the picture, its last box still counts: a station may notice only then.

    Args:
        truth: of a recording, or its pieces.
        answers: in the order in which they were given.
    """
    pieces = truth.pieces if isinstance(truth, MailTruth) else tuple(truth)
    found: dict[int, MailAnswer] = {}
    doubled: list[MailAnswer] = []
    spurious: list[MailAnswer] = []
    for answer in answers:
        piece = _piece_of(answer, pieces, found)
        if piece is None:
            spurious.append(answer)
        elif piece.index in found:
            doubled.append(answer)
        else:
            found[piece.index] = answer
    judged = tuple(JudgedPiece(piece, found.get(piece.index)) for piece in pieces)
    return MailJudgement(judged, tuple(doubled), tuple(spurious))


def _piece_of(answer: MailAnswer, pieces: Sequence[MailPiece], found: dict[int, MailAnswer]) -> MailPiece | None:
    """The piece that an answer belongs to."""
    shown = [piece for piece in pieces if piece.first <= answer.frame <= piece.last + 1]
    if answer.box is None:
        return next((piece for piece in shown if piece.index not in found), shown[0] if shown else None)
    x, y, wide, high = answer.box
    middle = x + wide / 2, y + high / 2
    return next((piece for piece in reversed(shown) if _holds(piece, answer.frame, middle)), None)


def _holds(piece: MailPiece, frame: int, point: tuple[float, float]) -> bool:
    box = piece.box_at(min(frame, piece.last))
    if box is None:
        return False
    x, y, wide, high = box
    return x <= point[0] < x + wide and y <= point[1] < y + high
