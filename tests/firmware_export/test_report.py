"""The report on a model as firmware: figures that hold together, differences that are found, errors that help."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import colormaps
from model_builder import ModelBuilder

from edgedigits.core.datasets.formats.idx import read_idx
from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import LibraryExport, export_library
from edgedigits.firmware_export.planning.arena import Allocation, Layout
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.inputs import ProofInputs, proof_inputs
from edgedigits.firmware_export.proof.reference import ReferenceKernels
from edgedigits.firmware_export.report.cores import core_cost, kernel_variant, missing_tool
from edgedigits.firmware_export.report.layers import arena_uses, layer_costs
from edgedigits.firmware_export.report.parameters import ParameterBytes
from edgedigits.firmware_export.report.plot import memory_png
from edgedigits.firmware_export.report.report import FirmwareReport, firmware_report, report_path, write_report
from edgedigits.firmware_export.targets.export import SELF_TEST_IMAGES, export_target, library_files

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
CORES = ("m0", "m4", "m55")


def drawn(count: int) -> ProofInputs:
    return ProofInputs(drawn_digits(count), "digits drawn by code")


def need_tools(*names: str) -> None:
    for name in names:
        if lacking := missing_tool(core(name)):
            pytest.skip(lacking)


def write_tiny(folder: Path, seed: int = 7) -> Path:
    """A digit model that runs in no time and has layers with and without multiply-accumulates."""
    built = ModelBuilder(seed)
    image = built.input((1, 28, 28, 1))
    maps = built.pool(built.conv(image, 4, stride=(2, 2), activation="RELU"), "average")
    path = folder / "tiny.tflite"
    path.write_bytes(built.build(built.softmax(built.dense(built.depthwise(maps), 10))))
    return path


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def library(tiny: Path) -> LibraryExport:
    return export_library(tiny)


@pytest.fixture(scope="module")
def report(tiny: Path) -> FirmwareReport:
    need_tools(*CORES)
    return firmware_report(tiny, CORES, drawn(3))


class TestFigures:
    def test_every_output_on_every_core_is_that_of_the_reference_kernels(self, report: FirmwareReport):
        assert report.equal
        assert [(cost.core, cost.images, cost.differing_outputs) for cost in report.costs] == [
            ("m0", 3, 0),
            ("m4", 3, 0),
            ("m55", 3, 0),
        ]

    def test_each_core_runs_its_variant_in_that_variants_arena(self, report: FirmwareReport):
        assert [cost.variant for cost in report.costs] == ["plain", "dsp", "helium"]
        assert [cost.arena for cost in report.costs] == [report.arena_bytes[cost.variant] for cost in report.costs]

    def test_layers_add_up_to_the_network(self, report: FirmwareReport):
        assert sum(layer.macs for layer in report.layers) == report.macs == 14 * 14 * 4 * 9 + 7 * 7 * 4 * 9 + 196 * 10
        for cost in report.costs:
            total = sum(run.instructions for run in cost.layers) + cost.outside_layers
            assert total == pytest.approx(cost.instructions, rel=0.05)
            assert sum(run.parameter_bytes for run in cost.layers) == cost.sizes[0].parameters

    def test_instructions_per_mac_are_those_of_the_layer(self, report: FirmwareReport):
        for cost in report.costs:
            assert cost.per_mac == pytest.approx(cost.instructions / report.macs)
            for layer, run in zip(report.layers, cost.layers, strict=True):
                assert run.per_mac == (run.instructions / layer.macs if layer.macs else None)
        assert {layer.macs == 0 for layer in report.layers} == {True, False}

    def test_flash_is_code_tables_and_parameters(self, report: FirmwareReport):
        for cost in report.costs:
            assert [size.flags for size in cost.sizes] == ["-O2", "-Os"]
            for size in cost.sizes:
                assert size.text + size.rodata + size.data == size.parameters + size.code_and_tables
                assert size.parameters > 4 * 9 + 4 * 9 + 196 * 10
                assert size.text < size.program > size.parameters
            assert cost.static == 0
            assert 0 < cost.stack < 1000

    def test_bytes_of_parameters_are_those_that_the_compiler_counts(self, report: FirmwareReport):
        for cost in report.costs:
            parts = report.parameters[cost.variant]
            assert parts.total == parts.weights + parts.biases + parts.scales + parts.tables
            assert parts.total == cost.sizes[0].parameters == cost.sizes[1].parameters
        weights = 4 * 12 + 4 * 9 + 196 * 10  # of the padded 3x3 a column of zeros more
        weights += 1  # behind those of the depthwise layer
        assert report.parameters["plain"] == ParameterBytes(weights, 4 * (4 + 4 + 10), 5 * (4 + 4 + 10))
        assert report.parameter_bytes == report.parameters["plain"].total

    def test_small_code_runs_beside_quick_code(self, report: FirmwareReport):
        for cost in report.costs:
            quick, small = cost.sizes
            assert quick.instructions == pytest.approx(cost.instructions, rel=0.01)
            assert small.code_and_tables < quick.code_and_tables
            assert quick.instructions < small.instructions <= 1.4 * quick.instructions

    def test_instructions_are_the_same_in_every_run(self, report: FirmwareReport, tiny: Path):
        again = firmware_report(tiny, ["m4"], drawn(3))
        assert again.costs[0] == report.costs[1]

    def test_tools_are_named_with_their_versions(self, report: FirmwareReport):
        for cost in report.costs:
            assert cost.compiler.startswith("arm-none-eabi-gcc (")
            assert cost.emulator.startswith("QEMU emulator version ")

    def test_summary_is_json_and_names_model_and_recipe(self, report: FirmwareReport, tiny: Path, tmp_path: Path):
        written = json.loads(write_report(report, tmp_path / "firmware.json").read_text(encoding="utf-8"))
        assert written["file"] == "tiny.tflite"
        assert written["sha256"] == hashlib.sha256(tiny.read_bytes()).hexdigest()
        assert written["recipe"]["cores"] == list(CORES)
        assert written["parameter_bytes"] == written["parameters"]["plain"]["total"] == report.parameter_bytes
        assert written["costs"][1]["instructions"] == report.costs[1].instructions
        assert "library" not in written


def test_an_output_that_differs_only_in_small_code_is_counted(library: LibraryExport, tiny: Path):
    need_tools("m4")
    images = drawn_digits(3)
    expected = np.array(ReferenceKernels(tiny).outputs(images), np.int8)
    inputs = (images.reshape(3, -1).astype(np.int16) - 128).astype(np.int8)
    measured = measure(library.text, core("m4"), inputs)
    quick, small = measured.footprints
    changed = small.outputs.copy()
    changed[1, 3] ^= 1
    found = dataclasses.replace(measured, footprints=(quick, dataclasses.replace(small, outputs=changed)))
    assert core_cost(library, core("m4"), found, expected).differing_outputs == 1


def test_flash_of_each_layer_is_known_where_the_board_is_too_small_to_tell_them_apart(tmp_path: Path):
    need_tools("avr")
    built = ModelBuilder(3)
    (tmp_path / "m.tflite").write_bytes(built.build(built.softmax(built.dense(built.input((1, 40)), 5))))
    library = export_library(tmp_path / "m.tflite")
    measured = measure(library.text, core("avr"), np.zeros((1, 40), np.int8), stages=2)

    cost = core_cost(library, core("avr"), measured, measured.outputs)

    assert cost.layers == ()
    assert sum(cost.parameter_bytes) == cost.sizes[0].parameters > 200
    assert cost.parameter_bytes[0] >= 5 * 40
    assert len(cost.parameter_bytes) == 2


def test_outputs_that_differ_are_counted(library: LibraryExport, tiny: Path):
    need_tools("m4")
    known = core("m4")
    reference = ReferenceKernels(tiny)
    images = drawn_digits(3)
    expected = np.array(reference.outputs(images), np.int8)
    inputs = (images.reshape(3, -1).astype(np.int16) - 128).astype(np.int8)
    measured = measure(library.text, known, inputs, stages=len(library.plan.program.stages))
    assert core_cost(library, known, measured, expected).differing_outputs == 0
    expected[1, 2] ^= 1
    expected[1, 9] ^= 1
    wrong = core_cost(library, known, measured, expected)
    assert (wrong.differing_outputs, wrong.differing_images) == (2, 1)


def test_a_report_with_a_difference_or_without_a_core_is_not_equal(report: FirmwareReport):
    wrong = dataclasses.replace(report.costs[0], differing_outputs=1)
    assert not dataclasses.replace(report, costs=(wrong, *report.costs[1:])).equal
    assert not dataclasses.replace(report, costs=()).equal


@pytest.mark.parametrize(("name", "variant"), [("m0", "plain"), ("m33", "dsp"), ("m55", "helium"), ("rv32", "plain")])
def test_the_compilers_macros_tell_the_variant(name: str, variant: str):
    need_tools(name)
    assert kernel_variant(core(name)) == variant


class TestMissing:
    def test_a_missing_compiler_is_named_and_the_other_cores_go_on(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        need_tools("rv32")
        for tool in ("riscv64-unknown-elf-gcc", "riscv64-unknown-elf-size", "riscv64-unknown-elf-nm"):
            (tmp_path / tool).symlink_to(Path(str(shutil.which(tool))).resolve())
        (tmp_path / "qemu-system-riscv32").symlink_to(Path(str(shutil.which("qemu-system-riscv32"))).resolve())
        monkeypatch.setenv("PATH", str(tmp_path))
        found = firmware_report(tiny, ["m4", "rv32"], drawn(1))
        assert [cost.core for cost in found.costs] == ["rv32"]
        assert found.equal
        (lost,) = found.failures
        assert (lost.core, lost.missing_tool) == ("m4", True)
        assert "apt install gcc-arm-none-eabi" in lost.reason

    def test_a_model_larger_than_the_memory_says_by_how_much(self):
        need_tools("avr")
        (lost,) = firmware_report(SMALL, ["avr"], drawn(1)).failures
        assert not lost.missing_tool
        assert "bytes more flash" in lost.reason and "than the 32,768 there are" in lost.reason

    def test_an_unknown_core_lists_the_known_ones(self, tiny: Path):
        with pytest.raises(EdgedigitsError, match=r"no core is called 'm85'.*choose one of m0"):
            firmware_report(tiny, ["m4", "m85"], drawn(1))

    @pytest.mark.parametrize(("cores", "images"), [((), 1), (("m4",), 0)])
    def test_nothing_to_measure_is_an_error(self, tiny: Path, cores: tuple[str, ...], images: int):
        with pytest.raises(EdgedigitsError, match="nothing to measure"):
            firmware_report(tiny, cores, drawn(images))

    def test_a_second_model_of_a_folder_has_figures_under_its_own_name(self, tmp_path: Path):
        first, own = tmp_path / "firmware.json", tmp_path / "model.int8.firmware.json"
        first.write_text('{"file": "other.tflite"}')
        assert report_path(tmp_path / "model.int8.tflite") == own
        own.write_text('{"file": "model.int8.tflite"}')
        first.unlink()
        assert report_path(tmp_path / "model.int8.tflite") == own, "one model has one report"
        own.write_text('{"file": "other.tflite"}')
        with pytest.raises(EdgedigitsError, match=r"not about model\.int8\.tflite"):
            report_path(tmp_path / "model.int8.tflite")

    @pytest.mark.parametrize("content", ['{"file": 7}', "{}", "[]", "no JSON", "[" * 100_000])
    def test_what_is_no_report_is_not_replaced(self, content: str, tmp_path: Path):
        (tmp_path / "firmware.json").write_text(content)
        with pytest.raises(EdgedigitsError, match=r"not about model\.tflite"):
            report_path(tmp_path / "model.tflite")

    def test_own_figures_are_replaced(self, tmp_path: Path):
        (tmp_path / "firmware.json").write_text('{"file": "model.tflite"}')
        assert report_path(tmp_path / "model.tflite") == tmp_path / "firmware.json"


class TestArena:
    @given(masks=st.lists(st.integers(0, 2**40), min_size=1, max_size=5), offset=st.integers(0, 100))
    def test_tenancies_are_the_living_steps_of_each_slot(self, masks: list[int], offset: int):
        block = Allocation(("value", 3), 10, tuple(masks))
        pieces = list(arena_uses(Layout({block.key: offset}, (block,), 0)))
        for slot, mask in enumerate(masks):
            mine = [piece for piece in pieces if piece.start == offset + 10 * slot]
            steps = [step for piece in mine for step in range(piece.first, piece.last + 1)]
            assert steps == [bit - 1 for bit in range(50) if mask >> bit & 1]
            assert all(piece.end == piece.start + 10 for piece in mine)
            assert all(one.last + 1 < two.first for one, two in pairwise(mine)), "pieces are whole"

    def test_arena_bytes_of_a_layer_are_those_in_use_at_its_fullest_step(self, library: LibraryExport):
        costs = layer_costs(library)
        order = library.plan.schedule.order
        for variant, layout in library.plan.layouts.items():
            in_use = np.zeros((len(order), layout.bytes), bool)
            for block in layout.blocks:
                for slot, alive in enumerate(block.alive):
                    start = layout.offsets[block.key] + slot * block.slot_bytes
                    for step in range(len(order)):
                        in_use[step, start : start + block.slot_bytes] |= bool(alive >> (step + 1) & 1)
            for place, cost in enumerate(costs):
                steps = [step for step, stage in enumerate(order) if stage == place]
                assert cost.arena_bytes[variant] == in_use[steps].sum(axis=1).max()
                assert 0 < cost.arena_bytes[variant] <= layout.bytes

    def test_a_layer_that_never_runs_needs_no_arena(self, tmp_path: Path):
        """The window of the last convolution sees nothing but padding: the layers before it make nothing."""
        builder = ModelBuilder(4)
        maps = builder.pool(builder.conv(builder.input((1, 28, 28, 1)), 4, stride=(2, 2)), "average")
        maps = builder.conv(builder.pad(maps, (1, 0), (0, 0)), 10, (1, 1), stride=(9, 9), padding="VALID")
        path = tmp_path / "model.tflite"
        path.write_bytes(builder.build(builder.softmax(builder.reshape(maps, (1, 10)))))
        library = export_library(path)
        memory_png(library.plan, ("plain",), tmp_path / "memory.png")
        ran = [max(cost.arena_bytes.values()) > 0 for cost in layer_costs(library)]
        assert ran == [place in library.plan.schedule.order for place in range(len(ran))]
        assert ran[-1] and not all(ran)

    def test_the_picture_shows_every_layer_in_its_colour_and_is_the_same_each_time(
        self, library: LibraryExport, tmp_path: Path
    ):
        for name in ("one.png", "two.png"):
            memory_png(library.plan, ("plain", "dsp"), tmp_path / name)
        assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
        pixels = cv2.imread(str(tmp_path / "one.png"))[:, :, ::-1].reshape(-1, 3)
        colours = {tuple(pixel) for pixel in np.unique(pixels, axis=0).tolist()}
        stages = len(library.plan.program.stages)
        assert stages == len(layer_costs(library))
        for place in range(stages):
            assert tuple(round(255 * part) for part in colormaps["tab20"](place)[:3]) in colours


class TestImages:
    def test_drawn_digits_are_the_same_bytes_everywhere(self):
        found = hashlib.sha256(drawn_digits(120).tobytes()).hexdigest()
        assert found == "a96708f2334e1a07d9f8ff4d489b8a54f8d92853140ae69eace8750c2fa03d63"

    def test_drawn_digits_are_read_as_digits(self):
        images = drawn_digits(60)
        assert images.shape == (60, 28, 28)
        read = ReferenceKernels(SMALL).outputs(images).argmax(axis=1)
        assert read.tolist() == list(range(10)) * 6
        assert len(np.unique(images, axis=0)) == 60

    def test_a_model_without_card_gets_mnists_test_digits(self, data_folder: Path, tiny: Path):
        found = proof_inputs(tiny, 5)
        assert np.array_equal(found.values, read_idx(data_folder / "mnist" / "t10k-images-idx3-ubyte.gz")[:5])
        assert found.source == "the first 5 test digits of mnist"
        assert not found.warning

    def test_where_no_data_can_be_had_drawn_digits_stand_in_and_say_so(
        self, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delenv("EDGEDIGITS_DATA", raising=False)
        monkeypatch.setenv("EDGEDIGITS_CACHE", str(tmp_path))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        found = proof_inputs(tiny, 12)
        assert np.array_equal(found.values, drawn_digits(12))
        assert found.source == "digits drawn by code"
        assert "MNIST was not found" in found.warning


class TestExport:
    def test_test_vectors_are_what_the_reference_kernels_answer(self, tiny: Path):
        vectors = export_target(tiny, name="reader").files.vectors
        assert len(vectors) == SELF_TEST_IMAGES
        images = np.stack([np.frombuffer(vector.given, np.uint8).reshape(28, 28) for vector in vectors])
        expected = ReferenceKernels(tiny).outputs(images)
        assert [vector.output for vector in vectors] == [tuple(row) for row in expected.tolist()]

    def test_the_files_carry_the_library(self, tiny: Path):
        result = export_target(tiny, name="reader")
        assert result.files.name == "reader"
        assert (result.files.header, result.files.source) == (result.library.header, result.library.source)
        assert result.files.arena_bytes == result.library.arena_bytes
        assert result.files.sha256 == hashlib.sha256(tiny.read_bytes()).hexdigest()

    def test_vectors_of_another_model_are_refused(self, library: LibraryExport, tmp_path: Path):
        with pytest.raises(ValueError, match="not the model of this library"):
            library_files(library, write_tiny(tmp_path, seed=8))

    @pytest.mark.parametrize("name", ["Digits", "2nd", "for", "a-b", "a" * 33, "x\n#include"])
    def test_names_that_are_no_c_identifiers_are_refused(self, tiny: Path, name: str):
        with pytest.raises(EdgedigitsError, match=r"cannot name C symbols|is a keyword"):
            export_target(tiny, name=name)
