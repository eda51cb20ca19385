"""Bytes of parameters in flash come without a compiler, for every int8 model that lies beside its row."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from calling import call
from measured_rows import row, write_results

from edgedigits.cli.parameter_costs import rows_with_parameters, with_parameter_bytes
from edgedigits.core.files import sha256_of
from edgedigits.core.pretrained.bundled import bundled_float_model, bundled_model
from edgedigits.firmware_export import export_library, parameter_bytes
from edgedigits.results import Results, read_results


@pytest.fixture(scope="module")
def counted() -> int:
    return parameter_bytes(export_library(bundled_model())).total


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """The built-in model, the same with another sha256, a float one, and a row without a file."""
    model, floats = bundled_model(), bundled_float_model()
    rows = (
        row("small", "int8", 99.4, 41_000, sha256=sha256_of(model), file=model.name),
        row("small", "other", 99.3, 41_000, file=model.name),
        row("small", "float", 99.5, 150_000, sha256=sha256_of(floats), file=floats.name),
        row("small", "gone", 99.6, 41_000),
    )
    found = write_results(tmp_path / "bench", *rows)
    for name, file in zip(found.header.names, (model, model, floats), strict=False):
        shutil.copyfile(file, found.folder / name / file.name)
    return read_results(found.folder)


def test_rows_of_int8_models_gain_them_and_no_others(results: Results, counted: int):
    found = with_parameter_bytes(results)
    assert [one.parameter_bytes for one in found.rows] == [counted, None, None, None]
    assert read_results(results.folder) == results


def test_a_row_that_has_them_keeps_them(results: Results):
    known = replace(results, rows=tuple(replace(one, parameter_bytes=5) for one in results.rows))
    assert with_parameter_bytes(known) is known


def test_they_are_written_with_the_tables(results: Results, counted: int):
    found = rows_with_parameters(results)
    assert read_results(results.folder) == found
    assert "| bytes of parameters |" in (results.folder / "results.md").read_text()
    assert json.loads((results.folder / "rows.json").read_text())[0]["parameter_bytes"] == counted


def test_compare_counts_them_and_writes_them(results: Results, counted: int, tmp_path: Path):
    text = call("compare", results.folder, "--out", tmp_path / "all").stdout
    assert f"{counted:,}" in text and "parameters" in text
    assert read_results(tmp_path / "all").rows[0].parameter_bytes == counted


def test_choose_holds_rows_to_a_limit_of_them(results: Results, counted: int):
    chosen = json.loads(call("choose", "--max-parameters", "40k", results.folder, "--json").stdout)
    assert chosen["chosen"]["label"] == "small int8"
    assert chosen["verdicts"][0]["value"] == counted
    assert chosen["set_aside"] == {"without bytes of parameters": ["small other", "small float", "small gone"]}
    missed = call("choose", "--max-parameters", "1k", results.folder, code=1).stderr
    assert f"allow --max-parameters {counted}" in " ".join(missed.split())
