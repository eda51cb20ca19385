"""A line network as C: from a strip to a text, the same one as Python's greedy decoding of TFLite's scores."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from host_library import STRICT, checked_run, compile_host, export_bytes
from line_networks import STRIP_INPUT, line_model, write_line_model
from model_builder import ModelBuilder
from reference import reference_outputs

from edgedigits.core.cards import read_card, write_card
from edgedigits.core.contract.finding import Told
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.lines.decoding import greedy
from edgedigits.core.lines.shapes import LineShape, line_shape
from edgedigits.core.lines.strip import padded
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.firmware_export import CompiledLibrary, export_library
from edgedigits.firmware_export.library import LibraryExport
from edgedigits.firmware_export.proof.compiler import find_compiler
from edgedigits.firmware_export.proof.lines import LineReference, drawn_lines, line_text, strip_inputs

needs_a_compiler = pytest.mark.skipif(not find_compiler(), reason="no C compiler (Debian: sudo apt install gcc)")

BLANK = 10


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_line_model(tmp_path_factory.mktemp("line") / "model")


@pytest.fixture(scope="session")
def library(model: Path) -> LibraryExport:
    return export_library(model)


@pytest.fixture(scope="session")
def compiled(library: LibraryExport):
    with CompiledLibrary(library, flags=("-O2", *STRICT[1:])) as made:
        yield made


def scores_of(*classes: int, steps: int = 48) -> np.ndarray:
    """Scores by which these classes win, one a step, then blanks."""
    scores = np.full((steps, 11), -9, np.int8)
    scores[:, BLANK] = 5
    for step, one in enumerate(classes):
        scores[step, one] = 6 if one != BLANK else 5
    return scores.reshape(1, -1)


def decoded_otherwise(output: np.ndarray) -> str:
    """Greedy decoding written down once more, step by step."""
    best = [row.index(max(row)) for row in output.reshape(-1, 11).tolist()]
    return "".join(str(now) for last, now in pairwise([BLANK, *best]) if now not in (last, BLANK))


@needs_a_compiler
class TestReading:
    def test_200_strips_are_read_as_python_decodes_tflites_scores(self, model, library, compiled):
        strips = drawn_lines(200, 96)
        expected = np.array(reference_outputs(model.read_bytes(), strip_inputs(strips))).reshape(200, -1)
        np.testing.assert_array_equal(compiled.run(strip_inputs(strips)), expected)
        read = compiled.read_lines(strips)
        assert read == compiled.texts(expected) == [line_text(one) for one in expected]
        assert read == [decoded_otherwise(one) for one in expected]
        assert len(set(read)) > 100, "the strips say many things"
        assert set("".join(read)) == set("0123456789")

    def test_the_greedy_decoding_of_core_gives_the_same(self, compiled):
        outputs = np.random.default_rng(3).integers(-128, 128, (300, 48 * 11), np.int8)
        assert compiled.texts(outputs) == [greedy(one.reshape(-1, 11)) for one in outputs]

    @pytest.mark.parametrize("seed", [0, 1])
    def test_one_step_in_a_column_is_read_as_well(self, seed, tmp_path):
        path = write_line_model(tmp_path / "one", line_model(seed, together=1))
        strips = drawn_lines(12, 96)
        with CompiledLibrary(path) as made:
            assert made.export.line == LineShape(96, 24)
            expected = LineReference(path, made.export.graph).steps(strips)
            np.testing.assert_array_equal(made.run(strip_inputs(strips)), expected)
            assert made.read_lines(strips) == [line_text(one) for one in expected]

    def test_a_narrower_strip_is_filled_up_with_ground(self, compiled):
        for columns in (95, 40, 1, 0):
            strips = drawn_lines(8, 96)[:, :, :columns]
            filled = np.stack([padded(strip, 96) if columns else np.zeros((32, 96), np.uint8) for strip in strips])
            assert compiled.read_lines(strips) == compiled.read_lines(filled)

    def test_a_wider_strip_is_refused(self, compiled):
        with pytest.raises(EdgedigitsError, match="at most 96"):
            compiled.read_lines(np.zeros((1, 32, 97), np.uint8))

    def test_the_memory_around_is_left_alone_and_warnings_have_nothing_to_say(self, library, tmp_path):
        host = compile_host(
            library, tmp_path, flags=("-O1", "-fsanitize=address,undefined", "-DSANITIZED", *STRICT[1:])
        )
        strips = strip_inputs(drawn_lines(3, 96))
        np.testing.assert_array_equal(host.run(strips, "inside"), host.run(strips, "apart"))


@needs_a_compiler
class TestTexts:
    def test_repeats_are_one_digit_and_a_blank_between_makes_two(self, compiled):
        assert compiled.texts(scores_of(1, 1, 1)) == ["1"]
        assert compiled.texts(scores_of(1, BLANK, 1)) == ["11"]
        assert compiled.texts(scores_of(BLANK, 1, 1, BLANK, BLANK, 1, 2, 2, 1)) == ["1121"]

    def test_blanks_alone_say_nothing(self, compiled):
        assert compiled.texts(scores_of()) == [""]

    def test_of_equal_scores_the_smallest_class_wins(self, compiled):
        assert compiled.texts(np.zeros((1, 48 * 11), np.int8)) == ["0"]
        scores = scores_of(7)
        scores[0, 3] = scores[0, 7]
        assert compiled.texts(scores) == ["3"]
        scores = scores_of()
        scores[0, 9] = scores[0, BLANK]
        assert compiled.texts(scores) == ["9"]

    def test_every_step_may_be_a_digit(self, compiled):
        classes = [step % 10 for step in range(48)]
        assert compiled.texts(scores_of(*classes)) == ["".join(map(str, classes))]

    def test_random_scores_are_decoded_as_python_does(self, compiled):
        outputs = np.random.default_rng(1).integers(-3, 4, (500, 48 * 11), np.int8)
        assert compiled.texts(outputs) == [decoded_otherwise(one) for one in outputs]


_BUFFERS = """
#include <stdio.h>
#include <string.h>
#include "digits.h"
static int32_t arena[(DIGITS_ARENA_BYTES + 3) / 4];
static uint8_t strip[DIGITS_STRIP_ROWS * DIGITS_STRIP_COLUMNS];
int main(void)
{
    int8_t *const memory = (int8_t *)arena;
    int8_t scores[DIGITS_OUTPUT_BYTES];
    char text[DIGITS_STEPS + 1];
    memset(scores, 0, sizeof scores);
    for (int step = 0; step < 3; step++) {
        scores[step * DIGITS_CLASSES + step + 4] = 9;
    }
    for (int step = 3; step < DIGITS_STEPS; step++) {
        scores[step * DIGITS_CLASSES + DIGITS_BLANK] = 9;
    }
    for (size_t size = 0; size < 6; size++) {
        memset(text, '#', sizeof text);
        const int found = digits_text(scores, text, size);
        printf("%d %.6s\\n", found, text[0] == '\\0' ? "empty" : text);
    }
    printf("%d %d\\n", digits_text(NULL, text, 9), digits_text(scores, NULL, 9));
    printf("%d %d %d\\n", digits_read_line(NULL, strip, 9, text, sizeof text),
           digits_read_line(memory, NULL, 9, text, sizeof text), digits_read_line(memory, strip, 9, NULL, 9));
    printf("%d %d\\n", digits_read_line(memory + 1, strip, 9, text, sizeof text),
           digits_read_line(memory, strip, DIGITS_STRIP_COLUMNS + 1, text, sizeof text));
    const int whole = digits_read_line(memory, strip, DIGITS_STRIP_COLUMNS, text, sizeof text);
    printf("%d\\n", whole == (int)strlen(text) && whole > 0);
    printf("%d ", digits_read_line(memory, strip, DIGITS_STRIP_COLUMNS, text, (size_t)whole));
    printf("%d\\n", text[0]);
    printf("%d\\n", digits_read_line(memory, strip, DIGITS_STRIP_COLUMNS, text, (size_t)whole + 1) == whole);
    return 0;
}
"""


@needs_a_compiler
def test_what_cannot_be_read_or_does_not_fit_is_told_by_the_code_returned(library, tmp_path):
    library.text.write(tmp_path)
    (tmp_path / "main.c").write_text(_BUFFERS)
    flags = (*STRICT, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover")
    checked_run("gcc", *flags, "main.c", "digits.c", "-o", "buffers", cwd=tmp_path)
    assert checked_run(str(tmp_path / "buffers")).splitlines() == [
        "-2 ######",
        "-2 empty",
        "-2 empty",
        "-2 empty",
        "3 456",
        "3 456",
        "-1 -1",
        "-1 -1 -1",
        "-1 -1",
        "1",
        "-2 0",
        "1",
    ]


def test_as_cpp_it_compiles(library, tmp_path):
    library.text.write(tmp_path)
    (tmp_path / "main.cpp").write_text('#include "digits.h"\nint main() { return DIGITS_BLANK - 10; }\n')
    try:
        checked_run("g++", "-std=c++17", "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", "main.cpp", cwd=tmp_path)
    except FileNotFoundError:
        pytest.skip("g++ is not installed")


class TestWidths:
    @pytest.mark.parametrize("width", [96, 192, 288])
    def test_a_network_is_exported_for_strips_of_another_width(self, width, model):
        made = export_library(model, width=width)
        assert made.line == LineShape(width, width // 2)
        assert made.recipe.width == width
        assert f"#define DIGITS_STRIP_COLUMNS {width}\n" in made.header
        if not find_compiler():
            return
        strips = drawn_lines(5, width)
        expected = LineReference(model, made.graph).steps(strips)
        with CompiledLibrary(made) as compiled:
            np.testing.assert_array_equal(compiled.run(strip_inputs(strips)), expected)
            assert compiled.read_lines(strips) == [line_text(one) for one in expected]

    def test_the_width_of_the_file_gives_the_same_c(self, model, library):
        assert export_library(model, width=96).text == library.text

    def test_a_model_that_reads_no_lines_has_no_width_to_choose(self):
        with pytest.raises(EdgedigitsError, match="reads no lines"):
            export_library(bundled_model(), width=96)

    def test_the_network_is_read_as_it_is_where_no_width_is_chosen(self, tmp_path):
        made = export_bytes(line_model(width=128), tmp_path)
        assert made.line == LineShape(128, 64)


class TestWhatIsALineNetwork:
    @pytest.mark.parametrize(
        ("source", "result", "found"),
        [
            ((1, 32, 192, 1), (1, 1, 48, 22), LineShape(192, 96)),
            ((1, 32, 96, 1), (1, 1, 24, 11), LineShape(96, 24)),
            ((1, 28, 28, 1), (1, 10), None),
            ((1, 32, 96, 1), (1, 1, 24, 10), None),
            ((1, 32, 96, 3), (1, 1, 24, 11), None),
            ((1, 28, 96, 1), (1, 1, 24, 11), None),
            ((1, 32, 96, 1), (1, 2, 24, 11), None),
        ],
    )
    def test_shapes_tell(self, source, result, found):
        assert line_shape(source, result) == found

    def test_it_is_found_without_a_card_and_nothing_of_single_digits_is_written(self, library, tmp_path):
        made = export_bytes(line_model(2), tmp_path)
        assert made.text == library.text
        assert "digits_read_line" in made.header
        for name in ("top1", "input_from_grey", "confidence", "label"):
            assert f"digits_{name}" not in made.header + made.source

    def test_another_prefix_names_every_symbol(self, model):
        made = export_library(model, name="reader")
        assert "int reader_read_line(" in made.header
        assert "digits_" not in made.header + made.source

    def test_a_card_that_says_so_of_other_shapes_is_refused(self, tmp_path):
        builder = ModelBuilder()
        end = builder.conv(builder.input((1, 32, 96, 1)), 11)
        with pytest.raises(
            EdgedigitsError, match=r"reads lines, by its card, and maps \(32, 96, 1\) to \(32, 96, 11\)"
        ):
            export_library(write_line_model(tmp_path / "wrong", builder.build(end)))

    @pytest.mark.parametrize("other", [(1.0, -128), (STRIP_INPUT[0], 0)])
    def test_an_input_that_counts_otherwise_is_refused(self, other, tmp_path):
        builder = ModelBuilder()
        end = builder.pool(builder.input((1, 32, 96, 1), *other), size=(32, 4), stride=(32, 4))
        with pytest.raises(EdgedigitsError, match="a line network whose input has the scale"):
            export_library(write_line_model(tmp_path / "wrong", builder.build(builder.conv(end, 11, (1, 1)))))

    def test_a_failed_proof_is_refused_as_of_digits(self, model, tmp_path):
        path = write_line_model(tmp_path / "failed", model.read_bytes())
        card = read_card(path.parent / "card.json")
        write_card(path.parent, type(card)(**{**vars(card), "verdict": "failed", "passed": False}))
        with pytest.raises(EdgedigitsError, match="proof"):
            export_library(path)
        assert "the proof of this model failed" in export_library(path, allow_failed=True).header

    def test_what_is_told_of_the_input_of_digits_is_refused(self, model):
        with pytest.raises(EdgedigitsError, match="leave --input-range and --polarity out"):
            export_library(model, told=Told(polarity="dark"))

    def test_what_wants_single_digits_refuses_it_by_name(self, model):
        with pytest.raises(EdgedigitsError, match="reads lines") as caught:
            DigitModel(model)
        assert "give a network of digits" in str(caught.value)


@needs_a_compiler
class TestFromPython:
    def test_functions_of_single_digits_are_refused(self, compiled):
        with pytest.raises(EdgedigitsError, match="reads lines and has no `top1`"):
            compiled.top1(np.zeros((1, 528), np.int8))
        with pytest.raises(EdgedigitsError, match="reads lines and has no `label`"):
            compiled.label(0)

    def test_a_library_of_single_digits_refuses_lines(self):
        with (
            CompiledLibrary(bundled_model()) as made,
            pytest.raises(EdgedigitsError, match="reads single digits and has no `read_line`"),
        ):
            made.read_lines(np.zeros((1, 32, 96), np.uint8))


def test_drawn_lines_are_the_same_bytes_everywhere():
    lines = drawn_lines(50, 192)
    assert hashlib.sha256(lines.tobytes()).hexdigest() == DRAWN
    assert not lines[9].any()
    assert all(line.any() for place, line in enumerate(lines, start=1) if place % 10)


DRAWN = "78b91528ca425ec933155f3a79b526328570a59f6dc7f79953140128ed4a3c12"


def test_the_script_writes_a_network_with_its_card(tmp_path):
    script = Path(__file__).with_name("line_networks.py")
    subprocess.run([sys.executable, script, tmp_path / "made"], check=True)
    assert read_card(tmp_path / "made" / "card.json").contract == {"task": "line"}
