"""Damaged and hostile models: the export refuses them with a message, within bounds, and no text of theirs gets out."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from host_library import compile_host, export_bytes
from model_builder import ModelBuilder
from slow_cases import slow_but
from test_library_hygiene import small_network

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.library import export_library

HERE = Path(__file__).parent
ATTACKS = (
    b'*/ int main(void) { return system("touch owned"); } /*',
    b'"; system("touch owned"); //',
    b"\\\n#include </etc/passwd>\n#define main owned\n??/",
    b"%s%n${name}$NAME{{ owned }}",
    b"owned\x00\n\r\t\xe2\x80\xae\xc3\xa4",
)


def fuzz(first: int, count: int, seconds: float, folder: Path) -> tuple[int, int]:
    """How many damaged models were refused, and how many exported."""
    done = subprocess.run(
        (sys.executable, str(HERE / "fuzz_export.py"), str(first), str(count), str(seconds), str(folder)),
        env={**os.environ, "PYTHONPATH": str(HERE), "OPENBLAS_NUM_THREADS": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=seconds + 120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    refused, exported = done.stdout.split()[-2:]
    return int(refused), int(exported)


def test_damaged_models_are_refused_or_exported_and_nothing_else(tmp_path):
    refused, exported = fuzz(0, 600, 40, tmp_path)
    assert refused > 150  # the damage reaches the reader
    assert exported > 15  # and does not always stop at the first table


@pytest.mark.slow
def test_damaged_models_for_three_minutes(tmp_path):
    refused, _ = fuzz(10_000, 10**9, 180, tmp_path)
    assert refused > 1000


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_of_the_model_reaches_the_files(attack, tmp_path):
    builder = ModelBuilder(1)
    end = builder.softmax(builder.dense(builder.conv(builder.input((1, 8, 8, 1)), 3), 10))
    plain = export_bytes(builder.build(end), tmp_path)
    for tensor in builder.tensors:
        tensor.name = attack
    library = export_bytes(builder.build(end), tmp_path)
    for harmless, text in ((plain.header, library.header), (plain.source, library.source)):
        assert text.replace(library.sha256, "") == harmless.replace(plain.sha256, "")


def test_a_hostile_file_name_does_not_reach_the_files(tmp_path):
    path = tmp_path / "*" / '" owned'
    path.mkdir(parents=True)
    model = path / "owned*.tflite"
    model.write_bytes(small_network())
    library = export_library(model)
    assert "owned" not in library.header + library.source


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1st",
        "a b",
        "a-b",
        "Digits",
        "a__b",
        "_a",
        "a;system()",
        "a\n#include <x>",
        "../a",
        "a/b",
        "ä",
        "int",
        "class",
        "x" * 500,
        "a\0b",
        "printf(1);//",
    ],
)
def test_names_that_are_no_plain_identifiers_are_refused(name, tmp_path):
    model = tmp_path / "m.tflite"
    model.write_bytes(small_network())
    with pytest.raises(EdgedigitsError) as caught:
        export_library(model, name=name)
    assert caught.value.remedy


NAMES = ("a", "net_2", "x9", "memcpy2", "conv", "values", "rescale", "ab_run")


@pytest.mark.parametrize("name", slow_but(NAMES, ["net_2", "memcpy2", "conv", "ab_run"]))
def test_any_other_name_compiles_beside_the_kernels_own_names(name, tmp_path):
    compile_host(export_bytes(small_network(), tmp_path, name), tmp_path, ("-O0", "-Wall", "-Werror"))


def test_a_float_model_is_refused(tmp_path):
    builder = ModelBuilder(1)
    start = builder.tensor((1, 8), dtype=np.float32)
    builder.inputs.append(start)
    weights = builder.constant(np.ones((3, 8), np.float32))
    made = builder.tensor((1, 3), dtype=np.float32)
    end = builder.operator("FULLY_CONNECTED", 1, [start, weights, -1], made, "FullyConnectedOptions")
    with pytest.raises(EdgedigitsError, match="float model") as caught:
        export_bytes(builder.build(end), tmp_path)
    assert "converter for full int8" in caught.value.remedy


def test_a_dynamic_range_model_is_refused(tmp_path):
    """int8 weights, float values."""
    builder = ModelBuilder(1)
    start = builder.tensor((1, 8), dtype=np.float32)
    builder.inputs.append(start)
    weights = builder.constant(np.ones((3, 8), np.int8), 0.1)
    made = builder.tensor((1, 3), dtype=np.float32)
    end = builder.operator("FULLY_CONNECTED", 9, [start, weights, -1], made, "FullyConnectedOptions")
    with pytest.raises(EdgedigitsError) as caught:
        export_bytes(builder.build(end), tmp_path)
    assert "converter for full int8" in caught.value.remedy


TOO_LARGE = {
    "a stride of 300 rows": lambda b: b.conv(b.input((1, 700, 4, 1)), 2, (3, 3), stride=(300, 1)),
    "a dilation of 300 rows": lambda b: b.conv(b.input((1, 700, 4, 1)), 2, (2, 2), dilation=(300, 1)),
    "a window of 300 rows": lambda b: b.conv(b.input((1, 700, 4, 1)), 2, (300, 1), padding="VALID"),
    "a depthwise window of 300 columns": lambda b: b.depthwise(b.input((1, 4, 700, 2)), 1, (1, 300), padding="VALID"),
    "a pool of 300 columns": lambda b: b.pool(b.input((1, 4, 700, 2)), "average", (1, 300), stride=(1, 300)),
    "a row of 70,000 bytes": lambda b: b.relu(b.input((1, 1, 7000, 10))),
    "70,000 rows": lambda b: b.relu(b.input((1, 70000, 1, 1))),
    "16 million rows": lambda b: b.relu(b.input((1, 1 << 24, 1, 1))),
}


@pytest.mark.parametrize("build", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_the_fields_of_the_library_cannot_hold_is_refused(build, tmp_path):
    builder = ModelBuilder(1)
    model = builder.build(build(builder))
    with pytest.raises(EdgedigitsError, match=r"large|more than"):
        export_bytes(model, tmp_path)


def test_exporting_a_large_model_takes_no_gigabytes(tmp_path):
    """8 MB of weights, as many as no microcontroller holds: peak memory of the process stays below 1.5 GB."""
    builder = ModelBuilder(1)
    (tmp_path / "large.tflite").write_bytes(builder.build(builder.dense(builder.input((1, 1, 2000, 10)), 400)))
    program = (
        "import sys, pathlib\nfrom edgedigits.firmware_export.library import export_library\n"
        "from edgedigits.core.errors import EdgedigitsError\n"
        "try:\n    export_library(pathlib.Path(sys.argv[1]))\nexcept EdgedigitsError as error:\n    print(error)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    subprocess.run((sys.executable, "-c", program, str(tmp_path / "large.tflite")), check=True, timeout=120)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak == before or peak < 1_500_000
