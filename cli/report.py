"""The report of ``edgedigits run``: one HTML file with everything in it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.files import write_json, write_text

if TYPE_CHECKING:
    from edgedigits.edge import Recording, StationResult
    from edgedigits.firmware_export import ArrayExport
    from edgedigits.quantize import QuantizeResult
    from edgedigits.train import TrainingResult

PICTURES = {
    "curves": "float/curves.png",
    "confusion": "float/confusion.png",
    "flips": "int8/flips.png",
    "read": "recording/read.png",
}


@dataclass(frozen=True)
class Seen:
    """A recording, how many of its frames were read exactly, how fast, and a picture of one frame."""

    recording: Recording
    exact: int
    station: StationResult
    picture: Path


@dataclass(frozen=True)
class Report:
    """What each stage of ``edgedigits run`` came to.

    Attributes:
        warning: shown on top; empty where nothing is to be warned of.
        seconds: of each stage and of everything.
    """

    warning: str
    trained: TrainingResult
    proved: QuantizeResult
    exported: ArrayExport
    seen: Seen
    seconds: dict[str, float]

    def summary(self, out: Path) -> dict[str, Any]:
        """The figures that a script wants, as JSON takes them."""
        card, proof = self.proved.card, self.proved.proof
        return {
            "warning": self.warning,
            "network": card.network,
            "parameters": card.parameters,
            "dataset": card.dataset["spec"],
            "float_accuracy": proof.comparison.before,
            "int8_accuracy": proof.comparison.after,
            "drop": proof.comparison.drop,
            "drop_interval": [proof.comparison.drop_low, proof.comparison.drop_high],
            "int8_bytes": proof.tflite_bytes,
            "verdict": proof.verdict,
            "passed": proof.passed,
            "frames": self.seen.station.frames,
            "frames_exact": self.seen.exact,
            "fps": round(self.seen.station.fps, 1),
            "load": self.seen.station.load,
            "seconds": {name: round(spent, 1) for name, spent in self.seconds.items()},
            "files": {
                "float": str(out / "float" / "model.keras"),
                "int8": str(out / "int8" / self.proved.model.name),
                "c": str(out / "c"),
                "report": str(out / "report.html"),
            },
        }


def write_report(report: Report, folder: Path) -> None:
    """Write ``report.html``, self-contained, and ``report.json`` into ``folder``."""
    from jinja2 import Environment, StrictUndefined

    from edgedigits.core.load import busy_words

    template = files("edgedigits.cli").joinpath("templates/report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pictures = {name: _data_address(folder / place) for name, place in PICTURES.items()}
    page = environment.from_string(template).render(
        summary=report.summary(Path()),
        warning=report.warning,
        trained=report.trained,
        card=report.proved.card,
        proof=report.proved.proof,
        exported=report.exported,
        seen=report.seen,
        seconds=report.seconds,
        pictures=pictures,
        busy=busy_words(report.seen.station.load),
    )
    write_text(folder / "report.html", page)
    write_json(folder / "report.json", report.summary(Path()))


def _data_address(picture: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.read_bytes()).decode()
