"""From which confidence on a station accepts, and where that comes from."""

from __future__ import annotations

import json
import os
import urllib.error
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from whole_station import NO_CAMERA, RunningStation, write_config

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.calibration.calibrating import Known, PieceRead, find_threshold, in_order
from edgedigits.edge.station.calibration.threshold import (
    CALIBRATION,
    NEVER,
    UNCALIBRATED,
    StationCalibration,
    choose_station_threshold,
    read_calibration,
    write_calibration,
)
from edgedigits.edge.station.configuration.settings import ReadingSettings
from edgedigits.edge.station.opening import open_reader

SETTINGS = ReadingSettings()


@pytest.fixture(scope="module")
def reader():
    return open_reader(SETTINGS, Path())


@pytest.fixture
def calibration(reader):
    return StationCalibration(0.91, 0.005, 0.95, 3000, 2800, 4, reader.model, reader.expected, reader.digits)


def test_what_is_calibrated_is_proved(reader, calibration):
    chosen = choose_station_threshold(SETTINGS, calibration, reader, None)
    assert (chosen.value, chosen.is_proved, chosen.is_wanted) == (0.91, True, True)
    assert chosen.words == "at most 0.5 % of the accepted are wrong, with 95 %"


def test_a_station_that_is_not_calibrated_says_so_and_is_strict(reader):
    chosen = choose_station_threshold(SETTINGS, None, reader, None)
    assert (chosen.value, chosen.is_proved, chosen.is_wanted) == (UNCALIBRATED, False, False)
    assert "station calibrate" in chosen.words


@pytest.mark.parametrize(
    "change",
    [{"model": "b" * 64}, {"digits": "d" * 64}, {"digits": ""}, {"expected": "c" * 64}, {"target_error": 0.01}],
    ids=["line network", "network of digits", "an earlier version", "codes", "target"],
)
def test_a_calibration_of_something_else_proves_nothing(reader, calibration, change):
    chosen = choose_station_threshold(SETTINGS, replace(calibration, **change), reader, None)
    assert not chosen.is_proved
    assert chosen.value == UNCALIBRATED


def test_that_nothing_was_proved_of_another_network_is_no_matter(reader, calibration):
    other = replace(calibration, threshold=NEVER, model="b" * 64)
    assert choose_station_threshold(SETTINGS, other, reader, None).value == UNCALIBRATED


def test_where_nothing_is_proved_nothing_is_accepted(reader, calibration):
    chosen = choose_station_threshold(SETTINGS, replace(calibration, threshold=NEVER), reader, None)
    assert chosen.value > 1
    assert not chosen.is_wanted


def test_the_page_goes_before_the_configuration_and_that_before_calibration(reader, calibration):
    told = replace(SETTINGS, threshold=0.8)
    assert choose_station_threshold(told, calibration, reader, None).value == 0.8
    assert choose_station_threshold(told, calibration, reader, 0.7).value == 0.7


def test_other_codes_are_another_expectation(tmp_path, reader):
    (tmp_path / "codes.csv").write_text("12345,A\n", encoding="utf-8")
    other = open_reader(replace(SETTINGS, codes="codes.csv"), tmp_path)
    assert other.expected != reader.expected
    assert (other.bin_of("12345"), other.accepts("12345"), other.accepts("12346")) == ("A", True, False)


def test_a_calibration_is_kept(tmp_path, calibration):
    assert read_calibration(tmp_path) is None
    write_calibration(tmp_path, calibration)
    assert read_calibration(tmp_path) == calibration


@pytest.mark.parametrize("content", ["{", "[]", '{"threshold": 1}'])
def test_a_damaged_calibration_is_an_error_with_a_remedy(tmp_path, content):
    (tmp_path / CALIBRATION).write_text(content, encoding="utf-8")
    with pytest.raises(EdgedigitsError, match="station calibrate"):
        read_calibration(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": "0.5"},
        {"threshold": True},
        {"threshold": float("nan")},
        {"threshold": float("inf")},
        {"threshold": -5},
        {"threshold": 1.5},
        {"threshold": None},
        {"target_error": 0},
        {"target_error": 1e999},
        {"level": 1},
        {"level": 0.5},
        {"accepted": -5},
        {"accepted": 2800.0},
        {"accepted": 10**9},
        {"wrong": 600},
        {"wrong": -1},
        {"pieces": 10},
        {"model": 7},
        {"digits": None},
    ],
    ids=str,
)
def test_a_calibration_that_says_what_cannot_be_or_what_its_counts_do_not_prove_is_none(tmp_path, calibration, change):
    told = {**asdict(calibration), **change}
    (tmp_path / CALIBRATION).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(EdgedigitsError, match="station calibrate"):
        read_calibration(tmp_path)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_in_the_place_of_the_calibration_is_an_error_and_no_wait(tmp_path, make):
    make(tmp_path / CALIBRATION)
    with pytest.raises(EdgedigitsError, match=f"{CALIBRATION} is no file; remove it"):
        read_calibration(tmp_path)


def test_each_threshold_that_is_not_proved_says_what_to_do(reader, calibration):
    below = replace(SETTINGS, threshold=0.5)
    cases = {
        "calibrate it with mail of your own": choose_station_threshold(SETTINGS, None, reader, None),
        "calibrate it with more mail": choose_station_threshold(
            SETTINGS, replace(calibration, threshold=NEVER), reader, None
        ),
        "take `threshold` out of the table reading, or raise it": choose_station_threshold(
            below, calibration, reader, None
        ),
        "raise it there, or go back to what is configured": choose_station_threshold(
            SETTINGS, calibration, reader, 0.5
        ),
        "": choose_station_threshold(SETTINGS, calibration, reader, None),
    }
    assert {remedy: chosen.remedy for remedy, chosen in cases.items()} == {remedy: remedy for remedy in cases}


def test_a_threshold_of_the_configuration_is_proved_by_a_lower_one_that_was_calibrated(reader, calibration):
    same, higher, lower = (
        choose_station_threshold(replace(SETTINGS, threshold=told), calibration, reader, None)
        for told in (0.91, 0.95, 0.9)
    )
    assert [one.is_proved for one in (same, higher, lower)] == [True, True, False]
    assert "at most 0.5 % of the accepted are wrong" in higher.words
    assert lower.words == "told by the configuration; 0.9100 is what is proved"
    assert all(one.is_wanted for one in (same, higher, lower))


def known(count, wrong_from=1.0):
    """Pieces of falling confidence, of which those below a confidence are wrong."""
    return [Known("12345", "12345" if sure >= wrong_from else "12346", sure) for sure in np.linspace(1, 0, count)]


def test_the_threshold_keeps_the_error_below_the_target(reader):
    found = find_threshold(known(3000, 0.2), reader, 0.5)
    accepted = [one for one in known(3000, 0.2) if one.confidence >= found.calibration.threshold]
    assert found.threshold.accepted == len(accepted)
    assert sum(not one.is_right for one in accepted) / len(accepted) <= 0.005
    assert len(accepted) >= 0.79 * 3000


def test_pieces_that_prove_nothing_accept_nothing(reader):
    assert find_threshold(known(100, 0.0), reader, 0.5).calibration.threshold == NEVER


def test_a_piece_without_a_code_is_right_by_no_code():
    assert not Known("", "12345", 0.9).is_right
    assert not Known("", "", 0.0).is_right


def test_no_pieces_are_an_error(reader):
    with pytest.raises(EdgedigitsError, match="no piece passed"):
        find_threshold([], reader, 0.5)


def test_codes_written_down_belong_to_pieces_in_their_order():
    read = [PieceRead("11111", 0.9, 5, (0, 0, 1, 1)), PieceRead("22222", 0.8, 9, (0, 0, 1, 1))]
    assert in_order(read, ["11111", ""]) == [Known("11111", "11111", 0.9), Known("", "22222", 0.8)]


def test_codes_that_are_not_as_many_as_pieces_are_refused():
    with pytest.raises(EdgedigitsError, match="1 piece passed in the recording, and there are 2 codes"):
        in_order([PieceRead("11111", 0.9, 5, (0, 0, 1, 1))], ["11111", "22222"])


def test_a_running_station_follows_what_is_calibrated_and_says_what_it_cannot_read(tmp_path, reader, calibration):
    config = write_config(tmp_path, NO_CAMERA)
    text = config.read_text(encoding="utf-8").replace("threshold = 0.97", "target_error = 0.5")
    config.write_text(text, encoding="utf-8")
    with RunningStation(config) as station:
        station.wait_for_alarm("threshold")
        write_calibration(tmp_path / "journal", calibration)
        station.wait_for_alarm("threshold", ended=True)
        assert '"threshold": 0.91' in station.ask("/api/state").decode().replace(":0.91", ": 0.91")
        write_calibration(tmp_path / "journal", replace(calibration, threshold=NEVER))
        station.wait_for_alarm("accepts nothing")
        with pytest.raises(urllib.error.HTTPError, match="503"):
            station.ask("/healthz")
        write_calibration(tmp_path / "journal", calibration)
        station.wait_for_alarm("accepts nothing", ended=True)
        (tmp_path / "journal" / CALIBRATION).write_text("{", encoding="utf-8")
        station.wait_for_alarm("calibration")
        assert "threshold" not in station.alarms()  # what was read before holds
        write_calibration(tmp_path / "journal", calibration)
        station.wait_for_alarm("calibration", ended=True)
        station.stop()
