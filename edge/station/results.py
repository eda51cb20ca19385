"""The result of one mail piece, as it is kept, announced and shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Outcome = Literal["accepted", "rejected", "keyed"]
"""Read and sure enough; not read, or not sure enough; or said by a person before the piece's deadline."""


@dataclass(frozen=True)
class PieceResult:
    """What a station says of one mail piece, once.

    Attributes:
        id: of the piece, unique among all stations and for ever; announced twice it is the same.
        station: its name.
        entered: when the piece was first seen, seconds since 1970 (UTC).
        decided: when its result stood, the same.
        latency: seconds from the first frame with all of the piece in view to its result, by a clock that never jumps.
        code: digits that stand on it; of a rejected piece the likeliest, empty where none were found.
        outcome: what became of it.
        why: it was rejected, in words; empty otherwise.
        bin: where a piece of this code goes, by the list of valid codes; empty where none is told.
        confidence: how likely the code is right, 0 to 1; 1 where a person said it.
        alternatives: codes with their probabilities, the likeliest first, that one included.
        frames: in which it was read.
        model: sha256 of the network that read it.
        person: who said the code; empty where nobody did.
    """

    id: str
    station: str
    entered: float
    decided: float
    latency: float
    code: str
    outcome: Outcome
    why: str
    bin: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...]
    frames: int
    model: str
    person: str = ""

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON takes it; times are ISO 8601 (UTC, milliseconds), latency is in milliseconds."""
        told = [{"code": code, "probability": round(chance, 4)} for code, chance in self.alternatives]
        return asdict(self) | {
            "entered": moment(self.entered),
            "decided": moment(self.decided),
            "latency": round(1000 * self.latency, 1),
            "confidence": round(self.confidence, 4),
            "alternatives": told,
        }


def moment(seconds: float) -> str:
    """A time since 1970 as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
