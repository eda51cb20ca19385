"""What the station's commands say of a configuration that cannot work: what is wrong, and what to do."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from calling import call

sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station" / "messages"))
sys.path.insert(0, str(Path(__file__).parents[1] / "edge" / "station"))

from journal_pieces import NOON, picture, piece
from made_certificates import authority_and_server
from mosquitto import Broker

from edgedigits.core.pretrained.bundled import bundled_model
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.journal.records import Audit

MAIL = '[camera]\nsource = "mail:easy,pieces=1"\n'
NO_PAGE = '[page]\nlisten = ""\n'


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Running a station sends the log to where the command prints, which is gone afterwards."""
    logger = logging.getLogger("edgedigits")
    handlers, level, goes_on = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, goes_on
    logger.setLevel(level)


def written(folder: Path, text: str) -> Path:
    path = folder / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(folder: Path, text: str, code: int = 1) -> str:
    """What `edgedigits station` says of a configuration."""
    return call("station", "--config", written(folder, text), "--limit", 20, code=code).stderr


def check(folder: Path, text: str) -> dict[str, dict[str, str]]:
    """What `edgedigits station check` found amiss of a configuration, by the names of what was tried."""
    told = call("station", "check", "--config", written(folder, text), "--json", code=1).stdout
    return {one["name"]: one for one in json.loads(told) if one["failed"]}


def test_every_mistake_is_named_with_its_line_and_nothing_is_made(tmp_path: Path):
    text = '[camera]\nsorce = "0"\n[pieces]\nhold_seconds = -1\n[page]\nlisten = 3\n[mgtt]\nhost = "x"\n'
    for command in ((), ("check",)):
        said = call("station", *command, "--config", written(tmp_path, text), code=1).stderr
        assert "has 4 problems" in said
        assert "line 2: there is no setting sorce in [camera], did you mean source?" in said
        assert "line 4: hold_seconds is -1: give 0 to 3600" in said
        assert "line 6: listen is 3: give text in quotes" in said
        assert "line 7: there is no table [mgtt], did you mean mqtt?" in said
    assert [path.name for path in tmp_path.iterdir()] == ["station.toml"]


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path):
    assert "at line 2, column" in run(tmp_path, '[camera]\nsource = "\n')


def test_a_configuration_that_is_missing_names_the_command_that_writes_one(tmp_path: Path):
    said = call("station", "--config", tmp_path / "none.toml", code=1).stderr
    assert "edgedigits station init" in said


def test_a_configuration_that_is_there_is_not_replaced(tmp_path: Path):
    path = written(tmp_path, MAIL)
    call("station", "init", "--config", path, code=1)
    assert path.read_text() == MAIL


@pytest.mark.parametrize(
    ("reading", "what", "remedy"),
    [
        ('model = "none.tflite"', "no model at", "check the path"),
        ('model = "text.tflite"', "text.tflite reads no lines", "edgedigits train --model line"),
        (f'model = "{bundled_model()}"', "reads no lines", "give the word builtin"),
        ('codes = "none.csv"', "there is no file", "one code of digits a line"),
        ('codes = "empty.csv"', "holds no codes", "write one code of digits on each line"),
        ('codes = "wrong.csv"', 'line 2 of .*wrong.csv holds "abc"', "leave only digits in its first column"),
        ('codes = "twice.csv"', "line 3", ""),
        ('codes = "four.csv"', r'none of 1 code of four.csv has the form "\\d\{5\}"', "leave one of the two out"),
        ("forms = ['[a-z]+']", "matches no text of digits alone", "give one such as"),
        (r"forms = ['(\d']", "is no regular expression", "give one such as"),
        ("forms = []", "neither forms nor codes say what a code is", "give forms such as"),
    ],
)
def test_a_reader_that_cannot_read_is_no_station(tmp_path: Path, reading: str, what: str, remedy: str):
    (tmp_path / "text.tflite").write_text("no network")
    (tmp_path / "empty.csv").write_text("\n")
    (tmp_path / "wrong.csv").write_text("10115,Berlin\nabc,Hamburg\n")
    (tmp_path / "twice.csv").write_text("10115,Berlin\n20095,Hamburg\n10115,Bonn\n")
    (tmp_path / "four.csv").write_text("1234,A\n")
    text = f"{MAIL}{NO_PAGE}[reading]\n{reading}\n"

    said = run(tmp_path, text)
    assert re.search(what, said)
    assert remedy in said
    assert not (tmp_path / "journal" / "journal.sqlite").exists()
    tried = check(tmp_path, text)["model"]
    assert re.search(what, tried["words"])
    assert tried["remedy"]


def test_a_source_that_is_none_is_told_and_nothing_is_made(tmp_path: Path):
    text = f'[camera]\nsource = "belt.mp4"\n{NO_PAGE}'
    assert "no source 'belt.mp4'" in run(tmp_path, text)
    assert [path.name for path in tmp_path.iterdir()] == ["station.toml"]
    assert "a stream's address" in check(tmp_path, text)["camera"]["remedy"]


def test_a_camera_that_is_not_there_fails_the_check(tmp_path: Path):
    told = check(tmp_path, f'[camera]\nsource = "63"\n{NO_PAGE}')
    assert told.keys() == {"camera"}
    assert "no camera 63" in told["camera"]["words"]
    assert "plug one in" in told["camera"]["remedy"]


@pytest.mark.parametrize("region", [[1200, 600, 400, 400], [2000, 2000, 400, 400]], ids=["in part", "wholly"])
def test_a_region_outside_of_the_picture_fails_the_check_and_is_an_alarm(tmp_path: Path, region: list[int]):
    text = f"{MAIL}region = {region}\n{NO_PAGE}"
    assert (
        f"the region {region} is not inside the picture of 1280x720 pixels" in check(tmp_path, text)["camera"]["words"]
    )
    assert f"alarm region: the region {region} is not inside the picture" in run(tmp_path, text, code=0)


def test_a_region_inside_is_none(tmp_path: Path):
    assert "alarm region" not in run(tmp_path, f"{MAIL}region = [100, 0, 1180, 720]\n{NO_PAGE}", code=0)


@pytest.mark.parametrize(
    ("page", "what", "remedy"),
    [
        ('listen = "nonsense"', "cannot listen on 'nonsense'", "127.0.0.1:8080"),
        ('listen = "0.0.0.0:0"', "open to everybody", "edgedigits station password"),
        ('password = "secret"', "is no hash", "edgedigits station password"),
        ('certificate = "none.crt"', "https needs a certificate and its key", "give both"),
    ],
)
def test_a_page_that_cannot_be_served_ends_the_station(tmp_path: Path, page: str, what: str, remedy: str):
    text = f"{MAIL}[page]\n{page}\n"
    said = run(tmp_path, text)
    assert what in said
    assert remedy in said
    assert what in check(tmp_path, text)["page"]["words"]


def test_a_port_that_another_program_has_is_told(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        text = f'{MAIL}[page]\nlisten = "127.0.0.1:{other.getsockname()[1]}"\n'
        said, tried = run(tmp_path, text), check(tmp_path, text)["page"]
    assert "another program listens on" in said
    assert "change listen in the table page" in said
    assert "another program listens on" in tried["words"]


@pytest.mark.parametrize(
    ("output", "what", "remedy"),
    [
        ('[mqtt]\nhost = "127.0.0.1"\npassword_file = "none"', "cannot read", "mqtt.password_file"),
        ('[mqtt]\nhost = "127.0.0.1"\ntls = true\nca_file = "station.toml"', "cannot read certificates", "PEM"),
        ('[webhook]\nurl = "ftp://x"', "no http or https address", "check webhook.url"),
        ('[json_lines]\nfile = "."', "is a folder", "name a file in json_lines.file"),
    ],
)
def test_an_output_that_cannot_be_had_ends_the_station(tmp_path: Path, output: str, what: str, remedy: str):
    text = f"{MAIL}{NO_PAGE}{output}\n"
    said = run(tmp_path, text)
    assert what in said
    assert remedy in said
    (tried,) = check(tmp_path, text).values()
    assert what in tried["words"]
    assert remedy in tried["remedy"]


def test_a_broker_with_another_certificate_fails_the_check(tmp_path: Path):
    authority_and_server(tmp_path, "other")
    authority_and_server(tmp_path, "ours")
    broker = Broker(
        tmp_path / "broker",
        f"certfile {tmp_path / 'server.crt'}",
        f"keyfile {tmp_path / 'server.key'}",
        "allow_anonymous true",
    )
    try:
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = true\nca_file = "other-ca.crt"\n'
        tried = check(tmp_path, f"{MAIL}{NO_PAGE}{mqtt}")
    finally:
        broker.stop()
    assert tried.keys() == {"mqtt"}
    assert "certificate" in tried["mqtt"]["words"]
    assert "ca_file" in tried["mqtt"]["remedy"]


def test_a_broker_that_is_not_there_fails_the_check_and_ends_no_station(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = f'{MAIL}{NO_PAGE}[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'
    assert check(tmp_path, text).keys() == {"mqtt"}
    assert "in 20 of" in run(tmp_path, text, code=0)


def test_a_journal_where_a_file_lies_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("a file")
    text = f'{MAIL}{NO_PAGE}[journal]\nfolder = "file"\n'
    assert "choose another path" in run(tmp_path, text)
    assert (tmp_path / "file").read_text() == "a file"
    assert "choose another path" in check(tmp_path, text)["disk"]["remedy"]


def test_a_threshold_is_proved_by_accepted_pieces_that_were_drawn_and_checked(tmp_path: Path):
    config = written(tmp_path, "[reading]\ntarget_error = 10.0\n")
    journal = Journal(tmp_path / "journal", durable=False)
    for number in range(29):
        journal.add(piece(f"piece-{number}"), picture(), audit=Audit(0.97, "codes", "digits"))
        journal.key(f"piece-{number}", "48000", "ann", NOON)
    done = call("station", "calibrate", "--audited", "--config", config)
    assert "from a confidence of 0.9700 on at most 10 % of the accepted pieces are wrong" in done.stdout
    journal.add(piece("wrong"), picture(), audit=Audit(0.97, "codes", "digits"))
    journal.key("wrong", "48001", "ann", NOON)
    journal.close()
    assert "cannot prove" in call("station", "calibrate", "--audited", "--config", config, code=3).stdout
    assert json.loads((tmp_path / "journal" / "calibration.json").read_text())["wrong"] == 0


@pytest.mark.parametrize("words", [(), ("--audited", "belt.avi")])
def test_a_threshold_is_found_by_recordings_or_by_the_journal(tmp_path: Path, words: tuple[str, ...]):
    (tmp_path / "belt.avi").touch()
    words = tuple(str(tmp_path / word) if word.endswith(".avi") else word for word in words)
    config = written(tmp_path, MAIL)
    assert "--audited without any" in call("station", "calibrate", *words, "--config", config, code=2).stderr
