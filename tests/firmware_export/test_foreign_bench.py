"""`make firmware-bench` on other people's models: each is measured or refused by name, and none ends the benchmark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from model_builder import ModelBuilder

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import bench_foreign
from known_models import known_model, title_of

from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.report.cores import missing_tool

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def picture() -> bytes:
    built = ModelBuilder(3)
    maps = built.conv(built.input((1, 8, 8, 3)), 4, stride=(2, 2), activation="RELU")
    return built.build(built.softmax(built.dense(maps, 2)))


def larger_than_any_board() -> bytes:
    built = ModelBuilder(4)
    return built.build(built.dense(built.dense(built.input((1, 2000)), 2200), 20))


def unknown_operator() -> bytes:
    built = ModelBuilder(5)
    return built.build(built.other("SIN", built.input((1, 6, 6, 2))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Models in a folder and one below it, and what is none."""
    below = tmp_path / "tinymaix"
    below.mkdir()
    (below / "vww96_q.TFLITE").write_bytes(picture())
    (tmp_path / "a|b.tflite").write_bytes(unknown_operator())
    (tmp_path / "damaged.tflite").write_bytes(picture()[:300])
    (tmp_path / "notes.txt").write_text("no model")
    return tmp_path


@pytest.fixture
def tools() -> None:
    if lacking := missing_tool(core("m4")):
        pytest.skip(lacking)


def test_every_model_below_the_folder_has_a_row(folder: Path, tools: None, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(bench_foreign.all_examined(folder, 1, ("m4",)))

    assert [row.file for row in rows] == ["a|b.tflite", "damaged.tflite", "tinymaix/vww96_q.TFLITE"]
    assert [bool(row.report) for row in rows] == [False, False, True]
    assert not any(row.wrong for row in rows)
    assert rows[2].self_test == "passed"
    assert "outputs that differ: m4 0" in capsys.readouterr().out
    first = bench_foreign.speed(rows)[2].split(" | ")
    assert (first[0], first[1], first[2], first[5]) == ("| TinyMaix: vww", "1,856", "-", "0")
    assert int(first[3].split()[0].replace(",", "")) > 1856
    assert "SIN" in rows[0].refused
    assert r"| a\|b | a\|b.tflite |" in bench_foreign.refusals(rows)[2]


@pytest.mark.slow
def test_a_model_that_no_board_holds_is_tested_on_this_computer(tmp_path: Path, tools: None) -> None:
    (path := tmp_path / "large.tflite").write_bytes(larger_than_any_board())
    found = bench_foreign.examined(path, tmp_path, 1, ("m4",))

    assert found.report is not None and not found.report.costs
    assert (found.self_test, found.wrong) == ("passed", False)
    assert bench_foreign.size([found])[2].startswith("| large | large.tflite | - |")


def test_a_defect_is_shown_and_the_others_are_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(path: Path) -> None:
        raise ZeroDivisionError(path.name)

    monkeypatch.setattr(bench_foreign, "export_target", fails)
    rows = list(bench_foreign.all_examined(folder, 1, ("m4",)))

    assert len(rows) == 3 and all(row.wrong for row in rows)
    assert rows[0].refused == "ZeroDivisionError: a|b.tflite"
    assert "Traceback" in capsys.readouterr().err


def test_the_command_ends_with_1_where_something_is_wrong_and_writes_all_figures(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bench_foreign, "export_target", lambda path: 1 // 0)
    monkeypatch.setenv(bench_foreign.VARIABLE, str(folder))
    monkeypatch.setattr(sys, "argv", ["bench_foreign.py", "--json", str(tmp_path / "all.json")])
    with pytest.raises(SystemExit, match="a defect, not a refusal"):
        bench_foreign.main()

    assert [row["broken"] for row in json.loads((tmp_path / "all.json").read_text())] == [True] * 3


@pytest.mark.parametrize(("where", "said"), [("", "names no folder"), ("/nowhere", "holds no .tflite file")])
def test_without_models_it_says_so(where: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bench_foreign.VARIABLE, where)
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "bench_foreign.py"], capture_output=True, text=True, check=False
    )
    assert said in done.stdout + done.stderr
    assert done.returncode == bool(where)


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("ad01_int8", "MLPerf Tiny: anomaly detection"),
        ("model_ToyCar_quant_fullint_micro", "MLPerf Tiny: anomaly detection"),
        ("pretrainedResnet_quant", "MLPerf Tiny: image classification"),
        ("kws_ref_model", "MLPerf Tiny: keyword spotting"),
        ("vww_96_int8", "MLPerf Tiny: visual wake words"),
        ("hello_world_int8", "TFLite Micro: hello_world"),
        ("micro_speech_quantized", "TFLite Micro: micro_speech"),
        ("person_detect", "TFLite Micro: person_detect"),
        ("mnist_valid_q", "TinyMaix: mnist"),
        ("cifar10_q", "TinyMaix: cifar"),
        ("vww96_q", "TinyMaix: vww"),
        ("stand_in_ad01_int8", "MLPerf Tiny: anomaly detection (same structure)"),
        ("anything", "anything"),
    ],
)
def test_known_models_have_their_names(file: str, title: str) -> None:
    assert title_of(Path("folder") / f"{file}.tflite") == title


@pytest.mark.slow
def test_stand_ins_of_known_models_are_exported_and_equal(tmp_path: Path) -> None:
    pytest.importorskip("tf_keras", reason='TensorFlow is not installed (pip install "edgedigits[train]")')
    subprocess.run([sys.executable, BENCHMARKS / "stand_ins.py", tmp_path], capture_output=True, check=True)
    rows = list(bench_foreign.all_examined(tmp_path, 1))

    assert len(rows) == 7
    assert all(known_model(row.path) and row.report and row.report.equal for row in rows)
    assert {row.self_test for row in rows} == {"passed"}
