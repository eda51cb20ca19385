"""Folders of results as they are written and read back, and what is refused in them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from measured_rows import network_rows, row, write_results

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.files import sha256_of
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.inputs import ProofInputs
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.report.report import firmware_report, write_report
from edgedigits.results import CoreFigures, read_results, row_from, write_row
from edgedigits.results.firmware_figures import FirmwareFigures, firmware_figures

BUILTIN = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"


def change(path: Path, edit: Callable[[Any], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def one_row(folder: Path) -> Path:
    write_results(folder, row())
    return folder / "0-small-int8" / "row.json"


def test_rows_come_back_as_they_were(tmp_path: Path):
    rows = tuple(replace(one, cores=()) for one in network_rows())
    assert write_results(tmp_path, *rows).rows == rows


def test_rows_that_are_not_there_yet_are_named(tmp_path: Path):
    path = one_row(tmp_path)
    path.unlink()
    assert read_results(tmp_path).missing == ("0-small-int8",)


class TestRefused:
    def test_a_folder_without_results(self, tmp_path: Path):
        with pytest.raises(EdgedigitsError, match=r"holds no results\.json; name a folder that benchmark"):
            read_results(tmp_path)

    def test_a_row_from_before_the_load_of_the_machine_was_measured_is_read(self, tmp_path: Path):
        path = one_row(tmp_path)
        content = json.loads(path.read_text())
        del content["latencies"][0]["load"]
        path.write_text(json.dumps(content))
        assert read_results(tmp_path).rows[0].latencies[0].load is None

    def test_a_folder_of_another_version(self, tmp_path: Path):
        one_row(tmp_path)
        change(tmp_path / "results.json", lambda header: header.update(format=2))
        with pytest.raises(EdgedigitsError, match="has format 2, this version reads format 1"):
            read_results(tmp_path)

    @pytest.mark.parametrize(
        "edit",
        [
            lambda header: header.pop("title"),
            lambda header: header.update(names="small"),
            lambda header: header.update(names=[5]),
            lambda header: header.update(machine={"processor": [], "cores": 1, "system": "x"}),
            lambda header: header.update(more=1),
        ],
    )
    def test_a_damaged_header(self, tmp_path: Path, edit: Callable[[Any], object]):
        one_row(tmp_path)
        change(tmp_path / "results.json", edit)
        with pytest.raises(EdgedigitsError, match=r"results\.json is damaged"):
            read_results(tmp_path)

    def test_a_header_that_is_a_list(self, tmp_path: Path):
        (tmp_path / "results.json").write_text("[]")
        with pytest.raises(EdgedigitsError, match="has format None"):
            read_results(tmp_path)

    @pytest.mark.parametrize("kept", [0, 10, 300, -5])
    def test_a_half_written_row(self, tmp_path: Path, kept: int):
        path = one_row(tmp_path)
        path.write_text(path.read_text()[:kept])
        with pytest.raises(
            EdgedigitsError, match=r"row\.json is half-written or damaged .*run the command that made it"
        ):
            read_results(tmp_path)

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda row: row.pop("bytes"), "row lacks bytes"),
            (lambda row: row["accuracy"].pop("percent"), "row.accuracy lacks percent"),
            (lambda row: row.update(more=1), "row has more"),
            (lambda row: row.update(bytes="40000"), "row.bytes is str, not int"),
            (lambda row: row.update(bytes=True), "row.bytes is bool, not int"),
            (lambda row: row.update(latencies={}), "row.latencies is no list"),
            (lambda row: row["latencies"].append(3), "row.latencies[1] is no object"),
            (lambda row: row["accuracy"].update(percent=float("nan")), "row.accuracy.percent is nan"),
            (lambda row: row.update(seconds=float("inf")), "row.seconds is inf"),
        ],
    )
    def test_a_row_that_is_none(self, tmp_path: Path, edit: Callable[[Any], object], message: str):
        path = one_row(tmp_path)
        change(path, edit)
        with pytest.raises(EdgedigitsError, match=re.escape(f"{path} is no whole row ({message})")):
            read_results(tmp_path)

    @pytest.mark.parametrize("content", ["3", "[]", "null", '"row"'])
    def test_json_that_is_no_row(self, content: str):
        with pytest.raises(ValueError, match="row is no object"):
            row_from(json.loads(content))


class TestFirmware:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A row of the built-in model with the firmware report that firmware_export writes beside it."""
        for name in ("m0", "m4"):
            if lacking := missing_tool(core(name)):
                pytest.skip(lacking)
        folder = tmp_path_factory.mktemp("made")
        write_results(folder, replace(row(), file=BUILTIN.name, sha256=sha256_of(BUILTIN)))
        model = Path(shutil.copy(BUILTIN, folder / "0-small-int8"))
        report = firmware_report(model, ["m0", "m4"], ProofInputs(drawn_digits(1), "drawn digits"))
        write_report(report, model.with_name("firmware.json"))
        return folder

    @pytest.fixture
    def results(self, made: Path, tmp_path: Path) -> Path:
        return Path(shutil.copytree(made, tmp_path / "results"))

    def test_figures_are_those_of_the_report_beside_the_model(self, results: Path):
        report = json.loads((results / "0-small-int8" / "firmware.json").read_text())
        size = report["costs"][1]["sizes"][0]
        found = read_results(results)
        assert found.warnings == ()
        assert [one.core for one in found.rows[0].cores] == ["m0", "m4"]
        assert found.rows[0].cores[1] == CoreFigures(
            "m4",
            size["text"] + size["rodata"] + size["data"],
            report["arena_bytes"]["dsp"] + report["costs"][1]["stack"],
            report["costs"][1]["instructions"],
            "instructions",
            True,
        )

    def test_of_several_models_in_a_folder_each_has_its_own(self, results: Path):
        first = results / "0-small-int8" / "firmware.json"
        first.rename(first.with_name(f"{BUILTIN.stem}.firmware.json"))
        first.write_text('{"file": "other.tflite", "sha256": "' + "f" * 64 + '"}')
        found = read_results(results)
        assert ([one.core for one in found.rows[0].cores], found.warnings) == (["m0", "m4"], ())

    def test_a_report_about_another_model_gives_a_warning_and_no_figures(self, results: Path):
        write_row(results, "0-small-int8", replace(row(), sha256="f" * 64))
        found = read_results(results)
        assert found.rows[0].cores == ()
        assert "is about another model than small int8" in found.warnings[0]

    @pytest.mark.parametrize(
        "edit",
        [
            lambda report: report.pop("costs"),
            lambda report: report.pop("sha256"),
            lambda report: report.update(costs=7),
            lambda report: report["costs"][0].update(sizes=[]),
            lambda report: report["costs"][0].update(instructions="many"),
            lambda report: report["costs"][0].update(instructions=float("nan")),
            lambda report: report["costs"][0].update(arena=float("inf")),
            lambda report: report.update(parameter_bytes="many"),
        ],
    )
    def test_a_damaged_report_gives_a_warning_and_no_figures(self, results: Path, edit: Callable[[Any], object]):
        change(results / "0-small-int8" / "firmware.json", edit)
        found = read_results(results)
        assert found.rows[0].cores == ()
        assert "is no firmware report" in found.warnings[0]

    def test_tells_bytes_of_parameters_where_the_row_does_not(self, results: Path):
        report = json.loads((results / "0-small-int8" / "firmware.json").read_text())
        assert read_results(results).rows[0].parameter_bytes == report["parameter_bytes"] > 0
        change(results / "0-small-int8" / "row.json", lambda row: row.update(parameter_bytes=5))
        assert read_results(results).rows[0].parameter_bytes == 5

    def test_from_before_parameters_were_counted_is_read(self, results: Path):
        change(results / "0-small-int8" / "firmware.json", lambda report: report.pop("parameter_bytes"))
        change(results / "0-small-int8" / "row.json", lambda row: row.pop("parameter_bytes"))
        found = read_results(results)
        assert found.rows[0].parameter_bytes is None
        assert found.rows[0].cores and not found.warnings

    def test_without_a_report_there_is_nothing_to_warn_of(self, tmp_path: Path):
        assert firmware_figures(tmp_path, row()) == FirmwareFigures()
