"""Mutation tests with Cosmic Ray: change a module in one place after the other, and see whether its tests notice.

    python tests/mutants/run_mutants.py core/digit.py core/metrics.py

Works on a copy of the checkout in out/mutants, which it makes anew; prints each mutant that its tests let live, as a
difference, and exits with 1 where one does that ``EXPLAINED`` does not name. Minutes to an hour a module.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from explained import EXPLAINED

ROOT = Path(__file__).parents[2]
OUT = ROOT / "out" / "mutants"
CHECKOUT = OUT / "checkout"
ROOMS = ("core", "results", "train", "quantize", "firmware_export", "edge", "cli")

TESTS = {
    "core/digit.py": "tests/core/test_digit.py",
    "core/files.py": "tests/core/test_files.py",
    "core/metrics.py": "tests/core/test_metrics.py",
    "core/outcome.py": "tests/core/test_outcome.py",
    "core/proportions.py": "tests/core/test_proportions.py tests/core/test_metrics.py",
    "firmware_export/graph/arithmetic.py": "tests/firmware_export/test_arithmetic.py",
    "firmware_export/planning/arena.py": "tests/firmware_export/test_planning.py",
    "firmware_export/planning/schedule.py": "tests/firmware_export/test_planning.py",
    "quantize/proof.py": "tests/quantize/test_quantize.py",
}
"""Module to the tests that have to notice what is wrong in it."""

# Types are no behaviour: what stands after a colon or an arrow is never evaluated.
_SETTINGS = """
[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


@dataclass(frozen=True)
class Mutant:
    """A change that tests let live.

    Attributes:
        module: that was changed.
        line: that stood there, without blanks around it.
        change: the line that took its place.
    """

    module: str
    line: str
    change: str

    @property
    def reason(self) -> str:
        """Why nothing can notice it; empty where nothing is known."""
        return EXPLAINED.get((self.module, self.line, self.change), "")


def copy_checkout() -> None:
    """The files that git knows, and beside them the package ``edgedigits`` made of links into the copy."""
    shutil.rmtree(OUT, ignore_errors=True)
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (CHECKOUT / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, CHECKOUT / name)
    package = OUT / "import" / "edgedigits"
    shutil.copytree(CHECKOUT / "package", package)
    for room in ROOMS:
        (package / room).symlink_to(CHECKOUT / room)


def run(*command: object, check: bool = True) -> str:
    """Run a command in the copy, whose modules are those that are imported."""
    environment = {**os.environ, "PYTHONPATH": str(OUT / "import"), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def mutate(module: str) -> tuple[list[Mutant], int]:
    """The mutants of a module that its tests let live, and how many there were."""
    tests = TESTS[module]
    begin = time.monotonic()
    run(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests.split())
    timeout = 10 + 5 * (time.monotonic() - begin)
    name = module.replace("/", "-").removesuffix(".py")
    settings, session = OUT / f"{name}.toml", OUT / f"{name}.sqlite"
    settings.write_text(_SETTINGS.format(module=module, timeout=timeout, python=sys.executable, tests=tests))
    ray = Path(sys.executable).parent / "cosmic-ray"
    run(ray, "init", settings, session)
    run(ray.with_name("cr-filter-operators"), session, settings)
    run(ray, "exec", settings, session)
    found, count = [], 0
    for line in run(ray, "dump", session).splitlines():
        _, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        count += 1
        if result["test_outcome"] == "survived":
            found.append(_mutant(module, result["diff"]))
    return found, count


def _mutant(module: str, difference: str) -> Mutant:
    gone = re.findall(r"^-(?!--)(.*)$", difference, re.MULTILINE)
    come = re.findall(r"^\+(?!\+\+)(.*)$", difference, re.MULTILINE)
    return Mutant(module, " ".join(map(str.strip, gone)), " ".join(map(str.strip, come)))


def main() -> None:
    """Mutate the modules that are named, all without a name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[*TESTS, []], help="all of them by default")
    modules = parser.parse_args().modules or list(TESTS)
    copy_checkout()
    alive = 0
    for module in modules:
        survivors, count = mutate(module)
        print(f"{module}: {count} mutants, {count - len(survivors)} noticed")
        for mutant in survivors:
            print(f"    {mutant.line}\n    -> {mutant.change}\n       {mutant.reason or 'NOT EXPLAINED'}", flush=True)
            alive += not mutant.reason
    sys.exit(f"{alive} mutants live that nothing explains" if alive else 0)


if __name__ == "__main__":
    main()
