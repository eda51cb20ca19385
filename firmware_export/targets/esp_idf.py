"""The target ``esp-idf``: an ESP-IDF component with an example.

Source of the layout: ESP-IDF, "Build System" and "idf_component.yml Manifest File".
"""

from __future__ import annotations

from edgedigits.firmware_export.targets.contract import HEADER, SERIAL_HEADER, SERIAL_SOURCE, SOURCE, library_target

TARGET = library_target(
    "esp-idf",
    "an ESP-IDF component with an example",
    {
        "README.md": "esp-idf/README.md.j2",
        "CMakeLists.txt": "esp-idf/CMakeLists.txt.j2",
        "idf_component.yml": "esp-idf/idf_component.yml.j2",
        "include/{name}.h": HEADER,
        "src/{name}.c": SOURCE,
        "include/{name}_serial.h": SERIAL_HEADER,
        "src/{name}_serial.c": SERIAL_SOURCE,
        "examples/{example}/CMakeLists.txt": "esp-idf/project_CMakeLists.txt.j2",
        "examples/{example}/sdkconfig.defaults": "esp-idf/sdkconfig.defaults.j2",
        "examples/{example}/main/CMakeLists.txt": "esp-idf/main_CMakeLists.txt.j2",
        "examples/{example}/main/main.c": "esp-idf/main.c.j2",
    },
)
