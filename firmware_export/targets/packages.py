"""From a finished library to the exact files of an ecosystem.

Sources of the layouts: Arduino library specification 2.2; Zephyr, "Modules (External projects)"; ESP-IDF, "Build
System" and "idf_component.yml Manifest File"; PlatformIO, "library.json".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgedigits.core.digit import SIDE
from edgedigits.core.naming import no_entry
from edgedigits.core.paths import StrPath
from edgedigits.firmware_export.folder import write_files
from edgedigits.firmware_export.serial import protocol as serial_protocol
from edgedigits.firmware_export.targets.files import VARIANTS, LibraryFiles

_HEADER = "header"
_SOURCE = "source"
_SERIAL_HEADER = "common/serial.h.j2"
_SERIAL_SOURCE = "common/serial.c.j2"

TARGETS: Mapping[str, Mapping[str, str]] = {
    "c": {
        "README.md": "c/README.md.j2",
        "{name}.h": _HEADER,
        "{name}.c": _SOURCE,
        "{name}_vectors.h": "c/vectors.h.j2",
        "main.c": "c/main.c.j2",
        "CMakeLists.txt": "c/CMakeLists.txt.j2",
        "serial/{name}_serial.h": _SERIAL_HEADER,
        "serial/{name}_serial.c": _SERIAL_SOURCE,
        "serial/read_digit.c": "c/read_digit.c.j2",
        "serial/board.h": "c/board.h.j2",
        "serial/host_board.c": "c/host_board.c.j2",
        "serial/mps2_board.c": "c/mps2_board.c.j2",
    },
    "arduino": {
        "README.md": "arduino/README.md.j2",
        "library.properties": "arduino/library.properties.j2",
        "keywords.txt": "arduino/keywords.txt.j2",
        "src/{name}.h": _HEADER,
        "src/{name}.c": _SOURCE,
        "src/{name}_serial.h": _SERIAL_HEADER,
        "src/{name}_serial.c": _SERIAL_SOURCE,
        "examples/ReadDigit/ReadDigit.ino": "arduino/ReadDigit.ino.j2",
    },
    "zephyr": {
        "README.md": "zephyr/README.md.j2",
        "zephyr/module.yml": "zephyr/module.yml.j2",
        "CMakeLists.txt": "zephyr/CMakeLists.txt.j2",
        "Kconfig": "zephyr/Kconfig.j2",
        "include/{name}.h": _HEADER,
        "src/{name}.c": _SOURCE,
        "include/{name}_serial.h": _SERIAL_HEADER,
        "src/{name}_serial.c": _SERIAL_SOURCE,
        "samples/read_digit/CMakeLists.txt": "zephyr/sample_CMakeLists.txt.j2",
        "samples/read_digit/prj.conf": "zephyr/prj.conf.j2",
        "samples/read_digit/sample.yaml": "zephyr/sample.yaml.j2",
        "samples/read_digit/src/main.c": "zephyr/main.c.j2",
    },
    "esp-idf": {
        "README.md": "esp-idf/README.md.j2",
        "CMakeLists.txt": "esp-idf/CMakeLists.txt.j2",
        "idf_component.yml": "esp-idf/idf_component.yml.j2",
        "include/{name}.h": _HEADER,
        "src/{name}.c": _SOURCE,
        "include/{name}_serial.h": _SERIAL_HEADER,
        "src/{name}_serial.c": _SERIAL_SOURCE,
        "examples/read_digit/CMakeLists.txt": "esp-idf/project_CMakeLists.txt.j2",
        "examples/read_digit/sdkconfig.defaults": "esp-idf/sdkconfig.defaults.j2",
        "examples/read_digit/main/CMakeLists.txt": "esp-idf/main_CMakeLists.txt.j2",
        "examples/read_digit/main/main.c": "esp-idf/main.c.j2",
    },
    "platformio": {
        "README.md": "platformio/README.md.j2",
        "library.json": "platformio/library.json.j2",
        "include/{name}.h": _HEADER,
        "src/{name}.c": _SOURCE,
        "include/{name}_serial.h": _SERIAL_HEADER,
        "src/{name}_serial.c": _SERIAL_SOURCE,
        "examples/read_digit/platformio.ini": "platformio/platformio.ini.j2",
        "examples/read_digit/src/main.cpp": "platformio/main.cpp.j2",
    },
}
"""Target to its files: path (with the library's name to fill in) to what fills it."""

_FUNCTIONS = ("run", "input_from_grey", "top1", "confidence", "label", "serial_start", "serial_receive")
_CONSTANTS = ("ARENA_BYTES", "INPUT_BYTES", "OUTPUT_BYTES", "INPUT_OFFSET", "OUTPUT_OFFSET", "SERIAL_BAUD")
_BYTES_PER_LINE = SIDE


def target_files(target: str, library: LibraryFiles) -> dict[str, str]:
    """The files of one target: path relative to its folder, with forward slashes, to text.

    The same library gives the same texts on every machine; they hold no time, path or text from the model.

    Raises:
        EdgedigitsError: an unknown target.
    """
    if target not in TARGETS:
        raise no_entry(TARGETS, target, "target")
    ready = {_HEADER: library.header, _SOURCE: library.source}
    templates, facts = _environment(), _facts(library)
    return {
        path.format(name=library.name): ready.get(content) or templates.get_template(content).render(facts)
        for path, content in TARGETS[target].items()
    }


def write_target(target: str, library: LibraryFiles, folder: StrPath, force: bool = False) -> tuple[Path, ...]:
    """Write the files of one target into ``folder`` and return their paths.

    All are written or none is. With ``force`` these files are replaced in a folder that has content; everything else
    there stays.

    Raises:
        EdgedigitsError: an unknown target, the folder has content and ``force`` is not set, or the disk is full or may
            not be written.
    """
    folder = Path(folder)
    texts = target_files(target, library)
    write_files(folder, texts, force)
    return tuple(folder / file for file in texts)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("edgedigits.firmware_export.targets"),
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
    )


def _facts(library: LibraryFiles) -> dict[str, Any]:
    return {
        "name": library.name,
        "NAME": library.name.upper(),
        "sha256": library.sha256,
        "version": library.package_version,
        "input_bytes": library.input_bytes,
        "output_bytes": library.output_bytes,
        "labels": library.labels,
        "arena_bytes": {
            variant: library.arena_bytes[variant] for variant in VARIANTS if variant in library.arena_bytes
        },
        "variants": VARIANTS,
        "vectors": library.vectors,
        "field": f"{SIDE} x {SIDE} grey pixels" if library.input_bytes == SIDE * SIDE else "as many grey bytes",
        "p": serial_protocol,
        "functions": _FUNCTIONS,
        "constants": _CONSTANTS,
        "rows": _rows,
    }


def _rows(data: bytes) -> str:
    """Bytes as decimal numbers, one row of the image a line."""
    rows = (data[start : start + _BYTES_PER_LINE] for start in range(0, len(data), _BYTES_PER_LINE))
    return ",\n".join("        " + ", ".join(str(byte) for byte in row) for row in rows)
