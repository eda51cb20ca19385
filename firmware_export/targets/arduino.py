"""The target ``arduino``: an Arduino library with the example ReadDigit.

Source of the layout: Arduino library specification 2.2.
"""

from __future__ import annotations

from edgedigits.firmware_export.targets.contract import HEADER, SERIAL_HEADER, SERIAL_SOURCE, SOURCE, library_target

TARGET = library_target(
    "arduino",
    "an Arduino library with the example ReadDigit",
    {
        "README.md": "arduino/README.md.j2",
        "library.properties": "arduino/library.properties.j2",
        "keywords.txt": "arduino/keywords.txt.j2",
        "src/{name}.h": HEADER,
        "src/{name}.c": SOURCE,
        "src/{name}_serial.h": SERIAL_HEADER,
        "src/{name}_serial.c": SERIAL_SOURCE,
        "examples/{Example}/{Example}.ino": "arduino/example.ino.j2",
    },
)
