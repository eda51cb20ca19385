"""The report of ``edgedigits run``: one HTML file with everything in it."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedigits.core.files import write_json, write_text

if TYPE_CHECKING:
    from edgedigits.cli.judging import Failure
    from edgedigits.edge import LoopResult, Recording, Sheet, WrongFrame
    from edgedigits.firmware_export import ArrayExport, LibraryExport, SelfTest
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
    """A recording, which of its frames were not read exactly, how fast they were, and a picture of one."""

    recording: Recording
    wrong: tuple[WrongFrame, ...]
    loop: LoopResult
    picture: Path

    @property
    def frames(self) -> int:
        """Frames of the recording."""
        return len(self.recording.texts)

    @property
    def exact(self) -> int:
        """Frames that were read exactly."""
        return self.frames - len(self.wrong)

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """What was read of each sheet of paper in the recording."""
        from edgedigits.edge import sheets_of

        return sheets_of(self.recording, self.wrong)


@dataclass(frozen=True)
class Exported:
    """The C library, what its self-test came to here, and the arrays for TFLite Micro."""

    library: LibraryExport
    test: SelfTest
    arrays: ArrayExport

    @property
    def words(self) -> str:
        """What became of the library, in a line."""
        arena = f"arena {self.library.arena_bytes['plain']:,} bytes"
        if not self.test.compiler:
            return f"{arena}, {self.test.said}"
        said = self.test.said.splitlines()[-1]
        return f"{arena}, self-test {self.test.result} ({said}), {self.test.compiler} {self.test.flags}"


@dataclass(frozen=True)
class Report:
    """What each stage of ``edgedigits run`` came to.

    Attributes:
        warning: shown on top; empty where nothing is to be warned of.
        failures: why the run has failed; none where it has not.
        seconds: of each stage and of everything.
    """

    warning: str
    failures: tuple[Failure, ...]
    trained: TrainingResult
    proved: QuantizeResult
    exported: Exported
    seen: Seen
    seconds: dict[str, float]

    @property
    def verdict(self) -> str:
        """``failed`` where anything has failed, else the proof's."""
        return "failed" if self.failures else self.proved.proof.verdict

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
            "verdict": self.verdict,
            "passed": self.verdict == "passed",
            "failures": [asdict(failure) for failure in self.failures],
            "proof_verdict": proof.verdict,
            "frames": self.seen.loop.frames,
            "frames_exact": self.seen.exact,
            "sheets": [asdict(sheet) for sheet in self.seen.sheets],
            "wrong_frames": [asdict(frame) for frame in self.seen.wrong],
            "fps": round(self.seen.loop.fps, 1),
            "c_library": {**asdict(self.exported.test), "arena_bytes": self.exported.library.arena_bytes},
            "load": self.seen.loop.load,
            "seconds": {name: round(spent, 1) for name, spent in self.seconds.items()},
            "files": {
                "float": str(out / "float" / "model.keras"),
                "int8": str(out / "int8" / self.proved.model.name),
                "c": str(out / "c"),
                "arrays": str(out / "arrays"),
                "report": str(out / "report.html"),
            },
        }


def write_report(report: Report, folder: Path) -> None:
    """Write ``report.html``, self-contained, and ``report.json`` into ``folder``."""
    from jinja2 import Environment, StrictUndefined

    from edgedigits.core.machine.load import busy_words

    template = files("edgedigits.cli").joinpath("templates/report.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    places = PICTURES | ({"wrong": "recording/wrong.jpg"} if report.seen.wrong else {})
    pictures = {name: _data_address(folder / place) for name, place in places.items()}
    page = environment.from_string(template).render(
        summary=report.summary(Path()),
        warning=report.warning,
        failures=report.failures,
        verdict=report.verdict,
        trained=report.trained,
        card=report.proved.card,
        proof=report.proved.proof,
        exported=report.exported,
        seen=report.seen,
        seconds=report.seconds,
        pictures=pictures,
        in_a_line=in_a_line,
        busy=busy_words(report.seen.loop.load),
    )
    write_text(folder / "report.html", page)
    write_json(folder / "report.json", report.summary(Path()))


def in_a_line(text: str | None) -> str:
    """What was read in a frame, in a line: its lines with a stroke between them."""
    return text.replace("\n", " / ") if text else "nothing"


def _data_address(picture: Path) -> str:
    kind = "jpeg" if picture.suffix == ".jpg" else "png"
    return f"data:image/{kind};base64," + base64.b64encode(picture.read_bytes()).decode()
