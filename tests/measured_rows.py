"""Rows as the benchmark and the baselines measure them, and folders of results that hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgedigits.results import (
    Accuracy,
    CoreFigures,
    Drop,
    Latency,
    Results,
    Row,
    read_results,
    write_header,
    write_row,
)

PI = "tflite-runtime 2.14.0"
REFUSAL = (
    "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'. An older version of this builtin might be "
    "supported. Are you using an old TFLite binary with a newer model?"
)


def accuracy(percent: float, digits: str = "mnist, its own test digits", sha: str = "a" * 64) -> Accuracy:
    return Accuracy(digits, sha, 10_000, percent, PI)


def latency(
    median: float, runtime: str = PI, batch: int = 1, delegate: str = "XNNPACK", load: float | None = None
) -> Latency:
    return Latency(runtime, 1, delegate, batch, median, median * 1.2, load=load)


def refused(runtime: str = PI) -> Latency:
    return Latency(runtime, 1, "XNNPACK", 1, None, None, REFUSAL)


def on_core(flash: int, ram: int, instructions: float, core: str = "m4", unit: str = "instructions") -> CoreFigures:
    return CoreFigures(core, flash, ram, instructions, unit, equal=True)


def row(model: str = "small", recipe: str = "int8", percent: float = 99.1, size: int = 40_000, **more: object) -> Row:
    """A measured row; ``more`` replaces its fields."""
    plain = Row(
        model,
        recipe,
        f"{recipe} as tests make it",
        file=f"model.{recipe}.tflite",
        sha256="0" * 64,
        accuracy=accuracy(percent),
        validation=Accuracy("mnist, validation part of split default", "e" * 64, 5_000, percent, PI),
        drop=Drop(99.3 - percent, 99.2 - percent, 99.4 - percent, 0.0412, 99.5),
        bytes=size,
        gzip_bytes=size * 3 // 4,
        parameters=size - 6_000,
        macs=1_600_000,
        arena_bytes=12_000,
        latencies=(latency(size / 100),),
        seconds=12.5,
    )
    return replace(plain, **more)


def failed(model: str, recipe: str, reason: str) -> Row:
    return Row(model, recipe, f"{recipe} as tests make it", failure=reason)


def network_rows() -> tuple[Row, ...]:
    """Two networks by four recipes, one of them refused by the Pi's runtime, one without a model."""
    return (
        row("small", "float32", 99.31, 146_000, macs=1_637_760, drop=None),
        row("small", "dynamic", 99.30, 45_200, macs=1_637_760, latencies=(refused(), latency(420.0, "LiteRT 1.4.0"))),
        row("small", "int8", 99.29, 41_600, macs=1_637_760, cores=(on_core(39_633, 6_632, 2_155_589.0),)),
        row("small", "pruned-int8", 99.02, 41_600, gzip_bytes=19_000, macs=1_637_760),
        failed("small", "clustered-int8", "layer 'conv2d' has 144 weights, fewer than 256 clusters"),
        row("nano", "float32", 96.10, 14_300, macs=101_000, arena_bytes=5_200, drop=None),
        row("nano", "int8", 95.88, 6_900, macs=101_000, arena_bytes=1_400, cores=(on_core(9_100, 1_020, 231_000.0),)),
        row("nano", "int16x8", 96.08, 7_900, macs=101_000, arena_bytes=2_600),
    )


def baseline_rows() -> tuple[Row, ...]:
    """Two classical baselines, and one that was measured on other digits."""
    sklearn = "scikit-learn 1.9.1"
    plain = {"gzip_bytes": None, "macs": None, "arena_bytes": None, "drop": None, "file": "model.joblib"}
    both = (latency(900.0, sklearn, delegate="none"), latency(31.0, sklearn, 1_000, "none"))
    return (
        row("random-forest", "scikit-learn", 95.7, 41_000_000, parameters=None, latencies=both, **plain),
        row("decision-tree", "scikit-learn", 87.3, 510_000, parameters=None, latencies=both[:1], **plain),
        row(
            "knn",
            "scikit-learn",
            97.1,
            188_000_000,
            parameters=None,
            latencies=both,
            **{**plain, "accuracy": accuracy(97.1, "optdigits, test part of split default", "b" * 64)},
        ),
    )


def write_results(folder: Path, *rows: Row, kind: str = "benchmark", title: str = "") -> Results:
    """A folder of results that holds these rows, read back."""
    names = tuple(f"{place}-{row.model}-{row.recipe}".replace("/", "_")[:60] for place, row in enumerate(rows))
    write_header(folder, kind, title or f"test {kind}", names, {}, {"tflite-runtime": "2.14.0"})
    for name, one in zip(names, rows, strict=True):
        write_row(folder, name, one)
    return read_results(folder)
