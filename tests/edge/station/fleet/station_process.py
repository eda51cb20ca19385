"""A simulated station: `python station_process.py FOLDER PORT NAME COUNT PER_SECOND` keeps pieces and tells of them."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "messages"))

from made_results import journal_in, pieces_coming

from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.mqtt import MqttOutput


def main(folder: str, port: str, name: str, count: str, per_second: str) -> None:
    with journal_in(Path(folder)) as journal:
        forwarder = Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=int(port)), name))
        forwarder.start()
        with pieces_coming(journal, int(count), float(per_second), name):
            pass
        while journal.delivered("mqtt") < int(count):
            time.sleep(0.05)
        forwarder.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
