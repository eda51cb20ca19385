"""What a machine is called, and that an emulated one is told from a real one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from measured_rows import row, write_results

from edgedigits.results import Machine, read_results, this_machine

PI4 = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08

Hardware\t: BCM2835
Revision\t: c03114
Model\t\t: Raspberry Pi 4 Model B Rev 1.4
"""
PI3_32_BIT = """\
processor\t: 0
model name\t: ARMv7 Processor rev 4 (v7l)
CPU implementer\t: 0x41
CPU part\t: 0xd03

Model\t\t: Raspberry Pi 3 Model B Plus Rev 1.3
"""
WORKSTATION = """\
processor\t: 0
vendor_id\t: GenuineIntel
model\t\t: 158
model name\t: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz
"""


def tree(root: Path, cpuinfo: str, *, model: str = "", kernel: str = "") -> Path:
    """A made-up /proc."""
    for name, text in (
        ("proc/cpuinfo", cpuinfo),
        ("proc/device-tree/model", f"{model}\0" if model else ""),
        ("proc/sys/kernel/arch", f"{kernel}\n" if kernel else ""),
    ):
        if text:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root


def test_a_raspberry_pi_is_named_by_its_board_and_its_cores(tmp_path: Path):
    board = "Raspberry Pi 4 Model B Rev 1.4"
    found = this_machine(tree(tmp_path, PI4, model=board, kernel="aarch64"), "aarch64")
    assert found.processor == f"{board}, Cortex-A72"
    assert not found.emulated


def test_a_32_bit_system_names_the_board_too(tmp_path: Path):
    board = "Raspberry Pi 3 Model B Plus Rev 1.3"
    found = this_machine(tree(tmp_path, PI3_32_BIT, model=board, kernel="aarch64"), "armv7l")
    assert found.processor == f"{board}, Cortex-A53"
    assert not found.emulated


def test_a_processor_that_the_table_lacks_is_named_by_its_number(tmp_path: Path):
    unknown = PI4.replace("0xd08", "0xd99")
    assert this_machine(tree(tmp_path, unknown), "aarch64").processor == "Arm processor, part 0xd99"


def test_a_workstation_is_named_by_its_processor(tmp_path: Path):
    found = this_machine(tree(tmp_path, WORKSTATION, kernel="x86_64"), "x86_64")
    assert found.processor == "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz"
    assert not found.emulated


@pytest.mark.parametrize("kernel", ["x86_64", ""])
def test_an_arm_process_on_a_workstation_is_emulated(tmp_path: Path, kernel: str):
    assert this_machine(tree(tmp_path, WORKSTATION, kernel=kernel), "aarch64").emulated


def test_an_emulator_that_makes_up_the_processor_is_given_away_by_the_kernel(tmp_path: Path):
    assert this_machine(tree(tmp_path, PI4, kernel="x86_64"), "aarch64").emulated


def test_a_32_bit_process_on_a_64_bit_workstation_is_real(tmp_path: Path):
    assert not this_machine(tree(tmp_path, WORKSTATION, kernel="x86_64"), "i686").emulated


def test_this_machine_has_a_name_and_cores():
    found = this_machine()
    assert found.processor and found.cores > 0 and found.system


def test_results_that_were_written_before_machines_could_be_emulated_are_read(tmp_path: Path):
    written = write_results(tmp_path, row())
    path = tmp_path / "results.json"
    content = json.loads(path.read_text())
    assert content["machine"] == asdict(written.header.machine)
    del content["machine"]["emulated"]
    path.write_text(json.dumps(content))
    machine = read_results(tmp_path).header.machine
    assert machine == Machine(machine.processor, machine.cores, machine.system, emulated=False)
