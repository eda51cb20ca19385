"""Mutation tests with Cosmic Ray: change a module in one place after the other, and see whether its tests notice.

    python tests/mutants/run_mutants.py core/digit.py core/statistics/metrics.py

Works on copies of the checkout in out/mutants; prints each mutant that its tests let live, and exits with 1 where one
does that ``explained.py`` does not name. As long as a module stays as it is, a run goes on where one before was broken
off, and tries again what lived then; ``rm -r out/mutants`` begins anew. Several modules may run side by side.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from explained import reason_of

ROOT = Path(__file__).parents[2]
OUT = ROOT / "out" / "mutants"
ROOMS = ("core", "results", "train", "quantize", "firmware_export", "edge", "cli")

_SUMS = "tests/firmware_export/test_arithmetic.py"
_BYTES_THAT_MOVE = f" --deselect {_SUMS}::test_every_place_of_a_resized_picture"
_PLANNING = "tests/firmware_export/test_planning.py"
_LIMITS = (
    f"{_PLANNING}::test_a_network_larger_than_the_library_can_number_is_refused"
    f" {_PLANNING}::test_the_rows_of_a_mean_are_those_of_its_input"
    f" {_PLANNING}::test_a_network_that_only_reshapes_is_refused"
)
_PLANS = " ".join(
    f"{_PLANNING}::test_{name}"
    for name in (
        "no_other_choice_of_one_value_would_make_the_fullest_moment_lower",
        "the_better_of_two_starts_is_taken",
        "no_more_orders_are_tried_than_there_is_effort_for",
        "arenas_are_as_small_as_the_pages_say",
    )
)
_STAGES = "tests/firmware_export/test_stages.py"
_FLOOR = " ".join(
    f"tests/quantize/test_floor.py::test_{name}"
    for name in (
        "no_model_within_three_points_of_chance_ever_passes",
        "the_floor_itself_is_enough",
        "three_points_more_than_chance_are_not_enough",
        "the_float_network_has_to_read_enough_too",
        "who_always_says_the_most_frequent_digit_fails_on_digits_that_are_nearly_all_that_one",
    )
)
TESTS = {
    "core/contract/contract.py": "tests/core/test_contract.py",
    "core/contract/finding.py": "tests/core/test_finding.py",
    "core/contract/quantized_input.py": "tests/core/test_quantized_input.py",
    "core/digit.py": "tests/core/test_digit.py",
    "core/files.py": "tests/core/test_files.py",
    "core/statistics/metrics.py": "tests/core/test_metrics.py",
    "core/statistics/outcome.py": "tests/core/test_outcome.py",
    "core/statistics/proportions.py": "tests/core/test_proportions.py",
    "firmware_export/graph/advice.py": "tests/firmware_export/test_advice.py",
    "firmware_export/graph/arithmetic.py": _SUMS + _BYTES_THAT_MOVE,
    "firmware_export/graph/constant_shapes.py": "tests/firmware_export/test_constant_shapes.py",
    "firmware_export/graph/dilated_windows.py": "tests/firmware_export/test_dilated_windows.py",
    "firmware_export/graph/evaluation.py": f"{_SUMS}::test_whole_networks",
    "firmware_export/graph/float_runs.py": "tests/firmware_export/test_float_runs.py",
    "firmware_export/graph/formulas.py": "tests/firmware_export/test_formulas.py",
    "firmware_export/graph/large_sums.py": "tests/firmware_export/test_large_sums.py",
    "firmware_export/graph/layers.py": "tests/firmware_export/test_layers.py",
    "firmware_export/graph/model.py": f"{_STAGES} tests/firmware_export/test_formulas.py",
    "firmware_export/planning/allocation.py": "tests/firmware_export/test_allocation.py",
    "firmware_export/planning/arena.py": "tests/firmware_export/test_arena.py",
    "firmware_export/planning/lowering.py": f"tests/firmware_export/test_lowering.py {_LIMITS}",
    "firmware_export/planning/memories.py": "tests/firmware_export/test_memories.py",
    "firmware_export/planning/packing.py": "tests/firmware_export/test_packing.py",
    "firmware_export/planning/plan.py": _PLANS,
    "firmware_export/planning/schedule.py": "tests/firmware_export/test_schedule.py",
    "firmware_export/planning/stages.py": f"{_STAGES} tests/firmware_export/test_schedule.py",
    "quantize/proof/causes.py": "tests/quantize/test_causes.py",
    "quantize/proof/proving.py": f"tests/quantize/test_proof.py {_FLOOR}",
    "quantize/proof/verdicts.py": "tests/quantize/test_verdicts.py",
}
"""Module to the tests that have to notice what is wrong in it, as pytest takes them."""

_KEPT = {
    "Add": ("Sub", "Mul"),
    "Sub": ("Add", "Mod"),
    "Mul": ("Div", "Add"),
    "Div": ("Mul", "FloorDiv"),
    "FloorDiv": ("Div", "Mul"),
    "Mod": ("FloorDiv", "Mul"),
    "Pow": ("Mul", "Div"),
    "LShift": ("RShift", "Mul"),
    "RShift": ("LShift", "FloorDiv"),
    "BitAnd": ("BitOr", "BitXor"),
    "BitXor": ("BitAnd", "BitOr"),
}
"""Of the eleven operators that Cosmic Ray would put in the place of one, two that computers of numbers mistake for it:
whoever notices these notices what is further off. None stands in for ``|``, which joins types in annotations."""

_WANTED = "|".join(f"{one}_{other}$" for one, others in _KEPT.items() for other in others)
EXCLUDED = (
    f"core/ReplaceBinaryOperator_(?!{_WANTED})",
    # What Python says of numbers and texts by `is` depends on how it keeps them.
    "core/ReplaceComparisonOperator_(?!Is)[A-Za-z]+_Is(Not)?$",
    "core/ReplaceComparisonOperator_Is(Not)?_(?!Is)",
)
"""Cosmic Ray's operators that are left out."""

_SETTINGS = """
[cosmic-ray]
module-path = "{module}"
timeout = {timeout}
excluded-modules = []
test-command = "{python} -I -S {client} {socket}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = {excluded}
"""


@dataclass(frozen=True)
class Mutant:
    """A change that tests let live.

    Attributes:
        module: that was changed.
        line: that stood there, with one blank between its words; several lines as one.
        change: the line that took its place.
    """

    module: str
    line: str
    change: str

    @property
    def reason(self) -> str:
        """Why nothing can notice it; empty where nothing is known."""
        return reason_of(self.module, self.line, self.change)


def copy_checkout(checkout: Path) -> None:
    """The files that git knows, and beside them the package ``edgedigits`` made of links into the copy."""
    shutil.rmtree(checkout.parent, ignore_errors=True)
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    package = checkout.parent / "import" / "edgedigits"
    shutil.copytree(checkout / "package", package)
    for room in ROOMS:
        (package / room).symlink_to(checkout / room)


def run(checkout: Path, *command: object) -> str:
    """Run a command there and return what it says."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def tests_served(checkout: Path, module: str) -> Iterator[tuple[Path, float]]:
    """A process that runs the module's tests in the copy: its socket, and the seconds that they take."""
    models = OUT / "tiny_models"  # which the tests would make by TensorFlow each time
    if not models.is_dir():
        run(ROOT, sys.executable, "tests/tiny_models.py", models)
    environment = os.environ | {"EDGEDIGITS_TINY_MODELS": str(models), "TF_USE_LEGACY_KERAS": "1"}
    environment["PYTHONPATH"] = str(checkout.parent / "import")
    place = checkout.parent / "socket"
    command = (sys.executable, Path(__file__).with_name("warm_pytest.py"), place, module, *TESTS[module].split())
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=checkout, env=environment, **pipes) as server:
        seconds = server.stdout.readline()
        if not seconds:
            sys.exit(1)
        yield place, float(seconds)  # and then the server's standard input ends, and with it the server


def session_of(module: str) -> Path:
    """Where the results of a module are kept: another file once it or the operators are others."""
    digest = hashlib.sha256((ROOT / module).read_bytes() + repr(EXCLUDED).encode()).hexdigest()
    return OUT / f"{module.replace('/', '-').removesuffix('.py')}-{digest[:12]}.sqlite"


def try_again(session: Path) -> None:
    """Forget those that lived: what tests noticed they notice again, and these may be noticed by now."""
    with closing(sqlite3.connect(session)) as results, results:
        results.execute("DELETE FROM work_results WHERE test_outcome = 'SURVIVED'")


def mutate(module: str) -> tuple[list[Mutant], int]:
    """The mutants of a module that its tests let live, and how many there were."""
    session = session_of(module)
    checkout, settings = session.with_suffix("") / "checkout", session.with_suffix(".toml")
    ray = Path(sys.executable).parent / "cosmic-ray"
    copy_checkout(checkout)
    with tests_served(checkout, module) as (place, seconds):
        values = {"python": sys.executable, "client": Path(__file__).with_name("ask_pytest.py"), "socket": place}
        excluded = json.dumps(EXCLUDED)
        settings.write_text(_SETTINGS.format(module=module, timeout=60 + 20 * seconds, excluded=excluded, **values))
        if session.exists():
            try_again(session)
        else:
            run(checkout, ray, "init", settings, session)
            run(checkout, ray.with_name("cr-filter-operators"), session, settings)
        run(checkout, ray, "exec", settings, session)
    shutil.rmtree(checkout.parent)
    found, count = [], 0
    for line in run(OUT, ray, "dump", session).splitlines():
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
    return Mutant(module, *(" ".join(" ".join(lines).split()) for lines in (gone, come)))


def main() -> None:
    """Mutate the modules that are named, all without a name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[*TESTS, []], help="all of them by default")
    modules = parser.parse_args().modules or list(TESTS)
    alive = 0
    for module in modules:
        survivors, count = mutate(module)
        explained = sum(bool(mutant.reason) for mutant in survivors)
        for mutant in survivors:
            print(f"    {mutant.line}\n    -> {mutant.change}\n       {mutant.reason or 'NOT EXPLAINED'}")
        print(f"| `{module}` | {count} | {count - len(survivors)} | {explained} |", flush=True)
        alive += len(survivors) - explained
    sys.exit(f"{alive} mutants live that nothing explains" if alive else 0)


if __name__ == "__main__":
    main()
