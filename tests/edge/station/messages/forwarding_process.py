"""A process that takes a journal to a broker until it is killed: `python forwarding_process.py FOLDER PORT STATION`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from edgedigits.edge.station.configuration.settings import MqttSettings
from edgedigits.edge.station.journal.journal import Journal
from edgedigits.edge.station.messages.forwarder import Forwarder
from edgedigits.edge.station.messages.mqtt import MqttOutput


def main(folder: str, port: str, station: str) -> None:
    journal = Journal(Path(folder), durable=False)
    Forwarder(journal, MqttOutput(MqttSettings(host="127.0.0.1", port=int(port)), station)).start()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
