"""Well-known int8 models by the names of their files, and what others need for them where that was measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STAND_IN = "stand_in_"
"""What the names of files begin with that have a known model's structure, and weights of their own."""


@dataclass(frozen=True)
class KnownModel:
    """A model of a benchmark or of another runtime's examples.

    Attributes:
        title: whose and what it is.
        file: a pattern of the whole file name without ``.tflite``, in small letters.
        others: what other tools need for it, with who says so; empty where nothing was measured.
    """

    title: str
    file: str
    others: str = ""


KNOWN = (
    KnownModel("MLPerf Tiny: anomaly detection", r"ad01.*|model_toycar.*"),
    KnownModel(
        "MLPerf Tiny: image classification",
        r"pretrainedresnet_quant|trainedres(net)?_quant|ic01.*",
        "cycles per MAC by the best closed tools: M4 1.6, M0+ 7.8, M85 0.33 (results of MLPerf Tiny)",
    ),
    KnownModel("MLPerf Tiny: keyword spotting", r"kws_ref_model.*|kws01.*|aww_(ref_)?model"),
    KnownModel("MLPerf Tiny: visual wake words", r"vww_96.*|vww01.*"),
    KnownModel("MLPerf Tiny: streaming wake word", r"strm_ww_int8|str_ww_ref_model"),
    KnownModel("TFLite Micro: hello_world", r"hello_world.*"),
    KnownModel("TFLite Micro: micro_speech", r"micro_speech.*", "arena of TFLite Micro: 7,312 (November 2026)"),
    KnownModel("TFLite Micro: person_detect", r"person_detect.*"),
    KnownModel("TFLite Micro: keyword_scrambled", r"keyword_scrambled.*"),
    KnownModel("TinyMaix: mnist", r"mnist_(valid|resnet)_q"),
    KnownModel("TinyMaix: cifar", r"cifar10_q"),
    KnownModel("TinyMaix: vww", r"vww96_q"),
    KnownModel("TinyMaix: MobileNet", r"mbnet\d+_0\.25_q"),
)


def known_model(path: Path) -> KnownModel | None:
    """Which well-known model a file is, or stands in for; None where its name is nobody's."""
    name = path.stem.lower().removeprefix(STAND_IN)
    return next((known for known in KNOWN if re.fullmatch(known.file, name)), None)


def title_of(path: Path) -> str:
    """What a model is called in tables: its known name, and whether it only has the same structure; else its file's."""
    known = known_model(path)
    if known is None:
        return path.stem
    return f"{known.title} (same structure)" if path.stem.lower().startswith(STAND_IN) else known.title
