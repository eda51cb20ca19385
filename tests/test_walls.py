"""The walls between the rooms: what may import what, and what must not be loaded."""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("train", "quantize", "firmware_export", "edge")
FOLDERS = ("core", "results", *ROOMS, "cli")
HEAVY = {"tensorflow", "tf_keras", "keras", "sklearn", "tensorflow_model_optimization"}
WITH_TENSORFLOW = ("train", "quantize")
KERAS = ROOT / "core" / "keras"
LIST_LOADED = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"


def loaded_after(code: str, tmp_path: Path) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{LIST_LOADED}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def modules_of(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports, at the top or inside functions, also by ``importlib.import_module("...")``.

    Imports for the type checker alone count too: a room whose types need another room is not apart from it.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in ("import_module", "__import__"):
                found.add(str(node.args[0].value))
    return found


def test_the_scan_sees_every_way_to_import(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import a.b\nfrom c import d\n\ndef f():\n    import e\n    from g.h import i\n"
        "    importlib.import_module('j.k')\n    __import__('l')\n"
    )
    assert imports_of(path) == {"a.b", "c", "c.d", "e", "g.h", "g.h.i", "j.k", "l"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_scanned(folder: str) -> None:
    assert modules_of(folder)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_other_room(room: str) -> None:
    forbidden = tuple(f"edgedigits.{other}" for other in (*ROOMS, "cli") if other != room)
    for path in modules_of(room):
        crossing = {name for name in imports_of(path) if f"{name}.".startswith(tuple(f"{item}." for item in forbidden))}
        assert not crossing, f"{path.relative_to(ROOT)} imports {sorted(crossing)}"


@pytest.mark.parametrize(
    ("folder", "apart"),
    [
        ("core", ("results", *ROOMS, "cli")),
        ("results", (*ROOMS, "cli")),
        ("edge", ("results",)),
        ("firmware_export", ("results",)),
    ],
)
def test_what_rooms_share_imports_none_of_them(folder: str, apart: tuple[str, ...]) -> None:
    forbidden = tuple(f"edgedigits.{room}." for room in apart)
    for path in modules_of(folder):
        crossing = {name for name in imports_of(path) if f"{name}.".startswith(forbidden)}
        assert not crossing, f"{path.relative_to(ROOT)} imports {sorted(crossing)}"


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder not in WITH_TENSORFLOW])
def test_tensorflow_is_imported_behind_its_wall_only(folder: str) -> None:
    for path in (path for path in modules_of(folder) if KERAS not in path.parents):
        heavy = {name for name in imports_of(path) if name.split(".")[0] in HEAVY - {"sklearn"}}
        assert not heavy, f"{path.relative_to(ROOT)} imports {sorted(heavy)}"


def test_keras_is_for_training_and_quantizing_alone() -> None:
    for path in (path for folder in FOLDERS if folder not in WITH_TENSORFLOW for path in modules_of(folder)):
        crossing = {name for name in imports_of(path) if f"{name}.".startswith("edgedigits.core.keras.")}
        assert KERAS in path.parents or not crossing, f"{path.relative_to(ROOT)} imports {sorted(crossing)}"


@pytest.mark.parametrize("folder", ["firmware_export", "edge"])
def test_every_module_for_the_pi_and_the_export_loads_without_tensorflow(folder: str, tmp_path: Path) -> None:
    names = [".".join(("edgedigits", *path.relative_to(ROOT).with_suffix("").parts)) for path in modules_of(folder)]
    code = "\n".join(f"import {name.removesuffix('.__init__')}" for name in names)
    assert not loaded_after(code, tmp_path) & HEAVY


@pytest.mark.parametrize("room", ["edge", "firmware_export", "core", "results"])
def test_every_public_name_of_a_room_comes_without_tensorflow(room: str, tmp_path: Path) -> None:
    code = f"import edgedigits.{room} as room\nassert room.__all__\nfor name in room.__all__: getattr(room, name)"
    assert not loaded_after(code, tmp_path) & HEAVY


WHILE_NOTHING_CHANGES = """
import logging, os, signal, sys
import cv2, numpy
levels = cv2 if hasattr(cv2, "getLogLevel") else cv2.utils.logging
def state():
    return {
        "OpenCV's level": levels.getLogLevel(),
        "signals": {int(number): signal.getsignal(number) for number in signal.valid_signals()},
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "hook": sys.excepthook,
        "NumPy": (sorted(numpy.get_printoptions().items(), key=str), numpy.geterr()),
    }
before, environment = state(), dict(os.environ)
for name in sys.argv[1:]:
    __import__(name)
changed = {what: (value, state()[what]) for what, value in before.items() if state()[what] != value}
assert not changed, changed
"""


def imported(names: list[str], tmp_path: Path) -> dict[str, str]:
    """Import modules in a fresh interpreter, which shall change nothing of the process; what its environment gained."""
    gains = "import json\nprint(json.dumps(dict(set(os.environ.items()) - set(environment.items()))))"
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("OPENCV_", "TF_", "OMP_"))}
    command = [sys.executable, "-c", f"{WHILE_NOTHING_CHANGES}\n{gains}", *names]
    done = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    gained: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return gained


@pytest.mark.parametrize("folder", ["core", "results", "edge", "firmware_export", "cli", "package"])
def test_importing_has_no_side_effects(folder: str, tmp_path: Path) -> None:
    paths = [path for path in modules_of(folder) if KERAS not in path.parents]
    names = [".".join(("edgedigits", *path.relative_to(ROOT).with_suffix("").parts)) for path in paths]
    names = [name.removesuffix(".__init__") for name in names if folder != "package"] or ["edgedigits"]
    assert imported(names, tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("train", set()),
        ("quantize", set()),
        # OpenMP reads it when it is loaded, and never again.
        ("train.baselines", {"OMP_WAIT_POLICY"}),
    ],
)
def test_what_libraries_read_while_they_are_loaded_is_all_that_is_set(
    name: str, variables: set[str], tmp_path: Path
) -> None:
    assert set(imported([f"edgedigits.{name}"], tmp_path)) == variables


@pytest.mark.parametrize("room", FOLDERS)
def test_a_lazy_name_is_not_hidden_by_a_module_of_that_name(room: str) -> None:
    package = importlib.import_module(f"edgedigits.{room}")
    modules = {path.stem for path in (ROOT / room).glob("*.py")}
    assert not set(getattr(package, "__all__", ())) & modules


def test_a_name_whose_module_does_not_load_tells_why(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "broken.py").write_text("import os\n\nos.taken_away_in_the_newest_version\n")
    (tmp_path / "room" / "__init__.py").write_text(
        "from edgedigits.core.lazy import lazy_exports\n\n__getattr__ = lazy_exports(__name__, {'name': 'broken'})\n"
    )
    loaded_after(
        "try:\n    from room import name\n"
        "except ImportError as error:\n    assert 'taken_away_in_the_newest_version' in str(error), error\n"
        "else:\n    raise AssertionError",
        tmp_path,
    )


@pytest.mark.parametrize("room", FOLDERS)
def test_a_room_hands_out_what_it_promises(room: str, tmp_path: Path) -> None:
    if room == "cli":
        pytest.skip("cli is a command and promises no names")
    code = (
        f"import edgedigits.{room} as room\nassert len(room.__all__) == len(set(room.__all__)) > 0\n"
        "for name in room.__all__:\n    assert getattr(room, name).__doc__, name"
    )
    loaded_after(code, tmp_path)


def test_the_command_line_loads_neither_tensorflow_nor_numpy(tmp_path: Path) -> None:
    loaded = loaded_after("import edgedigits.cli.main", tmp_path)
    assert not loaded & (HEAVY | {"numpy", "cv2", "tflite_runtime", "ai_edge_litert", "matplotlib", "scipy", "jinja2"})


def test_the_checkout_is_installed_as_its_pyproject_says(tmp_path: Path) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["setuptools"]["packages"]
    code = (
        "from importlib.util import find_spec\n"
        f"print([name for name in {packages!r} if getattr(find_spec(name), 'origin', None) is None])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", (
        "packages moved: `pip install --no-deps --no-build-isolation --editable .` mends it"
        f"\n{done.stdout}{done.stderr}"
    )


def test_importing_edgedigits_loads_nothing_further(tmp_path: Path) -> None:
    assert loaded_after("import edgedigits", tmp_path) - loaded_after("", tmp_path) <= {"edgedigits", "__future__"}


def test_edgedigits_tells_its_version_and_has_no_other_name(tmp_path: Path) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["version"]
    loaded_after(
        f"import edgedigits\nassert edgedigits.__version__ == {declared!r}\n"
        "assert edgedigits.__all__ == ['__version__']\nassert not hasattr(edgedigits, 'versoin')",
        tmp_path,
    )


def test_the_package_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edgedigits", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Usage: python -m edgedigits [OPTIONS] COMMAND"), done.stderr


def test_help_loads_click_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom edgedigits.cli.main import main\nsys.argv = ['edgedigits', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, None), end.code"
    )
    plain = loaded_after("", tmp_path)
    foreign = {name for name in loaded_after(code, tmp_path) - plain if name not in sys.stdlib_module_names}
    assert foreign == {"click", "edgedigits"}


def commands() -> list[str]:
    from edgedigits.cli.main import main

    return sorted(main.commands)


@pytest.mark.parametrize("command", commands())
def test_help_of_a_command_loads_click_and_nothing_else(command: str, tmp_path: Path) -> None:
    code = (
        f"import sys\nfrom edgedigits.cli.main import main\nsys.argv = ['edgedigits', {command!r}, '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code in (0, None), end.code"
    )
    plain = loaded_after("", tmp_path)
    foreign = {name for name in loaded_after(code, tmp_path) - plain if name not in sys.stdlib_module_names}
    assert foreign == {"click", "edgedigits"}


@pytest.mark.parametrize(
    ("folder", "line", "banned"),
    [
        ("edge", "import tensorflow", True),
        ("edge", "from tensorflow import lite", True),
        ("firmware_export", "import tf_keras", True),
        ("core", "import tensorflow as tf", True),
        ("cli", "from tf_keras import layers", True),
        ("cli", "import core", True),
        ("train", "import tensorflow", False),
        ("quantize", "import tf_keras", False),
        ("edge", "from edge import reading", True),
        ("edge", "import quantize", True),
        ("edge", "import results", True),
        ("edge", "import firmware_export", True),
        ("edge", "from train.fitting import fit", True),
        ("edge", "import cli", True),
        ("edge", "import package", True),
        ("edge", "import cv2\n\ncv2.setLogLevel(0)", True),
        ("edge", "import cv2\n\ncv2.setNumThreads(1)", False),
        ("edge", "from edgedigits.core import digit", False),
    ],
)
def test_ruff_guards_the_walls_while_one_writes(folder: str, line: str, banned: bool, tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "sample.py"
    path.write_text(f'"""A sample."""\n\n{line}\n')
    check = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json", str(path)]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    codes = {item["code"] for item in json.loads(done.stdout)}
    assert ("TID251" in codes) == banned, done.stdout


def test_every_folder_of_the_tree_imports_under_its_own_name() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["setuptools"]
    assert settings["package-dir"]["edgedigits"] == "package"
    rooms = {name: folder for name, folder in settings["package-dir"].items() if name != "edgedigits"}
    for package, folder in rooms.items():
        assert package == "edgedigits." + folder.replace("/", ".")
        assert (ROOT / folder / "__init__.py").is_file()
    assert sorted(rooms.values()) == sorted(FOLDERS)
    inside = (path.parent.relative_to(ROOT) for room in FOLDERS for path in (ROOT / room).rglob("__init__.py"))
    assert sorted(settings["packages"]) == sorted(
        ["edgedigits", *(".".join(("edgedigits", *at.parts)) for at in inside)]
    )
    assert not (ROOT / "edgedigits").exists()
