"""A line network on emulated cores: every output is that of TFLite, every text that of Python."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from line_networks import write_line_model
from test_report import need_tools

from edgedigits.cli.main import main
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.lines import LineReference, drawn_lines, line_text, strip_inputs
from edgedigits.firmware_export.report.cores import core_cost
from edgedigits.firmware_export.report.report import firmware_report

CORES = ("m4", "m7", "m55")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_line_model(tmp_path_factory.mktemp("line") / "model")


@pytest.fixture(scope="session")
def library(model: Path) -> LibraryExport:
    return export_library(model)


@pytest.mark.parametrize("name", [*CORES, "m0", "rv32"])
def test_strips_are_read_as_python_decodes_tflites_scores(name, model, library):
    need_tools(name)
    strips = drawn_lines(10, 96)
    expected = LineReference(model, library.graph).steps(strips)
    found = measure(library.text, core(name), strip_inputs(strips), size_flags=(), timeout=120, lines=True)
    np.testing.assert_array_equal(found.outputs, expected)
    assert found.texts == tuple(line_text(one) for one in expected)
    assert len(set(found.texts)) == 10
    assert found.arena == library.arena_bytes[{"m4": "dsp", "m7": "dsp", "m55": "helium"}.get(name, "plain")]


class TestReport:
    def test_it_tells_instructions_flash_and_arena_of_each_core(self, model):
        need_tools(*CORES)
        found = firmware_report(model, CORES, proof_inputs(model, 2))
        assert found.equal
        assert found.recipe.image_source == "2 lines drawn by code"
        assert [(cost.core, cost.variant, cost.images) for cost in found.costs] == [
            ("m4", "dsp", 2),
            ("m7", "dsp", 2),
            ("m55", "helium", 2),
        ]
        for cost in found.costs:
            assert (cost.differing_outputs, cost.differing_texts) == (0, 0)
            assert cost.per_mac == cost.instructions / found.macs
            assert 0.1 < cost.per_mac < 2
            assert cost.arena == found.arena_bytes[cost.variant]
            assert cost.sizes[0].parameters > 10_000

    def test_a_text_that_differs_is_counted(self, model, library):
        need_tools("m4")
        strips = drawn_lines(2, 96)
        expected = LineReference(model, library.graph).steps(strips)
        found = measure(library.text, core("m4"), strip_inputs(strips), size_flags=(("-O2",),), lines=True)
        assert core_cost(library, core("m4"), found, expected).differing_texts == 0
        other = replace(found, texts=(found.texts[0], found.texts[1] + "0"))
        assert core_cost(library, core("m4"), other, expected).differing_texts == 1

    def test_the_command_prints_them_and_writes_the_figures(self, model, tmp_path):
        need_tools("m4")
        card = tmp_path / "figures.json"
        words = [
            "firmware",
            "report",
            str(model),
            "--core",
            "m4",
            "--images",
            "1",
            "--width",
            "192",
            "--card",
            str(card),
        ]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, done.output
        assert "strips of 32 x 192, 96 steps of 11 scores; 0 texts differ from what they say" in done.output
        assert json.loads(card.read_text())["costs"][0]["differing_texts"] == 0

    def test_a_network_that_does_not_fit_is_refused_with_by_how_much(self, model):
        need_tools("avr", "m4")
        found = firmware_report(model, ["avr", "m4"], proof_inputs(model, 1))
        assert [cost.core for cost in found.costs] == ["m4"]
        (lost,) = found.failures
        assert lost.core == "avr"
        assert not lost.missing_tool
        assert "bytes" in lost.reason

    def test_a_data_set_of_digits_is_refused(self, model):
        with pytest.raises(EdgedigitsError, match="proved on lines drawn by code and not on mnist"):
            proof_inputs(model, 2, "mnist")
