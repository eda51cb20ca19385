"""Encrypted connections and passwords, with certificates made here."""

from __future__ import annotations

import shutil
import subprocess
import threading

import pytest
from made_certificates import authority_and_server
from made_results import result
from mosquitto import PATIENCE, Broker, Listener, LossyRelay
from prometheus_client.parser import text_string_to_metric_families

from edgedigits.core.errors import EdgedigitsError
from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.metrics import StationMetrics
from edgedigits.edge.station.messages.mqtt import MqttOutput
from edgedigits.edge.station.messages.outputs import OutputAway


@pytest.fixture
def certificates(tmp_path):
    authority_and_server(tmp_path, "other")
    authority_and_server(tmp_path, "ours")
    return tmp_path


@pytest.fixture
def guarded(certificates):
    """A broker that wants TLS and a password."""
    passwords = certificates / "passwords"
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (Debian package mosquitto)")
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "station", "said the walrus"], check=True)
    (certificates / "password").write_text("said the walrus\n")
    started = Broker(
        certificates / "broker",
        f"certfile {certificates / 'server.crt'}",
        f"keyfile {certificates / 'server.key'}",
        "allow_anonymous false",
        f"password_file {passwords}",
    )
    yield started
    started.stop()


def settings_of(guarded, certificates, **changed):
    given = {
        "host": "127.0.0.1",
        "port": guarded.port,
        "tls": True,
        "ca_file": str(certificates / "ours-ca.crt"),
        "user": "station",
        "password_file": str(certificates / "password"),
    }
    return MqttSettings(**given | changed)


def listening(guarded, certificates):
    def prepare(client):
        client.tls_set(ca_certs=str(certificates / "ours-ca.crt"))
        client.username_pw_set("station", "said the walrus")

    return Listener(guarded.port, "edgedigits/#", prepare=prepare)


def test_pieces_arrive_through_tls_and_a_password(guarded, certificates, journal):
    listener = listening(guarded, certificates)
    forwarder = Forwarder(journal, MqttOutput(settings_of(guarded, certificates), "north"))
    forwarder.start()
    for number in range(1, 21):
        journal.add(result(number), None)
    told = listener.wait_for_pieces(20)
    forwarder.stop()
    listener.close()
    assert [piece["sequence"] for piece in told] == list(range(1, 21))


def test_a_broker_with_another_certificate_is_counted_shown_and_never_trusted(guarded, certificates, journal):
    metrics = StationMetrics()
    output = MqttOutput(settings_of(guarded, certificates, ca_file=str(certificates / "other-ca.crt")), "north")
    forwarder = Forwarder(journal, output, metrics)
    journal.add(result(1), None)
    with pytest.raises(
        OutputAway, match=r"certificate of the broker at 127\.0\.0\.1:\d+ is not trusted.*mqtt\.ca_file"
    ):
        output.wait_connected(PATIENCE)
    forwarder.start()
    listener = listening(guarded, certificates)
    until_away(forwarder)
    forwarder.stop()
    assert "is not trusted" in forwarder.last_error
    assert forwarder.waiting == 1
    assert failures(metrics) == 1
    assert listener.messages == []
    listener.close()


def until_away(forwarder):
    while not forwarder.away:
        threading.Event().wait(0.01)


def failures(metrics):
    families = text_string_to_metric_families(metrics.text().decode())
    samples = [sample for family in families for sample in family.samples]
    (value,) = [sample.value for sample in samples if sample.name == "edgedigits_output_failures_total"]
    return value


def test_a_certificate_for_another_name_is_not_trusted(guarded, certificates):
    output = MqttOutput(settings_of(guarded, certificates, host="localhost"), "north")
    with pytest.raises(OutputAway, match=r"is not trusted.*localhost.*mqtt\.host"):
        output.wait_connected(PATIENCE)
    output.close()


def test_a_wrong_password_is_told_as_such(guarded, certificates):
    (certificates / "password").write_text("said the carpenter\n")
    output = MqttOutput(settings_of(guarded, certificates), "north")
    with pytest.raises(OutputAway, match=r"refuses the station \(Not authorized\); check mqtt\.user"):
        output.wait_connected(PATIENCE)
    output.close()


def test_a_corrected_password_is_taken_up_without_a_restart(guarded, certificates, journal):
    listener = listening(guarded, certificates)
    (certificates / "password").write_text("said the carpenter\n")
    forwarder = Forwarder(journal, MqttOutput(settings_of(guarded, certificates), "north"))
    journal.add(result(1), None)
    forwarder.start()
    until_away(forwarder)
    (certificates / "password").write_text("said the walrus\n")
    told = listener.wait_for_pieces(1)
    forwarder.stop()
    listener.close()
    assert [piece["sequence"] for piece in told] == [1]


def test_without_tls_a_broker_that_wants_it_is_told_as_such(guarded, certificates):
    output = MqttOutput(settings_of(guarded, certificates, tls=False), "north")
    with pytest.raises(OutputAway, match=r"closed the connection before it was made.*expects tls"):
        output.wait_connected(PATIENCE)
    output.close()


def test_with_tls_a_broker_that_has_none_is_told_as_such(broker, certificates):
    output = MqttOutput(settings_of(broker, certificates, password_file=""), "north")
    with pytest.raises(OutputAway, match=r"(no encrypted connection|reset by peer).*mqtt\.port"):
        output.wait_connected(PATIENCE)
    output.close()


def test_a_broker_that_takes_no_discovery_gets_the_pieces_all_the_same(new_broker, tmp_path, journal, caplog):
    (tmp_path / "rights").write_text("topic readwrite edgedigits/#\n")
    broker = new_broker("allow_anonymous true", f"acl_file {tmp_path / 'rights'}")
    listener = Listener(broker.port, "edgedigits/#")
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=broker.port), "north"))
    forwarder.start()
    for number in range(1, 4):
        journal.add(result(number), None)
    told = listener.wait_for_pieces(3)
    forwarder.stop()
    listener.close()
    assert [piece["sequence"] for piece in told if piece] == [1, 2, 3]
    assert caplog.text.count("set mqtt.discovery to false; Home Assistant is not told") == 1


def test_a_refusal_of_discovery_that_got_lost_is_known_by_its_topic_when_it_comes_again(
    new_broker, tmp_path, journal, caplog
):
    (tmp_path / "rights").write_text("topic readwrite edgedigits/#\n")
    broker = new_broker("allow_anonymous true", f"acl_file {tmp_path / 'rights'}")
    refusals = iter((True, True))
    relay = LossyRelay(broker.port, lambda said: b"\x87" in said and next(refusals, False))
    forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=relay.port), "north"))
    forwarder.start()
    listener = Listener(broker.port, "edgedigits/#")
    for number in range(1, 4):
        journal.add(result(number), None)
    told = listener.wait_for_pieces(3)
    forwarder.stop()
    listener.close()
    relay.close()
    assert [piece["sequence"] for piece in told] == [1, 2, 3]
    assert caplog.text.count("set mqtt.discovery to false; Home Assistant is not told") == 1
    assert "what is published to edgedigits/north/pieces" not in caplog.text


def test_a_piece_that_the_broker_does_not_take_is_not_marked_as_delivered(new_broker, tmp_path, journal):
    (tmp_path / "rights").write_text("".join(f"topic write edgedigits/north/{name}\n" for name in ("status", "alarms")))
    broker = new_broker("allow_anonymous true", f"acl_file {tmp_path / 'rights'}")
    settings = MqttSettings(host="127.0.0.1", port=broker.port, discovery=False)
    forwarder = Forwarder(journal, MqttOutput(settings, "north"))
    journal.add(result(1), None)
    forwarder.start()
    until_away(forwarder)
    forwarder.stop()
    assert "does not take what is published to edgedigits/north/pieces (Not authorized)" in forwarder.last_error
    assert journal.delivered("mqtt") == 0


@pytest.mark.parametrize(
    ("setting", "words"), [("ca_file", "cannot read certificates"), ("password_file", "cannot read .*missing")]
)
def test_a_missing_file_is_told_before_anything_is_connected(setting, words, tmp_path):
    settings = MqttSettings(host="127.0.0.1", tls=True, **{setting: str(tmp_path / "missing")})
    with pytest.raises(EdgedigitsError, match=words):
        MqttOutput(settings, "north")


def test_an_empty_password_file_is_told(tmp_path):
    (tmp_path / "password").write_text("\n")
    with pytest.raises(EdgedigitsError, match=r"nothing stands in .*mqtt\.password_file"):
        MqttOutput(MqttSettings(host="127.0.0.1", user="a", password_file=str(tmp_path / "password")), "north")
