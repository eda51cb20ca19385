"""Which Pythons edgedigits is for: one list, in every place that names them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "tests" / "pythons"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = [item.split()[-1] for item in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", item)]
WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text()


def jobs() -> dict[str, str]:
    """The text of each job of the workflow by its name."""
    parts = re.split(r"^  (\w+):\n", WORKFLOW.partition("\njobs:\n")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("job", ["pythons", "arm64"])
def test_the_workflow_tries_every_python(job: str) -> None:
    (matrix,) = re.findall(r"python: \[(.*)\]", jobs()[job])
    assert re.findall(r'"(.*?)"', matrix) == DECLARED
    assert "make test-pythons" in jobs()[job]


def test_the_workflow_runs_all_tests_and_has_an_arm64_machine() -> None:
    assert "run: make test\n" in jobs()["test"]
    assert "runs-on: ubuntu-24.04-arm" in jobs()["arm64"]
    assert "EXTRAS=edge" in jobs()["arm64"]


def test_the_makefile_tries_every_python() -> None:
    (pythons,) = re.findall(r"^PYTHONS \?= (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert pythons.split() == DECLARED


def test_pip_installs_on_these_and_on_no_other() -> None:
    oldest, newest = (tuple(map(int, version.split("."))) for version in (DECLARED[0], DECLARED[-1]))
    assert PROJECT["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"


def test_what_was_never_tried_has_an_upper_bound() -> None:
    asked = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    open_ended = [
        line for line in asked if not line.startswith("edgedigits[") and not re.search(r"<|==", line.split(";")[0])
    ]
    assert not open_ended


ENVIRONMENTS = sorted((ROOT / "out" / "pythons").glob("3.*/edge/made-of"))
ROOMS = ("core", "results", "train", "quantize", "firmware_export", "edge", "cli")
QUICK = ("tests/edge/test_sample_picture.py", "tests/edge/test_opencv_logs.py", "tests/edge/test_reading_errors.py")


@pytest.mark.parametrize("mark", ENVIRONMENTS, ids=lambda mark: mark.parents[1].name)
def test_the_checkout_reads_on_each_python_that_an_environment_was_made_for(mark: Path, tmp_path: Path) -> None:
    """A few seconds each; `make test-pythons` makes the environments and runs all tests of the edge there."""
    (tmp_path / "edgedigits").mkdir()
    for name in (*ROOMS, *(file.name for file in (ROOT / "package").glob("*.py"))):
        (tmp_path / "edgedigits" / name).symlink_to(ROOT / ("package" if name.endswith(".py") else "") / name)
    command = [str(mark.parent / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *QUICK]
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(bool(ENVIRONMENTS), reason="run above")
def test_environments_of_other_pythons_are_there() -> None:
    pytest.skip("no environment in out/pythons: `make test-pythons` makes them")


def found(version: str) -> str:
    code = f"from finding import find_python; print(find_python({version!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_python_that_is_found_has_the_version_asked_for() -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    asked = [found(version), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == version


def test_a_python_that_is_not_there_is_not_found() -> None:
    assert found("3.1") == "None"


def test_a_python_that_the_package_is_not_for_is_refused() -> None:
    command = [sys.executable, str(SCRIPTS / "on_pythons.py"), "3.8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "3.8: pyproject.toml names 3.11, 3.12, 3.13" in done.stderr
