"""The files of each ecosystem: complete, the same each time, accepted by its own tools where they are."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hand_made import hand_made_library, outputs_of, random_images

from edgedigits.core.errors import EdgedigitsError
from edgedigits.firmware_export.earlier_export import LIST
from edgedigits.firmware_export.serial.link import BoardLink
from edgedigits.firmware_export.targets import TARGETS, LibraryFiles, target_files, write_target

LIBRARY_TARGETS = [name for name, target in TARGETS.items() if target.layout]

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wcast-qual", "-Werror"]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
CORES = {
    "m0": ["-mcpu=cortex-m0", "-mthumb"],
    "m4": ["-mcpu=cortex-m4", "-mthumb"],
    "m55": ["-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"],
}
ARDUINO = Path("/usr/share/arduino/hardware")


def needs(*programs: str, package: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed ({package})")


def needs_sanitizers(compiler: str) -> None:
    probe = run(compiler, *SANITIZED, "-x", "c", "-", "-o", os.devnull, input="int main(void) { return 0; }\n")
    if probe.returncode != 0:
        pytest.skip(f"{compiler} has no sanitizers (for clang, Debian: apt-get install libclang-rt-VERSION-dev)")


def run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


def succeed(*command: object, **options: object) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def library() -> LibraryFiles:
    return hand_made_library()


@pytest.fixture
def c_files(library: LibraryFiles, tmp_path: Path) -> Path:
    write_target("c", library, tmp_path / "c")
    return tmp_path / "c"


@pytest.fixture
def arduino_core() -> Path:
    needs("arduino-builder", "avr-gcc", package="Debian: apt-get install arduino-builder arduino-core-avr")
    if not (ARDUINO / "arduino" / "avr").is_dir():
        pytest.skip("no Arduino core for AVR (Debian: apt-get install arduino-core-avr)")
    return ARDUINO


@pytest.mark.parametrize("target", LIBRARY_TARGETS)
class TestEveryTarget:
    def test_texts_have_no_hole_and_end_with_a_newline(self, target: str, library: LibraryFiles):
        for path, text in target_files(target, library).items():
            assert "{{" not in text.replace("{{}", ""), path
            assert "{%" not in text, path
            assert text.endswith("\n") and not text.endswith("\n\n"), path
            assert all(len(line) == len(line.rstrip()) for line in text.splitlines()), path

    def test_carries_the_library_as_it_is(self, target: str, library: LibraryFiles):
        texts = list(target_files(target, library).values())

        assert library.header in texts
        assert library.source in texts

    def test_the_same_library_gives_the_same_texts(self, target: str, library: LibraryFiles):
        assert target_files(target, library) == target_files(target, hand_made_library())

    def test_every_file_carries_another_name(self, target: str):
        texts = target_files(target, hand_made_library("my_reader"))

        assert not any("digits" in path for path in texts)
        assert not any(re.search(r"\bdigits_|\bDIGITS_", text) for text in texts.values())

    def test_readme_tells_sizes_calls_and_the_tie_rule(self, target: str, library: LibraryFiles):
        text = target_files(target, library)["README.md"]

        for fact in (
            "794 bytes",
            "784 bytes",
            "digits_run",
            "lowest index wins",
            "firmware verify",
            library.sha256[:16],
        ):
            assert fact in text
        assert len(text.splitlines()) < 90, "more than a page"


def test_exact_files_of_the_c_target(library: LibraryFiles):
    top = {path for path in target_files("c", library) if "/" not in path}

    assert top == {"README.md", "digits.h", "digits.c", "digits_vectors.h", "main.c", "CMakeLists.txt"}


class TestC:
    @pytest.mark.parametrize("compiler", ["gcc", "clang"])
    def test_self_test_is_silent_under_every_warning_and_passes(self, compiler: str, c_files: Path):
        needs(compiler, package=f"Debian: apt-get install {compiler}")
        needs_sanitizers(compiler)
        program = c_files / "selftest"
        succeed(compiler, "-std=c99", "-O1", *STRICT, *SANITIZED, "main.c", "digits.c", "-o", program, cwd=c_files)

        assert "every output equals" in succeed(program)

    def test_self_test_names_the_output_that_differs(self, library: LibraryFiles, tmp_path: Path):
        needs("gcc", package="Debian: apt-get install gcc")
        wrong = dataclasses.replace(library.vectors[1], output=(*library.vectors[1].output[:9], 77))
        broken = dataclasses.replace(library, vectors=(library.vectors[0], wrong))
        write_target("c", broken, tmp_path / "c")
        succeed("gcc", "-std=c99", "main.c", "digits.c", "-o", "selftest", cwd=tmp_path / "c")

        done = run(tmp_path / "c" / "selftest")

        assert done.returncode == 1
        right = library.vectors[1].output[9]
        assert done.stdout.splitlines() == [
            f"image 1, output 9 (9): {right} instead of 77",
            "1 of 20 outputs differ",
        ]

    def test_self_test_fails_where_the_model_refuses_to_run(self, tmp_path: Path):
        needs("gcc", package="Debian: apt-get install gcc")
        write_target("c", hand_made_library(runs=False), tmp_path / "c")
        succeed("gcc", "-std=c99", "main.c", "digits.c", "-o", "selftest", cwd=tmp_path / "c")

        assert run(tmp_path / "c" / "selftest").returncode == 1

    def test_self_test_needs_no_stdio(self, c_files: Path):
        needs("gcc", "nm", package="Debian: apt-get install gcc binutils")
        succeed("gcc", "-std=c99", *STRICT, "-DDIGITS_NO_STDIO", "main.c", "digits.c", "-o", "selftest", cwd=c_files)

        assert run(c_files / "selftest").returncode == 0
        assert "printf" not in succeed("nm", c_files / "selftest")

    @pytest.mark.parametrize("compiler", ["gcc", "clang"])
    def test_serial_program_is_silent_under_every_warning(self, compiler: str, c_files: Path):
        needs(compiler, package=f"Debian: apt-get install {compiler}")
        sources = ["serial/read_digit.c", "serial/host_board.c", "serial/digits_serial.c", "digits.c"]

        succeed(compiler, "-std=c99", *STRICT, "-I.", *sources, "-o", "read_digit", cwd=c_files)

    @pytest.mark.parametrize("core", CORES)
    def test_compiles_for_cortex_m(self, core: str, c_files: Path):
        needs("arm-none-eabi-gcc", package="Debian: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi")
        sources = ["digits.c", "main.c", "serial/digits_serial.c", "serial/read_digit.c", "serial/mps2_board.c"]

        flags = [*CORES[core], "-std=c99", "-Os", *STRICT, "-DDIGITS_NO_STDIO", "-I.", "-c"]
        succeed("arm-none-eabi-gcc", *flags, *sources, cwd=c_files)

    def test_serial_code_fits_an_avr(self, c_files: Path):
        needs("avr-gcc", "avr-size", package="Debian: apt-get install gcc-avr avr-libc")
        flags = ["-mmcu=atmega328p", "-std=gnu99", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I."]
        succeed("avr-gcc", *flags, "-c", "serial/digits_serial.c", "-o", "serial.o", cwd=c_files)

        text, data, bss = (int(word) for word in succeed("avr-size", c_files / "serial.o").splitlines()[1].split()[:3])
        assert text < 1200
        assert data + bss == 0

    def test_vectors_stay_in_flash_on_an_avr(self, c_files: Path):
        needs("avr-gcc", "avr-size", package="Debian: apt-get install gcc-avr avr-libc")
        flags = ["-mmcu=atmega328p", "-std=gnu99", "-Os", "-DDIGITS_NO_STDIO"]
        succeed("avr-gcc", *flags, "main.c", "digits.c", "-o", "selftest.elf", cwd=c_files)

        _, data, bss = (int(word) for word in succeed("avr-size", c_files / "selftest.elf").splitlines()[1].split()[:3])
        assert data + bss < 1000  # the arena and texts; three images would take 2,352 bytes

    def test_headers_are_cpp17(self, c_files: Path):
        needs("g++", package="Debian: apt-get install g++")
        text = '#include "serial/digits_serial.h"\n#include "digits.h"\n#include "digits_vectors.h"\n'
        (c_files / "all.cpp").write_text(text + "int main() { return digits_vector_outputs[0][0] == 0; }\n")

        succeed("g++", "-std=c++17", *STRICT, "-Wno-unused-variable", "-c", "all.cpp", cwd=c_files)

    def test_two_libraries_with_their_protocols_link_into_one_program(self, tmp_path: Path):
        needs("gcc", package="Debian: apt-get install gcc")
        sources: list[Path] = []
        for name in ("first", "second"):
            write_target("c", hand_made_library(name), tmp_path / name)
            sources += [tmp_path / name / f"{name}.c", tmp_path / name / "serial" / f"{name}_serial.c"]
        (tmp_path / "main.c").write_text(
            '#include "first/first.h"\n#include "first/serial/first_serial.h"\n'
            '#include "second/second.h"\n#include "second/serial/second_serial.h"\n'
            "int main(void) { return first_model_sha256[0] == second_model_sha256[0]; }\n"
        )

        includes = [f"-I{tmp_path / name}" for name in ("first", "second")]
        succeed("gcc", "-std=c99", *STRICT, *includes, *sources, tmp_path / "main.c", "-o", tmp_path / "program")


class TestCMake:
    def test_alone_builds_and_passes_its_self_test(self, c_files: Path, tmp_path: Path):
        needs("cmake", "ctest", "gcc", package="Debian: apt-get install cmake gcc")
        succeed("cmake", "-Werror=dev", "-S", c_files, "-B", tmp_path / "build")
        succeed("cmake", "--build", tmp_path / "build")

        assert "1 tests failed" not in succeed("ctest", "--test-dir", tmp_path / "build", "--no-tests=error")
        assert (tmp_path / "build" / "digits_read_digit").is_file()

    def test_as_a_part_of_another_project_brings_only_the_library(self, c_files: Path, tmp_path: Path):
        needs("cmake", "gcc", package="Debian: apt-get install cmake gcc")
        (tmp_path / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.13)\nproject(whole C)\nadd_subdirectory(c)\n"
            "add_executable(program program.c)\ntarget_link_libraries(program PRIVATE digits)\n"
        )
        (tmp_path / "program.c").write_text(
            "#include <digits.h>\nint main(void) { return digits_label(3)[0] != 0x33; }\n"
        )
        succeed("cmake", "-S", tmp_path, "-B", tmp_path / "build")
        succeed("cmake", "--build", tmp_path / "build")

        assert run(tmp_path / "build" / "program").returncode == 0
        assert not (tmp_path / "build" / "c" / "digits_selftest").exists()

    def test_cross_compiles_the_library(self, c_files: Path, tmp_path: Path):
        needs("cmake", "arm-none-eabi-gcc", package="Debian: apt-get install cmake gcc-arm-none-eabi")
        (tmp_path / "m4.cmake").write_text(
            "set(CMAKE_SYSTEM_NAME Generic)\nset(CMAKE_SYSTEM_PROCESSOR arm)\nset(CMAKE_C_COMPILER arm-none-eabi-gcc)\n"
            'set(CMAKE_C_FLAGS_INIT "-mcpu=cortex-m4 -mthumb")\nset(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\n'
        )
        succeed("cmake", f"-DCMAKE_TOOLCHAIN_FILE={tmp_path / 'm4.cmake'}", "-S", c_files, "-B", tmp_path / "build")
        succeed("cmake", "--build", tmp_path / "build")

        assert (tmp_path / "build" / "libdigits.a").is_file()


class TestArduino:
    @pytest.fixture
    def sketch(self, arduino_core: Path, library: LibraryFiles, tmp_path: Path) -> Path:
        """The example, built for an Uno by Arduino's builder with Arduino's core."""
        folder = tmp_path / "libraries" / "digits"
        write_target("arduino", library, folder)
        build = tmp_path / "build"
        build.mkdir()
        succeed(
            *("arduino-builder", "-compile", "-warnings", "all", "-fqbn", "arduino:avr:uno"),
            *("-hardware", arduino_core, "-hardware", "/usr/share/arduino-builder", "-tools", "/usr/bin"),
            # Debian's core is written for a newer compiler than Debian's: the macro stands in <cfloat> since GCC 7.
            *("-prefs", "compiler.cpp.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__"),
            *("-libraries", tmp_path / "libraries", "-build-path", build),
            folder / "examples" / "ReadDigit" / "ReadDigit.ino",
        )
        return build / "ReadDigit.ino.elf"

    def test_builder_takes_library_and_example(self, sketch: Path):
        assert sketch.is_file()

    def test_sketch_reads_digits_on_an_emulated_uno(self, sketch: Path, tmp_path: Path):
        needs("gcc", package="Debian: apt-get install gcc")
        if not Path("/usr/include/simavr/sim_avr.h").is_file():
            pytest.skip("no simavr library (Debian: apt-get install libsimavr-dev)")
        emulator = tmp_path / "uno"
        source = Path(__file__).with_name("simavr_uno.c")
        succeed("gcc", "-O2", "-Wall", "-Werror", source, "-o", emulator, "-lsimavr")
        master, slave = os.openpty()
        images = random_images(3, seed=1)
        with subprocess.Popen([emulator, sketch], stdin=master, stdout=master) as process:
            try:
                with BoardLink(os.ttyname(slave), timeout=20, patience=30) as link:
                    found = [link.read(image.tobytes()).outputs for image in images]
            finally:
                process.kill()
                os.close(master)
                os.close(slave)

        assert found == [outputs_of(image) for image in images]

    def test_properties_have_the_fields_that_the_specification_wants(self, library: LibraryFiles):
        lines = target_files("arduino", library)["library.properties"].splitlines()
        properties = dict(line.split("=", 1) for line in lines)

        required = {
            "name",
            "version",
            "author",
            "maintainer",
            "sentence",
            "paragraph",
            "category",
            "url",
            "architectures",
        }
        assert required <= properties.keys()
        assert properties["name"] == "digits"
        assert properties["version"] == "1.2.3"

    def test_keywords_are_separated_by_tabs(self, library: LibraryFiles):
        lines = target_files("arduino", library)["keywords.txt"].splitlines()

        kinds = {tuple(line.split("\t"))[1] for line in lines if not line.startswith("#")}
        assert kinds == {"KEYWORD1", "KEYWORD2", "LITERAL1"}


class TestZephyr:
    def test_module_names_files_that_exist(self, library: LibraryFiles, tmp_path: Path):
        yaml = pytest.importorskip("yaml", reason="PyYAML is not installed (pip install pyyaml)")
        write_target("zephyr", library, tmp_path / "z")
        module = yaml.safe_load((tmp_path / "z" / "zephyr" / "module.yml").read_text())

        assert (tmp_path / "z" / module["build"]["cmake"] / "CMakeLists.txt").is_file()
        assert (tmp_path / "z" / module["build"]["kconfig"]).is_file()
        assert all((tmp_path / "z" / samples).is_dir() for samples in module["samples"])

    def test_sample_switches_on_options_that_kconfig_defines(self, library: LibraryFiles, tmp_path: Path):
        kconfiglib = pytest.importorskip("kconfiglib", reason="kconfiglib is not installed (pip install kconfiglib)")
        write_target("zephyr", library, tmp_path / "z")
        kconfig = kconfiglib.Kconfig(str(tmp_path / "z" / "Kconfig"), warn_to_stderr=False)
        kconfig.load_config(str(tmp_path / "z" / "samples" / "read_digit" / "prj.conf"))

        assert kconfig.syms["EDGEDIGITS_DIGITS"].str_value == "y"
        assert kconfig.syms["EDGEDIGITS_DIGITS_SERIAL"].str_value == "y"

    @pytest.mark.slow
    def test_sample_builds(self, library: LibraryFiles, tmp_path: Path):
        needs("west", package="pip install west")
        if "ZEPHYR_BASE" not in os.environ:
            pytest.skip("no Zephyr (ZEPHYR_BASE is not set)")
        write_target("zephyr", library, tmp_path / "z")

        sample = tmp_path / "z" / "samples" / "read_digit"
        succeed("west", "build", "-b", "qemu_cortex_m3", "-d", tmp_path / "build", sample)


class TestEspIdf:
    def test_component_manager_takes_the_manifest(self, library: LibraryFiles, tmp_path: Path):
        needs("compote", package="pip install idf-component-manager")
        write_target("esp-idf", library, tmp_path / "digits")

        succeed("compote", "manifest", "lint", tmp_path / "digits")

    @pytest.mark.slow
    def test_example_builds(self, library: LibraryFiles, tmp_path: Path):
        needs("idf.py", package="ESP-IDF")
        write_target("esp-idf", library, tmp_path / "digits")

        succeed("idf.py", "set-target", "esp32", "build", cwd=tmp_path / "digits" / "examples" / "read_digit")


class TestPlatformIO:
    def test_manifest_names_files_that_exist(self, library: LibraryFiles):
        texts = target_files("platformio", library)
        manifest = json.loads(texts["library.json"])

        assert f"include/{manifest['headers']}" in texts
        for example in manifest["examples"]:
            assert all(f"{example['base']}/{file}" in texts for file in example["files"])

    def test_platformio_packs_it(self, library: LibraryFiles, tmp_path: Path):
        needs("pio", package="pip install platformio")
        write_target("platformio", library, tmp_path / "digits")
        environment = os.environ | {
            "PLATFORMIO_CORE_DIR": str(tmp_path / "core"),
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        }
        succeed("pio", "pkg", "pack", "-o", tmp_path / "digits.tar.gz", tmp_path / "digits", env=environment)

        packed = set(succeed("tar", "tzf", tmp_path / "digits.tar.gz").split())
        assert packed >= set(target_files("platformio", library))

    def test_platformio_reads_the_examples_configuration(self, library: LibraryFiles, tmp_path: Path):
        needs("pio", package="pip install platformio")
        write_target("platformio", library, tmp_path / "digits")
        environment = os.environ | {
            "PLATFORMIO_CORE_DIR": str(tmp_path / "core"),
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        }

        example = tmp_path / "digits" / "examples" / "read_digit"
        assert "symlink://../.." in succeed("pio", "project", "config", "-d", example, env=environment)


class TestWriting:
    def test_writes_what_it_returns(self, library: LibraryFiles, tmp_path: Path):
        folder = tmp_path / "out"
        placed = write_target("arduino", library, folder)

        assert {path for path in folder.rglob("*") if path.is_file()} == {*placed.files, folder / LIST}

    def test_a_folder_with_content_is_refused(self, library: LibraryFiles, tmp_path: Path):
        (tmp_path / "mine.c").write_text("mine")

        with pytest.raises(EdgedigitsError, match="not empty"):
            write_target("c", library, tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == ["mine.c"]

    def test_force_replaces_its_own_files_and_leaves_the_rest(self, library: LibraryFiles, tmp_path: Path):
        (tmp_path / "mine.c").write_text("mine")
        (tmp_path / "digits.c").write_text("old, written by edgedigits")

        write_target("c", library, tmp_path, force=True)

        assert (tmp_path / "mine.c").read_text() == "mine"
        assert (tmp_path / "digits.c").read_text() == library.source
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [LIST]

    @pytest.mark.parametrize("name", ["README.md", "main.c", "CMakeLists.txt"])
    def test_force_replaces_no_file_of_a_folder_that_nothing_was_exported_into(self, library, name, tmp_path):
        """As README.md of a checkout in which somebody exports to ``.``."""
        (tmp_path / name).write_text("mine, about edgedigits" if name == "README.md" else "mine")

        with pytest.raises(EdgedigitsError, match=rf"{name} is there already, in a folder that no export was written"):
            write_target("c", library, tmp_path, force=True)

        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_force_adds_to_a_folder_where_nothing_is_in_the_way(self, library: LibraryFiles, tmp_path: Path):
        (tmp_path / "notes.txt").write_text("mine")
        write_target("c", library, tmp_path, force=True)
        (tmp_path / "README.md").write_text("changed by hand")
        write_target("c", library, tmp_path, force=True)
        assert (tmp_path / "README.md").read_text() != "changed by hand"
        assert (tmp_path / "notes.txt").read_text() == "mine"

    def test_nothing_changes_where_a_file_has_the_name_of_a_folder(self, library: LibraryFiles, tmp_path: Path):
        (tmp_path / "serial").write_text("a file")

        with pytest.raises(EdgedigitsError, match="in the way"):
            write_target("c", library, tmp_path, force=True)

        assert [path.name for path in tmp_path.iterdir()] == ["serial"]

    def test_nothing_changes_where_a_folder_has_the_name_of_a_file(self, library: LibraryFiles, tmp_path: Path):
        (tmp_path / "src" / "digits.c").mkdir(parents=True)

        with pytest.raises(EdgedigitsError, match="in the way"):
            write_target("arduino", library, tmp_path, force=True)

        assert sorted(path.name for path in tmp_path.rglob("*")) == ["digits.c", "src"]

    def test_unknown_target(self, library: LibraryFiles):
        with pytest.raises(EdgedigitsError, match="choose one of c, arduino"):
            target_files("mbed", library)


class TestFacts:
    @pytest.mark.parametrize("name", ["main", "test", "stdint", "arduino", "board"])
    def test_a_name_that_would_hide_another_file_is_refused(self, name: str):
        with pytest.raises(EdgedigitsError, match="is taken"):
            hand_made_library(name)

    @pytest.mark.parametrize("name", ["Digits", "1st", "a b", 'x"', "../x", "int"])
    def test_a_name_that_is_no_c_identifier_is_refused(self, name: str):
        with pytest.raises(EdgedigitsError):
            hand_made_library(name)

    @pytest.mark.parametrize(
        "change",
        [
            {"sha256": "*/ int x;"},
            {"version": '1"; DROP'},
            {"labels": ("\n", *"123456789")},
            {"labels": ()},
            {"vectors": ()},
            {"arena_bytes": {"neon": 1}},
            {"output_bytes": 9},
        ],
        ids=str,
    )
    def test_facts_that_could_not_come_from_an_export_are_a_bug(self, library: LibraryFiles, change: dict):
        with pytest.raises(ValueError, match="does not fit"):
            dataclasses.replace(library, **change)

    @pytest.mark.parametrize(
        ("software", "package"), [("0.1.0", "0.1.0"), ("1.2.3.dev4+g5", "1.2.3"), ("unknown", "0.0.0")]
    )
    def test_package_version_has_three_numbers(self, library: LibraryFiles, software: str, package: str):
        assert dataclasses.replace(library, version=software).package_version == package
