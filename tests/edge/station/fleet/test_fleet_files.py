"""The files of docs/fleet: what they name exists, and real programs take them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "messages"))

from made_results import result
from mosquitto import PATIENCE, Broker, Listener, free_port

from edgedigits.edge.station.alarms import Alarms
from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.journal.records import Event
from edgedigits.edge.station.messages.metrics import StationMetrics
from edgedigits.edge.station.messages.mqtt import MqttOutput
from edgedigits.edge.station.messages.outputs import OutputAway
from edgedigits.edge.station.updates.events import ROLLED_BACK, TAKEN

ROOT = Path(__file__).parents[4]
FLEET = ROOT / "docs" / "fleet"
DASHBOARD = json.loads((FLEET / "grafana" / "dashboards" / "stations.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
RULES = yaml.safe_load((FLEET / "prometheus" / "rules.yml").read_text())["groups"][0]["rules"]
PAGE = (FLEET / "README.md").read_text()


def read(name):
    return yaml.safe_load((FLEET / name).read_text())


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    """Figures of a station that has done everything once, on a Raspberry Pi that is hot."""
    tmp_path = tmp_path_factory.mktemp("pi")
    (tmp_path / "thermal_zone0").mkdir()
    (tmp_path / "thermal_zone0" / "type").write_text("cpu-thermal")
    (tmp_path / "thermal_zone0" / "temp").write_text("71000")
    (tmp_path / "get_throttled").write_text("4")
    alarms = Alarms()
    alarms.set("black picture", "black for 12 s")
    updates = {TAKEN: 2, ROLLED_BACK: 1, "signature": 1}
    throttled = tmp_path / "get_throttled"
    made = StationMetrics("north", alarms.active, lambda: updates, thermal=tmp_path, firmware=throttled)
    made.watch_output("mqtt", lambda: 3, lambda: False)
    made.skipped(2)
    for number in range(1, 5):
        made.frame(0.02)
        made.piece(result(number, outcome="rejected" if number == 4 else "accepted"))
    return made


def names_in(expression):
    return set(re.findall(r"\b(?:edgedigits|process)_\w+", expression))


def test_every_figure_of_the_dashboard_and_of_the_rules_is_one_of_a_station(metrics):
    exported = {line.split("{")[0].split(" ")[0] for line in metrics.text().decode().splitlines() if line[0] != "#"}
    wanted = set().union(*(names_in(text) for text in (*QUERIES, *(rule["expr"] for rule in RULES))))
    (variable,) = DASHBOARD["templating"]["list"]
    assert (wanted | names_in(variable["query"]["query"])) - exported == set()
    assert len(wanted) > 10


def test_every_figure_of_a_station_is_drawn(metrics):
    drawn = set().union(*(names_in(text) for text in QUERIES))
    families = {
        line.split()[2] for line in metrics.text().decode().splitlines() if line.startswith("# TYPE edgedigits")
    }
    not_drawn = {"edgedigits_station_info", "edgedigits_output_up"}  # a list of names, and an alarm's rule
    undrawn = {
        one for one in families if not any(name.startswith(one) for name in drawn) and not one.endswith("_created")
    }
    assert undrawn == not_drawn


def test_panels_neither_overlap_nor_share_a_number():
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))


def test_what_compose_mounts_is_there_or_told_how_to_make():
    compose = read("compose.yaml")
    mounted = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service["volumes"]
        if volume.startswith("./")
    ] + [secret["file"] for secret in compose["secrets"].values()]
    made = {name for name in mounted if not (FLEET / name).exists()}
    assert all(name.removeprefix("./") in PAGE for name in made)
    assert {volume.split(":")[0] for service in compose["services"].values() for volume in service["volumes"]} - set(
        mounted
    ) == set(compose["volumes"])


def test_only_the_broker_listens_to_the_network():
    compose = read("compose.yaml")
    ports = {name: service["ports"] for name, service in compose["services"].items()}
    assert ports["mosquitto"] == ["8883:8883"]
    assert all(port.startswith("127.0.0.1:") for port in (*ports["prometheus"], *ports["grafana"]))


def test_grafana_asks_prometheus_where_compose_runs_it():
    (source,) = read("grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]}
    assert used == {source["uid"]}
    (provider,) = read("grafana/provisioning/dashboards/stations.yaml")["providers"]
    mounts = read("compose.yaml")["services"]["grafana"]["volumes"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in mounts


def block(first_word):
    """The commands of the block of the page that begins with a program."""
    (found,) = re.findall(rf"^```\n({first_word} .*?)^```", PAGE, re.M | re.S)
    return found


@pytest.fixture(scope="module")
def broker_folder(tmp_path_factory):
    """A copy of the folder in which the page's commands for certificates ran, and passwords were made."""
    for program in ("openssl", "mosquitto_passwd"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("fleet") / "fleet"
    shutil.copytree(FLEET, folder)
    commands = block("mkdir").replace("DNS:fleet.local", "DNS:fleet.local,IP:127.0.0.1")  # as it is called here
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True, capture_output=True)
    for line in block("mosquitto_passwd").splitlines():
        words = line.split()  # -b: the password, which is asked for otherwise
        subprocess.run([words[0], "-b", *words[1:], f"of {words[-1]}"], cwd=folder, check=True)
    return folder


@pytest.fixture
def fleet_broker(broker_folder, tmp_path):
    """A real mosquitto with the fleet's configuration, its files at their places here."""
    port = free_port()
    text = (broker_folder / "mosquitto" / "mosquitto.conf").read_text()
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
    text = text.replace("/mosquitto/config", str(broker_folder / "mosquitto"))
    text = text.replace("/mosquitto/data", str(tmp_path / "broker" / "data"))
    broker = Broker(tmp_path / "broker", port=port, whole=text + "\nuser root\n")
    yield broker
    broker.stop()


def listening(broker, folder, user):
    def prepare(client):
        client.tls_set(ca_certs=str(folder / "ca.crt"))
        client.username_pw_set(user, f"of {user}")

    return Listener(broker.port, "edgedigits/#", prepare=prepare, identity=user)


def output_of(broker, folder, tmp_path, station, user):
    (tmp_path / "password").write_text(f"of {user}\n")
    settings = MqttSettings(
        host="127.0.0.1",
        port=broker.port,
        tls=True,
        ca_file=str(folder / "ca.crt"),
        user=user,
        password_file=str(tmp_path / "password"),
    )
    return MqttOutput(settings, station)


def test_a_station_tells_the_fleets_broker_and_a_listener_hears_it(fleet_broker, broker_folder, tmp_path):
    sorter = listening(fleet_broker, broker_folder, "sorter")
    output = output_of(fleet_broker, broker_folder, tmp_path, "north", "north")
    output.deliver(Event(1, result(1)))
    (told,) = sorter.wait_for_pieces(1)
    output.close()
    sorter.close()
    assert told["code"] == "00001"


def test_a_station_cannot_speak_for_another(fleet_broker, broker_folder, tmp_path):
    sorter = listening(fleet_broker, broker_folder, "sorter")
    output = output_of(fleet_broker, broker_folder, tmp_path, "north", "south")
    with pytest.raises(OutputAway, match=r"lets the station write to its topics|does not take what is published"):
        while True:
            output.check()
            output.deliver(Event(1, result(1)))
    output.close()
    sorter.close()
    assert sorter.messages == []


@pytest.fixture(scope="module")
def prometheus(metrics, tmp_path_factory):
    """A real Prometheus with the fleet's configuration, which asks one station of this machine; the port of its API."""
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed (Debian package prometheus)")

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            right = self.headers["Authorization"] == "Basic cHJvbWV0aGV1czpzZWNyZXQ="  # prometheus:secret
            self.send_response(200 if right and self.path == "/metrics" else 401)
            self.end_headers()
            if right:
                self.wfile.write(metrics.text())

        def log_message(self, *_):
            pass

    page = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=page.serve_forever, args=(0.1,), daemon=True).start()
    tmp_path = tmp_path_factory.mktemp("figures")
    folder = tmp_path / "prometheus"
    shutil.copytree(FLEET / "prometheus", folder)
    (folder / "station-password").write_text("secret")
    config = (folder / "prometheus.yml").read_text().replace("15s", "1s")
    (folder / "prometheus.yml").write_text(config)
    (folder / "stations.yml").write_text(
        f"- targets: ['127.0.0.1:{page.server_port}']\n  labels:\n    station: north\n"
    )
    port = free_port()
    words = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'figures'}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prometheus", *words, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log,
            stderr=log,
            env=os.environ | {"no_proxy": "127.0.0.1"},
        )
    yield port
    process.terminate()
    process.wait(PATIENCE)
    page.shutdown()
    page.server_close()


def asked(port, path, **query):
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return json.load(answer)["data"]


def until(met):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if met():
                return
        except OSError:
            pass
        assert time.monotonic() < end
        time.sleep(0.1)


def test_prometheus_answers_every_query_of_the_dashboard(prometheus):
    until(lambda: len(asked(prometheus, "query", query="edgedigits_frames_total[1m]")["result"][0:1]) == 1)
    until(lambda: len(asked(prometheus, "query", query="edgedigits_frames_total[1m]")["result"][0]["values"]) >= 3)
    for query in QUERIES:
        found = asked(prometheus, "query", query=query.replace("$station", ".*"))["result"]
        assert found, f"nothing answers {query}"
        assert all(one["metric"].get("station", "north") == "north" for one in found)


def test_prometheus_raises_the_alarms_of_the_rules(prometheus):
    until(lambda: asked(prometheus, "rules")["groups"])
    until(lambda: {one["labels"]["alertname"] for one in asked(prometheus, "alerts")["alerts"]} >= {"StationAlarm"})
    (group,) = asked(prometheus, "rules")["groups"]
    assert {rule["name"]: rule["health"] for rule in group["rules"]} == {rule["alert"]: "ok" for rule in RULES}
    firing = {one["labels"]["alertname"] for one in asked(prometheus, "alerts")["alerts"]}
    assert firing == {"StationAlarm", "StationTellsNobody", "StationThrottled"}
