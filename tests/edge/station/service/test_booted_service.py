"""The service under a real systemd: installed, hardened, watched, replaced. A stand-in takes the station's place."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from booted_machine import PATIENCE, ROOT, BootedMachine, skip_where_it_cannot_boot

pytestmark = pytest.mark.slow

STATION = """
import json, os, socket, sys, time
sys.path.insert(0, "/opt/station")
import logging
from edgedigits.edge.station.service.logs import log_to
from edgedigits.edge.station.service.notify import Watchdog, ready
def tried(action):
    try:
        action()
    except OSError as error:
        return error.strerror
    return "done"
report = {
    "uid": os.getuid(),
    "write /etc": tried(lambda: open("/etc/made", "w")),
    "write state": tried(lambda: open("/var/lib/edgedigits/made", "w")),
    "raw socket": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "internet socket": tried(lambda: socket.socket().close()),
    "mount": tried(lambda: os.chroot("/")),
    "groups": os.getgroups(),
}
json.dump(report, open("/var/lib/edgedigits/report.json", "w"))
log_to()
logging.getLogger("edgedigits").warning("it begins")
watchdog = Watchdog()
ready()
while True:
    if not os.path.exists("/var/lib/edgedigits/hang"):
        watchdog.beat(time.monotonic(), "all is well")
    time.sleep(0.1)
"""

INSTALL = r"""
import os
from dataclasses import replace
from pathlib import Path
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.service.install import install_service, plan_service
Path("/etc/edgedigits").mkdir(exist_ok=True)
config = Path("/etc/edgedigits/station.toml")
config.write_text('[journal]\nfolder = "/var/lib/edgedigits/journal"\n')
Path("/opt/station/{name}.py").write_text({program!r})
plan = plan_service(config, python=os.path.realpath({python!r}))
unit = plan.unit.replace("-m edgedigits station --config /etc/edgedigits/station.toml", "/opt/station/{name}.py")
assert unit != plan.unit
unit = unit.replace("WatchdogSec=30", "WatchdogSec=2")
try:
    # The package that it reads lies in /opt/station.
    install_service(replace(plan, unit=unit, public=plan.public[:2]))
    print("installed")
except EdgedigitsError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    skip_where_it_cannot_boot()
    booted = BootedMachine(tmp_path_factory.mktemp("machine"))
    try:
        if not booted.wait_until_booted():
            pytest.skip(f"systemd does not come up here: {booted.said()[-300:]}")
        yield booted
    finally:
        booted.end()


def install(machine, program, name="station"):
    import sys

    return machine.python(INSTALL.format(name=name, program=program, python=sys.executable)).strip()


def until(met):
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_station_that_does_not_start_leaves_nothing_behind(machine):
    said = install(machine, "raise SystemExit('no camera at 0')")
    assert "`systemctl restart edgedigits-station.service` failed (no camera at 0), and nothing is installed" in said
    assert "journalctl -u edgedigits-station.service" in said
    assert machine.run("id", "edgedigits").returncode == 1
    assert machine.run("test", "-e", "/etc/systemd/system/edgedigits-station.service").returncode == 1
    assert machine.property("LoadState") == "not-found"


def test_a_station_runs_as_its_own_user_and_may_do_no_more_than_it_must(machine):
    assert install(machine, STATION) == "installed"
    assert machine.property("ActiveState") == "active"
    assert machine.run("systemctl", "is-enabled", "edgedigits-station").stdout == "enabled\n"
    until(lambda: machine.property("StatusText") == "all is well")
    report = json.loads(machine.run("cat", "/var/lib/edgedigits/report.json").stdout)
    assert report.pop("uid") == int(machine.run("id", "-u", "edgedigits").stdout)
    assert int(machine.run("getent", "group", "video").stdout.split(":")[2]) in report.pop("groups")
    assert report == {
        "write /etc": "Read-only file system",
        "write state": "done",
        "raw socket": "Address family not supported by protocol",
        "internet socket": "done",
        "mount": "Operation not permitted",
    }


def test_its_warnings_are_warnings_in_the_journal(machine):
    found = machine.run("journalctl", "-u", "edgedigits-station", "-p", "warning..warning", "-o", "cat", "--no-pager")
    assert "it begins" in found.stdout


def test_one_that_hangs_is_killed_and_started_again(machine):
    machine.run("touch", "/var/lib/edgedigits/hang")
    until(lambda: int(machine.property("NRestarts")) >= 1)
    machine.run("rm", "/var/lib/edgedigits/hang")
    until(lambda: machine.property("StatusText") == "all is well")


def test_a_new_one_that_does_not_start_leaves_the_old_one_running(machine):
    unit = machine.run("cat", "/etc/systemd/system/edgedigits-station.service").stdout
    said = install(machine, "raise SystemExit(3)", name="broken")
    assert "failed" in said
    assert machine.run("cat", "/etc/systemd/system/edgedigits-station.service").stdout == unit
    until(lambda: machine.property("ActiveState") == "active")
    assert machine.run("systemctl", "is-enabled", "edgedigits-station").stdout == "enabled\n"


WHOLE = r"""
import os, sys
from dataclasses import replace
from pathlib import Path
import cv2
from edgedigits.edge.station.service.install import install_service, plan_service
folder = Path("/etc/edgedigits")
writer = cv2.VideoWriter(str(folder / "belt.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 30, (640, 480))
picture = cv2.resize(cv2.imread({picture!r}), (640, 480))
for _ in range(2000):
    writer.write(picture)
writer.release()
config = folder / "station.toml"
config.write_text('[camera]\nsource = "belt.avi"\n[journal]\nfolder = "/var/lib/edgedigits/journal"\n')
Path("/opt/station/whole.py").write_text(
    f"import sys; sys.path[:0] = ['/opt/station', *{sys.path!r}]; sys.argv[0] = 'edgedigits'\n"
    "from edgedigits.cli.main import main\nmain()\n"
)
plan = plan_service(config, python=os.path.realpath(sys.executable))
unit = plan.unit.replace("-m edgedigits station", "/opt/station/whole.py station")
install_service(replace(plan, unit=unit, public=plan.public[:2]))
"""

FIGURES = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8080/metrics", timeout=60).read().decode())
"""


def test_the_whole_station_reads_under_all_of_it(machine):
    machine.python(WHOLE.replace("{picture!r}", repr(str(ROOT / "docs" / "sample.jpg"))))
    assert machine.property("ActiveState") == "active"
    until(lambda: "\nedgedigits_frames_total 0.0\n" not in machine.python(FIGURES))
    assert '\nedgedigits_station_info{station="station"} 1.0\n' in machine.python(FIGURES)
    assert machine.run("test", "-s", "/var/lib/edgedigits/journal/journal.sqlite").returncode == 0
    machine.run("systemctl", "stop", "edgedigits-station")
    assert machine.property("Result") == "success"


def test_a_secret_that_the_service_may_not_read_is_told_with_what_mends_it(machine):
    code = r"""
import os
from pathlib import Path
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.service.install import install_service, plan_service
from dataclasses import replace
config = Path("/etc/edgedigits/secret.toml")
config.write_text('[journal]\nfolder = "/var/lib/edgedigits/journal"\n')
config.chmod(0o600)
plan = plan_service(config, python=os.path.realpath("/bin/sh"))
try:
    install_service(replace(plan, public=()))
except EdgedigitsError as error:
    print(error)
"""
    said = machine.python(code)
    assert "user edgedigits may not read /etc/edgedigits/secret.toml; " in said
    assert "chgrp edgedigits /etc/edgedigits/secret.toml" in said


def test_nothing_of_it_is_left_on_this_machine():
    assert not Path("/etc/systemd/system/edgedigits-station.service").exists()
