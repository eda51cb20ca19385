"""The smallest network of the zoo on an 8-bit ATmega328P: 2,048 bytes of RAM, 32,768 of flash, an int of 16 bits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tty
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from test_typed_ends import typed

from edgedigits.core.datasets.formats.idx import read_idx
from edgedigits.core.digit import model_input, quantize
from edgedigits.core.files import sha256_of
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.boards.measure import measure
from edgedigits.firmware_export.library import export_library
from edgedigits.firmware_export.proof.drawn import drawn_digits
from edgedigits.firmware_export.proof.inputs import proof_inputs
from edgedigits.firmware_export.proof.reference import ReferenceKernels
from edgedigits.firmware_export.report.report import firmware_report
from edgedigits.firmware_export.serial.verify import verify
from edgedigits.firmware_export.targets import write_target
from edgedigits.firmware_export.targets.export import export_target

ROOT = Path(__file__).parents[2]
MODEL = Path(__file__).parent / "models" / "nano" / "model.int8.tflite"
ARDUINO = Path("/usr/share/arduino/hardware")
AVR = core("avr")
INPUT_BYTES = 784
PARAMETERS = 4466
CYCLES_A_SECOND = 16_000_000
SPEED, SIZE = 0, 1  # places of -O2 and -Os in a measurement's weights


@pytest.fixture(scope="module", autouse=True)
def tools():
    for command, package in ((f"{AVR.compiler}gcc", AVR.compiler_package), (AVR.emulator[0], AVR.emulator_package)):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is not installed (Debian: apt-get install {package})")


@pytest.fixture(scope="module")
def library():
    return export_library(MODEL)


def run(library, digits, flags=("-O2",)):
    """What the ATmega328P makes of these digits, and what TFLite's reference kernels do."""
    reference = ReferenceKernels(MODEL)
    entry = reference.digits.input
    inputs = quantize(model_input(digits), entry.scale, entry.zero_point)
    return measure(library.text, AVR, inputs.reshape(len(inputs), -1), flags=flags), reference.outputs(digits)


@pytest.fixture(scope="module")
def both(library):
    return run(library, drawn_digits(5))


@pytest.fixture(scope="module")
def measured(both):
    return both[0]


def test_the_model_is_the_one_of_the_cards():
    card = json.loads((ROOT / "docs" / "cards" / "nano.json").read_text(encoding="utf-8"))
    assert sha256_of(MODEL) == card["sha256"]


def test_every_output_is_that_of_the_reference_kernels(both):
    measured, expected = both
    np.testing.assert_array_equal(measured.outputs, expected)


def test_every_output_is_right_in_a_small_build_too(library):
    measured, expected = run(library, drawn_digits(2), flags=("-Os",))
    np.testing.assert_array_equal(measured.outputs, expected)


@pytest.mark.parametrize("flags", [SPEED, SIZE])
def test_the_smallest_program_fits_the_flash(measured, flags):
    assert PARAMETERS < measured.footprints[flags].whole.flash <= AVR.memory.code.size == 32_768


def test_variables_arena_and_stack_fit_the_ram_with_the_input_among_them(measured):
    static = measured.footprints[SPEED].whole.static_ram
    assert INPUT_BYTES < measured.arena <= static
    assert static + measured.stack <= AVR.memory.ram.size == 2_048


def test_weights_stay_in_flash(measured):
    for weight in measured.footprints:
        assert sum(weight.parameters.values()) >= PARAMETERS
        assert weight.library.rodata >= sum(weight.parameters.values())
        assert weight.whole.static_ram - measured.arena < 16
        assert weight.library.static_ram < 128  # version, sha256 and labels, which a program may leave out


def test_a_digit_takes_less_than_a_second_at_16_mhz(measured):
    assert 0 < measured.mean_instructions < CYCLES_A_SECOND


@pytest.mark.slow
def test_200_test_digits_give_every_output_of_the_reference_kernels(library, data_folder):
    digits = read_idx(data_folder / "mnist" / "t10k-images-idx3-ubyte.gz")[:200]
    measured, expected = run(library, digits)
    np.testing.assert_array_equal(measured.outputs, expected)


@contextmanager
def uno(model, sketch, tmp_path):
    """The Arduino example with the model in it, running on an emulated Uno: its serial port."""
    if shutil.which("arduino-builder") is None or not (ARDUINO / "arduino" / "avr").is_dir():
        pytest.skip("no Arduino core for AVR (Debian: apt-get install arduino-builder arduino-core-avr)")
    if shutil.which("gcc") is None or not Path("/usr/include/simavr/sim_avr.h").is_file():
        pytest.skip("no gcc or no simavr library (Debian: apt-get install gcc libsimavr-dev)")
    digits, build, emulator = tmp_path / "libraries" / "digits", tmp_path / "build", tmp_path / "uno"
    write_target("arduino", export_target(model).files, digits)
    build.mkdir()
    for command in (
        [
            *("arduino-builder", "-compile", "-fqbn", "arduino:avr:uno", "-libraries", digits.parent),
            *("-hardware", ARDUINO, "-hardware", "/usr/share/arduino-builder", "-tools", "/usr/bin"),
            # Debian's core is written for a newer compiler than Debian's: the macro stands in <cfloat> since GCC 7.
            *("-prefs", "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"),
            *("-build-path", build, digits / "examples" / sketch / f"{sketch}.ino"),
        ],
        ["gcc", "-O2", Path(__file__).with_name("simavr_uno.c"), "-o", emulator, "-lsimavr"],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    master, slave = os.openpty()
    tty.setraw(slave)
    with subprocess.Popen([emulator, build / f"{sketch}.ino.elf"], stdin=master, stdout=master) as process:
        yield os.ttyname(slave)
        process.kill()
    os.close(master)
    os.close(slave)


def test_the_arduino_example_answers_over_the_serial_port_of_an_uno(tmp_path):
    with uno(MODEL, "ReadDigit", tmp_path) as port:
        found = verify(port, MODEL, drawn_digits(3), timeout=30, patience=30)
    assert found.equal
    assert 0 < found.median_microseconds < 1_000_000


@pytest.fixture(params=[("int8", "int8"), ("uint8", "uint8"), ("float32", "float32")], ids="-".join)
def picture(request, tmp_path):
    """A model that reads no digits: pictures of 9 x 8 in two channels, three classes."""
    (path := tmp_path / "picture.tflite").write_bytes(typed((1, 9, 8, 2), 3, *request.param))
    return path


def test_a_model_that_reads_no_digits_answers_as_the_reference_kernels(picture):
    found = firmware_report(picture, ["avr"], proof_inputs(picture, 5))
    assert found.equal and found.costs[0].images == 5
    cost = found.costs[0]
    assert cost.static + cost.arena + cost.stack < AVR.memory.ram.size
    assert cost.sizes[SPEED].program < AVR.memory.code.size


def test_its_arduino_example_answers_over_the_serial_port_of_an_uno(picture, tmp_path):
    inputs = proof_inputs(picture, 4)
    with uno(picture, "RunModel", tmp_path) as port:
        found = verify(port, picture, inputs.values, timeout=30, patience=30)
    assert found.equal and found.outputs == 4 * found.board.output_bytes
