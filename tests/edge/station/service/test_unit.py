"""The unit of a station, as systemd's own tools read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.service.unit import NAME, Unit, command_line, unit_text

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian package systemd)")


@pytest.fixture
def unit_file(tmp_path):
    path = tmp_path / NAME
    unit = Unit((sys.executable, "-m", "edgedigits", "station", "--config", "/etc/edgedigits/100 %.toml"))
    path.write_text(unit_text(unit))
    return path


def analyze(*words):
    done = subprocess.run([ANALYZE, *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@needs_systemd
def test_systemd_finds_nothing_wrong_with_it(unit_file):
    code, said = analyze("verify", "--man=no", unit_file)
    assert (code, [line for line in said.splitlines() if NAME in line]) == (0, [])


@needs_systemd
def test_systemd_would_find_what_is_wrong(unit_file):
    unit_file.write_text(unit_file.read_text().replace("ProtectSystem=strict", "ProtectSystem=somewhat"))
    _, said = analyze("verify", "--man=no", unit_file)
    assert "Failed to parse protect system value" in said


@needs_systemd
def test_systemd_calls_its_exposure_ok(unit_file):
    code, said = analyze("security", "--offline=true", "--threshold=20", unit_file)
    level = re.search(r"exposure level for \S+: ([\d.]+) OK", said)
    assert level is not None, said
    assert code == 0, said
    assert float(level.group(1)) < 2


def settings_of(text):
    pairs = [line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line)]
    found = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def test_a_station_has_a_user_of_its_own_the_cameras_and_a_watchdog(unit_file):
    found = settings_of(unit_file.read_text())
    assert found["User"] == ["edgedigits"]
    assert found["SupplementaryGroups"] == ["video"]
    assert "char-video4linux rw" in found["DeviceAllow"]
    assert found["Type"] == ["notify"]
    assert found["WatchdogSec"] == ["30"]
    assert found["Restart"] == ["always"]
    assert found["StateDirectory"] == ["edgedigits"]
    assert found["CapabilityBoundingSet"] == [""]


def test_folders_elsewhere_may_be_written_and_nothing_else(tmp_path):
    found = settings_of(unit_text(Unit(("/usr/bin/python3",), (Path("/srv/mail pieces"), Path("/srv/updates")))))
    assert found["ReadWritePaths"] == ['"/srv/mail pieces"', "/srv/updates"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["ProtectHome"] == ["yes"]


def test_a_program_in_a_home_is_seen_but_not_written(tmp_path):
    assert settings_of(unit_text(Unit(("/home/pi/venv/bin/python",), home=True)))["ProtectHome"] == ["read-only"]


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/opt/station.toml", "/opt/station.toml"),
        ("/opt/my station.toml", '"/opt/my station.toml"'),
        ("/opt/100%.toml", '"/opt/100%%.toml"'),
        ("/opt/$HOME.toml", "/opt/$$HOME.toml"),
        ('/opt/"quoted".toml', r'"/opt/\"quoted\".toml"'),
        ("/opt/back\\slash", r'"/opt/back\\slash"'),
    ],
)
def test_words_stand_for_themselves(word, written):
    assert command_line((word,)) == written


@pytest.mark.parametrize("word", ["/opt/two\nlines", "/opt/bell\a"])
def test_a_path_cannot_smuggle_lines_into_the_unit(word):
    with pytest.raises(EdgedigitsError, match="cannot stand in a unit"):
        unit_text(Unit((word,)))
