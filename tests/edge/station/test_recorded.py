"""Calibrating on recordings, and what the demonstration writes."""

from __future__ import annotations

import shutil

import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.recordings.mail.belt import BeltPlan
from edgedigits.edge.recordings.mail.simulating import simulate_station
from edgedigits.edge.recordings.mail.source import package_digits
from edgedigits.edge.recordings.mail.truth import read_mail_truth
from edgedigits.edge.station.calibration.recorded import CURVE, calibrate_station
from edgedigits.edge.station.calibration.threshold import (
    NEVER,
    StationCalibration,
    read_calibration,
    write_calibration,
)
from edgedigits.edge.station.configuration.settings import ReadingSettings, StationSettings
from edgedigits.edge.station.configuration.settings_file import read_settings
from edgedigits.edge.station.demonstrating import write_demo
from edgedigits.edge.station.opening import open_reader

PIECES = 8


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    out = tmp_path_factory.mktemp("mail") / "belt"
    plan = BeltPlan(level="easy", seed=1, pieces=PIECES, frames_in_view=8)
    simulate_station(out, package_digits(), "drawn by code", plan)
    return out / "mail.avi"


def test_a_recording_with_its_truth_calibrates_a_station(tmp_path, recording):
    found = calibrate_station(StationSettings(), tmp_path, [recording], None)
    assert found.calibration.pieces == PIECES
    assert found.calibration.threshold == NEVER  # so few prove nothing
    assert read_calibration(tmp_path / "journal") == found.calibration
    assert (tmp_path / "journal" / CURVE).read_bytes().startswith(b"\x89PNG")


def test_codes_that_were_written_down_do_the_same(tmp_path, recording):
    written = tmp_path / "codes.txt"
    codes = [piece.code for piece in read_mail_truth(recording).pieces]
    written.write_text("\n".join(codes) + "\n", encoding="utf-8")
    by_truth = calibrate_station(StationSettings(), tmp_path, [recording], None)
    by_codes = calibrate_station(StationSettings(), tmp_path, [recording], written)
    assert by_codes.curve == by_truth.curve


def test_progress_is_told_of_every_frame(tmp_path, recording):
    told = []
    calibrate_station(StationSettings(), tmp_path, [recording], None, lambda done, total: told.append((done, total)))
    frames = read_mail_truth(recording).frames
    assert told[-1] == (frames, frames)


def test_a_line_that_is_no_code_is_named(tmp_path, recording):
    written = tmp_path / "codes.txt"
    written.write_text("12345\nabc\n", encoding="utf-8")
    with pytest.raises(EdgedigitsError, match=r'line 2 of .* holds "abc" in place of a code'):
        calibrate_station(StationSettings(), tmp_path, [recording], written)


def test_a_recording_without_its_truth_says_what_is_missing(tmp_path, recording):
    alone = tmp_path / "alone.avi"
    alone.write_bytes(recording.read_bytes())
    with pytest.raises(EdgedigitsError, match="give --codes"):
        calibrate_station(StationSettings(), tmp_path, [alone], None)


def test_the_demonstration_is_a_configuration_that_holds(tmp_path):
    settings = read_settings(write_demo(tmp_path, "ordinary", 5, 3))
    assert settings.camera.source == "mail:ordinary,seed=3,pace=real,pieces=5"
    assert settings.pieces.hold_seconds == 10


def proved_before(tmp_path, threshold):
    """A calibration by other pieces, of the same networks, codes and target."""
    reader = open_reader(StationSettings().reading, tmp_path)
    proved = StationCalibration(
        threshold, 0.005, 0.95, 3000, 2800, 4, reader.model, reader.expected, digits=reader.digits
    )
    write_calibration(tmp_path / "journal", proved)
    return proved


def test_pieces_that_prove_nothing_leave_what_others_have_proved(tmp_path, recording):
    proved = proved_before(tmp_path, 0.9)
    found = calibrate_station(StationSettings(), tmp_path, [recording], None)
    assert (found.threshold.value, found.standing) == (None, proved)
    assert read_calibration(tmp_path / "journal") == proved


def test_pieces_that_refute_what_others_have_proved_end_it(tmp_path, recording):
    """With a target of 0.5 % one wrong piece of eight comes by chance in 4 of 100 cases."""
    proved_before(tmp_path, 0.0)
    written = tmp_path / "codes.txt"
    codes = [piece.code for piece in read_mail_truth(recording).pieces]
    written.write_text("\n".join(["00000", *codes[1:]]) + "\n", encoding="utf-8")
    found = calibrate_station(StationSettings(), tmp_path, [recording], written)
    assert found.standing is None
    assert read_calibration(tmp_path / "journal") == found.calibration
    assert found.calibration.threshold == NEVER


@pytest.mark.parametrize("content", ["{", '{"threshold": NaN}', "[]"])
def test_a_damaged_calibration_is_replaced_by_calibrating(tmp_path, recording, content):
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "calibration.json").write_text(content, encoding="utf-8")
    found = calibrate_station(StationSettings(), tmp_path, [recording], None)
    assert read_calibration(tmp_path / "journal") == found.calibration


def test_a_calibration_of_other_codes_is_replaced(tmp_path, recording):
    reader = open_reader(StationSettings().reading, tmp_path)
    write_calibration(
        tmp_path / "journal", StationCalibration(0.9, 0.005, 0.95, 3000, 2800, 4, reader.model, "0" * 64, reader.digits)
    )
    found = calibrate_station(StationSettings(), tmp_path, [recording], None)
    assert (found.standing, read_calibration(tmp_path / "journal")) == (None, found.calibration)


@pytest.mark.parametrize("copied", ["not", "as it is", "with a byte more"])
def test_a_recording_that_is_named_twice_is_refused(tmp_path, recording, copied):
    """Its pieces would count twice, and prove what they do not."""
    again = recording
    if copied != "not":
        again = tmp_path / "copy.avi"
        again.write_bytes(recording.read_bytes() + b"x" * (copied == "with a byte more"))
        shutil.copy(recording.with_suffix(".json"), again.with_suffix(".json"))
    with pytest.raises(EdgedigitsError, match=r"the same (recording|truth)"):
        calibrate_station(StationSettings(), tmp_path, [recording, again], None)
    assert not (tmp_path / "journal" / "calibration.json").exists()


def test_mail_of_other_codes_is_no_mail_to_calibrate_with(tmp_path, recording):
    (tmp_path / "codes.csv").write_text("00000,A\n", encoding="utf-8")
    settings = StationSettings(reading=ReadingSettings(codes="codes.csv"))
    with pytest.raises(EdgedigitsError, match=r"none of the 8 codes .* is one that the station expects"):
        calibrate_station(settings, tmp_path, [recording], None)
    codes = [piece.code for piece in read_mail_truth(recording).pieces]
    (tmp_path / "codes.csv").write_text("".join(f"{code},A\n" for code in codes[1:]), encoding="utf-8")
    assert calibrate_station(settings, tmp_path, [recording], None).unexpected == (codes[0],)
