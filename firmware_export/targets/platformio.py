"""The target ``platformio``: a PlatformIO library with an example.

Source of the layout: PlatformIO, "library.json".
"""

from __future__ import annotations

from edgedigits.firmware_export.targets.contract import HEADER, SERIAL_HEADER, SERIAL_SOURCE, SOURCE, library_target

TARGET = library_target(
    "platformio",
    "a PlatformIO library with an example",
    {
        "README.md": "platformio/README.md.j2",
        "library.json": "platformio/library.json.j2",
        "include/{name}.h": HEADER,
        "src/{name}.c": SOURCE,
        "include/{name}_serial.h": SERIAL_HEADER,
        "src/{name}_serial.c": SERIAL_SOURCE,
        "examples/{example}/platformio.ini": "platformio/platformio.ini.j2",
        "examples/{example}/src/main.cpp": "platformio/main.cpp.j2",
    },
)
