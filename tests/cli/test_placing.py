"""`edgedigits export --memory` and `--weights blob`: what they print, write and refuse."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from calling import call

from edgedigits.firmware_export.targets import TARGETS

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "core" / "pretrained" / "small"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The built-in model with its card, in a folder of its own."""
    shutil.copytree(SMALL, tmp_path / "model", ignore=shutil.ignore_patterns("firmware.json"))
    return tmp_path / "model" / "model.int8.tflite"


def test_an_arena_in_two_memories_answers_and_says_what_each_takes(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "c"
    said = call("export", model, "--memory", "dtcm=2K", "--memory", "sram=8K", "--out", out)
    assert "plain kernels: dtcm 1,712, sram 5,560 bytes\n" in said.output
    subprocess.run(("cc", "-std=c99", "-O2", "main.c", "digits.c", "-o", "selftest"), cwd=out, check=True)
    assert "every output equals" in subprocess.run(out / "selftest", capture_output=True, text=True, check=True).stdout


def test_scripts_are_told_the_bytes_and_who_does_not_fit(model: Path, tmp_path: Path) -> None:
    said = call("export", model, "--memory", "ram=5K", "--json", "--out", tmp_path / "c")
    facts = json.loads(said.stdout)
    assert sorted(facts["memories"]) == ["avr", "helium"]
    assert all(0 < parts["ram"] <= 5120 for parts in facts["memories"].values())
    assert facts["too_small_for"]["plain"].startswith("ram ")


@pytest.mark.parametrize(
    ("memories", "words"),
    [
        (("dtcm=1K", "sram=1K"), "the arena does not fit into dtcm of 1,024 bytes and sram of 1,024 bytes; give for"),
        (("dtcm",), "'dtcm' names no memory and its size"),
        (("a=9K", "a=9K"), "two memories are called a"),
    ],
)
def test_memories_that_cannot_be_are_refused_and_nothing_is_written(
    memories: tuple[str, ...], words: str, model: Path, tmp_path: Path
) -> None:
    options = [word for memory in memories for word in ("--memory", memory)]
    said = call("export", model, *options, "--out", tmp_path / "c", code=1)
    assert words in " ".join(said.stderr.split())
    assert not (tmp_path / "c").exists()


def test_arrays_have_no_memories(model: Path, tmp_path: Path) -> None:
    said = call("export", model, "--target", "arrays", "--memory", "ram=9K", "--out", tmp_path / "c", code=1)
    assert "leave --memory out" in said.stderr


@pytest.mark.parametrize("target", [name for name, target in TARGETS.items() if target.layout])
def test_every_target_carries_the_blobs_and_takes_one(target: str, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "c"
    call("export", model, "--weights", "blob", "--target", target, "--out", out)
    blobs = sorted(path.name for path in (out / "weights").iterdir())
    assert blobs == [f"digits_weights_{variant}.bin" for variant in ("dsp", "helium", "plain")]
    (header,) = out.rglob("digits.h")
    assert "const uint32_t digits_weights[]" in (header.parent / "digits_weights.h").read_text()
    (serial,) = out.rglob("digits_serial.c")
    assert "digits_use_weights(digits_weights, sizeof digits_weights);" in serial.read_text()


def test_the_self_test_takes_the_blob_and_notices_a_spoilt_one(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "c"
    call("export", model, "--weights", "blob", "--out", out)
    build = ("cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "main.c", "digits.c", "-o", "selftest")
    subprocess.run(build, cwd=out, check=True)
    assert "every output equals" in subprocess.run(out / "selftest", capture_output=True, text=True, check=True).stdout
    header = out / "digits_weights.h"
    at = header.read_text().rindex("0x") + 9
    text = header.read_text()
    header.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    subprocess.run(build, cwd=out, check=True)
    assert subprocess.run(out / "selftest", capture_output=True, check=False).returncode == 1


def test_arrays_have_no_blob(model: Path, tmp_path: Path) -> None:
    said = call("export", model, "--target", "arrays", "--weights", "blob", "--out", tmp_path / "c", code=1)
    assert "leave --weights out" in said.stderr


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "arrays"])
def test_the_readme_of_a_library_without_weights_says_how_it_gets_them(
    target: str, model: Path, tmp_path: Path
) -> None:
    call("export", model, "--target", target, "--weights", "blob", "--out", tmp_path / "c")
    told = (tmp_path / "c" / "README.md").read_text(encoding="utf-8")
    assert "digits_use_weights(digits_weights, sizeof digits_weights)" in told
    assert "no state of its own" not in told and "AVR |" not in told
    assert told.index("digits_use_weights") < told.index("digits_run")


def test_the_readme_of_an_arena_in_parts_tells_of_them_and_of_one_call_at_a_time(model: Path, tmp_path: Path) -> None:
    call("export", model, "--memory", "dtcm=2K", "--memory", "sram=8K", "--out", tmp_path / "c")
    told = (tmp_path / "c" / "README.md").read_text(encoding="utf-8")
    assert "| `sram` | " in told and "5560 (plain C)" in told and "`DIGITS_SRAM_ATTRIBUTE`" in told
    assert "One call at a time" in told
    assert "no state of its own" not in told and "several threads" not in told
