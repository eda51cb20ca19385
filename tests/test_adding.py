"""What changes most is added as a module and a line: one of each in a copy of the packages, and nothing else touched.

An operator is added by tests/firmware_export/test_operator_contract.py, a figure of a row by
tests/results/test_adding_a_figure.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from package_copy import copied_package

DIGITS_OF_A_LINE = '''"""Digits as 784 hexadecimal bytes in a text file, a label before them."""

from edgedigits.core.datasets.kind import pool


def _read(path):
    import numpy as np

    from edgedigits.core.datasets.digits import Digits

    lines = [line.split() for line in path.read_text().splitlines()]
    images = np.array([np.frombuffer(bytes.fromhex(pixels), np.uint8).reshape(28, 28) for _, pixels in lines])
    return Digits(images, np.array([int(label) for label, _ in lines]))


KIND = pool("hex:FILE", "a label and 784 hexadecimal bytes a line", _read, suffix=".hex")
'''
USE_DATA = """
digits = Path("digits.hex")
digits.write_text("".join(f"{label} {bytes([10 * label] * 784).hex()}\\n" for label in (3, 7)))
from edgedigits.core.datasets import load_dataset
found = load_dataset("hex:digits.hex").pool
assert found.labels.tolist() == [3, 7] and found.images[1].max() == 70
assert "hex:FILE" in told("datasets")
assert "did you mean hex:digits.hex?" in told("evaluate", "builtin", "--dataset", "digits.hex")
"""

GREY_FRAMES = '''"""Grey frames: ``grey:5`` gives five of them."""

import numpy as np

from edgedigits.edge.sources.base import Source, SourceKind


class GreyFrames(Source):
    """As many grey frames as its name says."""

    live = False

    def __init__(self, word):
        super().__init__(word)
        self._left = int(word.partition(":")[2])

    def open(self):
        """Nothing to open."""

    def read(self):
        """The next frame."""
        self._left -= 1
        return np.full((40, 60, 3), 200, np.uint8) if self._left >= 0 else None

    def close(self):
        """Nothing to close."""


KIND = SourceKind("`grey:COUNT`", lambda word: GreyFrames(word) if word.startswith("grey:") else None)
'''
USE_SOURCE = """
assert told("camera", "--source", "grey:5").count('"frame"') == 5
assert "`grey:COUNT`" in told("camera", "--source", "nothing")
"""

ZIG = '''"""The target ``zig``: the C library with a build file."""

from edgedigits.firmware_export.targets.contract import HEADER, SOURCE, library_target

FILES = {"build.zig": "zig/build.zig.j2", "{name}.h": HEADER, "{name}.c": SOURCE}
TARGET = library_target("zig", "the C library with Zig's build file", FILES)
'''
USE_TARGET = """
assert "the C library with Zig's build file" in told("export", "--help")
told("export", "builtin", "--target", "zig", "--out", "out")
assert sorted(path.name for path in Path("out").iterdir()) == [".edgedigits.json", "build.zig", "digits.c", "digits.h"]
assert Path("out/build.zig").read_text() == 'const name = "digits";\\n'
"""

HALVED = '''"""Every weight of a convolution halved and trained again: of no use but to try the contract."""

from dataclasses import dataclass, field

from edgedigits.quantize.tuning.budget import Phase


@dataclass(frozen=True)
class Halve(Phase):
    """Halve the weights and train."""

    technique: str = field(default="halve", init=False)

    def prepare(self, network, tuning, steps, digits):
        """See Phase.prepare."""
        from edgedigits.core.keras.backend import keras
        from edgedigits.quantize.tuning.wrapped import Wrapped

        model = keras.models.clone_model(network)
        model.set_weights([weight / 2 for weight in network.get_weights()])
        return Wrapped(model, lambda: model)

    def check(self, path, layers, tuning):
        """See Phase.check."""
        return {"halved": len(layers)}
'''
USE_RECIPE = """
from edgedigits.quantize import RECIPES
assert "halved-int8" in RECIPES and "halved-int8" in told("quantize", "--help")
told("train", "--model", "nano", "--dataset", "optdigits", "--epochs", "1", "--out", "float")
told("quantize", "float/model.keras", "--recipe", "halved-int8", "--out", "int8", codes=(0, 1, 3))
import json
card = json.loads(Path("int8/card.json").read_text())
assert "halve" in json.dumps(card), card
"""

TOLD = """
import subprocess, sys
from pathlib import Path
import edgedigits.core.errors
assert edgedigits.core.errors.__file__.startswith(HERE), edgedigits.core.errors.__file__
def told(*words, codes=(0, 1)):
    done = subprocess.run([sys.executable, "-m", "edgedigits", *words], capture_output=True, text=True)
    assert done.returncode in codes and "Traceback" not in done.stderr, done.stderr
    return " ".join((done.stdout + "\\n" + done.stderr).split(" "))
"""


def add_line(path: Path, after: str, line: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(after) == 1, f"{path} has {text.count(after)} of {after}"
    path.write_text(text.replace(after, after + line), encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "text", "registry", "after", "line", "use"),
    [
        pytest.param(
            *("core/datasets/kinds/hexadecimal.py", DIGITS_OF_A_LINE),
            *("core/datasets/registry.py", 'MODULES = (\n    "mnist",\n', '    "hexadecimal",\n', USE_DATA),
            id="data set",
        ),
        pytest.param(
            *("edge/sources/grey_frames.py", GREY_FRAMES),
            *("edge/sources/registry.py", 'MODULES = ("usb_camera", ', '"grey_frames", ', USE_SOURCE),
            id="frame source",
        ),
        pytest.param(
            *("firmware_export/targets/zig.py", ZIG),
            *("firmware_export/targets/registry.py", 'MODULES = ("c", ', '"zig", ', USE_TARGET),
            id="target",
        ),
        pytest.param(
            *("quantize/tuning/halving.py", HALVED),
            *("quantize/recipes.py", '        Recipe("float32", "the network as it is", form="float32"),\n'),
            '        Recipe("halved-int8", "weights halved", tuning=Tuning((Halve(1, 1e-3),))),\n',
            USE_RECIPE,
            id="recipe with a technique",
        ),
    ],
)
def test_one_more_is_a_module_and_a_line(
    tmp_path: Path, module: str, text: str, registry: str, after: str, line: str, use: str
) -> None:
    if use is USE_RECIPE:
        pytest.importorskip("tensorflow", reason="needs TensorFlow (edgedigits[train])")
    package = copied_package(tmp_path)
    (package / module).write_text(text, encoding="utf-8")
    templates = package / "firmware_export" / "targets" / "templates" / "zig"
    if use is USE_TARGET:
        templates.mkdir()
        (templates / "build.zig.j2").write_text('const name = "{{ name }}";\n', encoding="utf-8")
    add_line(package / registry, after, line)
    if use is USE_RECIPE:
        add_line(package / registry, "import Cluster\n", "from edgedigits.quantize.tuning.halving import Halve\n")
    program = f"HERE = {str(tmp_path)!r}\n{TOLD}\n{use}"
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "COLUMNS": "500"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=work, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
