"""Making a station a service: the plan, and what is refused. Installing for real is in test_booted_service.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgedigits.cli.commands.station_service import install
from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.service.install import install_service, plan_service


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "station.toml"
    path.write_text('name = "north"\n[journal]\nfolder = "/var/lib/edgedigits/journal"\n')
    return path


def test_the_unit_starts_this_environment_with_that_configuration(config):
    plan = plan_service(config)
    assert f"ExecStart={sys.executable} -m edgedigits station --config {config}\n" in plan.unit
    assert plan.path == Path("/etc/systemd/system/edgedigits-station.service")
    assert plan.folders == ()


def test_folders_outside_the_state_are_opened_made_and_told_of(config):
    config.write_text('[journal]\nfolder = "journal"\n[json_lines]\nfile = "/srv/mail/pieces.jsonl"\n')
    plan = plan_service(config)
    assert plan.folders == (config.parent / "journal", Path("/srv/mail"))
    assert f"ReadWritePaths={config.parent}/journal\nReadWritePaths=/srv/mail\n" in plan.unit
    assert any("/srv/mail lies outside /var/lib/edgedigits" in note for note in plan.notes)
    assert "sudo install -d -o edgedigits -g edgedigits -m 0750 /srv/mail" in plan.commands


def test_what_lies_in_the_folders_of_the_station_becomes_its_own_and_nothing_beside_them(config):
    """Root may have calibrated it, whose files the service could not change, or not even read."""
    config.write_text('[journal]\nfolder = "journal"\n[json_lines]\nfile = "pieces.jsonl"\n')
    assert plan_service(config).taken_over == ()
    (config.parent / "journal").mkdir()
    plan = plan_service(config)
    assert plan.taken_over == (config.parent / "journal",)
    assert f"sudo chown -Rh edgedigits:edgedigits {config.parent}/journal" in plan.commands


def test_files_with_secrets_are_for_the_service_alone(config):
    config.write_text('[mqtt]\nhost = "broker.local"\npassword_file = "mqtt-password"\n')
    plan = plan_service(config)
    assert plan.secrets == (config, config.parent / "mqtt-password")
    assert f"sudo chown root:edgedigits {config.parent}/mqtt-password" in "\n".join(plan.commands)


def test_a_program_in_a_home_is_noted(config):
    plan = plan_service(config, python="/home/pi/venv/bin/python")
    assert "ProtectHome=read-only" in plan.unit
    assert any("sudo python3 -m venv /opt/edgedigits" in note for note in plan.notes)


def test_a_configuration_with_problems_is_told_before_anything_is_done(config):
    config.write_text('nmae = "north"\n')
    with pytest.raises(EdgedigitsError, match="line 1"):
        plan_service(config)


def test_without_systemd_nothing_is_installed(config, tmp_path):
    plan = plan_service(config, units=tmp_path / "units")
    with pytest.raises(EdgedigitsError, match="systemd does not run on this machine; start `edgedigits station"):
        install_service(plan, running=tmp_path / "none")
    assert not (tmp_path / "units").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the tests run as root")
def test_only_root_installs(config, tmp_path):
    with pytest.raises(EdgedigitsError, match="only root may install a service; run it with sudo"):
        install_service(plan_service(config), running=tmp_path)


def test_the_command_prints_the_unit_alone_on_standard_output(config):
    done = CliRunner().invoke(install, ["--config", str(config)])
    assert done.exit_code == 0, done.output
    assert done.stdout == plan_service(config).unit
    assert "Nothing was changed. Write this to /etc/systemd/system" in " ".join(done.stderr.split())
    assert "sudo systemctl enable --now edgedigits-station.service" in done.stderr
