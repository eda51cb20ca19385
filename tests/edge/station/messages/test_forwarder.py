"""Journal to output: in order, at least once, whatever happens to the broker or to the process."""

from __future__ import annotations

import json
import logging
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from made_results import journal_in, pieces_coming, result
from mosquitto import PATIENCE, Listener, in_order_of_first_arrival

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.messages import forwarder as module
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.mqtt import MqttOutput
from edgedigits.edge.station.messages.outputs import EventRefused, Output, OutputAway

PROCESS = Path(__file__).parent / "forwarding_process.py"


class Recorder(Output):
    """An output within the test, which fails as it is told."""

    name = "recorder"

    def __init__(self):
        self.got, self.failing, self.alarms = [], [], []
        self.changed = threading.Condition()

    def deliver(self, event):
        with self.changed:
            if self.failing:
                error = self.failing.pop(0)
                self.changed.notify_all()
                raise error
            self.got.append(event.sequence)
            self.changed.notify_all()

    def tell_alarms(self, active):
        with self.changed:
            self.alarms.append(dict(active))
            self.changed.notify_all()

    def wait_for(self, met):
        with self.changed:
            assert self.changed.wait_for(met, PATIENCE), self.got


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def forwarding(journal, recorder):
    started = Forwarder(journal, recorder, first_pause=0.01, longest_pause=0.05)
    started.start()
    yield started
    started.stop()


def away(words="away"):
    return OutputAway(words, "wait")


def until(met):
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_events_are_delivered_in_order_and_remembered(journal, recorder, forwarding):
    for number in range(1, 251):
        journal.add(result(number), None)
    recorder.wait_for(lambda: len(recorder.got) == 250)
    forwarding.stop()
    assert recorder.got == list(range(1, 251))
    assert journal.delivered("recorder") == 250
    assert forwarding.waiting == 0


def test_a_new_forwarder_goes_on_where_the_last_one_ended(journal, recorder):
    for number in range(1, 6):
        journal.add(result(number), None)
    journal.mark_delivered("recorder", 3)
    forwarder = Forwarder(journal, recorder)
    assert forwarder.waiting == 2
    forwarder.start()
    recorder.wait_for(lambda: len(recorder.got) == 2)
    forwarder.stop()
    assert recorder.got == [4, 5]


def test_how_far_it_came_is_noted_once_a_second_and_when_it_stops(journal, recorder, monkeypatch):
    monkeypatch.setattr(module, "_MARK_EVERY", 3600.0)
    noted = []
    monkeypatch.setattr(journal, "mark_delivered", lambda output, sequence: noted.append((output, sequence)))
    forwarder = Forwarder(journal, recorder)
    for number in range(1, 51):
        journal.add(result(number), None)
    forwarder.start()
    recorder.wait_for(lambda: len(recorder.got) == 50)
    forwarder.stop()
    assert noted == [("recorder", 1), ("recorder", 50)]


def test_a_disk_that_takes_no_note_does_not_keep_events_from_being_delivered(journal, recorder, monkeypatch, caplog):
    def full(*_):
        raise EdgedigitsError("cannot write the journal (disk full)", "free some disk space")

    monkeypatch.setattr(journal, "mark_delivered", full)
    forwarder = Forwarder(journal, recorder)
    for number in range(1, 4):
        journal.add(result(number), None)
    forwarder.start()
    recorder.wait_for(lambda: recorder.got == [1, 2, 3])
    forwarder.stop()
    assert recorder.got == [1, 2, 3]
    assert "may be told again of what it knows: cannot write the journal (disk full)" in caplog.text


def test_an_output_that_was_away_gets_the_event_that_failed_first(journal, recorder, forwarding):
    recorder.failing = [away(), away(), away()]
    for number in range(1, 4):
        journal.add(result(number), None)
    recorder.wait_for(lambda: len(recorder.got) == 3)
    assert recorder.got == [1, 2, 3]
    assert (forwarding.reconnects, forwarding.away, forwarding.last_error) == (1, False, "away; wait")


def test_what_is_refused_is_counted_and_the_next_one_is_delivered(journal, recorder, forwarding, caplog):
    recorder.failing = [EventRefused("answered 422", "look there")]
    for number in (1, 2):
        journal.add(result(number), None)
    recorder.wait_for(lambda: recorder.got == [2])
    until(lambda: journal.delivered("recorder") == 2)
    assert forwarding.refused == 1
    assert "refuses piece north-000001: answered 422" in caplog.text


def test_a_bug_in_an_output_keeps_its_traceback_and_does_not_end_the_thread(journal, recorder, forwarding, caplog):
    recorder.failing = [ZeroDivisionError("a bug")]
    journal.add(result(1), None)
    recorder.wait_for(lambda: recorder.got == [1])
    until(lambda: not forwarding.away)
    (record,) = [one for one in caplog.records if one.exc_info]
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is ZeroDivisionError
    assert "ZeroDivisionError: a bug" in forwarding.last_error


def test_a_long_absence_is_said_once_in_the_log(journal, recorder, forwarding, caplog):
    recorder.failing = [away() for _ in range(20)]
    journal.add(result(1), None)
    recorder.wait_for(lambda: recorder.got == [1])
    assert len([one for one in caplog.records if one.levelno == logging.WARNING]) == 1


def test_pauses_grow_to_the_longest_one(journal, recorder, monkeypatch):
    pauses = []
    forwarder = Forwarder(journal, recorder, first_pause=1.0, longest_pause=8.0)
    monkeypatch.setattr(module.random, "uniform", lambda _low, high: high)
    monkeypatch.setattr(forwarder._stopping, "wait", lambda seconds: pauses.append(seconds) or len(pauses) < 0)
    recorder.failing = [away() for _ in range(6)]
    journal.add(result(1), None)
    forwarder.start()
    recorder.wait_for(lambda: recorder.got == [1])
    forwarder.stop()
    assert pauses == [1, 2, 4, 8, 8, 8]


def test_the_output_knows_better_when_to_try_again(journal, recorder):
    forwarder = Forwarder(journal, recorder, first_pause=3600, longest_pause=3600)
    recorder.failing = [OutputAway("away", "wait", again=0.01)]
    journal.add(result(1), None)
    forwarder.start()
    recorder.wait_for(lambda: recorder.got == [1])
    forwarder.stop()


def test_it_stops_within_a_second_while_it_waits_to_try_again(journal, recorder):
    forwarder = Forwarder(journal, recorder, first_pause=3600, longest_pause=3600)
    recorder.failing = [away()]
    journal.add(result(1), None)
    forwarder.start()
    until(lambda: forwarder.away)
    began = time.monotonic()
    forwarder.stop()
    assert time.monotonic() - began < 1
    assert journal.delivered("recorder") == 0


def test_stopping_is_no_trouble_worth_a_word(broker, journal, caplog):
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north"))
    forwarder.start()
    journal.add(result(1), None)
    until(lambda: forwarder.waiting == 0)
    forwarder.stop()
    assert (caplog.text, forwarder.last_error) == ("", "")


def test_an_output_that_stays_away_is_an_alarm_until_it_is_back(journal, recorder, monkeypatch):
    monkeypatch.setattr(module, "_ALARM_AFTER", 0.0)
    alarms = Alarms()
    forwarder = Forwarder(journal, recorder, alarms=alarms, first_pause=3600, longest_pause=3600)
    recorder.failing = [OutputAway("nobody there", "look", again=0.3)]
    journal.add(result(1), None)
    forwarder.start()
    until(lambda: alarms.active() == {"recorder away": "nobody there; look"})
    recorder.wait_for(lambda: recorder.got == [1])
    until(lambda: alarms.active() == {})
    forwarder.stop()


def test_alarms_of_others_are_told_when_they_change(journal, recorder):
    alarms = Alarms()
    forwarder = Forwarder(journal, recorder, alarms=alarms)
    forwarder.start()
    recorder.wait_for(lambda: recorder.alarms == [{}])
    alarms.set("black picture", "black for 12 s")
    recorder.wait_for(lambda: recorder.alarms == [{}, {"black picture": "black for 12 s"}])
    forwarder.stop()


def check_complete(told, count):
    """All pieces came, in order, and twice only with the same id."""
    assert in_order_of_first_arrival(piece["sequence"] for piece in told) == list(range(1, count + 1))
    assert all(piece["id"] == f"north-{piece['sequence']:06d}" for piece in told)


def restarts(slow):
    return [3, pytest.param(20, marks=pytest.mark.slow)] if slow else [3]


@pytest.mark.parametrize("times", restarts(True))
def test_a_broker_stopped_and_started_under_load_misses_nothing(times, broker, listener, journal):
    count = 60 * times
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north"))
    forwarder.start()
    with pieces_coming(journal, count, per_second=50) as coming:
        for _ in range(times):
            seen = len(listener.pieces())
            assert listener.wait_for(lambda seen=seen: len(listener.pieces()) >= min(seen + 10, count))
            broker.restart()
        assert coming.is_alive() or len(listener.pieces()) <= count + 100
    told = listener.wait_for_pieces(count)
    until(lambda: not forwarder.away and forwarder.waiting == 0)
    forwarder.stop()
    check_complete(told, count)
    assert forwarder.reconnects >= 1


@pytest.mark.parametrize("times", restarts(True))
def test_a_process_killed_under_load_loses_nothing(times, broker, listener, tmp_path):
    count = 100 * times
    chance = random.Random(13)
    command = [sys.executable, str(PROCESS), str(tmp_path / "journal"), str(broker.port), "north"]
    with journal_in(tmp_path / "journal") as journal, pieces_coming(journal, count, per_second=60):
        for _ in range(times):
            with subprocess.Popen(command) as process:
                seen = len(listener.pieces())
                assert listener.wait_for(lambda seen=seen: len(listener.pieces()) > min(seen, count - 1))
                time.sleep(chance.uniform(0, 0.3))  # the kill shall come at any moment of a delivery
                process.send_signal(signal.SIGKILL)
        with subprocess.Popen(command) as process:
            told = listener.wait_for_pieces(count)
            process.send_signal(signal.SIGKILL)
    check_complete(told, count)


def test_what_came_while_the_broker_was_away_is_told_when_it_is_back(broker, listener, journal):
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north"))
    forwarder.start()
    journal.add(result(1), None)
    listener.wait_for_pieces(1)
    broker.stop()
    until(lambda: forwarder.away)
    for number in range(2, 302):
        journal.add(result(number), None)
    assert forwarder.waiting == 300
    assert "127.0.0.1" in forwarder.last_error
    broker.start()
    told = listener.wait_for_pieces(301)
    forwarder.stop()
    check_complete(told, 301)
    assert forwarder.reconnects == 1


def test_a_listener_is_told_of_a_piece_while_the_next_ones_come(broker, journal):
    listener = Listener(broker.port, "edgedigits/#", identity="early")
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north"))
    forwarder.start()
    for number in range(1, 4):
        journal.add(result(number), None)
        assert len(listener.wait_for_pieces(number)) == number
    forwarder.stop()
    listener.close()
    assert json.loads(listener.payloads("edgedigits/north/pieces")[0])["code"] == "00001"
