"""How warm and how fast a machine says it is, from a made-up tree of kernel files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgedigits.results.measuring.machine_state import Condition, condition


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """A Raspberry Pi 4 that is warm and has been throttled before."""
    cpu = "sys/devices/system/cpu/cpufreq/policy0"
    return write(
        tmp_path,
        **{
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "sys/class/thermal/thermal_zone0/temp": "61348\n",
            f"{cpu}/scaling_cur_freq": "1800000\n",
            f"{cpu}/scaling_governor": "ondemand\n",
            "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
        },
    )


def with_vcgencmd(root: Path, script: str) -> Path:
    write(root, **{"usr/bin/vcgencmd": f"#!/bin/sh\n{script}\n"})
    (root / "usr/bin/vcgencmd").chmod(0o755)
    return root


def test_a_raspberry_pi_tells_everything(pi: Path):
    assert condition(pi) == Condition({"cpu-thermal": 61.348}, {"policy0": 1800.0}, {"policy0": "ondemand"}, 0x50000)


def test_a_machine_that_tells_nothing_is_in_an_unknown_condition(tmp_path: Path):
    found = condition(tmp_path)
    assert found == Condition({}, {}, {}, None)
    assert (found.warmest, found.held_back) == (None, ())


def test_the_warmest_zone_counts_and_zones_of_one_name_are_told_apart(tmp_path: Path):
    zones = {"0": ("acpitz", "27800"), "1": ("acpitz", "80500"), "2": ("wifi", "unknown")}
    for number, (kind, value) in zones.items():
        write(tmp_path, **{f"sys/class/thermal/thermal_zone{number}/type": kind})
        write(tmp_path, **{f"sys/class/thermal/thermal_zone{number}/temp": value})
    found = condition(tmp_path)
    assert found.celsius == {"acpitz": 27.8, "thermal_zone1": 80.5}
    assert found.warmest == 80.5


@pytest.mark.parametrize(
    ("script", "flags"),
    [
        ("echo throttled=0x50005", 0x50005),
        ('[ "$1" = get_throttled ] && echo throttled=0x0', 0),
        ("echo 'VCHI initialization failed' >&2; exit 255", None),
    ],
)
def test_without_the_kernels_file_the_firmwares_command_is_asked(tmp_path: Path, script: str, flags: int | None):
    assert condition(with_vcgencmd(tmp_path, script)).throttled == flags


def test_the_kernels_file_is_believed_first(pi: Path):
    assert condition(with_vcgencmd(pi, "echo throttled=0x0")).throttled == 0x50000


class TestHeldBack:
    def at(self, flags: int | None) -> Condition:
        return Condition({}, {}, {}, flags)

    def test_now(self):
        assert self.at(0x5).held_back == ("under-voltage", "throttled")

    def test_what_had_happened_before_does_not_count(self):
        assert self.at(0x50000).held_back_since(self.at(0x50000)) == ()

    def test_what_began_and_ended_meanwhile_counts(self):
        assert self.at(0xD0000).held_back_since(self.at(0x50000)) == ("soft temperature limit",)

    def test_what_was_so_before_and_is_over_counts(self):
        assert self.at(0x20000).held_back_since(self.at(0x20002)) == ("frequency capped",)

    def test_flags_that_nobody_told_hold_nothing_back(self):
        assert self.at(None).held_back_since(self.at(None)) == ()
