"""What `make test-pi` stands on: pip's settings reach the other root, what is missing is told, no mount is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from arm_root import CannotRun, needs
from emulated_pi import confidences_apart
from pip_settings import settings_from

HERE = Path(__file__).parent


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
    def printed(self, confidence: float, label: int = 7, text: str = "7") -> str:
        digits = [{"box": [1, 2, 3, 4], "label": label, "confidence": confidence}]
        return json.dumps({"image": "a.jpg", "text": text, "digits": digits}) + "\n"

    def test_of_the_same_digits_the_confidences_are_compared(self):
        assert confidences_apart(self.printed(0.5) * 2, self.printed(0.5) + self.printed(0.75)) == 0.25

    def test_other_digits_or_another_number_of_them_are_no_match(self):
        assert confidences_apart(self.printed(0.5), self.printed(0.5, label=1)) is None
        assert confidences_apart(self.printed(0.5), self.printed(0.5, text="77")) is None


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
