"""The target ``c``: C99 files with a self-test, an example over the serial port and CMake."""

from __future__ import annotations

from edgedigits.firmware_export.targets.contract import HEADER, SERIAL_HEADER, SERIAL_SOURCE, SOURCE, library_target

TARGET = library_target(
    "c",
    "C99 files with a self-test, an example over the serial port and CMake",
    {
        "README.md": "c/README.md.j2",
        "{name}.h": HEADER,
        "{name}.c": SOURCE,
        "{name}_vectors.h": "c/vectors.h.j2",
        "main.c": "c/main.c.j2",
        "CMakeLists.txt": "c/CMakeLists.txt.j2",
        "serial/{name}_serial.h": SERIAL_HEADER,
        "serial/{name}_serial.c": SERIAL_SOURCE,
        "serial/{example}.c": "c/example.c.j2",
        "serial/board.h": "c/board.h.j2",
        "serial/host_board.c": "c/host_board.c.j2",
        "serial/mps2_board.c": "c/mps2_board.c.j2",
    },
)
