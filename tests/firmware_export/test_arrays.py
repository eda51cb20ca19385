"""The C arrays: they compile everywhere without a warning and hold the model byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_models

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.tflite.digit_model import DigitModel
from edgedigits.core.tflite.file import read_tflite
from edgedigits.firmware_export import export_arrays, write_export
from edgedigits.firmware_export.c_source.names import LONGEST_NAME, check_name
from edgedigits.firmware_export.c_source.text import float_literal
from edgedigits.firmware_export.earlier_export import LIST

SMALL = Path(__file__).parents[2] / "core" / "pretrained" / "small" / "model.int8.tflite"
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual", "-Werror"]
LANGUAGES = {
    "gcc-c99": ["gcc", "-std=c99"],
    "gcc-c11": ["gcc", "-std=c11"],
    "g++-c++17": ["g++", "-x", "c++", "-std=c++17"],
    "clang-c99": ["clang", "-std=c99"],
    "clang-c11": ["clang", "-std=c11"],
    "clang++-c++17": ["clang++", "-x", "c++", "-std=c++17"],
}
PROBE = """
#include <stdio.h>
#include <string.h>
#include "probe_model.h"

static void print_float(const char *key, float value)
{
    unsigned char bytes[sizeof value];
    size_t i;
    memcpy(bytes, &value, sizeof value);
    printf("%s ", key);
    for (i = 0; i < sizeof value; i++) {
        printf("%02x", (unsigned int)bytes[i]);
    }
    printf("\\n");
}

int main(void)
{
    static const int input_shape[PROBE_MODEL_INPUT_RANK] = PROBE_MODEL_INPUT_SHAPE;
    static const int output_shape[PROBE_MODEL_OUTPUT_RANK] = PROBE_MODEL_OUTPUT_SHAPE;
    probe_model_input_type lowest_input = (probe_model_input_type)PROBE_MODEL_INPUT_ZERO_POINT;
    probe_model_output_type lowest_output = (probe_model_output_type)PROBE_MODEL_OUTPUT_ZERO_POINT;
    size_t i;
    printf("aligned %d\\n", (int)((size_t)probe_model_data % 16U));
    printf("length %lu %lu %lu\\n", (unsigned long)probe_model_len, (unsigned long)PROBE_MODEL_LEN,
           (unsigned long)sizeof probe_model_data);
    print_float("input_scale", PROBE_MODEL_INPUT_SCALE);
    print_float("output_scale", PROBE_MODEL_OUTPUT_SCALE);
    printf("zero_points %d %d\\n", (int)lowest_input, (int)lowest_output);
    printf("input_shape");
    for (i = 0; i < PROBE_MODEL_INPUT_RANK; i++) {
        printf(" %d", input_shape[i]);
    }
    printf("\\noutput_shape");
    for (i = 0; i < PROBE_MODEL_OUTPUT_RANK; i++) {
        printf(" %d", output_shape[i]);
    }
    printf("\\nlabels");
    for (i = 0; i < PROBE_MODEL_LABEL_COUNT; i++) {
        printf(" %s", probe_model_labels[i]);
    }
    printf("\\nvalues %d %d\\n", PROBE_MODEL_INPUT_LEN, PROBE_MODEL_OUTPUT_LEN);
    printf("operators %d\\n", PROBE_MODEL_OPERATOR_COUNT);
    printf("sha256 %s\\n", probe_model_sha256);
    printf("model ");
    for (i = 0; i < probe_model_len; i++) {
        printf("%02x", (unsigned int)probe_model_data[i]);
    }
    printf("\\n");
    return 0;
}
"""


def compiler(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed (Debian: apt-get install gcc g++ clang)")


@pytest.fixture(scope="session", name="tiny_models")
def _tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_models(tmp_path_factory)


@pytest.fixture(scope="session")
def bench_folder(data_folder: Path) -> Path:
    folder = data_folder.parent / "bench"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder} with models of others")
    return folder


MODELS = ["tiny", "small", "dscnn_int8", "fakebank_int8", "vit_int8"]


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Path:
    if request.param == "tiny":
        return request.getfixturevalue("tiny_models")["int8"]
    if request.param == "small":
        if not SMALL.is_file():
            pytest.skip("core/pretrained/small/model.int8.tflite is not there")
        return SMALL
    return request.getfixturevalue("bench_folder") / f"{request.param}.tflite"


@pytest.fixture
def tiny(tiny_models: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny_models["int8"], tmp_path / "model.tflite"))


def write_card(model: Path, **changes: object) -> None:
    card = {
        "kind": "tflite",
        "file": model.name,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "bytes": model.stat().st_size,
        "network": "tiny",
        "parameters": 1,
        "dataset": {},
        "seed": 0,
        "settings": {},
        "measured": {},
        "format": 1,
    }
    (model.parent / "card.json").write_text(json.dumps(card | changes))


def build(command: list[str], sources: list[Path], folder: Path) -> Path:
    program = folder / "program"
    line = [*command, *STRICT, "-I", str(folder), *map(str, sources), "-o", str(program)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return program


def probe(command: list[str], model: Path, folder: Path) -> dict[str, str]:
    write_export(export_arrays(model, name="probe"), folder)
    (folder / "probe.c").write_text(PROBE)
    program = build(command, [folder / "probe_model.c", folder / "probe.c"], folder)
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in printed.splitlines())


@pytest.mark.parametrize(
    ("model", "language"),
    [
        pytest.param(
            model,
            language,
            marks=()
            if model == "tiny" or (language == "gcc-c99" and model in {"small", "vit_int8"})
            else pytest.mark.slow,
        )
        for model in MODELS
        for language in LANGUAGES
    ],
    indirect=["model"],
)
def test_a_compiled_program_finds_the_model_byte_for_byte(language: str, model: Path, tmp_path: Path) -> None:
    compiler(LANGUAGES[language][0])
    printed = probe(LANGUAGES[language], model, tmp_path / "out")
    data = model.read_bytes()
    assert bytes.fromhex(printed["model"]) == data
    assert printed["length"] == f"{len(data)} {len(data)} {len(data)}"
    assert printed["aligned"] == "0"
    assert printed["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("language", ["-std=c99", "-std=c11", "-xc++ -std=c++17"])
@pytest.mark.parametrize("target", ["armv6m-none-eabi", "riscv32-none-elf"])
def test_a_microcontroller_gets_the_model_aligned_to_16_bytes(
    target: str, language: str, tiny: Path, tmp_path: Path
) -> None:
    """Compilers for PCs align large arrays anyway; those for microcontrollers do it only when told."""
    compiler("clang", "readelf")
    write_export(export_arrays(tiny), tmp_path / "out")
    line = ["clang", f"--target={target}", "-ffreestanding", "-fdata-sections", "-Os", *STRICT, *language.split()]
    done = subprocess.run(
        [*line, "-c", tmp_path / "out" / "digits_model.c", "-o", tmp_path / "model.o"],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No available targets" in done.stderr or "unknown target triple" in done.stderr:
        pytest.skip(f"this clang cannot compile for {target}")
    assert done.returncode == 0, done.stderr
    sections = subprocess.run(["readelf", "-SW", tmp_path / "model.o"], capture_output=True, text=True, check=True)
    (section,) = (row for row in sections.stdout.splitlines() if ".rodata.digits_model_data" in row)
    assert int(section.split()[-1]) % 16 == 0


def test_scales_zero_points_and_shapes_are_those_of_the_runtime(model: Path, tmp_path: Path) -> None:
    compiler("gcc")
    printed = probe(LANGUAGES["gcc-c99"], model, tmp_path / "out")
    loaded, content = DigitModel(model), read_tflite(model)
    assert printed["input_scale"] == struct.pack("=f", loaded.input.scale).hex()
    assert printed["output_scale"] == struct.pack("=f", loaded.output.scale).hex()
    assert printed["zero_points"] == f"{loaded.input.zero_point} {loaded.output.zero_point}"
    assert printed["input_shape"] == " ".join(map(str, content.inputs[0].shape))
    assert printed["output_shape"] == " ".join(map(str, content.outputs[0].shape))
    assert printed["values"] == "784 10"
    assert printed["labels"] == "0 1 2 3 4 5 6 7 8 9"


def test_every_kind_of_operator_is_registered_once(model: Path) -> None:
    export = export_arrays(model)
    kinds = {operator.name for operator in read_tflite(model).operators}
    lines = re.findall(r"resolver\.(\w+)\(\);", export.header)
    assert lines == list(export.resolver_calls)
    assert {line.removeprefix("Add").upper() for line in lines} == {kind.replace("_", "") for kind in kinds}
    assert f"#define DIGITS_MODEL_OPERATOR_COUNT {len(kinds)}\n" in export.header


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_models_live_in_one_program(language: str, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    compiler(LANGUAGES[language][0])
    for name in ("first", "first_model", "second"):
        write_export(export_arrays(tiny_models["int8"], name=name), tmp_path / name)
        for path in (tmp_path / name).iterdir():
            shutil.copy(path, tmp_path)
    (tmp_path / "both.c").write_text(
        '#include "first_model.h"\n#include "second_model.h"\n'
        '#include "first_model.h"\n#include "first_model_model.h"\n'
        "int main(void) { return first_model_data[4] == second_model_data[4] && first_model_model_len > 0 ? 0 : 1; }\n"
    )
    sources = [tmp_path / f"{name}_model.c" for name in ("first", "first_model", "second")]
    program = build(LANGUAGES[language], [*sources, tmp_path / "both.c"], tmp_path)
    assert subprocess.run([program], check=False).returncode == 0


def test_a_header_of_another_model_does_not_compile(
    tiny_models: dict[str, Path], bench_folder: Path, tmp_path: Path
) -> None:
    compiler("gcc")
    write_export(export_arrays(tiny_models["int8"]), tmp_path / "one")
    write_export(export_arrays(bench_folder / "dscnn_int8.tflite"), tmp_path / "two")
    shutil.copy(tmp_path / "two" / "digits_model.h", tmp_path / "one")
    line = ["gcc", "-c", str(tmp_path / "one" / "digits_model.c"), "-o", str(tmp_path / "x.o")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "come from different models" in done.stderr


def test_every_public_symbol_and_macro_carries_the_name(tiny: Path, tmp_path: Path) -> None:
    compiler("gcc", "nm")
    write_export(export_arrays(tiny, name="probe"), tmp_path / "out")
    target = tmp_path / "probe.o"
    subprocess.run(["gcc", "-std=c99", "-c", tmp_path / "out" / "probe_model.c", "-o", target], check=True)
    listed = subprocess.run(["nm", "-g", target], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in listed.splitlines()}
    assert symbols == {f"probe_model_{part}" for part in ("data", "len", "labels", "sha256")}
    for path in (tmp_path / "out").iterdir():
        assert all(macro.startswith("PROBE_MODEL_") for macro in re.findall(r"#define (\w+)", path.read_text()))


def test_the_same_model_gives_the_same_bytes_in_every_process_and_folder(tiny: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from edgedigits.firmware_export import export_arrays, write_export;"
        "write_export(export_arrays(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    found = []
    for seed, folder in (("1", "here"), ("2", "somewhere/else")):
        work = tmp_path / folder
        work.mkdir(parents=True)
        copy = shutil.copy(tiny, work / f"model_{seed}.tflite")
        os.utime(copy, (int(seed), int(seed)))
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC{seed}"}
        subprocess.run([sys.executable, "-c", script, copy, "out"], cwd=work, env=environment, check=True)
        found.append({path.name: path.read_bytes() for path in (work / "out").iterdir()})
    assert found[0].keys() == {".edgedigits.json", "digits_model.h", "digits_model.c"}
    assert found[0] == found[1]


def test_the_files_hold_no_time_and_no_path(tiny: Path) -> None:
    export = export_arrays(tiny)
    text = export.header + export.source
    assert str(tiny.parent) not in text
    assert tiny.stem + ".tflite" not in text
    assert not re.search(r"\b20\d\d\b|\d:\d\d", text)
    assert text.isascii()


def test_text_of_the_model_never_reaches_the_c_files(tiny: Path) -> None:
    data = tiny.read_bytes()
    name = read_tflite(tiny).inputs[0].name.encode()
    hostile = b'*/\n#error x\n"??/'[: len(name)].ljust(len(name), b"!")
    tiny.write_bytes(data.replace(name, hostile))
    assert read_tflite(tiny).inputs[0].name.encode() == hostile
    write_card(tiny, network="*/ #error x")
    export = export_arrays(tiny)
    assert "#error x" not in export.header + export.source
    assert export.header.count("*/") == export.header.count("/*")


@pytest.mark.parametrize(
    "name", ["digits", "a", "x2", "my_digits", "z" * LONGEST_NAME, "int8", "register_2", "con", "main"]
)
def test_names_that_c_takes(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "2d", "a-b", "a b", "../x", "a/b", "x;int y", "é", "x\n", "x\0", "٣", "a٣"),
        *("_x", "x_", "a__b", "Digits", "a" * (LONGEST_NAME + 1), "x" * 5000),
        *("int", "class", "auto", "namespace", "co_await", "static_assert", "nullptr", "inline", "bool"),
    ],
)
def test_names_that_c_does_not_take_are_refused(name: str, tiny: Path) -> None:
    with pytest.raises(EdgedigitsError, match=r"cannot name C symbols|is a keyword"):
        export_arrays(tiny, name=name)


def test_an_int8_model_of_another_size_says_its_size(tiny_models: dict[str, Path]) -> None:
    assert "14 x 14 grey pixels, ink bright on a dark ground" in export_arrays(tiny_models["wrong_shape"]).header


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgedigitsError, match="no model at"):
        export_arrays(tmp_path / "none.tflite")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04" + bytes(100), b"\x1c\0\0\0TFL3", b"text" * 50])
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(EdgedigitsError, match=r"not a TFLite model|is empty|cut short or damaged"):
        export_arrays(path)


def test_a_model_cut_short_is_refused_wherever_it_is_cut(tiny: Path) -> None:
    data = tiny.read_bytes()
    lengths = [*range(8, len(data), max(1, len(data) // 40)), len(data) - 1, len(data) - 4]
    for length in lengths:
        tiny.write_bytes(data[:length])
        with pytest.raises(EdgedigitsError):
            export_arrays(tiny)


def test_a_model_that_differs_from_its_card_is_refused(tiny: Path) -> None:
    write_card(tiny)
    export_arrays(tiny)
    data = bytearray(tiny.read_bytes())
    data[len(data) // 2] ^= 1
    tiny.write_bytes(data)
    with pytest.raises(EdgedigitsError, match="its card says"):
        export_arrays(tiny)


def test_a_failed_proof_stops_the_export_unless_allowed(tiny: Path) -> None:
    write_card(tiny, passed=False)
    with pytest.raises(EdgedigitsError, match=r"proof .* failed.*--force"):
        export_arrays(tiny)
    export = export_arrays(tiny, allow_failed=True)
    assert "WARNING: the proof of this model failed" in export.header
    assert "WARNING: the proof of this model failed" in export.source
    write_card(tiny, passed=True)
    assert "WARNING" not in export_arrays(tiny, allow_failed=True).header


def test_a_model_of_which_the_proof_cannot_tell_is_exported_and_says_so(tiny: Path) -> None:
    write_card(tiny, verdict="cannot tell", passed=False)
    export = export_arrays(tiny)
    assert export.verdict == "cannot tell"
    for text in (export.header, export.source):
        comment = text.split("*/")[0].replace("\n * ", " ")
        assert "WARNING: the proof of this model cannot tell whether quantization cost more accuracy" in comment
    write_card(tiny, verdict="passed")
    export = export_arrays(tiny)
    assert (export.verdict, "WARNING" in export.header) == ("passed", False)


@pytest.mark.parametrize("verdict", ["failed", "cannot tell"])
def test_a_model_that_did_not_pass_compiles_as_well(verdict: str, tiny: Path, tmp_path: Path) -> None:
    compiler("gcc")
    write_card(tiny, verdict=verdict, passed=False)
    write_export(export_arrays(tiny, allow_failed=True), tmp_path / "out")
    assert "WARNING" in (tmp_path / "out" / "digits_model.h").read_text()
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    build(LANGUAGES["gcc-c99"], [tmp_path / "out" / "digits_model.c", tmp_path / "main.c"], tmp_path)


def test_a_folder_with_content_is_left_alone_without_force(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "firmware"
    folder.mkdir()
    (folder / "main.c").write_text("mine")
    with pytest.raises(EdgedigitsError, match="--force"):
        write_export(export_arrays(tiny), folder)
    assert [path.name for path in folder.iterdir()] == ["main.c"]


def test_force_replaces_the_two_files_and_nothing_else(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "firmware"
    folder.mkdir()
    (folder / "main.c").write_text("mine")
    (folder / "digits_model.h").write_text("old, of edgedigits")
    export = export_arrays(tiny)
    paths = write_export(export, folder, force=True).files
    assert [path.read_text() for path in paths] == [export.header, export.source]
    assert (folder / "main.c").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == [LIST, "digits_model.c", "digits_model.h", "main.c"]


@pytest.mark.parametrize("force", [True, False])
def test_the_folder_may_be_the_one_you_work_in(
    force: bool, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    paths = write_export(export_arrays(tiny), Path(), force=force).files
    assert all(path.is_file() for path in paths)
    assert sorted(path.name for path in folder.iterdir()) == [LIST, "digits_model.c", "digits_model.h"]


@pytest.mark.parametrize("before", [[], ["digits_model.h", "digits_model.c"]])
def test_a_disk_without_room_leaves_the_folder_as_it_was(before: list[str], tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    for name in before:
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("old, of edgedigits")
    script = (
        "import resource, sys; from pathlib import Path;"
        "from edgedigits.firmware_export import export_arrays, write_export;"
        "export = export_arrays(Path(sys.argv[1]));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (len(export.source) - 1,) * 2);"
        "write_export(export, Path(sys.argv[2]), force=True)"
    )
    done = subprocess.run([sys.executable, "-c", script, tiny, folder], capture_output=True, text=True, check=False)
    assert "EdgedigitsError: no room left" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tflite"] + ["out"] * bool(before)
    if before:
        assert {path.name: path.read_text() for path in folder.iterdir()} == dict.fromkeys(before, "old, of edgedigits")


def test_float_literals_read_back_as_the_same_float32() -> None:
    bits = np.random.default_rng(7).integers(0, 0x7F800000, 20_000, dtype=np.uint32)
    values = [*bits.view(np.float32), np.float32(1), np.float32(1e-45), np.float32(3.4028235e38), np.float32(16777216)]
    for value in values:
        literal = float_literal(float(value))
        assert literal.endswith("F")
        assert "." in literal or "e" in literal
        assert np.float32(literal[:-1]) == value


def test_the_export_tells_what_made_it(tiny: Path) -> None:
    export = export_arrays(tiny, name="probe")
    data = tiny.read_bytes()
    assert (export.recipe.name, export.recipe.allow_failed) == ("probe", False)
    assert (export.bytes, export.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    (source,), (result,) = export.inputs, export.outputs
    assert (source.quantization, result.quantization) == (DigitModel(tiny).input, DigitModel(tiny).output)
