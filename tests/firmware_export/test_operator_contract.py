"""An operator more is a module, a kernel and a line of the registry; nothing else knows operators by name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from package_copy import copied_package

from edgedigits.firmware_export.operators.registry import MODULES, OPERATORS

ROOT = Path(__file__).parents[2]
OPERATORS_FOLDER = ROOT / "firmware_export" / "operators"
KERNEL = """#include "clamp.c"

typedef struct {
    uint16_t bytes;
    int8_t zero;
} abs_t;

static void abs_row(const FLASH abs_t *layer, const int8_t *row, int8_t *out)
{
    for (uint16_t byte = 0; byte < layer->bytes; byte++) {
        const int32_t away = row[byte] - layer->zero;
        out[byte] = clamp(layer->zero + (away < 0 ? -away : away), -128, 127);
    }
}
"""
USE = """
import sys
from pathlib import Path
import edgedigits.firmware_export.operators.registry as registry
from model_builder import ModelBuilder
from test_library_operators import check
assert registry.__file__.startswith(sys.argv[1]), registry.__file__
built = ModelBuilder()
end = built.conv(built.input((1, 6, 5, 3), 0.02, 5), 4)
folder = Path(sys.argv[1]) / "c"
folder.mkdir()
check(built.build(built.add(built.single("ABS", 2, end, None), end)), folder)
"""


def test_an_operator_more_is_a_module_a_kernel_and_a_line(tmp_path: Path) -> None:
    """The template as it stands is one: its C equals TFLite's reference kernels.

    ABS, which there is as a table, is taken out first.
    """
    package = copied_package(tmp_path, ["firmware_export"])
    operators = package / "firmware_export" / "operators"
    shutil.copy(operators / "TEMPLATE.py", operators / "elementwise" / "abs.py")
    (operators / "kernels" / "abs.c").write_text(KERNEL)
    registry, line = operators / "registry.py", '    "elementwise.abs",\n'
    without = registry.read_text().replace(line, "")
    registry.write_text(without.replace("MODULES = (\n", "MODULES = (\n" + line))
    places = os.pathsep.join([str(tmp_path), str(Path(__file__).parent), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", USE, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": places},
    )
    assert done.returncode == 0, done.stderr


def test_every_module_is_registered() -> None:
    folders = {path.parent for path in OPERATORS_FOLDER.glob("*/__init__.py")} - {
        OPERATORS_FOLDER / "shared",
        OPERATORS_FOLDER / "wide",
    }
    modules = {path for folder in folders for path in folder.glob("*.py") if path.stem != "__init__"}
    assert {f"{path.parent.name}.{path.stem}" for path in modules} == set(MODULES)


def test_planning_and_library_name_no_operator() -> None:
    """Neither by TFLite's names nor by importing one; the copy is planning's own."""
    words = re.compile("|".join(rf"\b{name}\b" for name in sorted(OPERATORS)))
    for folder in ("graph", "planning", "library", "c_source"):
        for path in (ROOT / "firmware_export" / folder).glob("*.py"):
            text = re.sub(r'"""(?:.|\n)*?"""', "", path.read_text())
            code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
            assert not re.search(r"operators\.(?!reader|registry)", code), path
            if folder != "graph":
                assert not words.search(code), (path, words.search(code))
