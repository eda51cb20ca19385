"""What is shipped: the wheel, what stands in it, and that it works on a machine that has nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from measured_rows import network_rows, write_results

from edgedigits.core.pretrained.bundled import SHIPPED
from edgedigits.firmware_export.boards.cores import core
from edgedigits.firmware_export.proof.compiler import find_compiler
from edgedigits.firmware_export.proof.self_test import NO_COMPILER
from edgedigits.firmware_export.report.cores import missing_tool
from edgedigits.firmware_export.targets import TARGETS

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "results", "train", "quantize", "firmware_export", "edge", "cli")
PACKAGE = "package"  # the root folder that is `edgedigits` itself
UNREACHABLE = re.compile(
    r"No matching distribution found for (setuptools|click|rich|numpy|opencv|tflite)|Max retries exceeded"
    r"|NewConnectionError|Temporary failure in name resolution|ReadTimeoutError|Network is unreachable"
)


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def needs_the_index(done: subprocess.CompletedProcess[str]) -> None:
    """Skip where a command failed because the package index could not be reached, fail where it failed otherwise."""
    printed = done.stdout + done.stderr
    if done.returncode != 0 and (found := UNREACHABLE.search(printed)):
        pytest.skip(f"the package index cannot be reached: {found.group()}")
    assert done.returncode == 0, printed


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """The files that git knows, which a clean clone would hold."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, or git is not installed")
    done = run("git", "ls-files", "-z", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def wheel(tracked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as built from a clean clone."""
    clone = tmp_path_factory.mktemp("clone")
    for name in tracked:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    target = tmp_path_factory.mktemp("wheel")
    needs_the_index(run(sys.executable, "-m", "build", "--wheel", "--outdir", target, clone, cwd=target))
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def shipped(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel, and nothing else, was installed."""
    target = tmp_path_factory.mktemp("installed")
    done = run(sys.executable, "-m", "pip", "install", "--no-deps", "--target", target, wheel, cwd=target)
    assert done.returncode == 0, done.stderr
    return target


def place_in_the_wheel(name: str) -> str:
    """Where a file of the checkout stands in the wheel."""
    return f"edgedigits/{name.removeprefix(f'{PACKAGE}/')}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_room_is_shipped_and_says_that_it_is_typed(folder: str, shipped: set[str]) -> None:
    assert {f"edgedigits/{folder}/__init__.py", f"edgedigits/{folder}/py.typed"} <= shipped


@pytest.fixture(scope="module")
def models(shipped: set[str]) -> set[str]:
    """Files of models, as they stand in the folder of the pretrained ones."""
    inside = (name for name in shipped if "/core/pretrained/" in name and not name.endswith(".py"))
    return {name.removeprefix("edgedigits/core/pretrained/") for name in inside}


def test_each_digit_model_of_a_name_is_shipped_in_both_forms_with_their_cards(models: set[str]) -> None:
    named = {name for name in models if name.startswith("digits/")}
    expected = {
        f"digits/{name}/{file}"
        for name, model in SHIPPED.models.items()
        for file in ("card.json", "model.keras", "int8/card.json", f"int8/{model.int8_path.name}")
    }
    assert named == expected


def test_the_built_in_model_is_shipped_in_int8_and_as_floats_each_with_its_card(models: set[str]) -> None:
    assert {name for name in models if not name.startswith("digits/")} == {
        *("small/model.int8.tflite", "small/card.json"),
        *("small-float/model.keras", "small-float/card.json"),
        *("line/model.int8.tflite", "line/card.json"),
        *("line-float/model.keras", "line-float/card.json"),
        *("large/model.int8.tflite", "large/card.json"),
    }


def test_every_file_of_every_room_is_shipped_and_nothing_else(tracked: list[str], shipped: set[str]) -> None:
    ours = tuple(f"{folder}/" for folder in (PACKAGE, *FOLDERS))
    known = {place_in_the_wheel(name) for name in tracked if name.startswith(ours)}
    assert {"edgedigits/__init__.py", "edgedigits/core/__init__.py"} <= known
    assert not known - shipped
    foreign = {name for name in shipped - known if not re.match(r"edgedigits-[^/]*\.dist-info/", name)}
    assert not foreign
    assert not any("test" in Path(name).parts or "tests" in Path(name).parts for name in shipped)


def test_the_package_itself_is_its_version_and_its_command_and_no_more(shipped: set[str]) -> None:
    own = {name for name in shipped if name.startswith("edgedigits/") and name.count("/") == 1}
    assert own == {"edgedigits/__init__.py", "edgedigits/__main__.py", "edgedigits/py.typed"}


def test_the_installed_wheel_runs_as_a_module_and_tells_its_version(installed: Path, tmp_path: Path) -> None:
    code = "import edgedigits; print(edgedigits.__version__, edgedigits.__file__)"
    told = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    assert told.stdout.split() == [version("edgedigits"), str(installed / "edgedigits" / "__init__.py")], told.stderr
    run_as_module = run(sys.executable, "-m", "edgedigits", "--version", cwd=tmp_path, PYTHONPATH=str(installed))
    assert run_as_module.stdout == f"edgedigits, version {version('edgedigits')}\n", run_as_module.stderr


EXPORT_ALL = """
import sys
from pathlib import Path
from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.firmware_export import run_self_test
from edgedigits.firmware_export.targets.export import export_target
from edgedigits.firmware_export.targets import TARGETS, write_target
out = Path(sys.argv[1])
made = export_target(bundled_model())
for target in (name for name, known in TARGETS.items() if known.layout):
    write_target(target, made.files, out / target)
done = run_self_test(out / "c")
print(done.result, done.said)
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_installed_wheel_exports_for_every_target_what_the_checkout_exports(
    installed: Path, tmp_path: Path
) -> None:
    for place, folder in (("wheel", {"PYTHONPATH": str(installed)}), ("checkout", {})):
        done = run(sys.executable, "-c", EXPORT_ALL, tmp_path / place, cwd=tmp_path, **folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("passed" if find_compiler() else f"not run {NO_COMPILER}")
    made = contents(tmp_path / "wheel")
    assert {name.split("/")[0] for name in made} == {name for name, target in TARGETS.items() if target.layout}
    assert made == contents(tmp_path / "checkout")


def test_the_installed_wheel_writes_a_page_of_results(installed: Path, tmp_path: Path) -> None:
    write_results(tmp_path / "measured", *network_rows())
    words = ("-m", "edgedigits", "compare", tmp_path / "measured", "--out", tmp_path / "all")
    done = run(sys.executable, *words, cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "all" / "index.html").read_text(encoding="utf-8")
    for name in ("page.css", "page.js"):
        assert (ROOT / "results" / "pages" / "templates" / name).read_text(encoding="utf-8").strip() in page


def test_the_installed_wheel_runs_a_model_on_an_emulated_core(installed: Path, tmp_path: Path) -> None:
    if lacking := missing_tool(core("m4")):
        pytest.skip(lacking)
    words = ("firmware", "report", "builtin", "--core", "m4", "--images", 1, "--card", tmp_path / "firmware.json")
    done = run(sys.executable, "-m", "edgedigits", *words, cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stdout + done.stderr
    (cost,) = json.loads((tmp_path / "firmware.json").read_text(encoding="utf-8"))["costs"]
    assert cost["instructions"] > 1_000_000
    assert cost["differing_outputs"] == 0


def test_the_licence_and_the_command_are_shipped(wheel: Path, shipped: set[str]) -> None:
    assert any(name.endswith("/licenses/LICENSE") for name in shipped)
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = (name for name in shipped if name.endswith("entry_points.txt"))
        assert "edgedigits = edgedigits.__main__:main" in archive.read(entry_points).decode()


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of the installed wheel after the first time."""
    return tmp_path_factory.mktemp("mypy")


def test_the_types_of_the_installed_wheel_hold(installed: Path, mypy_cache: Path, tmp_path: Path) -> None:
    done = run(
        *(sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", mypy_cache),
        *("-p", "edgedigits"),
        cwd=tmp_path,
        MYPYPATH=str(installed),
        PYTHONPATH=str(installed),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success" in done.stdout


def test_types_that_do_not_hold_would_be_found(installed: Path, mypy_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from pathlib import Path\n\nfrom edgedigits.firmware_export import export_arrays\n\n"
        "length: str = export_arrays(Path('model.tflite'), name='x').bytes\n"
    )
    done = run(
        *(sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir", mypy_cache),
        "user.py",
        cwd=tmp_path,
        MYPYPATH=str(installed),
        PYTHONPATH=str(installed),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Incompatible types in assignment" in done.stdout


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_ruff_has_nothing_to_say(arguments: list[str]) -> None:
    done = run(sys.executable, "-m", "ruff", *arguments, "--no-cache", ROOT, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_all_places_name_the_same_version(wheel: Path) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["version"]
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == declared
    assert version("edgedigits") == declared
    assert wheel.name.startswith(f"edgedigits-{declared}-")


@pytest.mark.slow
def test_a_raspberry_pi_needs_the_edge_extra_and_nothing_more(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    needs_the_index(run(python, "-m", "pip", "install", f"{wheel}[edge]", cwd=tmp_path))
    helped = run(tmp_path / "venv" / "bin" / "edgedigits", "--help", cwd=tmp_path)
    assert helped.returncode == 0, helped.stderr
    assert "Usage: edgedigits" in helped.stdout
    for package in ("tensorflow", "tf_keras", "sklearn"):
        absent = run(python, "-c", f"import {package}", cwd=tmp_path)
        assert f"No module named '{package}'" in absent.stderr
    used = run(python, "-c", "from edgedigits.edge import DigitReader; print(DigitReader.__name__)", cwd=tmp_path)
    assert used.stdout.strip() == "DigitReader", used.stderr
