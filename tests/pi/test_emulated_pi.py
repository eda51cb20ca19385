"""What `make test-pi` stands on: the section that it types, what it compares, pip's settings, no mount that is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from arm_root import needs
from click.testing import CliRunner
from comparing import PicturesCompared, compare_mail, compare_pictures
from install_section import CHECK, HEADING, PAGE, SERVICE, service_of, steps, with_settings
from installing import commands_of
from mail_station import PageWatch, settings_of
from pip_settings import settings_from
from programs import CannotRun, run_program

from edgedigits.cli.main import main
from edgedigits.edge.station.configuration.settings_file import commented, read_settings
from edgedigits.edge.station.service.install import plan_service

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class TestPipSettings:
    def test_options_become_variables_and_the_environment_wins(self):
        listed = "\n".join(
            (
                "global.index-url='https://packages.example/simple'",
                "global.timeout='20'",
                "install.constraint='/no/such/constraints.txt'",
                ":env:.timeout='180'",
                "freeze.timeout='10'",
            )
        )
        found = settings_from(listed, {})
        assert found.environment["PIP_INDEX_URL"] == "https://packages.example/simple"
        assert found.environment["PIP_TIMEOUT"] == "180"
        assert found.environment["PIP_CONSTRAINT"] == "/no/such/constraints.txt"
        assert found.environment["PIP_CERT"] == "/etc/ssl/certs/ca-certificates.crt"

    def test_files_and_folders_that_are_named_are_found(self, tmp_path: Path):
        (tmp_path / "index" / "simple").mkdir(parents=True)
        (tmp_path / "wheels").mkdir()
        (tmp_path / "caps.txt").write_text("")
        listed = "\n".join(
            (
                f"global.extra-index-url='file://{tmp_path}/index/simple https://packages.example/simple'",
                f"global.find-links='\\n{tmp_path}/wheels\\n{tmp_path}/none'",
                f"global.constraint='{tmp_path}/caps.txt'",
                f"global.cert='{tmp_path}/caps.txt'",
            )
        )
        found = settings_from(listed, {})
        assert found.paths == (tmp_path / "caps.txt", tmp_path / "index", tmp_path / "wheels")
        assert found.environment["PIP_FIND_LINKS"] == f"{tmp_path}/wheels {tmp_path}/none"

    def test_proxies_go_along_and_nothing_else_does(self):
        environ = {"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": "localhost", "TOKEN": "secret"}
        found = settings_from("", environ).environment
        assert {name: found[name] for name in ("HTTPS_PROXY", "no_proxy")} == {
            "HTTPS_PROXY": "http://proxy.example:3128",
            "no_proxy": "localhost",
        }
        assert "TOKEN" not in found


class TestReadings:
    def printed(self, confidence: float = 0.5, label: int = 7, text: str = "7", width: int = 3) -> str:
        digits = [{"box": [1, 2, width, 4], "label": label, "confidence": confidence}]
        return json.dumps({"image": "a.jpg", "text": text, "digits": digits}) + "\n"

    def test_of_the_same_digits_confidences_and_boxes_are_compared(self):
        found = compare_pictures(self.printed() * 2, self.printed(width=5) + self.printed(0.75))
        assert found == PicturesCompared(0.25, 2)

    def test_other_digits_texts_or_pictures_are_no_match(self):
        assert compare_pictures(self.printed(), self.printed(label=1)) is None
        assert compare_pictures(self.printed(), self.printed(text="77")) is None
        assert compare_pictures(self.printed(), self.printed() * 2) is None


class TestSection:
    def test_every_command_of_the_page_is_done_in_some_way_and_the_service_comes_last(self):
        kinds = [step.kind for step in steps(PAGE.read_text(encoding="utf-8"))]
        assert kinds.count(CHECK) == kinds.count(SERVICE) == 1
        assert kinds.index(CHECK) < kinds.index(SERVICE)

    def test_a_command_of_which_nobody_said_how_it_is_done_is_refused(self):
        with pytest.raises(ValueError, match=r"say in KINDS .*: sudo reboot"):
            steps(f"{HEADING}\n\nType\n\n    sudo reboot\n")

    def test_commands_of_the_next_section_are_not_typed(self):
        found = steps(f"{HEADING}\n\n    sudo apt-get update\n\n## Measure\n\n    sudo reboot\n")
        assert [step.words for step in found] == [["apt-get", "update"]]

    def test_the_wheel_that_it_names_is_the_one_that_is_built(self):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wheel = f"{project['name']}-{project['version']}-py3-none-any.whl"
        named = [step.shown for step in steps(PAGE.read_text(encoding="utf-8")) if ".whl" in step.shown]
        assert named
        assert all(wheel in command for command in named)

    def test_its_change_of_the_journal_fits_the_file_that_init_writes(self, tmp_path: Path):
        (sed,) = [step.words for step in steps(PAGE.read_text(encoding="utf-8")) if step.words[0] == "sed"]
        config = tmp_path / "station.toml"
        config.write_text(commented())
        subprocess.run([*sed[:-1], str(config)], check=True)
        assert read_settings(config).journal.folder == "/var/lib/edgedigits/journal"


class TestSettings:
    def test_settings_that_are_there_and_those_that_are_commented_out_are_put_in(self, tmp_path: Path):
        config = tmp_path / "station.toml"
        config.write_text(with_settings(commented(), settings_of("/srv/mail", "/var/lib/edgedigits", 8123)))
        settings = read_settings(config)
        assert settings.camera.source == "/srv/mail/lossless.avi"
        assert settings.reading.codes == "/srv/mail/codes.csv"
        assert settings.journal.folder == "/var/lib/edgedigits/journal"
        assert settings.json_lines.file == "/var/lib/edgedigits/pieces.jsonl"
        assert settings.page.listen == "127.0.0.1:8123"
        assert settings.updates.folder == "updates"  # another table's setting of that name

    def test_a_setting_that_the_file_lacks_is_named(self):
        with pytest.raises(ValueError, match=r"has no camera\.lens"):
            with_settings(commented(), {("camera", "lens"): "1"})


class TestService:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Path:
        file = tmp_path / "station.toml"
        file.write_text(with_settings(commented(), {("journal", "folder"): '"/var/lib/edgedigits/journal"'}))
        return file

    def test_the_commands_that_install_tells_are_found_in_what_it_says(self, config: Path):
        said = CliRunner().invoke(main, ["station", "install", "--config", str(config)]).stderr
        assert commands_of(said) == list(plan_service(config).commands)

    def test_the_unit_names_the_command_and_its_folder(self, config: Path):
        command, folder = service_of(plan_service(config, python="/opt/edgedigits/bin/python").unit)
        assert command == ["/opt/edgedigits/bin/python", "-m", "edgedigits", "station", "--config", str(config)]
        assert folder == "/var/lib/edgedigits"


class TestMail:
    def told(self, **changed) -> str:
        likely = [{"code": "48000", "probability": 0.9}, {"code": "48001", "probability": 0.05}]
        piece = {"sequence": 1, "id": "a", "entered": "1", "decided": "2", "latency": 3.0, "code": "48000"}
        piece |= {"outcome": "accepted", "bin": "A", "confidence": 0.9, "alternatives": likely, "why": "", "frames": 2}
        return json.dumps(piece | changed)

    def test_ids_and_times_need_not_be_equal(self):
        other = self.told(id="b", entered="3", decided="4", latency=9.5)
        found = compare_mail([self.told()], [other])
        assert (found.pieces, found.equal, found.apart) == (1, 1, 0.0)

    @pytest.mark.parametrize(
        "changed", [{"code": "48001"}, {"outcome": "rejected"}, {"bin": "B"}, {"frames": 3}, {"sequence": 2}]
    )
    def test_what_is_certain_has_to_be_equal(self, changed: dict):
        found = compare_mail([self.told()], [self.told(**changed)])
        assert found.apart is None
        assert next(iter(changed)) in found.differing

    def test_of_confidences_and_alternatives_the_largest_difference_is_told(self):
        nearly = [{"code": "48000", "probability": 0.875}, {"code": "48002", "probability": 0.25}]
        found = compare_mail([self.told()] * 2, [self.told(), self.told(confidence=0.875, alternatives=nearly)])
        assert (found.equal, found.apart) == (1, 0.25)

    def test_a_piece_that_only_one_side_has_is_no_match(self):
        assert compare_mail([self.told()] * 2, [self.told()]).apart is None

    def test_a_page_that_answers_is_known_by_its_title(self):
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<title>north</title>")

            def log_message(self, *words: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Page) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with PageWatch(server.server_port) as watch:
                watch._thread.join(60)
            server.shutdown()
        assert watch.answered == "north"


class TestPrograms:
    def test_time_and_memory_of_a_program_are_its_own(self):
        code = "import time; kept = bytearray(b'1') * 200_000_000; time.sleep(0.2)"
        done = run_program((sys.executable, "-c", code), os.environ)
        assert done.seconds >= 0.2
        assert done.peak_bytes > 200_000_000

    def test_one_that_fails_stops_the_run_unless_it_may(self):
        command = (sys.executable, "-c", "import sys; sys.exit('no camera')")
        with pytest.raises(CannotRun, match="ended with code 1:\nno camera"):
            run_program(command, os.environ)
        assert run_program(command, os.environ, may_fail=True).code == 1


class TestNeeds:
    def test_who_is_not_root_is_told_the_command(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        with pytest.raises(CannotRun, match="need root; run `sudo make test-pi`"):
            needs()

    def test_programs_that_are_missing_are_told_with_their_packages(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ):
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("platform.machine", lambda: "x86_64")
        with pytest.raises(CannotRun, match="apt-get install binfmt-support debootstrap qemu-user-static util-linux"):
            needs()

    def test_a_machine_that_is_arm_needs_no_emulator(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        with pytest.raises(CannotRun, match=r"apt-get install debootstrap util-linux$"):
            needs()


def test_no_mount_outlives_a_run_even_one_that_is_killed(tmp_path: Path):
    probe = subprocess.run(("unshare", "--mount", "true"), capture_output=True, text=True, check=False)
    if os.geteuid() or probe.returncode:
        pytest.skip(f"mount namespaces need root: {probe.stderr.strip() or 'this is another user'}")
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom arm_root import ArmRoot, enter_own_mounts\n"
        "enter_own_mounts([sys.executable, '-c', os.environ['CODE']])\n"
        "root = ArmRoot(Path(sys.argv[1] if len(sys.argv) > 1 else os.environ['FOLDER']))\n"
        "root.mount([])\nprint(Path('/proc/mounts').read_text().count(str(root.folder)), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    for name in ("proc", "sys", "tmp"):
        (tmp_path / name).mkdir()
    environment = os.environ | {"CODE": code, "FOLDER": str(tmp_path), "PYTHONPATH": str(HERE)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert int(done.stdout) > 5, done.stderr
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
