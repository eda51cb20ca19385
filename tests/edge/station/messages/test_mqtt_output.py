"""What a broker is told of a station: a real mosquitto, a real subscriber."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from made_results import result
from mosquitto import PATIENCE, Listener

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.mqtt import MqttOutput, try_broker
from edgedigits.edge.station.messages.outputs import OutputAway

PROCESS = Path(__file__).parent / "forwarding_process.py"


@pytest.fixture
def output(broker):
    made = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north")
    made.wait_connected(PATIENCE)
    yield made
    made.close()


def test_a_piece_is_told_as_json_with_its_number(output, listener):
    output.deliver(Event(41, result(7)))
    (told,) = listener.wait_for_pieces(1)
    assert told == {"sequence": 41, **json.loads(json.dumps(result(7).as_dict()))}
    assert told["code"] == "00007"
    assert told["decided"] == "2025-11-30T10:53:27.250Z"


def test_a_message_does_not_wait_for_the_one_before_to_be_acknowledged_by_tcp(output):
    assert output._client.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_pieces_are_not_retained_but_the_status_is(output, broker, listener):
    output.deliver(Event(1, result(1)))
    listener.wait_for_pieces(1)
    late = Listener(broker.port, "edgedigits/north/#", identity="late")
    late.wait_for(lambda: late.payloads("edgedigits/north/status"))
    late.close()
    assert {(topic, retained) for topic, _, retained in late.messages} >= {("edgedigits/north/status", True)}
    assert not late.pieces()


def test_counts_follow_the_outcomes_and_a_piece_told_twice_counts_once(output, listener):
    for sequence, outcome in ((1, "accepted"), (2, "rejected"), (2, "rejected"), (3, "keyed"), (4, "accepted")):
        output.deliver(Event(sequence, result(sequence, outcome=outcome)))
    last = b'{"accepted": 2, "rejected": 1, "keyed": 1}'
    assert listener.wait_for(lambda: last in listener.payloads("edgedigits/north/counts"))


def test_a_station_that_is_closed_is_offline(output, listener):
    status = "edgedigits/north/status"
    assert listener.wait_for(lambda: listener.payloads(status) == [b"online"])
    output.close()
    assert listener.wait_for(lambda: listener.payloads(status) == [b"online", b"offline"])


def test_of_a_killed_station_the_broker_says_that_it_is_offline(broker, listener, tmp_path):
    status = "edgedigits/north/status"
    with subprocess.Popen([sys.executable, PROCESS, tmp_path / "journal", str(broker.port), "north"]) as process:
        assert listener.wait_for(lambda: listener.payloads(status) == [b"online"])
        process.send_signal(signal.SIGKILL)
    assert listener.wait_for(lambda: listener.payloads(status) == [b"online", b"offline"])


def test_alarms_are_told_and_taken_back_and_found_by_who_comes_late(output, broker, listener):
    output.tell_alarms({"black picture": "black for 12 s"})
    alarms = "edgedigits/north/alarms"
    assert listener.wait_for(lambda: b'{"black picture": "black for 12 s"}' in listener.payloads(alarms))
    late = Listener(broker.port, alarms, identity="late")
    assert late.wait_for(lambda: late.payloads(alarms) == [b'{"black picture": "black for 12 s"}'])
    output.tell_alarms({})
    assert late.wait_for(lambda: late.payloads(alarms)[-1] == b"{}")
    late.close()


def test_alarms_of_before_the_connection_are_told_when_it_is_there(broker, listener):
    output = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "south")
    output.tell_alarms({"disk full": "no room"})
    output.wait_connected(PATIENCE)
    assert listener.wait_for(lambda: b'{"disk full": "no room"}' in listener.payloads("edgedigits/south/alarms"))
    output.close()


def test_without_a_broker_the_reason_is_told(tmp_path, broker):
    broker.stop()
    output = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north")
    with pytest.raises(OutputAway, match=rf"127\.0\.0\.1:{broker.port} cannot be reached .*refused.*mqtt\.host"):
        output.wait_connected(PATIENCE)
    output.close()


def test_closing_breaks_off_a_delivery_within_a_second(broker, output, listener):
    broker.stop()
    with pytest.raises(OutputAway, match=r"was lost"):
        _until_away(output)
    began = time.monotonic()
    output.close()
    assert time.monotonic() - began < 1
    with pytest.raises(OutputAway, match="was closed"):
        output.deliver(Event(2, result(2)))


def _until_away(output):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        output.check()
        time.sleep(0.01)


def test_two_stations_of_one_name_are_told_so(broker, output):
    other = MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north")
    other.wait_connected(PATIENCE)
    with pytest.raises(OutputAway, match=r"was lost.*whether another has its name"):
        _until_away(output)
    other.close()


def test_trying_a_broker_leaves_the_running_station_alone(broker, output, listener):
    assert 0 < try_broker(MqttSettings(host="127.0.0.1", port=broker.port), "north") < PATIENCE
    output.deliver(Event(1, result(1)))
    listener.wait_for_pieces(1)
    status = "edgedigits/north/status"
    assert listener.wait_for(lambda: listener.payloads(status) == [b"online"])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff" * 2000,
        b"\x20\x03\x00\x00",  # half a CONNACK
        b"\x20\x02\x00\x00",  # one of MQTT 3
        b"\x20\x03\x00\x00\x00" + b"\x40\x01\x00" * 50,  # a right one, then PUBACKs of one byte
        b"\x20\x03\x00\x00\x00" + b"\x30\x05\x00\xff\xff\xff\xff",  # and a topic that is no text
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_somebody_else_at_the_brokers_port_does_no_lasting_harm(said, new_broker, journal):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        output = MqttOutput(MqttSettings(host="127.0.0.1", port=port), "north", patience=1.0)
        forwarder = Forwarder(journal, output)
        journal.add(result(1), None)
        forwarder.start()
        connection, _ = server.accept()
        connection.recv(100)
        connection.sendall(said)
        connection.close()
        until = time.monotonic() + PATIENCE
        while not forwarder.last_error and time.monotonic() < until:
            time.sleep(0.01)
    assert "broker" in forwarder.last_error
    new_broker("allow_anonymous true", port=port)
    listener = Listener(port, "edgedigits/#")
    listener.wait_for_pieces(1)
    forwarder.stop()
    listener.close()


class SilentBroker:
    """Says ``first`` to whoever connects, ``second`` when it was told ``online``, and nothing else."""

    def __init__(self, first: bytes, second: bytes = b"") -> None:
        self.said, self._answers = bytearray(), (first, second)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        connection, _ = self._server.accept()
        with connection:
            connection.sendall(self._answers[0])
            while got := connection.recv(4096):
                self.said.extend(got)
                if b"online" in got:
                    connection.sendall(self._answers[1])

    def close(self):
        self._thread.join()
        self._server.close()


ACCEPTED, ONLINE_TAKEN = b"\x20\x03\x00\x00\x00", b"\x40\x02\x00\x02"  # CONNACK; PUBACK of what follows the alarms


def test_a_broker_that_does_not_acknowledge_is_told_so_and_gets_the_piece_once_on_one_connection():
    silent = SilentBroker(ACCEPTED, ONLINE_TAKEN)
    settings = MqttSettings(host="127.0.0.1", port=silent.port, discovery=False)
    output = MqttOutput(settings, "north", patience=0.3)
    output.wait_connected(PATIENCE)
    for _ in range(3):
        with pytest.raises(OutputAway, match=r"did not acknowledge within 0\.3 s"):
            output.deliver(Event(1, result(1)))
    output.close()
    silent.close()
    assert silent.said.count(b"edgedigits/north/pieces") == 1


def test_a_broker_that_says_nothing_to_the_status_is_told_no_piece():
    silent = SilentBroker(ACCEPTED)
    output = MqttOutput(MqttSettings(host="127.0.0.1", port=silent.port), "north", patience=0.3)
    with pytest.raises(OutputAway, match="did not answer yet"):
        output.deliver(Event(1, result(1)))
    output.close()
    silent.close()
    assert b"edgedigits/north/pieces" not in silent.said


@pytest.mark.parametrize("topic", ["", "/", "plant/+", "plant/#"])
def test_what_cannot_be_a_topic_is_refused(topic):
    with pytest.raises(EdgedigitsError, match="cannot be a topic"):
        MqttOutput(MqttSettings(host="127.0.0.1", topic=topic), "north")


def test_what_cannot_be_a_host_is_refused():
    with pytest.raises(EdgedigitsError, match=r"cannot be the name of a broker; check mqtt\.host"):
        MqttOutput(MqttSettings(host="a" * 64 + ".local"), "north")
