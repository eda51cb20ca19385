"""Line networks as int8: what is made, the proof on strings, verdicts, the benchmark's rows, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edgedigits.core.cards import card_of, write_card
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.labelled import Lines, load_lines, save_lines
from edgedigits.core.statistics.line_metrics import compare_lines
from edgedigits.core.tflite.file import read_tflite

pytest.importorskip("tensorflow")


@pytest.fixture
def copied(line_network, tmp_path):
    """A copy of the network's folder, to spoil."""
    shutil.copytree(line_network.parent, tmp_path / "float")
    return tmp_path / "float" / "model.keras"


def quantized(model, out, **settings):
    from edgedigits.quantize.lines.quantizing import LineQuantizeRequest, quantize_lines

    return quantize_lines(LineQuantizeRequest(model, **settings), out)


def test_the_model_is_int8_throughout(line_model):
    content = read_tflite(line_model)
    assert {tensor.type for tensor in content.tensors} <= {"INT8", "INT32"}
    assert content.inputs[0].scales[0] == pytest.approx(1 / 255, abs=1e-4)
    assert content.inputs[0].zero_points[0] == -128


@pytest.mark.parametrize("width", [1, 40, 96, 97, 288])
def test_the_model_gives_what_the_network_gives_for_every_width(line_network, line_model, width):
    from edgedigits.core.keras.line_networks import line_logits, load_line_network
    from edgedigits.core.tflite.line_model import LineModel

    strip = np.zeros((32, width), np.uint8)
    cv2.circle(strip, (width // 2, 16), 9, (255,), 2)
    model = LineModel(line_model)
    floats, whole = line_logits(load_line_network(line_network), [strip])[0], model.logits(strip)
    assert floats.shape == whole.shape
    assert np.abs(floats - whole).max() < 12 * model.scale


def test_a_model_is_read_by_a_card_that_is_not_written_yet(line_model, tmp_path):
    from edgedigits.core.tflite.line_model import LineModel

    bare = tmp_path / line_model.name
    shutil.copy(line_model, bare)
    with pytest.raises(EdgedigitsError, match="no card that says that it reads lines"):
        LineModel(bare)
    strip = np.eye(32, 70, dtype=np.uint8) * 255
    known = LineModel(bare, card=card_of(line_model))
    assert (known.logits(strip) == LineModel(line_model).logits(strip)).all()


def test_the_files_and_the_card(quantized_lines, line_network):
    folder, card = quantized_lines.model.parent, card_of(quantized_lines.model)
    names = {"model.int8.tflite", "card.json", "proof.json", "flips.png", "test_lines.npz"}
    assert {path.name for path in folder.iterdir()} == names
    assert card.parent == {"file": "model.keras", "sha256": card_of(line_network).sha256}
    assert card.contract == {"task": "line", "type": "int8"}
    assert card.verdict == quantized_lines.proof.verdict == json.loads((folder / "proof.json").read_text())["verdict"]


def test_the_proof_counts_what_the_model_reads_on_the_test_lines(quantized_lines, trained_lines):
    from edgedigits.core.tflite.line_model import LineModel

    lines, proof = load_lines(quantized_lines.model.parent / "test_lines.npz"), quantized_lines.proof
    read = [greedy(scores) for scores in LineModel(quantized_lines.model).all_logits(lines.strips)]
    exact = np.mean([text == truth for text, truth in zip(read, lines.texts)])
    assert proof.comparison.after == pytest.approx(100 * exact)
    assert proof.comparison.count == len(lines) == proof.after["all"].count
    assert proof.before == trained_lines.result.metrics
    assert set(proof.after) == {"all", "composed", str(trained_lines.fields)}


def test_a_line_counts_as_a_whole():
    found = compare_lines(["12", "3", "", "55"], ["12", "", "", "56"], ["12", "3", "", "44"])
    assert (found.before, found.after, found.drop) == (75.0, 50.0, 25.0)
    assert (found.lost, found.won, found.flipped) == (1, 0, (1, 3))


def test_flips_are_drawn(trained_lines):
    from edgedigits.quantize.lines.proof import draw_line_flips

    lines = load_lines(trained_lines.model.parent / "test_lines.npz")
    none = compare_lines(lines.texts, lines.texts, lines.texts)
    other = ["7"] * len(lines)
    all_of_them = compare_lines(lines.texts, other, lines.texts)
    small, large = (
        cv2.imdecode(np.frombuffer(draw_line_flips(found, lines, lines.texts, other), np.uint8), cv2.IMREAD_COLOR)
        for found in (none, all_of_them)
    )
    assert small.shape[0] < large.shape[0]


class TestVerdicts:
    def test_passed_where_the_interval_lies_below_what_may_be_lost(self, quantized_lines):
        assert quantized_lines.proof.verdict == "passed"
        assert card_of(quantized_lines.model).passed

    @pytest.mark.parametrize(
        ("limits", "verdict"),
        [({"max_drop": 0.5, "min_exact": 0.0}, "cannot tell"), ({"max_drop": 60.0, "min_exact": 99.0}, "failed")],
        ids=str,
    )
    def test_cannot_tell_and_failed(self, quantized_lines, limits, verdict):
        proof = replace(quantized_lines.proof, max_drop=limits["max_drop"], min_accuracy=limits["min_exact"])
        assert proof.verdict == verdict
        assert not proof.passed


class TestRefused:
    def test_missing_lines(self, copied, tmp_path):
        (copied.parent / "calibration_lines.npz").unlink()
        with pytest.raises(EdgedigitsError, match=r"no lines at .*calibration_lines"):
            quantized(copied, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_other_test_lines_than_the_card_names(self, copied, tmp_path):
        lines = load_lines(copied.parent / "test_lines.npz")
        save_lines(copied.parent / "test_lines.npz", lines.take(slice(5)))
        with pytest.raises(EdgedigitsError, match="other lines than the card"):
            quantized(copied, tmp_path / "out")

    def test_a_damaged_file_of_lines(self, copied, tmp_path):
        (copied.parent / "test_lines.npz").write_bytes(b"PK\x03\x04 no lines")
        with pytest.raises(EdgedigitsError, match="holds no lines"):
            quantized(copied, tmp_path / "out")

    def test_a_network_that_was_changed(self, copied, tmp_path):
        copied.write_bytes(copied.read_bytes() + b" ")
        with pytest.raises(EdgedigitsError, match="has sha256"):
            quantized(copied, tmp_path / "out")

    def test_a_network_without_a_card(self, copied, tmp_path):
        (copied.parent / "card.json").unlink()
        with pytest.raises(EdgedigitsError, match="no float line network with its card"):
            quantized(copied, tmp_path / "out")

    def test_a_card_of_digits(self, copied, tmp_path):
        write_card(copied.parent, replace(card_of(copied), contract={}))
        with pytest.raises(EdgedigitsError, match="no float line network with its card"):
            quantized(copied, tmp_path / "out")

    @pytest.mark.parametrize("calibration", [0, 13])
    def test_more_lines_to_calibrate_with_than_there_are(self, line_network, calibration, tmp_path):
        with pytest.raises(EdgedigitsError, match=f"{calibration} lines cannot be drawn from 12"):
            quantized(line_network, tmp_path / "out", calibration=calibration)

    def test_a_drop_below_zero(self, line_network, tmp_path):
        with pytest.raises(EdgedigitsError, match="--max-drop is -1"):
            quantized(line_network, tmp_path / "out", max_drop=-1)

    def test_no_lines_to_calibrate_with(self):
        from edgedigits.quantize.lines.converting import convert_lines

        with pytest.raises(EdgedigitsError, match="no lines to calibrate with"):
            convert_lines(None, (), (-9.0, 9.0))

    def test_a_model_that_was_not_calibrated_over_the_range_of_strips(self, tmp_path):
        import tf_keras as keras

        from edgedigits.quantize.lines import converting

        inputs = keras.Input((32, 192, 1))
        model = keras.Model(inputs, keras.layers.Conv2D(22, (32, 4), strides=(32, 4))(inputs))
        with pytest.MonkeyPatch.context() as patch:
            faint = np.full((1, 32, 192, 1), 0.25, np.float32)
            patch.setattr(converting, "_one_by_one", lambda _strips: iter([[faint]]))
            (tmp_path / "model.tflite").write_bytes(
                converting.convert_lines(model, (np.zeros((32, 9), np.uint8),), (-9.0, 9.0))
            )
        with pytest.raises(EdgedigitsError, match="not calibrated over the range of strips"):
            converting.check_line_int8(tmp_path / "model.tflite")


@pytest.fixture(scope="module")
def bench(line_network, tmp_path_factory):
    from edgedigits.quantize.lines.benchmarking import benchmark_lines

    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOST_SECONDS", "LEAST_SECONDS"):
            patch.setattr(f"edgedigits.results.timing.{name}", 0.05)
        return benchmark_lines(line_network, tmp_path_factory.mktemp("bench") / "bench")


class TestBenchmark:
    def test_a_row_for_the_floats_and_one_for_int8(self, bench, quantized_lines):
        assert [row.recipe for row in bench.rows] == ["float32", "int8"]
        assert {row.task for row in bench.rows} == {"line"}
        assert bench.rows[1].bytes == quantized_lines.model.stat().st_size < bench.rows[0].bytes

    def test_its_figures_are_those_of_the_proof(self, bench, quantized_lines):
        row, found = bench.rows[1], quantized_lines.proof.after["all"]
        assert row.accuracy.percent == found.exact
        assert row.accuracy.count == found.count
        assert row.character_error_rate == found.character_error_rate
        assert row.drop.points == quantized_lines.proof.comparison.drop
        assert row.checks["composed"]["exact"] == quantized_lines.proof.after["composed"].exact

    def test_rows_are_chosen_by_the_validation_lines(self, bench, line_network):
        lines = load_lines(line_network.parent / "validation_lines.npz")
        for row in bench.rows:
            assert (row.validation.digits_sha256, row.validation.count) == (lines.sha256(), len(lines))

    def test_a_line_is_timed_on_each_runtime(self, bench):
        for row in bench.rows:
            assert len(row.latencies) == 2
            assert all(one.median_us > 0 and one.batch == 1 for one in row.latencies)

    @pytest.mark.parametrize("width", [40, 97, 288])
    def test_the_floats_as_a_file_give_what_the_network_gives(self, bench, line_network, width):
        from edgedigits.core.keras.line_networks import line_logits, load_line_network
        from edgedigits.core.tflite.line_model import LineModel

        strip = np.zeros((32, width), np.uint8)
        cv2.circle(strip, (width // 2, 16), 9, (255,), 2)
        model = LineModel(bench.folder / "float32" / bench.rows[0].file)
        assert (model.is_int8, model.scale) == (False, 0.0)
        network = line_logits(load_line_network(line_network), [strip])[0]
        assert np.abs(model.logits(strip) - network).max() < 1e-3

    def test_the_tables_speak_of_lines(self, bench):
        text = (bench.folder / "results.md").read_text()
        assert "exact lines % (95 % interval)" in text
        assert "µs a line" in text
        assert "accuracy" not in text.splitlines()[2]

    def test_a_network_from_before_validation_lines_has_a_note(self, copied, tmp_path, monkeypatch):
        from edgedigits.quantize.lines.benchmarking import benchmark_lines

        (copied.parent / "validation_lines.npz").unlink()
        for name in ("MOST_SECONDS", "LEAST_SECONDS"):
            monkeypatch.setattr(f"edgedigits.results.timing.{name}", 0.05)
        (row,) = benchmark_lines(copied, tmp_path / "bench", ("float32",)).rows
        assert row.validation is None
        assert any("validation_lines.npz" in note for note in row.notes)

    def test_another_recipe_is_refused(self, line_network, tmp_path):
        from edgedigits.quantize.lines.benchmarking import benchmark_lines

        with pytest.raises(EdgedigitsError, match="is not made small by float16"):
            benchmark_lines(line_network, tmp_path / "bench", ("float16", "int8"))


def test_lines_without_a_digit_of_their_own_are_no_lines_to_judge():
    empty = Lines((), (), ())
    assert len(empty.of("composed")) == 0
