"""The target ``zephyr``: a Zephyr module with a sample.

Source of the layout: Zephyr, "Modules (External projects)".
"""

from __future__ import annotations

from edgedigits.firmware_export.targets.contract import HEADER, SERIAL_HEADER, SERIAL_SOURCE, SOURCE, library_target

TARGET = library_target(
    "zephyr",
    "a Zephyr module with a sample",
    {
        "README.md": "zephyr/README.md.j2",
        "zephyr/module.yml": "zephyr/module.yml.j2",
        "CMakeLists.txt": "zephyr/CMakeLists.txt.j2",
        "Kconfig": "zephyr/Kconfig.j2",
        "include/{name}.h": HEADER,
        "src/{name}.c": SOURCE,
        "include/{name}_serial.h": SERIAL_HEADER,
        "src/{name}_serial.c": SERIAL_SOURCE,
        "samples/{example}/CMakeLists.txt": "zephyr/sample_CMakeLists.txt.j2",
        "samples/{example}/prj.conf": "zephyr/prj.conf.j2",
        "samples/{example}/sample.yaml": "zephyr/sample.yaml.j2",
        "samples/{example}/src/main.c": "zephyr/main.c.j2",
    },
)
