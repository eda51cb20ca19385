"""Measuring models on this machine: runs in processes of their own, what they agree on, and runtimes that fail."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_models

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.datasets import load_dataset, split_dataset
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.runtime import runtime
from edgedigits.results import Latency
from edgedigits.results.measuring import InstalledRuntime, MeasureRequest, installed_runtimes, measure
from edgedigits.results.measuring.agreement import Agreement, agreements, disagreement_notes
from edgedigits.results.measuring.runs import Run, run_model

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "core" / "pretrained" / "small" / "model.int8.tflite"
NANO = ROOT / "tests" / "firmware_export" / "models" / "nano" / "model.int8.tflite"
DIGITS = load_dataset("samples").pool.images[::10]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


@pytest.fixture
def here() -> InstalledRuntime:
    return installed_runtimes()[0]


def broken_runtime(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> InstalledRuntime:
    """An installed ai-edge-litert that does what ``code`` says when it is loaded."""
    package = folder / "ai_edge_litert"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "interpreter.py").write_text(code)
    (folder / "ai_edge_litert-9.9.dist-info").mkdir()
    (folder / "ai_edge_litert-9.9.dist-info" / "METADATA").write_text("Name: ai-edge-litert\nVersion: 9.9\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    (found,) = installed_runtimes(("ai-edge-litert",))
    assert str(found) == "ai-edge-litert 9.9"
    return found


class TestRuns:
    def test_outputs_are_those_of_the_same_model_in_this_process(self, here: InstalledRuntime):
        run = run_model(BUILTIN, here, DIGITS, (1,))
        assert run.outputs is not None
        assert np.array_equal(run.outputs, DigitModel(BUILTIN).raw(DIGITS))
        assert run.peak_bytes and 10e6 < run.peak_bytes < 1e9

    def test_each_number_of_threads_is_timed(self, here: InstalledRuntime):
        told: list[tuple[int, int]] = []
        run = run_model(NANO, here, DIGITS, (1, 2), progress=lambda done, total: told.append((done, total)))
        assert [one.threads for one in run.latencies] == [1, 2]
        assert all(one.median_us and one.p95_us and one.median_us <= one.p95_us for one in run.latencies)
        assert told[0][0] == 0 and told[-1][0] == told[-1][1]
        assert [done for done, _ in told] == sorted(done for done, _ in told)

    def test_a_float_model_runs_with_the_delegate_and_without(self, here: InstalledRuntime, models: dict[str, Path]):
        with_it = run_model(models["float32"], here, DIGITS[:3], (1,))
        without = run_model(models["float32"], here, DIGITS[:3], (1,), own_kernels=True)
        assert (with_it.delegate, without.delegate) == ("XNNPACK", "none")
        assert with_it.outputs is not None and without.outputs is not None
        assert np.allclose(with_it.outputs, without.outputs, atol=1e-5)

    def test_a_model_that_the_runtime_refuses_gives_the_reason(self, here: InstalledRuntime, models: dict[str, Path]):
        if here.package != "tflite-runtime":
            pytest.skip(f"{here} loads the model that tflite-runtime 2.14 refuses")
        run = run_model(models["dynamic"], here, DIGITS[:3], (1,))
        assert "Didn't find op" in run.refused
        assert run.outputs is None

    def test_a_model_that_reads_no_digits_is_an_error(self, here: InstalledRuntime, models: dict[str, Path]):
        with pytest.raises(EdgedigitsError, match="a digit model takes one"):
            run_model(models["quantize_unit"], here, DIGITS[:3], (1,))

    def test_a_runtime_that_crashes_takes_nothing_with_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        code = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
        run = run_model(NANO, broken_runtime(tmp_path, code, monkeypatch), DIGITS[:3], (1,))
        assert run.refused == "it crashes (SIGSEGV)"

    def test_a_runtime_that_does_not_load_says_why(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        code = "raise ImportError('libedgetpu.so.1: cannot open shared object file')\n"
        run = run_model(NANO, broken_runtime(tmp_path, code, monkeypatch), DIGITS[:3], (1,))
        assert run.refused == "it does not load: libedgetpu.so.1: cannot open shared object file"

    def test_a_runtime_that_hangs_is_given_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        hanging = broken_runtime(tmp_path, "import time\ntime.sleep(600)\n", monkeypatch)
        run = run_model(NANO, hanging, DIGITS[:3], (1,), silence=2)
        assert run.refused == "it gave no sign of life for 2 seconds"

    def test_a_runtime_with_a_bug_says_its_last_words(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        run = run_model(NANO, broken_runtime(tmp_path, "1 / 0\n", monkeypatch), DIGITS[:3], (1,))
        assert run.refused == "ZeroDivisionError: division by zero"


class TestRuntimes:
    def test_that_are_installed_are_found_in_the_order_in_which_reading_takes_them(self, here: InstalledRuntime):
        assert str(here) == str(runtime())
        assert "tensorflow" not in {one.package for one in installed_runtimes()}

    def test_one_that_is_unknown_is_told_with_all_names(self):
        with pytest.raises(EdgedigitsError, match="no runtime is called 'onnx'; choose among tflite-runtime"):
            installed_runtimes(("onnx",))

    def test_one_that_is_not_installed_is_told_with_the_command(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("sys.path", [])
        monkeypatch.setattr("edgedigits.results.measuring.runtimes.NO_TFLITE_RUNTIME", (9, 9))
        with pytest.raises(EdgedigitsError, match="tflite-runtime is not installed; pip install tflite-runtime"):
            installed_runtimes(("tflite-runtime",))
        with pytest.raises(EdgedigitsError, match="no TFLite runtime is installed"):
            installed_runtimes()

    def test_one_that_this_python_has_no_wheel_of_is_not_proposed(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("edgedigits.results.measuring.runtimes.NO_TFLITE_RUNTIME", (3, 11))
        monkeypatch.setattr("sys.path", [])
        with pytest.raises(
            EdgedigitsError, match=r'no wheel for Python 3\.11 and later: pip install "edgedigits\[edge\]"'
        ):
            installed_runtimes(("tflite-runtime",))


class TestAgreement:
    def runs(self, *outputs: list[list[int]]) -> list[Run]:
        found = []
        for place, values in enumerate(outputs):
            timed = Latency("runtime 1", 1, f"delegate {place}", 1, 1.0, 1.0)
            one = InstalledRuntime("runtime", str(place))
            found.append(Run(one, False, (timed,), np.array(values, np.int8), 10))
        return found

    def test_labels_and_outputs_are_counted_against_the_first_run(self):
        runs = self.runs([[9, 1], [-128, 127], [5, 4]], [[9, 1], [127, -128], [5, 3]])
        found = agreements(runs, np.array([0, 1, 1], np.uint8))
        assert found == (
            Agreement("runtime 0", "delegate 0", 3, 2, 3, 3, 0.0, 10),
            Agreement("runtime 1", "delegate 1", 3, 1, 2, 1, 255.0, 10),
        )
        assert disagreement_notes(found) == (
            "runtime 1 with delegate delegate 1 reads 1 of 3 digits otherwise than runtime 0 with delegate delegate 0",
        )

    def test_of_equal_scores_the_smaller_digit_wins(self):
        (found,) = agreements(self.runs([[7, 7]]), np.array([0], np.uint8))
        assert found.right == 1


class TestMeasure:
    def test_a_row_has_what_a_device_can_know(self, tmp_path: Path):
        (tmp_path / "sys/class/thermal/thermal_zone0").mkdir(parents=True)
        (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("48000\n")
        found = measure(MeasureRequest((BUILTIN,), threads=(1,)), root=tmp_path)
        (row,) = found.rows
        assert (row.name, row.bytes, row.failure) == ("small int8", 46_440, "")
        assert row.accuracy is not None
        assert (row.accuracy.digits, row.accuracy.count, row.accuracy.percent) == ("samples, all of it", 500, 99.4)
        assert row.accuracy.digits_sha256 == load_dataset("samples").pool.sha256()
        assert row.checks["runs"][0]["right"] == 497
        assert row.checks["before"]["celsius"] == row.checks["after"]["celsius"] == {"thermal_zone0": 48.0}
        assert found.settings["threads"] == [1]
        assert {"python", "numpy", "opencv", installed_runtimes()[0].package} <= set(found.software)

    def test_a_model_that_cannot_be_measured_is_a_row_that_says_why(self, models: dict[str, Path]):
        found = measure(MeasureRequest((models["quantize_unit"], NANO), threads=(1,)))
        assert [bool(row.failure) for row in found.rows] == [True, False]
        assert "a digit model takes one" in found.rows[0].failure

    def test_a_model_that_no_runtime_runs_is_a_row_with_each_ones_reason(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        broken_runtime(tmp_path, "raise ImportError('no such library')\n", monkeypatch)
        (row,) = measure(MeasureRequest((NANO,), threads=(1,), runtimes=("ai-edge-litert",))).rows
        assert row.failure == (
            "no runtime of this machine runs it: ai-edge-litert 9.9: it does not load: no such library"
        )
        assert row.accuracy is None and [one.refused for one in row.latencies] == ["it does not load: no such library"]

    def test_a_runtime_that_fails_leaves_the_others_figures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        if runtime().name == "ai-edge-litert":
            pytest.skip("ai-edge-litert is the only runtime here, and no other is left where it is broken")
        broken_runtime(tmp_path, "raise ImportError('no such library')\n", monkeypatch)
        (row,) = measure(MeasureRequest((NANO,), threads=(1,))).rows
        assert not row.failure and row.latency is not None
        assert "ai-edge-litert 9.9 does not run it: it does not load: no such library" in row.notes

    def test_the_same_file_is_measured_once(self):
        found = measure(MeasureRequest((NANO, NANO.parent / ".." / "nano" / NANO.name), threads=(1,)))
        assert len(found.rows) == 1

    def test_a_machine_may_be_said_to_be_emulated(self):
        request = MeasureRequest((NANO,), threads=(1,))
        assert not measure(request).machine.emulated
        assert measure(replace(request, emulated=True)).machine.emulated

    def test_a_missing_model_is_told_before_anything_is_measured(self, tmp_path: Path):
        with pytest.raises(EdgedigitsError, match="no model at"):
            measure(MeasureRequest((NANO, tmp_path / "no.tflite")))

    def test_digits_of_the_models_own_data_set_are_its_test_digits(self, data_folder: Path):
        (row,) = measure(MeasureRequest((NANO,), dataset="mnist", threads=(1,))).rows
        assert row.accuracy is not None
        assert (row.accuracy.digits, row.accuracy.count) == ("mnist, its own test digits", 10_000)

    def test_digits_that_a_model_was_trained_on_are_left_out_by_whatever_name(self, tmp_path: Path):
        pool = load_dataset("samples").pool
        for name in ("then", "now"):
            np.savez(tmp_path / f"{name}.npz", x_train=pool.images, y_train=pool.labels)
        split = split_dataset(load_dataset(f"npz:{tmp_path}/then.npz"), "default")
        card = card_of(NANO)
        assert card is not None
        shutil.copy(NANO, tmp_path)
        write_card(tmp_path, replace(card, dataset=split.describe()))
        request = MeasureRequest((tmp_path / NANO.name,), dataset=f"npz:{tmp_path}/now.npz", threads=(1,))
        (row,) = measure(request).rows
        assert row.accuracy is not None
        assert row.accuracy.digits_sha256 == split.test.sha256()

    def test_the_test_part_of_a_split_of_another_data_set(self, tmp_path: Path):
        pool = load_dataset("samples").pool
        np.savez(tmp_path / "own.npz", x_train=pool.images, y_train=pool.labels)
        request = MeasureRequest((NANO,), dataset=f"npz:{tmp_path}/own.npz", split="nf264", threads=(1,))
        (row,) = measure(request).rows
        assert row.accuracy is not None
        assert (row.accuracy.digits, row.accuracy.count) == (f"npz:{tmp_path}/own.npz, test part of split nf264", 50)
